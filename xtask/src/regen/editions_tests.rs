//! Tests on the vendor's two present editions, each replaced by the other.
//!
//! The newer one differs from the older one in this: it has no date filters, lists of ids are lists, it can set the
//! order, and its contact is right. The client is then generated as build.rs does it.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::derived::Derived;
use super::replace::Replacement;
use crate::Result;
use crate::changes::Format;
use crate::generator::{PLATFORMS, client, corrections, document};
use crate::provenance::{self, Origin};

const OLDER: &str = include_str!("../../fixtures/store-logs.yml");
const PATCH: &str = include_str!("../../fixtures/patch.yml");
const EFFECTIVE: &str = "specs/bigcommerce/effective.json";

fn older() -> Value {
    yaml_serde::from_str(OLDER).unwrap()
}

fn newer() -> Value {
    let mut document = older();
    document["info"]["contact"]["email"] = json!("support@bigcommerce.com");
    let operation = &mut document["paths"]["/store/systemlogs"]["get"];
    operation["summary"] = json!("Get System Logs");
    let parameters = operation["parameters"].as_array_mut().unwrap();
    parameters.retain(|parameter| !parameter["name"].as_str().unwrap().starts_with("date_created"));
    let id_in = parameters.iter_mut().find(|parameter| parameter["name"] == "id:in").unwrap();
    id_in["schema"] = json!({ "type": "array", "items": { "type": "integer" } });
    id_in["style"] = json!("form");
    id_in["explode"] = json!(false);
    id_in["description"] = json!("A comma-separated list of log IDs by which to filter.");
    for (name, values) in [("sort", ["date_created", "type"]), ("direction", ["asc", "desc"])] {
        let schema = json!({ "type": "string", "enum": values });
        parameters.push(json!({ "name": name, "in": "query", "schema": schema, "description": "The vendor's words." }));
    }
    document
}

/// A tree with an edition in it, its corrections, and the code that sends what it documents.
fn tree(document: &Value, patch: &str) -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let text = document.to_string();
    let file = "bigcommerce/store-logs.yml";
    let origin = Origin::today(file, "the vendor", text.as_bytes());
    let row = provenance::rewritten(&format!("| `{file}` | a | b | `{}` |\n", "0".repeat(64)), &origin);
    write("specs/README.md", &row);
    write("specs/bigcommerce/store-logs.yml", &text);
    write("specs/bigcommerce/patch.yml", patch);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    for path in ["src/bigcommerce/listing.rs", "src/bigcommerce/count.rs", "tests/suite/shapes.rs"] {
        write(path, &fs::read_to_string(root.join(path)).unwrap());
    }
    write(EFFECTIVE, &built(tree.path()).unwrap().0.to_string());
    tree
}

/// The effective document, and the client that is generated of it.
fn built(root: &Path) -> Result<(Value, String)> {
    let text = |name: &str| fs::read_to_string(root.join("specs/bigcommerce").join(name)).unwrap();
    let (mut document, _) = document::read(&text("store-logs.yml")).unwrap();
    let stale = corrections::apply(&mut document, &corrections::read(&text("patch.yml"))?);
    assert!(stale.is_empty(), "{stale:?}");
    let client = client::generate(document.clone(), &PLATFORMS[0])?.code;
    Ok((document, client))
}

fn derived(root: &Path) -> Result<Derived> {
    let (document, _) = built(root)?;
    Ok(Derived { files: [(PathBuf::from(EFFECTIVE), document.to_string())].into() })
}

/// Takes an edition, with these decisions.
fn take(tree: &TempDir, edition: &Value, fix: bool, keep: &[&str], drop: &[&str]) -> Result<String> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("next.json");
    fs::write(&path, edition.to_string()).unwrap();
    let own = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let (keep, drop) = (own(keep), own(drop));
    let replacement = Replacement {
        from: path.to_str().unwrap(),
        platform: "bigcommerce",
        source: Some("the vendor"),
        format: Format::Terminal,
        deny_breaking: false,
        fix,
        keep: &keep,
        drop: &drop,
        build: true,
    };
    replacement.run(tree.path(), || derived(tree.path()))
}

/// Every parameter, and every setter of the client.
fn setters(tree: &TempDir) -> Vec<String> {
    let (_, client) = built(tree.path()).unwrap();
    let requests = client.split_once("pub mod builder").unwrap().1;
    let lines =
        requests.lines().map(str::trim).filter(|line| line.starts_with("pub fn ") && line.contains("<V>(mut self"));
    let mut setters: Vec<String> =
        lines.map(|line| line["pub fn ".len()..line.find('<').unwrap()].to_owned()).collect();
    setters.sort();
    setters
}

