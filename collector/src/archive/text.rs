//! The index of words. It follows the arrivals, in large steps: words are sorted once, not page by page. If what a word is
//! has changed, it is emptied, and what is there already follows when all arrivals are in, the newest first.

use std::collections::HashSet;

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};
use serde_json::Value;
use storelogs::{LogEntry, Severity};

use super::{Archive, StoreId, row, watching};
use crate::error::{Error, Result};
use crate::words::{self, each_word, push_tokens};

/// How many entries are indexed in one transaction.
const STEP: i64 = 50_000;

/// The name under which the index keeps how far it has come.
const READER: &str = "text";

/// Sets a token of ours apart from every word, and the words of a value from each other. No word has it.
pub(crate) const MARK: char = '¦';

/// A fact of an entry that is looked for by its whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fact {
    Module,
    Category,
    Action,
    Actor,
    Subject,
}

impl Fact {
    pub(crate) const ALL: [Self; 5] = [Self::Module, Self::Category, Self::Action, Self::Actor, Self::Subject];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Category => "category",
            Self::Action => "action",
            Self::Actor => "actor",
            Self::Subject => "subject",
        }
    }

    /// What an entry says of it.
    pub(crate) fn of(self, entry: &LogEntry) -> Option<&str> {
        match self {
            Self::Module => entry.module.as_deref(),
            Self::Category => entry.category.as_deref(),
            Self::Action => entry.action.as_deref(),
            Self::Actor => entry.actor.as_deref(),
            Self::Subject => entry.subject_id.as_deref(),
        }
    }

    /// The token that stands for a value in the index.
    pub(crate) fn token(self, value: &str) -> String {
        format!("{MARK}{}{MARK}{value}", self.name())
    }

    /// Whether its values are few enough to be kept as a list.
    pub(crate) const fn is_listed(self) -> bool {
        !matches!(self, Self::Subject)
    }
}

/// A value as it is compared: its words, so that case, accents and punctuation make no difference. Empty if it has none.
pub(crate) fn value(text: &str) -> String {
    let mut value = String::new();
    each_word(text, |word| {
        if !value.is_empty() {
            value.push(MARK);
        }
        value.push_str(word.text);
    });
    value
}

/// The token of a store in the index.
pub(crate) fn store_token(store: StoreId) -> String {
    format!("{MARK}store{MARK}{}", store.0)
}

/// The token of a severity in the index. There is none for [`Severity::Info`]: it says little, and would stand nearly
/// everywhere.
pub(crate) fn severity_token(severity: Severity) -> Option<String> {
    (severity != Severity::Info).then(|| format!("{MARK}severity{MARK}{}", severity.number()))
}

/// The tokens of a text as the index has them, each between two spaces.
pub(crate) fn words_of(text: Option<&str>) -> String {
    let mut line = String::new();
    if let Some(text) = text {
        push_tokens(&mut line, text);
        line.push(' ');
    }
    line
}

/// The tokens of an entry's facts and of fields that are not documented, each between two spaces. Behind each fact stands
/// the token of its value, so that no phrase reaches from one into the next.
pub(crate) fn facts_of(entry: &LogEntry) -> String {
    let mut line = String::new();
    for fact in Fact::ALL {
        let text = fact.of(entry).unwrap_or_default();
        let value = value(text);
        if !value.is_empty() {
            push_tokens(&mut line, text);
            line.push(' ');
            line.push_str(&fact.token(&value));
        }
    }
    for extra in entry.extra.values() {
        push_json(&mut line, extra);
    }
    line.push(' ');
    line
}

fn push_json(line: &mut String, json: &Value) {
    match json {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => push_tokens(line, &number.to_string()),
        Value::String(text) => push_tokens(line, text),
        Value::Array(list) => list.iter().for_each(|json| push_json(line, json)),
        Value::Object(fields) => fields.values().for_each(|json| push_json(line, json)),
    }
    if matches!(json, Value::Number(_) | Value::String(_)) {
        line.push(' ');
        line.push(MARK);
    }
}

impl Archive {
    /// How many entries wait to be indexed, about.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn unindexed(&self) -> Result<u64> {
        let (done, newest) = self.index_bounds()?;
        let sql = "SELECT CASE version WHEN ?1 THEN entries ELSE (SELECT count(*) FROM entry) END FROM word_index";
        let waiting = self.prepared(sql)?.query_row([words::VERSION], |row| row.get::<_, i64>(0));
        let waiting = waiting.map_err(|error| self.fault(&error))?;
        Ok((newest - done).max(0).unsigned_abs() + waiting.unsigned_abs())
    }

    /// Whether every entry stands in the index, apart from arrivals behind its bounds. Not while it is made anew.
    pub(crate) fn index_is_whole(&self) -> Result<bool> {
        let mut find = self.prepared("SELECT version = ?1 AND upto IS NULL FROM word_index")?;
        find.query_row([words::VERSION], |row| row.get(0)).map_err(|error| self.fault(&error))
    }

    /// Empties an index whose tokens are of another version, to be made anew.
    pub(super) fn renew_words(&mut self) -> Result<()> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, &error);
        let is_of_this = "SELECT version = ?1 FROM word_index";
        if self.sql.query_row(is_of_this, [words::VERSION], |row| row.get(0)).map_err(fault)? {
            return Ok(());
        }
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        // Another process may have been first.
        if !change.query_row(is_of_this, [words::VERSION], |row| row.get::<_, bool>(0)).map_err(fault)? {
            empty(&change).map_err(fault)?;
        }
        change.commit().map_err(fault)
    }

    /// The numbers of the last arrival that is indexed, and of the newest.
    pub(crate) fn index_bounds(&self) -> Result<(i64, i64)> {
        let mut find =
            self.prepared("SELECT seq, coalesce((SELECT max(seq) FROM arrival), seq) FROM output WHERE name = ?1")?;
        find.query_row([READER], |row| Ok((row.get(0)?, row.get(1)?))).map_err(|error| self.fault(&error))
    }

    /// Indexes the words of entries that wait for it, at most so many steps. Says whether any are left.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn index_words(&mut self, steps: usize) -> Result<bool> {
        for _ in 0..steps {
            if !self.index_step(STEP)? {
                return Ok(false);
            }
        }
        Ok(self.unindexed()? > 0)
    }

    /// Indexes at most so many entries. Says whether there were any.
    pub(super) fn index_step(&mut self, most: i64) -> Result<bool> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, &error);
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let more = new_step(&change, most).and_then(|found| Ok(found || old_step(&change, most)?)).map_err(fault)?;
        change.commit().map_err(fault)?;
        Ok(more)
    }
}

