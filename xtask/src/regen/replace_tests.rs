//! Tests of replacing a document: either the newer one is in its place, or nothing changes at all.
//!
//! The tree consists of fixtures. Only its effective document is built, by the code that build.rs uses.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::derived::Derived;
use super::golden::files_below;
use super::replace::Replacement;
use crate::Result;
use crate::changes::Format;
use crate::generator::corrections;
use crate::provenance::{self, Origin};

const DOCUMENT: &str = include_str!("../../fixtures/store-logs.yml");
const PATCH: &str = include_str!("../../fixtures/patch.yml");

const KEPT: &str = "specs/bigcommerce/effective.json";

/// A tree whose document is that of the fixtures.
fn tree() -> TempDir {
    let tree = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = tree.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    let row = |file: &str, text: &str| {
        let origin = Origin::today(file, "the vendor", text.as_bytes());
        provenance::rewritten(&format!("| `{file}` | a | b | `{}` |\n", "0".repeat(64)), &origin)
    };
    write("specs/bigcommerce/store-logs.yml", DOCUMENT);
    write("specs/bigcommerce/patch.yml", PATCH);
    write("specs/shopline/operation-logs.yml", "of another platform");
    let rows = row("bigcommerce/store-logs.yml", DOCUMENT) + &row("shopline/operation-logs.yml", "of another platform");
    write("specs/README.md", &format!("# The documents\n\n{rows}"));
    write("src/bigcommerce/page.rs", "fn ask(request: Request) -> Request { request.limit(10) }");
    write(KEPT, &build(tree.path()).unwrap().files[Path::new(KEPT)]);
    tree
}

/// The files that the tests of the library would write, as far as the fixtures go.
fn build(root: &Path) -> Result<Derived> {
    let text = |name: &str| fs::read_to_string(root.join("specs/bigcommerce").join(name)).unwrap();
    let mut document: Value = yaml_serde::from_str(&text("store-logs.yml")).unwrap();
    assert!(corrections::apply(&mut document, &corrections::read(&text("patch.yml")).unwrap()).is_empty());
    Ok(Derived { files: [(KEPT.into(), format!("{document:#}\n"))].into() })
}

fn contents(root: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    files_below(root).unwrap().into_iter().map(|path| (path.clone(), fs::read(path).unwrap())).collect()
}

/// The vendor's next edition, as it lies beside the tree.
fn edition(change: impl FnOnce(&mut Value)) -> (TempDir, String) {
    let mut document: Value = yaml_serde::from_str(DOCUMENT).unwrap();
    change(&mut document);
    file(format!("{document:#}").as_bytes())
}

fn file(bytes: &[u8]) -> (TempDir, String) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("next.json");
    fs::write(&path, bytes).unwrap();
    (folder, path.display().to_string())
}

fn parameters(document: &mut Value) -> &mut Vec<Value> {
    document["paths"]["/store/systemlogs"]["get"]["parameters"].as_array_mut().unwrap()
}

fn add_user_id(document: &mut Value) {
    parameters(document).push(json!({ "in": "query", "name": "user_id", "schema": { "type": "integer" } }));
}

fn from(from: &str) -> Replacement<'_> {
    let format = Format::Terminal;
    let (deny_breaking, fix, build) = (false, false, true);
    let (keep, drop) = (&[][..], &[][..]);
    Replacement { from, platform: "bigcommerce", source: None, format, deny_breaking, fix, keep, drop, build }
}

/// Tries it where it must fail: why, once it is sure that nothing changed.
fn fails(tree: &TempDir, replacement: &Replacement<'_>, collect: impl FnOnce() -> Result<Derived>) -> String {
    let before = contents(tree.path());
    let why = replacement.run(tree.path(), collect).unwrap_err();
    assert!(contents(tree.path()) == before, "the tree is as it was: {why}");
    why
}

