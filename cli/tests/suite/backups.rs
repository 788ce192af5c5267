//! `backup` and `restore`: a copy is whole, and a restored one says what it lacks.

use std::fs;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use rusqlite::Connection;
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HASH, Program, present, serve};

/// A store of 300 entries, collected, and the program that did.
fn collected() -> (Sandbox, Program) {
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 300)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("STORELOGS_ARCHIVE", "archive.db");
    assert_eq!(program.run(&["sync"]).code, 0);
    (sandbox, program)
}

fn entries(path: &Path) -> i64 {
    let sql = Connection::open(path).unwrap();
    sql.query_row("SELECT count(*) FROM entries", [], |row| row.get(0)).unwrap()
}

#[test]
fn a_backup_is_whole_though_the_archive_is_read_and_written() {
    let (_sandbox, program) = collected();
    let path = program.home.path().join("archive.db");
    let reader = Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
    let writer = Connection::open(&path).unwrap();
    writer
        .execute_batch("UPDATE entry SET summary = 'committed' WHERE key IN (SELECT key FROM entry LIMIT 5)")
        .unwrap();
    writer.execute_batch("BEGIN IMMEDIATE; UPDATE entry SET summary = 'not committed'").unwrap();
    let run = program.run(&["backup", "copy.db"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert!(
        run.out.starts_with("300 entries of 1 store, ") && run.out.ends_with("copied to copy.db and verified\n"),
        "{run:?}"
    );
    let copy = program.home.path().join("copy.db");
    assert_eq!(entries(&copy), 300);
    let sql = Connection::open(&copy).unwrap();
    let summaries = |text: &str| -> i64 {
        sql.query_row("SELECT count(*) FROM entry WHERE summary = ?1", [text], |row| row.get(0)).unwrap()
    };
    assert_eq!((summaries("committed"), summaries("not committed")), (5, 0));
    assert!(!program.home.path().join("copy.db.partial").exists());
    #[cfg(unix)]
    for file in ["copy.db", "copy.db.secret"] {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(program.home.path().join(file)).unwrap().permissions().mode() & 0o777, 0o600, "{file}");
    }
    assert_eq!(
        fs::read(program.home.path().join("copy.db.secret")).unwrap(),
        fs::read(program.home.path().join("archive.db.secret")).unwrap()
    );
}

#[test]
fn a_backup_replaces_one_of_the_same_archive_and_nothing_else() {
    let (sandbox, program) = collected();
    let home = program.home.path();
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    let at = present().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let record = json!({"id": 9_000_000, "type": "general", "module": "", "severity": "errors", "summary": "It came since",
        "message": "", "date_created": at});
    sandbox.push(Platform::BigCommerce, HASH, record);
    sandbox.clock().advance(Duration::from_secs(600));
    assert_eq!(program.run(&["sync"]).code, 0);
    // Somebody looked into the backup, and left it as a reader leaves an archive.
    let looked = Connection::open(home.join("copy.db")).unwrap();
    looked.pragma_update(None, "journal_mode", "wal").unwrap();
    drop(looked);
    let run = program.run(&["backup", "copy.db"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(entries(&home.join("copy.db")), 301);

    fs::write(home.join("notes.txt"), "not an archive").unwrap();
    let (_other_sandbox, other) = collected();
    fs::copy(other.home.path().join("archive.db"), home.join("other.db")).unwrap();
    fs::create_dir(home.join("folder")).unwrap();
    fs::write(home.join("empty"), "").unwrap();
    for file in ["notes.txt", "other.db", "folder", "archive.db", "./archive.db"] {
        let before = fs::read(home.join(file)).unwrap_or_default();
        let run = program.run(&["backup", file]);
        assert_eq!(run.code, 2, "{file}: {run:?}");
        assert!(run.err.contains("nothing was changed: name another file"), "{file}: {run:?}");
        assert_eq!(fs::read(home.join(file)).unwrap_or_default(), before, "{file}");
    }
    // Empty files lose nothing, but for those that are the archive's own.
    fs::write(home.join("archive.db-wal"), "").unwrap();
    #[cfg(unix)]
    std::os::unix::fs::symlink("archive.db.lock", home.join("link")).unwrap();
    let own =
        ["archive.db.lock", "archive.db-wal", "folder/../archive.db-shm", "archive.db.secret", "archive.index.db"];
    for file in
        own.into_iter().chain(["archive.db.partial", "archive.db.replaced-1"]).chain(cfg!(unix).then_some("link"))
    {
        let before = fs::read(home.join(file)).ok();
        let run = program.run(&["backup", file]);
        assert!(run.code == 2 && run.err.contains("nothing was changed: name another file"), "{file}: {run:?}");
        assert_eq!(fs::read(home.join(file)).ok(), before, "{file}");
    }
    assert_eq!(program.run(&["backup", "empty"]).code, 0, "an empty file loses nothing");
    let run = program.run(&["backup", "no/such/folder/copy.db"]);
    assert!(run.code == 1 && run.err.contains("there is no folder no/such/folder; make it first"), "{run:?}");
}

#[test]
fn two_backups_never_go_into_one_file_at_once() {
    let (_sandbox, program) = collected();
    let lock = program.home.path().join("copy.db.partial.lock");
    let held = fs::File::create(&lock).unwrap();
    held.lock().unwrap();
    program.file("copy.db.partial", "the other one's");
    let run = program.run(&["backup", "copy.db"]);
    assert!(run.code == 1 && run.err.contains("another process makes the backup copy.db"), "{run:?}");
    assert_eq!(fs::read_to_string(program.home.path().join("copy.db.partial")).unwrap(), "the other one's");
    // It was killed: its lock is free, and its file is still there.
    drop(held);
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    assert!(!lock.exists());
    // However many there are, what is there is whole at each moment, and whoever says that it made one has.
    let backups: Vec<_> = (0..6)
        .map(|_| program.command(&["backup", "copy.db"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap())
        .collect();
    let ended: Vec<_> = backups.into_iter().map(|backup| backup.wait_with_output().unwrap()).collect();
    for output in &ended {
        let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        let made =
            output.status.code() == Some(0) && out.starts_with("300 entries of 1 store, ") && !out.contains(" 0 bytes");
        assert!(made || err.contains("another process makes the backup copy.db"), "{output:?}");
    }
    assert!(ended.iter().any(|output| output.status.success()), "{ended:?}");
    assert_eq!(entries(&program.home.path().join("copy.db")), 300);
}

#[test]
fn what_a_backup_that_was_killed_left_goes_with_the_next_one() {
    let (_sandbox, program) = collected();
    let left = ["", "-wal", "-shm", "-journal"].map(|ending| format!("copy.db.partial{ending}"));
    left.iter().for_each(|file| program.file(file, "half a page"));
    let run = program.run(&["backup", "copy.db"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert_eq!(entries(&program.home.path().join("copy.db")), 300);
    assert!(left.iter().all(|file| !program.home.path().join(file).exists()), "{left:?}");
    // Beside the archive that is what a restore left.
    left.iter().for_each(|file| program.file(&file.replace("copy", "archive"), "half a page"));
    let run = program.run(&["doctor"]);
    assert!(left.iter().all(|file| run.out.contains(&file.replace("copy", "archive"))), "{run:?}");
}

/// The copy takes a moment, so that it can be interrupted: the archive gets a table of zeros.
#[cfg(unix)]
#[test]
fn ctrl_c_leaves_no_part_of_a_copy_and_what_was_there() {
    for (command, partial) in
        [(&["backup", "copy.db"][..], "copy.db.partial"), (&["restore", "whole.db", "--replace"], "archive.db.partial")]
    {
        let (_sandbox, program) = collected();
        let home = program.home.path();
        let names = || {
            let files = fs::read_dir(home).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
            // A process that ends at once closes nothing.
            let mut names: Vec<String> =
                files.filter(|name| !name.ends_with("-wal") && !name.ends_with("-shm")).collect();
            names.sort();
            names
        };
        assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
        assert_eq!(program.run(&["backup", "whole.db"]).code, 0);
        for source in ["archive.db", "whole.db"] {
            let sql = Connection::open(home.join(source)).unwrap();
            let ballast = "CREATE TABLE ballast (bytes BLOB); INSERT INTO ballast VALUES (zeroblob(400000000));
                PRAGMA wal_checkpoint(TRUNCATE)";
            sql.execute_batch(ballast).unwrap();
        }
        let before = names();
        let mut child = program.command(command).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        while !home.join(partial).exists() && child.try_wait().unwrap().is_none() {
            std::thread::sleep(Duration::from_millis(1));
        }
        let interrupted = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(interrupted.success());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(130), &b""[..]), "{command:?}: {output:?}");
        assert_eq!(names(), before, "{command:?}");
        assert_eq!((entries(&home.join("copy.db")), entries(&home.join("archive.db"))), (300, 300), "{command:?}");
    }
}

#[test]
fn a_replaced_archive_that_litestream_copies_is_warned_of() {
    let (_sandbox, program) = collected();
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    assert_eq!(program.run(&["restore", "copy.db", "--replace"]).err, "");
    fs::create_dir(program.home.path().join(".archive.db-litestream")).unwrap();
    let run = program.run(&["restore", "copy.db", "--replace"]);
    assert!(run.code == 0 && run.err.contains("Litestream") && run.err.contains("start it again"), "{run:?}");
}

#[test]
fn a_restored_archive_says_what_sync_will_fetch_and_sync_fetches_it() {
    let (sandbox, program) = collected();
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    let since = sandbox.clock().now();
    sandbox.clock().advance(Duration::from_secs(5 * 86_400));
    let at = jiff::Timestamp::from_second(since + 86_400).unwrap().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    for id in 0..4 {
        let record = json!({"id": 9_000_000 + id, "type": "general", "module": "", "severity": "errors",
            "summary": "It came since", "message": "", "date_created": at});
        sandbox.push(Platform::BigCommerce, HASH, record);
    }
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(entries(&program.home.path().join("archive.db")), 304);
    let run = program.run(&["restore", "copy.db"]);
    assert!(run.code == 2 && run.err.contains("--replace") && run.err.contains("nothing was changed"), "{run:?}");
    let run = program.run(&["restore", "copy.db", "--replace"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert!(run.out.contains("300 entries restored to archive.db"), "{run:?}");
    assert!(run.out.contains("what was there is archive.db.replaced-1 now"), "{run:?}");
    assert_eq!(entries(&program.home.path().join("archive.db")), 300);
    assert_eq!(entries(&program.home.path().join("archive.db.replaced-1")), 304);
    assert_eq!(entries(&program.home.path().join("copy.db")), 300, "the backup stays");
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(entries(&program.home.path().join("archive.db")), 304);
    assert_eq!(program.run(&["search", "--count", "since"]).out, "4\n");
}

/// Platforms purge: what nobody fetched in time is gone.
#[test]
fn what_the_platform_keeps_no_longer_is_said_to_be_lost() {
    let (_sandbox, program) = collected();
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    let sql = Connection::open(program.home.path().join("copy.db")).unwrap();
    let hours = |hours: i64| (present() - jiff::SignedDuration::from_hours(hours)).as_microsecond();
    let age = |days: i64| hours(24 * days);
    sql.execute("UPDATE coverage SET since = ?1, until = ?2", [age(900), age(500)]).unwrap();
    sql.execute("DELETE FROM audit", []).unwrap();
    drop(sql);
    let run = program.run(&["restore", "copy.db", "--archive", "new/archive.db"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("`storelogs sync` fetches 365 days, from "), "{run:?}");
    assert!(run.out.contains("(135 days) cannot be fetched: the platform keeps it no longer"), "{run:?}");
}

#[test]
fn what_is_no_sound_backup_is_not_restored() {
    let (_sandbox, program) = collected();
    let home = program.home.path();
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    let mut bytes = fs::read(home.join("copy.db")).unwrap();
    let half = bytes.len() / 2;
    bytes[half..half + 3 * 4096].fill(0xa5);
    fs::write(home.join("damaged.db"), &bytes).unwrap();
    fs::write(home.join("notes.txt"), "not an archive, but long enough to look at ".repeat(40)).unwrap();
    fs::write(home.join("empty.db"), "").unwrap();
    let before = entries(&home.join("archive.db"));
    for (file, says) in [
        ("damaged.db", "damaged"),
        ("notes.txt", "is not an archive"),
        ("empty.db", "no backup empty.db: "),
        (".", "no backup "),
        ("none.db", "no backup none.db: "),
    ] {
        let run = program.run(&["restore", file, "--replace"]);
        assert!(run.code == 1 && run.err.contains(says), "{file}: {run:?}");
        assert_eq!(entries(&home.join("archive.db")), before, "{file}");
    }
    let left: Vec<String> =
        fs::read_dir(home).unwrap().map(|file| file.unwrap().file_name().to_string_lossy().into_owned()).collect();
    assert!(!left.iter().any(|name| name.contains("partial") || name.contains("replaced")), "{left:?}");
}

#[test]
fn status_says_when_changes_pile_up_beside_the_archive() {
    let (_sandbox, program) = collected();
    let run = program.run(&["status"]);
    assert!(run.code == 0 && !run.out.contains("-wal"), "{run:?}");
    let wal = program.home.path().join("archive.db-wal");
    fs::File::create(&wal).unwrap().set_len(40 << 20).unwrap();
    let run = program.run(&["status"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("40.0 MiB of changes wait beside the archive (archive.db-wal)"), "{run:?}");
    fs::File::create(&wal).unwrap().set_len(40 << 20).unwrap();
    let run = program.run(&["status", "--format", "json"]);
    assert!(run.out.starts_with('[') && run.err.contains("40.0 MiB of changes"), "{run:?}");
}

/// "One plain file": a connection that only reads makes side files, and SQLite lets it not remove them.
#[test]
fn reading_commands_leave_no_side_files() {
    let (_sandbox, program) = collected();
    let files = || {
        let files =
            fs::read_dir(program.home.path()).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        let mut sides: Vec<String> = files.filter(|name| name.ends_with("-wal") || name.ends_with("-shm")).collect();
        sides.sort();
        sides
    };
    let commands: [&[&str]; 8] = [
        &["search", "order"],
        &["search", "--count", "order"],
        &["status"],
        &["report"],
        &["sql", "SELECT count(*) FROM entries"],
        &["doctor"],
        &["backup", "copy.db"],
        &["prune", "--older-than", "9y", "--dry-run"],
    ];
    for command in commands {
        let run = program.run(command);
        assert!(run.code == 0 && files().is_empty(), "{command:?}: {:?}, {run:?}", files());
    }
    // The files of one who still reads stay.
    let reader = Connection::open(program.home.path().join("archive.db")).unwrap();
    reader.query_row("SELECT count(*) FROM store", [], |row| row.get::<_, i64>(0)).unwrap();
    assert_eq!(program.run(&["status"]).code, 0);
    assert_eq!(files(), ["archive.db-shm", "archive.db-wal"]);
    reader.query_row("SELECT count(*) FROM entries", [], |row| row.get::<_, i64>(0)).unwrap();
}

/// The index of words that lies there has followed the archive further, by one step: it is not that of the backup.
#[test]
fn a_search_in_a_restored_archive_finds_what_the_backup_has() {
    let (_sandbox, program) = collected();
    let count = |query: &str| program.run(&["search", "--count", query]).out;
    let (whole, order) = (count(""), count("order"));
    assert_eq!(program.run(&["backup", "copy.db"]).code, 0);
    let home = program.home.path();
    for by_hand in [false, true] {
        let run = program.run(&["prune", "--older-than", "1d"]);
        assert!(run.code == 0 && count("order") != order, "{run:?}");
        if by_hand {
            fs::copy(home.join("copy.db"), home.join("archive.db")).unwrap();
        } else {
            assert_eq!(program.run(&["restore", "copy.db", "--replace"]).code, 0);
        }
        for _ in 0..2 {
            assert_eq!((count(""), count("order")), (whole.clone(), order.clone()), "by hand: {by_hand}");
        }
        let run = program.run(&["doctor"]);
        assert_eq!(run.code, 0, "by hand: {by_hand}: {run:?}");
    }
}

#[test]
fn what_was_copied_and_what_is_to_be_fetched_can_be_read_by_programs() {
    let (_sandbox, program) = collected();
    let copied: Value = serde_json::from_str(&program.run(&["backup", "copy.db", "--format", "json"]).out).unwrap();
    assert_eq!((&copied["entries"], &copied["stores"], &copied["has_secret"]), (&json!(300), &json!(1), &json!(true)));
    assert_eq!(
        (&copied["file"], copied["bytes"].as_u64()),
        (&json!("copy.db"), Some(fs::metadata(program.home.path().join("copy.db")).unwrap().len()))
    );
    let run = program.run(&["restore", "copy.db", "--replace", "--format", "json"]);
    let restored: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&restored["entries"], &restored["stores"][0]["entries"]), (&json!(300), &json!(300)), "{restored}");
    assert_eq!((&restored["archive"], &restored["replaced"]), (&json!("archive.db"), &json!("archive.db.replaced-1")));
    let store = &restored["stores"][0];
    assert_eq!(
        (&store["store"], &store["unpruned"], &store["lost"]),
        (&json!("bigcommerce:abc123"), &json!(false), &json!([]))
    );
    assert!(store["to_fetch"].is_array(), "{store}");
}
