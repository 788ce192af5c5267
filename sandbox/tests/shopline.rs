//! SHOPLINE operation logs, as documented or observed.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{ALL, client, ids, now, operation_logs, operation_logs_with, operation_record, operation_records, time};
use hmac::{Hmac, Mac};
use serde_json::Value;
use storelogs_sandbox::{Platform, Sandbox, ShoplineBehavior, Store, shopline_token};

const STORE: &str = "open001";

async fn sandbox(count: i64) -> Sandbox {
    with(count, ShoplineBehavior::default()).await
}

async fn with(count: i64, behavior: ShoplineBehavior) -> Sandbox {
    let store = Store::shopline(STORE).records(operation_records(count)).behavior(behavior);
    Sandbox::builder().store(store).start().await.unwrap()
}

fn id(n: i64) -> String {
    (7_000_000_000_000_000_000 + n).to_string()
}

fn newest_first(range: std::ops::RangeInclusive<i64>) -> Vec<String> {
    range.rev().map(id).collect()
}

#[tokio::test]
async fn rows_come_newest_first_and_since_id_goes_on_below() {
    let sandbox = sandbox(7).await;
    let first = operation_logs(&sandbox, STORE, &format!(".json?limit=3&{ALL}")).await;
    assert_eq!((first.status, first.ids()), (200, newest_first(5..=7)));
    let next = operation_logs(&sandbox, STORE, &format!(".json?limit=3&{ALL}&since_id={}", id(5))).await;
    assert_eq!(next.ids(), newest_first(2..=4));
    let last = operation_logs(&sandbox, STORE, &format!(".json?limit=3&{ALL}&since_id={}", id(2))).await;
    assert_eq!(last.ids(), newest_first(1..=1));
    assert!(first.header("traceid").is_some_and(|trace| trace.len() == 32));
    assert_eq!(first.header("link"), None);
    let joined = sandbox.journal().len() == 3 && last.header("traceid").is_some_and(|trace| trace.contains(','));
    assert!(joined, "the third answer has two trace ids");
}

#[tokio::test]
async fn a_purged_row_can_still_be_gone_on_from() {
    let sandbox = sandbox(5).await;
    assert!(sandbox.remove(Platform::Shopline, STORE, id(3)));
    let next = operation_logs(&sandbox, STORE, &format!(".json?{ALL}&since_id={}", id(3))).await;
    assert_eq!(next.ids(), newest_first(1..=2));
}

#[tokio::test]
async fn the_time_range_includes_both_its_seconds() {
    let at = now() - 3600;
    let records: Vec<Value> = (0..5).map(|n| operation_record(n, at + n)).collect();
    let sandbox = Sandbox::builder().store(Store::shopline(STORE).records(records)).start().await.unwrap();
    let range =
        |min: i64, max: i64| format!("created_at_min={}&created_at_max={}", time(min), time(max)).replace('+', "%2B");
    let got = operation_logs(&sandbox, STORE, &format!(".json?{}", range(at + 1, at + 3))).await;
    assert_eq!(got.ids(), newest_first(1..=3));
    let oracle = sandbox.oracle(Platform::Shopline, STORE, at + 1, at + 3);
    assert_eq!(oracle, [id(1), id(2)]);
}

#[tokio::test]
async fn subject_type_and_verb_filter() {
    let sandbox = sandbox(6).await;
    let got = operation_logs(&sandbox, STORE, &format!(".json?{ALL}&subject_type=products")).await;
    assert_eq!(got.ids(), [id(6), id(4), id(2)]);
    let got =
        operation_logs(&sandbox, STORE, &format!(".json?{ALL}&verb=change_status&limit=2&since_id={}", id(4))).await;
    assert_eq!(got.ids(), [id(3), id(1)]);
    let count = operation_logs(&sandbox, STORE, &format!("/count.json?{ALL}&verb=change_status")).await;
    assert_eq!(count.json()["data"]["count"], 3);
}

#[tokio::test]
async fn one_record_can_be_asked_for() {
    let sandbox = sandbox(3).await;
    let got = operation_logs(&sandbox, STORE, &format!("/{}.json", id(2))).await;
    assert_eq!(got.json()["data"]["id"], id(2));
    assert_eq!(operation_logs(&sandbox, STORE, "/12.json").await.status, 404);
}

#[tokio::test]
async fn what_is_required_is_required() {
    let sandbox = sandbox(1).await;
    let no_offset = "created_at_min=2026-01-01T00:00:00&created_at_max=2027-01-01T00:00:00";
    // A plus that was not encoded is a space.
    let bare_plus = "created_at_min=2026-01-01T00:00:00+08:00&created_at_max=2027-01-01T00:00:00+08:00";
    let swapped = "created_at_min=2027-01-01T00:00:00Z&created_at_max=2026-01-01T00:00:00Z";
    let bad = ["", "created_at_min=2026-01-01T00:00:00Z", no_offset, bare_plus, swapped];
    for query in bad {
        assert_eq!(operation_logs(&sandbox, STORE, &format!(".json?{query}")).await.status, 400, "{query}");
    }
    for limit in ["0", "201", "many"] {
        let got = operation_logs(&sandbox, STORE, &format!(".json?{ALL}&limit={limit}")).await;
        assert_eq!(got.status, 400, "{limit}");
    }
    let url = format!("{}/admin/openapi/v20260301/store/operation_logs.json?{ALL}", sandbox.shopline_url());
    let token = sandbox.token(Platform::Shopline, STORE);
    let client = client();
    assert_eq!(client.get(&url).bearer_auth(&token).send().await.unwrap().status(), 406);
    let other = url.replace("v20260301", "v20190101");
    assert_eq!(client.get(&other).bearer_auth(&token).send().await.unwrap().status(), 404);
}

