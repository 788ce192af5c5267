//! Entries in the order in which they arrived, for exports: each revision of an entry, once.
//!
//! Everything that is written into the archive gets a number for its arrival, and numbers only grow. So an export needs
//! only the last number that it has delivered, and keeps that at its destination, not here.

use std::collections::HashMap;
use std::ops::ControlFlow;

use rusqlite::{OptionalExtension, Row, params};
use storelogs::{LogEntry, Store, UtcOffset};

use super::unpacking::{self, Unpacking};
use super::{Archive, StoreId, row};
use crate::error::Result;
use crate::micros::Micros;

/// An entry, or an earlier revision of one.
#[derive(Clone, Copy, Debug)]
pub struct ArrivedEntry<'a> {
    /// The number of its arrival, which no other revision of any entry has.
    pub arrived: i64,
    /// The number of the revision: 0 for the first, and one more after each change.
    pub revision: u32,
    /// The archive's number of the store.
    pub store: StoreId,
    /// The entry in this revision.
    pub fields: Fields<'a>,
}

/// The fields of an entry as they are in its row. Times are microseconds since 1970.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs, reason = "the fields of `LogEntry`")]
pub struct Fields<'a> {
    pub id: &'a str,
    pub time: i64,
    /// Nanoseconds beyond the microsecond.
    pub nanos: i32,
    /// Seconds east of UTC.
    pub utc_offset: i32,
    pub observed: i64,
    /// OpenTelemetry's SeverityNumber.
    pub severity: i32,
    pub severity_text: Option<&'a str>,
    pub category: Option<&'a str>,
    pub action: Option<&'a str>,
    pub module: Option<&'a str>,
    pub actor: Option<&'a str>,
    pub subject_id: Option<&'a str>,
    pub summary: Option<&'a str>,
    pub message: Option<&'a str>,
    /// A JSON object.
    pub extra: Option<&'a str>,
}

/// The rows of entries. If ?1 is false, their earlier forms are not counted here.
macro_rules! select {
    ($from:literal) => {
        concat!(
            "SELECT entry.arrived, iif(?1, (SELECT count(*) FROM revision WHERE revision.store = entry.store \
             AND revision.entry_id = entry.id), 0), ",
            unpacking::columns!(),
            " ",
            $from
        )
    };
}
/// The entries in the order of their arrivals.
const BY_ARRIVAL: &str =
    select!("FROM packed_entry AS entry INDEXED BY entry_arrived WHERE entry.arrived > ?2 ORDER BY entry.arrived");
/// The same for some arrivals, in the order in which they are in the file, so that each page is read once. What is materialized
/// keeps its order, and is sorted by SQLite's sorter: with a `LIMIT` it would be put into a tree row by row.
const BY_PLACE: &str = concat!(
    "WITH wanted AS MATERIALIZED (SELECT key FROM packed_entry INDEXED BY entry_arrived \
     WHERE arrived > ?2 AND arrived <= ?3 ORDER BY key) ",
    select!("FROM wanted CROSS JOIN packed_entry AS entry ON entry.key = wanted.key")
);
/// The same where they are a good part of all: every entry is looked at.
const BY_SCAN: &str = select!(
    "FROM packed_entry AS entry NOT INDEXED WHERE entry.arrived > ?2 AND entry.arrived <= ?3 ORDER BY entry.key"
);
/// How many earlier forms of entries are kept in mind.
const MOST_REVISIONS: usize = 50_000;
/// An entry that is looked up costs as much as this many that are looked at.
const LOOKED_AT: i64 = 4;
const REVISIONS_UPTO: &str = "SELECT arrived, (SELECT count(*) FROM revision AS before WHERE before.store = revision.store \
     AND before.entry_id = revision.entry_id AND before.id < revision.id), store, entry \
     FROM revision INDEXED BY revision_arrived WHERE arrived > ?1 AND arrived <= ?2 ORDER BY arrived, id";
const REVISIONS: &str = "SELECT arrived, (SELECT count(*) FROM revision AS before WHERE before.store = revision.store \
     AND before.entry_id = revision.entry_id AND before.id < revision.id), store, entry \
     FROM revision INDEXED BY revision_arrived WHERE arrived > ?1 ORDER BY arrived, id";

/// How many bytes of the archive are mapped into memory while all of it is read: an export needs less than that
/// besides.
const MAPPED: i64 = 32 << 20;

