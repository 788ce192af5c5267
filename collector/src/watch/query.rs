//! The search that lists the entries of an alert.

use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::LogEntry;

use super::alert::Alert;
use super::part::Part;
use super::rule::Rule;
use crate::archive::Archive;
use crate::error::{Error, Result};
use crate::search::{Filter, Order, quoted};

/// The entries of a rule that have to do with this.
pub(super) fn listing(rule: &Rule, about: &[(Part, String)]) -> String {
    let mut parts: Vec<String> = Vec::new();
    if !rule.when.is_empty() {
        let has_or = rule.when.contains(" OR ");
        parts.push(if has_or { format!("({})", rule.when) } else { rule.when.clone() });
    }
    for (part, value) in about {
        parts.push(match value.replace('*', " ").trim() {
            "" => format!("-{part}:*"),
            value => format!("{part}:{}", quoted(value)),
        });
    }
    parts.join(" ")
}

/// A query, for the time range of an alert.
pub(super) fn timed(query: &str, alert: &Alert) -> String {
    let second = |time: Timestamp, more| Timestamp::from_second(time.as_second() + more).unwrap_or(time);
    let (since, until) = (second(alert.since, 0), second(alert.until, 1));
    format!("{query} since:{since} until:{until}").trim_start().to_owned()
}

/// The newest entry that a filter means.
pub(super) fn newest(archive: &Archive, filter: &Filter) -> Result<Option<LogEntry>> {
    let mut newest = None;
    archive.search::<Error>(filter, Order::NewestFirst, |entry| {
        newest = Some(entry);
        Ok(ControlFlow::Break(()))
    })?;
    Ok(newest)
}

/// Gives an alert of entries the query that lists them, and counts what that lists.
pub(super) fn complete(archive: &Archive, alert: &mut Alert) -> Result<()> {
    if let (1, Some(entry)) = (alert.entries, alert.examples.first())
        && alert.since == alert.until
    {
        alert.query = format!("uid:{}", quoted(&entry.uid));
        return Ok(());
    }
    alert.query = timed(&alert.query, alert);
    // It was put together of what was read before.
    if let Ok(filter) = Filter::parse(&alert.query, alert.at, &TimeZone::UTC) {
        alert.entries = archive.count_found(&filter)?;
    }
    Ok(())
}
