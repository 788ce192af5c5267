//! The rule `incident`: bursts of problems, as a report finds them.

use std::collections::HashMap;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;

use super::alert::{Alert, Kind};
use super::alert_state::AlertState;
use super::entries::name;
use super::part::Part;
use super::query;
use super::rule::{INCIDENT_CALM, Rule};
use crate::archive::text::Fact;
use crate::archive::{Archive, StoreId};
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::insight::model::Incident;
use crate::insight::{self, KNOWS_NEW, comparable};
use crate::redact::NoRedaction;
use crate::search::Filter;
use crate::wording::pluralize;

/// How far back incidents are looked for each time, and the most after the watcher was away.
const BACK: SignedDuration = SignedDuration::from_hours(48);
const MOST_BACK: SignedDuration = SignedDuration::from_hours(30 * 24);
/// How many templates of an incident are named.
const TEMPLATES_NAMED: usize = 2;

/// Alerts on incidents that go on, or ended since the last look.
pub(super) fn look(
    archive: &Archive,
    rules: &[&Rule],
    watched: &HashMap<StoreId, Timestamp>,
    [seen, now]: [Timestamp; 2],
    alerts: &mut AlertState,
) -> Result<()> {
    let back = now.checked_sub(BACK).unwrap_or(now);
    let most = now.checked_sub(MOST_BACK).unwrap_or(now);
    let since = seen.checked_sub(BACK / 2).unwrap_or(seen).min(back).max(most);
    let Some(range) = TimeRange::new(since, now) else { return Ok(()) };
    for (place, incident) in found(archive, range)? {
        let Some(id) = archive.store_id(&place.store)? else { continue };
        let is_news = watched.get(&id).is_some_and(|since| incident.end > *since);
        // The usual numbers have to be known from this long before.
        let before = incident.start.checked_sub(KNOWS_NEW).ok().and_then(|since| TimeRange::new(since, incident.start));
        if is_news && comparable(archive, &[(id, place.store.clone())], before)? {
            for rule in rules {
                raise(archive, rule, &place, &incident, now, alerts)?;
            }
        }
    }
    Ok(())
}

/// Alerts on the incidents in a time range, each at its beginning.
pub(super) fn replay(archive: &Archive, rule: &Rule, range: TimeRange, alerts: &mut AlertState) -> Result<()> {
    for (place, incident) in found(archive, range)? {
        raise(archive, rule, &place, &incident, incident.start, alerts)?;
    }
    Ok(())
}

/// The place of an incident.
struct Place {
    /// The store, or the one that was hit most.
    store: Store,
    /// How many, in words, if it is one of what several have in common.
    several: Option<String>,
}

/// The incidents of a time range, the first one first.
fn found(archive: &Archive, range: TimeRange) -> Result<Vec<(Place, Incident)>> {
    let options = insight::ReportOptions {
        since: range.since,
        until: range.until,
        compare: false,
        stores: Vec::new(),
        zone: None,
        now: range.until,
    };
    let mut report = insight::report(archive, &options, &NoRedaction)?;
    let mut found = std::mem::take(&mut report.incidents.list);
    found.sort_by_key(|incident| incident.start);
    let of = |incident: Incident| {
        let store = report.stores.get(incident.store as usize)?.parse::<Store>().ok()?;
        let several = incident.is_wide().then(|| report.place(&incident));
        Some((Place { store, several }, incident))
    };
    Ok(found.into_iter().filter_map(of).collect())
}

fn raise(
    archive: &Archive,
    rule: &Rule,
    place: &Place,
    incident: &Incident,
    at: Timestamp,
    alerts: &mut AlertState,
) -> Result<()> {
    let mut about = Vec::new();
    if place.several.is_none() {
        about.push((Part::Store, place.store.to_string()));
    }
    if let Some(module) = &incident.module {
        about.push((Part::Fact(Fact::Module), module.to_string()));
    }
    let key = name(&about);
    if alerts.last(rule, &key).is_some_and(|last| incident.start <= last.checked_add(INCIDENT_CALM).unwrap_or(last)) {
        alerts.extend(rule, &key, incident.end);
        return Ok(());
    }
    // A query that the report itself wrote can be parsed again.
    let Ok(listing) = Filter::parse(&incident.query, at, &TimeZone::UTC) else { return Ok(()) };
    let Some(newest) = query::newest(archive, &listing.both(&rule.filter))? else { return Ok(()) };
    let mut alert = Alert::new(&rule.name, Kind::Incident, at, &about).with(&newest);
    (alert.since, alert.until, alert.entries) = (incident.start, incident.end, incident.entries);
    let templates: Vec<&str> = incident.templates.iter().take(TEMPLATES_NAMED).map(|line| line.name.as_str()).collect();
    let usual = if incident.usual < 0.5 { "none is".to_owned() } else { format!("{:.0} are", incident.usual) };
    let problems = pluralize(incident.entries, "problem", "problems");
    let places = place.several.as_ref().map(|several| format!(" in {several}")).unwrap_or_default();
    let why = incident.why().map(|why| format!(" ({why})")).unwrap_or_default();
    alert.text = format!("an incident: {problems}{places} where {usual} usual: {}{why}", templates.join("; "));
    if let Some(change) = incident.changes.listed.first() {
        let who = change.who();
        let what = change.summary.as_ref().or(change.action.as_ref()).map_or("", |what| what.as_str());
        let before = match incident.minutes_after(change) {
            0 => "less than a minute".to_owned(),
            minutes => format!("{minutes} min"),
        };
        let elsewhere = if change.store == incident.store { "" } else { " in another of your stores" };
        alert.text.push_str(&format!("; {before} before it{elsewhere}, {who}: {what}"));
    }
    alert.query.clone_from(&incident.query);
    alerts.offer(rule, &key, alert.clone(), alert);
    Ok(())
}