#[test]
fn a_newer_document_takes_the_place_of_the_old_one_with_all_that_is_made_of_it() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    let before = contents(tree.path());
    let today = || jiff::Timestamp::now().strftime("%Y-%m-%d").to_string();
    let begun = today();
    let said = from(&path).run(tree.path(), || build(tree.path())).unwrap();

    let text = |name: &str| fs::read_to_string(tree.path().join(name)).unwrap();
    assert_eq!(text("specs/bigcommerce/store-logs.yml"), fs::read_to_string(&path).unwrap(), "byte for byte");
    assert!(text(KEPT).contains("user_id"));
    let origin = provenance::of_platform(tree.path(), "bigcommerce").unwrap();
    assert_eq!(origin.source, "the file `next.json`");
    assert!([begun, today()].contains(&origin.date), "{}", origin.date);
    assert_eq!(provenance::check(tree.path()), Ok(()), "the sum is the new one, and the other row is as it was");
    let changed: Vec<PathBuf> = contents(tree.path())
        .into_iter()
        .filter(|file| !before.contains(file))
        .map(|(path, _)| path.strip_prefix(tree.path()).unwrap().to_owned())
        .collect();
    assert_eq!(changed, ["specs/README.md", KEPT, "specs/bigcommerce/store-logs.yml"].map(PathBuf::from));
    assert!(changed.iter().all(|path| said.contains(path.to_str().unwrap())), "{said}");
}

#[test]
fn where_a_document_came_from_can_be_said() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    let odd = Replacement { source: Some("a | b"), ..from(&path) };
    assert!(fails(&tree, &odd, || build(tree.path())).contains("cannot stand in a table"));
    let said = Replacement { source: Some("the vendor's mail of Monday"), ..from(&path) };
    said.run(tree.path(), || build(tree.path())).unwrap();
    assert_eq!(provenance::of_platform(tree.path(), "bigcommerce").unwrap().source, "the vendor's mail of Monday");
}

#[test]
fn the_document_that_is_kept_already_changes_nothing() {
    let tree = tree();
    let (_folder, path) = file(DOCUMENT.as_bytes());
    let before = contents(tree.path());
    let said = from(&path).run(tree.path(), || Err("nothing is to be built".into())).unwrap();
    assert!(said.contains("nothing to do"), "{said}");
    assert!(contents(tree.path()) == before);
}

/// The vendor fixed two things, and a new parameter moved three.
fn fixed_and_moved(document: &mut Value) {
    document["info"]["contact"]["email"] = json!("support@bigcommerce.com");
    let answer = &mut document["paths"]["/store/systemlogs"]["get"]["responses"]["200"]["content"]["application/json"];
    answer["schema"]["required"] = json!(["data"]);
    parameters(document).insert(4, json!({ "in": "query", "name": "user_id", "schema": { "type": "integer" } }));
}

#[test]
fn corrections_that_no_longer_apply_are_named_with_what_to_do() {
    let tree = tree();
    let (_folder, path) = edition(fixed_and_moved);
    let all = corrections::read(PATCH).unwrap().len();
    let message = fails(&tree, &from(&path), || Err("nothing is to be built".into()));
    assert!(
        message.starts_with(&format!("5 of {all} corrections no longer apply; {} do, and stay.", all - 5)),
        "{message}"
    );
    assert_eq!(message.matches("the vendor fixed this: delete lines").count(), 2, "{message}");
    assert_eq!(message.matches("this moved: in lines").count(), 3, "{message}");
    let lines = |message: &str| {
        let number = |line: &str| line.strip_prefix("- specs/bigcommerce/patch.yml:")?.split(':').next()?.parse().ok();
        message.lines().filter_map(number).collect::<Vec<usize>>()
    };
    assert!(
        lines(&message).len() == 5 && lines(&message).is_sorted_by(|a, b| a > b),
        "the last stands first: {message}"
    );
}

#[test]
fn what_asks_for_no_decision_is_fixed_on_request_and_the_other_corrections_are_kept() {
    let tree = tree();
    let (_folder, path) = edition(fixed_and_moved);
    Replacement { fix: true, ..from(&path) }.run(tree.path(), || build(tree.path())).unwrap();
    let patch = fs::read_to_string(tree.path().join("specs/bigcommerce/patch.yml")).unwrap();
    let reasons = |patch: &str| {
        let corrections = corrections::read(patch).unwrap();
        corrections.into_iter().map(|correction| correction.reason).collect::<Vec<_>>()
    };
    let mut expected = reasons(PATCH);
    expected.retain(|reason| !reason.contains("hid the address") && !reason.starts_with("Every page has `data`"));
    assert_eq!(reasons(&patch), expected);
    assert!(patch.starts_with(PATCH.split("\n\n").next().unwrap()), "the comment on top stays: {patch}");
    assert!(!patch.contains("\n\n\n") && patch.ends_with("\n") && !patch.ends_with("\n\n"), "{patch}");
}

