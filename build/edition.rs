//! Conversion from OpenAPI 3.1 to 3.0, which is what the generator reads.
//!
//! Where 3.0 has other words for the same, they are used: `type: [string, 'null']` is `nullable`, `const` a choice of
//! one. Anything else is loosened to any value, never tightened, and named.

use serde_json::{Map, Value, json};

use super::Result;

/// Brings a document down to 3.0, and says what could not be.
///
/// # Errors
/// If it is of an edition that is not read.
pub(super) fn bring_down(document: &mut Value) -> Result<Vec<String>> {
    let edition = edition(document)?;
    if edition.starts_with("3.0") {
        return Ok(Vec::new());
    }
    if !edition.starts_with("3.1") {
        return Err(format!("it is of the edition {edition} of OpenAPI; the generator reads 3.0 and 3.1"));
    }
    let mut lost = Vec::new();
    document["openapi"] = json!("3.0.3");
    around(document, &mut lost);
    hoist_definitions(document);
    for part in ["paths", "components"] {
        if let Some(value) = document.get_mut(part) {
            holders(value, &format!("/{part}"), part == "components", &mut lost);
        }
    }
    Ok(lost)
}

fn edition(document: &Value) -> Result<String> {
    match (&document["openapi"], &document["swagger"]) {
        (Value::String(edition), _) => Ok(edition.clone()),
        (Value::Number(edition), _) => Ok(edition.to_string()),
        (_, Value::Null) => Err("it is not an OpenAPI document: it does not name its edition, `openapi`".into()),
        (_, edition) => Err(format!(
            "it is Swagger {}, which is not read: convert it to OpenAPI 3 first",
            edition.as_str().map_or_else(|| edition.to_string(), str::to_owned)
        )),
    }
}

/// Translates everything in the document but its schemas.
fn around(document: &mut Value, lost: &mut Vec<String>) {
    let items = document["components"]["pathItems"].clone();
    let Some(root) = document.as_object_mut() else { return };
    root.remove("jsonSchemaDialect");
    if root.remove("webhooks").is_some() {
        lost.push("`webhooks` are left out: a client receives none".into());
    }
    root.retain(|key, value| !(key == "components" && value.is_null()));
    for part in ["info", "components"] {
        let Some(part) = root.get_mut(part).and_then(Value::as_object_mut) else { continue };
        part.remove("summary");
        part.remove("pathItems");
        part.get_mut("license").and_then(Value::as_object_mut).map(|license| license.remove("identifier"));
        if let Some(schemes) = part.get_mut("securitySchemes").and_then(Value::as_object_mut) {
            schemes.retain(|name, scheme| {
                let known = scheme["type"] != "mutualTLS";
                lost.extend(
                    (!known).then(|| format!("the security scheme `{name}` is left out: mutual TLS is no part of 3.0")),
                );
                known
            });
        }
    }
    for item in root.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        let reference =
            item["$ref"].as_str().and_then(|it| it.strip_prefix("#/components/pathItems/")).map(str::to_owned);
        if let Some(shared) = reference.and_then(|name| items.get(&name)) {
            *item = shared.clone();
        }
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if super::operations::METHODS.contains(&method.as_str())
                && let Some(operation) = operation.as_object_mut()
            {
                operation.entry("responses").or_insert_with(|| json!({}));
            }
        }
    }
}

/// Moves the `$defs` of the document and of its components to the components.
fn hoist_definitions(document: &mut Value) {
    let mut moved: Vec<(String, String)> = Vec::new();
    // Those of `$defs` may have `$defs` themselves.
    for _ in 0..8 {
        let mut found: Vec<(String, String, Value)> = Vec::new();
        let mut take = |at: &str, owner: &str, holder: &mut Value| {
            let definitions = holder.as_object_mut().and_then(|holder| holder.remove("$defs"));
            for (name, schema) in definitions.as_ref().and_then(Value::as_object).into_iter().flatten() {
                found.push((format!("{at}/$defs/{name}"), format!("{owner}{name}"), schema.clone()));
            }
        };
        take("#", "", document);
        if let Some(Value::Object(all)) = document.pointer_mut("/components/schemas") {
            for (name, schema) in all.iter_mut() {
                take(&format!("#/components/schemas/{name}"), name, schema);
            }
        }
        if found.is_empty() {
            break;
        }
        for (from, name, schema) in found {
            let mut free = name.clone();
            let mut number = 2;
            while !document["components"]["schemas"][&free].is_null() {
                free = format!("{name}{number}");
                number += 1;
            }
            document["components"]["schemas"][&free] = schema;
            moved.push((from, format!("#/components/schemas/{free}")));
        }
    }
    fn refer(value: &mut Value, moved: &[(String, String)]) {
        match value {
            Value::Object(fields) => fields.values_mut().for_each(|value| refer(value, moved)),
            Value::Array(items) => items.iter_mut().for_each(|value| refer(value, moved)),
            Value::String(text) if text.starts_with("#/") => {
                // The longest first: `…/$defs/A` is a part of `…/$defs/A/$defs/B`.
                let best = moved.iter().filter(|(from, _)| *text == *from || text.starts_with(&format!("{from}/")));
                if let Some((from, to)) = best.max_by_key(|(from, _)| from.len()) {
                    *text = format!("{to}{}", &text[from.len()..]);
                }
            }
            _ => {}
        }
    }
    if !moved.is_empty() {
        refer(document, &moved);
    }
}

