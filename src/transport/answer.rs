//! An answer that was read to its end.

use bytes::{Bytes, BytesMut};
use futures::StreamExt;
use memchr::memmem;
use reqwest::header::{HeaderMap, HeaderValue, LOCATION};
use reqwest::{StatusCode, Url};

use super::transport_error::{Cause, TransportError};
use super::{coding, http_error};
use crate::body::{self, Outline};

/// The largest body whose values take little memory, however many it holds.
const SMALL: usize = 256 << 10;

/// When the body of a success is looked at before it is decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Always.
    Always,
    /// Only if it is large. Whoever decodes it sees to the rest: a body that was cut cannot be decoded, and
    /// [`whole`] then says why.
    IfLarge,
}

/// Checks that a body is complete, and holds no more than a page of logs has.
pub(crate) fn whole(body: &[u8]) -> Result<(), TransportError> {
    match body::outline(body) {
        Outline::Whole => Ok(()),
        // Whatever its length said: a proxy that lost the rest may have counted what was left.
        Outline::Cut => Err(TransportError::new(Cause::Interrupted, "the answer ended before its JSON was complete")),
        Outline::Crowded => Err(TransportError::new(Cause::TooLarge, body::crowded())),
    }
}

/// An answer whose body was read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    /// Reads a body up to a size, packed and unpacked.
    pub(crate) async fn read(response: reqwest::Response, limit: usize, look: Look) -> Result<Self, TransportError> {
        let status = response.status();
        let headers = response.headers().clone();
        let length = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
        let mut pieces = response.bytes_stream();
        let mut read = BytesMut::new();
        while let Some(piece) = pieces.next().await.transpose()? {
            if read.len() + piece.len() > limit {
                return Err(TransportError::too_large(limit));
            }
            if read.is_empty() {
                if piece.len() == length {
                    return Self { status, headers, body: piece }.checked(limit, look); // in one piece, which is not copied
                }
                read.reserve(length.min(limit));
            }
            read.extend_from_slice(&piece);
        }
        Self { status, headers, body: read.freeze() }.checked(limit, look)
    }

    /// Unpacks the body, and looks at that of a success before anything is made of it.
    fn checked(mut self, limit: usize, look: Look) -> Result<Self, TransportError> {
        let unpacked = coding::unpack(&self.headers, self.body, limit);
        if !self.status.is_success() {
            // Whatever the body is, it does not hide the status.
            self.body = body::without_mark(unpacked.unwrap_or_default());
            return Ok(self);
        }
        self.body = body::without_mark(unpacked?);
        if look == Look::Always || self.body.len() > SMALL {
            whole(&self.body)?;
        }
        Ok(self)
    }

    /// Takes a secret out of the body and the headers, wherever it stands, however JSON and addresses write it.
    pub(crate) fn hide(&mut self, secret: &str) {
        if secret.is_empty() {
            return;
        }
        let mut forms = vec![secret.to_owned(), secret.replace('/', "\\/")];
        forms.push(url::form_urlencoded::byte_serialize(secret.as_bytes()).collect());
        forms.dedup();
        for form in &forms {
            let finder = memmem::Finder::new(form);
            for value in self.headers.values_mut().filter(|value| finder.find(value.as_bytes()).is_some()) {
                *value = HeaderValue::from_static("[redacted]");
            }
            if finder.find(&self.body).is_some() {
                self.body = without(&self.body, &finder).into();
            }
        }
    }

    /// The target of a redirect, if that is the same scheme, host and port.
    pub(crate) fn moved_to(&self, from: &Url) -> Option<Url> {
        if !matches!(self.status.as_u16(), 301 | 302 | 303 | 307 | 308) {
            return None;
        }
        let place = from.join(self.headers.get(LOCATION)?.to_str().ok()?).ok()?;
        let same = place.origin() == from.origin() && place.username().is_empty() && place.password().is_none();
        same.then_some(place)
    }

    /// Whether the platform failed of something that another attempt will not change.
    pub(crate) fn lacks_scope(&self) -> bool {
        self.status == StatusCode::INTERNAL_SERVER_ERROR && http_error::names_scope(&self.body)
    }

    /// The answer as the generated code wants it.
    pub(crate) fn into_response(self) -> reqwest::Response {
        let mut response = http::Response::new(reqwest::Body::from(self.body));
        *response.status_mut() = self.status;
        *response.headers_mut() = self.headers;
        response.into()
    }
}

/// A text without what was found in it.
fn without(text: &[u8], finder: &memmem::Finder<'_>) -> Vec<u8> {
    let mut kept = Vec::with_capacity(text.len());
    let mut at = 0;
    for place in finder.find_iter(text) {
        kept.extend_from_slice(&text[at..place]);
        kept.extend_from_slice(b"[redacted]");
        at = place + finder.needle().len();
    }
    kept.extend_from_slice(&text[at..]);
    kept
}

/// The platform's id of a request: SHOPLINE's `traceId`, else what others use.
pub(crate) fn request_id(headers: &HeaderMap) -> Option<String> {
    let id = ["traceid", "x-request-id", "x-bc-request-id"].iter().find_map(|name| headers.get(*name))?;
    // It ends up in error messages: plain characters only.
    let id: String = String::from_utf8_lossy(id.as_bytes())
        .chars()
        .filter(|c| c.is_ascii_alphanumeric() || "-_.,:/".contains(*c))
        .take(120)
        .collect();
    Some(id).filter(|id| !id.is_empty())
}
