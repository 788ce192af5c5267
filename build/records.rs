//! Records that keep fields which their document does not name.
//!
//! Platforms add fields without warning. Generated code keeps such a field only where the schema says
//! `additionalProperties: {}`, in the map `extra`; anywhere else it is silently lost, and so is every field after a
//! schema was renamed.

use serde_json::{Value, json};

use super::lists::resolve;
use super::{Record, Result};

/// References in a circle, or nested deeper than any answer.
const DEEPEST: usize = 8;

/// Looks at the items of every list in a successful answer: those are the records.
///
/// # Errors
/// Each schema whose records would lose what it does not name.
pub(crate) fn keep_everything(document: &Value) -> Result {
    let mut faults: Vec<String> = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        for (method, operation) in item.as_object().into_iter().flatten() {
            for (status, answer) in operation["responses"].as_object().into_iter().flatten() {
                let schema = &resolve(document, answer)["content"]["application/json"]["schema"];
                if status.starts_with('2') {
                    let place = format!("the answer {status} of {} {path}", method.to_uppercase());
                    look(document, schema, &place, false, DEEPEST, &mut faults);
                }
            }
        }
    }
    faults.sort();
    faults.dedup();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

fn look(document: &Value, schema: &Value, place: &str, is_item: bool, depth: usize, faults: &mut Vec<String>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    let place = schema["$ref"].as_str().unwrap_or(place);
    let schema = resolve(document, schema);
    if is_item && schema["properties"].is_object() && schema["additionalProperties"] != json!({}) {
        faults.push(format!(
            "{place}: a record would lose the fields that it does not name. Add `additionalProperties: {{}}` in the patch"
        ));
    }
    look_into(document, schema, place, depth, faults);
}

fn look_into(document: &Value, schema: &Value, place: &str, depth: usize, faults: &mut Vec<String>) {
    if schema["items"].is_object() {
        look(document, &schema["items"], &format!("the items of {place}"), true, depth, faults);
    }
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        look(document, field, &format!("`{name}` of {place}"), false, depth, faults);
    }
    for part in ["allOf", "oneOf", "anyOf"].iter().filter_map(|choice| schema[choice].as_array()).flatten() {
        look(document, part, place, false, depth, faults);
    }
}

/// Removes fields that the adapter does not know from a record's schema, so that they come in `extra`.
///
/// # Errors
/// Each field that the adapter knows and the document does not have.
pub(crate) fn leave_new_fields_to_extra(document: &mut Value, records: &[Record]) -> Result {
    let mut faults = Vec::new();
    for Record { schema, fields } in records {
        let Some(Value::Object(object)) = document["components"]["schemas"].get_mut(schema) else {
            faults.push(format!("there is no schema `{schema}`, of which the adapter makes entries"));
            continue;
        };
        let is_known = |name: &str| fields.contains(&name);
        let there = object.get_mut("properties").and_then(Value::as_object_mut);
        for field in fields.iter().filter(|field| there.as_ref().is_none_or(|there| !there.contains_key(**field))) {
            faults.push(format!("`{schema}` has no field `{field}`, which the adapter reads"));
        }
        there.into_iter().for_each(|there| there.retain(|name, _| is_known(name)));
        if let Some(required) = object.get_mut("required").and_then(Value::as_array_mut) {
            required.retain(|name| name.as_str().is_some_and(is_known));
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}
