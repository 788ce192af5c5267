//! Entries in the order in which they arrived, which exports of the archive rely on.

use std::ops::ControlFlow;

use jiff::Timestamp;
use storelogs::{LogEntry, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;

/// A form that came: its number, its id, which form of the entry it is, and what it says.
type Came = (i64, String, u32, String);

fn entry(id: u64, at: &str, summary: &str) -> LogEntry {
    let time: Timestamp = at.parse().unwrap();
    let mut entry = LogEntry::new(&store(), id.to_string(), time, time);
    entry.summary = Some(summary.to_owned());
    entry
}

fn store() -> Store {
    Store::bigcommerce("abc123").unwrap()
}

fn put(archive: &mut Archive, entries: impl IntoIterator<Item = LogEntry>) {
    let id = archive.add_store(&store()).unwrap();
    let entries = entries.into_iter().collect();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
}

fn came(archive: &Archive, after: i64, most: usize) -> Vec<Came> {
    let mut all = Vec::new();
    let _ = archive
        .each_arrived(after, |form| {
            let summary = form.fields.summary.unwrap_or_default().to_owned();
            all.push((form.arrived, form.fields.id.to_owned(), form.revision, summary));
            if all.len() == most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    all
}

fn says(came: &[Came]) -> Vec<String> {
    came.iter().map(|(_, id, revision, summary)| format!("{id}.{revision} {summary}")).collect()
}

#[test]
fn each_form_of_an_entry_comes_once_whoever_asks_when() {
    let (_folder, mut archive) = new();
    put(&mut archive, [entry(2, "2026-08-01T10:00:01Z", "two"), entry(1, "2026-08-01T10:00:00Z", "one")]);
    let first = came(&archive, 0, 9);
    assert_eq!(says(&first), ["1.0 one", "2.0 two"]);
    // The first is changed, so that it stands at another time, then once more; the third is new and changed at once.
    put(&mut archive, [entry(1, "2026-08-01T10:00:05Z", "one again")]);
    put(&mut archive, [entry(3, "2026-08-01T09:00:00Z", "three")]);
    put(&mut archive, [entry(3, "2026-08-01T09:00:00Z", "three again")]);
    put(&mut archive, [entry(1, "2026-08-01T10:00:05Z", "one at last")]);
    let rest = came(&archive, first[1].0, 9);
    assert_eq!(says(&rest), ["1.1 one again", "3.0 three", "3.1 three again", "1.2 one at last"]);
    // Whoever asks for the first time now gets all of them, and so does who takes them one by one.
    put(&mut archive, (10..30).map(|id| entry(id, "2026-08-01T09:30:00Z", "of many")));
    let many = came(&archive, rest[3].0, 99);
    assert_eq!(many.len(), 20);
    let all: Vec<Came> = first.iter().chain(&rest).chain(&many).cloned().collect();
    assert_eq!(came(&archive, 0, 99), all);
    let mut one_by_one = Vec::new();
    while let [next] = &*came(&archive, one_by_one.last().map_or(0, |last: &Came| last.0), 1) {
        one_by_one.push(next.clone());
    }
    assert_eq!(one_by_one, all);
    // And so does who takes them in parts, in the order of their places, whether those are few of all or many.
    for forms in 1..30 {
        let (mut in_parts, mut after, mut parts) = (Vec::new(), 0, 0);
        while let Some(upto) = archive
            .each_arrived_of(after, forms, |form| {
                let summary = form.fields.summary.unwrap_or_default().to_owned();
                in_parts.push((form.arrived, form.fields.id.to_owned(), form.revision, summary));
                ControlFlow::Continue(())
            })
            .unwrap()
        {
            (after, parts) = (upto, parts + 1);
        }
        in_parts.sort();
        assert_eq!((in_parts, parts), (all.clone(), all.len().div_ceil(forms)));
    }
    let (id, _) = archive.stores().unwrap().remove(0);
    for (arrived, entry, ..) in all {
        assert_eq!(archive.arrived_at(arrived).unwrap(), Some((id, entry)));
    }
}

#[test]
fn what_is_read_again_or_deleted_or_indexed_again_does_not_come_again() {
    let (_folder, mut archive) = new();
    let both = [entry(2, "2026-08-01T10:00:01Z", "two"), entry(1, "2026-08-01T10:00:00Z", "one")];
    put(&mut archive, both.clone());
    let last = came(&archive, 0, 9)[1].0;
    put(&mut archive, both);
    archive.index_words(usize::MAX).unwrap();
    let sql = rusqlite::Connection::open(archive.path()).unwrap();
    sql.execute("DELETE FROM entry WHERE id = 2", []).unwrap();
    drop(sql);
    archive.fix_derived().unwrap();
    assert_eq!(came(&archive, last, 9), []);
    assert_eq!(says(&came(&archive, 0, 9)), ["1.0 one"]);
    // It is fetched again: that is an arrival, with a number that nothing had.
    put(&mut archive, [entry(2, "2026-08-01T10:00:01Z", "two")]);
    assert_eq!(says(&came(&archive, last, 9)), ["2.0 two"]);
}

#[test]
fn an_archive_differs_from_another_and_not_from_its_copy() {
    let (folder, archive) = new();
    let other = Archive::open(folder.path().join("other.db")).unwrap();
    let copy = folder.path().join("copy.db");
    let identity = archive.identity().unwrap();
    let path = archive.path().to_owned();
    drop(archive);
    std::fs::copy(path, &copy).unwrap();
    assert_eq!(Archive::read(&copy).unwrap().identity().unwrap(), identity);
    assert_ne!(other.identity().unwrap(), identity);
    assert_eq!(identity.len(), 32);
}

fn new() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().join("archive.db")).unwrap();
    (folder, archive)
}
