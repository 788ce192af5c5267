//! How far back the platform answers: it is said to keep three months, and refuses what begins before.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp};

use super::Shopline;
use super::reader::LONGEST;
use crate::error::{Error, ErrorKind, Result};

/// The oldest time that the platform still answers for, before `until`. It is said to be three months ago; how it
/// counts them is not documented.
pub(super) async fn find_horizon(source: &Shopline, until: Timestamp) -> Result<Horizon> {
    let now = Timestamp::now();
    let months = now.to_zoned_datetime(TimeZone::UTC).checked_sub(Span::new().months(3)).map(|time| time.timestamp());
    let days = [92, 91, 90, 89, 88].map(|days| now - SignedDuration::from_hours(days * 24));
    let mut candidates: Vec<Timestamp> = months.into_iter().chain(days).collect();
    candidates.sort();
    let a_minute = SignedDuration::from_mins(1);
    let mut horizon = Horizon::Behind;
    for since in candidates.into_iter().map(|time| time + a_minute).filter(|time| *time < until) {
        match source.page(since, until.min(since + LONGEST), |request| request.limit(1)).await {
            Ok(_) => return Ok(Horizon::At(since)),
            Err(error) if is_horizon(&error, since) => horizon = Horizon::Unknown,
            Err(error) => return Err(error),
        }
    }
    Ok(horizon)
}

/// How far back a platform answers.
pub(super) enum Horizon {
    /// From this time on.
    At(Timestamp),
    /// Nowhere in the time range that is asked for: all of it is older.
    Behind,
    /// It refuses every time range.
    Unknown,
}

/// Whether a refusal may mean that the time range begins before what the platform keeps.
pub(super) fn is_horizon(error: &Error, since: Timestamp) -> bool {
    let old = Timestamp::now().duration_since(since) > SignedDuration::from_hours(87 * 24);
    old && error.kind() == ErrorKind::Refused && matches!(error.status(), Some(400 | 406 | 412 | 422))
}
