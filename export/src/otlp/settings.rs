//! The settings of an export: the user's, and then those of OpenTelemetry's variables.

use std::fmt;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use storelogs::http::{HeaderMap, HeaderName, HeaderValue, header};
use storelogs::reqwest::Url;
use storelogs::secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, Result};

/// The default address of a receiver.
const USUAL: &str = "http://localhost:4318";
const PATH: &str = "v1/logs";
/// How long an answer may take unless said otherwise.
const TIMEOUT: Duration = Duration::from_secs(10);

/// The destination of entries, and the form of requests. [`or_variables`](Self::or_variables) takes missing settings
/// from the environment.
#[derive(Clone, Default)]
pub struct OtlpSettings {
    /// The base address of the receiver, to which `/v1/logs` is added; or the whole, if it ends so.
    pub endpoint: Option<String>,
    /// `http/protobuf` or `http/json`.
    pub protocol: Option<String>,
    /// `gzip` or `none`.
    pub compression: Option<String>,
    /// How long an answer may take.
    pub timeout: Option<Duration>,
    /// Headers to send.
    pub headers: Vec<(String, SecretString)>,
    /// The whole address, taken as it is: it wins.
    pub exact: Option<String>,
}

/// How a request's body is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Protobuf,
    Json,
}

/// Settings that can be used.
pub(super) struct Checked {
    pub(super) url: Url,
    pub(super) form: Form,
    pub(super) packed: bool,
    pub(super) timeout: Duration,
    pub(super) headers: HeaderMap,
}

fn wrong<T>(why: impl Into<String>) -> Result<T> {
    Err(Error::Settings { why: why.into() })
}

impl OtlpSettings {
    /// Adds what the variables say: `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT`, `…_HEADERS`, `…_PROTOCOL`, `…_TIMEOUT` and
    /// `…_COMPRESSION`, and where they are empty, those without `LOGS_`.
    ///
    /// # Errors
    /// If a variable has no such form. What it holds is not shown.
    pub fn or_variables(mut self, variable: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let variable = |name: &str| variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        let either = |name: &str| {
            let names = [format!("OTEL_EXPORTER_OTLP_LOGS_{name}"), format!("OTEL_EXPORTER_OTLP_{name}")];
            names.into_iter().find_map(|name| Some((variable(&name)?, name)))
        };
        if self.endpoint.is_none() && self.exact.is_none() {
            self.exact = variable("OTEL_EXPORTER_OTLP_LOGS_ENDPOINT");
            self.endpoint = variable("OTEL_EXPORTER_OTLP_ENDPOINT");
        }
        self.protocol = self.protocol.or_else(|| Some(either("PROTOCOL")?.0));
        self.compression = self.compression.or_else(|| Some(either("COMPRESSION")?.0));
        if self.timeout.is_none()
            && let Some((text, name)) = either("TIMEOUT")
        {
            match text.parse::<u64>() {
                Ok(milliseconds) if milliseconds > 0 => self.timeout = Some(Duration::from_millis(milliseconds)),
                _ => return wrong(format!("{name} is no number of milliseconds")),
            }
        }
        if let Some((text, name)) = either("HEADERS") {
            for (header, value) in headers(&text, &name)? {
                if !self.headers.iter().any(|(known, _)| known.eq_ignore_ascii_case(&header)) {
                    self.headers.push((header, value));
                }
            }
        }
        Ok(self)
    }

    pub(super) fn checked(&self) -> Result<Checked> {
        let form = match self.protocol.as_deref() {
            None | Some("http/protobuf") => Form::Protobuf,
            Some("http/json") => Form::Json,
            Some("grpc") => {
                return wrong(
                    "OTLP over gRPC is not spoken: set the protocol to http/protobuf or http/json, and name the receiver's \
                     port for HTTP, which is 4318 rather than 4317",
                );
            }
            Some(other) => {
                return wrong(format!("the protocol {other:?} is not known: write http/protobuf or http/json"));
            }
        };
        let packed = match self.compression.as_deref() {
            None | Some("gzip") => true,
            Some("none") => false,
            Some(other) => return wrong(format!("the compression {other:?} is not known: write gzip or none")),
        };
        let timeout = self.timeout.unwrap_or(TIMEOUT);
        if timeout.is_zero() {
            return wrong("a timeout of nothing lets nothing through");
        }
        Ok(Checked { url: self.url()?, form, packed, timeout, headers: self.header_map(form, packed)? })
    }

    fn url(&self) -> Result<Url> {
        let text = self.exact.as_deref().or(self.endpoint.as_deref()).unwrap_or(USUAL).trim();
        // It is not shown: what stands there may be a token in the wrong place.
        let Ok(mut url) = Url::parse(text) else {
            return wrong("the endpoint is no address such as http://localhost:4318");
        };
        if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
            return wrong("the endpoint is no http or https address");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return wrong("the endpoint holds a user name or password: send them in a header, such as authorization");
        }
        url.set_fragment(None);
        if self.exact.is_none() && !url.path().ends_with("/v1/logs") {
            let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        Ok(url)
    }

