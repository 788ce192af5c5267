//! The reader of one list, from its newest row to its oldest, several pages at a time. It counts what came.
//!
//! The reader believes nothing: a page that brings nothing is asked for once more, a page that was asked for beside
//! others is asked for again where the list moved meanwhile ([`Ahead`] knows when), and where the platform fails, fewer
//! rows are asked for. Why it stopped is an [`End`]; whether nothing is missing is for the audit, which has its
//! [`Tally`].

mod asking;
mod ending;
mod taking;
mod tally;

use std::collections::VecDeque;
use std::ops::Range;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use jiff::Timestamp;

pub(super) use self::tally::{End, Tally};
use super::ahead::{self, Ahead};
use super::listing::{Behind, Fetched, Listing, PageInfo, is_about_form, is_about_size};
use crate::error::Result;
use crate::walk::{Task, incomplete};

/// The page sizes to fall back to: where a page of one size fails, the next one is asked for.
pub(super) const FEWER: [i64; 5] = [100, 50, 20, 5, 1];

/// The direction in which the list is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// It is newest first: from its beginning on.
    Down,
    /// It is oldest first: from its end back to its beginning.
    Up,
}

/// The reading of one list, as far as it has come.
pub(super) struct Reader {
    pub(super) listing: Listing,
    pub(super) direction: Direction,
    pub(super) tally: Tally,
    /// The rows come in no order.
    pub(super) unordered: bool,
    /// The page that was got before there was a reader.
    first: Option<Fetched>,
    /// The place where reading began, if that is not an end of the list.
    begun: i64,
    /// Down: the place of the next row. Up: the place behind it.
    edge: i64,
    /// The page size that is asked for where nothing fails.
    normal: i64,
    /// The places of the smallest page that failed.
    bad: Option<Range<i64>>,
    /// How many pages of the normal size failed, and how many rows in a row did on their own.
    failed: u32,
    poisoned: u64,
    /// More rows were asked for again, and failed again.
    stays_narrow: bool,
    queue: FuturesOrdered<Task<Result<Fetched>>>,
    asked: VecDeque<Asked>,
    ahead: Ahead,
    /// How the page that came last was asked for.
    came: Option<Asked>,
    ramp: usize,
    /// How many pages came.
    pages: usize,
    before: Option<PageInfo>,
    /// The rows of the last page that had any.
    last: Vec<u64>,
    /// The page with rows that stands last in the list, and its last row.
    end_page: Option<(PageInfo, u64)>,
    /// The page before was shorter than it was asked to be, and nothing says that it was the last.
    short: bool,
    /// The page at the edge brought nothing, and is asked for once more.
    doubted: bool,
    /// Pages in a row that brought nothing.
    nothing: i64,
    /// One of them was empty.
    emptied: bool,
    /// The rows that came again on them.
    idle: u64,
    /// Down: behind the last place that the first page may have been made of, where fewer rows came than were asked
    /// for. And the rows that came again on later, thin pages of places before it.
    reach: i64,
    overlapping: u64,
    /// The oldest time so far, and how many rows came since it was reached.
    deepest: Option<Timestamp>,
    lingering: u64,
}

/// A page on its way.
#[derive(Clone, Copy)]
struct Asked {
    number: i64,
    size: i64,
    at: ahead::Asked,
    /// No other page was on its way when it was asked for.
    alone: bool,
    /// It came before, and the list may have moved meanwhile.
    again: bool,
}

/// The worth of a page to the reader, before its rows are taken.
pub(super) enum Brings {
    /// Something.
    Rows,
    /// Nothing: it is asked for once more.
    Doubt,
    /// Nothing, for the second time.
    Nothing,
}

impl Reader {
    /// Reads from this place on.
    pub(super) fn new(listing: Listing, direction: Direction, edge: i64) -> Self {
        let size = listing.size();
        Self {
            listing,
            direction,
            tally: Tally { partial: direction == Direction::Down && edge > 0, ..Tally::default() },
            unordered: false,
            first: None,
            begun: if direction == Direction::Down { edge } else { 0 },
            edge,
            normal: size,
            bad: None,
            failed: 0,
            poisoned: 0,
            stays_narrow: false,
            queue: FuturesOrdered::new(),
            asked: VecDeque::new(),
            ahead: Ahead::default(),
            came: None,
            ramp: 1,
            pages: 0,
            before: None,
            last: Vec::new(),
            end_page: None,
            short: false,
            doubted: false,
            nothing: 0,
            emptied: false,
            idle: 0,
            reach: 0,
            overlapping: 0,
            deepest: None,
            lingering: 0,
        }
    }

    /// Reads from the beginning of a list whose first page is at hand.
    pub(super) fn behind(listing: Listing, first: Fetched) -> Self {
        Self { first: Some(first), ..Self::new(listing, Direction::Down, 0) }
    }

    /// This page of the list is known, though it was not read: it shows how dense the list is.
    pub(super) fn knows(&mut self, page: PageInfo) {
        self.before = (page.count > 0).then_some(page);
    }

    /// Whether nothing is left in the direction of the reader.
    fn is_over(&self) -> bool {
        self.direction == Direction::Up && self.edge <= 0
    }

