//! When did it go wrong?

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use storelogs::Severity;

use super::bursts::{Candidate, Key, Series, bursts};
use super::hints::hint;
use super::hours::Hours;
use super::model::{Changes, Count, Incident, Incidents, Line};
use super::period::{Local, WEEK, hour_of, second_of};
use super::scan::Row;
use super::statistics::{as_number, densest, log10_of_at_least};
use super::{Context, activity, changes, wide};
use crate::archive::shape;
use crate::drain::Mined;
use crate::error::Result;
use crate::message;
use crate::redact::Field;

/// Weeks before the period from which the usual rate is taken too.
const WEEKS: i64 = 13;
/// The most incidents that are listed, and looked at closely.
const MOST: usize = 50;
/// A burst of more entries than this, other ones of its hours included, is given by the hour.
const MOST_READ: u64 = 200_000;
/// The most reasons of an incident that are listed.
const MOST_REASONS: usize = 5;
/// How many hours before and after an incident are shown as well.
const AROUND: i64 = 12;
/// How many hours of a whole report stand out by chance.
const BY_CHANCE: f64 = 0.01;

/// The sums for it.
#[derive(Default)]
pub(super) struct Sums {
    series: BTreeMap<Key, Series>,
    /// Which stores have anything of a module.
    users: HashMap<u32, HashSet<u32>>,
    /// The first hour of each store in the archive.
    begins: HashMap<u32, i64>,
}

impl Sums {
    pub(super) fn add(&mut self, row: &Row) {
        self.begins.entry(row.store).or_insert(row.hour);
        if let Some(module) = row.facts.module {
            self.users.entry(module).or_default().insert(row.store);
        }
        if let Some(template) = row.facts.template {
            self.series.entry((row.store, row.facts.module, template)).or_default().add(row.hour, row.entries);
        }
    }

    /// The first hour of a store in the archive.
    pub(super) fn begin(&self, store: u32) -> Option<i64> {
        self.begins.get(&store).copied()
    }

    /// The first hour of any store in the archive.
    pub(super) fn first(&self) -> Option<i64> {
        self.begins.values().min().copied()
    }

    pub(super) fn finish(&self, context: &Context<'_>, hours: &Hours) -> Result<Incidents> {
        let (since, until) = (hour_of(context.period.since), hour_of(context.period.until));
        let tests = as_number((until - since).unsigned_abs()) * as_number(self.series.len().max(1) as u64);
        let threshold = (BY_CHANCE / tests).log10();
        let mut slots: HashMap<i64, usize> = HashMap::new();
        let earliest = since - WEEKS * i64::try_from(WEEK).unwrap_or(0);
        for hour in self.first().unwrap_or(since).max(earliest) - 24..until {
            slots.insert(hour, usize::from(Local::of(hour, &context.period.zone).slot));
        }
        let slot = |hour: i64| slots.get(&hour).copied().unwrap_or_default();
        let mut found: Vec<Candidate> = Vec::new();
        for (key, series) in &self.series {
            let begin = self.begin(key.0).unwrap_or(since).max(earliest);
            let weeks = as_number((until - begin).unsigned_abs()) / as_number(WEEK as u64);
            for burst in bursts(series, [begin, since, until], slot, threshold) {
                found.push(Candidate { key: *key, burst, weeks });
            }
        }
        let mut incidents = wide::together(join(found));
        incidents.sort_by_key(|incident| Reverse(incident.iter().map(|found| found.burst.entries).sum::<u64>()));
        let others = incidents.len().saturating_sub(MOST) as u64;
        incidents.truncate(MOST);
        let mut list =
            incidents.iter().map(|parts| self.incident(context, hours, parts, until)).collect::<Result<Vec<_>>>()?;
        list.retain(|incident| incident.end > context.period.since);
        list.sort_by_key(|incident| Reverse(incident.start));
        Ok(Incidents { method: method(threshold), log10_threshold: threshold, list, others })
    }

