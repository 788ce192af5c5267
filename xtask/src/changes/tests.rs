//! Tests on pairs of documents, and the changes that are reported for each. The old one is an edition of BigCommerce's,
//! with its corrections; it is kept under `fixtures`, so that a newer one in `specs` changes nothing here.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::{Format, Landing, Report, between, documents};
use crate::generator::corrections;

pub(super) fn old() -> Value {
    let mut document = yaml_serde::from_str(include_str!("../../fixtures/store-logs.yml")).unwrap();
    let corrections = corrections::read(include_str!("../../fixtures/patch.yml")).unwrap();
    assert!(corrections::apply(&mut document, &corrections).is_empty());
    document
}

fn operation(document: &mut Value) -> &mut Value {
    &mut document["paths"]["/store/systemlogs"]["get"]
}

pub(super) fn parameters(document: &mut Value) -> &mut Vec<Value> {
    operation(document)["parameters"].as_array_mut().unwrap()
}

fn parameter<'a>(document: &'a mut Value, name: &str) -> &'a mut Value {
    parameters(document).iter_mut().find(|parameter| parameter["name"] == name).unwrap()
}

pub(super) fn record(document: &mut Value) -> &mut Value {
    &mut document["components"]["schemas"]["SystemLog"]
}

/// The lines about a document that the vendor changed, each with its class.
fn lines(change: impl FnOnce(&mut Value)) -> Vec<String> {
    let mut new = old();
    change(&mut new);
    of_pair(&old(), &new)
}

fn of_pair(old: &Value, new: &Value) -> Vec<String> {
    between(old, new).iter().map(|change| format!("{}: {}", change.class.name(), change.what)).collect()
}

/// A document with one operation, whose parameter and answer are given.
fn small(parameter: Value, answer: Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "paths": { "/logs/{id}.json": { "get": {
            "operationId": "getLogs",
            "parameters": [parameter],
            "responses": { "200": { "content": { "application/json": { "schema": answer } } } },
        } } },
        "components": {
            "schemas": {
                "Log": { "type": "object", "properties": { "id": { "type": "string" }, "text": { "type": "string" } }, "required": ["id"] },
                "Id": { "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] },
                "Text": { "type": "object", "properties": { "text": { "type": "string" } } },
                "Ids": { "type": "array", "items": { "type": "integer" } },
            },
            "parameters": { "Limit": { "in": "query", "name": "limit", "schema": { "type": "integer", "format": "int32" } } },
        },
    })
}

fn query(schema: Value, more: Value) -> Value {
    let mut parameter = json!({ "in": "query", "name": "id:in", "schema": schema });
    parameter.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    parameter
}

fn of_parameters(old: Value, new: Value) -> Vec<String> {
    of_pair(&small(old, json!({})), &small(new, json!({})))
}

fn of_answers(old: Value, new: Value) -> Vec<String> {
    let limit = json!({ "$ref": "#/components/parameters/Limit" });
    of_pair(&small(limit.clone(), old), &small(limit, new))
}

#[test]
fn a_document_with_twelve_kinds_of_change_gives_twelve_lines() {
    let lines = lines(|new| {
        parameters(new).retain(|parameter| parameter["name"] != "severity:max"); // 1
        parameters(new).push(json!({ "in": "query", "name": "user_id", "schema": { "type": "integer" } })); // 2
        let dates = json!({ "type": "array", "items": { "type": "string" } });
        parameter(new, "module:not")["schema"] = dates; // 3, with the next line
        parameter(new, "module:not")["explode"] = json!(false);
        parameter(new, "severity")["schema"]["enum"] = json!([1, 2, 3, 4, 5]); // 4
        parameter(new, "sort")["schema"]["enum"] = json!(["date_created"]); // 5
        record(new)["required"] = json!(["id"]); // 6
        record(new)["properties"]["type"]["type"] = json!("integer"); // 7
        record(new)["properties"].as_object_mut().unwrap().remove("summary"); // 8
        record(new)["properties"]["user_id"] = json!({ "type": "integer" }); // 9
        operation(new)["description"] = json!("Reads the log."); // 10
        new["servers"][0]["url"] = json!("https://api.bigcommerce.com/v4/stores/{store_hash}"); // 11
        new["components"]["securitySchemes"]["X-Auth-Token"]["name"] = json!("X-Token"); // 12
    });
    insta::assert_snapshot!(lines.join("\n"));
    assert_eq!(lines.len(), 12);
}

