//! Counts who did what.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use jiff::Timestamp;

use super::hours::Hours;
use super::key::Key;
use super::model::{Actor, Bulk, Line, NewAction, People, Unusual};
use super::period::{Local, from_hour};
use super::query::Query;
use super::scan::{Names, Row, Tally};
use super::{Context, bulk, changes};
use crate::archive::entries::Which;
use crate::error::Result;
use crate::redact::Field;
use crate::sensitive::topic;

/// The most lines of each list.
const MOST_ACTORS: usize = 50;
const MOST_NEW: usize = 30;
const MOST_UNUSUAL: usize = 50;
const MOST_SENSITIVE: usize = 200;
/// The most lines of what an actor did.
const MOST_DEEDS: usize = 5;
const MOST_UNUSUAL_ACTIONS: usize = 3;

/// The sums for an actor.
struct Sum {
    all: Tally,
    first: Timestamp,
    first_store: u32,
    last: Timestamp,
    stores: BTreeSet<u32>,
    actions: BTreeMap<Option<u32>, u64>,
    categories: BTreeMap<Option<u32>, u64>,
}

/// Store, actor, the first and the last hour, and what was done how often.
type Stint = (u32, u32, i64, i64, BTreeMap<Option<u32>, u64>);

/// The sums for an action.
struct ActionCount {
    first: Timestamp,
    store: u32,
    actor: Option<u32>,
    entries: u64,
}

/// The sums for it.
#[derive(Default)]
pub(super) struct Sums {
    total: u64,
    actors: BTreeMap<u32, Sum>,
    actions: BTreeMap<u32, ActionCount>,
    pub(super) hours: Hours,
    pub(super) bulk: bulk::Sums,
    /// Store and hour of sensitive changes, and how many.
    sensitive: BTreeMap<(u32, i64), u64>,
    /// Store and hour of what was done to apps.
    pub(super) of_apps: BTreeSet<(u32, i64)>,
}

impl Sums {
    pub(super) fn add(&mut self, row: &Row) {
        let facts = row.facts;
        self.bulk.add(row);
        if facts.is_of_app {
            self.of_apps.insert((row.store, row.hour));
        }
        if let Some(action) = facts.action {
            let item = self.actions.entry(action).or_insert_with(|| ActionCount {
                first: Timestamp::MAX,
                store: row.store,
                actor: facts.actor,
                entries: 0,
            });
            if row.first() < item.first {
                (item.first, item.store, item.actor) = (row.first(), row.store, facts.actor);
            }
            item.entries += if row.is_now() { row.entries } else { 0 };
            if row.is_now() && facts.is_sensitive {
                *self.sensitive.entry((row.store, row.hour)).or_default() += row.entries;
            }
        }
        let Some(actor) = facts.actor else { return };
        self.hours.add(actor, row);
        let sum = self.actors.entry(actor).or_insert_with(|| Sum {
            all: Tally::default(),
            first: row.first(),
            first_store: row.store,
            last: row.last(),
            stores: BTreeSet::new(),
            actions: BTreeMap::new(),
            categories: BTreeMap::new(),
        });
        if row.first() < sum.first {
            (sum.first, sum.first_store) = (row.first(), row.store);
        }
        sum.last = sum.last.max(row.last());
        sum.all.add(row);
        if row.is_now() {
            self.total += row.entries;
            sum.stores.insert(row.store);
            *sum.actions.entry(facts.action).or_default() += row.entries;
            *sum.categories.entry(facts.category).or_default() += row.entries;
        }
    }

    pub(super) fn finish(&self, context: &Context<'_>) -> Result<People> {
        let mut found: Vec<(&u32, &Sum)> = self.actors.iter().filter(|(_, sum)| sum.all.now > 0).collect();
        found.sort_by_key(|(number, sum)| (Reverse(sum.all.now), **number));
        let other_actors = found.len().saturating_sub(MOST_ACTORS) as u64;
        found.truncate(MOST_ACTORS);
        let (unusual, other_unusual) = self.unusual(context)?;
        let (sensitive, other_sensitive) = self.sensitive(context)?;
        Ok(People {
            total: self.total,
            actors: found.into_iter().map(|(number, sum)| self.actor(context, *number, sum)).collect(),
            other_actors,
            new_actions: self.new_actions(context),
            knows_new: (0..context.stores.len()).any(|store| context.knows_new(u32::try_from(store).unwrap_or(0))),
            bulk: self.bulk(context)?,
            unusual,
            other_unusual,
            sensitive,
            other_sensitive,
            sensitive_query: context.query().sensitive().text(),
        })
    }

    fn actor(&self, context: &Context<'_>, number: u32, sum: &Sum) -> Actor {
        let query = || context.query().fact(Field::Actor, "actor", Some(context.kinds.actors.shown(number)));
        let lines = |sums: &BTreeMap<Option<u32>, u64>, names: &Names, name: &str| {
            let mut sums: Vec<_> = sums.iter().collect();
            sums.sort_by_key(|(number, entries)| (Reverse(**entries), **number));
            let line = |(number, entries): (&Option<u32>, &u64)| {
                let value = number.map(|number| names.shown(number));
                let query = query().fact(Field::Fact, name, value).text();
                let count = super::model::Count { now: *entries, before: None, query, key: None };
                Line { name: value.map(|value| context.text(Field::Fact, value)), count }
            };
            sums.into_iter().take(MOST_DEEDS).map(line).collect()
        };
        Actor {
            actor: context.text(Field::Actor, context.kinds.actors.shown(number)),
            count: context.count(sum.all, query().text(), Key::Actor(number)),
            new: sum.first >= context.period.since && context.knows_new(sum.first_store),
            first: sum.first,
            last: sum.last,
            stores: sum.stores.iter().copied().collect(),
            actions: lines(&sum.actions, &context.kinds.actions, "action"),
            categories: lines(&sum.categories, &context.kinds.categories, "category"),
            hours: self.hours.of(number),
            app: context.apps.of(context, context.kinds.actors.shown(number), None, context.period.until),
        }
    }

