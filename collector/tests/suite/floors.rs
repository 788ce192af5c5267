//! The collector's rooms: what is below knows nothing of what is above, and SQL stays where the archive's tables are known.

use std::collections::BTreeSet;

use super::imports::{self, Sources, code, room};

/// The rooms, from the ground up. A room imports only rooms of floors below its own.
const FLOORS: [&[&str]; 9] = [
    &["length"],
    &["error", "message", "micros", "moment", "nearest", "network", "printable", "retention", "wording", "words"],
    &["coverage", "sensitive"],
    &["archive"],
    &["drain", "redact", "verdict"],
    &["query", "search", "status", "sync"],
    &["doctor", "forget", "insight", "metrics", "verify"],
    &["watch"],
    &["lib"],
];

/// The rooms that speak SQL: the archive, the user's own statements, the search, which is one, and who says what its
/// errors mean.
const SQL_ROOMS: [&str; 4] = ["archive", "query", "search", "error"];
/// How a statement begins, and how the archive is asked one.
const SQL: [&str; 10] = [
    "SELECT ",
    "INSERT ",
    "UPDATE ",
    "DELETE FROM ",
    "CREATE ",
    "PRAGMA ",
    "rusqlite",
    ".rows(",
    ".prepared(",
    ".sql()",
];

/// The files of the collector, without tests.
fn sources() -> Sources {
    let mut sources = imports::sources(env!("CARGO_MANIFEST_DIR"));
    sources.retain(|file, _| !file.ends_with("_tests.rs"));
    for text in sources.values_mut() {
        if let Some(at) = text.find("#[cfg(test)]\nmod tests") {
            text.truncate(at);
        }
    }
    sources
}

/// Everything that breaks the rules, a line each.
fn faults(sources: &Sources) -> BTreeSet<String> {
    let mut faults = imports::misplaced(sources, &FLOORS, str::to_owned, Some(" by way of lib.rs"));
    for (file, text) in sources {
        let code = code(text);
        if let Some(what) = SQL.iter().find(|what| code.contains(**what) && !SQL_ROOMS.contains(&room(file))) {
            faults.insert(format!("{file}: {what:?} is for the rooms of SQL"));
        }
    }
    faults
}

#[test]
fn what_is_below_imports_nothing_from_above_and_sql_stays_in_its_rooms() {
    let sources = sources();
    assert!(sources.len() > 60, "{} files", sources.len());
    assert_eq!(faults(&sources), BTreeSet::new());
}

/// The faults of a file with this text, beside a few files that the collector has.
fn found(file: &str, text: &str) -> Vec<String> {
    let few = ["verdict.rs", "search/plan.rs", "redact/mod.rs"];
    faults(&imports::beside(sources(), &few, file, text)).into_iter().collect()
}

#[test]
fn an_import_from_above_and_one_by_way_of_the_root_are_found() {
    for text in ["use crate::insight::Report;\n", "use crate::{coverage::Coverage, insight::{Report, Period}};\n"] {
        assert_eq!(found("verdict.rs", text), ["verdict.rs: it imports insight, which is not below it"], "{text}");
    }
    assert_eq!(found("redact/new.rs", "use crate::Archive;\n"), ["redact/new.rs: it imports Archive by way of lib.rs"]);
    assert_eq!(found("redact/new.rs", "use crate::archive::Archive;\nuse super::Kind;\n"), [""; 0]);
    assert_eq!(found("reading.rs", ""), ["reading.rs: a room that stands on no floor"]);
    assert_eq!(found("redact.rs", ""), ["redact.rs: a module with a folder is the folder's mod.rs"]);
    let circle = found("search/part.rs", "use super::plan::Plan;\n");
    assert!(circle.iter().any(|fault| fault.contains("in a circle with search/plan.rs")), "{circle:?}");
}

#[test]
fn sql_is_found_outside_of_its_rooms() {
    for text in [
        "fn f(archive: &Archive) { archive.rows(\"x\", [], read); }\n",
        "const FIND: &str = \"SELECT 1\";\n",
        "use rusqlite::params;\n",
    ] {
        let found_there = found("watch/new.rs", text);
        assert!(found_there.len() == 1 && found_there[0].contains("for the rooms of SQL"), "{text}: {found_there:?}");
        assert_eq!(found("archive/new.rs", text), [""; 0], "{text}");
    }
    assert_eq!(found("watch/new.rs", "// SELECT stands in a comment\n"), [""; 0]);
}