#[test]
fn the_same_document_gives_no_line_whatever_its_order() {
    let mut new = old();
    parameters(&mut new).reverse();
    let text = new.to_string();
    let reread: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(of_pair(&old(), &reread), [""; 0]);
    let report = Report::new(between(&old(), &reread), &Landing::default());
    assert_eq!(report.print(Format::Terminal), "No change.\n");
    report.deny_breaking().unwrap();
}

#[test]
fn enums_and_required_lists_in_another_order_are_the_same() {
    let lines = lines(|new| {
        parameter(new, "direction")["schema"]["enum"] = json!(["desc", "asc"]);
    });
    assert_eq!(lines, [""; 0]);
}

#[test]
fn a_reference_is_what_it_refers_to() {
    let inline = json!({ "in": "query", "name": "limit", "schema": { "type": "integer", "format": "int32" } });
    assert_eq!(of_parameters(json!({ "$ref": "#/components/parameters/Limit" }), inline), [""; 0]);
    let ids = json!({ "type": "array", "items": { "type": "integer" } });
    assert_eq!(
        of_parameters(query(ids, json!({})), query(json!({ "$ref": "#/components/schemas/Ids" }), json!({}))),
        [""; 0]
    );
}

#[test]
fn all_of_is_the_sum_of_its_parts() {
    let parts = json!({ "allOf": [{ "$ref": "#/components/schemas/Id" }, { "$ref": "#/components/schemas/Text" }] });
    let fields = json!({ "id": { "type": "string" }, "text": { "type": "string" } });
    let whole = json!({ "type": "object", "properties": fields, "required": ["id"] });
    assert_eq!(of_answers(parts, whole.clone()), [""; 0]);
    let alone = json!({ "allOf": [{ "$ref": "#/components/schemas/Log" }] });
    assert_eq!(of_answers(alone, json!({ "$ref": "#/components/schemas/Log" })), [""; 0]);
    // As Rust they are types of different names.
    assert_eq!(
        of_answers(json!({ "$ref": "#/components/schemas/Log" }), whole),
        ["breaking for our users: the type of the answer 200 of GET /logs/{id}.json is without a name, and was `Log`"]
    );
}

#[test]
fn a_schema_that_holds_itself_is_compared_once() {
    let reply = |kind: &str| {
        let mut document =
            small(json!({ "$ref": "#/components/parameters/Limit" }), json!({ "$ref": "#/components/schemas/Log" }));
        let log = &mut document["components"]["schemas"]["Log"]["properties"];
        log["replies"] = json!({ "type": "array", "items": { "$ref": "#/components/schemas/Log" } });
        log["text"]["type"] = json!(kind);
        document
    };
    assert_eq!(of_pair(&reply("string"), &reply("string")), [""; 0]);
    assert_eq!(
        of_pair(&reply("string"), &reply("integer")),
        ["breaking for our users: the field `text` of `Log` is integer, and was string"]
    );
}

#[test]
fn text_that_becomes_a_list_in_one_value_breaks_types_and_no_request() {
    let list = json!({ "type": "array", "items": { "type": "integer" } });
    let (text, as_one, as_pairs) = (
        query(json!({ "type": "string" }), json!({})),
        query(list.clone(), json!({ "explode": false })),
        query(list.clone(), json!({})),
    );
    let name = "the query parameter `id:in` of GET /logs/{id}.json";
    assert_eq!(
        of_parameters(text.clone(), as_one.clone()),
        [format!("breaking for our users: {name} is a list of integer, sent as one value with commas, and was string")]
    );
    assert_eq!(
        of_parameters(text, as_pairs.clone()),
        [format!("breaking for our requests: {name} is a list of integer, sent as a pair for each, and was string")]
    );
    assert_eq!(
        of_parameters(as_pairs, as_one),
        [format!(
            "breaking for our requests: {name} is a list of integer, sent as one value with commas, and was a list of \
             integer, sent as a pair for each"
        )]
    );
    let said = query(list.clone(), json!({ "style": "form", "explode": true }));
    assert_eq!(of_parameters(query(list.clone(), json!({})), said), [""; 0], "what is the default may be said");
    let pipes = query(list.clone(), json!({ "style": "pipeDelimited", "explode": false }));
    assert!(of_parameters(query(list, json!({})), pipes)[0].contains("in the style pipeDelimited"));
}

