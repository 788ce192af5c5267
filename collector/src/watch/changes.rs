//! The rule `sensitive`: changes that can do harm, one by one.

use jiff::Timestamp;
use storelogs::LogEntry;

use super::alert::{Alert, Kind};
use super::alert_state::AlertState;
use super::rule::Rule;
use crate::search::quoted;
use crate::sensitive::topic;

/// Alerts on an entry if it is a change that can do harm, as a report lists them.
pub(super) fn look(rule: &Rule, entry: &LogEntry, at: Timestamp, alerts: &mut AlertState) {
    let Some(topic) = topic(entry.category.as_deref(), entry.action.as_deref()) else { return };
    // The platform may change what it says of it afterwards.
    if !rule.filter.matches(entry) || alerts.last(rule, &entry.uid).is_some() {
        return;
    }
    let mut alert = Alert::new(&rule.name, Kind::Sensitive, at, &rule.about(entry)).with(entry);
    let who = entry.actor.as_deref().unwrap_or("somebody");
    let what = entry.summary.as_deref().or(entry.action.as_deref()).unwrap_or_default();
    alert.text = format!("{}: {who}: {what}", topic.as_str());
    alert.query = format!("uid:{}", quoted(&entry.uid));
    alerts.offer(rule, &entry.uid, alert.clone(), alert);
}
