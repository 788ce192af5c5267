//! The times of records without a readable one: between their neighbours.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use storelogs::LogEntry;

use crate::archive::Commit;
use crate::coverage::TimeRange;

/// Puts a page's records where they belong. One that cannot be decoded goes into quarantine, with the times between
/// which it was written. The cursors of the page before and of this one say from where to where the walk came with it.
pub(crate) fn take(
    commit: &mut Commit,
    records: Vec<storelogs::Result<LogEntry>>,
    before: Option<Timestamp>,
    reached: Option<Timestamp>,
) {
    let times: Vec<Timestamp> = records.iter().flatten().map(|entry| entry.time).collect();
    let neighbours = commit.reading.map(|reading| Neighbours::new(reading, times, before, reached));
    let mut decoded = 0;
    for record in records {
        match record {
            Ok(entry) => {
                decoded += 1;
                commit.entries.push(entry);
            }
            Err(error) => commit.undecodable.push((error, neighbours.as_ref().map(|all| all.around(decoded)))),
        }
    }
}

/// The times of the entries of a page, for the records without one that stand between them.
struct Neighbours {
    reading: RangeInclusive<Timestamp>,
    /// Newest first. Empty if the page does not show the order of its list.
    times: Vec<Timestamp>,
    before: Option<Timestamp>,
}

impl Neighbours {
    fn new(
        reading: TimeRange,
        mut times: Vec<Timestamp>,
        before: Option<Timestamp>,
        reached: Option<Timestamp>,
    ) -> Self {
        let last = reading.until.checked_sub(SignedDuration::from_micros(1)).unwrap_or(reading.since);
        let reading = reading.since..=last.max(reading.since);
        let newest_first = times.is_sorted_by(|a, b| a >= b) && times.first() > times.last();
        let goes_on = before.is_none_or(|before| times.first().is_some_and(|first| *first <= before));
        // A cursor that does not come as far as its page is held: the list is in no order, or is read again for what
        // lacked, and what stands beside a record is not what was written beside it.
        let claims = reached.is_some_and(|reached| times.last().is_some_and(|last| reached <= *last));
        if !(newest_first && goes_on && claims) {
            times.clear();
        }
        Self { reading, times, before }
    }

    /// Between which times a record was written that follows this many entries.
    ///
    /// A page of a list that is oldest first was turned round, and what has no time came to stand behind the entry that
    /// it followed. So it may also be newer than that entry, up to the next newer one.
    fn around(&self, decoded: usize) -> RangeInclusive<Timestamp> {
        let (since, until) = (*self.reading.start(), *self.reading.end());
        if self.times.is_empty() {
            return since..=until;
        }
        let follows = decoded.checked_sub(1).and_then(|last| self.times.get(last));
        let newer = follows.and_then(|time| self.times.iter().rev().find(|other| *other > time));
        let newer = newer.copied().or(self.before).unwrap_or(until).clamp(since, until);
        let older = self.times.get(decoded).copied().unwrap_or(since).clamp(since, until);
        older.min(newer)..=newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// The times of the records that stand for 0 on a page, in a reading of the seconds 100 to 900.
    fn placed(page: &[i64], before: Option<i64>) -> Vec<(i64, i64)> {
        let times = page.iter().filter(|second| **second != 0).map(|second| at(*second)).collect();
        let reading = TimeRange::new(at(100), at(900)).unwrap();
        let reached = page.iter().filter(|second| **second != 0).min().copied();
        let neighbours = Neighbours::new(reading, times, before.map(at), reached.map(at));
        let before_it = |index: usize| page[..index].iter().filter(|second| **second != 0).count();
        let odd = page.iter().enumerate().filter(|(_, second)| **second == 0);
        let seconds = |around: RangeInclusive<Timestamp>| (around.start().as_second(), around.end().as_second());
        odd.map(|(index, _)| seconds(neighbours.around(before_it(index)))).collect()
    }

    #[test]
    fn a_record_was_written_between_the_entries_around_it_whichever_way_the_list_runs() {
        assert_eq!(placed(&[800, 700, 0, 600, 500], None), [(600, 800)]);
        assert_eq!(placed(&[800, 700, 700, 0, 0, 600], None), [(600, 800), (600, 800)]);
    }

    #[test]
    fn at_the_ends_of_a_page_it_is_the_page_before_and_the_end_of_the_reading_that_count() {
        assert_eq!(placed(&[0, 700, 600], None), [(700, 899)]);
        assert_eq!(placed(&[0, 700, 600], Some(750)), [(700, 750)]);
        assert_eq!(placed(&[700, 0, 600, 0], Some(750)), [(600, 750), (100, 700)]);
    }

    #[test]
    fn where_the_page_tells_no_order_it_may_be_anywhere() {
        for page in [&[0][..], &[0, 700], &[0, 600, 700], &[700, 0, 700], &[600, 0, 800, 500]] {
            assert_eq!(placed(page, None), [(100, 899)], "{page:?}");
        }
        assert_eq!(placed(&[800, 0, 700], Some(500)), [(100, 899)], "found again behind what was read before");
    }

    #[test]
    fn where_the_cursor_is_held_it_may_be_anywhere() {
        let reading = TimeRange::new(at(100), at(900)).unwrap();
        let around = |before: Option<i64>, reached: Option<i64>| {
            let times = vec![at(800), at(700)];
            let around = Neighbours::new(reading, times, before.map(at), reached.map(at)).around(1);
            (around.start().as_second(), around.end().as_second())
        };
        assert_eq!(around(None, Some(700)), (700, 899));
        assert_eq!(around(Some(850), Some(600)), (700, 850), "the page's last rows were of no interest");
        assert_eq!(around(Some(850), Some(850)), (100, 899), "it is held");
        assert_eq!(around(None, None), (100, 899), "nothing is claimed at all");
    }
}
