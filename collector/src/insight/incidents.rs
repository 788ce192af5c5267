//! Finds when things went wrong.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use jiff::{SignedDuration, Timestamp};
use storelogs::Severity;

use super::bursts::{Candidate, Key, Series, bursts};
use super::causes::{self, Cause};
use super::hints::{hint, is_unanswered};
use super::hits::{self, Hit, Of, hits, most};
use super::hours::Hours;
use super::model::{Changes, Count, Incident, Incidents, Line};
use super::period::{Local, WEEK, hour_of, second_of};
use super::scan::Row;
use super::statistics::{as_number, log10_of_at_least};
use super::{Context, activity, changes, wide};
use crate::archive::template::Template;
use crate::drain::Mined;
use crate::error::Result;
use crate::redact::Field;

/// Weeks before the period from which the usual rate is taken too.
const WEEKS: i64 = 13;
/// The most incidents that are listed, and looked at closely.
const MOST: usize = 50;
/// How many days before an incident are looked at for reasons that are usual: the most that have no more entries than this.
const DAYS_BEFORE: [i64; 3] = [28, 7, 1];
const MOST_BEFORE: u64 = 20_000;
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
    /// The stores that have anything of a module.
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
        let mut list = Vec::new();
        for parts in &incidents {
            list.extend(self.of_bursts(context, hours, parts, until, threshold)?);
        }
        list.retain(|incident| incident.end > context.period.since);
        // What has the same search is the same.
        list.sort_by_key(|incident| Reverse(incident.stores.len()));
        let mut searches = HashSet::new();
        list.retain(|incident| searches.insert(incident.query.clone()));
        list.sort_by_key(|incident| Reverse(incident.start));
        Ok(Incidents { method: method(threshold), log10_threshold: threshold, list, others })
    }

    /// The incidents that bursts at the same time are, by what their messages give as the reason.
    fn of_bursts(
        &self,
        context: &Context<'_>,
        hours: &Hours,
        parts: &[Candidate],
        until: i64,
        threshold: f64,
    ) -> Result<Vec<Incident>> {
        let (store, module) = (parts[0].key.0, parts[0].key.1);
        let stands_out: BTreeSet<u32> = parts.iter().map(|part| part.key.0).collect();
        let is_wide = stands_out.len() > 1;
        let first = parts.iter().map(|part| part.burst.first).min().unwrap_or_default();
        let last = parts.iter().map(|part| part.burst.last).max().unwrap_or_default();
        let usual: f64 = parts
            .iter()
            .map(|part| {
                part.burst.usual / (3600.0 * as_number((part.burst.last - part.burst.first + 1).unsigned_abs()))
            })
            .sum();
        let templates: BTreeSet<u32> = parts.iter().map(|part| part.key.2).collect();
        // An incident of many stores is counted in all stores, as its search lists them.
        let is_of = |key: &&Key| key.1 == module && templates.contains(&key.2);
        let counted: BTreeSet<u32> =
            if is_wide { self.series.keys().filter(is_of).map(|key| key.0).collect() } else { stands_out.clone() };
        let weeks = parts.iter().map(|part| part.weeks).fold(f64::INFINITY, f64::min);
        let mut common = Common {
            store,
            module,
            stands_out,
            counted,
            templates,
            hours: [first, last + 1],
            weeks,
            until,
            is_several: false,
        };
        let of = common.of();
        let hits = hits(context, of, common.hours)?;
        let gives_reasons = hits.iter().any(|hit| hit.reason != hits[0].reason);
        let burst = causes::Burst {
            before: if gives_reasons { before(context, of, first)? } else { Vec::new() },
            hits,
            usual,
            seconds: 3600.0 * as_number((last + 1 - first).unsigned_abs()),
            threshold,
            may_be_several: !is_wide,
        };
        let causes = burst.causes(|reason| is_plain(context, reason));
        common.is_several = causes.len() > 1;
        causes.into_iter().map(|cause| self.incident(context, hours, &common, cause)).collect()
    }

    fn incident(&self, context: &Context<'_>, hours: &Hours, common: &Common, cause: Cause) -> Result<Incident> {
        let Common { store, module, weeks, until, .. } = *common;
        let is_wide = common.stands_out.len() > 1;
        let hits = cause.hits;
        let second = |second: i64| Timestamp::from_second(second).unwrap_or_default();
        let [start, end] = match (hits.first(), hits.last()) {
            (Some(first), Some(last)) => [second(first.second), second(last.second + 1)],
            _ => common.hours.map(|hour| second_of(hour, 0)),
        };
        // One of several is shorter than the bursts that it was found in.
        let [first, end_hour] = if common.is_several {
            [hour_of(start), hour_of(end - SignedDuration::from_secs(1)) + 1]
        } else {
            common.hours
        };
        let mut counts: BTreeMap<u32, u64> = BTreeMap::new();
        hits.iter().for_each(|hit| *counts.entry(hit.template).or_default() += 1);
        if hits.is_empty() {
            let sum = |number: u32| {
                common.counted.iter().map(|store| self.sum((*store, module, number), common.hours)).sum::<u64>()
            };
            counts = common.templates.iter().map(|number| (*number, sum(*number))).collect();
        }
        let query = query(context, (!is_wide).then_some(store), module).between(start, end);
        let left_out = cause.left_out.iter().map(|(reason, entries)| (reason, *entries));
        let all = common.templates.iter().map(|number| context.template(*number));
        let other_reasons = lines(context, left_out, &query.clone().like(all.clone()));
        let query = query.reasons(&cause.reasons);
        let templates = templates(context, &query, counts);
        let query = query.like(all);
        let entries = templates.iter().map(|line| line.count.now).sum();
        let usual = cause.usual * end.duration_since(start).as_secs_f64();
        let category = most(hits.iter().filter_map(|hit| hit.category));
        let severity = hits.iter().map(|hit| hit.severity).max_by_key(|severity| activity::seriousness(*severity));
        let raw_category = category.map(|category| context.kinds.categories.shown(category));
        let changes = changes::before(context, hours, (store, is_wide), start, raw_category)?;
        let in_store = |store: &u32| (*store, hits.iter().filter(|hit| hit.store == *store).count());
        let mut hit: Vec<(u32, usize)> = common.stands_out.iter().map(in_store).collect();
        hit.sort_by_key(|(_, entries)| Reverse(*entries));
        let stores: Vec<u32> = hit.into_iter().map(|(store, _)| store).collect();
        let users = module.and_then(|module| self.users.get(&module)).map_or(context.stores.len(), HashSet::len);
        Ok(Incident {
            store: stores.first().copied().unwrap_or(store),
            stores: if is_wide { stores } else { Vec::new() },
            of_stores: users as u64,
            hint: if is_wide || mostly_unanswered(&hits) {
                None
            } else {
                let module = module.map(|module| context.kinds.modules.shown(module));
                hint(context.stores[store as usize].1.platform().as_str(), module, raw_category)
            },
            module: context.module(module),
            category: context.category(category),
            severity: severity.unwrap_or(Severity::Error),
            start,
            end,
            open: end_hour >= until,
            templates,
            reasons: reasons(context, &hits, &query),
            other_reasons,
            entries,
            query: query.text(),
            usual,
            hours: self.hours(common, [first - AROUND, (end_hour + AROUND).min(until)]),
            hours_since: second_of(first - AROUND, 0),
            weeks,
            log10_chance: log10_of_at_least(entries, usual),
            changes: changes.unwrap_or_else(|| Changes {
                range: crate::coverage::TimeRange { since: start, until: start },
                entries: 0,
                pruned_until: None,
                query: String::new(),
                listed: Vec::new(),
                ordinary: Vec::new(),
            }),
        })
    }

    /// How many entries these series have in each of these hours.
    fn hours(&self, of: &Common, [first, end]: [i64; 2]) -> Vec<u64> {
        let mut hours = vec![0; usize::try_from(end - first).unwrap_or_default()];
        let keys =
            of.counted.iter().flat_map(|store| of.templates.iter().map(|template| (*store, of.module, *template)));
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

/// Whether most of these say that the other side did not answer.
fn mostly_unanswered(hits: &[Hit]) -> bool {
    let unanswered = hits.iter().filter(|hit| hit.reason.as_deref().is_some_and(is_unanswered)).count();
    unanswered * 2 > hits.len()
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

fn query<'a>(context: &'a Context<'_>, store: Option<u32>, module: Option<u32>) -> super::query::Query<'a> {
    let module = module.map(|module| context.kinds.modules.shown(module));
    let query = match store {
        Some(store) => context.query().store(&context.stores[store as usize].1),
        None => context.query(),
    };
    query.fact(Field::Fact, "module", module).problems()
}

/// The things that bursts at the same time have in common, whatever their reasons.
struct Common {
    /// The store; of several, one of them.
    store: u32,
    module: Option<u32>,
    templates: BTreeSet<u32>,
    /// The stores in which they stand out, and those in which they are counted.
    stands_out: BTreeSet<u32>,
    counted: BTreeSet<u32>,
    /// The first hour, and the one behind the last.
    hours: [i64; 2],
    weeks: f64,
    /// The end of the period.
    until: i64,
    /// Whether they are several incidents.
    is_several: bool,
}

impl Common {
    fn of(&self) -> Of<'_> {
        Of { stores: &self.counted, module: self.module, templates: &self.templates }
    }
}

/// The same from before an hour, to know which reasons are usual: as many weeks as are not too much to look at.
fn before(context: &Context<'_>, of: Of<'_>, first: i64) -> Result<Vec<Hit>> {
    for days in DAYS_BEFORE {
        let hours = [first - 24 * days, first];
        if hits::entries(context, of, hours)? <= MOST_BEFORE {
            return hits(context, of, hours);
        }
    }
    Ok(Vec::new())
}

fn templates(
    context: &Context<'_>,
    query: &super::query::Query<'_>,
    counts: BTreeMap<u32, u64>,
) -> Vec<Line<super::Text>> {
    let mut counts: Vec<_> = counts.into_iter().collect();
    counts.sort_by_key(|(_, entries)| Reverse(*entries));
    let line = |(number, entries): (u32, u64)| {
        let template = context.template(number);
        let query = query.clone().like([template]).text();
        let name = context.text(Field::Template, template.as_str());
        Line { name, count: Count { now: entries, before: None, query, key: None } }
    };
    counts.into_iter().map(line).collect()
}

/// Why, by the forms of what the messages say.
fn reasons(context: &Context<'_>, hits: &[Hit], query: &super::query::Query<'_>) -> Vec<Line<super::Text>> {
    let mined = Mined::new(hits.iter().filter_map(|hit| hit.reason.clone()));
    let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
    let numbers = hits.iter().filter_map(|hit| mined.of(hit.reason.as_deref()?));
    numbers.for_each(|number| *counts.entry(number).or_default() += 1);
    lines(context, counts.into_iter().map(|(number, entries)| (&mined.templates[number], entries)), query)
}

/// The most frequent of these reasons. One in which people are named is left out where they are to be hidden: no search of
/// a pseudonym could find it.
fn lines<'t>(
    context: &Context<'_>,
    reasons: impl Iterator<Item = (&'t Template, u64)>,
    query: &super::query::Query<'_>,
) -> Vec<Line<super::Text>> {
    let mut reasons: Vec<_> = reasons.filter(|(reason, _)| is_plain(context, reason)).collect();
    reasons.sort_by_key(|(_, entries)| Reverse(*entries));
    let line = |(reason, entries): (&Template, u64)| {
        let name = context.text(Field::Template, reason.as_str());
        let query = query.clone().reason(reason).text();
        Line { name, count: Count { now: entries, before: None, query, key: None } }
    };
    reasons.into_iter().take(MOST_REASONS).map(line).collect()
}

fn is_plain(context: &Context<'_>, reason: &Template) -> bool {
    !reason.as_str().is_empty() && context.text(Field::Template, reason.as_str()).as_str() == reason.as_str()
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
         the entries themselves are best explained by the rate of the burst instead of the usual one. A reason that messages \
         give no more often than usual is left out, and reasons one after the other are incidents of their own.",
        -threshold
    )
}
