//! Tests of the corrections of one edition of a document, on documents that the vendor might publish next. The edition
//! is kept under `fixtures`, so that a newer one in `specs` changes nothing here.

use serde_json::{Value, json};

use super::corrections::{Stale, Why, apply, read};

const DOCUMENT: &str = include_str!("../../fixtures/store-logs.yml");
const PATCH: &str = include_str!("../../fixtures/patch.yml");

fn document() -> Value {
    yaml_serde::from_str(DOCUMENT).unwrap()
}

fn parameters(document: &mut Value) -> &mut Vec<Value> {
    document["paths"]["/store/systemlogs"]["get"]["parameters"].as_array_mut().unwrap()
}

fn parameter<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    parameters(document).iter_mut().find(|parameter| parameter["name"] == name).unwrap()
}

/// The remedies for a document that the vendor changed, and what the corrections make of it.
fn after(change: impl FnOnce(&mut Value)) -> (Vec<Stale>, Value) {
    let mut document = document();
    change(&mut document);
    let stale = apply(&mut document, &read(PATCH).unwrap());
    (stale, document)
}

/// The lines of `patch.yml` that a correction takes, by a word of it.
fn lines_with(word: &str) -> (usize, usize) {
    let at = PATCH.lines().position(|line| line.contains(word)).unwrap();
    let lines: Vec<&str> = PATCH.lines().collect();
    let first = lines[..at].iter().rposition(|line| line.is_empty()).unwrap() + 2;
    let last = lines[at..].iter().position(|line| line.is_empty()).map_or(lines.len(), |blank| at + blank);
    (first, last)
}

#[test]
fn every_correction_applies_to_its_document() {
    let (stale, effective) = after(|_| {});
    assert!(stale.is_empty(), "{stale:?}");
    assert_eq!(effective["info"]["contact"]["email"], "support@bigcommerce.com");
}

#[test]
fn a_correction_is_a_block_with_its_comment() {
    let corrections = read(PATCH).unwrap();
    let mut lines = corrections.iter().map(|correction| (correction.lines.0, correction.lines.1));
    assert!(lines.any(|lines| lines == lines_with("`type` is an open set")));
    assert!(corrections.iter().all(|correction| correction.reason.len() > 20), "{corrections:?}");
    let in_blocks = PATCH.split("\n\n").filter(|block| block.contains("- op:")).count();
    assert_eq!(corrections.len(), in_blocks);
}

#[test]
fn text_that_holds_a_blank_line_does_not_end_a_correction() {
    let text = "# Why.\n- op: add\n  path: /a\n  value: |\n    one\n\n    two\n- op: remove\n  path: /b\n\n- op: remove\n  path: /c\n";
    let lines: Vec<(usize, usize)> = read(text).unwrap().iter().map(|c| (c.lines.0, c.lines.1)).collect();
    assert_eq!(lines, [(1, 9), (11, 12)]);
}

#[test]
fn a_patch_that_is_written_otherwise_is_refused() {
    for text in ["- path: /a\n  op: remove\n", "-  op: remove\n   path: /a\n", "a: b\n", "- op: mend\n  path: /a\n"] {
        assert!(read(text).is_err(), "{text}");
    }
}

/// For every correction: a vendor who does exactly what it does.
#[test]
fn whatever_the_vendor_fixes_is_named_with_the_lines_to_delete() {
    for correction in read(PATCH).unwrap() {
        let (stale, effective) =
            after(|document| assert!(apply(document, std::slice::from_ref(&correction)).is_empty()));
        let [stale] = &stale[..] else { panic!("{}: {stale:?}", correction.reason) };
        assert_eq!((stale.lines, &stale.why), (correction.lines, &Why::Fixed), "{}", correction.reason);
        let message = format!("the vendor fixed this: delete lines {} to {} (", stale.lines.0, stale.lines.1);
        assert!(stale.to_string().starts_with(&message), "{stale}");
        let mut today = document();
        apply(&mut today, &read(PATCH).unwrap());
        assert_eq!(effective, today, "{}", correction.reason);
    }
}

#[test]
fn what_only_moved_is_named_with_its_new_place_and_corrected_there() {
    let (stale, mut effective) = after(|document| {
        parameters(document).insert(0, json!({ "in": "query", "name": "user_id", "schema": { "type": "integer" } }));
        parameters(document).swap(3, 5);
    });
    assert_eq!(stale.len(), 4, "{stale:?}");
    assert!(stale.iter().all(|stale| matches!(stale.why, Why::Moved { .. })), "{stale:?}");
    assert!(
        stale[0].to_string().contains(
            "this moved: in lines 18 to 31 write `/paths/~1store~1systemlogs/get/parameters/5` for \
             `/paths/~1store~1systemlogs/get/parameters/2`"
        ),
        "{}",
        stale[0]
    );
    assert_eq!(parameter(&mut effective, "type")["schema"], json!({ "type": "string" }));
    assert_eq!(parameter(&mut effective, "module")["schema"], json!({ "type": "string" }));
    assert_eq!(parameter(&mut effective, "id:in")["explode"], false);
    assert!(parameter(&mut effective, "date_created:max")["description"].to_string().contains("date_created:max="));
    parameter(&mut effective, "direction");
}

