//! Counts what happened.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};

use storelogs::Severity;

use super::Context;
use super::key::Key;
use super::model::{Activity, Busiest, Cube, Line};
use super::period::WEEK;
use super::query::Query;
use super::scan::{Row, Tally, When};
use crate::redact::Field;

/// How many stores and categories the charts show separately: the first pair with which they stay small enough.
const TOLD_APART: [(usize, usize); 5] = [(20, 20), (12, 12), (8, 8), (4, 6), (1, 1)];
/// The most counts of the steps of a chart, and of the hours of the week.
const MOST_CELLS: usize = 30_000;

/// Store, severity, category.
type GroupKey = (u32, Severity, Option<u32>);

/// The sums for it.
#[derive(Default)]
pub(super) struct Sums {
    all: BTreeMap<GroupKey, Tally>,
    steps: HashMap<(u32, GroupKey), u64>,
    week: HashMap<(u8, GroupKey), u64>,
}

impl Sums {
    pub(super) fn add(&mut self, row: &Row) {
        if row.when == When::Else {
            return;
        }
        let key = (row.store, row.facts.severity, row.facts.category);
        self.all.entry(key).or_default().add(row);
        if let When::Now(step) = row.when {
            *self.steps.entry((step, key)).or_default() += row.entries;
            *self.week.entry((row.local.slot, key)).or_default() += row.entries;
        }
    }

    /// The entries of each store in the period.
    pub(super) fn by_store(&self, stores: usize) -> Vec<u64> {
        let mut sums = vec![0; stores];
        for ((store, ..), tally) in &self.all {
            sums[*store as usize] += tally.now;
        }
        sums
    }

    fn by<K: Ord>(&self, key: impl Fn(&GroupKey) -> K) -> Vec<(K, Tally)> {
        let mut sums: BTreeMap<K, Tally> = BTreeMap::new();
        for (of, tally) in &self.all {
            let sum = sums.entry(key(of)).or_default();
            sum.now += tally.now;
            sum.before += tally.before;
        }
        let mut sums: Vec<_> = sums.into_iter().collect();
        sums.sort_by_key(|(_, tally)| Reverse((tally.now, tally.before)));
        sums
    }

    pub(super) fn finish(&self, context: &Context<'_>) -> Activity {
        let total = self.by(|_| ()).first().map_or_else(Tally::default, |(_, tally)| *tally);
        let count = |tally, query: Query<'_>, key: Option<Key>| context.count(tally, query.text(), key);
        let store = |number: u32| &context.stores[number as usize].1;
        let mut severities = self.by(|(_, severity, _)| *severity);
        severities.sort_by_key(|(severity, _)| Reverse(seriousness(*severity)));
        let mut platforms = self.by(|(number, ..)| store(*number).platform().as_str());
        platforms.sort_by_key(|(platform, _)| *platform);
        let (stores, categories) = (self.by(|(store, ..)| *store), self.by(|(.., category)| *category));
        Activity {
            total: count(total, context.query(), Some(Key::All)),
            cube: self.cube(context, &stores, &categories),
            busiest: self.busiest(),
            severities: severities
                .into_iter()
                .map(|(severity, tally)| Line {
                    name: severity,
                    count: count(tally, context.query().severity(severity), None),
                })
                .collect(),
            platforms: platforms
                .into_iter()
                .map(|(name, tally)| Line {
                    name: name.to_owned(),
                    count: count(tally, context.query().platform(name), None),
                })
                .collect(),
            stores: stores
                .into_iter()
                .map(|(number, tally)| Line {
                    name: store(number).to_string(),
                    count: count(tally, context.query().store(store(number)), Some(Key::Store(number))),
                })
                .collect(),
            categories: categories
                .into_iter()
                .map(|(number, tally)| Line {
                    name: context.category(number),
                    count: count(
                        tally,
                        context.query().fact(Field::Fact, "category", context.raw_category(number)),
                        Some(Key::Category(number)),
                    ),
                })
                .collect(),
        }
    }

    fn busiest(&self) -> Option<Busiest> {
        let mut hours = [0; WEEK];
        for ((slot, _), entries) in &self.week {
            hours[usize::from(*slot)] += entries;
        }
        let (slot, entries) = (0_u8..).zip(hours).max_by_key(|(slot, entries)| (*entries, Reverse(*slot)))?;
        (entries > 0).then_some(Busiest { weekday: slot / 24, hour: slot % 24, entries })
    }

    fn cube(&self, context: &Context<'_>, stores: &[(u32, Tally)], categories: &[(Option<u32>, Tally)]) -> Cube {
        let mut severities: Vec<Severity> = self.by(|(_, severity, _)| *severity).into_iter().map(|(s, _)| s).collect();
        severities.sort_by_key(|severity| seriousness(*severity));
        let mut chosen = None;
        for (most_stores, most_categories) in TOLD_APART {
            let stores: Vec<u32> = stores.iter().take(most_stores).map(|(store, _)| *store).collect();
            let categories: Vec<Option<u32>> = categories.iter().take(most_categories).map(|(name, _)| *name).collect();
            let place = |(store, severity, category): &GroupKey| {
                let store = stores.iter().position(|other| other == store).unwrap_or(stores.len());
                let severity = severities.iter().position(|other| other == severity).unwrap_or_default();
                let category = categories.iter().position(|other| other == category).unwrap_or(categories.len());
                [store as u64, severity as u64, category as u64]
            };
            let steps = cells(self.steps.iter().map(|((step, key), n)| (u64::from(*step), place(key), *n)));
            let week = cells(self.week.iter().map(|((slot, key), n)| (u64::from(*slot), place(key), *n)));
            let small = steps.len().max(week.len()) <= MOST_CELLS;
            chosen = Some((stores, categories, steps, week));
            if small {
                break;
            }
        }
        let (stores, categories, steps, week) = chosen.unwrap_or_default();
        let categories = categories.into_iter().map(|number| context.category(number)).collect();
        Cube { stores, severities, categories, steps, week }
    }
}

fn cells(counts: impl Iterator<Item = (u64, [u64; 3], u64)>) -> Vec<[u64; 5]> {
    let mut cells: BTreeMap<[u64; 4], u64> = BTreeMap::new();
    for (at, [store, severity, category], entries) in counts {
        *cells.entry([at, store, severity, category]).or_default() += entries;
    }
    cells.into_iter().map(|([at, store, severity, category], n)| [at, store, severity, category, n]).collect()
}

/// An unknown severity may be the worst, and is put where it is seen.
pub(super) fn seriousness(severity: Severity) -> u8 {
    match severity {
        Severity::Error => 4,
        Severity::Unspecified => 3,
        Severity::Warning => 2,
        Severity::Notice => 1,
        Severity::Info => 0,
    }
}
