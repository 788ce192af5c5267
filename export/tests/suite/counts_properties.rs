//! The law of the counts by hour: after an export, the lake has those of the archive, whatever was done before.
//!
//! It is tried on made-up lives of two archives that share a lake: entries come, come late, change and are deleted; days are
//! deleted as a whole; entries are pruned; clocks jump; compactions run at any time.

use std::cell::Cell;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};
use storelogs::Severity;
use storelogs_collector::Archive;
use storelogs_export::storage::{Creation, LocalStorage, NewFile, Storage, Stored};
use storelogs_export::{Lake, Result};

use crate::reader;
use crate::world::{World, entry, put};

const STORES: [&str; 3] = ["bigcommerce:abc123", "bigcommerce:xyz789", "shopline:00123"];

thread_local! {
    static NOW: Cell<Timestamp> = const { Cell::new(Timestamp::UNIX_EPOCH) };
}

fn now() -> Timestamp {
    NOW.get()
}

/// Numbers that are the same in every run.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

/// A day near the edges of months, in 1969 or at the far end of time now and then.
fn time(numbers: &mut Numbers) -> Timestamp {
    let start: Timestamp = match numbers.below(12) {
        0 => "1969-12-30T00:00:00Z",
        1 => "9999-12-26T00:00:00Z",
        2..6 => "2026-06-29T00:00:00Z",
        _ => "2026-07-30T00:00:00Z",
    }
    .parse()
    .unwrap();
    let edge = [0, 1, 86_399, 43_200][usize::try_from(numbers.below(4)).unwrap()];
    start + SignedDuration::from_secs(i64::try_from(numbers.below(4)).unwrap() * 86_400 + edge)
}

fn columns() -> [&'static str; 9] {
    ["platform", "store", "hour", "severity", "category", "module", "action", "actor", "template"]
}

