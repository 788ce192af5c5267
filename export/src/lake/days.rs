//! The days whose counts a file holds, and which files an export has to write.
//!
//! A day of a platform is a file of its own while its month lasts, so that an export writes no more than the days whose counts
//! have changed. A month that is over when it is first exported is one file; a compaction merges the days of others.

use std::collections::BTreeMap;

use storelogs_collector::Archive;
use storelogs_collector::archive::CountedDay;

use super::group::{Group, Month};
use crate::delta::Add;
use crate::error::Result;

/// The archive that a file is of.
pub(super) const ARCHIVE: &str = "storelogs.archive";
/// The days that a file holds the counts of.
const DAYS: &str = "storelogs.days";
/// The sum of the marks of these days. They are random, so the sum is another one when a mark is.
const MARKS: &str = "storelogs.marks";

const DAY: i64 = 86_400_000_000;

/// Days that follow each other, counted from 1970 in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Days {
    pub(super) first: i64,
    /// The first one behind them.
    pub(super) end: i64,
}

impl Days {
    /// The month that they are in.
    pub(super) fn month(self) -> Month {
        Month::of(self.first.saturating_mul(DAY))
    }
}

/// What a file of counts holds, as its tags say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Held {
    pub(super) days: Days,
    pub(super) marks: u64,
}

impl Held {
    /// Of these days, of which some have counts.
    pub(super) fn with_marks(days: Days, counted: &[CountedDay]) -> Self {
        let marks = counted.iter().map(|day| day.mark.cast_unsigned()).fold(0, u64::wrapping_add);
        Self { days, marks }
    }

    pub(super) fn of(file: &Add) -> Option<Self> {
        let (first, end) = file.tag(DAYS)?.split_once("..")?;
        let days = Days { first: first.parse().ok()?, end: end.parse().ok()? };
        Some(Self { days, marks: u64::from_str_radix(file.tag(MARKS)?, 16).ok()? })
    }

    pub(super) fn tags(&self, application: &str) -> BTreeMap<String, Option<String>> {
        let Days { first, end } = self.days;
        let tags = [
            (ARCHIVE, application.to_owned()),
            (DAYS, format!("{first}..{end}")),
            (MARKS, format!("{:016x}", self.marks)),
        ];
        tags.into_iter().map(|(name, value)| (name.to_owned(), Some(value))).collect()
    }

    /// What a file of both holds.
    pub(super) fn with(self, other: &Self) -> Self {
        let days = Days { first: self.days.first.min(other.days.first), end: self.days.end.max(other.days.end) };
        Self { days, marks: self.marks.wrapping_add(other.marks) }
    }
}

/// A month of a platform, and the days of it that the archive has counts of.
pub(super) struct CountedMonth {
    month: Month,
    /// The mark of each day.
    marks: BTreeMap<i64, u64>,
}

/// The files to write and those to remove.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Plan {
    pub(super) write: Vec<Held>,
    pub(super) remove: Vec<Add>,
}

/// The months that the archive has counts of.
pub(super) fn counted(archive: &Archive) -> Result<BTreeMap<Group, CountedMonth>> {
    let mut months: Vec<(String, CountedMonth)> = Vec::new();
    for counted in archive.counted_days()? {
        let (time, mark) = (counted.day.saturating_mul(DAY), counted.mark.cast_unsigned());
        // Days come in their order.
        match months.last_mut().filter(|(platform, of)| *platform == counted.platform && of.month.contains(time)) {
            Some((_, of)) => of.marks.insert(counted.day, mark),
            None => {
                let marks = BTreeMap::from([(counted.day, mark)]);
                months.push((counted.platform, CountedMonth { month: Month::of(time), marks }));
                None
            }
        };
    }
    Ok(months.into_iter().map(|(platform, of)| (Group::of(&platform, &of.month), of)).collect())
}

impl CountedMonth {
    /// The plan for this month, whose files are these.
    pub(super) fn plan(&self, files: Vec<Add>, now: jiff::Timestamp) -> Plan {
        let mut plan = Plan::default();
        let mut held: Vec<(Held, Add)> = Vec::new();
        for file in files {
            match Held::of(&file) {
                Some(holds) => held.push((holds, file)),
                None => plan.remove.push(file),
            }
        }
        held.sort_by_key(|(held, _)| held.days);
        let mut uncovered = self.marks.clone();
        let mut covered_until = i64::MIN;
        for (holds, file) in held {
            // Nothing that this program writes.
            if holds.days.first < covered_until {
                plan.remove.push(file);
                continue;
            }
            covered_until = holds.days.end;
            let marks = self.sum(holds.days);
            uncovered.retain(|day, _| !(holds.days.first..holds.days.end).contains(day));
            if marks != Some(holds.marks) {
                plan.remove.push(file);
                plan.write.extend(marks.map(|marks| Held { marks, ..holds }));
            }
        }
        let is_new = covered_until == i64::MIN;
        let each = uncovered.into_iter().map(|(day, marks)| Held { days: Days { first: day, end: day + 1 }, marks });
        match is_new && self.month.is_over(now) {
            true => plan.write.extend(each.reduce(|one, other| one.with(&other))),
            false => plan.write.extend(each),
        }
        plan
    }

