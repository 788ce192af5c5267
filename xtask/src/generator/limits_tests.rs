//! Tests of limits: they refuse nothing that a platform sends, and check what a request may hold.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::Platform;
use super::client::generate;

const ANY: Platform = Platform {
    name: "acme",
    document: "acme.yml",
    patch: None,
    operations: &[],
    records: &[],
    pushed_down: &[],
    library: "crate",
};

fn code(parameter: Value, answer: Value, body: Option<Value>) -> String {
    let mut operation = json!({
        "operationId": "listLogs",
        "parameters": [{ "in": "query", "name": "limit", "schema": parameter }],
        "responses": { "200": { "description": "", "content": { "application/json": { "schema": answer } } } },
    });
    if let Some(body) = body {
        operation["requestBody"] = json!({ "required": true, "content": { "application/json": { "schema": body } } });
    }
    let document = json!({
        "openapi": "3.0.3",
        "info": { "title": "Logs", "version": "1" },
        "paths": { "/logs": { "post": operation } },
        "components": { "schemas": { "Log": { "type": "object", "properties": { "id": { "type": "integer", "minimum": 1 } } } } },
    });
    generate(document, &ANY).unwrap().code.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn any() -> Value {
    json!({ "type": "integer" })
}

#[test]
fn a_limit_on_an_answer_changes_no_type_and_refuses_nothing() {
    let plain = |kind: Value| json!({ "type": "object", "properties": { "field": kind } });
    for (limited, bare) in [
        (json!({ "type": "integer", "minimum": 0 }), json!({ "type": "integer" })),
        (json!({ "type": "integer", "minimum": 1 }), json!({ "type": "integer" })),
        (json!({ "type": "integer", "minimum": 0, "maximum": 200 }), json!({ "type": "integer" })),
        (
            json!({ "type": "number", "minimum": 0, "exclusiveMinimum": true, "multipleOf": 0.5 }),
            json!({ "type": "number" }),
        ),
        (json!({ "type": "string", "minLength": 1 }), json!({ "type": "string" })),
        (json!({ "type": "string", "maxLength": 9, "pattern": "^a" }), json!({ "type": "string" })),
        (
            json!({ "type": "array", "items": { "type": "integer", "minimum": 1 }, "minItems": 2, "maxItems": 2, "uniqueItems": true }),
            json!({ "type": "array", "items": { "type": "integer" } }),
        ),
    ] {
        assert_eq!(code(any(), plain(limited.clone()), None), code(any(), plain(bare), None), "{limited}");
    }
    let log = code(any(), json!({ "$ref": "#/components/schemas/Log" }), None);
    assert!(log.contains("pub id: ::std::option::Option<i64>"), "{log}");
}

/// A field may be called as a limit is.
#[test]
fn a_field_of_that_name_is_no_limit() {
    let answer = json!({ "type": "object", "properties": { "minimum": { "type": "integer" }, "pattern": { "type": "string" } } });
    let code = code(any(), answer, None);
    assert!(code.contains("pub minimum: ::std::option::Option<i64>") && code.contains("pub pattern:"), "{code}");
}

#[test]
fn a_title_renames_no_type_that_has_no_name() {
    let answer = |title: &str| {
        let inner = json!({ "type": "object", "title": title, "properties": { "id": { "type": "string" } } });
        json!({ "type": "object", "properties": { "inner": inner } })
    };
    let code = |title| code(any(), answer(title), None).replace(title, "…");
    assert_eq!(code("A log"), code("An entry"));
}

#[test]
fn a_limit_on_a_parameter_is_checked_by_its_setter_and_its_type_stays_plain() {
    for (schema, kind, checks) in [
        (
            json!({ "type": "integer", "minimum": 1, "maximum": 250 }),
            "V: std::convert::TryInto<i64>",
            vec![
                "if let Ok(Some(value)) = &self.limit && i128::from(*value) < 1 { self.limit = Err(\"`limit` must be at least 1\"",
                "&& i128::from(*value) > 250 { self.limit = Err(\"`limit` must be at most 250\"",
            ],
        ),
        (
            json!({ "type": "integer", "minimum": -3, "exclusiveMinimum": true }),
            "TryInto<i64>",
            vec!["i128::from(*value) <= -3 { self.limit = Err(\"`limit` must be more than -3\""],
        ),
        (
            json!({ "type": "number", "maximum": 0.5 }),
            "TryInto<f64>",
            vec!["f64::from(*value) > 0.5 { self.limit = Err(\"`limit` must be at most 0.5\""],
        ),
        (
            json!({ "type": "string", "minLength": 1, "maxLength": 9, "pattern": "^a" }),
            "TryInto<::std::string::String>",
            vec![
                "value.chars().count() < 1 { self.limit = Err(\"`limit` must have at least 1 characters\"",
                "at most 9 characters",
            ],
        ),
        (
            json!({ "type": "array", "items": { "type": "string" }, "minItems": 2, "maxItems": 2 }),
            "TryInto<::std::vec::Vec<::std::string::String>>",
            vec!["value.len() > 2 { self.limit = Err(\"`limit` must have at most 2 items\""],
        ),
    ] {
        let code = code(schema.clone(), json!({}), None);
        assert!(code.contains(kind), "{schema}: {code}");
        for check in checks {
            assert!(code.contains(check), "{check}: {code}");
        }
    }
}

#[test]
fn a_body_keeps_its_checks_but_for_patterns() {
    let body =
        json!({ "type": "object", "properties": { "name": { "type": "string", "maxLength": 9, "pattern": "^a" } } });
    let code = code(any(), json!({}), Some(body));
    assert!(code.contains("longer than 9 characters") && !code.contains("regress"), "{code}");
}
