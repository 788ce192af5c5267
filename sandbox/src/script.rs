//! The state of a fault script: which rules fire for a request, and what they add up to.

use std::time::Duration;

use crate::{Damage, Endpoint, Fault, Faults, RateLimitForm, When, faults::Rule, row::Row};

/// Longer than any client waits.
const FOR_EVER: Duration = Duration::from_secs(365 * 86_400);

/// The parts of a request that a rule may look at.
pub(crate) struct Asked<'a> {
    pub(crate) page: u64,
    pub(crate) limit: u64,
    /// The first second of the time range that is asked for and the first after it; `None` where none is.
    pub(crate) range: Option<(i64, i64)>,
    /// Whether the page lists a row like this.
    pub(crate) lists: &'a dyn Fn(Wanted<'_>) -> bool,
}

/// A condition on the rows that are looked for.
pub(crate) type Wanted<'a> = &'a dyn Fn(&Row) -> bool;

impl Asked<'_> {
    /// A request that is not for a list.
    pub(crate) const fn nothing() -> Self {
        Self { page: 1, limit: 0, range: None, lists: &|_| false }
    }
}

/// A script and how far it has come.
#[derive(Debug)]
pub(crate) struct Script {
    rules: Vec<Running>,
}

#[derive(Debug)]
struct Running {
    rule: Rule,
    seen: u64,
    fired: u32,
    dice: fastrand::Rng,
}

impl Script {
    /// `None` for a script without rules, so that a store without faults costs nothing.
    pub(crate) fn new(faults: Faults) -> Option<Box<Self>> {
        let rules: Vec<Running> = faults
            .rules
            .into_iter()
            .map(|rule| {
                let seed = if let When::Probability(seed, _) = rule.when { seed } else { 0 };
                Running { rule, seen: 0, fired: 0, dice: fastrand::Rng::with_seed(seed) }
            })
            .collect();
        (!rules.is_empty()).then(|| Box::new(Self { rules }))
    }

    /// The effects of all rules that fire for a request.
    pub(crate) fn strike(&mut self, endpoint: Endpoint, asked: &Asked<'_>) -> Effects {
        let mut effects = Effects::default();
        for running in &mut self.rules {
            if running.fires(endpoint, asked) {
                effects.add(&running.rule.fault);
            }
        }
        effects
    }
}

impl Running {
    fn fires(&mut self, endpoint: Endpoint, asked: &Asked<'_>) -> bool {
        if self.rule.endpoint != Endpoint::Any && self.rule.endpoint != endpoint {
            return false;
        }
        self.seen += 1;
        let due = match self.rule.when {
            When::Nth(k) => self.seen == k,
            When::Every(k) => k > 0 && self.seen.is_multiple_of(k),
            When::Page(wanted) => asked.page == wanted,
            When::PageAbove(page) => asked.page > page,
            When::LimitAbove(limit) => asked.limit > limit,
            When::Range(since, until) => asked.range.is_some_and(|(first, end)| first < until && since < end),
            When::RowsOf(since, until) => (asked.lists)(&|row| (since..until).contains(&row.at)),
            When::Row(id) => (asked.lists)(&|row| row.id == id),
            When::Probability(_, p) => self.dice.f64() < p,
            When::Always => true,
        };
        let left = self.rule.times.is_none_or(|times| self.fired < times);
        if due && left {
            self.fired += 1;
        }
        due && left
    }
}

/// All that strikes one request.
#[derive(Debug, Default)]
pub(crate) struct Effects {
    pub(crate) delay: Duration,
    pub(crate) arrive: usize,
    pub(crate) purge: usize,
    pub(crate) instead: Option<Instead>,
    pub(crate) page: PageEffects,
    pub(crate) wire: Option<Wire>,
}

/// An answer in place of the right one.
#[derive(Clone, Debug)]
pub(crate) enum Instead {
    Body(String),
    Status(u16),
    Html(u16),
    RateLimit(RateLimitForm, Duration),
}

/// Changes to the rows of a page.
#[derive(Debug, Default)]
pub(crate) struct PageEffects {
    pub(crate) empty: bool,
    pub(crate) repeat: bool,
    /// Damage to the records at these indexes.
    pub(crate) damaged: Vec<(usize, Damage)>,
}

/// A change to the bytes of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Cut(usize),
    Reset,
    Slow(u64),
    Malformed,
    Oversize(u64),
    Short(usize),
    Mark,
    Bomb(u64),
    EmptyRecords(u64),
}

impl Effects {
    fn add(&mut self, fault: &Fault) {
        match *fault {
            Fault::Body(ref body) => self.answer(Instead::Body(body.clone())),
            Fault::Hang => self.delay = FOR_EVER,
            Fault::Status(status) => self.answer(Instead::Status(status)),
            Fault::Html(status) => self.answer(Instead::Html(status)),
            Fault::RateLimit(form, after) => self.answer(Instead::RateLimit(form, after)),
            Fault::Delay(delay) => self.delay = self.delay.saturating_add(delay),
            Fault::Arrive(rows) => self.arrive += rows,
            Fault::Purge(rows) => self.purge += rows,
            Fault::EmptyPage => self.page.empty = true,
            Fault::RepeatPage => self.page.repeat = true,
            Fault::MalformedRecord(index) => self.page.damaged.push((index, Damage::NoObject)),
            Fault::WrongTypes(index) => self.page.damaged.push((index, Damage::WrongTypes)),
            Fault::InvalidUtf8(index) => self.page.damaged.push((index, Damage::InvalidUtf8)),
            Fault::LoneSurrogate(index) => self.page.damaged.push((index, Damage::LoneSurrogate)),
            Fault::CutBody(bytes) => self.send(Wire::Cut(bytes)),
            Fault::Reset => self.send(Wire::Reset),
            Fault::SlowBody(rate) => self.send(Wire::Slow(rate)),
            Fault::MalformedJson => self.send(Wire::Malformed),
            Fault::Oversize(bytes) => self.send(Wire::Oversize(bytes)),
            Fault::ShortJson(bytes) => self.send(Wire::Short(bytes)),
            Fault::ByteOrderMark => self.send(Wire::Mark),
            Fault::EmptyRecords(bytes) => self.send(Wire::EmptyRecords(bytes)),
            Fault::GzipBomb(bytes) => self.send(Wire::Bomb(bytes)),
        }
    }

    fn answer(&mut self, instead: Instead) {
        self.instead.get_or_insert(instead);
    }

    fn send(&mut self, wire: Wire) {
        self.wire.get_or_insert(wire);
    }
}
