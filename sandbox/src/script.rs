//! A fault script at work: which rules fire for a request, and what they come to.

use std::time::Duration;

use crate::{Endpoint, Fault, Faults, RateLimitForm, When, faults::Rule};

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

    /// What strikes a request for `page` of `endpoint`, which lists the records that `lists` says.
    pub(crate) fn strike(&mut self, endpoint: Endpoint, page: u64, lists: &dyn Fn(u64) -> bool) -> Effects {
        let mut effects = Effects::default();
        for running in &mut self.rules {
            if running.fires(endpoint, page, lists) {
                effects.add(&running.rule.fault);
            }
        }
        effects
    }
}

impl Running {
    fn fires(&mut self, endpoint: Endpoint, page: u64, lists: &dyn Fn(u64) -> bool) -> bool {
        if self.rule.endpoint != Endpoint::Any && self.rule.endpoint != endpoint {
            return false;
        }
        self.seen += 1;
        let due = match self.rule.when {
            When::Nth(k) => self.seen == k,
            When::Every(k) => k > 0 && self.seen.is_multiple_of(k),
            When::Page(wanted) => page == wanted,
            When::Row(id) => lists(id),
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
#[derive(Clone, Copy, Debug)]
pub(crate) enum Instead {
    Status(u16),
    Html(u16),
    RateLimit(RateLimitForm, Duration),
}

/// What happens to the rows of a page.
#[derive(Debug, Default)]
pub(crate) struct PageEffects {
    pub(crate) empty: bool,
    pub(crate) repeat: bool,
    pub(crate) malformed: Vec<usize>,
    pub(crate) wrong_types: Vec<usize>,
}

/// What happens to the bytes of an answer.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Wire {
    Cut(usize),
    Reset,
    Slow(u64),
    Malformed,
    Oversize(u64),
    Bomb(u64),
}

impl Effects {
    fn add(&mut self, fault: &Fault) {
        match *fault {
            Fault::Status(status) => self.answer(Instead::Status(status)),
            Fault::Html(status) => self.answer(Instead::Html(status)),
            Fault::RateLimit(form, after) => self.answer(Instead::RateLimit(form, after)),
            Fault::Delay(delay) => self.delay += delay,
            Fault::Arrive(rows) => self.arrive += rows,
            Fault::Purge(rows) => self.purge += rows,
            Fault::EmptyPage => self.page.empty = true,
            Fault::RepeatPage => self.page.repeat = true,
            Fault::MalformedRecord(index) => self.page.malformed.push(index),
            Fault::WrongTypes(index) => self.page.wrong_types.push(index),
            Fault::CutBody(bytes) => self.send(Wire::Cut(bytes)),
            Fault::Reset => self.send(Wire::Reset),
            Fault::SlowBody(rate) => self.send(Wire::Slow(rate)),
            Fault::MalformedJson => self.send(Wire::Malformed),
            Fault::Oversize(bytes) => self.send(Wire::Oversize(bytes)),
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
