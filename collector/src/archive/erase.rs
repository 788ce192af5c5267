//! Erasing entries that are to be forgotten, from every table and then from the bytes of the files.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use storelogs::{LogEntry, Store};

use super::forgotten::{self, Guard, Hasher};
use super::rollup::{Counts, Kinds};
use super::row::{self, Id};
use super::{Archive, StoreId, commit, counted_days, derived, exports, packing, prune};
use crate::error::{Error, Result};
use crate::micros::Micros;

const HOUR: i64 = 3_600_000_000;

/// Whether a count by hour is of entries that are pruned.
macro_rules! is_pruned {
    () => {
        "EXISTS (SELECT 1 FROM pruned WHERE pruned.store = hour.store AND pruned.severity = kind.severity \
         AND pruned.until > hour.hour * 3600000000)"
    };
}

/// The rows to erase, by table.
#[derive(Clone, Debug, Default)]
pub(crate) struct Erasure {
    /// Entries; with what is to stay of them, if anything is.
    pub(crate) entries: Vec<(StoreId, LogEntry, Option<LogEntry>)>,
    /// The numbers of revisions, of records in quarantine and of alerts on their way.
    pub(crate) revisions: Vec<i64>,
    pub(crate) quarantined: Vec<i64>,
    pub(crate) deliveries: Vec<i64>,
    /// The last alerts of rules: the rule, and what each was about.
    pub(crate) last_alerts: Vec<(String, String)>,
    /// Kinds that counts of pruned entries are of: these counts lose their actor and their shape.
    pub(crate) kinds: Vec<PrunedKind>,
}

/// A kind of which pruned entries were counted, and which of its texts are to be forgotten, too.
#[derive(Clone, Copy, Debug)]
pub(crate) struct PrunedKind {
    pub(crate) id: i64,
    pub(crate) category: bool,
    pub(crate) module: bool,
    pub(crate) action: bool,
}

/// The hash of something that was forgotten, of which store, and its time.
pub(super) struct Tombstone {
    platform: String,
    name: String,
    hash: Vec<u8>,
    time: Option<i64>,
}

/// A revision, a record in quarantine or an alert as it is looked through.
pub(crate) struct Kept<T> {
    pub(crate) id: i64,
    pub(crate) store: StoreId,
    pub(crate) what: T,
}

impl Archive {
    /// Every entry, newest first.
    pub(crate) fn every_entry(&self, mut each: impl FnMut(LogEntry)) -> Result<()> {
        self.rows(row::SELECT_BY_KEYS, [i64::MIN, i64::MAX], |row| {
            each(row::entry(row)?);
            Ok(())
        })
        .map(drop)
    }

    /// Every revision of an entry.
    pub(crate) fn each_revision(&self) -> Result<Vec<Kept<LogEntry>>> {
        self.rows("SELECT id, store, entry FROM revision ORDER BY id", [], |row| {
            let what = serde_json::from_str(row.get_ref(2)?.as_str()?).map_err(|_| row::unreadable("a revision"))?;
            Ok(Kept { id: row.get(0)?, store: StoreId(row.get(1)?), what })
        })
    }

    /// Every record in quarantine: its raw text, its id and about its time.
    #[expect(clippy::type_complexity, reason = "the three columns")]
    pub(crate) fn each_quarantined(&self) -> Result<Vec<Kept<(String, Option<String>, Option<Timestamp>)>>> {
        let find = "SELECT id, store, raw, record, coalesce(time, near) FROM quarantine ORDER BY id";
        self.rows(find, [], |row| {
            let time = row.get::<_, Option<Micros>>(4)?.map(Micros::time);
            Ok(Kept { id: row.get(0)?, store: StoreId(row.get(1)?), what: (row.get(2)?, row.get(3)?, time) })
        })
    }

    /// Every alert on its way, as JSON.
    pub(crate) fn each_delivery(&self) -> Result<Vec<(i64, String)>> {
        self.rows("SELECT id, alert FROM delivery ORDER BY id", [], |row| Ok((row.get(0)?, row.get(1)?)))
    }

    /// The numbers of kinds that counts of pruned entries are of, whether entries of theirs are held or not.
    pub(crate) fn pruned_kinds(&self) -> Result<std::collections::HashSet<i64>> {
        let find = concat!("SELECT DISTINCT hour.kind FROM hour JOIN kind ON kind.id = hour.kind WHERE ", is_pruned!());
        match self.rows("SELECT 1 FROM pruned LIMIT 1", [], |_| Ok(()))?.is_empty() {
            true => Ok(std::collections::HashSet::new()),
            false => Ok(self.rows(find, [], |row| row.get(0))?.into_iter().collect()),
        }
    }