    fn incident(&self, context: &Context<'_>, hours: &Hours, parts: &[Candidate], until: i64) -> Result<Incident> {
        let (store, module) = (parts[0].key.0, parts[0].key.1);
        let stands_out: BTreeSet<u32> = parts.iter().map(|part| part.key.0).collect();
        let is_wide = stands_out.len() > 1;
        let first = parts.iter().map(|part| part.burst.first).min().unwrap_or_default();
        let last = parts.iter().map(|part| part.burst.last).max().unwrap_or_default();
        let usual_per_second: f64 = parts
            .iter()
            .map(|part| {
                part.burst.usual / (3600.0 * as_number((part.burst.last - part.burst.first + 1).unsigned_abs()))
            })
            .sum();
        let numbers: BTreeSet<u32> = parts.iter().map(|part| part.key.2).collect();
        // What many have in common is counted in all of them, as its search lists it.
        let is_of = |key: &&Key| key.1 == module && numbers.contains(&key.2);
        let counted: BTreeSet<u32> =
            if is_wide { self.series.keys().filter(is_of).map(|key| key.0).collect() } else { stands_out.clone() };
        let mut hits = hits(context, &counted, module, &numbers, [first, last + 1])?;
        if let Some(cut) = cut(&hits, usual_per_second) {
            hits.drain(cut.1 + 1..);
            hits.drain(..cut.0);
        }
        let hour = [second_of(first, 0), second_of(last + 1, 0)];
        let second = |second: i64| Timestamp::from_second(second).unwrap_or_default();
        let [start, end] = match (hits.first(), hits.last()) {
            (Some(first), Some(last)) => [second(first.second), second(last.second + 1)],
            _ => hour,
        };
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        hits.iter().for_each(|hit| *counts.entry(hit.template).or_default() += 1);
        if hits.is_empty() {
            let sum = |number: u32| {
                counted.iter().map(|store| self.sum((*store, module, number), [first, last + 1])).sum::<u64>()
            };
            counts = numbers.iter().map(|number| (*number, sum(*number))).collect();
        }
        let named = (!is_wide).then_some(store);
        let templates = templates(context, named, module, counts, [start, end]);
        let entries = templates.iter().map(|line| line.count.now).sum();
        let usual = usual_per_second * end.duration_since(start).as_secs_f64();
        let category = most(hits.iter().filter_map(|hit| hit.category));
        let severity = hits.iter().map(|hit| hit.severity).max_by_key(|severity| activity::seriousness(*severity));
        let raw_category = category.map(|category| context.kinds.categories.shown(category));
        let changes = changes::before(context, hours, (store, is_wide), start, raw_category)?;
        let all = numbers.iter().map(|number| context.template(*number));
        let query = query(context, named, module).like(all).between(start, end);
        let mut hit: Vec<(u32, usize)> =
            stands_out.iter().map(|store| (*store, hits.iter().filter(|hit| hit.store == *store).count())).collect();
        hit.sort_by_key(|(_, entries)| Reverse(*entries));
        let stores: Vec<u32> = hit.into_iter().map(|(store, _)| store).collect();
        let users = module.and_then(|module| self.users.get(&module)).map_or(context.stores.len(), HashSet::len);
        Ok(Incident {
            store: stores.first().copied().unwrap_or(store),
            stores: if is_wide { stores } else { Vec::new() },
            of_stores: users as u64,
            hint: hint(
                context.stores[store as usize].1.platform().as_str(),
                module.map(|module| context.kinds.modules.shown(module)),
                raw_category,
            ),
            module: context.module(module),
            category: context.category(category),
            severity: severity.unwrap_or(Severity::Error),
            start,
            end,
            open: last + 1 >= until,
            templates,
            reasons: reasons(context, &hits, &query),
            entries,
            query: query.text(),
            usual,
            hours: self.hours(&counted, module, &numbers, [first - AROUND, (last + 1 + AROUND).min(until)]),
            hours_since: second_of(first - AROUND, 0),
            weeks: parts.iter().map(|part| part.weeks).fold(f64::INFINITY, f64::min),
            log10_chance: log10_of_at_least(entries, usual),
            changes: changes.unwrap_or_else(|| Changes {
                range: crate::coverage::TimeRange { since: start, until: start },
                entries: 0,
                query: String::new(),
                listed: Vec::new(),
                ordinary: Vec::new(),
            }),
        })
    }

    /// How many entries these series have in each of these hours.
    fn hours(
        &self,
        stores: &BTreeSet<u32>,
        module: Option<u32>,
        templates: &BTreeSet<u32>,
        [first, end]: [i64; 2],
    ) -> Vec<u64> {
        let mut hours = vec![0; usize::try_from(end - first).unwrap_or_default()];
        let keys = stores.iter().flat_map(|store| templates.iter().map(|template| (*store, module, *template)));
        for series in keys.filter_map(|key| self.series.get(&key)) {
            for (hour, entries) in &series.hours {
                if let Some(sum) = usize::try_from(hour - first).ok().and_then(|at| hours.get_mut(at)) {
                    *sum += entries;
                }
            }
        }
        hours
    }

    /// How many entries of these hours a series has.
    fn sum(&self, key: Key, hours: [i64; 2]) -> u64 {
        let series = self.series.get(&key).into_iter().flat_map(|series| &series.hours);
        series.filter(|(hour, _)| (hours[0]..hours[1]).contains(hour)).map(|(_, entries)| entries).sum()
    }
}

/// Bursts of one store and module at the same time are one incident.
fn join(mut found: Vec<Candidate>) -> Vec<Vec<Candidate>> {
    found.sort_by_key(|found| (found.key.0, found.key.1, found.burst.first));
    let mut joined: Vec<Vec<Candidate>> = Vec::new();
    for next in found {
        match joined.last_mut() {
            Some(parts)
                if parts[0].key.0 == next.key.0
                    && parts[0].key.1 == next.key.1
                    && parts.iter().any(|part| next.burst.first <= part.burst.last) =>
            {
                parts.push(next);
            }
            _ => joined.push(vec![next]),
        }
    }
    joined
}