#[test]
fn a_part_that_the_vendor_fixed_is_deleted_on_request() {
    let tree = tree();
    let (_folder, path) = edition(|document| {
        let sort = json!({ "in": "query", "name": "sort", "schema": { "type": "string", "enum": ["type"] } });
        parameters(document).push(sort);
    });
    Replacement { fix: true, ..from(&path) }.run(tree.path(), || build(tree.path())).unwrap();
    let patch = fs::read_to_string(tree.path().join("specs/bigcommerce/patch.yml")).unwrap();
    assert!(!patch.contains("name: sort") && patch.contains("name: direction"), "{patch}");
}

#[test]
fn a_vendor_who_fixes_everything_leaves_a_patch_of_comments() {
    let tree = tree();
    let (_folder, path) = edition(|document| {
        assert!(corrections::apply(document, &corrections::read(PATCH).unwrap()).is_empty());
    });
    Replacement { fix: true, ..from(&path) }.run(tree.path(), || build(tree.path())).unwrap();
    let patch = fs::read_to_string(tree.path().join("specs/bigcommerce/patch.yml")).unwrap();
    assert!(corrections::read(&patch).unwrap().is_empty() && patch.starts_with("# "), "{patch}");
}

#[test]
fn what_asks_for_a_decision_is_not_fixed() {
    let tree = tree();
    let (_folder, path) = edition(|document| {
        fixed_and_moved(document);
        document["components"]["schemas"]["SystemLog"]["properties"]["severity"]["type"] = json!("integer");
    });
    let asked = Replacement { fix: true, ..from(&path) };
    let message = fails(&tree, &asked, || Err("nothing is to be built".into()));
    assert!(
        message.contains("the vendor changed this: `/components/schemas/SystemLog/properties/severity` is"),
        "{message}"
    );
    assert!(message.contains("a decision"), "{message}");
}

#[test]
fn what_is_no_document_changes_nothing() {
    let tree = tree();
    let with = |change: fn(&mut Value)| {
        let mut document: Value = yaml_serde::from_str(DOCUMENT).unwrap();
        change(&mut document);
        document.to_string()
    };
    let table: [(&[u8], &str); 8] = [
        (b"<!DOCTYPE html>\n<p>Not: found", "neither YAML nor JSON"),
        (b"<p>Moved</p>", "not an OpenAPI document"),
        (b"", "not an OpenAPI document"),
        (b"\xff\xfe", "it is not text"),
        (b"{\"openapi\":", "neither YAML nor JSON"),
        (b"swagger: '2.0'\npaths: { /a: {} }", "Swagger"),
        (with(|document| document["openapi"] = json!("3.2.0")).leak().as_bytes(), "3.2.0"),
        (with(|document| document["paths"] = json!({})).leak().as_bytes(), "no `paths`"),
    ];
    for (bytes, why) in table {
        let (_folder, path) = file(bytes);
        let message = fails(&tree, &from(&path), || Err("nothing is to be built".into()));
        assert!(message.contains(why) && message.contains("next.json"), "{message}");
    }
    fails(&tree, &from("/nowhere/at/all.yml"), || Err("nothing is to be built".into()));
}

#[test]
fn a_document_of_another_platform_changes_nothing() {
    let tree = tree();
    let (_folder, path) = file(include_bytes!("../../../specs/shopline/operation-logs.yml"));
    let message = fails(&tree, &from(&path), || Err("nothing is to be built".into()));
    assert!(message.contains("is gone: if nothing took its place"), "{message}");
}

#[test]
fn a_breaking_change_that_is_denied_changes_nothing() {
    let tree = tree();
    let (_folder, path) = edition(|document| {
        parameters(document).retain(|parameter| parameter["name"] != "limit");
    });
    // The corrections count from the front, so the parameter that is gone moves them.
    let asked = Replacement { fix: true, deny_breaking: true, ..from(&path) };
    let message = fails(&tree, &asked, || Err("nothing is to be built".into()));
    assert_eq!(message, "a change is breaking");
}

#[test]
fn a_build_that_fails_changes_nothing() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    let document = tree.path().join("specs/bigcommerce/store-logs.yml");
    let message = fails(&tree, &from(&path), || {
        assert_ne!(fs::read_to_string(&document).unwrap(), DOCUMENT, "it is built of the new one");
        assert_eq!(provenance::check(tree.path()), Ok(()), "and the sum is that of the new one");
        Err("the library does not build".into())
    });
    assert!(message.starts_with("the library does not build\n") && message.contains("--without-building"), "{message}");
}

