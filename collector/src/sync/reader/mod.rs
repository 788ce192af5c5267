//! The reader of one store: one turn after another, each page committed with what it changes.

mod failed;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Error as SourceError, ErrorKind, Learned, LogQuery, Page, Proof, Store};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::archive::{Claim, Commit, Committed, Comparison, Finding, PlatformClock, State, Status, StoreId, Walk};
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::sync::event::{Event, Observer};
use crate::sync::neighbours::take;
use crate::sync::plan::{Job, Plan, behind};
use crate::sync::policy::{self, PAGES_A_TURN, PAGES_HELD, PAGES_OF_NEWS, TURNS_HELD};
use crate::sync::writer::{Known, Writer};
use crate::sync::{Directory, Remote};

/// The parts that all readers share.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) writer: Writer,
    pub(super) directory: Arc<dyn Directory>,
    pub(super) observer: Observer,
    pub(super) stop: watch::Receiver<bool>,
    /// Keep going: gaps wait for their time, and what is of late is read again.
    pub(super) follow: bool,
    /// The API of these stores may be elsewhere than before.
    pub(super) moved: bool,
}

/// Waits until the run is to stop. If nobody is left who could say so, that is never.
pub(super) async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stopped| *stopped).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// One store, how far it was read, and how it is reached.
pub(super) struct Reader {
    pub(super) id: StoreId,
    pub(super) store: Store,
    pub(super) plan: Plan,
    pub(super) status: Status,
    pub(super) total: Committed,
    pub(super) turns: u32,
    /// How many new entries the last reading of what is new has brought, until somebody takes note.
    pub(super) news: Option<u64>,
    remote: Option<Remote>,
    /// The platform as far as it is known: its behaviour, and its clock.
    learned: Option<Learned>,
    clock: Option<PlatformClock>,
    /// The origin of the API that the archive has it from.
    origin: Option<String>,
    /// Pages and other answers, and whether others no longer wait for this store.
    pub(super) pulse: Arc<Pulse>,
    /// When it last answered in this run.
    answered: Option<Instant>,
    /// Walks in a row that came to their end and covered nothing, because they lay behind the platform's time.
    blank: u32,
    /// Turns in a row that ended in the middle of a walk of which nothing could be claimed.
    held: u32,
}

/// Whether a store gives any sign of life while it has its turn.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    /// Something came in this turn.
    pub(super) beats: AtomicBool,
    /// Nothing came for long, and others have taken its place: when something comes, the turn ends.
    pub(super) overtaken: AtomicBool,
}

/// How a turn ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TaskOutcome {
    /// There is more to read at once.
    More,
    /// Everything was read.
    Rest,
    /// The store cannot be read now.
    Failed,
}

/// The task of a turn.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Whether to read new entries first, before anything older.
    pub(super) news: bool,
    /// When what is new is due again: then the turn ends.
    pub(super) until: Option<Instant>,
}

impl Reader {
    pub(super) fn new(known: Known, store: Store, follow: bool) -> Self {
        let Known { id, progress, status, learned, clock, origin, newest } = known;
        let mut plan = Plan::new(progress, store.platform(), follow);
        plan.lists(newest.iter().copied());
        Self {
            id,
            plan,
            store,
            status,
            total: Committed::default(),
            turns: 0,
            news: None,
            remote: None,
            learned,
            clock,
            origin,
            pulse: Arc::default(),
            answered: None,
            blank: 0,
            held: 0,
        }
    }

    /// The time by the platform's clock, as far as it is known.
    pub(super) fn now(&self) -> Timestamp {
        let now = Timestamp::now();
        match &self.remote {
            Some(remote) => remote.network.now(),
            None => self.clock.and_then(|clock| clock.present(now)).unwrap_or(now),
        }
    }

    /// Whether the platform's answers do not give the time.
    pub(super) fn is_undated(&self) -> bool {
        self.remote.as_ref().is_some_and(|remote| remote.network.is_undated())
    }

