//! The log of a table when something is amiss with it.

use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use storelogs_export::Error;

use crate::reader;
use crate::world::{World, entry, now};

const STORE: &str = "bigcommerce:abc123";

fn log_file(world: &World, version: u64) -> std::path::PathBuf {
    world.table(&format!("entries/_delta_log/{version:020}.json"))
}

/// Two commits of entries.
fn world() -> World {
    let mut world = World::with_entries(10);
    world.export().unwrap();
    world.put(STORE, [entry(STORE, 20, "second")]);
    world.export().unwrap();
    world
}

#[test]
fn a_commit_that_is_empty_or_cut_is_noticed_and_can_be_taken_back() {
    let world = world();
    let whole = fs::read(log_file(&world, 2)).unwrap();
    let line_ends: Vec<usize> =
        whole.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at + 1).collect();
    let cuts = line_ends[..line_ends.len() - 1].iter().copied().chain([0, 1, 40]);
    for cut in cuts {
        fs::write(log_file(&world, 2), &whole[..cut]).unwrap();
        let error = world.export().unwrap_err();
        assert!(matches!(error, Error::Log { .. }), "{cut}: {error}");
        let said = error.to_string();
        assert!(said.contains("00000000000000000002.json") && said.contains("remove it"), "{said}");
        // Nothing was written beside it.
        assert!(!log_file(&world, 3).exists());
    }
    // The remedy works.
    fs::remove_file(log_file(&world, 2)).unwrap();
    assert_eq!(world.export().unwrap().entries, 1);
    world.assert_exact(&[&world.archive]);
}

#[test]
fn a_commit_that_is_missing_between_others_is_noticed() {
    let world = world();
    fs::remove_file(log_file(&world, 1)).unwrap();
    let error = world.export().unwrap_err().to_string();
    assert!(error.contains("00000000000000000001.json") && error.contains("missing"), "{error}");
}

