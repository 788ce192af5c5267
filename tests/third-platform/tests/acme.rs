//! The tests of a platform in another crate: it can do what the library's own platforms can.
#![allow(clippy::unwrap_used)]

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::process::Command;
use std::sync::Arc;
use std::thread;

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use serde_json::{Value, json};
use storelogs::testing::{Log, Recorder, Response, entry};
use storelogs::{Builder, Cursor, ErrorKind, LogEntry, LogQuery, LogSource, Reconciliation, Severity, Store, merge};
use third_platform::{ACME, Acme};

const ROWS: usize = 230;

/// The event this many places from the newest, one a minute.
fn event(row: usize) -> Value {
    let at = at(ROWS - row).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    json!({ "event_id": format!("e{}", ROWS - row), "at": at, "level": "info", "kind": "product.edited", "who": null })
}

fn at(minute: usize) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + 60 * minute as i64).unwrap()
}

/// An answer of Acme's. Its cursor is the place in the list.
fn acme_says(operation_is_count: bool, parameter: impl Fn(&str) -> Option<String>) -> Value {
    let time = |name: &str| parameter(name).map(|text| text.parse::<Timestamp>().unwrap());
    let (after, before) = (time("after"), time("before"));
    let inside = |row: &usize| {
        let at = at(ROWS - row);
        after.is_none_or(|after| at >= after) && before.is_none_or(|before| at < before)
    };
    let rows: Vec<usize> = (0..ROWS).filter(inside).collect();
    if operation_is_count {
        return json!({ "count": rows.len() });
    }
    let number = |name: &str| parameter(name).map(|text| text.parse::<usize>().unwrap());
    let (start, size) = (number("cursor").unwrap_or(0), number("page_size").unwrap_or(20));
    let end = (start + size).min(rows.len());
    let events: Vec<Value> = rows[start..end].iter().map(|row| event(*row)).collect();
    json!({ "events": events, "next_cursor": (end < rows.len()).then(|| end.to_string()) })
}

fn serving() -> Recorder {
    Recorder::new().serve(|request| {
        let answer = acme_says(request.operation == "count_events", |name| request.parameter(name).map(str::to_owned));
        Some(Response::json(200, &answer))
    })
}

fn builder(network: &Recorder) -> Builder<Acme> {
    Acme::builder("corner").access_token("a-token").http_backend(network.clone())
}

fn client(network: &Recorder) -> Acme {
    builder(network).build().unwrap()
}

async fn ids(source: &dyn LogSource, query: LogQuery) -> Vec<String> {
    source.logs(query).map_ok(|entry| entry.id).try_collect().await.unwrap()
}

fn expected(minutes: impl DoubleEndedIterator<Item = usize>) -> Vec<String> {
    minutes.rev().map(|minute| format!("e{minute}")).collect()
}

#[tokio::test]
async fn a_time_range_is_read_to_its_end_and_agrees_with_the_platforms_count() {
    let network = serving();
    let acme = client(&network);
    assert_eq!(ids(&acme, LogQuery::new()).await, expected(1..=ROWS));
    let (since, until) = (at(10), at(200));
    let read = ids(&acme, LogQuery::new().since(since).until(until)).await;
    assert_eq!(read, expected(10..200));
    assert_eq!(acme.reconcile(since, until, read.len() as u64).await.unwrap(), Reconciliation::Complete);
    assert_eq!(ids(&acme, LogQuery::new().limit(3)).await, expected(ROWS - 2..=ROWS));
    insta::assert_json_snapshot!(network.requests());
}

#[tokio::test]
async fn a_walk_goes_on_from_the_cursor_of_any_page() {
    let acme = client(&serving());
    let pages: Vec<_> = acme.pages(LogQuery::new(), None).try_collect().await.unwrap();
    assert_eq!(pages.len(), 3);
    let cursor = serde_json::to_string(&pages[0].cursor).unwrap();
    let cursor: Cursor = serde_json::from_str(&cursor).unwrap();
    let rest: Vec<_> = acme.pages(LogQuery::new(), Some(cursor)).try_collect().await.unwrap();
    let rest: Vec<String> =
        rest.iter().flat_map(|page| &page.entries).map(|e| e.as_ref().unwrap().id.clone()).collect();
    assert_eq!(rest, expected(1..=ROWS - 100));
}

