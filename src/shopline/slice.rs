//! A slice of a SHOPLINE log, at most 28 days: its reader and its auditor.
//!
//! How the platform pages is not documented beyond doubt, so the reader rests on time alone: each page is asked for with
//! the oldest row so far as its end. The auditor then compares the distinct records that were listed between two bounds
//! with the platform's count between the very same bounds. Where more are counted, each half is read and audited by
//! itself, down to one second, and that in every way there is. Where nothing is counted, the end must be seen twice.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

use super::crowded::{self, kind, last_id, with_keys};
use super::reader::{Answer, Filter, Reader, SECOND, Start, is_heavy, whole};
use crate::entry::UtcOffset;
use crate::error::{Error, Result};
use crate::source::Proof;
use crate::walk::{Order, Row, incomplete, newest, oldest, order};

/// The most pages that are audited at once: what a slice has to remember stays small.
const MOST_PAGES: usize = 50;
/// The most ranges that are audited again because one was short.
const MOST_AUDITS: u32 = 120;
/// The most ranges that are cut in two because they failed.
const MOST_FAILURES: u32 = 4;
/// The most times that a slice is begun anew.
const MOST_RESTARTS: u32 = 8;
/// The most kinds of entry that are remembered, to ask for them one by one.
const MOST_KINDS: usize = 40;
/// Steps without anything new before a slice is given up. Reading what is short in halves takes a few for each half.
const MOST_IDLE: u32 = 2_000;
/// Pages that bring new rows but none that is older, before the second is read in other ways.
const STILL: u32 = 2;
/// A platform may count what came within this time later than it lists it.
const FRESH: SignedDuration = SignedDuration::from_hours(1);
/// What is older may be gone at any moment.
const OLD: SignedDuration = SignedDuration::from_hours(91 * 24);

/// What one step of a slice comes to.
#[derive(Debug)]
pub(super) enum Batch {
    /// Rows, not newer than those before unless the auditor found them.
    Rows { rows: Vec<Row>, trust: Trust },
    /// The slice is read to its end.
    End { proof: Proof, trust: Trust, lacks: Vec<Lack> },
    /// The platform does not read the time range that it is asked for.
    Misread,
}

/// What a cursor may claim once a batch was delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Trust {
    /// Everything newer was delivered.
    Sure,
    /// Something may be missing that is not older than these rows.
    Held,
    /// Something may be missing that earlier cursors have passed.
    Lost,
}

/// A time range that could not be read completely.
#[derive(Debug)]
pub(super) struct Lack {
    pub(super) since: Timestamp,
    pub(super) until: Timestamp,
    /// How many entries, if they are counted.
    pub(super) entries: Option<u64>,
    pub(super) why: &'static str,
    pub(super) error: Option<Error>,
}

/// A slice on its way to its end.
pub(super) struct Slice {
    reader: Reader,
    /// The time range of the whole slice. `None` for a list whose time range is not read.
    range: Option<(Timestamp, Timestamp)>,
    /// The offset that the bounds of its first page were written with. All that was read by another one is read again.
    written: Option<UtcOffset>,
    /// How often it was begun anew because the offset changed.
    restarts: u32,
    /// What is still to do, the newest part last.
    parts: Vec<Part>,
    /// Where it is to begin instead, once the first page has shown how dense the rows are.
    shorten: Arc<OnceLock<Timestamp>>,
    proof: Proof,
    trust: Trust,
    lacks: Vec<Lack>,
    kinds: BTreeSet<Filter>,
    audits: u32,
    failures: u32,
    resettled: bool,
    ended: bool,
    /// Steps since something new came.
    idle: u32,
}

/// One thing to do.
enum Part {
    /// Reads a time range page by page, newest first. Entered for the slice, and for each half of a range that was short,
    /// failed or came in another order.
    Down(Box<Down>),
    /// Reads one second in every way there is. Entered where it holds more than a page, or where nothing narrower is left.
    Second(Timestamp),
    /// Follows the list from page to page. Entered where the platform does not read time ranges.
    List(Box<List>),
}

