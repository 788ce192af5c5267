//! Reading one store: one turn after another, each page committed with what it changes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Error as SourceError, ErrorKind, LogQuery, Page, Reconciliation, Store};
use tokio::sync::watch;

use super::event::{Event, Observer};
use super::plan::{Job, Plan};
use super::policy::{self, HOLE, PAGES_A_TURN};
use super::writer::Writer;
use super::{Directory, Remote};
use crate::archive::{Commit, Committed, Hole, Progress, State, Status, StoreId, Walk};
use crate::coverage::Stretch;
use crate::error::Result;

/// Without any success in between, no more than so many stretches are given up in one turn after another.
const HOLES_IN_A_ROW: u32 = 8;

/// What all readers share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) writer: Writer,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) observer: Observer,
    pub(super) stop: watch::Receiver<bool>,
    /// Keep going: holes wait for their time, and what is of late is read again.
    pub(super) follow: bool,
}

/// One store, how far it was read, and how it is reached.
pub(super) struct Reader {
    pub(super) id: StoreId,
    pub(super) store: Store,
    pub(super) plan: Plan,
    pub(super) status: Status,
    pub(super) total: Committed,
    pub(super) turns: u32,
    remote: Option<Remote>,
    /// Where it failed last, and how often in a row.
    stuck: Option<(Timestamp, u32)>,
    holes_in_a_row: u32,
    /// Holes that were tried in this run.
    tried: BTreeSet<Timestamp>,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// There is more to read at once.
    More,
    /// Everything was read. So many entries were new.
    Rest { new: u64 },
    /// The store cannot be read now.
    Failed,
}

impl Reader {
    pub(super) fn new(id: StoreId, store: Store, progress: Progress, status: Status) -> Self {
        let retention = policy::retention(store.platform());
        Self {
            id,
            store,
            plan: Plan::new(progress, retention),
            status,
            total: Committed::default(),
            turns: 0,
            remote: None,
            stuck: None,
            holes_in_a_row: 0,
            tried: BTreeSet::new(),
        }
    }

    /// The time by the platform's clock, as far as it is known.
    pub(super) fn now(&self) -> Timestamp {
        self.remote.as_ref().map_or_else(Timestamp::now, |remote| remote.network.now())
    }

    /// Does the next piece of work.
    pub(super) async fn turn(&mut self, shared: &Shared) -> Result<Turn> {
        self.turns = self.turns.saturating_add(1);
        let remote = match &self.remote {
            Some(remote) => remote.clone(),
            None => match shared.directory.connect(&self.store).await {
                Ok(remote) => self.remote.insert(remote).clone(),
                Err(reason) => return self.fail(shared, State::Misconfigured, reason, None).await,
            },
        };
        let Some(job) = self.job(shared, remote.network.now()) else { return self.rest(shared, 0).await };
        if let Job::Again { stretch, tier } = job
            && let Some(stretch) = stretch.whole_seconds()
            && let Some(turn) = self.compare(shared, &remote, stretch, tier).await?
        {
            return Ok(turn);
        }
        self.read(shared, &remote, job).await
    }

    fn job(&mut self, shared: &Shared, now: Timestamp) -> Option<Job> {
        if let Some(job) = self.plan.next(now) {
            return Some(job);
        }
        // A run that ends tries each hole once, whatever its time.
        let hole = if shared.follow {
            self.plan.hole(now)
        } else {
            let untried = |hole: &&Hole| !self.tried.contains(&hole.stretch.since);
            self.plan.progress.holes.iter().find(untried).cloned().map(Job::Fill)
        };
        if let Some(job) = &hole {
            self.tried.insert(job.stretch().since);
        }
        hole.or_else(|| self.plan.again(now))
    }

    /// What is of late needs not be read again where the platform counts as many entries as the archive holds.
    async fn compare(
        &mut self,
        shared: &Shared,
        remote: &Remote,
        stretch: Stretch,
        tier: SignedDuration,
    ) -> Result<Option<Turn>> {
        let held = shared.writer.count(self.id, stretch).await?;
        match remote.log.reconcile(stretch.since, stretch.until, held).await {
            Ok(Reconciliation::Complete) => {
                let commit = Commit { rewalked: self.plan.read_again(tier, remote.network.now()), ..Commit::default() };
                self.commit(shared, commit).await?;
                Ok(Some(Turn::More))
            }
            Ok(_) => Ok(None),
            Err(error) => self.fail_by(shared, &error).await.map(Some),
        }
    }

