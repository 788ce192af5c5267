//! Removal of the parts of a document that nothing refers to any more, once some responses are left out.

use std::collections::BTreeSet;

use serde_json::Value;

/// Leaves the schemas out that no operation leads to, so that no types are generated for them.
pub(crate) fn leave_out(document: &mut Value) {
    let mut used = BTreeSet::new();
    let mut next = references(&document["paths"]);
    while let Some(reference) = next.pop_first() {
        if let Some(component) = document.pointer(&reference[1..]) {
            next.append(&mut references(component));
        }
        used.insert(reference);
        next.retain(|reference| !used.contains(reference));
    }
    if let Some(Value::Object(schemas)) = document.pointer_mut("/components/schemas") {
        schemas.retain(|name, _| used.contains(&format!("#/components/schemas/{name}")));
    }
}

/// The names of the schemas that a part of a document leads to.
pub(super) fn schemas_below(document: &Value, part: &Value) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    let mut next = references(part);
    while let Some(reference) = next.pop_first() {
        if used.insert(reference.clone())
            && let Some(component) = document.pointer(&reference[1..])
        {
            next.append(&mut references(component));
        }
    }
    used.iter().filter_map(|reference| reference.strip_prefix("#/components/schemas/")).map(str::to_owned).collect()
}

/// The components that a part of a document refers to, in a `$ref` or in the mapping of a discriminator.
fn references(part: &Value) -> BTreeSet<String> {
    match part {
        Value::Object(fields) => fields.values().flat_map(references).collect(),
        Value::Array(parts) => parts.iter().flat_map(references).collect(),
        Value::String(text) if text.starts_with("#/components/") => BTreeSet::from([text.clone()]),
        _ => BTreeSet::new(),
    }
}
