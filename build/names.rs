//! Distinct Rust names for things whose names would be the same in Rust: `type:not` and `type_not`, `a-b` and `a_b`,
//! `severity` and `Severity`, a property named `extra` beside the map of that name.
//!
//! The one that is already written in Rust's style keeps its name, or else the first in the alphabet; the others get
//! `_2`, `_3` and so on, and types `2`, `3`. On the wire each has the name from the document: the generated code has a
//! placeholder for it until [`Names::restore`].

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::operations::{METHODS, each_operation};

/// Marks a stand-in. It is of Unicode's private use, so no document has it; the generator makes an underscore of it.
const MARK: char = '\u{e000}';

/// Each stand-in, with the name in the document.
#[derive(Default)]
pub(super) struct Names(BTreeMap<String, String>);

/// Words that the generated requests use themselves.
const OF_REQUESTS: [&str; 5] = ["client", "body", "new", "send", "stream"];

pub(super) fn tell_apart(document: &mut Value) -> Names {
    let mut names = Names::default();
    name_operations(document);
    schemas(document);
    for item in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(Map::values_mut) {
        parameters(item, &mut names);
    }
    each_operation(document, |_, operation| parameters(operation, &mut names));
    properties(document, &mut names);
    names
}

impl Names {
    /// The code with the names of the document.
    pub(super) fn restore(&self, code: String) -> String {
        // In a literal the mark is escaped, as what is odd in the name itself.
        let escaped = |text: &str| format!("{text:?}").trim_matches('"').to_owned();
        self.0.iter().rev().fold(code, |code, (stand_in, name)| {
            code.replace(&escaped(stand_in), &escaped(name)).replace(stand_in, name)
        })
    }

    fn stand_in(&mut self, name: &str, number: usize) -> String {
        let stand_in = format!("{name}{MARK}{number}");
        self.0.insert(stand_in.clone(), name.to_owned());
        stand_in
    }
}

/// A name as the generator writes it for a field or a setter, near enough to see which are the same.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::new();
    let mut before = ' ';
    for c in name.chars().filter(|c| *c != '\'') {
        if !c.is_alphanumeric() {
            if !snake.is_empty() && !snake.ends_with('_') {
                snake.push('_');
            }
        } else {
            if c.is_uppercase() && before.is_lowercase() && !snake.ends_with('_') {
                snake.push('_');
            }
            snake.extend(c.to_lowercase());
        }
        before = c;
    }
    snake.trim_matches('_').to_owned()
}

/// Gives an operation without an id one of its method and path, and makes those that share one distinct.
fn name_operations(document: &mut Value) {
    let mut seen = BTreeSet::new();
    for (path, item) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if !METHODS.contains(&method.as_str()) || !operation.is_object() {
                continue;
            }
            let id = operation["operationId"].as_str().map(str::to_owned);
            let mut id = id.filter(|id| !snake(id).is_empty()).unwrap_or_else(|| snake(&format!("{method} {path}")));
            if !seen.insert(snake(&id)) {
                id = snake(&format!("{id} {method} {path}"));
                seen.insert(id.clone());
            }
            if operation["operationId"] != json!(id) {
                operation["operationId"] = json!(id);
            }
        }
    }
}

/// The names of a list that are the same in Rust, all but the one that keeps its name, each with its number.
fn clashes<'a>(
    names: impl Iterator<Item = &'a str>,
    rust: impl Fn(&str) -> String,
    taken: &[&str],
) -> Vec<(String, usize)> {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    names.for_each(|name| groups.entry(rust(name)).or_default().push(name));
    let all: BTreeSet<String> = groups.keys().cloned().collect();
    let mut clashes = Vec::new();
    for (rust_name, mut group) in groups {
        group.sort_by_key(|name| (*name != rust_name, name.to_owned()));
        group.dedup();
        let keeps = usize::from(!taken.contains(&rust_name.as_str()));
        let mut number = 2;
        for name in group.into_iter().skip(keeps) {
            while all.contains(&format!("{rust_name}_{number}")) || all.contains(&format!("{rust_name}{number}")) {
                number += 1;
            }
            clashes.push((name.to_owned(), number));
            number += 1;
        }
    }
    clashes
}

