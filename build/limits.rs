//! Limits: `minimum`, `maxLength`, `pattern` and similar keywords.
//!
//! The generator makes types of them: `minimum: 1` a `NonZeroU64`, `maxLength` a type that refuses longer text,
//! `minItems` equal to `maxItems` an array. In an answer, such a type would refuse what the platform sends, so limits
//! are removed there. In a parameter the type stays plain, and its setter checks, with a message that says what is
//! allowed. In a body the generator's types check. A `pattern` is never checked: the client would need a
//! regular-expression engine for it.
//!
//! For a parameter that takes certain values only (`enum`), the generator makes a type. Its setter lists the values.

use std::collections::BTreeMap;

use quote::quote;
use serde_json::Value;
use syn::{Expr, Field, File, ImplItem, ImplItemFn, Item, Stmt, Type, parse_quote};

use super::docs::named;
use super::lists::{parameters, resolve};
use super::names::snake;
use super::operations::METHODS;
use super::unused::schemas_below;

pub(crate) const LIMITS: [&str; 13] = [
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "pattern",
    "minItems",
    "maxItems",
    "uniqueItems",
    "minProperties",
    "maxProperties",
];

/// The limits of each parameter, by the request's type and the setter, as the generator names them.
pub(super) type Checks = BTreeMap<(String, String), Value>;

/// Takes out of a document what only limits, and returns what the setters have to check.
pub(super) fn take_out(document: &mut Value) -> Checks {
    let checks = checks(document);
    for pointer in parameters(document) {
        // Without its schema a parameter is a reference.
        let schema = document.pointer(&pointer).map(|parameter| resolve(document, &parameter["schema"]).clone());
        let Some(mut schema) = schema.filter(|schema| LIMITS.iter().any(|limit| !schema[limit].is_null())) else {
            continue;
        };
        without_limits(&mut schema, &LIMITS);
        if let Some(parameter) = document.pointer_mut(&pointer) {
            parameter["schema"] = schema;
        }
    }
    let answers = answers(document);
    let names = answers.iter().flat_map(|answer| schemas_below(document, answer)).collect::<Vec<_>>();
    for name in names {
        if let Some(schema) = document["components"]["schemas"].get_mut(&name) {
            without_limits(schema, &LIMITS);
        }
    }
    for item in document.get_mut("paths").and_then(Value::as_object_mut).into_iter().flat_map(|it| it.values_mut()) {
        for operation in item.as_object_mut().into_iter().flat_map(|it| it.values_mut()) {
            if let Some(responses) = operation.get_mut("responses") {
                without_limits(responses, &LIMITS);
            }
        }
    }
    for part in ["paths", "components"] {
        if let Some(part) = document.get_mut(part) {
            without_limits(part, &["pattern"]);
            without_inner_titles(part, false);
        }
    }
    checks
}

fn answers(document: &Value) -> Vec<Value> {
    let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    let operations = items.flat_map(|item| item.as_object().into_iter().flat_map(|item| item.values()));
    let mut answers: Vec<Value> =
        operations.map(|operation| operation["responses"].clone()).filter(Value::is_object).collect();
    answers.extend(document["components"].get("responses").cloned());
    answers
}

/// A limit is a value; a schema of the same name, such as a property, is none.
fn without_limits(value: &mut Value, limits: &[&str]) {
    match value {
        Value::Object(fields) => {
            fields
                .retain(|keyword, value| value.is_object() || value.is_array() || !limits.contains(&keyword.as_str()));
            let schemas = fields.iter_mut().filter(|(keyword, _)| !DATA.contains(&keyword.as_str()));
            schemas.for_each(|(_, value)| without_limits(value, limits));
        }
        Value::Array(items) => items.iter_mut().for_each(|value| without_limits(value, limits)),
        _ => {}
    }
}

/// Keywords whose values are data, and not schemas.
const DATA: [&str; 5] = ["example", "examples", "default", "enum", "const"];

