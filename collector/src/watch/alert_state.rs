//! The state of alerts: which were sent, which are suppressed, and which are to be sent now.

use std::collections::{BTreeSet, HashMap};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::alert::{Alert, Kind, count};
use super::query;
use super::rule::{Rule, What};
use crate::archive::Archive;
use crate::archive::watching::{AlertKey, LastAlert};
use crate::error::Result;
use crate::wording::{format_count, format_duration};

/// How many alerts of one rule at one time are sent one by one; one alert stands for the rest.
const APART: usize = 20;
/// How many of the rest are named.
const NAMED: usize = 5;

/// The alerts of each rule: the last ones, and those that are to be sent now.
#[derive(Debug, Default)]
pub(super) struct AlertState {
    last: HashMap<AlertKey, Sent>,
    /// The subjects that have a suppressed alert.
    holding: BTreeSet<AlertKey>,
    /// The subjects that have changed since they were last stored.
    changed: BTreeSet<AlertKey>,
    /// The alerts to send now, and what each is about.
    now: Vec<(AlertKey, Alert)>,
    /// The alerts that say that something is over.
    over: Vec<Alert>,
    /// Whether past times are gone through: what is suppressed is sent when it has cooled down, and not when it is looked at.
    replays: bool,
}

/// The last alert about something, and what is suppressed since.
#[derive(Debug)]
struct Sent {
    at: Timestamp,
    until: Timestamp,
    suppressed: Option<Box<Alert>>,
    open: Option<Box<Open>>,
}

/// An alert that is not over yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Open {
    /// The first alert about it, without its entries.
    pub(super) alert: Alert,
    /// It was sent by itself, and not as one of many that another alert stands for.
    pub(super) apart: bool,
}

/// The subject of the one alert that stands for the rest of many.
const TOGETHER: &str = "\u{1e}together";

impl AlertState {
    pub(super) fn of(last: HashMap<AlertKey, LastAlert>) -> Self {
        let mut alerts = Self::default();
        for (about, last) in last {
            let suppressed = last.suppressed.as_deref().and_then(|suppressed| serde_json::from_str(suppressed).ok());
            if suppressed.is_some() {
                alerts.holding.insert(about.clone());
            }
            let open = last.open.as_deref().and_then(|open| serde_json::from_str(open).ok());
            alerts.last.insert(about, Sent { at: last.at, until: last.until, suppressed, open });
        }
        alerts
    }

    /// One that remembers nothing, for times of before.
    pub(super) fn replaying() -> Self {
        Self { replays: true, ..Self::default() }
    }

    /// The time up to which a rule's last alert about something reaches, if there was one.
    pub(super) fn last(&self, rule: &Rule, about: &str) -> Option<Timestamp> {
        self.last.get(&key(rule, about)).map(|last| last.until)
    }

    /// Moves the end of the last alert about something to a later time, without another alert.
    pub(super) fn extend(&mut self, rule: &Rule, about: &str, until: Timestamp) {
        let key = key(rule, about);
        if let Some(last) = self.last.get_mut(&key)
            && last.until < until
        {
            last.until = until;
            self.changed.insert(key);
        }
    }

    /// Sends an alert, unless the rule has sent one about the same just now: then what is new of it is suppressed.
    ///
    /// `whole` is the alert, `new` the part of it that was never offered.
    pub(super) fn offer(&mut self, rule: &Rule, about: &str, whole: Alert, new: Alert) {
        let key = key(rule, about);
        let (at, until) = (whole.at, whole.until);
        self.flush_one(rule, &key, at);
        if !rule.cool_down.is_zero()
            && let Some((_, alert)) = self.now.iter_mut().rfind(|(other, alert)| *other == key && alert.at == at)
        {
            alert.add(new); // it is about to be sent anyway
            if let Some(last) = self.last.get_mut(&key) {
                last.until = until.max(last.until);
            }
            return;
        }
        if let Some(last) = self.last.get_mut(&key)
            && at < last.at.checked_add(rule.cool_down).unwrap_or(Timestamp::MAX)
            && !rule.cool_down.is_zero()
        {
            match &mut last.suppressed {
                Some(suppressed) => suppressed.add(new),
                None => last.suppressed = Some(Box::new(new)),
            }
            last.until = until.max(last.until);
            self.holding.insert(key.clone());
            self.changed.insert(key);
            return;
        }
        let open = self.last.remove(&key).and_then(|last| last.open);
        self.last.insert(key.clone(), Sent { at, until, suppressed: None, open });
        self.changed.insert(key.clone());
        self.now.push((key, whole));
    }

    /// Sends what a rule suppressed and has cooled down by now.
    pub(super) fn flush(&mut self, rule: &Rule, now: Timestamp) {
        let due: Vec<AlertKey> = self.holding.iter().filter(|(name, _)| *name == rule.name).cloned().collect();
        due.iter().for_each(|key| self.flush_one(rule, key, now));
    }

    fn flush_one(&mut self, rule: &Rule, key: &AlertKey, now: Timestamp) {
        let Some(last) = self.last.get_mut(key) else { return };
        let cooled = last.at.checked_add(rule.cool_down).unwrap_or(Timestamp::MAX);
        if cooled > now {
            return;
        }
        let Some(mut suppressed) = last.suppressed.take() else { return };
        (suppressed.at, suppressed.follows) = (if self.replays { cooled } else { now }, true);
        last.at = suppressed.at;
        self.holding.remove(key);
        self.changed.insert(key.clone());
        self.now.push((key.clone(), *suppressed));
    }

