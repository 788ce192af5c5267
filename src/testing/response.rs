//! A scripted answer.

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;

/// An answer to a request.
#[derive(Clone, Debug)]
pub struct Response {
    status: u16,
    headers: HeaderMap,
    body: Vec<u8>,
}

impl Response {
    /// An answer with a JSON body.
    ///
    /// # Panics
    /// If the body cannot be written as JSON.
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        let body = serde_json::to_vec(body).expect("a test gives a body that JSON can hold");
        Self::text(status, body).header("content-type", "application/json")
    }

    /// An answer with any body.
    ///
    /// # Panics
    /// If the status is not one: 100 to 999.
    pub fn text(status: u16, body: impl Into<Vec<u8>>) -> Self {
        assert!((100..1000).contains(&status), "{status} is not an HTTP status");
        Self { status, headers: HeaderMap::new(), body: body.into() }
    }

    /// An answer without a body.
    ///
    /// # Panics
    /// If the status is not one: 100 to 999.
    pub fn status(status: u16) -> Self {
        Self::text(status, "")
    }

    /// Adds a header.
    ///
    /// # Panics
    /// If the name is not in lower case, or one of both cannot be a header's.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a test gives header values that are valid");
        self.headers.append(HeaderName::from_static(name), value);
        self
    }

    pub(super) fn into_reqwest(self) -> reqwest::Response {
        let mut response = http::Response::new(reqwest::Body::from(self.body));
        *response.status_mut() = http::StatusCode::from_u16(self.status).unwrap_or_default();
        *response.headers_mut() = self.headers;
        response.into()
    }
}
