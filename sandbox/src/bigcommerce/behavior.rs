//! Switches for what is not known for sure about BigCommerce.

use crate::Listing;

/// How a BigCommerce store's log behaves. The default is the documented or observed reading.
#[derive(Clone, Debug, PartialEq)]
pub struct BigCommerceBehavior {
    /// Whether `date_created:min` and `date_created:max` are understood.
    pub date_filters: DateFilters,
    /// Whether those bounds take in the second they name.
    pub date_bounds: DateBounds,
    /// Whether `sort` and `direction` are understood.
    pub direction: Obedience,
    /// The page size when none is asked for: 50 by the specification, 20 by the guide.
    pub default_limit: u64,
    /// The greatest page size.
    pub max_limit: u64,
    /// The answer to a greater page size.
    pub above_max_limit: AboveLimit,
    /// Whether `meta.pagination.links` is sent.
    pub links: Presence,
    /// Whether `meta` is sent.
    pub meta: Presence,
    /// Whether the totals in `meta.pagination` are right.
    pub totals: Totals,
    /// The content of a page past the end.
    pub beyond_last_page: BeyondLastPage,
    /// How `severity` is written in a record.
    pub severity_form: SeverityForm,
    /// How the severity filters rank a severity that is none of the four.
    pub unknown_severity: UnknownSeverity,
    /// True adds fields to every record that the specification does not name.
    pub extra_fields: bool,
    /// This page is empty, and its rows come on the next one.
    pub empty_middle_page: Option<u64>,
    /// True lists the first row of every page twice; the page then holds one new row fewer.
    pub duplicate_rows: bool,
    /// True refuses with 406 when `Accept` does not allow `application/json`.
    pub require_accept: bool,
    /// True answers 403: the token lacks the scope `store_logs_read_only`.
    pub missing_scope: bool,
    /// Requests per window; `None` is no limit and no rate-limit header.
    pub quota: Option<u64>,
    /// Length of the rate-limit window in milliseconds.
    pub quota_window_ms: i64,
    /// The form of a 429 when the quota is spent.
    pub rate_limit_form: RateLimitForm,
    /// Requests per second that other apps take from the same quota.
    pub other_apps: f64,
    /// Rows older than this many days are not served.
    pub retention_days: Option<i64>,
    /// Behaviour that both platforms' lists share.
    pub listing: Listing,
}

impl Default for BigCommerceBehavior {
    fn default() -> Self {
        Self {
            date_filters: DateFilters::Obeyed,
            date_bounds: DateBounds::Inclusive,
            direction: Obedience::Obeyed,
            default_limit: 50,
            max_limit: 250,
            above_max_limit: AboveLimit::Status(413),
            links: Presence::Present,
            meta: Presence::Present,
            totals: Totals::Right,
            beyond_last_page: BeyondLastPage::Empty,
            severity_form: SeverityForm::Names,
            unknown_severity: UnknownSeverity::Ranked(5),
            extra_fields: false,
            empty_middle_page: None,
            duplicate_rows: false,
            require_accept: false,
            missing_scope: false,
            quota: Some(150),
            quota_window_ms: 30_000,
            rate_limit_form: RateLimitForm::Full,
            other_apps: 0.0,
            retention_days: Some(365),
            listing: Listing::default(),
        }
    }
}

impl BigCommerceBehavior {
    /// The default without a rate limit, for tests that are not about pacing.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { quota: None, ..Self::default() }
    }
}

/// Whether a parameter has an effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obedience {
    /// It does.
    Obeyed,
    /// It is silently ignored.
    Ignored,
}

/// The effect of the date filters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateFilters {
    /// They filter.
    Obeyed,
    /// They are silently ignored.
    Ignored,
    /// A request with one is refused with this status.
    Rejected(u16),
}

/// Whether a date bound takes in the second it names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DateBounds {
    /// Rows of that very second belong to the time range.
    Inclusive,
    /// Rows of that very second do not.
    Exclusive,
}

/// The answer to a page size above the maximum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AboveLimit {
    /// This status: 413 and 422 are seen elsewhere on the platform.
    Status(u16),
    /// The maximum, silently.
    Clamp,
}

/// Whether a part of the answer is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Presence {
    /// It is sent.
    Present,
    /// It is left out.
    Missing,
}

/// The totals that a list claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Totals {
    /// The truth.
    Right,
    /// Something else.
    Wrong(WrongTotals),
}

/// How totals are wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WrongTotals {
    /// `total` is the number of rows on this page, as in one of the vendor's own samples.
    PageCount,
    /// Both totals are 0.
    Zero,
    /// Both totals are twice the truth, and one more.
    TooMany,
    /// The totals are those of this many seconds ago: what is newer is not counted yet.
    Stale(i64),
    /// `total` is off by this many, but never below 0.
    Off(i64),
    /// `total` is always this number.
    Constant(u64),
}

/// The content of a page past the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BeyondLastPage {
    /// No rows.
    Empty,
    /// The last page's rows again.
    RepeatLast,
    /// A 404.
    NotFound,
}

/// How `severity` is written in a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeverityForm {
    /// The name that the record has: `success`, `notices`, `warnings`, `errors` in the histories made here.
    Names,
    /// The same, but `warning` in the singular.
    SingularWarning,
    /// Digits in a string: `"1"` to `"4"`.
    Digits,
    /// JSON numbers: `1` to `4`.
    Numbers,
}

/// How the severity filters see a severity that is none of the four.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownSeverity {
    /// As this integer.
    Ranked(i64),
    /// No severity filter matches it at all.
    Unmatched,
}

/// The headers and body of a 429.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateLimitForm {
    /// Quota headers and `X-Retry-After`, with the platform's error body.
    Full,
    /// Quota headers only.
    QuotaHeaders,
    /// `X-Retry-After` only.
    XRetryAfter,
    /// The standard `Retry-After`, in seconds.
    RetryAfterSeconds,
    /// The standard `Retry-After`, as a date.
    RetryAfterDate,
    /// No such header and an empty body: the platform is overloaded.
    Bare,
}
