//! The JSON Schemas of what tools take and return, in the form that every client understands: objects, without references,
//! tuples, or formats of numbers.

use rmcp::model::JsonObject;
use rmcp::schemars::generate::SchemaSettings;
use rmcp::schemars::transform::{RecursiveTransform, Transform};
use rmcp::schemars::{JsonSchema, Schema};
use serde_json::{Value, json};

/// The schema of a tool's arguments.
pub(super) fn of_arguments<T: JsonSchema>() -> JsonObject {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    let mut schema = settings.into_generator().into_root_schema_for::<T>();
    RecursiveTransform(plain).transform(&mut schema);
    schema.remove("title");
    schema.remove("description");
    object(schema.to_value())
}

/// An argument may be left out, which `null` says no better; and some clients know no format of a number.
fn plain(schema: &mut Schema) {
    if schema.get("type").is_some_and(|kind| kind == "integer") || schema.get("type").is_some_and(Value::is_array) {
        schema.remove("format");
    }
    if let Some(Value::Array(choices)) = schema.get_mut("enum") {
        choices.retain(|choice| !choice.is_null());
    }
    if let Some(Value::Array(kinds)) = schema.get("type")
        && let [kind, Value::String(null)] = &kinds[..]
        && null == "null"
    {
        let kind = kind.clone();
        schema.insert("type".to_owned(), kind);
    }
}

/// The schema of an answer: its items, each of this form, under their name; where it goes on; and what else it says.
pub(super) fn of_answer(name: &str, about: &str, item: &Value, besides: Value) -> JsonObject {
    let mut properties = object(besides);
    properties.insert(name.to_owned(), json!({"type": "array", "description": about, "items": item}));
    properties.insert(
        "next_cursor".to_owned(),
        text("There is more: ask the same again with this as `cursor`. Missing where there is no more."),
    );
    properties.insert("cut".to_owned(), text("Said where texts of an item had to be cut."));
    object(json!({"type": "object", "properties": properties, "required": [name]}))
}

pub(super) fn text(about: &str) -> Value {
    json!({"type": "string", "description": about})
}

pub(super) fn object(value: Value) -> JsonObject {
    match value {
        Value::Object(object) => object,
        _ => JsonObject::new(),
    }
}
