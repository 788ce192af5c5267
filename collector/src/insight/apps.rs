//! Apps: actors that are not people, and who installed them.
//!
//! A log has one name for a person or an app that did something. The name is an app's if the log says that somebody installed or
//! changed an app of that name, or if it has words that apps are named with. Nobody can ask an app, but the person who
//! installed it can be asked.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use jiff::Timestamp;
use storelogs::{LogEntry, Store};

use super::Context;
use super::model::App;
use super::period::from_hour;
use super::query;
use crate::archive::entries::Which;
use crate::archive::{Archive, StoreId};
use crate::error::Result;
use crate::redact::Field;
use crate::sensitive::words;

/// The words of categories and actions that are about apps.
const OF_APPS: [&str; 8] =
    ["app", "apps", "application", "applications", "plugin", "plugins", "integration", "integrations"];
/// The words by which apps are called, and people are not: what an app does, and the platforms' own programs.
const CALLED: [&str; 23] = [
    "api",
    "app",
    "automation",
    "bigcommerce",
    "bot",
    "connector",
    "exporter",
    "feed",
    "helper",
    "importer",
    "integration",
    "openapi",
    "optimizer",
    "plugin",
    "robot",
    "rules",
    "scheduler",
    "shopline",
    "sync",
    "syncer",
    "tool",
    "webhook",
    "widget",
];
/// The most hours in which changes to apps are looked for, the newest first.
const MOST_HOURS: usize = 500;

/// Whether a category or an action is about apps.
pub(super) fn is_of_app(category: Option<&str>, action: Option<&str>) -> bool {
    let texts = [category, action].into_iter().flatten();
    texts.flat_map(words).any(|word| OF_APPS.contains(&word.as_str()))
}

/// An action on an app.
struct Done {
    store: u32,
    /// The words of what the log says of it, each between spaces.
    line: String,
    entry: LogEntry,
}

/// Actions on apps, the newest first.
#[derive(Default)]
pub(super) struct Apps(Vec<Done>);

impl Apps {
    /// Reads what was done in these hours of these stores.
    pub(super) fn read(archive: &Archive, stores: &[(StoreId, Store)], hours: &BTreeSet<(u32, i64)>) -> Result<Self> {
        let mut newest: Vec<&(u32, i64)> = hours.iter().collect();
        newest.sort_by_key(|(_, hour)| std::cmp::Reverse(*hour));
        let mut found = Vec::new();
        for (store, hour) in newest.into_iter().take(MOST_HOURS) {
            let bounds = [*hour, hour + 1].map(|hour| from_hour(hour).unwrap_or_default());
            archive.each_of_store(stores[*store as usize].0, bounds, Which::Changes, |entry| {
                if entry.actor.is_some() && is_of_app(entry.category.as_deref(), entry.action.as_deref()) {
                    let line = line(entry.summary.as_deref().unwrap_or_default());
                    found.push(Done { store: *store, line, entry });
                }
                ControlFlow::Continue(())
            })?;
        }
        found.sort_by_key(|done| std::cmp::Reverse(done.entry.time));
        Ok(Self(found))
    }

    /// The app that an actor is, in a store or anywhere, as it was at that time. `None` if the actor is a person, as
    /// far as anything shows.
    pub(super) fn of(&self, context: &Context<'_>, actor: &str, store: Option<u32>, at: Timestamp) -> Option<App> {
        let name = line(actor);
        if name.trim().is_empty() || actor.contains('@') {
            return None;
        }
        let names = |done: &&Done| done.line.contains(&name) && done.entry.actor.as_deref() != Some(actor);
        let mut done = self.0.iter().filter(names).peekable();
        if done.peek().is_none() && !words(actor).iter().any(|word| CALLED.contains(&word.as_str())) {
            return None;
        }
        // In another store somebody else may have installed it.
        let is_here = |done: &Done| store.is_none_or(|store| done.store == store);
        let last = done.find(|done| done.entry.time <= at && is_here(done));
        let store = last.map(|done| done.store);
        let last = last.map(|done| &done.entry);
        let text = |field, text: &Option<String>| text.as_deref().map(|text| context.text(field, text));
        Some(App {
            by: last.and_then(|entry| text(Field::Actor, &entry.actor)),
            time: last.map(|entry| entry.time),
            summary: last.and_then(|entry| text(Field::Summary, &entry.summary)),
            query: last.map(|entry| query::uid(&entry.uid)),
            store,
        })
    }
}

/// The words of a text, each between spaces.
fn line(text: &str) -> String {
    format!(" {} ", words(text).join(" "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn category_or_action_shows_what_is_about_apps() {
        assert!(is_of_app(Some("apps"), Some("install_app")) && is_of_app(None, Some("uninstall_app")));
        assert!(!is_of_app(Some("products"), Some("edit_product")) && !is_of_app(Some("happy"), None));
    }
}
