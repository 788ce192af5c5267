//! The newest problems of each template: the counts say in which hours they are, so only those are read.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use super::{Context, MOST, Newest};
use crate::archive::entries::Which;
use crate::archive::shape::shape;
use crate::error::Result;
use crate::insight::model::Template;
use crate::insight::period::second_of;
use crate::insight::scan::{When, each_row};

/// The last hours of a template, in which it has as many problems as are listed.
#[derive(Default)]
struct Hours {
    entries: u64,
    /// By hour and store, the newest first.
    of: BTreeMap<(Reverse<i64>, u32), u64>,
}

impl Hours {
    fn add(&mut self, hour: i64, store: u32, entries: u64) {
        *self.of.entry((Reverse(hour), store)).or_default() += entries;
        self.entries += entries;
        while let Some(oldest) = self.of.last_entry() {
            if self.entries - oldest.get() < MOST as u64 {
                break;
            }
            self.entries -= oldest.remove();
        }
    }
}

/// The newest problems of each template. Of one that is gone they are
/// those of the period before.
pub(super) fn newest<'t>(context: &Context<'_>, templates: &'t [Template]) -> Result<Vec<(&'t Template, Newest)>> {
    let at: HashMap<u32, usize> = templates.iter().enumerate().map(|(at, template)| (template.number, at)).collect();
    let mut hours: Vec<Hours> = templates.iter().map(|_| Hours::default()).collect();
    each_row(context.archive, context.stores, context.kinds, context.period, |row| {
        let Some(at) = row.facts.template.and_then(|template| at.get(&template)) else { return };
        if if templates[*at].is_gone() { row.when == When::Before } else { row.is_now() } {
            hours[*at].add(row.hour, row.store, row.entries);
        }
    })?;
    let mut wanted: BTreeMap<(Reverse<i64>, u32), Vec<usize>> = BTreeMap::new();
    for (at, hours) in hours.iter().enumerate() {
        hours.of.keys().for_each(|hour| wanted.entry(*hour).or_default().push(at));
    }
    let mut found: Vec<_> = templates.iter().map(|template| (template, Newest::new())).collect();
    for ((Reverse(hour), store), wanted) in wanted {
        let bounds = [hour, hour + 1].map(|hour| second_of(hour, 0));
        let mut of_store: HashMap<usize, usize> = HashMap::new();
        context.archive.each_of_store(context.stores[store as usize].0, bounds, Which::Problems, |entry| {
            let number = context.kinds.mined.of(&shape(entry.summary.as_deref().unwrap_or_default()));
            let at = number.and_then(|number| u32::try_from(number).ok()).and_then(|number| at.get(&number));
            if let Some(at) = at.filter(|at| wanted.contains(at)) {
                let listed = of_store.entry(*at).or_default();
                if *listed < MOST {
                    *listed += 1;
                    found[*at].1.push((store, entry));
                }
            }
            ControlFlow::Continue(())
        })?;
    }
    for (_, newest) in &mut found {
        newest.sort_by(|(_, a), (_, b)| b.time.cmp(&a.time).then_with(|| a.uid.cmp(&b.uid)));
        newest.truncate(MOST);
    }
    Ok(found)
}