/// An entry of a burst.
struct Hit {
    store: u32,
    second: i64,
    template: u32,
    severity: Severity,
    category: Option<u32>,
    /// The shape of the reason that its message gives.
    reason: Option<String>,
}

fn query<'a>(context: &'a Context<'_>, store: Option<u32>, module: Option<u32>) -> super::query::Query<'a> {
    let module = module.map(|module| context.kinds.modules.shown(module));
    let query = match store {
        Some(store) => context.query().store(&context.stores[store as usize].1),
        None => context.query(),
    };
    query.fact(Field::Fact, "module", module).problems()
}

fn templates(
    context: &Context<'_>,
    store: Option<u32>,
    module: Option<u32>,
    counts: BTreeMap<u32, u64>,
    [start, end]: [Timestamp; 2],
) -> Vec<Line<super::Text>> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, entries)| Reverse(*entries));
    let line = |(number, entries): (u32, u64)| {
        let template = context.template(number);
        let query = query(context, store, module).like([template]).between(start, end).text();
        let name = context.text(Field::Template, template.as_str());
        Line { name, count: Count { now: entries, before: None, query } }
    };
    counts.into_iter().map(line).collect()
}

/// Why, by the forms of what the messages say. One in which people are named is left out where they are to be hidden: no
/// search of a pseudonym could find it.
fn reasons(context: &Context<'_>, hits: &[Hit], query: &super::query::Query<'_>) -> Vec<Line<super::Text>> {
    let mined = Mined::new(hits.iter().filter_map(|hit| hit.reason.clone()));
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    let numbers = hits.iter().filter_map(|hit| mined.of(hit.reason.as_deref()?));
    numbers.for_each(|number| *counts.entry(number).or_default() += 1);
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, entries)| Reverse(*entries));
    let line = |(number, entries): (usize, u64)| {
        let reason = &mined.templates[number];
        let name = context.text(Field::Template, reason.as_str());
        let is_plain = !reason.as_str().is_empty() && name.as_str() == reason.as_str();
        let query = query.clone().reason(reason).text();
        is_plain.then_some(Line { name, count: Count { now: entries, before: None, query } })
    };
    counts.into_iter().filter_map(line).take(MOST_REASONS).collect()
}

/// The entries of a burst in these hours, oldest first. None if there are too many to look at.
fn hits(
    context: &Context<'_>,
    stores: &BTreeSet<u32>,
    module: Option<u32>,
    templates: &BTreeSet<u32>,
    [first, end]: [i64; 2],
) -> Result<Vec<Hit>> {
    let mut entries = 0;
    for store in stores {
        entries += context.archive.entries_in_hours(context.stores[*store as usize].0, [first, end])?;
    }
    if entries > MOST_READ {
        return Ok(Vec::new());
    }
    let mut hits = Vec::new();
    for store in stores {
        let id = context.stores[*store as usize].0;
        context.archive.each_problem(id, [first, end].map(|hour| second_of(hour, 0)), |problem| {
            if context.kinds.modules.find(problem.module) != module {
                return;
            }
            let shape = shape::shape(problem.summary.unwrap_or_default());
            let Some(template) = templates.iter().copied().find(|number| context.template(*number).covers(&shape))
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

/// Where among its entries a burst begins and ends.
fn cut(hits: &[Hit], usual: f64) -> Option<(usize, usize)> {
    let seconds: Vec<i64> = hits.iter().map(|hit| hit.second).collect();
    let lasts = as_number(seconds.last()?.abs_diff(*seconds.first()?).max(1));
    let (first, last) = densest(&seconds, usual, as_number(hits.len() as u64) / lasts)?;
    // Others of the same second belong to it as well.
    let first = seconds.partition_point(|second| *second < seconds[first]);
    let last = seconds.partition_point(|second| *second <= seconds[last]) - 1;
    Some((first, last))
}

fn most(of: impl Iterator<Item = u32>) -> Option<u32> {
    let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
    of.for_each(|number| *counts.entry(number).or_default() += 1);
    counts.into_iter().max_by_key(|(number, entries)| (*entries, Reverse(*number))).map(|(number, _)| number)
}

fn method(threshold: f64) -> String {
    format!(
        "Problems of one kind (same store, module and template) are counted by the hour. Usual for an hour is the greater of \
         two: the median of the same hour of the week plus the spread (1.4826 × the median distance from it), from up to \
         {WEEKS} weeks before the period and the period itself, or of the same hour of the day if fewer than four weeks \
         are known; and the mean of all hours that do not stand out. An hour, or six \
         in a row, stands out if the Poisson distribution gives as many or more a chance below 1 in 10^{:.1}: so that in a \
         hundred such reports one hour would stand out by chance. Fewer than 5 entries never do. What stands out four times or \
         more, each at most three days after the one before, is one incident that has not ended. Start and end are where \
         the entries themselves are best explained by the rate of the burst instead of the usual one.",
        -threshold
    )
}
