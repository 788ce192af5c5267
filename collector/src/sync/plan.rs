//! What to read of a store next.

use jiff::{SignedDuration, Timestamp};

use super::policy::{self, FIRST_SLICE, LARGE_SLICE, OVERLAP, SHORTEST_SLICE, SMALL_SLICE};
use crate::archive::{Hole, Progress, Walk};
use crate::coverage::Stretch;

/// One piece of work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Job {
    /// A walk that was begun goes on.
    Resume(Walk),
    /// Something that was never read to its end.
    Read(Stretch),
    /// Something that failed before.
    Fill(Hole),
    /// Something of late, for entries that came late.
    Again { stretch: Stretch, tier: SignedDuration },
}

impl Job {
    pub(crate) fn stretch(&self) -> Stretch {
        match self {
            Self::Resume(walk) => walk.stretch,
            Self::Read(stretch) | Self::Again { stretch, .. } => *stretch,
            Self::Fill(hole) => hole.stretch,
        }
    }
}

/// What is known of one store when its next piece of work is chosen.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) progress: Progress,
    /// How long the platform keeps entries.
    pub(crate) retention: SignedDuration,
    /// How long the next slice is.
    pub(crate) slice: SignedDuration,
}

impl Plan {
    pub(crate) fn new(progress: Progress, retention: SignedDuration) -> Self {
        Self { progress, retention, slice: FIRST_SLICE }
    }

    /// Everything that the platform may still hold.
    pub(crate) fn window(&self, now: Timestamp) -> Option<Stretch> {
        Stretch::new(now.checked_sub(self.retention).unwrap_or(Timestamp::MIN), now)
    }

    /// What is missing and is no hole, oldest first.
    pub(crate) fn missing(&self, now: Timestamp) -> Vec<Stretch> {
        let Some(window) = self.window(now) else { return Vec::new() };
        let mut known = self.progress.coverage.clone();
        self.progress.holes.iter().for_each(|hole| known.add(hole.stretch));
        known.gaps(window)
    }

    /// What is new: from a little before the end of what was read, to now. The rest of what is missing is older.
    pub(crate) fn head(&self, now: Timestamp) -> Option<Stretch> {
        let end = self.progress.coverage.end()?;
        Stretch::new(end.checked_sub(OVERLAP).unwrap_or(end), now).filter(|head| head.length() > OVERLAP)
    }

