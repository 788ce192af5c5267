//! Changes of answers: their headers, and the fields of their JSON.

use std::collections::BTreeSet;

use super::compare::{Changes, add, only_in};
use super::document::{Operation, Schema};
use super::{Class, Place};
use crate::generator::limits::LIMITS;

/// The side of a call that a schema belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Request,
    Answer,
}

pub(super) fn compare(was: &Operation<'_>, is: &Operation<'_>, operation: &str, changes: &mut Changes) {
    let place = || Place::Operation(is.own["operationId"].as_str().unwrap_or_default().to_owned());
    let statuses: BTreeSet<&String> = was.answers.keys().chain(is.answers.keys()).collect();
    for status in statuses {
        let name = format!("the answer {status} of {operation}");
        let (old, new) = (was.answers.get(status), is.answers.get(status));
        if !status.starts_with('2') {
            // Our own code reads refusals, whatever the document says of them.
            if old.map(|answer| &answer.whole) != new.map(|answer| &answer.whole) {
                let what = match (old, new) {
                    (None, _) => "is documented now",
                    (_, None) => "is no longer documented",
                    _ => "is documented otherwise",
                };
                add(changes, Class::Editorial, format!("{name} {what}"), Place::Nowhere);
            }
            continue;
        }
        let (Some(old), Some(new)) = (old, new) else {
            let what = if new.is_some() { "is new" } else { "is gone" };
            add(changes, Class::Users, format!("{name} {what}"), place());
            continue;
        };
        match (&old.json, &new.json) {
            (Some(old), Some(new)) => schemas(old, new, &name, Side::Answer, changes),
            (None, None) if old.kinds == new.kinds => {}
            _ => {
                let list = |kinds: &BTreeSet<String>| kinds.iter().map(String::as_str).collect::<Vec<_>>().join(", ");
                let what = format!("{name} comes as {:?}, and came as {:?}", list(&new.kinds), list(&old.kinds));
                add(changes, Class::Users, what, place());
            }
        }
        if old.words != new.words {
            add(changes, Class::Editorial, format!("{name} is described in other words"), Place::Nowhere);
        }
        for header in old.headers.keys().filter(|header| !new.headers.contains_key(*header)) {
            let what = format!("the header `{header}` of {name} is gone");
            add(changes, Class::Users, what, Place::Header(header.clone()));
        }
        for (header, is) in &new.headers {
            let (class, what) = match old.headers.get(header) {
                None => (Class::Additive, "is new"),
                Some(was) if was != is => (Class::Users, "changed"),
                Some(_) => continue,
            };
            add(changes, class, format!("the header `{header}` of {name} {what}"), Place::Header(header.clone()));
        }
    }
}

/// The place of a schema: its name in a sentence, and the field that it belongs to.
#[derive(Clone)]
struct Spot {
    /// A component, or an answer.
    owner: String,
    /// The names from the owner to here: `pagination.total`, `data[]`.
    path: String,
    field: Option<String>,
    /// Whether it may be missing before and after, so that its Rust type is an `Option` anyway.
    optional: bool,
    side: Side,
}

impl Spot {
    fn name(&self) -> String {
        if self.path.is_empty() { self.owner.clone() } else { format!("the field `{}` of {}", self.path, self.owner) }
    }

    fn below(&self, field: &str, optional: bool) -> Self {
        let path = if self.path.is_empty() { field.to_owned() } else { format!("{}.{field}", self.path) };
        Self { path, field: Some(field.to_owned()), optional, ..self.clone() }
    }

    fn items(&self) -> Self {
        Self { path: format!("{}[]", self.path), optional: false, ..self.clone() }
    }

    fn place(&self) -> Place {
        self.field.clone().map_or(Place::Nowhere, Place::Field)
    }

    /// The class of a change to something that code relied on.
    fn breaking(&self) -> Class {
        if self.side == Side::Request { Class::Requests } else { Class::Users }
    }
}

pub(super) fn schemas(was: &Schema, is: &Schema, owner: &str, side: Side, changes: &mut Changes) {
    let spot = Spot { owner: owner.to_owned(), path: String::new(), field: None, optional: false, side };
    schema(was, is, &spot, changes);
}

