//! The reasons for which a reader stops, and the numbers of what came until then.

use super::Direction;
use crate::error::Error;

/// The reason for which a reader stopped.
#[derive(Debug)]
pub(in crate::bigcommerce) enum End {
    /// As many rows came as the platform counts, or the first row of an oldest-first list was reached.
    Whole,
    /// A row is older than the time range.
    Passed,
    /// Nothing came any more, twice.
    Empty,
    /// The same page came again and again.
    Repeats,
    /// Nothing that is older came any more, though other pages did: new rows come in faster than they are read.
    Flooded,
    /// A page that far back is refused.
    Refused(Error),
}

/// The numbers of what came of a list.
#[derive(Debug, Default)]
pub(in crate::bigcommerce) struct Tally {
    /// Distinct rows.
    pub(in crate::bigcommerce) fresh: u64,
    /// Rows that came again, on another page than before.
    pub(in crate::bigcommerce) repeats: u64,
    /// Rows that stood twice on one page.
    pub(in crate::bigcommerce) doubled: u64,
    /// Rows that fail on their own, and were left out.
    pub(in crate::bigcommerce) skipped: u64,
    /// The totals that the first and the last page named.
    pub(in crate::bigcommerce) first_total: Option<i64>,
    pub(in crate::bigcommerce) last_total: Option<i64>,
    /// The totals contradict the pages they came with.
    pub(in crate::bigcommerce) lies: bool,
    /// Places of the list came empty, and rows behind them.
    pub(in crate::bigcommerce) thin_pages: bool,
    /// The list was not begun at its newest row.
    pub(in crate::bigcommerce) partial: bool,
    /// The fault of a page.
    pub(in crate::bigcommerce) cause: Option<String>,
}

impl Tally {
    /// How many rows came to the list while it was read, less those that went, by its totals.
    pub(in crate::bigcommerce) fn drift(&self) -> i64 {
        self.first_total.zip(self.last_total).map_or(0, |(first, last)| last - first)
    }

    /// How many rows the platform counts, unless that contradicts what came.
    pub(in crate::bigcommerce) fn counted(&self) -> Option<u64> {
        self.last_total.filter(|_| !self.lies).and_then(|total| u64::try_from(total).ok())
    }

    /// Whether every place of the list that was read held a row of its own, but for rows that moved because others came
    /// in or went, and the totals say how many. Then nothing newer than the last row was left out.
    pub(in crate::bigcommerce) fn is_tidy(&self, direction: Direction) -> bool {
        let moved = match direction {
            Direction::Down => self.drift(),
            Direction::Up => -self.drift(),
        };
        let explained = if self.lies || self.last_total.is_none() { 0 } else { moved.max(0) };
        !self.thin_pages && self.skipped == 0 && i64::try_from(self.repeats).is_ok_and(|repeats| repeats <= explained)
    }
}
