//! Tests of leaving out the schemas that no operation uses.

use serde_json::{Value, json};

use super::unused::leave_out;

fn to(kind: &str, name: &str) -> Value {
    json!({ "$ref": format!("#/components/{kind}/{name}") })
}

#[test]
fn only_schemas_that_an_operation_leads_to_are_kept() {
    let mut document = json!({
        "paths": { "/logs": { "get": {
            "parameters": [to("parameters", "Kind")],
            "responses": { "200": to("responses", "Page") },
        } } },
        "components": {
            "parameters": { "Kind": { "schema": to("schemas", "Kind") }, "Other": { "schema": to("schemas", "Gone") } },
            "responses": { "Page": { "schema": to("schemas", "Page") }, "Refused": { "schema": to("schemas", "Problem") } },
            "schemas": {
                "Page": { "items": to("schemas", "Entry"), "discriminator": { "mapping": { "a": "#/components/schemas/A" } } },
                "Entry": { "properties": { "parent": to("schemas", "Entry"), "kind": to("schemas", "Kind") } },
                "Kind": {}, "A": {}, "Gone": {}, "Problem": { "properties": { "errors": to("schemas", "Errors") } },
                "Errors": {},
            },
        },
    });
    leave_out(&mut document);
    let kept: Vec<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
    assert_eq!(kept, ["A", "Entry", "Kind", "Page"]);
}
