//! Records of made-up shops as entries.

use std::error::Error;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use storelogs::{LogEntry, Severity, Store, UtcOffset};

/// The entry that a sandbox's record of either platform stands for, come half a minute after it was written.
pub(crate) fn entry(store: &Store, record: &Value) -> Result<LogEntry, Box<dyn Error>> {
    let text = |name: &str| record[name].as_str().map(str::to_owned);
    let time: Timestamp = text("date_created").or(text("created_at")).ok_or("a record without a time")?.parse()?;
    let id = text("id").unwrap_or_else(|| record["id"].to_string());
    let mut entry = LogEntry::new(store, id, time, time + SignedDuration::from_secs(30));
    entry.severity = match record["severity"].as_str() {
        Some("notices") => Severity::Notice,
        Some("warnings") => Severity::Warning,
        Some("errors") => Severity::Error,
        _ => Severity::Info,
    };
    let is_shopline = record["severity"].is_null();
    entry.utc_offset = UtcOffset::from_seconds(if is_shopline { 8 * 3600 } else { 0 });
    (entry.category, entry.module) = (text("type").or(text("subject_type")), text("module"));
    (entry.action, entry.actor) = (text("verb"), text("author"));
    (entry.summary, entry.message) = (text("summary").or(text("detail")), text("message"));
    Ok(entry)
}