/// A time range that is read page by page. All times are whole seconds, both ends included.
struct Down {
    since: Timestamp,
    until: Timestamp,
    /// The bounds as they were sent for the whole of it, and as they are counted.
    bounds: (Timestamp, Timestamp),
    listed: HashMap<u64, Option<Timestamp>>,
    next: Next,
    counted: Option<u64>,
    empty: u32,
    /// What was asked for when the last page came empty, and how many rows.
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
    /// From the oldest row so far on, by its second. `padded`: the end is asked for a second later, as it is not included.
    From { second: Timestamp, padded: bool },
    /// From this second on, of which nothing was listed: the second behind it was read completely.
    Below { second: Timestamp },
}

struct List {
    since: Timestamp,
    until: Timestamp,
    /// What is asked for in place of the whole range, which may be longer than the platform takes.
    bounds: (Timestamp, Timestamp),
    listed: HashMap<u64, Option<Timestamp>>,
    start: Start,
    empty: u32,
    pages: usize,
    /// Pages since an older row came.
    still: usize,
    oldest: Option<Timestamp>,
    in_order: bool,
    ascending: bool,
}

impl Slice {
    pub(super) fn new(reader: Reader, since: Timestamp, until: Timestamp) -> Self {
        let down = Down::new(&reader, since, until);
        Self::of(reader, Some((since, until)), Part::Down(Box::new(down)))
    }

    /// The whole of a list whose time range is not read. It is asked for with one of at most `longest`.
    pub(super) fn list(reader: Reader, since: Timestamp, until: Timestamp, longest: SignedDuration) -> Self {
        let list = List {
            since,
            until,
            bounds: (since.max(until - longest), until),
            listed: HashMap::new(),
            start: Start::Newest,
            empty: 0,
            pages: 0,
            still: 0,
            oldest: None,
            in_order: true,
            ascending: false,
        };
        Self::of(reader, None, Part::List(Box::new(list)))
    }

    fn of(reader: Reader, range: Option<(Timestamp, Timestamp)>, part: Part) -> Self {
        Self {
            reader,
            range,
            written: None,
            restarts: 0,
            parts: vec![part],
            shorten: Arc::default(),
            proof: Proof::Counted,
            trust: Trust::Sure,
            lacks: Vec::new(),
            kinds: BTreeSet::new(),
            audits: 0,
            failures: 0,
            resettled: false,
            ended: false,
            idle: 0,
        }
    }

    /// Where a later beginning of this slice may be put, before its second page is asked for.
    pub(super) fn shorten(&self) -> Arc<OnceLock<Timestamp>> {
        Arc::clone(&self.shorten)
    }

