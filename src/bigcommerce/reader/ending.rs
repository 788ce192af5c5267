//! Whether the end of a list is one: seen with room behind it, where the list moved, or where it never ends.

use jiff::Timestamp;

use super::{Direction, End, Reader};
use crate::bigcommerce::listing::{Behind, PageInfo, is_about_size};
use crate::bigcommerce::place::last_page;
use crate::error::{Error, Result};
use crate::walk::{Row, incomplete};

/// The most pages of a list whose total is not to be believed. A list that never ends must not be read for ever; the
/// cursor leads on behind it.
const MOST_PAGES: usize = 5_000;
/// Pages that are looked at for rows that came in.
const PAGES_OF_NEWCOMERS: usize = 8;
/// How many rows may come without one that is older than those before, where no total says how many there are.
const CROWD: u64 = 120_000;
/// How many more rows than the platform counted at first may be listed before the list counts as endless.
const SLACK: u64 = 10_000;

impl Reader {
    /// Whether a list that nothing counts was read to an end that is one.
    pub(in crate::bigcommerce) async fn shows_end(&self, end: &End) -> Result<bool> {
        match end {
            _ if self.tally.skipped > 0 => Ok(false),
            End::Repeats => Ok(true),
            End::Empty | End::Whole => self.ends_with_room().await,
            End::Passed | End::Flooded | End::Refused(_) => Ok(false),
        }
    }

