//! One pass over the hourly counts, from which nearly everything in a report is added up.

use std::collections::HashMap;

use jiff::Timestamp;
use storelogs::{LogEntry, Severity, Store};

use super::apps;
use super::period::{Local, Period, hour_of};
use crate::archive::counts::Kind;
use crate::archive::rollup::has_shape;
use crate::archive::shape::shape;
use crate::archive::text::value;
use crate::archive::{Archive, StoreId};
use crate::drain::{Mined, mined};
use crate::error::Result;
use crate::sensitive::topic;

/// Values of a fact, compared as a search does: by their words.
#[derive(Debug, Default)]
pub(super) struct Names {
    numbers: HashMap<String, u32>,
    shown: Vec<String>,
}

impl Names {
    /// The number of a value; `None` of one without words.
    fn number(&mut self, raw: Option<&str>) -> Option<u32> {
        let words = value(raw?);
        if words.is_empty() {
            return None;
        }
        let next = u32::try_from(self.shown.len()).ok()?;
        let number = *self.numbers.entry(words).or_insert(next);
        if number == next {
            self.shown.push(raw.unwrap_or_default().to_owned());
        }
        Some(number)
    }

    /// The number of a value that is known.
    pub(super) fn find(&self, raw: Option<&str>) -> Option<u32> {
        self.numbers.get(&value(raw?)).copied()
    }

    /// The value as it was first written.
    pub(super) fn shown(&self, number: u32) -> &str {
        &self.shown[number as usize]
    }
}

/// The fields that entries of a kind have in common.
#[derive(Clone, Copy, Debug)]
pub(super) struct Facts {
    pub(super) severity: Severity,
    pub(super) category: Option<u32>,
    pub(super) module: Option<u32>,
    pub(super) action: Option<u32>,
    pub(super) actor: Option<u32>,
    /// Whether it is a warning, an error or of unknown severity.
    pub(super) template: Option<u32>,
    /// Whether it is a change that can do harm.
    pub(super) is_sensitive: bool,
    /// Whether it is what somebody did to an app.
    pub(super) is_of_app: bool,
}

impl Facts {
    /// The facts of a kind, with the numbers of its category, module, action and actor.
    fn of(kind: &Kind<'_>, [category, module, action, actor]: [Option<u32>; 4], mined: &Mined) -> Self {
        let template = if has_shape(kind.severity) { mined.of(kind.shape.unwrap_or_default()) } else { None };
        Self {
            severity: kind.severity,
            category,
            module,
            action,
            actor,
            template: template.and_then(|number| u32::try_from(number).ok()),
            is_sensitive: topic(kind.category, kind.action).is_some(),
            is_of_app: kind.actor.is_some() && apps::is_of_app(kind.category, kind.action),
        }
    }
}

/// The kinds of entries, before they are counted.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    of: HashMap<i64, Facts>,
    pub(super) categories: Names,
    pub(super) modules: Names,
    pub(super) actions: Names,
    pub(super) actors: Names,
    pub(super) mined: Mined,
}

impl Kinds {
    pub(super) fn read(archive: &Archive) -> Result<Self> {
        let mut kinds = Self { mined: mined(archive)?, ..Self::default() };
        let Self { of, categories, modules, actions, actors, mined } = &mut kinds;
        archive.each_kind(|kind| {
            let numbers = [
                categories.number(kind.category),
                modules.number(kind.module),
                actions.number(kind.action),
                actors.number(kind.actor),
            ];
            of.insert(kind.id, Facts::of(kind, numbers, mined));
        })?;
        Ok(kinds)
    }

    /// The facts of an entry.
    pub(super) fn facts(&self, entry: &LogEntry) -> Facts {
        let shape = has_shape(entry.severity).then(|| shape(entry.summary.as_deref().unwrap_or_default()));
        let kind = Kind {
            id: 0, // nothing here is found by it
            severity: entry.severity,
            category: entry.category.as_deref(),
            module: entry.module.as_deref(),
            action: entry.action.as_deref(),
            actor: entry.actor.as_deref(),
            shape: shape.as_deref(),
        };
        let numbers = [
            self.categories.find(kind.category),
            self.modules.find(kind.module),
            self.actions.find(kind.action),
            self.actors.find(kind.actor),
        ];
        Facts::of(&kind, numbers, &self.mined)
    }
}

/// A number of entries of one kind, store and hour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// The number of the store in the report.
    pub(super) store: u32,
    pub(super) hour: i64,
    pub(super) when: When,
    pub(super) local: Local,
    pub(super) facts: Facts,
    pub(super) entries: u64,
    /// The seconds of the hour of the first and the last of them.
    pub(super) first: i64,
    pub(super) last: i64,
}

/// The part of the calendar in which an hour lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum When {
    /// In this step of the period.
    Now(u32),
    /// In the period that it is compared with.
    Before,
    /// At any other time.
    Else,
}

impl Row {
    pub(super) fn is_now(&self) -> bool {
        matches!(self.when, When::Now(_))
    }

    pub(super) fn first(&self) -> Timestamp {
        super::period::second_of(self.hour, self.first)
    }

    pub(super) fn last(&self) -> Timestamp {
        super::period::second_of(self.hour, self.last)
    }
}

/// How many entries there are in the period, and in the one before.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    pub(super) now: u64,
    pub(super) before: u64,
}

impl Tally {
    pub(super) fn add(&mut self, row: &Row) {
        match row.when {
            When::Now(_) => self.now += row.entries,
            When::Before => self.before += row.entries,
            When::Else => {}
        }
    }
}

/// The calendar of the hours of a report, each looked up once.
pub(super) struct Calendar<'a> {
    period: &'a Period,
    hours: HashMap<i64, (When, Local)>,
}

impl<'a> Calendar<'a> {
    pub(super) fn new(period: &'a Period) -> Self {
        Self { period, hours: HashMap::new() }
    }

    pub(super) fn of(&mut self, hour: i64) -> (When, Local) {
        let period = self.period;
        *self.hours.entry(hour).or_insert_with(|| (when(period, hour), Local::of(hour, &period.zone)))
    }
}

fn when(period: &Period, hour: i64) -> When {
    let within = |since, until| (hour_of(since)..hour_of(until)).contains(&hour);
    if within(period.since, period.until) {
        let behind = period.steps.partition_point(|step| hour_of(*step) <= hour);
        return When::Now(u32::try_from(behind.saturating_sub(1)).unwrap_or_default());
    }
    match period.previous {
        Some(previous) if within(previous.since, previous.until) => When::Before,
        _ => When::Else,
    }
}

/// Calls `each` with all counts of these stores, store by store and hour by hour, up to the end of the period.
pub(super) fn each_row(
    archive: &Archive,
    stores: &[(StoreId, Store)],
    kinds: &Kinds,
    period: &Period,
    mut each: impl FnMut(&Row),
) -> Result<()> {
    let mut calendar = Calendar::new(period);
    for (number, (id, _)) in (0..).zip(stores) {
        archive.each_hourly_count(*id, hour_of(period.until), |count| {
            let Some(facts) = kinds.of.get(&count.kind) else { return };
            let (when, local) = calendar.of(count.hour);
            each(&Row {
                store: number,
                hour: count.hour,
                when,
                local,
                facts: *facts,
                entries: count.entries,
                first: count.first,
                last: count.last,
            });
        })?;
    }
    Ok(())
}
