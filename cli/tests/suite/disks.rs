//! An archive on a full disk, and on a read-only one: real file systems in memory, in a namespace of their own.
#![cfg(target_os = "linux")]

use std::process::{Command, Output};

use storelogs_sandbox::{Behavior, History, Store};

use crate::program::{HASH, Program, serve};

/// Whether a disk may be mounted here. Some containers forbid it.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).output();
    tried.is_ok_and(|output| output.status.success())
}

/// Runs the program in a shell that may mount a disk before, and do something with it behind.
fn on_disk(program: &Program, arguments: &[&str], before: &str, behind: &str) -> Output {
    let run = program.command(arguments);
    let script = format!("{before} && {{ \"$@\"; code=$?; {behind}; exit $code; }}");
    let mut command = Command::new("unshare");
    command.args(["-rm", "sh", "-c", &script, "sh"]).arg(run.get_program()).args(run.get_args());
    command.env_clear().envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
    command.current_dir(program.home.path()).output().unwrap()
}

#[test]
fn a_full_disk_is_reported_as_such_wherever_it_strikes_and_nothing_is_damaged() {
    if !may_mount() {
        return; // then the collector's own tests have to do, which limit the size of the file
    }
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 3000)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    // From no room for a first byte, over the side files, to the middle of the walk.
    for size in [4, 48, 100, 140, 180, 260, 400, 700, 1200] {
        let program = Program::new().reading_bigcommerce(&sandbox);
        let kept = program.home.path().join("kept");
        std::fs::create_dir_all(program.home.path().join("disk")).unwrap();
        std::fs::create_dir_all(&kept).unwrap();
        let arguments = ["sync", "--archive", "disk/archive.db"];
        let mount = format!("mount -t tmpfs -o size={size}k tmpfs disk");
        let output = on_disk(&program, &arguments, &mount, "cp disk/archive.db* kept/");
        let (code, err) = (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned());
        assert_eq!(code, Some(1), "{size} KiB: {err}");
        assert!(err.contains("is full") && err.contains("make room"), "{size} KiB: {err}");
        // Elsewhere there is room: it goes on with what was kept.
        let run = program.run(&["sync", "--archive", "kept/archive.db"]);
        assert_eq!(run.code, 0, "{size} KiB: {run:?}");
        let run = program.run(&["verify", "--archive", "kept/archive.db"]);
        assert_eq!(run.code, 0, "{size} KiB: {run:?}");
    }
}

/// What `-o` writes is there as a whole or not at all, and the error names the file and the remedy.
#[test]
fn output_that_has_no_room_leaves_no_file_and_is_said_with_the_name_of_it() {
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 3000)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(program.run(&["search", "--count", "order"]).code, 0, "the words are indexed, too");
    let home = program.home.path();
    std::fs::create_dir_all(home.join("disk")).unwrap();
    for (command, file) in [
        (&["fetch", "--since", "400d", "--format", "jsonl", "-o"][..], "log.jsonl"),
        (&["fetch", "--since", "400d", "--oldest-first", "-o"], "log.txt"),
        (&["search", "--limit", "0", "--format", "csv", "-o"], "log.csv"),
        (&["sql", "SELECT * FROM entries", "-o"], "rows.txt"),
        (&["report", "--since", "400d", "-o"], "report.html"),
        (&["report", "--since", "400d", "--each", "store", "-o"], "disk"),
    ] {
        let named = if file == "disk" { "disk".to_owned() } else { format!("disk/{file}") };
        let is_named = |err: &str| err.contains(&named) && err.contains("cannot be written: ");
        let arguments = [command, &[named.as_str()]].concat();
        // A limit of this process, above the side files that a reader of the archive needs, where the file was there before and stays as it was.
        let old = home.join("disk").join(if file == "disk" { "bigcommerce-abc123.html" } else { file });
        std::fs::write(&old, "as it was").unwrap();
        let output = limited(&program, 64, &arguments);
        let err = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");
        assert!(is_named(&err) && err.contains("ulimit -f"), "{arguments:?}: {err}");
        let left: Vec<_> = std::fs::read_dir(home.join("disk")).unwrap().map(|file| file.unwrap().path()).collect();
        assert_eq!(left, [old.as_path()], "{arguments:?}");
        assert_eq!(std::fs::read_to_string(&old).unwrap(), "as it was", "{arguments:?}");
        std::fs::remove_file(&old).unwrap();
        // A disk of its own that is full.
        if may_mount() {
            let output = on_disk(&program, &arguments, "mount -t tmpfs -o size=16k tmpfs disk", "ls -A disk >left");
            let err = String::from_utf8_lossy(&output.stderr).into_owned();
            assert_eq!(output.status.code(), Some(1), "{arguments:?}: {err}");
            assert!(is_named(&err) && err.contains("make room on the disk"), "{arguments:?}: {err}");
            assert_eq!(std::fs::read_to_string(home.join("left")).unwrap(), "", "{arguments:?}");
        }
    }
}

