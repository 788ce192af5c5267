//! Filling the index of words. It follows the arrivals in large steps, so that words are sorted once and not page by
//! page. An index that is new, of another version, or of another archive is filled from the beginning, the newest
//! entries first.
//!
//! The index is a file of its own, and two files are not written at once: a step is written into the index, and then
//! recorded in the archive by the step's stamp. While the two differ, searches do without the index.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::text::{Fact, MARK, facts_of, severity_token, store_token, value};
use super::{Archive, StoreId, index_file, index_words, row, watching};
use crate::error::{Error, Result};
use crate::words::{self, has_parts, push_tokens};

/// How many entries are indexed in one transaction.
const STEP: i64 = 20_000;

/// The name under which the archive keeps how far the index has come.
const READER: &str = "text";

/// Whether the index may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// It has every entry, apart from arrivals behind its bounds.
    InStep,
    /// A step is being taken at this moment, or the process that took it was killed.
    Between,
    /// It is missing, damaged, not filled yet, or not of this archive.
    Useless,
}

impl Archive {
    /// How many entries wait to be indexed, about.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn unindexed(&self) -> Result<u64> {
        let fault = |error: rusqlite::Error| self.fault(error);
        let (done, newest) = self.index_bounds()?;
        let waiting = if self.has_index() {
            let sql = "SELECT state.entries FROM words.state JOIN main.word_index AS held \
                       ON held.stamp = state.stamp OR held.stamp = state.before WHERE state.version = ?1";
            // One that cannot be read is made anew.
            let found = self.sql().query_row(sql, [words::VERSION], |row| row.get::<_, i64>(0)).optional();
            found.unwrap_or_default()
        } else {
            None
        };
        let waiting = match waiting {
            Some(waiting) => waiting,
            None => {
                self.prepared("SELECT count(*) FROM packed_entry")?.query_row([], |row| row.get(0)).map_err(fault)?
            }
        };
        Ok((newest - done).max(0).unsigned_abs() + waiting.unsigned_abs())
    }

    /// Whether the index may be asked, as the archive is seen in this transaction.
    pub(crate) fn index_standing(&self) -> Standing {
        if !self.has_index() {
            return Standing::Useless;
        }
        let sql = "SELECT held.stamp = state.stamp, held.stamp = state.before, state.upto IS NULL AND state.version = ?1 \
                   FROM words.state, main.word_index AS held";
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        match self.sql().query_row(sql, [words::VERSION], read) {
            Ok((Some(true), _, true)) => Standing::InStep,
            Ok((_, Some(true), true)) => Standing::Between,
            _ => Standing::Useless,
        }
    }

    /// The numbers of the last arrival that is indexed, and of the newest.
    pub(crate) fn index_bounds(&self) -> Result<(i64, i64)> {
        bounds(self.sql()).map_err(|error| self.fault(error))
    }

    /// Indexes the words of entries that are not indexed yet, in at most this many steps. Returns whether any are left.
    ///
    /// # Errors
    /// If the archive or the index cannot be written.
    pub fn index_words(&mut self, steps: usize) -> Result<bool> {
        for _ in 0..steps {
            if !self.index_step(STEP)? {
                return Ok(false);
            }
        }
        Ok(self.unindexed()? > 0)
    }

    /// Indexes at most this many entries. Returns whether there was anything to do.
    pub(crate) fn index_step(&mut self, most: i64) -> Result<bool> {
        if !self.index_path().is_file() && self.unindexed()? == 0 {
            return Ok(false); // nothing ever came
        }
        self.open_index()?;
        let step = match step(&mut self.sql, most) {
            // Another index would not help where the archive is damaged.
            Err(error) if index_file::is_damage(&error) && !self.index_is_sound() => {
                self.discard_index();
                self.open_index()?;
                step(&mut self.sql, most)
            }
            step => step,
        };
        let taken = step.and_then(|step| match step {
            Some(step) => take_note(&mut self.sql, &step).map(|()| true),
            None => Ok(false),
        });
        taken.map_err(|error| Error::of(&self.path, error))
    }
}

fn bounds(sql: &Connection) -> rusqlite::Result<(i64, i64)> {
    sql.prepare_cached(
        "SELECT seq, coalesce((SELECT max(seq) FROM main.arrival), seq) FROM main.output WHERE name = ?1",
    )?
    .query_row([READER], |row| Ok((row.get(0)?, row.get(1)?)))
}

/// A step that is in the index and not recorded in the archive yet.
struct Step {
    stamp: i64,
    /// The last arrival that is indexed.
    seq: i64,
}

/// Writes a step into the index. `None` if there was nothing to do.
fn step(sql: &mut Connection, most: i64) -> rusqlite::Result<Option<Step>> {
    let change = sql.transaction()?;
    // First, so that no other process does the same work.
    change.execute("UPDATE words.state SET version = version", [])?;
    let (version, stamp, before, upto): (i64, i64, Option<i64>, Option<i64>) =
        change.query_row("SELECT version, stamp, before, upto FROM words.state", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
        })?;
    let held: Option<i64> = change.query_row("SELECT stamp FROM main.word_index", [], |row| row.get(0))?;
    let (done, newest) = bounds(&change)?;
    let is_of_this = version == words::VERSION && held.is_some() && (held == Some(stamp) || held == before);
    let places = is_of_this && index_words::lacks_places(&change)?;
    let seq = if !is_of_this || places {
        empty(&change, places)?;
        newest // what came before is among the entries
    } else if done < newest {
        arrivals(&change, done, most)?
    } else if let Some(upto) = upto {
        older(&change, upto, most)?;
        done
    } else if held != Some(stamp) {
        done // only the note is missing
    } else {
        return Ok(None);
    };
    change.execute("UPDATE words.state SET before = ?1, stamp = random()", [held])?;
    let stamp = change.query_row("SELECT stamp FROM words.state", [], |row| row.get(0))?;
    change.commit()?;
    Ok(Some(Step { stamp, seq }))
}

