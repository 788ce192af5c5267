//! BigCommerce's rate limit: a quota of requests in a window of time, shared by all apps of a store.

use crate::{BigCommerceBehavior, RateLimitForm, answer::Answer, clock::http_date, shop::Meter};

use super::{errors, with_quota_headers};

/// The rest of the quota, as the headers give it.
#[derive(Debug)]
pub(crate) struct Quota {
    window_ms: i64,
    pub(crate) reset_ms: i64,
    quota: u64,
    left: u64,
    pub(crate) refused: bool,
}

/// Takes one request off the quota. `None` if there is no limit.
pub(crate) fn spend(meter: &mut Meter, behavior: &BigCommerceBehavior, now_ms: i64) -> Option<Quota> {
    let quota = behavior.quota?;
    let window_ms = behavior.quota_window_ms.max(1);
    if now_ms >= meter.since + window_ms || now_ms < meter.since {
        *meter = Meter { since: now_ms, ..Meter::default() };
    }
    let elapsed_ms = now_ms - meter.since;
    #[expect(clippy::cast_precision_loss, reason = "quotas and windows are far below 2^52")]
    let (limit, others) = (quota as f64, (behavior.other_apps * elapsed_ms as f64 / 1000.0).floor());
    let refused = meter.used + others + 1.0 > limit;
    if !refused {
        meter.used += 1.0;
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "never negative, never above the quota"
    )]
    let left = (limit - meter.used - others).max(0.0) as u64;
    Some(Quota { window_ms, reset_ms: window_ms - elapsed_ms, quota, left, refused })
}

/// True if an answer of this status carries the headers.
pub(crate) fn shows(form: RateLimitForm, status: u16, quota: &Quota) -> bool {
    if quota.refused { with_quota_headers(form) } else { status != 429 }
}

impl Quota {
    pub(crate) fn write(&self, answer: &mut Answer) {
        answer.headers.extend([
            ("x-rate-limit-time-window-ms", self.window_ms.to_string()),
            ("x-rate-limit-time-reset-ms", self.reset_ms.to_string()),
            ("x-rate-limit-requests-quota", self.quota.to_string()),
            ("x-rate-limit-requests-left", self.left.to_string()),
        ]);
    }
}

/// A 429 of a form, to be tried again after `after_ms`. A spent quota adds its own headers.
pub(crate) fn refusal(form: RateLimitForm, after_ms: i64, now_ms: i64) -> Answer {
    let seconds = (after_ms.max(0) as u64).div_ceil(1000).to_string();
    match form {
        RateLimitForm::Full | RateLimitForm::XRetryAfter => errors::error(429).header("x-retry-after", seconds),
        RateLimitForm::QuotaHeaders => errors::error(429),
        RateLimitForm::RetryAfterSeconds => errors::error(429).header("retry-after", seconds),
        RateLimitForm::RetryAfterDate => {
            errors::error(429).header("retry-after", http_date(now_ms.saturating_add(after_ms).saturating_add(999)))
        }
        RateLimitForm::Bare => Answer::empty(429),
    }
}

/// A 429 of a form from the fault script: it brings quota headers of its own where the form has them.
pub(crate) fn scripted(form: RateLimitForm, after_ms: i64, now_ms: i64, behavior: &BigCommerceBehavior) -> Answer {
    let mut answer = refusal(form, after_ms, now_ms);
    if with_quota_headers(form) {
        let quota = Quota {
            window_ms: behavior.quota_window_ms,
            reset_ms: after_ms,
            quota: behavior.quota.unwrap_or(150),
            left: 0,
            refused: true,
        };
        quota.write(&mut answer);
    }
    answer
}
