//! HTTP errors: an answer that is not a success as our error.

use memchr::memmem;
use reqwest::header::{HeaderMap, LOCATION};
use reqwest::{StatusCode, Url};
use serde_json::Value;

use super::{asked_wait, request_id};
use crate::error::{Error, ErrorKind};

/// The error for an answer, whatever its body is: a body of any shape never hides the status.
pub(crate) fn error(status: StatusCode, headers: &HeaderMap, body: &[u8], attempts: u32) -> Error {
    let (kind, what) = match status.as_u16() {
        401 => (ErrorKind::Unauthorized, "the access token was refused"),
        402 => (ErrorKind::Frozen, "the store is frozen"),
        403 => (ErrorKind::Forbidden, "access was denied"),
        404 => (ErrorKind::NotFound, "nothing was found at this address"),
        408 => (ErrorKind::TimedOut, "the platform did not get the request in time"),
        421 | 425 => (ErrorKind::Server, "the network in front of the platform could not pass the request on"),
        423 => (ErrorKind::Locked, "the store is locked"),
        429 => (ErrorKind::RateLimited, "too many requests"),
        433..=436 => (ErrorKind::Blocked, "a security rule of the platform blocked the request"),
        500 if names_scope(body) => (ErrorKind::Forbidden, "the platform says that a scope is missing"),
        520..=527 | 530 => (ErrorKind::Server, "the network in front of the platform got no answer from it"),
        500..=599 => (ErrorKind::Server, "the platform failed"),
        300..=399 => (ErrorKind::Refused, "the answer is a redirect, which is not followed"),
        _ => (ErrorKind::Refused, "the platform refused the request"),
    };
    let error = match remedy(status, headers, body) {
        Some((what, reason, hint)) => Error::new(kind, what).with_reason(reason).with_hint(hint),
        None => Error::new(kind, what),
    };
    error
        .with_answer(Some(status.as_u16()), request_id(headers), attempts)
        .with_retry_after(asked_wait(status, headers))
        .with_detail(words(body))
}

/// The message, reason and remedy for a status that something in front of the platform answers with.
fn remedy(status: StatusCode, headers: &HeaderMap, body: &[u8]) -> Option<(String, &'static str, &'static str)> {
    let said = |what: &str, reason, hint| Some((what.to_owned(), reason, hint));
    match status.as_u16() {
        400 if memmem::find(body, b"plain HTTP request was sent to HTTPS port").is_some() => {
            said("plain http was sent to a port that speaks https", "https_wanted", "write https:// in the API address")
        }
        407 => said(
            "a proxy wants a user and a password",
            "proxy_authorization",
            "put them into the proxy's address: http://user:password@host:port",
        ),
        426 => said(
            "another form of HTTP is wanted",
            "upgrade_wanted",
            "something in front of the platform speaks another HTTP: ask who runs it",
        ),
        451 => said(
            "access is denied for legal reasons",
            "legal",
            "the country or network of this machine is shut out: ask the platform's support",
        ),
        503 => said(
            "the platform is not available",
            "unavailable",
            "try again later; if it lasts for days, look whether the store was suspended",
        ),
        300..=399 => {
            let place = Url::parse(headers.get(LOCATION)?.to_str().ok()?).ok()?;
            let what =
                format!("the answer is a redirect to {}, which is not followed", place.origin().ascii_serialization());
            Some((what, "redirected", "a token goes to the platform only: a sign-in page or a proxy may be in the way"))
        }
        _ => None,
    }
}

/// Whether a body says that the token lacks a scope, as SHOPLINE does with a 500.
pub(crate) fn names_scope(body: &[u8]) -> bool {
    words(body).is_some_and(|words| words.contains("scope") && words.contains("require"))
}

/// The platform's words in a body, from the fields in which platforms put them. There are none in HTML or anything
/// else.
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