const DATES: [&str; 2] = ["date_created:min", "date_created:max"];
const ORDER: [&str; 4] = ["sort", "direction", "id:in", "/info/contact/email"];

#[test]
fn the_newer_edition_goes_through_by_one_command_and_the_client_is_what_it_was() {
    let tree = tree(&older(), PATCH);
    let before = setters(&tree);
    take(&tree, &newer(), true, &DATES, &[]).unwrap();
    assert_eq!(setters(&tree), before);
    let patch = fs::read_to_string(tree.path().join("specs/bigcommerce/patch.yml")).unwrap();
    assert_eq!(patch.matches("missing:").count(), 2, "{patch}");
    assert!(patch.contains("the query parameter `date_created:min` of GET /store/systemlogs is gone."), "{patch}");
    assert!(!patch.contains("email\\u00A0"), "what the vendor fixed is deleted: {patch}");
    assert!(corrections::read(&patch).unwrap().iter().all(|correction| correction.reason.len() > 20));
}

#[test]
fn the_older_edition_goes_through_after_the_newer_one_and_what_was_kept_goes_by_itself() {
    let tree = tree(&older(), PATCH);
    let before = setters(&tree);
    take(&tree, &newer(), true, &DATES, &[]).unwrap();
    take(&tree, &older(), true, &ORDER, &[]).unwrap();
    assert_eq!(setters(&tree), before);
    let patch = fs::read_to_string(tree.path().join("specs/bigcommerce/patch.yml")).unwrap();
    assert!(!patch.contains("date_created:min"), "the vendor has it again: {patch}");
    // And once more.
    take(&tree, &newer(), true, &DATES, &[]).unwrap();
    assert_eq!(setters(&tree), before);
}

#[test]
fn without_a_decision_the_choice_is_named_with_the_places_in_our_code() {
    let tree = tree(&older(), PATCH);
    let patch = || fs::read(tree.path().join("specs/bigcommerce/patch.yml")).unwrap();
    let before = patch();
    for fix in [false, true] {
        let why = take(&tree, &newer(), fix, &[], &[]).unwrap_err();
        for part in [
            "the query parameter `date_created:min` of GET /store/systemlogs is gone, and is set in src/bigcommerce/",
            "src/bigcommerce/listing.rs:",
            "tests/suite/shapes.rs:",
            "--keep 'date_created:max' --keep 'date_created:min'",
            "--drop 'date_created:max' --drop 'date_created:min'",
        ] {
            assert!(why.contains(part), "{part}: {why}");
        }
        assert!(patch() == before);
    }
}

#[test]
fn what_a_walk_only_pushes_down_can_be_dropped_and_the_client_still_has_what_the_walk_calls() {
    let tree = tree(&older(), PATCH);
    take(&tree, &newer(), true, &[], &DATES).unwrap();
    let (_, client) = built(tree.path()).unwrap();
    assert!(!setters(&tree).iter().any(|setter| setter.starts_with("date_created")));
    assert!(client.contains("fn push_date_created_min<V>(self, value: V) -> Self;"), "{client}");
    assert!(client.contains("pub(crate) const DATE_CREATED_MIN: bool = false;"), "{client}");
}

#[test]
fn a_name_that_nothing_happened_to_cannot_be_kept() {
    let tree = tree(&older(), PATCH);
    for (name, word) in [("limit", "lost or changed"), ("nothing", "lost or changed"), ("/info/title/x", "never had")] {
        let why = take(&tree, &newer(), true, &[&DATES[..], &[name]].concat(), &[]).unwrap_err();
        assert!(why.contains(name) && why.contains(word), "{why}");
    }
}

#[test]
fn a_field_that_the_vendor_drops_is_kept_by_its_name() {
    let tree = tree(&older(), PATCH);
    let mut edition = older();
    edition["components"]["schemas"]["SystemLog"]["properties"].as_object_mut().unwrap().remove("module");
    let why = take(&tree, &edition, true, &[], &[]).unwrap_err();
    assert!(why.contains("`module`") || why.contains("/module"), "{why}");
    take(&tree, &edition, true, &["SystemLog.module"], &[]).unwrap();
    let (document, _) = built(tree.path()).unwrap();
    assert_eq!(document["components"]["schemas"]["SystemLog"]["properties"]["module"]["type"], "string");
}

#[test]
fn the_same_document_in_openapi_3_1_changes_nothing_that_is_generated() {
    let tree = tree(&older(), PATCH);
    let before = built(tree.path()).unwrap().1;
    let upgraded: Value = serde_json::from_str(include_str!("../../fixtures/store-logs-3.1.json")).unwrap();
    let said = take(&tree, &upgraded, false, &[], &[]).unwrap();
    assert!(said.contains("it is from the vendor"), "{said}");
    assert!(built(tree.path()).unwrap().1 == before);
}