#[test]
fn every_change_of_a_parameter_has_its_class() {
    let table = [
        (
            json!({ "type": "integer" }),
            json!({ "type": "integer", "format": "int64" }),
            "users",
            "is integer (int64), and was integer",
        ),
        (json!({ "type": "integer" }), json!({ "type": "string" }), "users", "is string, and was integer"),
        (json!({ "type": "string" }), json!({ "type": "integer" }), "requests", "is integer, and was string"),
        (json!({ "type": "string", "enum": ["a"] }), json!({ "type": "string" }), "users", "takes any value now"),
        (
            json!({ "type": "string" }),
            json!({ "type": "string", "enum": ["a", "b"] }),
            "requests",
            "takes only `a`, `b` now",
        ),
        (
            json!({ "type": "integer", "default": 50 }),
            json!({ "type": "integer", "default": 20 }),
            "requests",
            "has another default: 20, and was 50",
        ),
        (
            json!({ "type": "integer", "maximum": 250 }),
            json!({ "type": "integer", "maximum": 100 }),
            "requests",
            "has another maximum: 100, and was 250",
        ),
        (
            json!({ "type": "integer", "maximum": 100 }),
            json!({ "type": "integer", "maximum": 250 }),
            "additive",
            "has another maximum: 250, and was 100",
        ),
        (
            json!({ "type": "integer", "minimum": 1 }),
            json!({ "type": "integer" }),
            "additive",
            "has another minimum: none, and was 1",
        ),
        (
            json!({ "type": "string", "nullable": true }),
            json!({ "type": "string" }),
            "requests",
            "no longer takes null",
        ),
        (
            json!({ "type": "string", "title": "a" }),
            json!({ "type": "string", "title": "b" }),
            "editorial",
            "is described in other words",
        ),
    ];
    for (old, new, class, what) in table {
        let line = of_parameters(query(old, json!({})), query(new, json!({})));
        let class =
            if class.len() > 8 || class == "additive" { class.to_owned() } else { format!("breaking for our {class}") };
        assert_eq!(line, [format!("{class}: the query parameter `id:in` of GET /logs/{{id}}.json {what}")]);
    }
    let of = |old: Value, new: Value| {
        let text = json!({ "type": "string" });
        let mut lines = of_parameters(query(text.clone(), old), query(text, new));
        assert_eq!(lines.len(), 1, "{lines:?}");
        lines.remove(0).replace(" the query parameter `id:in` of GET /logs/{id}.json", "")
    };
    assert_eq!(of(json!({}), json!({ "required": true })), "breaking for our requests: is required now");
    assert_eq!(of(json!({ "required": true }), json!({})), "additive: may be left out now");
    assert_eq!(of(json!({}), json!({ "deprecated": true })), "editorial: is deprecated");
}

#[test]
fn every_change_of_a_field_has_its_class() {
    let of = |old: Value, new: Value| {
        let holder = |field: Value| json!({ "type": "object", "properties": { "text": field } });
        of_answers(holder(old), holder(new))
            .join(" + ")
            .replace("the field `text` of the answer 200 of GET /logs/{id}.json", "it")
    };
    let text = || json!({ "type": "string" });
    let with = |more: Value| {
        let mut schema = text();
        schema.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        schema
    };
    assert_eq!(of(text(), json!({ "type": "integer" })), "breaking for our users: it is integer, and was string");
    assert_eq!(of(text(), with(json!({ "nullable": true }))), "additive: it may be null now");
    assert_eq!(of(text(), with(json!({ "enum": ["a"] }))), "breaking for our users: it is one of `a` now");
    assert_eq!(of(with(json!({ "enum": ["a"] })), text()), "breaking for our users: it may be anything now");
    assert_eq!(
        of(with(json!({ "enum": ["a", "b"] })), with(json!({ "enum": ["b", "c"] }))),
        "breaking for our users: it is no longer `a` + breaking for our users: it may be `c`, too"
    );
    assert_eq!(
        of(text(), with(json!({ "format": "uuid" }))),
        "breaking for our users: it is string (uuid), and was string"
    );
    // build.rs keeps dates as text.
    assert_eq!(
        of(text(), with(json!({ "format": "date-time" }))),
        "editorial: it is string (date-time), and was string"
    );
    assert_eq!(of(text(), with(json!({ "maxLength": 9 }))), "editorial: it has another maxLength");
    assert_eq!(of(text(), with(json!({ "example": "a" }))), "editorial: it is described in other words");
    assert_eq!(
        of(json!({ "oneOf": [text(), { "type": "integer" }] }), json!({ "oneOf": [text(), { "type": "boolean" }] })),
        "breaking for our users: it is boolean | string, and was integer | string"
    );
}

#[test]
fn a_choice_in_another_order_is_the_same() {
    let of = |choice: Value| json!({ "type": "object", "properties": { "text": { "oneOf": choice } } });
    let (a, b) = (json!({ "type": "string" }), json!({ "type": "integer" }));
    assert_eq!(of_answers(of(json!([a, b])), of(json!([b, a]))), [""; 0]);
}

