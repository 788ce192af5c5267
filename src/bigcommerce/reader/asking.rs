//! Which pages a reader asks for: how many at once, and how large where some fail.

use futures::stream::FuturesOrdered;

use super::{Asked, Direction, FEWER, Reader};
use crate::bigcommerce::habits::MORE;
use crate::bigcommerce::listing::PageInfo;
use crate::walk::Task;

/// How many rows in a row may fail on their own before it is the platform that fails, and not a row.
const POISONED: u64 = 3;
/// How many pages of the normal size may fail before it is the size that fails, and not the rows.
const FAILED: u32 = 1;

impl Reader {
    /// Keeps pages under way: one at first, more as the list is read on, never more than can still be needed.
    pub(super) fn fill(&mut self, wanted: i64) {
        // Where no total shows that the list moves, what moved is seen later: too late for a walk that is to end with the
        // newest few, and not in a list without an order.
        let is_shown = self.is_counted() || (wanted == i64::MAX && !self.unordered);
        let room = match self.before.filter(|_| is_shown && !self.doubted && self.bad.is_none()) {
            Some(before) => {
                let ahead = self.pages_ahead(&before).min(wanted);
                let ramp = if self.listing.scope.since.is_none() && self.is_counted() { usize::MAX } else { self.ramp };
                ramp.min(self.listing.source.in_flight()).min(usize::try_from(ahead).unwrap_or(usize::MAX))
            }
            None => 1,
        };
        while self.asked.len() < room.max(1) {
            let beside = i64::try_from(self.asked.len()).unwrap_or(i64::MAX);
            let size = self.size();
            let number = match self.direction {
                Direction::Down => self.edge / size + 1 + beside,
                Direction::Up => (self.edge - 1) / size + 1 - beside,
            };
            if number < 1 {
                break;
            }
            self.ask(Asked { number, size, at: self.ahead.ask(), alone: beside == 0, again: false });
        }
    }

    pub(super) fn ask(&mut self, asked: Asked) {
        let (listing, Asked { number, size, .. }) = (self.listing.clone(), asked);
        self.asked.push_back(asked);
        self.queue.push_back(Task::spawn(async move { listing.fetch(number, size).await }));
    }

    /// How many rows to ask for at the edge: the most that do not take in again all of what failed.
    pub(super) fn size(&self) -> i64 {
        let Some(bad) = &self.bad else { return self.normal };
        let fails = |size: i64| {
            let place = if self.direction == Direction::Down { self.edge } else { self.edge - 1 };
            let start = place / size * size;
            start <= bad.start && bad.end <= start + size
        };
        let sizes = std::iter::once(self.normal).chain(FEWER.into_iter().filter(|size| *size < self.normal));
        sizes.into_iter().find(|size| !fails(*size)).unwrap_or(1)
    }

    /// How many pages the list still has, as far as its total says, or as its density lets expect up to `since`.
    fn pages_ahead(&self, before: &PageInfo) -> i64 {
        let listed = match self.direction {
            Direction::Up => (self.edge + self.normal - 1) / self.normal,
            Direction::Down => match before.total().filter(|_| self.is_counted()) {
                Some(total) => (total - self.edge + self.normal - 1) / self.normal,
                None if before.is_short() || self.is_counted() => 1,
                None => i64::MAX,
            },
        };
        // Where the date filter is ignored, the time range ends long before the list does. How dense the rows are shows
        // how far off that is: a page too few costs a moment, a page too many a request.
        let since = self.listing.scope.since.filter(|_| !self.unordered);
        let (Some(since), Some(oldest), Some(newest)) = (since, before.oldest, before.newest) else {
            return listed;
        };
        let a_page = newest.duration_since(oldest).as_secs().max(1);
        listed.min((oldest.duration_since(since).as_secs() / a_page).max(1))
    }

    /// After a failure: fewer rows, or the next row if it was a single one that failed. `false` if it is no row's
    /// fault.
    pub(super) fn ask_for_less(&mut self, asked: &Asked) -> bool {
        let answers = self.pages > 0 || self.listing.source.has_answered();
        let start = (asked.number - 1) * asked.size;
        // Pages of another size begin at other rows where pages come empty in the middle, or with rows twice.
        let linear = !self.tally.thin_pages && !self.emptied && self.tally.doubled == 0;
        if !answers || !linear {
            return false;
        }
        if asked.size > 1 {
            // What was read before is not to blame.
            self.bad = Some(match self.direction {
                Direction::Down => start.max(self.edge)..start + asked.size,
                Direction::Up => start..(start + asked.size).min(self.edge),
            });
            if asked.size == self.normal {
                self.failed += 1;
                if self.failed > FAILED {
                    // It is not these rows but their number.
                    self.normal = FEWER.into_iter().find(|fewer| *fewer < self.normal).unwrap_or(1);
                    self.listing.source.ask_for_fewer();
                    self.failed = 0;
                }
            }
        } else if self.poisoned < POISONED {
            self.bad = Some(start..start + 1);
            self.poisoned += 1;
            self.tally.skipped += 1;
            self.edge = if self.direction == Direction::Down { start + 1 } else { start };
        } else {
            return false;
        }
        self.again();
        true
    }

    /// Asks for as many rows as an empty page needs to show that nothing is there, if they do not fail any more: it may
    /// have been the network that failed, and not their number. `false` where nothing changes.
    pub(super) async fn widen(&mut self, asked: &Asked) -> bool {
        let fewer = self.listing.is_narrowed();
        let small = asked.size < MORE && self.normal < MORE && self.bad.is_none();
        let number = (asked.number - 1) * asked.size / MORE + 1;
        if !(fewer && small) || self.stays_narrow {
            return false;
        }
        if self.listing.fetch(number, MORE).await.is_err() {
            self.stays_narrow = true;
            return false;
        }
        self.listing.source.ask_for_more();
        self.normal = MORE;
        self.again();
        true
    }

    /// Drops the part of the failed places that is behind the edge.
    pub(super) fn leave_bad(&mut self) {
        self.bad = self.bad.take().and_then(|bad| {
            let left = match self.direction {
                Direction::Down => bad.start.max(self.edge)..bad.end,
                Direction::Up => bad.start..bad.end.min(self.edge),
            };
            if left.is_empty() && bad.end - bad.start > 1 {
                None
            } else if left.is_empty() {
                Some(bad)
            } else {
                Some(left)
            }
        });
    }

    /// Forgets what is on its way, and asks for the page at the edge.
    pub(super) fn again(&mut self) {
        self.queue = FuturesOrdered::new();
        self.asked.clear();
        self.ramp = 1;
    }
}
