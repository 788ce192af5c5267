//! For the tests of those who use this crate: a stand-in for the network that records what was asked.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use storelogs::{BigCommerce, testing::Recorder};
//!
//! let network = Recorder::new();
//! let store = BigCommerce::builder("abc123").access_token("a-token").exchange(network.clone()).build()?;
//! store.page(|request| request.module("order status").limit(10)).await?;
//! assert_eq!(network.requests()[0].query, "limit=10&module=order+status");
//! # Ok::<(), storelogs::Error>(()) }).unwrap();
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::BoxFuture;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::Value;

use crate::transport::{Exchange, Failure};

/// A network that answers from a script and writes down every request. Clones share both.
///
/// When the script has run out, every request gets an empty page, a count of none, or a 404 for a single entry.
#[derive(Clone, Debug, Default)]
pub struct Recorder(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    requests: Vec<Request>,
    script: VecDeque<Result<Response, Failure>>,
}

/// A request as it left the transport, signed and complete. Secrets are replaced by `[redacted]`.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Request {
    /// `GET`, for every operation of both platforms.
    pub method: String,
    /// Scheme, host and port.
    pub origin: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent, percent-encoded.
    pub query: String,
    /// The query's names and values in order, decoded.
    pub parameters: Vec<(String, String)>,
    /// The headers that the transport and the generated code set.
    pub headers: BTreeMap<String, String>,
}

/// What to answer a request with.
#[derive(Clone, Debug)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Response {
    /// An answer with a JSON body.
    pub fn json(status: u16, body: &Value) -> Self {
        Self::text(status, body.to_string()).header("content-type", "application/json")
    }

    /// An answer with any body.
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: HeaderMap::new(), body: body.into() }
    }

    /// Adds a header.
    ///
    /// # Panics
    /// If the name or the value cannot be a header's.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a test gives header values that are valid");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }
}

impl Recorder {
    /// A network with an empty script.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an answer to the script.
    #[must_use]
    pub fn answer(self, response: Response) -> Self {
        self.state().script.push_back(Ok(response));
        self
    }

    /// Adds a failure to the script: [`Failure::unreachable`] or [`Failure::interrupted`].
    #[must_use]
    pub fn fail(self, failure: Failure) -> Self {
        self.state().script.push_back(Err(failure));
        self
    }

    /// The requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.state().requests.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Exchange for Recorder {
    fn send(
        &self,
        _operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, Failure>> {
        let mut state = self.state();
        let answer = state.script.pop_front().unwrap_or_else(|| Ok(nothing_at(request.url().path())));
        state.requests.push(recorded(&request));
        Box::pin(async move {
            let answer = answer?;
            let mut response = http::Response::new(reqwest::Body::from(answer.body));
            *response.status_mut() = http::StatusCode::from_u16(answer.status).unwrap_or_default();
            *response.headers_mut() = answer.headers;
            Ok(response.into())
        })
    }
}

fn recorded(request: &reqwest::Request) -> Request {
    let url = request.url();
    let header = |(name, value): (&HeaderName, &HeaderValue)| {
        let text = if value.is_sensitive() { "[redacted]".into() } else { String::from_utf8_lossy(value.as_bytes()) };
        (name.to_string(), text.into_owned())
    };
    Request {
        method: request.method().to_string(),
        origin: url.origin().ascii_serialization(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        parameters: url.query_pairs().into_owned().collect(),
        headers: request.headers().iter().map(header).collect(),
    }
}

fn nothing_at(path: &str) -> Response {
    let pagination = serde_json::json!({ "total": 0, "count": 0, "per_page": 50, "current_page": 1, "total_pages": 0 });
    match path {
        _ if path.ends_with("/count.json") => Response::json(200, &serde_json::json!({ "data": { "count": 0 } })),
        _ if path.ends_with("/operation_logs.json") => Response::json(200, &serde_json::json!({ "data": [] })),
        _ if path.ends_with("/store/systemlogs") => {
            Response::json(200, &serde_json::json!({ "data": [], "meta": { "pagination": pagination } }))
        }
        _ => Response::json(404, &serde_json::json!({})),
    }
}
