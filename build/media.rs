//! One form for each body and each answer: the generator takes one media type for a body, and one type for all successful
//! answers of an operation.

use serde_json::{Map, Value, json};

use super::lists::resolve;
use super::operations::{self, LeftOut, each_operation};

/// The media types of a body that the generator can send, the preferred first.
const BODIES: [&str; 5] = [
    "application/json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "text/plain",
    "text/x-markdown",
];

/// Takes JSON where a body or an answer may have several media types, and one of several successful answers. An answer
/// that is not taken arrives as `Error::UnexpectedResponse`, with its status.
pub(super) fn one_form(document: &mut Value, left_out: &mut Vec<LeftOut>) {
    let whole = document.clone();
    each_operation(document, |name, operation| {
        if let Some(body) = operation.get_mut("requestBody") {
            let mut resolved = resolve(&whole, body).clone();
            if let Some(content) = resolved.get_mut("content").and_then(Value::as_object_mut) {
                one_media(content, &BODIES);
            }
            *body = resolved;
        }
        let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) else { return };
        for response in responses.values_mut() {
            let mut resolved = resolve(&whole, response).clone();
            if let Some(content) = resolved.get_mut("content").and_then(Value::as_object_mut) {
                one_media(content, &["application/json"]);
            }
            *response = resolved;
        }
        // It never has a body, whatever is documented of one.
        if let Some(empty) = responses.get_mut("204").and_then(Value::as_object_mut) {
            empty.remove("content");
        }
        for status in one_answer(responses) {
            let what = format!("the answer {status} of {name}");
            left_out.push(LeftOut::part(what, "another successful answer has the type; this one arrives untyped"));
        }
    });
    operations::leave_out(document, left_out, |_, _, operation| {
        let content = operation["requestBody"]["content"].as_object().filter(|content| !content.is_empty())?;
        let unknown = content.keys().all(|kind| !BODIES.contains(&kind.as_str()));
        let kinds = content.keys().map(String::as_str).collect::<Vec<_>>().join(" or ");
        unknown.then(|| format!("its body is {kinds}, which the generator cannot send"))
    });
}

fn is_json(kind: &str) -> bool {
    let kind = kind.split(';').next().unwrap_or(kind).trim();
    kind.eq_ignore_ascii_case("application/json") || kind.ends_with("+json") || kind == "*/*" || kind == "text/json"
}

/// Leaves one media type, as the generator writes it. Where none is known, all stay, and the generator says so.
fn one_media(content: &mut Map<String, Value>, known: &[&str]) {
    let exact = content.keys().find(|kind| kind.as_str() == "application/json");
    let taken = exact.or_else(|| content.keys().find(|kind| is_json(kind))).cloned();
    if let Some((kind, mut media)) = taken.and_then(|kind| content.remove_entry(&kind)) {
        if let Some(media) = media.as_object_mut() {
            media.remove("encoding");
            media.entry("schema").or_insert_with(|| json!({}));
        }
        content.clear();
        let kind = if kind.starts_with("application/json") { kind } else { "application/json".into() };
        let kind = if known.len() > 1 { "application/json".into() } else { kind };
        content.insert(kind, media);
        return;
    }
    if let Some(kind) = known.iter().find(|kind| content.contains_key(**kind)) {
        content.retain(|other, _| other == kind);
        for media in content.values_mut().filter_map(Value::as_object_mut) {
            media.remove("encoding");
        }
    }
}

/// Keeps the answers that share one type with the first that has JSON; a 204 beside a 200 is an empty answer, which the
/// transport understands without a type. The statuses of the others, unless they are empty.
fn one_answer(responses: &mut Map<String, Value>) -> Vec<String> {
    let schema = |response: &Value| {
        let content = response["content"].as_object().filter(|content| !content.is_empty())?;
        Some(content.iter().find(|(kind, _)| is_json(kind)).map_or(Value::Null, |(_, media)| media["schema"].clone()))
    };
    let success: Vec<(String, Option<Value>)> = responses
        .iter()
        .filter(|(status, _)| status.starts_with('2'))
        .map(|(status, response)| (status.clone(), schema(response)))
        .collect();
    let is_typed = |taken: &&(String, Option<Value>)| taken.1.as_ref().is_some_and(|schema| !schema.is_null());
    let taken = success.iter().find(is_typed).or_else(|| success.iter().find(|(_, schema)| schema.is_some()));
    let Some((_, taken)) = taken.or_else(|| success.first()) else { return Vec::new() };
    let mut others = Vec::new();
    for (status, schema) in success.iter().filter(|(_, schema)| schema != taken) {
        responses.remove(status);
        if schema.is_some() {
            others.push(status.clone());
        }
    }
    others
}
