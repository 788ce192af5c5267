//! Entries of one store in a time range, for the parts of a report that need whole entries.

use std::collections::HashMap;
use std::ops::{ControlFlow, RangeInclusive};

use jiff::Timestamp;
use rusqlite::params;
use storelogs::{LogEntry, Severity};

use super::{Archive, StoreId, row};
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::micros::Micros;

/// A choice of entries in a time range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// All, newest first.
    All,
    /// Those that may be changes: they have an actor, or are about design.
    Changes,
    /// Those that have an action.
    Actions,
    /// Warnings, errors and what is not understood, newest first.
    Problems,
    /// Successes, newest first.
    Successes,
}

impl Which {
    const fn condition(self) -> &'static str {
        match self {
            Self::All => "ORDER BY entry.time DESC, entry.key DESC",
            Self::Changes => "AND (attributes.actor IS NOT NULL OR attributes.category LIKE '%design%')",
            Self::Actions => "AND attributes.action IS NOT NULL",
            Self::Successes => "AND attributes.severity = 9 ORDER BY entry.time DESC, entry.key DESC",
            Self::Problems => "AND attributes.severity IN (0, 13, 17) ORDER BY entry.time DESC, entry.key DESC",
        }
    }
}

/// The fields of a problem that decide which incident it belongs to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Problem<'a> {
    /// The second of its time, since 1970.
    pub(crate) second: i64,
    pub(crate) severity: Severity,
    pub(crate) category: Option<&'a str>,
    pub(crate) module: Option<&'a str>,
    pub(crate) summary: Option<&'a str>,
    pub(crate) message: Option<&'a str>,
}

/// The fields of an entry that say who did what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Action<'a> {
    /// The second of its time, since 1970.
    pub(crate) second: i64,
    pub(crate) actor: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    pub(crate) category: Option<&'a str>,
}

impl Archive {
    /// Entries of a store in a time range, until `each` breaks off.
    pub(crate) fn each_of_store(
        &self,
        store: StoreId,
        [since, until]: [Timestamp; 2],
        which: Which,
        mut each: impl FnMut(LogEntry) -> ControlFlow<()>,
    ) -> Result<()> {
        let mut find = self.prepared(&format!(
            "SELECT {} FROM packed_entry AS entry INDEXED BY entry_store_time JOIN store ON store.id = entry.store {} \
             WHERE entry.store = ?1 AND entry.time >= ?2 AND entry.time < ?3 {}",
            row::COLUMNS,
            row::JOINS,
            which.condition()
        ))?;
        let fault = |error: rusqlite::Error| self.fault(error);
        let mut rows = find.query(params![store.0, Micros::of(since), Micros::of(until)]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            if each(row::entry(row).map_err(fault)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// The problems of a store in a time range, oldest first.
    pub(crate) fn each_problem(
        &self,
        store: StoreId,
        [since, until]: [Timestamp; 2],
        mut each: impl FnMut(&Problem<'_>),
    ) -> Result<()> {
        let find = concat!(
            "SELECT entry.time, attributes.severity, attributes.category, attributes.module, ",
            row::summary!(),
            ", ",
            row::message!(),
            " FROM packed_entry AS entry INDEXED BY entry_store_time ",
            row::joins!(),
            "WHERE entry.store = ?1 AND entry.time >= ?2 AND entry.time < ?3 AND attributes.severity IN (0, 13, 17) \
             ORDER BY entry.time"
        );
        self.rows(find, params![store.0, Micros::of(since), Micros::of(until)], |row| {
            each(&Problem {
                second: row.get::<_, Micros>(0)?.second(),
                severity: row::severity(row.get(1)?),
                category: row::text(row, 2)?,
                module: row::text(row, 3)?,
                summary: row::text(row, 4)?,
                message: row::text(row, 5)?,
            });
            Ok(())
        })?;
        Ok(())
    }

    /// The actions of named actors in a store in a time range, oldest first.
    pub(crate) fn each_action(
        &self,
        store: StoreId,
        [since, until]: [Timestamp; 2],
        mut each: impl FnMut(&Action<'_>),
    ) -> Result<()> {
        let find = concat!(
            "SELECT entry.time, attributes.actor, attributes.action, attributes.category \
             FROM packed_entry AS entry INDEXED BY entry_store_time ",
            row::joins!(),
            "WHERE entry.store = ?1 AND entry.time >= ?2 AND entry.time < ?3 AND attributes.actor IS NOT NULL \
             ORDER BY entry.time"
        );
        self.rows(find, params![store.0, Micros::of(since), Micros::of(until)], |row| {
            each(&Action {
                second: row.get::<_, Micros>(0)?.second(),
                actor: row::text(row, 1)?,
                action: row::text(row, 2)?,
                category: row::text(row, 3)?,
            });
            Ok(())
        })?;
        Ok(())
    }

    /// The offset from UTC of a store's newest entry, in seconds.
    pub(crate) fn newest_offset(&self, store: StoreId) -> Result<Option<i32>> {
        let find = "SELECT attributes.utc_offset FROM packed_entry AS entry INDEXED BY entry_store_time \
                    JOIN attributes ON attributes.id = entry.attributes WHERE store = ?1 ORDER BY time DESC LIMIT 1";
        Ok(self.rows(find, [store.0], |row| row.get(0))?.into_iter().next())
    }

    /// The entries of a time range by their ids: their times, and whether the platform has removed them.
    pub(crate) fn held_ids(&self, store: StoreId, range: TimeRange) -> Result<HashMap<String, (Timestamp, bool)>> {
        let held = self.rows(
            "SELECT CAST(entry.id AS TEXT), time, \
             EXISTS (SELECT 1 FROM gone WHERE gone.store = entry.store AND gone.id = entry.id) \
             FROM packed_entry AS entry WHERE store = ?1 AND time >= ?2 AND time < ?3",
            params![store.0, Micros::of(range.since), Micros::of(range.until)],
            |row| Ok((row.get(0)?, (row.get::<_, Micros>(1)?.time(), row.get(2)?))),
        )?;
        Ok(held.into_iter().collect())
    }

    /// The time of the entry of a time range with this number, counted from the oldest.
    pub(crate) fn time_of(&self, store: StoreId, range: TimeRange, number: u64) -> Result<Option<Timestamp>> {
        let bounds = params![store.0, Micros::of(range.since), Micros::of(range.until), number.cast_signed()];
        let find = "SELECT time FROM packed_entry INDEXED BY entry_store_time WHERE store = ?1 AND time >= ?2 AND time < ?3 \
                    ORDER BY time LIMIT 1 OFFSET ?4";
        Ok(self.rows(find, bounds, |row| row.get(0))?.first().copied().map(Micros::time))
    }

    /// The records of a store in quarantine as they came, and between which times each was written, as far as that is
    /// known.
    pub(crate) fn quarantined_records(&self, store: StoreId) -> Result<HashMap<String, Option<Span>>> {
        let find =
            "SELECT raw, coalesce(time, near_since, near), coalesce(time, near) FROM quarantine WHERE store = ?1";
        let raw = self.rows(find, [store.0], |row| {
            let (since, until): (Option<Micros>, Option<Micros>) = (row.get(1)?, row.get(2)?);
            Ok((row.get(0)?, since.zip(until).map(|(since, until)| since.time()..=until.time())))
        })?;
        Ok(raw.into_iter().collect())
    }
}

/// Between which times something was written.
pub(crate) type Span = RangeInclusive<Timestamp>;
