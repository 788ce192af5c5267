//! `doctor`: says what is wrong with the archive and what helps, and rebuilds what is derived.

use std::fs;

use rusqlite::Connection;
use serde_json::Value;
use storelogs_sandbox::{Behavior, History, Store};

use crate::program::{HASH, Program, serve};

fn collected() -> Program {
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 600)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("STORELOGS_ARCHIVE", "archive.db");
    assert_eq!(program.run(&["sync"]).code, 0);
    program
}

/// The names of what is not well, and how the command ended.
fn ill(program: &Program, arguments: &[&str]) -> (i32, Vec<String>) {
    let run = program.run(&[&["doctor", "--format", "json"], arguments].concat());
    let checks: Vec<Value> = serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("{run:?}"));
    let ill = checks.iter().filter(|check| check["health"] != "well");
    assert!(ill.clone().all(|check| check["remedy"].is_string()), "each has a remedy: {run:?}");
    (run.code, ill.map(|check| check["name"].as_str().unwrap().to_owned()).collect())
}

#[test]
fn a_sound_archive_is_well() {
    let program = collected();
    let run = program.run(&["doctor"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let names: Vec<&str> = run.out.lines().filter_map(|line| line.split_whitespace().nth(1)).collect();
    let all =
        "integrity counts words deletions pruning forgetting wal disk empty lock permissions secret clock leftovers";
    assert_eq!(names.join(" "), all, "{}", run.out);
    assert!(run.out.lines().all(|line| line.starts_with("well ")), "{}", run.out);
    assert_eq!(ill(&program, &["--fix"]), (0, Vec::new()));
}

#[test]
fn what_is_derived_is_put_right_and_what_was_begun_is_ended() {
    let program = collected();
    let path = program.home.path().join("archive.db");
    assert_eq!(program.run(&["search", "--count", "order"]).code, 0);
    let spoil = |statement: &str| Connection::open(&path).unwrap().execute_batch(statement).unwrap();
    let index = program.home.path().join("archive.index.db");
    let words = |statement: &str| Connection::open(&index).unwrap().execute_batch(statement).unwrap();
    type Spoil<'a> = (&'a str, &'a dyn Fn());
    let cases: [Spoil<'_>; 5] = [
        ("counts", &|| spoil("UPDATE hour SET entries = entries + 1 WHERE hour = (SELECT min(hour) FROM hour)")),
        ("words", &|| words("DELETE FROM entry_text WHERE rowid = (SELECT max(rowid) FROM entry_text_docsize)")),
        ("forgetting", &|| spoil("INSERT INTO clearing (since) VALUES (1785578400000000)")),
        ("pruning", &|| {
            spoil(
                "INSERT INTO pruned SELECT 1, 9, time / 3600000000 * 3600000000, 0 FROM (SELECT time FROM entry ORDER BY time LIMIT 1 OFFSET 60)",
            );
        }),
        ("deletions", &|| spoil("DELETE FROM entry WHERE key = (SELECT max(key) FROM entry)")),
    ];
    for (name, spoil) in cases {
        spoil();
        let (code, found) = ill(&program, &[]);
        assert!(code == 1 && found.contains(&name.to_owned()), "{name}: {found:?}");
        let run = program.run(&["doctor"]);
        assert!(run.code == 1 && run.out.contains("--fix"), "{name}: {run:?}");
        let run = program.run(&["doctor", "--fix"]);
        assert_eq!(run.code, 0, "{name}: {run:?}");
        assert!(run.out.lines().any(|line| line.starts_with("fixed") && line.contains(name)), "{name}: {run:?}");
        assert_eq!(ill(&program, &[]), (0, Vec::new()), "{name}");
    }
}

#[test]
fn a_pruning_that_was_killed_is_ended_and_the_counts_stay() {
    let program = collected();
    let path = program.home.path().join("archive.db");
    let number =
        |question: &str| -> i64 { Connection::open(&path).unwrap().query_row(question, [], |row| row.get(0)).unwrap() };
    let marked = "INSERT INTO pruned SELECT 1, severity, until, 0 FROM (SELECT DISTINCT severity FROM entry), \
                  (SELECT time / 3600000000 * 3600000000 AS until FROM entry ORDER BY time LIMIT 1 OFFSET 300)";
    Connection::open(&path).unwrap().execute_batch(marked).unwrap();
    // Other hands delete and spoil meanwhile, on both sides of it.
    let spoiled = "DELETE FROM entry WHERE key IN ((SELECT max(key) FROM entry), (SELECT min(key) FROM entry)); \
                   UPDATE hour SET entries = entries + 1 WHERE hour = (SELECT max(hour) FROM hour)";
    Connection::open(&path).unwrap().execute_batch(spoiled).unwrap();
    assert_eq!(program.run(&["doctor", "--fix"]).code, 0);
    let held = number("SELECT count(*) FROM entry");
    assert!(held > 250 && held < 350, "{held} held");
    assert_eq!(number("SELECT sum(entries) FROM hour"), 599, "all but the one that was deleted and not pruned");
    assert_eq!(ill(&program, &[]), (0, Vec::new()));
}

#[test]
fn an_empty_file_is_no_archive_until_one_is_begun_in_it() {
    let program = collected();
    let home = program.home.path();
    fs::write(home.join("empty.db"), "").unwrap();
    fs::write(home.join("archive.db"), "").unwrap();
    for file in ["empty.db", "archive.db"] {
        for command in
            [&["status"][..], &["search", "order"], &["doctor"], &["doctor", "--fix"], &["backup", "copy.db"]]
        {
            let run = program.run(&[command, &["--archive", file]].concat());
            assert!(run.code == 1 && run.err.contains(&format!("{file} is empty")), "{command:?}: {run:?}");
            assert_eq!(fs::metadata(home.join(file)).unwrap().len(), 0, "{command:?}");
        }
    }
    let run = program.run(&["sync"]);
    assert!(run.code == 1 && run.err.contains("archive.db is empty"), "there was one: {run:?}");
    let begun = storelogs_collector::Archive::open(home.join("empty.db"));
    assert!(begun.is_ok(), "nothing says that there was one: {begun:?}");
    fs::remove_file(home.join("archive.db")).unwrap();
    assert!(storelogs_collector::Archive::open(home.join("archive.db")).is_ok(), "as the error says");
}

#[test]
fn what_is_not_derived_is_said_with_its_remedy() {
    let program = collected();
    let home = program.home.path();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(home.join("archive.db"), fs::Permissions::from_mode(0o644)).unwrap();
    }
    fs::write(home.join("archive.db.partial"), "left").unwrap();
    let secret = fs::read(home.join("archive.db.secret")).unwrap();
    fs::remove_file(home.join("archive.db.secret")).unwrap();
    let sql = Connection::open(home.join("archive.db")).unwrap();
    sql.execute("UPDATE learned SET ahead = 7200000000", []).unwrap();
    drop(sql);
    assert_eq!(ill(&program, &[]), (1, ["permissions", "secret", "clock", "leftovers"].map(str::to_owned).to_vec()));
    let run = program.run(&["doctor"]);
    for says in [
        "chmod 600 archive.db",
        "archive.db.secret is missing",
        "is 2 h behind that of bigcommerce:abc123",
        "rm archive.db.partial",
    ] {
        assert!(run.out.contains(says), "{says}: {run:?}");
    }
    fs::write(home.join("archive.db.secret"), secret).unwrap();
    assert_eq!(ill(&program, &["--fix"]).1, ["permissions", "clock", "leftovers"], "that is for its owner");
    let bytes = fs::read(home.join("archive.db")).unwrap();
    let mut damaged = bytes.clone();
    let half = bytes.len() / 2 / 4096 * 4096;
    damaged[half..half + 4 * 4096].fill(0xa5);
    fs::write(home.join("archive.db"), damaged).unwrap();
    let run = program.run(&["doctor", "--fix"]);
    assert!(run.code == 1 && format!("{}{}", run.out, run.err).contains("damaged"), "{run:?}");
}

#[test]
fn a_collector_at_work_is_left_alone() {
    let program = collected();
    let archive = storelogs_collector::Archive::open(program.home.path().join("archive.db")).unwrap();
    let _lock = archive.lock().unwrap();
    let run = program.run(&["doctor"]);
    assert!(run.code == 0 && run.out.contains("a process collects into the archive"), "{run:?}");
    let run = program.run(&["doctor", "--fix"]);
    assert!(run.code == 1 && run.err.contains("another process collects"), "{run:?}");
}
