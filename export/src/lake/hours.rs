//! The table of counts by hour, for dashboards over thousands of stores.
//!
//! A month of a platform is one file for each archive, and is written anew when a count in it has changed. A
//! fingerprint of all its counts is a tag of the file.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use storelogs_collector::Archive;
use storelogs_collector::archive::HourCount;

use super::entries::severity;
use super::group::{Group, GroupFile, Month, discard, group_of};
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

/// The archive that a file is of.
pub(super) const ARCHIVE: &str = "storelogs.archive";
/// The print of what it holds.
const PRINT: &str = "storelogs.print";

const HOUR: i64 = 3_600_000_000;

/// Writes what has changed. Returns how many months of a platform that were.
pub(super) fn export(lake: &Lake, archive: &Archive, application: &str) -> Result<u64> {
    let mut table = Table::open(&*lake.storage, TABLE, lake.now())?;
    loop {
        let begun = lake.now();
        let own = own_files(&table, application);
        let prints = prints(archive)?;
        let mut change = Change { operation: "WRITE", ..Change::default() };
        for (group, (month, print)) in &prints {
            let held = own.get(group);
            if held.is_some_and(|held| held.tag(PRINT) == Some(print)) {
                continue;
            }
            change.removes.extend(held.map(|held| held.removed(begun.as_millisecond(), true)));
            let mut file = write(lake, archive, group, month)?;
            file.tags = Some(tags(application, print));
            change.adds.push(file);
        }
        change.removes.extend(unowned(&table).map(|file| file.removed(begun.as_millisecond(), true)));
        let gone = own.iter().filter(|(group, _)| !prints.contains_key(group));
        change.removes.extend(gone.map(|(_, held)| held.removed(begun.as_millisecond(), true)));
        let months = change.adds.len().max(change.removes.len()) as u64;
        if months == 0 {
            return Ok(0);
        }
        let from = table.transaction(application);
        let to = from.unwrap_or_default() + 1;
        change.transactions.push(Transaction { application: application.to_owned(), from, to });
        match table.commit(&change, [begun, lake.now()])? {
            Outcome::Committed => return Ok(months),
            Outcome::Overtaken => discard(&*lake.storage, &table, &change.adds)?,
        }
    }
}

/// Files that nobody's tag is on: another program has put files of several archives together. They go, and each archive
/// brings its own in again.
pub(super) fn unowned<'a>(table: &'a Table<'_>) -> impl Iterator<Item = &'a Add> {
    table.files().filter(|file| file.tag(ARCHIVE).is_none())
}

fn own_files(table: &Table<'_>, application: &str) -> BTreeMap<Group, Add> {
    let own = table.files().filter(|file| file.tag(ARCHIVE) == Some(application));
    own.map(|file| (group_of(table, file), file.clone())).collect()
}

fn tags(application: &str, print: &str) -> BTreeMap<String, Option<String>> {
    [(ARCHIVE, application), (PRINT, print)].map(|(name, value)| (name.to_owned(), Some(value.to_owned()))).into()
}

/// The months that anything was counted in, and their prints.
fn prints(archive: &Archive) -> Result<BTreeMap<Group, (Month, String)>> {
    let platforms: BTreeMap<_, _> =
        archive.stores()?.into_iter().map(|(id, store)| (id, store.platform().as_str().to_owned())).collect();
    let mut months: BTreeMap<_, Vec<(Month, u64)>> = BTreeMap::new();
    archive.each_hour_print(|store, hour, print| {
        let Some(platform) = platforms.get(&store) else { return };
        let months = months.entry(platform.as_str()).or_default();
        let time = hour.saturating_mul(HOUR);
        // The last one first: hours of a store come in their order.
        match months.iter_mut().rev().find(|(month, _)| month.contains(time)) {
            Some((_, sum)) => *sum = sum.wrapping_add(print),
            None => months.push((Month::of(time), print)),
        }
    })?;
    let named = |(platform, months): (&str, Vec<(Month, u64)>)| {
        let named =
            months.into_iter().map(|(month, print)| (Group::of(platform, &month), (month, format!("{print:016x}"))));
        named.collect::<Vec<_>>()
    };
    Ok(months.into_iter().flat_map(named).collect())
}

fn write(lake: &Lake, archive: &Archive, group: &Group, month: &Month) -> Result<Add> {
    let stores: BTreeMap<_, _> = archive.stores()?.into_iter().collect();
    let mut file = GroupFile::begin(&*lake.storage, &TABLE, group.clone())?;
    let mut rows = Rows::new(&COLUMNS);
    let mut failed = None;
    let platform = group.0.first().map(|(_, platform)| platform.as_str()).unwrap_or_default();
    archive.each_hour(platform, month.hours(), |count| {
        let Some(store) = stores.get(&count.store) else { return ControlFlow::Continue(()) };
        rows.push(&cells(count, store.name()));
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
    file.finish(lake.now())
}

/// Writes the rows, which come in order.
fn put(file: &mut GroupFile, rows: &mut Rows) -> Result<()> {
    let rows = std::mem::replace(rows, Rows::new(&COLUMNS)).freeze();
    let order: Vec<u32> = (0..).take(rows.rows).collect();
    file.write(&rows, &order)
}

fn cells<'a>(count: &HourCount<'a>, store: &'a str) -> [Cell<'a>; 10] {
    [
        Cell::from(store),
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
