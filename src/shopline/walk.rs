//! The walk over a SHOPLINE log: reads a time range to its proved end in slices, several at a time, delivered in order.

use std::collections::VecDeque;
use std::sync::{Arc, OnceLock};
use std::task::Poll;

use futures::stream::{self, BoxStream};
use futures::{StreamExt, future};
use jiff::{SignedDuration, Timestamp};

use super::Shopline;
use super::horizon::{Horizon, find_horizon, is_horizon};
use super::reader::{Filter, LONGEST, PAGE, Reader, SECOND, is_heavy, whole};
use super::slice::{Batch, Handover, Lack, Slice, Trust};
use crate::error::{Error, ErrorKind, Result};
use crate::query::{LogQuery, only};
use crate::severity::Severity;
use crate::source::{Cursor, LogSource, Page, Proof};
use crate::walk::{self, PAGE_TOO_SMALL, Progress, Row, newest, oldest};

/// The lengths of time ranges to fall back to where longer ones are refused, in seconds.
const SHORTER: [u32; 3] = [7 * 86_400 - BESIDE, 86_400 - BESIDE, 3_600 - BESIDE];
/// The time that is asked for beyond the ends of a range: it must fit into the platform's longest, too.
const BESIDE: u32 = 60;
/// How far back a query without a start goes. The platform is said to keep three months; nothing proves it.
const FARTHEST: SignedDuration = SignedDuration::from_hours(366 * 24);
/// The store's clock may be ahead of ours.
const AHEAD: SignedDuration = SignedDuration::from_mins(10);
/// The fewest rows that are asked for: a second with more rows than a page takes many requests.
const FEWEST: i32 = 3;
/// About how many pages a slice has where several are read at once. Slices are delivered in order: those behind the
/// first wait with all their pages, so they have to be short. Each takes a count and begins a page, so not too short.
const PAGES_OF_A_SLICE: i64 = 10;
/// The same where the store's rate limit holds requests back: time goes by requests there, so counts have to be few.
const PAGES_OF_A_SLICE_HELD_BACK: i64 = 40;
/// How many slices are read at once there: enough for what the limit lets through, and little waits for the first.
const SLICES_HELD_BACK: usize = 2;
/// Batches that may wait to be delivered, for each request that may be under way.
const WAITING: usize = 12;
/// Pages that must be expected before a time range is cut up to be read several slices at a time.
const WORTH_CUTTING: i64 = 6;
/// Slices one after the other that may fail before the walk gives up.
const MOST_FAILURES: usize = 3;

pub(super) fn pages(source: Shopline, query: LogQuery, from: Option<&Cursor>) -> BoxStream<'static, Result<Page>> {
    walk::pages(source.store().clone(), query, from, |progress| {
        let query = &progress.query;
        let nothing = !query.modules.is_empty() // the platform has none
            || query.min_severity.is_some_and(|minimum| !Severity::Info.passes(minimum));
        (!nothing).then(|| Walk::new(source, progress))
    })
}

struct Walk {
    reader: Reader,
    progress: Progress,
    since: Timestamp,
    /// The time ranges that no request was sent for yet, in whole seconds with both ends included; the newest first.
    cuts: VecDeque<(Timestamp, Timestamp)>,
    /// How long a slice is to be, as dense as the rows are. `None`: as long as is allowed.
    slice: Option<SignedDuration>,
    underway: VecDeque<Underway>,
    /// The first page shows how dense the rows are.
    first: bool,
    /// The platform does not read time ranges: there is but one slice, and it is the whole list.
    whole_list: bool,
    proof: Proof,
    lacks: Vec<Lack>,
    /// The first slice misses rows that were counted. Whether they come is known at its end.
    lacking: bool,
    /// Slices that failed since the last one that did not.
    failed: usize,
    /// The time that the platform answers from, once a refusal made the walk look for it.
    horizon: Option<Timestamp>,
}

