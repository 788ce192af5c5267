//! An alert of a rule.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use ring::digest;
use serde::{Deserialize, Serialize};
use storelogs::{LogEntry, Severity};

use super::part::Part;
use crate::nearest::no_such;
use crate::redact::{Field, Redact, Redactor};
use crate::wording::{format_duration, pluralize};

/// The version of an alert as JSON. It rises when a field goes or changes its meaning, not when one comes.
const VERSION: u32 = 1;
/// How many entries go with an alert.
const EXAMPLES: usize = 3;
/// The longest text of an entry that goes with an alert, in bytes.
const LONGEST: usize = 4000;

/// An alert of a rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Alert {
    /// The version of this form: 1.
    pub version: u32,
    /// The same for every delivery of the same alert, and for no other, so a receiver notices when it comes twice.
    pub id: String,
    /// The same for every alert about the same thing until it is over; of what has no end, the id.
    #[serde(default)]
    pub key: String,
    /// Whether it is over.
    #[serde(default)]
    pub status: Status,
    /// How bad it is.
    #[serde(default)]
    pub level: Level,
    /// The rule's name.
    pub rule: String,
    /// The kind of things that the rule looks for.
    pub kind: Kind,
    /// When it was made.
    pub at: Timestamp,
    /// The subject of the alert: `store`, and whatever else the rule counts separately.
    pub about: BTreeMap<String, String>,
    /// A few words on what happened. It may hold texts of the log, which are not to be trusted.
    pub text: String,
    /// The time of the first entry.
    pub since: Timestamp,
    /// The time of the last one.
    pub until: Timestamp,
    /// How many entries.
    pub entries: u64,
    /// Whether it sums up what was suppressed after an earlier alert.
    pub follows: bool,
    /// How many stores, modules or whatever the rule counts separately this alert stands for.
    pub together: u64,
    /// The query of `storelogs search` that lists the entries.
    pub query: String,
    /// The newest of the entries, newest first.
    pub examples: Vec<LogEntry>,
}

/// Whether what an alert is about goes on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// It has happened, and goes on if it is something that can.
    #[default]
    Firing,
    /// It is over.
    Resolved,
}

/// The level of an alert, by which it can be routed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Worth knowing.
    Info,
    /// Worth a look.
    #[default]
    Warning,
    /// Something fails.
    Error,
    /// Somebody has to get up.
    Critical,
}

impl Level {
    const ALL: [Self; 4] = [Self::Info, Self::Warning, Self::Error, Self::Critical];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
            Self::Critical => "critical",
        }
    }

    /// The level of this name.
    pub(super) fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|level| level.as_str() == name.trim());
        found.ok_or_else(|| format!("level: {}", no_such(name, &Self::ALL.map(Self::as_str))))
    }
}

/// The kind of things that a rule looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Entries.
    Entries,
    /// A problem whose template was never seen before.
    NewTemplate,
    /// A burst of problems.
    Incident,
    /// Whether it is a change that can do harm.
    Sensitive,
    /// No entries.
    Silence,
    /// Nothing: whether alerts arrive is tried.
    Trial,
}

impl Alert {
    /// An alert of the rule of this name about something, with these entries, newest first.
    pub(super) fn new(rule: &str, kind: Kind, at: Timestamp, about: &[(Part, String)]) -> Self {
        let about = about.iter().map(|(part, value)| (part.name().to_owned(), value.clone())).collect();
        Self {
            version: VERSION,
            id: String::new(),
            key: String::new(),
            status: Status::Firing,
            level: Level::Warning,
            rule: rule.to_owned(),
            kind,
            at,
            about,
            text: String::new(),
            since: at,
            until: at,
            entries: 0,
            follows: false,
            together: 1,
            query: String::new(),
            examples: Vec::new(),
        }
    }

    pub(super) fn with(mut self, entry: &LogEntry) -> Self {
        self.examples = vec![short(entry)];
        (self.since, self.until, self.entries) = (entry.time, entry.time, 1);
        self
    }

    /// Adds another alert to this one.
    pub(super) fn add(&mut self, other: Self) {
        self.since = self.since.min(other.since);
        self.until = self.until.max(other.until);
        self.entries += other.entries;
        self.examples.extend(other.examples);
        self.examples.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        self.examples.dedup_by(|a, b| a.uid == b.uid);
        self.examples.truncate(EXAMPLES);
    }

    /// Gives it its name, when nothing of it changes any more.
    pub(super) fn seal(&mut self) {
        let about: Vec<String> = self.about.iter().map(|(part, value)| format!("{part}={value}")).collect();
        let parts = format!("{}\0{}\0{}\0{}\0{}", self.rule, about.join("\0"), self.at, self.until, self.text);
        self.id = sum(&parts);
        if self.key.is_empty() {
            self.key.clone_from(&self.id);
        }
    }

    /// The key of everything about one thing.
    pub(super) fn key_of(rule: &str, about: &str) -> String {
        sum(&format!("{rule}\0{about}"))
    }

    /// The most serious entry that goes with it.
    pub fn severity(&self) -> Option<Severity> {
        self.examples.iter().map(|entry| entry.severity).max()
    }

    /// The subject, in one line: `bigcommerce:abc123, USPS`.
    pub fn subject(&self) -> String {
        let store = self.about.get("store").into_iter();
        // The text of the alert has the template.
        let others = self.about.iter().filter(|(part, _)| !matches!(part.as_str(), "store" | "template"));
        let others = others.map(|(_, value)| value);
        let parts: Vec<&str> = store.chain(others).map(String::as_str).filter(|value| !value.is_empty()).collect();
        if parts.is_empty() { "all stores".to_owned() } else { parts.join(", ") }
    }

    /// The alert without personal data and secrets. The actor stays, unless it is an e-mail address.
    pub fn redacted(&self, redactor: &Redactor) -> Self {
        let mut alert = self.clone();
        for text in [&mut alert.text, &mut alert.query] {
            *text = redactor.redact(text).into_owned();
        }
        for value in alert.about.values_mut() {
            *value = redactor.text(Field::Actor, value).into_owned();
        }
        alert.examples = alert.examples.iter().map(|entry| redactor.entry(entry)).collect();
        alert
    }
}

/// Sixteen hexadecimal digits that stand for a text.
fn sum(text: &str) -> String {
    let sum = digest::digest(&digest::SHA256, text.as_bytes());
    sum.as_ref().iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// How many entries in how long a time: `7 entries in 8 min`.
pub(super) fn count(alert: &Alert) -> String {
    let (one, several) = if alert.follows { ("more entry", "more entries") } else { ("entry", "entries") };
    let entries = pluralize(alert.entries, one, several);
    let span = alert.until.duration_since(alert.since);
    if span < SignedDuration::from_secs(1) { entries } else { format!("{entries} in {}", format_duration(span)) }
}

/// The entry with texts that a message can carry.
fn short(entry: &LogEntry) -> LogEntry {
    let mut entry = entry.clone();
    for text in [&mut entry.summary, &mut entry.message].into_iter().flatten() {
        if text.len() > LONGEST {
            text.truncate((0..=LONGEST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default());
            text.push('…');
        }
    }
    entry
}