#[test]
fn a_type_of_several_answers_is_one_line() {
    let several = |text: &str| {
        let log = json!({ "$ref": "#/components/schemas/Log" });
        let page = json!({ "type": "object", "properties": { "one": log, "all": { "type": "array", "items": log } } });
        let mut document = small(json!({ "$ref": "#/components/parameters/Limit" }), page);
        document["paths"]["/log"] = document["paths"]["/logs/{id}.json"].clone();
        document["components"]["schemas"]["Log"]["properties"]["text"]["type"] = json!(text);
        document
    };
    assert_eq!(
        of_pair(&several("string"), &several("integer")),
        ["breaking for our users: the field `text` of `Log` is integer, and was string"]
    );
}

#[test]
fn servers_come_and_go_and_move() {
    let server = |url: &str| json!({ "url": url });
    let one = "https://api.bigcommerce.com/stores/{store_hash}/v3";
    let added = lines(|new| new["servers"].as_array_mut().unwrap().push(server("https://eu.example")));
    assert_eq!(added, ["additive: the server `https://eu.example` is new"]);
    let moved = lines(|new| new["servers"] = json!([server("https://eu.example")]));
    assert_eq!(moved, [format!("breaking for our requests: the server `{one}` is `https://eu.example` now")]);
    let gone = lines(|new| new["servers"] = json!([]));
    assert_eq!(gone, [format!("breaking for our requests: the server `{one}` is gone")]);
    let other = lines(|new| new["servers"][0]["variables"]["store_hash"]["default"] = json!("abc123"));
    let what = r#"`store_hash` is "abc123", and was "store_hash""#;
    assert_eq!(other, [format!("editorial: what is said of the server `{one}` changed: {what}")]);
}

#[test]
fn operations_come_go_and_are_renamed() {
    let lines = lines(|new| {
        operation(new)["operationId"] = json!("listLogs");
        new["paths"]["/store/systemlogs/count"] = json!({ "get": { "operationId": "countLogs", "responses": {} } });
    });
    assert_eq!(
        lines,
        [
            "breaking for our users: GET /store/systemlogs is called `listLogs` and was `getStoreSystemLogs`",
            "additive: the operation GET /store/systemlogs/count is new",
        ]
    );
    let moved = self::lines(|new| {
        let item = new["paths"].as_object_mut().unwrap().remove("/store/systemlogs").unwrap();
        new["paths"]["/store/logs"] = item;
    });
    assert_eq!(
        moved,
        [
            "breaking for our requests: the operation GET /store/systemlogs is gone",
            "additive: the operation GET /store/logs is new",
        ]
    );
}

#[test]
fn a_path_parameter_with_another_name_is_the_same_operation() {
    let id = |name: &str| json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string" } });
    let old = small(id("id"), json!({}));
    let mut new = small(id("log_id"), json!({}));
    let item = new["paths"].as_object_mut().unwrap().remove("/logs/{id}.json").unwrap();
    new["paths"]["/logs/{log_id}.json"] = item;
    assert_eq!(
        of_pair(&old, &new),
        ["breaking for our users: the path parameter `id` of GET /logs/{log_id}.json is called `log_id` now"]
    );
}

#[test]
fn what_the_generator_leaves_out_is_editorial() {
    let lines = lines(|new| {
        operation(new)["responses"]["401"] = json!({ "description": "No." });
        new["components"]["schemas"]["BaseError"]["properties"]["detail"] = json!({ "type": "string" });
        new["info"]["version"] = json!("3.1");
        new["tags"] = json!([]);
        new["components"]["securitySchemes"]["X-Auth-Token"]["description"] = json!("A token.");
    });
    assert_eq!(
        lines,
        [
            "editorial: `BaseError` of the schemas, which nothing refers to, changed",
            "editorial: the answer 401 of GET /store/systemlogs is documented now",
            "editorial: the description of the security scheme `X-Auth-Token` changed",
            "editorial: the tags of the document changed",
            "editorial: the version of the document changed",
        ]
    );
}

#[test]
fn credentials_and_success_answers_that_change_are_breaking() {
    let lines = lines(|new| {
        new["security"] = json!([{ "OAuth": [] }]);
        operation(new)["responses"]["204"] = json!({ "description": "Nothing." });
        let answer = &mut operation(new)["responses"]["200"];
        answer["headers"] = json!({ "X-Total": { "schema": { "type": "integer" } } });
        answer["content"] = json!({ "text/csv": {} });
    });
    assert_eq!(
        lines,
        [
            r#"breaking for our requests: the document asks for other credentials: [{"OAuth":[]}], and was [{"X-Auth-Token":[]}]"#,
            "breaking for our users: the answer 200 of GET /store/systemlogs comes as \"text/csv\", and came as \"application/json\"",
            "breaking for our users: the answer 204 of GET /store/systemlogs is new",
            "additive: the header `x-total` of the answer 200 of GET /store/systemlogs is new",
        ]
    );
}

