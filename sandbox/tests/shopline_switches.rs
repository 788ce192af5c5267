//! The switches of SHOPLINE's behaviour: each does what it says.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{ALL, Got, client, ids, now, operation_logs, operation_record, operation_records, time};
use serde_json::{Value, json};
use storelogs_sandbox::{
    BeyondHorizon, Bucket, Count, Envelope, ErrorShape, Horizon, LinkHeader, Lock, Platform, Sandbox, ShoplineBehavior,
    SinceId, Store, SubjectId, TimeRangeBounds,
};

const STORE: &str = "open001";

fn unlimited() -> ShoplineBehavior {
    ShoplineBehavior::unlimited()
}

async fn with(count: i64, behavior: ShoplineBehavior) -> Sandbox {
    let store = Store::shopline(STORE).records(operation_records(count)).behavior(behavior);
    Sandbox::builder().store(store).start().await.unwrap()
}

fn id(n: i64) -> String {
    (7_000_000_000_000_000_000 + n).to_string()
}

/// The ids' last parts, joined.
fn short(got: &Got) -> String {
    let short = |id: String| id.trim_start_matches('7').trim_start_matches('0').to_owned();
    got.ids().into_iter().map(short).collect::<Vec<_>>().join(",")
}

async fn page(sandbox: &Sandbox, query: &str) -> Got {
    operation_logs(sandbox, STORE, &format!(".json?{ALL}&{query}")).await
}

#[tokio::test]
async fn since_id_has_five_readings() {
    let sandbox = with(9, unlimited()).await;
    let expectations = [
        (SinceId::ExclusiveOlder, "3,2,1"),
        (SinceId::InclusiveOlder, "4,3,2"),
        (SinceId::NewerAscending, "5,6,8"),
        (SinceId::NewerDescending, "9,8,6"),
        (SinceId::Ignored, "9,8,6"),
    ];
    // A 7 would be trimmed away by the short form of ids.
    sandbox.remove(Platform::Shopline, STORE, id(7));
    for (since_id, expected) in expectations {
        sandbox.set_behavior(Platform::Shopline, STORE, ShoplineBehavior { since_id, ..unlimited() });
        let got = page(&sandbox, &format!("limit=3&since_id={}", id(4))).await;
        assert_eq!(short(&got), expected, "{since_id:?}");
    }
}

#[tokio::test]
async fn a_link_header_leads_through_all_pages() {
    let behavior = ShoplineBehavior { link_header: LinkHeader::Present, ..unlimited() };
    let sandbox = with(6, behavior).await;
    let mut got = page(&sandbox, "limit=2&subject_type=products").await;
    let mut pages = vec![short(&got)];
    let token = sandbox.token(Platform::Shopline, STORE);
    while let Some(link) = got.header("link").map(str::to_owned) {
        let (url, rel) = link.split_once(">; ").unwrap();
        assert_eq!(rel, "rel=\"next\"");
        // Filters beside page_info are ignored.
        let url = format!("{}&subject_type=orders", url.trim_start_matches('<'));
        let request = client().get(url).bearer_auth(&token);
        let response = request.header("Content-Type", "application/json; charset=utf-8").send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        got = Got { status, headers, text: response.text().await.unwrap() };
        pages.push(short(&got));
    }
    assert_eq!(pages, ["6,4", "2"]);
    assert_eq!(page(&sandbox, "page_info=nonsense").await.status, 400);
}

#[tokio::test]
async fn a_time_range_may_be_too_long() {
    let behavior = ShoplineBehavior { max_time_range_days: Some(31), bad_request_status: 422, ..unlimited() };
    let sandbox = with(1, behavior).await;
    assert_eq!(page(&sandbox, "").await.status, 422);
    let query = time_range(now() - 31 * 86_400, now());
    assert_eq!(operation_logs(&sandbox, STORE, &format!(".json?{query}")).await.status, 200);
}

fn time_range(min: i64, max: i64) -> String {
    format!("created_at_min={}&created_at_max={}", time(min), time(max)).replace('+', "%2B")
}

