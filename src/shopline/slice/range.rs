//! A time range of a slice that is read page by page, newest first, each page up to the oldest row so far.

use jiff::{SignedDuration, Timestamp};

use super::{Batch, MOST_PAGES, Part, Slice, Trust};
use crate::error::Result;
use crate::shopline::crowded::with_keys;
use crate::shopline::reader::{Answer, Empty, Reader, SECOND, Start, is_heavy, whole};
use crate::source::Proof;
use crate::walk::{KeyMap, Order, Row, newest, oldest, order};

/// The reason why a range of which one row is asked for at a time may have more.
const UNSHOWN: &str = "one row alone comes empty, and more of them fail";
/// Pages that bring new rows but none that is older, before the second is read in other ways.
const STILL: u32 = 2;
/// A platform may count what came within this time later than it lists it.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// The age from which a row may be gone at any moment.
const OLD: SignedDuration = SignedDuration::from_hours(91 * 24);

/// A time range that is read page by page. All times are whole seconds, both ends included.
pub(super) struct PagedRange {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    /// The bounds as they were sent for the whole of it, and as they are counted.
    pub(super) bounds: (Timestamp, Timestamp),
    pub(super) listed: KeyMap<Option<Timestamp>>,
    next: Next,
    pub(super) counted: Option<u64>,
    empty: u32,
    /// The request whose page came empty last, and how many rows it asked for.
    emptied: Option<((Timestamp, Timestamp), i32)>,
    still: u32,
    pages: usize,
    /// How many rows the last page had, if fewer than were asked for.
    short: Option<usize>,
    /// A second that seemed to end the list, with the number of rows of its page.
    seemed_last: Option<(Timestamp, usize)>,
}

/// Which rows the next page is asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Next {
    /// All of the range. At the start.
    All,
    /// From the oldest row so far on, by its second. `padded`: the end is asked for a second later, as it is not
    /// included.
    From { second: Timestamp, padded: bool },
    /// From this second on, of which nothing was listed: the second behind it was read completely.
    Below { second: Timestamp },
}

impl PagedRange {
    pub(super) fn new(reader: &Reader, since: Timestamp, until: Timestamp) -> Self {
        let until = until.max(since);
        let bounds = (reader.habits().since(since), reader.habits().until(until));
        let (listed, next) = (KeyMap::default(), Next::All);
        Self {
            since,
            until,
            bounds,
            listed,
            next,
            counted: None,
            empty: 0,
            emptied: None,
            still: 0,
            pages: 0,
            short: None,
            seemed_last: None,
        }
    }

    /// The bounds of the next page.
    fn asked(&self, reader: &Reader) -> (Timestamp, Timestamp) {
        let (low, high) = self.bounds;
        let end = match self.next {
            Next::All => high,
            Next::From { second, padded: false } => second,
            Next::From { second, padded: true } => second + SECOND,
            Next::Below { second } => reader.habits().until(second),
        };
        (low, end.min(high).max(low))
    }

    /// Forgets what was listed of the seconds beside the range.
    pub(super) fn keep_inside(&mut self) {
        let range = self.since..self.until + SECOND;
        self.listed.retain(|_, time| time.is_none_or(|time| range.contains(&time)));
        self.counted = None;
    }

    /// How many rows were listed that each count has to have in it: away from the bounds, and neither so new nor so old
    /// that a moment could matter.
    pub(super) fn settled(&self) -> u64 {
        let now = Timestamp::now();
        let (newest, oldest) = (now - FRESH, now - OLD);
        let settled = |time: &&Timestamp| {
            **time > self.since + SECOND && **time < self.until - SECOND && (oldest..newest).contains(*time)
        };
        self.listed.values().flatten().filter(settled).count() as u64
    }

    /// Ends earlier on its way back: at this second, of which nothing is read yet.
    pub(super) fn begin_at(&mut self, since: Timestamp, reader: &Reader) {
        self.since = since;
        self.bounds.0 = reader.habits().since(since);
        self.counted = None;
    }