    /// Does the next piece of work.
    pub(super) async fn turn(&mut self, shared: &Shared, task: Task) -> Result<TaskOutcome> {
        self.turns = self.turns.saturating_add(1);
        let remote = match &self.remote {
            Some(remote) => remote.clone(),
            None => {
                let mut stop = shared.stop.clone();
                let connected = tokio::select! {
                    biased;
                    () = stopped(&mut stop) => return Ok(TaskOutcome::More),
                    connected = shared.directory.connect(&self.store) => connected,
                };
                match connected {
                    Ok(remote) => {
                        if let (false, Err(elsewhere)) = (shared.moved, remote.is_of(self.origin.as_deref())) {
                            return self.fail(shared, State::Misconfigured, elsewhere.to_string(), None).await;
                        }
                        self.introduce(&remote);
                        self.remote.insert(remote).clone()
                    }
                    Err(reason) => return self.fail(shared, State::Misconfigured, reason, None).await,
                }
            }
        };
        let now = remote.network.now();
        let learned = remote.log.learned();
        let longest = learned.longest_range.map(|seconds| SignedDuration::from_secs(seconds.into()));
        self.plan.obeys_ranges(learned.date_filters != Some(false), longest);
        let news = if task.news { self.plan.news(now) } else { None };
        let job = news.or_else(|| self.next(now));
        match job {
            Some(Job::Audit(range)) => self.audit(shared, &remote, range).await,
            Some(job) => self.read(shared, &remote, job, task).await,
            None => self.rest(shared).await,
        }
    }

    /// Gives a new client what was learned by others before.
    fn introduce(&self, remote: &Remote) {
        let now = Timestamp::now();
        let of_late = |learned: &&Learned| learned.at.is_some_and(|at| !policy::has_passed(policy::LEARNED, at, now));
        if let Some(learned) = self.learned.as_ref().filter(of_late) {
            remote.log.teach(learned);
        }
        if let Some(clock) = self.clock.filter(|clock| clock.present(now).is_some()) {
            remote.network.expect(clock.ahead);
        }
    }

    /// The next time range to read, at this time.
    fn next(&mut self, now: Timestamp) -> Option<Job> {
        let missing = self.plan.next(now).or_else(|| self.plan.audit(now));
        missing.or_else(|| match self.answered {
            Some(_) => self.again(now),
            // A store that was not asked cannot be up to date: this machine's clock may be behind.
            None => self.plan.news(now),
        })
    }

    /// The time range to read again. Ranges that were just read for the first time need no rereading: their time begins
    /// when the store first rests.
    fn again(&mut self, now: Timestamp) -> Option<Job> {
        if self.plan.progress.rewalked.is_empty() { None } else { self.plan.again(now) }
    }

    async fn read(&mut self, shared: &Shared, remote: &Remote, job: Job, task: Task) -> Result<TaskOutcome> {
        let range = job.range();
        (shared.observer)(&Event::Reading { store: &self.store, range });
        remote.network.listen();
        let mut reached = job.cursor().and_then(|cursor| cursor.reached);
        let mut query = LogQuery::new().since(range.since).until(range.until);
        if let Job::Look(_) = job {
            self.plan.looks();
            query = query.limit(policy::LOOK);
        }
        let mut pages = remote.log.pages(query, job.cursor().cloned());
        let mut stop = shared.stop.clone();
        let (mut read, mut new, mut listed) = (0, 0, 0);
        let resumed = reached;
        let unread = self.unread(range);
        let ended = loop {
            let page = tokio::select! {
                biased;
                () = stopped(&mut stop) => return Ok(TaskOutcome::More),
                page = pages.next() => page,
            };
            let page = match page {
                Some(Ok(page)) => page,
                Some(Err(error)) => return self.broke(shared, &error, &job, reached).await,
                None => {
                    let error =
                        SourceError::new(ErrorKind::Incomplete, "the walk ended without a proof that it was complete");
                    return self.broke(shared, &error.of(&self.store), &job, reached).await;
                }
            };
            let last = page.last;
            let before = reached;
            reached = page.cursor.reached.or(reached);
            self.pulse.beats.store(true, Ordering::Relaxed);
            let (commit, entries) = self.page(remote, page, &job, (resumed, before));
            let committed = self.commit(shared, commit).await?;
            read += 1;
            new += committed.new;
            listed += entries;
            self.report(shared, remote, committed, entries, reached);
            if last {
                break true;
            }
            let turn_is_over = match job {
                Job::News(_) => read >= PAGES_OF_NEWS,
                _ if self.pulse.overtaken.load(Ordering::Relaxed) => true,
                // If nothing could be claimed yet, the next turn would begin anew.
                _ if read >= PAGES_A_TURN || task.until.is_some_and(|until| Instant::now() >= until) => {
                    read >= PAGES_HELD || self.leads_on(&job, unread, reached != resumed)
                }
                _ => false,
            };
            if turn_is_over {
                break false;
            }
        };
        let leads_on = ended || matches!(job, Job::News(_)) || self.leads_on(&job, unread, reached != resumed);
        self.held = if leads_on { 0 } else { self.held + 1 };
        if self.held >= TURNS_HELD {
            self.held = 0;
            let what = "so much was read, and nothing of it can be said to be complete: a shorter time range is tried";
            let error = SourceError::new(ErrorKind::Incomplete, what).of(&self.store);
            return self.broke(shared, &error, &job, reached).await;
        }
        if self.blank >= policy::FAILURES {
            self.blank = 0;
            let reason = format!("{}: the dates of its answers contradict each other; ask the platform", self.store);
            return self.fail(shared, State::Failing, reason, None).await;
        }
        if let (Job::News(range), true) = (&job, ended) {
            self.plan.note_density(*range, listed);
        }
        match job {
            Job::News(_) => self.news = Some(new),
            Job::Slice(_, None) if ended => self.plan.learn(range, read),
            Job::Fill(_) if ended => self.plan.filled(range),
            Job::Look(_) | Job::Slice(..) | Job::Fill(_) | Job::Again(..) | Job::Audit(_) => {}
        }
        if self.next(remote.network.now()).is_some() { Ok(TaskOutcome::More) } else { self.rest(shared).await }
    }

