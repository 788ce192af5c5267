//! Bulk operations: many entries in minutes by one actor with one action.

use std::collections::{BTreeMap, HashMap};

use jiff::Timestamp;

use super::Context;
use super::period::second_of;
use super::scan::Row;
use crate::error::Result;

/// Fewer entries are no bulk operation.
const LEAST: usize = 30;
/// Entries that are further apart, in seconds, do not belong to one.
const FARTHEST: i64 = 10;
/// An hour of a bulk operation has this many times the median of all hours: what goes on all day is none.
const TIMES_USUAL: u64 = 5;
/// The most hours that are looked at closely.
const MOST_HOURS: usize = 300;
/// The most entries that are looked at for it.
const MOST_READ: u64 = 1_000_000;

/// Store, actor, action.
type Key = (u32, u32, Option<u32>);

/// The sums for it: hours are added in order.
#[derive(Default)]
pub(super) struct Sums {
    /// The hour that is added to.
    hour: Option<(u32, i64)>,
    open: HashMap<Key, u64>,
    is_now: bool,
    /// How many hours have how many entries.
    hours: HashMap<Key, BTreeMap<u64, u64>>,
    /// Hours of the period that have many.
    many: Vec<(Key, i64, u64)>,
    /// The first and the last hour of each store.
    spans: HashMap<u32, (i64, i64)>,
}

/// A bulk operation.
pub(super) struct Run {
    pub(super) store: u32,
    pub(super) actor: u32,
    pub(super) action: Option<u32>,
    pub(super) category: Option<u32>,
    pub(super) start: Timestamp,
    pub(super) end: Timestamp,
    pub(super) entries: u64,
}

impl Sums {
    pub(super) fn add(&mut self, row: &Row) {
        let Some(actor) = row.facts.actor else { return };
        if self.hour != Some((row.store, row.hour)) {
            self.close();
            self.hour = Some((row.store, row.hour));
            self.is_now = row.is_now();
        }
        *self.open.entry((row.store, actor, row.facts.action)).or_default() += row.entries;
        let span = self.spans.entry(row.store).or_insert((row.hour, row.hour));
        *span = (span.0.min(row.hour), span.1.max(row.hour));
    }

    /// Ends the hour that is added to.
    pub(super) fn close(&mut self) {
        let Some((_, hour)) = self.hour else { return };
        for (key, entries) in self.open.drain() {
            *self.hours.entry(key).or_default().entry(entries).or_default() += 1;
            // It may be half of one that goes on in the hour behind.
            if self.is_now && entries >= LEAST as u64 / 2 {
                self.many.push((key, hour, entries));
            }
        }
    }

    /// The bulk operations, the newest first.
    pub(super) fn runs(&self, context: &Context<'_>) -> Result<Vec<Run>> {
        let mut many: Vec<&(Key, i64, u64)> =
            self.many.iter().filter(|(key, _, entries)| *entries >= TIMES_USUAL * self.median(key)).collect();
        many.sort_by_key(|(key, hour, entries)| (std::cmp::Reverse(*entries), *hour, *key));
        many.truncate(MOST_HOURS);
        let mut by_key: BTreeMap<Key, Vec<i64>> = BTreeMap::new();
        let mut read = 0;
        for (key, hour, entries) in many {
            read += entries;
            if read <= MOST_READ {
                by_key.entry(*key).or_default().push(*hour);
            }
        }
        let mut runs = Vec::new();
        for (key, mut hours) in by_key {
            hours.sort_unstable();
            while let Some(first) = hours.first().copied() {
                // Hours in a row are looked at together.
                let length = hours.iter().zip(first..).take_while(|(hour, expected)| *hour == expected).count();
                let last = hours[length - 1];
                hours.drain(..length);
                read_runs(context, key, [first, last + 1], &mut runs)?;
            }
        }
        runs.sort_by_key(|run| std::cmp::Reverse(run.start));
        Ok(runs)
    }

    /// How many entries half of all hours have at the most.
    fn median(&self, key: &Key) -> u64 {
        let (first, last) = self.spans.get(&key.0).copied().unwrap_or_default();
        let all = (last - first + 1).unsigned_abs();
        let counts = self.hours.get(key);
        let active: u64 = counts.iter().flat_map(|counts| counts.values()).sum();
        let mut seen = all.saturating_sub(active);
        if seen * 2 >= all {
            return 0;
        }
        for (entries, hours) in counts.into_iter().flatten() {
            seen += hours;
            if seen * 2 >= all {
                return *entries;
            }
        }
        0
    }
}

fn read_runs(context: &Context<'_>, (store, actor, action): Key, hours: [i64; 2], runs: &mut Vec<Run>) -> Result<()> {
    let mut run: Vec<i64> = Vec::new();
    let mut categories: BTreeMap<Option<u32>, u64> = BTreeMap::new();
    let mut end = |run: &mut Vec<i64>, categories: &mut BTreeMap<Option<u32>, u64>| {
        if let ([first, .., last], true) = (&run[..], run.len() >= LEAST) {
            let category = categories.iter().max_by_key(|(_, entries)| **entries).and_then(|(category, _)| *category);
            let [start, end] = [*first, last + 1].map(|second| Timestamp::from_second(second).unwrap_or_default());
            runs.push(Run { store, actor, action, category, start, end, entries: run.len() as u64 });
        }
        run.clear();
        categories.clear();
    };
    let (id, kinds) = (context.stores[store as usize].0, context.kinds);
    context.archive.each_action(id, hours.map(|hour| second_of(hour, 0)), |done| {
        if kinds.actors.find(done.actor) != Some(actor) || kinds.actions.find(done.action) != action {
            return;
        }
        if run.last().is_some_and(|last| done.second - last > FARTHEST) {
            end(&mut run, &mut categories);
        }
        run.push(done.second);
        *categories.entry(kinds.categories.find(done.category)).or_default() += 1;
    })?;
    end(&mut run, &mut categories);
    Ok(())
}
