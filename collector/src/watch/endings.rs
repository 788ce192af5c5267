//! Alerts that say that something is over, for rules about things that last.
//!
//! An end is proved as silence is: the time after its last entry has to be read. A store that nobody reads may still be
//! failing.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use storelogs::{Platform, Store};

use super::alert::{Alert, Status};
use super::alert_state::{AlertState, Open};
use super::part::Part;
use super::query;
use super::rule::{Rule, What};
use crate::archive::{Archive, StoreId};
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::search::quoted;
use crate::verdict::Evidence;
use crate::wording::{format_duration, pluralize};

/// A store that was not read for so long is not waited for, where a rule is about many.
const UNREAD: SignedDuration = SignedDuration::from_hours(24);

/// Sends an alert about each that is over.
pub(super) fn look(archive: &Archive, rules: &[Rule], now: Timestamp, alerts: &mut AlertState) -> Result<()> {
    let open = alerts.open();
    if open.is_empty() {
        return Ok(());
    }
    let known = Known { ends: archive.ends()?, evidence: Evidence::of_all(archive)?, stores: archive.stores()?, now };
    let mut left: HashMap<&str, usize> = HashMap::new();
    let (together, single): (Vec<_>, Vec<_>) = open.iter().partition(|(key, ..)| AlertState::is_together(key));
    for (key, until, open) in single {
        let Some(rule) = rules.iter().find(|rule| rule.name == key.0) else {
            alerts.close(key, SignedDuration::ZERO, None);
            continue;
        };
        match over(archive, rule, open, *until, &known)? {
            Over::No if !open.apart => *left.entry(&key.0).or_default() += 1,
            Over::No => {}
            Over::Yes(alert) => alerts.close(key, rule.cool_down, alert.filter(|_| open.apart).map(|alert| *alert)),
        }
    }
    for (key, until, open) in together.into_iter().filter(|(key, ..)| !left.contains_key(key.0.as_str())) {
        let rule = rules.iter().find(|rule| rule.name == key.0);
        let cool_down = rule.map_or(SignedDuration::ZERO, |rule| rule.cool_down);
        alerts.close(key, cool_down, rule.map(|_| resolved(open, *until, now, "the rest is over, too".to_owned())));
    }
    Ok(())
}

/// Whether something is over, and the alert that says so, if anybody is to know.
enum Over {
    No,
    Yes(Option<Box<Alert>>),
}

/// How well the archive knows the time up to now.
struct Known {
    ends: HashMap<StoreId, Timestamp>,
    evidence: HashMap<StoreId, Evidence>,
    stores: Vec<(StoreId, Store)>,
    now: Timestamp,
}

impl Known {
    /// Whether all of this time was read, of a store.
    fn is_read(&self, id: StoreId, platform: &Platform, range: TimeRange) -> bool {
        let evidence = self.evidence.get(&id).cloned().unwrap_or_default();
        let is_past = self.ends.get(&id).is_some_and(|end| *end >= range.until);
        is_past && evidence.judge_range(range, platform, evidence.present(self.now)).shows_silence()
    }
}

fn over(archive: &Archive, rule: &Rule, open: &Open, until: Timestamp, known: &Known) -> Result<Over> {
    let Some(calm) = rule.calm() else { return Ok(Over::Yes(None)) };
    let store = open.alert.about.get(Part::Store.name()).and_then(|store| store.parse::<Store>().ok());
    if let What::Silence(_) = rule.what {
        let Some(store) = store else { return Ok(Over::Yes(None)) };
        let newest = query::newest(archive, &rule.filter.of_store(&store))?;
        return Ok(match newest.filter(|newest| newest.time > until) {
            None => Over::No,
            Some(newest) => {
                let lasted = format_duration(newest.time.duration_since(open.alert.since));
                let mut alert = resolved(open, newest.time, known.now, format!("it is over: an entry after {lasted}"));
                alert = Alert { since: open.alert.since, ..alert.with(&newest) };
                alert.query = format!("uid:{}", quoted(&newest.uid));
                Over::Yes(Some(Box::new(alert)))
            }
        });
    }
    let Some(calm) = until.checked_add(calm).ok().and_then(|end| TimeRange::new(until, end)) else {
        return Ok(Over::No);
    };
    let is_over = match &store {
        Some(store) => {
            let id = known.stores.iter().find(|(_, other)| other == store).map(|(id, _)| *id);
            id.is_some_and(|id| known.is_read(id, store.platform(), calm))
        }
        None => {
            let concerned = known.stores.iter().filter(|(_, store)| rule.filter.concerns(store));
            let mut read = concerned
                .filter(|(id, _)| known.ends.get(id).is_some_and(|end| known.now.duration_since(*end) < UNREAD));
            known.now >= calm.until && read.all(|(id, store)| known.is_read(*id, store.platform(), calm))
        }
    };
    if !is_over {
        return Ok(Over::No);
    }
    let lasted = format_duration(until.duration_since(open.alert.since));
    let mut alert = resolved(open, until, known.now, format!("it is over: it lasted {lasted}"));
    if let What::Entries { .. } = rule.what {
        alert.query = query::listing(rule, &about(rule, open));
        alert.entries = 0; // counted anew
        query::complete(archive, &mut alert)?;
        alert.text = format!("it is over: {} in {lasted}", pluralize(alert.entries, "entry", "entries"));
    }
    Ok(Over::Yes(Some(Box::new(alert))))
}

/// The values by which its entries are counted together.
fn about(rule: &Rule, open: &Open) -> Vec<(Part, String)> {
    let value = |part: &Part| open.alert.about.get(part.name()).cloned().unwrap_or_default();
    rule.per.iter().map(|part| (*part, value(part))).collect()
}

fn resolved(open: &Open, until: Timestamp, now: Timestamp, text: String) -> Alert {
    let mut alert = open.alert.clone();
    (alert.status, alert.at, alert.until, alert.text) = (Status::Resolved, now, until.max(alert.since), text);
    (alert.id, alert.follows) = (String::new(), false);
    alert
}
