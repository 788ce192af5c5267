//! The table of counts by hour, for dashboards over thousands of stores.
//!
//! A file holds the counts of some days of a platform in one archive, and is written anew when a count of these days has
//! changed. The days, and the sum of the marks that the archive gives them, are tags of the file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use storelogs_collector::Archive;
use storelogs_collector::archive::HourCount;

use super::days::{ARCHIVE, Days, Held, counted};
use super::entries::severity;
use super::group::{Group, GroupFile, discard, group_of};
use super::{Lake, MOST_BYTES, MOST_ROWS};
use crate::columns::{Cell, Column, Kind, Layout, Rows};
use crate::delta::{Add, Change, Definition, Outcome, Table, Transaction};
use crate::error::Result;

pub(super) const TABLE: Definition = Definition {
    name: "hours",
    description: "How many entries of a kind each store has in each hour",
    columns: &COLUMNS,
    partitions: &["platform", "month"],
};

const COLUMNS: [Column; 10] = [
    Column::required("store", Kind::Text, Layout::Sorted),
    Column::required("hour", Kind::Time, Layout::Sorted),
    Column::required("severity", Kind::Text, Layout::Words),
    Column::required("severity_number", Kind::Int, Layout::Words),
    Column::text("category", Layout::Words),
    Column::text("module", Layout::Words),
    Column::text("action", Layout::Words),
    Column::text("actor", Layout::Words),
    Column::text("template", Layout::Words),
    Column::required("entries", Kind::Long, Layout::Words),
];

const HOUR: i64 = 3_600_000_000;

/// Writes the days whose counts have changed. Returns how many files were written or removed.
pub(super) fn export(lake: &Lake, archive: &Archive, application: &str) -> Result<u64> {
    let mut table = Table::open(&*lake.storage, TABLE, lake.now())?;
    loop {
        let begun = lake.now();
        let mut files: BTreeMap<Group, Vec<Add>> = BTreeMap::new();
        for file in table.files().filter(|file| file.tag(ARCHIVE) == Some(application)) {
            files.entry(group_of(&table, file)).or_default().push(file.clone());
        }
        let mut change = Change { operation: "WRITE", ..Change::default() };
        let mut gone: Vec<Add> = unowned(&table).cloned().collect();
        // What is counted meanwhile is written again next time.
        for (group, month) in counted(archive)? {
            let plan = month.plan(files.remove(&group).unwrap_or_default(), begun);
            for held in plan.write {
                let (mut file, held) = write(lake, archive, &group, held.days)?;
                file.tags = Some(held.tags(application));
                change.adds.push(file);
            }
            gone.extend(plan.remove);
        }
        gone.extend(files.into_values().flatten());
        let changed = change.adds.len().max(gone.len()) as u64;
        if changed == 0 {
            return Ok(0);
        }
        change.removes = gone.iter().map(|file| file.removed(begun.as_millisecond(), true)).collect();
        let from = table.transaction(application);
        let to = from.unwrap_or_default() + 1;
        change.transactions.push(Transaction { application: application.to_owned(), from, to });
        match table.commit(&change, [begun, lake.now()])? {
            Outcome::Committed => return Ok(changed),
            Outcome::Overtaken => discard(&*lake.storage, &table, &change.adds)?,
        }
    }
}

/// Files that nobody's tag is on: another program has put files of several archives together. They go, and each archive
/// brings its own in again.
pub(super) fn unowned<'a>(table: &'a Table<'_>) -> impl Iterator<Item = &'a Add> {
    table.files().filter(|file| file.tag(ARCHIVE).is_none())
}

/// Writes a file of days. Its marks are those of the counts in it, and not those of the plan: these may be older.
fn write(lake: &Lake, archive: &Archive, group: &Group, days: Days) -> Result<(Add, Held)> {
    let mut file = GroupFile::begin(&*lake.storage, &TABLE, group.clone())?;
    let mut rows = Rows::new(&COLUMNS);
    let mut failed = None;
    let platform = group.0.first().map(|(_, platform)| platform.as_str()).unwrap_or_default();
    let counted = archive.each_hour(platform, [days.first, days.end], |count| {
        rows.push(&cells(count));
        if rows.len() < MOST_ROWS && rows.bytes() < MOST_BYTES {
            return ControlFlow::Continue(());
        }
        match put(&mut file, &mut rows) {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => {
                failed = Some(error);
                ControlFlow::Break(())
            }
        }
    })?;
    if let Some(error) = failed {
        return Err(error);
    }
    put(&mut file, &mut rows)?;
    Ok((file.finish(lake.now())?, Held::with_marks(days, &counted)))
}

/// Writes the rows, which come in order.
fn put(file: &mut GroupFile, rows: &mut Rows) -> Result<()> {
    let rows = std::mem::replace(rows, Rows::new(&COLUMNS)).freeze();
    let order: Vec<u32> = (0..).take(rows.rows).collect();
    file.write(&rows, &order)
}

fn cells<'a>(count: &HourCount<'a>) -> [Cell<'a>; 10] {
    [
        Cell::from(count.store),
        Cell::Long(count.hour.saturating_mul(HOUR)),
        Cell::from(severity(count.severity)),
        Cell::Int(count.severity),
        Cell::Text(count.category),
        Cell::Text(count.module),
        Cell::Text(count.action),
        Cell::Text(count.actor),
        Cell::Text(count.template),
        Cell::Long(count.entries),
    ]
}