    /// The next step. `None` behind the end.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>> {
        while let Some(part) = self.next_part() {
            if self.restarts > MOST_RESTARTS {
                return Ok(Some(Batch::Misread));
            }
            let batch = match part {
                Part::Down(down) => self.down(down).await?,
                Part::Second(second) => self.second(second).await?,
                Part::List(list) => self.follow(list).await?,
            };
            if batch.is_some() {
                self.idle = 0;
                return Ok(batch);
            }
            self.idle += 1;
            if self.idle > MOST_IDLE {
                return Err(incomplete("no request brings anything new any more, and none shows an end"));
            }
        }
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        let lacks = std::mem::take(&mut self.lacks);
        let trust = if lacks.is_empty() { Trust::Sure } else { self.trust };
        Ok(Some(Batch::End { proof: self.proof, trust, lacks }))
    }

    /// What is to do next. What other slices of the store have learned meanwhile of how times are read concerns all that
    /// this one has read.
    fn next_part(&mut self) -> Option<Part> {
        if let Some((since, until)) = self.range
            && self.written.is_some_and(|written| written != self.reader.offset())
        {
            self.written = None;
            self.restarts += 1;
            self.ended = false;
            self.lacks.clear();
            self.proof = Proof::Counted;
            self.parts = vec![Part::Down(Box::new(Down::new(&self.reader, since, until)))];
        }
        self.parts.pop()
    }

    /// One page of a range.
    async fn down(&mut self, mut down: Box<Down>) -> Result<Option<Batch>> {
        if let Some(since) = self.shorten.get().copied().filter(|since| *since > down.since) {
            down.since = since;
            down.bounds.0 = self.reader.habits().since(since);
        }
        let (low, high) = down.asked(&self.reader);
        let answer = match self.reader.list((low, high), Start::Newest, &self.reader.filter).await {
            Err(error) if is_heavy(&error) => return self.narrow(down, error).await,
            answer => answer?,
        };
        self.written.get_or_insert(answer.written);
        down.pages += 1;
        let stray = |time: Timestamp| whole(time) < low - SECOND || whole(time) > high + SECOND;
        if answer.rows.iter().filter_map(Row::time).any(stray) {
            return self.misread(down, &answer.rows).await;
        }
        if answer.rows.is_empty() {
            let request = ((low, high), answer.limit);
            // Another request that comes empty is not the same one twice.
            if down.emptied.replace(request).is_some_and(|before| before != request) {
                down.empty = 0;
            }
            return self.empty(down).await;
        }
        self.note_kinds(&answer.rows);
        if !matches!(order(&answer.rows), Order::NewestFirst | Order::Flat) || oldest(&answer.rows).is_none() {
            return self.unordered(down, answer).await;
        }
        self.in_order(down, answer).await
    }

    async fn in_order(&mut self, mut down: Box<Down>, answer: Answer) -> Result<Option<Batch>> {
        let habits = self.reader.habits().clone();
        let (Some(oldest), Some(newest)) = (oldest(&answer.rows).map(whole), newest(&answer.rows).map(whole)) else {
            return Ok(None);
        };
        let came = answer.rows.len();
        if let Some((second, rows)) = down.seemed_last.take() {
            // Something is older after all. So the page that seemed to be the last was cut, in that second, of which the
            // rest comes before this page.
            habits.gave(rows);
            self.parts.push(Part::Down(down));
            self.parts.push(Part::Second(second));
            return Ok(None);
        }
        let (short, room, alone) = (answer.is_short(), answer.has_room(), answer.limit == 1);
        if let Next::From { second, padded } = down.next {
            // The second that was reached must be listed again, or its other rows may not be either.
            match (padded, newest >= second) {
                (false, true) => {
                    habits.set_bounds(|bounds| bounds.until_included = Some(true));
                    // Times are read as they are sent: what is newer did not come.
                    let newer = |time: &Timestamp| whole(*time) > second;
                    if habits.learned().date_filters.is_none()
                        && !newer(&newest)
                        && down.listed.values().flatten().any(newer)
                    {
                        habits.learn(|learned| learned.date_filters = Some(true));
                    }
                }
                (false, false) => {
                    down.next = Next::From { second, padded: true };
                    self.parts.push(Part::Down(down));
                    return Ok(None);
                }
                (true, true) => habits.set_bounds(|bounds| {
                    bounds.until_included.get_or_insert(false);
                }),
                // The row is gone; unless bounds are read as other times than they say.
                (true, false) if habits.learned().date_filters.is_none() => {
                    return self.misread(down, &answer.rows).await;
                }
                (true, false) => {}
            }
        }
        let asked_below = match down.next {
            Next::Below { second } => Some(second),
            Next::All | Next::From { .. } => None,
        };
        down.empty = 0;
        let reached = down.reached();
        let listed = down.listed.len();
        let mut rows = Vec::with_capacity(answer.rows.len());
        for (row, key) in with_keys(answer.rows) {
            if down.listed.insert(key, row.time()).is_none() {
                rows.push(row);
            }
        }
        let (fresh, older) = (down.listed.len() > listed, reached.is_none_or(|reached| oldest < reached));
        if let Some(cut) = std::mem::replace(&mut down.short, short.then_some(came)).filter(|_| older) {
            habits.gave(cut);
        }
        down.still = if older { 0 } else { down.still + 1 };
        down.next = Next::From {
            second: oldest.max(down.since - SECOND),
            padded: habits.bounds().until_included == Some(false),
        };
        let may_be_all = (short || !older) && down.counted.is_none_or(|counted| down.listed.len() as u64 >= counted);
        if may_be_all && self.is_audited(&mut down).await? {
            if let Some(batch) = self.misreads_times(&down, oldest).await? {
                return Ok(batch);
            }
            return Ok(self.batch(rows));
        }
        if alone && older && oldest > down.since && habits.learned().counts != Some(false) {
            // Rows are asked for one by one. Its count says whether this second has others.
            self.reader.settle_bounds(oldest).await?;
            let second = (habits.since(oldest), habits.until(oldest));
            let inside = down.listed.values().flatten().filter(|time| whole(**time) == oldest).count() as u64;
            match self.reader.count(second, &self.reader.filter).await? {
                Some(counted) if counted == inside => {
                    down.next = Next::Below { second: oldest - SECOND };
                    self.parts.push(Part::Down(down));
                    return Ok(self.batch(rows));
                }
                Some(counted) if counted > inside => {
                    let batch = self.batch(rows);
                    self.around(down, oldest, oldest).await?;
                    return Ok(batch);
                }
                _ => {}
            }
        }
        let goes_on = older || fresh && down.still <= STILL;
        if !goes_on {
            // What was asked for below may have been hidden by a crowded second that the bounds took in.
            let below = asked_below.filter(|below| *below < oldest && *below >= down.since);
            if !room || below.is_some() {
                if let Some(batch) = self.misreads_times(&down, oldest).await? {
                    return Ok(batch);
                }
                self.around(down, below.unwrap_or(oldest), oldest).await?;
            } else if oldest > down.since {
                self.trust = self.trust.max(Trust::Held);
                down.seemed_last = Some((oldest, came));
                down.next = Next::Below { second: oldest - SECOND };
                self.parts.push(Part::Down(down));
            } else {
                self.end(down).await?;
            }
        } else if down.pages >= MOST_PAGES && oldest < down.until && oldest > down.since {
            self.cut(down, oldest).await?;
        } else {
            self.parts.push(Part::Down(down));
        }
        Ok(self.batch(rows))
    }

    /// Rows to deliver, if any, with what may be claimed of them.
    fn batch(&self, rows: Vec<Row>) -> Option<Batch> {
        (!rows.is_empty()).then_some(Batch::Rows { rows, trust: self.trust })
    }

    /// Ends a range before the second that was reached, and goes on with a new one.
    async fn cut(&mut self, down: Box<Down>, reached: Timestamp) -> Result<()> {
        self.reader.settle_bounds(reached).await?;
        let older = Down::new(&self.reader, down.since, reached);
        self.parts.push(Part::Down(Box::new(older)));
        self.end_before(down, reached).await
    }

    /// Ends a range before crowded seconds, which are read by themselves, and goes on below them.
    async fn around(&mut self, down: Box<Down>, first: Timestamp, last: Timestamp) -> Result<()> {
        self.reader.settle_bounds(last).await?;
        if first > down.since {
            let older = Down::new(&self.reader, down.since, first - SECOND);
            self.parts.push(Part::Down(Box::new(older)));
        }
        if first < last {
            self.parts.push(Part::Second(first));
        }
        self.parts.push(Part::Second(last));
        self.end_before(down, last).await
    }

    /// Audits what of a range is newer than this second.
    async fn end_before(&mut self, mut down: Box<Down>, second: Timestamp) -> Result<()> {
        let since = second + SECOND;
        if since > down.until {
            return Ok(());
        }
        down.since = since;
        down.bounds = (self.reader.habits().since(since), self.reader.habits().until(down.until));
        down.keep_inside();
        if self.is_audited(&mut down).await? { Ok(()) } else { self.end(down).await }
    }

    /// After a page without rows. One alone is no end.
    async fn empty(&mut self, mut down: Box<Down>) -> Result<Option<Batch>> {
        if let Next::From { second, padded: false } = down.next
            && self.reader.habits().bounds().until_included.is_none()
        {
            down.next = Next::From { second, padded: true };
            self.parts.push(Part::Down(down));
            return Ok(None);
        }
        down.empty += 1;
        // A count of nothing proves nothing of a list that shows nothing: it may be of an earlier time.
        if down.listed.is_empty() && down.empty < 2 {
            if self.reader.find_offset(down.bounds).await? {
                down.empty = 0;
            }
            self.parts.push(Part::Down(down));
            return Ok(None);
        }
        // It may be the page that is empty, and not the list.
        if down.empty == 2
            && let Some((bounds, limit)) = down.emptied
            && self.reader.hides_rows(bounds, limit).await?
        {
            down.empty = 0;
            self.parts.push(Part::Down(down));
            return Ok(None);
        }
        if self.is_audited(&mut down).await? {
            return Ok(None);
        }
        let short = down.counted.is_some_and(|counted| counted > down.listed.len() as u64);
        if down.empty < if short { 3 } else { 2 } {
            self.parts.push(Part::Down(down));
        } else {
            self.end(down).await?;
        }
        Ok(None)
    }

    /// Rows in another order than newest first cannot be read by time. Each half is read by itself.
    async fn unordered(&mut self, mut down: Box<Down>, answer: Answer) -> Result<Option<Batch>> {
        let room = answer.has_room();
        let known = oldest(&answer.rows).map(whole);
        let rows: Vec<Row> = with_keys(answer.rows)
            .map(|(row, key)| {
                down.listed.insert(key, row.time());
                row
            })
            .collect();
        let all = self.is_audited(&mut down).await?;
        if all || room && down.counted.is_none() {
            if !all {
                self.proof = Proof::EndOfList;
            }
            return Ok(self.batch(rows));
        }
        if let Some(known) = known {
            self.reader.settle_bounds(known).await?;
        }
        self.halve(down.since, down.top());
        Ok(None)
    }

    /// Whether as many records were listed as the platform counts. Counts anew.
    async fn is_audited(&mut self, down: &mut Down) -> Result<bool> {
        if self.reader.habits().learned().counts == Some(false) {
            return Ok(false);
        }
        let counted = match self.reader.count(down.bounds, &self.reader.filter).await {
            Err(error) if is_heavy(&error) && self.failures > 0 => self.reader.count_again(down.bounds).await?,
            counted => counted?,
        };
        if counted.is_some_and(|counted| counted < down.settled()) {
            // Whoever counts fewer than there were long ago counts something else. Where such a number agrees with what
            // was listed, it does so by chance.
            self.distrust();
            return Ok(false);
        }
        // A count of fewer is of a moment ago, and says nothing.
        down.counted = counted.filter(|counted| *counted >= down.listed.len() as u64);
        let audited = down.counted == Some(down.listed.len() as u64);
        if audited && self.reader.habits().learned().counts.is_none() && !down.listed.is_empty() {
            self.reader.habits().learn(|learned| learned.counts = Some(true));
        }
        Ok(audited)
    }

    /// A range has come to its own end, and was not audited.
    async fn end(&mut self, mut down: Box<Down>) -> Result<()> {
        let had = down.listed.len() as u64;
        let Some(counted) = down.counted.filter(|counted| *counted > had) else {
            self.proof = Proof::EndOfList; // nothing is counted, or what it counts is out of date
            return Ok(());
        };
        if self.audits == 0 && self.counts_what_is_not_there().await? {
            self.distrust();
            return Ok(());
        }
        self.audits += 1;
        self.trust = Trust::Lost;
        if self.audits > MOST_AUDITS {
            self.lack(down.since, down.until, Some(counted - had), "the platform counts more than it lists", None);
            return Ok(());
        }
        if let Some(known) = down.listed.values().flatten().min() {
            self.reader.settle_bounds(whole(*known)).await?;
        }
        let exact = (self.reader.habits().since(down.since), self.reader.habits().until(down.until));
        if down.bounds != exact {
            // What was listed of the seconds beside the range is not compared with its halves.
            down.bounds = exact;
            down.keep_inside();
            if self.is_audited(&mut down).await? {
                return Ok(());
            }
        }
        let had = down.listed.len() as u64;
        let Some(counted) = down.counted.filter(|counted| *counted > had) else {
            self.proof = Proof::EndOfList;
            return Ok(());
        };
        if down.since >= down.until {
            self.parts.push(Part::Second(down.since));
            return Ok(());
        }
        let middle = middle(down.since, down.until);
        let habits = self.reader.habits().clone();
        let mut sum = 0;
        let mut short = Vec::new();
        for (since, until) in [(down.since, middle), (middle + SECOND, down.until)] {
            let half = Down::new(&self.reader, since, until);
            let Some(counted) = self.reader.count(half.bounds, &self.reader.filter).await? else { continue };
            sum += counted;
            let inside = |time: &&Timestamp| (since..until + SECOND).contains(*time);
            if counted > down.listed.values().flatten().filter(inside).count() as u64 {
                short.push(half);
            }
        }
        // Other slices may have learned meanwhile which bounds are included: then the parts are of other seconds than the
        // whole.
        let bounds = habits.bounds();
        let settled = bounds.since_included.is_some() && bounds.until_included.is_some();
        let same = down.bounds == (habits.since(down.since), habits.until(down.until));
        if settled && same && (sum < counted || sum > counted + 1 && sum - counted > counted.saturating_sub(had)) {
            self.distrust(); // the parts do not make the whole
            return Ok(());
        }
        if short.is_empty() {
            self.proof = Proof::EndOfList;
        }
        self.parts.extend(short.into_iter().map(|half| Part::Down(Box::new(half))));
        Ok(())
    }

    /// Counts a second that is yet to come.
    async fn counts_what_is_not_there(&self) -> Result<bool> {
        let second = whole(Timestamp::now()) + SignedDuration::from_hours(365 * 24);
        Ok(self.reader.count((second, second), &self.reader.filter).await?.is_some_and(|counted| counted > 0))
    }

    /// The platform's counts contradict its lists: nothing is proved by them any more.
    fn distrust(&mut self) {
        self.reader.habits().learn(|learned| learned.counts = Some(false));
        self.proof = Proof::EndOfList;
        self.lacks.retain(|lack| lack.error.is_some());
    }

    async fn second(&mut self, second: Timestamp) -> Result<Option<Batch>> {
        let read = crowded::read(&self.reader, second, &self.kinds).await?;
        if read.endless {
            let what = format!("the list gives new rows for ever: {} of the second {second}", read.rows.len());
            return Err(incomplete(what));
        }
        match read.proof {
            Some(Proof::Counted) => {}
            Some(Proof::EndOfList) => self.proof = Proof::EndOfList,
            None => self.lack(second, second, read.missing, "no request lists all of them", None),
        }
        Ok(self.batch(read.rows))
    }

    /// After a page that failed, whatever number of rows was asked for: a narrower range may do without what fails.
    async fn narrow(&mut self, down: Box<Down>, error: Error) -> Result<Option<Batch>> {
        self.failures += 1;
        let (since, top) = (down.since, down.top());
        if !self.reader.habits().has_answered() || self.failures > MOST_FAILURES {
            return Err(error);
        }
        let habits = self.reader.habits();
        if self.failures == 1 && top > since {
            // Whether the platform answers at all.
            let older = (habits.since(since), habits.until(middle(since, top)));
            match self.reader.count(older, &self.reader.filter).await {
                Err(dead) if is_heavy(&dead) => return Err(error),
                alive => alive?,
            };
        }
        self.proof = Proof::EndOfList;
        let located = if top > since { self.newest_counted(since, top).await? } else { Some(top) };
        let Some(second) = located else {
            self.halve(since, top);
            return Ok(None);
        };
        if second > since {
            let older = Down::new(&self.reader, since, second - SECOND);
            self.parts.push(Part::Down(Box::new(older)));
        }
        let read = match crowded::read(&self.reader, second, &self.kinds).await {
            Err(dead) if is_heavy(&dead) => None,
            read => Some(read?),
        };
        let (proof, missing, rows) =
            read.map_or((None, None, Vec::new()), |read| (read.proof, read.missing, read.rows));
        if proof.is_none() || rows.is_empty() {
            self.lack(second, second, missing.or(Some(1)), "each request that lists it fails", Some(error));
        }
        self.reader.habits().ask_for_all_again();
        Ok(self.batch(rows))
    }

    /// The newest second of a range that has a row, by the platform's counts. `None` where they do not say.
    async fn newest_counted(&self, since: Timestamp, until: Timestamp) -> Result<Option<Timestamp>> {
        let (mut low, mut high) = (since, until);
        let habits = self.reader.habits();
        let bounds = habits.bounds();
        if bounds.since_included.is_none() && bounds.until_included.is_none() {
            return Ok(None);
        }
        while low < high {
            let middle = middle(low, high) + SECOND;
            let newer = (habits.since(middle), habits.until(high));
            match self.reader.count(newer, &self.reader.filter).await {
                Ok(Some(0)) => high = middle - SECOND,
                Ok(Some(_)) => low = middle,
                Ok(None) => return Ok(None),
                Err(error) if is_heavy(&error) => return Ok(None),
                Err(error) => return Err(error),
            }
        }
        Ok(Some(low))
    }

    /// Asks for a row by its own second, once for each store: a platform that reads times as another offset than they were
    /// sent with shows nothing there, though all that it shows may lie inside a longer range.
    async fn misreads_times(&mut self, down: &Down, second: Timestamp) -> Result<Option<Option<Batch>>> {
        if self.reader.habits().learned().date_filters.is_some() {
            return Ok(None);
        }
        let before = self.reader.habits().offset();
        if !self.reader.settle_offset(second).await? {
            return Ok(Some(Some(Batch::Misread)));
        }
        if self.reader.habits().offset() == before {
            return Ok(None);
        }
        self.restart(down);
        Ok(Some(None))
    }

    /// Begins a range anew, with what was learned meanwhile of how times are read.
    fn restart(&mut self, down: &Down) {
        let restarted = Down::new(&self.reader, down.since, down.until);
        self.parts.push(Part::Down(Box::new(restarted)));
    }

    /// Rows lie outside the time range that was asked for, or those that lie inside do not come.
    async fn misread(&mut self, down: Box<Down>, rows: &[Row]) -> Result<Option<Batch>> {
        let known = rows.iter().find_map(Row::time).map(whole);
        let again = std::mem::replace(&mut self.resettled, true);
        let Some(second) = known.filter(|_| !again) else { return Ok(Some(Batch::Misread)) };
        if !self.reader.settle_offset(second).await? {
            return Ok(Some(Batch::Misread));
        }
        self.restart(&down);
        Ok(None)
    }

    /// One page of a list whose time range is not read.
    async fn follow(&mut self, mut list: Box<List>) -> Result<Option<Batch>> {
        let answer = self.reader.list(list.bounds, list.start.clone(), &self.reader.filter).await?;
        list.pages += 1;
        if answer.rows.is_empty() {
            list.empty += 1;
            if list.empty < 2 {
                self.parts.push(Part::List(list));
            } else {
                self.end_list(&list, list.pages > 2).await?;
            }
            return Ok(None);
        }
        list.empty = 0;
        let short = answer.is_short();
        list.in_order &= matches!(order(&answer.rows), Order::NewestFirst | Order::Flat);
        let next = match (answer.link, last_id(&answer.rows)) {
            (Some(link), _) => Some(Start::Link(link)),
            (None, last) => last.map(Start::SinceId),
        };
        let oldest = oldest(&answer.rows);
        let mut rows = answer.rows;
        rows.retain(|row| list.listed.insert(row.key, row.time()).is_none());
        let older = oldest.is_some_and(|time| list.oldest.is_none_or(|oldest| time < oldest));
        list.still = if older { 0 } else { list.still + 1 };
        list.oldest = [list.oldest, oldest].into_iter().flatten().min();
        if list.still > 8 * MOST_PAGES {
            return Err(incomplete("the list gives new rows for ever, and none that is older"));
        }
        let passed = list.in_order && list.oldest.is_some_and(|oldest| oldest < list.since);
        if passed {
            self.proof = Proof::EndOfList;
        } else if short && self.lacks_of_list(&list).await? == Some(0) {
        } else if rows.is_empty() && !list.ascending {
            (list.ascending, list.in_order) = (true, false); // perhaps it goes on to newer rows
            list.start = Start::SinceId("1".to_owned());
            self.parts.push(Part::List(list));
        } else if let Some(next) = next.filter(|_| !rows.is_empty()) {
            list.start = next;
            self.parts.push(Part::List(list));
        } else {
            self.end_list(&list, false).await?;
        }
        self.trust = Trust::Held;
        Ok(self.batch(rows))
    }

    /// How many more rows the platform counts than it has listed; fewer is less than 0. Counts may read the time range
    /// that lists do not.
    async fn lacks_of_list(&self, list: &List) -> Result<Option<i64>> {
        let Some(counted) = self.reader.count(list.bounds, &self.reader.filter).await? else { return Ok(None) };
        let inside = |time: &&Option<Timestamp>| time.is_none_or(|time| (list.since..=list.until).contains(&time));
        let had = if self.counts_what_is_not_there().await? {
            list.listed.len()
        } else if list.bounds.0 == list.since {
            list.listed.values().filter(inside).count()
        } else {
            return Ok(None);
        };
        Ok(i64::try_from(counted).ok().zip(i64::try_from(had).ok()).map(|(counted, had)| counted - had))
    }

    async fn end_list(&mut self, list: &List, seen: bool) -> Result<()> {
        let why = "rows lie outside the time range that was asked for, and no request lists the others";
        match self.lacks_of_list(list).await? {
            Some(0) => {}
            Some(more) if more > 0 => self.lack(list.since, list.until, u64::try_from(more).ok(), why, None),
            _ if seen => self.proof = Proof::EndOfList,
            _ => self.lack(list.since, list.until, None, why, None),
        }
        Ok(())
    }

    fn halve(&mut self, since: Timestamp, until: Timestamp) {
        if since >= until {
            self.parts.push(Part::Second(until));
            return;
        }
        let middle = middle(since, until);
        for (since, until) in [(since, middle), (middle + SECOND, until)] {
            let half = Down::new(&self.reader, since, until);
            self.parts.push(Part::Down(Box::new(half)));
        }
    }

    fn lack(
        &mut self,
        since: Timestamp,
        until: Timestamp,
        entries: Option<u64>,
        why: &'static str,
        error: Option<Error>,
    ) {
        self.trust = self.trust.max(Trust::Held);
        self.lacks.push(Lack { since, until, entries, why, error });
    }

    fn note_kinds(&mut self, rows: &[Row]) {
        for kind in rows.iter().filter_map(|row| kind(row, &self.reader.filter)) {
            if self.kinds.len() < MOST_KINDS {
                self.kinds.insert(kind);
            }
        }
    }
}

