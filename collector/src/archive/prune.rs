//! Pruning: removes entries that are older than their owner wants. They are no gaps, and are not fetched again. Their counts
//! by hour stay, so reports over years remain possible.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};
use storelogs::Severity;

use super::prunings::{Prunings, prunings};
use super::rollup::Kinds;
use super::{Archive, StoreId, audit, coverage, derived, packing};
use crate::coverage::TimeRange;
use crate::error::{Error, Result};
use crate::micros::Micros;

/// How many entries are looked at in one transaction.
const STEP: i64 = 5_000;
/// How many empty pages are given back at once.
const PAGES: i64 = 2_000;

/// The result of a pruning, or of a dry run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Entries.
    pub entries: u64,
    /// Earlier forms of them.
    pub revisions: u64,
    /// Records that could not be decoded.
    pub quarantined: u64,
}

impl Pruned {
    /// The sum of both.
    pub fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.revisions += other.revisions;
        self.quarantined += other.quarantined;
    }
}

impl Archive {
    /// The entries of a store that would be pruned.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn prunable(&self, store: StoreId, cutoffs: &[(Severity, Timestamp)]) -> Result<Pruned> {
        let mut pruned = Pruned::default();
        let count = |sql: &str, bounds: &[&dyn rusqlite::ToSql]| -> Result<u64> {
            let counted = self.prepared(sql)?.query_row(bounds, |row| row.get::<_, i64>(0));
            counted.map(i64::unsigned_abs).map_err(|error| self.fault(error))
        };
        let marks = marked(self.prunings(store)?, cutoffs);
        for (severity, until) in &marks {
            let bounds: [&dyn rusqlite::ToSql; 3] = [&store.0, &Micros::of(*until), &severity.number()];
            pruned.entries += count(
                "SELECT count(*) FROM packed_entry AS entry JOIN attributes ON attributes.id = entry.attributes WHERE store = ?1 AND time < ?2 AND severity = ?3",
                &bounds,
            )?;
            pruned.revisions += count(
                "SELECT count(*) FROM revision JOIN packed_entry AS entry ON entry.store = revision.store \
                 AND entry.id = revision.entry_id JOIN attributes ON attributes.id = entry.attributes WHERE entry.store = ?1 AND entry.time < ?2 AND attributes.severity = ?3",
                &bounds,
            )?;
        }
        if let Some(until) = whole(&marks) {
            let sql = "SELECT count(*) FROM quarantine WHERE store = ?1 AND coalesce(time, near) < ?2";
            pruned.quarantined = count(sql, &[&store.0, &Micros::of(until)])?;
        }
        Ok(pruned)
    }

    /// Removes the older entries of a store, step by step; `progress` is called with how many were removed. That they
    /// are pruned is written down first: killed anywhere, the next pruning goes on, and nobody fetches anything of it. The
    /// caller holds the archive's lock.
    ///
    /// # Errors
    /// If the archive cannot be written. What was removed by then is gone.
    pub fn prune(
        &mut self,
        store: StoreId,
        cutoffs: &[(Severity, Timestamp)],
        now: Timestamp,
        mut progress: impl FnMut(Pruned),
    ) -> Result<Pruned> {
        let path = self.path.clone();
        let fault = |error: rusqlite::Error| Error::of(&path, error);
        let mut pruned = mark(&mut self.sql, &mut self.kinds, store, cutoffs, now).map_err(fault)?;
        let mut from = Some((i64::MIN, i64::MIN));
        while let Some(after) = from {
            let stepped = step(&mut self.sql, &mut self.kinds, store, after);
            if stepped.is_err() {
                self.kinds.forget();
            }
            let (gone, next) = stepped.map_err(fault)?;
            pruned.add(gone);
            progress(pruned);
            from = next;
        }
        Ok(pruned)
    }

    /// Gives the room of what was removed back to the disk; `progress` is called with the share that is done. Returns how many
    /// bytes that were. An archive that cannot do so in steps yet is copied once for it.
    ///
    /// # Errors
    /// If the archive cannot be written, or the disk has no room for that copy.
    pub fn shrink(&mut self, mut progress: impl FnMut(f64)) -> Result<u64> {
        let before = self.size()?;
        // A common part is removed with the last entry that has it.
        packing::remove_unused(&self.sql).map_err(|error| self.fault(error))?;
        self.dictionary.forget();
        if self.number_of("auto_vacuum")? == 0 {
            self.sql.pragma_update(None, "auto_vacuum", "incremental").map_err(|error| self.fault(error))?;
            self.sql.execute_batch("VACUUM").map_err(|error| self.fault(error))?;
        }
        self.give_back(i64::MAX, &mut progress)?;
        self.shrink_index()?;
        self.checkpoint()?;
        Ok(before.saturating_sub(self.size()?))
    }

    /// Gives some empty pages back to the disk: as many as a collector has time for, if the archive can do that in steps.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn give_back_some(&mut self) -> Result<()> {
        self.give_back(PAGES, &mut |_| {})
    }

    /// Gives up to this many empty pages back to the disk, if the archive can do that in steps.
    pub(super) fn give_back(&mut self, most: i64, progress: &mut impl FnMut(f64)) -> Result<()> {
        if self.number_of("auto_vacuum")? == 0 {
            return Ok(());
        }
        let whole = self.number_of("freelist_count")?.min(most);
        let mut left = whole;
        while left > 0 {
            // The pragma gives back one page for each row that is read of it.
            let sql = format!("PRAGMA main.incremental_vacuum({})", left.min(PAGES));
            let mut vacuum = self.sql.prepare(&sql).map_err(|error| self.fault(error))?;
            let mut rows = vacuum.query([]).map_err(|error| self.fault(error))?;
            while rows.next().map_err(|error| self.fault(error))?.is_some() {}
            drop(rows);
            drop(vacuum);
            let free = self.number_of("freelist_count")?;
            left = if free == 0 { 0 } else { left - PAGES };
            progress(1.0 - left.max(0) as f64 / whole as f64);
        }
        Ok(())
    }

    fn size(&self) -> Result<u64> {
        let bytes = self.number_of("page_count")? * self.number_of("page_size")?;
        Ok(bytes.unsigned_abs())
    }

    fn number_of(&self, pragma: &str) -> Result<i64> {
        self.sql.pragma_query_value(Some("main"), pragma, |row| row.get::<_, i64>(0)).map_err(|error| self.fault(error))
    }
}

