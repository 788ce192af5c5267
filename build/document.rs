//! An OpenAPI document as text: YAML or JSON, with nothing silently lost.

use serde_json::Value;

use super::{Result, edition, json, yaml};

/// Reads a document, and brings it down to OpenAPI 3.0. Also what could not be brought down, in words.
///
/// # Errors
/// If it is neither YAML nor JSON, has a key twice, or is no OpenAPI 3.0 or 3.1.
pub(crate) fn read(text: &str) -> Result<(Value, Vec<String>)> {
    let mut document = parse(text)?;
    let lost = edition::bring_down(&mut document)?;
    Ok((document, lost))
}

/// Reads YAML or JSON.
///
/// # Errors
/// If it is neither, or has a key twice: each such key with its lines.
pub(crate) fn parse(text: &str) -> Result<Value> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    // JSON is nearly YAML: "\ud83d\ude00" is text in JSON, and an error in YAML.
    if text.trim_start().starts_with(['{', '['])
        && let Ok(document) = serde_json::from_str(text)
    {
        let twice = json::keys_that_stand_twice(text);
        return if twice.is_empty() { Ok(document) } else { Err(twice.join("\n")) };
    }
    yaml::parse(text)
}
