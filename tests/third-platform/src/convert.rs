//! The conversion between Acme's record and the unified entry, both ways, with nothing lost.

use jiff::Timestamp;
use storelogs::platform::{InvalidRecord, time};
use storelogs::{Error, LogEntry, Severity, Store};

use crate::ACME;
use crate::raw::types::Event;

/// Makes an entry of a record.
///
/// # Errors
/// The record, if `event_id` or `at` is missing or cannot be read: an entry cannot do without them.
pub fn entry(record: Event, store: &Store, observed: Timestamp) -> Result<LogEntry, Box<InvalidRecord<Event>>> {
    let written = match record.at.as_deref().map(time::read) {
        Some(Ok(written)) => written,
        Some(Err(why)) => return Err(InvalidRecord::new(record, "at", why)),
        None => return Err(InvalidRecord::new(record, "at", "is missing")),
    };
    let Some(id) = record.event_id.clone() else { return Err(InvalidRecord::new(record, "event_id", "is missing")) };
    let mut entry = LogEntry::new(store, id, written.time, observed);
    entry.utc_offset = written.offset;
    entry.extra = record.extra;
    if let Some(at) = record.at.filter(|_| !written.usual) {
        entry.extra.insert("at".into(), at.into());
    }
    entry.severity = match record.level.as_deref() {
        Some("info") => Severity::Info,
        Some("warning") => Severity::Warning,
        Some("critical") => Severity::Error,
        _ => Severity::Unspecified,
    };
    entry.severity_text = record.level;
    entry.action = record.kind;
    entry.actor = record.who;
    entry.summary = record.text;
    Ok(entry)
}

/// Makes the platform's record of an entry again: the inverse of [`entry`].
///
/// # Errors
/// [`ErrorKind::InvalidInput`](storelogs::ErrorKind::InvalidInput) if the entry is not one of Acme's.
pub fn record(entry: &LogEntry) -> Result<Event, Error> {
    if entry.platform != ACME {
        return Err(Error::invalid(format!("{} is not an entry of Acme", entry.uid)));
    }
    let mut extra = entry.extra.clone();
    let at = time::rebuild(&mut extra, "at", entry.time, entry.utc_offset);
    Ok(Event {
        at: Some(at),
        event_id: Some(entry.id.clone()),
        kind: entry.action.clone(),
        level: entry.severity_text.clone(),
        text: entry.summary.clone(),
        who: entry.actor.clone(),
        extra,
    })
}
