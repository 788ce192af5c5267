//! Parameters in the form that the generator takes. One that it cannot send is left out by name, or its whole operation if
//! the parameter is required.

use serde_json::{Value, json};

use super::lists::{parameters, resolve};
use super::operations::{self, LeftOut, METHODS};

/// Puts every parameter of every operation into the operation, resolved, and as the generator takes it.
pub(super) fn make_plain(document: &mut Value, left_out: &mut Vec<LeftOut>) {
    for pointer in parameters(document) {
        if let Some(parameter) = document.pointer_mut(&pointer) {
            content_as_text(parameter);
            if parameter["in"] == "path" {
                parameter["required"] = json!(true);
            }
            if parameter["name"].is_string() && parameter["schema"].is_null() {
                parameter["schema"] = json!({ "type": "string" });
            }
        }
    }
    let whole = document.clone();
    for (path, item) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        let shared = item["parameters"].as_array().cloned().unwrap_or_default();
        let needs_change =
            |list: &[Value]| list.iter().any(|parameter| fault(&whole, resolve(&whole, parameter)).is_some());
        let shared_needs_change = needs_change(&shared);
        let Some(item) = item.as_object_mut() else { continue };
        for (method, operation) in item.iter_mut().filter(|(method, _)| METHODS.contains(&method.as_str())) {
            let name = operations::name(method, path, operation);
            let own = operation["parameters"].as_array().cloned().unwrap_or_default();
            let mut all: Vec<Value> = own.clone();
            let is_own = |parameter: &Value| {
                own.iter().any(|it| {
                    let (it, parameter) = (resolve(&whole, it), resolve(&whole, parameter));
                    it["name"] == parameter["name"] && it["in"] == parameter["in"]
                })
            };
            all.extend(shared.iter().filter(|parameter| !is_own(parameter)).cloned());
            let undeclared: Vec<String> = template(path)
                .filter(|name| {
                    !all.iter().any(|it| {
                        let it = resolve(&whole, it);
                        it["in"] == "path" && it["name"] == *name
                    })
                })
                .map(str::to_owned)
                .collect();
            let unplaced = |parameter: &Value| {
                let parameter = resolve(&whole, parameter);
                parameter["in"] == "path" && !template(path).any(|name| parameter["name"] == name)
            };
            if undeclared.is_empty() && !needs_change(&all) && !all.iter().any(unplaced) && !shared_needs_change {
                continue;
            }
            all.retain(|parameter| {
                let parameter = resolve(&whole, parameter);
                let why = if unplaced(parameter) {
                    Some("the path has no place for it".into())
                } else {
                    fault(&whole, parameter)
                };
                let is_needed = parameter["required"] == true && !unplaced(parameter);
                if let Some(why) = why.filter(|_| !is_needed) {
                    left_out.push(LeftOut::part(format!("the parameter {} of {name}", parameter["name"]), why));
                    return false;
                }
                true
            });
            for name in undeclared {
                all.push(json!({ "in": "path", "name": name, "required": true, "schema": { "type": "string" } }));
            }
            operation["parameters"] = all.into();
        }
        if shared_needs_change {
            item.remove("parameters");
        }
    }
    operations::leave_out(document, left_out, |whole, _, operation| {
        let list = operation["parameters"].as_array().into_iter().flatten();
        let mut faults = list.filter_map(|parameter| {
            let parameter = resolve(whole, parameter);
            fault(whole, parameter).map(|why| format!("it needs the parameter {}, and {why}", parameter["name"]))
        });
        faults.next()
    });
}

/// The reason why the generator cannot send a parameter.
fn fault(document: &Value, parameter: &Value) -> Option<String> {
    let place = parameter["in"].as_str().unwrap_or_default();
    if !["query", "path", "header"].contains(&place) {
        return Some(format!("a parameter in a {place} cannot be sent"));
    }
    let schema = resolve(document, &parameter["schema"]);
    let is_list = schema["type"] == "array";
    let is_object = schema["type"] == "object" || schema["properties"].is_object();
    let usual = if place == "query" { "form" } else { "simple" };
    let style = parameter["style"].as_str().unwrap_or(usual);
    // Without items or fields every style is the same.
    if style != usual && (is_list || is_object) {
        return Some(format!("the style `{style}` cannot be sent"));
    }
    if is_object {
        return Some("an object cannot be sent as a parameter".into());
    }
    if is_list && place != "query" {
        return Some(format!("a list cannot be sent in a {place}"));
    }
    None
}

/// A parameter that is described by `content` is JSON, or its like, as text.
fn content_as_text(parameter: &mut Value) {
    let Some(parameter) = parameter.as_object_mut() else { return };
    let Some(content) = parameter.remove("content") else { return };
    let kind = content.as_object().and_then(|content| content.keys().next()).cloned().unwrap_or_default();
    let words = parameter.get("description").and_then(Value::as_str).unwrap_or_default();
    let words = format!("{words}\n\nWritten as text of the type `{kind}`.");
    parameter.insert("description".into(), json!(words.trim_start()));
    parameter.insert("schema".into(), json!({ "type": "string" }));
}

fn template(path: &str) -> impl Iterator<Item = &str> {
    path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name)
}