/// Acme on this machine, until the test ends. Returns its origin.
fn serve_http() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let target = lines.next().unwrap_or_default().split(' ').nth(1).unwrap_or_default().to_owned();
            let signed =
                lines.by_ref().take_while(|line| !line.is_empty()).any(|line| line == "authorization: Bearer a-token");
            let url = reqwest::Url::parse("http://acme").unwrap().join(&target).unwrap();
            let parameter =
                |name: &str| url.query_pairs().find(|(n, _)| n == name).map(|(_, value)| value.into_owned());
            let body = acme_says(url.path().ends_with("/count"), parameter).to_string();
            let status = if signed { "200 OK" } else { "401 Unauthorized" };
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()); // the client may be gone
        }
    });
    url
}

#[tokio::test]
async fn it_reads_over_real_http_and_merges_with_other_platforms() {
    let url = serve_http();
    let acme = Acme::builder("corner").access_token("a-token").api_url(url).build().unwrap();
    let other = Log::new([entry(5), entry(200)]);
    let sources: [Arc<dyn LogSource>; 2] = [Arc::new(acme), Arc::new(other)];
    let merged: Vec<LogEntry> = merge(sources, LogQuery::new()).try_collect().await.unwrap();
    assert_eq!(merged.len(), ROWS + 2);
    assert!(merged.windows(2).all(|pair| pair[0].time >= pair[1].time));
    assert_eq!(merged.iter().filter(|entry| entry.platform == ACME).count(), ROWS);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_that_may_pass_is_asked_again_and_the_bucket_is_kept_to() {
    let network = serving().answer(Response::status(429).header("retry-after", "7")).answer(Response::status(503));
    let started = tokio::time::Instant::now();
    let acme = client(&network);
    assert_eq!(ids(&acme, LogQuery::new()).await.len(), ROWS);
    assert_eq!(network.requests().len(), 5);
    assert!(started.elapsed().as_secs() >= 7);
    for _ in 0..40 {
        acme.count(at(0), at(1)).await.unwrap();
    }
    assert_eq!(acme.rate_limit().unwrap().quota, 20);
    assert!(started.elapsed().as_secs() >= 7 + 4, "40 requests, 20 at once and 5 a second");
}

#[tokio::test]
async fn an_error_names_the_store_the_cause_and_the_remedy() {
    let network =
        Recorder::new().answer(Response::json(403, &json!({ "message": "no" }))).answer(Response::text(401, "<html>"));
    let acme = client(&network);
    let error = acme.logs(LogQuery::new()).next().await.unwrap().unwrap_err();
    assert_eq!((error.kind(), error.detail()), (ErrorKind::Forbidden, Some("no")));
    let refused = acme.count(at(0), at(1)).await.unwrap_err();
    let misnamed = Acme::builder("Corner Shop").access_token("a-token").build().unwrap_err();
    let tokenless = Acme::builder("corner").build().unwrap_err();
    let lines = [error, refused, misnamed, tokenless].map(|error| error.to_string());
    insta::assert_snapshot!(lines.join("\n"));
}

#[tokio::test]
async fn one_odd_record_does_not_take_its_page_with_it() {
    let page = json!({ "events": [event(0), { "event_id": 7 }, { "event_id": "e1" }, event(1)], "next_cursor": null });
    let acme = client(&Recorder::new().answer(Response::json(200, &page)));
    let items: Vec<_> = acme.logs(LogQuery::new()).collect().await;
    let (good, bad): (Vec<_>, Vec<_>) = items.into_iter().partition(Result::is_ok);
    assert_eq!(good.len(), 2);
    let bad: Vec<_> = bad.into_iter().map(Result::unwrap_err).collect();
    assert!(bad.iter().all(|error| error.kind() == ErrorKind::Record));
    let shown: Vec<_> = bad.iter().map(|error| (error.path().unwrap(), error.raw().unwrap())).collect();
    let odd = [("events[1].event_id", r#"{"event_id":7}"#), ("events[2].at", r#"{"event_id":"e1"}"#)];
    assert_eq!(shown, odd);

    let acme = client(&Recorder::new().answer(Response::json(200, &json!({ "rows": [] }))));
    let error = acme.logs(LogQuery::new()).next().await.unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undecodable);
}

#[test]
fn a_record_becomes_an_entry_and_itself_again() {
    let store = Store::of(ACME, "corner").unwrap();
    for record in [
        event(0),
        json!({ "event_id": "e1", "at": "2026-01-01T00:01:00.5Z", "level": "odd", "text": "<b>", "risk": { "score": 3 } }),
        json!({ "event_id": "e2", "at": "2026-01-01T08:01:00+08:00", "who": "a person" }),
    ] {
        let typed = serde_json::from_value(record.clone()).unwrap();
        let entry = third_platform::entry(typed, &store, at(0)).unwrap();
        let known = matches!(record["level"].as_str(), Some("info"));
        assert_eq!(entry.severity, if known { Severity::Info } else { Severity::Unspecified });
        let mut rebuilt = serde_json::to_value(third_platform::record(&entry).unwrap()).unwrap();
        let mut record = record;
        for side in [&mut rebuilt, &mut record] {
            side.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        }
        assert_eq!(rebuilt, record);
    }
}

/// The document types one list as an array with `explode: false`, the other as text.
#[tokio::test]
async fn a_list_is_one_value_whether_the_document_calls_it_an_array_or_text() {
    let network = serving();
    let raw = client(&network).raw();
    raw.list_events().shop("corner").id_in([3, 4, 6]).send().await.unwrap();
    raw.list_events().shop("corner").id_in("3,4,6").send().await.unwrap();
    raw.count_events().shop("corner").id_in("3,4,6").send().await.unwrap();
    let sent: Vec<String> = network.requests().into_iter().map(|request| request.query).collect();
    assert_eq!(sent, ["id%3Ain=3%2C4%2C6"; 3]);
}

#[tokio::test]
async fn the_raw_client_is_signed_too_and_no_token_is_shown() {
    let network = serving();
    let acme = client(&network);
    let page = acme.raw().list_events().shop("corner").page_size(2).send().await.unwrap();
    assert_eq!(page.events.len(), 2);
    assert_eq!(network.requests()[0].headers["authorization"], "[redacted]");
    assert!(!format!("{acme:?} {:?} {network:?}", acme.raw()).contains("a-token"));
}

/// The collector and the program know the platform by its facts alone.
#[test]
fn the_program_fetches_collects_verifies_and_reports_a_shop_of_the_third_platform() {
    let folder = tempfile::tempdir().unwrap();
    let url = serve_http();
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_storelogs-acme"))
            .args(arguments)
            .current_dir(&folder)
            .env_clear()
            .envs([("ACME_SHOP", "corner"), ("ACME_ACCESS_TOKEN", "a-token"), ("ACME_API_URL", &url)])
            .envs([("HOME", "."), ("TZ", "UTC"), ("STORELOGS_ARCHIVE", "archive.db")])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success(), "{arguments:?}: {text} {}", String::from_utf8_lossy(&output.stderr));
        text
    };
    assert!(run(&["check"]).contains("acme:corner"));
    let fetched = run(&["fetch", "--format", "jsonl", "--since", "2026-01-01", "--until", "2026-01-02"]);
    assert_eq!(fetched.lines().count(), ROWS);
    assert!(fetched.contains(r#""uid":"acme:corner:e230""#));
    run(&["sync"]);
    let verified = run(&["verify"]);
    assert!(verified.contains("1 of 1 store complete"), "{verified}");
    assert_eq!(run(&["search", "store:corner", "--format", "jsonl", "--limit", "1000"]).lines().count(), ROWS);
    let report = run(&["report", "--since", "2026-01-01", "--until", "2026-01-02"]);
    assert!(report.contains("acme:corner") && report.contains("230"), "{report}");

    let configuration = folder.path().join("storelogs.toml");
    let configured =
        |lines: &str| fs::write(&configuration, format!("[[store]]\nplatform = \"acme\"\n{lines}\n")).unwrap();
    configured("store = \"corner\"\naccess_token = { env = \"ACME_ACCESS_TOKEN\" }");
    run(&["status"]);
    configured("store = \"corner\"\nbucket = 9");
    let refused =
        Command::new(env!("CARGO_BIN_EXE_storelogs-acme")).arg("check").current_dir(&folder).output().unwrap();
    let refused = String::from_utf8(refused.stderr).unwrap();
    assert!(refused.contains("requests_per_second and bucket are for SHOPLINE stores only"), "{refused}");
}

/// Measures the code that a new platform needs, besides its document.
#[test]
fn the_adapter_is_under_300_lines() {
    let lines = |path: &str| fs::read_to_string(path).unwrap().lines().count();
    let lines: usize = ["build.rs", "src/lib.rs", "src/convert.rs", "src/facts.rs"].map(lines).iter().sum();
    assert!(lines < 300, "{lines} lines");
}
