//! Suggestions for a filter that found nothing: the values that the newest entries have.

use std::collections::BTreeSet;
use std::sync::Arc;

use futures::StreamExt;
use storelogs::{LogEntry, LogQuery, LogSource, merge};
use storelogs_collector::nearest::nearest;

use crate::ui::{Ui, quoted};

/// How many stores are asked, and how many entries of each are looked at: a page.
const STORES: usize = 3;
const ENTRIES: usize = 250;
/// How many values are named.
const SHOWN: usize = 12;

/// An option, what it asks for, and what an entry has of it.
type Asked<'a> = (&'static str, &'a [String], fn(&LogEntry) -> Option<&str>);

/// Warns of each value that was asked for and that no entry has, and lists the values that entries have. An option without
/// a value is left out.
pub(super) async fn warn(sources: &[Arc<dyn LogSource>], query: &LogQuery, ui: Ui) {
    let asked: [Asked<'_>; 4] = [
        ("--module", &query.modules, |entry| entry.module.as_deref()),
        ("--category", &query.categories, |entry| entry.category.as_deref()),
        ("--action", &query.actions, |entry| entry.action.as_deref()),
        ("--actor", &query.actors, |entry| entry.actor.as_deref()),
    ];
    if asked.iter().all(|(_, values, _)| values.is_empty()) {
        return;
    }
    let mut newest = LogQuery::new();
    (newest.since, newest.until, newest.limit) = (query.since, query.until, Some(ENTRIES));
    let mut log = merge(sources.iter().take(STORES).cloned(), newest);
    let mut entries = Vec::new();
    while let Some(entry) = log.next().await {
        entries.extend(entry); // what went wrong was said before
    }
    for (option, values, of) in asked {
        let there: BTreeSet<&str> = entries.iter().filter_map(of).filter(|value| !value.is_empty()).collect();
        let is_there = |value: &String| there.iter().any(|other| other.to_lowercase() == value.to_lowercase());
        for value in values.iter().filter(|value| !there.is_empty() && !is_there(value)) {
            let meant = nearest(value, there.iter().map(|value| (*value).to_owned()));
            let meant = meant.map(|meant| format!("; did you mean {}?", quoted(&meant))).unwrap_or_default();
            let names: Vec<String> = there.iter().take(SHOWN).map(|value| quoted(value).into_owned()).collect();
            let more = if there.len() > SHOWN { format!(" and {} more", there.len() - SHOWN) } else { String::new() };
            ui.warning(&format!(
                "{option}: no entry of the newest {} has {}{meant}\nthere are {}{more}",
                entries.len(),
                quoted(value),
                names.join(", ")
            ));
        }
    }
}
