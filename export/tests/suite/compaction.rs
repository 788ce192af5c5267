//! Small files put together.

use jiff::{SignedDuration, Timestamp};
use storelogs_export::{Lake, LakeStep};

use crate::reader;
use crate::world::{World, entry, now};

const STORE: &str = "bigcommerce:abc123";

/// A lake of many small files.
fn world() -> World {
    let mut world = World::with_entries(100);
    world.put(STORE, (1..20).map(|id| entry(STORE, id, "changed")));
    world.put(STORE, (400..420).map(|id| entry(STORE, id, "of another month")));
    world.lake().with_commits_of(9).export(&world.archive).unwrap();
    world
}

#[test]
fn many_small_files_become_few_and_hold_the_same() {
    let world = world();
    let before = reader::files(&world.table("entries")).len();
    let done = world.lake().compact().unwrap();
    let after = reader::files(&world.table("entries"));
    assert!(done.from as usize == before && done.into as usize == after.len(), "{done:?} of {before} into {after:?}");
    assert_eq!(after.len(), 3, "two months of one platform and one of the other");
    world.assert_exact(&[&world.archive]);
    // There is nothing left to do, and exports go on.
    assert_eq!(world.lake().compact().unwrap().into, 0);
    let mut world = world;
    world.put(STORE, [entry(STORE, 150, "new")]);
    assert_eq!(world.export().unwrap().entries, 1);
    world.assert_exact(&[&world.archive]);
}

#[test]
fn an_export_and_a_compaction_say_how_far_they_are_until_nothing_is_left() {
    let world = World::with_entries(100);
    let lake = world.lake().with_commits_of(30);
    let (mut exported, mut merged) = (Vec::new(), Vec::new());
    let mut note = |step: LakeStep| match step {
        LakeStep::Entries { done, left } => exported.push((done.entries, left)),
        LakeStep::Merged { done, left } => merged.push((done.from, left)),
        _ => {}
    };
    lake.export_with(&world.archive, &mut note).unwrap();
    let files = reader::files(&world.table("entries")).len() as u64;
    lake.compact_with(&mut note).unwrap();
    assert_eq!(exported, [(30, 170), (60, 140), (90, 110), (120, 80), (150, 50), (180, 20), (200, 0)]);
    assert!(merged.len() > 1 && merged.iter().all(|(from, left)| from + left == files), "{merged:?} of {files}");
    assert_eq!(merged.last().unwrap().1, 0);
}

#[test]
fn a_compaction_changes_no_data_by_its_own_word() {
    let world = world();
    world.lake().compact().unwrap();
    let commits = reader::commits(&world.table("entries"));
    let (_, last) = commits.last_key_value().unwrap();
    assert_eq!(last.last().unwrap()["commitInfo"]["operation"], "OPTIMIZE");
    for line in last {
        for action in ["add", "remove"] {
            assert!(line[action].is_null() || line[action]["dataChange"] == false, "{line}");
        }
    }
}

#[test]
fn compactions_and_exports_at_once_lose_and_double_nothing() {
    let world = world();
    let mut archive = storelogs_collector::Archive::open(world.archive.path()).unwrap();
    let folder = world.lake_folder();
    let lake = || Lake::at(folder.to_str().unwrap(), now).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| lake().compact().unwrap());
        }
        for id in 200..215 {
            crate::world::put(&mut archive, STORE, [entry(STORE, id, "meanwhile")]);
            lake().export(&archive).unwrap();
        }
    });
    world.assert_exact(&[&world.archive]);
    world.lake().compact().unwrap();
    world.assert_exact(&[&world.archive]);
}

#[test]
fn what_counted_once_stays_for_a_week() {
    fn later(hours: i64) -> Timestamp {
        now() + SignedDuration::from_hours(hours)
    }
    let world = world();
    let table = world.table("entries");
    world.lake().compact().unwrap();
    let count = reader::files(&table).len();
    let old = reader::parquet_files(&table).len();
    assert!(old > count);
    let folder = world.lake_folder();
    let at = |clock| Lake::at(folder.to_str().unwrap(), clock).unwrap();
    // A checkpoint is where they go.
    let mut world = world;
    let mut export = |clock: fn() -> Timestamp, ids: std::ops::Range<u64>| {
        for id in ids {
            world.put(STORE, [entry(STORE, id, "new")]);
            at(clock).export(&world.archive).unwrap();
        }
    };
    export(|| later(6 * 24), 300..312);
    assert!(reader::parquet_files(&table).len() >= old);
    export(|| later(8 * 24), 312..324);
    assert_eq!(reader::parquet_files(&table), reader::files(&table).into_keys().collect());
    world.assert_exact(&[&world.archive]);
}

/// A lake with counts of two months that are over and of two days of this one.
fn counted() -> World {
    let mut world = World::with_entries(100);
    world.put(STORE, (920..940).filter(|id| *id != 925).map(|id| entry(STORE, id, "of August")));
    assert_eq!(world.export().unwrap().count_files, 4);
    world
}

#[test]
fn an_export_writes_the_counts_of_no_other_days_than_those_that_have_changed() {
    let mut world = counted();
    let table = world.table("hours");
    let before = reader::files(&table);
    world.put(STORE, [entry(STORE, 925, "late")]);
    assert_eq!(world.export().unwrap().count_files, 1);
    let after = reader::files(&table);
    let new: Vec<_> = after.iter().filter(|(path, _)| !before.contains_key(*path)).collect();
    assert_eq!((new.len(), after.len()), (1, 4));
    assert_eq!(new[0].1["tags"]["storelogs.days"], "20666..20667");
}

#[test]
fn days_of_a_month_that_is_over_are_merged_and_stay_what_the_archive_counts() {
    fn in_september() -> Timestamp {
        "2026-09-01T00:00:00Z".parse().unwrap()
    }
    let world = counted();
    let table = world.table("hours");
    let rows = || {
        let mut rows = reader::rows(&table);
        rows.sort();
        rows
    };
    let before = rows();
    world.lake().compact().unwrap();
    assert_eq!(reader::files(&table).len(), 4, "the month lasts");
    let later = Lake::at(world.lake_folder().to_str().unwrap(), in_september).unwrap();
    assert_eq!(later.compact().unwrap().into, 1);
    assert_eq!((reader::files(&table).len(), rows()), (3, before));
    assert_eq!(later.export(&world.archive).unwrap().count_files, 0);
    assert_eq!(later.compact().unwrap().into, 0);
}