#[test]
fn a_limit_of_an_answer_is_editorial_for_it_changes_no_type_and_what_may_change_one_is_breaking() {
    let of = |old: Value, new: Value| of_answers(query_of(old), query_of(new)).join(" + ");
    fn query_of(field: Value) -> Value {
        json!({ "type": "object", "properties": { "id": field } })
    }
    let with = |key: &str, value: Value| json!({ "type": "integer", key: value });
    for (key, value) in [("minimum", json!(1)), ("maximum", json!(200)), ("multipleOf", json!(5))] {
        let line = of(json!({ "type": "integer" }), with(key, value));
        assert!(line.starts_with("editorial: ") && line.ends_with(&format!("has another {key}")), "{line}");
    }
    for (key, value) in [("default", json!(1)), ("discriminator", json!({})), ("not", json!({}))] {
        let line = of(json!({ "type": "integer" }), with(key, value));
        assert!(line.starts_with("breaking for our users: "), "{line}");
    }
}

#[test]
fn what_3_1_says_of_null_is_what_3_0_says() {
    let read = |text: String| documents::read(&text).unwrap().0;
    let field = |schema: Value| json!({ "type": "object", "properties": { "text": schema } });
    let limit = || json!({ "$ref": "#/components/parameters/Limit" });
    let old = small(limit(), field(json!({ "type": "string", "nullable": true })));
    let mut new = small(limit(), field(json!({ "type": ["string", "null"] })));
    new["openapi"] = json!("3.1.0");
    assert_eq!(
        of_pair(&read(old.to_string()), &read(new.to_string())),
        [""; 0],
        "the edition is that of what is generated from"
    );
}

#[test]
fn a_parameter_that_becomes_text_of_a_media_type_breaks_requests() {
    let plain = query(json!({ "type": "string" }), json!({}));
    let content = json!({ "application/json": { "schema": { "type": "object" } } });
    let mut as_json = plain.clone();
    as_json.as_object_mut().unwrap().remove("schema");
    as_json["content"] = content;
    assert_eq!(
        of_parameters(plain, as_json.clone()),
        ["breaking for our requests: the query parameter `id:in` of GET /logs/{id}.json is text of the type \
          `application/json`, and was string"]
    );
    assert_eq!(of_parameters(as_json.clone(), as_json), [""; 0]);
}

#[test]
fn credentials_that_are_only_said_again_are_no_change() {
    let again = lines(|new| {
        let all = new["security"].clone();
        operation(new)["security"] = all;
    });
    assert_eq!(again, [""; 0]);
    let moved = lines(|new| {
        let all = new["security"].take();
        operation(new)["security"] = all;
    });
    assert_eq!(moved, [""; 0], "from the document to each of its operations");
    let none = lines(|new| operation(new)["security"] = json!([]));
    assert_eq!(none.len(), 1, "{none:?}");
    assert!(none[0].starts_with("breaking for our requests: GET /store/systemlogs asks for other credentials"));
}

#[test]
fn what_comes_to_a_choice_and_what_goes_is_said_in_words() {
    let object = |field: &str, kind: &str| json!({ "type": "object", "properties": { field: { "type": kind } } });
    let of = |parts: Value| json!({ "oneOf": parts });
    let name = "the query parameter `id:in` of GET /logs/{id}.json";
    let lines = of_parameters(
        query(of(json!([{ "type": "string", "format": "date" }, { "type": "integer" }])), json!({})),
        query(of(json!([{ "type": "string", "enum": ["now"] }, { "type": "integer" }])), json!({})),
    );
    assert_eq!(
        lines,
        [
            format!("breaking for our requests: {name} no longer takes `string (date)`"),
            format!("additive: {name} takes `one of now`, too"),
        ]
    );
    let answer = "the answer 200 of GET /logs/{id}.json";
    let lines = of_answers(
        of(json!([object("a", "string"), object("b", "string")])),
        of(json!([object("a", "string"), object("c", "string")])),
    );
    assert_eq!(
        lines,
        [
            format!("breaking for our users: {answer} is no longer `an object of b`"),
            format!("breaking for our users: {answer} may be `an object of c`, too"),
        ]
    );
    let deeper = of_answers(of(json!([object("a", "string")])), of(json!([object("a", "integer")])));
    assert_eq!(deeper, [format!("breaking for our users: the field `a` of {answer} is integer, and was string")]);
}