/// Goes through what holds schemas, to each of them.
fn holders(value: &mut Value, at: &str, is_components: bool, lost: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (keyword, value) in fields.iter_mut() {
                let at = format!("{at}/{}", keyword.replace('~', "~0").replace('/', "~1"));
                match keyword.as_str() {
                    "schema" => schema(value, &at, lost),
                    "schemas" if is_components => {
                        for (name, value) in value.as_object_mut().into_iter().flatten() {
                            schema(value, &format!("{at}/{name}"), lost);
                        }
                    }
                    "example" | "examples" => {}
                    _ => holders(value, &at, false, lost),
                }
            }
            // A file needs no schema in 3.1.
            if let Some(content) = fields.get_mut("content").and_then(Value::as_object_mut) {
                for (kind, media) in content.iter_mut() {
                    if let Some(media) = media.as_object_mut().filter(|media| !media.contains_key("schema")) {
                        let is_json = kind.contains("json");
                        media.insert(
                            "schema".into(),
                            if is_json { json!({}) } else { json!({ "type": "string", "format": "binary" }) },
                        );
                    }
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter_mut().enumerate() {
                holders(value, &format!("{at}/{index}"), false, lost);
            }
        }
        _ => {}
    }
}

/// Keywords that only restrict, and that 3.0 does not have.
const RESTRICT: [&str; 12] = [
    "if",
    "then",
    "else",
    "dependentSchemas",
    "dependentRequired",
    "propertyNames",
    "contains",
    "minContains",
    "maxContains",
    "unevaluatedProperties",
    "unevaluatedItems",
    "contentSchema",
];

fn schema(value: &mut Value, at: &str, lost: &mut Vec<String>) {
    match value {
        Value::Bool(true) => *value = json!({}),
        Value::Bool(false) => *value = json!({ "not": {} }),
        _ => {}
    }
    let Some(fields) = value.as_object_mut() else { return };
    below(fields, at, lost);
    for word in ["$schema", "$id", "$comment", "$anchor", "$dynamicAnchor", "$vocabulary"] {
        fields.remove(word);
    }
    for word in RESTRICT {
        if fields.remove(word).is_some() {
            lost.push(format!("`{word}` at {at} is not checked"));
        }
    }
    for word in ["$dynamicRef", "$recursiveRef"] {
        if fields.remove(word).is_some() {
            lost.push(format!("`{word}` at {at} is any value"));
        }
    }
    if fields.remove("prefixItems").is_some() {
        fields.insert("items".into(), json!({}));
        lost.push(format!("`prefixItems` at {at} is a list of any values"));
    }
    if fields.remove("patternProperties").is_some() {
        fields.insert("additionalProperties".into(), json!({}));
        lost.push(format!("`patternProperties` at {at} are any values"));
    }
    words(fields);
    references(fields);
    bounds(fields);
    constants(fields);
    choices(fields);
    types(fields, at, lost);
}

fn below(fields: &mut Map<String, Value>, at: &str, lost: &mut Vec<String>) {
    for (keyword, value) in fields.iter_mut() {
        let at = format!("{at}/{keyword}");
        match keyword.as_str() {
            "items" | "not" => schema(value, &at, lost),
            "additionalProperties" if value.is_object() => schema(value, &at, lost),
            "properties" => {
                for (name, value) in value.as_object_mut().into_iter().flatten() {
                    schema(value, &format!("{at}/{name}"), lost);
                }
            }
            "allOf" | "oneOf" | "anyOf" => {
                for (index, value) in value.as_array_mut().into_iter().flatten().enumerate() {
                    schema(value, &format!("{at}/{index}"), lost);
                }
            }
            _ => {}
        }
    }
}

fn words(fields: &mut Map<String, Value>) {
    if let Some(Value::Array(examples)) = fields.remove("examples")
        && let Some(first) = examples.into_iter().next()
    {
        fields.entry("example").or_insert(first);
    }
    let encoding = fields.remove("contentEncoding");
    let media = fields.remove("contentMediaType");
    if let (Some(encoding), false) = (&encoding, fields.contains_key("format")) {
        let format = if encoding == "base64" { "byte" } else { "binary" };
        fields.insert("format".into(), json!(format));
    } else if media.is_some_and(|media| media == "application/octet-stream") {
        fields.entry("format").or_insert(json!("binary"));
    }
}