    /// The alerts to send now, in order of time. If a rule has too many, one alert stands for the rest.
    ///
    /// An alert of entries counts what its query lists.
    pub(super) fn take(&mut self, archive: &Archive, rules: &[Rule], together: bool) -> Result<Vec<Alert>> {
        let mut alerts = std::mem::take(&mut self.now);
        alerts.sort_by(|(_, a), (_, b)| (&a.rule, a.at, a.until).cmp(&(&b.rule, b.at, b.until)));
        let mut sent = Vec::new();
        for same in alerts.chunk_by(|(_, a), (_, b)| a.rule == b.rule) {
            let Some(rule) = rules.iter().find(|rule| rule.name == same[0].1.rule) else { continue };
            let apart = if together && same.len() > APART { APART - 1 } else { same.len() };
            let (apart, rest) = same.split_at(apart);
            for (key, alert) in apart {
                let mut alert = alert.clone();
                if alert.kind == Kind::Entries {
                    query::complete(archive, &mut alert)?;
                    alert.text = say(rule, &alert);
                }
                self.opens(rule, key, &mut alert, true);
                sent.push(alert);
            }
            if !rest.is_empty() {
                for (key, alert) in rest {
                    self.opens(rule, key, &mut alert.clone(), false);
                }
                let rest: Vec<Alert> = rest.iter().map(|(_, alert)| alert.clone()).collect();
                let mut one = fold(rule, &rest);
                self.opens(rule, &self::key(rule, TOGETHER), &mut one, true);
                sent.push(one);
            }
        }
        sent.append(&mut self.over);
        for alert in &mut sent {
            if let Some(rule) = rules.iter().find(|rule| rule.name == alert.rule) {
                alert.level = rule.level;
            }
            alert.seal();
        }
        sent.sort_by_key(|alert| (alert.at, alert.until));
        Ok(sent)
    }

    /// Remembers an alert until what it is about is over, if its rule says when that is. Gives it the key of all alerts
    /// about the same.
    fn opens(&mut self, rule: &Rule, key: &AlertKey, alert: &mut Alert, apart: bool) {
        if self.replays || rule.calm().is_none() {
            return;
        }
        alert.key = Alert::key_of(&key.0, &key.1);
        let (at, until) = (alert.at, alert.until);
        let last = self.last.entry(key.clone()).or_insert(Sent { at, until, suppressed: None, open: None });
        match &mut last.open {
            Some(open) => open.apart |= apart,
            None => {
                let alert = Alert { examples: Vec::new(), level: rule.level, ..alert.clone() };
                last.open = Some(Box::new(Open { alert, apart }));
            }
        }
        self.changed.insert(key.clone());
    }

    /// The alerts that are not over yet: the subject of each, the time up to which it was seen, and the first alert.
    pub(super) fn open(&self) -> Vec<(AlertKey, Timestamp, Open)> {
        let open =
            |(key, last): (&AlertKey, &Sent)| Some((key.clone(), last.until, Open::clone(last.open.as_deref()?)));
        self.last.iter().filter_map(open).collect()
    }

    /// Whether this is about those of many alerts that were not sent one by one.
    pub(super) fn is_together(key: &AlertKey) -> bool {
        key.1 == TOGETHER
    }

    /// Closes what is over, with an alert that says so. What was suppressed is part of that, and what begins again is sent at
    /// once.
    pub(super) fn close(&mut self, key: &AlertKey, cool_down: SignedDuration, over: Option<Alert>) {
        let Some(last) = self.last.get_mut(key) else { return };
        (last.open, last.suppressed) = (None, None);
        last.at = last.at.checked_sub(cool_down).unwrap_or(last.at);
        self.holding.remove(key);
        self.changed.insert(key.clone());
        self.over.extend(over);
    }

    /// The alerts that have changed since the last call.
    pub(super) fn changes(&mut self) -> Vec<(AlertKey, LastAlert)> {
        let changed = std::mem::take(&mut self.changed);
        let stored = |last: &Sent| {
            let suppressed = last.suppressed.as_deref().and_then(|suppressed| serde_json::to_string(suppressed).ok());
            let open = last.open.as_deref().and_then(|open| serde_json::to_string(open).ok());
            LastAlert { at: last.at, until: last.until, suppressed, open }
        };
        changed.into_iter().filter_map(|key| Some((key.clone(), stored(self.last.get(&key)?)))).collect()
    }

    /// Forgets the alerts from before a time that can hardly come again, and returns them. Silence is
    /// remembered: it may last.
    pub(super) fn forget(&mut self, rules: &[Rule], before: Timestamp) -> Vec<AlertKey> {
        let lasts = |name: &str| rules.iter().any(|rule| rule.name == name && matches!(rule.what, What::Silence(_)));
        // Alerts that were suppressed by a rule which no longer exists are never sent.
        let holds = |name: &str, last: &Sent| {
            (last.suppressed.is_some() || last.open.is_some()) && rules.iter().any(|rule| rule.name == name)
        };
        let is_old = |key: &AlertKey, last: &Sent| last.at < before && !holds(&key.0, last) && !lasts(&key.0);
        let old: Vec<AlertKey> =
            self.last.iter().filter(|(key, last)| is_old(key, last)).map(|(key, _)| key.clone()).collect();
        for key in &old {
            self.last.remove(key);
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
