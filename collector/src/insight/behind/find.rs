//! Finds the newest entries of each figure: by its query, by its template, or by the order that they name.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::ops::ControlFlow;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Context, Entries, Entry, Figure, MOST, Newest, hours};
use crate::archive::entries::Which;
use crate::error::Result;
use crate::insight::model::{Change, Incident, Orders, People, Report};
use crate::insight::{orders, query};
use crate::search::Filter;

/// How many problems are looked at for the figures of an incident, the newest of each store.
const MOST_READ: usize = 20_000;

/// The entries behind the figures of a report on these stores.
pub(in crate::insight) fn entries(context: &Context<'_>, report: &Report) -> Result<Entries> {
    let mut finder = Finder { context, found: Entries::default(), places: HashMap::new(), known: HashSet::new() };
    for incident in &report.incidents.list {
        finder.incident(incident)?;
    }
    finder.orders(&report.orders)?;
    for (template, newest) in hours::newest(context, &report.problems.templates)? {
        let of = template.count.before.filter(|_| template.is_gone()).unwrap_or(template.count.now);
        finder.add(&template.count.query, of, newest);
    }
    finder.people(&report.people)?;
    Ok(finder.found)
}

/// A figure whose entries are looked for by its query.
struct Wanted<'a> {
    query: &'a str,
    of: u64,
    filter: Filter,
    newest: Newest,
}

impl Wanted<'_> {
    /// Leaves only the newest.
    fn trim(&mut self) {
        self.newest.sort_by(|(_, a), (_, b)| b.time.cmp(&a.time).then_with(|| a.uid.cmp(&b.uid)));
        self.newest.truncate(MOST);
    }
}

struct Finder<'a> {
    context: &'a Context<'a>,
    found: Entries,
    /// The places of entries by their uids.
    places: HashMap<String, usize>,
    /// The queries of figures that have their entries.
    known: HashSet<String>,
}

impl Finder<'_> {
    /// Adds the newest entries of a figure.
    fn add(&mut self, query: &str, of: u64, newest: Newest) {
        if newest.is_empty() || !self.known.insert(query.to_owned()) {
            return;
        }
        let Entries { list, figures } = &mut self.found;
        let newest = newest.into_iter().map(|(store, entry)| {
            *self.places.entry(entry.uid.clone()).or_insert_with(|| {
                list.push(Entry::new(self.context, store, &entry));
                list.len() - 1
            })
        });
        figures.push(Figure { query: query.to_owned(), of, newest: newest.collect() });
    }

    fn incident(&mut self, incident: &Incident) -> Result<()> {
        let lines = [&incident.templates, &incident.reasons, &incident.other_reasons].into_iter().flatten();
        let lines = lines.map(|line| (line.count.query.as_str(), line.count.now));
        self.search(iter::once((incident.query.as_str(), incident.entries)).chain(lines), Which::Problems)?;
        let changes = &incident.changes;
        self.search(iter::once((changes.query.as_str(), changes.entries)), Which::Changes)?;
        changes.listed.iter().try_for_each(|change| self.change(change, Which::Changes))
    }

    fn people(&mut self, people: &People) -> Result<()> {
        people.sensitive.iter().try_for_each(|change| self.change(change, Which::Actions))?;
        let bulk = people.bulk.iter().map(|bulk| (bulk.query.as_str(), bulk.entries));
        let unusual = people.unusual.iter().map(|unusual| (unusual.query.as_str(), unusual.entries));
        bulk.chain(unusual).try_for_each(|figure| self.search(iter::once(figure), Which::Changes))
    }

    fn change(&mut self, change: &Change, which: Which) -> Result<()> {
        self.one(change.store, change.time, &change.query, which)
    }

    fn orders(&mut self, orders: &Orders) -> Result<()> {
        let numbers = orders.list.iter().enumerate().map(|(at, order)| ((order.store, order.order.as_str()), at));
        let numbers: HashMap<(u32, &str), usize> = numbers.collect();
        let mut newest = vec![Vec::new(); orders.list.len()];
        for (store, (id, _)) in (0_u32..).zip(self.context.stores) {
            if orders.list.iter().any(|order| order.store == store) {
                orders::each_read(self.context, *id, |entry| {
                    for order in orders::named(entry).keys() {
                        let newest = numbers.get(&(store, order.as_str())).map(|at| &mut newest[*at]);
                        if let Some(newest) = newest.filter(|newest| newest.len() < MOST) {
                            newest.push((store, entry.clone()));
                        }
                    }
                })?;
            }
        }
        for (order, newest) in orders.list.iter().zip(newest) {
            self.add(&order.query, order.entries, newest);
            if let Some(success) = &order.came_through {
                self.one(order.store, success.time, &success.query, Which::Successes)?;
            }
        }
        Ok(())
    }

    /// The one entry that a query finds by its uid.
    fn one(&mut self, store: u32, time: Timestamp, query: &str, which: Which) -> Result<()> {
        let behind = time.checked_add(SignedDuration::from_micros(1)).unwrap_or(time);
        let mut found = Vec::new();
        self.context.archive.each_of_store(self.context.stores[store as usize].0, [time, behind], which, |entry| {
            if query::uid(&entry.uid) == query {
                found.push((store, entry));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })?;
        self.add(query, 1, found);
        Ok(())
    }

    /// The newest entries that each of some queries finds among those of a kind.
    fn search<'q>(&mut self, figures: impl Iterator<Item = (&'q str, u64)>, which: Which) -> Result<()> {
        let context = self.context;
        let mut wanted = Vec::new();
        for (query, of) in figures.filter(|(_, of)| *of > 0) {
            // A query that the report itself wrote can be read again.
            if let Ok(filter) = Filter::parse(query, context.now, &TimeZone::UTC) {
                wanted.push(Wanted { query, of, filter: filter.unveiled(context.archive)?, newest: Vec::new() });
            }
        }
        let bounds = || wanted.iter().map(|wanted| wanted.filter.bounds());
        let since = bounds().map(|(since, _)| since.unwrap_or(context.period.since)).min();
        let until = bounds().map(|(_, until)| until.unwrap_or(context.period.until)).max();
        let (Some(since), Some(until)) = (since, until) else { return Ok(()) };
        let newest_first = which == Which::Problems;
        for (number, (id, store)) in (0_u32..).zip(context.stores) {
            if !wanted.iter().any(|wanted| wanted.filter.concerns(store)) {
                continue;
            }
            let (mut read, mut matched) = (0, vec![0; wanted.len()]);
            context.archive.each_of_store(*id, [since, until], which, |entry| {
                for (wanted, matched) in wanted.iter_mut().zip(&mut matched) {
                    if (newest_first && *matched >= MOST) || !wanted.filter.matches(&entry) {
                        continue;
                    }
                    *matched += 1;
                    wanted.newest.push((number, entry.clone()));
                    if wanted.newest.len() > 4 * MOST {
                        wanted.trim();
                    }
                }
                read += 1;
                let enough = newest_first && (read >= MOST_READ || matched.iter().all(|matched| *matched >= MOST));
                if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        for mut wanted in wanted {
            wanted.trim();
            self.add(wanted.query, wanted.of, wanted.newest);
        }
        Ok(())
    }
}
