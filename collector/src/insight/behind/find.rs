//! Finds the newest entries of each figure: by its query, by what the counts know of it, or by the order that they name.

use std::collections::{HashMap, HashSet};
use std::iter;
use std::ops::ControlFlow;
use std::rc::Rc;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use super::{Context, Entries, Entry, Figure, MOST, MOST_OF_STEP, Newest, counted, trim};
use crate::archive::entries::Which;
use crate::error::Result;
use crate::insight::key::Key;
use crate::insight::model::{App, Change, Incident, Orders, People, Report};
use crate::insight::{orders, query};
use crate::search::Filter;

/// How many problems are looked at for the figures of an incident, the newest of each store.
const MOST_READ: usize = 20_000;

/// The entries behind the figures of a report on these stores.
pub(in crate::insight) fn entries(context: &Context<'_>, report: &Report) -> Result<Entries> {
    let mut finder = Finder::new(context, report);
    for incident in &report.incidents.list {
        finder.incident(incident)?;
    }
    finder.orders(&report.orders)?;
    finder.people(&report.people)?;
    finder.counted(report)?;
    Ok(finder.found)
}

/// A figure whose entries are looked for by its query.
struct Wanted<'a> {
    query: &'a str,
    of: u64,
    filter: Filter,
    newest: Newest,
}

struct Finder<'a> {
    context: &'a Context<'a>,
    found: Entries,
    /// The places of entries by their uids.
    places: HashMap<String, usize>,
    /// The queries of figures that have their entries.
    known: HashSet<String>,
    /// The places of categories in those of the charts.
    categories: HashMap<Option<u32>, usize>,
}

impl<'a> Finder<'a> {
    fn new(context: &'a Context<'a>, report: &Report) -> Self {
        let charted = report.activity.categories.iter().take(report.activity.cube.categories.len());
        let categories = charted.enumerate().filter_map(|(place, line)| match line.count.key {
            Some(Key::Category(number)) => Some((number, place)),
            _ => None,
        });
        Self {
            context,
            found: Entries::default(),
            places: HashMap::new(),
            known: HashSet::new(),
            categories: categories.collect(),
        }
    }

    /// Adds the newest entries of a figure.
    fn add(&mut self, query: &str, of: u64, newest: Newest) {
        if !newest.is_empty() && self.known.insert(query.to_owned()) {
            self.put(Some(query.to_owned()), of, newest);
        }
    }

    fn put(&mut self, query: Option<String>, of: u64, newest: Newest) {
        let Entries { list, figures } = &mut self.found;
        let newest = newest.into_iter().map(|(store, entry)| {
            *self.places.entry(entry.uid.clone()).or_insert_with(|| {
                let category = self.context.kinds.categories.find(entry.category.as_deref());
                let category = self.categories.get(&category).copied().unwrap_or(self.categories.len());
                list.push(Entry::new(self.context, store, category, &entry));
                list.len() - 1
            })
        });
        figures.push(Figure { query, of, newest: newest.collect() });
    }

    /// The figures that are added up from the hourly counts, and the bars of the charts.
    fn counted(&mut self, report: &Report) -> Result<()> {
        let figures = counted::figures(report);
        let steps = (0_u32..).zip(&report.period.steps).flat_map(|(step, _)| [Key::ProblemsOf(step), Key::Step(step)]);
        let keys = figures.iter().map(|figure| (figure.key, MOST)).chain(steps.map(|key| (key, MOST_OF_STEP)));
        let keys: Vec<(Key, usize)> = keys.collect();
        let mut newest = counted::newest(self.context, &keys)?;
        for figure in figures {
            self.add(figure.query, figure.of, newest.remove(&figure.key).unwrap_or_default());
        }
        for (_, newest) in keys.iter().filter_map(|(key, _)| newest.remove_entry(key)) {
            self.put(None, 0, newest);
        }
        Ok(())
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
        bulk.chain(unusual).try_for_each(|figure| self.search(iter::once(figure), Which::Changes))?;
        people.actors.iter().filter_map(|actor| actor.app.as_ref()).try_for_each(|app| self.app(app))
    }

    /// What put an app to work.
    fn app(&mut self, app: &App) -> Result<()> {
        let App { time: Some(time), query: Some(query), store: Some(store), .. } = app else { return Ok(()) };
        self.one(*store, *time, query, Which::Actions)
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
                            newest.push((store, Rc::new(entry.clone())));
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
                found.push((store, Rc::new(entry)));
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
                let entry = Rc::new(entry);
                for (wanted, matched) in wanted.iter_mut().zip(&mut matched) {
                    if (newest_first && *matched >= MOST) || !wanted.filter.matches(&entry) {
                        continue;
                    }
                    *matched += 1;
                    wanted.newest.push((number, Rc::clone(&entry)));
                    if wanted.newest.len() > 4 * MOST {
                        trim(&mut wanted.newest, MOST);
                    }
                }
                read += 1;
                let enough = newest_first && (read >= MOST_READ || matched.iter().all(|matched| *matched >= MOST));
                if enough { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            })?;
        }
        for mut wanted in wanted {
            trim(&mut wanted.newest, MOST);
            self.add(wanted.query, wanted.of, wanted.newest);
        }
        Ok(())
    }
}
