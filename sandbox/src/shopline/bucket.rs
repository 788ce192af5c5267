//! SHOPLINE's rate limit: a leaky bucket, and a lock for those who keep overflowing it.

use std::time::Duration;

use crate::{RateLimitForm, ShoplineBehavior, answer::Answer, clock::http_date, shop::Meter};

use super::errors;

/// Puts one request into the bucket. The error is the status of the refusal.
pub(crate) fn spend(meter: &mut Meter, behavior: &ShoplineBehavior, now_ms: i64) -> Result<(), u16> {
    if now_ms < meter.locked_until {
        return Err(423);
    }
    let Some(bucket) = behavior.bucket else { return Ok(()) };
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are far below 2^52")]
    let seconds = (now_ms - meter.since).max(0) as f64 / 1000.0;
    meter.used = (meter.used - seconds * bucket.per_second).max(0.0);
    meter.since = now_ms;
    if meter.used + 1.0 <= bucket.size {
        meter.used += 1.0;
        meter.refused = 0;
        return Ok(());
    }
    meter.refused += 1;
    if let Some(lock) = behavior.lock.filter(|lock| meter.refused > lock.after) {
        meter.refused = 0;
        meter.locked_until = now_ms.saturating_add(i64::try_from(lock.lasts.as_millis()).unwrap_or(i64::MAX));
        return Err(423);
    }
    Err(429)
}

/// A 429 of the fault script. The platform documents no header for it, but a gateway may send one.
pub(crate) fn scripted(form: RateLimitForm, after: Duration, behavior: &ShoplineBehavior, now_ms: i64) -> Answer {
    let after_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
    let seconds = after_ms.div_ceil(1000).to_string();
    let answer = errors::error(429, behavior);
    match form {
        RateLimitForm::Full | RateLimitForm::QuotaHeaders => answer,
        RateLimitForm::XRetryAfter => answer.header("x-retry-after", seconds),
        RateLimitForm::RetryAfterSeconds => answer.header("retry-after", seconds),
        RateLimitForm::RetryAfterDate => {
            let then = now_ms.saturating_add(i64::try_from(after_ms).unwrap_or(i64::MAX)).saturating_add(999);
            answer.header("retry-after", http_date(then))
        }
        RateLimitForm::Bare => Answer::empty(429),
    }
}
