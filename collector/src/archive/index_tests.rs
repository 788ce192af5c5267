//! Tests that the index of words is rebuilt whenever it does not fit the archive, and that searches are right
//! meanwhile.

use std::fs;
use std::ops::ControlFlow;

use jiff::SignedDuration;
use jiff::tz::TimeZone;
use storelogs::{LogEntry, Store};

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

/// A damaged archive makes the errors of a damaged index, and an index that is thrown away for them is never finished.
#[test]
fn a_damaged_archive_ends_the_indexing_and_its_index_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path).unwrap();
    (0..100).for_each(|step| put(&mut archive, step * 20..(step + 1) * 20, &"word ".repeat(20)));
    let page: i64 = archive
        .sql
        .query_row("SELECT rootpage FROM sqlite_master WHERE name = 'packed_entry'", [], |row| row.get(0))
        .unwrap();
    drop(archive);
    let mut bytes = fs::read(&path).unwrap();
    let page = usize::try_from(page - 1).unwrap() * 4096;
    // The leaf of the oldest entries, by the first pointer of the root, which is an inner page.
    assert_eq!(bytes[page], 5);
    let cell = page + usize::from(u16::from_be_bytes([bytes[page + 12], bytes[page + 13]]));
    let leaf = u32::from_be_bytes(bytes[cell..cell + 4].try_into().unwrap()) as usize;
    bytes[(leaf - 1) * 4096..leaf * 4096].fill(0xff);
    fs::write(&path, bytes).unwrap();
    let mut archive = Archive::open(&path).unwrap();
    archive.sql.execute("UPDATE word_index SET stamp = NULL", []).unwrap(); // filled anew, the newest first
    let ended = (0..1000).find_map(|_| match archive.index_step(100) {
        Ok(true) => None,
        ended => Some((ended, fs::metadata(archive.index_path()).unwrap().len())),
    });
    let (ended, indexed) = ended.expect("it ends");
    assert!(matches!(&ended, Err(Error::Corrupt { path: damaged, .. }) if *damaged == path), "{ended:?}");
    assert!(archive.index_step(100).is_err() && fs::metadata(archive.index_path()).unwrap().len() == indexed);
    let words: i64 =
        archive.sql.query_row("SELECT count(*) FROM words.entry_text_docsize", [], |row| row.get(0)).unwrap();
    assert!(words >= 1000, "{words} entries are indexed");
    let filter = Filter::parse("declined", Timestamp::UNIX_EPOCH, &TimeZone::UTC).unwrap();
    let found = archive.count_found(&filter);
    assert!(matches!(&found, Err(Error::Corrupt { path: damaged, .. }) if *damaged == path), "{found:?}");
}

/// An archive whose index was spoilt.
fn spoilt(spoil: impl FnOnce(&Archive)) -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path).unwrap();
    put(&mut archive, 0..12, "");
    archive.index_words(usize::MAX).unwrap();
    spoil(&archive);
    drop(archive);
    (folder, Archive::open(path).unwrap())
}

/// The index has other tokens.
fn of_other_words(archive: &Archive, changes: &str) {
    let sql = format!(
        "INSERT INTO words.entry_text (entry_text) VALUES ('delete-all'); DELETE FROM words.fact_value; \
         INSERT INTO words.entry_text (rowid, tokens) SELECT key, 'old' FROM entry; {changes}"
    );
    archive.sql.execute_batch(&sql).unwrap();
}

