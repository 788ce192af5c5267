//! The newest entries of figures that are added up from the hourly counts: the counts say in which hours they are, so
//! only those are read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;
use std::rc::Rc;

use super::{Context, MOST_LINES, Newest};
use crate::archive::entries::Which;
use crate::error::Result;
use crate::insight::key::Key;
use crate::insight::model::Report;
use crate::insight::period::second_of;
use crate::insight::scan::{Calendar, each_row};

/// The last hours of a figure, in which it has as many entries as are listed.
struct Hours {
    most: u64,
    entries: u64,
    /// By hour, the newest first, and by store.
    of: BTreeMap<Reverse<i64>, BTreeMap<u32, u64>>,
}

impl Hours {
    fn add(&mut self, hour: i64, store: u32, entries: u64) {
        *self.of.entry(Reverse(hour)).or_default().entry(store).or_default() += entries;
        self.entries += entries;
        // An hour stays with all of its stores: any of them may have the newest.
        while let Some(oldest) = self.of.last_entry() {
            let entries: u64 = oldest.get().values().sum();
            if self.entries - entries < self.most {
                break;
            }
            self.entries -= entries;
            oldest.remove();
        }
    }
}

/// A figure that is added up from the hourly counts.
pub(super) struct Figure<'r> {
    pub(super) key: Key,
    pub(super) query: &'r str,
    /// How many entries it counts.
    pub(super) of: u64,
}

/// The figures of a page that are added up from the hourly counts, those that matter most first.
pub(super) fn figures(report: &Report) -> Vec<Figure<'_>> {
    let Report { problems, people, activity, .. } = report;
    let templates = problems.templates.iter().map(|template| &template.count);
    let actors = people.actors.iter().map(|actor| &actor.count);
    let modules = problems.modules.iter().take(MOST_LINES).flat_map(|module| [&module.failed, &module.all]);
    let [stores, categories] = [
        activity.stores.iter().map(|line| &line.count).collect::<Vec<_>>(),
        activity.categories.iter().map(|line| &line.count).collect(),
    ]
    .map(|counts| counts.into_iter().take(MOST_LINES));
    let counts = templates.chain([&problems.total]).chain(actors).chain(modules);
    let counts = counts.chain([&activity.total]).chain(categories).chain(stores);
    let counted = counts.filter_map(|count| {
        let key = count.key?;
        let of = count.before.filter(|_| matches!(key, Key::Gone(_))).unwrap_or(count.now);
        Some(Figure { key, query: &count.query, of })
    });
    let new = people.new_actions.iter().map(|new| Figure { key: new.key, query: &new.query, of: new.entries });
    let of = people.sensitive.len() as u64 + people.other_sensitive;
    counted.chain(new).chain([Figure { key: Key::Sensitive, query: &people.sensitive_query, of }]).collect()
}

/// The newest entries with each of these keys, up to as many as it has beside it.
pub(super) fn newest(context: &Context<'_>, keys: &[(Key, usize)]) -> Result<HashMap<Key, Newest>> {
    let hours = |most: usize| Hours { most: most as u64, entries: 0, of: BTreeMap::new() };
    let mut last: HashMap<Key, Hours> = keys.iter().map(|(key, most)| (*key, hours(*most))).collect();
    each_row(context.archive, context.stores, context.kinds, context.period, |row| {
        for key in Key::of(row.store, row.when, &row.facts) {
            if let Some(hours) = last.get_mut(&key) {
                hours.add(row.hour, row.store, row.entries);
            }
        }
    })?;
    let mut wanted: BTreeMap<(Reverse<i64>, u32), HashMap<Key, u64>> = BTreeMap::new();
    for (key, hours) in last {
        for (hour, stores) in hours.of {
            for (store, entries) in stores {
                wanted.entry((hour, store)).or_default().insert(key, entries.min(hours.most));
            }
        }
    }
    let mut found: HashMap<Key, Newest> = HashMap::new();
    let mut calendar = Calendar::new(context.period);
    for ((Reverse(hour), store), mut wanted) in wanted {
        let bounds = [hour, hour + 1].map(|hour| second_of(hour, 0));
        let which = if wanted.keys().all(|key| key.is_of_problems()) { Which::Problems } else { Which::All };
        let (when, _) = calendar.of(hour);
        context.archive.each_of_store(context.stores[store as usize].0, bounds, which, |entry| {
            let (facts, entry) = (context.kinds.facts(&entry), Rc::new(entry));
            for key in Key::of(store, when, &facts) {
                let Some(left) = wanted.get_mut(&key) else { continue };
                found.entry(key).or_default().push((store, Rc::clone(&entry)));
                *left -= 1;
                if *left == 0 {
                    wanted.remove(&key);
                }
            }
            if wanted.is_empty() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
    }
    for (key, most) in keys {
        if let Some(newest) = found.get_mut(key) {
            super::trim(newest, *most);
        }
    }
    Ok(found)
}
