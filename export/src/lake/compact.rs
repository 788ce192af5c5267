//! Compaction: merging many small files into few large ones.
//!
//! An export writes a file for each month that it has entries of, so that it commits soon and needs little memory. A
//! compaction merges those of one month. Rows stay sorted by store and time within each row group.

use std::collections::BTreeMap;

use parquet::file::reader::FileReader;

use super::entries::{self, STORE, TIME};
use super::group::{Group, GroupFile, discard, file_of, group_of};
use super::{Compacted, Lake, LakeStep, MOST_BYTES, MOST_ROWS};
use crate::columns::{Frozen, Rows, fault, read_row_group, reader};
use crate::delta::{Add, Change, Outcome, Table};
use crate::error::{Error, Result};
use crate::storage::Storage;

/// A file below this is small.
const SMALL: i64 = 64 << 20;

/// The largest size of a merged file.
const LARGE: i64 = 256 << 20;

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
        let mut table = Table::open(&*self.storage, entries::TABLE, self.now())?;
        let portions = portions(&table);
        let mut left = portions.iter().map(|(_, files)| files.len() as u64).sum::<u64>();
        for (group, files) in portions {
            let begun = self.now();
            let file = put_together(&*self.storage, &table, group, &files, begun)?;
            let change = Change {
                operation: "OPTIMIZE",
                removes: files.iter().map(|file| file.removed(begun.as_millisecond(), false)).collect(),
                adds: vec![file],
                transactions: Vec::new(),
            };
            match table.commit(&change, [begun, self.now()])? {
                Outcome::Committed => {
                    done.from += files.len() as u64;
                    done.into += 1;
                }
                // Another one did it.
                Outcome::Overtaken => discard(&*self.storage, &table, &change.adds)?,
            }
            left -= files.len() as u64;
            progress(LakeStep::Merged { done, left });
        }
        if done.into > 0 {
            table.checkpoint(self.now())?;
        }
        done.cleaned = table.clean(self.now())?;
        for definition in [super::hours::TABLE, super::coverage::TABLE] {
            if let Some(mut table) = Table::find(&*self.storage, definition)? {
                let cleaned = table.clean(self.now())?;
                done.cleaned.orphans += cleaned.orphans;
                done.cleaned.missing += cleaned.missing;
            }
        }
        Ok(done)
    }
}

/// The groups of files to compact.
fn portions(table: &Table<'_>) -> Vec<(Group, Vec<Add>)> {
    let mut groups: BTreeMap<Group, Vec<Add>> = BTreeMap::new();
    for file in table.files().filter(|file| file.size < SMALL) {
        groups.entry(group_of(table, file)).or_default().push(file.clone());
    }
    let mut portions = Vec::new();
    for (group, mut files) in groups {
        // Of stores and times that are near to each other.
        files.sort_by(|one, other| (&one.stats, &one.path).cmp(&(&other.stats, &other.path)));
        let mut portion: Vec<Add> = Vec::new();
        for file in files {
            if portion.iter().map(|file| file.size).sum::<i64>() + file.size > LARGE {
                portions.push((group.clone(), std::mem::take(&mut portion)));
            }
            portion.push(file);
        }
        portions.push((group, portion));
    }
    portions.retain(|(_, files)| files.len() > 1);
    portions
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

/// Writes rows by store and time.
pub(super) fn put(into: &mut GroupFile, rows: &mut Rows) -> Result<()> {
    let columns = rows.columns();
    let rows = std::mem::replace(rows, Rows::new(columns)).freeze();
    let order = sorted(&rows, |_| true);
    into.write(&rows, &order)
}

/// The rows that are kept, by store and time.
pub(super) fn sorted(rows: &Frozen, keep: impl Fn(u32) -> bool) -> Vec<u32> {
    let mut order: Vec<u32> = (0..).take(rows.rows).filter(|row| keep(*row)).collect();
    order.sort_by(|one, other| {
        let key = |row: u32| (rows.text(STORE, row), rows.number(TIME, row));
        key(*one).cmp(&key(*other))
    });
    order
}
