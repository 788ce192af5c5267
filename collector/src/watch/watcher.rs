//! The watcher: checks the entries that came, and stores the alerts for them.

use std::collections::{HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};

use super::alert::Alert;
use super::alert_state::AlertState;
use super::entries::{self, Arrivals};
use super::rule::{Rule, What};
use super::silence::Silences;
use super::templates::Templates;
use super::{changes, endings, incidents};
use crate::archive::watching::{Arrival, Checkpoint, Delivery};
use crate::archive::{Archive, Lock, StoreId};
use crate::error::Result;

/// How many arrivals are looked at together.
const AT_ONCE: u32 = 5_000;
/// How often the watcher says that it is still here while there is nothing to store.
const HERE: SignedDuration = SignedDuration::from_mins(10);
/// How long alerts are remembered. Then the same alert, such as for an entry that the platform has changed, is sent again.
const REMEMBERED: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How often silence is looked for, and incidents are if there are new problems.
const SELDOM: SignedDuration = SignedDuration::from_secs(15);
/// A check that took long is done again after this many times as long.
const REST: i32 = 20;

/// The action that every rule has.
const PRINT: &str = "print";

/// Looks at what comes into an archive. No other process does the same.
#[derive(Debug)]
pub(super) struct Watcher {
    archive: Archive,
    rules: Vec<Rule>,
    alerts: AlertState,
    templates: Templates,
    silences: Silences,
    watched: HashMap<StoreId, Timestamp>,
    is_first: bool,
    /// When somebody was last here.
    seen: Timestamp,
    kept: Timestamp,
    /// When silence and incidents are looked for again.
    silence_at: Timestamp,
    incidents_at: Timestamp,
    /// Problems came since they were last looked for.
    problems: bool,
    _lock: Lock,
}

impl Watcher {
    /// Goes on where the last one stopped. The first one begins with what comes from now on.
    pub(super) fn new(mut archive: Archive, mut rules: Vec<Rule>, now: Timestamp) -> Result<Self> {
        let lock = archive.lock_watch()?;
        understand(&mut rules, &archive)?;
        let seen = archive.begin_watching(now)?;
        let (alerts, watched) = (AlertState::of(archive.last_alerts()?), archive.watched()?);
        Ok(Self {
            archive,
            rules,
            alerts,
            templates: Templates::default(),
            silences: Silences::default(),
            watched,
            is_first: seen.is_none(),
            seen: seen.unwrap_or(now),
            kept: now,
            silence_at: now,
            incidents_at: now,
            problems: true,
            _lock: lock,
        })
    }

    /// Nobody was here before.
    pub(super) fn is_first(&self) -> bool {
        self.is_first
    }

    pub(super) fn archive(&self) -> &Archive {
        &self.archive
    }

    pub(super) fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Other rules from now on.
    pub(super) fn replace(&mut self, rules: Vec<Rule>) -> Result<()> {
        self.rules = rules;
        understand(&mut self.rules, &self.archive)?;
        self.silences = Silences::default();
        self.templates = Templates::default();
        self.problems = true;
        Ok(())
    }

    /// Looks at what came, and stores the alerts together with how far it has read. Returns whether more came.
    pub(super) fn look(&mut self, now: Timestamp) -> Result<bool> {
        let unwatched = self.archive.unwatched()?;
        if !unwatched.is_empty() || now.duration_since(self.kept) >= HERE {
            understand(&mut self.rules, &self.archive)?;
        }
        let watched: Vec<(StoreId, Timestamp)> = unwatched.into_iter().map(|(store, _)| (store, now)).collect();
        self.watched.extend(watched.iter().copied());
        let (upto, arrivals) = match self.archive.arrivals(AT_ONCE)? {
            Some((upto, arrivals)) => (Some(upto), arrivals),
            None => (None, Vec::new()),
        };
        let news: Vec<Arrival> = arrivals.into_iter().filter(|arrival| self.is_news(arrival)).collect();
        for rule in &self.rules {
            self.alerts.flush(rule, now);
        }
        self.templates.refresh();
        self.entries(&news, now)?;
        self.seldom(&news, now)?;
        let alerts = self.alerts.take(&self.archive, &self.rules, true)?;
        let is_time = now.duration_since(self.kept) >= HERE;
        let forgotten = match now.checked_sub(REMEMBERED) {
            Ok(before) if is_time => self.alerts.forget(&self.rules, before),
            _ => Vec::new(),
        };
        let deliveries = deliveries(&self.rules, &alerts);
        let look = Checkpoint { upto, watched, last_alerts: self.alerts.changes(), forgotten, deliveries };
        let is_new = look.upto.is_some() || !look.watched.is_empty() || !look.last_alerts.is_empty();
        if is_new || !look.deliveries.is_empty() || is_time {
            self.archive.keep_look(&look, now)?;
            self.kept = now;
        }
        Ok(upto.is_some())
    }

    /// Entries from before their store was watched are history, whenever they come.
    fn is_news(&self, arrival: &Arrival) -> bool {
        self.watched.get(&arrival.store).is_some_and(|since| arrival.entry.time >= *since)
    }