#[tokio::test]
async fn a_time_range_may_begin_beyond_the_horizon() {
    let sandbox = with(3, unlimited()).await;
    let far = format!(".json?{}", time_range(now() - 100 * 86_400, now()));
    let near = format!(".json?{}", time_range(now() - 80 * 86_400, now()));
    for (beyond, status, rows) in [(BeyondHorizon::Reject(422), 422, 0), (BeyondHorizon::Empty, 200, 0)] {
        let horizon = Some(Horizon { months: 3, beyond });
        sandbox.set_behavior(Platform::Shopline, STORE, ShoplineBehavior { horizon, ..unlimited() });
        let got = operation_logs(&sandbox, STORE, &far).await;
        assert_eq!(got.status, status);
        assert_eq!(got.json()["data"].as_array().map_or(0, Vec::len), rows);
        assert_eq!(operation_logs(&sandbox, STORE, &near).await.ids().len(), 3);
    }
}

#[tokio::test]
async fn rows_may_be_kept_for_three_months_only() {
    let records = vec![operation_record(1, now() - 100 * 86_400), operation_record(2, now() - 80 * 86_400)];
    let behavior = ShoplineBehavior { retention_months: Some(3), ..unlimited() };
    let store = Store::shopline(STORE).records(records).behavior(behavior);
    let sandbox = Sandbox::builder().store(store).start().await.unwrap();
    assert_eq!(short(&page(&sandbox, "").await), "2");
    assert_eq!(sandbox.records(Platform::Shopline, STORE).len(), 1);
    assert_eq!(operation_logs(&sandbox, STORE, &format!("/{}.json", id(1))).await.status, 404);
}

#[tokio::test]
async fn the_list_may_have_its_earlier_name() {
    let sandbox = with(2, ShoplineBehavior { envelope: Envelope::OperationLogs, ..unlimited() }).await;
    let got = page(&sandbox, "").await.json();
    assert_eq!(ids(&got["operationLogs"]), [id(2), id(1)]);
}

#[tokio::test]
async fn subject_ids_and_extra_fields_may_be_sent() {
    let sandbox = with(2, unlimited()).await;
    assert_eq!(page(&sandbox, "").await.json()["data"][0].get("subject_id"), None);
    let behavior = ShoplineBehavior { subject_id: SubjectId::Present, extra_fields: true, ..unlimited() };
    sandbox.set_behavior(Platform::Shopline, STORE, behavior);
    let mut rows = page(&sandbox, "").await.json()["data"].as_array().unwrap().clone();
    assert!(rows[0]["subject_id"].is_string() && rows[0]["channel"].is_object());
    rows.reverse();
    assert_eq!(rows, sandbox.records(Platform::Shopline, STORE));
    let one = operation_logs(&sandbox, STORE, &format!("/{}.json", id(1))).await.json();
    assert_eq!(one["data"], rows[0]);
}

#[tokio::test]
async fn the_time_range_may_leave_out_its_bounds() {
    let at = now() - 3600;
    let records: Vec<Value> = (1..=5).map(|n| operation_record(n, at + n)).collect();
    let store = Store::shopline(STORE).records(records);
    let sandbox = Sandbox::builder().store(store).start().await.unwrap();
    let tail = format!(".json?{}", time_range(at + 2, at + 4));
    for (time_range_bounds, expected) in [
        (TimeRangeBounds::Inclusive, "4,3,2"),
        (TimeRangeBounds::MaxExclusive, "3,2"),
        (TimeRangeBounds::Exclusive, "3"),
    ] {
        sandbox.set_behavior(Platform::Shopline, STORE, ShoplineBehavior { time_range_bounds, ..unlimited() });
        assert_eq!(short(&operation_logs(&sandbox, STORE, &tail).await), expected);
    }
}

