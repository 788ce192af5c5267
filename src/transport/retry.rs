//! Retries: when a request is sent again.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use tokio::time::Instant;

use super::answer::Answer;
use super::header;
use super::transport_error::{Cause, TransportError};

/// When a request is sent again, and what bounds it.
///
/// Only GET is repeated; every operation of both platforms is one. Repeated are: no connection, a reset, a timeout, a
/// body that was cut, and the answers 408, 421, 425, 429, 500, 502, 503, 504, 520 to 524 and 530. BigCommerce asks for 500,
/// 502, 503 and 504, and the networks before a platform say them in other numbers; 501 and 505 say that trying again is
/// pointless, and so does a 500 that names a missing scope.
///
/// The wait before a repeat is random between nothing and a ceiling that doubles with every attempt (full jitter), so
/// that many clients do not come back at the same moment. What the platform asks for (`X-Retry-After`,
/// `X-Rate-Limit-Time-Reset-Ms`, `Retry-After`, the longest of them) is the least. A wait longer than
/// [`ceiling`](RetryPolicy::ceiling) is not begun: the answer is returned at once, as
/// [`ErrorKind::RateLimited`](crate::ErrorKind::RateLimited) with the time.
///
/// A request for a large page can ask for less instead. What a smaller page may heal (500, 502, 504, a timeout, an
/// answer that was cut) is then sent [`large_attempts`](RetryPolicy::large_attempts) times at the most: five timeouts of
/// a minute would be five minutes in which nothing is read, and asking for less is the better repeat.
///
/// Three things bound it: attempts, a deadline over all of them, and a budget that the clones of a client share. Every
/// repeat takes from the budget and every success gives back, so when a platform is down for good, a thousand walks do
/// not each try five times.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RetryPolicy {
    /// The most times that a request is sent. 1 means never again. Default 5.
    pub max_attempts: u32,
    /// The most times that a request is sent that can be made smaller, where that may help. Default 2.
    pub large_attempts: u32,
    /// The ceiling of the random wait before the second attempt; it doubles from there. Default 500 ms.
    pub base_delay: Duration,
    /// The highest ceiling of the random wait. Default 20 s.
    pub max_delay: Duration,
    /// The time after which no new attempt begins, from the first one on, without the pacer's waits. Default 3 min.
    pub deadline: Duration,
    /// The longest wait that the platform may ask for. Default 60 s, twice BigCommerce's window.
    pub ceiling: Duration,
    /// The longest time for one attempt, from sending to the last byte. Default 60 s.
    pub attempt_timeout: Duration,
    /// How many repeats the clones of a client may make without a success between them. Default 100.
    pub budget: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            max_attempts: 5,
            large_attempts: 2,
            base_delay: Duration::from_millis(500),
            max_delay: Duration::from_secs(20),
            deadline: Duration::from_secs(180),
            ceiling: Duration::from_secs(60),
            attempt_timeout: Duration::from_secs(60),
            budget: 100,
        }
    }
}

impl RetryPolicy {
    /// Never send a request twice.
    pub fn never() -> Self {
        Self { max_attempts: 1, ..Self::default() }
    }

    /// Sets the most times that a request is sent.
    #[must_use]
    pub fn max_attempts(mut self, attempts: u32) -> Self {
        self.max_attempts = attempts.max(1);
        self
    }

    /// Sets the most times that a request is sent that can be made smaller.
    #[must_use]
    pub fn large_attempts(mut self, attempts: u32) -> Self {
        self.large_attempts = attempts.max(1);
        self
    }

    /// Sets the random wait: its first ceiling and its highest.
    #[must_use]
    pub fn delays(mut self, base: Duration, max: Duration) -> Self {
        self.base_delay = base;
        self.max_delay = max;
        self
    }

    /// Sets the longest time that attempts may begin in.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Sets the longest wait that the platform may ask for.
    #[must_use]
    pub fn ceiling(mut self, ceiling: Duration) -> Self {
        self.ceiling = ceiling;
        self
    }

    /// Sets the longest time for one attempt.
    #[must_use]
    pub fn attempt_timeout(mut self, timeout: Duration) -> Self {
        self.attempt_timeout = timeout;
        self
    }

    /// Sets how many repeats the clones of a client may make without a success between them.
    #[must_use]
    pub fn budget(mut self, repeats: u32) -> Self {
        self.budget = repeats;
        self
    }
}

/// The repeats that are left, shared by the clones of a client.
#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Mutex<(u32, u32)>>);

