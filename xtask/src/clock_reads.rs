//! The places where tests read this machine's clock. Histories and records take their time as an argument: a test that
//! asks what time it is may hold at some hours only, unless somebody thought about it. So each place is listed here,
//! with its reason.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::workspace::Workspace;

const WALL: [&str; 4] = ["Timestamp::now", "SystemTime::now", "ZonedDateTime::now", "Utc::now"];

/// How often each file of tests reads the clock, and why it may.
const READS: [(&str, usize, &str); 7] = [
    ("cli/src/config/reloading_stores.rs", 2, "files that were changed a minute ago or just now; ages only"),
    ("cli/tests/suite/program.rs", 1, "`present`, for all tests of the program: it reads the same clock; ages only"),
    (
        "collector/tests/suite/verdict_properties/mod.rs",
        3,
        "shops that live: the sandbox and the judge read the same clock",
    ),
    ("collector/tests/suite/world.rs", 1, "`present`, for all tests of the collector; ages only"),
    ("sandbox/tests/common/mod.rs", 1, "`now`, for all tests of the sandbox, which purges by this clock; ages only"),
    ("tests/suite/drain.rs", 1, "`present`, for all tests of the library; ages only"),
    ("xtask/src/regen/replace_tests.rs", 1, "provenance names the day; both sides of a midnight are accepted"),
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            sources(&path, found);
        } else if name.ends_with(".rs") {
            found.push(path);
        }
    }
}

/// The part of a source file that is tests.
fn tests<'a>(path: &str, text: &'a str) -> &'a str {
    if path.contains("tests/") || path.ends_with("tests.rs") {
        return text;
    }
    text.find("\nmod tests {").map_or("", |at| &text[at..])
}

#[test]
fn every_clock_that_a_test_reads_is_read_for_a_reason() {
    let root = Workspace::find().unwrap().root;
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut reads = BTreeMap::new();
    for file in files {
        let path = file.strip_prefix(&root).unwrap().to_string_lossy().replace('\\', "/");
        let text = std::fs::read_to_string(&file).unwrap();
        let count = WALL.iter().map(|read| tests(&path, &text).matches(&format!("{read}(")).count()).sum::<usize>();
        if count > 0 {
            reads.insert(path, count);
        }
    }
    let expected: BTreeMap<_, _> = READS.iter().map(|(path, count, _)| ((*path).to_owned(), *count)).collect();
    assert_eq!(
        reads, expected,
        "a test is given its time; if it has to read the clock, xtask/src/clock_reads.rs says why"
    );
}
