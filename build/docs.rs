//! The documentation of a generated client, made readable.
//!
//! progenitor documents the parameters of an operation in one place only: a list on the method that begins a request.
//! But people look at the setter of a parameter. The method's example sets every parameter to a variable of its own
//! name, which says nothing, and as Rust it would be listed among the tests and ignored.

use std::collections::HashMap;

use serde_json::Value;
use syn::{Attribute, Expr, ExprLit, File, ImplItem, ImplItemFn, Item, ItemImpl, Lit, Meta, ReturnType, Type};

use super::lists;

/// Descriptions of the parameters of an operation, by the name of their setter.
type Parameters = HashMap<String, String>;

/// Puts what is known of each parameter on its setter, takes the examples out, and tidies the client's own text.
pub(crate) fn improve(file: &mut File) {
    let mut operations: HashMap<String, Parameters> = HashMap::new();
    for item in &mut file.items {
        match item {
            Item::Impl(item) if named(&item.self_ty) == "Client" && item.trait_.is_none() => {
                for method in methods(item) {
                    let text = doc(&method.attrs);
                    if let ReturnType::Type(_, request) = &method.sig.output {
                        operations.insert(named(request), parameters(&text));
                    }
                    set_doc(&mut method.attrs, &without_example(&text));
                }
            }
            Item::Struct(item) if item.ident == "Client" => {
                let text = doc(&item.attrs);
                set_doc(&mut item.attrs, &tidy(&text));
            }
            _ => {}
        }
    }
    let modules = file.items.iter_mut().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    for item in modules.flat_map(|(_, items)| items) {
        let Item::Impl(item) = item else { continue };
        let Some(known) = operations.get(&named(&item.self_ty)) else { continue };
        for setter in methods(item) {
            if let Some(meaning) = known.get(&setter.sig.ident.to_string()) {
                set_doc(&mut setter.attrs, meaning);
            }
        }
    }
}

/// Gives a parameter's words to its values: what is generated of those is a type of its own, and would have none.
pub(crate) fn describe_choices(document: &mut Value) {
    for pointer in lists::parameters(document) {
        let Some(Value::Object(parameter)) = document.pointer_mut(&pointer) else { continue };
        let Some(words) = parameter.get("description").cloned() else { continue };
        if let Some(Value::Object(schema)) = parameter.get_mut("schema").filter(|schema| schema["enum"].is_array()) {
            schema.entry("description").or_insert(words);
        }
    }
}

fn methods(item: &mut ItemImpl) -> impl Iterator<Item = &mut ImplItemFn> {
    item.items.iter_mut().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

/// The last name of a type's path: `ListLogs` of `builder::ListLogs<'_>`.
pub(super) fn named(of: &Type) -> String {
    match of {
        Type::Path(of) => of.path.segments.last().map(|segment| segment.ident.to_string()).unwrap_or_default(),
        _ => String::new(),
    }
}

/// The parameters in a method's list: "- `name`: what it means", which may go on over several lines.
fn parameters(text: &str) -> Parameters {
    let mut parameters = Parameters::new();
    let (_, list) = text.split_once("Arguments:\n").unwrap_or_default();
    let list = list.split("```").next().unwrap_or_default();
    for parameter in format!("\n{list}").split("\n- `").skip(1) {
        if let Some((name, meaning)) = parameter.split_once('`') {
            let meaning = meaning.strip_prefix(':').unwrap_or_default().trim();
            if !meaning.is_empty() {
                parameters.insert(name.to_owned(), meaning.to_owned());
            }
        }
    }
    parameters
}

fn without_example(text: &str) -> String {
    text.split("```ignore").next().unwrap_or_default().trim_end().to_owned()
}

/// Takes out a version that is empty, and makes addresses links.
fn tidy(text: &str) -> String {
    let lines = text.trim().lines().filter(|line| line.trim() != "Version:");
    let lines = lines.map(|line| match line.trim() {
        address if address.starts_with("http") && !address.contains(' ') => format!("<{address}>"),
        _ => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n").trim_end().to_owned()
}

fn doc(attributes: &[Attribute]) -> String {
    attributes.iter().filter_map(text_of).collect::<Vec<_>>().join("\n")
}

fn text_of(attribute: &Attribute) -> Option<String> {
    match &attribute.meta {
        Meta::NameValue(pair) if pair.path.is_ident("doc") => match &pair.value {
            Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    }
}

/// Writes a text as lines of `///`.
fn set_doc(attributes: &mut Vec<Attribute>, text: &str) {
    attributes.retain(|attribute| text_of(attribute).is_none());
    for line in text.lines() {
        let line = if line.is_empty() { String::new() } else { format!(" {line}") };
        attributes.push(syn::parse_quote!(#[doc = #line]));
    }
}