impl Budget {
    pub(crate) fn new(policy: &RetryPolicy) -> Self {
        Self(Arc::new(Mutex::new((policy.budget, policy.budget))))
    }

    fn take(&self) -> bool {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let enough = state.0 > 0;
        state.0 = state.0.saturating_sub(1);
        enough
    }

    fn give_back(&self) {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        state.0 = (state.0 + 1).min(state.1);
    }
}

/// The retries of one request.
pub(crate) struct Retry<'a> {
    policy: &'a RetryPolicy,
    budget: &'a Budget,
    /// Whether the request can ask for less.
    large: bool,
    started: Instant,
    attempts: u32,
}

pub(crate) enum Verdict {
    Done(Result<Answer, TransportError>),
    Again(Duration),
}

impl<'a> Retry<'a> {
    pub(crate) fn new(policy: &'a RetryPolicy, budget: &'a Budget, large: bool) -> Self {
        Self { policy, budget, large, started: Instant::now(), attempts: 0 }
    }

    /// Counts these attempts, that were made before.
    pub(crate) fn goes_on_after(&mut self, attempts: u32) {
        self.attempts = attempts;
    }

    /// Counts an attempt, and says how many there were.
    pub(crate) fn sent(&mut self) -> u32 {
        if self.attempts == 0 {
            // The pacer may have held the first attempt back for long; that is not the platform's fault.
            self.started = Instant::now();
        }
        self.attempts += 1;
        self.attempts
    }

    pub(crate) fn after(&self, outcome: Result<Answer, TransportError>) -> Verdict {
        let (repeatable, floor) = match &outcome {
            Ok(answer) => {
                let again = is_repeatable(answer.status) && !answer.lacks_scope();
                (again, asked_wait(answer.status, &answer.headers))
            }
            Err(failure) => (matches!(failure.cause, Cause::Unreachable | Cause::TimedOut | Cause::Interrupted), None),
        };
        if !repeatable {
            if outcome.is_ok() {
                self.budget.give_back();
            }
            return Verdict::Done(outcome);
        }
        let delay = match floor {
            None => self.jitter(),
            // A little more than asked for, so that clients with the same answer do not come back at once.
            Some(floor) => floor + self.jitter() / 8,
        };
        let beyond = floor.is_some_and(|floor| floor > self.policy.ceiling);
        let less_may_help = match &outcome {
            Ok(answer) => matches!(answer.status.as_u16(), 500 | 502 | 504),
            Err(failure) => matches!(failure.cause, Cause::TimedOut | Cause::Interrupted),
        };
        let most = match self.policy {
            policy if self.large && less_may_help => policy.large_attempts.min(policy.max_attempts),
            policy => policy.max_attempts,
        };
        let too_late = self.started.elapsed() + delay > self.policy.deadline;
        if self.attempts >= most || beyond || too_late || !self.budget.take() {
            return Verdict::Done(outcome);
        }
        Verdict::Again(delay)
    }

    fn jitter(&self) -> Duration {
        let doublings = self.attempts.saturating_sub(1).min(16);
        let ceiling = self.policy.base_delay.saturating_mul(1 << doublings).min(self.policy.max_delay);
        ceiling.mul_f64(fastrand::f64())
    }
}

/// 421 and 425, and 520 to 524 and 530, are what the networks before a platform say in place of 502 and 504.
fn is_repeatable(status: StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 421 | 425 | 429 | 500 | 502..=504 | 520..=524 | 530)
}

/// How long the platform asks to wait: the longest of the headers that it may use, and of what each says.
///
/// `X-Rate-Limit-Time-Reset-Ms` comes with every BigCommerce answer; it asks for something only with a 429.
pub(crate) fn asked_wait(status: StatusCode, headers: &HeaderMap) -> Option<Duration> {
    let seconds = |name: &str| header::numbers(headers, name).filter_map(|s| Duration::try_from_secs_f64(s).ok()).max();
    let reset = header::numbers(headers, "x-rate-limit-time-reset-ms")
        .filter_map(|ms| Duration::try_from_secs_f64(ms / 1_000.0).ok())
        .max()
        .filter(|_| status == StatusCode::TOO_MANY_REQUESTS);
    let date = header::dates(headers, "retry-after").map(until).max();
    [seconds("x-retry-after"), reset, seconds("retry-after"), date].into_iter().flatten().max()
}

fn until(date: Timestamp) -> Duration {
    let left = date.as_millisecond() - Timestamp::now().as_millisecond();
    Duration::from_millis(u64::try_from(left).unwrap_or(0))
}
