//! The builder of an entry: for a platform in another crate, for an import, for tests.

use jiff::Timestamp;
use serde_json::Value;

use crate::entry::{LogEntry, UtcOffset};
use crate::severity::Severity;
use crate::store::Store;

/// Makes a [`LogEntry`]: [`LogEntry::builder`].
#[derive(Clone, Debug)]
#[must_use]
pub struct EntryBuilder {
    entry: LogEntry,
}

impl LogEntry {
    /// An entry to be filled in, with what every entry has. It was read when it happened, unless `observed` says otherwise.
    ///
    /// ```
    /// use storelogs::{LogEntry, Severity, Store};
    ///
    /// let store = Store::bigcommerce("abc123")?;
    /// let time = "2026-11-01T08:00:00Z".parse().expect("a literal that is a time");
    /// let entry = LogEntry::builder(&store, "7", time)
    ///     .severity(Severity::Error)
    ///     .module("USPS (endicia)")
    ///     .summary("No rates")
    ///     .build();
    /// assert_eq!(entry.to_string(), "2026-11-01T08:00:00Z error bigcommerce:abc123 USPS (endicia): No rates");
    /// # Ok::<(), storelogs::Error>(())
    /// ```
    pub fn builder(store: &Store, id: impl Into<String>, time: Timestamp) -> EntryBuilder {
        EntryBuilder { entry: Self::new(store, id, time, time) }
    }
}

impl EntryBuilder {
    /// Sets the store.
    pub fn store(mut self, store: &Store) -> Self {
        let renamed = LogEntry::new(store, self.entry.id.as_str(), self.entry.time, self.entry.observed);
        (self.entry.uid, self.entry.platform, self.entry.store) = (renamed.uid, renamed.platform, renamed.store);
        self
    }

    /// Sets the time; it was then read as much later as before.
    pub fn time(mut self, time: Timestamp) -> Self {
        let delay = self.entry.observed.duration_since(self.entry.time);
        (self.entry.time, self.entry.observed) = (time, time.checked_add(delay).unwrap_or(Timestamp::MAX));
        self
    }

    /// Sets the offset from UTC in which the platform wrote its time.
    pub fn utc_offset(mut self, offset: UtcOffset) -> Self {
        self.entry.utc_offset = offset;
        self
    }

    /// Read at another time.
    pub fn observed(mut self, time: Timestamp) -> Self {
        self.entry.observed = time;
        self
    }

    /// How serious it is, and that severity's name as what the platform sent.
    pub fn severity(mut self, severity: Severity) -> Self {
        self.entry.severity = severity;
        self.entry.severity_text = Some(severity.to_string());
        self
    }

    /// The severity as the platform sent it, where that is not its name: `errors`.
    pub fn severity_text(mut self, text: impl Into<String>) -> Self {
        self.entry.severity_text = Some(text.into());
        self
    }

    /// Sets the kind of subject.
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.entry.category = Some(category.into());
        self
    }

    /// Sets the action.
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.entry.action = Some(action.into());
        self
    }

    /// The part of the shop that logged it.
    pub fn module(mut self, module: impl Into<String>) -> Self {
        self.entry.module = Some(module.into());
        self
    }

    /// Sets the actor.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.entry.actor = Some(actor.into());
        self
    }

    /// The id of the thing acted on.
    pub fn subject_id(mut self, id: impl Into<String>) -> Self {
        self.entry.subject_id = Some(id.into());
        self
    }

    /// Sets the summary, one line.
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.entry.summary = Some(summary.into());
        self
    }

    /// The long form: plain text, HTML, or JSON in a string.
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