    fn header_map(&self, form: Form, packed: bool) -> Result<HeaderMap> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            let Ok(name) = HeaderName::from_bytes(name.trim().as_bytes()) else {
                return wrong("the name of a header is none: letters, digits and - make one");
            };
            let Ok(mut value) = HeaderValue::from_str(value.expose_secret().trim()) else {
                return wrong(format!(
                    "the value of the header {name} cannot be sent in one: it has line breaks or the like"
                ));
            };
            value.set_sensitive(true);
            map.insert(name, value);
        }
        // Bare: there are receivers that refuse a charset behind it.
        let kind = match form {
            Form::Protobuf => "application/x-protobuf",
            Form::Json => "application/json",
        };
        map.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        map.insert(header::USER_AGENT, HeaderValue::from_static(concat!("storelogs/", env!("CARGO_PKG_VERSION"))));
        map.remove(header::CONTENT_ENCODING);
        if packed {
            map.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Ok(map)
    }
}

/// Headers as a variable has them: `name=value`, with commas between, and `%XX` in values.
fn headers(text: &str, variable: &str) -> Result<Vec<(String, SecretString)>> {
    let entries = (1..).zip(text.split(',')).filter(|(_, entry)| !entry.trim().is_empty());
    let read = entries.map(|(number, entry)| {
        let pair = entry.split_once('=').filter(|(name, _)| !name.trim().is_empty());
        let Some((name, value)) = pair else { return wrong(format!("{variable}: entry {number} is no NAME=VALUE")) };
        let Ok(value) = percent_decode_str(value.trim()).decode_utf8() else {
            return wrong(format!("{variable}: the value of entry {number} is no UTF-8 text once %XX is read"));
        };
        Ok((name.trim().to_ascii_lowercase(), SecretString::from(value.into_owned())))
    });
    read.collect()
}

impl fmt::Debug for OtlpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("OtlpSettings")
            .field("protocol", &self.protocol)
            .field("headers", &names)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(variables: &[(&str, &str)]) -> Result<Checked> {
        let find = |name: &str| {
            let found = variables.iter().find(|(known, _)| format!("OTEL_EXPORTER_OTLP_{known}") == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        OtlpSettings::default().or_variables(find)?.checked()
    }

    fn why(variables: &[(&str, &str)]) -> String {
        checked(variables).map(|_| ()).unwrap_err().to_string()
    }

    #[test]
    fn the_base_address_gets_a_path_and_the_address_of_logs_is_taken_as_it_is() {
        let url = |variables: &[(&str, &str)]| checked(variables).unwrap().url.to_string();
        assert_eq!(url(&[]), "http://localhost:4318/v1/logs");
        assert_eq!(url(&[("ENDPOINT", "https://otlp.example.com/otlp/")]), "https://otlp.example.com/otlp/v1/logs");
        assert_eq!(url(&[("ENDPOINT", "http://a:1"), ("LOGS_ENDPOINT", "http://b:2")]), "http://b:2/");
        assert_eq!(url(&[("ENDPOINT", "http://a:1"), ("LOGS_ENDPOINT", "  ")]), "http://a:1/v1/logs");
        let said = OtlpSettings { endpoint: Some("http://c:3/x/v1/logs".to_owned()), ..OtlpSettings::default() };
        let said = said.or_variables(|_| Some("http://other:4".to_owned()).filter(|_| false)).unwrap();
        assert_eq!(said.checked().unwrap().url.as_str(), "http://c:3/x/v1/logs");
    }

    #[test]
    fn headers_are_decoded_and_those_of_logs_alone_count_if_there_are_any() {
        let map = checked(&[("HEADERS", "authorization=Bearer%20a%2Bb%3D,x-scope-orgid= 7 ,")]).unwrap().headers;
        assert_eq!(map["authorization"], "Bearer a+b=");
        assert!(map["authorization"].is_sensitive());
        assert_eq!(map["x-scope-orgid"], "7");
        assert_eq!(map["content-type"], "application/x-protobuf");
        let map = checked(&[("HEADERS", "a=1"), ("LOGS_HEADERS", "b=2")]).unwrap().headers;
        assert!(!map.contains_key("a") && map["b"] == "2");
    }

    #[test]
    fn what_is_wrong_is_said_without_what_may_be_secret() {
        for (variables, words) in [
            (&[("PROTOCOL", "grpc")][..], "4318"),
            (&[("LOGS_PROTOCOL", "http/xml"), ("PROTOCOL", "http/json")], "http/protobuf or http/json"),
            (&[("COMPRESSION", "zstd")], "gzip or none"),
            (&[("TIMEOUT", "10s-s3cret")], "OTEL_EXPORTER_OTLP_TIMEOUT"),
            (&[("HEADERS", "a=1,s3cret")], "entry 2"),
            (&[("HEADERS", "a=s3cret%0Ab")], "the header a"),
            (&[("ENDPOINT", "s3cret")], "no address"),
            (&[("ENDPOINT", "https://user:s3cret@example.com")], "password"),
        ] {
            let why = why(variables);
            assert!(why.contains(words) && !why.contains("s3cret"), "{why}");
        }
    }

    #[test]
    fn what_is_set_for_logs_wins() {
        let checked = checked(&[
            ("LOGS_PROTOCOL", "http/json"),
            ("PROTOCOL", "grpc"),
            ("TIMEOUT", "2500"),
            ("LOGS_COMPRESSION", "none"),
        ]);
        let checked = checked.unwrap();
        assert_eq!((checked.form, checked.packed), (Form::Json, false));
        assert_eq!(checked.timeout, Duration::from_millis(2500));
        assert!(!checked.headers.contains_key("content-encoding"));
    }
}