/// Records a step in the archive.
fn take_note(sql: &mut Connection, step: &Step) -> rusqlite::Result<()> {
    let change = sql.transaction()?;
    change.execute("UPDATE main.word_index SET stamp = stamp", [])?; // first, to be the only writer
    let stamp: i64 = change.query_row("SELECT stamp FROM words.state", [], |row| row.get(0))?;
    // A process that went on from here notes more than this.
    if stamp == step.stamp {
        change.execute("UPDATE main.word_index SET stamp = ?1", [stamp])?;
        change.execute("UPDATE main.output SET seq = ?2 WHERE name = ?1", params![READER, step.seq])?;
        watching::forget_absent(&change, Timestamp::now())?;
        change.execute(
            "DELETE FROM main.arrival WHERE seq <= (SELECT min(seq) FROM main.output) AND seq < (SELECT max(seq) FROM main.arrival)",
            [],
        )?;
    }
    change.commit()
}

fn empty(sql: &Connection, places: bool) -> rusqlite::Result<()> {
    sql.execute_batch("DROP TABLE words.entry_text; DELETE FROM words.fact_value")?;
    index_words::create(sql, places)?;
    sql.execute(
        "UPDATE words.state SET version = ?1, upto = (SELECT max(key) FROM main.packed_entry), \
         entries = (SELECT count(*) FROM main.packed_entry)",
        [words::VERSION],
    )
    .map(drop)
}

/// Indexes what came and takes out what has gone since. Returns up to where.
fn arrivals(sql: &Connection, done: i64, most: i64) -> rusqlite::Result<i64> {
    let upto: i64 = sql.query_row(
        "SELECT max(seq) FROM (SELECT seq FROM main.arrival WHERE seq > ?1 ORDER BY seq LIMIT ?2)",
        [done, most],
        |row| row.get(0),
    )?;
    // If there is an entry under this key, it is put in again below.
    sql.execute(
        "DELETE FROM words.entry_text WHERE rowid IN (SELECT key FROM main.arrival WHERE seq > ?1 AND seq <= ?2 \
         AND key NOT IN (SELECT key FROM main.packed_entry))",
        [done, upto],
    )?;
    index(sql, row::SELECT_BY_ARRIVAL, [done, upto])?;
    Ok(upto)
}

/// Indexes what was there when the index was emptied, the newest first.
fn older(sql: &Connection, upto: i64, most: i64) -> rusqlite::Result<()> {
    let first: Option<i64> = sql.query_row(
        "SELECT min(key) FROM (SELECT key FROM main.packed_entry WHERE key <= ?1 ORDER BY key DESC LIMIT ?2)",
        [upto, most],
        |row| row.get(0),
    )?;
    match first {
        Some(first) => {
            let indexed = index(sql, row::SELECT_BETWEEN_KEYS, [first, upto])?;
            sql.execute("UPDATE words.state SET upto = ?1, entries = max(entries - ?2, 0)", [first - 1, indexed])
        }
        None => sql.execute("UPDATE words.state SET upto = NULL, entries = 0", []),
    }
    .map(drop)
}

/// Indexes the entries of a selection, which come in the order of their keys. Returns how many they were.
fn index(sql: &Connection, selection: &str, bounds: [i64; 2]) -> rusqlite::Result<i64> {
    let mut find = sql.prepare_cached(selection)?;
    let mut add = sql.prepare_cached("INSERT OR REPLACE INTO words.entry_text (rowid, tokens) VALUES (?1, ?2)")?;
    let mut values = HashSet::new();
    let (mut indexed, mut parts) = (0, 0);
    let places = index_words::has_places(sql)?;
    let mut rows = find.query(bounds)?;
    while let Some(row) = rows.next()? {
        let (entry, key): (_, i64) = (row::entry(row)?, row.get(row::KEY_COLUMN)?);
        let mut tokens = facts_of(&entry);
        tokens.push_str(&store_token(StoreId(row.get(row::STORE_COLUMN)?)));
        if let Some(token) = severity_token(entry.severity) {
            tokens.push(' ');
            tokens.push_str(&token);
        }
        for text in [&entry.summary, &entry.message].into_iter().flatten() {
            if places {
                // No phrase reaches from one text into the next.
                tokens.push(' ');
                tokens.push(MARK);
            }
            push_tokens(&mut tokens, text);
        }
        let texts = [&entry.summary, &entry.message, &entry.category, &entry.module, &entry.action];
        parts += i64::from(texts.into_iter().flatten().any(|text| has_parts(text)));
        add.execute(params![key, tokens])?;
        indexed += 1;
        for fact in Fact::ALL.into_iter().filter(|fact| fact.is_listed()) {
            let value = value(fact.of(&entry).unwrap_or_default());
            if !value.is_empty() {
                values.insert((fact, value));
            }
        }
    }
    index_words::count(sql, indexed, parts)?;
    let mut list = sql.prepare_cached("INSERT OR IGNORE INTO words.fact_value (fact, value) VALUES (?1, ?2)")?;
    for (fact, value) in values {
        list.execute(params![fact.name(), value])?;
    }
    Ok(indexed)
}

#[cfg(test)]
#[path = "index_tests.rs"]
mod tests;
