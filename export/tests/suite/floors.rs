//! The rooms of this crate: what is below knows nothing of what is above.

use std::collections::BTreeSet;

use super::imports;

/// The rooms, from the ground up. A room imports only rooms of floors below its own.
const FLOORS: [&[&str]; 5] =
    [&["error", "failpoint", "name"], &["columns", "storage"], &["delta"], &["lake", "otlp"], &["lib"]];

/// Everything that breaks the rules, a line each.
fn faults(sources: &imports::Sources) -> BTreeSet<String> {
    imports::misplaced(sources, &FLOORS, str::to_owned, None)
}

#[test]
fn what_is_below_imports_nothing_from_above() {
    let sources = imports::sources(env!("CARGO_MANIFEST_DIR"));
    assert!(sources.len() > 20, "{} files", sources.len());
    assert_eq!(faults(&sources), BTreeSet::new());
}

#[test]
fn an_import_from_above_is_found() {
    let sources = imports::sources(env!("CARGO_MANIFEST_DIR"));
    let sources = imports::beside(sources, &["name.rs"], "delta/new.rs", "use crate::lake::Lake;\n");
    let found: Vec<String> = faults(&sources).into_iter().collect();
    assert_eq!(found, ["delta/new.rs: it imports lake, which is not below it"]);
}
