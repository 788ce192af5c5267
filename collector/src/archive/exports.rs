//! How far exports have come, and what receivers refused.
//!
//! An export is known by its destination, without anything secret. Its progress is one number, the last arrival that
//! was delivered or permanently refused: after a kill it goes on from there, and sends at most the last request again.

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior, params};

use super::open::Sharing;
use super::{Archive, Lock, StoreId, open, row};
use crate::coverage::TimeRange;
use crate::error::{Error, Result};
use crate::micros::Micros;

/// The progress of an export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportState {
    /// The destination: its kind and address.
    pub name: String,
    /// The last arrival that is settled.
    pub arrived: i64,
    /// Entries that were delivered, again included.
    pub sent: u64,
    /// Entries that were refused.
    pub refused: u64,
    /// When everything that there was had been exported.
    pub last_success: Option<Timestamp>,
    /// When anybody last tried.
    pub seen: Timestamp,
    /// Failures in a row.
    pub failures: u32,
    /// The reason why it last failed, in one line.
    pub reason: Option<String>,
}

/// The outcome of delivering some entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Everything up to this arrival is settled now. `None`: it is no news, because it was sent before.
    pub upto: Option<i64>,
    /// How many were delivered.
    pub sent: u64,
    /// The refusals.
    pub refused: Vec<Refusal>,
    /// Arrivals that were refused before, and are delivered now.
    pub taken: Vec<i64>,
}

/// Entries that were refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The first and the last arrival of those that were sent together; one number, if it was one alone.
    pub arrived: [i64; 2],
    /// How many of them were refused: a receiver need not say which.
    pub entries: u64,
    /// Why, in the receiver's words.
    pub reason: String,
}

/// A refusal that was kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptRefusal {
    /// The entries that were refused, and why.
    pub refusal: Refusal,
    /// When.
    pub at: Timestamp,
    /// The entry, if it was one alone and is still held.
    pub entry: Option<(StoreId, String)>,
}

/// The end of the names of the locks of exports, before the number of each.
pub(super) const LOCKS: &str = ".export.lock.";

/// The end of the name of the lock that exports share, and that forgetting has alone.
pub(super) const COPYING: &str = ".export.lock";

/// The text in place of a reason whose entry was forgotten.
const FORGOTTEN: &str = "(forgotten)";

