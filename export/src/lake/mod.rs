//! The lake: three tables of what an archive holds.

mod compact;
mod coverage;
mod days;
mod entries;
mod forget;
mod group;
mod hours;
mod identity;
mod portions;

use jiff::Timestamp;
use storelogs_collector::Archive;

use crate::delta::{Cleaned, Outcome, Table};
use crate::error::Result;
use crate::storage::{Storage, storage};

/// A lake.
#[derive(Debug)]
pub struct Lake {
    storage: Box<dyn Storage>,
    clock: fn() -> Timestamp,
    most_rows: usize,
}

/// The result of an export into the lake.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// Entries, and forms of entries that the platform has changed.
    pub entries: u64,
    /// Files of entries.
    pub files: u64,
    /// Bytes of these.
    pub bytes: u64,
    /// Commits of entries.
    pub commits: u64,
    /// Files of counts by hour that were written or removed.
    pub count_files: u64,
}

/// The result of a compaction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Compacted {
    /// Files that were small.
    pub from: u64,
    /// Files that they became.
    pub into: u64,
    /// Files that nobody needed any more.
    pub cleaned: Cleaned,
}

/// The result of forgetting.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// Rows that are gone.
    pub rows: u64,
    /// Files that were written anew without them.
    pub files: u64,
    /// The first version of the table of entries that can be read from now on.
    pub version: i64,
}

/// The progress of an export or a compaction.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum LakeStep {
    /// Entries were committed.
    Entries {
        /// The result so far.
        done: Exported,
        /// How many arrivals are left at most.
        left: u64,
    },
    /// The entries are all there, and the counts by hour and the verdicts follow.
    Counts,
    /// Files were merged.
    Merged {
        /// The result so far.
        done: Compacted,
        /// How many files are left to merge.
        left: u64,
    },
}

/// How many rows are sorted and written at once, and how much memory they may take.
const MOST_ROWS: usize = 200_000;
const MOST_BYTES: usize = 48 << 20;

/// How many entries are read at first, as their size is not known yet.
const FIRST_ROWS: usize = 50_000;

impl Lake {
    /// The lake at an address: a folder, or `s3://bucket/folder`. The clock says when something is written, and what is old.
    ///
    /// # Errors
    /// If the address names no storage that can be used.
    pub fn at(address: &str, clock: fn() -> Timestamp) -> Result<Self> {
        Ok(Self::on(storage(address)?, clock))
    }

    /// The lake on a storage.
    pub fn on(storage: Box<dyn Storage>, clock: fn() -> Timestamp) -> Self {
        Self { storage, clock, most_rows: MOST_ROWS }
    }

    /// The lake with commits of no more than this many entries: 200,000 unless said otherwise, and no more than that.
    #[must_use]
    pub fn with_commits_of(self, entries: usize) -> Self {
        Self { most_rows: entries.clamp(1, MOST_ROWS), ..self }
    }

    /// Brings in what came into the archive since the last export, and how complete it is. Meanwhile nobody can forget
    /// entries of the archive.
    ///
    /// # Errors
    /// If another process forgets entries of the archive, the archive cannot be read, or the lake cannot be written. What was
    /// committed stays, and the next export goes on there.
    pub fn export(&self, archive: &Archive) -> Result<Exported> {
        self.export_with(archive, &mut |_| {})
    }

    /// The same as [`export`](Self::export), and says how far it is.
    ///
    /// # Errors
    /// As there.
    pub fn export_with(&self, archive: &Archive, progress: &mut dyn FnMut(LakeStep)) -> Result<Exported> {
        let _copying = archive.lock_copying()?;
        self.storage.probe()?;
        let application = format!("storelogs:{}", archive.identity()?);
        let mut table = Table::open(&*self.storage, entries::TABLE, self.now())?;
        identity::check(archive, &table, &application)?;
        let mut done = Exported::default();
        let mut rows = self.most_rows.min(FIRST_ROWS);
        while let Some(batch) = entries::Batch::read(
            archive,
            table.transaction(&application).unwrap_or_default(),
            &mut rows,
            self.most_rows,
        )? {
            let begun = self.now();
            let files = batch.write(&*self.storage, begun)?;
            let change = batch.change(&table, &application, &files);
            if table.commit(&change, [begun, self.now()])? == Outcome::Overtaken {
                // They are of no use: another export brought the same in.
                group::discard(&*self.storage, &table, &files)?;
                continue;
            }
            done.commits += 1;
            done.entries += batch.len();
            done.files += files.len() as u64;
            done.bytes += files.iter().map(|file| file.size.unsigned_abs()).sum::<u64>();
            let left = archive.newest_arrival()?.saturating_sub(batch.last()).max(0).unsigned_abs();
            progress(LakeStep::Entries { done, left });
        }
        progress(LakeStep::Counts);
        done.count_files = hours::export(self, archive, &application)?;
        coverage::export(self, archive, &application)?;
        Ok(done)
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }
}
