//! The golden files that are made from the documents or from the code: some for review, so that a change of a document
//! or of the generator shows as a diff, some for readers. `cargo xtask regen` writes them again.

use std::path::Path;

use storelogs::LogEntry;

use crate::faults;

/// Compares a file of the repository with what it should say. Under `cargo xtask regen` it writes what the file should
/// say, below the folder that the chore names.
fn assert_golden(path: &str, contents: &str) {
    if let Some(folder) = std::env::var_os("STORELOGS_REGEN") {
        let path = Path::new(&folder).join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        return std::fs::write(path, contents).unwrap();
    }
    let found = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap_or_default();
    assert!(
        found.replace("\r\n", "\n") == contents,
        "{path} is stale: run `cargo xtask regen`, and review what changed"
    );
}

/// The documents that the clients are generated from: the vendor's, after our corrections.
#[test]
fn the_effective_documents_are_the_reviewed_ones() {
    assert_golden("specs/bigcommerce/effective.json", include_str!(concat!(env!("OUT_DIR"), "/bigcommerce.json")));
    assert_golden("specs/shopline/effective.json", include_str!(concat!(env!("OUT_DIR"), "/shopline.json")));
}

#[test]
fn the_generated_clients_are_the_reviewed_ones() {
    let (bigcommerce, shopline) = (
        include_str!(concat!(env!("OUT_DIR"), "/bigcommerce.rs")),
        include_str!(concat!(env!("OUT_DIR"), "/shopline.rs")),
    );
    insta::assert_snapshot!("bigcommerce.rs", bigcommerce);
    insta::assert_snapshot!("shopline.rs", shopline);
}

/// A user sets a parameter on the request, and looks there for what it means.
#[test]
fn every_setter_of_a_request_says_what_it_sets() {
    for code in [
        include_str!(concat!(env!("OUT_DIR"), "/bigcommerce.rs")),
        include_str!(concat!(env!("OUT_DIR"), "/shopline.rs")),
    ] {
        let (_, requests) = code.rsplit_once("pub mod builder {").unwrap();
        let lines: Vec<&str> = requests.lines().map(str::trim).collect();
        let is_setter = |line: &str| line.starts_with("pub fn ") && line.ends_with("<V>(mut self, value: V) -> Self");
        let setters: Vec<usize> = (0..lines.len()).filter(|line| is_setter(lines[*line])).collect();
        assert!(setters.len() >= 11, "{} setters", setters.len());
        for setter in setters {
            assert!(lines[setter - 1].starts_with("/// "), "{} says nothing", lines[setter]);
        }
    }
}

/// Where a document has no words for a type, the generator writes its name and nothing else.
#[test]
fn every_type_of_a_client_says_more_than_its_name() {
    for code in [
        include_str!(concat!(env!("OUT_DIR"), "/bigcommerce.rs")),
        include_str!(concat!(env!("OUT_DIR"), "/shopline.rs")),
    ] {
        let comments = code.lines().filter_map(|line| line.trim().strip_prefix("///"));
        let names: Vec<&str> = comments.filter(|text| text.starts_with('`') && text.ends_with('`')).collect();
        assert!(code.contains("pub struct") && names.is_empty(), "{names:?}: add a description in the patch");
    }
}

#[test]
fn the_schema_of_an_entry_is_the_reviewed_one() {
    assert_golden("docs/log-entry.schema.json", &format!("{:#}\n", LogEntry::json_schema()));
}

#[test]
fn the_table_of_faults_is_the_one_that_the_walks_are_held_to() {
    assert_golden("docs/faults.md", &faults::table::print());
}
