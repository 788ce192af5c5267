//! Reports: what the logs say, for the person who runs the shop.
//!
//! [`report`] reads an archive and answers five questions: what happened, what is going wrong, when did it go wrong,
//! who did what, and can this be trusted. Nearly all of it is added up from the hourly counts that the archive keeps,
//! so the time it takes depends on the number of hours and kinds of entries, not on entries; only a limited number of
//! entries has to be read. Each line has the query of `storelogs search` that lists its entries.
//!
//! `docs/insights.md` explains how each figure is computed.

mod activity;
mod amounts;
mod apps;
mod behind;
mod bulk;
mod bursts;
mod causes;
mod changes;
pub mod document;
mod hints;
mod hits;
mod hours;
mod html;
mod incidents;
mod key;
pub mod model;
mod orders;
mod people;
mod period;
mod problems;
mod query;
mod scan;
mod search;
mod statistics;
mod summary;
mod trust;
mod wide;

use std::collections::BTreeMap;

use jiff::tz::{Offset, TimeZone};
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;

pub use behind::Entries;
pub use hints::Hint;
pub use html::html;
pub use model::Report;
pub use period::{Period, Step};
pub use search::with_incidents;
pub(crate) use trust::comparable;

use crate::archive::template::Template;
use crate::archive::{Archive, Labels, StoreId};
use crate::error::{Error, Result};
use crate::redact::{Field, Redact, Text};
use crate::search::Filter;
use key::Key;
use model::{Count, Incident};
use query::Query;
use scan::{Kinds, Tally};

/// How long before the period an archive has to begin for what is new in the period to be known.
pub(crate) const KNOWS_NEW: SignedDuration = SignedDuration::from_hours(7 * 24);

/// The options of a report.
#[derive(Clone, Debug)]
pub struct ReportOptions {
    /// The beginning of the period. It is moved to the beginning of its hour, or of its day if the period is long.
    pub since: Timestamp,
    /// The end of the period, the present at the latest. It is moved to the end of its hour.
    pub until: Timestamp,
    /// Whether it is compared with the time before, as long as itself.
    pub compare: bool,
    /// Only these stores; none means all.
    pub stores: Vec<Store>,
    /// The time zone of days and hours. `None`: see [`time_zone`]; that of this machine if the stores give none.
    pub zone: Option<TimeZone>,
    /// The present.
    pub now: Timestamp,
}

/// The context of all sections of a report.
struct Context<'a> {
    archive: &'a Archive,
    redact: &'a dyn Redact,
    period: &'a Period,
    /// The stores of the report, by their number in it.
    stores: &'a [(StoreId, Store)],
    /// The same, to name in queries. Empty if they are all that there are.
    named: &'a [Store],
    kinds: &'a Kinds,
    /// The first hour of each store.
    begins: Vec<Option<i64>>,
    /// The period and the one before are covered well enough.
    comparable: bool,
    /// The name and the owner of each store.
    labels: &'a [Labels],
    apps: &'a apps::Apps,
    now: Timestamp,
    every_order: bool,
}

/// Makes a report.
///
/// # Errors
/// If the archive cannot be read, knows none of these stores, or the period is empty or in the future.
pub fn report(archive: &Archive, options: &ReportOptions, redact: &dyn Redact) -> Result<Report> {
    make(archive, options, redact, false, |_, _| Ok(())).map(|(report, ())| report)
}

/// Makes a report in which all orders that problems name are listed, however many, and not only the newest.
///
/// # Errors
/// As [`report`].
pub fn report_with_every_order(archive: &Archive, options: &ReportOptions, redact: &dyn Redact) -> Result<Report> {
    make(archive, options, redact, true, |_, _| Ok(())).map(|(report, ())| report)
}

/// Makes a report, and finds the newest entries behind its figures, for [`html`]. Their texts are redacted as those of the
/// report are.
///
/// # Errors
/// If the archive cannot be read, knows none of these stores, or the period is empty.
pub fn report_with_entries(
    archive: &Archive,
    options: &ReportOptions,
    redact: &dyn Redact,
) -> Result<(Report, Entries)> {
    make(archive, options, redact, false, behind::entries)
}