    pub(super) fn pages(&self) -> usize {
        self.pages
    }

    /// The oldest second that was listed, if all is well so far and pages lead on.
    pub(super) fn plainly_reached(&self) -> Option<Timestamp> {
        let well = self.empty == 0 && self.still == 0 && self.seemed_last.is_none() && self.short.is_none();
        match self.next {
            Next::From { second, .. } if well => Some(second),
            _ => None,
        }
    }

    /// The oldest second that was listed.
    fn reached(&self) -> Option<Timestamp> {
        match self.next {
            Next::All => None,
            Next::From { second, .. } => Some(second),
            Next::Below { second } => Some(second + SECOND),
        }
    }

    /// The newest second of which something may be unread.
    pub(super) fn top(&self) -> Timestamp {
        match self.next {
            Next::All => self.until,
            Next::From { second, .. } | Next::Below { second } => second.clamp(self.since, self.until),
        }
    }
}

impl Slice {
    /// One page of a range.
    pub(super) async fn read_page(&mut self, mut range: Box<PagedRange>) -> Result<Option<Batch>> {
        if let Some(since) = self.shorten.get().copied().filter(|since| *since > range.since) {
            range.begin_at(since, &self.reader);
            self.range = self.range.map(|(_, until)| (since, until));
        }
        self.hand_over(&mut range);
        let (low, high) = range.asked(&self.reader);
        let answer = match self.reader.list((low, high), Start::Newest, &self.reader.filter).await {
            Err(error) if is_heavy(&error) => return self.narrow(range, error).await,
            answer => answer?,
        };
        self.written.get_or_insert(answer.written);
        range.pages += 1;
        let stray = |time: Timestamp| whole(time) < low - SECOND || whole(time) > high + SECOND;
        if answer.rows.iter().filter_map(Row::time).any(stray) {
            return self.misread(range, &answer.rows).await;
        }
        if answer.rows.is_empty() {
            let request = ((low, high), answer.limit);
            // Another request that comes empty is not the same one twice.
            if range.emptied.replace(request).is_some_and(|before| before != request) {
                range.empty = 0;
            }
            return self.empty(range).await;
        }
        self.note_kinds(&answer.rows);
        if !matches!(order(&answer.rows), Order::NewestFirst | Order::Flat) || oldest(&answer.rows).is_none() {
            return self.unordered(range, answer).await;
        }
        self.in_order(range, answer).await
    }

