//! Searches for the entries of incidents, which a report finds.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;

use super::model::Incident;
use super::{ReportOptions, report};
use crate::archive::Archive;
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::redact::NoRedaction;
use crate::search::{AskedIncidents, Filter};

/// The period of the report that is asked, unless the query says otherwise: that of `storelogs report`.
const PERIOD: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The same query, in which `incident:…` stands for the entries of those incidents: of the ones that a report lists over the
/// query's own time range, else over the last 30 days, and of the stores that the query can be about. A query that names
/// none stays as it is, and costs nothing.
///
/// # Errors
/// If the archive cannot be read.
pub fn with_incidents(archive: &Archive, filter: &Filter, now: Timestamp, zone: &TimeZone) -> Result<Filter> {
    let asked = filter.incidents();
    if asked.is_empty() {
        return Ok(filter.clone());
    }
    let filter = filter.labelled(archive)?;
    let stores: Vec<Store> =
        archive.stores()?.into_iter().map(|(_, store)| store).filter(|store| filter.concerns(store)).collect();
    let mut found = Vec::with_capacity(asked.len());
    for asked in asked {
        let incidents = match period(&filter, asked, now) {
            Some(period) if !stores.is_empty() => listed(archive, &stores, period, now, zone)?,
            _ => Vec::new(),
        };
        found.push(meant(&filter, asked, &incidents));
    }
    let mut found = found.into_iter();
    Ok(filter.put_incidents(|_| found.next().unwrap_or_default()))
}

/// The period of the report that knows the incidents.
fn period(filter: &Filter, asked: AskedIncidents, now: Timestamp) -> Option<TimeRange> {
    let (since, until) = filter.bounds();
    let until = until.unwrap_or(now).min(now);
    let since = since.or_else(|| until.checked_sub(PERIOD).ok())?;
    let period = TimeRange::new(since, until);
    match asked {
        // One of long ago stands in the middle of as long a time.
        AskedIncidents::During(at) if period.is_none_or(|period| period.overlap(at).is_none()) => {
            let half = SignedDuration::from_secs(PERIOD.as_secs() / 2);
            TimeRange::new(at.since.checked_sub(half).ok()?, at.until.checked_add(half).ok()?.min(now))
        }
        _ => period,
    }
}

/// The incidents that a report lists, the newest first.
fn listed(
    archive: &Archive,
    stores: &[Store],
    period: TimeRange,
    now: Timestamp,
    zone: &TimeZone,
) -> Result<Vec<Incident>> {
    if period.since >= now {
        return Ok(Vec::new());
    }
    let options = ReportOptions {
        since: period.since,
        until: period.until,
        compare: false,
        stores: stores.to_vec(),
        zone: Some(zone.clone()),
        now,
    };
    Ok(report(archive, &options, &NoRedaction)?.incidents.list)
}

/// The filters that list the entries of the incidents that are asked for.
fn meant(filter: &Filter, asked: AskedIncidents, incidents: &[Incident]) -> Vec<Filter> {
    // A report is about whole hours.
    let (since, until) = filter.bounds();
    let is_within = |incident: &&Incident| {
        since.is_none_or(|since| incident.end > since) && until.is_none_or(|until| incident.start < until)
    };
    let is_meant = |incident: &&Incident| match asked {
        AskedIncidents::Any | AskedIncidents::Last => true,
        AskedIncidents::Open => incident.open,
        AskedIncidents::During(at) => incident.start < at.until && at.since < incident.end,
    };
    let most = if asked == AskedIncidents::Last { 1 } else { usize::MAX };
    // A query that the report itself wrote can be parsed again.
    let listing = |incident: &Incident| Filter::parse(&incident.query, incident.end, &TimeZone::UTC).ok();
    incidents.iter().filter(is_within).filter(is_meant).take(most).filter_map(listing).collect()
}
