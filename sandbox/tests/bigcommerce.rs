//! BigCommerce store logs, as documented or observed.

#![allow(clippy::unwrap_used)]

mod common;

use common::{client, ids, now, system_logs, system_record, system_records};
use serde_json::{Value, json};
use storelogs_sandbox::{Platform, Sandbox, Store};

const STORE: &str = "abc123";

async fn sandbox(count: i64) -> Sandbox {
    Sandbox::builder().store(Store::bigcommerce(STORE).records(system_records(count))).start().await.unwrap()
}

fn numbers(range: impl Iterator<Item = i64>) -> Vec<String> {
    range.map(|n| n.to_string()).collect()
}

#[tokio::test]
async fn pages_come_oldest_first_with_totals_and_links() {
    let sandbox = sandbox(7).await;
    let got = system_logs(&sandbox, STORE, "limit=3&page=2").await;
    assert_eq!(got.status, 200);
    assert_eq!(got.ids(), ["4", "5", "6"]);
    assert_eq!(
        got.json()["meta"]["pagination"],
        json!({
            "total": 7, "count": 3, "per_page": 3, "current_page": 2, "total_pages": 3,
            "links": { "previous": "?page=1&limit=3", "current": "?page=2&limit=3", "next": "?page=3&limit=3" },
        })
    );
    let first = system_logs(&sandbox, STORE, "limit=3").await.json();
    assert_eq!(first["meta"]["pagination"]["links"].get("previous"), None);
    let last = system_logs(&sandbox, STORE, "limit=3&page=3").await.json();
    assert_eq!(last["meta"]["pagination"]["links"].get("next"), None);
}

#[tokio::test]
async fn the_default_page_has_fifty_rows() {
    let sandbox = sandbox(60).await;
    assert_eq!(system_logs(&sandbox, STORE, "").await.ids().len(), 50);
}

#[tokio::test]
async fn descending_pages_come_newest_first() {
    let sandbox = sandbox(7).await;
    let got = system_logs(&sandbox, STORE, "direction=desc&sort=date_created&limit=3").await;
    assert_eq!(got.ids(), ["7", "6", "5"]);
    assert_eq!(system_logs(&sandbox, STORE, "direction=DESC").await.status, 422);
}

#[tokio::test]
async fn sorting_by_type_keeps_the_order_of_time_within_a_type() {
    let sandbox = sandbox(8).await;
    let got = system_logs(&sandbox, STORE, "sort=type").await;
    assert_eq!(got.ids(), ["1", "5", "2", "6", "3", "7", "4", "8"]);
}

#[tokio::test]
async fn a_module_matches_decoded_and_without_regard_to_case() {
    let sandbox = sandbox(8).await;
    let got = system_logs(&sandbox, STORE, "module=order+status").await;
    assert_eq!(got.ids(), ["2", "6"]);
    assert_eq!(got.json()["meta"]["pagination"]["links"]["current"], "?module=order+status&page=1&limit=50");
    let got = system_logs(&sandbox, STORE, "module=USPS+%28endicia%29").await;
    assert_eq!(got.ids(), ["4", "8"]);
    assert_eq!(got.json()["meta"]["pagination"]["links"]["current"], "?module=USPS+%28endicia%29&page=1&limit=50");
    let encoded_twice = system_logs(&sandbox, STORE, "module=order%2Bstatus").await;
    assert_eq!((encoded_twice.status, encoded_twice.ids().len()), (200, 0));
}

#[tokio::test]
async fn every_filter_filters() {
    let sandbox = sandbox(8).await;
    let expectations: [(&str, &[i64]); 9] = [
        ("type=shipping", &[4, 8]),
        ("type:not=shipping", &[1, 2, 3, 5, 6, 7]),
        ("module:not=Order%20Status", &[1, 3, 4, 5, 7, 8]),
        ("severity=3", &[3, 7]),
        ("severity:min=3", &[3, 4, 7, 8]),
        ("severity:max=1", &[1, 5]),
        ("severity:min=2&severity:max=3", &[2, 3, 6, 7]),
        ("id:in=7,5,99", &[5, 7]),
        ("id%3Ain=5%2C7&type=payment", &[7]),
    ];
    for (query, expected) in expectations {
        assert_eq!(system_logs(&sandbox, STORE, query).await.ids(), numbers(expected.iter().copied()), "{query}");
    }
}

#[tokio::test]
async fn date_filters_take_in_the_seconds_they_name() {
    let sandbox = sandbox(8).await;
    let at = |id: usize| jiff_second(&sandbox.records(Platform::BigCommerce, STORE)[id - 1]);
    let query = format!("date_created:min={}&date_created:max={}", at(3), at(5));
    assert_eq!(system_logs(&sandbox, STORE, &query).await.ids(), ["3", "4", "5"]);
}

