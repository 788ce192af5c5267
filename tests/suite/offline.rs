//! Clients with a scripted network.

use jiff::Timestamp;
use serde_json::{Value, json};
use storelogs::testing::{Recorder, Response};

use crate::drain::at;

pub(crate) use storelogs::testing::bigcommerce::builder as bigcommerce;
pub(crate) use storelogs::testing::shopline::builder as shopline;

pub(crate) const TOKEN: &str = "a-token";

/// A day, for the requests that must name a time range.
pub(crate) fn day() -> (Timestamp, Timestamp) {
    (at(1_785_542_400), at(1_785_628_800))
}

/// A network that gives one answer.
pub(crate) fn once(response: Response) -> Recorder {
    Recorder::new().answer(response)
}

/// A page that holds these records and is the only one.
pub(crate) fn page_of(records: &[Value]) -> Response {
    let count = records.len();
    let pagination = json!({ "total": count, "count": count, "per_page": 250, "current_page": 1, "total_pages": 1 });
    Response::json(200, &json!({ "data": records, "meta": { "pagination": pagination } }))
}
