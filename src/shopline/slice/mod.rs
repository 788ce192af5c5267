//! A slice of a SHOPLINE log, at most 28 days: its reader and its auditor.
//!
//! How the platform pages is not documented beyond doubt, so the reader rests on time alone: each page is asked for
//! with the oldest row so far as its end. The auditor then compares the distinct records that were listed between two
//! bounds with the platform's count between the very same bounds. Where more are counted, each half is read and audited
//! by itself, down to one second, and that in every way there is. Where nothing is counted, the end must be seen twice.

mod audit;
mod failed;
mod handover;
mod list;
mod range;

use std::collections::BTreeSet;
use std::sync::{Arc, OnceLock};

use jiff::{SignedDuration, Timestamp};

pub(super) use self::handover::Handover;
use self::list::List;
use self::range::PagedRange;
use super::crowded::{self, kind};
use super::reader::{Filter, Reader, SECOND, whole};
use crate::entry::UtcOffset;
use crate::error::{Error, Result};
use crate::source::Proof;
use crate::walk::{KeySet, Row, incomplete};

/// The most pages that are audited at once: what a slice has to remember stays small.
const MOST_PAGES: usize = 50;
/// The most times that a slice is begun anew.
const MOST_RESTARTS: u32 = 8;
/// The most kinds of entry that are remembered, to ask for them one by one.
const MOST_KINDS: usize = 40;
/// Steps without anything new before a slice is given up. Reading what is short in halves takes a few for each half.
const MOST_IDLE: u32 = 2_000;

/// The outcome of one step of a slice.
#[derive(Debug)]
pub(super) enum Batch {
    /// Rows, not newer than those before unless the auditor found them. `lacking`: some that are newer may never come.
    Rows { rows: Vec<Row>, trust: Trust, lacking: bool },
    /// The slice is read to its end.
    End { proof: Proof, trust: Trust, lacks: Vec<Lack> },
    /// The platform does not read the time range that it is asked for.
    Misread,
}

/// The claim that a cursor may make once a batch was delivered.
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
    /// The parts that are still to be read, the newest last.
    parts: Vec<Part>,
    /// The time at which it is to begin instead, once the first page has shown how dense the rows are.
    shorten: Arc<OnceLock<Timestamp>>,
    handover: Arc<Handover>,
    proof: Proof,
    trust: Trust,
    lacks: Vec<Lack>,
    kinds: BTreeSet<Filter>,
    audits: u32,
    failures: u32,
    resettled: bool,
    ended: bool,
    /// The rows of a page that came, until they are delivered: a failure of what is asked for besides does not cost
    /// them.
    in_hand: Vec<Row>,
    /// Such a failure, once the rows were delivered.
    failed: Option<Error>,
    /// The rows that came.
    brought: KeySet,
    /// Steps since something new came.
    idle: u32,
}

/// One thing to do.
enum Part {
    /// Reads a time range page by page, newest first. Entered for the slice, and for each half of a range that was
    /// short, failed or came in another order.
    Range(Box<PagedRange>),
    /// Reads one second in every way there is. Entered where it holds more than a page, or where nothing narrower is
    /// left.
    Second(Timestamp),
    /// Follows the list from page to page. Entered where the platform does not read time ranges.
    List(Box<List>),
}

impl Slice {
    pub(super) fn new(reader: Reader, since: Timestamp, until: Timestamp) -> Self {
        let range = PagedRange::new(&reader, since, until);
        Self::of(reader, Some((since, until)), Part::Range(Box::new(range)))
    }

    /// The whole of a list whose time range is not read. It is asked for with one of at most `longest`.
    pub(super) fn list(reader: Reader, since: Timestamp, until: Timestamp, longest: SignedDuration) -> Self {
        Self::of(reader, None, Part::List(Box::new(List::new(since, until, longest))))
    }

    fn of(reader: Reader, range: Option<(Timestamp, Timestamp)>, part: Part) -> Self {
        Self {
            reader,
            range,
            written: None,
            restarts: 0,
            parts: vec![part],
            shorten: Arc::default(),
            handover: Arc::default(),
            proof: Proof::Counted,
            trust: Trust::Sure,
            lacks: Vec::new(),
            kinds: BTreeSet::new(),
            audits: 0,
            failures: 0,
            resettled: false,
            ended: false,
            in_hand: Vec::new(),
            failed: None,
            brought: KeySet::default(),
            idle: 0,
        }
    }

    /// The cell for a later beginning of this slice, to be set before its second page is asked for.
    pub(super) fn shorten(&self) -> Arc<OnceLock<Timestamp>> {
        Arc::clone(&self.shorten)
    }