/// The generator names a type that has no name after its `title`, so that words would rename it: there they stay words.
fn without_inner_titles(value: &mut Value, is_component: bool) {
    match value {
        Value::Object(fields) => {
            let is_schema =
                ["type", "properties", "enum", "allOf", "oneOf", "anyOf"].iter().any(|it| fields.contains_key(*it));
            if !is_component
                && is_schema
                && fields.get("title").is_some_and(Value::is_string)
                && let Some(title) = fields.remove("title")
            {
                fields.entry("description").or_insert(title);
            }
            for (keyword, value) in fields.iter_mut().filter(|(keyword, _)| !DATA.contains(&keyword.as_str())) {
                if keyword == "schemas" && !is_schema {
                    let components = value.as_object_mut().into_iter().flat_map(|it| it.values_mut());
                    components.for_each(|schema| without_inner_titles(schema, true));
                } else {
                    without_inner_titles(value, false);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|value| without_inner_titles(value, false)),
        _ => {}
    }
}

fn checks(document: &Value) -> Checks {
    let mut checks = Checks::new();
    for item in document["paths"].as_object().into_iter().flat_map(|paths| paths.values()) {
        for (_, operation) in item.as_object().into_iter().flatten().filter(|(m, _)| METHODS.contains(&m.as_str())) {
            let Some(id) = operation["operationId"].as_str() else { continue };
            let own = operation["parameters"].as_array().into_iter().flatten();
            for parameter in item["parameters"].as_array().into_iter().flatten().chain(own) {
                let parameter = resolve(document, parameter);
                let schema = resolve(document, &parameter["schema"]);
                let has_limits = LIMITS.iter().chain(["enum"].iter()).any(|limit| !schema[limit].is_null());
                if let Some(name) = parameter["name"].as_str().filter(|_| has_limits) {
                    checks.insert((snake(id), snake(name)), schema.clone());
                }
            }
        }
    }
    checks
}

/// Makes the setters check.
pub(super) fn check(file: &mut File, checks: &Checks) {
    let modules = file.items.iter_mut().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_mut(),
        _ => None,
    });
    for (_, items) in modules {
        let fields: BTreeMap<(String, String), Type> = items
            .iter()
            .filter_map(|item| if let Item::Struct(item) = item { Some(item) } else { None })
            .flat_map(|item| item.fields.iter().filter_map(|field| of_field(&item.ident.to_string(), field)))
            .collect();
        for item in items.iter_mut() {
            let Item::Impl(item) = item else { continue };
            let request = named(&item.self_ty);
            for method in &mut item.items {
                let ImplItem::Fn(method) = method else { continue };
                let setter = method.sig.ident.to_string();
                let key = (snake(&request), setter.trim_end_matches('_').to_owned());
                if let (Some(limits), Some(of)) = (checks.get(&key), fields.get(&(request.clone(), setter))) {
                    check_setter(method, limits, of);
                }
            }
        }
    }
}

fn of_field(request: &str, field: &Field) -> Option<((String, String), Type)> {
    Some(((request.to_owned(), field.ident.as_ref()?.to_string()), field.ty.clone()))
}

