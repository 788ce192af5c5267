//! SHOPLINE's tokens: JWTs in form, with a payload that says when they end.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Value, json};

/// A private app's token lives for three years; seconds.
pub(crate) const PRIVATE_APP_LIFE: i64 = 3 * 365 * 86_400;

/// Makes a token for tests. Its signature is the word `sandbox`, so it is good for nothing else.
///
/// `expires` is in Unix seconds.
#[must_use]
pub fn shopline_token(handle: &str, expires: i64) -> String {
    make(handle, expires, 0)
}

/// A token like that of [`shopline_token`], with a number that makes tokens of the same moment different.
pub(crate) fn make(handle: &str, expires: i64, number: u64) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let head = part(&json!({ "alg": "none", "typ": "JWT" }));
    let payload = part(&json!({ "iss": "sandbox", "store": handle, "exp": expires, "jti": number }));
    format!("{head}.{payload}.sandbox")
}

/// When a token ends, in Unix seconds; `None` if it does not say.
pub(crate) fn expiry(token: &str) -> Option<i64> {
    let payload = token.split('.').nth(1)?;
    let payload = URL_SAFE_NO_PAD.decode(payload).ok()?;
    let payload: Value = serde_json::from_slice(&payload).ok()?;
    payload.get("exp")?.as_i64()
}