#[test]
fn a_build_that_panics_changes_nothing() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    let before = contents(tree.path());
    let run = || from(&path).run(tree.path(), || panic!("a bug"));
    assert!(catch_unwind(AssertUnwindSafe(run)).is_err());
    assert!(contents(tree.path()) == before);
}

#[test]
fn a_file_that_cannot_be_written_changes_nothing() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    // Where a file should be there is a folder. It comes after the effective document, which is written before.
    fs::create_dir_all(tree.path().join("specs/zone")).unwrap();
    fails(&tree, &from(&path), || {
        let mut derived = build(tree.path())?;
        derived.files.insert("specs/a-new-file".into(), "new".into());
        derived.files.insert("specs/zone".into(), "a folder is here".into());
        Ok(derived)
    });
    assert!(!tree.path().join("specs/a-new-file").exists());
}

#[test]
fn a_document_can_be_put_in_its_place_before_our_code_fits_it() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    let said =
        Replacement { build: false, ..from(&path) }.run(tree.path(), || panic!("nothing is to be built")).unwrap();
    assert!(said.contains("nothing was built"), "{said}");
    assert_eq!(provenance::check(tree.path()), Ok(()));
    assert!(!fs::read_to_string(tree.path().join(KEPT)).unwrap().contains("user_id"), "regen writes it later");
}

/// A server that gives one answer, and then the next. Its address, and the request lines that it saw.
fn serve(answers: Vec<Vec<u8>>) -> (u16, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let handle = thread::spawn(move || {
        let mut asked = Vec::new();
        for answer in answers {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            asked.extend(head.into_iter().next());
            let _ = stream.write_all(&answer); // whoever heard enough is gone
        }
        asked
    });
    (port, handle)
}

fn answer(status: &str, more: &str, length: usize, body: &[u8]) -> Vec<u8> {
    let head = format!("HTTP/1.1 {status}\r\n{more}connection: close\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

#[test]
fn a_document_comes_from_an_address_as_well_and_what_is_secret_in_it_is_not_written_down() {
    let tree = tree();
    let (_folder, path) = edition(add_user_id);
    let body = fs::read(path).unwrap();
    let (port, server) = serve(vec![
        answer("302 Found", "location: /logs.json\r\n", 0, b""),
        answer("200 OK", "content-type: application/json\r\n", body.len(), &body),
    ]);
    let address = format!("http://me:hidden-word@127.0.0.1:{port}/old.json?token=hidden-word#top");
    from(&address).run(tree.path(), || build(tree.path())).unwrap();
    assert_eq!(server.join().unwrap(), ["GET /old.json?token=hidden-word HTTP/1.1", "GET /logs.json HTTP/1.1"]);
    assert_eq!(fs::read(tree.path().join("specs/bigcommerce/store-logs.yml")).unwrap(), body);
    let origin = provenance::of_platform(tree.path(), "bigcommerce").unwrap();
    assert_eq!(origin.source, format!("http://127.0.0.1:{port}/old.json"));
}

#[test]
fn an_address_that_does_not_give_a_whole_document_changes_nothing() {
    let tree = tree();
    let body = DOCUMENT.as_bytes();
    let endless = vec![b' '; (8 << 20) + 1];
    for (answer, why) in [
        (answer("404 Not Found", "", 3, b"no\n"), "it answered 404"),
        (answer("200 OK", "", body.len() + 1, body), "error decoding response body"),
        (answer("200 OK", "", endless.len(), &endless), "more than 8 MiB"),
        (answer("200 OK", "", 9, b"<p>hi</p>"), "not an OpenAPI document"),
    ] {
        let (port, server) = serve(vec![answer]);
        let address = format!("http://me:hidden-word@127.0.0.1:{port}/logs.yml?token=hidden-word");
        let message = fails(&tree, &from(&address), || Err("nothing is to be built".into()));
        assert!(message.contains(why), "{message}");
        assert!(!message.contains("hidden-word"), "{message}");
        server.join().unwrap();
    }
    for address in ["http://vendor.example/logs.yml", "ftp://vendor.example/logs.yml"] {
        let message = fails(&tree, &from(address), || Err("nothing is to be built".into()));
        assert!(message.contains("must begin with https://"), "{message}");
    }
    let message = fails(&tree, &from("http://127.0.0.1:1/logs.yml"), || Err("nothing is to be built".into()));
    assert!(message.contains("http://127.0.0.1:1/logs.yml: "), "{message}");
}
