//! Finds what is going wrong.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::ops::ControlFlow;

use jiff::Timestamp;
use storelogs::Severity;

use super::Context;
use super::key::Key;
use super::model::{Example, Module, Part, Problems, Template, Trend};
use super::query;
use super::scan::{Row, Tally, When};
use super::statistics::as_number;
use crate::archive::entries::Which;
use crate::archive::template;
use crate::error::Result;
use crate::message;
use crate::redact::Field;

/// The most templates that are listed, and those of them that are gone.
const MOST_TEMPLATES: usize = 100;
const MOST_GONE: usize = 20;
/// The most places of a template that are listed.
const MOST_PARTS: usize = 40;
/// A module with fewer successes is not rated.
const LEAST_RATED: u64 = 20;

/// Store, severity, category, module.
type GroupKey = (u32, Severity, Option<u32>, Option<u32>);

/// The sums for a template.
struct Sum {
    all: Tally,
    first: Timestamp,
    /// The store of the first of them.
    first_store: u32,
    last: Timestamp,
    steps: Vec<u64>,
    places: HashMap<GroupKey, Tally>,
    /// The store and the hour of the last of them.
    newest: (u32, i64),
}

/// The sums for it.
#[derive(Default)]
pub(super) struct Sums {
    total: Tally,
    templates: BTreeMap<u32, Sum>,
    /// All, and the problems, by module.
    modules: BTreeMap<u32, (Tally, Tally)>,
}

impl Sums {
    pub(super) fn add(&mut self, row: &Row, steps: usize) {
        let facts = row.facts;
        if let Some(module) = facts.module {
            let (all, failed) = self.modules.entry(module).or_default();
            all.add(row);
            if facts.template.is_some() {
                failed.add(row);
            }
        }
        let Some(template) = facts.template else { return };
        self.total.add(row);
        let (first, last) = (row.first(), row.last());
        let sum = self.templates.entry(template).or_insert_with(|| Sum {
            all: Tally::default(),
            first,
            first_store: row.store,
            last,
            steps: vec![0; steps],
            places: HashMap::new(),
            newest: (row.store, row.hour),
        });
        if first < sum.first {
            (sum.first, sum.first_store) = (first, row.store);
        }
        if last >= sum.last {
            (sum.last, sum.newest) = (last, (row.store, row.hour));
        }
        sum.all.add(row);
        if let When::Now(step) = row.when {
            sum.steps[step as usize] += row.entries;
        }
        if row.when != When::Else {
            let place = (row.store, facts.severity, facts.category, facts.module);
            sum.places.entry(place).or_default().add(row);
        }
    }

    pub(super) fn finish(&self, context: &Context<'_>) -> Result<Problems> {
        let mut found: Vec<(u32, &Sum)> =
            self.templates.iter().map(|(number, sum)| (*number, sum)).filter(|(_, sum)| sum.all.now > 0).collect();
        found.sort_by_key(|(number, sum)| (Reverse(sum.all.now), *number));
        let rest = found.split_off(found.len().min(MOST_TEMPLATES));
        if context.comparable {
            let gone = self.templates.iter().filter(|(_, sum)| sum.all.now == 0 && sum.all.before > 0);
            let mut gone: Vec<(u32, &Sum)> = gone.map(|(number, sum)| (*number, sum)).collect();
            gone.sort_by_key(|(number, sum)| (Reverse(sum.all.before), *number));
            found.extend(gone.into_iter().take(MOST_GONE));
        }
        let templates = found.into_iter().map(|(number, sum)| self.template(context, number, sum));
        Ok(Problems {
            total: context.count(self.total, context.query().problems().text(), Key::Problems),
            templates: templates.collect::<Result<_>>()?,
            others: rest.iter().map(|(_, sum)| sum.all.now).sum(),
            other_templates: rest.len() as u64,
            modules: self.modules(context),
        })
    }