impl Archive {
    /// The progress of each export.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn exports(&self) -> Result<Vec<ExportState>> {
        let find =
            "SELECT name, arrived, sent, refused, last_success, failures, reason, seen FROM export ORDER BY name";
        self.rows(find, [], |row| {
            Ok(ExportState {
                name: row.get(0)?,
                arrived: row.get(1)?,
                sent: row.get::<_, i64>(2)?.unsigned_abs(),
                refused: row.get::<_, i64>(3)?.unsigned_abs(),
                last_success: row.get::<_, Option<Micros>>(4)?.map(Micros::time),
                failures: row.get(5)?,
                reason: row.get(6)?,
                seen: row.get::<_, Micros>(7)?.time(),
            })
        })
    }

    /// The progress of one export; none yet, if it is not known.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn export(&self, name: &str) -> Result<Option<ExportState>> {
        Ok(self.exports()?.into_iter().find(|export| export.name == name))
    }

    /// Keeps other processes from exporting to the same destination until the lock is dropped. `None`: another one does.
    ///
    /// # Errors
    /// If the lock cannot be used, or the archive cannot be written.
    pub fn lock_export(&mut self, name: &str, now: Timestamp) -> Result<Option<Lock>> {
        let mut id = 0;
        self.changing(|change| id_of(change, name, now).map(|found| id = found))?;
        match open::lock_file(
            &self.path,
            &format!("{LOCKS}{id}"),
            Sharing::Alone,
            Error::InUse { path: self.path.clone() },
        ) {
            Err(Error::InUse { .. }) => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// The newest entries by their time, up to this many, among those that came after one arrival and up to another:
    /// first one of each store, then one more of each. Returns their arrivals. Of a time range its first and its last second
    /// are left out.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn newest_entries(&self, after: i64, upto: i64, range: Option<TimeRange>, most: usize) -> Result<Vec<i64>> {
        // The index by arrival has the keys, which are in the order of time.
        let find = "SELECT arrived FROM (SELECT entry.arrived, entry.key, \
                    row_number() OVER (PARTITION BY entry.store ORDER BY entry.key DESC) AS place \
                    FROM (SELECT key AS wanted FROM packed_entry INDEXED BY entry_arrived \
                    WHERE arrived > ?1 AND arrived <= ?2 AND key BETWEEN ?3 AND ?4 ORDER BY key DESC LIMIT ?5) \
                    CROSS JOIN packed_entry AS entry ON entry.key = wanted) ORDER BY place, key DESC";
        let first = range.map_or(i64::MIN, |range| row::last_key(range.since) + 1);
        let last = range.map_or(i64::MAX, |range| row::first_key(range.until) - 1);
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.rows(find, params![after, upto, first, last, most], |row| row.get(0))
    }

    /// Writes down what became of some entries.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn settle_export(&mut self, name: &str, settled: &Settled, now: Timestamp) -> Result<()> {
        self.changing(|change| settle(change, name, settled, now))
    }

    /// Writes down that an export has brought everything up to this arrival.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn export_succeeded(&mut self, name: &str, upto: i64, now: Timestamp) -> Result<()> {
        self.changing(|change| {
            let id = id_of(change, name, now)?;
            change
                .prepare_cached(
                    "UPDATE export SET arrived = max(arrived, ?2), last_success = ?3, failures = 0, reason = NULL \
                     WHERE id = ?1",
                )?
                .execute(params![id, upto, Micros::of(now)])
                .map(drop)
        })
    }

    /// Writes down that an export failed.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn export_failed(&mut self, name: &str, reason: &str, now: Timestamp) -> Result<()> {
        self.changing(|change| {
            let id = id_of(change, name, now)?;
            change
                .prepare_cached("UPDATE export SET failures = failures + 1, reason = ?2 WHERE id = ?1")?
                .execute(params![id, reason])
                .map(drop)
        })
    }

    /// Keeps entries from being forgotten while they are on their way elsewhere, until the lock is dropped: they would arrive
    /// there afterwards. `None` where no file can be made beside the archive.
    ///
    /// # Errors
    /// [`Error::Forgetting`] if another process forgets entries at this moment.
    pub fn lock_copying(&self) -> Result<Option<Lock>> {
        let held = Error::Forgetting { path: self.path.clone() };
        match open::lock_file(&self.path, COPYING, Sharing::Shared, held) {
            Err(Error::Unlockable { .. }) => Ok(None),
            lock => lock.map(Some),
        }
    }

    /// Keeps exports from beginning until the lock is dropped.
    ///
    /// # Errors
    /// [`Error::Copying`] if another process exports entries at this moment.
    pub fn lock_forgetting(&self) -> Result<Lock> {
        open::lock_file(&self.path, COPYING, Sharing::Alone, Error::Copying { path: self.path.clone() })
    }

    /// The entries that a receiver refused, in the order of arrival.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn refusals(&self, name: &str) -> Result<Vec<KeptRefusal>> {
        let find = "SELECT first_arrived, last_arrived, entries, refused.reason, at, \
                    CASE WHEN first_arrived = last_arrived THEN (SELECT store FROM packed_entry WHERE arrived = first_arrived) END, \
                    CASE WHEN first_arrived = last_arrived THEN (SELECT CAST(packed_entry.id AS TEXT) FROM packed_entry WHERE arrived = first_arrived) END \
                    FROM refused JOIN export ON export.id = refused.export WHERE name = ?1 ORDER BY first_arrived, last_arrived";
        self.rows(find, [name], |row| {
            let refusal = Refusal {
                arrived: [row.get(0)?, row.get(1)?],
                entries: row.get::<_, i64>(2)?.unsigned_abs(),
                reason: row.get(3)?,
            };
            let entry = row.get::<_, Option<i64>>(5)?.zip(row.get::<_, Option<String>>(6)?);
            let at = row.get::<_, Micros>(4)?.time();
            Ok(KeptRefusal { refusal, at, entry: entry.map(|(store, id)| (StoreId(store), id)) })
        })
    }

    fn changing(&mut self, change: impl FnOnce(&Connection) -> rusqlite::Result<()>) -> Result<()> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, error);
        let transaction = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        change(&transaction).map_err(fault)?;
        transaction.commit().map_err(fault)
    }
}

/// The number of an export, which is added if it is new.
fn id_of(sql: &Connection, name: &str, now: Timestamp) -> rusqlite::Result<i64> {
    let mut add = sql.prepare_cached(
        "INSERT INTO export (name, arrived, sent, refused, failures, seen) VALUES (?1, 0, 0, 0, 0, ?2) \
         ON CONFLICT DO UPDATE SET seen = ?2 RETURNING id",
    )?;
    add.query_row(params![name, Micros::of(now)], |row| row.get(0))
}

fn settle(sql: &Connection, name: &str, settled: &Settled, now: Timestamp) -> rusqlite::Result<()> {
    let id = id_of(sql, name, now)?;
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let refused: u64 = settled.refused.iter().map(|refusal| refusal.entries).sum();
    sql.prepare_cached(
        "UPDATE export SET arrived = max(arrived, ?2), sent = sent + ?3, refused = refused + ?4 WHERE id = ?1",
    )?
    .execute(params![id, settled.upto.unwrap_or_default(), count(settled.sent), count(refused)])?;
    for arrived in &settled.taken {
        sql.prepare_cached("DELETE FROM refused WHERE export = ?1 AND first_arrived = ?2 AND last_arrived = ?2")?
            .execute([id, *arrived])?;
    }
    for Refusal { arrived: [first, last], entries, reason } in &settled.refused {
        sql.prepare_cached(
            "INSERT OR REPLACE INTO refused (export, first_arrived, last_arrived, entries, reason, at) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![id, first, last, count(*entries), reason, Micros::of(now)])?;
    }
    Ok(())
}

/// Takes away what receivers said of an arrival: their words may name whom it is about. Part of a commit.
pub(super) fn forget(sql: &Connection, arrived: i64) -> rusqlite::Result<()> {
    sql.prepare_cached("DELETE FROM refused WHERE first_arrived = ?1 AND last_arrived = ?1")?.execute([arrived])?;
    sql.prepare_cached("UPDATE refused SET reason = ?2 WHERE first_arrived <= ?1 AND last_arrived >= ?1")?
        .execute(params![arrived, FORGOTTEN])
        .map(drop)
}