impl Fields<'_> {
    /// The entry, of this store.
    ///
    /// # Errors
    /// The name of the part that cannot be read.
    pub fn entry(&self, store: &Store) -> Result<LogEntry, &'static str> {
        let time = Micros(self.time).time() + jiff::SignedDuration::from_nanos(self.nanos.into());
        let mut entry = LogEntry::new(store, self.id, time, Micros(self.observed).time());
        let text = |text: Option<&str>| text.map(str::to_owned);
        entry.utc_offset = UtcOffset::from_seconds(self.utc_offset);
        entry.severity = row::severity(self.severity.into());
        entry.severity_text = text(self.severity_text);
        entry.category = text(self.category);
        entry.action = text(self.action);
        entry.module = text(self.module);
        entry.actor = text(self.actor);
        entry.subject_id = text(self.subject_id);
        entry.summary = text(self.summary);
        entry.message = text(self.message);
        if let Some(extra) = self.extra {
            entry.extra = serde_json::from_str(extra).map_err(|_| "extra fields")?;
        }
        Ok(entry)
    }
}

impl Archive {
    /// The identity of this archive, which copies of it share: 32 hexadecimal digits that say nothing of what is
    /// in it.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn identity(&self) -> Result<String> {
        let mut find = self.prepared("SELECT id FROM identity")?;
        find.query_row([], |row| row.get(0)).map_err(|error| self.fault(error))
    }

    /// The revisions that arrived after a number, in order and as of one moment, until `each` breaks off.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn each_arrived(
        &self,
        after: i64,
        mut each: impl FnMut(&ArrivedEntry<'_>) -> ControlFlow<()>,
    ) -> Result<ControlFlow<()>> {
        let fault = |error: rusqlite::Error| self.fault(error);
        self.sql.pragma_update(None, "mmap_size", MAPPED).map_err(fault)?;
        // One moment: an entry that is changed meanwhile would be met twice, or never.
        let moment = self.sql.unchecked_transaction().map_err(fault)?;
        let changed: bool =
            moment.query_row("SELECT EXISTS (SELECT 1 FROM revision)", [], |row| row.get(0)).map_err(fault)?;
        let mut find = self.prepared(BY_ARRIVAL)?;
        let mut find_revisions = self.prepared(REVISIONS)?;
        let mut entries = find.query(params![changed, after]).map_err(fault)?;
        let mut revisions = find_revisions.query([after]).map_err(fault)?;
        let mut revision = revisions.next().map_err(fault)?.map(Earlier::of).transpose().map_err(fault)?;
        let mut unpacking = Unpacking::new(self)?;
        while let Some(row) = entries.next().map_err(fault)? {
            let arrived: i64 = row.get(0).map_err(fault)?;
            while let Some(earlier) = revision.take_if(|earlier| earlier.arrived <= arrived) {
                if earlier.show(&mut each).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
                revision = revisions.next().map_err(fault)?.map(Earlier::of).transpose().map_err(fault)?;
            }
            if each(&unpacking.entry(row).map_err(fault)?).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        while let Some(earlier) = revision.take() {
            if earlier.show(&mut each).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            revision = revisions.next().map_err(fault)?.map(Earlier::of).transpose().map_err(fault)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Calls `each` with up to this many forms of entries that came after an arrival, and with all others that have the
    /// number of the last one, in any order and as of one moment, until it breaks off. This is several times as fast as
    /// [`each_arrived`](Self::each_arrived), but forms that came together do not follow each other. Returns the number
    /// of the last arrival; `None` if nothing came.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn each_arrived_of(
        &self,
        after: i64,
        forms: usize,
        mut each: impl FnMut(&ArrivedEntry<'_>) -> ControlFlow<()>,
    ) -> Result<Option<i64>> {
        let fault = |error: rusqlite::Error| self.fault(error);
        self.sql.pragma_update(None, "mmap_size", MAPPED).map_err(fault)?;
        let moment = self.sql.unchecked_transaction().map_err(fault)?;
        let upto: Option<i64> = moment
            .query_row(
                "SELECT max(arrived) FROM ( \
                 SELECT arrived FROM packed_entry INDEXED BY entry_arrived WHERE arrived > ?1 UNION ALL \
                 SELECT arrived FROM revision INDEXED BY revision_arrived WHERE arrived > ?1 ORDER BY arrived LIMIT ?2)",
                params![after, i64::try_from(forms).unwrap_or(i64::MAX)],
                |row| row.get(0),
            )
            .map_err(fault)?;
        let Some(upto) = upto else { return Ok(None) };
        let numbers = upto.saturating_sub(after);
        let few = usize::try_from(numbers).unwrap_or(usize::MAX).min(MOST_REVISIONS);
        let revisions = Revisions::of_at_most(self, few)?;
        let is_large_part = numbers.saturating_mul(LOOKED_AT) >= self.newest_arrival()?;
        let mut find = self.prepared(if is_large_part { BY_SCAN } else { BY_PLACE })?;
        let mut rows = find.query(params![revisions.is_none(), after, upto]).map_err(fault)?;
        let mut unpacking = Unpacking::new(self)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let mut entry = unpacking.entry(row).map_err(fault)?;
            if let Some(revisions) = &revisions {
                entry.revision = revisions.of(entry.store, entry.fields.id);
            }
            if each(&entry).is_break() {
                return Ok(Some(upto));
            }
        }
        if revisions.is_none_or(|revisions| !revisions.is_empty()) {
            let mut find = self.prepared(REVISIONS_UPTO)?;
            let mut rows = find.query([after, upto]).map_err(fault)?;
            while let Some(row) = rows.next().map_err(fault)? {
                if Earlier::of(row).map_err(fault)?.show(&mut each).is_break() {
                    break;
                }
            }
        }
        Ok(Some(upto))
    }

    /// The number of the newest arrival: no greater one was ever given. 0 if nothing came yet.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn newest_arrival(&self) -> Result<i64> {
        let mut find = self.prepared("SELECT coalesce(max(seq), 0) FROM arrival")?;
        find.query_row([], |row| row.get(0)).map_err(|error| self.fault(error))
    }

    /// Whose form came at an arrival: the store and the id, unless it is not there any more.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn arrived_at(&self, arrived: i64) -> Result<Option<(StoreId, String)>> {
        let mut find = self.prepared(
            "SELECT store, CAST(id AS TEXT) FROM packed_entry WHERE arrived = ?1 \
             UNION ALL SELECT store, CAST(entry_id AS TEXT) FROM revision WHERE arrived = ?1 LIMIT 1",
        )?;
        let found = find.query_row(params![arrived], |row| Ok((StoreId(row.get(0)?), row.get(1)?)));
        found.optional().map_err(|error| self.fault(error))
    }
}