    async fn in_order(&mut self, mut range: Box<PagedRange>, answer: Answer) -> Result<Option<Batch>> {
        let habits = self.reader.habits().clone();
        let (Some(oldest), Some(newest)) = (oldest(&answer.rows).map(whole), newest(&answer.rows).map(whole)) else {
            return Ok(None);
        };
        let came = answer.rows.len();
        if let Some((second, rows)) = range.seemed_last.take() {
            // Something is older after all. So the page that seemed to be the last was cut, in that second, of which the
            // rest comes before this page.
            habits.gave(rows);
            self.parts.push(Part::Range(range));
            self.parts.push(Part::Second(second));
            return Ok(None);
        }
        let (short, room, alone) = (answer.is_short(), answer.has_room(), answer.limit == 1);
        if let Next::From { second, padded } = range.next {
            // The second that was reached must be listed again, or its other rows may not be either.
            match (padded, newest >= second) {
                (false, true) => {
                    habits.set_bounds(|bounds| bounds.until_included = Some(true));
                    // Times are read as they are sent: what is newer did not come.
                    let newer = |time: &Timestamp| whole(*time) > second;
                    if habits.learned().date_filters.is_none()
                        && !newer(&newest)
                        && range.listed.values().flatten().any(newer)
                    {
                        habits.learn(|learned| learned.date_filters = Some(true));
                    }
                }
                (false, false) => {
                    range.next = Next::From { second, padded: true };
                    self.parts.push(Part::Range(range));
                    return Ok(None);
                }
                (true, true) => habits.set_bounds(|bounds| {
                    bounds.until_included.get_or_insert(false);
                }),
                // The row is gone; unless bounds are read as other times than they say.
                (true, false) if habits.learned().date_filters.is_none() => {
                    return self.misread(range, &answer.rows).await;
                }
                (true, false) => {}
            }
        }
        let asked_below = match range.next {
            Next::Below { second } => Some(second),
            Next::All | Next::From { .. } => None,
        };
        range.empty = 0;
        let reached = range.reached();
        let listed = range.listed.len();
        let mut rows = Vec::with_capacity(answer.rows.len());
        for (row, key) in with_keys(answer.rows) {
            if range.listed.insert(key, row.time()).is_none() {
                rows.push(row);
            }
        }
        self.in_hand = rows;
        let (fresh, older) = (range.listed.len() > listed, reached.is_none_or(|reached| oldest < reached));
        if let Some(cut) = std::mem::replace(&mut range.short, short.then_some(came)).filter(|_| older) {
            habits.gave(cut);
        }
        range.still = if older { 0 } else { range.still + 1 };
        range.next = Next::From {
            second: oldest.max(range.since - SECOND),
            padded: habits.bounds().until_included == Some(false),
        };
        let may_be_all = (short || !older) && range.counted.is_none_or(|counted| range.listed.len() as u64 >= counted);
        if may_be_all && self.is_audited(&mut range).await? {
            if let Some(batch) = self.misreads_times(&range, oldest).await? {
                return Ok(batch);
            }
            return Ok(self.batch_in_hand());
        }
        if alone && older && oldest > range.since && habits.learned().counts != Some(false) {
            // Rows are asked for one by one. Its count says whether this second has others.
            self.reader.settle_bounds(oldest).await?;
            let (counted, inside) = self.count_second(&range, oldest).await?;
            match counted {
                Some(counted) if counted == inside => {
                    habits.counted(Some(oldest));
                    range.next = Next::Below { second: oldest - SECOND };
                    self.parts.push(Part::Range(range));
                    return Ok(self.batch_in_hand());
                }
                Some(counted) if counted > inside => {
                    let batch = self.batch_in_hand();
                    self.around(range, oldest, oldest).await?;
                    return Ok(batch);
                }
                _ => {}
            }
        }
        let goes_on = older || fresh && range.still <= STILL;
        if !goes_on {
            // What was asked for below may have been hidden by a crowded second that the bounds took in.
            let below = asked_below.filter(|below| *below < oldest && *below >= range.since);
            if !room || below.is_some() {
                if let Some(batch) = self.misreads_times(&range, oldest).await? {
                    return Ok(batch);
                }
                self.around(range, below.unwrap_or(oldest), oldest).await?;
            } else if oldest > range.since {
                self.trust = self.trust.max(Trust::Held);
                range.seemed_last = Some((oldest, came));
                range.next = Next::Below { second: oldest - SECOND };
                self.parts.push(Part::Range(range));
            } else {
                self.end(range).await?;
            }
        } else if range.pages >= MOST_PAGES && oldest < range.until && oldest > range.since {
            self.cut(range, oldest).await?;
        } else {
            self.parts.push(Part::Range(range));
        }
        Ok(self.batch_in_hand())
    }

    /// Ends a range before the second that was reached, and goes on with a new one.
    async fn cut(&mut self, range: Box<PagedRange>, reached: Timestamp) -> Result<()> {
        self.reader.settle_bounds(reached).await?;
        let older = PagedRange::new(&self.reader, range.since, reached);
        self.parts.push(Part::Range(Box::new(older)));
        self.end_before(range, reached).await
    }

