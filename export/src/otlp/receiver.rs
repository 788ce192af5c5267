//! A receiver: requests to it, and the meaning of its answers.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::Timestamp;
use jiff::fmt::rfc2822;
use prost::Message;
use serde_json::Value;
use storelogs::HttpBackend;
use storelogs::http::{HeaderMap, Method, StatusCode, header};
use storelogs::otlp::opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use storelogs::reqwest::{Request, Response};

use super::settings::Checked;

/// The meaning of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// It has taken the request, all but this many of its records.
    Taken { rejected: u64, why: String },
    /// It will never take the request as it is.
    Refused(String),
    /// The request is too large for it.
    TooLarge(String),
    /// It may take the request later: when it said, if it did.
    Later { wait: Option<Duration>, why: String },
    /// It does not let us in.
    Unauthorized(String),
    /// It is no receiver, or takes nothing of anybody.
    Failed(String),
}

/// How much of an answer is read.
const READ: usize = 64 * 1024;
/// How much of a receiver's message is kept, in characters.
const KEPT: usize = 300;

/// A receiver.
pub(super) struct Receiver {
    pub(super) settings: Checked,
    http: Arc<dyn HttpBackend>,
}

/// The body of an answer with an error: `google.rpc.Status`, without its details.
#[derive(Clone, PartialEq, Message)]
struct Status {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
}

impl Receiver {
    pub(super) fn new(settings: Checked, http: Arc<dyn HttpBackend>) -> Self {
        Self { settings, http }
    }

    /// Its address, without what may be secret.
    pub(super) fn address(&self) -> String {
        let mut shown = self.settings.url.clone();
        shown.set_query(None);
        shown.to_string()
    }

    /// A body as it is sent.
    pub(super) fn pack(&self, body: Vec<u8>) -> Vec<u8> {
        if !self.settings.packed {
            return body;
        }
        let mut packed = GzEncoder::new(Vec::with_capacity(body.len() / 4), Compression::fast());
        // A Vec grows.
        let _ = packed.write_all(&body);
        packed.finish().unwrap_or_default()
    }

    /// Sends a request once.
    pub(super) async fn send(&self, body: Vec<u8>, now: fn() -> Timestamp) -> Answer {
        let mut request = Request::new(Method::POST, self.settings.url.clone());
        *request.headers_mut() = self.settings.headers.clone();
        *request.body_mut() = Some(body.into());
        let exchange = async {
            let answer = self.http.send("export_logs", request).await.map_err(|failure| failure.to_string())?;
            let (status, headers) = (answer.status(), answer.headers().clone());
            // A success that is cut off does not say what was taken; a part of any other answer still says why.
            match (read(answer).await, status.is_success()) {
                (Ok(body), _) => Ok((status, headers, body)),
                (Err(_), false) => Ok((status, headers, Vec::new())),
                (Err(failure), true) => Err(failure),
            }
        };
        match tokio::time::timeout(self.settings.timeout, exchange).await {
            Ok(Ok((status, headers, body))) => self.without_secrets(meaning(status, &headers, &body, now())),
            Ok(Err(why)) => self.without_secrets(Answer::Later { wait: None, why: line(&why) }),
            Err(_) => {
                let why = format!("no answer came within {} ms", self.settings.timeout.as_millis());
                Answer::Later { wait: None, why }
            }
        }
    }

    /// A receiver may repeat what it was sent.
    fn without_secrets(&self, mut answer: Answer) -> Answer {
        let why = match &mut answer {
            Answer::Taken { why, .. } | Answer::Later { why, .. } => why,
            Answer::Refused(why) | Answer::TooLarge(why) | Answer::Unauthorized(why) | Answer::Failed(why) => why,
        };
        let secrets = self.settings.headers.values().filter(|value| value.is_sensitive());
        for secret in secrets.filter_map(|value| value.to_str().ok()) {
            // `Bearer …`: what stands behind it is as secret by itself.
            for part in std::iter::once(secret).chain(secret.split_ascii_whitespace().filter(|part| part.len() > 7)) {
                if !part.is_empty() && why.contains(part) {
                    *why = why.replace(part, "[redacted]");
                }
            }
        }
        answer
    }
}

async fn read(mut answer: Response) -> Result<Vec<u8>, String> {
    let mut body = Vec::new();
    while let Some(piece) = answer.chunk().await.map_err(|error| error.without_url().to_string())? {
        if body.len() + piece.len() > READ {
            return Err(format!("its answer is larger than {} KiB", READ >> 10));
        }
        body.extend_from_slice(&piece);
    }
    Ok(body)
}