    async fn read(&mut self, shared: &Shared, remote: &Remote, job: Job) -> Result<Turn> {
        let stretch = job.stretch();
        let cursor = match &job {
            Job::Resume(walk) => Some(walk.cursor.clone()),
            _ => None,
        };
        (shared.observer)(&Event::Reading { store: &self.store, stretch });
        let mut reached = cursor.as_ref().and_then(|cursor| cursor.reached);
        let mut pages = remote.log.pages(LogQuery::new().since(stretch.since).until(stretch.until), cursor);
        let mut stop = shared.stop.clone();
        let (mut read, mut new) = (0, 0);
        loop {
            let page = tokio::select! {
                biased;
                _ = stop.wait_for(|stopped| *stopped) => return Ok(Turn::More),
                page = pages.next() => page,
            };
            let page = match page {
                Some(Ok(page)) => page,
                Some(Err(error)) => return self.broke(shared, &error, stretch, reached).await,
                None => {
                    let why = format!("{}: the walk ended without a proof that it was complete", self.store);
                    return self.give_up(shared, why, stretch, reached).await;
                }
            };
            let last = page.last;
            reached = page.cursor.reached.or(reached);
            let (commit, entries) = self.page(remote, page, &job);
            let committed = self.commit(shared, commit).await?;
            read += 1;
            new += committed.new;
            self.tell(shared, remote, committed, entries, reached);
            if last {
                break;
            }
            if read >= PAGES_A_TURN && !matches!(job, Job::Again { .. }) {
                return Ok(Turn::More);
            }
        }
        self.stuck = None;
        self.holes_in_a_row = 0;
        if matches!(job, Job::Read(_)) {
            self.plan.learn(stretch, read);
        }
        if let Job::Again { tier, .. } = job {
            let rewalked = self.plan.read_again(tier, remote.network.now());
            self.commit(shared, Commit { rewalked, ..Commit::default() }).await?;
        }
        let now = remote.network.now();
        let more = self.plan.missing(now).iter().any(|gap| gap.length() > super::policy::OVERLAP);
        if more { Ok(Turn::More) } else { self.rest_or_more(shared, new).await }
    }

    /// What a page changes.
    fn page(&mut self, remote: &Remote, page: Page, job: &Job) -> (Commit, usize) {
        let stretch = job.stretch();
        let mut commit = Commit::default();
        for entry in page.entries {
            match entry {
                Ok(entry) => commit.entries.push(entry),
                Err(error) => commit.undecodable.push(error),
            }
        }
        // Never beyond the platform's own time, whatever this machine's clock says.
        let until = stretch.until.min(remote.network.now());
        let since = if page.cursor.done {
            Some(stretch.since)
        } else {
            page.cursor.reached.and_then(|reached| reached.checked_add(SignedDuration::from_micros(1)).ok())
        };
        commit.covered = since.and_then(|since| Stretch::new(since.max(stretch.since), until));
        let keep = !page.last && !matches!(job, Job::Again { .. });
        let walk = keep.then_some(Walk { stretch, cursor: page.cursor });
        if walk.is_some() || self.plan.progress.walk.is_some() {
            commit.walk = Some(walk);
        }
        if page.last {
            commit.status = Some(self.status.succeeded(Timestamp::now()));
        }
        let entries = commit.entries.len();
        (commit, entries)
    }

    /// Writes, and then remembers what was written.
    async fn commit(&mut self, shared: &Shared, commit: Commit) -> Result<Committed> {
        let (covered, walk, hole, status) =
            (commit.covered, commit.walk.clone(), commit.hole.clone(), commit.status.clone());
        let done = shared.writer.commit(self.id, commit).await?;
        let progress = &mut self.plan.progress;
        if let Some(covered) = covered {
            progress.coverage.add(covered);
            progress.holes.retain(|hole| covered.overlap(hole.stretch) != Some(hole.stretch));
        }
        if let Some(walk) = walk {
            progress.walk = walk;
        }
        if let Some(hole) = hole {
            progress.holes.retain(|other| hole.stretch.overlap(other.stretch) != Some(other.stretch));
            progress.holes.push(hole);
            progress.holes.sort_by_key(|hole| hole.stretch.since);
        }
        if let Some(status) = status {
            self.status = status;
        }
        progress.lateness = progress.lateness.max(done.lateness);
        self.total.add(done);
        Ok(done)
    }

