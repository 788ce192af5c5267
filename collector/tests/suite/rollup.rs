//! The hourly counts: they equal a count of the entries, in whatever order those came.

use std::collections::BTreeMap;

use jiff::Timestamp;
use proptest::prelude::*;
use rusqlite::Connection;
use storelogs::{LogEntry, Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;

const NOON: i64 = 1_785_585_600;

fn entry(store: &Store, id: u64, second: i64, what: u8) -> LogEntry {
    let time = Timestamp::from_second(NOON + second).unwrap();
    let mut entry = LogEntry::new(store, id.to_string(), time, time);
    entry.severity = Severity::ALL[usize::from(what % 5)];
    entry.summary = (what != 3).then(|| format!("Order {id} failed, {}", ["badly", "well"][usize::from(what / 5 % 2)]));
    entry.module = [None, Some(String::new()), Some("A".into())][usize::from(what % 3)].clone();
    entry.actor = (what.is_multiple_of(7)).then(|| "Sofia".to_owned());
    entry
}

type Row = (String, i64, i64, Option<String>, Option<String>, i64, i64, i64);

fn rows(sql: &Connection, query: &str) -> Vec<Row> {
    let mut find = sql.prepare(query).unwrap();
    let column = |row: &rusqlite::Row<'_>| {
        Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
    };
    find.query_map([], column).unwrap().map(Result::unwrap).collect()
}

fn assert_counts_are_true(archive: &Archive) {
    let sql = Connection::open(archive.path()).unwrap();
    let counted = rows(
        &sql,
        "SELECT store.name, hour, severity, module, actor, sum(entries), min(first), max(last) \
         FROM hour JOIN kind ON kind.id = hour.kind JOIN store ON store.id = hour.store \
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
    );
    let true_counts = rows(
        &sql,
        "SELECT store.name, entry.time / 3600000000, severity, module, actor, count(*), min(entry.time / 1000000 % 3600), \
                max(entry.time / 1000000 % 3600) \
         FROM entry JOIN store ON store.id = entry.store GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5",
    );
    assert_eq!(counted, true_counts);
}

fn archive() -> (tempfile::TempDir, Archive, [Store; 2]) {
    let folder = tempfile::tempdir().unwrap();
    let archive = Archive::open(folder.path().join("archive.db")).unwrap();
    (folder, archive, [Store::bigcommerce("abc123").unwrap(), Store::shopline("open001").unwrap()])
}

/// The counts of each day of a platform, and its mark.
fn days(archive: &Archive) -> BTreeMap<(String, i64), (String, Option<i64>)> {
    let sql = Connection::open(archive.path()).unwrap();
    let mut find = sql
        .prepare(
            "SELECT platform, hour / 24, group_concat(concat_ws(' ', name, hour, kind, entries, first, last), ', ') FROM ( \
             SELECT * FROM hour JOIN store ON store.id = hour.store ORDER BY name, hour, kind) GROUP BY 1, 2",
        )
        .unwrap();
    let counts = find.query_map([], |row| Ok(((row.get(0)?, row.get(1)?), (row.get(2)?, None)))).unwrap();
    let mut days: BTreeMap<_, (String, Option<i64>)> = counts.map(Result::unwrap).collect();
    for day in archive.counted_days().unwrap() {
        let known = days.get_mut(&(day.platform.clone(), day.day));
        known.unwrap_or_else(|| panic!("{day:?} has no counts")).1 = Some(day.mark);
    }
    days
}

/// Every day that has counts has a mark, and those whose counts have changed have another one.
fn assert_changed_days_have_new_marks(before: &BTreeMap<(String, i64), (String, Option<i64>)>, archive: &Archive) {
    for (day, (counts, mark)) in days(archive) {
        assert!(mark.is_some(), "{day:?} has no mark");
        if let Some((counted, marked)) = before.get(&day) {
            assert!(*counted == counts || *marked != mark, "{day:?} has changed and kept its mark");
        }
    }
}

#[test]
fn days_get_new_marks_only_when_their_counts_change() {
    let (_folder, mut archive, [store, other]) = archive();
    let put = |archive: &mut Archive, store: &Store, entries: Vec<LogEntry>| {
        let before = days(archive);
        let id = archive.add_store(store).unwrap();
        archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
        assert_changed_days_have_new_marks(&before, archive);
        let after = days(archive);
        after.into_iter().filter(|(day, now)| before.get(day) != Some(now)).map(|(day, _)| day).collect::<Vec<_>>()
    };
    const DAY: i64 = 86_400;
    let today = NOON.div_euclid(DAY);
    let day = |platform: &str, after: i64| (platform.to_owned(), today + after);
    let first = put(&mut archive, &store, (0..4).map(|n| entry(&store, n, DAY * n as i64, 4)).collect());
    assert_eq!(first, [0, 1, 2, 3].map(|after| day("bigcommerce", after)));
    assert_eq!(put(&mut archive, &store, vec![entry(&store, 1, DAY, 4)]), [], "it is there already");
    assert_eq!(put(&mut archive, &other, vec![entry(&other, 1, DAY, 4)]), [day("shopline", 1)]);
    // One moves to another day, and leaves none behind.
    assert_eq!(put(&mut archive, &store, vec![entry(&store, 3, 0, 4)]), [day("bigcommerce", 0)]);
    assert!(!days(&archive).contains_key(&day("bigcommerce", 3)));
    // Another hand takes one away.
    let before = days(&archive);
    let sql = Connection::open(archive.path()).unwrap();
    sql.execute("DELETE FROM entry WHERE id = 2", []).unwrap();
    archive.settle().unwrap();
    assert_changed_days_have_new_marks(&before, &archive);
    assert_eq!(
        days(&archive).into_keys().collect::<Vec<_>>(),
        [day("bigcommerce", 0), day("bigcommerce", 1), day("shopline", 1)]
    );
}

