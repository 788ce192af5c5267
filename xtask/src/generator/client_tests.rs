//! Tests on documents as vendors write them: what the generator cannot do is fixed by a general rule or left out by
//! name, and the rest of the document is generated.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::client::{Client, generate};
use super::{PLATFORMS, Platform, document};

const ANY: Platform = Platform {
    name: "acme",
    document: "acme.yml",
    patch: None,
    operations: &[],
    records: &[],
    pushed_down: &[],
    library: "crate",
};

fn answer(schema: Value) -> Value {
    json!({ "description": "", "content": { "application/json": { "schema": schema } } })
}

/// A document with one good operation, `listLogs`, and another one at the path `/other/{id}`.
fn with(operation: Value, schemas: Value) -> Client {
    let id = json!({ "in": "path", "name": "id", "required": true, "schema": { "type": "string" } });
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Logs", "version": "1" },
        "paths": {
            "/logs": { "get": { "operationId": "listLogs", "responses": { "200": answer(json!({ "type": "string" })) } } },
            "/other/{id}": { "parameters": [id], "post": operation },
        },
        "components": { "schemas": schemas },
    });
    let client = generate(document, &ANY).unwrap();
    assert!(client.code.contains("pub fn list_logs("), "the good operation is always there");
    client
}

fn other(more: Value) -> Value {
    let mut operation = json!({ "operationId": "other", "responses": { "204": { "description": "" } } });
    operation.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    operation
}

fn left_out(client: &Client) -> Vec<String> {
    client.left_out.iter().map(ToString::to_string).collect()
}