/// One slice under way, with what waits to be delivered.
struct Underway {
    since: Timestamp,
    until: Timestamp,
    batches: BoxStream<'static, Result<Batch>>,
    shorten: Arc<OnceLock<Timestamp>>,
    handover: Arc<Handover>,
    ready: VecDeque<Result<Batch>>,
    /// The next one is on its way.
    asking: bool,
    ended: bool,
    /// Whether anything of it was delivered, and how many rows.
    begun: bool,
    rows: usize,
}

impl Underway {
    /// Whether another batch of it is on its way, or may be asked for where there is room for this many to wait.
    fn may_go_on(&self, room: usize) -> bool {
        !self.ended && (self.asking || self.ready.len() < room)
    }
}

/// The next batch in order, and the slice that it is of.
struct Step {
    since: Timestamp,
    until: Timestamp,
    begun: bool,
    batch: Result<Batch>,
}

impl walk::Walk for Walk {
    async fn next(&mut self) -> Result<Page> {
        loop {
            let Some(step) = self.step().await else { return self.end() };
            let rows = match step.batch {
                Ok(Batch::Rows { rows, trust, lacking }) => {
                    self.failed = 0;
                    self.trust(trust);
                    self.lacking = lacking;
                    rows
                }
                Ok(Batch::End { proof, trust, lacks }) => {
                    self.lacking = false;
                    if proof != Proof::Counted {
                        self.proof = proof;
                    }
                    self.lacks.extend(lacks);
                    self.trust(trust);
                    continue;
                }
                Ok(Batch::Misread) => {
                    self.read_whole_list();
                    continue;
                }
                Err(error) => {
                    self.after_error(step.since, step.until, step.begun, error).await?;
                    continue;
                }
            };
            if std::mem::take(&mut self.first) {
                self.plan(&rows);
                if self.progress.query.until.is_none() {
                    // What comes in from now on would be delivered behind older rows.
                    self.progress.query.until = newest(&rows).map(|newest| newest + SignedDuration::from_nanos(1));
                }
            }
            let taken = self.progress.take(rows);
            if self.progress.is_full() {
                if self.lacks.is_empty() && !self.lacking {
                    return Ok(self.progress.full(taken));
                }
                // As many came as are wanted, but not the newest: that is to be said. What lacks of the first slice is known
                // at its end.
                self.underway.truncate(usize::from(self.lacks.is_empty()));
                self.cuts.clear();
            }
            if let Some(page) = self.progress.step(taken) {
                return Ok(page);
            }
        }
    }
}

impl Walk {
    fn new(source: Shopline, progress: Progress) -> Self {
        let query = &progress.query;
        let until = query.until.unwrap_or_else(|| Timestamp::now() + AHEAD);
        let since = query.since.unwrap_or(until - FARTHEST);
        let is_lower = |value: &&str| !value.chars().any(char::is_uppercase);
        let filter = Filter {
            subject_type: only(&query.categories).filter(is_lower).map(str::to_owned),
            verb: only(&query.actions).filter(is_lower).map(str::to_owned),
        };
        let checked_here = !query.actors.is_empty()
            || query.categories.len() > usize::from(filter.subject_type.is_some())
            || query.actions.len() > usize::from(filter.verb.is_some());
        let wanted = query.limit.filter(|_| !checked_here).and_then(|limit| i32::try_from(limit).ok());
        let wanted = wanted.map_or(PAGE, |wanted| wanted.clamp(FEWEST, PAGE));
        let since = whole(since);
        let mut walk = Self {
            reader: Reader { source, filter, wanted },
            progress,
            since,
            cuts: VecDeque::new(),
            slice: None,
            underway: VecDeque::new(),
            first: true,
            whole_list: false,
            proof: Proof::Counted,
            lacks: Vec::new(),
            lacking: false,
            failed: 0,
            horizon: None,
        };
        if since < until {
            walk.cut(whole(until - SignedDuration::from_nanos(1))); // the end is not included
        }
        walk
    }

