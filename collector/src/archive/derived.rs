//! Derived tables: the counts by hour and the index of words, kept in step with the entries, whichever program changes them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, TransactionBehavior};

use super::index::Standing;
use super::rollup::{Counts, Kinds};
use super::{Archive, StoreId, audit};
use crate::coverage::TimeRange;
use crate::error::{Error, Result};
use crate::micros::Micros;

/// Derived data that was out of step with the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OutOfStep {
    /// Hours of a store whose counts did not add up to its entries.
    pub hours: u64,
    /// Entries that the index of words had, and the archive has not.
    pub words_of_none: u64,
    /// Entries that the index of words lacked.
    pub wordless: u64,
}

impl OutOfStep {
    /// Whether everything was in step.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

const HOUR: i64 = 3_600_000_000;
const SECOND: i64 = 1_000_000;

/// Takes entries that were deleted since out of the counts. Their seconds have to be audited anew. Part of
/// every commit.
pub(super) fn settle(sql: &Connection, kinds: &mut Kinds) -> rusqlite::Result<()> {
    let mut find = sql.prepare_cached("SELECT store, time FROM deleted ORDER BY store, time")?;
    let found = find.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))?;
    let found: Vec<(i64, i64)> = found.collect::<rusqlite::Result<_>>()?;
    if found.is_empty() {
        return Ok(());
    }
    let mut hours: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (store, time) in found {
        hours.entry(store).or_default().insert(time.div_euclid(HOUR));
        let second = time.div_euclid(SECOND) * SECOND;
        if let Some(range) = TimeRange::new(Micros(second).time(), Micros(second + SECOND).time()) {
            audit::void(sql, StoreId(store), range)?;
        }
    }
    recount(sql, kinds, &hours)?;
    sql.execute("DELETE FROM deleted", []).map(drop)
}

pub(super) fn recount(
    sql: &Connection,
    kinds: &mut Kinds,
    hours: &BTreeMap<i64, BTreeSet<i64>>,
) -> rusqlite::Result<()> {
    for (store, hours) in hours {
        let mut counts = Counts::new(sql, kinds, StoreId(*store));
        hours.iter().for_each(|hour| counts.recount(Micros(hour * HOUR).time()));
        counts.keep()?;
    }
    Ok(())
}

/// Hours of a store whose counts do not add up to its entries. Counts of pruned entries stay as they are, whether a pruning
/// was killed before it had removed the entries or not.
const WRONG_HOURS: &str = "SELECT store, hour FROM ( \
     SELECT store, time / 3600000000 - (time % 3600000000 < 0) AS hour, count(*) AS entries FROM packed_entry INDEXED BY entry_store_time \
     GROUP BY 1, 2 \
     UNION ALL SELECT entry.store, entry.time / 3600000000 - (entry.time % 3600000000 < 0), -count(*) FROM pruned \
     CROSS JOIN packed_entry AS entry ON entry.store = pruned.store \
     AND entry.time < (pruned.until + 3599999999) / 3600000000 * 3600000000 \
     JOIN attributes ON attributes.id = entry.attributes AND attributes.severity = pruned.severity GROUP BY 1, 2 \
     UNION ALL SELECT store, hour, -sum(entries) FROM hour WHERE NOT EXISTS ( \
         SELECT 1 FROM kind JOIN pruned ON pruned.store = hour.store AND pruned.severity = kind.severity \
         WHERE kind.id = hour.kind AND pruned.until > hour.hour * 3600000000) GROUP BY 1, 2) \
     GROUP BY store, hour HAVING sum(entries) <> 0";

/// Keys of which the index of words has not yet learned that they came or went.
macro_rules! news {
    () => {
        "(SELECT key FROM arrival WHERE seq > (SELECT seq FROM output WHERE name = 'text'))"
    };
}

/// Keys that the index of words has, and the archive has not.
const WORDS_OF_NONE: &str = concat!(
    "SELECT id FROM words.entry_text_docsize WHERE id NOT IN (SELECT key FROM packed_entry) AND id NOT IN ",
    news!()
);

/// Keys that the index of words has not, and does not wait for.
const WORDLESS: &str = concat!(
    "SELECT key FROM packed_entry WHERE NOT EXISTS (SELECT 1 FROM words.entry_text_docsize WHERE id = packed_entry.key) AND key NOT IN ",
    news!()
);

impl Archive {
    /// Whether the file is sound, by SQLite's own check.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not.
    pub fn check(&self) -> Result<()> {
        let found = self.rows("PRAGMA main.quick_check(3)", [], |row| row.get::<_, String>(0))?;
        if found != ["ok"] {
            return Err(Error::Corrupt { path: self.path.clone(), why: found.join("; ").into() });
        }
        Ok(())
    }

    /// Takes note of entries that were deleted since. Every commit does this; code that relies on audits does it first.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn settle(&mut self) -> Result<()> {
        self.commit([]).map(drop)
    }

    /// Finds derived data that is out of step with the entries.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn out_of_step(&self) -> Result<OutOfStep> {
        let count = |sql: &str| -> Result<u64> {
            let mut count = self.prepared(&format!("SELECT count(*) FROM ({sql})"))?;
            let counted = count.query_row([], |row| row.get::<_, i64>(0));
            counted.map(i64::unsigned_abs).map_err(|error| self.fault(error))
        };
        let hours = count(WRONG_HOURS)?;
        if !self.index_is_sound() {
            return Ok(OutOfStep { hours, words_of_none: 0, wordless: count("SELECT key FROM packed_entry")? });
        }
        // One that is not filled yet is on its way.
        Ok(match self.index_standing() {
            Standing::InStep => OutOfStep { hours, words_of_none: count(WORDS_OF_NONE)?, wordless: count(WORDLESS)? },
            Standing::Between | Standing::Useless => OutOfStep { hours, ..OutOfStep::default() },
        })
    }

    /// Brings the counts and the index of words in step with the entries.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn fix_derived(&mut self) -> Result<OutOfStep> {
        let mut found = self.out_of_step()?;
        if !self.index_is_sound() {
            self.discard_index();
        }
        let path = self.path.clone();
        let words = found.words_of_none + found.wordless > 0 && self.has_index();
        let fixed = fix(&mut self.sql, &mut self.kinds, words);
        if fixed.is_err() {
            self.kinds.forget();
        }
        found.hours = fixed.map_err(|error| Error::of(&path, error))?;
        let fixed = found;
        self.index_words(usize::MAX)?;
        Ok(fixed)
    }
}

/// Returns how many hours were counted anew.
fn fix(sql: &mut Connection, kinds: &mut Kinds, words: bool) -> rusqlite::Result<u64> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    settle(&change, kinds)?;
    let mut hours: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let mut fixed = 0;
    {
        let mut find = change.prepare(WRONG_HOURS)?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            hours.entry(row.get(0)?).or_default().insert(row.get(1)?);
            fixed += 1;
        }
    }
    recount(&change, kinds, &hours)?;
    if words {
        // As if they came or went now.
        change.execute(&format!("INSERT INTO arrival (key) {WORDS_OF_NONE} UNION {WORDLESS}"), [])?;
    }
    change.commit()?;
    Ok(fixed)
}
