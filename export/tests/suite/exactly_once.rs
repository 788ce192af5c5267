//! Nothing twice, nothing lost, or it is said.

use std::fs;

use storelogs_collector::Archive;
use storelogs_export::{Error, Lake};

use crate::reader;
use crate::world::{World, copy, entry, now, put};

const BIGCOMMERCE: &str = "bigcommerce:abc123";
const SHOPLINE: &str = "shopline:00123";

#[test]
fn everything_is_there_once_and_just_as_the_archive_has_it() {
    let mut world = World::with_entries(500);
    let mut odd = entry(BIGCOMMERCE, 900, "odd");
    odd.time = "2026-07-31T23:59:59.999999999Z".parse().unwrap();
    odd.utc_offset = "-09:30".parse().unwrap();
    odd.message = Some("<b>'\"; DROP TABLE entry; --\0\u{1f980}\n".to_owned());
    odd.extra = serde_json::from_str(r#"{"n": 18446744073709551616.10, "deep": {"list": [1, null, ""]}}"#).unwrap();
    odd.actor = Some(String::new());
    (odd.severity_text, odd.module, odd.summary) = (None, None, None);
    let mut long = entry(SHOPLINE, 901, "long");
    long.message = Some("x".repeat(300_000));
    long.id = "007".to_owned();
    long.uid = format!("{SHOPLINE}:007");
    let mut early = entry(SHOPLINE, 7_305_101_022_031_839_238 % 1000, "early");
    early.id = "7305101022031839238".to_owned();
    early.uid = format!("{SHOPLINE}:7305101022031839238");
    early.time = "1969-12-31T23:59:59.5Z".parse().unwrap();
    world.put(BIGCOMMERCE, [odd]);
    world.put(SHOPLINE, [early, long]);
    let done = world.export().unwrap();
    assert_eq!((done.entries, done.commits), (1003, 1));
    world.assert_exact(&[&world.archive]);
}

#[test]
fn the_next_export_brings_what_came_since_and_no_other() {
    let mut world = World::with_entries(20);
    world.export().unwrap();
    assert_eq!(world.export().unwrap().entries, 0);
    // One late, one changed so that it stands in another month, one changed twice, and one new.
    world.put(BIGCOMMERCE, [entry(BIGCOMMERCE, 400, "new")]);
    let mut late = entry(BIGCOMMERCE, 3, "late");
    (late.id, late.uid) = ("3000".to_owned(), format!("{BIGCOMMERCE}:3000"));
    let mut moved = entry(BIGCOMMERCE, 5, "moved");
    moved.time = "2026-08-01T00:00:00Z".parse().unwrap();
    world.put(BIGCOMMERCE, [late, moved]);
    world.put(SHOPLINE, [entry(SHOPLINE, 9, "changed")]);
    world.put(SHOPLINE, [entry(SHOPLINE, 9, "changed again")]);
    assert_eq!(world.export().unwrap().entries, 5);
    world.assert_exact(&[&world.archive]);
    let of_nine = |row: &&reader::Row| row["uid"] == format!("{SHOPLINE}:9");
    let newest = world.entries().iter().filter(of_nine).max_by_key(|row| row["revision"].clone()).cloned().unwrap();
    assert_eq!((newest["revision"].as_str(), newest["summary"].as_str()), ("2", "changed again 9"));
}

#[test]
fn many_commits_are_as_good_as_one() {
    let mut world = World::with_entries(60);
    world.put(SHOPLINE, (1..30).map(|id| entry(SHOPLINE, id, "changed")));
    let lake = world.lake().with_commits_of(7);
    let done = lake.export(&world.archive).unwrap();
    assert_eq!((done.entries, done.commits), (149, 22));
    world.assert_exact(&[&world.archive]);
    // Checkpoints came in between, and what they say is what the log says.
    assert!(world.table("entries/_delta_log/00000000000000000020.checkpoint.parquet").exists());
    let with = reader::files(&world.table("entries"));
    fs::remove_file(world.table("entries/_delta_log/_last_checkpoint")).unwrap();
    let without = reader::files(&world.table("entries"));
    assert_eq!(with.keys().collect::<Vec<_>>(), without.keys().collect::<Vec<_>>());
}

#[test]
fn two_exports_at_once_bring_everything_once() {
    let mut world = World::with_entries(80);
    world.put(BIGCOMMERCE, (1..40).map(|id| entry(BIGCOMMERCE, id, "changed")));
    let (path, folder) = (world.archive.path().to_owned(), world.lake_folder());
    let export = || {
        let archive = Archive::read(&path).unwrap();
        let lake = Lake::at(folder.to_str().unwrap(), now).unwrap().with_commits_of(5);
        lake.export(&archive).unwrap().entries
    };
    let brought: u64 = std::thread::scope(|scope| {
        let exports: Vec<_> = (0..4).map(|_| scope.spawn(export)).collect();
        exports.into_iter().map(|export| export.join().unwrap()).sum()
    });
    assert_eq!(brought, 199);
    world.assert_exact(&[&world.archive]);
    // Whoever was beaten took its files away, and the roll-ups are there once.
    let table = world.table("entries");
    assert_eq!(reader::parquet_files(&table), reader::files(&table).into_keys().collect());
    let counted: u64 =
        reader::rows(&world.table("hours")).iter().map(|row| row["entries"].parse::<u64>().unwrap()).sum();
    assert_eq!(counted, 160);
}

#[test]
fn several_archives_share_a_lake() {
    let world = World::with_entries(30);
    let mut other = Archive::open(world.folder.path().join("other.db")).unwrap();
    put(&mut other, "bigcommerce:other", (1..=40).map(|id| entry("bigcommerce:other", id, "of the other")));
    for _ in 0..2 {
        world.export().unwrap();
        world.lake().export(&other).unwrap();
    }
    world.assert_exact(&[&world.archive, &other]);
    let counted: u64 =
        reader::rows(&world.table("hours")).iter().map(|row| row["entries"].parse::<u64>().unwrap()).sum();
    assert_eq!(counted, 100);
    let stores: std::collections::BTreeSet<String> =
        reader::rows(&world.table("coverage")).into_iter().map(|row| row["store"].clone()).collect();
    assert_eq!(stores.into_iter().collect::<Vec<_>>(), ["00123", "abc123", "other"]);
}

#[test]
fn an_entry_of_two_archives_has_its_current_form_by_the_query_that_the_page_has() {
    let mut world = World::with_entries(20);
    let form = |summary: &str, seconds: i64| {
        let mut entry = entry(BIGCOMMERCE, 5, summary);
        entry.observed += jiff::SignedDuration::from_secs(seconds);
        entry
    };
    world.put(BIGCOMMERCE, [form("changed", 60)]);
    world.export().unwrap();
    // Its store moves to an archive that numbers arrivals and revisions anew.
    let mut other = Archive::open(world.folder.path().join("other.db")).unwrap();
    put(&mut other, BIGCOMMERCE, [form("changed", 120)]);
    put(&mut other, BIGCOMMERCE, [form("changed again", 180)]);
    world.lake().export(&other).unwrap();
    let page = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/lake.md")).unwrap();
    let (_, order) = page.split_once("PARTITION BY uid ORDER BY ").unwrap();
    let columns = order.split(") = 1").next().unwrap().split(", ").map(|column| column.strip_suffix(" DESC").unwrap());
    let columns: Vec<&str> = columns.collect();
    let number = |row: &reader::Row, column: &str| row[column].parse::<i64>().unwrap();
    let of_five = world.entries().into_iter().filter(|row| row["uid"] == format!("{BIGCOMMERCE}:5"));
    let newest =
        of_five.max_by_key(|row| columns.iter().map(|column| number(row, column)).collect::<Vec<_>>()).unwrap();
    assert_eq!(newest["summary"], "changed again 5");
}

#[test]
fn a_lake_restored_from_yesterday_gets_what_it_lacks() {
    let mut world = World::with_entries(30);
    world.export().unwrap();
    let yesterday = world.folder.path().join("yesterday");
    copy(&world.lake_folder(), &yesterday);
    world.put(BIGCOMMERCE, (31..50).map(|id| entry(BIGCOMMERCE, id, "since")));
    world.put(BIGCOMMERCE, [entry(BIGCOMMERCE, 7, "changed")]);
    world.export().unwrap();
    fs::remove_dir_all(world.lake_folder()).unwrap();
    copy(&yesterday, &world.lake_folder());
    assert_eq!(world.export().unwrap().entries, 20);
    world.assert_exact(&[&world.archive]);
}

#[test]
fn an_archive_restored_from_yesterday_is_refused_even_when_it_has_grown_again() {
    let mut world = World::with_entries(30);
    world.export().unwrap();
    let yesterday = world.folder.path().join("yesterday.db");
    rusqlite::Connection::open(world.archive.path())
        .unwrap()
        .execute("VACUUM INTO ?1", [yesterday.to_str().unwrap()])
        .unwrap();
    world.put(BIGCOMMERCE, (31..50).map(|id| entry(BIGCOMMERCE, id, "since")));
    world.export().unwrap();
    let before = world.entries().len();
    let mut restored = Archive::open(&yesterday).unwrap();
    for _ in 0..2 {
        let error = world.lake().export(&restored).unwrap_err();
        assert!(matches!(error, Error::OtherArchive { .. }) && error.to_string().contains("restored"), "{error}");
        // What it fetches now gets numbers that others had.
        put(&mut restored, SHOPLINE, (31..90).map(|id| entry(SHOPLINE, id, "since")));
    }
    assert_eq!(world.entries().len(), before);
    // The archive itself goes on, whatever was deleted from it.
    let sql = rusqlite::Connection::open(world.archive.path()).unwrap();
    sql.execute("DELETE FROM entry WHERE arrived > 60", []).unwrap();
    drop(sql);
    world.put(SHOPLINE, [entry(SHOPLINE, 200, "new")]);
    assert_eq!(world.export().unwrap().entries, 1);
}

#[test]
fn an_archive_of_an_older_version_is_exported_whole() {
    let mut world = World::with_entries(30);
    world.put(BIGCOMMERCE, (1..10).map(|id| entry(BIGCOMMERCE, id, "changed")));
    let path = world.archive.path().to_owned();
    let sql = rusqlite::Connection::open(&path).unwrap();
    sql.execute_batch(include_str!("../../../collector/tests/back_to_version_4.sql")).unwrap();
    drop(sql);
    world.archive = Archive::open(&path).unwrap();
    world.lake().with_commits_of(4).export(&world.archive).unwrap();
    world.assert_exact(&[&world.archive]);
    world.put(BIGCOMMERCE, (5..15).map(|id| entry(BIGCOMMERCE, id, "changed again")));
    assert_eq!(world.export().unwrap().entries, 10);
    world.assert_exact(&[&world.archive]);
}