    /// Cuts what is left, up to this second, into time ranges of which none is longer than the platform allows.
    fn cut(&mut self, until: Timestamp) {
        self.cuts.clear();
        let longest = self.longest_range();
        let seconds = until.duration_since(self.since).as_secs().max(0);
        let slices = seconds / longest.as_secs() + 1;
        let step = SignedDuration::from_secs((seconds / slices).max(1));
        let mut end = until;
        loop {
            let left = end.duration_since(self.since);
            let start = if left <= step + SignedDuration::from_secs(slices) { self.since } else { end - step };
            self.cuts.push_back((start.min(end), end));
            if start <= self.since {
                return;
            }
            end = start - SECOND;
        }
    }

    fn longest_range(&self) -> SignedDuration {
        let learned = self.reader.habits().learned().longest_range;
        learned.map_or(LONGEST, |seconds| SignedDuration::from_secs(i64::from(seconds.max(60))).min(LONGEST))
    }

    /// After the first page: if much is left, cut it up to read several slices at a time.
    fn plan(&mut self, rows: &[Row]) {
        let (Some(oldest), Some(newest)) = (oldest(rows).map(whole), newest(rows)) else { return };
        let limit = self.reader.habits().limit(self.reader.wanted);
        // A single row shows nothing of how dense they are.
        let full = rows.len() > 1 && i32::try_from(rows.len()).is_ok_and(|count| count >= limit);
        let a_page = newest.duration_since(oldest).as_secs().max(1);
        let pages = oldest.duration_since(self.since).as_secs() / a_page;
        let Some(first) = self.underway.front() else { return };
        if !full || self.progress.query.limit.is_some() || pages < WORTH_CUTTING || self.whole_list {
            return;
        }
        if self.reader.source.transport.in_flight() < 2 {
            return;
        }
        let (since, until, shorten) = (first.since, first.until, Arc::clone(&first.shorten));
        let slice = SignedDuration::from_secs(a_page * self.pages_of_a_slice());
        self.slice = Some(slice);
        // The slice under way is the first of them; what its first page has is read already.
        let start = until - slice;
        if start > since && start <= oldest {
            let _ = shorten.set(start); // set here only
            if let Some(first) = self.underway.front_mut() {
                first.since = start;
            }
            self.cuts.push_front((since, start - SECOND));
        }
    }

    fn pages_of_a_slice(&self) -> i64 {
        if self.is_held_back() { PAGES_OF_A_SLICE_HELD_BACK } else { PAGES_OF_A_SLICE }
    }

    /// Whether the store's rate limit holds requests back, so that more at once bring nothing.
    fn is_held_back(&self) -> bool {
        let in_flight = self.reader.source.transport.in_flight();
        self.reader.source.rate_limit().is_some_and(|limit| (limit.left as usize) < in_flight)
    }

    /// The next time range to begin with: no longer than a slice is to be.
    fn next_cut(&mut self) -> Option<(Timestamp, Timestamp)> {
        let (since, until) = self.cuts.pop_front()?;
        match self.slice.filter(|_| !self.whole_list) {
            Some(slice) if until.duration_since(since) > slice + slice / 2 => {
                let start = until - slice;
                self.cuts.push_front((since, start - SECOND));
                Some((start, until))
            }
            _ => Some((since, until)),
        }
    }

    /// The first slice has come to its end: the next ones are as long as it has had to be for its pages.
    fn fit(&mut self) {
        let (Some(slice), Some(first)) = (self.slice, self.underway.front()) else { return };
        let page = i64::from(self.reader.habits().limit(self.reader.wanted)).max(1);
        let (rows, length) = (i64::try_from(first.rows).unwrap_or(i64::MAX), first.until.duration_since(first.since));
        let wanted = page.saturating_mul(self.pages_of_a_slice());
        // Not by much at once: a quiet night says little of the day before it.
        let fitting = length.as_secs().saturating_mul(wanted) / rows.max(1);
        let fitting = SignedDuration::from_secs(fitting).clamp(slice / 2, slice * 4);
        self.slice = Some(fitting.clamp(SignedDuration::from_mins(1), LONGEST));
    }