    fn tell(&self, shared: &Shared, remote: &Remote, committed: Committed, entries: usize, reached: Option<Timestamp>) {
        let now = remote.network.now();
        let missing: SignedDuration = self.plan.missing(now).iter().map(Stretch::length).sum();
        (shared.observer)(&Event::Page {
            store: &self.store,
            committed,
            entries,
            reached,
            missing,
            retention: self.plan.retention,
            rate_limit: (remote.rate_limit)(),
        });
    }

    async fn rest_or_more(&mut self, shared: &Shared, new: u64) -> Result<Turn> {
        let now = self.now();
        let due = self.plan.again(now).is_some() && !self.plan.progress.rewalked.is_empty();
        let holes = if shared.follow {
            self.plan.hole(now).is_some()
        } else {
            self.plan.progress.holes.iter().any(|hole| !self.tried.contains(&hole.stretch.since))
        };
        if due || holes { Ok(Turn::More) } else { self.rest(shared, new).await }
    }

    async fn rest(&mut self, shared: &Shared, new: u64) -> Result<Turn> {
        let rewalked = self.plan.begin_tiers(self.now());
        if !rewalked.is_empty() {
            self.commit(shared, Commit { rewalked, ..Commit::default() }).await?;
        }
        let end = self.plan.progress.coverage.end();
        (shared.observer)(&Event::Rest {
            store: &self.store,
            total: self.total,
            end,
            holes: self.plan.progress.holes.len(),
        });
        Ok(Turn::Rest { new })
    }

    /// A walk broke off. What fails again and again at one place is given up for now, so that nothing older waits for it.
    async fn broke(
        &mut self,
        shared: &Shared,
        error: &SourceError,
        stretch: Stretch,
        reached: Option<Timestamp>,
    ) -> Result<Turn> {
        if error.kind() == ErrorKind::Incomplete {
            return self.give_up(shared, error.to_string(), stretch, reached).await;
        }
        if State::after(error) != State::Failing {
            return self.fail_by(shared, error).await;
        }
        let place = reached.unwrap_or(stretch.until);
        let times = match self.stuck {
            Some((at, times)) if at == place => times + 1,
            _ => 1,
        };
        self.stuck = Some((place, times));
        if times > 1 {
            return self.give_up(shared, error.to_string(), stretch, reached).await;
        }
        self.fail_by(shared, error).await
    }

    /// Leaves a hole, and goes on behind it.
    async fn give_up(
        &mut self,
        shared: &Shared,
        reason: String,
        stretch: Stretch,
        reached: Option<Timestamp>,
    ) -> Result<Turn> {
        self.holes_in_a_row += 1;
        let until = reached.and_then(|at| at.checked_add(SignedDuration::from_micros(1)).ok()).unwrap_or(stretch.until);
        let since = until.checked_sub(HOLE).unwrap_or(stretch.since).max(stretch.since);
        let Some(hole) = Stretch::new(since, until) else {
            return self.fail(shared, State::Failing, reason, None).await;
        };
        let before = self.plan.progress.holes.iter().find(|other| other.stretch.contains(since));
        let attempts = before.map_or(1, |hole| hole.attempts.saturating_add(1));
        let next_attempt = policy::hole_retry_at(attempts, Timestamp::now());
        (shared.observer)(&Event::Hole { store: &self.store, stretch: hole, reason: &reason });
        self.tried.insert(since);
        let commit = Commit {
            hole: Some(Hole { stretch: hole, reason: reason.clone(), attempts, next_attempt }),
            walk: Some(None),
            ..Commit::default()
        };
        self.commit(shared, commit).await?;
        if self.holes_in_a_row >= HOLES_IN_A_ROW {
            self.holes_in_a_row = 0;
            return self.fail(shared, State::Failing, reason, None).await;
        }
        Ok(Turn::More)
    }

    async fn fail_by(&mut self, shared: &Shared, error: &SourceError) -> Result<Turn> {
        let state = State::after(error);
        if matches!(state, State::Unauthorized | State::Misconfigured) {
            self.remote = None; // with a new token next time
        }
        self.fail(shared, state, error.to_string(), error.retry_after()).await
    }

    async fn fail(&mut self, shared: &Shared, state: State, reason: String, wait: Option<Duration>) -> Result<Turn> {
        let now = Timestamp::now();
        let next = policy::retry_at(state, self.status.failures + 1, wait, now);
        (shared.observer)(&Event::Failed { store: &self.store, state, reason: &reason, next });
        let status = Some(self.status.failed(state, reason, now, next));
        self.commit(shared, Commit { status, ..Commit::default() }).await?;
        Ok(Turn::Failed)
    }
}