    /// The sum of the marks of these days, if any of them has counts.
    fn sum(&self, days: Days) -> Option<u64> {
        self.marks.range(days.first..days.end).map(|(_, mark)| *mark).reduce(u64::wrapping_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const AUGUST: i64 = 20_666; // 2026-08-01

    fn month(days: &[(i64, u64)]) -> CountedMonth {
        let marks = days.iter().map(|&(day, mark)| (AUGUST + day, mark)).collect();
        CountedMonth { month: Month::of(AUGUST * DAY), marks }
    }

    fn file(held: &Held) -> Add {
        Add {
            path: format!("{}-{}", held.days.first, held.days.end),
            partition_values: BTreeMap::new(),
            size: 1,
            modification_time: 0,
            data_change: true,
            stats: None,
            tags: Some(held.tags("storelogs:1")),
        }
    }

    fn files(plan: &Plan) -> Vec<Add> {
        plan.write.iter().map(file).collect()
    }

    fn ranges(plan: &Plan) -> Vec<[i64; 2]> {
        plan.write.iter().map(|held| [held.days.first - AUGUST, held.days.end - AUGUST]).collect()
    }

    fn during() -> jiff::Timestamp {
        "2026-08-20T00:00:00Z".parse().unwrap()
    }

    fn after() -> jiff::Timestamp {
        "2026-09-01T00:00:00Z".parse().unwrap()
    }

    #[test]
    fn days_are_files_of_their_own_while_their_month_lasts() {
        let plan = month(&[(0, 1), (4, 1), (5, 1)]).plan(Vec::new(), during());
        assert_eq!(ranges(&plan), [[0, 1], [4, 5], [5, 6]]);
        assert_eq!(plan.remove, []);
    }

    #[test]
    fn a_month_that_is_over_is_one_file() {
        let plan = month(&[(0, 1), (4, 1), (5, 1)]).plan(Vec::new(), after());
        assert_eq!(ranges(&plan), [[0, 6]]);
        // A late day is one of its own, and within the file it is written with it.
        let again = month(&[(0, 1), (4, 1), (5, 1), (9, 1)]).plan(files(&plan), after());
        assert_eq!((ranges(&again), again.remove), (vec![[9, 10]], vec![]));
        let again = month(&[(0, 1), (3, 1), (4, 1), (5, 1)]).plan(files(&plan), after());
        assert_eq!((ranges(&again), again.remove), (vec![[0, 6]], files(&plan)));
    }

    #[test]
    fn only_days_that_have_changed_are_written_again() {
        let before = month(&[(0, 1), (4, 1), (5, 1)]);
        let held = files(&before.plan(Vec::new(), during()));
        assert_eq!(before.plan(held.clone(), after()), Plan::default());
        let plan = month(&[(0, 1), (4, 2), (5, 1), (6, 1)]).plan(held.clone(), after());
        assert_eq!((ranges(&plan), &plan.remove[..]), (vec![[4, 5], [6, 7]], &held[1..2]));
    }

    #[test]
    fn files_of_days_without_counts_go() {
        let held = files(&month(&[(0, 1), (4, 1)]).plan(Vec::new(), during()));
        let plan = month(&[(0, 1)]).plan(held.clone(), during());
        assert_eq!((ranges(&plan), &plan.remove[..]), (vec![], &held[1..]));
    }

    #[test]
    fn files_of_another_form_and_files_that_overlap_are_written_anew() {
        let now = month(&[(0, 1), (4, 1)]);
        let whole = files(&now.plan(Vec::new(), after())).remove(0);
        let untagged = Add { path: "old".to_owned(), tags: None, ..whole.clone() };
        let overlapping = file(&Held { days: Days { first: AUGUST + 3, end: AUGUST + 5 }, marks: 1 });
        let plan = now.plan(vec![untagged.clone(), overlapping.clone(), whole.clone()], after());
        assert_eq!((plan.write, plan.remove), (vec![], vec![untagged, overlapping]));
    }

    #[test]
    fn merged_files_hold_what_an_export_expects() {
        let now = month(&[(0, 1), (4, 1), (5, 1)]);
        let days = now.plan(Vec::new(), during()).write;
        let merged = days.into_iter().reduce(|one, other| one.with(&other)).unwrap();
        assert_eq!(now.plan(vec![file(&merged)], after()), Plan::default());
    }
}
