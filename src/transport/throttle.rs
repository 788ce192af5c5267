//! The throttle for a 429 without headers: it slows down until the gateway accepts requests.

use std::time::Duration;

use tokio::time::Instant;

/// A gateway that refuses by rate says neither how long to wait nor how much it allows. So each such refusal holds every
/// request of the store, longer each time, halves how many are under way, and spaces them out; each answer that is none
/// gives a little of it back. So the pace ends up near what the gateway allows, and is full again when it allows all.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    in_flight: u32,
    /// The most that may be under way; `None` is as many as there are.
    most: Option<u32>,
    /// The least time between two requests.
    gap: Duration,
    /// How long the last refusal held everything.
    step: Duration,
    not_before: Option<Instant>,
    /// When a refusal was last learned of. What was sent before says nothing new.
    refused_at: Option<Instant>,
}

/// Both platforms allow four or five requests a second where they are strictest.
const FIRST_GAP: Duration = Duration::from_millis(250);
const MAX_GAP: Duration = Duration::from_secs(4);
/// Requests that are closer together are not held at all.
const NO_GAP: Duration = Duration::from_millis(5);
const FIRST_STEP: Duration = Duration::from_millis(500);
const MAX_STEP: Duration = Duration::from_secs(16);
/// The most requests under way that are counted: more are as many as there are.
const ALL: u32 = 64;

/// Whether a request may go.
pub(super) enum Hold {
    None,
    /// Until one that is under way has ended.
    Change,
    For(Duration),
}

impl Throttle {
    pub(super) fn hold(&self, now: Instant) -> Hold {
        if self.most.is_some_and(|most| self.in_flight >= most) {
            return Hold::Change;
        }
        match self.not_before {
            Some(start) if start > now => Hold::For(start - now),
            _ => Hold::None,
        }
    }

    pub(super) fn sent(&mut self, now: Instant) {
        self.in_flight += 1;
        self.not_before = (!self.gap.is_zero()).then(|| now + self.gap);
    }

    pub(super) fn ended(&mut self) {
        self.in_flight = self.in_flight.saturating_sub(1);
    }

    pub(super) fn refused(&mut self, sent: Instant, now: Instant) {
        if self.refused_at.is_some_and(|at| sent <= at) {
            return;
        }
        self.refused_at = Some(now);
        self.most = Some((self.in_flight / 2).max(1));
        self.gap = if self.gap.is_zero() { FIRST_GAP } else { (self.gap * 3 / 2).min(MAX_GAP) };
        self.step = if self.step.is_zero() { FIRST_STEP } else { (self.step * 2).min(MAX_STEP) };
        self.not_before = Some(now + self.step);
    }

    pub(super) fn went_well(&mut self) {
        self.step = Duration::ZERO;
        self.gap = self.gap.mul_f64(0.95);
        if self.gap < NO_GAP {
            self.gap = Duration::ZERO;
        }
        self.most = self.most.map(|most| most + 1).filter(|most| *most <= ALL);
    }
}
