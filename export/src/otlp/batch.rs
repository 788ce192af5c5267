//! Batches of entries from the archive, as OTLP records, for one request each.

use std::collections::HashMap;
use std::ops::{ControlFlow, Range};

use storelogs::Store;
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use storelogs::otlp::opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue};
use storelogs::otlp::opentelemetry_proto::tonic::logs::v1::LogRecord;
use storelogs_collector::archive::{ArrivedEntry, StoreId};
use storelogs_collector::{Archive, TimeRange};

use super::settings::Form;
use super::wire::{self, Frame};
use crate::error::{Error, Result};

/// How much a request has at the most.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) records: usize,
    pub(super) bytes: usize,
}

/// A record that is ready to be sent.
#[derive(Clone, Debug)]
pub(super) struct Record {
    pub(super) arrived: i64,
    pub(super) store: StoreId,
    /// Its place in the batch's text.
    pub(super) text: Range<usize>,
}

/// Records in the order of their arrivals.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) records: Vec<Record>,
    pub(super) text: Vec<u8>,
    /// The last arrival that was looked at.
    pub(super) last: i64,
    /// How many of those that were looked at are of another time.
    pub(super) left_out: u64,
}

/// Reads batches.
pub(super) struct Reader {
    form: Form,
    pub(super) stores: HashMap<StoreId, (Store, Frame)>,
    /// Only entries of this time.
    pub(super) range: Option<TimeRange>,
}

impl Reader {
    pub(super) fn new(form: Form) -> Self {
        Self { form, stores: HashMap::new(), range: None }
    }

    /// The next batch, if there is one.
    pub(super) fn read(&mut self, archive: &Archive, after: i64, limits: Limits) -> Result<Option<Batch>> {
        let mut batch = Batch { last: after, ..Batch::default() };
        let mut failed = None;
        let _ = archive.each_arrived(after, |entry| {
            // Forms of older archives may have come at one number: they stay together.
            let is_full = batch.records.len() >= limits.records || batch.text.len() >= limits.bytes;
            if is_full && entry.arrived != batch.last {
                return ControlFlow::Break(());
            }
            match self.add(archive, entry, &mut batch) {
                Ok(()) => ControlFlow::Continue(()),
                Err(error) => {
                    failed = Some(error);
                    ControlFlow::Break(())
                }
            }
        })?;
        match failed {
            Some(error) => Err(error),
            None => Ok((batch.last > after).then_some(batch)),
        }
    }

    fn add(&mut self, archive: &Archive, entry: &ArrivedEntry<'_>, batch: &mut Batch) -> Result<()> {
        batch.last = entry.arrived;
        let unreadable = |what: &str| {
            Error::Archive(storelogs_collector::Error::Stores(format!(
                "the archive {} holds {what}: `storelogs doctor` looks into it",
                archive.path().display()
            )))
        };
        if !self.stores.contains_key(&entry.store) {
            for (id, store) in archive.stores()? {
                let frame = Frame::of(self.form, &store);
                self.stores.entry(id).or_insert((store, frame));
            }
        }
        let Some((store, _)) = self.stores.get(&entry.store) else {
            return Err(unreadable("an entry of a store that it does not know"));
        };
        let log = entry.fields.entry(store);
        let log = log.map_err(|what| unreadable(&format!("an entry with {what} that cannot be read")))?;
        if self.range.is_some_and(|range| !range.contains(log.time)) {
            batch.left_out += 1;
            return Ok(());
        }
        let mut record = LogRecord::from(log);
        if entry.revision > 0 {
            record.attributes.push(KeyValue {
                key: "shop.revision".to_owned(),
                value: Some(AnyValue { value: Some(Any::IntValue(entry.revision.into())) }),
                ..KeyValue::default()
            });
        }
        let start = batch.text.len();
        wire::write(self.form, &record, &mut batch.text);
        batch.records.push(Record { arrived: entry.arrived, store: entry.store, text: start..batch.text.len() });
        Ok(())
    }

    /// The body of a request with some of a batch's records.
    pub(super) fn body(&self, batch: &Batch, records: &[Record]) -> Vec<u8> {
        let mut places: HashMap<StoreId, usize> = HashMap::new();
        let mut stores: Vec<(&Frame, Vec<Range<usize>>)> = Vec::new();
        for record in records {
            let Some((_, frame)) = self.stores.get(&record.store) else { continue };
            let place = *places.entry(record.store).or_insert_with(|| {
                stores.push((frame, Vec::new()));
                stores.len() - 1
            });
            stores[place].1.push(record.text.clone());
        }
        wire::request(self.form, &batch.text, &stores)
    }
}
