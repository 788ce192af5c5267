//! The rule `more_than`: too many entries within a time.
//!
//! Times here are those at which entries happened, so that one steady error an hour is no burst only because a weekend
//! of them came at once. The arrival of an entry, however late, triggers the check: the entries around it are read
//! again from the archive.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::ops::ControlFlow;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Store};

use super::alert::{Alert, Kind};
use super::alert_state::AlertState;
use super::part::Part;
use super::query;
use super::rule::Rule;
use crate::archive::Archive;
use crate::archive::text::value;
use crate::coverage::{Coverage, TimeRange};
use crate::error::{Error, Result};
use crate::search::Order;

/// How arrivals are judged: which are new, and the time of an alert for one.
pub(super) struct Arrivals<'a> {
    /// Whether an entry came since the last look.
    pub(super) is_new: &'a dyn Fn(&LogEntry) -> bool,
    /// The time of an alert for an entry.
    pub(super) at: &'a dyn Fn(&LogEntry) -> Timestamp,
}

/// Entries that are not further apart than the rule says, up to the newest.
struct Window {
    /// The times of the entries, and which of them are new.
    times: VecDeque<(Timestamp, bool)>,
    /// How many are new.
    new: usize,
    /// How many of those at the end have caused no alert yet.
    unreported: usize,
    /// The end of the rule's last alert about the same before this look, if there was one.
    last: Option<Timestamp>,
}

impl Window {
    fn new(last: Option<Timestamp>) -> Self {
        Self { times: VecDeque::new(), new: 0, unreported: 0, last }
    }

    fn slide(&mut self, time: Timestamp, within: SignedDuration, is_new: bool) {
        while let Some((first, new)) = self.times.front().copied()
            && time.duration_since(first) >= within
        {
            self.new -= usize::from(new);
            self.times.pop_front();
        }
        self.times.push_back((time, is_new));
        self.new += usize::from(is_new);
        self.unreported = (self.unreported + 1).min(self.times.len());
    }

    /// How many new entries there are, and since when, if there are too many. They count as alerted from now on.
    fn take(&mut self, more_than: u64) -> Option<(u64, Timestamp)> {
        if self.times.len() as u64 <= more_than || self.new == 0 {
            return None;
        }
        let was_alerted = |time| self.last.is_some_and(|last| time <= last);
        // If one came late, nobody knows which of the others around it were in an alert.
        let is_late = self.times.iter().any(|(time, new)| *new && was_alerted(*time));
        let unreported = self.times.iter().skip(self.times.len() - self.unreported);
        let mut unreported = unreported.filter(|(time, new)| *new || is_late || !was_alerted(*time));
        let (since, _) = *unreported.next()?;
        let count = 1 + unreported.count() as u64;
        self.unreported = 0;
        Some((count, since))
    }
}

/// The time ranges around new entries in which they may be too many, by store if the rule is about stores.
pub(super) fn around<'a>(
    rule: &Rule,
    within: SignedDuration,
    new: impl IntoIterator<Item = &'a LogEntry>,
) -> BTreeMap<Option<Store>, Coverage> {
    let mut around: BTreeMap<Option<Store>, Coverage> = BTreeMap::new();
    for entry in new {
        let store = if rule.is_per_store() { Store::of(entry.platform.clone(), &entry.store).ok() } else { None };
        let since = entry.time.checked_sub(within).unwrap_or(Timestamp::MIN);
        let until = entry.time.checked_add(within).unwrap_or(Timestamp::MAX);
        if let Some(range) = TimeRange::new(since, until) {
            around.entry(store).or_default().add(range);
        }
    }
    around
}

/// Looks through a time range, of one store or of all.
pub(super) fn look(
    archive: &Archive,
    rule: &Rule,
    more_than: u64,
    within: SignedDuration,
    (store, range): (Option<&Store>, TimeRange),
    arrivals: &Arrivals<'_>,
    alerts: &mut AlertState,
) -> Result<()> {
    let filter = rule.filter.within(range);
    let filter = store.map_or(filter.clone(), |store| filter.of_store(store));
    let mut windows: HashMap<String, Window> = HashMap::new();
    archive.search::<Error>(&filter, Order::OldestFirst, |entry| {
        let about = name(&rule.about(&entry));
        let window = windows.entry(about).or_insert_with_key(|about| Window::new(alerts.last(rule, about)));
        window.slide(entry.time, within, (arrivals.is_new)(&entry));
        let whole = window.times.front().map_or(entry.time, |(time, _)| *time);
        let count = window.times.len() as u64;
        if let Some(unreported) = window.take(more_than) {
            raise(rule, &entry, (arrivals.at)(&entry), [(count, whole), unreported], alerts);
        }
        Ok(ControlFlow::Continue(()))
    })
}

/// One entry is enough.
pub(super) fn each(rule: &Rule, entry: &LogEntry, at: Timestamp, alerts: &mut AlertState) {
    raise(rule, entry, at, [(1, entry.time); 2], alerts);
}

fn raise(rule: &Rule, entry: &LogEntry, at: Timestamp, counts: [(u64, Timestamp); 2], alerts: &mut AlertState) {
    let about = rule.about(entry);
    let [whole, new] = counts.map(|(entries, since)| {
        let mut alert = Alert::new(&rule.name, Kind::Entries, at, &about).with(entry);
        (alert.entries, alert.since) = (entries, since);
        alert.query = query::listing(rule, &about);
        alert
    });
    alerts.offer(rule, &name(&about), whole, new);
}

/// The subject of an alert, as alerts write it. Facts are compared by their words, as in a search.
pub(super) fn name(about: &[(Part, String)]) -> String {
    let plain = |part: &Part, text: &str| match part {
        Part::Store | Part::Platform => text.to_owned(),
        Part::Fact(_) => value(text),
    };
    let parts: Vec<String> = about.iter().map(|(part, text)| format!("{part}={}", plain(part, text))).collect();
    parts.join("\u{1f}")
}
