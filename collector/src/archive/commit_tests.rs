//! Tests that a store's progress in memory equals what the archive holds.

use proptest::prelude::*;
use rusqlite::StatementStatus;
use rusqlite::trace::{TraceEvent, TraceEventCodes};
use storelogs::{Cursor, LogEntry, Store};

use super::*;

const MOMENTS: i64 = 60;

fn at(number: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + number).unwrap()
}

fn range() -> impl Strategy<Value = TimeRange> {
    (0..MOMENTS, 1..MOMENTS).prop_map(|(since, length)| TimeRange::new(at(since), at(since + length)).unwrap())
}

fn commits() -> impl Strategy<Value = Commit> {
    let gap = (range(), 0..5_u32).prop_map(|(range, attempts)| Gap {
        range,
        reason: format!("attempt {attempts}"),
        attempts,
        next_attempt: at(i64::from(attempts)),
    });
    let walk = proptest::option::of(range().prop_map(|range| Walk { range, cursor: Cursor::default() }));
    let parts = (
        proptest::option::of(range()),
        proptest::option::of(range()),
        proptest::collection::vec(gap, 0..3),
        proptest::option::of(0..MOMENTS),
        proptest::option::of(walk),
        proptest::collection::vec((0..3_i64, 0..MOMENTS), 0..3),
        proptest::collection::vec((1..5000_u64, 0..MOMENTS), 0..3),
        (proptest::option::of(audits()), proptest::option::of(range())),
    );
    parts.prop_map(|(covered, uncovered, gaps, expired, walk, rewalked, entries, (audit, reading))| {
        let store = Store::bigcommerce("abc123").unwrap();
        let entry = |(id, time): (u64, i64)| LogEntry::new(&store, id.to_string(), at(time), at(time * time + 1));
        Commit {
            covered,
            uncovered,
            gaps,
            expired: expired.map(at),
            walk,
            rewalked: rewalked.into_iter().map(|(tier, done)| (SignedDuration::from_hours(tier), at(done))).collect(),
            entries: entries.into_iter().map(entry).collect(),
            audit,
            reading,
            ..Commit::default()
        }
    })
}

fn audits() -> impl Strategy<Value = Comparison> {
    let finding = prop_oneof![
        2 => Just(Finding::Counted),
        1 => Just(Finding::NotCountable),
        1 => (1..3_u64).prop_map(|entries| Finding::Short { entries }),
    ];
    let claim = prop_oneof![
        finding.prop_map(Claim::Known),
        proptest::option::of(0..3_u64).prop_map(Claim::Count),
        Just(Claim::Proof(storelogs::Proof::Counted)),
    ];
    (range(), claim, 0..MOMENTS).prop_map(|(range, claim, made)| Comparison { range, claim, at: at(made) })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_kept_in_memory_is_what_the_archive_says(commits in proptest::collection::vec(commits(), 1..20)) {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let id = archive.add_store(&Store::bigcommerce("abc123").unwrap()).unwrap();
        let mut progress = Progress::default();
        for commit in &commits {
            let done = archive.commit([(id, commit)]).unwrap()[0];
            progress.apply(commit, &done);
            prop_assert_eq!(&progress, &archive.progress(id).unwrap(), "after {:?}", commit);
        }
    }
}

fn archive_with(range: TimeRange) -> (tempfile::TempDir, Archive, StoreId) {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
    let id = archive.add_store(&Store::bigcommerce("abc123").unwrap()).unwrap();
    archive.commit([(id, &Commit { covered: Some(range), ..Commit::default() })]).unwrap();
    (folder, archive, id)
}

/// A page that takes more room than twenty pages of the file.
fn large_page() -> Commit {
    let store = Store::bigcommerce("abc123").unwrap();
    let entry = |id: i64| {
        let mut entry = LogEntry::new(&store, id.to_string(), at(id), at(id));
        // No two of them are alike, or they were kept once.
        entry.message = Some(format!("{id} ").repeat(1000));
        entry
    };
    let covered = TimeRange::new(at(0), at(1000));
    Commit { entries: (0..100).map(entry).collect(), covered, ..Commit::default() }
}

#[test]
fn a_page_for_which_the_disk_has_no_room_is_not_there_at_all_and_the_next_one_may_be() {
    let before = TimeRange::new(at(0), at(10)).unwrap();
    let (_folder, mut archive, id) = archive_with(before);
    let pages: i64 = archive.sql.pragma_query_value(None, "page_count", |row| row.get(0)).unwrap();
    let limit = |archive: &Archive, pages: i64| {
        archive.sql.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(&archive, pages + 20);
    let error = archive.commit([(id, &large_page())]).unwrap_err();
    assert!(matches!(error, Error::Full { .. }) && error.to_string().contains("make room"), "{error}");
    assert_eq!(archive.progress(id).unwrap().coverage.ranges().collect::<Vec<_>>(), [before]);
    assert_eq!(archive.count(id, TimeRange::new(at(0), at(1000)).unwrap()).unwrap(), 0);
    limit(&archive, 1 << 20);
    assert_eq!(archive.commit([(id, &large_page())]).unwrap()[0].new, 100);
    assert!(archive.progress(id).unwrap().coverage.contains(at(999)));
}

#[test]
fn an_archive_that_stays_locked_is_an_error_and_nothing_is_written() {
    let before = TimeRange::new(at(0), at(10)).unwrap();
    let (_folder, mut archive, id) = archive_with(before);
    archive.sql.busy_timeout(std::time::Duration::from_millis(50)).unwrap();
    let other = rusqlite::Connection::open(archive.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = archive.commit([(id, &large_page())]).unwrap_err();
    assert!(matches!(error, Error::Busy { .. }) && error.to_string().contains("locked"), "{error}");
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(archive.count(id, TimeRange::new(at(0), at(1000)).unwrap()).unwrap(), 0);
    assert_eq!(archive.commit([(id, &large_page())]).unwrap()[0].new, 100);
}

#[test]
fn a_statement_of_a_commit_is_planned_once_however_often_it_runs() {
    let (_folder, mut archive, id) = archive_with(TimeRange::new(at(0), at(10)).unwrap());
    let (send, ran) = std::sync::mpsc::channel();
    let planned = move |event: TraceEvent<'_>| {
        if let TraceEvent::Profile(statement, _) = event {
            send.send((statement.sql().into_owned(), statement.get_status(StatementStatus::RePrepare))).unwrap();
        }
    };
    archive.sql.trace_v2(TraceEventCodes::SQLITE_TRACE_PROFILE, Some(planned)).unwrap();
    let store = Store::bigcommerce("abc123").unwrap();
    let entry = |number: i64| LogEntry::new(&store, number.to_string(), at(number), at(number));
    for round in 0..20 {
        // What is new, what is known, and what has changed.
        let mut entries = vec![entry(round), entry(round + 1), entry(round + 2)];
        entries[0].summary = Some(format!("changed in round {round}"));
        let covered = TimeRange::new(at(0), at(round + 3));
        archive.commit([(id, &Commit { entries, covered, ..Commit::default() })]).unwrap();
    }
    // What makes a table that others know of is planned for twice.
    let again: Vec<_> = ran.try_iter().filter(|(_, times)| *times > 2).collect();
    assert_eq!(again, []);
}
