//! The conversion between SHOPLINE's record and the unified entry, both ways, with nothing lost.

use jiff::Timestamp;

use crate::call::InvalidRecord;
use crate::entry::LogEntry;
use crate::error::Error;
use crate::raw::shopline::types::OperationLog;
use crate::severity::Severity;
use crate::store::{Platform, Store};
use crate::time;

/// Makes an entry of a record. Every entry is [`Severity::Info`]: the platform logs what was done.
///
/// # Errors
/// The record, if `id` or `created_at` is missing or cannot be read: an entry cannot do without them.
pub fn entry(
    record: OperationLog,
    store: &Store,
    observed: Timestamp,
) -> Result<LogEntry, Box<InvalidRecord<OperationLog>>> {
    let written = match record.created_at.as_deref().map(time::read) {
        Some(Ok(written)) => written,
        Some(Err(why)) => return Err(InvalidRecord::new(record, "created_at", why)),
        None => return Err(InvalidRecord::new(record, "created_at", "is missing")),
    };
    if record.id.as_deref().is_none_or(str::is_empty) {
        return Err(InvalidRecord::new(record, "id", "is missing"));
    }
    let mut entry = LogEntry::new(store, record.id.unwrap_or_default(), written.time, observed);
    entry.utc_offset = written.offset;
    entry.severity = Severity::Info;
    entry.extra = record.extra;
    if let Some(date) = record.created_at.filter(|_| !written.usual) {
        entry.extra.insert("created_at".into(), date.into());
    }
    entry.category = record.subject_type;
    entry.action = record.verb;
    entry.actor = record.author;
    entry.subject_id = record.subject_id;
    entry.summary = record.detail;
    Ok(entry)
}

/// Rebuilds the platform's record from an entry: the inverse of [`entry`].
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the entry is not one of SHOPLINE's.
pub fn record(entry: &LogEntry) -> Result<OperationLog, Error> {
    if entry.platform != Platform::SHOPLINE {
        return Err(Error::invalid(format!("{} is not an entry of SHOPLINE", entry.uid)));
    }
    let mut extra = entry.extra.clone();
    let date = time::rebuild(&mut extra, "created_at", entry.time, entry.utc_offset);
    Ok(OperationLog {
        author: entry.actor.clone(),
        created_at: Some(date),
        detail: entry.summary.clone(),
        id: Some(entry.id.clone()),
        subject_id: entry.subject_id.clone(),
        subject_type: entry.category.clone(),
        verb: entry.action.clone(),
        extra,
    })
}