    /// Takes all of this out of every table, in one transaction, and leaves tombstones. What is to stay of an entry takes its
    /// place. [`clear`](Self::clear) has to follow. The caller holds the archive's lock.
    pub(crate) fn erase(&mut self, erasure: &Erasure, now: Timestamp) -> Result<()> {
        let Some(hasher) = self.hasher.clone() else { return Err(Error::NoSecret { path: self.secret_path() }) };
        // Derived data goes first: if the process is killed after that, nothing of it is left.
        self.discard_index();
        self.secure_delete(true)?;
        let erased = erase(&mut self.sql, &mut self.kinds, &hasher, erasure, now);
        self.kinds.forget();
        self.dictionary.forget();
        self.secure_delete(false)?;
        erased.map_err(|error| Error::of(&self.path, error))
    }

    /// Removes everything that was erased from every byte of the archive's files. Returns whether that succeeded: it
    /// does not while another process reads an older state of the archive. The index of words is made anew.
    ///
    /// # Errors
    /// If the archive cannot be written, or the disk has no room for a copy.
    pub fn clear(&mut self) -> Result<bool> {
        self.discard_index();
        let cleared = self.clear_file()?;
        if cleared {
            self.index_words(usize::MAX)?;
        }
        Ok(cleared)
    }

    fn clear_file(&mut self) -> Result<bool> {
        let fault = |archive: &Self, error: rusqlite::Error| Error::of(&archive.path, error);
        self.sql.pragma_update(None, "auto_vacuum", "incremental").map_err(|error| fault(self, error))?;
        // It copies what is held, and nothing else.
        self.sql.execute_batch("VACUUM").map_err(|error| fault(self, error))?;
        let waited = self.sql.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        if waited.map_err(|error| fault(self, error))? != 0 {
            return Ok(false);
        }
        self.sql.execute("DELETE FROM clearing", []).map_err(|error| fault(self, error))?;
        self.checkpoint()?;
        Ok(true)
    }

    fn secure_delete(&self, on: bool) -> Result<()> {
        self.sql.pragma_update(None, "secure_delete", on).map_err(|error| self.fault(error))
    }

    /// Everything that was forgotten.
    pub(super) fn tombstones(&self) -> Result<Vec<Tombstone>> {
        let find =
            "SELECT store.platform, store.name, hash, time FROM forgotten JOIN store ON store.id = forgotten.store";
        self.rows(find, [], |row| {
            Ok(Tombstone { platform: row.get(0)?, name: row.get(1)?, hash: row.get(2)?, time: row.get(3)? })
        })
    }

    /// Takes over what another state of this archive has forgotten, and forgets it here, too.
    pub(super) fn forget_as(&mut self, tombstones: &[Tombstone]) -> Result<()> {
        let Some(hasher) = self.hasher.clone() else { return Err(Error::NoSecret { path: self.secret_path() }) };
        self.secure_delete(true)?;
        let taken = take_over(&mut self.sql, &mut self.kinds, &hasher, tombstones);
        self.kinds.forget();
        self.dictionary.forget();
        self.secure_delete(false)?;
        taken.map_err(|error| self.fault(error))?;
        self.clear_file().map(drop)
    }
}

