//! Behaviours that a walk can discover only by comparing with counts, and faults that depend on the request.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{
    ALL, now, operation_logs, operation_record, system_logs, system_record, system_records, time, try_system_logs,
};
use serde_json::{Value, json};
use storelogs_sandbox::{
    Behavior, BigCommerceBehavior, Count, Fault, Faults, Platform, Sandbox, ShoplineBehavior, SinceId, Store,
    TimeRangeReading, Totals, WrongTotals,
};

const STORE: &str = "abc123";

async fn bigcommerce(faults: Faults) -> Sandbox {
    let store = Store::bigcommerce(STORE).records(system_records(10)).behavior(Behavior::unlimited());
    Sandbox::builder().store(store.faults(faults)).start().await.unwrap()
}

#[tokio::test]
async fn totals_may_be_of_some_time_ago_or_off() {
    let records: Vec<Value> = (1..=6).map(|id| system_record(id, now() - 6 * 3600 + id * 3600 - 1800)).collect();
    let sandbox = Sandbox::builder().store(Store::bigcommerce(STORE).records(records)).start().await.unwrap();
    let cases =
        [(WrongTotals::Stale(7200), 4), (WrongTotals::Off(-2), 4), (WrongTotals::Off(3), 9), (WrongTotals::Off(-9), 0)];
    for (wrong, total) in cases {
        let behavior = BigCommerceBehavior { totals: Totals::Wrong(wrong), ..BigCommerceBehavior::unlimited() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        let got = system_logs(&sandbox, STORE, "").await;
        assert_eq!((&got.json()["meta"]["pagination"]["total"], got.ids().len()), (&json!(total), 6), "{wrong:?}");
    }
}

#[tokio::test]
async fn a_count_may_be_of_some_time_ago_zero_or_missing() {
    let records: Vec<Value> = (1..=6).map(|id| operation_record(id, now() - 6 * 3600 + id * 3600 - 1800)).collect();
    let sandbox = Sandbox::builder().store(Store::shopline(STORE).records(records)).start().await.unwrap();
    let cases = [(Count::Stale(7200), json!(4)), (Count::Zero, json!(0)), (Count::Missing, Value::Null)];
    for (count, expected) in cases {
        let behavior = ShoplineBehavior { count, ..ShoplineBehavior::unlimited() };
        sandbox.set_behavior(Platform::Shopline, STORE, behavior);
        let got = operation_logs(&sandbox, STORE, &format!("/count.json?{ALL}")).await;
        assert_eq!((got.status, &got.json()["data"]["count"]), (200, &expected));
    }
}

#[tokio::test]
async fn since_id_may_compare_ids_that_are_in_no_order_of_time() {
    let at = now() - 3600;
    let records: Vec<Value> =
        [(5, 0), (1, 10), (4, 20), (2, 30), (3, 40)].map(|(id, after)| operation_record(id, at + after)).to_vec();
    let sandbox = Sandbox::builder().store(Store::shopline(STORE).records(records)).start().await.unwrap();
    let cases = [
        (SinceId::ExclusiveOlder, "2,1"),
        (SinceId::InclusiveOlder, "3,2,1"),
        (SinceId::NewerAscending, "5,4"),
        (SinceId::NewerDescending, "4,5"),
    ];
    for (since_id, expected) in cases {
        let behavior = ShoplineBehavior { since_id, since_id_compares_ids: true, ..ShoplineBehavior::unlimited() };
        sandbox.set_behavior(Platform::Shopline, STORE, behavior);
        let id = 7_000_000_000_000_000_003_i64;
        let got = operation_logs(&sandbox, STORE, &format!(".json?{ALL}&since_id={id}")).await;
        let last: Vec<String> = got.ids().iter().map(|id| id[id.len() - 1..].to_owned()).collect();
        assert_eq!(last.join(","), expected, "{since_id:?}");
    }
}

#[tokio::test]
async fn the_offset_of_a_time_range_may_be_taken_for_the_stores_own() {
    let at = now() - 30 * 3600;
    let records: Vec<Value> = (0..24).map(|hour| operation_record(hour + 1, at + hour * 3600)).collect();
    let store = Store::shopline(STORE).records(records);
    let behavior = ShoplineBehavior { time_range: TimeRangeReading::OwnZone(8), ..ShoplineBehavior::unlimited() };
    let sandbox = Sandbox::builder().store(store.behavior(behavior)).start().await.unwrap();
    let ask = async |since: i64, until: i64| {
        let query = format!("created_at_min={}&created_at_max={}", time(since), time(until)).replace('+', "%2B");
        operation_logs(&sandbox, STORE, &format!(".json?{query}")).await.ids().len()
    };
    // Eight hours earlier than asked: of the newest 12 hours only 4 come, and 8 that were not asked for.
    assert_eq!(ask(at + 12 * 3600, at + 23 * 3600).await, 12);
    assert_eq!(ask(at + 16 * 3600, at + 40 * 3600).await, 16);
    assert_eq!(ask(at, at + 7 * 3600).await, 0);
    let behavior = ShoplineBehavior { time_range: TimeRangeReading::Ignored, ..ShoplineBehavior::unlimited() };
    sandbox.set_behavior(Platform::Shopline, STORE, behavior);
    assert_eq!(ask(at, at + 7 * 3600).await, 24);
}

#[tokio::test]
async fn faults_may_depend_on_what_is_asked_for() {
    let status = async |sandbox: &Sandbox, query: &str| system_logs(sandbox, STORE, query).await.status;
    let sandbox = bigcommerce(Faults::none().limit_above(100, Fault::Status(504))).await;
    assert_eq!((status(&sandbox, "limit=101").await, status(&sandbox, "limit=100").await), (504, 200));
    let set = |faults| sandbox.set_faults(Platform::BigCommerce, STORE, faults);
    set(Faults::none().page_above(2, Fault::Status(422)));
    assert_eq!((status(&sandbox, "limit=2&page=2").await, status(&sandbox, "limit=2&page=3").await), (200, 422));
    let newest = now() - 86_400;
    set(Faults::none().range(newest, i64::MAX, Fault::Status(422)));
    let before = format!("date_created:max={}", newest - 1);
    assert_eq!((status(&sandbox, &before).await, status(&sandbox, "date_created:min=0").await), (200, 422));
    assert_eq!(status(&sandbox, "").await, 200, "it names no time range");
    set(Faults::none().rows_of(newest - 30, i64::MAX, Fault::Status(500)));
    assert_eq!((status(&sandbox, "limit=9").await, status(&sandbox, "limit=10").await), (200, 500));
    assert_eq!(status(&sandbox, "limit=1&direction=desc").await, 500);
}

#[tokio::test]
async fn a_store_may_never_answer() {
    let sandbox = bigcommerce(Faults::none().always(Fault::Hang)).await;
    let asked = tokio::time::timeout(Duration::from_millis(300), try_system_logs(&sandbox, STORE, "")).await;
    assert!(asked.is_err());
    sandbox.set_faults(Platform::BigCommerce, STORE, Faults::none());
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 200);
    tokio::time::timeout(Duration::from_secs(5), sandbox.shutdown()).await.unwrap();
}

#[tokio::test]
async fn bytes_may_be_odd_though_their_framing_is_right() {
    let faults = Faults::none()
        .nth(1, Fault::ShortJson(40))
        .nth(2, Fault::ByteOrderMark)
        .nth(3, Fault::Body("[1, 2]".into()))
        .nth(4, Fault::LoneSurrogate(1))
        .nth(5, Fault::EmptyRecords(100_000));
    let sandbox = bigcommerce(faults).await;
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!((got.text.len(), got.header("content-length")), (40, Some("40")));
    // Read as text, a leading mark is taken off; its three bytes are in the length.
    let got = system_logs(&sandbox, STORE, "").await;
    let length: usize = got.header("content-length").unwrap().parse().unwrap();
    assert_eq!(length, got.text.trim_start_matches('\u{feff}').len() + 3);
    assert_eq!(system_logs(&sandbox, STORE, "").await.text, "[1, 2]");
    assert!(system_logs(&sandbox, STORE, "").await.text.contains("row 2 \\ud83d"));
    let records = system_logs(&sandbox, STORE, "").await.json()["data"].as_array().unwrap().len();
    assert!((33_000..70_000).contains(&records), "{records}");
}
