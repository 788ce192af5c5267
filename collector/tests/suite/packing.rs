//! Packed entries: what they have in common is kept once, and they read as before, whichever program reads or writes
//! them.

use std::path::Path;

use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use storelogs::{LogEntry, Severity, Store, UtcOffset};
use storelogs_collector::archive::Commit;
use storelogs_collector::{Archive, Error, TimeRange};

fn entry(number: u32) -> LogEntry {
    let store = Store::shopline("open001").unwrap();
    let second = i64::from(number / 3) * 7;
    let mut time = Timestamp::from_second(1_780_000_000 + second).unwrap();
    if number.is_multiple_of(50) {
        time = time - SignedDuration::from_hours(24 * 366 * 60) + SignedDuration::from_nanos(123_456_789); // before 1970
    }
    let observed = Timestamp::from_microsecond(1_790_000_000_000_001).unwrap(); // it has no nanoseconds in an archive
    let mut entry = LogEntry::new(&store, number.to_string(), time, observed);
    entry.severity = Severity::ALL[number as usize % 5];
    entry.utc_offset = UtcOffset::from_seconds(28_800);
    entry.severity_text = number.is_multiple_of(4).then(|| "notices".to_owned());
    entry.category = Some(["payment", "shipping", ""][number as usize % 3].to_owned());
    entry.action = number.is_multiple_of(2).then(|| "edit_product".to_owned());
    entry.module = number.is_multiple_of(7).then(|| format!("Carrier {}", number % 20));
    entry.actor = number.is_multiple_of(11).then(|| format!("somebody{number}@example.com"));
    entry.subject_id = number.is_multiple_of(3).then(|| format!("00{number}"));
    entry.summary = match number % 6 {
        0 => None,
        1 => Some(String::new()),
        2 => Some(format!("Ünïcödé ‘{number}’ – 注文{number}失敗")),
        _ => Some(format!("The payment for order {number} of customer{}@example.com failed", number % 30)),
    };
    entry.message = match number % 5 {
        0 => None,
        1 => Some(format!(
            "{{\"id\":{number},\"a1\":\"x\",\"b\":[{},2,{}],\"mail\":\"a{number}@b.c\"}}",
            number * 7,
            number * 9
        )),
        2 => Some(format!("a {number} b {0} c {0} d {number} e {0} f {number} g {0} h {number} i", number + 1)),
        3 => Some(format!("with\0nothing {number}\r\n\t")),
        _ => Some("The same each time".to_owned()),
    };
    if number.is_multiple_of(9) {
        entry.extra.insert("later".to_owned(), serde_json::json!({ "b": [1, number], "a": null }));
    }
    entry
}

fn filled(path: &Path) {
    let mut archive = Archive::open(path).unwrap();
    let id = archive.add_store(&Store::shopline("open001").unwrap()).unwrap();
    for page in (0..600).collect::<Vec<_>>().chunks(100) {
        let entries = page.iter().rev().map(|number| entry(*number)).collect();
        archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    }
}

/// Every entry as JSON Lines.
fn lines(path: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let ever = TimeRange::new(Timestamp::MIN, Timestamp::MAX).unwrap();
    Archive::read(path)
        .unwrap()
        .each_entry::<Error>(ever, |entry| {
            lines.push(serde_json::to_string(&entry).unwrap());
            Ok(())
        })
        .unwrap();
    lines
}

/// Every column of every entry as other programs see it.
fn rows(path: &Path, view: &str) -> Vec<String> {
    let sql = Connection::open(path).unwrap();
    let mut find = sql.prepare(&format!("SELECT * FROM {view} ORDER BY key")).unwrap();
    let columns: Vec<String> = find.column_names().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row<'_>| {
        let cells = columns.iter().filter(|name| *name != "arrived");
        Ok(cells.map(|name| format!("{name}={:?}", row.get_ref(name.as_str()).unwrap())).collect::<Vec<_>>().join(" "))
    };
    find.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn number(path: &Path, question: &str) -> i64 {
    Connection::open(path).unwrap().query_row(question, [], |row| row.get(0)).unwrap()
}

#[test]
fn what_is_read_is_what_was_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    filled(&path);
    let mut written: Vec<String> = (0..600).map(|number| serde_json::to_string(&entry(number)).unwrap()).collect();
    let mut read = lines(&path);
    written.sort();
    read.sort();
    assert_eq!(read.len(), written.len());
    read.iter().zip(&written).for_each(|(read, written)| assert_eq!(read, written));
    let packed =
        "SELECT count(*) FROM packed_entry WHERE summary_template IS NOT NULL AND message_template IS NOT NULL";
    assert!(number(&path, packed) > 200);
    assert!(number(&path, "SELECT count(*) FROM template") < 40);
}

