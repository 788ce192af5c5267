//! An answer before it is sent.

use axum::{
    body::Body,
    http::{HeaderName, HeaderValue, Response, StatusCode},
};
use bytes::Bytes;

/// Status, headers and the whole body.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(&'static str, String)>,
    pub(crate) content_type: &'static str,
    pub(crate) body: Bytes,
    /// How many records the body holds.
    pub(crate) rows: usize,
}

const JSON: &str = "application/json";

/// The methods that read, and what a refusal of another one names (RFC 9110, section 15.5.6).
pub(crate) const READING: [&str; 2] = ["GET", "HEAD"];
pub(crate) const ALLOWED: &str = "GET, HEAD";

impl Answer {
    pub(crate) fn json(status: u16, body: impl Into<Bytes>) -> Self {
        Self { status, headers: Vec::new(), content_type: JSON, body: body.into(), rows: 0 }
    }

    /// A page as a gateway in front of the platform sends it.
    pub(crate) fn html(status: u16) -> Self {
        let reason = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason()).unwrap_or("Error");
        let body = format!(
            "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n</body>\r\n</html>\r\n"
        );
        Self { status, headers: Vec::new(), content_type: "text/html", body: body.into(), rows: 0 }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self { content_type: "", ..Self::json(status, Bytes::new()) }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The response with another body than its own.
    pub(crate) fn response(&self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let headers = response.headers_mut();
        if !self.content_type.is_empty() {
            headers.insert("content-type", HeaderValue::from_static(self.content_type));
        }
        for (name, value) in &self.headers {
            if let Ok(value) = HeaderValue::from_str(value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        response
    }
}