/// How many earlier forms each entry has.
struct Revisions(HashMap<StoreId, HashMap<Box<str>, u32>>);

impl Revisions {
    /// All of them, if no more entries than this have any: then they are better kept in mind than looked up for each entry.
    fn of_at_most(archive: &Archive, most: usize) -> Result<Option<Self>> {
        let find = "SELECT store, CAST(entry_id AS TEXT), count(*) FROM revision GROUP BY store, entry_id LIMIT ?1";
        let limit = i64::try_from(most).unwrap_or(i64::MAX).saturating_add(1);
        let found = archive.rows(find, [limit], |row| Ok((StoreId(row.get(0)?), row.get(1)?, row.get(2)?)))?;
        if found.len() > most {
            return Ok(None);
        }
        let mut all: HashMap<StoreId, HashMap<Box<str>, u32>> = HashMap::new();
        for (store, id, count) in found {
            all.entry(store).or_default().insert(id, count);
        }
        Ok(Some(Self(all)))
    }

    fn of(&self, store: StoreId, id: &str) -> u32 {
        self.0.get(&store).and_then(|entries| entries.get(id)).copied().unwrap_or_default()
    }

    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// A form that the platform has changed since.
struct Earlier {
    arrived: i64,
    revision: u32,
    store: StoreId,
    entry: LogEntry,
    extra: Option<String>,
}

impl Earlier {
    fn of(row: &Row<'_>) -> rusqlite::Result<Self> {
        let unreadable = |_| row::unreadable("a revision");
        let entry: LogEntry = serde_json::from_str(row.get_ref(3)?.as_str()?).map_err(unreadable)?;
        let extra = (!entry.extra.is_empty()).then(|| serde_json::to_string(&entry.extra));
        let extra = extra.transpose().map_err(unreadable)?;
        Ok(Self { arrived: row.get(0)?, revision: row.get(1)?, store: StoreId(row.get(2)?), entry, extra })
    }

    fn show(&self, each: &mut impl FnMut(&ArrivedEntry<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
        let entry = &self.entry;
        let fields = Fields {
            id: &entry.id,
            time: Micros::of(entry.time).0,
            nanos: row::nanos(entry.time).and_then(|nanos| i32::try_from(nanos).ok()).unwrap_or_default(),
            utc_offset: entry.utc_offset.seconds(),
            observed: Micros::of(entry.observed).0,
            severity: entry.severity.number().into(),
            severity_text: entry.severity_text.as_deref(),
            category: entry.category.as_deref(),
            action: entry.action.as_deref(),
            module: entry.module.as_deref(),
            actor: entry.actor.as_deref(),
            subject_id: entry.subject_id.as_deref(),
            summary: entry.summary.as_deref(),
            message: entry.message.as_deref(),
            extra: self.extra.as_deref(),
        };
        each(&ArrivedEntry { arrived: self.arrived, revision: self.revision, store: self.store, fields })
    }
}
