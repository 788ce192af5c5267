//! The folder that a row belongs to, and making a file of a folder.
//!
//! Folders are named by platform and month, never by store: to some engines `store=00123` is the number 123, and two shops
//! would become one.

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::columns::{FileWriter, fault};
use crate::delta::{Add, Table};
use crate::error::{Error, Result};
use crate::name::{folder_value, of_address, to_address, unique};
use crate::storage::{NewFile, Storage};

/// A folder: its columns and their values, in the order of the table.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Group(pub(super) Vec<(&'static str, String)>);

impl Group {
    /// The group of a platform and a month.
    pub(super) fn of(platform: &str, month: &Month) -> Self {
        Self(vec![("platform", platform.to_owned()), ("month", month.name.clone())])
    }

    /// The name of a new file in it.
    fn new_file(&self) -> String {
        let folders = self.0.iter().map(|(column, value)| format!("{column}={}/", folder_value(value)));
        format!("{}part-{}.zstd.parquet", folders.collect::<String>(), unique())
    }

    fn values(&self) -> BTreeMap<String, Option<String>> {
        self.0.iter().map(|(column, value)| ((*column).to_owned(), Some(value.clone()))).collect()
    }
}

/// A month in UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Month {
    /// The name, such as `2026-08`.
    pub(super) name: String,
    /// Its first microsecond since 1970, and the first one behind it.
    since: i64,
    until: i64,
}

impl Month {
    /// The month of a time in microseconds since 1970.
    pub(super) fn of(micros: i64) -> Self {
        let end = if micros < 0 { Timestamp::MIN } else { Timestamp::MAX };
        let date = Timestamp::from_microsecond(micros).unwrap_or(end).to_zoned_datetime(TimeZone::UTC).date();
        let edge = |date: jiff::civil::Date| {
            date.to_zoned_datetime(TimeZone::UTC).map(|time| time.timestamp().as_microsecond()).ok()
        };
        let since = edge(date.first_of_month()).unwrap_or(i64::MIN);
        let until = date.last_of_month().tomorrow().ok().and_then(edge).unwrap_or(i64::MAX);
        Self { name: format!("{:04}-{:02}", date.year(), date.month()), since, until }
    }

    pub(super) fn contains(&self, micros: i64) -> bool {
        (self.since..self.until).contains(&micros)
    }

    /// Whether it ended before this moment.
    pub(super) fn is_over(&self, now: Timestamp) -> bool {
        self.until <= now.as_microsecond()
    }
}

/// A file of a group that is being written.
pub(super) struct GroupFile {
    group: Group,
    name: String,
    full_name: String,
    writer: FileWriter<Box<dyn NewFile>>,
}

impl GroupFile {
    pub(super) fn begin(storage: &dyn Storage, table: &crate::delta::Definition, group: Group) -> Result<Self> {
        let name = group.new_file();
        let whole = format!("{}/{name}", table.name);
        let full_name = storage.full_name(&whole);
        let file = storage.begin(&whole)?;
        let writer = FileWriter::new(file, table.columns, super::MOST_ROWS).map_err(fault(&full_name))?;
        Ok(Self { group, name, full_name, writer })
    }

    /// Writes these rows in this order.
    pub(super) fn write(&mut self, rows: &crate::columns::Frozen, order: &[u32]) -> Result<()> {
        self.writer.write(rows, order).map_err(fault(&self.full_name))
    }

    /// Ends it. From now on a commit can name it.
    pub(super) fn finish(self, now: Timestamp) -> Result<Add> {
        let (file, written) = self.writer.finish().map_err(fault(&self.full_name))?;
        let size = file.finish()?;
        Ok(Add {
            path: to_address(&self.name),
            partition_values: self.group.values(),
            size: i64::try_from(size).unwrap_or(i64::MAX),
            modification_time: now.as_millisecond(),
            data_change: true,
            stats: Some(written.statistics()),
            tags: None,
        })
    }
}

/// The group of a file that counts.
pub(super) fn group_of(table: &Table<'_>, add: &Add) -> Group {
    let value = |column: &str| add.partition_values.get(column).cloned().flatten().unwrap_or_default();
    Group(table.definition.partitions.iter().map(|&column| (column, value(column))).collect())
}

/// The name of a file in the storage.
pub(super) fn file_of(table: &Table<'_>, add: &Add) -> Result<String> {
    let name = of_address(&add.path).filter(|name| !name.contains("://") && !name.starts_with('/'));
    let name = name.ok_or_else(|| Error::Table {
        table: table.address(),
        why: format!("it has a file outside of its folder, {}", add.path),
    })?;
    Ok(table.file_name(&name))
}

/// Removes files that no commit will name.
pub(super) fn discard(storage: &dyn Storage, table: &Table<'_>, files: &[Add]) -> Result<()> {
    files.iter().try_for_each(|file| storage.remove(&file_of(table, file)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_begins_and_ends_in_utc() {
        let micros = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        let august = Month::of(micros("2026-08-31T23:59:59.999999Z"));
        assert_eq!(august.name, "2026-08");
        assert!(august.contains(micros("2026-08-01T00:00:00Z")) && !august.contains(micros("2026-09-01T00:00:00Z")));
        let is_over = |now: &str| august.is_over(now.parse().unwrap());
        assert_eq!([is_over("2026-08-31T23:59:59Z"), is_over("2026-09-01T00:00:00Z")], [false, true]);
        assert_eq!(Month::of(-1).name, "1969-12");
        for edge in [i64::MIN, i64::MAX] {
            assert!(Month::of(edge).name.len() >= 7);
        }
    }
}
