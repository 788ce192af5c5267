//! What was told already, what is held back, and what is to be told now.

use std::collections::{BTreeSet, HashMap};

use jiff::Timestamp;

use super::alert::{Alert, Kind, count};
use super::query;
use super::rule::{Rule, What};
use crate::archive::Archive;
use crate::archive::watching::{AlertKey, LastAlert};
use crate::error::Result;
use crate::wording::{format_count, format_duration};

/// So many alerts of one rule at one time are told one by one; what is more is told together.
const APART: usize = 20;
/// So many of those that are told together are named.
const NAMED: usize = 5;

/// What each rule has told of, and what it has to tell now.
#[derive(Debug, Default)]
pub(super) struct AlertState {
    told: HashMap<AlertKey, Sent>,
    /// Of what something is held back.
    holding: BTreeSet<AlertKey>,
    /// What has changed since it was last kept.
    changed: BTreeSet<AlertKey>,
    /// What is to be told now, and about what.
    now: Vec<(AlertKey, Alert)>,
    /// Times of before are gone through: what is held back is told when it has cooled down, and not when it is looked at.
    replays: bool,
}

/// What was told of something last, and what is held back.
#[derive(Debug)]
struct Sent {
    at: Timestamp,
    until: Timestamp,
    held: Option<Box<Alert>>,
}

impl AlertState {
    pub(super) fn of(told: HashMap<AlertKey, LastAlert>) -> Self {
        let mut alerts = Self::default();
        for (about, told) in told {
            let held = told.held.as_deref().and_then(|held| serde_json::from_str(held).ok());
            if held.is_some() {
                alerts.holding.insert(about.clone());
            }
            alerts.told.insert(about, Sent { at: told.at, until: told.until, held });
        }
        alerts
    }

    /// One that remembers nothing, for times of before.
    pub(super) fn replaying() -> Self {
        Self { replays: true, ..Self::default() }
    }

    /// Up to when a rule has told of something, if it has.
    pub(super) fn told(&self, rule: &Rule, about: &str) -> Option<Timestamp> {
        self.told.get(&key(rule, about)).map(|told| told.until)
    }

    /// It was told up to a later time, without a word.
    pub(super) fn extend(&mut self, rule: &Rule, about: &str, until: Timestamp) {
        let key = key(rule, about);
        if let Some(told) = self.told.get_mut(&key)
            && told.until < until
        {
            told.until = until;
            self.changed.insert(key);
        }
    }

    /// Tells, unless the rule has told of the same just now: then what is new of it is held back.
    ///
    /// `whole` is what there is to tell, `new` what of it was never offered.
    pub(super) fn offer(&mut self, rule: &Rule, about: &str, whole: Alert, new: Alert) {
        let key = key(rule, about);
        let (at, until) = (whole.at, whole.until);
        self.flush_one(rule, &key, at);
        if !rule.cool_down.is_zero()
            && let Some((_, alert)) = self.now.iter_mut().rfind(|(other, alert)| *other == key && alert.at == at)
        {
            alert.add(new); // it is about to be told anyway
            if let Some(told) = self.told.get_mut(&key) {
                told.until = until.max(told.until);
            }
            return;
        }
        if let Some(told) = self.told.get_mut(&key)
            && at < told.at.checked_add(rule.cool_down).unwrap_or(Timestamp::MAX)
            && !rule.cool_down.is_zero()
        {
            match &mut told.held {
                Some(held) => held.add(new),
                None => told.held = Some(Box::new(new)),
            }
            told.until = until.max(told.until);
            self.holding.insert(key.clone());
            self.changed.insert(key);
            return;
        }
        self.told.insert(key.clone(), Sent { at, until, held: None });
        self.changed.insert(key.clone());
        self.now.push((key, whole));
    }

    /// Tells what a rule held back and has cooled down by now.
    pub(super) fn flush(&mut self, rule: &Rule, now: Timestamp) {
        let due: Vec<AlertKey> = self.holding.iter().filter(|(name, _)| *name == rule.name).cloned().collect();
        due.iter().for_each(|key| self.flush_one(rule, key, now));
    }

    fn flush_one(&mut self, rule: &Rule, key: &AlertKey, now: Timestamp) {
        let Some(told) = self.told.get_mut(key) else { return };
        let cooled = told.at.checked_add(rule.cool_down).unwrap_or(Timestamp::MAX);
        if cooled > now {
            return;
        }
        let Some(mut held) = told.held.take() else { return };
        (held.at, held.follows) = (if self.replays { cooled } else { now }, true);
        told.at = held.at;
        self.holding.remove(key);
        self.changed.insert(key.clone());
        self.now.push((key.clone(), *held));
    }

