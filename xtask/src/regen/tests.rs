//! Tests on each kind of golden file, made stale: the check names it and changes nothing; regen fixes it.
//!
//! The right files are found as the chore finds them: the library's tests are built, and write them.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use tempfile::TempDir;

use super::derived::Derived;
use super::golden::{self, Mode};
use super::verdict;
use crate::workspace::Workspace;

static DERIVED: LazyLock<Derived> =
    LazyLock::new(|| Workspace::find().and_then(|workspace| Derived::collect(&workspace)).unwrap());

/// A tree whose golden files are all up to date.
fn fresh() -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    golden::ensure(tree.path(), &DERIVED, Mode::Write).unwrap();
    assert_eq!(check(tree.path()), [""; 0], "what was just written is fresh");
    tree
}

fn check(root: &Path) -> Vec<String> {
    golden::ensure(root, &DERIVED, Mode::Check).unwrap()
}

/// Everything in a tree, to check that nothing changes.
fn contents(root: &Path) -> Vec<(PathBuf, String)> {
    let files = golden::files_below(root).unwrap();
    files.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

/// Changes one line in the middle of a golden file.
fn is_noticed_when_tampered_with(path: &str) {
    let tree = fresh();
    let place = tree.path().join(path);
    let mut lines: Vec<String> = fs::read_to_string(&place).unwrap().lines().map(str::to_owned).collect();
    let middle = lines.len() / 2;
    lines[middle] += " ";
    fs::write(&place, lines.join("\n") + "\n").unwrap();

    let before = contents(tree.path());
    let stale = check(tree.path());
    assert_eq!(stale, [format!("{path}: line {} is stale", middle + 1)]);
    let fails = verdict(&stale, DERIVED.files.len(), Mode::Check).unwrap_err();
    assert!(fails.contains(path) && fails.contains("1 file is stale: run `cargo xtask regen`"), "{fails}");
    assert_eq!(contents(tree.path()), before, "a check writes nothing");
    assert_eq!(golden::ensure(tree.path(), &DERIVED, Mode::Write).unwrap().len(), 1);
    assert_eq!(check(tree.path()), [""; 0]);
    assert!(verdict(&[], DERIVED.files.len(), Mode::Check).is_ok());
}

#[test]
fn a_stale_effective_document_is_noticed() {
    is_noticed_when_tampered_with("specs/bigcommerce/effective.json");
    is_noticed_when_tampered_with("specs/shopline/effective.json");
}

#[test]
fn a_stale_snapshot_of_generated_rust_is_noticed() {
    is_noticed_when_tampered_with("tests/suite/snapshots/suite__golden_files__bigcommerce.rs.snap");
    is_noticed_when_tampered_with("tests/suite/snapshots/suite__golden_files__shopline.rs.snap");
}

#[test]
fn a_stale_snapshot_of_request_shapes_is_noticed() {
    is_noticed_when_tampered_with(
        "tests/suite/snapshots/suite__shapes__every_bigcommerce_filter_is_sent_under_its_own_name.snap",
    );
}

#[test]
fn a_stale_schema_is_noticed() {
    is_noticed_when_tampered_with("docs/log-entry.schema.json");
}

#[test]
fn a_stale_table_of_the_documentation_is_noticed() {
    is_noticed_when_tampered_with("docs/faults.md");
}

#[test]
fn a_missing_file_is_noticed() {
    let tree = fresh();
    fs::remove_file(tree.path().join("docs/faults.md")).unwrap();
    assert_eq!(check(tree.path()), ["docs/faults.md is missing"]);
    assert!(!tree.path().join("docs/faults.md").exists(), "a check writes nothing");
}

#[test]
fn a_file_that_nothing_makes_any_more_is_noticed_and_goes() {
    let tree = fresh();
    let orphan = "tests/suite/snapshots/suite__shapes__a_test_that_was_renamed.snap";
    fs::write(tree.path().join(orphan), "---\n").unwrap();
    assert_eq!(check(tree.path()), [format!("{orphan}: nothing makes this file any more")]);
    golden::ensure(tree.path(), &DERIVED, Mode::Write).unwrap();
    assert!(!tree.path().join(orphan).exists());
}

#[test]
fn other_files_are_left_alone() {
    let tree = fresh();
    let others = ["docs/demo.svg", "specs/bigcommerce/patch.yml", "tests/suite/snapshots/suite__errors__x.snap"];
    for other in others {
        fs::write(tree.path().join(other), "by hand").unwrap();
    }
    assert_eq!(check(tree.path()), [""; 0]);
}

/// Checks that something is generated: without this a renamed test module would leave nothing to check.
#[test]
fn when_nothing_is_made_every_golden_file_is_stale() {
    let tree = fresh();
    let nothing = Derived { files: Default::default() };
    let stale = golden::ensure(tree.path(), &nothing, Mode::Check).unwrap();
    assert_eq!(stale.len(), DERIVED.files.len(), "{stale:?}");
}

#[test]
fn line_endings_of_another_system_are_not_stale() {
    let tree = fresh();
    let place = tree.path().join("docs/faults.md");
    let text = fs::read_to_string(&place).unwrap().replace('\n', "\r\n");
    fs::write(&place, text).unwrap();
    assert_eq!(check(tree.path()), [""; 0]);
}
