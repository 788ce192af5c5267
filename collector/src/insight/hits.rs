//! The entries of a burst, read for what the hourly counts do not say: their seconds, categories and reasons.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use storelogs::Severity;

use super::Context;
use super::period::second_of;
use super::statistics::{as_number, densest};
use crate::archive::shape;
use crate::error::Result;
use crate::message;

/// A burst of more entries than this, other ones of its hours included, is given by the hour.
const MOST_READ: u64 = 200_000;

/// An entry of a burst.
pub(super) struct Hit {
    pub(super) store: u32,
    pub(super) second: i64,
    pub(super) template: u32,
    pub(super) severity: Severity,
    pub(super) category: Option<u32>,
    /// The shape of the reason that its message gives.
    pub(super) reason: Option<String>,
}

/// The stores, module and templates that the entries of a burst are of.
#[derive(Clone, Copy)]
pub(super) struct Of<'a> {
    pub(super) stores: &'a BTreeSet<u32>,
    pub(super) module: Option<u32>,
    pub(super) templates: &'a BTreeSet<u32>,
}

/// The entries of a burst in these hours, oldest first. None if there are too many to look at.
pub(super) fn hits(context: &Context<'_>, of: Of<'_>, [first, end]: [i64; 2]) -> Result<Vec<Hit>> {
    if entries(context, of, [first, end])? > MOST_READ {
        return Ok(Vec::new());
    }
    let mut hits = Vec::new();
    for store in of.stores {
        let id = context.stores[*store as usize].0;
        context.archive.each_problem(id, [first, end].map(|hour| second_of(hour, 0)), |problem| {
            if context.kinds.modules.find(problem.module) != of.module {
                return;
            }
            let shape = shape::shape(problem.summary.unwrap_or_default());
            let Some(template) = of.templates.iter().copied().find(|number| context.template(*number).covers(&shape))
            else {
                return;
            };
            let category = context.kinds.categories.find(problem.category);
            let reason = problem.message.and_then(message::reason).map(|reason| shape::shape(&reason));
            let (second, severity) = (problem.second, problem.severity);
            hits.push(Hit { store: *store, second, template, severity, category, reason });
        })?;
    }
    hits.sort_by_key(|hit| hit.second);
    Ok(hits)
}

/// How many entries have to be looked at to find those of these hours.
pub(super) fn entries(context: &Context<'_>, of: Of<'_>, hours: [i64; 2]) -> Result<u64> {
    let each = |store: &u32| context.archive.entries_in_hours(context.stores[*store as usize].0, hours);
    of.stores.iter().map(each).sum()
}

/// Leaves the entries between which a burst begins and ends.
pub(super) fn cut(hits: &mut Vec<Hit>, usual: f64) {
    let seconds: Vec<i64> = hits.iter().map(|hit| hit.second).collect();
    if let Some((first, last)) = edges(&seconds, usual) {
        hits.drain(last + 1..);
        hits.drain(..first);
    }
}

/// The beginning and the end of a burst among its seconds.
pub(super) fn edges(seconds: &[i64], usual: f64) -> Option<(usize, usize)> {
    let lasts = as_number(seconds.last()?.abs_diff(*seconds.first()?).max(1));
    let (first, last) = densest(seconds, usual, as_number(seconds.len() as u64) / lasts)?;
    // Others of the same second belong to it as well.
    let first = seconds.partition_point(|second| *second < seconds[first]);
    let last = seconds.partition_point(|second| *second <= seconds[last]) - 1;
    Some((first, last))
}

/// The most frequent of them.
pub(super) fn most(of: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    of.for_each(|number| *counts.entry(number).or_default() += 1);
    counts.into_iter().max_by_key(|(number, entries)| (*entries, Reverse(*number))).map(|(number, _)| number)
}
