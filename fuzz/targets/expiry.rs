//! Any text as a token: its end is read or it is not, and the payload of a JWT says which.
//!
//! The text is tried as a whole token, and as the payload of one.
#![no_main]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use libfuzzer_sys::fuzz_target;
use serde_json::Value;
use storelogs::shopline::expiry;

fuzz_target!(|text: &str| {
    let _ = expiry(text);

    let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(text));
    let said = serde_json::from_str::<Value>(text).ok().and_then(|payload| payload.get("exp")?.as_f64());
    // The token's reader passes over text that `Value` refuses, so there may be an end and nothing said.
    if let (Some(end), Some(said)) = (expiry(&token), said) {
        let seconds = if said > 1e11 { said / 1000.0 } else { said };
        assert_eq!(end.as_second(), seconds as i64);
    }
    assert_eq!(expiry(&token[..token.len() - ".c2ln".len()]), None, "a JWT has three parts");
});
