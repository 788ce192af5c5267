//! One delivery: what each request becomes, and when a refusal counts.
//!
//! A receiver that refuses some entries and one that refuses everything answer alike. So refusals are held back until
//! it takes another entry: one that comes after them or, if they are many, one of the newest, which is sent ahead. If it
//! takes none of these either, the delivery ends, and none of them counts.

use std::borrow::Cow;
use std::collections::HashSet;
use std::io;
use std::ops::Range;
use std::time::{Duration, Instant};

use jiff::SignedDuration;
use storelogs_collector::archive::{Refusal, Settled, StoreId};
use storelogs_collector::wording::format_duration;
use storelogs_collector::{Archive, TimeRange};
use tokio::runtime::{Builder, Runtime};

use super::batch::{Batch, Limits, Reader, Record};
use super::receiver::Answer;
use super::{Delivered, Otlp, Step};
use crate::error::{Error, Result};
use crate::failpoint;

/// No request is cut to less: one record may be larger.
const LEAST_BYTES: usize = 4 << 10;
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// After this many refusals in a row one of the newest entries is sent ahead. If it is taken, twice as many have to follow
/// before the next is.
const AHEAD_AFTER: usize = 8;
/// No more refusals are held back than this: a kill makes them be sent again.
const MOST_HELD: usize = 4_096;
/// How many of the newest entries are tried: one may have a fault of its own.
const AHEAD: usize = 4;
/// How many of them to choose from, so that several stores are among them.
const AHEAD_OF: usize = 64;

/// One delivery.
pub(super) struct Delivery<'a> {
    otlp: &'a Otlp,
    /// The runtime on which the sender waits for answers.
    runtime: Runtime,
    pub(super) archive: &'a mut Archive,
    reader: Reader,
    /// The limits of a request: smaller, once one was too large.
    limits: Limits,
    done: Delivered,
    /// The last arrival that there is for this delivery.
    pub(super) newest: i64,
    /// Where entries are sent again that were settled before: the arrivals that were refused then.
    again: Option<HashSet<i64>>,
    /// The last arrival that was settled before this delivery.
    begun: i64,
    /// The last arrival that was answered to.
    reached: i64,
    /// The refusals since the receiver last took something, which do not count yet, and the store of each.
    held: Vec<(StoreId, Refusal)>,
    /// How many of the last refusals were of entries that were sent by themselves.
    alone: usize,
    /// How many refusals in a row are held back before an entry is sent ahead.
    ahead_after: usize,
    /// The arrivals that were sent ahead and taken.
    ahead: HashSet<i64>,
    /// The last arrival that was taken.
    taken: Option<i64>,
    progress: &'a mut dyn FnMut(&Step<'_>),
}

