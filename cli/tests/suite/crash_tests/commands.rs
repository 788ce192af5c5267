//! Commands that change an archive, killed before each of their statements: run again, they come to the same end.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use storelogs_collector::archive::VERSION;
use storelogs_sandbox::{Behavior, History, Store};
use tempfile::TempDir;

use super::aborted;
use crate::program::{HASH, Program, serve};

/// Deaths of a command that has many statements are spread over them.
const MOST_DEATHS: u64 = 60;

fn copy(from: &Path, to: &Path) {
    for file in fs::read_dir(from).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_file() {
            fs::copy(file.path(), to.join(file.file_name())).unwrap();
        }
    }
}

/// Runs a command over copies of a folder, dying each time before another statement, then once more to its end. `between`
/// looks at what a death left, `end` at what came of it all. Returns how often it died.
fn die_before_each_statement(prepared: &Path, arguments: &[&str], between: impl Fn(&Path), end: impl Fn(&Path)) -> u64 {
    die_before(MOST_DEATHS, prepared, arguments, between, end)
}

/// The same, with at most this many deaths.
fn die_before(most: u64, prepared: &Path, arguments: &[&str], between: impl Fn(&Path), end: impl Fn(&Path)) -> u64 {
    let whole = statements(prepared, arguments);
    let step = whole.div_ceil(most).max(1);
    let mut deaths = 0;
    for number in (1..=whole).step_by(usize::try_from(step).unwrap()) {
        let program = Program::new();
        copy(prepared, program.home.path());
        let mut command = program.command(arguments);
        command.env("STORELOGS_ABORT_AT_STATEMENT", number.to_string());
        let output = command.output().unwrap();
        deaths += u64::from(aborted(output.status));
        between(program.home.path());
        let run = program.run(arguments);
        assert_eq!(run.code, 0, "after a death before statement {number}: {run:?}");
        end(program.home.path());
    }
    deaths
}

/// How many statements a command has over a folder: the least number before which it does not die.
fn statements(prepared: &Path, arguments: &[&str]) -> u64 {
    let dies = |number: u64| {
        let program = Program::new();
        copy(prepared, program.home.path());
        let mut command = program.command(arguments);
        command.env("STORELOGS_ABORT_AT_STATEMENT", number.to_string());
        aborted(command.output().unwrap().status)
    };
    let mut most = 16;
    while dies(most) {
        most *= 2;
    }
    let mut least = most / 2;
    while most - least > 1 {
        let middle = least.midpoint(most);
        if dies(middle) { least = middle } else { most = middle }
    }
    most
}

/// An archive of one store.
fn collected(entries: usize) -> TempDir {
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, entries)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let run = program.run(&["sync", "--archive", "archive.db"]);
    assert_eq!(run.code, 0, "{run:?}");
    program.home
}

fn rows(folder: &Path, question: &str) -> Vec<String> {
    let sql = Connection::open(folder.join("archive.db")).unwrap();
    let mut find = sql.prepare(question).unwrap();
    let columns = find.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let cells: Vec<String> = (0..columns).map(|column| format!("{:?}", row.get_ref(column).unwrap())).collect();
        Ok(cells.join(" "))
    };
    find.query_map([], row).unwrap().map(Result::unwrap).collect()
}

/// The columns that entries had in every version.
const ENTRIES: &str = "SELECT key, store, id, time, nanos, utc_offset, observed, severity, severity_text, category, action, \
                       module, actor, subject_id, summary, message, extra FROM entry ORDER BY key";

fn has(file: &Path, bytes: &[u8]) -> bool {
    fs::read(file).is_ok_and(|text| text.windows(bytes.len()).any(|window| window == bytes))
}

