//! A raw client of an effective document: make one value of each list that is sent as one, keep only successful responses,
//! generate with progenitor, and check what came out.

use std::collections::HashSet;

use proc_macro2::TokenStream;
use progenitor::{GenerationSettings, Generator, HooksMode, InterfaceStyle, TypeImpl};
use serde_json::Value;

use super::operations::LeftOut;
use super::{
    Platform, Result, docs, limits, lists, media, names, operations, parameters, push_down, records, schemas, unused,
};

/// A client as Rust, and what of the document it does not have.
#[derive(Debug)]
pub(crate) struct Client {
    pub(crate) code: String,
    /// How many operations were generated. The chores count them.
    #[allow(dead_code)]
    pub(crate) operations: usize,
    pub(crate) left_out: Vec<LeftOut>,
}

/// Generates the client.
///
/// # Errors
/// What is wrong with the document, or with what was generated of it.
pub(crate) fn generate(mut document: Value, platform: &Platform) -> Result<Client> {
    check_parameters(&document)?;
    schemas::make_plain(&mut document);
    if !platform.records.is_empty() {
        records::keep_everything(&document)?;
        records::leave_new_fields_to_extra(&mut document, platform.records)?;
    }
    let mut left_out = Vec::new();
    docs::describe_choices(&mut document);
    keep_success_only(&mut document);
    parameters::make_plain(&mut document, &mut left_out);
    media::one_form(&mut document, &mut left_out);
    let names = names::tell_apart(&mut document);
    let checks = limits::take_out(&mut document);
    let described = document.clone();
    lists::as_one_value(&mut document)?;
    unused::leave_out(&mut document);
    let settings = settings(platform)?;
    let mut file = operations::generate_what_can_be(&mut document, &mut left_out, |document| {
        let spec: openapiv3::OpenAPI = serde_json::from_value(document.clone())
            .map_err(|e| format!("{} is not OpenAPI 3.0: {e}", platform.document))?;
        let tokens =
            Generator::new(&settings).generate_tokens(&spec).map_err(|e| format!("the generator says: {e}"))?;
        syn::parse2::<syn::File>(tokens).map_err(|e| format!("the generator writes Rust that does not parse: {e}"))
    })?;
    docs::improve(&mut file);
    limits::check(&mut file, &checks);
    push_down::append(&mut file, &described, platform.pushed_down)?;
    let code = names.restore(prettyplease::unparse(&file));
    check_code(&code, platform)?;
    let mut operations = 0;
    operations::each_operation(&mut document, |_, _| operations += 1);
    Ok(Client { code, operations, left_out })
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
