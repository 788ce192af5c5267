//! Sending entries to a receiver of OTLP over HTTP: at least once, with a stable uid.
//!
//! The receiver's answer is recorded in the archive before anything else is sent, so a kill causes at most the last
//! request to be sent again. Entries that it refuses permanently are no reason to stop: they are kept in a table with
//! the reason.

mod batch;
mod json;
mod receiver;
mod settings;
mod wire;

use std::collections::{BTreeMap, HashSet};
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use storelogs::HttpBackend;
use storelogs_collector::archive::{Refusal, Settled};
use storelogs_collector::wording::format_duration;
use storelogs_collector::{Archive, TimeRange};
use tokio::runtime::{Builder, Runtime};

use crate::error::{Error, Result};
use crate::failpoint;
use batch::{Batch, Limits, Reader, Record};
use receiver::{Answer, Receiver};

pub use settings::OtlpSettings;

/// A request has no more than this. Receivers refuse bodies beyond 4 to 20 MiB.
const LIMITS: Limits = Limits { records: 2_000, bytes: 3 << 20 };
/// No request is cut to less: one record may be larger.
const LEAST_BYTES: usize = 4 << 10;

/// How long requests are sent again while a receiver accepts nothing, first after `FIRST_WAIT`.
const RETRY_FOR: Duration = Duration::from_secs(120);
const FIRST_WAIT: Duration = Duration::from_secs(1);
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// A receiver of OTLP.
pub struct Otlp {
    receiver: Receiver,
    clock: fn() -> Timestamp,
    limits: Limits,
    retry_for: Duration,
    first_wait: Duration,
}

/// The result of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Entries that the receiver says it has taken.
    pub sent: u64,
    /// Entries that it refused.
    pub refused: u64,
    /// The same, by store. Where a receiver does not say which of several stores' entries it refused, they count to none.
    pub stores: BTreeMap<String, (u64, u64)>,
    /// Requests that it has answered to.
    pub requests: u64,
    /// The last reason for which something was refused.
    pub reason: Option<String>,
}

/// The progress of a delivery.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Step<'a> {
    /// Something was settled; at most this many arrivals are left.
    Settled {
        /// The result so far.
        done: &'a Delivered,
        /// How many arrivals are left at most.
        left: u64,
    },
    /// The receiver takes nothing now, and is asked again.
    Waiting {
        /// Why.
        why: &'a str,
        /// How long.
        wait: Duration,
    },
}

/// One delivery.
struct Delivery<'a> {
    otlp: &'a Otlp,
    /// The runtime on which the sender waits for answers.
    runtime: Runtime,
    archive: &'a mut Archive,
    reader: Reader,
    /// The limits of a request: smaller, once one was too large.
    limits: Limits,
    done: Delivered,
    newest: i64,
    /// When entries are sent again that were settled before: those that were refused then.
    again: Option<HashSet<i64>>,
    progress: &'a mut dyn FnMut(&Step<'_>),
}

impl Otlp {
    /// The receiver that these settings name, over this network. Nothing is sent yet.
    ///
    /// # Errors
    /// If the settings are wrong.
    pub fn new(settings: &OtlpSettings, http: Arc<dyn HttpBackend>, clock: fn() -> Timestamp) -> Result<Self> {
        let receiver = Receiver::new(settings.checked()?, http);
        Ok(Self { receiver, clock, limits: LIMITS, retry_for: RETRY_FOR, first_wait: FIRST_WAIT })
    }

    /// The receiver with requests of no more than this many entries: 2,000 unless said otherwise.
    #[must_use]
    pub fn with_requests_of(self, entries: usize) -> Self {
        Self { limits: Limits { records: entries.max(1), ..self.limits }, ..self }
    }

    /// How long requests are sent again while the receiver accepts nothing, and the first wait.
    #[must_use]
    pub fn retry_for(self, retry_for: Duration, first_wait: Duration) -> Self {
        Self { retry_for, first_wait, ..self }
    }

    /// Its name in the archive: its address without what may be secret.
    pub fn name(&self) -> String {
        format!("otlp {}", self.receiver.address())
    }