#[tokio::test]
async fn a_wrong_or_expired_token_is_refused() {
    let sandbox = sandbox(1).await;
    let tail = format!(".json?{ALL}");
    let got = operation_logs_with(&sandbox, "wrong", &tail).await.unwrap();
    assert_eq!(got.status, 401);
    assert!(got.json()["errors"].is_string());
    let token = shopline_token(STORE, now() + 60);
    sandbox.set_token(Platform::Shopline, STORE, token.clone());
    assert_eq!(operation_logs_with(&sandbox, &token, &tail).await.unwrap().status, 200);
    sandbox.clock().advance(Duration::from_secs(61));
    assert_eq!(operation_logs_with(&sandbox, &token, &tail).await.unwrap().status, 401);
}

#[tokio::test]
async fn the_bucket_overflows_and_leaks() {
    let sandbox = sandbox(1).await;
    sandbox.clock().stop();
    let tail = format!(".json?{ALL}");
    let mut statuses = Vec::new();
    for _ in 0..45 {
        statuses.push(operation_logs(&sandbox, STORE, &tail).await.status);
    }
    assert_eq!(statuses, [[200; 40].as_slice(), &[429; 5]].concat());
    let refused = operation_logs(&sandbox, STORE, &tail).await;
    assert_eq!(refused.text, r#"{"errors":"Too many request"}"#);
    sandbox.clock().advance(Duration::from_secs(1));
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(operation_logs(&sandbox, STORE, &tail).await.status);
    }
    assert_eq!(statuses, [200, 200, 200, 200, 429], "four leak in a second");
}

#[tokio::test]
async fn stores_are_recognized_by_token_path_header_or_host() {
    let sandbox = Sandbox::builder()
        .store(Store::shopline("one").records(operation_records(1)))
        .store(Store::shopline("two").records(operation_records(2)))
        .store(Store::shopline("three").records(operation_records(3)).token("shared"))
        .store(Store::shopline("four").records(operation_records(4)).token("shared"))
        .start()
        .await
        .unwrap();
    let tail = format!(".json?{ALL}");
    assert_eq!(operation_logs(&sandbox, "two", &tail).await.ids().len(), 2);
    assert_eq!(operation_logs(&sandbox, "one", &tail).await.ids().len(), 1);
    assert_eq!(operation_logs(&sandbox, "three", &tail).await.status, 400);
    let ask = async |prefix: &str, header: (&str, &str)| {
        let url = format!("{}{prefix}/admin/openapi/v20260301/store/operation_logs{tail}", sandbox.shopline_url());
        let request = client().get(url).bearer_auth("shared").header(header.0, header.1);
        let response = request.header("Content-Type", "application/json; charset=utf-8").send().await.unwrap();
        let text = response.text().await.unwrap();
        serde_json::from_str::<Value>(&text).map_or(0, |value| ids(&value["data"]).len())
    };
    assert_eq!(ask("/four", ("x-none", "")).await, 4);
    assert_eq!(ask("", ("x-sandbox-store", "three")).await, 3);
    assert_eq!(ask("", ("host", "four.myshopline.com")).await, 4);
    assert_eq!(sandbox.journal().of(Platform::Shopline, "four").count(), 2);
}

#[tokio::test]
async fn a_token_is_refreshed_by_a_signed_request() {
    let sandbox = sandbox(1).await;
    let refresh = async |timestamp: i64, secret: &str| {
        let timestamp = timestamp.to_string();
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(timestamp.as_bytes());
        let sign: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
        let url = format!("{}/admin/oauth/token/refresh", sandbox.shopline_url());
        let request = client().post(url).header("appkey", "sandbox-app").header("timestamp", timestamp);
        let response = request.header("sign", sign).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    let old = sandbox.token(Platform::Shopline, STORE);
    assert_eq!(refresh(now() * 1000, "wrong").await.0, 401);
    assert_eq!(refresh(0, "sandbox-secret").await.0, 401);
    let (status, body) = refresh(now() * 1000, "sandbox-secret").await;
    assert_eq!((status, &body["code"], &body["i18nCode"]), (200, &Value::from(200), &Value::from("SUCCESS")));
    let new = body["data"]["accessToken"].as_str().unwrap();
    assert_ne!(new, old);
    assert_eq!(new, sandbox.token(Platform::Shopline, STORE));
    let tail = format!(".json?{ALL}");
    for token in [&old, new] {
        assert_eq!(operation_logs_with(&sandbox, token, &tail).await.unwrap().status, 200);
    }
    sandbox.clock().advance(Duration::from_secs(301));
    assert_eq!(operation_logs_with(&sandbox, &old, &tail).await.unwrap().status, 401);
    assert_eq!(operation_logs_with(&sandbox, new, &tail).await.unwrap().status, 200);
    let journal = sandbox.journal();
    let entry = journal.iter().find(|entry| entry.status == 200).unwrap();
    assert_eq!((entry.method.as_str(), entry.header("sign")), ("POST", Some("[redacted]")));
}

#[tokio::test]
async fn ten_thousand_rows_of_one_second_are_all_served() {
    let at = now() - 3600;
    let records: Vec<Value> = (0..10_000).map(|n| operation_record(n, at)).collect();
    let store = Store::shopline(STORE).records(records).behavior(ShoplineBehavior::unlimited());
    let sandbox = Sandbox::builder().store(store).start().await.unwrap();
    let mut seen = Vec::new();
    loop {
        let since = seen.last().map_or(String::new(), |id| format!("&since_id={id}"));
        let page = operation_logs(&sandbox, STORE, &format!(".json?limit=200&{ALL}{since}")).await.ids();
        if page.is_empty() {
            break;
        }
        seen.extend(page);
    }
    assert_eq!(seen, newest_first(0..=9999));
}