/// The prunings after one up to these times. They only move forward.
fn marked(known: Prunings, cutoffs: &[(Severity, Timestamp)]) -> Vec<(Severity, Timestamp)> {
    let until = |severity: Severity| {
        let wanted = cutoffs.iter().filter(|(of, _)| *of == severity).map(|(_, until)| *until);
        wanted.chain(known.of(severity)).max()
    };
    Severity::ALL.into_iter().filter_map(|severity| Some((severity, until(severity)?))).collect()
}

fn whole(marks: &[(Severity, Timestamp)]) -> Option<Timestamp> {
    let of = |severity| marks.iter().find(|(of, _)| *of == severity).map(|(_, until)| *until);
    Severity::ALL.into_iter().map(of).reduce(|one, other| Some(one?.min(other?))).flatten()
}

/// Writes down what is pruned from now on, and removes what else is stored of its time.
fn mark(
    sql: &mut Connection,
    kinds: &mut Kinds,
    store: StoreId,
    cutoffs: &[(Severity, Timestamp)],
    now: Timestamp,
) -> rusqlite::Result<Pruned> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    derived::settle(&change, kinds)?;
    let marks = marked(prunings(&change, store)?, cutoffs);
    for (severity, until) in &marks {
        change.execute(
            "INSERT INTO pruned (store, severity, until, at) VALUES (?1, ?2, ?3, ?4) ON CONFLICT DO UPDATE \
             SET at = iif(until = excluded.until, at, excluded.at), until = excluded.until",
            params![store.0, severity.number(), Micros::of(*until), Micros::of(now)],
        )?;
    }
    let mut pruned = Pruned::default();
    if let Some(until) = whole(&marks) {
        pruned.quarantined = change.execute(
            "DELETE FROM quarantine WHERE store = ?1 AND coalesce(time, near) < ?2",
            params![store.0, Micros::of(until)],
        )? as u64;
        if let Some(range) = TimeRange::new(Timestamp::MIN, until) {
            coverage::fill_gaps(&change, store, range)?;
            audit::void(&change, store, range)?;
        }
        change.execute("DELETE FROM gone WHERE store = ?1 AND time < ?2", params![store.0, Micros::of(until)])?;
    }
    change.commit()?;
    Ok(pruned)
}

/// Removes what is pruned of the next entries after this one, which is given by its time and its key. Returns where to go
/// on, if there are more.
fn step(
    sql: &mut Connection,
    kinds: &mut Kinds,
    store: StoreId,
    after: (i64, i64),
) -> rusqlite::Result<(Pruned, Option<(i64, i64)>)> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    derived::settle(&change, kinds)?;
    let prunings = prunings(&change, store)?;
    let Some(until) = prunings.any() else { return Ok((Pruned::default(), None)) };
    let mut pruned = Pruned::default();
    let mut last = None;
    let mut seen = 0;
    {
        let mut find = change.prepare_cached(
            "SELECT time, key, severity, entry.id FROM packed_entry AS entry INDEXED BY entry_store_time \
             JOIN attributes ON attributes.id = entry.attributes \
             WHERE store = ?1 AND time >= ?2 AND time < ?4 AND (time > ?2 OR key > ?3) ORDER BY time, key LIMIT ?5",
        )?;
        let found = find.query_map(params![store.0, after.0, after.1, Micros::of(until), STEP], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get::<_, i64>(2)?, row.get::<_, rusqlite::types::Value>(3)?))
        })?;
        let found: Vec<(i64, i64, i64, rusqlite::types::Value)> = found.collect::<rusqlite::Result<_>>()?;
        for (time, key, severity, id) in found {
            seen += 1;
            last = Some((time, key));
            if prunings.has(Micros(time).time(), super::row::severity(severity)) {
                pruned.revisions += remove(&change, store, key, &id)?;
                pruned.entries += 1;
            }
        }
    }
    change.commit()?;
    Ok((pruned, last.filter(|_| seen == STEP)))
}

/// Removes an entry with its revisions, and returns how many those were. Its counts stay.
pub(super) fn remove(sql: &Connection, store: StoreId, key: i64, id: &rusqlite::types::Value) -> rusqlite::Result<u64> {
    sql.prepare_cached("DELETE FROM packed_entry WHERE key = ?1")?.execute([key])?;
    // Removed on purpose, so it does not count as deleted.
    sql.prepare_cached("DELETE FROM deleted WHERE key = ?1")?.execute([key])?;
    let mut remove = sql.prepare_cached("DELETE FROM revision WHERE store = ?1 AND entry_id = ?2")?;
    let revisions = remove.execute(params![store.0, id])?;
    sql.prepare_cached("DELETE FROM gone WHERE store = ?1 AND id = ?2")?.execute(params![store.0, id])?;
    Ok(revisions as u64)
}
