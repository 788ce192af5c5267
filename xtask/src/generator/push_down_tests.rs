//! Tests of pushed-down filters: a walk compiles whether or not the document has them.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::client::generate;
use super::{Platform, PushedDown};

const NARROWED: Platform = Platform {
    name: "acme",
    document: "logs.yml",
    patch: None,
    operations: &["get_logs"],
    records: &[],
    pushed_down: &[PushedDown { operation: "get_logs", parameters: &["date:min", "order", "type"] }],
    library: "crate",
};

fn document(parameters: Value) -> Value {
    json!({
        "openapi": "3.0.3",
        "info": { "title": "Logs", "version": "1" },
        "paths": { "/logs": { "get": {
            "operationId": "getLogs",
            "parameters": parameters,
            "responses": { "200": { "description": "A page.", "content": { "application/json": { "schema": {} } } } },
        } } },
    })
}

fn pushed(parameters: Value) -> String {
    let code = generate(document(parameters), &NARROWED).unwrap().code;
    code.split_once("mod push_down {").unwrap().1.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn a_parameter_that_the_document_has_is_set() {
    let code = pushed(json!([
        { "in": "query", "name": "date:min", "schema": { "type": "string" } },
        { "in": "query", "name": "type", "schema": { "type": "string" } },
        { "in": "query", "name": "order", "schema": { "type": "string", "enum": ["asc", "desc"] } },
    ]));
    for part in [
        "pub(crate) const DATE_MIN: bool = true;",
        "Ok(value) => self.date_min(value)",
        "fn push_type<V>(self, value: V) -> Self where V: std::convert::TryInto<::std::string::String>",
        "Ok(value) => self.type_(value)",
        "V: std::convert::TryInto<types::GetLogsOrder>",
        // A value that the document lost is not sent.
        "Err(_) => self",
    ] {
        assert!(code.contains(part), "{part}: {code}");
    }
}

#[test]
fn a_parameter_that_the_document_lost_is_left_out_and_the_method_stays() {
    let code = pushed(json!([]));
    for name in ["date_min", "order", "type"] {
        assert!(code.contains(&format!("pub(crate) const {}: bool = false;", name.to_uppercase())), "{code}");
        assert!(code.contains(&format!("fn push_{name}<V>(self, _: V) -> Self {{ self }}")), "{code}");
    }
    assert!(!code.contains("try_into"), "{code}");
}

#[test]
fn nothing_is_added_where_nothing_is_pushed_down() {
    let plain = Platform { pushed_down: &[], ..NARROWED };
    assert!(!generate(document(json!([])), &plain).unwrap().code.contains("push_down"));
}