    /// What to read next: what was begun, then what is missing, what expires soonest first.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Job> {
        if let Some(walk) = &self.progress.walk {
            return Some(Job::Resume(walk.clone()));
        }
        let missing = self.missing(now);
        let oldest = missing.first()?;
        if let Some(head) = self.head(now)
            && oldest.since >= head.since
        {
            return Some(Job::Read(head)); // only the newest is missing: with some overlap
        }
        let until = oldest.since.checked_add(self.slice).unwrap_or(oldest.until).min(oldest.until);
        // A rest that is not worth its own requests goes along.
        let rest = oldest.until.duration_since(until);
        let until = if rest < self.slice / 4 { oldest.until } else { until };
        Stretch::new(oldest.since, until).map(Job::Read)
    }

    /// A hole whose time has come.
    pub(crate) fn hole(&self, now: Timestamp) -> Option<Job> {
        self.progress.holes.iter().find(|hole| hole.next_attempt <= now).cloned().map(Job::Fill)
    }

    /// A stretch of late whose time to be read again has come, the longest first: it has the shorter ones in it.
    pub(crate) fn again(&self, now: Timestamp) -> Option<Job> {
        let end = self.progress.coverage.end()?;
        let due = |tier: &policy::Tier| {
            self.progress.rewalked.get(&tier.length).is_none_or(|done| now.duration_since(*done) >= tier.every)
        };
        let tier = policy::tiers(self.progress.lateness).into_iter().rev().find(due)?;
        let since = now.checked_sub(tier.length).ok()?;
        // What is not covered is read anyway.
        let covered = self.progress.coverage.within(Stretch::new(since, end.min(now))?).next_back()?;
        Some(Job::Again { stretch: covered, tier: tier.length })
    }

    /// A stretch was read again, and with it all shorter ones: returns them for the archive.
    pub(crate) fn read_again(&mut self, tier: SignedDuration, at: Timestamp) -> Vec<(SignedDuration, Timestamp)> {
        let tiers = policy::tiers(self.progress.lateness).into_iter().map(|tier| tier.length);
        let done: Vec<_> = tiers.filter(|length| *length <= tier).map(|length| (length, at)).collect();
        self.progress.rewalked.extend(done.iter().copied());
        done
    }

    /// What was never read again is so from now on: what was just read for the first time need not be.
    pub(crate) fn begin_tiers(&mut self, now: Timestamp) -> Vec<(SignedDuration, Timestamp)> {
        let tiers = policy::tiers(self.progress.lateness).into_iter().map(|tier| tier.length);
        let known = &self.progress.rewalked;
        let begun: Vec<_> = tiers.filter(|length| !known.contains_key(length)).map(|length| (length, now)).collect();
        self.progress.rewalked.extend(begun.iter().copied());
        begun
    }

    /// Learns from a slice that took so many pages how long the next one should be.
    pub(crate) fn learn(&mut self, slice: Stretch, pages: usize) {
        if pages < SMALL_SLICE {
            self.slice = self.slice.max((slice.length() * 2).min(self.retention));
        } else if pages > LARGE_SLICE {
            self.slice = (slice.length() / 2).max(SHORTEST_SLICE);
        }
    }

    /// When the oldest entry that may be missing expires.
    pub(crate) fn expiry(&self, now: Timestamp) -> Option<Timestamp> {
        let missing = self.missing(now).first().map(|gap| gap.since);
        let holes = self.progress.holes.first().map(|hole| hole.stretch.since);
        [missing, holes].into_iter().flatten().min().and_then(|since| since.checked_add(self.retention).ok())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::coverage::Coverage;

    const RETENTION: SignedDuration = SignedDuration::from_hours(365 * 24);

    fn now() -> Timestamp {
        "2026-08-01T12:00:00Z".parse().unwrap()
    }

    fn ago(hours: i64) -> Timestamp {
        now() - SignedDuration::from_hours(hours)
    }

    fn plan(covered: &[(i64, i64)]) -> Plan {
        let stretches = covered.iter().filter_map(|(since, until)| Stretch::new(ago(*since), ago(*until)));
        Plan::new(Progress { coverage: stretches.collect(), ..Progress::default() }, RETENTION)
    }

    #[test]
    fn what_expires_soonest_is_read_first() {
        let Some(Job::Read(first)) = plan(&[]).next(now()) else { panic!() };
        assert_eq!((first.since, first.length()), (now() - RETENTION, FIRST_SLICE));
        let Some(Job::Read(gap)) = plan(&[(365 * 24, 100), (90, 1)]).next(now()) else { panic!() };
        assert_eq!((gap.since, gap.until), (ago(100), ago(90)));
    }

    #[test]
    fn what_is_new_is_read_with_some_overlap() {
        let Some(Job::Read(head)) = plan(&[(365 * 24, 1)]).next(now()) else { panic!() };
        assert_eq!((head.since, head.until), (ago(1) - OVERLAP, now()));
    }

    #[test]
    fn slices_grow_while_they_are_small_and_shrink_when_they_are_large() {
        let mut plan = plan(&[]);
        plan.learn(Stretch::new(ago(24), now()).unwrap(), 1);
        assert_eq!(plan.slice, FIRST_SLICE * 2);
        plan.learn(Stretch::new(ago(48), now()).unwrap(), 20);
        assert_eq!(plan.slice, FIRST_SLICE * 2);
        plan.learn(Stretch::new(ago(48), now()).unwrap(), 100);
        assert_eq!(plan.slice, FIRST_SLICE);
    }

    #[test]
    fn the_longest_stretch_that_is_due_is_read_again_and_counts_for_the_shorter_ones() {
        let mut plan = plan(&[(365 * 24, 0)]);
        plan.begin_tiers(ago(24 * 4));
        let Some(Job::Again { stretch, tier }) = plan.again(now()) else { panic!() };
        assert_eq!((stretch.since, tier), (ago(24 * 7), SignedDuration::from_hours(24 * 7)));
        assert_eq!(plan.read_again(tier, now()).len(), 3);
        assert_eq!(plan.again(now()), None);
    }

    #[test]
    fn entries_that_came_very_late_make_it_look_back_further() {
        let mut plan = plan(&[(365 * 24, 0)]);
        plan.progress.lateness = SignedDuration::from_hours(24 * 10);
        let Some(Job::Again { tier, .. }) = plan.again(now()) else { panic!() };
        assert_eq!(tier, SignedDuration::from_hours(24 * 20));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn whatever_was_covered_everything_gets_read_in_the_end(
            covered in proptest::collection::vec((0..9000_i64, 0..9000_i64), 0..8),
            holes in proptest::collection::vec((1..8000_i64, 1..50_i64), 0..4),
            pages in proptest::collection::vec(0..100_usize, 1..10),
        ) {
            let mut plan = plan(&covered);
            for (since, length) in holes {
                let stretch = Stretch::new(ago(since + length), ago(since)).unwrap();
                let hole = Hole { stretch, reason: String::new(), attempts: 1, next_attempt: now() };
                plan.progress.holes.push(hole);
            }
            let mut given_up: Coverage = plan.progress.holes.iter().map(|hole| hole.stretch).collect();
            let mut steps = 0;
            while let Some(job) = plan.next(now()) {
                let stretch = job.stretch();
                prop_assert!(!plan.progress.coverage.covers(stretch), "{stretch} is read twice");
                plan.progress.coverage.add(stretch);
                plan.learn(stretch, pages[steps % pages.len()]);
                steps += 1;
                prop_assert!(steps < 10_000, "it never ends");
            }
            // But for less than the overlap at the newest end, which is not worth a request yet.
            let window = Stretch::new(now() - RETENTION, now() - OVERLAP).unwrap();
            plan.progress.coverage.stretches().for_each(|stretch| given_up.add(stretch));
            prop_assert_eq!(given_up.gaps(window), vec![]);
        }
    }
}