#[test]
fn a_hint_that_points_at_nothing_is_put_right() {
    let world = world();
    let hint = world.table("entries/_delta_log/_last_checkpoint");
    for wrong in [r#"{"version":7,"size":3}"#, r#"{"version":1,"size":3,"parts":2}"#, "", "{"] {
        fs::write(&hint, wrong).unwrap();
        world.export().unwrap();
        assert!(!hint.exists(), "{wrong}");
    }
    world.assert_exact(&[&world.archive]);
    // Where there is a checkpoint, it points there.
    let mut world = world;
    for id in 30..42 {
        world.put(STORE, [entry(STORE, id, "more")]);
        world.export().unwrap();
    }
    let right = fs::read_to_string(&hint).unwrap();
    fs::write(&hint, r#"{"version":3,"size":3}"#).unwrap();
    world.export().unwrap();
    let version = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap()["version"].clone();
    assert_eq!(version(&fs::read_to_string(&hint).unwrap()), version(&right));
    world.assert_exact(&[&world.archive]);
}

/// Adds a commit as another program would.
fn commit_by_another(world: &World, version: u64, change: impl Fn(&mut serde_json::Value)) {
    let mut metadata = reader::commits(&world.table("entries"))[&0][1].clone();
    change(&mut metadata["metaData"]);
    let info = serde_json::json!({"commitInfo": {"operation": "SET TBLPROPERTIES", "engineInfo": "another"}});
    fs::write(log_file(world, version), format!("{info}\n{metadata}\n")).unwrap();
}

#[test]
fn a_table_that_forgets_transactions_or_has_what_not_every_reader_can_is_refused() {
    for (setting, value) in [
        ("delta.setTransactionRetentionDuration", "interval 7 days"),
        ("delta.enableDeletionVectors", "true"),
        ("delta.enableChangeDataFeed", "true"),
        ("delta.columnMapping.mode", "name"),
    ] {
        let world = world();
        commit_by_another(&world, 3, |table| table["configuration"][setting] = value.into());
        let error = world.export().unwrap_err();
        assert!(matches!(error, Error::Table { .. }) && error.to_string().contains(setting), "{error}");
        commit_by_another(&world, 4, |_| {});
        world.export().unwrap();
    }
    let world = world();
    commit_by_another(&world, 3, |table| table["configuration"]["delta.enableDeletionVectors"] = "false".into());
    world.export().unwrap();
    commit_by_another(&world, 4, |table| table["partitionColumns"] = serde_json::json!(["month"]));
    assert!(world.export().unwrap_err().to_string().contains("columns"));
}

#[test]
fn a_table_of_a_newer_protocol_is_left_alone() {
    let world = world();
    let lines = "{\"commitInfo\":{\"operation\":\"UPGRADE\"}}\n\
                 {\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7,\"readerFeatures\":[\"deletionVectors\"],\"writerFeatures\":[\"deletionVectors\"]}}\n";
    fs::write(log_file(&world, 3), lines).unwrap();
    let error = world.export().unwrap_err().to_string();
    assert!(error.contains("reader version 3") && error.contains("new folder"), "{error}");
    assert!(!log_file(&world, 4).exists());
}

#[test]
fn what_another_program_puts_together_is_taken_up() {
    let mut world = world();
    // It takes a file's name away and gives it another.
    let (path, add) = reader::files(&world.table("entries")).into_iter().next().unwrap();
    let moved = path.replace("part-", "other-");
    fs::copy(world.table("entries").join(&path), world.table("entries").join(&moved)).unwrap();
    let mut added = add.clone();
    (added["path"], added["dataChange"]) = (moved.into(), false.into());
    let lines = [
        serde_json::json!({"commitInfo": {"operation": "OPTIMIZE"}}),
        serde_json::json!({"remove": {"path": path, "dataChange": false, "deletionTimestamp": 1_785_600_000_000_i64}}),
        serde_json::json!({ "add": added }),
    ];
    let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
    fs::write(log_file(&world, 3), lines).unwrap();
    world.put(STORE, [entry(STORE, 33, "third")]);
    assert_eq!(world.export().unwrap().entries, 1);
    world.assert_exact(&[&world.archive]);
}

#[test]
fn roll_ups_that_another_program_has_put_together_are_brought_in_anew() {
    let world = world();
    for (table, version) in [("hours", 3), ("coverage", 3)] {
        let table = world.table(table);
        // It keeps no tags.
        let mut lines = vec![serde_json::json!({"commitInfo": {"operation": "OPTIMIZE"}})];
        for (path, mut add) in reader::files(&table) {
            let moved = path.replace("part-", "other-");
            fs::copy(table.join(&path), table.join(&moved)).unwrap();
            (add["path"], add["dataChange"], add["tags"]) = (moved.into(), false.into(), serde_json::Value::Null);
            lines.push(serde_json::json!({"remove": {"path": path, "dataChange": false, "deletionTimestamp": 1_785_600_000_000_i64}}));
            lines.push(serde_json::json!({ "add": add }));
        }
        let lines: String = lines.iter().map(|line| format!("{line}\n")).collect();
        fs::write(table.join(format!("_delta_log/{version:020}.json")), lines).unwrap();
    }
    let rows = |name: &str| reader::rows(&world.table(name)).len();
    let before = [rows("hours"), rows("coverage")];
    world.export().unwrap();
    assert_eq!([rows("hours"), rows("coverage")], before);
    assert_eq!(world.export().unwrap().count_files, 0);
}

fn set_age(path: &Path, hours: u64) {
    let time = SystemTime::try_from(now()).unwrap() - Duration::from_secs(hours * 3600);
    File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
}

#[test]
fn orphans_go_after_a_day_and_never_before() {
    let world = world();
    let folder = world.table("entries/platform=bigcommerce/month=2026-05");
    let young = folder.join("part-young.zstd.parquet");
    let old = folder.join("part-old.zstd.parquet");
    let unfinished = world.table("entries/_delta_log/.unfinished-abc");
    let not_ours = world.table("entries/notes.txt");
    for path in [&young, &old, &unfinished, &not_ours] {
        fs::write(path, "x").unwrap();
        set_age(path, 25);
    }
    set_age(&young, 23);
    // A file that counts is none, however old.
    for file in reader::files(&world.table("entries")).keys() {
        set_age(&world.table("entries").join(file), 1000);
    }
    assert_eq!(world.lake().compact().unwrap().cleaned.orphans, 2);
    assert_eq!([&young, &old, &unfinished, &not_ours].map(|path| path.exists()), [true, false, false, true]);
    world.assert_exact(&[&world.archive]);
}

#[test]
fn a_file_that_the_log_names_and_nobody_has_is_said() {
    let world = world();
    let (path, _) = reader::files(&world.table("entries")).into_iter().next_back().unwrap();
    fs::remove_file(world.table("entries").join(path)).unwrap();
    let compacted = world.lake().compact();
    // It is either missed when it is read, or counted.
    assert!(compacted.is_err() || compacted.unwrap().cleaned.missing == 1);
}

#[test]
fn a_place_that_is_no_folder_is_refused() {
    let world = World::new();
    let file = world.folder.path().join("file");
    fs::write(&file, "x").unwrap();
    for (address, why) in [(file.to_str().unwrap(), "is a file"), ("ftp://x/y", "name a folder"), ("s3://", "BUCKET")] {
        let error = storelogs_export::Lake::at(address, now).unwrap_err();
        assert!(matches!(error, Error::Address { .. }) && error.to_string().contains(why), "{error}");
    }
}
