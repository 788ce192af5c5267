//! The conversion between BigCommerce's record and the unified entry, both ways, with nothing lost.

use jiff::Timestamp;
use serde_json::Value;

use crate::call::InvalidRecord;
use crate::entry::LogEntry;
use crate::error::Error;
use crate::raw::bigcommerce::types::SystemLog;
use crate::severity::Severity;
use crate::store::{Platform, Store};
use crate::time;

/// Makes an entry of a record.
///
/// # Errors
/// The record, if `id` or `date_created` is missing or cannot be read: an entry cannot do without them.
pub fn entry(record: SystemLog, store: &Store, observed: Timestamp) -> Result<LogEntry, Box<InvalidRecord<SystemLog>>> {
    let Some(id) = record.id else { return Err(InvalidRecord::new(record, "id", "is missing")) };
    let written = match record.date_created.as_deref().map(time::read) {
        Some(Ok(written)) => written,
        Some(Err(why)) => return Err(InvalidRecord::new(record, "date_created", why)),
        None => return Err(InvalidRecord::new(record, "date_created", "is missing")),
    };
    let mut entry = LogEntry::new(store, id.to_string(), written.time, observed);
    entry.utc_offset = written.offset;
    entry.extra = record.extra;
    if let Some(date) = record.date_created.filter(|_| !written.usual) {
        entry.extra.insert("date_created".into(), date.into());
    }
    entry.severity_text = record.severity.map(|severity| match severity {
        Value::String(text) => text,
        other => {
            let text = other.to_string();
            entry.extra.insert("severity".into(), other);
            text
        }
    });
    entry.severity = entry.severity_text.as_deref().map_or(Severity::Unspecified, Severity::from_bigcommerce);
    entry.category = record.type_;
    entry.module = record.module;
    entry.summary = record.summary;
    entry.message = record.message;
    Ok(entry)
}

/// Rebuilds the platform's record from an entry: the inverse of [`entry`].
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) if the entry is not one of BigCommerce's.
pub fn record(entry: &LogEntry) -> Result<SystemLog, Error> {
    let id = entry.id.parse().ok().filter(|_| entry.platform == Platform::BIGCOMMERCE);
    let id = id.ok_or_else(|| Error::invalid(format!("{} is not an entry of BigCommerce", entry.uid)))?;
    let mut extra = entry.extra.clone();
    let date = time::rebuild(&mut extra, "date_created", entry.time, entry.utc_offset);
    let severity = extra.remove("severity").or_else(|| entry.severity_text.clone().map(Value::String));
    Ok(SystemLog {
        date_created: Some(date),
        id: Some(id),
        message: entry.message.clone(),
        module: entry.module.clone(),
        severity,
        summary: entry.summary.clone(),
        type_: entry.category.clone(),
        extra,
    })
}