/// Adds the checks before the last statement, which returns the request. `of` is `Result<T, String>`, and `T` an `Option`
/// where the parameter may be left out.
fn check_setter(method: &mut ImplItemFn, limits: &Value, of: &Type) {
    if let Some(choices) = limits["enum"].as_array() {
        name_choices(method, choices);
    }
    let of = quote!(#of).to_string().replace(' ', "");
    let field = &method.sig.ident;
    let name = field.to_string();
    let name = name.trim_end_matches('_');
    let (may_be_left_out, inner) = match of.split_once("Option<") {
        Some((_, inner)) => (true, inner),
        None => (false, of.split_once("Result<").map_or("", |(_, inner)| inner)),
    };
    let mut statements: Vec<Stmt> = Vec::new();
    let mut refuse = |broken: &Expr, rule: String| {
        let text = format!("`{name}` must {rule}");
        let found: Expr = if may_be_left_out { parse_quote!(Ok(Some(value))) } else { parse_quote!(Ok(value)) };
        statements.push(parse_quote! {
            if let #found = &self.#field && #broken {
                self.#field = Err(#text.to_string());
            }
        });
    };
    let is = |types: &[&str]| types.iter().any(|it| inner.starts_with(it));
    if is(&["i8", "i16", "i32", "i64", "u8", "u16", "u32", "u64"]) {
        for (limit, exclusive, sign, rule) in bounds(limits) {
            let Some(bound) = limits[limit].as_i64() else { continue };
            let bound_literal = proc_macro2::Literal::i64_unsuffixed(bound.abs());
            let bound: Expr = if bound < 0 { parse_quote!(-#bound_literal) } else { parse_quote!(#bound_literal) };
            let shown = &limits[limit];
            refuse(&comparison(&parse_quote!(i128::from(*value)), sign, exclusive, &bound), format!("{rule} {shown}"));
        }
    } else if is(&["f32", "f64"]) {
        for (limit, exclusive, sign, rule) in bounds(limits) {
            let Some(bound) = limits[limit].as_f64() else { continue };
            let bound_literal = proc_macro2::Literal::f64_unsuffixed(bound.abs());
            let bound: Expr = if bound < 0.0 { parse_quote!(-#bound_literal) } else { parse_quote!(#bound_literal) };
            let shown = &limits[limit];
            refuse(&comparison(&parse_quote!(f64::from(*value)), sign, exclusive, &bound), format!("{rule} {shown}"));
        }
    } else if is(&["::std::string::String"]) {
        lengths(limits, ["minLength", "maxLength"], "characters", &parse_quote!(value.chars().count()), &mut refuse);
    } else if is(&["::std::vec::Vec"]) {
        lengths(limits, ["minItems", "maxItems"], "items", &parse_quote!(value.len()), &mut refuse);
    }
    let end = method.block.stmts.len().saturating_sub(1);
    method.block.stmts.splice(end..end, statements);
}

/// Makes a setter name the values that there are, where the generator says that a conversion failed.
fn name_choices(method: &mut ImplItemFn, choices: &[Value]) {
    let shown: Vec<String> =
        choices.iter().map(|choice| choice.as_str().map_or_else(|| choice.to_string(), str::to_owned)).collect();
    let name = method.sig.ident.to_string();
    let name = name.trim_end_matches('_');
    let rule = format!("`{name}` must be one of {}", shown.join(", "));
    let code = quote!(#method).to_string();
    let (start, end) = ("\"conversion to `", format!("` for {name} failed\""));
    if let Some((before, rest)) = code.split_once(start)
        && let Some((_, after)) = rest.split_once(&end)
        && let Ok(said) = syn::parse_str(&format!("{before}{rule:?}{after}"))
    {
        *method = said;
    }
}

/// The bounds of a number: the keyword, whether it is excluded, which side, and the rule in words.
fn bounds(limits: &Value) -> [(&'static str, bool, bool, &'static str); 2] {
    let excluded = |keyword: &str| limits[keyword] == true;
    let (above, below) = (excluded("exclusiveMinimum"), excluded("exclusiveMaximum"));
    [
        ("minimum", above, true, if above { "be more than" } else { "be at least" }),
        ("maximum", below, false, if below { "be less than" } else { "be at most" }),
    ]
}

/// Whether a value breaks a bound.
fn comparison(value: &Expr, is_minimum: bool, exclusive: bool, bound: &Expr) -> Expr {
    match (is_minimum, exclusive) {
        (true, false) => parse_quote!(#value < #bound),
        (true, true) => parse_quote!(#value <= #bound),
        (false, false) => parse_quote!(#value > #bound),
        (false, true) => parse_quote!(#value >= #bound),
    }
}

fn lengths(limits: &Value, keywords: [&str; 2], of: &str, length: &Expr, refuse: &mut impl FnMut(&Expr, String)) {
    for (keyword, words) in keywords.into_iter().zip(["at least", "at most"]) {
        let Some(bound) = limits[keyword].as_u64() else { continue };
        let literal = proc_macro2::Literal::u64_unsuffixed(bound);
        let bound_expr: Expr = parse_quote!(#literal);
        let broken = comparison(length, words == "at least", false, &bound_expr);
        refuse(&broken, format!("have {words} {bound} {of}"));
    }
}
