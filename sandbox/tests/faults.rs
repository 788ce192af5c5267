//! Faults: each happens on the wire or in the rows, when its rule says.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::{Duration, Instant};

use common::{
    ALL, client_builder, now, operation_logs, operation_records, system_logs, system_record, system_records,
    try_operation_logs, try_system_logs,
};
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, Endpoint, Fault, Faults, Platform, RateLimitForm, Rule, Sandbox, Store, When};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

const STORE: &str = "abc123";

/// Both platforms with six rows each and the same script.
async fn with(faults: Faults) -> Sandbox {
    let behavior = Behavior::unlimited();
    let bigcommerce = Store::bigcommerce(STORE).records(system_records(6));
    let shopline = Store::shopline(STORE).records(operation_records(6));
    Sandbox::builder()
        .store(bigcommerce.behavior(behavior.clone()).faults(faults.clone()))
        .store(shopline.behavior(behavior).faults(faults))
        .start()
        .await
        .unwrap()
}

async fn statuses(sandbox: &Sandbox, count: usize) -> Vec<u16> {
    let mut statuses = Vec::new();
    for _ in 0..count {
        statuses.push(system_logs(sandbox, STORE, "").await.status);
    }
    statuses
}

/// All bytes that come before the connection ends, and how it ends.
async fn raw(sandbox: &Sandbox) -> (String, std::io::Result<usize>) {
    let address = sandbox.bigcommerce_url();
    let mut stream = TcpStream::connect(address.trim_start_matches("http://")).await.unwrap();
    let request =
        format!("GET /stores/{STORE}/v3/store/systemlogs HTTP/1.1\r\nhost: x\r\nx-auth-token: sandbox-token\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut bytes = Vec::new();
    let end = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut bytes)).await.unwrap();
    (String::from_utf8(bytes).unwrap(), end)
}

#[tokio::test]
async fn rules_fire_when_they_say() {
    let fail = || Fault::Status(503);
    let sandbox = with(Faults::none().nth(2, fail())).await;
    assert_eq!(statuses(&sandbox, 4).await, [200, 503, 200, 200]);
    let set = |faults| sandbox.set_faults(Platform::BigCommerce, STORE, faults);
    set(Faults::none().every(2, fail()).times(2));
    assert_eq!(statuses(&sandbox, 7).await, [200, 503, 200, 503, 200, 200, 200]);
    set(Faults::none().always(fail()).times(1));
    assert_eq!(statuses(&sandbox, 3).await, [503, 200, 200]);
    set(Faults::none().page(2, fail()));
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=1").await.status, 200);
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=2").await.status, 503);
    set(Faults::none().probability(7, 0.5, fail()));
    let first = statuses(&sandbox, 30).await;
    set(Faults::none().with(Rule::new(When::Probability(7, 0.5), fail())));
    assert_eq!(statuses(&sandbox, 30).await, first);
    assert!((8..=22).contains(&first.iter().filter(|&&status| status == 503).count()));
}

#[tokio::test]
async fn a_shopline_page_is_numbered_by_its_place_in_the_time_range() {
    let sandbox = with(Faults::none().page(2, Fault::Status(504))).await;
    let first = operation_logs(&sandbox, STORE, &format!(".json?limit=2&{ALL}")).await;
    assert_eq!(first.status, 200);
    let tail = format!(".json?limit=2&{ALL}&since_id={}", first.ids()[1]);
    let got = operation_logs(&sandbox, STORE, &tail).await;
    assert_eq!(got.status, 504);
    assert!(got.json()["errors"].as_str().unwrap().contains("smaller requests"));
}

#[tokio::test]
async fn a_rule_may_look_at_another_endpoint() {
    let sandbox = with(Faults::none().always(Fault::Status(500)).on(Endpoint::Count)).await;
    assert_eq!(operation_logs(&sandbox, STORE, &format!("/count.json?{ALL}")).await.status, 500);
    assert_eq!(operation_logs(&sandbox, STORE, &format!(".json?{ALL}")).await.status, 200);
}

#[tokio::test]
async fn errors_come_in_the_vendors_body_or_as_html() {
    let sandbox = with(Faults::none().nth(1, Fault::Status(500)).nth(2, Fault::Html(502))).await;
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!((got.status, &got.json()["status"]), (500, &json!(500)));
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!((got.status, got.header("content-type")), (502, Some("text/html")));
    assert!(got.text.starts_with("<html>"));
    let tail = format!(".json?{ALL}");
    assert_eq!(
        operation_logs(&sandbox, STORE, &tail).await.json(),
        json!({ "errors": "An internal error has occurred" })
    );
    assert!(operation_logs(&sandbox, STORE, &tail).await.text.starts_with("<html>"));
}