    /// Ends a range before crowded seconds, which are read by themselves, and goes on below them.
    async fn around(&mut self, range: Box<PagedRange>, first: Timestamp, last: Timestamp) -> Result<()> {
        self.reader.settle_bounds(last).await?;
        // Where the bounds take in more than was meant, the crowded second may lie behind the range. What is left of the
        // range is shorter than it was all the same.
        let first = first.min(range.until);
        if first > range.since {
            let older = PagedRange::new(&self.reader, range.since, first - SECOND);
            self.parts.push(Part::Range(Box::new(older)));
        }
        if first < last {
            self.parts.push(Part::Second(first));
        }
        self.parts.push(Part::Second(last));
        self.end_before(range, last).await
    }

    /// Audits what of a range is newer than this second.
    pub(super) async fn end_before(&mut self, mut range: Box<PagedRange>, second: Timestamp) -> Result<()> {
        let since = second + SECOND;
        if since > range.until {
            return Ok(());
        }
        range.since = since;
        range.bounds = (self.reader.habits().since(since), self.reader.habits().until(range.until));
        range.keep_inside();
        if self.is_audited(&mut range).await? { Ok(()) } else { self.end(range).await }
    }

    /// After a page without rows. One alone is no end.
    async fn empty(&mut self, mut range: Box<PagedRange>) -> Result<Option<Batch>> {
        if let Next::From { second, padded: false } = range.next
            && self.reader.habits().bounds().until_included.is_none()
        {
            range.next = Next::From { second, padded: true };
            self.parts.push(Part::Range(range));
            return Ok(None);
        }
        range.empty += 1;
        // A count of nothing proves nothing of a list that shows nothing: it may be of an earlier time.
        if range.listed.is_empty() && range.empty < 2 {
            // Unless it is known to count what is later than this: then a count of nothing is of no earlier time.
            if self.reader.habits().is_counted_beyond(range.until) && self.is_audited(&mut range).await? {
                return Ok(None);
            }
            if self.reader.find_offset(range.bounds).await? {
                range.empty = 0;
            }
            self.parts.push(Part::Range(range));
            return Ok(None);
        }
        // It may be the page that is empty, and not the list.
        if range.empty == 2
            && let Some((bounds, limit)) = range.emptied
        {
            if limit <= 1 && self.is_audited(&mut range).await? {
                return Ok(None);
            }
            match self.reader.emptiness(bounds, &Start::Newest, limit).await {
                Ok(Empty::List) => {}
                Ok(Empty::Page) => {
                    range.empty = 0;
                    self.parts.push(Part::Range(range));
                    return Ok(None);
                }
                Err(error) if is_heavy(&error) => {
                    let (since, top) = (range.since, range.top());
                    self.lack(since, top, None, UNSHOWN, Some(error));
                    self.end_before(range, top).await?;
                    return Ok(None);
                }
                Err(error) => return Err(error),
            }
        }
        if self.is_audited(&mut range).await? {
            return Ok(None);
        }
        let short = range.counted.is_some_and(|counted| counted > range.listed.len() as u64);
        if range.empty < if short { 3 } else { 2 } {
            self.parts.push(Part::Range(range));
        } else {
            self.end(range).await?;
        }
        Ok(None)
    }

    /// Rows in another order than newest first cannot be read by time. Each half is read by itself.
    async fn unordered(&mut self, mut range: Box<PagedRange>, answer: Answer) -> Result<Option<Batch>> {
        let room = answer.has_room();
        let known = oldest(&answer.rows).map(whole);
        self.in_hand = with_keys(answer.rows)
            .map(|(row, key)| {
                range.listed.insert(key, row.time());
                row
            })
            .collect();
        let all = self.is_audited(&mut range).await?;
        if all || room && range.counted.is_none() {
            if !all {
                self.proof = Proof::EndOfList;
            }
            return Ok(self.batch_in_hand());
        }
        if let Some(known) = known {
            self.reader.settle_bounds(known).await?;
        }
        self.halve(range.since, range.top());
        Ok(None)
    }
}
