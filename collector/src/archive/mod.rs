//! The archive: one SQLite file.

mod arrived;
pub(crate) mod audit;
mod backup;
mod commit;
mod counted_days;
pub(crate) mod counts;
mod coverage;
mod derived;
pub(crate) mod entries;
mod erase;
mod evidence;
mod exports;
#[cfg(feature = "failpoints")]
mod failpoint;
mod forgotten;
mod health;
mod holdings;
mod hours;
pub(crate) mod index;
mod index_file;
mod index_words;
mod labels;
mod learned;
mod open;
mod origin;
mod own_files;
mod packing;
mod prune;
mod prunings;
mod quarantine;
mod repack;
mod restore;
pub(crate) mod rollup;
pub(crate) mod row;
mod secret;
pub(crate) mod shape;
mod side_file;
mod state;
pub(crate) mod template;
mod templates;
pub(crate) mod text;
mod unpacking;
mod verification;
mod wal;
pub(crate) mod watching;

use std::cell::Cell;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use storelogs::{Cursor, LogEntry, Store};

use crate::coverage::{Coverage, TimeRange};
use crate::error::{Error, Result};
use crate::micros::Micros;

pub use arrived::{ArrivedEntry, Fields};
pub use audit::{Audit, Audits, Claim, Comparison, Finding};
pub use backup::{Copied, begun_beside};
pub use commit::{Commit, Committed};
pub use counted_days::CountedDay;
pub use derived::OutOfStep;
pub(crate) use erase::{Erasure, PrunedKind};
pub use evidence::Evidence;
pub use exports::{ExportState, KeptRefusal, Refusal, Settled};
pub(crate) use holdings::StoreState;
pub use hours::HourCount;
pub use labels::Labels;
pub use learned::PlatformClock;
pub use open::{Lock, VERSION};
pub use prune::Pruned;
pub use prunings::Prunings;
pub use restore::{Restore, Restored, VerifiedCopy};
pub use state::{State, Status};
pub use verification::Verification;
pub(crate) use wal::BUSY_TIMEOUT;
pub use wal::LARGE_WAL;
pub(crate) use wal::size as wal_size;

/// An open archive.
///
/// Any number of processes may read it while one collects into it; [`Archive::lock`] keeps a second collector out.
#[derive(Debug)]
pub struct Archive {
    sql: Connection,
    path: PathBuf,
    kinds: rollup::Kinds,
    dictionary: packing::Dictionary,
    /// Whether the index of words is attached to the connection, as `words`.
    index: Cell<index_file::Index>,
    /// Recognizes forgotten entries. It is present if the archive can be written.
    hasher: Option<forgotten::Hasher>,
    /// It is read as something that nobody can change.
    unchanging: bool,
}

/// The archive's own number of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StoreId(pub(crate) i64);

/// A walk that is under way.
#[derive(Clone, Debug, PartialEq)]
pub struct Walk {
    /// The time range that it reads.
    pub range: TimeRange,
    /// The place where it goes on.
    pub cursor: Cursor,
}

/// A time range that could not be read so far.
#[derive(Clone, Debug, PartialEq)]
pub struct Gap {
    /// The time range.
    pub range: TimeRange,
    /// Why, in one line.
    pub reason: String,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried again.
    pub next_attempt: Timestamp,
}

/// How far a store was read, as the archive knows it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// The time ranges that were read.
    pub coverage: Coverage,
    /// The time ranges that were compared with the platform, and the results.
    pub audits: Audits,
    /// The times up to which entries were pruned, by severity. What was pruned counts as read.
    pub prunings: Prunings,
    /// The walk under way.
    pub walk: Option<Walk>,
    /// The time ranges that could not be read.
    pub gaps: Vec<Gap>,
    /// When time ranges of late were last read again, by their lengths.
    pub rewalked: BTreeMap<SignedDuration, Timestamp>,
    /// How long after its time an entry was first seen, at the most, in time ranges that were covered already. To the next
    /// power of two of seconds.
    pub lateness: SignedDuration,
}

impl Archive {
    /// The path of its file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The connection, for queries of this crate's other floors.
    pub(crate) fn sql(&self) -> &Connection {
        &self.sql
    }

    /// The connection, to be set up otherwise.
    pub(crate) fn sql_mut(&mut self) -> &mut Connection {
        &mut self.sql
    }

    pub(crate) fn fault(&self, error: rusqlite::Error) -> Error {
        Error::of(&self.path, error)
    }

