//! Schemas that say the same in another form, or say nothing, in the form that the generator takes.

use serde_json::{Map, Value, json};

/// Puts every schema of a document right.
pub(super) fn make_plain(document: &mut Value) {
    for part in ["paths", "components"] {
        if let Some(part) = document.get_mut(part) {
            each_schema(part, &mut plain);
        }
    }
}

/// Calls this with each object of a document that may be a schema, but not with data.
pub(super) fn each_schema(value: &mut Value, change: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Object(fields) => {
            change(fields);
            let data = ["example", "examples", "default", "enum", "const"];
            let schemas = fields
                .iter_mut()
                .filter(|(keyword, value)| !data.contains(&keyword.as_str()) || value.get("type").is_some());
            schemas.for_each(|(_, value)| each_schema(value, change));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| each_schema(value, change)),
        _ => {}
    }
}

fn plain(schema: &mut Map<String, Value>) {
    let kind = schema.get("type").and_then(Value::as_str).unwrap_or_default().to_owned();
    // A format is one of text or of a number; the generator panics at any other.
    if ["object", "array", "boolean"].contains(&kind.as_str()) && schema.get("format").is_some_and(Value::is_string) {
        schema.remove("format");
    }
    // Both mean any value, but only `{}` becomes a map that keeps unknown fields.
    if schema.get("additionalProperties") == Some(&Value::Bool(true)) {
        schema.insert("additionalProperties".into(), json!({}));
    }
    // A schema without a type and any other keyword allows any value, whatever its format.
    if kind.is_empty()
        && schema.get("format").is_some_and(Value::is_string)
        && schema.len() <= 2
        && !schema.contains_key("$ref")
    {
        schema.remove("format");
    }
}