#[tokio::test]
async fn a_scripted_rate_limit_has_any_form() {
    let limit = |form| Fault::RateLimit(form, Duration::from_secs(7));
    let faults = Faults::none()
        .nth(1, limit(RateLimitForm::Full))
        .nth(2, limit(RateLimitForm::XRetryAfter))
        .nth(3, limit(RateLimitForm::RetryAfterSeconds))
        .nth(4, limit(RateLimitForm::RetryAfterDate))
        .nth(5, limit(RateLimitForm::Bare));
    let sandbox = with(faults).await;
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.header("x-rate-limit-time-reset-ms"), Some("7000"));
    assert_eq!((got.header("x-retry-after"), got.header("x-rate-limit-requests-left")), (Some("7"), Some("0")));
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!((got.header("x-retry-after"), got.header("x-rate-limit-requests-left")), (Some("7"), None));
    assert_eq!(system_logs(&sandbox, STORE, "").await.header("retry-after"), Some("7"));
    let before = now();
    let got = system_logs(&sandbox, STORE, "").await;
    let date = jiff::fmt::rfc2822::parse(got.header("retry-after").unwrap()).unwrap().timestamp().as_second();
    assert!((before + 6..=now() + 8).contains(&date), "{before} {date}");
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!((got.status, got.text.as_str()), (429, ""));
    let got = operation_logs(&sandbox, STORE, &format!(".json?{ALL}")).await;
    assert_eq!((got.status, got.text.as_str()), (429, r#"{"errors":"Too many request"}"#));
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_it_said() {
    let sandbox = with(Faults::none().always(Fault::CutBody(100))).await;
    assert!(try_system_logs(&sandbox, STORE, "").await.is_err());
    assert!(try_operation_logs(&sandbox, STORE, &format!(".json?{ALL}")).await.is_err());
    let (text, _) = raw(&sandbox).await;
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let declared = head.lines().find_map(|line| line.strip_prefix("content-length: ")).unwrap();
    assert!(declared.parse::<usize>().unwrap() > 1000);
    assert_eq!(body.len(), 100);
    assert!(body.starts_with("{\"data\":[{\"id\":1,"));
}

#[tokio::test]
async fn a_reset_connection_gives_no_answer() {
    let sandbox = with(Faults::none().nth(1, Fault::Reset).nth(2, Fault::Reset)).await;
    let (text, end) = raw(&sandbox).await;
    assert_eq!(text, "");
    assert_eq!(end.unwrap_err().kind(), std::io::ErrorKind::ConnectionReset);
    assert!(try_system_logs(&sandbox, STORE, "").await.is_err());
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 200);
    assert_eq!(sandbox.journal()[0].status, 0);
}

#[tokio::test]
async fn answers_can_be_late_or_slow() {
    let faults = Faults::none().nth(1, Fault::Delay(Duration::from_millis(300))).nth(2, Fault::SlowBody(5000));
    let sandbox = with(faults).await;
    for _ in 0..2 {
        let start = Instant::now();
        assert_eq!(system_logs(&sandbox, STORE, "").await.ids().len(), 6);
        assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    }
    sandbox.set_latency(Platform::BigCommerce, STORE, Duration::from_millis(100));
    let start = Instant::now();
    system_logs(&sandbox, STORE, "").await;
    assert!(start.elapsed() >= Duration::from_millis(100));
}

#[tokio::test]
async fn bodies_can_be_malformed_whole_or_in_one_record() {
    let faults =
        Faults::none().nth(1, Fault::MalformedJson).nth(2, Fault::MalformedRecord(1)).nth(3, Fault::WrongTypes(2));
    let sandbox = with(faults).await;
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.status, 200);
    assert!(serde_json::from_str::<Value>(&got.text).is_err());
    let rows = system_logs(&sandbox, STORE, "").await.json()["data"].clone();
    assert!(rows[1].is_array() && rows[0]["id"] == 1 && rows[2]["id"] == 3);
    let rows = system_logs(&sandbox, STORE, "").await.json()["data"].clone();
    assert!(rows[2]["id"].is_object() && rows[2]["date_created"] == true && rows[3]["id"] == 4);
    let tail = format!(".json?{ALL}");
    assert!(serde_json::from_str::<Value>(&operation_logs(&sandbox, STORE, &tail).await.text).is_err());
    assert!(operation_logs(&sandbox, STORE, &tail).await.json()["data"][1].is_array());
    assert!(operation_logs(&sandbox, STORE, &tail).await.json()["data"][2]["id"].is_object());
}

