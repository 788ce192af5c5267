//! The comparison of two documents: their common parts, and which operations there are.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::document::{Document, Operation, is_words};
use super::{Change, Class, Place, answers, parameters};

/// The changes that are collected. What is reached twice, such as a type of two answers, is one change.
pub(super) type Changes = BTreeSet<Change>;

pub(super) fn add(changes: &mut Changes, class: Class, what: impl Into<String>, place: Place) {
    changes.insert(Change { class, what: what.into(), place });
}

/// The items that are in one set and not in the other, for a sentence: `` `a`, `b` ``.
pub(super) fn only_in<'a>(one: impl IntoIterator<Item = &'a String>, other: &BTreeSet<String>) -> Option<String> {
    let list: Vec<String> = one
        .into_iter()
        .filter(|value| !other.contains(*value))
        .map(|value| format!("`{}`", value.trim_matches('"')))
        .collect();
    (!list.is_empty()).then(|| list.join(", "))
}

pub(super) fn documents(old: &Document<'_>, new: &Document<'_>, a: &Value, b: &Value, changes: &mut Changes) {
    servers(&a["servers"], &b["servers"], changes);
    // Those that every operation has of its own the document asks of none.
    let mut both = old.operations.iter().filter_map(|(key, was)| Some((was, new.operations.get(key)?)));
    if old.operations.is_empty() || both.any(|(was, is)| was.own["security"].is_null() && is.own["security"].is_null())
    {
        credentials(&a["security"], &b["security"], "the document", changes);
    }
    schemes(&a["components"]["securitySchemes"], &b["components"]["securitySchemes"], changes);
    for (key, was) in &old.operations {
        match new.operations.get(key) {
            Some(is) => operation(was, is, (&a["security"], &b["security"]), changes),
            None => {
                let what = format!("the operation {} {} is gone", was.method, was.path);
                add(changes, Class::Requests, what, Place::Operation(id(was)));
            }
        }
    }
    for (key, is) in &new.operations {
        if !old.operations.contains_key(key) {
            let what = format!("the operation {} {} is new", is.method, is.path);
            add(changes, Class::Additive, what, Place::Operation(id(is)));
        }
    }
    editorial(old, new, a, b, changes);
}

fn id(operation: &Operation<'_>) -> String {
    operation.own["operationId"].as_str().unwrap_or_default().to_owned()
}

fn operation(was: &Operation<'_>, is: &Operation<'_>, shared: (&Value, &Value), changes: &mut Changes) {
    let name = format!("{} {}", is.method, is.path);
    let place = || Place::Operation(id(was));
    if id(was) != id(is) {
        let what = format!("{name} is called `{}` and was `{}`", id(is), id(was));
        add(changes, Class::Users, what, place());
    }
    // An operation may say again what the document says; only what holds in the end counts.
    if !(was.own["security"].is_null() && is.own["security"].is_null()) {
        let holds = |own: &'_ Value, shared: &Value| if own.is_null() { shared.clone() } else { own.clone() };
        let (old, new) = (holds(&was.own["security"], shared.0), holds(&is.own["security"], shared.1));
        credentials(&old, &new, &name, changes);
    }
    parameters::compare(was, is, &name, changes);
    answers::compare(was, is, &name, changes);
    if is.own["deprecated"] != was.own["deprecated"] {
        let what = if is.own["deprecated"] == true { "is deprecated" } else { "is no longer deprecated" };
        add(changes, Class::Editorial, format!("{name} {what}"), place());
    }
    for keyword in keywords(was.own, is.own) {
        if matches!(
            keyword.as_str(),
            "parameters" | "requestBody" | "responses" | "security" | "operationId" | "deprecated"
        ) {
            continue;
        }
        let class = if is_words(&keyword) || keyword == "tags" { Class::Editorial } else { Class::Requests };
        add(changes, class, format!("the {keyword} of {name} changed"), place());
    }
}

fn credentials(was: &Value, is: &Value, name: &str, changes: &mut Changes) {
    // Each of the list is enough, so its order says nothing; without a list nothing is asked for.
    let any_order = |list: &Value| list.as_array().into_iter().flatten().map(Value::to_string).collect::<BTreeSet<_>>();
    if any_order(was) != any_order(is) {
        let what = format!("{name} asks for other credentials: {is}, and was {was}");
        add(changes, Class::Requests, what, Place::Security);
    }
}

