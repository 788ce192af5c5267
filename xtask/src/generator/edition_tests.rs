//! Tests of OpenAPI 3.1: it is read as the 3.0 that means the same.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::client::generate;
use super::{PLATFORMS, corrections, document};
use crate::changes::{Class, between};

const OLDER: &str = include_str!("../../fixtures/store-logs.yml");
/// The same document, as `@scalar/openapi-upgrader` 0.1.11 writes it in 3.1.
const UPGRADED: &str = include_str!("../../fixtures/store-logs-3.1.json");
const PATCH: &str = include_str!("../../fixtures/patch.yml");

fn corrected(text: &str) -> Value {
    let (mut document, lost) = document::read(text).unwrap();
    assert_eq!(lost, [""; 0]);
    let stale = corrections::apply(&mut document, &corrections::read(PATCH).unwrap());
    assert!(stale.is_empty(), "{stale:?}");
    document
}

#[test]
fn todays_document_as_an_independent_converter_writes_it_in_3_1_changes_no_request_and_no_type() {
    let (old, new) = (corrected(OLDER), corrected(UPGRADED));
    let client = |document: &Value| generate(document.clone(), &PLATFORMS[0]).unwrap().code;
    assert!(client(&old) == client(&new));
    let changes = between(&old, &new);
    assert!(changes.iter().all(|change| change.class == Class::Editorial), "{changes:?}");
}

fn brought_down(schema: Value) -> (Value, Vec<String>) {
    let document = json!({
        "openapi": "3.1.0",
        "paths": { "/logs": { "get": { "responses": { "200": { "content": { "application/json": { "schema": schema } } } } } } },
        "components": { "schemas": { "Log": { "type": "object", "$defs": { "Id": { "type": "string" } } } } },
    });
    let (document, lost) = document::read(&document.to_string()).unwrap();
    assert_eq!(document["openapi"], "3.0.3");
    let answer = &document["paths"]["/logs"]["get"]["responses"]["200"];
    (answer["content"]["application/json"]["schema"].clone(), lost)
}

#[test]
fn what_3_0_says_in_other_words_is_said_so() {
    let log = "#/components/schemas/Log";
    for (newer, older) in [
        (json!({ "type": ["string", "null"] }), json!({ "type": "string", "nullable": true })),
        (json!({ "type": ["string"] }), json!({ "type": "string" })),
        (json!({ "const": "a" }), json!({ "type": "string", "enum": ["a"] })),
        (json!({ "type": "integer", "const": 3 }), json!({ "type": "integer", "enum": [3] })),
        (
            json!({ "type": ["string", "null"], "enum": ["a", null] }),
            json!({ "type": "string", "nullable": true, "enum": ["a"] }),
        ),
        (json!({ "type": "string", "examples": ["a", "b"] }), json!({ "type": "string", "example": "a" })),
        (
            json!({ "type": "integer", "exclusiveMinimum": 0 }),
            json!({ "type": "integer", "minimum": 0, "exclusiveMinimum": true }),
        ),
        (json!({ "type": "integer", "minimum": 5, "exclusiveMinimum": 0 }), json!({ "type": "integer", "minimum": 5 })),
        (
            json!({ "type": "number", "maximum": 9, "exclusiveMaximum": 5 }),
            json!({ "type": "number", "maximum": 5, "exclusiveMaximum": true }),
        ),
        (
            json!({ "anyOf": [{ "type": "string", "format": "uuid" }, { "type": "null" }] }),
            json!({ "type": "string", "format": "uuid", "nullable": true }),
        ),
        (
            json!({ "oneOf": [{ "$ref": log }, { "type": "null" }] }),
            json!({ "allOf": [{ "$ref": log }], "nullable": true }),
        ),
        (
            json!({ "type": ["string", "integer"], "maxLength": 3, "minimum": 1, "description": "a" }),
            json!({ "anyOf": [{ "type": "string", "maxLength": 3 }, { "type": "integer", "minimum": 1 }], "description": "a" }),
        ),
        (json!({ "$ref": log, "description": "its log" }), json!({ "$ref": log })),
        (json!({ "$ref": log, "nullable": true }), json!({ "allOf": [{ "$ref": log }], "nullable": true })),
        (json!({ "$ref": format!("{log}/$defs/Id") }), json!({ "$ref": "#/components/schemas/LogId" })),
        (json!({ "type": "string", "contentEncoding": "base64" }), json!({ "type": "string", "format": "byte" })),
        (json!({ "$schema": "x", "$comment": "y", "type": "string" }), json!({ "type": "string" })),
        (json!(true), json!({})),
        (
            json!({ "type": "object", "properties": { "examples": { "type": ["string", "null"] } } }),
            json!({ "type": "object", "properties": { "examples": { "type": "string", "nullable": true } } }),
        ),
    ] {
        let (schema, lost) = brought_down(newer.clone());
        assert_eq!((schema, lost), (older, Vec::new()), "{newer}");
    }
}

#[test]
fn what_3_0_cannot_say_is_any_value_and_is_named() {
    for (newer, older, word) in [
        (json!({ "type": "array", "prefixItems": [{}] }), json!({ "type": "array", "items": {} }), "prefixItems"),
        (
            json!({ "type": "object", "patternProperties": { "^x": { "type": "string" } } }),
            json!({ "type": "object", "additionalProperties": {} }),
            "patternProperties",
        ),
        (json!({ "type": "object", "if": {}, "then": {} }), json!({ "type": "object" }), "if"),
    ] {
        let (schema, lost) = brought_down(newer);
        assert_eq!(schema, older);
        assert!(lost[0].contains(word) && lost[0].contains("/paths/~1logs/get/responses/200"), "{lost:?}");
    }
}

#[test]
fn path_items_and_files_and_webhooks_of_3_1_are_read() {
    let file = json!({ "content": { "application/octet-stream": {} } });
    let (document, lost) = document::read(
        &json!({
            "openapi": "3.1.1",
            "jsonSchemaDialect": "x",
            "info": { "title": "a", "version": "1", "summary": "b", "license": { "name": "MIT", "identifier": "MIT" } },
            "webhooks": { "new": {} },
            "paths": { "/logs": { "$ref": "#/components/pathItems/Logs" } },
            "components": { "pathItems": { "Logs": { "get": { "requestBody": file } } } },
        })
        .to_string(),
    )
    .unwrap();
    assert_eq!(lost, ["`webhooks` are left out: a client receives none"]);
    let operation = &document["paths"]["/logs"]["get"];
    assert_eq!(operation["responses"], json!({}));
    assert_eq!(operation["requestBody"]["content"]["application/octet-stream"]["schema"]["format"], "binary");
    assert_eq!(document["info"], json!({ "title": "a", "version": "1", "license": { "name": "MIT" } }));
}

#[test]
fn other_editions_are_refused_in_one_sentence() {
    for (text, why) in [
        ("swagger: '2.0'\npaths: {}", "it is Swagger 2.0, which is not read: convert it to OpenAPI 3 first"),
        ("swagger: 2.0\npaths: {}", "it is Swagger 2.0, which is not read: convert it to OpenAPI 3 first"),
        ("openapi: 3.2.0", "it is of the edition 3.2.0 of OpenAPI; the generator reads 3.0 and 3.1"),
        ("a: b", "it is not an OpenAPI document: it does not name its edition, `openapi`"),
    ] {
        assert_eq!(document::read(text).unwrap_err(), why);
    }
}