/// Removes what stands beside a reference: in 3.0 a reference stands alone.
fn references(fields: &mut Map<String, Value>) {
    if !fields.contains_key("$ref") || fields.len() == 1 {
        return;
    }
    let Some(reference) = fields.remove("$ref") else { return };
    fields.remove("summary");
    if fields.keys().all(|keyword| ["description", "title", "example", "deprecated"].contains(&keyword.as_str())) {
        fields.clear();
        fields.insert("$ref".into(), reference);
        return;
    }
    let part = json!({ "$ref": reference });
    match fields.entry("allOf").or_insert_with(|| json!([])) {
        Value::Array(parts) => parts.insert(0, part),
        other => *other = json!([part]),
    }
}

fn bounds(fields: &mut Map<String, Value>) {
    for (exclusive, inclusive, is_lower) in
        [("exclusiveMinimum", "minimum", true), ("exclusiveMaximum", "maximum", false)]
    {
        let Some(bound) = fields.get(exclusive).filter(|bound| bound.is_number()).cloned() else { continue };
        fields.remove(exclusive);
        let other = fields.get(inclusive).and_then(Value::as_f64);
        let narrower = match (other, bound.as_f64()) {
            (Some(other), Some(bound)) => {
                if is_lower {
                    bound >= other
                } else {
                    bound <= other
                }
            }
            _ => true,
        };
        if narrower {
            fields.insert(inclusive.into(), bound);
            fields.insert(exclusive.into(), json!(true));
        }
    }
}

fn constants(fields: &mut Map<String, Value>) {
    match fields.remove("const") {
        Some(Value::Null) => drop(fields.insert("type".into(), json!("null"))),
        Some(value) => {
            let kind = match &value {
                Value::String(_) => Some("string"),
                Value::Bool(_) => Some("boolean"),
                Value::Number(number) => Some(if number.is_f64() { "number" } else { "integer" }),
                _ => None,
            };
            if let (Some(kind), false) = (kind, fields.contains_key("type")) {
                fields.insert("type".into(), json!(kind));
            }
            fields.insert("enum".into(), json!([value]));
        }
        None => {}
    }
    if let Some(Value::Array(values)) = fields.get_mut("enum") {
        let count = values.len();
        values.retain(|value| !value.is_null());
        if values.len() < count {
            fields.insert("nullable".into(), json!(true));
        }
    }
}

/// `null` among the parts of a choice.
fn choices(fields: &mut Map<String, Value>) {
    for choice in ["oneOf", "anyOf"] {
        let Some(Value::Array(parts)) = fields.get_mut(choice) else { continue };
        let count = parts.len();
        parts.retain(|part| !(part["nullable"] == true && part.as_object().is_some_and(|part| part.len() == 1)));
        if parts.len() == count {
            continue;
        }
        let alone = (parts.len() == 1).then(|| parts.remove(0));
        fields.insert("nullable".into(), json!(true));
        match alone {
            Some(Value::Object(part)) if part.contains_key("$ref") => {
                fields.remove(choice);
                fields.insert("allOf".into(), json!([part]));
            }
            Some(Value::Object(part)) => {
                fields.remove(choice);
                for (keyword, value) in part {
                    fields.entry(keyword).or_insert(value);
                }
            }
            _ => {}
        }
    }
}

fn types(fields: &mut Map<String, Value>, at: &str, lost: &mut Vec<String>) {
    let mut kinds: Vec<String> = match fields.get("type") {
        Some(Value::String(kind)) if kind == "null" => vec!["null".into()],
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        _ => return,
    };
    fields.remove("type");
    let count = kinds.len();
    kinds.retain(|kind| kind != "null");
    if kinds.len() < count {
        fields.insert("nullable".into(), json!(true));
    }
    match &kinds[..] {
        [] => {}
        [kind] => drop(fields.insert("type".into(), json!(kind))),
        _ if fields.contains_key("oneOf") || fields.contains_key("anyOf") => {
            lost.push(format!("the several types at {at} are any value"));
        }
        _ => {
            let part = |kind: &String| {
                let mut part = Map::from_iter([("type".to_owned(), json!(kind))]);
                for (keyword, value) in fields.iter().filter(|(keyword, _)| is_of(keyword, kind)) {
                    part.insert(keyword.clone(), value.clone());
                }
                Value::Object(part)
            };
            let parts: Vec<Value> = kinds.iter().map(part).collect();
            fields.retain(|keyword, _| !kinds.iter().any(|kind| is_of(keyword, kind)));
            fields.insert("anyOf".into(), parts.into());
        }
    }
}

/// Whether a keyword is about values of a type.
fn is_of(keyword: &str, kind: &str) -> bool {
    match kind {
        "string" => ["minLength", "maxLength", "pattern", "format"].contains(&keyword),
        "integer" | "number" => {
            ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"].contains(&keyword)
        }
        "array" => ["items", "minItems", "maxItems", "uniqueItems"].contains(&keyword),
        "object" => {
            ["properties", "required", "additionalProperties", "minProperties", "maxProperties"].contains(&keyword)
        }
        _ => false,
    }
}
