//! Packed entries: what many entries have in common is kept once, and each entry refers to it by number.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use rusqlite::{Connection, Row, params};
use storelogs::LogEntry;

use super::row::{self, Id};
use super::templates::{OF_MESSAGE, OF_SUMMARY, Packed, Templates};

/// How many combinations of attributes are kept once. One that comes beyond is written for each of its entries.
const MOST_ATTRIBUTES: usize = 50_000;

/// Fields that many entries have alike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Attributes<T> {
    pub(super) severity: i64,
    pub(super) severity_text: Option<T>,
    pub(super) category: Option<T>,
    pub(super) action: Option<T>,
    pub(super) module: Option<T>,
    pub(super) actor: Option<T>,
    pub(super) utc_offset: i64,
}

/// A combination that is remembered.
pub(super) type Known = Attributes<Box<str>>;

impl<'a> Attributes<&'a str> {
    pub(super) fn of(entry: &'a LogEntry) -> Self {
        Self {
            severity: entry.severity.number().into(),
            severity_text: entry.severity_text.as_deref(),
            category: entry.category.as_deref(),
            action: entry.action.as_deref(),
            module: entry.module.as_deref(),
            actor: entry.actor.as_deref(),
            utc_offset: entry.utc_offset.seconds().into(),
        }
    }

    /// Reads the columns from this one on, in the order of the table.
    pub(super) fn read(row: &'a Row<'_>, first: usize) -> rusqlite::Result<Self> {
        Ok(Self {
            severity: row.get(first)?,
            severity_text: row::text(row, first + 1)?,
            category: row::text(row, first + 2)?,
            action: row::text(row, first + 3)?,
            module: row::text(row, first + 4)?,
            actor: row::text(row, first + 5)?,
            utc_offset: row.get(first + 6)?,
        })
    }

    pub(super) fn to_known(self) -> Known {
        Attributes {
            severity: self.severity,
            severity_text: self.severity_text.map(Into::into),
            category: self.category.map(Into::into),
            action: self.action.map(Into::into),
            module: self.module.map(Into::into),
            actor: self.actor.map(Into::into),
            utc_offset: self.utc_offset,
        }
    }

    fn is(&self, known: &Known) -> bool {
        self.severity == known.severity
            && self.severity_text == known.severity_text.as_deref()
            && self.category == known.category.as_deref()
            && self.action == known.action.as_deref()
            && self.module == known.module.as_deref()
            && self.actor == known.actor.as_deref()
            && self.utc_offset == known.utc_offset
    }
}

/// The common parts of entries that this process knows. Valid as long as no transaction that added to them is rolled
/// back.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    hasher: RandomState,
    attributes: HashMap<u64, Vec<(Known, i64)>>,
    /// How many combinations there are. `None`: nothing was read yet.
    known: Option<usize>,
    templates: Templates,
    /// How often something was taken away when this was read.
    removals: i64,
}

impl Dictionary {
    /// Forgets everything that was read, so that it is read again before it is used.
    pub(super) fn forget(&mut self) {
        self.attributes.clear();
        self.known = None;
        self.templates.forget();
    }

    /// Forgets everything if something was taken away since, by whatever process. Comes first in a transaction that writes.
    pub(super) fn look(&mut self, sql: &Connection) -> rusqlite::Result<()> {
        let removals = sql.prepare_cached("SELECT removals FROM packing")?.query_row([], |row| row.get(0))?;
        if self.removals != removals {
            self.forget();
            self.removals = removals;
        }
        Ok(())
    }

