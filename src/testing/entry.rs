//! Made-up entries.

use jiff::SignedDuration;

use super::time;
use crate::entry::LogEntry;
use crate::entry_builder::EntryBuilder;
use crate::severity::Severity;
use crate::store::Store;

/// A made-up entry of the store `bigcommerce:abc123`. The number is its id, and the minute of 2026 it is from: a higher
/// one is newer. Change what matters, and [`build`](EntryBuilder::build) it.
///
/// ```
/// use storelogs::{Severity, testing};
///
/// let entry = testing::entry(7).severity(Severity::Error).summary("Payment declined").build();
/// assert_eq!(entry.uid, "bigcommerce:abc123:7");
/// assert_eq!(entry.time.to_string(), "2026-01-01T00:07:00Z");
/// ```
pub fn entry(number: u32) -> EntryBuilder {
    let time = time(i64::from(number));
    let entry = LogEntry::builder(&default_store(), number.to_string(), time).observed(time + DELAY);
    entry.severity(Severity::Info).category("general").summary(format!("Entry {number}"))
}

/// How long after it happened a made-up entry is read.
const DELAY: SignedDuration = SignedDuration::from_secs(1);

pub(super) fn default_store() -> Store {
    Store::bigcommerce("abc123").expect("this literal is a store hash")
}