    /// What is to be told now, in order of time. Where it is too much, the rest of a rule's is told together.
    ///
    /// An alert of entries counts what its query lists.
    pub(super) fn take(&mut self, archive: &Archive, rules: &[Rule], together: bool) -> Result<Vec<Alert>> {
        let mut alerts: Vec<Alert> = std::mem::take(&mut self.now).into_iter().map(|(_, alert)| alert).collect();
        alerts.sort_by(|a, b| (&a.rule, a.at, a.until).cmp(&(&b.rule, b.at, b.until)));
        let mut told = Vec::new();
        for same in alerts.chunk_by(|a, b| a.rule == b.rule) {
            let Some(rule) = rules.iter().find(|rule| rule.name == same[0].rule) else { continue };
            let apart = if together && same.len() > APART { APART - 1 } else { same.len() };
            let (apart, rest) = same.split_at(apart);
            for alert in apart {
                let mut alert = alert.clone();
                if alert.kind == Kind::Entries {
                    query::complete(archive, &mut alert)?;
                    alert.text = say(rule, &alert);
                }
                told.push(alert);
            }
            if !rest.is_empty() {
                told.push(fold(rule, rest));
            }
        }
        told.iter_mut().for_each(Alert::seal);
        told.sort_by_key(|alert| (alert.at, alert.until));
        Ok(told)
    }

    /// What has changed since the last time.
    pub(super) fn changes(&mut self) -> Vec<(AlertKey, LastAlert)> {
        let changed = std::mem::take(&mut self.changed);
        let told = |last: &Sent| {
            let held = last.held.as_deref().and_then(|held| serde_json::to_string(held).ok());
            LastAlert { at: last.at, until: last.until, held }
        };
        changed.into_iter().filter_map(|key| Some((key.clone(), told(self.told.get(&key)?)))).collect()
    }

    /// Forgets what was told before a time and can hardly be told again. What is forgotten is returned. Silence is
    /// remembered: it may last.
    pub(super) fn forget(&mut self, rules: &[Rule], before: Timestamp) -> Vec<AlertKey> {
        let lasts = |name: &str| rules.iter().any(|rule| rule.name == name && matches!(rule.what, What::Silence(_)));
        // What a rule holds back that is no more, nobody tells.
        let holds = |name: &str, last: &Sent| last.held.is_some() && rules.iter().any(|rule| rule.name == name);
        let is_old = |key: &AlertKey, last: &Sent| last.at < before && !holds(&key.0, last) && !lasts(&key.0);
        let old: Vec<AlertKey> =
            self.told.iter().filter(|(key, last)| is_old(key, last)).map(|(key, _)| key.clone()).collect();
        for key in &old {
            self.told.remove(key);
            self.holding.remove(key);
        }
        old
    }
}

fn key(rule: &Rule, about: &str) -> AlertKey {
    (rule.name.clone(), about.to_owned())
}

/// Many alerts of one rule as one.
fn fold(rule: &Rule, alerts: &[Alert]) -> Alert {
    let mut named: Vec<String> = alerts.iter().map(Alert::subject).collect();
    named.dedup();
    let more = if named.len() > NAMED { ", …" } else { "" };
    named.truncate(NAMED);
    let mut one = alerts[0].clone();
    for other in &alerts[1..] {
        one.at = one.at.max(other.at);
        one.add(other.clone());
    }
    one.about.clear();
    one.query = query::timed(&query::listing(rule, &[]), &one);
    one.together = alerts.len() as u64;
    one.text = format!("{} more alerts: {}{more}", alerts.len(), named.join("; "));
    one
}

/// How many entries there were, or what the only one says.
fn say(rule: &Rule, alert: &Alert) -> String {
    match rule.what {
        What::Entries { more_than: 0, .. } if alert.entries == 1 => {
            let entry = alert.examples.first();
            let text = entry.and_then(|entry| entry.summary.as_deref().or(entry.action.as_deref())).unwrap_or_default();
            if text.trim().is_empty() { count(alert) } else { text.trim().to_owned() }
        }
        What::Entries { more_than, within } if more_than > 0 && !alert.follows => {
            format!("{} (more than {} within {})", count(alert), format_count(more_than), format_duration(within))
        }
        _ => count(alert),
    }
}