    /// Rules about the entries themselves.
    fn entries(&mut self, news: &[Arrival], now: Timestamp) -> Result<()> {
        let Self { archive, rules, alerts, templates, .. } = self;
        for rule in rules.iter() {
            // One that was meant before the platform changed what it says is not new.
            let is_meant = |arrival: &&Arrival| {
                rule.filter.matches(&arrival.entry) && !arrival.former.iter().any(|former| rule.filter.matches(former))
            };
            match rule.what {
                What::Entries { more_than: 0, .. } => {
                    news.iter().filter(is_meant).for_each(|arrival| entries::each(rule, &arrival.entry, now, alerts));
                }
                What::Entries { more_than, within } => {
                    let new: Vec<_> = news.iter().filter(is_meant).map(|arrival| &arrival.entry).collect();
                    let uids: HashSet<&str> = new.iter().map(|entry| entry.uid.as_str()).collect();
                    let arrivals = Arrivals { is_new: &|entry| uids.contains(entry.uid.as_str()), at: &|_| now };
                    for (store, around) in entries::around(rule, within, new.iter().copied()) {
                        for range in around.ranges() {
                            let of = (store.as_ref(), range);
                            entries::look(archive, rule, more_than, within, of, &arrivals, alerts)?;
                        }
                    }
                }
                What::Sensitive => {
                    news.iter().for_each(|arrival| changes::look(rule, &arrival.entry, now, alerts));
                }
                What::NewTemplate => {
                    for arrival in news {
                        templates.look(archive, rule, (arrival.store, &arrival.entry), now, alerts)?;
                    }
                }
                What::Incident | What::Silence(_) => {}
            }
        }
        Ok(())
    }

    /// Rules about time that passes, and about more than single entries.
    fn seldom(&mut self, news: &[Arrival], now: Timestamp) -> Result<()> {
        let Self { archive, rules, alerts, silences, watched, .. } = self;
        let silent = |rule: &Rule| match rule.what {
            What::Silence(length) => Some(length),
            _ => None,
        };
        for rule in rules.iter().filter(|rule| silent(rule).is_some()) {
            news.iter().for_each(|arrival| silences.hear(rule, arrival.store, &arrival.entry));
        }
        if now >= self.silence_at {
            let begun = Timestamp::now();
            for (rule, length) in rules.iter().filter_map(|rule| Some((rule, silent(rule)?))) {
                silences.look(archive, rule, length, watched, now, alerts)?;
            }
            endings::look(archive, rules, now, alerts)?;
            self.silence_at = after(now, begun);
        }
        self.problems |= news.iter().any(|arrival| crate::archive::rollup::has_shape(arrival.entry.severity));
        let incident: Vec<&Rule> = rules.iter().filter(|rule| rule.what == What::Incident).collect();
        if self.problems && now >= self.incidents_at && !incident.is_empty() {
            let begun = Timestamp::now();
            incidents::look(archive, &incident, watched, [self.seen, now], alerts)?;
            (self.seen, self.problems, self.incidents_at) = (now, false, after(now, begun));
        }
        Ok(())
    }

    /// The first alerts about what is not over yet.
    pub(super) fn open_alerts(&self) -> Vec<Alert> {
        let open = self.alerts.open().into_iter();
        open.filter(|(.., open)| open.apart).map(|(_, until, open)| Alert { until, ..open.alert }).collect()
    }

    /// Rules of which something is to be delivered now.
    pub(super) fn rules_with_deliveries(&self, now: Timestamp) -> Result<Vec<String>> {
        self.archive.rules_with_deliveries(now)
    }

    /// Alerts of a rule that are to be printed.
    pub(super) fn to_print(&self, rule: &str, now: Timestamp) -> Result<Vec<Delivery>> {
        self.archive.deliveries(rule, (PRINT, true), now, usize::MAX)
    }

    /// The alerts of a rule that are to be sent now, at most this many.
    pub(super) fn to_send(&self, rule: &str, now: Timestamp, most: usize) -> Result<Vec<Delivery>> {
        self.archive.deliveries(rule, (PRINT, false), now, most)
    }

    pub(super) fn arrived(&mut self, id: i64) -> Result<()> {
        self.archive.end_delivery(id)
    }

    pub(super) fn put_off(&mut self, id: i64, attempts: u32, next: Timestamp) -> Result<()> {
        self.archive.put_off(id, attempts, next)
    }
}

/// Says of each rule which stores it is about, where it names them by owner or tag.
pub(super) fn understand(rules: &mut [Rule], archive: &Archive) -> Result<()> {
    for rule in rules {
        rule.filter = rule.written.labelled(archive)?.into_owned();
    }
    Ok(())
}

/// When to do again what was begun then.
fn after(now: Timestamp, begun: Timestamp) -> Timestamp {
    let took = Timestamp::now().duration_since(begun) * REST;
    now.checked_add(took.max(SELDOM)).unwrap_or(now)
}

/// Each alert once for each action of its rule.
fn deliveries(rules: &[Rule], alerts: &[Alert]) -> Vec<(String, String, String)> {
    let mut deliveries = Vec::new();
    for alert in alerts {
        let Ok(json) = serde_json::to_string(alert) else { continue };
        let rule = rules.iter().find(|rule| rule.name == alert.rule);
        let actions = rule.iter().flat_map(|rule| &rule.actions).map(super::action::Action::name);
        for action in std::iter::once(PRINT).chain(actions) {
            deliveries.push((alert.rule.clone(), action.to_owned(), json.clone()));
        }
    }
    deliveries
}

#[cfg(test)]
#[path = "watcher_tests.rs"]
mod tests;
