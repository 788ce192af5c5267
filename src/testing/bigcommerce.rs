//! A BigCommerce store with a scripted network, and answers for it.

use serde_json::{Map, json};

use super::{Recorder, Response, TOKEN, time};
use crate::entry::UtcOffset;
use crate::raw::bigcommerce::types::SystemLog;
use crate::{BigCommerce, Builder};

/// The store `abc123` on this network.
///
/// ```
/// # tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap().block_on(async {
/// use storelogs::testing::{self, Recorder};
///
/// let network = Recorder::new();
/// testing::bigcommerce::store(&network).page(|request| request.severity_min(4)).await?;
/// assert_eq!(network.requests()[0].parameter("severity:min"), Some("4"));
/// # Ok::<(), storelogs::Error>(()) }).unwrap();
/// ```
pub fn store(network: &Recorder) -> BigCommerce {
    builder(network).build().expect("what a made-up client is made of is valid")
}

/// The builder of [`store`], to be set up further.
pub fn builder(network: &Recorder) -> Builder<BigCommerce> {
    BigCommerce::builder("abc123").access_token(TOKEN).http_backend(network.clone())
}

/// A record with every field of the document. The number is its id, and the minute of 2026 it is from: a higher one is
/// newer. Change what matters:
///
/// ```
/// use storelogs::raw::bigcommerce::types::SystemLog;
/// use storelogs::testing::bigcommerce::record;
///
/// let refused = SystemLog { module: Some("USPS (endicia)".into()), ..record(7) };
/// assert_eq!(refused.date_created.as_deref(), Some("2026-01-01T00:07:00+00:00"));
/// ```
pub fn record(number: i64) -> SystemLog {
    SystemLog {
        date_created: Some(crate::time::write(time(number), UtcOffset::default())),
        id: Some(number),
        message: Some(String::new()),
        module: Some("Order Status".into()),
        severity: Some("success".into()),
        summary: Some(format!("Record {number}")),
        type_: Some("general".into()),
        extra: Map::new(),
    }
}

/// A page of these records that says it is the only one. Give the newest first, as the client asks for them.
pub fn page(records: impl IntoIterator<Item = SystemLog>) -> Response {
    let records: Vec<_> = records.into_iter().collect();
    let count = records.len();
    let pagination = json!({
        "total": count,
        "count": count,
        "per_page": count.max(250),
        "current_page": 1,
        "total_pages": count.min(1),
    });
    Response::json(200, &json!({ "data": records, "meta": { "pagination": pagination } }))
}

pub(super) fn nothing(operation: &str) -> Option<Response> {
    (operation == "get_store_system_logs").then(|| page([]))
}
