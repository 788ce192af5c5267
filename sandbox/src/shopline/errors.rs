//! SHOPLINE's error bodies. `errors` is a string, an array or a map.

use serde_json::{Value, json};

use crate::{ErrorShape, ShoplineBehavior, answer::Answer};

/// An error with the usual message of its status.
pub(crate) fn error(status: u16, behavior: &ShoplineBehavior) -> Answer {
    message(status, text(status), behavior)
}

/// An error with a message of its own.
pub(crate) fn message(status: u16, message: &str, behavior: &ShoplineBehavior) -> Answer {
    let errors = match behavior.error_shape {
        ErrorShape::String => json!(message),
        ErrorShape::Array => json!([message]),
        ErrorShape::Map => json!({ "base": [message] }),
    };
    let mut body = json!({ "errors": errors });
    if behavior.error_code {
        body["code"] = Value::from(format!("E{status}"));
        body["message"] = Value::from(message);
    }
    Answer::json(status, body.to_string())
}

/// An error where no store is known, so no switch either.
pub(crate) fn plain(status: u16) -> Answer {
    Answer::json(status, json!({ "errors": text(status) }).to_string())
}

fn text(status: u16) -> &'static str {
    match status {
        400 => "Bad request",
        401 => "The access token is not valid or has expired",
        402 => "The store is frozen",
        403 => "The app has not been granted the scope read_store_log",
        404 => "Not found",
        405 => "Method not allowed",
        406 => "Not acceptable",
        412 => "A precondition has failed",
        422 => "A parameter is not valid",
        423 => "The store is locked",
        429 => "Too many request",
        433..=436 => "Blocked by a security rule",
        501 => "Not implemented",
        503 => "The service is temporarily unavailable",
        504 => "The request took too long; break it into smaller requests",
        _ => "An internal error has occurred",
    }
}