fn meaning(status: StatusCode, headers: &HeaderMap, body: &[u8], now: Timestamp) -> Answer {
    let said = || {
        let said = message(headers, body);
        let number = status.as_u16();
        if said.is_empty() { format!("HTTP {number}") } else { format!("HTTP {number}: {said}") }
    };
    match status.as_u16() {
        200..=299 => success(headers, body),
        400 | 422 => Answer::Refused(said()),
        401 | 403 | 407 => Answer::Unauthorized(said()),
        413 => Answer::TooLarge(said()),
        408 | 429 | 502 | 503 | 504 => Answer::Later { wait: wait(headers, now), why: said() },
        300..=399 => {
            Answer::Failed(format!("{}; redirects are not followed: name the address that it leads to", said()))
        }
        404 | 405 => Answer::Failed(format!("{}; nobody takes logs at this address", said())),
        _ => Answer::Failed(said()),
    }
}

fn success(headers: &HeaderMap, body: &[u8]) -> Answer {
    let all = Answer::Taken { rejected: 0, why: String::new() };
    if body.iter().all(u8::is_ascii_whitespace) {
        return all;
    }
    let partial = match kind(headers) {
        kind if kind.contains("json") || body.first() == Some(&b'{') => {
            let Ok(answer) = serde_json::from_slice::<Value>(body) else {
                return Answer::Failed("it says that it has taken them, in JSON that is none".to_owned());
            };
            let partial = answer.get("partialSuccess").or_else(|| answer.get("partial_success"));
            let number =
                partial.and_then(|partial| partial.get("rejectedLogRecords")).filter(|number| !number.is_null());
            let why = partial.and_then(|partial| partial.get("errorMessage")).and_then(Value::as_str);
            let Some(rejected) = number.map_or(Some(0), whole) else {
                let number = number.map(Value::to_string).unwrap_or_default();
                return Answer::Failed(format!(
                    "it has taken some of them, and does not say how many: it rejected {}",
                    line(&number)
                ));
            };
            (rejected, why.unwrap_or_default().to_owned())
        }
        kind if kind.contains("html") => {
            return Answer::Failed(
                "it answers with a web page: this is no receiver, or something stands before it".to_owned(),
            );
        }
        kind if kind.starts_with("text/") => return all,
        _ => match ExportLogsServiceResponse::decode(body) {
            Ok(answer) => {
                let partial = answer.partial_success.unwrap_or_default();
                (partial.rejected_log_records, partial.error_message)
            }
            Err(_) => return Answer::Failed("it says that it has taken them, in a form that is not OTLP's".to_owned()),
        },
    };
    let (rejected, why) = partial;
    Answer::Taken { rejected: u64::try_from(rejected).unwrap_or(0), why: line(&why) }
}

/// A number of records, as a text, as it should be, or as a number.
fn whole(number: &Value) -> Option<i64> {
    let whole = |float: f64| (float.fract() == 0.0 && (0.0..=1e15).contains(&float)).then_some(float as i64);
    let of_text = |text: &str| text.trim().parse().ok().or_else(|| whole(text.trim().parse().ok()?));
    let found = number.as_i64().or_else(|| whole(number.as_f64()?)).or_else(|| of_text(number.as_str()?));
    found.filter(|found| *found >= 0)
}

/// The media type.
fn kind(headers: &HeaderMap) -> String {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.to_ascii_lowercase()
}

/// An answer's status, in one line.
fn message(headers: &HeaderMap, body: &[u8]) -> String {
    let kind = kind(headers);
    if kind.contains("html") {
        return String::new();
    }
    if kind.contains("protobuf") {
        return Status::decode(body).map(|status| line(&status.message)).unwrap_or_default();
    }
    let text = String::from_utf8_lossy(body);
    let json = serde_json::from_str::<Value>(&text).ok();
    let said = json.as_ref().and_then(|json| json.get("message")).and_then(Value::as_str);
    line(said.unwrap_or(&text))
}

/// One line without control characters, not too long.
fn line(text: &str) -> String {
    let plain = text.trim().chars().map(|c| if c.is_control() { ' ' } else { c });
    let mut line: String = plain.clone().take(KEPT).collect();
    if plain.count() > KEPT {
        line.push('…');
    }
    line
}

