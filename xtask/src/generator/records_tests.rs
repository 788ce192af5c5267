//! Tests of records: unknown fields are kept in `extra`, and fields that nobody reads stay there.

use serde_json::{Value, json};

use super::Record;
use super::records::{keep_everything, leave_new_fields_to_extra};

/// A document whose one operation answers with this.
fn answering(schema: &Value, components: &Value) -> Value {
    let content = json!({ "application/json": { "schema": schema } });
    json!({
        "paths": { "/logs": { "get": { "responses": { "200": { "content": content }, "400": { "content": {
            "application/json": { "schema": { "type": "array", "items": { "properties": {} } } },
        } } } } } },
        "components": { "schemas": components },
    })
}

fn page(items: &Value) -> Value {
    json!({ "type": "object", "properties": { "data": { "type": "array", "items": items } } })
}

fn log() -> Value {
    json!({ "type": "object", "properties": { "id": { "type": "string" } } })
}

fn keeping(mut schema: Value) -> Value {
    schema["additionalProperties"] = json!({});
    schema
}

#[test]
fn a_record_that_keeps_what_it_does_not_name_passes() {
    let to_log = json!({ "$ref": "#/components/schemas/Log" });
    assert_eq!(keep_everything(&answering(&page(&to_log), &json!({ "Log": keeping(log()) }))), Ok(()));
    assert_eq!(keep_everything(&answering(&page(&keeping(log())), &json!({}))), Ok(()));
    let ids = page(&json!({ "type": "string" }));
    assert_eq!(keep_everything(&answering(&ids, &json!({}))), Ok(()), "text has no fields");
}

#[test]
fn a_record_that_would_lose_a_field_is_refused_wherever_it_stands() {
    let to_log = json!({ "$ref": "#/components/schemas/Log" });
    let components = json!({ "Log": log() });
    let in_parts = json!({ "allOf": [page(&to_log), { "type": "object" }] });
    let deeper = json!({ "properties": { "page": { "$ref": "#/components/schemas/Page" } } });
    let with_page = json!({ "Log": log(), "Page": page(&to_log) });
    for (schema, components) in [(page(&to_log), &components), (in_parts, &components), (deeper, &with_page)] {
        let fault = keep_everything(&answering(&schema, components)).unwrap_err();
        assert!(fault.starts_with("#/components/schemas/Log: a record would lose"), "{fault}");
        assert_eq!(fault.lines().count(), 1, "{fault}");
    }
    let fault = keep_everything(&answering(&page(&log()), &json!({}))).unwrap_err();
    assert!(fault.starts_with("the items of `data` of the answer 200 of GET /logs: "), "{fault}");
    for lost in [json!(true), json!(false), json!({ "type": "string" })] {
        let mut log = log();
        log["additionalProperties"] = lost;
        assert!(keep_everything(&answering(&page(&log), &json!({}))).is_err(), "nothing or not everything is kept");
    }
}

#[test]
fn a_schema_that_holds_itself_is_looked_at_once() {
    let tree =
        json!({ "properties": { "children": { "type": "array", "items": { "$ref": "#/components/schemas/Tree" } } } });
    let document = answering(&json!({ "$ref": "#/components/schemas/Tree" }), &json!({ "Tree": tree }));
    assert_eq!(keep_everything(&document).unwrap_err().lines().count(), 1);
}

const LOG: Record = Record { schema: "Log", fields: &["id", "text"] };

#[test]
fn a_field_that_the_vendor_adds_is_left_to_extra() {
    let text = || json!({ "type": "string" });
    let log = json!({ "properties": { "id": text(), "text": text() }, "required": ["id"], "additionalProperties": {} });
    let mut newer = log.clone();
    newer["properties"]["user_id"] = json!({ "type": "integer" });
    newer["required"] = json!(["id", "user_id"]);
    let mut document = answering(&json!({}), &json!({ "Log": newer, "Other": newer }));
    leave_new_fields_to_extra(&mut document, &[LOG]).unwrap();
    assert_eq!(document["components"]["schemas"], json!({ "Log": log, "Other": newer }));
}

#[test]
fn a_field_that_the_adapter_reads_must_be_there() {
    let mut document = answering(&json!({}), &json!({ "Log": log() }));
    let other = Record { schema: "Entry", fields: &["id"] };
    let faults = leave_new_fields_to_extra(&mut document, &[LOG, other]).unwrap_err();
    assert!(
        faults.starts_with("`Log` has no field `text`") && faults.contains("\nthere is no schema `Entry`"),
        "{faults}"
    );
}