    /// The next page, or why there is none. `wanted`: how many pages are of use at the most.
    pub(super) async fn next(&mut self, wanted: i64) -> Result<Result<Fetched, End>> {
        loop {
            if let Some(first) = self.first.take() {
                // Whoever begins with an empty page has looked for a row on it.
                self.doubted |= first.info.count == 0;
                self.came_with(&first);
                return Ok(Ok(first));
            }
            if let Some((number, size)) = self.ahead.suspect() {
                self.again();
                self.ask(Asked { number, size, at: self.ahead.ask(), alone: true, again: true });
            } else if self.is_over() {
                return Ok(Err(End::Whole));
            } else {
                self.fill(wanted);
            }
            let (Some(asked), Some(fetched)) = (self.asked.pop_front(), self.queue.next().await) else {
                return Err(incomplete("the walk lost its place"));
            };
            let fetched = match fetched {
                Ok(fetched) => fetched,
                Err(error) if asked.again => {
                    let fewer = FEWER.into_iter().find(|fewer| *fewer < asked.size && asked.size % fewer == 0);
                    let Some(fewer) = fewer.filter(|_| is_about_size(&error)) else { return Err(error) };
                    self.ahead.part(asked.number, asked.size, fewer);
                    continue;
                }
                Err(error) if is_about_size(&error) && self.ask_for_less(&asked) => continue,
                Err(error) if is_about_form(&error) && asked.number > 1 && self.pages > 0 => {
                    return Ok(Err(End::Refused(error)));
                }
                Err(error) => return Err(error),
            };
            self.poisoned = 0;
            let total = fetched.info.says.total;
            if !asked.alone && self.is_counted() && self.before.is_some_and(|before| before.says.total != total) {
                // Rows came or went between this answer and the one before it, which was asked for at the same time. A
                // row may have moved from one page to the other unseen. Ask again, now that the one before is here.
                self.again();
                continue;
            }
            if fetched.info.count == 0 && !asked.again && self.widen(&asked).await {
                continue;
            }
            self.came = Some(asked);
            let mut fetched = fetched;
            if fetched.info.count == 0 && !asked.again && !self.doubted && !self.is_counted_out(&fetched.info) {
                self.doubted = true; // it is asked for again here
                // Pages of another size may begin with rows that came.
                let start = fetched.info.start();
                let from = if self.direction == Direction::Down { start.max(self.edge) } else { start };
                let known = (self.direction == Direction::Up || self.tally.fresh > 0).then_some(&*self.last);
                match self.listing.behind(&fetched.info, known, from).await? {
                    Behind::Page(page) => fetched = page,
                    Behind::Rows if self.ask_for_less(&asked) => {
                        self.doubted = false;
                        continue;
                    }
                    Behind::Rows | Behind::More => self.tally.skipped += 1,
                    Behind::Unknown(error) => return Err(error),
                    Behind::Nothing | Behind::Next(_) => {}
                }
            }
            self.came_with(&fetched);
            return Ok(Ok(fetched));
        }
    }

    /// Remembers the rows of a page, and the page that stands last in the list.
    fn came_with(&mut self, page: &Fetched) {
        let Some(last) = page.rows.last() else { return };
        if self.direction == Direction::Down || self.end_page.is_none() {
            self.end_page = Some((page.info, last.key));
        }
        self.last = page.rows.iter().map(|row| row.key).collect();
    }

    /// Whether an empty page ends the list by its total.
    fn is_counted_out(&self, info: &PageInfo) -> bool {
        let covered = self.covered();
        let known = covered > 0 || self.listing.is_end(info);
        info.count == 0 && !self.tally.lies && !info.says_more() && info.says.total == Some(covered) && known
    }

    /// Whether the totals show how the list moves.
    fn is_counted(&self) -> bool {
        !self.tally.lies && self.before.is_some_and(|before| before.says.total.is_some())
    }

    /// Whether all that came would stand on one page.
    pub(super) fn is_one_page(&self) -> bool {
        let rows = self.before.map_or(0, |page| page.count);
        rows > 1 && i64::try_from(self.tally.fresh).is_ok_and(|fresh| fresh <= rows)
    }

    /// Whether a page reaches at least as far back as all before it.
    pub(super) fn reaches_back(&self, info: &PageInfo) -> bool {
        self.deepest.is_none_or(|deepest| info.oldest.is_none_or(|oldest| oldest <= deepest))
    }

    /// Whether the page that came last came before, too.
    fn is_again(&self) -> bool {
        self.came.is_some_and(|asked| asked.again)
    }

    /// How many pages have come, and up to which of them nothing is left out for certain: `None` where that is all of
    /// them.
    pub(super) fn proved(&self) -> (u64, Option<u64>) {
        (self.ahead.came(), self.ahead.unproved().filter(|_| !self.is_counted()))
    }

    /// Whether the page that came last had room for more, and nothing shows that the list ends with it.
    pub(super) fn stops_short(&self) -> bool {
        self.short && (self.tally.lies || self.before.is_some_and(|last| !last.ends_by_total()))
    }

    /// Whether pages that came are to be asked for again.
    pub(super) fn is_rereading(&self) -> bool {
        self.ahead.has_suspects()
    }

    /// How many places of the list are accounted for, from its beginning.
    pub(super) fn covered(&self) -> i64 {
        let Tally { fresh, repeats, skipped, .. } = &self.tally;
        i64::try_from(fresh + repeats + skipped).unwrap_or(i64::MAX).saturating_add(self.begun)
    }
}
