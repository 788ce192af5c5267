//! From a vendor's document to a raw client, for any platform: read the document, apply its patch, make one value of each
//! list that is sent as one, keep only successful responses, generate a client with progenitor, check what came out, and
//! write it to `$OUT_DIR`.
//!
//! A build script includes this file as a module. Its paths are relative to the crate that is built.

mod corrections;
mod docs;
mod lists;
mod platform;
mod records;
mod unused;

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::{env, fs};

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use serde_json::Value;

pub(crate) use platform::{Platform, Record};

type Result<T = (), E = String> = std::result::Result<T, E>;

/// Generates the clients, or ends the build with what is wrong.
pub(crate) fn run(platforms: &[Platform]) {
    for platform in platforms {
        if let Err(why) = generate(platform) {
            // Cargo shows it as its own error, without a backtrace: the reader has a document to mend.
            why.lines().for_each(|why| println!("cargo::error={}: {why}", platform.name));
            std::process::exit(1);
        }
    }
}

fn generate(platform: &Platform) -> Result {
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set: run cargo build")?);
    let mut document = read_yaml(platform.document)?;
    if let Some(patch) = platform.patch {
        apply(&mut document, patch)?;
    }
    let effective = serde_json::to_string_pretty(&document).map_err(|e| e.to_string())?;
    write(&out.join(format!("{}.json", platform.name)), &(effective + "\n"))?;

    check_parameters(&document)?;
    records::keep_everything(&document)?;
    records::leave_new_fields_to_extra(&mut document, platform.records)?;
    docs::describe_choices(&mut document);
    lists::as_one_value(&mut document)?;
    keep_success_only(&mut document);
    unused::leave_out(&mut document);
    let spec: openapiv3::OpenAPI =
        serde_json::from_value(document).map_err(|e| format!("{} is not OpenAPI 3.0: {e}", platform.document))?;
    let tokens = Generator::new(&settings(platform)?).generate_tokens(&spec).map_err(|e| format!("progenitor: {e}"))?;
    let mut file = syn::parse2(tokens).map_err(|e| format!("progenitor wrote Rust that does not parse: {e}"))?;
    docs::improve(&mut file);
    let code = prettyplease::unparse(&file);
    check_code(&code, platform)?;
    write(&out.join(format!("{}.rs", platform.name)), &code)
}

fn settings(platform: &Platform) -> Result<GenerationSettings> {
    let library = platform.library;
    let transport: TokenStream = format!("{library}::Transport").parse().map_err(|e| format!("{library:?}: {e}"))?;
    let mut settings = GenerationSettings::default();
    settings
        .with_interface(InterfaceStyle::Builder)
        .with_inner_type(transport)
        // Every generated client must go through the transport; forgetting it is a compile error.
        .with_hooks(HooksMode::Expected)
        // Times stay text in what is generated. The thin layer formats and parses them, one by one.
        .with_conversion(
            serde_json::from_value(serde_json::json!({ "type": "string", "format": "date-time" }))
                .expect("this literal is a schema"),
            "::std::string::String",
            [TypeImpl::Display, TypeImpl::FromStr].into_iter(),
        );
    for (schema, list) in lists::conversions(&format!("{library}::raw::CommaSeparated")) {
        let schema = serde_json::from_value(schema).map_err(|e| format!("a list's schema: {e}"))?;
        settings.with_conversion(schema, list, [TypeImpl::Display, TypeImpl::FromStr].into_iter());
    }
    Ok(settings)
}

fn read_yaml(path: &str) -> Result<Value> {
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    yaml_serde::from_str(&text).map_err(|e| format!("{path}: {e}"))
}

/// Applies a patch.
///
/// # Errors
/// Every correction that no longer applies, with what to do, each on a line. The last stands first.
fn apply(document: &mut Value, path: &str) -> Result {
    println!("cargo::rerun-if-changed={path}");
    let text = fs::read_to_string(path).map_err(|e| format!("{path}: {e}"))?;
    let corrections = corrections::read(&text).map_err(|e| format!("{path}: {e}"))?;
    let stale = corrections::apply(document, &corrections);
    if stale.is_empty() {
        return Ok(());
    }
    Err(corrections::told(path, &stale).join("\n"))
}

/// A parameter that stands twice means that the vendor added one that a patch adds, too.
fn check_parameters(document: &Value) -> Result {
    for operation in operations(document) {
        let mut seen = HashSet::new();
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            if !parameter["name"].is_null() && !seen.insert((&parameter["in"], &parameter["name"])) {
                return Err(format!("the parameter {} stands twice: delete it from the patch", parameter["name"]));
            }
        }
    }
    Ok(())
}

/// Drops every response but 2xx. A documented error would become a typed one that loses the HTTP status whenever the
/// body has another shape, such as a gateway's HTML. Without it every refusal arrives whole, as
/// `Error::UnexpectedResponse`, and one hand-written path reads it.
fn keep_success_only(document: &mut Value) {
    for item in document["paths"].as_object_mut().into_iter().flat_map(|paths| paths.values_mut()) {
        for operation in item.as_object_mut().into_iter().flat_map(|item| item.values_mut()) {
            if let Some(responses) = operation.get_mut("responses").and_then(Value::as_object_mut) {
                responses.retain(|status, _| status.starts_with('2'));
            }
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = &Value> {
    let items = document["paths"].as_object().into_iter().flat_map(|paths| paths.values());
    items.flat_map(|item| item.as_object().into_iter().flat_map(|item| item.values()))
}

fn check_code(code: &str, platform: &Platform) -> Result {
    for operation in platform.operations {
        if !code.contains(&format!("pub fn {operation}(")) {
            return Err(format!("the operation `{operation}` that the thin layer calls was not generated"));
        }
    }
    if code.contains("Error::ErrorResponse(") {
        return Err("a typed error response was generated; the HTTP status would be lost with it".into());
    }
    Ok(())
}

fn write(path: &Path, text: &str) -> Result {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))
}
