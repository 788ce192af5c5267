//! Forgetting: what a query finds is erased from the archive permanently, wherever it is, or redacted in place.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;
use serde_json::Value;
use storelogs::{LogEntry, Store};

use crate::archive::{Archive, Erasure, PrunedKind, StoreId};
use crate::error::Result;
use crate::redact::Redactor;
use crate::search::{FORGOTTEN, Filter};

/// The fate of the entries that are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Manner {
    /// It is deleted.
    #[default]
    Delete,
    /// Entries stay, without what was asked for and without personal data. Everything else is deleted.
    Redact,
}

/// The entries to forget, and the tables that they are in.
#[derive(Debug)]
pub struct ToForget {
    erasure: Erasure,
    /// The uids of its entries and revisions.
    uids: BTreeSet<String>,
    /// How many entries the query finds after they are redacted, too.
    found_still: u64,
    /// The stores whose name, owner or tags have its words.
    labelled: Vec<Store>,
}

/// The result of forgetting: numbers, and which entries.
#[derive(Clone, Debug, Default)]
pub struct Forgotten {
    /// The uids of the entries, and their times, newest first.
    pub entries: Vec<(String, Timestamp)>,
    /// Revisions of these entries and of others.
    pub revisions: u64,
    /// Records in quarantine.
    pub quarantined: u64,
    /// Alerts on their way, and what is known of alerts that were sent.
    pub alerts: u64,
    /// Counts of pruned entries that lose their actor and their shape.
    pub counts: u64,
    /// Entries that the query finds after they are redacted, too: by their store, id, time or severity, or by a field of
    /// which it asks for the whole value.
    pub found_still: u64,
    /// The stores whose name, owner or tags have the words of the query. These are the configuration's, and stay.
    pub labelled: Vec<Store>,
}

impl Forgotten {
    /// Whether nothing was found.
    pub fn is_nothing(&self) -> bool {
        self.entries.is_empty() && self.revisions + self.quarantined + self.alerts + self.counts == 0
    }
}

impl ToForget {
    /// Everything in an archive that a query finds: entries, revisions that match by themselves, records in quarantine,
    /// and whatever else has its words. `progress` is called with the number of entries that were checked.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn find(archive: &Archive, filter: &Filter, manner: Manner, progress: impl Fn(u64)) -> Result<Self> {
        let filter = &*filter.labelled(archive)?;
        let mut seen = 0;
        let stores: HashMap<StoreId, Store> = archive.stores()?.into_iter().collect();
        let ids: HashMap<String, StoreId> = stores.iter().map(|(id, store)| (store.to_string(), *id)).collect();
        let redactor = archive.redactor()?;
        let mut erasure = Erasure::default();
        // Checks every entry, so that nothing depends on the index of words.
        archive.every_entry(|entry| {
            seen += 1;
            if seen % 10_000 == 0 {
                progress(seen);
            }
            let store = ids.get(&format!("{}:{}", entry.platform, entry.store));
            if let Some(store) = store.filter(|_| filter.matches(&entry)) {
                let rest = (manner == Manner::Redact).then(|| redacted(&entry, filter, &redactor));
                erasure.entries.push((*store, entry, rest));
            }
        })?;
        let found: std::collections::HashSet<&str> =
            erasure.entries.iter().map(|(_, entry, _)| entry.uid.as_str()).collect();
        let mut uids: BTreeSet<String> = found.iter().map(|uid| (*uid).to_owned()).collect();
        for revision in archive.each_revision()? {
            if found.contains(revision.what.uid.as_str()) || filter.matches(&revision.what) {
                erasure.revisions.push(revision.id);
                uids.insert(revision.what.uid);
            }
        }
        for record in archive.each_quarantined()? {
            let (raw, id, time) = record.what;
            let Some(store) = stores.get(&record.store) else { continue };
            if filter.matches(&as_entry(store, &raw, id, time)) {
                erasure.quarantined.push(record.id);
            }
        }
        let is_about = |text: &str| {
            let texts = texts(text);
            filter.mentions(&texts) || texts.split_whitespace().any(|word| found.contains(word))
        };
        for (id, alert) in archive.each_delivery()? {
            if is_about(&alert) {
                erasure.deliveries.push(id);
            }
        }
        for ((rule, about), last) in archive.last_alerts()? {
            if is_about(&about) || last.suppressed.iter().chain(&last.open).any(|alert| is_about(alert)) {
                erasure.last_alerts.push((rule, about));
            }
        }
        let pruned = archive.pruned_kinds()?;
        archive.each_kind(|kind| {
            if pruned.contains(&kind.id) {
                let has = |text: Option<&str>| text.is_some_and(|text| filter.mentions(text));
                let [category, module, action] = [kind.category, kind.module, kind.action].map(has);
                if category || module || action || has(kind.actor) || has(kind.shape) {
                    erasure.kinds.push(PrunedKind { id: kind.id, category, module, action });
                }
            }
        })?;
        let still = |rest: &Option<LogEntry>| rest.as_ref().is_some_and(|rest| filter.matches(rest));
        let found_still = erasure.entries.iter().filter(|(_, _, rest)| still(rest)).count() as u64;
        let mut labelled = Vec::new();
        for (id, labels) in archive.labels()? {
            let mut texts = labels.name.iter().chain(&labels.owner).chain(&labels.tags);
            if texts.any(|text| filter.mentions(text)) {
                labelled.extend(stores.get(&id).cloned());
            }
        }
        labelled.sort_by_key(ToString::to_string);
        Ok(Self { erasure, uids, found_still, labelled })
    }

    /// The uids of entries with any revision that is to be forgotten: keepers of copies remove all revisions of these.
    /// Revisions that stay here arrive anew, for exports.
    pub fn uids(&self) -> &BTreeSet<String> {
        &self.uids
    }

    /// A summary of it.
    pub fn what(&self) -> Forgotten {
        let erasure = &self.erasure;
        Forgotten {
            entries: erasure.entries.iter().map(|(_, entry, _)| (entry.uid.clone(), entry.time)).collect(),
            revisions: erasure.revisions.len() as u64,
            quarantined: erasure.quarantined.len() as u64,
            alerts: (erasure.deliveries.len() + erasure.last_alerts.len()) as u64,
            counts: erasure.kinds.len() as u64,
            found_still: self.found_still,
            labelled: self.labelled.clone(),
        }
    }

    /// Forgets it permanently. [`Archive::clear`] then removes every byte of it. The caller holds the archive's lock,
    /// and has held it since this was found.
    ///
    /// # Errors
    /// If the archive cannot be written. Then nothing is forgotten.
    pub fn forget(self, archive: &mut Archive, now: Timestamp) -> Result<()> {
        archive.erase(&self.erasure, now)
    }
}