    fn template(&self, context: &Context<'_>, number: u32, sum: &Sum) -> Result<Template> {
        let template = context.template(number);
        let trend = trend(context, sum);
        let is_gone = trend == Trend::Gone;
        let query = context.query().like([template]).problems();
        let query = match context.period.previous {
            Some(previous) if is_gone => query.between(previous.since, previous.until),
            _ => query,
        };
        let counted = |tally: &Tally| if is_gone { tally.before } else { tally.now };
        let mut places: Vec<_> = sum.places.iter().filter(|(_, tally)| counted(tally) > 0).collect();
        places.sort_by_key(|(place, tally)| (Reverse(counted(tally)), **place));
        let part = |(place, tally): (&GroupKey, &Tally)| Part {
            store: place.0,
            severity: place.1,
            category: context.category(place.2),
            module: context.module(place.3),
            entries: counted(tally),
        };
        let share = as_number(sum.all.now) / as_number(self.total.now.max(1));
        Ok(Template {
            template: context.text(Field::Template, template.as_str()),
            trend,
            count: context.count(
                sum.all,
                query.text(),
                if is_gone { Key::Gone(number) } else { Key::Template(number) },
            ),
            share,
            first: sum.first,
            last: sum.last,
            steps: sum.steps.clone(),
            parts: places.into_iter().take(MOST_PARTS).map(part).collect(),
            example: example(context, template, sum.newest)?,
        })
    }

    fn modules(&self, context: &Context<'_>) -> Vec<Module> {
        let rate = |failed: u64, all: u64| as_number(failed) / as_number(all);
        let rated = self.modules.iter().filter(|(_, (all, failed))| {
            // A module that reports only failures says nothing of how often it fails.
            all.now >= LEAST_RATED && failed.now < all.now && failed.now + failed.before > 0
        });
        let mut modules: Vec<Module> = rated
            .map(|(number, (all, failed))| {
                let query = context.query().fact(Field::Fact, "module", Some(context.kinds.modules.shown(*number)));
                let before = context.comparable && all.before >= LEAST_RATED;
                Module {
                    module: context.text(Field::Fact, context.kinds.modules.shown(*number)),
                    all: context.count(*all, query.text(), Key::Module(*number)),
                    failed: context.count(*failed, query.problems().text(), Key::Failed(*number)),
                    rate: rate(failed.now, all.now),
                    rate_before: before.then(|| rate(failed.before, all.before)),
                }
            })
            .collect();
        modules.sort_by(|a, b| b.rate.total_cmp(&a.rate));
        modules
    }
}

/// How many standard deviations are more than chance explains: once in a hundred.
const DEVIATIONS: f64 = 2.58;

fn trend(context: &Context<'_>, sum: &Sum) -> Trend {
    let (now, before) = (as_number(sum.all.now), as_number(sum.all.before));
    if sum.first >= context.period.since && context.knows_new(sum.first_store) {
        return Trend::New;
    }
    if !context.comparable {
        return Trend::Steady;
    }
    // Were both at the same rate, each entry would be in either period like a coin that falls.
    let differ = (now - before).abs() > DEVIATIONS * (now + before).sqrt();
    match () {
        () if now == 0.0 => Trend::Gone,
        () if differ && now >= before * 1.5 => Trend::Rising,
        () if differ && now * 1.5 <= before => Trend::Falling,
        () => Trend::Steady,
    }
}

/// The newest entry of a template, which lies in this hour.
fn example(context: &Context<'_>, template: &template::Template, (store, hour): (u32, i64)) -> Result<Option<Example>> {
    let hour = [hour, hour + 1].map(|hour| super::period::second_of(hour, 0));
    let id = context.stores[store as usize].0;
    let mut found = None;
    context.archive.each_of_store(id, hour, Which::Problems, |entry| {
        if !template.matches(entry.summary.as_deref().unwrap_or_default()) {
            return ControlFlow::Continue(());
        }
        let message = entry.message.as_deref().filter(|text| !text.is_empty());
        found = Some(Example {
            query: query::uid(&entry.uid),
            time: entry.time,
            summary: entry.summary.as_deref().map(|text| context.text(Field::Summary, text)),
            reason: message.and_then(message::reason).map(|text| context.text(Field::Message, &text)),
            message: message.map(|text| context.text(Field::Message, &message::line(text))),
            uid: entry.uid,
        });
        ControlFlow::Break(())
    })?;
    Ok(found)
}