fn one_line(code: &str) -> String {
    code.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn json_is_taken_where_several_media_types_stand() {
    let media = |kinds: &[&str]| -> Value {
        kinds.iter().map(|kind| ((*kind).to_owned(), json!({ "schema": { "type": "integer" } }))).collect()
    };
    for kinds in [
        ["application/xml", "application/json"],
        ["application/x-www-form-urlencoded", "application/json; charset=utf-8"],
        ["text/plain", "application/hal+json"],
    ] {
        let client = with(
            other(json!({
                "requestBody": { "required": true, "content": media(&kinds) },
                "responses": { "200": { "description": "", "content": media(&kinds) } },
            })),
            json!({}),
        );
        assert!(client.left_out.is_empty(), "{:?}", left_out(&client));
        assert!(one_line(&client.code).contains("Result<ResponseValue<i64>, Error<()>>"), "{kinds:?}");
        assert!(client.code.contains(".json(&body)"), "{kinds:?}");
    }
}

#[test]
fn an_empty_answer_beside_another_is_no_type_of_its_own() {
    let beside = json!({ "200": answer(json!({ "type": "integer" })), "204": answer(json!({ "type": "string" })) });
    let client = with(other(json!({ "responses": beside })), json!({}));
    assert!(client.left_out.is_empty(), "{:?}", left_out(&client));
    assert!(one_line(&client.code).contains("Result<ResponseValue<i64>, Error<()>>"));
}

#[test]
fn of_several_answers_one_has_the_type_and_the_others_are_named() {
    let both = json!({ "200": answer(json!({ "type": "integer" })), "207": answer(json!({ "type": "string" })) });
    let client = with(other(json!({ "responses": both })), json!({}));
    assert_eq!(
        left_out(&client),
        ["the answer 207 of POST /other/{id} (`other`) is left out: another successful answer has the type; this one \
          arrives untyped"]
    );
    let same = json!({ "200": answer(json!({ "type": "integer" })), "201": answer(json!({ "type": "integer" })) });
    assert!(with(other(json!({ "responses": same })), json!({})).left_out.is_empty());
}

#[test]
fn what_cannot_be_sent_leaves_out_its_operation_by_name() {
    let upload = json!({ "content": { "multipart/form-data": { "schema": { "type": "object" } } } });
    let cookie = json!({ "in": "cookie", "name": "session", "required": true, "schema": { "type": "string" } });
    let filter = json!({ "in": "query", "name": "filter", "required": true, "style": "deepObject", "schema": { "type": "object" } });
    for (operation, why) in [
        (json!({ "requestBody": upload }), "its body is multipart/form-data, which the generator cannot send"),
        (
            json!({ "parameters": [cookie] }),
            "it needs the parameter \"session\", and a parameter in a cookie cannot be sent",
        ),
        (
            json!({ "parameters": [filter] }),
            "it needs the parameter \"filter\", and the style `deepObject` cannot be sent",
        ),
    ] {
        let client = with(other(operation), json!({}));
        assert_eq!(left_out(&client), [format!("the operation POST /other/{{id}} (`other`) is left out: {why}")]);
        assert_eq!(client.operations, 1);
    }
}

#[test]
fn a_parameter_that_may_be_left_out_is_left_out_alone() {
    let cookie = json!({ "in": "cookie", "name": "session", "schema": { "type": "string" } });
    let client = with(other(json!({ "parameters": [cookie] })), json!({}));
    assert_eq!(
        left_out(&client),
        ["the parameter \"session\" of POST /other/{id} (`other`) is left out: a parameter in a cookie cannot be sent"]
    );
    assert_eq!(client.operations, 2);
}

/// progenitor panics at each of these.
#[test]
fn a_schema_that_contradicts_itself_costs_its_type_or_its_operation_and_no_panic_is_seen() {
    let refers = || json!({ "responses": { "200": answer(json!({ "$ref": "#/components/schemas/Odd" })) } });
    for odd in [
        json!({ "type": "integer", "exclusiveMinimum": true, "items": { "type": "string" } }),
        json!({ "allOf": [{ "type": "string" }, { "type": "object", "properties": { "a": { "type": "integer" } } }] }),
        json!({ "type": "string", "enum": [1, 2], "default": {} }),
        json!({ "type": "nothing" }),
    ] {
        let client = with(other(refers()), json!({ "Odd": odd }));
        for line in left_out(&client) {
            assert!(line.contains("`Odd`") || line.contains("POST /other/{id} (`other`)"), "{line}");
        }
        let inline = with(other(json!({ "responses": { "200": answer(odd.clone()) } })), json!({}));
        for line in left_out(&inline) {
            assert!(line.contains("POST /other/{id} (`other`)"), "{line}");
        }
    }
    let fails = with(other(refers()), json!({ "Odd": { "type": "nothing" } }));
    assert!(left_out(&fails)[0].starts_with("the type of the schema `Odd`"), "{:?}", left_out(&fails));
    assert_eq!(fails.operations, 2, "only the type is gone");
}

#[test]
fn a_format_of_what_has_none_is_ignored() {
    let map = json!({ "type": "object", "format": "json", "additionalProperties": true });
    let client = with(other(json!({ "responses": { "200": answer(map) } })), json!({}));
    assert!(client.left_out.is_empty(), "{:?}", left_out(&client));
}

#[test]
fn paths_and_their_parameters_that_do_not_match_are_put_right() {
    let stray = json!({ "in": "path", "name": "stray", "required": true, "schema": { "type": "string" } });
    let client = with(other(json!({ "parameters": [stray] })), json!({}));
    assert_eq!(client.operations, 2);
    assert!(left_out(&client)[0].contains("the path has no place for it"), "{:?}", left_out(&client));
    let bare = json!({
        "openapi": "3.0.3",
        "info": { "title": "Logs", "version": "1" },
        "paths": { "/logs/{id}": { "get": { "responses": { "200": answer(json!({})) } } } },
    });
    let client = generate(bare, &ANY).unwrap();
    assert!(client.code.contains("pub fn get_logs_id("), "an operation without an id is called after its path");
    assert!(client.code.contains("pub fn id<V>"), "a parameter of the path needs no description");
}

#[test]
fn parameters_with_one_name_in_rust_get_names_of_their_own_and_keep_their_wire_names() {
    let query = |name: &str| json!({ "in": "query", "name": name, "schema": { "type": "string" } });
    let header = json!({ "in": "header", "name": "kind", "schema": { "type": "string" } });
    let parameters = [query("type:not"), query("type_not"), query("client"), query("kind"), header];
    let client = with(other(json!({ "parameters": parameters })), json!({}));
    for setter in ["type_not", "type_not_2", "client_2", "kind", "kind_2"] {
        assert!(client.code.contains(&format!("pub fn {setter}<V>")), "{setter}");
    }
    let code = one_line(&client.code);
    for wire in ["(\"type:not\", &type_not_2)", "(\"type_not\", &type_not)", "\"client\""] {
        assert!(code.contains(wire), "{wire}: {code}");
    }
    assert!(!client.code.contains('\u{e000}'));
}

#[test]
fn properties_and_choices_and_types_with_one_name_in_rust_get_names_of_their_own() {
    let text = || json!({ "type": "string" });
    let log = json!({
        "type": "object",
        "properties": { "a-b": text(), "a_b": text(), "extra": text(), "kind": { "type": "string", "enum": ["x-y", "x_y"] } },
        "required": ["a-b"],
        "additionalProperties": true,
    });
    let to = |name: &str| json!({ "$ref": format!("#/components/schemas/{name}") });
    let page =
        json!({ "type": "object", "properties": { "one": to("severity"), "other": to("Severity"), "log": to("Log") } });
    let level = json!({ "type": "object", "properties": { "level": { "type": "integer" } } });
    let client = with(
        other(json!({ "responses": { "200": answer(page) } })),
        json!({ "Log": log, "severity": level, "Severity": text() }),
    );
    let code = one_line(&client.code);
    for part in [
        "rename = \"a-b\")] pub a_b_2: ::std::string::String",
        "pub a_b: ::std::option::Option",
        "pub extra: ::serde_json::Map<",
        "pub extra_2: ::std::option::Option",
        "rename = \"extra\"",
        "rename = \"x-y\"",
        "rename = \"x_y\"",
        "pub struct Severity2 {",
    ] {
        assert!(code.contains(part), "{part}: {code}");
    }
    assert!(client.left_out.is_empty(), "{:?}", left_out(&client));
}

#[test]
fn additional_properties_that_may_be_anything_keep_what_has_no_name() {
    let log = |additional: Value| json!({ "type": "object", "properties": { "id": { "type": "string" } }, "additionalProperties": additional });
    let code = |additional| with(other(json!({ "responses": { "200": answer(log(additional)) } })), json!({})).code;
    assert_eq!(code(json!(true)), code(json!({})));
    assert!(code(json!(true)).contains("pub extra: ::serde_json::Map<"));
}

/// The rules are for other documents: of ours they change nothing and leave out nothing.
#[test]
fn of_our_own_documents_nothing_is_left_out() {
    for platform in &PLATFORMS {
        let effective = format!("{}/../specs/{}/effective.json", env!("CARGO_MANIFEST_DIR"), platform.name);
        let (effective, _) = document::read(&std::fs::read_to_string(effective).unwrap()).unwrap();
        let client = generate(effective, platform).unwrap();
        assert!(client.left_out.is_empty(), "{:?}", left_out(&client));
        let golden = format!(
            "{}/../tests/suite/snapshots/suite__golden_files__{}.rs.snap",
            env!("CARGO_MANIFEST_DIR"),
            platform.name
        );
        let golden = std::fs::read_to_string(golden).unwrap();
        let (_, golden) = golden.split_once("\n---\n").unwrap();
        assert!(client.code.trim() == golden.trim(), "{}: run `cargo xtask regen`", platform.name);
    }
}
