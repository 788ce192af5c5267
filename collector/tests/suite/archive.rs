//! Tests of what an archive keeps, and of what it refuses.

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::archive::{Commit, Committed};
use storelogs_collector::{Archive, Error, TimeRange};

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn store() -> Store {
    Store::bigcommerce("abc123").unwrap()
}

fn entry(id: u64, at: &str, summary: &str) -> LogEntry {
    let mut entry = LogEntry::new(&store(), id.to_string(), time(at), time("2026-08-02T00:00:00Z"));
    entry.summary = Some(summary.to_owned());
    entry.severity = Severity::Error;
    entry
}

fn whole(archive: &Archive) -> Vec<LogEntry> {
    let mut all = Vec::new();
    let ever = TimeRange::new(time("1971-01-01T00:00:00Z"), time("2200-01-01T00:00:00Z")).unwrap();
    archive
        .each_entry::<Error>(ever, |entry| {
            all.push(entry);
            Ok(())
        })
        .unwrap();
    all
}

fn commit(archive: &mut Archive, commit: &Commit) -> Committed {
    let id = archive.add_store(&store()).unwrap();
    archive.commit([(id, commit)]).unwrap()[0]
}

fn new() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().join("deep/archive.db")).unwrap();
    (folder, archive)
}

#[test]
fn what_is_put_in_comes_out_just_so() {
    let (_folder, mut archive) = new();
    let mut odd = entry(7, "2026-08-01T10:00:00.123456789+08:00", "an odd one");
    odd.utc_offset = "+08:00".parse().unwrap();
    odd.message = Some("<b>'\"; DROP TABLE entry; --\0".to_owned());
    odd.severity_text = Some("errors".into());
    odd.extra = serde_json::from_str(r#"{"n": 18446744073709551615, "deep": {"list": [1, null]}}"#).unwrap();
    let mut plain = entry(18_446_744_073_709_551_615, "2026-08-01T10:00:00Z", "");
    plain.severity = Severity::Unspecified;
    let mut text_id = entry(0, "2026-08-01T09:00:00Z", "an id that is no number");
    text_id.id = "007".into();
    text_id.uid = "bigcommerce:abc123:007".into();
    let entries = vec![plain.clone(), text_id.clone(), odd.clone()];
    let done = commit(&mut archive, &Commit { entries, ..Commit::default() });
    assert_eq!((done.new, done.repeated, done.revised, done.late), (3, 0, 0, 0));
    assert_eq!(whole(&archive), [plain, text_id, odd]);
}

#[test]
fn the_same_entry_twice_changes_nothing() {
    let (_folder, mut archive) = new();
    let first = Commit { entries: vec![entry(1, "2026-08-01T10:00:00Z", "once")], ..Commit::default() };
    commit(&mut archive, &first);
    let mut again = entry(1, "2026-08-01T10:00:00Z", "once");
    again.observed = time("2026-08-09T00:00:00Z");
    let done = commit(&mut archive, &Commit { entries: vec![again], ..Commit::default() });
    assert_eq!((done.new, done.repeated), (0, 1));
    assert_eq!(whole(&archive), first.entries);
}

#[test]
fn new_content_of_an_entry_is_kept_beside_the_old() {
    let (_folder, mut archive) = new();
    let before = entry(1, "2026-08-01T10:00:00Z", "before");
    let after = entry(1, "2026-08-01T11:00:00Z", "after");
    commit(&mut archive, &Commit { entries: vec![before.clone()], ..Commit::default() });
    let done = commit(&mut archive, &Commit { entries: vec![after.clone()], ..Commit::default() });
    assert_eq!((done.new, done.revised), (0, 1));
    assert_eq!(whole(&archive), std::slice::from_ref(&after));
    let id = archive.store_id(&store()).unwrap().unwrap();
    assert_eq!(archive.entry(id, "1").unwrap(), Some(after));
    assert_eq!(archive.revisions(id, "1").unwrap(), [before]);
}

#[test]
fn thousands_of_entries_of_one_second_find_room_each() {
    let (_folder, mut archive) = new();
    // Ids that fall on one place.
    let entries: Vec<_> = (0..3000).map(|n| entry(n << 40, "2026-08-01T10:00:00Z", "crowded")).collect();
    let done = commit(&mut archive, &Commit { entries, ..Commit::default() });
    assert_eq!(done.new, 3000);
    assert_eq!(whole(&archive).len(), 3000);
}

#[test]
fn an_entry_that_comes_into_a_covered_time_range_is_late() {
    let (_folder, mut archive) = new();
    let covered = TimeRange::new(time("2026-08-01T00:00:00Z"), time("2026-08-02T00:00:00Z"));
    commit(&mut archive, &Commit { covered, ..Commit::default() });
    let entries = vec![
        entry(3, "2026-08-02T00:00:00Z", "behind it"),
        entry(2, "2026-08-01T22:00:00Z", "late"),
        entry(1, "2026-07-31T00:00:00Z", "before it"),
    ];
    let done = commit(&mut archive, &Commit { entries, ..Commit::default() });
    assert_eq!((done.new, done.late, done.lateness), (3, 1, SignedDuration::from_hours(2)));
}

#[test]
fn a_second_collector_is_kept_out_until_the_first_has_ended() {
    let (_folder, archive) = new();
    let lock = archive.lock().unwrap();
    let other = Archive::open(archive.path()).unwrap();
    assert!(matches!(other.lock(), Err(Error::InUse { .. })));
    drop(lock);
    other.lock().unwrap();
}

/// As after `sudo`: only root can do this to others' files, so elsewhere the test has nothing to try.
#[cfg(unix)]
#[test]
fn a_lock_belongs_to_whom_the_archive_belongs_to() {
    use std::os::unix::fs::{MetadataExt, chown};
    let (_folder, archive) = new();
    if chown(archive.path(), Some(12_345), Some(12_345)).is_ok() {
        let _lock = archive.lock().unwrap();
        let name = archive.path().file_name().unwrap().to_string_lossy().into_owned() + ".lock";
        let lock = std::fs::metadata(archive.path().with_file_name(name)).unwrap();
        assert_eq!((lock.uid(), lock.gid()), (12_345, 12_345));
    }
}

#[test]
fn a_lock_that_cannot_be_used_is_named_and_not_the_archive() {
    let (_folder, archive) = new();
    let name = archive.path().file_name().unwrap().to_string_lossy().into_owned() + ".lock";
    let lock = archive.path().with_file_name(&name);
    std::fs::create_dir(&lock).unwrap();
    let error = archive.lock().unwrap_err().to_string();
    assert!(error.contains(&name) && error.contains("chown"), "{error}");
}

#[test]
fn a_file_that_is_something_else_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "not a database, but long enough to look at: ".repeat(50)).unwrap();
    assert!(matches!(Archive::open(&text), Err(Error::NotAnArchive { .. })));
    assert!(matches!(Archive::read(&text), Err(Error::NotAnArchive { .. })));
    assert!(std::fs::read_to_string(&text).unwrap().starts_with("not a database"));
    let other = folder.path().join("other.db");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE mine (a)").unwrap();
    assert!(matches!(Archive::open(&other), Err(Error::NotAnArchive { .. })));
    assert!(matches!(Archive::read(folder.path().join("none.db")), Err(Error::Missing { .. })));
    for opened in [Archive::open(folder.path()), Archive::read(folder.path())] {
        assert!(opened.unwrap_err().to_string().contains("it is a folder, and an archive is a file"));
    }
}

