//! The archive as other programs see it: its views agree with everything else, and no table holds a secret.

use std::fs;
use std::path::Path;

use jiff::Timestamp;
use rusqlite::Connection;
use storelogs::{LogEntry, Store};
use storelogs_collector::archive::{Commit, VERSION};
use storelogs_collector::{Archive, TimeRange};

const SECRET: [u8; 32] = *b"\x01this is a secret of version 4\x02\xff";

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn new(path: &Path) -> Archive {
    let mut archive = Archive::open(path).unwrap();
    let store = Store::bigcommerce("abc123").unwrap();
    let id = archive.add_store(&store).unwrap();
    let entry = |number: u32, at: &str| LogEntry::new(&store, number.to_string(), time(at), time(at));
    let entries = [
        entry(4, "2026-08-01T16:00:00Z"),
        entry(3, "2026-08-01T15:59:59.9999999Z"),
        entry(2, "2026-08-01T15:59:59.9996Z"),
        entry(1, "1969-12-31T23:59:59.5Z"),
    ];
    let covered = TimeRange::new(time("2026-08-01T00:00:00Z"), time("2026-08-02T00:00:00.000001Z"));
    archive.commit([(id, &Commit { entries: entries.into(), covered, ..Commit::default() })]).unwrap();
    archive
}

fn column(path: &Path, question: &str) -> Vec<String> {
    let sql = Connection::open(path).unwrap();
    let mut find = sql.prepare(question).unwrap();
    find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

#[test]
fn every_time_has_one_width_and_none_is_rounded_up() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    drop(new(&path));
    let times = column(&path, "SELECT time FROM entries ORDER BY key");
    let expected = [
        "1969-12-31T23:59:59.500000Z",
        "2026-08-01T15:59:59.999600Z",
        "2026-08-01T15:59:59.999999Z",
        "2026-08-01T16:00:00.000000Z",
    ];
    assert_eq!(times, expected);
    assert_eq!(column(&path, "SELECT observed FROM entries ORDER BY observed"), expected);
    assert_eq!(
        column(&path, "SELECT hour FROM hours ORDER BY hour"),
        ["1969-12-31T23:00:00.000000Z", "2026-08-01T15:00:00.000000Z", "2026-08-01T16:00:00.000000Z"]
    );
    assert_eq!(column(&path, "SELECT until FROM covered"), ["2026-08-02T00:00:00.000001Z"]);
    assert_eq!(column(&path, "SELECT oldest FROM stores"), expected[..1]);
    assert_eq!(column(&path, "SELECT newest FROM stores"), expected[3..]);
}

#[test]
fn the_newest_entries_are_found_without_looking_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    drop(new(&path));
    let sql = Connection::open(&path).unwrap();
    for question in [
        "SELECT * FROM entries ORDER BY key DESC LIMIT 10",
        "SELECT * FROM hours",
        "SELECT * FROM stores",
        "SELECT * FROM covered",
        "SELECT * FROM audits",
        "SELECT * FROM gaps",
        "SELECT * FROM quarantined",
        "SELECT * FROM revisions",
    ] {
        let mut plan = sql.prepare(&format!("EXPLAIN QUERY PLAN {question}")).unwrap();
        let steps: Vec<String> = plan.query_map([], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        // One table is gone through, and everything else is found by its key.
        assert_eq!(steps.iter().filter(|step| step.starts_with("SCAN")).count(), 1, "{question}: {steps:?}");
        assert!(
            !steps.iter().any(|step| step.contains("B-TREE") || step.contains("AUTOMATIC")),
            "{question}: {steps:?}"
        );
    }
}

/// Whether these bytes stand anywhere in a file of this folder.
fn stands_in(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if fs::read(&path).unwrap().windows(bytes.len()).any(|window| window == bytes) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found
}

#[test]
fn the_secret_moves_from_its_table_to_a_file_for_the_owner_and_is_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    drop(new(&path));
    let sql = Connection::open(&path).unwrap();
    sql.execute_batch(include_str!("../back_to_version_4.sql")).unwrap();
    sql.execute("UPDATE pseudonym SET secret = ?1", [&SECRET[..]]).unwrap();
    drop(sql);
    fs::remove_file(folder.path().join("archive.db.secret")).unwrap();
    assert_eq!(stands_in(folder.path(), &SECRET), ["archive.db"]);
    let archive = Archive::open(&path).unwrap();
    assert_eq!(stands_in(folder.path(), &SECRET), [""; 0], "while it is open, too");
    let text: String = SECRET.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(fs::read_to_string(archive.secret_path()).unwrap().trim_end(), text);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(archive.secret_path()).unwrap().permissions().mode() & 0o777, 0o600);
    }
    drop(archive);
    assert_eq!(stands_in(folder.path(), text.as_bytes()), ["archive.db.secret"]);
    let sql = Connection::open(&path).unwrap();
    let version: i64 = sql.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, VERSION);
}

fn pseudonym(archive: &Archive) -> String {
    use storelogs_collector::redact::{Field, Redact};
    archive.redactor().unwrap().text(Field::Summary, "sent to jane@example.com").into_owned()
}

#[test]
fn a_copy_without_the_secret_gets_one_of_its_own_and_one_with_it_keeps_its_pseudonyms() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    let archive = new(&path);
    let one = pseudonym(&archive);
    assert!(one.starts_with("sent to [email "), "{one}");
    drop(archive);
    assert_eq!(pseudonym(&Archive::open(&path).unwrap()), one);
    let (with, without) = (folder.path().join("with.db"), folder.path().join("without.db"));
    fs::copy(&path, &with).unwrap();
    fs::copy(&path, &without).unwrap();
    fs::copy(folder.path().join("archive.db.secret"), folder.path().join("with.db.secret")).unwrap();
    assert_eq!(pseudonym(&Archive::read(&with).unwrap()), one);
    let reader = Archive::read(&without).unwrap();
    assert_ne!(pseudonym(&reader), one);
    assert!(!reader.secret_path().exists(), "a reader makes nothing");
    let other = pseudonym(&Archive::open(&without).unwrap());
    assert_ne!(other, one);
    assert_eq!(pseudonym(&Archive::open(&without).unwrap()), other);
    // The secret of another archive is none.
    fs::copy(folder.path().join("with.db.secret"), folder.path().join("without.db.secret")).unwrap();
    assert_ne!(pseudonym(&Archive::read(&without).unwrap()), one);
}
