//! A SHOPLINE store with a scripted network, and answers for it.

use serde_json::{Map, json};

use super::{Recorder, Response, TOKEN, time};
use crate::entry::UtcOffset;
use crate::raw::shopline::types::OperationLog;
use crate::{Builder, Shopline};

/// The store `open001` on this network.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use storelogs::testing::{self, Recorder, shopline};
///
/// let network = Recorder::new().answer_to("count_operation_logs", shopline::count(3));
/// let store = shopline::store(&network);
/// let (since, until) = ("2026-01-01T00:00:00Z".parse().unwrap(), "2026-01-02T00:00:00Z".parse().unwrap());
/// assert_eq!(store.count_where(since, until, |request| request.verb("edit_product")).await?, 3);
/// # Ok::<(), storelogs::Error>(()) }).unwrap();
/// ```
pub fn store(network: &Recorder) -> Shopline {
    builder(network).build().expect("what a made-up client is made of is valid")
}

/// The builder of [`store`], to be set up further.
pub fn builder(network: &Recorder) -> Builder<Shopline> {
    Shopline::builder("open001").access_token(TOKEN).http_backend(network.clone())
}

/// A record with every field of the document. The number is its id, and the minute of 2026 it is from: a higher one is
/// newer. Change what matters:
///
/// ```
/// use storelogs::raw::shopline::types::OperationLog;
/// use storelogs::testing::shopline::record;
///
/// let deleted = OperationLog { verb: Some("delete_product".into()), ..record(7) };
/// assert_eq!(deleted.created_at.as_deref(), Some("2026-01-01T08:07:00+08:00"));
/// ```
pub fn record(number: i64) -> OperationLog {
    OperationLog {
        author: Some("shopline".into()),
        created_at: Some(crate::time::write(time(number), UtcOffset::from_seconds(8 * 3600))),
        detail: Some(format!("Record {number}")),
        id: Some(number.to_string()),
        subject_id: Some(format!("16{number:0>17}")),
        subject_type: Some("products".into()),
        verb: Some("edit_product".into()),
        extra: Map::new(),
    }
}

/// A page of these records. Give the newest first, as the platform does.
pub fn page(records: impl IntoIterator<Item = OperationLog>) -> Response {
    let records: Vec<_> = records.into_iter().collect();
    Response::json(200, &json!({ "data": records }))
}

/// The answer to `count_operation_logs`.
pub fn count(entries: u64) -> Response {
    Response::json(200, &json!({ "data": { "count": entries } }))
}

/// The answer to `get_operation_log`.
pub fn one(record: &OperationLog) -> Response {
    Response::json(200, &json!({ "data": record }))
}

pub(super) fn nothing(operation: &str) -> Option<Response> {
    match operation {
        "list_operation_logs" => Some(page([])),
        "count_operation_logs" => Some(count(0)),
        _ => None,
    }
}
