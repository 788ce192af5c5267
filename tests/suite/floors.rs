//! The library's rooms: what is below knows nothing of what is above, and no platform knows another one.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::{self, Sources, paths, room};

/// The rooms, from the ground up. A room imports only rooms of floors below its own.
const FLOORS: [&[&str]; 13] = [
    &["body", "store"],
    &["error"],
    &["env", "severity", "store_name", "trace", "untraced"],
    &["entry", "transport"],
    &["builder", "call", "entry_builder", "json", "otlp", "query", "raw", "time"],
    &["follow"],
    &["source"],
    &["facts", "merge", "walk"],
    &["paginate"],
    &PLATFORMS,
    &["registry", "testing"],
    &["error_message", "platform"],
    &["guide", "lib"],
];

const PLATFORMS: [&str; 2] = ["bigcommerce", "shopline"];

/// The files of the library, without tests, and without what its macros name for the crates that use them.
fn sources() -> Sources {
    let mut sources = imports::sources(env!("CARGO_MANIFEST_DIR"));
    for text in sources.values_mut() {
        *text = text.split("\nmod tests {").next().unwrap().replace("$crate::", "");
    }
    sources
}

/// The room of each name that `lib.rs` hands on: `source` for `LogSource`.
fn exported(sources: &Sources) -> BTreeMap<String, String> {
    let paths = paths("lib.rs", &sources["lib.rs"], &[]);
    let names = paths.iter().filter_map(|path| Some((path.rsplit_once("::")?.1, path.split("::").next()?)));
    names.map(|(name, room)| (name.to_owned(), room.to_owned())).collect()
}

/// Everything that breaks the rules, a line each.
fn faults(sources: &Sources) -> BTreeSet<String> {
    let exported = exported(sources);
    let room_of = |name: &str| exported.get(name).map_or(name, String::as_str).to_owned();
    let mut faults = imports::misplaced(sources, &FLOORS, room_of, Some(", which stands on no floor"));
    for (file, text) in sources.iter().filter(|(file, _)| PLATFORMS.contains(&room(file))) {
        for path in paths(file, text, &[]).iter().filter_map(|path| path.strip_prefix("crate::")) {
            if path.split("::").any(|part| PLATFORMS.contains(&part) && part != room(file)) {
                faults.insert(format!("{file}: {path} is another platform's"));
            }
        }
    }
    faults
}

#[test]
fn what_is_below_imports_nothing_from_above_and_no_platform_imports_another() {
    let sources = sources();
    assert!(sources.len() > 60, "{} files", sources.len());
    assert_eq!(faults(&sources), BTreeSet::new());
}

/// The faults of a file with this text, beside a few files that the library has.
fn found(file: &str, text: &str) -> Vec<String> {
    let few = ["lib.rs", "store.rs", "walk/mod.rs", "walk/row.rs", "walk/seen.rs"];
    faults(&imports::beside(sources(), &few, file, text)).into_iter().collect()
}

#[test]
fn an_import_from_above_is_found_however_it_is_written() {
    for text in [
        "use crate::walk::Row;\n",
        "use crate::{error::Error, walk::{Row, Seen}};\n",
        "use super::super::walk::Row;\n",
        "fn f(row: crate::walk::Row) {}\n",
    ] {
        let expected = ["transport/new.rs: it imports walk, which is not below it"];
        assert_eq!(found("transport/new.rs", text), expected, "{text}");
    }
    let by_the_root = found("transport/new.rs", "use crate::{LogSource, Store};\n");
    assert_eq!(by_the_root, ["transport/new.rs: it imports source, which is not below it"]);
    assert_eq!(found("transport/new.rs", "use super::pace::Pacer;\nuse crate::{Error, error::Result};\n"), [""; 0]);
    assert_eq!(found("reading.rs", ""), ["reading.rs: a room that stands on no floor"]);
    assert_eq!(found("walk.rs", ""), ["walk.rs: a module with a folder is the folder's mod.rs"]);
    let circle = found("walk/row.rs", "use super::seen::Seen;\n");
    assert!(circle.iter().any(|fault| fault.contains("in a circle with walk/seen.rs")), "{circle:?}");
}

#[test]
fn what_one_platform_takes_of_another_is_found() {
    for (text, fault) in [
        ("use crate::shopline::convert;\n", "it imports shopline, which is not below it"),
        ("use crate::Shopline;\n", "it imports shopline, which is not below it"),
        ("use crate::raw::shopline as raw;\n", "raw::shopline is another platform's"),
    ] {
        let found_there = found("bigcommerce/new.rs", text);
        assert!(found_there.contains(&format!("bigcommerce/new.rs: {fault}")), "{text}: {found_there:?}");
    }
    assert_eq!(found("bigcommerce/new.rs", "use crate::raw::bigcommerce as raw;\n"), [""; 0]);
}