fn parameters(holder: &mut Value, names: &mut Names) {
    let Some(list) = holder.get_mut("parameters").and_then(Value::as_array_mut) else { return };
    // A path's template holds the name, so those keep theirs.
    let in_path = |parameter: &Value| parameter["in"] == "path";
    let fixed: Vec<String> =
        list.iter().filter(|it| in_path(it)).filter_map(|it| it["name"].as_str()).map(snake).collect();
    let taken: Vec<&str> = OF_REQUESTS.into_iter().chain(fixed.iter().map(String::as_str)).collect();
    let others: Vec<String> =
        list.iter().filter(|it| !in_path(it)).filter_map(|it| it["name"].as_str()).map(str::to_owned).collect();
    let mut seen = BTreeSet::new();
    // The same name in the query and in a header.
    let twice: Vec<String> = others.iter().filter(|name| !seen.insert((*name).clone())).cloned().collect();
    for (name, number) in clashes(others.iter().map(String::as_str), snake, &taken) {
        for parameter in list.iter_mut().filter(|it| !in_path(it) && it["name"] == name.as_str()) {
            parameter["name"] = json!(names.stand_in(&name, number));
        }
    }
    for (index, name) in twice.into_iter().enumerate() {
        let header = list.iter_mut().find(|it| it["in"] == "header" && it["name"] == name.as_str());
        header.into_iter().for_each(|it| it["name"] = json!(names.stand_in(&name, index + 2)));
    }
}

/// Renames schemas whose types would have one name, with all that refers to them.
fn schemas(document: &mut Value) {
    let Some(Value::Object(all)) = document.pointer("/components/schemas") else { return };
    let pascal = |name: &str| snake(name).split('_').map(capital).collect::<String>();
    let renamed: BTreeMap<String, String> = clashes(all.keys().map(String::as_str), pascal, &[])
        .into_iter()
        .map(|(name, number)| (name.clone(), format!("{}{number}", pascal(&name))))
        .collect();
    if renamed.is_empty() {
        return;
    }
    if let Some(Value::Object(all)) = document.pointer_mut("/components/schemas") {
        *all = std::mem::take(all)
            .into_iter()
            .map(|(name, schema)| (renamed.get(&name).cloned().unwrap_or(name), schema))
            .collect();
    }
    refer(document, &renamed);
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn refer(value: &mut Value, renamed: &BTreeMap<String, String>) {
    match value {
        Value::Object(fields) => fields.values_mut().for_each(|value| refer(value, renamed)),
        Value::Array(items) => items.iter_mut().for_each(|value| refer(value, renamed)),
        Value::String(text) => {
            let new = text.strip_prefix("#/components/schemas/").and_then(|name| renamed.get(name));
            if let Some(new) = new {
                *text = format!("#/components/schemas/{new}");
            }
        }
        _ => {}
    }
}

/// Properties of one object that would be one field, and values of one choice that would be one variant.
fn properties(value: &mut Value, names: &mut Names) {
    match value {
        Value::Object(fields) => {
            let keeps_unknown = fields.get("additionalProperties").is_some_and(Value::is_object);
            if let Some(Value::Object(properties)) = fields.get_mut("properties") {
                let taken: &[&str] = if keeps_unknown { &["extra"] } else { &[] };
                let renamed = clashes(properties.keys().map(String::as_str), snake, taken);
                let mut stand_ins = BTreeMap::new();
                for (name, number) in renamed {
                    if let Some(schema) = properties.remove(&name) {
                        let stand_in = names.stand_in(&name, number);
                        properties.insert(stand_in.clone(), schema);
                        stand_ins.insert(name, stand_in);
                    }
                }
                let required = fields.get_mut("required").and_then(Value::as_array_mut).into_iter().flatten();
                for name in required {
                    if let Some(stand_in) = name.as_str().and_then(|name| stand_ins.get(name)) {
                        *name = json!(stand_in);
                    }
                }
            }
            if let Some(Value::Array(values)) = fields.get_mut("enum") {
                let texts: Vec<String> = values.iter().filter_map(Value::as_str).map(str::to_owned).collect();
                for (text, number) in clashes(texts.iter().map(String::as_str), variant, &[]) {
                    for value in values.iter_mut().filter(|value| **value == text.as_str()) {
                        *value = json!(names.stand_in(&text, number));
                    }
                }
            }
            // An example is data, not a schema.
            let keywords = fields
                .iter_mut()
                .filter(|(keyword, _)| !["example", "examples", "default"].contains(&keyword.as_str()));
            keywords.for_each(|(_, value)| properties(value, names));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| properties(value, names)),
        _ => {}
    }
}

fn variant(text: &str) -> String {
    let name = snake(text);
    // These differ by signs alone.
    if name.is_empty() { text.to_owned() } else { name }
}