    /// The number of a combination of attributes, which is added if it is new.
    pub(super) fn attributes(&mut self, sql: &Connection, of: &Attributes<&str>) -> rusqlite::Result<i64> {
        let known = match self.known {
            Some(known) => known,
            None => self.read(sql)?,
        };
        let hash = self.hasher.hash_one(of);
        if let Some((_, number)) = self.attributes.get(&hash).and_then(|met| met.iter().find(|(known, _)| of.is(known)))
        {
            return Ok(*number);
        }
        let mut insert = sql.prepare_cached(
            "INSERT INTO attributes (severity, severity_text, category, action, module, actor, utc_offset) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?;
        let number = insert.insert(params![
            of.severity,
            of.severity_text,
            of.category,
            of.action,
            of.module,
            of.actor,
            of.utc_offset
        ])?;
        if known < MOST_ATTRIBUTES {
            self.attributes.entry(hash).or_default().push((of.to_known(), number));
            self.known = Some(known + 1);
        }
        Ok(number)
    }

    /// The summary and the message as they are to be kept.
    pub(super) fn texts<'a>(
        &mut self,
        sql: &Connection,
        summary: Option<&'a str>,
        message: Option<&'a str>,
    ) -> rusqlite::Result<[Packed<'a>; 2]> {
        let summary = self.templates.pack(sql, summary, OF_SUMMARY)?;
        Ok([summary, self.templates.pack(sql, message, OF_MESSAGE)?])
    }

    /// Reads the first combinations that there are, and returns how many.
    fn read(&mut self, sql: &Connection) -> rusqlite::Result<usize> {
        let mut find = sql.prepare_cached(
            "SELECT id, severity, severity_text, category, action, module, actor, utc_offset FROM attributes \
             ORDER BY id LIMIT ?1",
        )?;
        let mut rows = find.query([i64::try_from(MOST_ATTRIBUTES).unwrap_or(i64::MAX)])?;
        let mut known = 0;
        while let Some(row) = rows.next()? {
            let of = Attributes::read(row, 1)?;
            let hash = self.hasher.hash_one(of);
            self.attributes.entry(hash).or_default().push((of.to_known(), row.get(0)?));
            known += 1;
        }
        self.known = Some(known);
        Ok(known)
    }
}

/// An entry as its row.
pub(super) struct PackedEntry<'a> {
    pub(super) key: i64,
    pub(super) store: i64,
    pub(super) id: Id<'a>,
    pub(super) time: i64,
    pub(super) nanos: Option<i64>,
    pub(super) observed: i64,
    pub(super) attributes: i64,
    pub(super) subject_id: Option<&'a str>,
    /// The summary and the message.
    pub(super) texts: [Packed<'a>; 2],
    pub(super) extra: Option<&'a str>,
    pub(super) arrived: Option<i64>,
}

impl PackedEntry<'_> {
    /// Whether it was written: not if the place or the id is taken.
    pub(super) fn insert(&self, sql: &Connection) -> rusqlite::Result<bool> {
        let mut insert = sql.prepare_cached(
            "INSERT OR IGNORE INTO packed_entry (key, store, id, time, nanos, observed, attributes, subject_id, \
             summary_template, summary, summary_2, summary_3, message_template, message, message_2, message_3, message_4, \
             message_5, message_6, extra, arrived) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        )?;
        let [summary, message] = &self.texts;
        let [summary_1, summary_2, summary_3, ..] = summary.variables;
        let [message_1, message_2, message_3, message_4, message_5, message_6] = message.variables;
        let rows = insert.execute(params![
            self.key,
            self.store,
            self.id,
            self.time,
            self.nanos,
            self.observed,
            self.attributes,
            self.subject_id,
            summary.template,
            summary_1,
            summary_2,
            summary_3,
            message.template,
            message_1,
            message_2,
            message_3,
            message_4,
            message_5,
            message_6,
            self.extra,
            self.arrived,
        ])?;
        Ok(rows == 1)
    }
}

/// Takes away what no entry has any more. Every [`Dictionary`] finds that out before it is used.
pub(super) fn remove_unused(sql: &Connection) -> rusqlite::Result<()> {
    sql.execute("UPDATE packing SET removals = removals + 1", [])?;
    sql.execute("DELETE FROM attributes WHERE id NOT IN (SELECT attributes FROM packed_entry)", [])?;
    let used = "SELECT summary_template FROM packed_entry WHERE summary_template IS NOT NULL \
                UNION SELECT message_template FROM packed_entry WHERE message_template IS NOT NULL";
    sql.execute(&format!("DELETE FROM template WHERE id NOT IN ({used})"), []).map(drop)
}