fn take_over(
    sql: &mut Connection,
    kinds: &mut Kinds,
    hasher: &Hasher,
    tombstones: &[Tombstone],
) -> rusqlite::Result<()> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for Tombstone { platform, name, hash, time } in tombstones {
        // It may have been collected since: what was forgotten of it would come back with it.
        change
            .prepare_cached("INSERT INTO store (platform, name) VALUES (?1, ?2) ON CONFLICT DO NOTHING")?
            .execute([platform, name])?;
        change
            .prepare_cached(
                "INSERT OR IGNORE INTO forgotten (store, hash, time, redacted) \
                 SELECT id, ?3, ?4, 0 FROM store WHERE platform = ?1 AND name = ?2",
            )?
            .execute(params![platform, name, hash, time])?;
    }
    let stores: Vec<(StoreId, Store)> = change
        .prepare("SELECT id, platform, name FROM store")?
        .query_map([], |found| {
            Ok((StoreId(found.get(0)?), row::store(found.get_ref(1)?.as_str()?, found.get_ref(2)?.as_str()?)?))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for (id, store) in &stores {
        forget_of(&change, kinds, *id, store, hasher)?;
    }
    // Alerts of then are no news any more, and nobody knows which of them were to be forgotten.
    change.execute_batch("DELETE FROM delivery; DELETE FROM last_alert")?;
    begin_clearing(&change, Timestamp::now())?;
    change.commit()
}

/// Takes away what has a tombstone.
fn forget_of(sql: &Connection, kinds: &mut Kinds, id: StoreId, store: &Store, hasher: &Hasher) -> rusqlite::Result<()> {
    let Some(guard) = Guard::of(sql, id, Some(hasher))? else { return Ok(()) };
    let found: Vec<(i64, Value, Micros)> = sql
        .prepare("SELECT key, id, time FROM packed_entry WHERE store = ?1")?
        .query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<rusqlite::Result<_>>()?;
    let mut counts = Counts::new(sql, kinds, id);
    for (key, own, time) in found {
        let text = match &own {
            Value::Integer(number) => number.to_string(),
            Value::Text(text) => text.clone(),
            _ => continue,
        };
        if guard.has_entry(&format!("{store}:{text}"))? {
            prune::remove(sql, id, key, &own)?;
            counts.recount(time.time());
        }
    }
    counts.keep()?;
    let records: Vec<(i64, String)> = sql
        .prepare("SELECT id, raw FROM quarantine WHERE store = ?1")?
        .query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (number, raw) in records {
        if guard.has_record(&raw)? {
            sql.execute("DELETE FROM quarantine WHERE id = ?1", [number])?;
        }
    }
    let revisions: Vec<(i64, String)> = sql
        .prepare("SELECT id, entry FROM revision WHERE store = ?1")?
        .query_map([id.0], |row| Ok((row.get(0)?, row.get(1)?)))?
        .collect::<rusqlite::Result<_>>()?;
    for (number, json) in revisions {
        if guard.has_record(&json)? {
            sql.execute("DELETE FROM revision WHERE id = ?1", [number])?;
        }
    }
    remove_unused(sql)
}

fn begin_clearing(sql: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    sql.execute("INSERT INTO clearing (since) VALUES (?1)", [Micros::of(now)]).map(drop)
}

fn remove_unused(sql: &Connection) -> rusqlite::Result<()> {
    sql.execute("DELETE FROM kind WHERE id NOT IN (SELECT kind FROM hour)", [])?;
    packing::remove_unused(sql)
}

fn erase(
    sql: &mut Connection,
    kinds: &mut Kinds,
    hasher: &Hasher,
    erasure: &Erasure,
    now: Timestamp,
) -> rusqlite::Result<()> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    derived::settle(&change, kinds)?;
    let mut hours: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    for (store, entry, rest) in &erasure.entries {
        let id = Id::of(&entry.id);
        let mut find =
            change.prepare_cached("SELECT key, id, arrived FROM packed_entry WHERE store = ?1 AND id = ?2")?;
        let found: Option<(i64, Value, Option<i64>)> =
            find.query_row(params![store.0, id], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).optional()?;
        let Some((key, own, arrived)) = found else { continue };
        if let Some(arrived) = arrived {
            exports::forget(&change, arrived)?;
        }
        if let Some(rest) = rest {
            replace(&change, key, rest)?;
            change
                .prepare_cached("DELETE FROM revision WHERE store = ?1 AND entry_id = ?2")?
                .execute(params![store.0, own])?;
        } else {
            prune::remove(&change, *store, key, &own)?;
        }
        forgotten::keep(&change, *store, hasher.uid(&entry.uid), Some(Micros::of(entry.time)), rest.is_some())?;
        hours.entry(store.0).or_default().insert(Micros::of(entry.time).0.div_euclid(HOUR));
    }
    derived::recount(&change, kinds, &hours)?;
    let mut lost_forms: Vec<(i64, Value)> = Vec::new();
    for number in &erasure.revisions {
        let revision: Option<(i64, String, Value, Option<i64>)> = change
            .prepare_cached("SELECT store, entry, entry_id, arrived FROM revision WHERE id = ?1")?
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))
            .optional()?;
        if let Some((store, json, id, arrived)) = revision {
            // Not for the sake of a platform, which has no revisions, but of a backup, which has them.
            forgotten::keep(&change, StoreId(store), hasher.raw(&json), None, false)?;
            if let Some(arrived) = arrived {
                exports::forget(&change, arrived)?;
            }
            if !lost_forms.contains(&(store, id.clone())) {
                lost_forms.push((store, id));
            }
        }
        change.prepare_cached("DELETE FROM revision WHERE id = ?1")?.execute([number])?;
    }
    for (store, id) in &lost_forms {
        arrive_anew(&change, *store, id)?;
    }
    for number in &erasure.quarantined {
        let record: Option<(i64, String, Option<Micros>)> = change
            .prepare_cached("SELECT store, raw, coalesce(time, near) FROM quarantine WHERE id = ?1")?
            .query_row([number], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
            .optional()?;
        if let Some((store, raw, time)) = record {
            forgotten::keep(&change, StoreId(store), hasher.raw(&raw), time, false)?;
        }
        change.prepare_cached("DELETE FROM quarantine WHERE id = ?1")?.execute([number])?;
    }
    for number in &erasure.deliveries {
        change.prepare_cached("DELETE FROM delivery WHERE id = ?1")?.execute([number])?;
    }
    for (rule, about) in &erasure.last_alerts {
        change.prepare_cached("DELETE FROM last_alert WHERE rule = ?1 AND about = ?2")?.execute([rule, about])?;
    }
    for kind in &erasure.kinds {
        forget_counts(&change, *kind)?;
    }
    remove_unused(&change)?;
    begin_clearing(&change, now)?;
    change.commit()
}

