//! The errors: each has its kind, the platform's own words, and advice.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use serde_json::{Value, json};
use storelogs::testing::{Recorder, Response};
use storelogs::{Build, Builder, Error, ErrorKind, LogQuery, LogSource, RetryPolicy, Severity, TransportError};

use crate::drain::{Drained, drain};
use crate::offline::{TOKEN, bigcommerce, day, once, page_of, shopline};

async fn bigcommerce_error(answer: Response) -> Error {
    bigcommerce(&once(answer)).retry(RetryPolicy::never()).build().unwrap().page(|r| r).await.unwrap_err()
}

async fn shopline_error(answer: Response) -> Error {
    let (since, until) = day();
    let client = shopline(&once(answer)).retry(RetryPolicy::never()).build().unwrap();
    client.page(since, until, |r| r).await.unwrap_err()
}

/// Asserts what holds for every error, whatever happened.
#[track_caller]
fn assert_presentable(error: &Error) {
    for text in [error.to_string(), format!("{error:?}"), format!("{error:#?}")] {
        assert!(!text.contains(TOKEN), "{text}");
        assert!(!text.contains("BODY"), "a body shows: {text}");
    }
    let line = error.to_string();
    assert!(!line.chars().any(char::is_control), "not one line: {line:?}");
    assert!(line.len() < 500, "{line}");
}

#[tokio::test]
async fn every_status_has_its_kind_and_its_remedy() {
    use ErrorKind::{
        Blocked, Forbidden, Frozen, Locked, NotFound, RateLimited, Refused, Server, TimedOut, Unauthorized,
    };
    let statuses = [
        (301, Refused),
        (304, Refused),
        (400, Refused),
        (407, Refused),
        (421, Server),
        (425, Server),
        (426, Refused),
        (451, Refused),
        (520, Server),
        (524, Server),
        (530, Server),
        (401, Unauthorized),
        (402, Frozen),
        (403, Forbidden),
        (404, NotFound),
        (406, Refused),
        (408, TimedOut),
        (412, Refused),
        (413, Refused),
        (418, Refused),
        (422, Refused),
        (423, Locked),
        (429, RateLimited),
        (433, Blocked),
        (436, Blocked),
        (500, Server),
        (501, Server),
        (502, Server),
        (503, Server),
        (504, Server),
        (505, Server),
        (599, Server),
    ];
    let mut lines = BTreeMap::new();
    for (status, kind) in statuses {
        let answer = || Response::text(status, "<html>BODY</html>").header("content-type", "text/html");
        for error in [bigcommerce_error(answer()).await, shopline_error(answer()).await] {
            assert_eq!((error.kind(), error.status(), error.attempts()), (kind, Some(status), 1), "{error}");
            assert_eq!((error.detail(), error.request_id(), error.retry_after()), (None, None, None), "{error}");
            assert!(!error.hint().is_empty() && error.to_string().ends_with(error.hint()));
            assert_presentable(&error);
            lines.insert(format!("{status} {}", error.store().unwrap().platform()), error.to_string());
        }
    }
    insta::assert_json_snapshot!(lines);
}

