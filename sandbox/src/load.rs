//! Records from a file in a vendor's shape.

use std::{fs, io, path::Path};

use serde_json::Value;

use crate::{Platform, Store};

/// Records read from a file, and the platform they are of.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// Recognized by the fields of the first record.
    pub platform: Platform,
    /// The records, in the file's order.
    pub records: Vec<Value>,
}

impl Loaded {
    /// A store with these records.
    #[must_use]
    pub fn store(self, name: impl Into<String>) -> Store {
        let store = match self.platform {
            Platform::BigCommerce => Store::bigcommerce(name),
            Platform::Shopline => Store::shopline(name),
        };
        store.records(self.records)
    }
}

/// Reads a page as a platform sends it: `{"data":[…]}`, `{"operationLogs":[…]}` or a plain array of records.
///
/// # Errors
///
/// When the file cannot be read, is no JSON, holds no list or no record, or its first record is of neither platform.
pub fn load_file(path: impl AsRef<Path>) -> io::Result<Loaded> {
    let path = path.as_ref();
    let bad = |problem: &str| io::Error::new(io::ErrorKind::InvalidData, format!("{}: {problem}", path.display()));
    let text = fs::read(path).map_err(|error| io::Error::new(error.kind(), format!("{}: {error}", path.display())))?;
    let value: Value = serde_json::from_slice(&text).map_err(|error| bad(&format!("no JSON: {error}")))?;
    let records = match value {
        Value::Array(records) => Some(records),
        Value::Object(mut page) => ["data", "operationLogs"].into_iter().find_map(|name| match page.remove(name) {
            Some(Value::Array(records)) => Some(records),
            _ => None,
        }),
        _ => None,
    };
    let records =
        records.ok_or_else(|| bad("no list of records: neither an array nor one in data or operationLogs"))?;
    let first = records.first().ok_or_else(|| bad("it holds no record"))?;
    let platform = platform(first);
    let platform = platform.ok_or_else(|| bad("its first record has the fields of neither platform"))?;
    Ok(Loaded { platform, records })
}

/// The platform whose fields a record has.
fn platform(record: &Value) -> Option<Platform> {
    let has = |name: &str| record.get(name).is_some();
    if has("date_created") || (has("severity") && has("summary")) {
        Some(Platform::BigCommerce)
    } else if has("created_at") || (has("verb") && has("subject_type")) {
        Some(Platform::Shopline)
    } else {
        None
    }
}
