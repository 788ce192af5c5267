//! Compaction: merging many small files into few large ones.
//!
//! An export writes a file for each month that it has entries of, so that it commits soon and needs little memory, and counts
//! by hour day by day. A compaction merges those of one month. Rows stay sorted by store and time within each row group.

use std::cmp::Ordering;

use parquet::file::reader::FileReader;

use super::group::{Group, GroupFile, discard, file_of};
use super::portions::{self, Portion};
use super::{Compacted, Lake, LakeStep, MOST_BYTES, MOST_ROWS, entries, hours};
use crate::columns::{Frozen, Rows, fault, read_row_group, reader};
use crate::delta::{Add, Change, Outcome, Table};
use crate::error::{Error, Result};
use crate::storage::Storage;

impl Lake {
    /// Puts small files of entries together, and removes what nobody needs any more: files that counted once, a week after,
    /// and what killed writers left, a day after.
    ///
    /// # Errors
    /// If the lake cannot be read or written. What was committed stays.
    pub fn compact(&self) -> Result<Compacted> {
        self.compact_with(&mut |_| {})
    }

    /// The same as [`compact`](Self::compact), and says how far it is.
    ///
    /// # Errors
    /// As there.
    pub fn compact_with(&self, progress: &mut dyn FnMut(LakeStep)) -> Result<Compacted> {
        self.storage.probe()?;
        let mut done = Compacted::default();
        let mut entries = Table::open(&*self.storage, entries::TABLE, self.now())?;
        let mut counts = Table::find(&*self.storage, hours::TABLE)?;
        let of_entries = portions::of_entries(&entries);
        let of_counts = counts.as_ref().map(|table| portions::of_counts(table, self.now())).unwrap_or_default();
        let mut merging = Merging { lake: self, done: &mut done, left: 0, progress };
        merging.left = of_entries.iter().chain(&of_counts).map(|portion| portion.files.len() as u64).sum();
        merging.merge(&mut entries, of_entries)?;
        if let Some(table) = &mut counts {
            merging.merge(table, of_counts)?;
        }
        let coverage = Table::find(&*self.storage, super::coverage::TABLE)?;
        for mut table in [Some(entries), counts, coverage].into_iter().flatten() {
            let cleaned = table.clean(self.now())?;
            done.cleaned.orphans += cleaned.orphans;
            done.cleaned.missing += cleaned.missing;
        }
        Ok(done)
    }
}

struct Merging<'a> {
    lake: &'a Lake,
    done: &'a mut Compacted,
    left: u64,
    progress: &'a mut dyn FnMut(LakeStep),
}

impl Merging<'_> {
    fn merge(&mut self, table: &mut Table<'_>, portions: Vec<Portion>) -> Result<()> {
        let mut is_changed = false;
        for Portion { group, files, tags } in portions {
            let begun = self.lake.now();
            let mut file = put_together(&*self.lake.storage, table, group, &files, begun)?;
            file.tags = tags;
            let change = Change {
                operation: "OPTIMIZE",
                removes: files.iter().map(|file| file.removed(begun.as_millisecond(), false)).collect(),
                adds: vec![file],
                transactions: Vec::new(),
            };
            match table.commit(&change, [begun, self.lake.now()])? {
                Outcome::Committed => {
                    self.done.from += files.len() as u64;
                    self.done.into += 1;
                    is_changed = true;
                }
                // Another one did it.
                Outcome::Overtaken => discard(&*self.lake.storage, table, &change.adds)?,
            }
            self.left -= files.len() as u64;
            (self.progress)(LakeStep::Merged { done: *self.done, left: self.left });
        }
        if is_changed { table.checkpoint(self.lake.now()) } else { Ok(()) }
    }
}

fn put_together(
    storage: &dyn Storage,
    table: &Table<'_>,
    group: Group,
    files: &[Add],
    now: jiff::Timestamp,
) -> Result<Add> {
    let mut into = GroupFile::begin(storage, &table.definition, group)?;
    let mut rows = Rows::new(table.definition.columns);
    for file in files {
        let name = file_of(table, file)?;
        let full_name = storage.full_name(&name);
        let from = reader(storage.open(&name)?).map_err(fault(&full_name))?;
        let mut read = 0;
        for number in 0..from.num_row_groups() {
            let row_group = from.get_row_group(number).map_err(|error| fault(&full_name)(error.into()))?;
            let before = rows.len();
            read_row_group(&*row_group, &mut rows).map_err(fault(&full_name))?;
            read += rows.len() - before;
            if rows.len() >= MOST_ROWS || rows.bytes() >= MOST_BYTES {
                put(&mut into, &mut rows)?;
            }
        }
        if let Some(expected) = rows_of(file)
            && expected != read as u64
        {
            return Err(Error::Parquet {
                file: full_name,
                why: format!("it holds {read} rows, and the log says {expected}; restore it from a backup").into(),
            });
        }
    }
    put(&mut into, &mut rows)?;
    let file = into.finish(now)?;
    Ok(Add { data_change: false, ..file })
}

/// How many rows a file has by the log.
pub(super) fn rows_of(file: &Add) -> Option<u64> {
    let statistics: serde_json::Value = serde_json::from_str(file.stats.as_deref()?).ok()?;
    statistics.get("numRecords")?.as_u64()
}

/// Writes rows in the order of the table.
pub(super) fn put(into: &mut GroupFile, rows: &mut Rows) -> Result<()> {
    let columns = rows.columns();
    let rows = std::mem::replace(rows, Rows::new(columns)).freeze();
    let order = sorted(&rows, |_| true);
    into.write(&rows, &order)
}

/// The rows that are kept, in the order of the table.
pub(super) fn sorted(rows: &Frozen, keep: impl Fn(u32) -> bool) -> Vec<u32> {
    let by: Vec<usize> = rows.sorted_columns().collect();
    let mut order: Vec<u32> = (0..).take(rows.rows).filter(|row| keep(*row)).collect();
    order.sort_by(|one, other| {
        by.iter()
            .map(|column| rows.compare(*column, *one, *other))
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    });
    order
}