#[test]
fn an_archive_is_brought_up_to_date_wherever_that_was_killed() {
    let folder = collected(300);
    let path = folder.path().join("archive.db");
    let secret = [0xa7; 32];
    let sql = Connection::open(&path).unwrap();
    sql.execute_batch(include_str!("../../../../collector/tests/back_to_version_4.sql")).unwrap();
    sql.execute("UPDATE pseudonym SET secret = ?1", [&secret[..]]).unwrap();
    drop(sql);
    fs::remove_file(folder.path().join("archive.db.secret")).unwrap();
    let before = rows(folder.path(), ENTRIES);
    assert_eq!(before.len(), 300);
    let whole = |folder: &Path| assert_eq!(rows(folder, ENTRIES), before);
    let deaths =
        die_before_each_statement(folder.path(), &["sql", "SELECT 1", "--archive", "archive.db"], whole, |folder| {
            whole(folder);
            assert_eq!(rows(folder, "PRAGMA user_version"), [format!("Integer({VERSION})")]);
            assert_eq!(fs::read_to_string(folder.join("archive.db.secret")).unwrap(), format!("{}\n", "a7".repeat(32)));
            for file in ["archive.db", "archive.db-wal"] {
                assert!(!has(&folder.join(file), &secret), "{file} has the secret still");
            }
        });
    assert!(deaths > 20, "{deaths} deaths");
}

#[test]
fn a_backup_that_is_killed_leaves_the_one_before() {
    let folder = collected(300);
    let program = Program::new();
    copy(folder.path(), program.home.path());
    assert_eq!(program.run(&["backup", "copy.db", "--archive", "archive.db"]).code, 0);
    let sql = Connection::open(program.home.path().join("archive.db")).unwrap();
    sql.execute_batch("UPDATE entry SET summary = 'since'; PRAGMA wal_checkpoint(TRUNCATE)").unwrap();
    drop(sql);
    let summaries = |folder: &Path| {
        let sql =
            Connection::open_with_flags(folder.join("copy.db"), rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
        let count = "SELECT count(*), count(*) FILTER (WHERE summary = 'since') FROM entry";
        sql.query_row(count, [], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))).unwrap()
    };
    let deaths = die_before_each_statement(
        program.home.path(),
        &["backup", "copy.db", "--archive", "archive.db"],
        |folder| assert!(matches!(summaries(folder), (300, 0 | 300)), "{:?}", summaries(folder)),
        |folder| {
            assert_eq!(summaries(folder), (300, 300));
            assert!(!folder.join("copy.db.partial").exists());
        },
    );
    assert!(deaths > 20, "{deaths} deaths");
}

#[test]
fn a_restore_that_is_killed_leaves_a_whole_archive_in_which_nothing_comes_back() {
    let folder = collected(120);
    let program = Program::new();
    let home = program.home.path();
    copy(folder.path(), home);
    let backup = || assert_eq!(program.run(&["backup", "copy.db", "--archive", "archive.db"]).code, 0);
    let name = |text: &str, keys: &str| {
        let sql = Connection::open(home.join("archive.db")).unwrap();
        sql.execute(
            &format!("UPDATE entry SET summary = ?1 WHERE key IN (SELECT key FROM entry ORDER BY key {keys})"),
            [text],
        )
        .unwrap();
    };
    name("Zwetschgenbaum asked", "LIMIT 4");
    backup();
    name("since", "DESC LIMIT 10");
    assert_eq!(program.run(&["forget", "Zwetschgenbaum", "--archive", "archive.db"]).code, 0);
    // As somebody who only reads leaves it: with changes beside it.
    let held = Connection::open(home.join("archive.db")).unwrap();
    held.execute_batch("UPDATE entry SET action = 'late' WHERE key = (SELECT max(key) FROM entry)").unwrap();
    assert!(fs::metadata(home.join("archive.db-wal")).unwrap().len() > 0);
    let whole = |folder: &Path| {
        assert_eq!(rows(folder, "SELECT count(*) FROM entry"), ["Integer(116)"]);
        assert_eq!(rows(folder, "SELECT count(*) FROM forgotten"), ["Integer(4)"]);
        let since = rows(folder, "SELECT count(*), sum(action = 'late') FROM entry WHERE summary = 'since'");
        assert!(["Integer(10) Integer(1)", "Integer(0) Null"].contains(&since[0].as_str()), "{since:?}");
        for file in ["archive.db", "archive.db-wal"] {
            assert!(!has(&folder.join(file), b"Zwetschgenbaum"), "{file} has it again");
        }
        since[0].clone()
    };
    let arguments = ["restore", "copy.db", "--replace", "--archive", "archive.db"];
    let deaths = die_before(
        2 * MOST_DEATHS,
        home,
        &arguments,
        |folder| drop(whole(folder)),
        |folder| {
            assert_eq!(whole(folder), "Integer(0) Null");
            #[cfg(unix)]
            assert_eq!(std::os::unix::fs::MetadataExt::nlink(&fs::metadata(folder.join("archive.db")).unwrap()), 1);
            assert_eq!(rows(folder, "SELECT sum(entries) FROM hours"), ["Integer(116)"]);
            let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
            assert_eq!(files.filter(|name| name.contains(".partial")).collect::<Vec<_>>(), [""; 0]);
        },
    );
    assert!(deaths > 20, "{deaths} deaths");
    drop(held);
}

