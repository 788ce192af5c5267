//! The prunings of a store: the time up to which entries were pruned, by severity.

use jiff::Timestamp;
use rusqlite::Connection;
use storelogs::Severity;

use super::{Archive, StoreId};
use crate::error::Result;
use crate::micros::Micros;

/// The times up to which the entries of a store are pruned, by severity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Prunings([Option<Timestamp>; Severity::ALL.len()]);

impl Prunings {
    fn place(severity: Severity) -> usize {
        Severity::ALL.into_iter().position(|known| known == severity).unwrap_or_default()
    }

    pub(super) fn set(&mut self, severity: i64, until: Micros) {
        let known = Severity::ALL.into_iter().find(|known| i64::from(known.number()) == severity);
        if let Some(severity) = known {
            self.0[Self::place(severity)] = Some(until.time());
        }
    }

    /// The time up to which every entry is pruned.
    pub fn whole(&self) -> Option<Timestamp> {
        self.0.iter().copied().reduce(|one, other| Some(one?.min(other?))).flatten()
    }

    /// The time up to which entries of some severity are pruned: before it the platform's counts say nothing any more.
    pub fn any(&self) -> Option<Timestamp> {
        self.0.iter().copied().flatten().max()
    }

    /// The time up to which entries of this severity are pruned.
    pub(super) fn of(&self, severity: Severity) -> Option<Timestamp> {
        self.0[Self::place(severity)]
    }

    /// Whether an entry of this time and severity is.
    pub fn has(&self, time: Timestamp, severity: Severity) -> bool {
        self.of(severity).is_some_and(|until| time < until)
    }
}

/// The prunings of one store.
pub(super) fn prunings(sql: &Connection, store: StoreId) -> rusqlite::Result<Prunings> {
    let mut find = sql.prepare_cached("SELECT severity, until FROM pruned WHERE store = ?1")?;
    let mut rows = find.query([store.0])?;
    let mut prunings = Prunings::default();
    while let Some(row) = rows.next()? {
        prunings.set(row.get(0)?, row.get(1)?);
    }
    Ok(prunings)
}

impl Archive {
    /// The times up to which the entries of a store are pruned.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn prunings(&self, store: StoreId) -> Result<Prunings> {
        prunings(&self.sql, store).map_err(|error| self.fault(error))
    }
}
