//! The document as the mock server needs it.

use serde_json::{Value, json};

use super::cases::Platform;
use crate::Result;

/// A copy of an effective document for Prism to serve. Prism knows no path before the document's own, so the platform's
/// prefix moves from the server's address into the paths. The answers become the known examples. Refusals go: without
/// them Prism refuses everywhere in the same words, which its log is searched for.
pub(super) fn served(original: &str, platform: &Platform) -> Result<Value> {
    let mut document: Value = serde_json::from_str(original).map_err(|e| format!("{}: {e}", platform.name))?;
    for (path, example) in &platform.examples {
        let responses = &mut document["paths"][path]["get"]["responses"];
        if let Some(responses) = responses.as_object_mut() {
            responses.retain(|status, _| status == "200");
        }
        let content = &mut responses["200"]["content"];
        let Some(answer) = content.get_mut("application/json").and_then(Value::as_object_mut) else {
            return Err(format!("{}: the document has no JSON answer for {path}", platform.name));
        };
        answer.remove("examples");
        answer.insert("example".into(), example.clone());
    }
    document["servers"] = json!([{ "url": "/" }]);
    let Some(paths) = document["paths"].as_object_mut() else {
        return Err(format!("{}: the document has no paths", platform.name));
    };
    *paths =
        std::mem::take(paths).into_iter().map(|(path, item)| (format!("{}{path}", platform.prefix), item)).collect();
    Ok(document)
}
