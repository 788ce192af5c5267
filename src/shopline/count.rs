//! The platform's count of entries in a time range.

use jiff::Timestamp;

use super::Shopline;
use super::reader::LONGEST;
use super::reader::{Filter, Reader, SECOND, Start, cannot_count, whole};
use crate::error::Result;
use crate::walk::Row;

/// Sums the counts of slices that do not overlap. The platform counts whole seconds, so a time range that begins or ends
/// within a second cannot be counted. Whether it counts the seconds of its bounds is found out by a row.
pub(super) async fn of_range(source: &Shopline, since: Timestamp, until: Timestamp) -> Result<Option<u64>> {
    if since != whole(since) || until != whole(until) {
        return Ok(None);
    }
    let reader = Reader { source: source.clone(), filter: Filter::default(), wanted: 1 };
    let habits = reader.habits();
    let mut total = 0;
    let mut start = since;
    while start < until {
        let end = until.min(start + LONGEST);
        let last = end - SECOND;
        let bounds = habits.bounds();
        if bounds.since_included.is_none() || bounds.until_included.is_none() {
            let range = (start - SECOND, last + SECOND);
            let answer = match reader.list(range, Start::Newest, &reader.filter).await {
                Err(error) if cannot_count(&error) => return Ok(None),
                answer => answer?,
            };
            if let Some(row) = answer.rows.iter().find_map(Row::time) {
                reader.settle_bounds(whole(row)).await?;
            }
        }
        match reader.count((habits.since(start), habits.until(last)), &reader.filter).await? {
            Some(counted) => total += counted,
            None => return Ok(None),
        }
        start = end;
    }
    Ok(Some(total))
}