    /// The archive's number of a store, which is added if it is new.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn add_store(&self, store: &Store) -> Result<StoreId> {
        if let Some(id) = self.store_id(store)? {
            return Ok(id);
        }
        let added = self.sql.query_row(
            "INSERT INTO store (platform, name) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET name = name RETURNING id",
            params![store.platform().as_str(), store.name()],
            |row| row.get(0).map(StoreId),
        );
        added.map_err(|error| self.fault(error))
    }

    /// The archive's number of a store, if it knows it.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn store_id(&self, store: &Store) -> Result<Option<StoreId>> {
        let mut find = self.prepared("SELECT id FROM store WHERE platform = ?1 AND name = ?2")?;
        find.query_row(params![store.platform().as_str(), store.name()], |row| row.get(0).map(StoreId))
            .optional()
            .map_err(|error| self.fault(error))
    }

    /// Every store of the archive, by platform and name.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn stores(&self) -> Result<Vec<(StoreId, Store)>> {
        self.rows("SELECT id, platform, name FROM store ORDER BY platform, name", [], |row| {
            Ok((StoreId(row.get(0)?), row::store(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?))
        })
    }

    /// How far a store was read.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn progress(&self, store: StoreId) -> Result<Progress> {
        let coverage = self.rows("SELECT since, until FROM coverage WHERE store = ?1", [store.0], row::range)?;
        let walks = self.rows("SELECT since, until, cursor FROM walk WHERE store = ?1", [store.0], |row| {
            let cursor = serde_json::from_str(row.get_ref(2)?.as_str()?).map_err(|_| row::unreadable("a cursor"))?;
            Ok(Walk { range: row::range(row)?, cursor })
        })?;
        let audits =
            self.rows("SELECT since, until, finding, entries, at FROM audit WHERE store = ?1", [store.0], |row| {
                audit::read(row, 0)
            })?;
        let gaps = self.rows(
            "SELECT since, until, reason, attempts, next_attempt FROM gap WHERE store = ?1 ORDER BY since",
            [store.0],
            row::gap,
        )?;
        let rewalked = self.rows("SELECT tier, done FROM rewalk WHERE store = ?1", [store.0], |row| {
            Ok((SignedDuration::from_secs(row.get(0)?), row.get::<_, Micros>(1)?.time()))
        })?;
        let buckets = self
            .rows("SELECT max(bucket) FROM lateness WHERE store = ?1", [store.0], |row| row.get::<_, Option<u32>>(0))?;
        let lateness = buckets.into_iter().flatten().next().map_or(0, |bucket| 1_i64 << bucket.min(40));
        let prunings = self.prunings(store)?;
        let pruned = prunings.whole().and_then(|until| TimeRange::new(Timestamp::MIN, until));
        Ok(Progress {
            coverage: coverage.into_iter().chain(pruned).collect(),
            prunings,
            audits: audits.into_iter().collect(),
            walk: walks.into_iter().next(),
            gaps,
            rewalked: rewalked.into_iter().collect(),
            lateness: SignedDuration::from_secs(lateness),
        })
    }

    /// How many entries of a store the archive holds in a time range.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn count(&self, store: StoreId, range: TimeRange) -> Result<u64> {
        self.count_in("SELECT count(*) FROM packed_entry WHERE store = ?1 AND time >= ?2 AND time < ?3", store, range)
    }

    /// How many entries of a time range the platform should count: those that are held, in quarantine too, less those that
    /// the platform has removed.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn held(&self, store: StoreId, range: TimeRange) -> Result<u64> {
        audit::held(&self.sql, store, range).map_err(|error| self.fault(error))
    }

    /// How many records of a time range could not be decoded. Where their own time cannot be read, that of their neighbour
    /// counts.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn quarantined(&self, store: StoreId, range: TimeRange) -> Result<u64> {
        self.count_in("SELECT count(*) FROM quarantine WHERE store = ?1 AND coalesce(time, near) >= ?2 AND coalesce(time, near) < ?3", store, range)
    }

    fn count_in(&self, sql: &str, store: StoreId, range: TimeRange) -> Result<u64> {
        let bounds = params![store.0, Micros::of(range.since), Micros::of(range.until)];
        let counted = self.prepared(sql)?.query_row(bounds, |row| row.get::<_, i64>(0));
        counted.map(i64::unsigned_abs).map_err(|error| self.fault(error))
    }

    /// The entry with this platform's id.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn entry(&self, store: StoreId, id: &str) -> Result<Option<LogEntry>> {
        let mut find = self.prepared(row::SELECT_BY_ID)?;
        find.query_row(params![store.0, row::Id::of(id)], row::entry).optional().map_err(|error| self.fault(error))
    }

    /// The revisions of an entry, oldest first.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn revisions(&self, store: StoreId, id: &str) -> Result<Vec<LogEntry>> {
        let find = "SELECT entry FROM revision WHERE store = ?1 AND entry_id = ?2 ORDER BY id";
        self.rows(find, params![store.0, row::Id::of(id)], |row| {
            serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|_| row::unreadable("a revision"))
        })
    }

    /// Every entry of a time range, all stores, newest first, one by one. An error of `each` ends it.
    ///
    /// # Errors
    /// If the archive cannot be read, or what `each` returns.
    pub fn each_entry<E: From<Error>>(
        &self,
        range: TimeRange,
        mut each: impl FnMut(LogEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut find = self.prepared(row::SELECT_BY_KEYS)?;
        let bounds = [row::first_key(range.since), row::last_key(range.until)];
        let mut rows = find.query(bounds).map_err(|error| self.fault(error))?;
        while let Some(row) = rows.next().map_err(|error| self.fault(error))? {
            let entry = row::entry(row).map_err(|error| self.fault(error))?;
            if range.contains(entry.time) {
                each(entry)?;
            }
        }
        Ok(())
    }

    pub(crate) fn prepared(&self, sql: &str) -> Result<rusqlite::CachedStatement<'_>> {
        self.sql.prepare_cached(sql).map_err(|error| self.fault(error))
    }

    /// All rows of a query, each turned into a value.
    pub(crate) fn rows<T>(
        &self,
        sql: &str,
        parameters: impl rusqlite::Params,
        each: impl FnMut(&rusqlite::Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>> {
        let mut statement = self.prepared(sql)?;
        let rows = statement.query_map(parameters, each).map_err(|error| self.fault(error))?;
        rows.collect::<rusqlite::Result<_>>().map_err(|error| self.fault(error))
    }
}
