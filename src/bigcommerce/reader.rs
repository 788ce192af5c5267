//! The reader of one list, from its newest row to its oldest, several pages at a time. It counts what came.
//!
//! The reader believes nothing: a page that brings nothing is asked for once more, a page that was asked for beside
//! others is asked for again where the list moved meanwhile ([`Ahead`] knows when), and where the platform fails, fewer rows
//! are asked for. Why it stopped is an [`End`]; whether nothing is missing is for the audit, which has its [`Tally`].

use std::collections::VecDeque;
use std::ops::Range;

use futures::StreamExt;
use futures::stream::FuturesOrdered;
use jiff::Timestamp;

use super::ahead::{self, Ahead};
use super::listing::{Behind, Fetched, Listing, PageInfo, is_about_form, is_about_size};
use super::place::last_page;
use crate::error::{Error, Result};
use crate::walk::{Row, Task, incomplete};

/// Where a page with the first number of rows fails, the next number is asked for.
pub(super) const FEWER: [i64; 5] = [100, 50, 20, 5, 1];
/// How many rows in a row may fail on their own before it is the platform that fails, and not a row.
const POISONED: u64 = 3;
/// How many pages of the normal size may fail before it is the size that fails, and not the rows.
const FAILED: u32 = 1;
/// Pages in a row that bring nothing, each asked for twice: then the list does not lead on.
const NOTHING: usize = 2;
/// The most pages of a list whose total is not to be believed. A list that never ends must not be read for ever; the
/// cursor leads on behind it.
const MOST_PAGES: usize = 5_000;
/// Pages that are looked at for rows that came in.
const PAGES_OF_NEWCOMERS: usize = 8;
/// How many rows may come without one that is older than those before, where no total says how many there are.
const CROWD: u64 = 120_000;
/// How many more rows than the platform counted at first may be listed before the list counts as endless.
const SLACK: u64 = 10_000;

/// How the list is gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    /// It is newest first: from its beginning on.
    Down,
    /// It is oldest first: from its end back to its beginning.
    Up,
}

/// Why a reader stopped.
#[derive(Debug)]
pub(super) enum End {
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

/// What came of a list.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// Distinct rows.
    pub(super) fresh: u64,
    /// Rows that came again, on another page than before.
    pub(super) repeats: u64,
    /// Rows that stood twice on one page.
    pub(super) doubled: u64,
    /// Rows that fail on their own, and were left out.
    pub(super) skipped: u64,
    /// The totals that the first and the last page named.
    pub(super) first_total: Option<i64>,
    pub(super) last_total: Option<i64>,
    /// The totals contradict the pages they came with.
    pub(super) lies: bool,
    /// Places of the list came empty, and rows behind them.
    pub(super) thin_pages: bool,
    /// The list was not begun at its newest row.
    pub(super) partial: bool,
    /// What was wrong with a page.
    pub(super) cause: Option<String>,
}

impl Tally {
    /// How many rows came to the list while it was read, less those that went, by its totals.
    pub(super) fn drift(&self) -> i64 {
        self.first_total.zip(self.last_total).map_or(0, |(first, last)| last - first)
    }

    /// How many rows the platform counts, unless that contradicts what came.
    pub(super) fn counted(&self) -> Option<u64> {
        self.last_total.filter(|_| !self.lies).and_then(|total| u64::try_from(total).ok())
    }

    /// Whether every place of the list that was read held a row of its own, but for rows that moved because others came
    /// in or went, and the totals say how many. Then nothing newer than the last row was left out.
    pub(super) fn is_tidy(&self, direction: Direction) -> bool {
        let moved = match direction {
            Direction::Down => self.drift(),
            Direction::Up => -self.drift(),
        };
        let explained = if self.lies || self.last_total.is_none() { 0 } else { moved.max(0) };
        !self.thin_pages && self.skipped == 0 && i64::try_from(self.repeats).is_ok_and(|repeats| repeats <= explained)
    }
}

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
    nothing: usize,
    /// One of them was empty.
    emptied: bool,
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

