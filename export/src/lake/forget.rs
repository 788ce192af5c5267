//! Forgetting: removes entries from the lake.
//!
//! A row that is deleted from a Delta table stays in its old file as long as an older version can be read. Here the
//! file is rewritten, and the old one removed at once, together with what the log says of it.

use std::collections::HashSet;

use parquet::file::reader::FileReader;

use super::compact::sorted;
use super::entries::{self, UID};
use super::group::{GroupFile, discard, file_of, group_of};
use super::{Forgotten, Lake};
use crate::columns::{Rows, fault, read_row_group, reader};
use crate::delta::{Add, Change, Outcome, Table};
use crate::error::{Error, Result};

impl Lake {
    /// Whether a lake is here that entries can be taken out of.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn is_there(&self) -> Result<bool> {
        Ok(Table::find(&*self.storage, entries::TABLE)?.is_some())
    }

    /// Removes entries from the lake, with all their revisions. Earlier versions of the table can no longer be read.
    /// Only the table of entries is changed: the next export brings the counts by hour in line with the archive.
    ///
    /// # Errors
    /// [`Error::NoLake`] if there is none: nobody may take a wrong address for a lake that is clear. Or if it cannot be read or
    /// written. It can then be repeated.
    pub fn forget(&self, uids: &HashSet<String>) -> Result<Forgotten> {
        let mut done = Forgotten::default();
        let Some(mut table) = Table::find(&*self.storage, entries::TABLE)? else {
            return Err(Error::NoLake { address: self.storage.address().to_owned() });
        };
        self.storage.probe()?;
        // A concurrent compaction may move rows into files that were not checked.
        loop {
            let begun = self.now();
            let mut change = Change { operation: "DELETE", ..Change::default() };
            let mut rows = 0;
            for file in table.files().cloned().collect::<Vec<_>>() {
                if let Some((without, gone)) = self.without(&table, &file, uids, begun)? {
                    rows += gone;
                    change.adds.extend(without);
                    change.removes.push(file.removed(begun.as_millisecond(), true));
                }
            }
            if change.removes.is_empty() {
                break;
            }
            match table.commit(&change, [begun, self.now()])? {
                Outcome::Committed => {
                    done.rows += rows;
                    done.files += change.removes.len() as u64;
                }
                Outcome::Overtaken => discard(&*self.storage, &table, &change.adds)?,
            }
        }
        table.drop_history(self.now())?;
        done.version = table.version();
        Ok(done)
    }

    /// A file without these entries, if any rows are left, and how many were removed. `None` if it has none of them.
    fn without(
        &self,
        table: &Table<'_>,
        file: &Add,
        uids: &HashSet<String>,
        now: jiff::Timestamp,
    ) -> Result<Option<(Option<Add>, u64)>> {
        let name = file_of(table, file)?;
        let full_name = self.storage.full_name(&name);
        let from = reader(self.storage.open(&name)?).map_err(fault(&full_name))?;
        let group = |number| from.get_row_group(number).map_err(|error| fault(&full_name)(error.into()));
        let mut may_have = false;
        for number in 0..from.num_row_groups() {
            let filter = group(number)?;
            let filter = filter.get_column_bloom_filter(UID);
            may_have |= uids.iter().any(|uid| filter.is_none_or(|filter| filter.check(&uid.as_str())));
        }
        if !may_have {
            return Ok(None);
        }
        let mut into = GroupFile::begin(&*self.storage, &table.definition, group_of(table, file))?;
        let (mut gone, mut left) = (0, 0);
        for number in 0..from.num_row_groups() {
            let mut rows = Rows::new(table.definition.columns);
            read_row_group(&*group(number)?, &mut rows).map_err(fault(&full_name))?;
            let rows = rows.freeze();
            let order = sorted(&rows, |row| !rows.text(UID, row).is_some_and(|uid| uids.contains(uid)));
            gone += (rows.rows - order.len()) as u64;
            left += order.len();
            into.write(&rows, &order)?;
        }
        let written = into.finish(now)?;
        if gone == 0 || left == 0 {
            discard(&*self.storage, table, std::slice::from_ref(&written))?;
        }
        Ok((gone > 0).then_some(((left > 0).then_some(written), gone)))
    }
}