#[test]
fn an_archive_on_a_read_only_disk_can_be_read_and_is_not_written() {
    if !may_mount() {
        return;
    }
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 300)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    // Characters that mean something in a URI.
    let archive = "disk/100% #1?.db";
    assert_eq!(program.run(&["sync", "--archive", "archive.db"]).code, 0);
    std::fs::create_dir_all(program.home.path().join("disk")).unwrap();
    let mount = format!("mount -t tmpfs tmpfs disk && cp archive.db '{archive}' && mount -o remount,ro disk");
    let on_disk = |arguments: &[&str]| {
        let output = on_disk(&program, &[arguments, &["--archive", archive]].concat(), &mount, "true");
        (output.status.code(), String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned())
    };
    for (arguments, says) in [
        (&["status"][..], "300 entries; 1 of 1 store complete"),
        (&["verify"], "1 of 1 store complete"),
        (&["search", "--count", "since:400d"], "300\n"),
        (&["sql", "SELECT count(*) FROM entries"], "300\n"),
    ] {
        let (code, said) = on_disk(arguments);
        assert_eq!(code, Some(0), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    let (code, said) = on_disk(&["sync"]);
    assert!(code == Some(1) && said.contains("Read-only file system"), "{said}");
}

/// As it is when a collector was killed, or a file system was copied while it ran.
#[test]
fn a_read_only_copy_with_changes_beside_it_is_read_with_them() {
    if !may_mount() {
        return;
    }
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 300)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let archive = "disk/100% #1?.db";
    assert_eq!(program.run(&["sync", "--archive", "archive.db"]).code, 0);
    assert_eq!(program.run(&["search", "--count", "order", "--archive", "archive.db"]).code, 0);
    let sql = rusqlite::Connection::open(program.home.path().join("archive.db")).unwrap();
    sql.execute_batch("UPDATE entry SET summary = 'written since' WHERE key IN (SELECT key FROM entry LIMIT 7)")
        .unwrap();
    std::fs::create_dir_all(program.home.path().join("disk")).unwrap();
    let mount = format!(
        "mount -t tmpfs tmpfs disk && cp archive.db '{archive}' && cp archive.db-wal '{archive}-wal' \
         && cp archive.index.db 'disk/100% #1?.index.db' && mount -o remount,ro disk"
    );
    for (arguments, says) in [
        (&["sql", "SELECT count(*) FROM entries WHERE summary = 'written since'"][..], "7\n"),
        (&["status"], "300 entries; 1 of 1 store complete"),
        (&["search", "--count", "since:400d"], "300\n"),
    ] {
        let output = on_disk(&program, &[arguments, &["--archive", archive]].concat(), &mount, "true");
        let said = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {said}");
        assert!(said.contains(says), "{arguments:?}: {said}");
    }
    drop(sql);
}

#[test]
fn a_limit_of_the_size_of_files_is_reported_as_such() {
    let shop = Store::bigcommerce(HASH).history(History::bulk(1, 3000)).behavior(Behavior::unlimited());
    let sandbox = serve([shop]);
    for blocks in [700, 1400] {
        let program = Program::new().reading_bigcommerce(&sandbox);
        assert_limited(&program, blocks, &["sync", "--archive", "archive.db"]);
        // With more it goes on.
        let run = program.run(&["sync", "--archive", "archive.db"]);
        assert_eq!(run.code, 0, "{run:?}");
        assert_eq!(program.run(&["verify", "--archive", "archive.db"]).code, 0);
        // A copy is as large.
        for command in ["backup copy.db", "restore archive.db"] {
            let command =
                format!("{command} --archive {}", if command.starts_with('b') { "archive.db" } else { "new.db" });
            assert_limited(&program, 300, &command.split(' ').collect::<Vec<_>>());
        }
        let home = std::fs::read_dir(program.home.path()).unwrap();
        let names: Vec<_> = home.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        assert!(!names.iter().any(|name| name.contains("copy.db") || name.contains(".partial")), "{names:?}");
    }
}

/// Runs a command whose files may not grow beyond this many KiB.
fn limited(program: &Program, blocks: u32, command: &[&str]) -> Output {
    let command = program.command(command);
    let mut shell = Command::new("bash");
    shell
        .args(["-c", &format!("ulimit -f {blocks}; exec \"$@\""), "bash"])
        .arg(command.get_program())
        .args(command.get_args());
    shell.env_clear().envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell.current_dir(program.home.path()).output().unwrap()
}

/// Runs a command whose files may not grow beyond this many KiB, and sees that it says so.
fn assert_limited(program: &Program, blocks: u32, command: &[&str]) {
    let output = limited(program, blocks, command);
    let err = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{blocks}: {err}");
    assert!(
        err.contains(&format!("the {blocks} KiB that a file of this process may have (ulimit -f")),
        "{blocks}: {err}"
    );
}
