//! An archive on a disk without room, really: a small one in memory, of a namespace of its own.
#![cfg(target_os = "linux")]

use std::process::Command;

use storelogs_sandbox::{Behavior, History, Store};

use crate::program::{HASH, Program, serve};

/// Whether a disk may be mounted here. Some containers forbid it.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "sh", "-c", "mount -t tmpfs tmpfs /mnt"]).output();
    tried.is_ok_and(|output| output.status.success())
}

#[test]
fn a_full_disk_is_told_as_such_wherever_it_strikes_and_nothing_is_damaged() {
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
        let run = program.command(&["sync", "--archive", "disk/archive.db"]);
        let script = format!(
            "mount -t tmpfs -o size={size}k tmpfs disk && {{ \"$@\"; code=$?; cp disk/archive.db* kept/; exit $code; }}"
        );
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c", &script, "sh"]).arg(run.get_program()).args(run.get_args());
        command.env_clear().envs(run.get_envs().filter_map(|(name, value)| Some((name, value?))));
        let output = command.current_dir(program.home.path()).output().unwrap();
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
