//! The hours of the day at which an actor works, and which hours are unusual.

use std::collections::HashMap;

use jiff::Timestamp;

use super::Context;
use super::period::{Local, hour_of};
use super::scan::Row;
use super::statistics::as_number;

/// How many hours with activity of an actor are needed to know their usual hours of the day.
const LEAST_KNOWN: u64 = 100;
/// An hour of the day is unusual for an actor if it has, with its two neighbours, less than this share of all their
/// active hours. An even spread would give 12.5 %. At 1 %, chance would hide a quarter of what is done in the middle of
/// the night.
const UNUSUAL: f64 = 0.02;

/// The hours of the day at which each actor works, over the whole archive: the number of hours in which they did
/// anything, however much.
#[derive(Default)]
pub(super) struct Hours(HashMap<u32, Worked>);

#[derive(Default)]
struct Worked {
    hours: [u64; 24],
    /// The store and the hour that was counted last.
    last: Option<(u32, i64)>,
}

impl Hours {
    /// Counts the hour of a row, once for each store.
    pub(super) fn add(&mut self, actor: u32, row: &Row) {
        let worked = self.0.entry(actor).or_default();
        if worked.last.replace((row.store, row.hour)) != Some((row.store, row.hour)) {
            worked.hours[row.local.hour_of_day()] += 1;
        }
    }

    /// The share of an actor's hours of work at an hour of the day and the two beside it, if enough is known.
    pub(super) fn share(&self, actor: u32, hour: usize) -> Option<f64> {
        let hours = &self.0.get(&actor)?.hours;
        let all: u64 = hours.iter().sum();
        let near: u64 = [hour + 23, hour, hour + 1].map(|hour| hours[hour % 24]).iter().sum();
        (all >= LEAST_KNOWN).then(|| as_number(near) / as_number(all))
    }

    /// The same share, if it is so small that the hour is unusual.
    pub(super) fn unusual(&self, actor: u32, hour: usize) -> Option<f64> {
        self.share(actor, hour).filter(|share| *share < UNUSUAL)
    }

    /// The number of hours in which an actor did anything, by the hour of the day. Empty if there is no such actor.
    pub(super) fn of(&self, actor: u32) -> Vec<u64> {
        self.0.get(&actor).map(|worked| worked.hours.to_vec()).unwrap_or_default()
    }

    /// Whether there is anybody for whom any hour of the day would be unusual.
    pub(super) fn any_unusual(&self) -> bool {
        self.0.keys().any(|actor| (0..24).any(|hour| self.unusual(*actor, hour).is_some()))
    }

    /// Whether somebody hardly ever works at this time of the day.
    pub(super) fn is_unusual(&self, context: &Context<'_>, actor: Option<&str>, time: Timestamp) -> bool {
        let hour = Local::of(hour_of(time), &context.period.zone).hour_of_day();
        context.kinds.actors.find(actor).is_some_and(|actor| self.unusual(actor, hour).is_some())
    }
}
