//! The rooms of this crate: what is below knows nothing of what is above.

use std::collections::BTreeSet;

use super::imports::{self, beside_their_folder, circles, paths, room};

/// The rooms, from the ground up. A room imports only rooms of floors below its own.
const FLOORS: [&[&str]; 5] =
    [&["error", "failpoint", "name"], &["columns", "storage"], &["delta"], &["lake", "otlp"], &["lib"]];

/// Everything that breaks the rules, a line each.
fn faults(sources: &imports::Sources) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    for (file, text) in sources {
        let Some(own) = imports::floor(&FLOORS, room(file)) else {
            faults.insert(format!("{file}: a room that stands on no floor"));
            continue;
        };
        for path in paths(file, text, &[]) {
            let Some(other) = path.strip_prefix("crate::").and_then(|path| path.split("::").next()) else { continue };
            if imports::floor(&FLOORS, other).is_some_and(|on| on >= own && other != room(file)) {
                faults.insert(format!("{file}: it imports {other}, which is not below it"));
            }
        }
    }
    faults.extend(circles(sources));
    faults.extend(beside_their_folder(sources));
    faults
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
