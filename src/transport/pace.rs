//! Pacing: staying below the rate limit, so that it is never hit.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::throttle::{Hold, Throttle};
use super::transport_error::{Cause, TransportError};
use super::{asked_wait, header};
use crate::error::Error;

/// A store's rate limit as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RateLimit {
    /// How many requests a full quota, or a full bucket, holds.
    pub quota: u32,
    /// How many of them are left now, for every app of the store.
    pub left: u32,
    /// When the quota is full again.
    pub resets_in: Duration,
}

/// Holds requests back before a store's rate limit is met. Clones share their state.
#[derive(Clone, Debug)]
pub struct Pacer(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    rule: Mutex<Rule>,
    throttle: Mutex<Throttle>,
    changed: Notify,
}

#[derive(Debug)]
enum Rule {
    Window(Window),
    Bucket(Bucket),
}

/// BigCommerce: a number of requests in a window of time, shared by all apps of the store. Every answer has the state.
#[derive(Debug)]
struct Window {
    /// The share of the quota that is left to the shop's other apps, 0 to 1.
    leave: f64,
    /// `None` until an answer has reported it.
    known: Option<Known>,
    /// Whether answers came that report nothing. Then nothing is held back: a gateway's stand-in has no quota.
    silent: bool,
    in_flight: u32,
}

#[derive(Clone, Copy, Debug)]
struct Known {
    quota: u32,
    left: u32,
    length: Duration,
    resets_at: Instant,
    /// Whether this window was only assumed, after the end of the last one.
    assumed: bool,
}

/// SHOPLINE: a bucket that each request fills and time empties. No answer has its state, so we count.
#[derive(Debug)]
struct Bucket {
    capacity: f64,
    per_second: f64,
    level: f64,
    at: Instant,
}

/// Requests in flight before anything is known of the limit.
const UNKNOWN_IN_FLIGHT: u32 = 2;
/// Two answers whose reset times differ by less are of the same window; the rest is the network's delay.
const SAME_WINDOW: Duration = Duration::from_secs(2);
/// Room that is never used in the bucket, for a clock that runs differently on the other side.
const SPARE: f64 = 1.0;

impl Pacer {
    /// A quota for a window of time, shared by all apps of the store, as BigCommerce's `X-Rate-Limit-*` headers report it
    /// with every answer. Leaves a share of it, 0 to 1, to the others. An answer without them holds nothing back.
    pub fn window(leave: f64) -> Self {
        Self::new(Rule::Window(Window { leave: leave.clamp(0.0, 0.99), known: None, silent: false, in_flight: 0 }))
    }

    /// A leaky bucket that this side counts: `capacity` requests fit, and `leak` leak out a second. One place in it is
    /// never used. A 429 says that it is full after all.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless it holds 2 or more and leaks.
    pub fn bucket(requests: u32, per_second: f64) -> Result<Self, Error> {
        if requests < 2 || !per_second.is_finite() || per_second <= 0.0 {
            return Err(Error::invalid("a bucket holds 2 requests or more and leaks more than none a second"));
        }
        let capacity = f64::from(requests);
        Ok(Self::new(Rule::Bucket(Bucket { capacity, per_second, level: 0.0, at: Instant::now() })))
    }

    fn new(rule: Rule) -> Self {
        Self(Arc::new(Inner { rule: Mutex::new(rule), throttle: Mutex::default(), changed: Notify::new() }))
    }

    fn rule(&self) -> MutexGuard<'_, Rule> {
        self.0.rule.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn throttle(&self) -> MutexGuard<'_, Throttle> {
        self.0.throttle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a request may go by what is known, and if so takes its place.
    fn may_go(&self, now: Instant) -> Wait {
        let mut throttle = self.throttle();
        match throttle.hold(now) {
            Hold::Change => return Wait::Change,
            Hold::For(delay) => return Wait::For(delay),
            Hold::None => {}
        }
        let wait = match &mut *self.rule() {
            Rule::Window(window) => window.admit(now),
            Rule::Bucket(bucket) => bucket.admit(now),
        };
        if matches!(wait, Wait::None) {
            throttle.sent(now);
        }
        wait
    }

    /// Waits until a request may be sent. Fails at once if that is further off than `ceiling`.
    pub(crate) async fn admit(&self, ceiling: Duration) -> Result<Admitted<'_>, TransportError> {
        loop {
            let changed = self.0.changed.notified();
            match self.may_go(Instant::now()) {
                Wait::None => return Ok(Admitted { pacer: self, since: Instant::now(), seen: false }),
                Wait::Change => changed.await,
                Wait::For(delay) if delay > ceiling => {
                    let what = "the store's rate limit is used up";
                    return Err(TransportError::new(Cause::RateLimited(delay), what));
                }
                Wait::For(delay) => tokio::select! {
                    () = tokio::time::sleep(delay) => {}
                    () = changed => {}
                },
            }
        }
    }

    pub(crate) fn rate_limit(&self) -> Option<RateLimit> {
        let now = Instant::now();
        match &mut *self.rule() {
            Rule::Window(window) => {
                let known = window.at(now)?;
                let resets_in = known.resets_at.saturating_duration_since(now);
                Some(RateLimit { quota: known.quota, left: known.left, resets_in })
            }
            Rule::Bucket(bucket) => {
                bucket.leak(now);
                Some(RateLimit {
                    quota: bucket.capacity as u32,
                    left: (bucket.capacity - bucket.level).max(0.0) as u32,
                    resets_in: bucket.time_for(bucket.level),
                })
            }
        }
    }
}

