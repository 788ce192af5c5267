//! `--keep`: corrections that restore what a vendor's document lost or changed.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::Result;
use crate::generator::lists::resolve;

/// A parameter that the old document has and the new one has not.
#[derive(Clone, Debug)]
pub(super) struct Lost {
    pub(super) name: String,
    /// Its description.
    pub(super) what: String,
}

/// A correction that keeps something as it was.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    /// The description of what it keeps.
    pub(super) what: String,
    operations: Vec<Operation>,
}

/// An operation of `patch.yml`, as it is written there.
#[derive(Clone, Debug)]
struct Operation {
    op: &'static str,
    path: String,
    /// A `value`, or what is `missing`.
    value: Option<(&'static str, Value)>,
}

/// The parameters that are gone, each operation by itself.
pub(super) fn lost(old: &Value, new: &Value) -> Vec<Lost> {
    let mut lost = Vec::new();
    for place in operations(old) {
        if new.pointer(&place).is_none() {
            continue; // The operation itself is gone.
        }
        for parameter in parameters(old, &place) {
            if parameter["name"].is_string() && !parameters(new, &place).any(|other| same(other, parameter)) {
                let name = parameter["name"].as_str().unwrap_or_default().to_owned();
                lost.push(Lost { what: in_words(parameter, &place), name });
            }
        }
    }
    lost
}

/// The corrections that keep a parameter, a field `Schema.field` or a place `/…` as the old document has it.
///
/// # Errors
/// If the old document has no such thing, or the new one has it as it was.
pub(super) fn keep(name: &str, old: &Value, new: &Value) -> Result<Vec<Kept>> {
    if name.starts_with('/') {
        return keep_place(name, &format!("`{name}`"), old, new).map(|kept| vec![kept]);
    }
    let in_old: Vec<String> =
        operations(old).filter(|place| parameters(old, place).any(|parameter| parameter["name"] == name)).collect();
    if let (true, Some(place)) = (in_old.is_empty(), place_of_field(name)) {
        return keep_place(&place, &format!("the field `{name}`"), old, new).map(|kept| vec![kept]);
    }
    let mut kept = Vec::new();
    for place in in_old {
        for parameter in parameters(old, &place).filter(|parameter| parameter["name"] == name) {
            kept.extend(keep_parameter(parameter, &place, new));
        }
    }
    if kept.is_empty() { Err(format!("--keep {name}: nothing of this name was lost or changed")) } else { Ok(kept) }
}

/// The place of the field `Schema.field`.
pub(super) fn place_of_field(name: &str) -> Option<String> {
    let (schema, field) = name.split_once('.')?;
    Some(format!("/components/schemas/{}/properties/{}", escape(schema), escape(field)))
}

fn keep_parameter(parameter: &Value, place: &str, new: &Value) -> Option<Kept> {
    let operation = new.pointer(place)?;
    let list = format!("{place}/parameters");
    let words = in_words(parameter, place);
    let its_name = json!({ "in": parameter["in"], "name": parameter["name"] });
    let Some(there) = operation["parameters"].as_array() else {
        let operations = vec![
            Operation { op: "test", path: place.to_owned(), value: Some(("missing", json!("parameters"))) },
            Operation { op: "add", path: list, value: Some(("value", json!([parameter]))) },
        ];
        return Some(Kept { what: format!("{words} is gone"), operations });
    };
    let Some(index) = there.iter().position(|other| same(resolve(new, other), parameter)) else {
        let operations = vec![
            Operation { op: "test", path: list.clone(), value: Some(("missing", its_name)) },
            Operation { op: "add", path: format!("{list}/-"), value: Some(("value", parameter.clone())) },
        ];
        return Some(Kept { what: format!("{words} is gone"), operations });
    };
    let path = format!("{list}/{index}");
    let mut operations = differences(&path, parameter, &there[index]);
    if operations.is_empty() {
        return None;
    }
    let name = Some(("value", parameter["name"].clone()));
    operations.insert(0, Operation { op: "test", path: format!("{path}/name"), value: name });
    Some(Kept { what: format!("{words} changed"), operations })
}

/// The operations that make the new form of a thing the old one again, except its descriptions.
fn differences(path: &str, old: &Value, new: &Value) -> Vec<Operation> {
    let keys = |value: &Value| value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    let all: BTreeSet<String> = keys(old).into_iter().chain(keys(new)).collect();
    let mut operations = Vec::new();
    for key in all.into_iter().filter(|key| !["description", "example", "examples"].contains(&key.as_str())) {
        let at = format!("{path}/{}", escape(&key));
        match (old.get(&key), new.get(&key)) {
            (old, new) if old == new => {}
            (Some(old), Some(new)) => {
                operations.push(Operation { op: "test", path: at.clone(), value: Some(("value", new.clone())) });
                operations.push(Operation { op: "replace", path: at, value: Some(("value", old.clone())) });
            }
            (None, Some(new)) => {
                operations.push(Operation { op: "test", path: at.clone(), value: Some(("value", new.clone())) });
                operations.push(Operation { op: "remove", path: at, value: None });
            }
            (Some(old), None) => {
                operations.push(Operation { op: "test", path: path.to_owned(), value: Some(("missing", json!(key))) });
                operations.push(Operation { op: "add", path: at, value: Some(("value", old.clone())) });
            }
            (None, None) => {}
        }
    }
    operations
}

fn keep_place(place: &str, words: &str, old: &Value, new: &Value) -> Result<Kept> {
    let was = old.pointer(place).ok_or_else(|| format!("--keep {place}: the document never had {words}"))?;
    let value = |value: &Value| Some(("value", value.clone()));
    if let Some(is) = new.pointer(place) {
        if is == was {
            return Err(format!("--keep {place}: {words} is as it was"));
        }
        let operations = vec![
            Operation { op: "test", path: place.to_owned(), value: value(is) },
            Operation { op: "replace", path: place.to_owned(), value: value(was) },
        ];
        return Ok(Kept { what: format!("{words} changed"), operations });
    }
    let (parent, key) = place.rsplit_once('/').unwrap_or_default();
    if new.pointer(parent).is_none_or(|parent| !parent.is_object()) {
        return Err(format!("--keep {place}: `{parent}` is gone as well; keep that"));
    }
    let key = json!(key.replace("~1", "/").replace("~0", "~"));
    let operations = vec![
        Operation { op: "test", path: parent.to_owned(), value: Some(("missing", key)) },
        Operation { op: "add", path: place.to_owned(), value: value(was) },
    ];
    Ok(Kept { what: format!("{words} is gone"), operations })
}

impl Kept {
    /// The block of `patch.yml`.
    ///
    /// # Errors
    /// If a value cannot be written as YAML.
    pub(super) fn block(&self, date: &str, used: Option<&str>) -> Result<String> {
        let because = match used {
            Some(_) => "Our code sends it, and users may.",
            None => "Users may rely on it.",
        };
        let comment = format!(
            "In the vendor's document of {date} {}. It is kept as it was. {because} Whether the platform still obeys it is \
             not said; delete this once nothing needs it.",
            self.what
        );
        let mut block = wrapped(&comment);
        for Operation { op, path, value } in &self.operations {
            block += &format!("- op: {op}\n  path: {}\n", scalar(path)?);
            if let Some((key, value)) = value {
                let text = yaml_serde::to_string(value).map_err(|e| e.to_string())?;
                let text = text.trim_end();
                if value.is_array() || value.is_object() {
                    block += &format!("  {key}:\n");
                    for line in text.lines() {
                        block += format!("    {line}").trim_end();
                        block.push('\n');
                    }
                } else {
                    block += &format!("  {key}: {text}\n");
                }
            }
        }
        Ok(block)
    }
}

fn scalar(text: &str) -> Result<String> {
    yaml_serde::to_string(text).map(|text| text.trim_end().to_owned()).map_err(|e| e.to_string())
}

fn wrapped(comment: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in comment.split_whitespace() {
        if lines.last().is_some_and(|line| line.chars().count() + word.chars().count() > 118) {
            lines.push(String::from("#"));
        }
        lines.last_mut().into_iter().for_each(|line| *line += &format!(" {word}"));
    }
    lines.join("\n") + "\n"
}

/// The places of the operations of a document, as pointers.
fn operations(document: &Value) -> impl Iterator<Item = String> {
    let items = document["paths"].as_object().into_iter().flatten();
    items.flat_map(|(path, item)| {
        let methods =
            item.as_object().into_iter().flatten().filter(|(_, operation)| operation["responses"].is_object());
        methods.map(move |(method, _)| format!("/paths/{}/{method}", escape(path)))
    })
}

fn parameters<'a>(document: &'a Value, operation: &str) -> impl Iterator<Item = &'a Value> {
    let list = document.pointer(operation).and_then(|operation| operation["parameters"].as_array());
    list.into_iter().flatten().map(|parameter| resolve(document, parameter))
}

fn same(one: &Value, other: &Value) -> bool {
    one["in"] == other["in"] && one["name"] == other["name"]
}

fn in_words(parameter: &Value, operation: &str) -> String {
    let (path, method) = operation.rsplit_once('/').unwrap_or_default();
    let path = path.strip_prefix("/paths/").unwrap_or(path).replace("~1", "/").replace("~0", "~");
    let text = |key: &str| parameter[key].as_str().unwrap_or_default();
    format!("the {} parameter `{}` of {} {path}", text("in"), text("name"), method.to_uppercase())
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}