fn jiff_second(record: &Value) -> i64 {
    record["date_created"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_second()
}

#[tokio::test]
async fn bad_parameters_are_named_in_the_error() {
    let sandbox = sandbox(1).await;
    for query in ["page=0", "page=x", "limit=-1", "severity=error", "id:in=a", "sort=id", "date_created:min=yesterday"]
    {
        let got = system_logs(&sandbox, STORE, query).await;
        let name = query.split('=').next().unwrap();
        assert_eq!(got.status, 422, "{query}");
        assert_eq!(got.json()["status"], 422);
        assert!(got.json()["errors"][name].is_string(), "{query}: {}", got.text);
    }
}

#[tokio::test]
async fn credentials_are_checked() {
    let sandbox = sandbox(1).await;
    let ask = async |hash: &str, token: Option<&str>| {
        let url = format!("{}/stores/{hash}/v3/store/systemlogs", sandbox.bigcommerce_url());
        let mut request = client().get(url);
        if let Some(token) = token {
            request = request.header("X-Auth-Token", token);
        }
        let response = request.send().await.unwrap();
        (response.status().as_u16(), response.text().await.unwrap())
    };
    assert_eq!(ask(STORE, Some("sandbox-token")).await.0, 200);
    let (status, text) = ask(STORE, Some("wrong")).await;
    assert_eq!(status, 401);
    assert!(text.contains("not a valid combination for this store"));
    assert_eq!(ask(STORE, None).await.0, 401);
    let (status, text) = ask("other", Some("sandbox-token")).await;
    assert_eq!(status, 403);
    assert!(text.contains("You don't have a required scope"));
    let journal = sandbox.journal();
    assert_eq!(journal.iter().map(|entry| entry.auth_ok).collect::<Vec<_>>(), [true, false, false, false]);
    assert!(!format!("{journal:?}").contains("sandbox-token"));
}

#[tokio::test]
async fn the_quota_is_on_every_answer_and_then_enforced() {
    let sandbox = sandbox(1).await;
    sandbox.clock().stop();
    for left in (0..150).rev() {
        let got = system_logs(&sandbox, STORE, "").await;
        assert_eq!(got.status, 200);
        assert_eq!(got.header("x-rate-limit-requests-left"), Some(left.to_string().as_str()));
        assert_eq!(got.header("x-rate-limit-requests-quota"), Some("150"));
        assert_eq!(got.header("x-rate-limit-time-window-ms"), Some("30000"));
    }
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.status, 429);
    assert_eq!(got.header("x-rate-limit-requests-left"), Some("0"));
    let after: u64 = got.header("x-retry-after").unwrap().parse().unwrap();
    assert!((1..=30).contains(&after));
    sandbox.clock().advance(std::time::Duration::from_secs(30));
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 200);
}

#[tokio::test]
async fn rows_older_than_a_year_are_purged_as_the_clock_goes_on() {
    let now = now();
    let year = 365 * 86_400;
    let records = vec![system_record(1, now - year - 60), system_record(2, now - year + 3600), system_record(3, now)];
    let sandbox = Sandbox::builder().store(Store::bigcommerce(STORE).records(records)).start().await.unwrap();
    assert_eq!(system_logs(&sandbox, STORE, "").await.ids(), ["2", "3"]);
    sandbox.clock().advance(std::time::Duration::from_secs(7200));
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.ids(), ["3"]);
    assert_eq!(got.json()["meta"]["pagination"]["total"], 1);
    assert_eq!(ids(&Value::from(sandbox.records(Platform::BigCommerce, STORE))), ["3"]);
}

#[tokio::test]
async fn records_can_come_and_go_while_it_runs() {
    let sandbox = sandbox(3).await;
    sandbox.push(Platform::BigCommerce, STORE, system_record(10, now()));
    sandbox.push(Platform::BigCommerce, STORE, system_record(11, now() - 30 * 86_400));
    assert!(sandbox.remove(Platform::BigCommerce, STORE, 2));
    assert!(!sandbox.remove(Platform::BigCommerce, STORE, 2));
    assert_eq!(system_logs(&sandbox, STORE, "").await.ids(), ["11", "1", "3", "10"]);
    assert_eq!(system_logs(&sandbox, STORE, "id:in=11,10").await.ids(), ["11", "10"]);
    let mut revised = system_record(3, now());
    revised["summary"] = json!("revised");
    sandbox.push(Platform::BigCommerce, STORE, revised);
    let records = sandbox.records(Platform::BigCommerce, STORE);
    assert_eq!(records.iter().filter(|record| record["id"] == 3).count(), 1);
    assert_eq!(sandbox.oracle(Platform::BigCommerce, STORE, 0, i64::MAX).len(), 4);
}
