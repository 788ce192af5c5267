//! Readings of what is new: where they begin, and what they are good for besides.

use jiff::{SignedDuration, Timestamp};

use super::Plan;
use crate::archive::Finding;
use crate::coverage::TimeRange;
use crate::sync::policy::{self, A_PAGE, DENSE};

impl Plan {
    /// Where a reading of what is new since this time begins: a little before it, and further back where that takes no more
    /// requests, and saves some.
    ///
    /// From the newest entry that is known: a list that shows it is not empty by mistake, so that nothing is new is seen at
    /// once, and not by asking again. And from where a tier begins that is due, if a page holds so much: that is no reading
    /// of its own then.
    pub(super) fn begin_of_news(&self, time: Timestamp, now: Timestamp) -> Timestamp {
        let since = self.with_overlap(time);
        let newest = self.newest.filter(|(_, crowded)| !crowded).map(|(second, _)| second);
        let tiers = policy::tiers(self.progress.lateness).into_iter().filter(|tier| {
            let due = self.progress.rewalked.get(&tier.length);
            due.is_some_and(|done| policy::has_passed(tier.every, *done, now)) && self.is_one_page(tier.length)
        });
        let begins = newest.into_iter().chain(tiers.filter_map(|tier| now.checked_sub(tier.length).ok()));
        let plain = |begin: &Timestamp| TimeRange::new(*begin, time).is_some_and(|range| self.is_plain(range));
        begins.filter(plain).fold(since, Timestamp::min)
    }

    /// Whether a time range can be read again with a request, for all that is known: all of it was read, and the platform
    /// counts as it lists. What is pruned is listed all the same, and would be read for nothing.
    fn is_plain(&self, range: TimeRange) -> bool {
        range.length() <= self.reach
            && self.progress.coverage.covers(range)
            && self.progress.gaps.iter().all(|gap| gap.range.overlap(range).is_none())
            && self
                .progress
                .audits
                .within(range)
                .all(|audit| matches!(audit.finding, Finding::Counted | Finding::NotCountable))
            && self.progress.prunings.any().is_none_or(|pruned| pruned <= range.since)
    }

    /// Whether a page holds what was written in a time of this length up to now, if it came as densely as the last time. A
    /// moment says nothing of a week.
    fn is_one_page(&self, length: SignedDuration) -> bool {
        let Some((entries, read)) = self.dense else { return false };
        let expected = entries as f64 * length.as_secs_f64() / read.as_secs_f64();
        length <= read * DENSE && expected <= A_PAGE as f64
    }

    /// Notes how many entries a time range that goes up to the present had, which was read to its end.
    pub(crate) fn note_density(&mut self, range: TimeRange, entries: usize) {
        self.dense = Some((entries, range.length()));
    }

    /// The platform has listed entries of these times.
    pub(crate) fn lists(&mut self, times: impl Iterator<Item = Timestamp> + Clone) {
        let seconds = times.map(Timestamp::as_second);
        let Some(newest) = seconds.clone().max() else { return };
        let crowded = seconds.filter(|second| *second == newest).count() > A_PAGE;
        let (known, was_crowded) = self.newest.map_or((i64::MIN, false), |(at, crowded)| (at.as_second(), crowded));
        if newest >= known {
            let crowded = crowded || newest == known && was_crowded;
            self.newest = Timestamp::from_second(newest).ok().map(|second| (second, crowded));
        }
    }

    /// The tiers that a reading of what is new has read again along with it, for the archive: where nothing is new, it begins
    /// far enough back. Of those that were read again of late nothing is said.
    pub(crate) fn reread_along(&self, range: TimeRange) -> Vec<(SignedDuration, Timestamp)> {
        if self.progress.coverage.end().is_some_and(|end| range.until < end) {
            return Vec::new();
        }
        let tiers = policy::tiers(self.progress.lateness).into_iter().filter(|tier| tier.length <= range.length());
        let due = tiers.filter(|tier| {
            let done = self.progress.rewalked.get(&tier.length);
            done.is_some_and(|done| policy::has_passed(tier.every / 2, *done, range.until))
        });
        due.map(|tier| (tier.length, range.until)).collect()
    }
}
