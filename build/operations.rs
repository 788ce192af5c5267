//! Operations that the generator cannot handle are left out by name; everything else is generated.
//!
//! progenitor refuses, or panics at, a whole document because of one operation. What could be fixed has been fixed by
//! now (`media.rs`, `names.rs`, `parameters.rs`). If it still fails, each schema and then each operation is tried
//! alone.

use std::collections::BTreeSet;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Mutex;

use serde_json::{Value, json};

use super::{Result, unused};

/// A part of a document that no code was generated for, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct LeftOut {
    /// The operation in words: ``the operation POST /logs (`importLogs`)``.
    pub(crate) what: String,
    pub(crate) why: String,
}

impl LeftOut {
    pub(super) fn part(what: impl Into<String>, why: impl Into<String>) -> Self {
        Self { what: what.into(), why: why.into() }
    }

    pub(super) fn operation(name: &str, why: impl Into<String>) -> Self {
        Self { what: format!("the operation {name}"), why: why.into() }
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is left out: {}", self.what, self.why)
    }
}

pub(super) const METHODS: [&str; 8] = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/// Calls this with each operation and its name in words.
pub(crate) fn each_operation(document: &mut Value, mut each: impl FnMut(&str, &mut Value)) {
    for (path, item) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            if METHODS.contains(&method.as_str()) && operation.is_object() {
                each(&name(method, path, operation), operation);
            }
        }
    }
}

/// `GET /logs (getLogs)`.
pub(super) fn name(method: &str, path: &str, operation: &Value) -> String {
    let id = operation["operationId"].as_str().map(|id| format!(" (`{id}`)")).unwrap_or_default();
    format!("{} {path}{id}", method.to_uppercase())
}

/// Leaves out the operations for which this says why.
pub(super) fn leave_out(
    document: &mut Value,
    left_out: &mut Vec<LeftOut>,
    why: impl Fn(&Value, &str, &Value) -> Option<String>,
) {
    let whole = document.clone();
    for (path, item) in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flatten() {
        let Some(item) = item.as_object_mut() else { continue };
        item.retain(|method, operation| {
            if !METHODS.contains(&method.as_str()) {
                return true;
            }
            let fault = why(&whole, path, operation);
            left_out.extend(fault.iter().map(|why| LeftOut::operation(&name(method, path, operation), why.clone())));
            fault.is_none()
        });
    }
}

/// Makes code of a document with `attempt`, and leaves out what that fails at.
///
/// # Errors
/// If nothing can be generated at all.
pub(super) fn generate_what_can_be<T>(
    document: &mut Value,
    left_out: &mut Vec<LeftOut>,
    attempt: impl Fn(&Value) -> Result<T>,
) -> Result<T> {
    let attempt = |document: &Value| without_panic(|| attempt(document));
    if let Ok(done) = attempt(document) {
        return Ok(done);
    }
    empty_schemas_that_fail(document, left_out, |document| attempt(document).map(drop));
    leave_out_operations_that_fail(document, left_out, |document| attempt(document).map(drop));
    unused::leave_out(document);
    attempt(document)
}

/// A schema that fails by itself becomes any value, so that the operations that use it are still there.
fn empty_schemas_that_fail(document: &mut Value, left_out: &mut Vec<LeftOut>, attempt: impl Fn(&Value) -> Result) {
    let all = document["components"]["schemas"].as_object().cloned().unwrap_or_default();
    let mut failing: BTreeSet<String> =
        all.keys().filter(|name| attempt(&only_schema(document, name)).is_err()).cloned().collect();
    // The ones that others fail for come first.
    while !failing.is_empty() {
        let inner = |name: &&String| {
            let used = unused::schemas_below(document, &all[*name]);
            !failing.iter().any(|other| other != *name && used.contains(other))
        };
        let Some(name) = failing.iter().find(inner).or_else(|| failing.first()).cloned() else { return };
        let why = attempt(&only_schema(document, &name)).err();
        failing.remove(&name);
        if let Some(why) = why {
            document["components"]["schemas"][&name] = json!({});
            left_out.push(LeftOut::part(format!("the type of the schema `{name}`, which is any value now,"), why));
        }
    }
}

/// A document whose one operation answers with a schema.
fn only_schema(document: &Value, name: &str) -> Value {
    let answer = json!({ "description": "", "content": { "application/json": {
        "schema": { "$ref": format!("#/components/schemas/{name}") },
    } } });
    let mut small = document.clone();
    small["paths"] = json!({ "/": { "get": { "operationId": "look", "responses": { "200": answer } } } });
    unused::leave_out(&mut small);
    small
}

fn leave_out_operations_that_fail(
    document: &mut Value,
    left_out: &mut Vec<LeftOut>,
    attempt: impl Fn(&Value) -> Result,
) {
    let mut all = Vec::new();
    for (path, item) in document["paths"].as_object().into_iter().flatten() {
        all.extend(
            item.as_object()
                .into_iter()
                .flatten()
                .map(|(method, operation)| (path.clone(), method.clone(), operation.clone())),
        );
    }
    all.retain(|(_, method, _)| METHODS.contains(&method.as_str()));
    let without = |document: &Value, kept: &dyn Fn(&str, &str) -> bool| {
        let mut small = document.clone();
        for (path, item) in small["paths"].as_object_mut().into_iter().flatten() {
            if let Some(item) = item.as_object_mut() {
                item.retain(|method, _| !METHODS.contains(&method.as_str()) || kept(path, method));
            }
        }
        unused::leave_out(&mut small);
        small
    };
    let mut failing = Vec::new();
    for (path, method, operation) in &all {
        if let Err(why) = attempt(&without(document, &|p, m| p == path && m == method)) {
            failing.push((path.clone(), method.clone()));
            left_out.push(LeftOut::operation(&name(method, path, operation), why));
        }
    }
    // Operations that fail only beside another: the later one goes.
    let is_in =
        |list: &[(String, String)], p: &str, m: &str| list.iter().any(|(path, method)| path == p && method == m);
    if attempt(&without(document, &|p, m| !is_in(&failing, p, m))).is_err() {
        let mut good: Vec<(String, String)> = Vec::new();
        for (path, method, operation) in all.iter().filter(|(path, method, _)| !is_in(&failing, path, method)) {
            let with = |p: &str, m: &str| is_in(&good, p, m) || (p == path && m == method);
            match attempt(&without(document, &with)) {
                Ok(()) => good.push((path.clone(), method.clone())),
                Err(why) => left_out.push(LeftOut::operation(&name(method, path, operation), why)),
            }
        }
        *document = without(document, &|p, m| is_in(&good, p, m));
    } else {
        *document = without(document, &|p, m| !is_in(&failing, p, m));
    }
}

/// Panics of the generator speak of its own code. One at a time: the hook that keeps them quiet is the process's.
fn without_panic<T>(attempt: impl FnOnce() -> Result<T>) -> Result<T> {
    static QUIET: Mutex<()> = Mutex::new(());
    let _quiet = QUIET.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(|_| {}));
    let outcome = panic::catch_unwind(AssertUnwindSafe(attempt));
    panic::set_hook(hook);
    outcome.unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().map(String::as_str).or_else(|| panic.downcast_ref::<&str>().copied());
        let text = text.unwrap_or("no reason given");
        let short: String = text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(200).collect();
        Err(format!("the generator panics: {short}"))
    })
}