    /// How much of a time range is not covered.
    fn unread(&self, range: TimeRange) -> SignedDuration {
        self.plan.progress.coverage.gaps(range).iter().map(TimeRange::length).sum()
    }

    /// Whether the next turn goes on where this one stops: something is covered that was not, or the cursor of a
    /// reading of what is covered has moved. A cursor alone may stand at the very row that the walk began with.
    fn leads_on(&self, job: &Job, unread: SignedDuration, moved: bool) -> bool {
        match job {
            Job::Again(..) => moved,
            _ => unread - self.unread(job.range()) >= SignedDuration::from_secs(1),
        }
    }

    /// Compares what was read with the platform's count. Where it counts otherwise, that is read again, once in a
    /// while.
    async fn audit(&mut self, shared: &Shared, remote: &Remote, range: TimeRange) -> Result<TaskOutcome> {
        let mut stop = shared.stop.clone();
        remote.network.listen();
        let counted = tokio::select! {
            biased;
            () = stopped(&mut stop) => return Ok(TaskOutcome::More),
            counted = remote.log.count(range.since, range.until) => counted,
        };
        let now = remote.network.now();
        let counted = match counted {
            Ok(counted) => counted,
            Err(error) if matches!(State::after(&error), State::Failing | State::Unreachable) => {
                self.plan.put_off_audits(now); // its lists are another matter
                return self.more(shared, now).await;
            }
            Err(error) => return self.fail_by(shared, &error, None).await,
        };
        self.pulse.beats.store(true, Ordering::Relaxed);
        self.answered = Some(Instant::now());
        let comparison = Comparison { range, claim: Claim::Count(counted), at: Timestamp::now() };
        // A count gives the time, too, and may be all that the store is asked for.
        let uncovered = remote.network.least_date().and_then(|known| self.ahead_of(known));
        let commit = Commit { audit: Some(comparison), uncovered, ..self.learned(remote) };
        let done = self.commit(shared, commit).await?;
        let disagrees = matches!(done.found, Some(Finding::Short { .. } | Finding::Over { .. }));
        if disagrees && self.plan.recount(range, now) {
            self.commit(shared, Commit { uncovered: Some(range), ..Commit::default() }).await?;
        }
        self.more(shared, now).await
    }

    async fn more(&mut self, shared: &Shared, now: Timestamp) -> Result<TaskOutcome> {
        if self.next(now).is_some() { Ok(TaskOutcome::More) } else { self.rest(shared).await }
    }

    /// The commit of what the platform's answers taught, if that is new.
    fn learned(&self, remote: &Remote) -> Commit {
        let learned = remote.log.learned();
        let learned = (learned.at.is_some() && self.learned.as_ref() != Some(&learned)).then_some(learned);
        let clock = remote.network.skew().map(|ahead| PlatformClock { ahead, heard: Timestamp::now() });
        Commit { learned, clock, ..Commit::default() }
    }

