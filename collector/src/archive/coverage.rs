//! The tables of coverage and of gaps: which time ranges of a store were read, and which could not be.

use rusqlite::{Connection, OptionalExtension, params};
use storelogs::LogEntry;

use super::{Gap, StoreId, row};
use crate::coverage::TimeRange;
use crate::micros::Micros;

/// The covered time ranges that these entries may lie in.
pub(super) fn covered_around(
    sql: &Connection,
    store: StoreId,
    entries: &[LogEntry],
) -> rusqlite::Result<Vec<TimeRange>> {
    let times = || entries.iter().map(|entry| Micros::of(entry.time));
    let (oldest, newest) = (times().min().unwrap_or_default(), times().max().unwrap_or_default());
    let mut find =
        sql.prepare_cached("SELECT since, until FROM coverage WHERE store = ?1 AND since <= ?2 AND until > ?3")?;
    let found = find.query_map(params![store.0, newest, oldest], |row| {
        Ok((row.get::<_, Micros>(0)?.time(), row.get::<_, Micros>(1)?.time()))
    })?;
    let ranges = found.map(|bounds| bounds.map(|(since, until)| TimeRange::new(since, until)));
    Ok(ranges.collect::<rusqlite::Result<Vec<_>>>()?.into_iter().flatten().collect())
}

/// Adds to the coverage, and joins what touches.
pub(super) fn cover(sql: &Connection, store: StoreId, range: TimeRange) -> rusqlite::Result<()> {
    let (mut since, mut until) = (Micros::of(range.since), Micros::of(range.until));
    let touching: Option<(Option<Micros>, Option<Micros>)> = sql
        .prepare_cached("SELECT min(since), max(until) FROM coverage WHERE store = ?1 AND since <= ?3 AND until >= ?2")?
        .query_row(params![store.0, since, until], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let mut remove = sql.prepare_cached("DELETE FROM coverage WHERE store = ?1 AND since <= ?3 AND until >= ?2")?;
    remove.execute(params![store.0, since, until])?;
    if let Some((Some(from), Some(to))) = touching {
        since = since.min(from);
        until = until.max(to);
    }
    let mut add = sql.prepare_cached("INSERT INTO coverage (store, since, until) VALUES (?1, ?2, ?3)")?;
    add.execute(params![store.0, since, until]).map(drop)
}

/// Takes from the coverage.
pub(super) fn uncover(sql: &Connection, store: StoreId, range: TimeRange) -> rusqlite::Result<()> {
    let (since, until) = (Micros::of(range.since), Micros::of(range.until));
    let mut find =
        sql.prepare_cached("SELECT since, until FROM coverage WHERE store = ?1 AND since < ?3 AND until > ?2")?;
    let found = find.query_map(params![store.0, since, until], |row| Ok((row.get(0)?, row.get(1)?)))?;
    let touched: Vec<(Micros, Micros)> = found.collect::<rusqlite::Result<_>>()?;
    let mut remove = sql.prepare_cached("DELETE FROM coverage WHERE store = ?1 AND since = ?2")?;
    let mut add = sql.prepare_cached("INSERT INTO coverage (store, since, until) VALUES (?1, ?2, ?3)")?;
    for (from, to) in touched {
        remove.execute(params![store.0, from])?;
        if from < since {
            add.execute(params![store.0, from, since])?;
        }
        if to > until {
            add.execute(params![store.0, until, to])?;
        }
    }
    Ok(())
}

/// Removes a time range that was read from the gaps.
pub(super) fn fill_gaps(sql: &Connection, store: StoreId, range: TimeRange) -> rusqlite::Result<()> {
    let (since, until) = (Micros::of(range.since), Micros::of(range.until));
    let mut find = sql.prepare_cached(
        "SELECT since, until, reason, attempts, next_attempt FROM gap WHERE store = ?1 AND since < ?3 AND until > ?2",
    )?;
    let touched: Vec<Gap> =
        find.query_map(params![store.0, since, until], row::gap)?.collect::<rusqlite::Result<_>>()?;
    for gap in touched {
        let mut remove = sql.prepare_cached("DELETE FROM gap WHERE store = ?1 AND since = ?2")?;
        remove.execute(params![store.0, Micros::of(gap.range.since)])?;
        for rest in gap.without(range) {
            add_gap(sql, store, &rest)?;
        }
    }
    Ok(())
}

/// Adds a gap.
pub(super) fn add_gap(sql: &Connection, store: StoreId, gap: &Gap) -> rusqlite::Result<()> {
    let mut add = sql.prepare_cached(
        "INSERT OR REPLACE INTO gap (store, since, until, reason, attempts, next_attempt) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    let (since, until) = (Micros::of(gap.range.since), Micros::of(gap.range.until));
    add.execute(params![store.0, since, until, gap.reason, gap.attempts, Micros::of(gap.next_attempt)]).map(drop)
}

impl Gap {
    /// The rest of the gap after a time range of it was read.
    pub(super) fn without(&self, range: TimeRange) -> Vec<Self> {
        let before = TimeRange::new(self.range.since, self.range.until.min(range.since));
        let behind = TimeRange::new(self.range.since.max(range.until), self.range.until);
        before.into_iter().chain(behind).map(|range| Self { range, ..self.clone() }).collect()
    }
}
