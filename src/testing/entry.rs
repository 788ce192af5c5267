use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::time;
use crate::entry::{LogEntry, UtcOffset};
use crate::severity::Severity;
use crate::store::Store;

/// A made-up entry of the store `bigcommerce:abc123`. The number is its id, and the minute of 2026 it is from: a higher
/// one is newer. Change what matters, and [`build`](EntryBuilder::build) it.
///
/// ```
/// use storelogs::{Severity, testing};
///
/// let entry = testing::entry(7).severity(Severity::Error).summary("Payment declined").build();
/// assert_eq!(entry.uid, "bigcommerce:abc123:7");
/// assert_eq!(entry.time.to_string(), "2026-01-01T00:07:00Z");
/// ```
pub fn entry(number: u32) -> EntryBuilder {
    let time = time(i64::from(number));
    let entry = LogEntry::new(&default_store(), number.to_string(), time, time + DELAY);
    EntryBuilder { entry }.severity(Severity::Info).category("general").summary(format!("Entry {number}"))
}

/// How long after it happened a made-up entry is read.
const DELAY: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn default_store() -> Store {
    Store::bigcommerce("abc123").expect("this literal is a store hash")
}

/// Makes a [`LogEntry`] out of what [`entry`] begins with.
#[derive(Clone, Debug)]
#[must_use]
pub struct EntryBuilder {
    entry: LogEntry,
}

impl EntryBuilder {
    /// Of another store.
    pub fn store(mut self, store: &Store) -> Self {
        let renamed = LogEntry::new(store, self.entry.id.as_str(), self.entry.time, self.entry.observed);
        (self.entry.uid, self.entry.platform, self.entry.store) = (renamed.uid, renamed.platform, renamed.store);
        self
    }

    /// At another time. It was then read a second later.
    pub fn time(mut self, time: Timestamp) -> Self {
        (self.entry.time, self.entry.observed) = (time, time + DELAY);
        self
    }

    /// With another offset from UTC, as the platform wrote its time.
    pub fn utc_offset(mut self, offset: UtcOffset) -> Self {
        self.entry.utc_offset = offset;
        self
    }

    /// Read at another time.
    pub fn observed(mut self, time: Timestamp) -> Self {
        self.entry.observed = time;
        self
    }

    /// Another severity than [`Severity::Info`], and its name as what the platform sent.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.entry.severity = severity;
        self.entry.severity_text = Some(severity.to_string());
        self
    }

    /// What it is about. `general` unless told otherwise.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.entry.category = Some(category.into());
        self
    }

    /// What was done.
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.entry.action = Some(action.into());
        self
    }

    /// The part of the shop that logged it.
    pub fn module(mut self, module: impl Into<String>) -> Self {
        self.entry.module = Some(module.into());
        self
    }

    /// Who did it.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.entry.actor = Some(actor.into());
        self
    }

    /// The id of the thing acted on.
    pub fn subject_id(mut self, id: impl Into<String>) -> Self {
        self.entry.subject_id = Some(id.into());
        self
    }

    /// What happened, in one line. `Entry 7` unless told otherwise.
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.entry.summary = Some(summary.into());
        self
    }

    /// The long form.
    pub fn message(mut self, message: impl Into<String>) -> Self {
        self.entry.message = Some(message.into());
        self
    }

    /// A field that the platform's document does not name.
    pub fn extra(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.entry.extra.insert(name.into(), value.into());
        self
    }

    /// The entry.
    pub fn build(self) -> LogEntry {
        self.entry
    }
}

impl From<EntryBuilder> for LogEntry {
    fn from(builder: EntryBuilder) -> Self {
        builder.build()
    }
}