/// Gives counts of pruned entries a kind without what is to be forgotten. The old kind stays with counts of entries that are
/// held, if there are any.
fn forget_counts(sql: &Connection, kind: PrunedKind) -> rusqlite::Result<()> {
    let PrunedKind { id, category, module, action } = kind;
    sql.prepare_cached(
        "INSERT INTO kind (severity, category, module, action) \
         SELECT severity, iif(?2, NULL, category), iif(?3, NULL, module), iif(?4, NULL, action) FROM kind WHERE id = ?1",
    )?
    .execute(params![id, category, module, action])?;
    let without = sql.last_insert_rowid();
    let mut hours: BTreeMap<i64, BTreeSet<i64>> = BTreeMap::new();
    let mut change = sql.prepare_cached(concat!(
        "UPDATE hour SET kind = ?2 WHERE kind = ?1 AND EXISTS (SELECT 1 FROM kind WHERE kind.id = ?1 AND ",
        is_pruned!(),
        ") RETURNING store, hour"
    ))?;
    let mut changed = change.query([id, without])?;
    while let Some(row) = changed.next()? {
        hours.entry(row.get(0)?).or_default().insert(row.get(1)?);
    }
    hours.into_iter().try_for_each(|(store, hours)| counted_days::mark(sql, StoreId(store), hours))
}

/// The forms that are left of an entry arrive anew: where all of its forms were taken out, exports bring these again.
fn arrive_anew(sql: &Connection, store: i64, id: &Value) -> rusqlite::Result<()> {
    let left: Vec<i64> = sql
        .prepare_cached("SELECT id FROM revision WHERE store = ?1 AND entry_id = ?2 ORDER BY id")?
        .query_map(params![store, id], |row| row.get(0))?
        .collect::<rusqlite::Result<_>>()?;
    for number in left {
        let arrived = arrive_unseen(sql)?;
        sql.prepare_cached("UPDATE revision SET arrived = ?2 WHERE id = ?1")?.execute([number, arrived])?;
    }
    let arrived = arrive_unseen(sql)?;
    sql.prepare_cached("UPDATE packed_entry SET arrived = ?3 WHERE store = ?1 AND id = ?2")?
        .execute(params![store, id, arrived])
        .map(drop)
}

/// The number of an arrival. It is taken, and nobody who looks for news finds anything there.
fn arrive_unseen(sql: &Connection) -> rusqlite::Result<i64> {
    let arrived = commit::next_arrival(sql)?;
    sql.prepare_cached("INSERT INTO arrival (seq, key) VALUES (?1, ?2)")?.execute([arrived, NOBODY])?;
    Ok(arrived)
}

/// The key of no entry.
const NOBODY: i64 = -1;

/// Puts what is to stay of an entry in its place. It arrives anew: exports bring this form, too.
fn replace(sql: &Connection, key: i64, rest: &LogEntry) -> rusqlite::Result<()> {
    let arrived = arrive_unseen(sql)?;
    let extra = (!rest.extra.is_empty()).then(|| serde_json::to_string(&rest.extra));
    let extra = extra.transpose().map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    sql.prepare_cached(
        "UPDATE entry SET actor = ?2, subject_id = ?3, summary = ?4, message = ?5, extra = ?6, arrived = ?7, \
         module = ?8, category = ?9, action = ?10, severity_text = ?11 WHERE key = ?1",
    )?
    .execute(params![
        key,
        rest.actor,
        rest.subject_id,
        rest.summary,
        rest.message,
        extra,
        arrived,
        rest.module,
        rest.category,
        rest.action,
        rest.severity_text
    ])
    .map(drop)
}
