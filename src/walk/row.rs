//! One record of an answer on its way through a walk.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;

use crate::call::{Convert, List};
use crate::entry::LogEntry;
use crate::error::Result;

/// One record of an answer, decoded or not.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: u64,
    pub(crate) entry: Result<LogEntry>,
}

impl Row {
    #[inline]
    pub(crate) fn new(entry: Result<LogEntry>) -> Self {
        let key = match &entry {
            Ok(entry) => key_of(&entry.id),
            Err(error) => key_of(error.raw().unwrap_or_default()),
        };
        Self { key, entry }
    }

    pub(crate) fn time(&self) -> Option<Timestamp> {
        self.entry.as_ref().ok().map(|entry| entry.time)
    }

    pub(crate) fn id(&self) -> Option<&str> {
        self.entry.as_ref().ok().map(|entry| entry.id.as_str())
    }
}

impl<R: serde::Serialize> List<R> {
    /// The records of an answer as rows.
    pub(crate) fn rows(self, convert: Convert<R>) -> Vec<Row> {
        let mut rows = Vec::with_capacity(self.records.len());
        self.entries(convert).for_each(|entry| rows.push(Row::new(entry)));
        rows
    }
}

/// The key of a record: a hash of its id, or of its text if it has no readable id.
pub(super) fn key_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// How the rows of a page are ordered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    NewestFirst,
    OldestFirst,
    /// All at one moment, or fewer than two rows.
    Flat,
    Mixed,
}

pub(crate) fn order(rows: &[Row]) -> Order {
    let (mut falls, mut rises, mut last) = (false, false, None);
    for time in rows.iter().filter_map(Row::time) {
        let last = last.replace(time).unwrap_or(time);
        falls |= time < last;
        rises |= time > last;
    }
    match (falls, rises) {
        (true, false) => Order::NewestFirst,
        (false, true) => Order::OldestFirst,
        (false, false) => Order::Flat,
        (true, true) => Order::Mixed,
    }
}

pub(crate) fn oldest(rows: &[Row]) -> Option<Timestamp> {
    rows.iter().filter_map(Row::time).min()
}

pub(crate) fn newest(rows: &[Row]) -> Option<Timestamp> {
    rows.iter().filter_map(Row::time).max()
}

/// A fingerprint of a page: two pages with the same rows in the same order have the same.
pub(crate) fn fingerprint(rows: &[Row]) -> u64 {
    // The keys are hashes already; this only has to mind their order.
    rows.iter().fold(0, |all, row| (all.rotate_left(5) ^ row.key).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}
