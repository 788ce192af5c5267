//! Time ranges, and coverage as a set of them: the time ranges that were read.

use std::collections::BTreeMap;
use std::fmt;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::micros::Micros;

/// A time range `[since, until)`, to the microsecond. Never empty.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct TimeRange {
    /// Its first moment.
    pub since: Timestamp,
    /// The moment after its last.
    pub until: Timestamp,
}

impl TimeRange {
    /// The time range between two moments, cut to the microsecond. `None` if it would be empty.
    pub fn new(since: Timestamp, until: Timestamp) -> Option<Self> {
        let range = Self { since: cut(since), until: cut(until) };
        (range.since < range.until).then_some(range)
    }

    /// How long it is.
    pub fn length(&self) -> SignedDuration {
        self.until.duration_since(self.since)
    }

    /// The part that both have.
    pub fn overlap(&self, other: Self) -> Option<Self> {
        Self::new(self.since.max(other.since), self.until.min(other.until))
    }

    /// The whole seconds of it: platforms count by seconds.
    pub fn whole_seconds(&self) -> Option<Self> {
        let up = if self.since.subsec_nanosecond() == 0 { 0 } else { 1 };
        let since = Timestamp::from_second(self.since.as_second().checked_add(up)?).ok()?;
        Self::new(since, Timestamp::from_second(self.until.as_second()).ok()?)
    }

    /// The whole seconds that it lies in.
    pub fn seconds_around(&self) -> Option<Self> {
        let up = if self.until.subsec_nanosecond() == 0 { 0 } else { 1 };
        let until = Timestamp::from_second(self.until.as_second().checked_add(up)?).ok()?;
        Self::new(Timestamp::from_second(self.since.as_second()).ok()?, until)
    }

    /// Whether a moment lies in it.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.since <= time && time < self.until
    }
}

impl fmt::Display for TimeRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} to {}", self.since, self.until)
    }
}

fn cut(time: Timestamp) -> Timestamp {
    Micros::of(time).time()
}

/// A set of moments, kept as time ranges that neither touch nor overlap.
///
/// A time range of a store is covered once a walk has read it: the next walk goes on elsewhere. Whether nothing is missing in
/// it is another question, which its audit answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Coverage(BTreeMap<Timestamp, Timestamp>);

impl Coverage {
    /// Nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a time range, and joins what touches it.
    pub fn add(&mut self, range: TimeRange) {
        let (mut since, mut until) = (range.since, range.until);
        // Those that begin at or before its end, from the last one on, as long as they reach it.
        while let Some((&from, &to)) = self.0.range(..=until).next_back() {
            if to < since {
                break;
            }
            since = since.min(from);
            until = until.max(to);
            self.0.remove(&from);
        }
        self.0.insert(since, until);
    }

    /// Takes a time range away.
    pub fn remove(&mut self, range: TimeRange) {
        while let Some((&from, &to)) = self.0.range(..range.until).next_back() {
            if to <= range.since {
                break;
            }
            self.0.remove(&from);
            if to > range.until {
                self.0.insert(range.until, to);
            }
            if from < range.since {
                self.0.insert(from, range.since);
                break;
            }
        }
    }

    /// The time ranges, oldest first.
    pub fn ranges(&self) -> impl DoubleEndedIterator<Item = TimeRange> + '_ {
        self.0.iter().map(|(&since, &until)| TimeRange { since, until })
    }

    /// The parts of a time range that are in the set, oldest first.
    pub fn within(&self, range: TimeRange) -> impl DoubleEndedIterator<Item = TimeRange> + '_ {
        let before = self.0.range(..range.since).next_back();
        let inside = self.0.range(range.since..range.until);
        before.into_iter().chain(inside).filter_map(move |(&since, &until)| TimeRange { since, until }.overlap(range))
    }

    /// The parts of a time range that are not in the set, oldest first.
    pub fn gaps(&self, range: TimeRange) -> Vec<TimeRange> {
        let mut gaps = Vec::new();
        let mut from = range.since;
        for covered in self.within(range) {
            gaps.extend(TimeRange::new(from, covered.since));
            from = covered.until;
        }
        gaps.extend(TimeRange::new(from, range.until));
        gaps
    }

    /// Whether all of a time range is in the set.
    pub fn covers(&self, range: TimeRange) -> bool {
        self.within(range).next() == Some(range)
    }

    /// Whether a moment is in the set.
    pub fn contains(&self, time: Timestamp) -> bool {
        self.0.range(..=time).next_back().is_some_and(|(_, &until)| time < until)
    }

    /// The end of the newest time range.
    pub fn end(&self) -> Option<Timestamp> {
        self.0.last_key_value().map(|(_, &until)| until)
    }
}

impl FromIterator<TimeRange> for Coverage {
    fn from_iter<I: IntoIterator<Item = TimeRange>>(ranges: I) -> Self {
        let mut coverage = Self::new();
        ranges.into_iter().for_each(|range| coverage.add(range));
        coverage
    }
}
