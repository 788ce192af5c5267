//! A recorded request.

use std::collections::BTreeMap;
use std::fmt;

use reqwest::header::{HeaderName, HeaderValue};
use serde::{Serialize, Serializer};

use crate::transport::USER_AGENT;

/// A request as it left the transport, signed and complete. Secrets are replaced by `[redacted]`, and the version in this
/// crate's own `User-Agent` by `[version]`, so that a snapshot outlives an upgrade.
///
/// In JSON a parameter is one line, `name=value`, decoded. `Display` is the method, the path and the query as sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Request {
    /// The operation, as the generated client names it: `list_operation_logs`.
    pub operation: &'static str,
    /// `GET`, for every operation of both platforms.
    pub method: String,
    /// Scheme, host and port.
    pub origin: String,
    /// The path as sent.
    pub path: String,
    /// The query as sent, percent-encoded.
    pub query: String,
    /// The query's names and values in order, decoded.
    #[serde(serialize_with = "in_lines")]
    pub parameters: Vec<(String, String)>,
    /// The headers that the transport and the generated code set.
    pub headers: BTreeMap<String, String>,
}

impl Request {
    pub(super) fn of(operation: &'static str, request: &reqwest::Request) -> Self {
        let url = request.url();
        let header = |(name, value): (&HeaderName, &HeaderValue)| {
            let text = match value {
                _ if value.is_sensitive() => "[redacted]".into(),
                _ if value == USER_AGENT => "storelogs/[version]".into(),
                _ => String::from_utf8_lossy(value.as_bytes()),
            };
            (name.to_string(), text.into_owned())
        };
        Self {
            operation,
            method: request.method().to_string(),
            origin: url.origin().ascii_serialization(),
            path: url.path().to_owned(),
            query: url.query().unwrap_or_default().to_owned(),
            parameters: url.query_pairs().into_owned().collect(),
            headers: request.headers().iter().map(header).collect(),
        }
    }

    /// The decoded value of a parameter; of the first, if it stands more than once.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
    }
}

impl fmt::Display for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)?;
        if self.query.is_empty() { Ok(()) } else { write!(f, "?{}", self.query) }
    }
}

fn in_lines<S: Serializer>(parameters: &[(String, String)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(parameters.iter().map(|(name, value)| format!("{name}={value}")))
}