    fn new_actions(&self, context: &Context<'_>) -> Vec<NewAction> {
        let is_new = |item: &ActionCount| item.first >= context.period.since && item.entries > 0;
        let mut new: Vec<(&u32, &ActionCount)> =
            self.actions.iter().filter(|(_, item)| is_new(item) && context.knows_new(item.store)).collect();
        new.sort_by_key(|(number, item)| (Reverse(item.first), **number));
        let action = |(number, item): (&u32, &ActionCount)| {
            let shown = context.kinds.actions.shown(*number);
            NewAction {
                action: context.text(Field::Fact, shown),
                actor: context.actor(item.actor),
                first: item.first,
                store: item.store,
                entries: item.entries,
                query: context.query().fact(Field::Fact, "action", Some(shown)).text(),
                key: Key::Action(*number),
            }
        };
        new.into_iter().take(MOST_NEW).map(action).collect()
    }

    fn bulk(&self, context: &Context<'_>) -> Result<Vec<Bulk>> {
        let store = |number: u32| &context.stores[number as usize].1;
        let runs = self.bulk.runs(context)?.into_iter().map(|run| {
            let actor = context.kinds.actors.shown(run.actor);
            let action = run.action.map(|action| context.kinds.actions.shown(action));
            let query = context.query().store(store(run.store)).fact(Field::Actor, "actor", Some(actor));
            let query: Query<'_> = query.fact(Field::Fact, "action", action).between(run.start, run.end);
            Bulk {
                store: run.store,
                actor: context.text(Field::Actor, actor),
                action: action.map(|action| context.text(Field::Fact, action)),
                category: context.category(run.category),
                start: run.start,
                end: run.end,
                entries: run.entries,
                query: query.text(),
            }
        });
        Ok(runs.collect())
    }

    /// Hours in which somebody did something who hardly ever does at that time of the day.
    fn unusual(&self, context: &Context<'_>) -> Result<(Vec<Unusual>, u64)> {
        let mut found: BTreeMap<(u32, u32, i64), BTreeMap<Option<u32>, u64>> = BTreeMap::new();
        if self.hours.any_unusual() {
            super::scan::each_row(context.archive, context.stores, context.kinds, context.period, |row| {
                if !row.is_now() {
                    return;
                }
                if let Some(actor) =
                    row.facts.actor.filter(|a| self.hours.unusual(*a, row.local.hour_of_day()).is_some())
                {
                    let actions = found.entry((row.store, actor, row.hour)).or_default();
                    *actions.entry(row.facts.action).or_default() += row.entries;
                }
            })?;
        }
        // Hours in a row are one line.
        let mut lines: Vec<Stint> = Vec::new();
        for ((store, actor, hour), actions) in found {
            match lines.last_mut() {
                Some((s, a, _, last, sum)) if (*s, *a) == (store, actor) && *last + 1 == hour => {
                    *last = hour;
                    actions.into_iter().for_each(|(action, entries)| *sum.entry(action).or_default() += entries);
                }
                _ => lines.push((store, actor, hour, hour, actions)),
            }
        }
        lines.sort_by_key(|(store, actor, hour, ..)| (Reverse(*hour), *store, *actor));
        let others = lines.len().saturating_sub(MOST_UNUSUAL) as u64;
        let line = |(store, actor, first, last, actions): Stint| {
            let (start, end) = (from_hour(first).unwrap_or_default(), from_hour(last + 1).unwrap_or_default());
            let shown = context.kinds.actors.shown(actor);
            let query =
                context.query().store(&context.stores[store as usize].1).fact(Field::Actor, "actor", Some(shown));
            let mut most: Vec<_> = actions.iter().collect();
            most.sort_by_key(|(action, entries)| (Reverse(**entries), **action));
            let hour = Local::of(first, &context.period.zone).hour_of_day();
            Unusual {
                store,
                actor: context.text(Field::Actor, shown),
                start,
                end,
                entries: actions.values().sum(),
                share: self.hours.share(actor, hour).unwrap_or_default(),
                actions: most
                    .iter()
                    .filter_map(|(action, _)| context.action(**action))
                    .take(MOST_UNUSUAL_ACTIONS)
                    .collect(),
                query: query.between(start, end).text(),
            }
        };
        Ok((lines.into_iter().take(MOST_UNUSUAL).map(line).collect(), others))
    }

    fn sensitive(&self, context: &Context<'_>) -> Result<(Vec<super::model::Change>, u64)> {
        let mut hours: Vec<(&(u32, i64), &u64)> = self.sensitive.iter().collect();
        hours.sort_by_key(|((store, hour), _)| (Reverse(*hour), *store));
        let all: u64 = hours.iter().map(|(_, entries)| **entries).sum();
        let mut found = Vec::new();
        for ((store, hour), _) in hours {
            if found.len() >= MOST_SENSITIVE {
                break;
            }
            let bounds = [*hour, hour + 1].map(|hour| from_hour(hour).unwrap_or_default());
            let id = context.stores[*store as usize].0;
            context.archive.each_of_store(id, bounds, Which::Actions, |entry| {
                if topic(entry.category.as_deref(), entry.action.as_deref()).is_some() {
                    found.push(changes::change(context, &self.hours, *store, &entry));
                }
                ControlFlow::Continue(())
            })?;
        }
        found.sort_by_key(|change| Reverse(change.time));
        found.truncate(MOST_SENSITIVE);
        let others = all.saturating_sub(found.len() as u64);
        Ok((found, others))
    }
}