#[test]
fn an_archive_of_before_says_the_same_when_it_was_brought_up_to_date() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    filled(&path);
    let before = (lines(&path), rows(&path, "entries"), rows(&path, "entry"));
    let sql = Connection::open(&path).unwrap();
    sql.execute_batch(include_str!("../back_to_version_4.sql")).unwrap();
    assert_eq!(
        sql.query_row("SELECT count(*) FROM entry WHERE summary LIKE 'The payment%'", [], |row| row.get(0)),
        Ok(300)
    );
    drop(sql);
    assert_eq!((lines(&path), rows(&path, "entries"), rows(&path, "entry")), before);
    assert_eq!(number(&path, "SELECT count(*) FROM sqlite_schema WHERE name LIKE '%_before'"), 0);
    assert_eq!(number(&path, "SELECT count(*) FROM packed_entry WHERE arrived IS NULL"), 0);
}

#[test]
fn whoever_changes_an_entry_by_its_fields_changes_what_everybody_reads() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    filled(&path);
    let of = |id: u32| {
        let archive = Archive::read(&path).unwrap();
        let store = archive.store_id(&Store::shopline("open001").unwrap()).unwrap().unwrap();
        archive.entry(store, &id.to_string()).unwrap()
    };
    let sql = Connection::open(&path).unwrap();
    sql.execute_batch(
        "UPDATE entry SET actor = 'Ada', summary = summary || '!' WHERE id = 3;
         UPDATE entry SET message = NULL, severity = 9 WHERE id IN (4, 5);
         DELETE FROM entry WHERE id = 6;
         INSERT INTO entry (key, store, id, time, utc_offset, observed, severity, module, message)
         SELECT max(key) + 1, max(store), 1000, max(time), 0, 5, 17, 'Mine', 'of my own' FROM entry;",
    )
    .unwrap();
    let mut expected = entry(3);
    (expected.actor, expected.summary) = (Some("Ada".to_owned()), expected.summary.map(|summary| summary + "!"));
    assert_eq!(of(3), Some(expected));
    for id in [4, 5] {
        let mut expected = entry(id);
        (expected.message, expected.severity) = (None, Severity::Info);
        assert_eq!(of(id), Some(expected));
    }
    assert_eq!((of(6), of(7)), (None, Some(entry(7))));
    let added = of(1000).unwrap();
    assert_eq!((added.module.as_deref(), added.message.as_deref()), (Some("Mine"), Some("of my own")));
    assert_eq!(number(&path, "SELECT count(*) FROM deleted"), 1, "what was deleted is noticed");
}

#[test]
fn what_entries_had_in_common_goes_with_the_last_of_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    filled(&path);
    let templates = "SELECT count(*) FROM template WHERE text_0 LIKE 'The payment%'";
    assert!(number(&path, templates) > 0);
    let sql = Connection::open(&path).unwrap();
    sql.execute("DELETE FROM entry WHERE summary LIKE 'The payment%'", []).unwrap();
    let mut archive = Archive::open(&path).unwrap();
    archive.settle().unwrap();
    archive.shrink(|_| {}).unwrap();
    assert_eq!(number(&path, templates), 0);
    let unused = "SELECT count(*) FROM attributes WHERE id NOT IN (SELECT attributes FROM packed_entry)";
    assert_eq!(number(&path, unused), 0);
    // What comes is kept in templates of its own.
    let id = archive.add_store(&Store::shopline("open001").unwrap()).unwrap();
    let entries: Vec<LogEntry> = (600..700).rev().map(entry).collect();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    assert!(number(&path, templates) > 0);
    assert_eq!(archive.entry(id, "693").unwrap(), Some(entry(693)));
}

#[test]
fn a_collector_learns_of_what_another_process_took_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    filled(&path);
    let mut collector = Archive::open(&path).unwrap();
    let id = collector.add_store(&Store::shopline("open001").unwrap()).unwrap();
    let page =
        |numbers: std::ops::Range<u32>| Commit { entries: numbers.rev().map(entry).collect(), ..Commit::default() };
    collector.commit([(id, &page(600..650))]).unwrap();
    let sql = Connection::open(&path).unwrap();
    sql.execute("DELETE FROM entry", []).unwrap();
    Archive::open(&path).unwrap().shrink(|_| {}).unwrap();
    assert_eq!(number(&path, "SELECT count(*) FROM template"), 0);
    collector.commit([(id, &page(650..700))]).unwrap();
    for number in 650..700 {
        assert_eq!(collector.entry(id, &number.to_string()).unwrap(), Some(entry(number)));
    }
}