    fn trust(&mut self, trust: Trust) {
        match trust {
            Trust::Sure if self.lacks.is_empty() => self.progress.release(),
            Trust::Sure => {}
            Trust::Held => self.progress.hold(),
            Trust::Lost => self.progress.hold_nothing(),
        }
    }

    /// Starts again with the whole list, of which time ranges are picked here.
    fn read_whole_list(&mut self) {
        let until = self.underway.front().map_or(self.since, |slice| slice.until);
        self.underway.clear();
        self.cuts.clear();
        self.first = false;
        self.whole_list = true;
        self.cuts.push_back((self.since, until));
    }

    async fn after_error(&mut self, since: Timestamp, until: Timestamp, begun: bool, error: Error) -> Result<()> {
        let replan = |walk: &mut Self| {
            walk.underway.clear();
            walk.cuts.clear();
        };
        // Where what is left is refused once more, it is not for its beginning: that moves on with the clock only.
        if !begun && is_horizon(&error, since) && self.horizon != Some(since) {
            match find_horizon(&self.reader.source, until).await? {
                Horizon::At(reached) if reached <= since => return Err(error), // it is not the beginning that is refused
                Horizon::Unknown => return Err(error),
                Horizon::Behind => replan(self),
                Horizon::At(reached) => {
                    replan(self);
                    self.since = whole(reached);
                    self.horizon = Some(self.since);
                    self.cuts.push_back((self.since, until));
                }
            }
            return Ok(());
        }
        if !begun && is_refusal(&error) {
            let seconds = until.duration_since(since).as_secs();
            if let Some(shorter) = SHORTER.into_iter().find(|shorter| i64::from(*shorter) < seconds) {
                self.reader.habits().learn(|learned| learned.longest_range = Some(shorter));
                replan(self);
                self.cut(until);
                return Ok(());
            }
        }
        self.failed += 1;
        if !is_heavy(&error) || self.cuts.is_empty() && self.underway.len() <= 1 || self.failed > MOST_FAILURES {
            return Err(error);
        }
        self.underway.pop_front();
        self.trust(Trust::Held);
        let why = "each request for it fails";
        self.lacks.push(Lack { since, until, entries: None, why, error: Some(error) });
        Ok(())
    }

    /// The last page, or what could not be had.
    fn end(&mut self) -> Result<Page> {
        let Some(first) = self.lacks.first() else {
            if self.progress.is_full() {
                return Ok(self.progress.full(walk::Taken::default()));
            }
            // What one time range showed of the counts holds of those that were read before it.
            let counts = self.reader.habits().learned().counts != Some(false);
            let proof = if counts { self.proof } else { Proof::EndOfList };
            return Ok(self.progress.end(walk::Taken::default(), proof));
        };
        let missing = self.lacks.iter().map(|lack| lack.entries).sum::<Option<u64>>();
        let ranges = match self.lacks.len() {
            1 => String::new(),
            more => format!(", and of {} more time ranges", more - 1),
        };
        let number = missing.map_or_else(|| "entries".to_owned(), |missing| format!("{missing} entries"));
        let what = format!("{number} from {} to {}{ranges} could not be read: {}", first.since, first.until, first.why);
        let mut error = walk::incomplete(what);
        if let Some(missing) = missing {
            error = error.with_missing(missing);
        }
        let small = |lack: &Lack| lack.error.as_ref().and_then(Error::reason) == Some(PAGE_TOO_SMALL);
        if self.lacks.iter().all(small) {
            error = error.with_reason(PAGE_TOO_SMALL);
        }
        match self.lacks.iter_mut().find_map(|lack| lack.error.take()) {
            Some(source) => Err(error.with_source(source)),
            None => Err(error),
        }
    }

