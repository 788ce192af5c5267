//! Queries: which entries to read.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;

use crate::entry::LogEntry;
use crate::severity::Severity;

/// A choice of entries to read: a half-open time range `[since, until)` and filters.
///
/// The platform filters what it can; every entry is checked again here, so the result is exact even if a server ignores
/// a filter. Several values of one filter mean any of them; text is compared without regard to case. An entry that has
/// no such field at all does not match a filter on it.
///
/// ```
/// use storelogs::{LogQuery, Severity};
/// let query = LogQuery::new().min_severity(Severity::Warning).module("USPS (endicia)").limit(100);
/// # assert_eq!(query.limit, Some(100));
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct LogQuery {
    /// The earliest time, included. `None`: as far back as the platform keeps.
    pub since: Option<Timestamp>,
    /// The end of the time range, not included. `None`: now.
    pub until: Option<Timestamp>,
    /// The least serious severity. What is not understood always passes.
    pub min_severity: Option<Severity>,
    /// BigCommerce's `type`, SHOPLINE's `subject_type`.
    pub categories: Vec<String>,
    /// SHOPLINE's `verb`.
    pub actions: Vec<String>,
    /// BigCommerce's `module`, as its plain name: `order status`.
    pub modules: Vec<String>,
    /// SHOPLINE's `author`.
    pub actors: Vec<String>,
    /// The most entries to deliver, the newest first. `None`: all.
    pub limit: Option<usize>,
}

impl LogQuery {
    /// Everything that the platform keeps.
    pub fn new() -> Self {
        Self::default()
    }

    /// The entries of this long before now, by this machine's clock.
    ///
    /// ```
    /// use std::time::Duration;
    /// use storelogs::LogQuery;
    ///
    /// let week = LogQuery::last(Duration::from_secs(7 * 86_400));
    /// # assert!(week.since.is_some() && week.until.is_none());
    /// ```
    pub fn last(time: Duration) -> Self {
        let since = Timestamp::now().checked_sub(time).unwrap_or(Timestamp::MIN);
        Self { since: Some(since), ..Self::default() }
    }

    /// Only entries at `time` or later.
    #[must_use]
    pub fn since(mut self, time: Timestamp) -> Self {
        self.since = Some(time);
        self
    }

    /// Only entries at this time or later: [`since`](Self::since) for the clock of the standard library.
    #[must_use]
    pub fn since_system_time(self, time: SystemTime) -> Self {
        let earliest = if time < SystemTime::UNIX_EPOCH { Timestamp::MIN } else { Timestamp::MAX };
        self.since(Timestamp::try_from(time).unwrap_or(earliest))
    }

    /// Only entries before `time`.
    #[must_use]
    pub fn until(mut self, time: Timestamp) -> Self {
        self.until = Some(time);
        self
    }

    /// Only entries at least this serious, and those whose severity is not understood.
    #[must_use]
    pub fn min_severity(mut self, severity: Severity) -> Self {
        self.min_severity = Some(severity);
        self
    }

    /// Only entries of this category, or of another one given before.
    #[must_use]
    pub fn category(mut self, category: impl Into<String>) -> Self {
        self.categories.push(category.into());
        self
    }

    /// Only entries of this action, or of another one given before.
    #[must_use]
    pub fn action(mut self, action: impl Into<String>) -> Self {
        self.actions.push(action.into());
        self
    }

    /// Only entries of this module, or of another one given before.
    #[must_use]
    pub fn module(mut self, module: impl Into<String>) -> Self {
        self.modules.push(module.into());
        self
    }

    /// Only entries of this actor, or of another one given before.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actors.push(actor.into());
        self
    }

    /// Reads at most this many entries, the newest first.
    #[must_use]
    pub fn limit(mut self, entries: usize) -> Self {
        self.limit = Some(entries);
        self
    }

    /// Whether an entry is one of those asked for, the limit aside.
    pub fn matches(&self, entry: &LogEntry) -> bool {
        self.since.is_none_or(|since| entry.time >= since)
            && self.until.is_none_or(|until| entry.time < until)
            && self.min_severity.is_none_or(|minimum| entry.severity.passes(minimum))
            && any_of(&self.categories, entry.category.as_deref())
            && any_of(&self.actions, entry.action.as_deref())
            && any_of(&self.modules, entry.module.as_deref())
            && any_of(&self.actors, entry.actor.as_deref())
    }
}

#[inline]
fn any_of(wanted: &[String], value: Option<&str>) -> bool {
    wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|w| same_text(w, value)))
}

fn same_text(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || (!(a.is_ascii() && b.is_ascii()) && a.to_lowercase() == b.to_lowercase())
}

/// The value to push down to a filter that takes one: the only one given.
pub(crate) fn only(values: &[String]) -> Option<&str> {
    match values {
        [one] => Some(one),
        _ => None,
    }
}
