//! Tests of reports of changes, and of the places in our code that each affects.

use std::path::Path;

use serde_json::json;

use super::tests::{old, parameters, record};
use super::{Format, Landing, Report, between};

/// An adapter that sends one filter, reads one field and knows its host.
const ADAPTER: &str = r#"
use crate::raw::types::SystemLog;

const API_URL: &str = "https://api.bigcommerce.com";

fn ask(request: Request, names: &mut Vec<String>) -> Request {
    names.sort();
    request.limit(10).severity_min(3)
}

fn entry(record: SystemLog) -> Entry {
    Entry { text: record.type_ }
}
"#;

fn landing() -> Landing {
    let tree = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(tree.path().join("src/bigcommerce")).unwrap();
    std::fs::write(tree.path().join("src/bigcommerce/page.rs"), ADAPTER).unwrap();
    Landing::read(tree.path(), "bigcommerce").unwrap()
}

#[test]
fn each_change_is_followed_to_the_code_that_it_concerns() {
    let mut new = old();
    parameters(&mut new).retain(|parameter| parameter["name"] != "severity:min" && parameter["name"] != "sort");
    parameters(&mut new).push(json!({ "in": "query", "name": "user_id", "schema": { "type": "integer" } }));
    record(&mut new)["properties"]["type"]["type"] = json!("integer");
    record(&mut new)["properties"]["module"]["type"] = json!("integer");
    record(&mut new)["properties"]["user_id"] = json!({ "type": "integer" });
    let pagination = &mut new["components"]["schemas"]["IndexMeta"]["properties"]["pagination"];
    pagination["properties"]["cursor"] = json!({ "type": "string" });
    new["servers"][0]["url"] = json!("https://api.example");
    let report = Report::new(between(&old(), &new), &landing());
    insta::assert_snapshot!(report.print(Format::Terminal));
    insta::assert_snapshot!(report.print(Format::Markdown));
    insta::assert_snapshot!(report.print(Format::Json));
    assert_eq!(report.deny_breaking().unwrap_err(), "5 changes are breaking");
}

/// The adapter calls the generated builders `request`, and so its filters are found.
#[test]
fn our_own_adapter_is_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut new = old();
    parameters(&mut new).retain(|parameter| parameter["name"] != "severity:min");
    record(&mut new)["properties"]["module"]["type"] = json!("integer");
    new["servers"][0]["url"] = json!("https://api.example");
    let report = Report::new(between(&old(), &new), &Landing::read(&root, "bigcommerce").unwrap());
    let text = report.print(Format::Terminal);
    assert_eq!(text.matches("→ src/bigcommerce/").count(), 3, "{text}");
}

#[test]
fn what_a_vendor_writes_cannot_break_out_of_a_line() {
    let report = |format| {
        let mut new = old();
        let name = "a\n| x |\u{1b}[2J<script>\u{202e}";
        parameters(&mut new).push(json!({ "in": "query", "name": name, "schema": { "type": "string" } }));
        Report::new(between(&old(), &new), &Landing::default()).print(format)
    };
    let terminal = report(Format::Terminal);
    assert_eq!(terminal.lines().count(), 4, "{terminal}");
    assert!(!terminal.contains(['\u{1b}', '\u{202e}']), "{terminal:?}");
    let markdown = report(Format::Markdown);
    assert_eq!(markdown.lines().count(), 5, "{markdown}");
    assert!(!markdown.contains("<script") && markdown.contains("\\| x \\|"), "{markdown}");
}