    /// To ask it for half of what it has left.
    pub(super) fn handover(&self) -> Arc<Handover> {
        Arc::clone(&self.handover)
    }

    /// The next step. `None` behind the end.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        while let Some(part) = self.next_part() {
            if self.restarts > MOST_RESTARTS {
                return Ok(Some(Batch::Misread));
            }
            self.in_hand.clear();
            let step = match part {
                Part::Range(range) => self.read_page(range).await,
                Part::Second(second) => self.second(second).await,
                Part::List(list) => self.follow(list).await,
            };
            let batch = match step {
                Err(error) if !self.in_hand.is_empty() => {
                    self.failed = Some(error);
                    self.trust = self.trust.max(Trust::Held);
                    self.batch_in_hand()
                }
                step => step?,
            };
            self.idle += 1;
            if batch.as_ref().is_some_and(|batch| self.is_new(batch)) {
                self.idle = 0;
            }
            if self.idle > MOST_IDLE {
                return Err(incomplete("no request brings anything new any more, and none shows an end"));
            }
            if batch.is_some() {
                return Ok(batch);
            }
        }
        if std::mem::replace(&mut self.ended, true) {
            return Ok(None);
        }
        let lacks = std::mem::take(&mut self.lacks);
        let trust = if lacks.is_empty() { Trust::Sure } else { self.trust };
        Ok(Some(Batch::End { proof: self.proof, trust, lacks }))
    }

    /// Whether a batch brings anything that none before it has brought.
    fn is_new(&mut self, batch: &Batch) -> bool {
        let Batch::Rows { rows, .. } = batch else { return true };
        let known = self.brought.len();
        self.brought.extend(rows.iter().map(|row| row.key));
        self.brought.len() > known
    }

    /// Takes the part to be read next. What other slices of the store have learned meanwhile of how times are read
    /// concerns all that this one has read.
    fn next_part(&mut self) -> Option<Part> {
        if let Some((since, until)) = self.range
            && self.written.is_some_and(|written| written != self.reader.offset())
        {
            self.written = None;
            self.restarts += 1;
            self.ended = false;
            self.lacks.clear();
            self.proof = Proof::Counted;
            self.parts = vec![Part::Range(Box::new(PagedRange::new(&self.reader, since, until)))];
        }
        self.parts.pop()
    }

    /// The rows in hand, to deliver them.
    fn batch_in_hand(&mut self) -> Option<Batch> {
        let rows = std::mem::take(&mut self.in_hand);
        self.batch(rows)
    }

    /// Rows to deliver, if any, with what may be claimed of them.
    fn batch(&self, rows: Vec<Row>) -> Option<Batch> {
        let lacking = self.trust == Trust::Lost || !self.lacks.is_empty();
        (!rows.is_empty()).then_some(Batch::Rows { rows, trust: self.trust, lacking })
    }

    async fn second(&mut self, second: Timestamp) -> Result<Option<Batch>> {
        let read = crowded::read(&self.reader, second, &self.kinds, &mut self.in_hand).await?;
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

    /// Asks for a row by its own second, once for each store: a platform that reads times as another offset than they
    /// were sent with shows nothing there, though all that it shows may lie inside a longer range.
    async fn misreads_times(&mut self, range: &PagedRange, second: Timestamp) -> Result<Option<Option<Batch>>> {
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
        self.restart(range);
        Ok(Some(None))
    }

    /// Begins a range anew, with what was learned meanwhile of how times are read.
    fn restart(&mut self, range: &PagedRange) {
        let restarted = PagedRange::new(&self.reader, range.since, range.until);
        self.parts.push(Part::Range(Box::new(restarted)));
    }

    /// Rows lie outside the time range that was asked for, or those that lie inside do not come.
    async fn misread(&mut self, range: Box<PagedRange>, rows: &[Row]) -> Result<Option<Batch>> {
        let known = rows.iter().find_map(Row::time).map(whole);
        let again = std::mem::replace(&mut self.resettled, true);
        let Some(second) = known.filter(|_| !again) else { return Ok(Some(Batch::Misread)) };
        if !self.reader.settle_offset(second).await? {
            return Ok(Some(Batch::Misread));
        }
        self.restart(&range);
        Ok(None)
    }

    fn halve(&mut self, since: Timestamp, until: Timestamp) {
        if since >= until {
            self.parts.push(Part::Second(until));
            return;
        }
        let middle = middle(since, until);
        for (since, until) in [(since, middle), (middle + SECOND, until)] {
            let half = PagedRange::new(&self.reader, since, until);
            self.parts.push(Part::Range(Box::new(half)));
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

fn middle(since: Timestamp, until: Timestamp) -> Timestamp {
    since + SignedDuration::from_secs(until.duration_since(since).as_secs() / 2)
}
