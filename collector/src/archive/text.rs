//! The index of words. It follows the arrivals, in large steps: words are sorted once, not page by page.

use rusqlite::{TransactionBehavior, params};

use super::Archive;
use crate::error::{Error, Result};

/// How many entries are indexed in one transaction.
const STEP: i64 = 50_000;

/// The name under which the index keeps how far it has come.
const READER: &str = "text";

impl Archive {
    /// How many entries wait to be indexed.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn unindexed(&self) -> Result<u64> {
        let mut count = self.prepared(
            "SELECT coalesce((SELECT max(seq) FROM arrival), 0) - (SELECT seq FROM output WHERE name = ?1)",
        )?;
        let waiting: i64 = count.query_row([READER], |row| row.get(0)).map_err(|error| self.fault(&error))?;
        Ok(u64::try_from(waiting).unwrap_or_default())
    }

    /// Indexes the words of entries that came since, at most so many steps. Says whether any are left.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn index_words(&mut self, steps: usize) -> Result<bool> {
        for _ in 0..steps {
            if !self.index_step()? {
                return Ok(false);
            }
        }
        Ok(self.unindexed()? > 0)
    }

    fn index_step(&mut self) -> Result<bool> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, &error);
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let done: i64 =
            change.query_row("SELECT seq FROM output WHERE name = ?1", [READER], |row| row.get(0)).map_err(fault)?;
        let upto: Option<i64> = change
            .query_row(
                "SELECT max(seq) FROM (SELECT seq FROM arrival WHERE seq > ?1 ORDER BY seq LIMIT ?2)",
                [done, STEP],
                |row| row.get(0),
            )
            .map_err(fault)?;
        let Some(upto) = upto else { return Ok(false) };
        // In the order of the keys, each once. What is gone by now has come again under another number.
        change
            .execute(
                "INSERT OR REPLACE INTO entry_text (rowid, summary, message, facts) \
                 SELECT entry.key, entry.summary, entry.message, \
                        concat_ws(' ', entry.module, entry.category, entry.action, entry.actor, entry.subject_id) \
                   FROM (SELECT DISTINCT key FROM arrival WHERE seq > ?1 AND seq <= ?2 ORDER BY key) AS came \
                   JOIN entry ON entry.key = came.key",
                params![done, upto],
            )
            .map_err(fault)?;
        change.execute("UPDATE output SET seq = ?2 WHERE name = ?1", params![READER, upto]).map_err(fault)?;
        change
            .execute("DELETE FROM arrival WHERE seq <= (SELECT min(seq) FROM output) AND seq < (SELECT max(seq) FROM arrival)", [])
            .map_err(fault)?;
        change.commit().map_err(fault)?;
        Ok(true)
    }
}
