//! How many entries the platform counts in a stretch.

use jiff::{SignedDuration, Timestamp};

use super::Shopline;
use super::slice::cannot_count;
use super::walk::LONGEST;
use crate::error::Result;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// Sums the counts of slices that do not overlap. The platform counts whole seconds with both ends included, so a stretch
/// that begins or ends within a second cannot be counted.
pub(super) async fn of_stretch(source: &Shopline, since: Timestamp, until: Timestamp) -> Result<Option<u64>> {
    if since.subsec_nanosecond() != 0 || until.subsec_nanosecond() != 0 {
        return Ok(None);
    }
    let mut total = 0;
    let mut start = since;
    while start < until {
        let end = until.min(start + LONGEST);
        match source.count_where(start, end - SECOND, |request| request).await {
            Ok(counted) => total += counted,
            Err(error) if cannot_count(error.kind()) => return Ok(None),
            Err(error) => return Err(error),
        }
        start = end;
    }
    Ok(Some(total))
}
