//! Tests that forgotten entries are gone: from the rows, from older versions, and from the log.

use std::collections::HashSet;
use std::fs;

use storelogs_collector::Error as Cause;
use storelogs_export::Error;

use crate::otlp::{deliver, got, keeping, otlp};
use crate::reader;
use crate::world::{World, entry};

const STORE: &str = "bigcommerce:abc123";

#[test]
fn a_forgotten_entry_is_in_no_file_and_in_no_version() {
    let mut world = World::with_entries(60);
    let mut person = entry(STORE, 70, "of a person");
    person.actor = Some("jane@example.com".to_owned());
    world.put(STORE, [person.clone()]);
    person.summary = Some("of a person, changed".to_owned());
    world.put(STORE, [person]);
    world.lake().with_commits_of(10).export(&world.archive).unwrap();
    let before = world.entries();
    let uids: HashSet<String> = [format!("{STORE}:70"), "bigcommerce:abc123:none".to_owned()].into();
    let done = world.lake().forget(&uids).unwrap();
    assert_eq!(done.rows, 2, "both forms");
    let left: HashSet<String> =
        before.iter().map(|row| format!("{row:?}")).filter(|row| !row.contains(":70\"")).collect();
    let found: HashSet<String> = world.entries().iter().map(|row| format!("{row:?}")).collect();
    assert_eq!(found, left);
    // Nothing lies about that counts no more, and no version before can be asked for.
    let table = world.table("entries");
    assert_eq!(reader::parquet_files(&table), reader::files(&table).into_keys().collect());
    let versions: Vec<u64> = reader::commits(&table).into_keys().collect();
    assert!(versions.iter().all(|version| *version >= done.version as u64), "{versions:?}, {done:?}");
    for file in fs::read_dir(table.join("_delta_log")).unwrap() {
        let content = fs::read(file.unwrap().path()).unwrap();
        let content = String::from_utf8_lossy(&content);
        assert!(!content.contains("abc123:70") && !content.contains("jane@"), "the log has it");
    }
    // It is not brought in again, and what comes is.
    let mut world = world;
    assert_eq!(world.export().unwrap().entries, 0);
    world.put(STORE, [entry(STORE, 71, "new")]);
    assert_eq!(world.export().unwrap().entries, 1);
    assert_eq!(world.entries().len(), left.len() + 1);
}

#[test]
fn entries_are_forgotten_where_a_lake_is_and_nowhere_else() {
    let world = World::with_entries(1);
    let uids: HashSet<String> = [format!("{STORE}:1")].into();
    assert!(!world.lake().is_there().unwrap());
    let error = world.lake().forget(&uids).unwrap_err();
    assert!(matches!(error, Error::NoLake { .. }), "{error}");
    world.export().unwrap();
    assert!(world.lake().is_there().unwrap());
    assert_eq!(world.lake().forget(&uids).unwrap().rows, 1);
}

#[test]
fn a_file_of_nothing_else_goes_as_a_whole_and_none_is_touched_without_need() {
    let world = World::with_entries(20);
    world.export().unwrap();
    let files = reader::files(&world.table("entries"));
    let of_platform = |platform: &str| files.keys().filter(|path| path.contains(platform)).cloned().collect::<Vec<_>>();
    let all: HashSet<String> = (1..=20).map(|id| format!("{STORE}:{id}")).collect();
    let done = world.lake().forget(&all).unwrap();
    assert_eq!(done.rows, 20);
    let left: Vec<String> = reader::files(&world.table("entries")).into_keys().collect();
    assert_eq!(left, of_platform("shopline"));
    assert_eq!(world.lake().forget(&all).unwrap().rows, 0);
}

/// What was read before would arrive after the lake and the receiver were cleared, and stay there.
#[test]
fn nobody_forgets_during_an_export_and_nobody_exports_during_forgetting() {
    let (receiver, kept) = keeping(|_| None);
    let mut world = World::with_entries(20);
    let other = world.other();
    let mut tries = Vec::new();
    world.lake().export_with(&world.archive, &mut |_| tries.push(other.lock_forgetting().is_ok())).unwrap();
    otlp(&receiver).deliver(&mut world.archive, &mut |_| tries.push(other.lock_forgetting().is_ok())).unwrap();
    assert!(tries.len() > 2 && tries.iter().all(|is_allowed| !is_allowed), "{tries:?}");

    world.put(STORE, [entry(STORE, 70, "new")]);
    let before = (world.entries().len(), got(&kept).len());
    let forgetting = other.lock_forgetting().unwrap();
    let is_refused = |error: Error| matches!(error, Error::Archive(Cause::Forgetting { .. }));
    assert!(is_refused(world.export().unwrap_err()));
    assert!(is_refused(deliver(&mut world, &receiver).unwrap_err()));
    assert_eq!((world.entries().len(), got(&kept).len()), before);
    drop(forgetting);
    assert_eq!((world.export().unwrap().entries, deliver(&mut world, &receiver).unwrap().sent), (1, 1));
}
