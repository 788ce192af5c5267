//! Changes of requests: their parameters.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::answers::{Side, choices, schemas};
use super::compare::{Changes, add, only_in};
use super::document::{Operation, Parameter, Schema};
use super::{Class, Place};

pub(super) fn compare(was: &Operation<'_>, is: &Operation<'_>, operation: &str, changes: &mut Changes) {
    let renamed = renamed_in_path(&was.path, &is.path);
    for ((place, name), old) in &was.parameters {
        let name_now = renamed.get(name).filter(|_| place == "path").unwrap_or(name);
        let about = format!("the {place} parameter `{name}` of {operation}");
        let lands = || Place::Parameter(name.clone());
        if name_now != name {
            add(changes, Class::Users, format!("{about} is called `{name_now}` now"), lands());
        }
        match is.parameters.get(&(place.clone(), name_now.clone())) {
            Some(new) => parameter(old, new, &about, name, changes),
            None => add(changes, Class::Requests, format!("{about} is gone"), lands()),
        }
    }
    let old_name = |name: &String| renamed.iter().find(|(_, new)| *new == name).map_or(name, |(old, _)| old).clone();
    for ((place, name), new) in &is.parameters {
        let old = if place == "path" { old_name(name) } else { name.clone() };
        if !was.parameters.contains_key(&(place.clone(), old)) {
            let about = format!("the {place} parameter `{name}` of {operation} is new: {}", kind(new));
            let (class, end) = if new.required { (Class::Requests, ", and required") } else { (Class::Additive, "") };
            add(changes, class, about + end, Place::NewParameter(name.clone()));
        }
    }
    body(was, is, operation, changes);
}

/// Path parameters by their names in the old path, with their names in the new one.
fn renamed_in_path(was: &str, is: &str) -> BTreeMap<String, String> {
    let names = |path: &str| -> Vec<String> {
        path.split('{').skip(1).filter_map(|part| part.split_once('}')).map(|(name, _)| name.to_owned()).collect()
    };
    names(was).into_iter().zip(names(is)).collect()
}

fn parameter(was: &Parameter, is: &Parameter, about: &str, name: &str, changes: &mut Changes) {
    let mut say =
        |class, what: String| add(changes, class, format!("{about} {what}"), Place::Parameter(name.to_owned()));
    match (was.required, is.required) {
        (false, true) => say(Class::Requests, "is required now".into()),
        (true, false) => say(Class::Additive, "may be left out now".into()),
        _ => {}
    }
    let (old, new) = (kind(was), kind(is));
    if old != new {
        let class = if was.media == is.media { retyped(was, is) } else { Class::Requests };
        say(class, format!("is {new}, and was {old}"));
    }
    if was.media != is.media {
        return; // Its content cannot be compared.
    }
    let (more, fewer) = if old == new { choices(one(&was.schema), one(&is.schema)) } else { (None, None) };
    more.into_iter().for_each(|list| say(Class::Additive, format!("takes {list}, too")));
    fewer.into_iter().for_each(|list| say(Class::Requests, format!("no longer takes {list}")));
    let (a, b) = (one(&was.schema), one(&is.schema));
    values(a, b, &mut say);
    if was.schema.default != is.schema.default {
        let text = |value: &Option<Value>| value.as_ref().map_or_else(|| "none".into(), Value::to_string);
        let what = format!("has another default: {}, and was {}", text(&is.schema.default), text(&was.schema.default));
        say(Class::Requests, what);
    }
    limits(&was.schema, &is.schema, &mut say);
    if was.schema.items.is_some() && is.schema.items.is_some() {
        limits(a, b, &mut say);
    }
    if was.schema.fields != is.schema.fields || was.schema.required != is.schema.required {
        say(Class::Requests, "is made of other fields".into());
    }
    if was.deprecated != is.deprecated {
        say(Class::Editorial, if is.deprecated { "is deprecated" } else { "is no longer deprecated" }.into());
    }
    if was.words != is.words || was.schema.words != is.schema.words || a.words != b.words {
        say(Class::Editorial, "is described in other words".into());
    }
}

/// A list's items, and everything else itself.
fn one(schema: &Schema) -> &Schema {
    schema.items.as_deref().unwrap_or(schema)
}