    /// The next batch in order, from whichever slice is first. All slices under way move on meanwhile.
    async fn step(&mut self) -> Option<Step> {
        loop {
            // Where few are wanted, or nothing is known yet, no page is asked for before the one before it was used.
            let one = self.first || self.progress.wanted().is_some();
            let room = if one { 1 } else { self.reader.source.transport.in_flight() * WAITING };
            self.begin_slices(one, room);
            if self.underway.is_empty() {
                return None;
            }
            let underway = &mut self.underway;
            let batch = future::poll_fn(|context| {
                let mut room = room;
                for slice in underway.iter_mut() {
                    while slice.may_go_on(room) {
                        match slice.batches.as_mut().poll_next(context) {
                            Poll::Ready(Some(batch)) => slice.ready.push_back(batch),
                            Poll::Ready(None) => slice.ended = true,
                            Poll::Pending => {
                                slice.asking = true;
                                break;
                            }
                        }
                        slice.asking = false;
                    }
                    room = room.saturating_sub(slice.ready.len());
                }
                let Some(first) = underway.front_mut() else { return Poll::Ready(None) };
                match first.ready.pop_front() {
                    None if !first.ended => Poll::Pending,
                    batch => Poll::Ready(batch),
                }
            });
            let batch = batch.await;
            self.take_over();
            let Some(batch) = batch else {
                self.fit();
                self.underway.pop_front();
                continue;
            };
            let first = self.underway.front_mut()?;
            if let Ok(Batch::Rows { rows, .. }) = &batch {
                first.rows += rows.len();
            }
            let begun = std::mem::replace(&mut first.begun, true);
            return Some(Step { since: first.since, until: first.until, begun, batch });
        }
    }

    /// Begins what slices have handed over, behind them.
    fn take_over(&mut self) {
        for place in (0..self.underway.len()).rev() {
            if let Some((since, until)) = self.underway[place].handover.take() {
                self.underway[place].since = until + SECOND;
                self.underway.insert(place + 1, self.begin(since, until));
            }
        }
    }

    /// Sees to it that as many slices are read as may be: begins others, and where there is no room for more of them, or
    /// none is left, the first that are not read to their ends are asked for half of what they have left.
    fn begin_slices(&mut self, one: bool, room: usize) {
        let in_flight = self.reader.source.transport.in_flight();
        loop {
            let most = match one {
                true => 1,
                false if self.is_held_back() => SLICES_HELD_BACK.min(in_flight),
                false => in_flight,
            };
            let mut room = room;
            let at_work = self.underway.iter().filter(|slice| {
                let goes_on = slice.may_go_on(room);
                room = room.saturating_sub(slice.ready.len());
                goes_on
            });
            let at_work: Vec<_> = at_work.map(|slice| Arc::clone(&slice.handover)).collect();
            let idle = most.saturating_sub(at_work.len());
            if (self.underway.is_empty() || !one && idle > 0 && room > 0)
                && let Some((since, until)) = self.next_cut()
            {
                self.underway.push_back(self.begin(since, until));
                continue;
            }
            // A slice that is handed over takes a count.
            if self.slice.is_some() && idle > 0 && !self.is_held_back() {
                at_work.iter().take(idle).for_each(|slice| slice.ask());
            }
            return;
        }
    }

    fn begin(&self, since: Timestamp, until: Timestamp) -> Underway {
        let slice = if self.whole_list {
            Slice::list(self.reader.clone(), since, until, self.longest_range())
        } else {
            Slice::new(self.reader.clone(), since, until)
        };
        let (shorten, handover) = (slice.shorten(), slice.handover());
        let batches = stream::unfold(Some(slice), |slice| async {
            let mut slice = slice?;
            match slice.next().await {
                Ok(Some(batch)) => Some((Ok(batch), Some(slice))),
                Ok(None) => None,
                Err(error) => Some((Err(error), None)),
            }
        });
        let (batches, ready) = (batches.boxed(), VecDeque::new());
        Underway { since, until, batches, shorten, handover, ready, asking: false, ended: false, begun: false, rows: 0 }
    }
}

/// Whether a refusal may mean that the time range is too long.
fn is_refusal(error: &Error) -> bool {
    error.kind() == ErrorKind::Refused && matches!(error.status(), Some(400 | 413 | 422))
}