fn number(archive: &Archive, sql: &str) -> i64 {
    archive.sql.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn is_made_anew(mut archive: Archive) {
    is_right(&archive);
    let waited = archive.unindexed().unwrap();
    assert_eq!(waited, 12);
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
    assert_eq!((archive.index_standing(), archive.unindexed().unwrap()), (Standing::InStep, 0));
    assert!(archive.out_of_step().unwrap().is_nothing() && archive.index_is_sound());
    archive.check().unwrap();
    let whole = "SELECT count(*) FROM entry_text WHERE entry_text MATCH '\"¦store¦1\"'";
    assert_eq!(number(&archive, whole), number(&archive, "SELECT count(*) FROM entry"));
    assert_eq!(number(&archive, "SELECT count(*) FROM entry_text WHERE entry_text MATCH 'old'"), 0);
}

#[test]
fn an_index_of_other_words_is_made_anew_and_search_is_right_meanwhile() {
    let (_folder, archive) = spoilt(|archive| of_other_words(archive, "UPDATE words.state SET version = version - 1"));
    let reader = Archive::read(archive.path()).unwrap();
    assert_eq!(reader.unindexed().unwrap(), 12);
    is_right(&reader);
    is_made_anew(archive);
}

#[test]
fn an_index_that_is_missing_damaged_or_of_another_archive_is_made_anew() {
    let remove = |archive: &Archive| fs::remove_file(archive.index_path()).unwrap();
    type Spoil<'a> = &'a dyn Fn(&Archive);
    let spoils: [(&str, Spoil<'_>); 6] = [
        ("missing", &remove),
        ("of another archive", &|archive| {
            let (_folder, other) = spoilt(|_| {});
            archive.close_index();
            fs::copy(other.index_path(), archive.index_path()).unwrap();
        }),
        ("no database", &|archive| {
            archive.close_index();
            fs::write(archive.index_path(), "nothing that SQLite knows".repeat(100)).unwrap();
        }),
        ("empty", &|archive| {
            archive.close_index();
            fs::write(archive.index_path(), "").unwrap();
        }),
        ("behind", &|archive| of_other_words(archive, "UPDATE words.state SET stamp = 1, before = 2")),
        ("without its tables", &|archive| archive.sql.execute_batch("DROP TABLE words.state").unwrap()),
    ];
    for (what, spoil) in spoils {
        let (_folder, archive) = spoilt(spoil);
        assert!(archive.index_standing() != Standing::InStep, "{what}");
        is_made_anew(archive);
    }
}

#[test]
fn damage_that_a_search_meets_costs_nothing_but_the_index() {
    let (_folder, archive) = spoilt(|archive| {
        let damage = "UPDATE words.entry_text_data SET block = x'ffffffffffffffff' WHERE id > 10";
        archive.sql.execute_batch(damage).unwrap();
    });
    let reader = Archive::read(archive.path()).unwrap();
    assert_eq!(reader.index_standing(), Standing::InStep);
    is_right(&reader);
    assert!(!archive.index_path().exists());
    is_made_anew(archive);
}

#[test]
fn a_repair_makes_a_damaged_index_anew() {
    let (_folder, mut archive) =
        spoilt(|archive| archive.sql.execute_batch("DELETE FROM words.entry_text_data WHERE id > 10").unwrap());
    assert_eq!(archive.out_of_step().unwrap().wordless, 12);
    assert_eq!(archive.fix_derived().unwrap().wordless, 12);
    assert!(archive.out_of_step().unwrap().is_nothing());
    is_right(&archive);
}

#[test]
fn a_repair_puts_in_what_the_index_lacks_and_takes_out_what_it_has_too_much() {
    let (_folder, mut archive) = spoilt(|archive| {
        archive.sql.execute("DELETE FROM words.entry_text WHERE rowid = (SELECT max(key) FROM entry)", []).unwrap();
        archive.sql.execute("INSERT INTO words.entry_text (rowid, tokens) VALUES (7, 'old')", []).unwrap();
    });
    let fixed = archive.fix_derived().unwrap();
    assert_eq!((fixed.wordless, fixed.words_of_none), (1, 1));
    assert!(archive.out_of_step().unwrap().is_nothing());
    is_right(&archive);
}

#[test]
fn a_step_that_the_archive_took_no_note_of_is_taken_again() {
    let (_folder, mut archive) = spoilt(|_| {});
    put(&mut archive, 1..3, "again");
    archive.sql.execute("DELETE FROM entry WHERE id = 5", []).unwrap();
    archive.open_index().unwrap();
    let written = step(&mut archive.sql, STEP).unwrap().unwrap();
    assert_eq!(archive.index_standing(), Standing::Between);
    is_right(&archive);
    assert_eq!(archive.unindexed().unwrap(), 5, "two came, two were replaced, one went");
    assert!(archive.index_step(STEP).unwrap());
    assert_eq!((archive.index_standing(), archive.unindexed().unwrap()), (Standing::InStep, 0));
    take_note(&mut archive.sql, &written).unwrap(); // too late: it changes nothing
    assert_eq!(archive.index_standing(), Standing::InStep);
    is_right(&archive);
}

#[test]
fn an_archive_with_its_index_inside_gets_it_beside_itself() {
    let (_folder, archive) = spoilt(|archive| {
        archive.discard_index();
        archive.sql.execute_batch(include_str!("../../tests/back_to_version_4.sql")).unwrap();
        archive
            .sql
            .execute_batch(
                "ALTER TABLE quarantine DROP COLUMN near_since; DROP TABLE word_index; \
                 CREATE VIRTUAL TABLE entry_text USING fts5 (summary, content = ''); \
                 INSERT INTO entry_text (rowid, summary) VALUES (1, 'old'); CREATE TABLE fact_value (fact, value); \
                 PRAGMA user_version = 3",
            )
            .unwrap();
    });
    assert_eq!(number(&archive, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE '%virtual%'"), 0);
    is_made_anew(archive);
}

#[test]
fn a_search_waits_for_an_index_that_is_made_anew() {
    let (_folder, mut archive) =
        spoilt(|archive| of_other_words(archive, "UPDATE words.state SET version = version + 1"));
    archive.catch_up(|_| panic!("so few are looked through")).unwrap();
    put(&mut archive, 100..5200, "");
    let mut left_over = Vec::new();
    archive.catch_up(|left| left_over.push(left)).unwrap();
    assert!(left_over.first() >= Some(&5112), "{left_over:?}");
    assert_eq!(archive.index_standing(), Standing::InStep);
    is_right(&archive);
}

#[test]
fn an_index_gets_places_once_many_entries_have_words_without_spaces() {
    let folder = tempfile::tempdir().unwrap();
    let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
    put(&mut archive, 0..900, "");
    archive.index_words(usize::MAX).unwrap();
    assert!(!archive.index_has_places());
    is_right(&archive);
    put(&mut archive, 900..1600, "");
    assert!(archive.index_words(2).unwrap(), "it is made anew in steps");
    is_right(&archive);
    archive.index_words(usize::MAX).unwrap();
    assert!(archive.index_has_places());
    assert_eq!(number(&archive, "SELECT written FROM words.state"), 1600);
    is_right(&archive);
    assert!(archive.out_of_step().unwrap().is_nothing());
}

#[test]
fn the_index_stands_beside_the_archive_under_its_name() {
    for (archive, index) in
        [("a/archive.db", "a/archive.index.db"), ("b.d/log", "b.d/log.index.db"), ("x.sqlite", "x.sqlite.index.db")]
    {
        assert_eq!(index_file::path_of(archive.as_ref()), std::path::Path::new(index));
    }
}