fn empty(sql: &Connection) -> rusqlite::Result<()> {
    sql.execute_batch("INSERT INTO entry_text (entry_text) VALUES ('delete-all'); DELETE FROM fact_value")?;
    sql.execute(
        "UPDATE word_index SET version = ?1, upto = (SELECT max(key) FROM entry), entries = (SELECT count(*) FROM entry)",
        [words::VERSION],
    )
    .map(drop)
}

/// Indexes what came since. Says whether there was anything.
fn new_step(sql: &Connection, most: i64) -> rusqlite::Result<bool> {
    let done: i64 = sql.query_row("SELECT seq FROM output WHERE name = ?1", [READER], |row| row.get(0))?;
    let upto: Option<i64> = sql.query_row(
        "SELECT max(seq) FROM (SELECT seq FROM arrival WHERE seq > ?1 ORDER BY seq LIMIT ?2)",
        [done, most],
        |row| row.get(0),
    )?;
    let Some(upto) = upto else { return Ok(false) };
    // What is gone by now has come again under another number.
    index(sql, row::SELECT_BY_ARRIVAL, [done, upto])?;
    sql.execute("UPDATE output SET seq = ?2 WHERE name = ?1", params![READER, upto])?;
    watching::forget_absent(sql, Timestamp::now())?;
    sql.execute(
        "DELETE FROM arrival WHERE seq <= (SELECT min(seq) FROM output) AND seq < (SELECT max(seq) FROM arrival)",
        [],
    )?;
    Ok(true)
}

/// Indexes what was there when the index was emptied, the newest first. Says whether anything was left of it.
fn old_step(sql: &Connection, most: i64) -> rusqlite::Result<bool> {
    let upto: Option<i64> = sql.query_row("SELECT upto FROM word_index", [], |row| row.get(0))?;
    let Some(upto) = upto else { return Ok(false) };
    let first: Option<i64> = sql.query_row(
        "SELECT min(key) FROM (SELECT key FROM entry WHERE key <= ?1 ORDER BY key DESC LIMIT ?2)",
        [upto, most],
        |row| row.get(0),
    )?;
    match first {
        Some(first) => {
            let indexed = index(sql, row::SELECT_BETWEEN_KEYS, [first, upto])?;
            sql.execute("UPDATE word_index SET upto = ?1, entries = max(entries - ?2, 0)", [first - 1, indexed])?;
        }
        None => {
            sql.execute("UPDATE word_index SET upto = NULL, entries = 0", [])?;
        }
    }
    Ok(true)
}

/// Indexes the entries of a selection, which come in the order of their keys. Returns how many they were.
fn index(sql: &Connection, selection: &str, bounds: [i64; 2]) -> rusqlite::Result<i64> {
    let mut find = sql.prepare_cached(selection)?;
    let mut add = sql
        .prepare_cached("INSERT OR REPLACE INTO entry_text (rowid, summary, message, facts) VALUES (?1, ?2, ?3, ?4)")?;
    let mut values = HashSet::new();
    let mut indexed = 0;
    let mut rows = find.query(bounds)?;
    while let Some(row) = rows.next()? {
        let (entry, key): (_, i64) = (row::entry(row)?, row.get(row::KEY_COLUMN)?);
        let mut facts = facts_of(&entry);
        facts.push_str(&store_token(StoreId(row.get(row::STORE_COLUMN)?)));
        if let Some(token) = severity_token(entry.severity) {
            facts.push(' ');
            facts.push_str(&token);
        }
        add.execute(params![key, words_of(entry.summary.as_deref()), words_of(entry.message.as_deref()), facts])?;
        indexed += 1;
        for fact in Fact::ALL.into_iter().filter(|fact| fact.is_listed()) {
            let value = value(fact.of(&entry).unwrap_or_default());
            if !value.is_empty() {
                values.insert((fact, value));
            }
        }
    }
    let mut list = sql.prepare_cached("INSERT OR IGNORE INTO fact_value (fact, value) VALUES (?1, ?2)")?;
    for (fact, value) in values {
        list.execute(params![fact.name(), value])?;
    }
    Ok(indexed)
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