#[tokio::test]
async fn bodies_can_be_huge_at_once_or_when_unpacked() {
    let size = 3_000_000;
    let sandbox = with(Faults::none().nth(1, Fault::Oversize(size)).nth(2, Fault::GzipBomb(size))).await;
    let got = system_logs(&sandbox, STORE, "").await;
    assert!(got.text.len() as u64 >= size);
    assert_eq!(got.header("content-length"), None);
    assert_eq!(got.ids().len(), 6);
    let (packed, _) = {
        let url = format!("{}/stores/{STORE}/v3/store/systemlogs", sandbox.bigcommerce_url());
        let client = client_builder().no_gzip().build().unwrap();
        let response = client.get(url).header("X-Auth-Token", "sandbox-token").send().await.unwrap();
        assert_eq!(response.headers()["content-encoding"], "gzip");
        (response.bytes().await.unwrap(), ())
    };
    assert!(packed.len() < 100_000, "{}", packed.len());
    let mut unpacked = String::new();
    std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(&packed[..]), &mut unpacked).unwrap();
    assert!(unpacked.len() as u64 >= size);
    assert_eq!(serde_json::from_str::<Value>(&unpacked).unwrap()["data"], json!([]));
}

#[tokio::test]
async fn a_page_can_be_empty_or_the_one_before() {
    let sandbox = with(Faults::none().nth(1, Fault::EmptyPage).nth(2, Fault::RepeatPage)).await;
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=2").await.ids().len(), 0);
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=2").await.ids(), ["1", "2"]);
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=2").await.ids(), ["3", "4"]);
    let all = operation_logs(&sandbox, STORE, &format!("/count.json?{ALL}")).await.json();
    assert_eq!(all["data"]["count"], 6);
    let newest = sandbox.oracle(Platform::Shopline, STORE, 0, i64::MAX)[4].clone();
    let tail = format!(".json?limit=2&{ALL}&since_id={newest}");
    assert_eq!(operation_logs(&sandbox, STORE, &tail).await.ids().len(), 0);
    let repeated = operation_logs(&sandbox, STORE, &tail).await.ids();
    let right = operation_logs(&sandbox, STORE, &tail).await.ids();
    assert_eq!(repeated[1], newest);
    assert!(right.iter().all(|id| *id < newest));
}

#[tokio::test]
async fn rows_arrive_and_are_purged_while_pages_are_read() {
    let sandbox = with(Faults::none().nth(2, Fault::Arrive(3)).nth(3, Fault::Purge(2))).await;
    let newest = "limit=2&direction=desc";
    assert_eq!(system_logs(&sandbox, STORE, newest).await.ids(), ["6", "5"]);
    assert_eq!(system_logs(&sandbox, STORE, newest).await.ids(), ["9", "8"]);
    assert_eq!(system_logs(&sandbox, STORE, "limit=9").await.ids(), ["3", "4", "5", "6", "7", "8", "9"]);
    assert_eq!(sandbox.oracle(Platform::BigCommerce, STORE, 0, i64::MAX).len(), 7);
    let tail = format!(".json?{ALL}");
    let mut rows = Vec::new();
    for _ in 0..3 {
        rows.push(operation_logs(&sandbox, STORE, &tail).await.ids().len());
    }
    assert_eq!(rows, [6, 9, 7]);
}

#[tokio::test]
async fn a_store_with_faults_does_not_disturb_its_neighbour() {
    let sandbox = with(Faults::none().always(Fault::Status(500))).await;
    sandbox.add_store(Store::bigcommerce("calm").records(vec![system_record(1, now())]));
    assert_eq!(system_logs(&sandbox, "calm", "").await.status, 200);
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 500);
    assert!(sandbox.remove_store(Platform::BigCommerce, STORE));
    assert_eq!(sandbox.stores(Platform::BigCommerce), ["calm"]);
}

#[tokio::test]
async fn an_arriving_row_never_takes_the_id_of_a_late_one() {
    let sandbox = with(Faults::none().nth(1, Fault::Arrive(1))).await;
    sandbox.push(Platform::BigCommerce, STORE, system_record(7, now() - 30 * 86_400));
    assert_eq!(system_logs(&sandbox, STORE, "").await.ids(), ["7", "1", "2", "3", "4", "5", "6", "8"]);
}
