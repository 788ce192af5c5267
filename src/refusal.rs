//! An answer that is not a success, turned into our error.

use reqwest::StatusCode;
use reqwest::header::HeaderMap;
use serde_json::Value;

use crate::error::{Error, ErrorKind};
use crate::transport::{asked_wait, request_id};

/// The error for an answer, whatever its body is: a body of any shape never hides the status.
pub(crate) fn error(status: StatusCode, headers: &HeaderMap, body: &[u8], attempts: u32) -> Error {
    let (kind, what) = match status.as_u16() {
        401 => (ErrorKind::Unauthorized, "the access token was refused"),
        402 => (ErrorKind::Frozen, "the store is frozen"),
        403 => (ErrorKind::Forbidden, "access was denied"),
        404 => (ErrorKind::NotFound, "nothing was found at this address"),
        408 => (ErrorKind::TimedOut, "the platform did not get the request in time"),
        423 => (ErrorKind::Locked, "the store is locked"),
        429 => (ErrorKind::RateLimited, "too many requests"),
        433..=436 => (ErrorKind::Blocked, "a security rule of the platform blocked the request"),
        500..=599 => (ErrorKind::Server, "the platform failed"),
        300..=399 => (ErrorKind::Refused, "the platform answered with a redirect, which is not followed"),
        _ => (ErrorKind::Refused, "the platform refused the request"),
    };
    Error::new(kind, what)
        .with_answer(Some(status.as_u16()), request_id(headers), attempts)
        .with_retry_after(asked_wait(status, headers))
        .with_detail(words(body))
}

/// What a body says in words: the fields in which the platforms put them. HTML and everything else say nothing.
pub(crate) fn words(body: &[u8]) -> Option<String> {
    let json: Value = serde_json::from_slice(body).ok()?;
    let mut parts = Vec::new();
    // SHOPLINE's other answers say `"code":200,"message":"success"`.
    let fine = ["200", "0", "\"200\"", "\"0\"", "\"SUCCESS\""].contains(&json["code"].to_string().as_str());
    for field in ["title", "message", "detail", "errors", "error"] {
        if !(fine && field == "message") {
            flatten(&json[field], None, &mut parts);
        }
    }
    parts.dedup();
    let text: String = parts.join("; ").chars().map(|c| if c.is_control() { ' ' } else { c }).take(500).collect();
    Some(text).filter(|text| !text.is_empty())
}

/// SHOPLINE's `errors` is a string, an array or a map; BigCommerce's is a map.
fn flatten(value: &Value, name: Option<&str>, parts: &mut Vec<String>) {
    match value {
        Value::String(text) if text.is_empty() => {}
        Value::String(text) => parts.push(name.map_or_else(|| text.clone(), |name| format!("{name}: {text}"))),
        Value::Array(values) => values.iter().take(10).for_each(|value| flatten(value, name, parts)),
        Value::Object(map) => map.iter().take(10).for_each(|(name, value)| flatten(value, Some(name), parts)),
        _ => {}
    }
}
