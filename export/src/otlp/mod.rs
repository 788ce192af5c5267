//! Sending entries to a receiver of OTLP over HTTP: at least once, with a stable uid.
//!
//! The receiver's answer is recorded in the archive before anything else is sent, so a kill causes at most the last
//! request to be sent again. Entries that it refuses permanently are no reason to stop: they are kept in a table with
//! the reason. But a receiver may as well refuse everything, so a refusal counts only once it takes another entry.

mod batch;
mod delivery;
mod json;
mod receiver;
mod settings;
mod wire;

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::HttpBackend;
use storelogs_collector::{Archive, Moment, TimeRange};

use crate::error::{Error, Result};
use batch::Limits;
use delivery::Delivery;
use receiver::Receiver;

pub use settings::OtlpSettings;

/// A request has no more than this. Receivers refuse bodies beyond 4 to 20 MiB.
const LIMITS: Limits = Limits { records: 2_000, bytes: 3 << 20 };

/// How long requests are sent again while a receiver accepts nothing, first after `FIRST_WAIT`.
const RETRY_FOR: Duration = Duration::from_secs(120);
const FIRST_WAIT: Duration = Duration::from_secs(1);

/// A receiver of OTLP.
pub struct Otlp {
    receiver: Receiver,
    clock: fn() -> Timestamp,
    limits: Limits,
    retry_for: Duration,
    first_wait: Duration,
    since: Option<Moment>,
}

/// The result of a delivery.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Entries that the receiver says it has taken.
    pub sent: u64,
    /// Entries that it refused.
    pub refused: u64,
    /// Entries that were not sent, since they are older than what is wanted there.
    pub left_out: u64,
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

impl Otlp {
    /// The receiver that these settings name, over this network. Nothing is sent yet.
    ///
    /// # Errors
    /// If the settings are wrong.
    pub fn new(settings: &OtlpSettings, http: Arc<dyn HttpBackend>, clock: fn() -> Timestamp) -> Result<Self> {
        let receiver = Receiver::new(settings.checked()?, http);
        Ok(Self { receiver, clock, limits: LIMITS, retry_for: RETRY_FOR, first_wait: FIRST_WAIT, since: None })
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

    /// Leaves out entries from before this, which a receiver would refuse as too old. They count as settled; a time without an
    /// offset is in UTC. [`deliver_again`](Self::deliver_again) does not obey it.
    #[must_use]
    pub fn since(self, since: Moment) -> Self {
        Self { since: Some(since), ..self }
    }

    /// Its name in the archive: its address without what may be secret.
    pub fn name(&self) -> String {
        format!("otlp {}", self.receiver.address())
    }

    /// Sends what came into the archive since the last delivery to this receiver. Meanwhile nobody can forget entries of the
    /// archive.
    ///
    /// # Errors
    /// If the archive cannot be used, another process sends it there or forgets entries of it, or the receiver takes nothing.
    /// What it has taken stays settled, and the next delivery goes on there.
    pub fn deliver(&self, archive: &mut Archive, progress: &mut dyn FnMut(&Step<'_>)) -> Result<Delivered> {
        let name = self.name();
        let busy = || Error::Busy { endpoint: self.receiver.address() };
        let _copying = archive.lock_copying()?;
        let _lock = archive.lock_export(&name, (self.clock)())?.ok_or_else(busy)?;
        let delivered = self.deliver_new(archive, progress);
        if let Err(error) = &delivered
            && !matches!(error, Error::Archive(_))
        {
            archive.export_failed(&name, &error.to_string(), (self.clock)())?;
        }
        delivered
    }

    fn deliver_new(&self, archive: &mut Archive, progress: &mut dyn FnMut(&Step<'_>)) -> Result<Delivered> {
        let name = self.name();
        let mut after = archive.export(&name)?.map_or(0, |state| state.arrived);
        let mut delivery = Delivery::begin(self, archive, after, self.wanted()?, None, progress)?;
        loop {
            let newest = delivery.archive.newest_arrival()?;
            delivery.newest = newest;
            let Some(batch) = delivery.read(after)? else {
                let done = delivery.finish()?;
                archive.export_succeeded(&name, newest, (self.clock)())?;
                return Ok(done);
            };
            delivery.deliver(&batch, 0..batch.records.len())?;
            after = batch.last;
        }
    }

    /// The time range of the entries that are wanted. `None`: all are.
    fn wanted(&self) -> Result<Option<TimeRange>> {
        let Some(since) = self.since else { return Ok(None) };
        let since = since.at((self.clock)(), &TimeZone::UTC).map_err(|why| Error::Settings { why })?;
        Ok(TimeRange::new(since, Timestamp::MAX))
    }

    /// Sends the entries of a time range again, whatever was sent before.
    ///
    /// # Errors
    /// As [`deliver`](Self::deliver), and if nothing was ever sent to this receiver.
    pub fn deliver_again(
        &self,
        archive: &mut Archive,
        range: TimeRange,
        progress: &mut dyn FnMut(&Step<'_>),
    ) -> Result<Delivered> {
        let _copying = archive.lock_copying()?;
        let upto = archive.export(&self.name())?.map_or(0, |state| state.arrived);
        if upto == 0 {
            return Err(Error::NeverSent { endpoint: self.receiver.address() });
        }
        let refused = archive.refusals(&self.name())?.into_iter().map(|kept| kept.refusal.arrived);
        let refused = refused.filter(|[first, last]| first == last).map(|[first, _]| first).collect();
        let mut delivery = Delivery::begin(self, archive, 0, Some(range), Some(refused), progress)?;
        delivery.newest = upto;
        let mut after = 0;
        while let Some(mut batch) = delivery.read(after)? {
            after = batch.last;
            // Entries that were never sent come with the next delivery.
            batch.records.retain(|record| record.arrived <= upto);
            delivery.deliver(&batch, 0..batch.records.len())?;
            if after >= upto {
                break;
            }
        }
        delivery.finish()
    }
}

impl fmt::Debug for Otlp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Otlp").field("name", &self.name()).finish_non_exhaustive()
    }
}