#[test]
fn a_pruning_that_is_killed_goes_on_and_leaves_no_gap() {
    let folder = collected(1200);
    let program = Program::new();
    copy(folder.path(), program.home.path());
    let arguments = ["prune", "--older-than", "30d", "--archive", "archive.db"];
    assert_eq!(program.run(&arguments).code, 0);
    let left = rows(program.home.path(), ENTRIES);
    let left: std::collections::HashSet<String> = left.into_iter().collect();
    assert!(left.len() > 300 && left.len() < 900, "{} left", left.len());
    let counts = rows(folder.path(), "SELECT * FROM hour ORDER BY store, hour, kind");
    let deaths = die_before_each_statement(
        folder.path(),
        &arguments,
        |folder| {
            // What is gone is written down as pruned, and the counts stay whatever happens.
            let pruned = rows(folder, "SELECT count(*) FROM pruned") == ["Integer(5)"];
            assert!(pruned || rows(folder, "SELECT count(*) FROM entry") == ["Integer(1200)"]);
            assert_eq!(rows(folder, "SELECT * FROM hour ORDER BY store, hour, kind"), counts);
            assert_eq!(rows(folder, "SELECT count(*) FROM deleted"), ["Integer(0)"]);
        },
        |folder| {
            let rest = rows(folder, ENTRIES);
            assert!(rest.iter().all(|row| left.contains(row)));
            // Between two of these runs an hour may end, of which there are two entries or three.
            assert!(left.len() - rest.len() < 10, "{} of {} left", rest.len(), left.len());
            assert_eq!(rows(folder, "SELECT * FROM hour ORDER BY store, hour, kind"), counts);
            let damage = "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check <> 'ok'";
            assert_eq!(rows(folder, damage), ["Integer(0)"]);
        },
    );
    assert!(deaths > 20, "{deaths} deaths");
}

#[test]
fn a_forgetting_that_is_killed_is_done_by_the_next_one() {
    let folder = collected(300);
    let sql = Connection::open(folder.path().join("archive.db")).unwrap();
    let named = "UPDATE entry SET summary = 'Zwetschgenbaum asked' WHERE key IN (SELECT key FROM entry LIMIT 40)";
    sql.execute(named, []).unwrap();
    drop(sql);
    assert_eq!(
        rows(folder.path(), "SELECT count(*) FROM entry WHERE summary = 'Zwetschgenbaum asked'"),
        ["Integer(40)"]
    );
    let deaths = die_before_each_statement(
        folder.path(),
        &["forget", "Zwetschgenbaum", "--archive", "archive.db"],
        |folder| {
            // All of them, or none.
            let (held, known) =
                (rows(folder, "SELECT count(*) FROM entry"), rows(folder, "SELECT count(*) FROM forgotten"));
            let states = [["Integer(300)", "Integer(0)"], ["Integer(260)", "Integer(40)"]];
            assert!(
                states.iter().any(|[entries, forgotten]| held == [*entries] && known == [*forgotten]),
                "{held:?} {known:?}"
            );
        },
        |folder| {
            assert_eq!(rows(folder, "SELECT count(*) FROM entries"), ["Integer(260)"]);
            assert_eq!(rows(folder, "SELECT sum(entries) FROM hours"), ["Integer(260)"]);
            assert_eq!(rows(folder, "SELECT count(*) FROM clearing"), ["Integer(0)"]);
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                for trace in ["Zwetschgenbaum", "zwetschgenbaum"] {
                    assert!(!has(&path, trace.as_bytes()), "{} has it still", path.display());
                }
            }
        },
    );
    assert!(deaths > 20, "{deaths} deaths");
}
