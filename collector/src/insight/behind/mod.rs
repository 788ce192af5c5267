//! The entries behind the figures of a page: whoever reads it has no archive to search.

mod counted;
mod find;

use std::collections::HashMap;
use std::fmt::Write as _;
use std::rc::Rc;

use jiff::Timestamp;
use serde::Serialize;
use storelogs::{LogEntry, Severity};

use super::Context;
use crate::message;
use crate::redact::{Field, Text};

pub(super) use find::entries;

/// The most entries of a figure.
const MOST: usize = 50;
/// The most lines of a long list that have their entries in the page, and the most entries of a bar of a chart.
const MOST_LINES: usize = 50;
const MOST_OF_STEP: usize = 10;
/// The longest summary, reason and name, and the longest message, in bytes.
const LONGEST: usize = 300;
const LONGEST_MESSAGE: usize = 600;
/// What the JSON of a figure takes beside its query, and what the place of an entry takes in it, in bytes.
const OF_FIGURE: usize = 48;
const OF_PLACE: usize = 8;

/// Entries with the numbers of their stores, the newest first.
type Newest = Vec<(u32, Rc<LogEntry>)>;

/// Leaves only the newest.
fn trim(newest: &mut Newest, most: usize) {
    newest.sort_by(|(_, a), (_, b)| b.time.cmp(&a.time).then_with(|| a.uid.cmp(&b.uid)));
    newest.truncate(most);
}

/// The newest entries behind the figures of a report.
#[derive(Clone, Debug, Default)]
pub struct Entries {
    list: Vec<Entry>,
    /// The figures, those that matter most first.
    figures: Vec<Figure>,
}

/// A figure, and the places of its newest entries in the list, the newest first.
#[derive(Clone, Debug)]
struct Figure {
    /// The search that lists what it counts. None of a bar of a chart, whose entries the page finds itself.
    query: Option<String>,
    /// How many entries it counts.
    of: u64,
    newest: Vec<usize>,
}

/// An entry as a page shows it.
#[derive(Clone, Debug, Serialize)]
struct Entry {
    /// The number of the store.
    store: u32,
    time: Timestamp,
    severity: Severity,
    /// The place of its category in those of the charts.
    category: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<Text>,
    /// Why, as its message gives it.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<Text>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

impl Entry {
    fn new(context: &Context<'_>, store: u32, category: usize, entry: &LogEntry) -> Self {
        let text = |field, text: &Option<String>, longest| {
            text.as_deref().filter(|text| !text.is_empty()).map(|text| context.text(field, text).cut(longest))
        };
        let reason = entry.message.as_deref().and_then(message::reason);
        Self {
            store,
            time: entry.time,
            severity: entry.severity,
            category,
            actor: text(Field::Actor, &entry.actor, LONGEST),
            summary: text(Field::Summary, &entry.summary, LONGEST),
            reason: text(Field::Message, &reason, LONGEST),
            message: text(Field::Message, &entry.message, LONGEST_MESSAGE),
        }
    }
}

impl Entries {
    /// As JSON that a page can embed, the entries that have room in this many bytes: of each figure the newest, then of each
    /// the next. `embedded` is what becomes of JSON in the page.
    pub(super) fn json(&self, room: usize, embedded: impl Fn(&str) -> String) -> String {
        let query = |figure: &Figure| figure.query.as_ref().map(|query| embedded(&json(query)));
        let queries: Vec<Option<String>> = self.figures.iter().map(query).collect();
        let mut shown = vec![Vec::new(); self.figures.len()];
        let (mut list, mut places, mut left) = (String::new(), HashMap::new(), room);
        for round in 0..MOST {
            for ((figure, query), shown) in self.figures.iter().zip(&queries).zip(&mut shown) {
                // Without a newer one that had no room, older ones are left out too.
                let Some(entry) = figure.newest.get(round).filter(|_| shown.len() == round) else { continue };
                let known = places.get(entry).copied();
                let text = if known.is_some() { String::new() } else { embedded(&json(&self.list[*entry])) + ",\n" };
                let head = query.as_ref().filter(|_| round == 0).map_or(0, |query| query.len() + OF_FIGURE);
                let Some(rest) = left.checked_sub(text.len() + OF_PLACE + head) else { continue };
                left = rest;
                list.push_str(&text);
                let next = places.len();
                shown.push(*places.entry(*entry).or_insert(known.unwrap_or(next)));
            }
        }
        let mut figures = String::new();
        for ((figure, query), shown) in self.figures.iter().zip(&queries).zip(&shown) {
            if let Some(query) = query.as_ref().filter(|_| !shown.is_empty()) {
                // Writing to a string cannot fail.
                let _ = writeln!(figures, "{query}:{{\"of\":{},\"list\":{}}},", figure.of, json(shown));
            }
        }
        let [list, figures] = [list, figures].map(|text| text.trim_end().trim_end_matches(',').to_owned());
        format!("{{\"list\":[{list}],\n\"figures\":{{{figures}}}}}")
    }
}

fn json(value: &impl Serialize) -> String {
    // Texts and numbers can always be written.
    serde_json::to_string(value).unwrap_or_default()
}