    /// Sends what came into the archive since the last delivery to this receiver.
    ///
    /// # Errors
    /// If the archive cannot be used, or the receiver takes nothing. What it has taken stays settled, and the next delivery
    /// goes on there.
    pub fn deliver(&self, archive: &mut Archive, progress: &mut dyn FnMut(&Step<'_>)) -> Result<Delivered> {
        let name = self.name();
        let mut after = archive.export(&name)?.map_or(0, |state| state.arrived);
        let mut delivery = self.delivery(archive, progress)?;
        loop {
            let newest = delivery.archive.newest_arrival()?;
            delivery.newest = newest;
            let read = delivery.reader.read(delivery.archive, after, delivery.limits)?;
            let Some(batch) = read else {
                delivery.archive.export_succeeded(&name, newest, (self.clock)())?;
                return Ok(delivery.done);
            };
            if let Err(error) = delivery.deliver(&batch, 0..batch.records.len()) {
                delivery.archive.export_failed(&name, &error.to_string(), (self.clock)())?;
                return Err(error);
            }
            after = batch.last;
        }
    }

    /// Sends the entries of a time range again, whatever was sent before.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver).
    pub fn deliver_again(
        &self,
        archive: &mut Archive,
        range: TimeRange,
        progress: &mut dyn FnMut(&Step<'_>),
    ) -> Result<Delivered> {
        let upto = archive.export(&self.name())?.map_or(0, |state| state.arrived);
        let refused = archive.refusals(&self.name())?.into_iter().map(|kept| kept.refusal.arrived);
        let refused = refused.filter(|[first, last]| first == last).map(|[first, _]| first).collect();
        let mut delivery = self.delivery(archive, progress)?;
        (delivery.newest, delivery.again, delivery.reader.range) = (upto, Some(refused), Some(range));
        let mut after = 0;
        while let Some(mut batch) = delivery.reader.read(delivery.archive, after, delivery.limits)? {
            after = batch.last;
            // Entries that were never sent come with the next delivery.
            batch.records.retain(|record| record.arrived <= upto);
            delivery.deliver(&batch, 0..batch.records.len())?;
            if after >= upto {
                break;
            }
        }
        Ok(delivery.done)
    }

    fn delivery<'a>(
        &'a self,
        archive: &'a mut Archive,
        progress: &'a mut dyn FnMut(&Step<'_>),
    ) -> Result<Delivery<'a>> {
        let newest = archive.newest_arrival()?;
        let reader = Reader::new(self.receiver.settings.form);
        let unusable = |why: io::Error| Error::Settings { why: format!("this system gives no event loop: {why}") };
        let runtime = Builder::new_current_thread().enable_all().build().map_err(unusable)?;
        Ok(Delivery {
            otlp: self,
            runtime,
            archive,
            reader,
            limits: self.limits,
            done: Delivered::default(),
            newest,
            again: None,
            progress,
        })
    }
}

impl Delivery<'_> {
    /// Delivers some records of a batch, in parts if they are not taken together.
    fn deliver(&mut self, batch: &Batch, range: std::ops::Range<usize>) -> Result<()> {
        let records = &batch.records[range.clone()];
        if records.is_empty() {
            return self.settle(batch, &range, 0, Vec::new());
        }
        let all = records.len() as u64;
        let arrived = [records[0].arrived, records[records.len() - 1].arrived];
        let alone = |reason: String| {
            let refusal =
                |record: &Record| Refusal { arrived: [record.arrived; 2], entries: 1, reason: reason.clone() };
            records.iter().map(refusal).collect::<Vec<_>>()
        };
        match self.send(batch, records)? {
            Answer::Taken { rejected: 0, .. } => self.settle(batch, &range, all, Vec::new()),
            Answer::Taken { rejected, why } if rejected >= all => self.settle(batch, &range, 0, alone(why)),
            // The others are there: to send them again would double them.
            Answer::Taken { rejected, why } => {
                let refused = vec![Refusal { arrived, entries: rejected, reason: why }];
                self.settle(batch, &range, all - rejected, refused)
            }
            Answer::Refused(why) if all == 1 => self.settle(batch, &range, 0, alone(why)),
            Answer::TooLarge(why) if all == 1 => self.settle(batch, &range, 0, alone(why)),
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

    /// Writes down what became of records.
    fn settle(
        &mut self,
        batch: &Batch,
        range: &std::ops::Range<usize>,
        sent: u64,
        refused: Vec<Refusal>,
    ) -> Result<()> {
        let records = &batch.records[range.clone()];
        let upto = match (batch.records.get(range.end), records.last()) {
            // Entries with one number are settled together.
            (Some(next), Some(last)) if next.arrived == last.arrived => last.arrived - 1,
            (Some(_), Some(last)) => last.arrived,
            _ => batch.last,
        };
        self.count(records, sent, &refused);
        let taken = match &self.again {
            Some(before) if refused.is_empty() => {
                records.iter().map(|record| record.arrived).filter(|arrived| before.contains(arrived)).collect()
            }
            _ => Vec::new(),
        };
        let settled = Settled { upto: self.again.is_none().then_some(upto), sent, refused, taken };
        failpoint::step();
        self.archive.settle_export(&self.otlp.name(), &settled, (self.otlp.clock)())?;
        let left = (self.newest - upto).max(0).unsigned_abs();
        (self.progress)(&Step::Settled { done: &self.done, left });
        Ok(())
    }

    fn count(&mut self, records: &[Record], sent: u64, refused: &[Refusal]) {
        let number: u64 = refused.iter().map(|refusal| refusal.entries).sum();
        self.done.sent += sent;
        self.done.refused += number;
        if let Some(refusal) = refused.last() {
            self.done.reason = Some(refusal.reason.clone());
        }
        let is_one = records.windows(2).all(|pair| pair[0].store == pair[1].store);
        if !is_one && sent > 0 && number > 0 {
            return;
        }
        for run in records.chunk_by(|one, other| one.store == other.store) {
            let Some((store, _)) = self.reader.stores.get(&run[0].store) else { continue };
            let counts = self.done.stores.entry(store.to_string()).or_default();
            let all = run.len() as u64;
            let (taken, not) = if is_one {
                (sent, number)
            } else if sent > 0 {
                (all, 0)
            } else {
                (0, all)
            };
            counts.0 += taken;
            counts.1 += not;
        }
    }
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp").field("name", &self.name()).finish_non_exhaustive()
    }
}