/// The type of a parameter and its form on the wire, in words.
fn kind(parameter: &Parameter) -> String {
    if let Some(media) = &parameter.media {
        return format!("text of the type `{media}`");
    }
    let schema = &parameter.schema;
    let format = |schema: &Schema| schema.format.as_ref().map(|format| format!(" ({format})")).unwrap_or_default();
    let item = format!("{}{}", one(schema).kind, format(one(schema)));
    let Some(form) = &parameter.form else { return item };
    let form = match (form.style.as_str(), form.explode) {
        ("form", false) => "sent as one value with commas".to_owned(),
        ("form", true) => "sent as a pair for each".to_owned(),
        (style, explode) => format!("sent in the style {style}, explode {explode}"),
    };
    if schema.kind == "array" { format!("a list of {item}, {form}") } else { format!("an object, {form}") }
}

/// A type that accepts, as text, everything that the old one accepted breaks no request.
fn retyped(was: &Parameter, is: &Parameter) -> Class {
    let wider =
        |old: &str, new: &str| old == new || new == "string" || new == "any" || (old, new) == ("integer", "number");
    let in_one_value = |parameter: &Parameter| {
        parameter.schema.kind == "array"
            && parameter.form.as_ref().is_some_and(|form| form.style == "form" && !form.explode)
    };
    let (old, new) = (&was.schema, &is.schema);
    let still_fits = match (old.kind.as_str(), new.kind.as_str()) {
        ("array", "array") => was.form == is.form && wider(&one(old).kind, &one(new).kind),
        // Such a list is sent as text of several values.
        ("string", "array") => in_one_value(is),
        ("array", "string") => in_one_value(was),
        (_, "array") => in_one_value(is) && wider(&old.kind, &one(new).kind),
        (old, new) => wider(old, new),
    };
    if still_fits { Class::Users } else { Class::Requests }
}

fn values(was: &Schema, is: &Schema, say: &mut impl FnMut(Class, String)) {
    match (&was.values, &is.values) {
        (Some(old), Some(new)) => {
            if let Some(list) = only_in(new, old) {
                say(Class::Additive, format!("takes {list}, too"));
            }
            if let Some(list) = only_in(old, new) {
                say(Class::Requests, format!("no longer takes {list}"));
            }
        }
        (None, Some(new)) => {
            let list = only_in(new, &BTreeSet::new()).unwrap_or_default();
            say(Class::Requests, format!("takes only {list} now"));
        }
        (Some(_), None) => say(Class::Users, "takes any value now".into()),
        (None, None) => {}
    }
    if was.nullable != is.nullable {
        let (class, what) = if is.nullable { (Class::Additive, "takes") } else { (Class::Requests, "no longer takes") };
        say(class, format!("{what} null"));
    }
}

fn limits(was: &Schema, is: &Schema, say: &mut impl FnMut(Class, String)) {
    let keys: BTreeSet<&String> = was.limits.keys().chain(is.limits.keys()).collect();
    for key in keys {
        let (old, new) = (was.limits.get(key), is.limits.get(key));
        if old == new {
            continue;
        }
        let number = |value: Option<&Value>| value.and_then(Value::as_f64);
        let looser = match (number(old), number(new)) {
            _ if new.is_none() => true,
            (Some(old), Some(new)) if key.starts_with("max") => new > old,
            (Some(old), Some(new)) if key.starts_with("min") => new < old,
            _ => false,
        };
        let text = |value: Option<&Value>| value.map_or_else(|| "none".into(), Value::to_string);
        let class = if looser { Class::Additive } else { Class::Requests };
        say(class, format!("has another {key}: {}, and was {}", text(new), text(old)));
    }
}

fn body(was: &Operation<'_>, is: &Operation<'_>, operation: &str, changes: &mut Changes) {
    let place = || Place::Operation(is.own["operationId"].as_str().unwrap_or_default().to_owned());
    match (&was.body, &is.body) {
        (Some((old_required, old)), Some((required, new))) => {
            if required != old_required {
                let (class, what) = if *required {
                    (Class::Requests, "is required now")
                } else {
                    (Class::Additive, "may be left out now")
                };
                add(changes, class, format!("the body of {operation} {what}"), place());
            }
            schemas(old, new, &format!("the body of {operation}"), Side::Request, changes);
        }
        (None, Some((true, _))) => {
            add(changes, Class::Requests, format!("{operation} wants a body now"), place());
        }
        (None, Some((false, _))) => add(changes, Class::Additive, format!("{operation} takes a body now"), place()),
        (Some(_), None) => add(changes, Class::Requests, format!("{operation} takes no body any more"), place()),
        (None, None) => {}
    }
}
