//! BigCommerce's error bodies.

use serde_json::{Map, Value, json};

use crate::answer::Answer;

const TYPE: &str = "https://developer.bigcommerce.com/api-docs/getting-started/api-status-codes";

/// An error with the usual title of its status.
pub(crate) fn error(status: u16) -> Answer {
    with_errors(status, title(status), &Map::new())
}

/// A 401: no token, or not this store's.
pub(crate) fn unauthorized() -> Answer {
    error(401)
}

/// A 403: the scope is missing, or the store hash is wrong.
pub(crate) fn forbidden() -> Answer {
    error(403)
}

/// A 404.
pub(crate) fn not_found() -> Answer {
    error(404)
}

/// An error about one parameter.
pub(crate) fn parameter(status: u16, name: &str, problem: &str) -> Answer {
    let errors = Map::from_iter([(name.to_owned(), Value::from(problem))]);
    with_errors(status, title(status), &errors)
}

fn with_errors(status: u16, title: &str, errors: &Map<String, Value>) -> Answer {
    let body = json!({ "status": status, "title": title, "type": TYPE, "errors": errors });
    Answer::json(status, body.to_string())
}

fn title(status: u16) -> &'static str {
    match status {
        400 => "The request is not valid.",
        401 => "The X-Auth-Token header is missing, or is not a valid combination for this store.",
        403 => "You don't have a required scope to access the endpoint.",
        404 => "The requested resource was not found.",
        405 => "This method is not supported for this resource.",
        406 => "The request does not accept application/json.",
        413 => "The page size is above the limit of this resource.",
        422 => "A query parameter is not valid.",
        429 => "Too many requests.",
        500 => "An internal error has occurred.",
        501 => "This method is not implemented.",
        502 => "Bad gateway.",
        503 => "The service is temporarily unavailable.",
        504 => "Gateway timeout.",
        507 => "The store has reached a limit of its plan.",
        _ => "The request could not be completed.",
    }
}
