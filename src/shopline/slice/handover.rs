//! The older half of a slice that is handed over, to be read beside the rest of it.
//!
//! Slices are delivered in order, and rows are not spread evenly over time: while one that is denser than was expected
//! is read page by page, those behind it have come and wait. So the walk asks it for half of what it has left.

use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::range::PagedRange;
use super::{SECOND, Slice, middle};

/// Pages that must be left, as dense as the rows were so far, for half of them to be worth a slice of its own.
const WORTH_HALVING: i64 = 10;

/// What a walk and one of its slices say to each other.
#[derive(Debug, Default)]
pub(in crate::shopline) struct Handover(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    asked: bool,
    given: Option<(Timestamp, Timestamp)>,
}

impl Handover {
    /// The walk has room for one more slice.
    pub(in crate::shopline) fn ask(&self) {
        self.state().asked = true;
    }

    /// The time range that the slice does not read any more.
    pub(in crate::shopline) fn take(&self) -> Option<(Timestamp, Timestamp)> {
        self.state().given.take()
    }

    fn is_asked(&self) -> bool {
        self.state().asked
    }

    fn give(&self, since: Timestamp, until: Timestamp) {
        *self.state() = State { asked: false, given: Some((since, until)) };
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slice {
    /// Hands over the older half of what is left, between two pages, if the walk asked for it and it is worth it. This range
    /// has to be the oldest part of the slice.
    pub(super) fn hand_over(&mut self, range: &mut PagedRange) {
        if !self.parts.is_empty() || !self.handover.is_asked() {
            return;
        }
        let (Some((since, _)), Some(reached)) = (&mut self.range, range.plainly_reached()) else { return };
        if *since != range.since {
            return;
        }
        let read = range.until.duration_since(reached).as_secs();
        let left = reached.duration_since(range.since).as_secs();
        let pages = i64::try_from(range.pages()).unwrap_or(i64::MAX);
        if read <= 0 || left.saturating_mul(pages) / read < WORTH_HALVING {
            return;
        }
        let half = middle(range.since, reached);
        self.handover.give(range.since, half - SECOND);
        *since = half;
        range.begin_at(half, &self.reader);
    }
}