    /// Whether the list was seen to end: by a page that had room for more, or where the last one was full, by a page of
    /// another size with the same last row. Pages that come empty behind a full one may be empty for another reason.
    async fn ends_with_room(&self) -> Result<bool> {
        let Some((last, key)) = &self.end_page else { return Ok(true) };
        if self.listing.is_narrow() {
            return self.is_empty_behind(last).await;
        }
        if last.is_short() {
            return Ok(true);
        }
        // Rows came on pages of which the last is full. One row fewer to a page, or a few, and it is not.
        let by_place = last.start().saturating_add(last.count);
        let ends = [by_place, if self.direction == Direction::Down { self.covered() } else { by_place }];
        let Some(size) = (2..last.asked).rev().find(|size| ends.iter().all(|end| end % size != 0)) else {
            return Ok(last.asked <= 2);
        };
        let [by_place, by_rows] = ends.map(|end| (end - 1).max(0) / size + 1);
        // Where a page too many stands in the list, all are one further on.
        let mut numbers = vec![by_place, by_rows, by_rows + 1];
        numbers.dedup();
        for number in numbers {
            let page = match self.listing.fetch(number, size).await {
                Ok(page) => page,
                Err(error) if is_about_size(&error) => return Ok(false),
                Err(error) => return Err(error),
            };
            let same_end = page.rows.last().is_some_and(|row| row.key == *key);
            // Whoever gives more than were asked for gives pages of one size only.
            if same_end && page.info.count != size {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether the places behind this page are empty, as many as a page of 20 rows has.
    async fn is_empty_behind(&self, last: &PageInfo) -> Result<bool> {
        if self.direction == Direction::Down && self.nothing >= self.listing.nothing(last.asked) {
            return Ok(true); // they were asked for just now
        }
        let behind = self.listing.pages_behind(last, self.listing.nothing(last.asked)).await?;
        Ok(matches!(behind, Behind::Nothing))
    }

    /// Whether the list may be endless: many more rows came than the platform counted, or it does not count and there are
    /// more pages than one walk reads.
    pub(in crate::bigcommerce) fn seems_endless(&self) -> Option<Error> {
        let counted = self.tally.first_total.and_then(|total| u64::try_from(total).ok());
        let trusted = counted.filter(|_| !self.tally.lies);
        let read = self.tally.fresh;
        let beyond = trusted.is_some_and(|counted| read > counted + counted / 4 + SLACK);
        let unbounded = trusted.is_none() && (self.pages > MOST_PAGES || self.lingering > CROWD);
        (beyond || unbounded).then(|| {
            let counted =
                counted.map_or_else(|| "it does not count them".to_owned(), |n| format!("it counted {n} at first"));
            incomplete(format!("the list does not seem to end: {read} entries came, and {counted}"))
        })
    }

    /// At the end of the list: whether it has not moved since the last pages were asked for, side by side. Where it has,
    /// they are asked for again.
    pub(in crate::bigcommerce) async fn is_settled(&mut self) -> Result<bool> {
        let Some(last) = self.ahead.last().filter(|last| !(self.is_counted() && self.ahead.has_total(last.says.total)))
        else {
            return Ok(true);
        };
        self.again();
        let settled = self.listing.fetch(last.number, last.asked).await?.info.same_rows(&last);
        if !settled {
            self.ahead.suspect_all();
        }
        Ok(settled)
    }

    /// Oldest first: whether the list seems to have become shorter than it was.
    pub(in crate::bigcommerce) fn is_behind_end(&self, info: &PageInfo) -> bool {
        let nothing = !self.listing.is_narrow() || self.nothing >= self.listing.nothing(info.asked);
        self.direction == Direction::Up && info.count == 0 && nothing
    }

    /// Goes on from where it ends now.
    pub(in crate::bigcommerce) async fn find_end(&mut self) -> Result<()> {
        let first = self.listing.fetch(1, self.normal).await?;
        let last = last_page(&self.listing, first.info, self.normal).await?;
        self.edge = self.edge.min(last.number.saturating_mul(last.asked));
        self.again();
        Ok(())
    }

    /// Whether a list that nothing counts was read to its end, and no row of it is in doubt. For `until` and `knows` see
    /// [`newcomers`](Self::newcomers).
    pub(in crate::bigcommerce) async fn is_whole(
        &self,
        end: &End,
        until: Option<Timestamp>,
        knows: impl Fn(&Row) -> bool,
    ) -> Result<bool> {
        Ok(self.shows_end(end).await? && self.only_moved(end, until, knows).await?)
    }

    /// Whether each row that came on two pages was moved to the second by rows that came in, or the pages overlap. Else
    /// the list has them in another order at each request, and where one came twice, another may have come not at all.
    async fn only_moved(&self, end: &End, until: Option<Timestamp>, knows: impl Fn(&Row) -> bool) -> Result<bool> {
        // Behind its end a list may repeat its last page.
        let behind_end = if matches!(end, End::Repeats) { self.idle } else { 0 };
        let repeats = self.tally.repeats.saturating_sub(behind_end + self.overlapping);
        if repeats == 0 {
            return Ok(true);
        }
        Ok(self.newcomers(until, knows).await?.is_some_and(|(newcomers, _)| repeats <= newcomers))
    }

    /// How many rows came to the newest end of the list since it was begun, and its total now. `None` where that cannot
    /// be seen. Those are rows at or behind `until`, the end of what the walk reads, that were not listed before. `knows`:
    /// whether a row was.
    pub(in crate::bigcommerce) async fn newcomers(
        &self,
        until: Option<Timestamp>,
        knows: impl Fn(&Row) -> bool,
    ) -> Result<Option<(u64, Option<i64>)>> {
        let newer = |time| until.is_some_and(|until| time >= until);
        let is_new = |row: &Row| row.time().is_some_and(newer) && !knows(row);
        let mut newcomers = 0;
        let mut number = match self.direction {
            Direction::Down => 1,
            Direction::Up => self.tally.last_total.map_or(1, |total| (total - 1).max(0) / self.normal + 2),
        };
        for _ in 0..PAGES_OF_NEWCOMERS {
            let page = self.listing.fetch(number, self.normal).await?;
            let new = page.rows.iter().filter(|row| is_new(row)).count();
            newcomers += new as u64;
            let before = if self.direction == Direction::Down { number + 1 } else { number - 1 };
            // Behind the end of an oldest-first list there may be room for more.
            let over = before < 1 || new < page.rows.len() || (new == 0 && self.direction == Direction::Down);
            if over {
                return Ok(Some((newcomers, page.info.says.total)));
            }
            number = before;
        }
        Ok(None)
    }
}
