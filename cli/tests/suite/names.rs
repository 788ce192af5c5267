//! The names of an archive: links to it, and places where there is none.
#![cfg(unix)]

use std::fs;
use std::os::unix::fs::symlink;

use storelogs_sandbox::{Behavior, History, Sandbox, Store};

use crate::program::{HASH, Program, serve};

/// A store that is collected into `disk/archive.db`, to which `link.db` leads.
fn collected() -> (Sandbox, Program) {
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 300)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("STORELOGS_ARCHIVE", "link.db");
    fs::create_dir(program.home.path().join("disk")).unwrap();
    symlink("disk/archive.db", program.home.path().join("link.db")).unwrap();
    assert_eq!(program.run(&["sync"]).code, 0);
    (sandbox, program)
}

fn names(program: &Program, folder: &str) -> Vec<String> {
    let files = fs::read_dir(program.home.path().join(folder)).unwrap();
    let mut names: Vec<String> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// With a secret, a lock and an index of its own, it would be another archive in the same file.
#[test]
fn a_link_to_an_archive_is_that_archive() {
    let (_sandbox, program) = collected();
    let home = program.home.path();
    assert_eq!(program.run(&["search", "--count", "order"]).code, 0);
    assert_eq!(names(&program, "."), ["disk", "link.db"]);
    assert_eq!(names(&program, "disk"), ["archive.db", "archive.db.lock", "archive.db.secret", "archive.index.db"]);
    let secret = fs::read(home.join("disk/archive.db.secret")).unwrap();
    for arguments in [&["search", "--count", "order"][..], &["status"], &["doctor"]] {
        for archive in ["disk/archive.db", "link.db"] {
            let run = program.run(&[arguments, &["--archive", archive]].concat());
            assert_eq!(run.code, 0, "{arguments:?} {archive}: {run:?}");
        }
    }
    assert_eq!(fs::read(home.join("disk/archive.db.secret")).unwrap(), secret);
    let collector = storelogs_collector::Archive::open(home.join("disk/archive.db")).unwrap();
    let lock = collector.lock().unwrap();
    let run = program.run(&["prune", "--older-than", "30d"]);
    assert!(run.code == 1 && run.err.contains("another process collects"), "{run:?}");
    drop(lock);
    assert_eq!(names(&program, "."), ["disk", "link.db"]);
}

#[test]
fn a_backup_through_a_link_goes_where_that_leads_and_comes_back_from_there() {
    let (_sandbox, program) = collected();
    let home = program.home.path();
    symlink("disk/copy.db", home.join("newest.db")).unwrap();
    for _ in 0..2 {
        assert_eq!(program.run(&["backup", "newest.db"]).code, 0);
        assert!(home.join("newest.db").is_symlink() && home.join("disk/copy.db.secret").is_file());
    }
    let run = program.run(&["restore", "newest.db", "--replace"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(home.join("link.db").is_symlink());
    assert_eq!(names(&program, "."), ["disk", "link.db", "newest.db"]);
    assert!(names(&program, "disk").contains(&"archive.db.replaced-1".to_owned()));
    let run = program.run(&["doctor"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[test]
fn that_a_place_cannot_be_looked_at_does_not_mean_that_nothing_is_there() {
    let (_sandbox, program) = collected();
    symlink("ring.db", program.home.path().join("ring.db")).unwrap();
    for command in ["status", "sync", "doctor"] {
        let run = program.run(&[command, "--archive", "ring.db"]);
        assert!(run.code == 1 && run.err.contains("cannot be used"), "{command}: {run:?}");
    }
    let run = program.run(&["restore", "ring.db"]);
    assert!(run.code == 1 && run.err.contains("cannot be used"), "{run:?}");
}

/// SQLite would remove them with the first connection to a new file.
#[test]
fn changes_whose_archive_was_moved_away_are_not_removed() {
    let (_sandbox, program) = collected();
    let disk = program.home.path().join("disk");
    fs::rename(disk.join("archive.db"), disk.join("moved.db")).unwrap();
    fs::write(disk.join("archive.db-wal"), [1; 5000]).unwrap();
    assert_eq!(program.run(&["backup", "disk/copy.db", "--archive", "disk/moved.db"]).code, 0);
    for arguments in [&["sync"][..], &["restore", "disk/copy.db"]] {
        let run = program.run(arguments);
        assert!(run.code == 1 && run.err.contains("holds changes of one that are nowhere else"), "{run:?}");
    }
    assert_eq!(fs::read(disk.join("archive.db-wal")).unwrap(), [1; 5000]);
    fs::rename(disk.join("moved.db"), disk.join("archive.db")).unwrap();
    let run = program.run(&["sync"]);
    assert_eq!(run.code, 0, "what is none of its changes is passed over: {run:?}");
}