fn servers(was: &Value, is: &Value, changes: &mut Changes) {
    let by_url = |servers: &Value| -> BTreeMap<String, Value> {
        let servers = servers.as_array().into_iter().flatten();
        servers.filter_map(|server| Some((server["url"].as_str()?.to_owned(), server.clone()))).collect()
    };
    let (mut old, mut new) = (by_url(was), by_url(is));
    let only = |one: &BTreeMap<String, Value>, other: &BTreeMap<String, Value>| -> Vec<String> {
        one.keys().filter(|url| !other.contains_key(*url)).cloned().collect()
    };
    if let ([before], [now]) = (&only(&old, &new)[..], &only(&new, &old)[..]) {
        let what = format!("the server `{before}` is `{now}` now");
        add(changes, Class::Requests, what, Place::Server(before.clone()));
        old.remove(before);
        new.remove(now);
    }
    for (url, was) in &old {
        let place = || Place::Server(url.clone());
        match new.get(url) {
            Some(is) if was == is => {}
            Some(is) => {
                let mut what = format!("what is said of the server `{url}` changed");
                for name in keywords(&was["variables"], &is["variables"]) {
                    let default = |server: &Value| server["variables"][&name]["default"].clone();
                    if default(was) != default(is) {
                        what += &format!(": `{name}` is {}, and was {}", default(is), default(was));
                    }
                }
                add(changes, Class::Editorial, what, place());
            }
            None => add(changes, Class::Requests, format!("the server `{url}` is gone"), place()),
        }
    }
    for url in only(&new, &old) {
        add(changes, Class::Additive, format!("the server `{url}` is new"), Place::Server(url));
    }
}

fn schemes(was: &Value, is: &Value, changes: &mut Changes) {
    for name in keywords(was, is) {
        let (old, new) = (&was[&name], &is[&name]);
        let changed = || keywords(old, new).into_iter();
        let what = match (old, new) {
            (Value::Null, _) => {
                add(changes, Class::Additive, format!("the security scheme `{name}` is new"), Place::Security);
                continue;
            }
            (_, Value::Null) => format!("the security scheme `{name}` is gone"),
            _ if changed().all(|keyword| is_words(&keyword) || keyword == "bearerFormat") => {
                let words = changed().collect::<Vec<_>>().join(" and ");
                let what = format!("the {words} of the security scheme `{name}` changed");
                add(changes, Class::Editorial, what, Place::Security);
                continue;
            }
            _ => {
                let part = |keyword: String| format!("{keyword} is {}, and was {}", new[&keyword], old[&keyword]);
                let parts: Vec<String> = changed().filter(|keyword| !is_words(keyword)).map(part).collect();
                format!("the security scheme `{name}` changed: {}", parts.join("; "))
            }
        };
        add(changes, Class::Requests, what, Place::Security);
    }
}

/// Adds the changes that concern no operation.
fn editorial(old: &Document<'_>, new: &Document<'_>, a: &Value, b: &Value, changes: &mut Changes) {
    let mut say = |what: String| add(changes, Class::Editorial, what, Place::Nowhere);
    for keyword in keywords(&a["info"], &b["info"]) {
        say(format!("the {keyword} of the document changed"));
    }
    for keyword in keywords(a, b) {
        if !["info", "servers", "paths", "components", "security"].contains(&keyword.as_str()) {
            say(format!("the {keyword} of the document changed"));
        }
    }
    for kind in keywords(&a["components"], &b["components"]).into_iter().filter(|kind| kind != "securitySchemes") {
        let (was, is) = (&a["components"][&kind], &b["components"][&kind]);
        for name in keywords(was, is) {
            let reference = format!("#/components/{kind}/{name}");
            if !old.reached.contains(&reference) && !new.reached.contains(&reference) {
                say(format!("`{name}` of the {kind}, which nothing refers to, changed"));
            }
        }
    }
}

/// The keys under which two objects differ.
fn keywords(was: &Value, is: &Value) -> BTreeSet<String> {
    let keys = |value: &Value| value.as_object().into_iter().flatten().map(|(key, _)| key.clone()).collect::<Vec<_>>();
    keys(was).into_iter().chain(keys(is)).filter(|key| was.get(key) != is.get(key)).collect()
}