enum Wait {
    None,
    Change,
    For(Duration),
}

/// A request on its way. Dropped when its answer was read, or never will be.
pub(crate) struct Admitted<'a> {
    pacer: &'a Pacer,
    since: Instant,
    /// Whether an answer reported the state after this request.
    seen: bool,
}

impl Admitted<'_> {
    /// Learns from an answer.
    pub(crate) fn observe(&mut self, status: StatusCode, headers: &HeaderMap, now: Instant) {
        if status != StatusCode::TOO_MANY_REQUESTS {
            self.pacer.throttle().went_well();
        } else if asked_wait(status, headers).is_none() {
            self.pacer.throttle().refused(self.since, now);
        }
        match &mut *self.pacer.rule() {
            // The platform wrote its headers between our sending and our reading: take the middle. A request that comes
            // a moment before the reset takes from the share of the others; it does not exceed the quota.
            Rule::Window(window) => self.seen = window.observe(headers, now - (now - self.since) / 2),
            // We counted wrongly, or somebody shares our app's bucket: take it as full.
            Rule::Bucket(bucket) if status == StatusCode::TOO_MANY_REQUESTS => {
                bucket.level = bucket.capacity;
                bucket.at = now;
            }
            Rule::Bucket(_) => {}
        }
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        self.pacer.throttle().ended();
        if let Rule::Window(window) = &mut *self.pacer.rule() {
            window.in_flight = window.in_flight.saturating_sub(1);
            if let Some(known) = window.known.as_mut().filter(|_| !self.seen) {
                // Nothing was reported, but the platform may have counted it.
                known.left = known.left.saturating_sub(1);
            }
        }
        self.pacer.0.changed.notify_waiters();
    }
}

impl Window {
    /// The state of the window, moved on to `now`: after its end a window is taken to be full again.
    fn at(&mut self, now: Instant) -> Option<Known> {
        let known = self.known.as_mut()?;
        if now >= known.resets_at {
            known.left = known.quota;
            known.resets_at = now + known.length;
            known.assumed = true;
        }
        Some(*known)
    }

    fn admit(&mut self, now: Instant) -> Wait {
        let in_flight = self.in_flight;
        let wait = match self.at(now) {
            None if self.silent || in_flight < UNKNOWN_IN_FLIGHT => Wait::None,
            None => Wait::Change,
            Some(known) => {
                // At least one request must fit, however large the share of the others.
                let reserve = (f64::from(known.quota) * self.leave).ceil().min(f64::from(known.quota) - 1.0) as u32;
                if known.left > reserve + in_flight { Wait::None } else { Wait::For(known.resets_at - now) }
            }
        };
        if matches!(wait, Wait::None) {
            self.in_flight += 1;
        }
        wait
    }

    /// Learns from the headers of an answer, and returns whether they reported anything.
    fn observe(&mut self, headers: &HeaderMap, now: Instant) -> bool {
        // Where a gateway doubled a header: the least left, and the latest reset.
        let numbers = |name: &'static str| header::numbers(headers, name).map(|number| number.max(0.0) as u64);
        let (Some(quota), Some(left), Some(reset)) = (
            numbers("x-rate-limit-requests-quota").filter(|quota| *quota > 0).min(),
            numbers("x-rate-limit-requests-left").min(),
            numbers("x-rate-limit-time-reset-ms").max(),
        ) else {
            self.silent = true;
            return false;
        };
        let small = |number: u64| u32::try_from(number).unwrap_or(u32::MAX);
        let length = numbers("x-rate-limit-time-window-ms").max().unwrap_or(30_000);
        // An absurd time must not overflow; a day is as far away as anybody waits.
        let reset = Duration::from_millis(reset).min(Duration::from_secs(86_400));
        let resets_at = now + reset;
        let length = Duration::from_millis(length).min(Duration::from_secs(86_400));
        let mut fresh = Known { quota: small(quota), left: small(left), length, resets_at, assumed: false };
        if let Some(known) = self.known.filter(|known| !known.assumed) {
            if fresh.resets_at + SAME_WINDOW < known.resets_at {
                return true; // an answer of an earlier window, overtaken on its way
            }
            if fresh.resets_at < known.resets_at + SAME_WINDOW {
                // Same window: answers may overtake each other, and the quota only shrinks.
                fresh.left = fresh.left.min(known.left);
                fresh.resets_at = fresh.resets_at.max(known.resets_at);
            }
        }
        self.known = Some(fresh);
        true
    }
}

impl Bucket {
    fn leak(&mut self, now: Instant) {
        let gone = now.saturating_duration_since(self.at).as_secs_f64() * self.per_second;
        self.level = (self.level - gone).max(0.0);
        self.at = now;
    }

    /// How long it takes until this much has leaked out. A bucket that hardly leaks takes for ever.
    fn time_for(&self, requests: f64) -> Duration {
        Duration::try_from_secs_f64(requests / self.per_second).unwrap_or(Duration::MAX)
    }

    fn admit(&mut self, now: Instant) -> Wait {
        self.leak(now);
        let over = self.level + 1.0 - (self.capacity - SPARE);
        if over <= 1e-9 {
            self.level += 1.0;
            return Wait::None;
        }
        Wait::For(self.time_for(over))
    }
}
