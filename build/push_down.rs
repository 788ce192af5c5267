//! Filters and orders that a walk only pushes down, and that a document may lose.
//!
//! A walk checks every entry itself, so it can do without them, and must still compile. For each such parameter the client
//! gets a method `push_…` that sets it where the document has it and takes the value, and does nothing elsewhere; and a
//! constant that says whether the document has it.

use quote::{format_ident, quote};
use serde_json::Value;
use syn::{File, ImplItem, ImplItemFn, Item, ItemImpl, ReturnType};

use super::docs::named;
use super::{PushedDown, Result};

/// Appends the module `push_down` to a client, unless there is nothing to push down.
///
/// # Errors
/// If the document has a parameter and the client has no setter for it, which would be silently left out.
pub(super) fn append(file: &mut File, document: &Value, pushed_down: &[PushedDown]) -> Result {
    if pushed_down.is_empty() {
        return Ok(());
    }
    let mut items = Vec::new();
    for PushedDown { operation, parameters } in pushed_down {
        let request = request_of(file, operation)
            .ok_or_else(|| format!("the operation `{operation}`, which a walk narrows, was not generated"))?;
        let (mut declared, mut methods) = (Vec::new(), Vec::new());
        for name in *parameters {
            let base = rust_name(name);
            let method = format_ident!("push_{base}");
            let setter = setter(file, &request, &base);
            if setter.is_none() && names_parameter(document, name) {
                return Err(format!("the parameter `{name}` has no setter that `{operation}` could push it down with"));
            }
            let has = setter.is_some();
            let constant = format_ident!("{}", base.to_uppercase());
            let text = format!("Whether the document has `{name}`.");
            items.push(quote! { #[doc = #text] pub(crate) const #constant: bool = #has; });
            let text = format!("Sets `{name}`, where the document has it and takes the value.");
            match setter {
                Some(setter) => {
                    let (setter, bounds) = (&setter.sig.ident, &setter.sig.generics.where_clause);
                    declared.push(quote! { #[doc = #text] fn #method<V>(self, value: V) -> Self #bounds; });
                    methods.push(quote! {
                        fn #method<V>(self, value: V) -> Self #bounds {
                            match value.try_into() {
                                Ok(value) => self.#setter(value),
                                Err(_) => self,
                            }
                        }
                    });
                }
                None => {
                    declared.push(quote! { #[doc = #text] fn #method<V>(self, value: V) -> Self; });
                    methods.push(quote! { fn #method<V>(self, _: V) -> Self { self } });
                }
            }
        }
        let request = format_ident!("{request}");
        items.push(quote! {
            /// Narrows and orders a request as far as the document lets it.
            pub(crate) trait #request: Sized { #(#declared)* }
            impl #request for builder::#request<'_> { #(#methods)* }
        });
    }
    file.items.push(syn::parse_quote! {
        /// Filters and orders that a walk can do without.
        #[allow(dead_code, unused_imports)]
        pub(crate) mod push_down {
            use super::{builder, types};
            #(#items)*
        }
    });
    Ok(())
}

/// The type of the request that an operation of the client begins.
fn request_of(file: &File, operation: &str) -> Option<String> {
    let clients = file.items.iter().filter_map(|item| match item {
        Item::Impl(item) if named(&item.self_ty) == "Client" && item.trait_.is_none() => Some(item),
        _ => None,
    });
    let method = clients.flat_map(methods).find(|method| method.sig.ident == operation)?;
    match &method.sig.output {
        ReturnType::Type(_, request) => Some(named(request)),
        ReturnType::Default => None,
    }
}

fn setter<'a>(file: &'a File, request: &str, base: &str) -> Option<&'a ImplItemFn> {
    let modules = file.items.iter().filter_map(|item| match item {
        Item::Mod(module) if module.ident == "builder" => module.content.as_ref(),
        _ => None,
    });
    let requests = modules.flat_map(|(_, items)| items).filter_map(|item| match item {
        Item::Impl(item) if item.trait_.is_none() && named(&item.self_ty) == request => Some(item),
        _ => None,
    });
    let is_it = |method: &&ImplItemFn| method.sig.ident.to_string().trim_end_matches('_') == base;
    requests.flat_map(methods).find(is_it)
}

fn methods(item: &ItemImpl) -> impl Iterator<Item = &ImplItemFn> {
    item.items.iter().filter_map(|item| match item {
        ImplItem::Fn(method) => Some(method),
        _ => None,
    })
}

fn names_parameter(document: &Value, name: &str) -> bool {
    let pointers = super::lists::parameters(document);
    pointers.iter().any(|pointer| document.pointer(pointer).is_some_and(|parameter| parameter["name"] == name))
}

/// `date_created:min` as Rust has it: `date_created_min`.
fn rust_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect()
}