impl<'a> Delivery<'a> {
    /// `range`: only entries of this time are sent.
    pub(super) fn begin(
        otlp: &'a Otlp,
        archive: &'a mut Archive,
        after: i64,
        range: Option<TimeRange>,
        again: Option<HashSet<i64>>,
        progress: &'a mut dyn FnMut(&Step<'_>),
    ) -> Result<Self> {
        let unusable = |why: io::Error| Error::Settings { why: format!("this system gives no event loop: {why}") };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(unusable)?;
        let mut reader = Reader::new(otlp.receiver.settings.form);
        reader.range = range;
        Ok(Self {
            otlp,
            runtime,
            archive,
            reader,
            limits: otlp.limits,
            done: Delivered::default(),
            newest: after,
            again,
            begun: after,
            reached: after,
            held: Vec::new(),
            alone: 0,
            ahead_after: AHEAD_AFTER,
            ahead: HashSet::new(),
            taken: None,
            progress,
        })
    }

    /// The next batch, if there is one.
    pub(super) fn read(&mut self, after: i64) -> Result<Option<Batch>> {
        let batch = self.reader.read(self.archive, after, self.limits)?;
        if self.again.is_none() {
            self.done.left_out += batch.as_ref().map_or(0, |batch| batch.left_out);
        }
        Ok(batch)
    }

    /// Delivers some records of a batch, in parts if they are not taken together.
    pub(super) fn deliver(&mut self, batch: &Batch, mut range: Range<usize>) -> Result<()> {
        // Where one after the other is refused, larger requests would only be cut again.
        while self.alone >= AHEAD_AFTER && range.len() > 1 {
            self.deliver(batch, range.start..range.start + 1)?;
            range.start += 1;
        }
        let mut records = Cow::Borrowed(&batch.records[range.clone()]);
        if records.iter().any(|record| self.ahead.contains(&record.arrived)) {
            records.to_mut().retain(|record| !self.ahead.contains(&record.arrived));
        }
        let (Some(first), Some(last)) = (records.first(), records.last()) else {
            self.reached = reached(batch, &range);
            return if self.held.is_empty() { self.settle(&[], 0, Vec::new()) } else { Ok(()) };
        };
        let all = records.len() as u64;
        match self.send(batch, &records)? {
            Answer::Taken { rejected, why } if rejected < all => {
                // Those that are not rejected are there: to send them again would double them.
                let refusal = Refusal { arrived: [first.arrived, last.arrived], entries: rejected, reason: why };
                self.reached = reached(batch, &range);
                self.settle(&records, all - rejected, Vec::from_iter((rejected > 0).then_some(refusal)))
            }
            Answer::Taken { why, .. } => self.refuse(&records, &why, reached(batch, &range)),
            Answer::Refused(why) | Answer::TooLarge(why) if all == 1 => {
                self.refuse(&records, &why, reached(batch, &range))
            }
            answer => {
                if matches!(answer, Answer::TooLarge(_)) {
                    let bytes: usize = records.iter().map(|record| record.text.len()).sum();
                    self.limits.bytes = self.limits.bytes.min((bytes / 2).max(LEAST_BYTES));
                }
                let middle = range.start + range.len() / 2;
                self.deliver(batch, range.start..middle)?;
                self.deliver(batch, middle..range.end)
            }
        }
    }

    /// Ends the delivery. Refusals at its end count if the receiver has taken anything before them, or takes once more what
    /// it took in an earlier delivery.
    pub(super) fn finish(mut self) -> Result<Delivered> {
        if let Some((_, last)) = self.held.last() {
            let why = last.reason.clone();
            if self.done.sent == 0 && !self.takes_one_again()? {
                return Err(Error::RefusesAll { endpoint: self.otlp.receiver.address(), why });
            }
            self.settle(&[], 0, Vec::new())?;
        }
        Ok(self.done)
    }

    /// Whether the receiver takes something that it took in an earlier delivery: one of the newest.
    fn takes_one_again(&mut self) -> Result<bool> {
        let refused: Vec<[i64; 2]> =
            self.archive.refusals(&self.otlp.name())?.into_iter().map(|kept| kept.refusal.arrived).collect();
        let was_taken = |arrived: &i64| !refused.iter().any(|[first, last]| (first..=last).contains(&arrived));
        let sent = self.archive.newest_entries(0, self.begun, self.reader.range, AHEAD_OF)?;
        for arrived in sent.into_iter().filter(was_taken).take(AHEAD) {
            if let Some((_, true)) = self.send_one(arrived)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Holds refusals back.
    fn refuse(&mut self, records: &[Record], why: &str, reached: i64) -> Result<()> {
        self.reached = reached;
        self.alone = if records.len() == 1 { self.alone + 1 } else { 0 };
        self.held.extend(records.iter().map(|record| {
            let refusal = Refusal { arrived: [record.arrived; 2], entries: 1, reason: why.to_owned() };
            (record.store, refusal)
        }));
        if self.held.len() < self.ahead_after { Ok(()) } else { self.send_ahead(why) }
    }

    /// Sends some of the newest entries ahead, one by one until one is taken: then what was refused before counts. If none
    /// is, the last one that was taken is sent once more, since the others may have faults of their own.
    fn send_ahead(&mut self, why: &str) -> Result<()> {
        let most = AHEAD_OF + self.ahead.len();
        let newest = self.archive.newest_entries(self.reached, self.newest, self.reader.range, most)?;
        let newest = newest.into_iter().filter(|arrived| !self.ahead.contains(arrived)).take(AHEAD);
        let tried: Vec<i64> = newest.chain(self.taken).collect();
        let mut was_tried = false;
        for arrived in tried {
            let Some((batch, is_taken)) = self.send_one(arrived)? else { continue };
            was_tried = true;
            if is_taken {
                let all = batch.records.len() as u64;
                let is_new = arrived > self.reached && self.ahead.insert(arrived);
                self.ahead_after = (self.ahead_after * 2).min(MOST_HELD);
                let (records, sent) = if is_new { (&batch.records[..], all) } else { (&[][..], 0) };
                return self.settle(records, sent, Vec::new());
            }
        }
        if was_tried {
            return Err(Error::RefusesAll { endpoint: self.otlp.receiver.address(), why: why.to_owned() });
        }
        Ok(())
    }

    /// Sends one entry by its arrival, and says whether it is taken. It may have been changed or deleted meanwhile.
    fn send_one(&mut self, arrived: i64) -> Result<Option<(Batch, bool)>> {
        let one = Limits { records: 1, ..self.limits };
        let read = self.reader.read(self.archive, arrived - 1, one)?;
        let Some(batch) = read.filter(|batch| batch.last == arrived) else { return Ok(None) };
        let answer = self.send(&batch, &batch.records)?;
        Ok(Some((batch, matches!(answer, Answer::Taken { rejected: 0, .. }))))
    }

    /// Sends records until there is an answer that settles them.
    fn send(&mut self, batch: &Batch, records: &[Record]) -> Result<Answer> {
        let otlp = self.otlp;
        let receiver = &otlp.receiver;
        let body = receiver.pack(self.reader.body(batch, records));
        let begun = Instant::now();
        let mut ceiling = otlp.first_wait;
        loop {
            failpoint::step();
            let endpoint = || receiver.address();
            match self.runtime.block_on(receiver.send(body.clone(), otlp.clock)) {
                Answer::Later { wait, why } => {
                    let own = ceiling.mul_f64(0.5 + fastrand::f64() / 2.0);
                    let wait = wait.unwrap_or_default().max(own);
                    if begun.elapsed() + wait > otlp.retry_for {
                        let asked = wait > own.max(otlp.retry_for);
                        let asked = SignedDuration::try_from(wait).ok().filter(|_| asked);
                        let asked = asked.map(|wait| format!(", and to be asked again in {}", format_duration(wait)));
                        return Err(Error::Receiver { endpoint: endpoint(), why: why + &asked.unwrap_or_default() });
                    }
                    (self.progress)(&Step::Waiting { why: &why, wait });
                    std::thread::sleep(wait);
                    ceiling = (ceiling * 2).min(LONGEST_WAIT);
                }
                Answer::Unauthorized(why) => return Err(Error::Unauthorized { endpoint: endpoint(), why }),
                Answer::Failed(why) => return Err(Error::Receiver { endpoint: endpoint(), why }),
                answer => {
                    self.done.requests += 1;
                    return Ok(answer);
                }
            }
        }
    }

    /// Writes down what became of records, and everything that was held back before.
    fn settle(&mut self, records: &[Record], sent: u64, refused: Vec<Refusal>) -> Result<()> {
        self.alone = 0;
        if let Some(last) = records.last().filter(|_| refused.is_empty()) {
            self.taken = Some(last.arrived);
        }
        let held = std::mem::take(&mut self.held);
        for (store, refusal) in &held {
            self.count_for(*store, 0, refusal.entries);
        }
        self.count(records, sent, refused.iter().map(|refusal| refusal.entries).sum());
        let taken = match &self.again {
            Some(again) if refused.is_empty() => {
                let arrived = records.iter().map(|record| record.arrived);
                arrived.filter(|arrived| again.contains(arrived)).collect()
            }
            _ => Vec::new(),
        };
        let refused: Vec<Refusal> = held.into_iter().map(|(_, refusal)| refusal).chain(refused).collect();
        self.done.sent += sent;
        self.done.refused += refused.iter().map(|refusal| refusal.entries).sum::<u64>();
        if let Some(refusal) = refused.last() {
            self.done.reason = Some(refusal.reason.clone());
        }
        let settled = Settled { upto: self.again.is_none().then_some(self.reached), sent, refused, taken };
        failpoint::step();
        self.archive.settle_export(&self.otlp.name(), &settled, (self.otlp.clock)())?;
        let left = (self.newest - self.reached).max(0).unsigned_abs();
        (self.progress)(&Step::Settled { done: &self.done, left });
        Ok(())
    }

    /// Counts by store the records of one request.
    fn count(&mut self, records: &[Record], sent: u64, refused: u64) {
        let is_one = records.windows(2).all(|pair| pair[0].store == pair[1].store);
        match records.first() {
            Some(first) if is_one => self.count_for(first.store, sent, refused),
            // Of several stores it was not said whose entries were refused.
            _ if refused > 0 => {}
            _ => {
                for run in records.chunk_by(|one, other| one.store == other.store) {
                    self.count_for(run[0].store, run.len() as u64, 0);
                }
            }
        }
    }

    fn count_for(&mut self, store: StoreId, sent: u64, refused: u64) {
        if let Some((store, _)) = self.reader.stores.get(&store) {
            let counts = self.done.stores.entry(store.to_string()).or_default();
            counts.0 += sent;
            counts.1 += refused;
        }
    }
}

/// The last arrival that is answered to once these records of a batch are.
fn reached(batch: &Batch, range: &Range<usize>) -> i64 {
    match (batch.records.get(range.end), batch.records[range.clone()].last()) {
        // Entries with one number are settled together.
        (Some(next), Some(last)) if next.arrived == last.arrived => last.arrived - 1,
        (Some(_), Some(last)) => last.arrived,
        _ => batch.last,
    }
}
