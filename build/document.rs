//! An OpenAPI document as text: YAML or JSON.

use serde_json::Value;

use super::Result;

/// Reads a document.
///
/// # Errors
/// If it is neither YAML nor JSON.
pub(crate) fn read(text: &str) -> Result<Value> {
    yaml_serde::from_str(text).map_err(|e| e.to_string())
}