/// The form of an entry that stays.
fn redacted(entry: &LogEntry, filter: &Filter, redactor: &Redactor) -> LogEntry {
    let mut rest = entry.clone();
    let texts = [
        &mut rest.summary,
        &mut rest.message,
        &mut rest.actor,
        &mut rest.subject_id,
        &mut rest.module,
        &mut rest.category,
        &mut rest.action,
        &mut rest.severity_text,
    ];
    for text in texts.into_iter().flatten() {
        *text = filter.without(text).into_owned();
    }
    rest.extra.values_mut().for_each(|value| forget_words(value, filter));
    redactor.entry(&rest)
}

fn forget_words(value: &mut Value, filter: &Filter) {
    match value {
        Value::String(text) => *text = filter.without(text).into_owned(),
        Value::Number(number) if filter.mentions(&number.to_string()) => *value = Value::from(FORGOTTEN),
        Value::Array(list) => list.iter_mut().for_each(|value| forget_words(value, filter)),
        Value::Object(fields) => fields.values_mut().for_each(|value| forget_words(value, filter)),
        _ => {}
    }
}

/// A record in quarantine as an entry, as far as it can be read, so that a query can match it.
fn as_entry(store: &Store, raw: &str, id: Option<String>, time: Option<Timestamp>) -> LogEntry {
    let time = time.unwrap_or(Timestamp::UNIX_EPOCH);
    let mut entry = LogEntry::new(store, id.unwrap_or_default(), time, time);
    let record: Value = serde_json::from_str(raw).unwrap_or_default();
    let text = |name: &str| record.get(name).and_then(Value::as_str).map(str::to_owned);
    entry.actor = text("author");
    entry.subject_id = text("subject_id");
    entry.module = text("module");
    entry.category = text("type").or_else(|| text("subject_type"));
    entry.action = text("verb");
    entry.summary = text("summary").or_else(|| text("detail"));
    entry.message = Some(texts(raw));
    entry
}

/// The strings and numbers of a JSON text, one a line; any other text as it is.
fn texts(json: &str) -> String {
    let mut lines = String::new();
    match serde_json::from_str::<Value>(json) {
        Ok(value) => push(&value, &mut lines),
        Err(_) => lines.push_str(json),
    }
    lines
}

fn push(value: &Value, lines: &mut String) {
    match value {
        Value::String(text) => {
            lines.push_str(text);
            lines.push('\n');
        }
        Value::Number(number) => {
            lines.push_str(&number.to_string());
            lines.push('\n');
        }
        Value::Array(list) => list.iter().for_each(|value| push(value, lines)),
        Value::Object(fields) => fields.values().for_each(|value| push(value, lines)),
        Value::Null | Value::Bool(_) => {}
    }
}
