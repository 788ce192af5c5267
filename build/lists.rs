//! Array parameters that travel as one value.
//!
//! The generator reads every array in a query as OpenAPI's `explode: true`, one `name=item` for each item. A document may
//! say `explode: false` instead: one `name=item,item`. Such a parameter becomes a string of a format of ours, and the
//! generator learns that the type of this format is `CommaSeparated`. A style that neither form can send is refused.

use serde_json::{Value, json};

use super::Result;

/// The types that items may have: as JSON Schema names them, and as Rust does. The first that fits is taken.
const ITEMS: [(&str, Option<&str>, &str); 6] = [
    ("integer", Some("int32"), "i32"),
    ("integer", None, "i64"),
    ("number", Some("float"), "f32"),
    ("number", None, "f64"),
    ("boolean", None, "bool"),
    ("string", None, "::std::string::String"),
];

/// For each type of items: the schema that [`as_one_value`] leaves in a document, and its Rust type.
pub(crate) fn conversions(comma_separated: &str) -> impl Iterator<Item = (Value, String)> {
    ITEMS.into_iter().map(move |(_, _, item)| (schema(item), format!("{comma_separated}<{item}>")))
}

fn schema(item: &str) -> Value {
    json!({ "type": "string", "format": format!("comma-separated {}", item.rsplit(':').next().unwrap_or(item)) })
}

/// Makes a string of each array parameter that is sent as one value, with its items between commas.
///
/// # Errors
/// The parameters that the generated client would send otherwise than the document says.
pub(crate) fn as_one_value(document: &mut Value) -> Result {
    let mut faults = Vec::new();
    for pointer in parameters(document) {
        match item_type(document, &pointer) {
            Ok(None) => {}
            Ok(Some(item)) => {
                if let Some(parameter) = document.pointer_mut(&pointer) {
                    parameter["schema"] = schema(item);
                }
            }
            Err(why) => faults.push(format!("the parameter at {pointer} {why}")),
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// The places at which the document describes a parameter, in an operation, a path or the components.
pub(crate) fn parameters(document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut add = |at: String, list: &Value| match list {
        Value::Array(list) => found.extend((0..list.len()).map(|index| format!("{at}/{index}"))),
        Value::Object(list) => found.extend(list.keys().map(|name| format!("{at}/{}", escape(name)))),
        _ => {}
    };
    add("/components/parameters".into(), &document["components"]["parameters"]);
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        let at = format!("/paths/{}", escape(path));
        add(format!("{at}/parameters"), &item["parameters"]);
        for (method, operation) in item.as_object().into_iter().flatten().filter(|(name, _)| *name != "parameters") {
            add(format!("{at}/{method}/parameters"), &operation["parameters"]);
        }
    }
    found
}

/// The Rust type of the items, if this is an array that is sent as one value.
fn item_type(document: &Value, pointer: &str) -> Result<Option<&'static str>> {
    let parameter = document.pointer(pointer).unwrap_or(&Value::Null);
    let schema = resolve(document, &parameter["schema"]);
    let place = parameter["in"].as_str();
    let is_list = schema["type"] == "array";
    if !is_list && schema["type"] != "object" || parameter["$ref"].is_string() {
        return Ok(None);
    }
    let style = parameter["style"].as_str().unwrap_or(if place == Some("query") { "form" } else { "simple" });
    // OpenAPI: `form` is exploded unless the document says otherwise, every other style is not.
    let exploded = parameter["explode"].as_bool().unwrap_or(style == "form");
    match (place, style, exploded) {
        (Some("query"), "form", true) if is_list => return Ok(None),
        (Some("query"), "form", false) if is_list => {}
        _ => {
            return Err(format!("is {} of style `{style}`: the generator cannot send it, so patch it", schema["type"]));
        }
    }
    let items = resolve(document, &schema["items"]);
    let fits = |(kind, format, _): &&(&str, Option<&str>, &str)| {
        items["type"] == *kind && format.is_none_or(|format| items["format"] == format)
    };
    let fitting = ITEMS.iter().find(fits).map(|(_, _, rust)| Some(*rust));
    fitting.ok_or_else(|| format!("lists items of the type {}, which one value cannot hold", items["type"]))
}

/// The schema itself where the document refers to it.
pub(crate) fn resolve<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let mut schema = schema;
    // A document that refers in a circle has no schema to find.
    for _ in 0..16 {
        let inner = match (&schema["$ref"], &schema["allOf"]) {
            (Value::String(reference), _) => reference.strip_prefix('#').and_then(|at| document.pointer(at)),
            (_, Value::Array(all)) if all.len() == 1 => all.first(),
            _ => return schema,
        };
        schema = inner.unwrap_or(&Value::Null);
    }
    schema
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