fn schema(was: &Schema, is: &Schema, spot: &Spot, changes: &mut Changes) {
    // A component has a name of its own wherever it is used.
    let named = |name: &String| Spot { owner: format!("`{name}`"), path: String::new(), ..spot.clone() };
    let is_type = |schema: &Schema| schema.kind == "object" || schema.values.is_some();
    if was.name != is.name && is_type(was) && is_type(is) {
        let name = |schema: &Schema| schema.name.as_ref().map_or_else(|| "without a name".into(), |n| format!("`{n}`"));
        let what = format!("the type of {} is {}, and was {}", spot.name(), name(is), name(was));
        add(changes, Class::Users, what, was.name.clone().map_or(spot.place(), Place::Type));
    }
    let spot = &is.name.as_ref().map_or_else(|| spot.clone(), named);
    let mut say = |class, what: String| add(changes, class, format!("{} {what}", spot.name()), spot.place());

    let (old, new) = (kind(was), kind(is));
    if old != new {
        let class =
            if was.kind == is.kind && rust_type(was) == rust_type(is) { Class::Editorial } else { spot.breaking() };
        say(class, format!("is {new}, and was {old}"));
    }
    if was.nullable != is.nullable {
        let class = if spot.optional { Class::Additive } else { spot.breaking() };
        say(class, if is.nullable { "may be null now" } else { "is never null now" }.into());
    }
    match (&was.values, &is.values) {
        (Some(old), Some(new)) => {
            let (more, fewer) = (only_in(new, old), only_in(old, new));
            let grown = if spot.side == Side::Request { Class::Additive } else { Class::Users };
            more.into_iter().for_each(|list| say(grown, format!("may be {list}, too")));
            fewer.into_iter().for_each(|list| say(spot.breaking(), format!("is no longer {list}")));
        }
        (None, Some(new)) => {
            let list = only_in(new, &BTreeSet::new()).unwrap_or_default();
            say(spot.breaking(), format!("is one of {list} now"));
        }
        (Some(_), None) => say(Class::Users, "may be anything now".into()),
        (None, None) => {}
    }
    let limits: BTreeSet<&String> = was.limits.keys().chain(is.limits.keys()).collect();
    for limit in limits.into_iter().filter(|limit| was.limits.get(*limit) != is.limits.get(*limit)) {
        // The generator removes these limits from answers (build/limits.rs). Any other one may change a type.
        let is_taken_out = LIMITS.contains(&limit.as_str()) || ["readOnly", "writeOnly"].contains(&limit.as_str());
        let class = if is_taken_out && spot.side == Side::Answer { Class::Editorial } else { spot.breaking() };
        say(class, format!("has another {limit}"));
    }
    // A choice of other kinds was reported above.
    let (more, fewer) = if old == new { choices(was, is) } else { (None, None) };
    let grown = if spot.side == Side::Request { Class::Additive } else { Class::Users };
    more.into_iter().for_each(|list| say(grown, format!("may be {list}, too")));
    fewer.into_iter().for_each(|list| say(spot.breaking(), format!("is no longer {list}")));
    if was.default != is.default {
        say(spot.breaking(), "has another default".into());
    }
    if was.words != is.words {
        say(Class::Editorial, "is described in other words".into());
    }
    for old in &was.choice {
        if let Some(new) = is.choice.iter().find(|new| new.in_short() == old.in_short()) {
            schema(old, new, spot, changes);
        }
    }
    if let (Some(old), Some(new)) = (&was.items, &is.items) {
        schema(old, new, &spot.items(), changes);
    }
    if was.kind == is.kind {
        fields(was, is, spot, changes);
    }
}

/// The parts of a choice that were added, and those that were removed, in words.
pub(super) fn choices(was: &Schema, is: &Schema) -> (Option<String>, Option<String>) {
    let parts = |schema: &Schema| schema.choice.iter().map(Schema::in_short).collect::<BTreeSet<String>>();
    let (old, new) = (parts(was), parts(is));
    (only_in(&new, &old), only_in(&old, &new))
}

fn fields(was: &Schema, is: &Schema, spot: &Spot, changes: &mut Changes) {
    if was.keeps_unknown != is.keeps_unknown {
        let what = if is.keeps_unknown { "keeps unknown fields in `extra` now" } else { "has no `extra` any more" };
        add(changes, Class::Users, format!("{} {what}", spot.name()), Place::Field("extra".into()));
    }
    let names: BTreeSet<&String> = was.fields.keys().chain(is.fields.keys()).collect();
    for name in names {
        let (required_before, required) = (was.required.contains(name), is.required.contains(name));
        let below = spot.below(name, !required_before && !required);
        match (was.fields.get(name), is.fields.get(name)) {
            (Some(old), Some(new)) => {
                if required_before != required {
                    let what = if required { "is always there now" } else { "may be missing now" };
                    let class = match (spot.side, required) {
                        (Side::Request, false) => Class::Additive,
                        _ => spot.breaking(),
                    };
                    add(changes, class, format!("{} {what}", below.name()), below.place());
                }
                schema(old, new, &below, changes);
            }
            (Some(_), None) => {
                add(changes, spot.breaking(), format!("{} is gone", below.name()), below.place());
            }
            (None, Some(new)) => {
                let class = if required && spot.side == Side::Request { Class::Requests } else { Class::Additive };
                let place = Place::NewField { kept: was.keeps_unknown, schema: is.name.clone() };
                add(changes, class, format!("{} is new: {}", below.name(), kind(new)), place);
            }
            (None, None) => {}
        }
    }
}

fn kind(schema: &Schema) -> String {
    let format = schema.format.as_ref().map(|format| format!(" ({format})")).unwrap_or_default();
    format!("{}{format}", schema.kind)
}

/// The Rust type that the generator makes of a format. It ignores unknown formats, and a date stays text (build/pipeline.rs).
fn rust_type(schema: &Schema) -> &str {
    match (schema.kind.as_str(), schema.format.as_deref().unwrap_or_default()) {
        ("integer", "" | "int64") => "i64",
        ("number", "" | "double") => "f64",
        ("string", format @ ("uuid" | "date" | "ip" | "ipv4" | "ipv6")) => format,
        ("string", _) => "String",
        (_, format) => format,
    }
}
