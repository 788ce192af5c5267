//! Counts of entries by hour, store and kind, so that a report need not count the entries themselves.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::{BuildHasher, RandomState};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, params};
use storelogs::{LogEntry, Severity};

use super::shape::{coarse, shape};
use super::{StoreId, counted_days, row};
use crate::micros::Micros;

/// Beyond this many kinds, new summaries are counted by their first words only: a shop that never says the same thing
/// twice must not fill the archive with shapes.
const MOST_KINDS: i64 = 200_000;

/// How many kinds are remembered between transactions.
const REMEMBERED: usize = 10_000;

const HOUR: i64 = 3_600_000_000;

/// The fields that entries of one kind have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Kind<T> {
    pub(super) severity: u8,
    pub(super) category: Option<T>,
    pub(super) module: Option<T>,
    pub(super) action: Option<T>,
    pub(super) actor: Option<T>,
    pub(super) shape: Option<T>,
}

/// A kind that is remembered.
pub(super) type Known = Kind<Box<str>>;

impl Known {
    /// The kind of a row: its severity, category, module, action, actor and shape.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        Ok(Self {
            severity: row.get(0)?,
            category: row.get(1)?,
            module: row.get(2)?,
            action: row.get(3)?,
            actor: row.get(4)?,
            shape: row.get(5)?,
        })
    }
}

impl Kind<&str> {
    fn to_known(self) -> Known {
        Kind {
            severity: self.severity,
            category: self.category.map(Into::into),
            module: self.module.map(Into::into),
            action: self.action.map(Into::into),
            actor: self.actor.map(Into::into),
            shape: self.shape.map(Into::into),
        }
    }

    fn is(&self, other: &Known) -> bool {
        self.severity == other.severity
            && self.category == other.category.as_deref()
            && self.module == other.module.as_deref()
            && self.action == other.action.as_deref()
            && self.actor == other.actor.as_deref()
            && self.shape == other.shape.as_deref()
    }
}

/// Whether entries of this severity are counted by what they say, and not only by what they are about.
pub(crate) fn has_shape(severity: Severity) -> bool {
    severity.passes(Severity::Warning)
}

/// The kinds met last, and their numbers. Valid as long as the transaction that made them is not undone.
#[derive(Debug, Default)]
pub(super) struct Kinds {
    hasher: RandomState,
    known: HashMap<u64, Vec<(Known, i64)>>,
}

impl Kinds {
    pub(super) fn forget(&mut self) {
        self.known.clear();
    }

    /// The number of an entry's kind, which is added if it is new.
    fn number(&mut self, sql: &Connection, kind: &Kind<&str>) -> rusqlite::Result<i64> {
        let hash = self.hasher.hash_one(kind);
        if let Some((_, number)) = self.known.get(&hash).and_then(|met| met.iter().find(|(known, _)| kind.is(known))) {
            return Ok(*number);
        }
        let number = match find(sql, kind)? {
            Some(number) => number,
            None => add(sql, kind)?,
        };
        if self.known.len() >= REMEMBERED {
            self.forget();
        }
        self.known.entry(hash).or_default().push((kind.to_known(), number));
        Ok(number)
    }
}

fn find(sql: &Connection, kind: &Kind<&str>) -> rusqlite::Result<Option<i64>> {
    sql.prepare_cached(
        "SELECT id FROM kind WHERE module IS ?1 AND action IS ?2 AND actor IS ?3 AND shape IS ?4 AND category IS ?5 \
         AND severity = ?6",
    )?
    .query_row(params![kind.module, kind.action, kind.actor, kind.shape, kind.category, kind.severity], |row| {
        row.get(0)
    })
    .optional()
}

fn add(sql: &Connection, kind: &Kind<&str>) -> rusqlite::Result<i64> {
    if let Some(shape) = kind.shape {
        let kinds: i64 =
            sql.prepare_cached("SELECT coalesce(max(id), 0) FROM kind")?.query_row([], |row| row.get(0))?;
        let coarse = coarse(shape);
        if kinds >= MOST_KINDS && coarse != shape {
            let kind = Kind { shape: Some(coarse.as_str()), ..*kind };
            return match find(sql, &kind)? {
                Some(number) => Ok(number),
                None => add(sql, &kind),
            };
        }
    }
    let mut insert = sql.prepare_cached(
        "INSERT INTO kind (module, action, actor, shape, category, severity) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.insert(params![kind.module, kind.action, kind.actor, kind.shape, kind.category, kind.severity])
}

/// A number of entries, and the seconds of the hour of the first and the last of them.
#[derive(Clone, Copy, Debug)]
struct Tally {
    entries: i64,
    first: i64,
    last: i64,
}

/// The changes of a store's counts in a commit.
pub(super) struct Counts<'a> {
    sql: &'a Connection,
    kinds: &'a mut Kinds,
    store: StoreId,
    /// The tallies, by hour and kind.
    tallies: BTreeMap<(i64, i64), Tally>,
    /// Hours from which an entry was taken away.
    stale: BTreeSet<i64>,
}