/// Makes a report, and what is found for it in the same view of the archive.
fn make<More>(
    archive: &Archive,
    options: &ReportOptions,
    redact: &dyn Redact,
    every_order: bool,
    more: impl FnOnce(&Context<'_>, &Report) -> Result<More>,
) -> Result<(Report, More)> {
    // It is seen as it is now, whatever comes meanwhile.
    let _view = archive.view()?;
    let mut stores = archive.stores()?;
    if let Some(unknown) = options.stores.iter().find(|wanted| stores.iter().all(|(_, store)| store != *wanted)) {
        return Err(Error::UnknownStore { store: unknown.clone() });
    }
    let known = stores.len();
    stores.retain(|(_, store)| options.stores.is_empty() || options.stores.contains(store));
    let zone = match &options.zone {
        Some(zone) => zone.clone(),
        None => time_zone(archive, &options.stores)?.unwrap_or_else(TimeZone::system),
    };
    // Nothing is known of the future, and its hours would count as hours in which nothing happened.
    let until = options.until.min(options.now);
    if until <= options.since {
        return Err(Error::EmptyPeriod);
    }
    let period = Period::new(options.since, until, options.compare, zone).ok_or(Error::EmptyPeriod)?;
    let names: Vec<Store> = stores.iter().map(|(_, store)| store.clone()).collect();
    let named = if stores.len() == known { &[][..] } else { &names[..] };
    let kinds = Kinds::read(archive)?;
    let mut activity = activity::Sums::default();
    let mut problems = problems::Sums::default();
    let mut incidents = incidents::Sums::default();
    let mut people = people::Sums::default();
    scan::each_row(archive, &stores, &kinds, &period, |row| {
        activity.add(row);
        problems.add(row, period.steps.len());
        incidents.add(row);
        people.add(row);
    })?;
    people.bulk.close();
    let mut labels = archive.labels()?;
    let labels: Vec<Labels> = stores.iter().map(|(id, _)| labels.remove(id).unwrap_or_default()).collect();
    let apps = apps::Apps::read(archive, &stores, &people.of_apps)?;
    let context = Context {
        archive,
        redact,
        period: &period,
        stores: &stores,
        named,
        kinds: &kinds,
        begins: (0_u32..).zip(&stores).map(|(number, _)| incidents.begin(number)).collect(),
        comparable: trust::comparable(archive, &stores, period.previous)?
            && trust::is_read(archive, &stores, period.whole(), options.now)?,
        labels: &labels,
        apps: &apps,
        now: options.now,
        every_order,
    };
    let mut report = Report {
        version: model::VERSION,
        made: options.now,
        redacted: redact.hides(),
        stores: names.iter().map(ToString::to_string).collect(),
        labels: if labels.iter().all(Labels::is_empty) { Vec::new() } else { labels.clone() },
        scope: named.iter().map(ToString::to_string).collect(),
        verdict: String::new(),
        summary: Vec::new(),
        incidents: incidents.finish(&context, &people.hours)?,
        problems: problems.finish(&context)?,
        orders: orders::orders(&context)?,
        people: people.finish(&context)?,
        trust: trust::trust(&context, &activity.by_store(stores.len()))?,
        activity: activity.finish(&context),
        period: period.clone(),
    };
    let pruned_until = report.trust.stores.iter().filter_map(|store| store.pruned_until).max();
    for Incident { changes, .. } in &mut report.incidents.list {
        changes.pruned_until = pruned_until.filter(|until| *until > changes.range.since);
    }
    report.verdict = summary::verdict(&report);
    report.summary = summary::findings(&report);
    let more = more(&context, &report)?;
    Ok((report, more))
}

/// The time zone that stores are taken to be in: the offset from UTC that the newest entries of most of them have, if any has one
/// other than UTC, else that of most in the archive. BigCommerce sends all times in UTC, wherever the shop is.
///
/// # Errors
/// If the archive cannot be read.
pub fn time_zone(archive: &Archive, stores: &[Store]) -> Result<Option<TimeZone>> {
    let all = archive.stores()?;
    let these = all.iter().filter(|(_, store)| stores.contains(store));
    let offset = match most_offset(archive, these)? {
        None => most_offset(archive, &all)?,
        known => known,
    };
    Ok(offset.and_then(|offset| Offset::from_seconds(offset).ok()).map(TimeZone::fixed))
}

/// The offset from UTC, other than none, that most of these stores have.
fn most_offset<'a>(archive: &Archive, stores: impl IntoIterator<Item = &'a (StoreId, Store)>) -> Result<Option<i32>> {
    let mut offsets = BTreeMap::<i32, u32>::new();
    for (id, _) in stores {
        if let Some(offset) = archive.newest_offset(*id)?.filter(|offset| *offset != 0) {
            *offsets.entry(offset).or_default() += 1;
        }
    }
    Ok(offsets.into_iter().max_by_key(|(_, stores)| *stores).map(|(offset, _)| offset))
}

/// The time zone of the stores that a query is about, in whatever way it names them: as [`time_zone`] finds it.
///
/// # Errors
/// If the archive cannot be read.
pub fn time_zone_of_query(archive: &Archive, query: &Filter) -> Result<Option<TimeZone>> {
    let query = query.labelled(archive)?;
    let stores = archive.stores()?.into_iter().map(|(_, store)| store);
    time_zone(archive, &stores.filter(|store| query.concerns(store)).collect::<Vec<_>>())
}

impl Context<'_> {
    fn query(&self) -> Query<'_> {
        Query::new(self.redact, self.named, self.period.since, self.period.until)
    }

    fn count(&self, tally: Tally, query: String, key: impl Into<Option<Key>>) -> Count {
        Count { now: tally.now, before: self.comparable.then_some(tally.before), query, key: key.into() }
    }

    fn text(&self, field: Field, text: &str) -> Text {
        Text::new(self.redact, field, text)
    }

    /// Whose a store is, if that is known.
    fn owner(&self, store: u32) -> Option<&str> {
        self.labels.get(store as usize)?.owner.as_deref()
    }

    fn template(&self, number: u32) -> &Template {
        &self.kinds.mined.templates[number as usize]
    }

    fn raw_category(&self, number: Option<u32>) -> Option<&str> {
        number.map(|number| self.kinds.categories.shown(number))
    }

    fn category(&self, number: Option<u32>) -> Option<Text> {
        number.map(|number| self.text(Field::Fact, self.kinds.categories.shown(number)))
    }

    fn module(&self, number: Option<u32>) -> Option<Text> {
        number.map(|number| self.text(Field::Fact, self.kinds.modules.shown(number)))
    }

    fn action(&self, number: Option<u32>) -> Option<Text> {
        number.map(|number| self.text(Field::Fact, self.kinds.actions.shown(number)))
    }

    fn actor(&self, number: Option<u32>) -> Option<Text> {
        number.map(|number| self.text(Field::Actor, self.kinds.actors.shown(number)))
    }

    /// Whether a store's part of the archive begins early enough before the period to know what is new in it.
    fn knows_new(&self, store: u32) -> bool {
        let begins = self.begins[store as usize].and_then(period::from_hour);
        begins.is_some_and(|begins| self.period.since.duration_since(begins) >= KNOWS_NEW)
    }
}