/// What a page is to the reader, before its rows are taken.
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
            self.came = Some(asked);
            let mut fetched = fetched;
            if fetched.info.count == 0 && !asked.again && !self.doubted && !self.is_counted_out(&fetched.info) {
                self.doubted = true; // it is asked for again here
                // Pages of another size may begin with rows that came.
                let start = fetched.info.start();
                let from = if self.direction == Direction::Down { start.max(self.edge) } else { start };
                match self.listing.behind(&fetched.info, &self.last, from).await? {
                    Behind::Page(page) => fetched = page,
                    Behind::Rows if self.ask_for_less(&asked) => {
                        self.doubted = false;
                        continue;
                    }
                    Behind::Rows => self.tally.skipped += 1,
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

    /// After a failure: fewer rows, or the next row if it was a single one that failed. `false` if it is no row's fault.
    fn ask_for_less(&mut self, asked: &Asked) -> bool {
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
                    // It is not these rows but so many rows.
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

    /// How many rows to ask for at the edge: the most that do not take in again all of what failed.
    fn size(&self) -> i64 {
        let Some(bad) = &self.bad else { return self.normal };
        let fails = |size: i64| {
            let place = if self.direction == Direction::Down { self.edge } else { self.edge - 1 };
            let start = place / size * size;
            start <= bad.start && bad.end <= start + size
        };
        let sizes = std::iter::once(self.normal).chain(FEWER.into_iter().filter(|size| *size < self.normal));
        sizes.into_iter().find(|size| !fails(*size)).unwrap_or(1)
    }

    /// What failed is behind the edge, or less of it is left.
    fn leave_bad(&mut self) {
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
    fn again(&mut self) {
        self.queue = FuturesOrdered::new();
        self.asked.clear();
        self.ramp = 1;
    }

    /// Keeps pages under way: one at first, more as the list is read on, never more than can still be needed.
    fn fill(&mut self, wanted: i64) {
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

    fn ask(&mut self, asked: Asked) {
        let (listing, Asked { number, size, .. }) = (self.listing.clone(), asked);
        self.asked.push_back(asked);
        self.queue.push_back(Task::spawn(async move { listing.fetch(number, size).await }));
    }

    /// Whether the totals show how the list moves.
    fn is_counted(&self) -> bool {
        !self.tally.lies && self.before.is_some_and(|before| before.says.total.is_some())
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

    /// What a page brings. `leads_on`: it has rows that were not known, of the time range or at least as old as any before.
    pub(super) fn weigh(&mut self, info: &PageInfo, leads_on: bool) -> Brings {
        if self.is_again() {
            return Brings::Rows;
        }
        let another = info.is_another();
        let is_another = another.is_some() && info.count > 0;
        self.tally.cause = another.or(self.tally.cause.take());
        if (leads_on && (self.doubted || !is_another)) || self.is_counted_out(info) {
            self.doubted = false;
            return Brings::Rows;
        }
        if std::mem::replace(&mut self.doubted, true) {
            self.doubted = false;
            return Brings::Nothing;
        }
        self.again();
        Brings::Doubt
    }

    /// Whether a list that nothing counts was read to an end that is one.
    pub(super) async fn shows_end(&self, end: &End) -> Result<bool> {
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

    /// Whether all that came would stand on one page.
    pub(super) fn is_one_page(&self) -> bool {
        let rows = self.before.map_or(0, |page| page.count);
        rows > 1 && i64::try_from(self.tally.fresh).is_ok_and(|fresh| fresh <= rows)
    }

    /// Whether a page reaches at least as far back as all before it.
    pub(super) fn reaches_back(&self, info: &PageInfo) -> bool {
        self.deepest.is_none_or(|deepest| info.oldest.is_none_or(|oldest| oldest <= deepest))
    }

    /// The rows of a page were taken, with these numbers of fresh rows and repeats. Returns whether and how
    /// the list ends here.
    pub(super) fn took(&mut self, info: &PageInfo, fresh: u64, repeats: u64, brings: &Brings) -> Option<End> {
        let (first, last) = (self.pages == 0, self.before);
        self.pages += 1;
        let overlap = match self.direction {
            Direction::Down => self.edge - info.start(),
            Direction::Up => info.start() + info.count - self.edge,
        };
        self.tally.doubled += u64::try_from(info.count).unwrap_or(0).saturating_sub(fresh + repeats);
        let overlap = u64::try_from(overlap).unwrap_or(0);
        let repeats = repeats.saturating_sub(overlap);
        self.tally.fresh += fresh;
        self.tally.repeats += repeats;
        self.note_total(info);
        let deeper = info.oldest.is_some_and(|oldest| self.deepest.is_none_or(|deepest| oldest < deepest));
        self.lingering = if deeper { 0 } else { self.lingering + fresh };
        self.deepest = [self.deepest, info.oldest].into_iter().flatten().min();
        let short = info.is_short();
        if self.is_again() {
            self.note_ahead(info, false);
            self.advance(info, first);
            return (self.is_over() && !self.ahead.has_suspects()).then_some(End::Whole);
        }
        // Rows come behind a page that had room for them.
        self.tally.thin_pages |= self.short && info.count > 0 && !matches!(brings, Brings::Nothing);
        self.short = short && info.count > 0 && self.direction == Direction::Down;
        if matches!(brings, Brings::Nothing) {
            self.nothing += 1;
            self.emptied |= info.count == 0;
            self.ahead.stall(info);
        } else {
            self.note_ahead(info, repeats > 0);
            // Something came behind a place that was empty.
            self.tally.thin_pages |= self.emptied && info.count > 0;
            (self.nothing, self.emptied) = (0, false);
        }
        self.advance(info, first);
        if repeats > 0 {
            // The list moved. What is on its way may have been answered before that.
            self.again();
        }
        // An oldest-first list has older rows on its earlier pages, whatever a later one brings.
        if self.nothing >= NOTHING && self.direction == Direction::Down {
            return Some(match last {
                _ if info.count == 0 => End::Empty,
                Some(last) if last.same_rows(info) => End::Repeats,
                _ => End::Flooded,
            });
        }
        let covered = self.covered();
        let doubled = i64::try_from(self.tally.doubled).unwrap_or(0);
        let counted_out = !info.says.next && [covered, covered + doubled].map(Some).contains(&info.says.total);
        // A full page is never the end, and the first not where it may be cut to the platform's own size.
        let cut = first && info.count > 0 && info.count % 10 == 0;
        if self.direction == Direction::Down && counted_out && short && !cut && !self.tally.lies {
            return Some(End::Whole);
        }
        self.is_over().then_some(End::Whole)
    }

    /// Whether the page that came last came before, too.
    fn is_again(&self) -> bool {
        self.came.is_some_and(|asked| asked.again)
    }

    /// A page was taken. `repeats`: it has rows of other pages.
    fn note_ahead(&mut self, info: &PageInfo, repeats: bool) {
        let at = self.came.map_or_else(|| self.ahead.ask(), |asked| asked.at);
        // Where the total changed meanwhile, no page was taken that was asked for beside another.
        let unseen = !self.is_counted() || self.ahead.has_total(info.says.total);
        self.ahead.take(at, info, repeats && unseen);
    }

    /// How many pages have come, and up to which of them nothing is left out for certain: `None` where that is all of them.
    pub(super) fn proved(&self) -> (u64, Option<u64>) {
        (self.ahead.came(), self.ahead.unproved().filter(|_| !self.is_counted()))
    }

    /// Whether pages that came are to be asked for again.
    pub(super) fn is_rereading(&self) -> bool {
        self.ahead.has_suspects()
    }

    /// At the end of the list: whether it has not moved since the last pages were asked for, side by side. Where it has,
    /// they are asked for again.
    pub(super) async fn is_settled(&mut self) -> Result<bool> {
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

    /// How many places of the list are accounted for, from its beginning.
    pub(super) fn covered(&self) -> i64 {
        let Tally { fresh, repeats, skipped, .. } = &self.tally;
        i64::try_from(fresh + repeats + skipped).unwrap_or(i64::MAX).saturating_add(self.begun)
    }

    fn note_total(&mut self, info: &PageInfo) {
        let Some(total) = info.says.total else { return };
        self.tally.first_total.get_or_insert(total);
        self.tally.last_total = Some(total);
        self.tally.lies |= u64::try_from(total).is_ok_and(|total| total < self.tally.fresh);
    }

    fn advance(&mut self, info: &PageInfo, first: bool) {
        let other_size = info.count > info.asked || (info.count < info.asked && !info.ends_by_total());
        if first && self.direction == Direction::Down && info.count > 0 && other_size && self.bad.is_none() {
            // The platform may give another number of rows than was asked for: its own pages have as many.
            self.normal = info.count;
            self.edge = info.start() + info.count;
            self.short = false;
            self.again();
        } else {
            match self.direction {
                Direction::Down => self.edge = self.edge.max(info.start() + info.asked),
                Direction::Up => self.edge = self.edge.min(info.start()),
            }
            let kept = self.pages > 1 && info.count == self.normal && self.normal < self.listing.source.shape().limit;
            if kept {
                self.listing.source.learn_size(self.normal);
            }
        }
        self.before = (info.count > 0).then_some(*info).or(self.before);
        self.ramp = self.ramp.saturating_mul(2);
        self.leave_bad();
    }

    /// Whether the list may be endless: many more rows came than the platform counted, or it does not count and there are
    /// more pages than one walk reads.
    pub(super) fn seems_endless(&self) -> Option<Error> {
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

    /// Oldest first: the list has become shorter than it was. Goes on from where it ends now.
    pub(super) async fn find_end(&mut self) -> Result<()> {
        let first = self.listing.fetch(1, self.normal).await?;
        let last = last_page(&self.listing, first.info, self.normal).await?;
        self.edge = self.edge.min(last.number.saturating_mul(last.asked));
        self.again();
        Ok(())
    }

    /// How many rows came to the newest end of the list since it was begun, and its total now. `None` where that cannot
    /// be seen. `is_new`: whether a row was not listed before, and is newer than what the walk reads.
    pub(super) async fn newcomers(&self, is_new: impl Fn(&Row) -> bool) -> Result<Option<(u64, i64)>> {
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
            match page.info.says.total {
                None if over => return Ok(None),
                Some(total) if over => return Ok(Some((newcomers, total))),
                _ => number = before,
            }
        }
        Ok(None)
    }
}