impl<'a> Counts<'a> {
    pub(super) fn new(sql: &'a Connection, kinds: &'a mut Kinds, store: StoreId) -> Self {
        Self { sql, kinds, store, tallies: BTreeMap::new(), stale: BTreeSet::new() }
    }

    /// Counts an entry.
    pub(super) fn add(&mut self, entry: &LogEntry) -> rusqlite::Result<()> {
        let facts = Kind {
            severity: entry.severity.number(),
            category: entry.category.as_deref(),
            module: entry.module.as_deref(),
            action: entry.action.as_deref(),
            actor: entry.actor.as_deref(),
            shape: None,
        };
        self.count(Micros::of(entry.time).0, entry.severity, entry.summary.as_deref(), facts)
    }

    fn count(
        &mut self,
        time: i64,
        severity: Severity,
        summary: Option<&str>,
        kind: Kind<&str>,
    ) -> rusqlite::Result<()> {
        let shape = summary.filter(|_| has_shape(severity)).map(shape);
        let kind = Kind { shape: shape.as_deref(), ..kind };
        let kind = self.kinds.number(self.sql, &kind)?;
        let second = time.rem_euclid(HOUR) / 1_000_000;
        self.tallies
            .entry((time.div_euclid(HOUR), kind))
            .and_modify(|tally| {
                tally.entries += 1;
                tally.first = tally.first.min(second);
                tally.last = tally.last.max(second);
            })
            .or_insert(Tally { entries: 1, first: second, last: second });
        Ok(())
    }

    /// An entry of this time is gone: its hour is counted again from the entries.
    pub(super) fn recount(&mut self, time: Timestamp) {
        self.stale.insert(Micros::of(time).0.div_euclid(HOUR));
    }

    /// Writes what was counted. The entries have to be written by now.
    pub(super) fn keep(mut self) -> rusqlite::Result<()> {
        let stale = std::mem::take(&mut self.stale);
        for &hour in &stale {
            self.tallies.retain(|&(of, _), _| of != hour);
            self.count_again(hour)?;
        }
        let mut keep = self.sql.prepare_cached(
            "INSERT INTO hour (store, hour, kind, entries, first, last) VALUES (?1, ?2, ?3, ?4, ?5, ?6) \
             ON CONFLICT DO UPDATE SET entries = entries + excluded.entries, first = min(first, excluded.first), \
             last = max(last, excluded.last)",
        )?;
        for (&(hour, kind), tally) in &self.tallies {
            keep.execute([self.store.0, hour, kind, tally.entries, tally.first, tally.last])?;
        }
        let counted = self.tallies.keys().map(|&(hour, _)| hour);
        counted_days::mark(self.sql, self.store, counted.chain(stale.iter().copied()))?;
        // Where nothing was taken away, no day is empty now.
        counted_days::remove_empty(self.sql, self.store, stale)
    }

    /// Counts the entries of an hour anew.
    fn count_again(&mut self, hour: i64) -> rusqlite::Result<()> {
        // Of entries that are pruned the counts are all that is left, or will be once a pruning that was killed has gone on:
        // they are not counted anew.
        let mut remove = self.sql.prepare_cached(
            "DELETE FROM hour WHERE store = ?1 AND hour = ?2 AND NOT EXISTS (SELECT 1 FROM kind JOIN pruned \
             ON pruned.store = ?1 AND pruned.severity = kind.severity WHERE kind.id = hour.kind AND pruned.until > ?3)",
        )?;
        remove.execute([self.store.0, hour, hour * HOUR])?;
        let mut find = self.sql.prepare_cached(concat!(
            "SELECT entry.time, attributes.severity, ",
            row::summary!(),
            ", attributes.category, attributes.module, attributes.action, attributes.actor FROM packed_entry AS entry",
            row::joins!(),
            "WHERE entry.store = ?1 AND entry.time >= ?2 AND entry.time < ?3 AND NOT EXISTS (SELECT 1 FROM pruned \
             WHERE pruned.store = ?1 AND pruned.severity = attributes.severity AND pruned.until > ?2)",
        ))?;
        let mut rows = find.query([self.store.0, hour * HOUR, (hour + 1) * HOUR])?;
        while let Some(found) = rows.next()? {
            let text = |column| row::text(found, column);
            let severity = row::severity(found.get(1)?);
            let (category, module, action, actor) = (text(3)?, text(4)?, text(5)?, text(6)?);
            let kind = Kind { severity: severity.number(), category, module, action, actor, shape: None };
            self.count(found.get(0)?, severity, text(2)?, kind)?;
        }
        Ok(())
    }
}
