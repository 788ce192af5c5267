//! Handling a walk that broke off: the time range becomes a gap, is read around, or the store is parked.

use std::time::Duration;

use jiff::Timestamp;
use storelogs::{Error as SourceError, ErrorKind};

use super::{Reader, Shared, TaskOutcome};
use crate::archive::{Claim, Commit, Comparison, Finding, State};
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::sync::event::Event;
use crate::sync::plan::{Job, behind};
use crate::sync::policy;

/// The reason of an error that no shorter time range would avoid.
const PAGE_TOO_SMALL: &str = "page_too_small";

impl Reader {
    /// A walk broke off. If that is about the time range and not about the store, the rest is read around it.
    pub(super) async fn broke(
        &mut self,
        shared: &Shared,
        error: &SourceError,
        job: &Job,
        reached: Option<Timestamp>,
    ) -> Result<TaskOutcome> {
        let kind = error.kind();
        // What a first look misses, slices are short of: they say where.
        let looks = matches!(job, Job::Look(_));
        if let (ErrorKind::Incomplete, Some(missing), false) = (kind, error.missing(), looks) {
            return self.short(shared, &error.to_string(), job, missing).await;
        }
        let may_be_local = matches!(
            kind,
            ErrorKind::Server
                | ErrorKind::Undecodable
                | ErrorKind::TooLarge
                | ErrorKind::Refused
                | ErrorKind::Incomplete
                | ErrorKind::TimedOut
                | ErrorKind::Interrupted
        );
        let range = job.range();
        let rest = TimeRange::new(range.since, reached.map_or(range.until, behind));
        let Some(rest) = rest.filter(|_| may_be_local) else {
            self.plan.acquit();
            return self.fail_by(shared, error, None).await;
        };
        let mut commit = Commit::default();
        let hangs = kind == ErrorKind::TimedOut && self.answered.is_none();
        let too_many = if looks {
            self.plan.looked_in_vain(hangs)
        } else if error.reason() == Some(PAGE_TOO_SMALL) {
            self.plan.leave(rest, &error.to_string());
            false
        } else {
            self.plan.suspect(rest, &error.to_string(), hangs)
        };
        match job {
            Job::Slice(..) if self.plan.progress.walk.is_some() => commit.walk = Some(None),
            // It is read again when its time comes again.
            Job::Again(..) => commit.rewalked = self.plan.end_rereading(),
            Job::Look(_) | Job::Slice(..) | Job::News(_) | Job::Fill(_) | Job::Audit(_) => {}
        }
        // There was an answer, and it is what is wrong; or there was one just now, and this is all that fails.
        let now = self.now();
        let nothing_else = self.plan.next(now).or_else(|| self.again(now)).is_none();
        let answers = self.answered.is_some_and(|at| at.elapsed() < policy::RECENTLY);
        let local = kind == ErrorKind::Incomplete || (nothing_else && answers);
        if local {
            commit.gaps = self.plan.answered(self.now());
        }
        if commit.walk.is_some() || !commit.rewalked.is_empty() || !commit.gaps.is_empty() {
            self.commit(shared, commit).await?;
        }
        // A run that keeps going asks a slow store again later, so that others need not wait for it.
        let slow = matches!(kind, ErrorKind::TimedOut | ErrorKind::Interrupted);
        if local {
            return if self.next(now).is_some() { Ok(TaskOutcome::More) } else { self.rest(shared).await };
        }
        if !(too_many || nothing_else || slow && shared.follow) {
            return Ok(TaskOutcome::More);
        }
        if too_many || nothing_else {
            self.plan.acquit();
        }
        self.fail_by(shared, error, Some(rest)).await
    }

    /// A walk came to its end, and the platform counts more than it lists. What could be had was had.
    async fn short(&mut self, shared: &Shared, reason: &str, job: &Job, missing: u64) -> Result<TaskOutcome> {
        let remote = self.remote.clone();
        let now = self.now();
        let known = remote.as_ref().map_or(now, |remote| remote.network.known_until());
        let range = TimeRange::new(job.range().since, job.range().until.min(known));
        let claim = Claim::Known(Finding::Short { entries: missing });
        let mut commit = remote.as_ref().map(|remote| self.learned(remote)).unwrap_or_default();
        commit.gaps = self.plan.answered(now);
        commit.covered = range;
        commit.audit = range.map(|range| Comparison { range, claim, at: Timestamp::now() });
        match job {
            Job::Slice(..) => commit.walk = self.plan.progress.walk.is_some().then_some(None),
            Job::Again(..) => commit.rewalked = self.plan.end_rereading(),
            Job::Look(_) | Job::News(_) | Job::Fill(_) | Job::Audit(_) => {}
        }
        if self.status.state != State::Active {
            commit.status = Some(self.status.succeeded(Timestamp::now()));
        }
        self.commit(shared, commit).await?;
        if let Some(range) = range {
            self.plan.recount(range, now);
            // It was read, and is tried again as what could not be read is.
            let gaps = vec![self.plan.fell_short(range, reason, now)];
            self.commit(shared, Commit { gaps, ..Commit::default() }).await?;
        }
        self.more(shared, now).await
    }

    pub(super) async fn fail_by(
        &mut self,
        shared: &Shared,
        error: &SourceError,
        at: Option<TimeRange>,
    ) -> Result<TaskOutcome> {
        let state = State::after(error);
        let place = at.map(|at| format!(" (while reading {at})")).unwrap_or_default();
        let failed = self.fail(shared, state, format!("{error}{place}"), error.retry_after()).await;
        if matches!(state, State::Unauthorized | State::Misconfigured) {
            self.remote = None; // with a new token next time
        }
        failed
    }

    pub(super) async fn fail(
        &mut self,
        shared: &Shared,
        state: State,
        reason: String,
        wait: Option<Duration>,
    ) -> Result<TaskOutcome> {
        let now = Timestamp::now();
        let next = policy::retry_at(state, self.status.failures + 1, wait, now);
        (shared.observer)(&Event::Failed { store: &self.store, state, reason: &reason, next });
        let status = Some(self.status.failed(state, reason, now, next));
        // A refusal gives the time, too.
        let date = self.remote.as_ref().and_then(|remote| remote.network.least_date());
        let uncovered = date.and_then(|now| self.ahead_of(now));
        self.commit(shared, Commit { status, uncovered, ..Commit::default() }).await?;
        Ok(TaskOutcome::Failed)
    }
}