impl Down {
    fn new(reader: &Reader, since: Timestamp, until: Timestamp) -> Self {
        let until = until.max(since);
        let bounds = (reader.habits().since(since), reader.habits().until(until));
        let (listed, next) = (HashMap::new(), Next::All);
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
    fn keep_inside(&mut self) {
        let range = self.since..self.until + SECOND;
        self.listed.retain(|_, time| time.is_none_or(|time| range.contains(&time)));
        self.counted = None;
    }

    /// How many rows were listed that each count has to have in it: away from the bounds, and neither so new nor so old
    /// that a moment could matter.
    fn settled(&self) -> u64 {
        let now = Timestamp::now();
        let (newest, oldest) = (now - FRESH, now - OLD);
        let settled = |time: &&Timestamp| {
            **time > self.since + SECOND && **time < self.until - SECOND && (oldest..newest).contains(*time)
        };
        self.listed.values().flatten().filter(settled).count() as u64
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
    fn top(&self) -> Timestamp {
        match self.next {
            Next::All => self.until,
            Next::From { second, .. } | Next::Below { second } => second.clamp(self.since, self.until),
        }
    }
}

fn middle(since: Timestamp, until: Timestamp) -> Timestamp {
    since + SignedDuration::from_secs(until.duration_since(since).as_secs() / 2)
}