#[test]
fn days_of_an_older_archive_get_marks_when_it_is_brought_up_to_date() {
    let (_folder, mut archive, [store, _]) = archive();
    let id = archive.add_store(&store).unwrap();
    let entries = [-NOON - 1, 0, 86_400].into_iter().zip(0..).map(|(second, n)| entry(&store, n, second, 4)).collect();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    let before: Vec<_> = archive.counted_days().unwrap().into_iter().map(|day| (day.platform, day.day)).collect();
    let path = archive.path().to_owned();
    drop(archive);
    let sql = Connection::open(&path).unwrap();
    sql.execute_batch("DROP TABLE counted_day; PRAGMA user_version = 11").unwrap();
    drop(sql);
    let after = Archive::read(&path).unwrap().counted_days().unwrap();
    assert_eq!(after.iter().map(|day| (day.platform.clone(), day.day)).collect::<Vec<_>>(), before);
    assert_eq!(after.iter().map(|day| day.mark).collect::<std::collections::BTreeSet<_>>().len(), 3);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// New entries, repeated ones, and revisions that change the hour, the severity or what is said.
    #[test]
    fn counts_equal_the_entries_after_any_commits(
        pages in prop::collection::vec(prop::collection::vec((0u64..12, 0i64..9000, 0u8..12), 1..9), 1..8),
    ) {
        let (_folder, mut archive, stores) = archive();
        for (number, page) in pages.iter().enumerate() {
            let store = &stores[number % 2];
            let id = archive.add_store(store).unwrap();
            let entries = page.iter().map(|&(id, second, what)| entry(store, id, second * 40, what)).collect();
            let before = days(&archive);
            archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
            assert_counts_are_true(&archive);
            assert_changed_days_have_new_marks(&before, &archive);
        }
    }
}

#[test]
fn warnings_and_errors_are_counted_by_what_they_say() {
    let (_folder, mut archive, [store, _]) = archive();
    let id = archive.add_store(&store).unwrap();
    let entries = (0..40).map(|n| entry(&store, n, 60, [1, 4, 9][n as usize % 3])).collect();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    let sql = Connection::open(archive.path()).unwrap();
    let mut find = sql.prepare("SELECT severity, shape, sum(entries) FROM hours GROUP BY 1, 2 ORDER BY 1, 2").unwrap();
    let found: Vec<(String, Option<String>, i64)> =
        find.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap().map(Result::unwrap).collect();
    let shape = |text: &str| Some(text.to_owned());
    assert_eq!(
        found,
        [
            ("error".into(), shape("Order * failed, badly"), 13),
            ("error".into(), shape("Order * failed, well"), 13),
            ("info".into(), None, 14),
        ]
    );
}

#[test]
fn a_commit_that_fails_leaves_no_trace_in_the_counts() {
    let (_folder, mut archive, [store, _]) = archive();
    let id = archive.add_store(&store).unwrap();
    let sql = Connection::open(archive.path()).unwrap();
    sql.execute_batch(
        "CREATE TRIGGER no BEFORE INSERT ON packed_entry WHEN NEW.id = 666 BEGIN SELECT RAISE(ABORT, 'no'); END",
    )
    .unwrap();
    let page =
        |ids: &[u64]| Commit { entries: ids.iter().map(|&id| entry(&store, id, 60, 4)).collect(), ..Commit::default() };
    archive.commit([(id, &page(&[666, 1]))]).unwrap_err();
    archive.commit([(id, &page(&[2]))]).unwrap();
    assert_counts_are_true(&archive);
}

#[test]
fn a_shop_that_never_says_the_same_twice_does_not_fill_the_archive_with_shapes() {
    let (_folder, mut archive, [store, _]) = archive();
    let id = archive.add_store(&store).unwrap();
    let sql = Connection::open(archive.path()).unwrap();
    sql.execute("INSERT INTO kind (id, severity) VALUES (200000, 9)", []).unwrap();
    let babble = |n: u64| {
        let mut entry = entry(&store, n, 60, 4);
        let word = |n: u64| char::from(b'a' + (n % 26) as u8).to_string().repeat(3);
        entry.summary = Some(format!("It failed with {} {}", word(n), word(n / 26)));
        entry
    };
    let entries = (0..500).map(babble).collect();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    let shapes: i64 = sql.query_row("SELECT count(DISTINCT shape) FROM kind", [], |row| row.get(0)).unwrap();
    assert_eq!(shapes, 1);
    assert_counts_are_true(&archive);
}