#[tokio::test]
async fn the_count_may_be_wrong_or_missing() {
    let sandbox = with(4, unlimited()).await;
    let ask = async |count| {
        sandbox.set_behavior(Platform::Shopline, STORE, ShoplineBehavior { count, ..unlimited() });
        operation_logs(&sandbox, STORE, &format!("/count.json?{ALL}")).await
    };
    assert_eq!(ask(Count::Right).await.json(), json!({ "data": { "count": 4 } }));
    assert_eq!(ask(Count::Wrong(-3)).await.json()["data"]["count"], 1);
    assert_eq!(ask(Count::Wrong(-9)).await.json()["data"]["count"], 0);
    assert_eq!(ask(Count::Unavailable).await.status, 404);
}

#[tokio::test]
async fn errors_come_in_three_shapes() {
    let sandbox = with(1, unlimited()).await;
    let ask = async |error_shape, error_code| {
        let behavior = ShoplineBehavior { error_shape, error_code, ..unlimited() };
        sandbox.set_behavior(Platform::Shopline, STORE, behavior);
        operation_logs(&sandbox, STORE, "/1.json").await.json()
    };
    assert_eq!(ask(ErrorShape::String, false).await, json!({ "errors": "Not found" }));
    assert_eq!(ask(ErrorShape::Array, false).await, json!({ "errors": ["Not found"] }));
    assert_eq!(ask(ErrorShape::Map, false).await, json!({ "errors": { "base": ["Not found"] } }));
    assert_eq!(ask(ErrorShape::String, true).await["code"], "E404");
}

#[tokio::test]
async fn an_empty_page_in_the_middle_is_right_when_asked_again() {
    let sandbox = with(6, ShoplineBehavior { empty_middle_page: Some(2), ..unlimited() }).await;
    assert_eq!(short(&page(&sandbox, "limit=2").await), "6,5");
    let second = format!("limit=2&since_id={}", id(5));
    assert_eq!(short(&page(&sandbox, &second).await), "");
    assert_eq!(short(&page(&sandbox, &second).await), "4,3");
}

#[tokio::test]
async fn the_last_page_may_repeat_for_ever() {
    let sandbox = with(5, ShoplineBehavior { repeat_last_page: true, ..unlimited() }).await;
    let end = page(&sandbox, &format!("limit=2&since_id={}", id(1))).await;
    assert_eq!(short(&end), "2,1");
}

#[tokio::test]
async fn doubled_rows_hide_no_row() {
    let sandbox = with(4, ShoplineBehavior { duplicate_rows: true, ..unlimited() }).await;
    assert_eq!(short(&page(&sandbox, "limit=3").await), "4,4,3");
    assert_eq!(short(&page(&sandbox, &format!("limit=3&since_id={}", id(3))).await), "2,2,1");
}

#[tokio::test]
async fn repeated_excess_locks_the_store() {
    let bucket = Some(Bucket { size: 2.0, per_second: 4.0 });
    let lock = Some(Lock { after: 2, lasts: Duration::from_secs(60) });
    let sandbox = with(1, ShoplineBehavior { bucket, lock, ..unlimited() }).await;
    sandbox.clock().stop();
    let mut statuses = Vec::new();
    for _ in 0..6 {
        statuses.push(page(&sandbox, "").await.status);
    }
    assert_eq!(statuses, [200, 200, 429, 429, 423, 423]);
    sandbox.clock().advance(Duration::from_secs(60));
    assert_eq!(page(&sandbox, "").await.status, 200);
}

#[tokio::test]
async fn scope_content_type_and_versions_are_switches() {
    let sandbox = with(1, ShoplineBehavior { missing_scope: true, ..unlimited() }).await;
    assert_eq!(page(&sandbox, "").await.status, 403);
    let behavior = ShoplineBehavior {
        wrong_content_type: None,
        versions: vec!["v20270101".into()],
        joined_trace_every: 1,
        ..unlimited()
    };
    sandbox.set_behavior(Platform::Shopline, STORE, behavior);
    let got = page(&sandbox, "").await;
    assert_eq!(got.status, 404);
    assert!(got.header("traceid").unwrap().contains(','));
    let url = format!("{}/admin/openapi/v20270101/store/operation_logs.json?{ALL}", sandbox.shopline_url());
    let token = sandbox.token(Platform::Shopline, STORE);
    assert_eq!(client().get(url).bearer_auth(token).send().await.unwrap().status(), 200);
}