    /// The changes that a page makes. The walk went on from what was read before, down to `resumed`, and this page from
    /// `before`.
    fn page(
        &mut self,
        remote: &Remote,
        page: Page,
        job: &Job,
        (resumed, before): (Option<Timestamp>, Option<Timestamp>),
    ) -> (Commit, usize) {
        self.answered = Some(Instant::now());
        let now = remote.network.now();
        let learned = if page.last { self.learned(remote) } else { Commit::default() };
        let mut commit = Commit {
            gaps: self.plan.answered(now),
            expired: self.plan.expired(now),
            reading: Some(job.range()),
            ..learned
        };
        take(&mut commit, page.entries, before, page.cursor.reached);
        // Nothing is known of what comes behind the time at which the platform gave the first of these answers, whatever
        // this machine's clock says.
        let known = remote.network.known_until();
        let range = job.range();
        let range = TimeRange::new(range.since, range.until.min(known));
        commit.uncovered = self.ahead_of(known);
        if let Job::Again(..) = job {
            if page.last {
                commit.rewalked = self.plan.end_rereading();
            } else {
                self.plan.reread(page.cursor);
            }
        } else {
            commit.covered = range.and_then(|range| match page.cursor.reached {
                _ if page.cursor.done => Some(range),
                Some(reached) => TimeRange::new(behind(reached).max(range.since), range.until),
                None => None,
            });
            if let (Job::News(_) | Job::Slice(_, None), true, Some(range)) = (job, page.cursor.done, range) {
                commit.rewalked = self.plan.reread_along(range);
            }
            if let Job::Slice(..) = job {
                let walk = range.filter(|_| !page.last).map(|range| Walk { range, cursor: page.cursor });
                commit.walk = (walk.is_some() || self.plan.progress.walk.is_some()).then_some(walk);
            }
        }
        if page.last
            && let (Some(proof), Some(range)) = (page.proof, range)
        {
            // Where the end of the list is all, the platform's count may still say more, unless it is known to say nothing.
            let proves = proof == Proof::Counted || remote.log.learned().counts == Some(false);
            // The entries from before the walk went on have to be counted by themselves.
            let until = resumed.and_then(|at| Timestamp::from_second(at.as_second()).ok()).unwrap_or(range.until);
            let range = TimeRange::new(range.since, until.min(range.until)).filter(|_| proves);
            commit.audit = range.map(|range| Comparison { range, claim: Claim::Proof(proof), at: Timestamp::now() });
        }
        if page.last {
            self.blank = if range.is_none() { self.blank + 1 } else { 0 };
        }
        if page.last || self.status.state != State::Active {
            commit.status = Some(self.status.succeeded(Timestamp::now()));
        }
        let entries = commit.entries.len();
        (commit, entries)
    }

    /// The coverage beyond the platform's present: some clock was wrong.
    fn ahead_of(&self, now: Timestamp) -> Option<TimeRange> {
        self.plan.progress.coverage.end().and_then(|end| TimeRange::new(now, end))
    }

    /// Writes, and then remembers what was written.
    async fn commit(&mut self, shared: &Shared, mut commit: Commit) -> Result<Committed> {
        // With the first that comes from there: an address that never answers is nobody's.
        commit.origin = match &self.remote {
            Some(remote) if self.answered.is_some() => {
                Some(remote.origin()).filter(|origin| self.origin.as_ref() != Some(origin))
            }
            _ => None,
        };
        let (commit, done) = shared.writer.commit(self.id, Box::new(commit)).await?;
        for gap in commit.gaps.iter().filter(|gap| gap.attempts > 0) {
            (shared.observer)(&Event::Gap { store: &self.store, range: gap.range, reason: &gap.reason });
        }
        self.plan.progress.apply(&commit, &done);
        self.plan.lists(commit.entries.iter().map(|entry| entry.time));
        if let Some(status) = commit.status {
            self.status = status;
        }
        self.learned = commit.learned.or(self.learned.take());
        self.clock = commit.clock.or(self.clock);
        self.origin = commit.origin.or(self.origin.take());
        self.total.add(done);
        Ok(done)
    }

    fn report(
        &self,
        shared: &Shared,
        remote: &Remote,
        committed: Committed,
        entries: usize,
        reached: Option<Timestamp>,
    ) {
        let now = remote.network.now();
        let missing = self.plan.missing(now).iter().map(TimeRange::length).sum();
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

    async fn rest(&mut self, shared: &Shared) -> Result<TaskOutcome> {
        self.plan.rests();
        let rewalked = self.plan.begin_tiers(self.now());
        if !rewalked.is_empty() {
            self.commit(shared, Commit { rewalked, ..Commit::default() }).await?;
        }
        let end = self.plan.progress.coverage.end();
        (shared.observer)(&Event::Rest {
            store: &self.store,
            total: self.total,
            end,
            gaps: self.plan.progress.gaps.len(),
        });
        Ok(TaskOutcome::Rest)
    }
}
