//! A request, in a form that both platforms read.

use std::borrow::Cow;

use axum::http::{HeaderMap, request::Parts};

use crate::LostParameters;

/// Headers whose values the journal never shows.
const SECRET: [&str; 5] = ["authorization", "x-auth-token", "appkey", "sign", "cookie"];

/// Method, path, query and headers.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) raw_query: String,
    pub(crate) query: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
}

impl Request {
    pub(crate) fn new(parts: Parts) -> Self {
        let raw_query = parts.uri.query().unwrap_or_default().to_owned();
        Self {
            method: parts.method.as_str().to_owned(),
            path: parts.uri.path().to_owned(),
            query: form_urlencoded::parse(raw_query.as_bytes()).into_owned().collect(),
            raw_query,
            headers: parts.headers,
        }
    }

    /// A decoded parameter; the last one if it is given twice.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().rev().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The request as it comes through a gateway.
    pub(crate) fn through(&self, lost: &LostParameters) -> Cow<'_, Self> {
        if *lost == LostParameters::None {
            return Cow::Borrowed(self);
        }
        let mut request = self.clone();
        request.query.retain(|(name, _)| !lost.loses(name));
        request.raw_query = form_encode(request.query.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        Cow::Owned(request)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The headers for the journal.
    pub(crate) fn redacted_headers(&self) -> Vec<(String, String)> {
        let show = |name: &str, value: &str| {
            if !SECRET.contains(&name) {
                value.to_owned()
            } else if value.starts_with("Bearer ") {
                "Bearer [redacted]".to_owned()
            } else {
                "[redacted]".to_owned()
            }
        };
        self.headers
            .iter()
            .map(|(name, value)| {
                let text = String::from_utf8_lossy(value.as_bytes());
                (name.as_str().to_owned(), show(name.as_str(), &text))
            })
            .collect()
    }
}

/// Writes a query the way the platforms' own forms do: spaces as `+`.
pub(crate) fn form_encode<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}
