//! The index of words is made anew whenever what a word is has changed.

use std::ops::ControlFlow;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use storelogs::Store;

use super::*;
use crate::archive::Commit;
use crate::search::{Filter, Order};

const TEXTS: [&str; 4] = ["주문 실패했습니다", "注文ABC失敗", "Payment declined", "สินค้าหมด"];
const QUERIES: [&str; 7] = ["실패", "失敗", "declined", "ค้า", "old", "module:*관리*", "주문 OR 注文"];

fn put(archive: &mut Archive, ids: impl Iterator<Item = u32>, more: &str) {
    let store = Store::bigcommerce("abc123").unwrap();
    let entry = |id: u32| {
        let time = Timestamp::from_second(1_780_000_000).unwrap() + SignedDuration::from_mins(i64::from(id));
        let mut entry = LogEntry::new(&store, id.to_string(), time, time);
        entry.summary = Some(format!("{} {more}", TEXTS[id as usize % TEXTS.len()]));
        entry.module = Some("상품 관리자".to_owned());
        entry
    };
    let commit = Commit { entries: ids.map(entry).collect(), ..Commit::default() };
    let id = archive.add_store(&store).unwrap();
    archive.commit([(id, &commit)]).unwrap();
}

/// Every query finds what matches in memory.
fn is_right(archive: &Archive) {
    let found = |filter: &Filter| {
        let mut found = Vec::new();
        let each = |entry| {
            found.push(entry);
            Ok::<_, Error>(ControlFlow::Continue(()))
        };
        archive.search(filter, Order::NewestFirst, each).unwrap();
        found
    };
    let all = found(&Filter::all());
    for query in QUERIES {
        let filter = Filter::parse(query, Timestamp::UNIX_EPOCH, &TimeZone::UTC).unwrap();
        let expected: Vec<_> = all.iter().filter(|entry| filter.matches(entry)).cloned().collect();
        assert_eq!(found(&filter), expected, "{query}");
        assert_eq!(archive.count_found(&filter).unwrap(), expected.len() as u64, "{query}");
        assert_eq!(expected.is_empty(), query == "old", "{query}");
    }
}

/// An archive whose index has other tokens.
fn older(changes: &str) -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path).unwrap();
    put(&mut archive, 0..12, "");
    archive.index_words(usize::MAX).unwrap();
    archive
        .sql
        .execute_batch(&format!(
            "INSERT INTO entry_text (entry_text) VALUES ('delete-all'); DELETE FROM fact_value; \
             INSERT INTO entry_text (rowid, summary) SELECT key, 'old' FROM entry; {changes}"
        ))
        .unwrap();
    (folder, archive)
}

fn number(archive: &Archive, sql: &str) -> i64 {
    archive.sql.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn is_made_anew(mut archive: Archive) {
    is_right(&archive);
    let waited = archive.unindexed().unwrap();
    assert_eq!(waited, number(&archive, "SELECT count(*) FROM entry").unsigned_abs());
    let mut steps = 0;
    while archive.index_step(2).unwrap() {
        is_right(&archive);
        assert!(archive.out_of_step().unwrap().is_nothing());
        steps += 1;
        // Entries come, change and go meanwhile, some of them before they had their turn.
        match steps {
            1 => put(&mut archive, 20..23, ""),
            2 => put(&mut archive, 1..3, "again"),
            3 => {
                archive.sql.execute("DELETE FROM entry WHERE id IN (3, 11)", []).unwrap();
                archive.settle().unwrap();
            }
            4 => archive = Archive::open(archive.path()).unwrap(),
            _ => {}
        }
    }
    assert!(steps > 6, "{steps}");
    is_right(&archive);
    assert!(archive.index_is_whole().unwrap() && archive.unindexed().unwrap() == 0);
    assert!(archive.out_of_step().unwrap().is_nothing());
    archive.check().unwrap();
    let whole = "SELECT count(*) FROM entry_text WHERE entry_text MATCH '\"¦store¦1\"'";
    assert_eq!(number(&archive, whole), number(&archive, "SELECT count(*) FROM entry"));
    assert_eq!(number(&archive, "SELECT count(*) FROM entry_text WHERE entry_text MATCH 'old'"), 0);
}

#[test]
fn an_index_of_other_words_is_made_anew_and_search_is_right_meanwhile() {
    let (_folder, archive) = older("UPDATE word_index SET version = version - 1");
    let path = archive.path().to_owned();
    drop(archive);
    let reader = Archive::read(&path).unwrap();
    assert_eq!(reader.unindexed().unwrap(), 12);
    is_right(&reader);
    is_made_anew(Archive::open(path).unwrap());
}

#[test]
fn an_archive_of_before_the_index_had_a_version_is_indexed_anew() {
    let (_folder, archive) = older("DROP TABLE word_index; PRAGMA user_version = 3");
    let path = archive.path().to_owned();
    drop(archive);
    is_made_anew(Archive::read(path).unwrap());
}

#[test]
fn a_search_waits_for_an_index_that_is_made_anew() {
    let (_folder, archive) = older("UPDATE word_index SET version = version + 1");
    let mut archive = Archive::open(archive.path()).unwrap();
    let mut told = Vec::new();
    archive.catch_up(|left| told.push(left)).unwrap();
    assert_eq!(told.first(), Some(&12));
    assert!(archive.index_is_whole().unwrap());
    is_right(&archive);
}