#[tokio::test]
async fn what_the_platform_said_is_found_in_a_body_of_any_shape() {
    let long = "x".repeat(900);
    let junk = "BODY ".repeat(2 << 20); // 10 MiB
    let deep = "[".repeat(100_000);
    let bodies: Vec<(&str, Vec<u8>, Option<&str>)> = vec![
        (
            "BigCommerce, title and errors",
            br#"{"status":422,"title":"Bad input.","type":"https://x","errors":{"name":"is too long"}}"#.into(),
            Some("Bad input.; name: is too long"),
        ),
        ("BigCommerce, errors empty", br#"{"status":403,"title":"No scope","errors":{}}"#.into(), Some("No scope")),
        ("BigCommerce, detail", br#"{"title":"No","detail":"at all"}"#.into(), Some("No; at all")),
        ("SHOPLINE, errors is a string", br#"{"errors":"Too many request"}"#.into(), Some("Too many request")),
        ("SHOPLINE, errors is a list", br#"{"errors":["one","two"]}"#.into(), Some("one; two")),
        (
            "SHOPLINE, errors is a map",
            br#"{"errors":{"created_at_min":["is required"]}}"#.into(),
            Some("created_at_min: is required"),
        ),
        ("SHOPLINE, code and message", br#"{"code":"A1","message":"denied"}"#.into(), Some("denied")),
        ("SHOPLINE, code is a number", br#"{"code":401,"message":"denied","errors":"denied"}"#.into(), Some("denied")),
        ("fields of other types", br#"{"title":5,"errors":[null,{"a":true}],"message":[]}"#.into(), None),
        ("a string", br#""BODY""#.into(), None),
        ("nothing", Vec::new(), None),
        ("an empty object", b"{}".to_vec(), None),
        ("HTML", b"<html><title>BODY</title></html>".to_vec(), None),
        ("half of a JSON", br#"{"title":"BODY"#.into(), None),
        ("not UTF-8", vec![b'{', 0xff, 0xfe, b'}'], None),
        ("control characters", br#"{"title":"a\nb\u001b[31mc\u0000d"}"#.into(), Some("a b [31mc d")),
        ("very long", format!(r#"{{"title":"{long}"}}"#).into(), Some(&long[..500])),
        ("10 MiB of junk", junk.into(), None),
        ("very deep", deep.into(), None),
    ];
    for (name, body, detail) in bodies {
        for status in [400, 401, 429, 500] {
            let answer = || Response::text(status, body.clone());
            for error in [bigcommerce_error(answer()).await, shopline_error(answer()).await] {
                assert_eq!((error.status(), error.detail()), (Some(status), detail), "{name}");
                assert_presentable(&error);
            }
        }
    }
}

#[tokio::test]
async fn the_platforms_request_id_is_shown_in_plain_characters() {
    let ids = [
        ("traceid", "4bf92f3577b34da6", "4bf92f3577b34da6"),
        ("traceid", "a1,b2", "a1,b2"),
        ("x-request-id", "c3", "c3"),
        ("traceid", "a b<script>\u{1b}[31m", "abscript31m"),
    ];
    for (name, sent, shown) in ids {
        let Ok(answer) = std::panic::catch_unwind(|| Response::json(400, &json!({})).header(name, sent)) else {
            continue; // a header cannot carry it
        };
        let error = shopline_error(answer.header("x-request-id", "the-other")).await;
        let shown = if name == "x-request-id" { "c3" } else { shown };
        assert_eq!(error.request_id(), Some(shown));
        assert!(error.to_string().contains(&format!("request {shown}")), "{error}");
        assert_presentable(&error);
    }
}

#[tokio::test]
async fn a_wait_that_the_platform_asks_for_is_in_the_error() {
    let headers = [
        (429, "retry-after", "7", Some(7)),
        (503, "retry-after", "7", Some(7)),
        (429, "x-retry-after", "9", Some(9)),
        (429, "x-rate-limit-time-reset-ms", "12000", Some(12)),
        (400, "x-rate-limit-time-reset-ms", "12000", None),
        (429, "retry-after", "-3", None),
        (429, "retry-after", "soon", None),
        (429, "retry-after", "1e300", None),
        (429, "retry-after", "NaN", None),
    ];
    for (status, name, value, seconds) in headers {
        let error = bigcommerce_error(Response::text(status, "").header(name, value)).await;
        assert_eq!(error.retry_after(), seconds.map(Duration::from_secs), "{name}: {value}");
        assert_presentable(&error);
    }
}

#[tokio::test]
async fn a_failure_without_an_answer_says_what_failed() {
    let failures = [
        (TransportError::unreachable as fn() -> TransportError, ErrorKind::Unreachable),
        (TransportError::interrupted, ErrorKind::Interrupted),
    ];
    let mut lines = Vec::new();
    for (failure, kind) in failures {
        let network = Recorder::new().answer(failure());
        let client = bigcommerce(&network).retry(RetryPolicy::never()).build().unwrap();
        let error = client.page(|r| r).await.unwrap_err();
        assert_eq!((error.kind(), error.status(), error.attempts()), (kind, None, 1));
        assert_presentable(&error);
        lines.push(error.to_string());
    }
    insta::assert_json_snapshot!(lines);
}

#[tokio::test]
async fn a_200_that_is_no_page_is_never_taken_for_an_empty_one() {
    let bodies = [
        ("<html>BODY</html>", None),
        ("{}", None),
        ("[]", None),
        ("null", None),
        (r#"{"data":{}}"#, None),
        (r#"{"data":"BODY"}"#, None),
        (r#"{"errors":{"name":"is wrong"}}"#, Some("name: is wrong")),
        (r#"{"errors":"Too many request"}"#, Some("Too many request")),
        (r#"{"code":500,"message":"denied"}"#, Some("denied")),
    ];
    for (body, detail) in bodies {
        for error in
            [bigcommerce_error(Response::text(200, body)).await, shopline_error(Response::text(200, body)).await]
        {
            assert_eq!((error.kind(), error.status()), (ErrorKind::Undecodable, Some(200)), "{body}");
            assert_eq!(error.detail(), detail, "{body}: {error}");
            assert_presentable(&error);
        }
    }
}

#[tokio::test]
async fn a_count_and_an_entry_of_another_shape_are_errors() {
    let (since, until) = day();
    for body in ["{}", "[]", r#"{"data":{}}"#, r#"{"data":{"count":-1}}"#, r#"{"data":{"count":"x"}}"#, "<html>"] {
        let client = shopline(&once(Response::text(200, body))).build().unwrap();
        let error = client.count_where(since, until, |r| r).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Undecodable, "{body}");
        assert_presentable(&error);
    }
    for (body, kind) in [
        ("{}", ErrorKind::NotFound),
        (r#"{"errors":"Too many request"}"#, ErrorKind::Undecodable),
        (r#"{"data":null}"#, ErrorKind::NotFound),
        (r#"{"data":{"id":"1"}}"#, ErrorKind::Record),
        (r#"{"data":[]}"#, ErrorKind::Undecodable),
        ("<html>", ErrorKind::Undecodable),
    ] {
        let client = shopline(&once(Response::text(200, body))).build().unwrap();
        let error = client.get("1").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{body}: {error}");
        assert_presentable(&error);
    }
}

const GOOD: [&str; 2] = [
    r#"{"id":9,"type":"general","severity":"errors","date_created":"2026-08-01T09:00:00+00:00"}"#,
    r#"{"id":"7","created_at":"2026-08-01T08:00:00+08:00","verb":"edit_product"}"#,
];

async fn drained(source: &dyn LogSource) -> Drained {
    let (since, until) = day();
    drain(source, LogQuery::new().since(since - Duration::from_secs(86_400)).until(until)).await
}

#[track_caller]
fn assert_one_bad(drained: &Drained, raw: &str, path: &str) {
    assert_eq!(drained.entries.len(), 1, "the good record was lost beside {raw}");
    let [error] = &drained.errors[..] else { panic!("{:?} beside {raw}", drained.errors) };
    assert_eq!((error.kind(), error.path()), (ErrorKind::Record, Some(path)), "{raw}");
    let kept: Value = serde_json::from_str(error.raw().unwrap()).unwrap();
    assert_eq!(kept, serde_json::from_str::<Value>(raw).unwrap());
    assert!(error.to_string().contains(path), "{error}");
    assert_presentable(error);
}

#[tokio::test]
async fn one_bad_record_of_a_bigcommerce_page_is_an_error_beside_the_good_ones() {
    let bad = [
        (r#"{"id":"BODY","date_created":"2026-08-01T09:00:00+00:00"}"#, "data[1].id"),
        (r#"{"id":1.5,"date_created":"2026-08-01T09:00:00+00:00"}"#, "data[1].id"),
        (r#"{"id":8,"summary":["BODY"],"date_created":"2026-08-01T09:00:00+00:00"}"#, "data[1].summary"),
        (r#"{"summary":"BODY","date_created":"2026-08-01T09:00:00+00:00"}"#, "data[1].id"),
        (r#"{"id":8,"summary":"BODY"}"#, "data[1].date_created"),
        (r#"{"id":8,"date_created":"yesterday"}"#, "data[1].date_created"),
        (r#"{"id":8,"date_created":"2026-08-01T09:00:00"}"#, "data[1].date_created"),
        (r#"{"id":8,"date_created":"2026-08-01"}"#, "data[1].date_created"),
        (r#"{"id":8,"date_created":1785542400}"#, "data[1].date_created"),
        (r#""BODY""#, "data[1]"),
        ("null", "data[1]"),
        ("[]", "data[1]"),
    ];
    for (raw, path) in bad {
        let records = [serde_json::from_str(GOOD[0]).unwrap(), serde_json::from_str(raw).unwrap()];
        let client = bigcommerce(&once(page_of(&records))).build().unwrap();
        assert_one_bad(&drained(&client).await, raw, path);
    }
}

#[tokio::test]
async fn a_severity_of_any_type_is_kept_and_not_understood() {
    for severity in ["{\"level\":3}", "[4]", "true", "9", "\"odd\""] {
        let raw = format!(r#"{{"id":8,"severity":{severity},"date_created":"2026-08-01T09:00:00+00:00"}}"#);
        let record: Value = serde_json::from_str(&raw).unwrap();
        let client = bigcommerce(&once(page_of(std::slice::from_ref(&record)))).build().unwrap();
        let drained = drained(&client).await;
        let entry = &drained.entries[0];
        assert_eq!(entry.severity, Severity::Unspecified, "{severity}");
        let rebuilt = serde_json::to_value(storelogs::bigcommerce::record(entry).unwrap()).unwrap();
        assert_eq!(rebuilt, record);
    }
}

#[tokio::test]
async fn one_bad_record_of_a_shopline_page_is_an_error_beside_the_good_ones() {
    let bad = [
        (r#"{"id":7,"created_at":"2026-08-01T09:00:00+08:00"}"#, "[1].id"),
        (r#"{"id":"","created_at":"2026-08-01T09:00:00+08:00"}"#, "[1].id"),
        (r#"{"created_at":"2026-08-01T09:00:00+08:00","detail":"BODY"}"#, "[1].id"),
        (r#"{"id":"8","created_at":"2026-08-01T09:00:00"}"#, "[1].created_at"),
        (r#"{"id":"8","detail":"BODY"}"#, "[1].created_at"),
        (r#"{"id":"8","verb":5,"created_at":"2026-08-01T09:00:00+08:00"}"#, "[1].verb"),
        ("5", "[1]"),
    ];
    for list in ["data", "operationLogs"] {
        for (raw, path) in bad {
            let page = format!(r#"{{"{list}":[{},{raw}]}}"#, GOOD[1]);
            let client = shopline(&once(Response::text(200, page))).build().unwrap();
            // The walk names the list of the present edition; what matters is the place in it.
            let drained = drained(&client).await;
            let found = drained.errors.first().and_then(Error::path).unwrap_or_default();
            assert!(found.ends_with(path), "{list}: {found} instead of {path}");
            let found = found.to_owned();
            assert_one_bad(&drained, raw, &found);
        }
    }
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    for status in [301, 302, 307, 308] {
        let network = once(Response::text(status, "").header("location", "https://evil.example/"));
        let error = bigcommerce(&network).build().unwrap().page(|r| r).await.unwrap_err();
        assert_eq!((error.kind(), error.status()), (ErrorKind::Refused, Some(status)));
        assert_eq!(network.requests().len(), 1);
    }
}

/// The message of a client that cannot be built.
#[track_caller]
fn refused<C: Build + Debug>(builder: Builder<C>) -> String {
    let error = builder.build().unwrap_err();
    assert_eq!((error.kind(), error.attempts(), error.status()), (ErrorKind::InvalidInput, 0, None));
    assert_presentable(&error);
    error.to_string()
}

#[test]
fn a_setting_that_cannot_be_right_is_refused_before_anything_is_sent() {
    let network = Recorder::new();
    let mut lines = BTreeMap::new();
    let (too_long, longest) = ("a".repeat(65), "a".repeat(64));
    for name in ["evil.com/", "a@b", "..", "é", "", "A.C", "a b", "a\nb", "a?b", "a#b", "a%2e", "a\u{202e}b", &too_long]
    {
        let made = storelogs::BigCommerce::builder(name).access_token(TOKEN).http_backend(network.clone());
        lines.insert(format!("store hash {name:?}"), refused(made));
        let made = storelogs::Shopline::builder(name).access_token(TOKEN).http_backend(network.clone());
        lines.insert(format!("handle {name:?}"), refused(made));
    }
    for name in ["-a", "a-", "a.b", &longest] {
        let made = storelogs::Shopline::builder(name).access_token(TOKEN).http_backend(network.clone());
        lines.insert(format!("handle {name:?}"), refused(made));
    }
    for url in [
        "http://api.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost.example.com",
        "http://10.0.0.1",
        "https://user:hunter2@api.example.com",
        "https://hunter2@api.example.com",
        "ftp://user:hunter2@api.example.com",
        "user:hunter2@api.example.com",
        "user:hunter2@[",
        "https://api.example.com/?key=hunter2",
        "https://api.example.com/#hunter2",
        "https://api.example.com/stores",
        "ftp://api.example.com",
        "file:///etc/passwd",
        "api.example.com",
        "not a URL",
        "https://",
        "",
    ] {
        for line in [refused(bigcommerce(&network).api_url(url)), refused(shopline(&network).api_url(url))] {
            assert!(!line.contains("hunter2"), "a password shows: {line}");
            lines.insert(format!("API address {url:?}"), line);
        }
    }
    for token in ["", "  ", "hunter2 hunter2", "hunter2\r\nx: y", "hunter2\u{e9}", "hunter2\0"] {
        let line = refused(bigcommerce(&network).access_token(token));
        assert!(!line.contains("hunter2"), "a token shows: {line}");
        assert_eq!(
            line.replace("bigcommerce:abc123", "shopline:open001"),
            refused(shopline(&network).access_token(token))
        );
        lines.insert(format!("token {token:?}"), line);
    }
    lines.insert("no token".into(), refused(storelogs::BigCommerce::builder("abc123").http_backend(network.clone())));
    for version in ["", "20260301", "v2026", "v2026030x", "v20260301/..", "V20260301", "v२०२६०३०१"] {
        lines.insert(format!("API version {version:?}"), refused(shopline(&network).api_version(version)));
    }
    for (requests, per_second) in [(0, 4.0), (1, 4.0), (40, 0.0), (40, -1.0), (40, f64::NAN), (40, f64::INFINITY)] {
        lines.insert(
            format!("bucket {requests}, {per_second}"),
            refused(shopline(&network).bucket(requests, per_second)),
        );
    }
    lines.insert("user agent".into(), refused(bigcommerce(&network).user_agent("a\nb")));
    assert_eq!(network.requests(), []);
    insta::assert_json_snapshot!(lines);
}

#[test]
fn names_and_addresses_that_can_be_right_are_taken() {
    let network = Recorder::new();
    for url in [
        "https://api.example.com",
        "https://api.example.com:8443/",
        "http://127.0.0.1:1",
        "http://[::1]:1",
        "http://localhost",
    ] {
        bigcommerce(&network).api_url(url).build().unwrap();
    }
    for token in [" a-token\n", "a.b-c_d~e+f/g=="] {
        bigcommerce(&network).access_token(token).build().unwrap();
    }
    storelogs::BigCommerce::builder("a".repeat(24)).access_token(TOKEN).http_backend(network.clone()).build().unwrap();
    storelogs::Shopline::builder("a-1".repeat(21)).access_token(TOKEN).http_backend(network.clone()).build().unwrap();
}