/// How long to wait, in seconds or until a date.
fn wait(headers: &HeaderMap, now: Timestamp) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = text.parse::<u32>() {
        return Some(Duration::from_secs(seconds.into()));
    }
    let date = rfc2822::DateTimeParser::new().relaxed_weekday(true).parse_timestamp(text).ok()?;
    Some(Duration::try_from(date.duration_since(now)).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use storelogs::otlp::opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess;

    use super::*;

    fn of(status: u16, headers: &[(&'static str, &str)], body: &[u8]) -> Answer {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.insert(*name, value.parse().unwrap());
        }
        let now = "1994-11-06T08:49:07Z".parse().unwrap();
        meaning(StatusCode::from_u16(status).unwrap(), &map, body, now)
    }

    fn taken(rejected: u64, why: &str) -> Answer {
        Answer::Taken { rejected, why: why.to_owned() }
    }

    #[test]
    fn a_partial_success_is_read_in_both_forms_and_may_be_null() {
        let json = [("content-type", "application/json")];
        assert_eq!(of(200, &json, br#"{"partialSuccess":null}"#), taken(0, ""));
        assert_eq!(of(200, &json, b"{}"), taken(0, ""));
        for body in [
            &br#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too\nold"}}"#[..],
            br#"{"partialSuccess":{"rejectedLogRecords":3,"errorMessage":"too old"}}"#,
        ] {
            assert_eq!(of(200, &json, body), taken(3, "too old"));
        }
        assert_eq!(
            of(200, &json, br#"{"partialSuccess":{"rejectedLogRecords":null,"errorMessage":"slow"}}"#),
            taken(0, "slow")
        );
        for number in ["1e3", "1000.0", "\"1e3\"", "\" 1000 \""] {
            let body = format!("{{\"partialSuccess\":{{\"rejectedLogRecords\":{number}}}}}");
            assert_eq!(of(200, &json, body.as_bytes()), taken(1000, ""), "{number}");
        }
        for number in ["2.5", "-5", "\"abc\"", "true", "[]", "1e300"] {
            let body = format!("{{\"partialSuccess\":{{\"rejectedLogRecords\":{number}}}}}");
            assert!(matches!(of(200, &json, body.as_bytes()), Answer::Failed(_)), "{number}: not one counts as taken");
        }
        let partial = ExportLogsPartialSuccess { rejected_log_records: 2, error_message: "old".to_owned() };
        let body = ExportLogsServiceResponse { partial_success: Some(partial) }.encode_to_vec();
        assert_eq!(of(200, &[("content-type", "application/x-protobuf")], &body), taken(2, "old"));
        assert_eq!(of(204, &[], b""), taken(0, ""));
    }

    #[test]
    fn a_page_that_says_ok_is_no_receiver() {
        assert!(matches!(of(200, &[("content-type", "text/html")], b"<html>"), Answer::Failed(_)));
        assert!(matches!(of(200, &[("content-type", "application/json")], b"{"), Answer::Failed(_)));
    }

    #[test]
    fn what_may_pass_is_tried_again_when_the_receiver_says() {
        for status in [408, 429, 502, 503, 504] {
            assert!(matches!(of(status, &[], b""), Answer::Later { wait: None, .. }), "{status}");
        }
        let wait = |text: &str| match of(503, &[("retry-after", text)], b"") {
            Answer::Later { wait, .. } => wait.map(|wait| wait.as_secs()),
            other => panic!("{other:?}"),
        };
        assert_eq!(wait("7"), Some(7));
        assert_eq!(wait("Sun, 06 Nov 1994 08:49:37 GMT"), Some(30));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        assert_eq!(wait("soon"), None);
    }

    #[test]
    fn why_it_was_refused_is_read_in_each_form() {
        let refused = |why: &str| Answer::Refused(why.to_owned());
        let status = Status { code: 3, message: "entry too far behind".to_owned() }.encode_to_vec();
        let protobuf = [("content-type", "application/x-protobuf")];
        assert_eq!(of(400, &protobuf, &status), refused("HTTP 400: entry too far behind"));
        let json = [("content-type", "application/json")];
        assert_eq!(of(400, &json, br#"{"code":3,"message":"old\u001b[31m"}"#), refused("HTTP 400: old [31m"));
        assert_eq!(of(400, &[], b"plain\nwords"), refused("HTTP 400: plain words"));
        assert_eq!(of(400, &[("content-type", "text/html")], b"<p>"), refused("HTTP 400"));
        assert!(matches!(of(401, &[], b""), Answer::Unauthorized(_)));
        assert!(matches!(of(413, &[], b""), Answer::TooLarge(_)));
        for status in [302, 404, 500, 501] {
            assert!(matches!(of(status, &[], b""), Answer::Failed(_)), "{status}");
        }
    }
}
