//! The export is killed at each of its steps, and then again: nothing is lost, nothing doubled.
//!
//! A child is this test program again, with the one test that does its work. It dies just before the step that
//! `STORELOGS_ABORT_AT_STEP` numbers.

use std::path::Path;
use std::process::{Command, Stdio};

use storelogs_collector::Archive;
use storelogs_export::Lake;

use crate::reader;
use crate::world::{World, entry, now};

const STORE: &str = "bigcommerce:abc123";

/// The work of a child process: it exports, and compacts if it is asked to.
#[test]
#[ignore = "the work of a child of the other tests"]
fn child() {
    let folder = std::env::var("STORELOGS_TEST_FOLDER").expect("a child of a test");
    let archive = Archive::read(format!("{folder}/archive.db")).unwrap();
    let lake = Lake::at(&format!("{folder}/lake"), now).unwrap().with_commits_of(8);
    lake.export(&archive).unwrap();
    if std::env::var_os("STORELOGS_TEST_COMPACTS").is_some() {
        lake.compact().unwrap();
    }
}

/// Runs a child. Whether it came to its end.
fn run(folder: &Path, compacts: bool, dies_at: u64) -> bool {
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["crash_tests::child", "--exact", "--ignored", "--test-threads=1"]);
    child.env("STORELOGS_TEST_FOLDER", folder).env("STORELOGS_ABORT_AT_STEP", dies_at.to_string());
    if compacts {
        child.env("STORELOGS_TEST_COMPACTS", "1");
    }
    let ended = child.stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
    // It comes to its end or is killed, and never fails.
    assert!(ended.status.code().is_none_or(|code| code == 0), "{}", String::from_utf8_lossy(&ended.stderr));
    ended.status.success()
}

fn assert_sound(world: &World, context: &str) {
    // Whoever reads it meanwhile finds whole commits: never one form twice.
    if world.table("entries/_delta_log/00000000000000000000.json").exists() {
        let mut seen = std::collections::HashSet::new();
        for row in world.entries() {
            assert!(seen.insert((row["uid"].clone(), row["revision"].clone())), "{context}: {row:?} is there twice");
        }
    }
}

#[test]
fn killed_at_any_step_the_next_export_brings_the_rest() {
    let mut dies_at = 1;
    loop {
        let mut world = World::with_entries(9);
        world.put(STORE, (1..4).map(|id| entry(STORE, id, "changed")));
        let done = run(world.folder.path(), false, dies_at);
        assert_sound(&world, &format!("killed at step {dies_at}"));
        world.export().unwrap();
        world.assert_exact(&[&world.archive]);
        if done {
            break;
        }
        dies_at += 1;
    }
    assert!(dies_at > 60, "it has {dies_at} steps");
}

#[test]
fn killed_while_it_puts_files_together_nothing_is_lost() {
    let whole = World::with_entries(9);
    whole.lake().with_commits_of(4).export(&whole.archive).unwrap();
    let small = whole.folder.path().join("small");
    crate::world::copy(&whole.lake_folder(), &small);
    let mut dies_at = 1;
    loop {
        let _ = std::fs::remove_dir_all(whole.lake_folder());
        crate::world::copy(&small, &whole.lake_folder());
        let done = run(whole.folder.path(), true, dies_at);
        assert_sound(&whole, &format!("killed at step {dies_at}"));
        whole.assert_exact(&[&whole.archive]);
        whole.lake().compact().unwrap();
        whole.assert_exact(&[&whole.archive]);
        if done {
            break;
        }
        dies_at += 3;
    }
    assert!(dies_at > 40, "it has {dies_at} steps");
}

/// Several exporters, each killed again and again, while the archive grows.
#[test]
fn exporters_that_are_killed_again_and_again_beside_each_other_bring_everything_once() {
    let mut world = World::with_entries(20);
    let mut random = fastrand::Rng::with_seed(7);
    for round in 0..12 {
        world.put(STORE, (0..6).map(|id| entry(STORE, 100 + round * 3 + id, &format!("round {round}"))));
        let deaths: Vec<u64> = (0..3).map(|_| random.u64(1..90)).collect();
        let folder = world.folder.path();
        std::thread::scope(|scope| {
            for dies_at in deaths {
                scope.spawn(move || run(folder, dies_at.is_multiple_of(2), dies_at));
            }
        });
        assert_sound(&world, &format!("round {round}"));
    }
    world.export().unwrap();
    world.assert_exact(&[&world.archive]);
    // What the dead left counts for nothing.
    assert!(reader::parquet_files(&world.table("entries")).len() >= reader::files(&world.table("entries")).len());
}