fn of_archive(path: &Path) -> Vec<String> {
    let sql = rusqlite::Connection::open(path).unwrap();
    let joined = "platform || '|' || store.name || '|' || (hour.hour * 3600000000) || '|' || kind.severity || '|' || \
         coalesce(category, '') || '|' || coalesce(module, '') || '|' || coalesce(action, '') || '|' || \
         coalesce(actor, '') || '|' || coalesce(shape, '') || '|' || entries";
    let find =
        format!("SELECT {joined} FROM hour JOIN store ON store.id = hour.store JOIN kind ON kind.id = hour.kind");
    let mut find = sql.prepare(&find).unwrap();
    find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

fn of_lake(table: &Path) -> Vec<String> {
    let rows = reader::rows(table);
    let text = |row: &reader::Row, column: &str| row.get(column).cloned().unwrap_or_default();
    let line = |row: &reader::Row| {
        let named = columns().map(|column| match column {
            "severity" => text(row, "severity_number"),
            column => text(row, column),
        });
        format!("{}|{}", named.join("|"), text(row, "entries"))
    };
    let mut rows: Vec<String> = rows.iter().map(line).collect();
    rows.sort();
    rows
}

fn delete(archive: &mut Archive, of: &str, time: Timestamp) {
    let sql = rusqlite::Connection::open(archive.path()).unwrap();
    let (since, until) = match of {
        "hour" => (time, time + SignedDuration::from_hours(1)),
        _ => (time - SignedDuration::from_hours(36), time + SignedDuration::from_hours(36)),
    };
    let range = [since.as_microsecond(), until.as_microsecond()];
    sql.execute("DELETE FROM entry WHERE time >= ?1 AND time < ?2", range).unwrap();
    drop(sql);
    archive.settle().unwrap();
}

fn prune(archive: &mut Archive, store: &str, until: Timestamp) {
    let Some(store) = archive.store_id(&store.parse().unwrap()).unwrap() else { return };
    archive.prune(store, &[(Severity::Info, until)], now(), |_| {}).unwrap();
}

fn live(seed: u64) {
    let mut numbers = Numbers(seed);
    let world = World::new();
    let folder = world.folder.path();
    let mut archives =
        vec![Archive::open(folder.join("one.db")).unwrap(), Archive::open(folder.join("two.db")).unwrap()];
    let lake = Lake::at(world.lake_folder().to_str().unwrap(), now).unwrap();
    let mut done = Vec::new();
    for _ in 0..25 {
        let clocks = ["2026-06-30T12:00:00Z", "2026-07-31T23:59:59Z", "2026-08-01T00:00:00Z", "2026-09-01T00:00:00Z"];
        NOW.set(clocks[usize::try_from(numbers.below(4)).unwrap()].parse().unwrap());
        let which = usize::try_from(numbers.below(2)).unwrap();
        let archive = &mut archives[which];
        let step = numbers.below(12);
        done.push((which, step));
        match step {
            0..4 => {
                let store = STORES[usize::try_from(numbers.below(3)).unwrap()];
                let entries: Vec<_> = (0..=numbers.below(5))
                    .map(|_| {
                        let mut entry = entry(store, numbers.below(30), "said");
                        entry.time = time(&mut numbers);
                        entry.module = Some(format!("module {}", numbers.below(3)));
                        (entry.id.clone(), entry)
                    })
                    .collect::<std::collections::BTreeMap<_, _>>()
                    .into_values()
                    .collect();
                put(archive, store, entries);
            }
            4 => delete(archive, "hour", time(&mut numbers)),
            5 => delete(archive, "days", time(&mut numbers)),
            6 => drop(lake.compact().unwrap()),
            7 => prune(archive, STORES[usize::try_from(numbers.below(3)).unwrap()], time(&mut numbers)),
            _ => drop(lake.export(archive).unwrap()),
        }
    }
    for archive in &archives {
        lake.export(archive).unwrap();
    }
    let mut expected: Vec<String> = archives.iter().flat_map(|archive| of_archive(archive.path())).collect();
    expected.sort();
    let table = world.table("hours");
    assert_eq!(of_lake(&table), expected, "seed {seed}: {done:?}");
    NOW.set("2026-10-01T00:00:00Z".parse().unwrap());
    lake.compact().unwrap();
    assert_eq!(of_lake(&table), expected, "seed {seed}, merged: {done:?}");
    for archive in &archives {
        assert_eq!(lake.export(archive).unwrap().count_files, 0, "seed {seed}: {done:?}");
    }
}

#[test]
fn after_an_export_the_lake_has_the_counts_of_the_archive_whatever_was_done_before() {
    (0..4).for_each(live);
}

/// A storage of a folder. Before the first file of counts is written, entries come.
#[derive(Debug)]
struct Meanwhile {
    folder: LocalStorage,
    archive: PathBuf,
    is_done: AtomicBool,
}

impl Storage for Meanwhile {
    fn begin(&self, name: &str) -> Result<Box<dyn NewFile>> {
        if name.starts_with("hours/") && !self.is_done.swap(true, Ordering::Relaxed) {
            let mut archive = Archive::open(&self.archive).unwrap();
            put(&mut archive, STORES[0], [entry(STORES[0], 2, "meanwhile")]);
            put(&mut archive, STORES[1], [entry(STORES[1], 3, "of a new store")]);
        }
        self.folder.begin(name)
    }

    fn address(&self) -> &str {
        self.folder.address()
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>> {
        self.folder.read(name)
    }

    fn open(&self, name: &str) -> Result<File> {
        self.folder.open(name)
    }

    fn create(&self, name: &str, content: &[u8]) -> Result<Creation> {
        self.folder.create(name, content)
    }

    fn replace(&self, name: &str, content: &[u8]) -> Result<()> {
        self.folder.replace(name, content)
    }

    fn probe(&self) -> Result<()> {
        self.folder.probe()
    }

    fn list(&self, folder: &str) -> Result<Vec<Stored>> {
        self.folder.list(folder)
    }

    fn remove(&self, name: &str) -> Result<()> {
        self.folder.remove(name)
    }
}

/// Else a backup of before these entries, put back, would have the mark of counts that it has not.
#[test]
fn a_file_has_the_marks_of_the_counts_in_it_when_entries_come_meanwhile() {
    let mut world = World::new();
    world.put(STORES[0], [entry(STORES[0], 1, "before")]);
    let storage = Meanwhile {
        folder: LocalStorage::new(world.lake_folder()).unwrap(),
        archive: world.archive.path().to_owned(),
        is_done: AtomicBool::new(false),
    };
    let lake = Lake::on(Box::new(storage), crate::world::now);
    assert_eq!(lake.export(&world.archive).unwrap().count_files, 1);
    let mut expected = of_archive(world.archive.path());
    expected.sort();
    assert_eq!(expected.len(), 3);
    assert_eq!(of_lake(&world.table("hours")), expected);
    assert_eq!(lake.export(&world.archive).unwrap().count_files, 0);
}
