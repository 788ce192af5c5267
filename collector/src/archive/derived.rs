//! What is derived from the entries, the counts by hour and the index of words, kept in step with them whoever changes them.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Connection, TransactionBehavior};

use super::rollup::{Counts, Kinds};
use super::{Archive, StoreId, audit};
use crate::coverage::{Stretch, moment};
use crate::error::{Error, Result};

/// What was out of step with the entries.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Mended {
    /// Hours of a store whose counts did not add up to its entries.
    pub hours: u64,
    /// Entries that the index of words had, and the archive has not.
    pub words_of_none: u64,
    /// Entries that the index of words lacked.
    pub wordless: u64,
}

impl Mended {
    /// Whether everything was in step.
    pub fn is_nothing(&self) -> bool {
        *self == Self::default()
    }
}

const HOUR: i64 = 3_600_000_000;
const SECOND: i64 = 1_000_000;

/// Takes entries that were deleted since out of the counts and the index. Their seconds have to be audited anew. Part of
/// every commit.
pub(super) fn settle(sql: &Connection, kinds: &mut Kinds) -> rusqlite::Result<()> {
    let mut find = sql.prepare_cached("SELECT key, store, time FROM deleted ORDER BY store, time")?;
    let found = find.query_map([], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?, row.get::<_, i64>(2)?)))?;
    let found: Vec<(i64, i64, i64)> = found.collect::<rusqlite::Result<_>>()?;
    if found.is_empty() {
        return Ok(());
    }
    let mut hours: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (key, store, time) in found {
        sql.prepare_cached("DELETE FROM entry_text WHERE rowid = ?1")?.execute([key])?;
        hours.entry(store).or_default().insert(time.div_euclid(HOUR));
        let second = time.div_euclid(SECOND) * SECOND;
        if let Some(range) = Stretch::new(moment(second), moment(second + SECOND)) {
            audit::void(sql, StoreId(store), range)?;
        }
    }
    recount(sql, kinds, &hours)?;
    sql.execute("DELETE FROM deleted", []).map(drop)
}

fn recount(sql: &Connection, kinds: &mut Kinds, hours: &BTreeMap<i64, BTreeSet<i64>>) -> rusqlite::Result<()> {
    for (store, hours) in hours {
        let mut counts = Counts::new(sql, kinds, StoreId(*store));
        hours.iter().for_each(|hour| counts.recount(moment(hour * HOUR)));
        counts.keep()?;
    }
    Ok(())
}

/// Hours of a store whose counts do not add up to its entries.
const WRONG_HOURS: &str = "SELECT store, hour FROM ( \
     SELECT store, time / 3600000000 - (time % 3600000000 < 0) AS hour, count(*) AS entries FROM entry INDEXED BY entry_store_time \
     GROUP BY 1, 2 \
     UNION ALL SELECT store, hour, -sum(entries) FROM hour GROUP BY 1, 2) \
     GROUP BY store, hour HAVING sum(entries) <> 0";

/// Keys that the index of words has, and the archive has not.
const WORDS_OF_NONE: &str =
    "SELECT id FROM entry_text_docsize WHERE NOT EXISTS (SELECT 1 FROM entry WHERE entry.key = entry_text_docsize.id)";

/// Keys that the index of words has not, and does not wait for.
const WORDLESS: &str = "SELECT key FROM entry WHERE NOT EXISTS (SELECT 1 FROM entry_text_docsize WHERE id = entry.key) \
     AND key > coalesce((SELECT upto FROM word_index), -1) \
     AND key NOT IN (SELECT key FROM arrival WHERE seq > (SELECT seq FROM output WHERE name = 'text'))";

impl Archive {
    /// Whether the file is sound, by SQLite's own check and that of the index of words.
    ///
    /// # Errors
    /// [`Error::Corrupt`] if it is not.
    pub fn check(&self) -> Result<()> {
        let corrupt = |why: String| Error::Corrupt { path: self.path.clone(), why };
        let found = self.rows("PRAGMA quick_check(3)", [], |row| row.get::<_, String>(0))?;
        if found != ["ok"] {
            return Err(corrupt(found.join("; ")));
        }
        // The index's own check is a statement that writes nothing, but needs the right to.
        let writable = !self.sql.is_readonly("main").map_err(|error| self.fault(&error))?;
        if writable {
            let checked = self.sql.execute("INSERT INTO entry_text (entry_text) VALUES ('integrity-check')", []);
            checked.map_err(|error| match self.fault(&error) {
                Error::Sql { why, .. } => corrupt(format!("the index of words: {why}")),
                error => error,
            })?;
        }
        Ok(())
    }

    /// Takes note of entries that were deleted since. Every commit does; whoever goes by what is audited does it first.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn settle(&mut self) -> Result<()> {
        self.commit([]).map(drop)
    }

    /// What is out of step with the entries.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn out_of_step(&self) -> Result<Mended> {
        let count = |sql: &str| -> Result<u64> {
            let mut count = self.prepared(&format!("SELECT count(*) FROM ({sql})"))?;
            let counted = count.query_row([], |row| row.get::<_, i64>(0));
            counted.map(i64::unsigned_abs).map_err(|error| self.fault(&error))
        };
        Ok(Mended { hours: count(WRONG_HOURS)?, words_of_none: count(WORDS_OF_NONE)?, wordless: count(WORDLESS)? })
    }

    /// Brings the counts and the index of words in step with the entries.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn mend_derived(&mut self) -> Result<Mended> {
        let path = self.path.clone();
        let mended = mend(&mut self.sql, &mut self.kinds).map_err(|error| Error::of(&path, &error));
        if mended.is_err() {
            self.kinds.forget();
        }
        let mended = mended?;
        self.index_words(usize::MAX)?;
        Ok(mended)
    }
}

fn mend(sql: &mut Connection, kinds: &mut Kinds) -> rusqlite::Result<Mended> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    settle(&change, kinds)?;
    let mut hours: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let mut mended = Mended::default();
    {
        let mut find = change.prepare(WRONG_HOURS)?;
        let mut rows = find.query([])?;
        while let Some(row) = rows.next()? {
            hours.entry(row.get(0)?).or_default().insert(row.get(1)?);
            mended.hours += 1;
        }
    }
    recount(&change, kinds, &hours)?;
    let none: Vec<i64> =
        change.prepare(WORDS_OF_NONE)?.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<_>>()?;
    for key in &none {
        change.prepare_cached("DELETE FROM entry_text WHERE rowid = ?1")?.execute([key])?;
    }
    mended.words_of_none = none.len() as u64;
    mended.wordless = change.execute(&format!("INSERT INTO arrival (key) {WORDLESS}"), [])? as u64;
    change.commit()?;
    Ok(mended)
}