#[test]
fn what_moved_and_was_fixed_in_other_words_is_fixed() {
    let (stale, mut effective) = after(|document| {
        let open = parameter(document, "type");
        open["schema"] = json!({ "type": "string" });
        open["description"] = json!("Any log type.");
        parameters(document).swap(2, 0);
    });
    let [stale] = &stale[..] else { panic!("{stale:?}") };
    assert_eq!((stale.lines.0, &stale.why), (lines_with("`type` is an open set").0, &Why::Fixed));
    assert_eq!(parameter(&mut effective, "type")["description"], "Any log type.");
}

#[test]
fn what_changed_is_shown_with_what_it_was_and_what_it_is() {
    let (stale, _) = after(|document| {
        parameter(document, "module")["schema"]["enum"] = json!(["order+status", "audit+log"]);
        parameters(document).swap(4, 6);
    });
    let [stale] = &stale[..] else { panic!("{stale:?}") };
    let message = stale.to_string();
    for part in [
        "the vendor changed this: `/paths/~1store~1systemlogs/get/parameters/6/schema/enum` is ",
        r#"["order+status","audit+log"]"#,
        r#""optimized+checkout"]"#,
        "If it is right now, delete lines 33 to 48; if not, pin what it is now",
    ] {
        assert!(message.contains(part), "{message}");
    }
}

#[test]
fn another_parameter_in_the_place_of_one_that_is_gone_is_not_taken_for_its_fix() {
    let (stale, _) = after(|document| {
        parameters(document).remove(2);
    });
    let of_type = stale.iter().find(|stale| stale.reason.contains("`type` is an open set")).unwrap();
    assert!(of_type.to_string().starts_with("the parameter \"type\" is gone: if nothing took its place, delete lines"));
}

#[test]
fn what_is_gone_is_named() {
    let (stale, _) = after(|document| {
        let schemas = document["components"]["schemas"].as_object_mut().unwrap();
        let meta = schemas.remove("IndexMeta").unwrap();
        schemas.insert("PageMeta".into(), meta);
    });
    let [type_of_meta, words] = &stale[..] else { panic!("{stale:?}") };
    let (first, last) = lines_with("What a page says about itself");
    let message = format!(
        "`/components/schemas/IndexMeta/type` is gone: if nothing took its place, delete lines {first} to {last} ("
    );
    assert!(type_of_meta.to_string().starts_with(&message), "{type_of_meta}");
    let message =
        "`/components/schemas/IndexMeta/properties/pagination` is gone: if nothing took its place, delete lines ";
    assert!(words.to_string().starts_with(message), "{words}");
}

/// Nothing is wrong with what is around a fault, so nothing is said about it.
#[test]
fn what_changes_around_a_correction_does_not_concern_it() {
    let (stale, mut effective) = after(|document| {
        for name in ["type", "module", "id:in"] {
            parameter(document, name)["description"] = json!("In other words.");
        }
        let record = &mut document["components"]["schemas"]["SystemLog"];
        record["properties"]["user_id"] = json!({ "type": "integer" });
        record["properties"]["id"]["format"] = json!("int64");
        record["properties"]["message"]["maxLength"] = json!(1_000);
        let answer = &mut document["paths"]["/store/systemlogs"]["get"]["responses"]["200"];
        answer["content"]["application/json"]["schema"]["properties"]["links"] = json!({ "type": "object" });
        parameters(document).push(json!({ "in": "query", "name": "user_id", "schema": { "type": "integer" } }));
    });
    assert!(stale.is_empty(), "{stale:?}");
    assert_eq!(parameter(&mut effective, "id:in")["schema"]["type"], "array");
}

#[test]
fn what_the_vendor_says_in_its_own_words_needs_none_of_ours() {
    let (stale, effective) = after(|document| {
        document["components"]["schemas"]["SystemLog"]["properties"]["summary"]["description"] = json!("A summary.");
    });
    let [stale] = &stale[..] else { panic!("{stale:?}") };
    assert!(matches!(&stale.why, Why::Partly(lines) if lines.len() == 1), "{stale}");
    assert_eq!(effective["components"]["schemas"]["SystemLog"]["properties"]["summary"]["description"], "A summary.");
}

/// The name shows that it is the same parameter, and what is pinned besides, that it is not as it was.
#[test]
fn what_moved_and_changed_is_named_at_its_new_place() {
    let (stale, _) = after(|document| {
        parameter(document, "id:in")["schema"] = json!({ "type": "integer" });
        parameters(document).swap(9, 0);
    });
    let [stale] = &stale[..] else { panic!("{stale:?}") };
    let message = "the vendor changed this: `/paths/~1store~1systemlogs/get/parameters/0/schema` is";
    assert!(stale.to_string().starts_with(message), "{stale}");
}

#[test]
fn what_the_vendor_fixes_in_part_is_named_by_its_lines() {
    let (stale, _) = after(|document| {
        parameters(document).push(json!({ "in": "query", "name": "sort", "schema": { "type": "string" } }));
    });
    let [stale] = &stale[..] else { panic!("{stale:?}") };
    let message = "the vendor fixed a part of this: of lines 50 to 69 delete lines 52 to 60";
    assert!(stale.to_string().starts_with(message), "{stale}");
}
