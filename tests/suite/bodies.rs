//! Unusual bodies: empty ones, truncated ones, bytes that are not text, and far too many records.

use serde_json::{Value, json};
use storelogs::testing::{Recorder, Response};
use storelogs::{Error, ErrorKind, LogEntry, LogQuery, RetryPolicy, bigcommerce as bc, shopline as sl};

use crate::drain::drain;
use crate::offline::{bigcommerce, day, once, shopline};

fn quick() -> RetryPolicy {
    RetryPolicy::default().delays(std::time::Duration::ZERO, std::time::Duration::ZERO)
}

/// The result of reading a page of each platform: how many records it has, or the error.
async fn pages(answer: impl Fn() -> Response) -> [Result<usize, Error>; 2] {
    let (since, until) = day();
    let client = bigcommerce(&once(answer())).retry(RetryPolicy::never()).build().unwrap();
    let one = client.page(|request| request).await.map(|page| page.records.len());
    let client = shopline(&once(answer())).retry(RetryPolicy::never()).build().unwrap();
    [one, client.page(since, until, |request| request).await.map(|page| page.records.len())]
}

#[tokio::test]
async fn an_answer_without_records_is_an_empty_page_on_both_platforms() {
    let bodies = [
        (204, ""),
        (205, ""),
        (200, ""),
        (200, " \r\n"),
        (200, "\u{feff}"),
        (200, r#"{"data":null}"#),
        (200, r#"{"data":[]}"#),
        (200, r#"{"data":null,"meta":{"pagination":{"total":0}}}"#),
        (200, r#"{"meta":{"pagination":{"total":0,"current_page":1}}}"#),
        (200, r#"{"code":200,"i18nCode":"SUCCESS","message":"success","data":null}"#),
    ];
    for (status, body) in bodies {
        for count in pages(|| Response::text(status, body)).await {
            assert_eq!(count.unwrap(), 0, "{status} {body}");
        }
    }
    let body = r#"{"meta":{"pagination":{"total":7}}}"#;
    let page = bigcommerce(&once(Response::text(200, body))).build().unwrap().page(|r| r).await.unwrap();
    assert_eq!(page.pagination.unwrap().total, Some(7), "what it says of itself is read");
}

#[tokio::test]
async fn words_of_failure_in_a_200_are_an_error_and_not_an_empty_page() {
    let bodies = [
        (r#"{"data":null,"errors":"Too many request"}"#, "Too many request"),
        (r#"{"data":null,"code":500,"message":"denied"}"#, "denied"),
        (r#"{"meta":{},"title":"This action requires a scope","status":403}"#, "This action requires a scope"),
        (r#"{"operationLogs":null,"errors":{"limit":["is too large"]}}"#, "limit: is too large"),
    ];
    for (body, words) in bodies {
        for page in pages(|| Response::text(200, body)).await {
            let error = page.unwrap_err();
            assert_eq!((error.kind(), error.detail()), (ErrorKind::Undecodable, Some(words)), "{body}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn json_that_ends_too_early_is_asked_for_again() {
    let whole = r#"{"data":[{"id":"1","created_at":"2026-08-01T08:00:00+08:00"}]}"#;
    for end in 1..whole.len() {
        let network = once(Response::text(200, &whole[..end])).answer(Response::text(200, whole));
        let (since, until) = day();
        let client = shopline(&network).retry(quick()).build().unwrap();
        let page = client.page(since, until, |request| request).await.unwrap();
        assert_eq!((page.records.len(), network.left()), (1, 0), "{}", &whole[..end]);
    }
    let cut = Recorder::new().serve(|_| Some(Response::text(200, r#"{"data":[{"id":1}"#)));
    let error = bigcommerce(&cut).retry(quick()).build().unwrap().page(|r| r).await.unwrap_err();
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Interrupted, 5));
    assert!(error.to_string().contains("before its JSON was complete"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn attempts_before_and_after_an_answer_that_was_cut_count_together() {
    let cut = || Response::text(200, r#"{"data":[{"id":1,"date_created":"2026-08-01T08:00:00+00:00"}"#);
    let whole = r#"{"data":[{"id":1,"date_created":"2026-08-01T08:00:00+00:00"}]}"#;
    let page = async |network: &Recorder, attempts| {
        let retry = quick().max_attempts(attempts);
        bigcommerce(network).retry(retry).build().unwrap().page(|request| request).await
    };
    let then = |network: Recorder| network.answer(Response::status(503)).answer(cut()).answer(Response::status(502));
    let network = then(Recorder::new().answer(cut())).answer(Response::text(200, whole));
    assert_eq!((page(&network, 5).await.unwrap().records.len(), network.left()), (1, 0));
    let network = then(Recorder::new().answer(cut())).answer(Response::text(200, whole));
    let error = page(&network, 4).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.attempts(), network.left()), (ErrorKind::Server, Some(502), 4, 1));
    // Refusals are as good as ever.
    let network = once(cut()).answer(Response::text(403, r#"{"title":"Not for you"}"#));
    let error = page(&network, 5).await.unwrap_err();
    assert_eq!((error.kind(), error.detail(), error.attempts()), (ErrorKind::Forbidden, Some("Not for you"), 2));
}

#[tokio::test]
async fn each_sort_of_wrong_answer_has_its_own_words_and_blames_no_address() {
    let answers = [
        ("<!DOCTYPE html><p>Sign in</p>", "a web page, not JSON"),
        ("Service unavailable", "the answer is not JSON"),
        (r#"{"data":[{]}}"#, "the answer is not JSON"),
        ("[]", "JSON of another shape"),
        (r#"{"rows":[]}"#, "JSON of another shape"),
        (r#"{"data":{}}"#, "JSON of another shape"),
        (r#""a text""#, "JSON of another shape"),
        ("{\"data\":[", "ended before its JSON was complete"),
    ];
    for (body, words) in answers {
        for page in pages(|| Response::text(200, body)).await {
            let line = page.unwrap_err().to_string();
            assert!(line.contains(words), "{body}: {line}");
            assert!(!line.contains("API address"), "{line}");
        }
    }
}

#[tokio::test]
async fn a_byte_order_mark_is_skipped() {
    let body = "\u{feff}{\"data\":[{\"id\":\"1\",\"created_at\":\"2026-08-01T08:00:00+08:00\"}]}";
    let [_, page] = pages(|| Response::text(200, body)).await;
    assert_eq!(page.unwrap(), 1);
    let error = "\u{feff}{\"errors\":\"Not for you\"}";
    for page in pages(|| Response::text(403, error)).await {
        assert_eq!(page.unwrap_err().detail(), Some("Not for you"));
    }
}

fn bytes(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

/// The entries of a page, and the errors of records that are none.
struct Read {
    entries: Vec<LogEntry>,
    errors: Vec<Error>,
}

fn read<R>(records: Vec<Result<R, Error>>, entry: impl Fn(R) -> Option<LogEntry>) -> Read {
    let mut read = Read { entries: Vec::new(), errors: Vec::new() };
    for record in records {
        match record {
            Ok(record) => read.entries.push(entry(record).unwrap()),
            Err(error) => read.errors.push(error),
        }
    }
    read
}

async fn both(one: Vec<u8>, other: Vec<u8>) -> [Read; 2] {
    let (since, until) = day();
    let page = |record: Vec<u8>, good: &str| bytes(&[br#"{"data":["#, good.as_bytes(), b",", &record, b"]}"]);
    let good = r#"{"id":9,"summary":"Caf\u00e9","date_created":"2026-08-01T09:00:00+00:00"}"#;
    let client = bigcommerce(&once(Response::text(200, page(one, good)))).build().unwrap();
    let found = client.page(|request| request).await.unwrap();
    let store = storelogs::Store::bigcommerce("abc123").unwrap();
    let first = read(found.records, |record| bc::entry(record, &store, found.observed).ok());
    let good = r#"{"id":"9","detail":"Caf\u00e9","created_at":"2026-08-01T09:00:00+00:00"}"#;
    let client = shopline(&once(Response::text(200, page(other, good)))).build().unwrap();
    let found = client.page(since, until, |request| request).await.unwrap();
    let store = storelogs::Store::shopline("open001").unwrap();
    [first, read(found.records, |record| sl::entry(record, &store, found.observed).ok())]
}

#[track_caller]
fn the_other(drained: &Read) -> &LogEntry {
    assert!(drained.errors.is_empty(), "{:?}", drained.errors);
    let [good, other] = &drained.entries[..] else { panic!("{:?}", drained.entries) };
    assert_eq!((good.summary.as_deref(), good.extra.len()), (Some("Café"), 0), "its neighbour is untouched");
    other
}

#[tokio::test]
async fn text_that_json_does_not_allow_is_readable_in_its_entry_and_kept_as_it_was_sent() {
    let cases: [(&[u8], &str, &str); 5] = [
        (b"caf\xe9", "caf\u{fffd}", r"caf\xe9"),
        (b"half \\ud83d of it", "half \u{fffd} of it", r"half \ud83d of it"),
        (b"two\nlines", "two\nlines", "two\nlines"),
        (b"C:\\xampp", "C:\\xampp", r"C:\xampp"),
        (b"\xff\xfe\x00", "\u{fffd}\u{fffd}\0", "\\xff\\xfe\0"),
    ];
    for (sent, read, kept) in cases {
        let one = bytes(&[br#"{"id":8,"date_created":"2026-08-01T08:00:00+00:00","summary":""#, sent, br#""}"#]);
        let other = bytes(&[br#"{"id":"8","created_at":"2026-08-01T08:00:00+00:00","detail":""#, sent, br#""}"#]);
        let [first, second] = both(one, other).await;
        for (drained, name) in [(&first, "summary"), (&second, "detail")] {
            let entry = the_other(drained);
            assert_eq!(entry.summary.as_deref(), Some(read));
            let raw = entry.extra["raw_record"].as_str().unwrap();
            assert!(raw.starts_with(r#"{"id":"#) && raw.ends_with(&format!(r#""{name}":"{kept}"}}"#)), "{raw}");
            let text = serde_json::to_string(entry).unwrap();
            assert_eq!(serde_json::from_str::<LogEntry>(&text).unwrap(), *entry);
        }
        let entry = the_other(&first);
        let record = bc::record(entry).unwrap();
        assert_eq!(
            bc::entry(record, &storelogs::Store::bigcommerce("abc123").unwrap(), entry.observed).unwrap(),
            *entry
        );
        let entry = the_other(&second);
        let record = sl::record(entry).unwrap();
        assert_eq!(sl::entry(record, &storelogs::Store::shopline("open001").unwrap(), entry.observed).unwrap(), *entry);
    }
}

#[tokio::test]
async fn a_record_that_cannot_be_an_entry_keeps_its_bytes_as_an_error() {
    let one = bytes(&[br#"{"id":[],"summary":"caf"#, b"\xe9", br#""}"#]);
    let other = bytes(&[br#"{"id":8,"detail":"\ud83d","created_at":"2026-08-01T08:00:00+00:00"}"#]);
    let [first, second] = both(one, other).await;
    for (drained, raw) in [(first, r#""caf\xe9"}"#), (second, r#""detail":"\ud83d""#)] {
        assert_eq!(drained.entries.len(), 1);
        assert_eq!(drained.errors[0].kind(), ErrorKind::Record);
        assert!(drained.errors[0].raw().unwrap().contains(raw), "{:?}", drained.errors[0].raw());
    }
}

#[tokio::test]
async fn a_field_of_the_name_that_holds_the_text_is_never_written_over() {
    let field = r#""raw_record":"theirs","x":"\ud83d""#;
    let one = format!(r#"{{"id":8,"date_created":"2026-08-01T08:00:00+00:00",{field}}}"#);
    let other = format!(r#"{{"id":"8","created_at":"2026-08-01T08:00:00+00:00",{field}}}"#);
    for drained in both(one.clone().into_bytes(), other.clone().into_bytes()).await {
        let raw = drained.errors.first().map(|error| error.raw().unwrap().to_owned());
        assert!(raw == Some(one.clone()) || raw == Some(other.clone()), "{raw:?}");
    }
}

#[cfg(feature = "exact-numbers")]
#[tokio::test]
async fn a_number_in_an_unknown_field_keeps_its_digits() {
    let numbers = [
        ("12345678901234567890123", "12345678901234567890123"),
        ("1e400", "1e+400"), // the same digits; serde_json writes the sign
        ("-1E+400", "-1e+400"),
        ("1.10", "1.10"),
        ("0.1000000000000000055511151231257827", "0.1000000000000000055511151231257827"),
        ("-0", "-0"),
        ("7", "7"),
    ];
    for (sent, digits) in numbers {
        let one =
            format!(r#"{{"id":8,"date_created":"2026-08-01T08:00:00+00:00","ref":{sent},"in":[{{"a":{sent}}}]}}"#);
        let other =
            format!(r#"{{"id":"8","created_at":"2026-08-01T08:00:00+00:00","ref":{sent},"in":[{{"a":{sent}}}]}}"#);
        let [first, second] = both(one.into_bytes(), other.into_bytes()).await;
        for entry in [the_other(&first), the_other(&second)] {
            let text = serde_json::to_string(entry).unwrap();
            assert!(
                text.contains(&format!(r#""extra":{{"in":[{{"a":{digits}}}],"ref":{digits}}}"#)),
                "{digits}: {text}"
            );
            assert_eq!(serde_json::from_str::<LogEntry>(&text).unwrap(), *entry);
        }
        let rebuilt = serde_json::to_string(&bc::record(the_other(&first)).unwrap()).unwrap();
        assert!(rebuilt.contains(&format!(r#""ref":{digits}"#)), "{rebuilt}");
        let rebuilt = serde_json::to_string(&sl::record(the_other(&second)).unwrap()).unwrap();
        assert!(rebuilt.contains(&format!(r#""ref":{digits}"#)), "{rebuilt}");
    }
}

#[tokio::test]
async fn a_time_that_the_model_cannot_hold_is_kept_as_text_and_costs_no_record() {
    let times = [
        ("2026-08-02T08:00:00+24:00", "2026-08-01T08:00:00Z", "+00:00"),
        ("2026-08-01T08:00:00.1234567899+00:00", "2026-08-01T08:00:00.123456789Z", "+00:00"),
        ("2026-08-01T16:00:00,000000000000000000001+08:00", "2026-08-01T08:00:00Z", "+08:00"),
    ];
    for (sent, time, offset) in times {
        let one = format!(r#"{{"id":8,"date_created":"{sent}"}}"#);
        let other = format!(r#"{{"id":"8","created_at":"{sent}"}}"#);
        let [first, second] = both(one.into_bytes(), other.into_bytes()).await;
        for (drained, field) in [(&first, "date_created"), (&second, "created_at")] {
            let entry = the_other(drained);
            assert_eq!((entry.time.to_string(), entry.utc_offset.to_string()), (time.into(), offset.into()), "{sent}");
            assert_eq!(entry.extra[field], json!(sent));
        }
        assert_eq!(bc::record(the_other(&first)).unwrap().date_created.as_deref(), Some(sent));
        assert_eq!(sl::record(the_other(&second)).unwrap().created_at.as_deref(), Some(sent));
    }
    // Beyond what a moment can be: as close as it gets, in a query without bounds.
    for sent in ["9999-12-31T23:59:59-11:00", "9999-12-31T00:00:00+00:00", "-009999-01-01T00:00:00+23:00"] {
        let record: storelogs::raw::bigcommerce::types::SystemLog =
            serde_json::from_value(json!({ "id": 1, "date_created": sent })).unwrap();
        let store = storelogs::Store::bigcommerce("abc123").unwrap();
        let entry = bc::entry(record, &store, jiff::Timestamp::UNIX_EPOCH).unwrap();
        assert!(entry.time.strftime("%Y").to_string().ends_with("9999"), "{sent}: {}", entry.time);
        assert_eq!(entry.extra["date_created"], json!(sent));
        assert_eq!(bc::record(&entry).unwrap().date_created.as_deref(), Some(sent));
        let text = serde_json::to_string(&entry).unwrap();
        assert_eq!(serde_json::from_str::<LogEntry>(&text).unwrap(), entry);
    }
}

#[tokio::test]
async fn more_bad_records_than_any_page_has_are_one_error() {
    let page = |bad: usize| json!({ "data": vec![Value::Null; bad] }).to_string();
    for count in pages(|| Response::text(200, page(1_000))).await {
        assert_eq!(count.unwrap(), 1_000, "each an error of its own");
    }
    for page in pages(|| Response::text(200, page(1_001))).await {
        assert_eq!(page.unwrap_err().kind(), ErrorKind::TooLarge);
    }
}

#[tokio::test]
async fn more_records_than_any_page_has_are_one_error_however_small_they_are() {
    let page = |records: usize| format!(r#"{{"data":[{}]}}"#, vec!["{}"; records].join(","));
    for count in pages(|| Response::text(200, page(50_001))).await {
        assert_eq!(count.unwrap_err().kind(), ErrorKind::TooLarge);
    }
    for count in pages(|| Response::text(200, page(50_000))).await {
        assert_eq!(count.unwrap(), 50_000);
    }
}

/// The most memory that this process had so far, in KiB.
#[cfg(target_os = "linux")]
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

/// In a process of its own, as a process has one peak.
#[cfg(target_os = "linux")]
#[test]
#[allow(clippy::print_stdout)]
fn millions_of_empty_records_in_a_small_answer_are_one_error_in_little_memory() {
    use std::io::{Read, Write};
    const CHILD: &str = "STORELOGS_TEST_BOMB_URL";
    const NAME: &str = "bodies::millions_of_empty_records_in_a_small_answer_are_one_error_in_little_memory";
    if let Ok(url) = std::env::var(CHILD) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = storelogs::BigCommerce::builder("abc123").access_token("a-token").api_url(url).build().unwrap();
        let drained = runtime.block_on(drain(&client, LogQuery::new()));
        assert_eq!((drained.entries.len(), drained.errors.len()), (0, 1));
        assert_eq!(drained.errors[0].kind(), ErrorKind::TooLarge);
        return println!("peak {} KiB", peak());
    }
    let mut body = Vec::new();
    let mut gzip = flate2::write::GzEncoder::new(&mut body, flate2::Compression::fast());
    gzip.write_all(br#"{"data":[{}"#).unwrap();
    let million = b",{}".repeat(1_000_000);
    (0..10).for_each(|_| gzip.write_all(&million).unwrap());
    gzip.write_all(b"]}").unwrap();
    gzip.finish().unwrap();
    assert!(body.len() < 200_000, "{} bytes", body.len());
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let head = "HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\nconnection: close\r\ncontent-length: ";
            let _ = stream.read(&mut [0; 4096]);
            let _ = stream.write_all(&[format!("{head}{}\r\n\r\n", body.len()).as_bytes(), &body].concat());
        }
    });
    let mut child = std::process::Command::new(std::env::current_exe().unwrap());
    let output = child.args(["--exact", NAME, "--nocapture"]).env(CHILD, url).output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let peak = text.lines().find_map(|line| line.split_once("peak ")?.1.strip_suffix(" KiB")).unwrap();
    assert!(peak.parse::<u64>().unwrap() < 100 << 10, "{peak} KiB");
}