#[test]
fn an_archive_of_a_newer_version_is_left_alone() {
    let (_folder, archive) = new();
    let sql = rusqlite::Connection::open(archive.path()).unwrap();
    sql.pragma_update(None, "user_version", 999).unwrap();
    assert!(matches!(Archive::open(archive.path()), Err(Error::Newer { found: 999, .. })));
    assert!(matches!(Archive::read(archive.path()), Err(Error::Newer { found: 999, .. })));
}

#[test]
fn an_archive_of_an_older_version_is_brought_up_to_date_and_loses_nothing() {
    for reads in [false, true] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.db");
        let sql = rusqlite::Connection::open(&path).unwrap();
        sql.pragma_update(None, "journal_mode", "wal").unwrap();
        sql.execute_batch(include_str!("../../src/archive/schema.sql")).unwrap();
        sql.execute_batch(
            "INSERT INTO store (platform, name) VALUES ('bigcommerce', 'abc123'); \
             INSERT INTO entry (key, store, id, time, utc_offset, observed, severity, summary) \
             VALUES (1 << 50, 1, 7, 1785578400000000, 0, 1785578401000000, 17, 'of version 1'); \
             INSERT INTO coverage VALUES (1, 1785570000000000, 1785580000000000); \
             PRAGMA application_id = 1397518183; PRAGMA user_version = 1;",
        )
        .unwrap();
        drop(sql);
        let archive = if reads { Archive::read(&path).unwrap() } else { Archive::open(&path).unwrap() };
        let (id, store) = archive.stores().unwrap().remove(0);
        assert_eq!(store.to_string(), "bigcommerce:abc123");
        assert_eq!(archive.entry(id, "7").unwrap().unwrap().summary.as_deref(), Some("of version 1"));
        assert_eq!(archive.progress(id).unwrap().coverage.ranges().count(), 1);
        let sql = rusqlite::Connection::open(&path).unwrap();
        let version: i64 = sql.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, storelogs_collector::archive::VERSION);
        assert_eq!(sql.query_row("SELECT count(seen) FROM output", [], |row| row.get::<_, i64>(0)).unwrap(), 0);
    }
}

#[test]
fn whoever_copies_the_one_file_has_everything_though_a_reader_stays_the_longest() {
    let (folder, mut archive) = new();
    commit(&mut archive, &Commit { entries: vec![entry(1, "2026-08-01T10:00:00Z", "x")], ..Commit::default() });
    let reader = Archive::read(archive.path()).unwrap();
    assert_eq!(reader.stores().unwrap().len(), 1);
    drop(archive);
    let copy = folder.path().join("copy.db");
    std::fs::copy(reader.path(), &copy).unwrap();
    drop(reader);
    let copy = Archive::open(copy).unwrap();
    let (id, _) = copy.stores().unwrap().remove(0);
    assert_eq!(copy.entry(id, "1").unwrap().unwrap().summary.as_deref(), Some("x"));
}

#[cfg(unix)]
#[test]
fn the_archive_and_its_folder_are_for_the_owner_only() {
    use std::os::unix::fs::PermissionsExt;
    let (_folder, mut archive) = new();
    commit(&mut archive, &Commit { entries: vec![entry(1, "2026-08-01T10:00:00Z", "x")], ..Commit::default() });
    let _lock = archive.lock().unwrap();
    let folder = archive.path().parent().unwrap();
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(folder), 0o700);
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    assert!(files.len() >= 3, "{files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}
