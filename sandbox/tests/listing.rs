//! The switches that both platforms' lists share: each does what it says, and the true entries stay the same.

#![allow(clippy::unwrap_used)]

mod common;

use std::collections::HashSet;

use common::{
    ALL, Got, now, operation_logs, operation_record, operation_records, system_logs, system_record, system_records,
};
use serde_json::{Value, json};
use storelogs_sandbox::{
    Behavior, BigCommerceBehavior, ClampOffset, Damage, Damaged, DamagedRows, DateHeader, EmptyForm, EndlessTotal,
    Hidden, History, Listing, LostParameters, Platform, Presence, Restored, Sandbox, ShoplineBehavior, SilentClamp,
    Store, Ties,
};

const STORE: &str = "abc123";

/// Both platforms with this list.
fn behavior(listing: &Listing) -> Behavior {
    Behavior {
        bigcommerce: BigCommerceBehavior { listing: listing.clone(), ..BigCommerceBehavior::unlimited() },
        shopline: ShoplineBehavior { listing: listing.clone(), ..ShoplineBehavior::unlimited() },
    }
}

async fn with(count: i64, listing: &Listing) -> Sandbox {
    let behavior = behavior(listing);
    Sandbox::builder()
        .store(Store::bigcommerce(STORE).records(system_records(count)).behavior(behavior.clone()))
        .store(Store::shopline(STORE).records(operation_records(count)).behavior(behavior))
        .start()
        .await
        .unwrap()
}

async fn operations(sandbox: &Sandbox, query: &str) -> Got {
    operation_logs(sandbox, STORE, &format!(".json?{ALL}&{query}")).await
}

fn pagination(got: &Got) -> Value {
    got.json()["meta"]["pagination"].clone()
}

#[tokio::test]
async fn a_hidden_limit_loses_rows_or_only_shortens_pages() {
    let clamp = |offset| Listing { silent_clamp: Some(SilentClamp { rows: 2, offset }), ..Listing::default() };
    let sandbox = with(10, &clamp(ClampOffset::Asked)).await;
    let ids = async |query: &str| system_logs(&sandbox, STORE, query).await.ids().join(",");
    assert_eq!((ids("limit=5").await, ids("limit=5&page=2").await), ("1,2".into(), "6,7".into()));
    let got = system_logs(&sandbox, STORE, "limit=5&page=2").await;
    assert_eq!(json!([pagination(&got)["total"], pagination(&got)["per_page"]]), json!([10, 5]));
    assert_eq!(pagination(&got)["links"].get("next"), None);
    sandbox.set_behavior(Platform::BigCommerce, STORE, behavior(&clamp(ClampOffset::Given)));
    assert_eq!((ids("limit=5&page=2").await, ids("limit=5&page=5").await), ("3,4".into(), "9,10".into()));
    assert_eq!(ids("limit=1&page=2").await, "2");
    assert_eq!(operations(&sandbox, "limit=5").await.ids().len(), 2);
}

#[tokio::test]
async fn rows_of_one_second_may_come_in_another_order_at_each_request() {
    let at = now() - 3600;
    let (mut system, mut operation) = (vec![system_record(99, at + 1)], vec![operation_record(99, at + 1)]);
    system.extend((1..=30).map(|id| system_record(id, at)));
    operation.extend((1..=30).map(|id| operation_record(id, at)));
    let shuffled = behavior(&Listing { ties: Ties::Shuffled, ..Listing::default() });
    let sandbox = Sandbox::builder()
        .store(Store::bigcommerce(STORE).records(system).behavior(shuffled.clone()))
        .store(Store::shopline(STORE).records(operation).behavior(shuffled))
        .start()
        .await
        .unwrap();
    let (mut orders, mut halves) = (HashSet::new(), HashSet::new());
    for _ in 0..4 {
        let whole = system_logs(&sandbox, STORE, "limit=31&direction=desc").await.ids();
        assert_eq!((whole.len(), whole[0].as_str()), (31, "99"));
        assert_eq!(whole.iter().collect::<HashSet<_>>().len(), 31);
        orders.insert(whole);
        halves.insert(system_logs(&sandbox, STORE, "limit=16&page=2").await.ids());
        orders.insert(operations(&sandbox, "limit=31").await.ids());
    }
    assert_eq!((orders.len(), halves.len()), (8, 4));
    let first = operations(&sandbox, "limit=1").await.ids();
    let rest = operations(&sandbox, &format!("limit=100&since_id={}", first[0])).await.ids();
    assert_eq!(rest.iter().collect::<HashSet<_>>().len(), 30);
}

#[tokio::test]
async fn rows_taken_out_of_a_cut_page_are_in_no_truth() {
    for counted in [false, true] {
        let hidden = Listing { hidden: Some(Hidden { one_of: 4, counted }), ..Listing::default() };
        let sandbox = with(60, &hidden).await;
        for platform in [Platform::BigCommerce, Platform::Shopline] {
            let truth = sandbox.oracle(platform, STORE, 0, i64::MAX);
            assert!((30..60).contains(&truth.len()), "{platform}: {}", truth.len());
            assert_eq!(sandbox.records(platform, STORE).len(), truth.len());
            let mut ids = Vec::new();
            let mut counts = HashSet::new();
            match platform {
                Platform::BigCommerce => {
                    for page in 1..=3 {
                        let got = system_logs(&sandbox, STORE, &format!("limit=20&page={page}")).await;
                        ids.extend(got.ids());
                        counts.insert(pagination(&got)["total"].as_u64().unwrap());
                    }
                }
                Platform::Shopline => {
                    ids = operations(&sandbox, "limit=200").await.ids();
                    ids.reverse();
                    let got = operation_logs(&sandbox, STORE, &format!("/count.json?{ALL}")).await;
                    counts.insert(got.json()["data"]["count"].as_u64().unwrap());
                }
            }
            assert_eq!(ids, truth);
            assert_eq!(counts, HashSet::from([if counted { 60 } else { truth.len() as u64 }]));
        }
    }
}

#[tokio::test]
async fn a_list_without_end_has_new_rows_on_every_page() {
    for total in [EndlessTotal::Growing, EndlessTotal::Constant] {
        let sandbox = with(3, &Listing { endless: Some(total), ..Listing::default() }).await;
        let (mut ids, mut totals, mut last) = (HashSet::new(), Vec::new(), String::new());
        for page in 1..=40 {
            let got = system_logs(&sandbox, STORE, &format!("limit=5&direction=desc&page={page}")).await;
            assert_eq!(got.ids().len(), 5);
            assert!(pagination(&got)["links"]["next"].is_string());
            ids.extend(got.ids());
            totals.push(pagination(&got)["total"].as_u64().unwrap());
        }
        assert_eq!(ids.len(), 200);
        assert_eq!(totals.windows(2).all(|pair| pair[0] < pair[1]), total == EndlessTotal::Growing, "{totals:?}");
        assert!(total == EndlessTotal::Growing || totals.iter().all(|total| *total == 3));
        let mut ids = HashSet::new();
        for _ in 0..40 {
            let got = operations(&sandbox, &format!("limit=5{last}")).await.ids();
            last = format!("&since_id={}", got[4]);
            ids.extend(got);
        }
        assert_eq!(ids.len(), 200);
        assert_eq!(sandbox.oracle(Platform::Shopline, STORE, 0, i64::MAX).len(), 3);
    }
}

#[tokio::test]
async fn an_answer_without_rows_has_five_forms() {
    let expectations = [
        (EmptyForm::List, 200, "{\"data\":[]}"),
        (EmptyForm::Null, 200, "{\"data\":null}"),
        (EmptyForm::Missing, 200, "{}"),
        (EmptyForm::NoContent, 204, ""),
        (EmptyForm::NoBody, 200, ""),
    ];
    for (empty, status, text) in expectations {
        let sandbox = with(3, &Listing { empty, ..Listing::default() }).await;
        let got = operations(&sandbox, "subject_type=none").await;
        assert_eq!((got.status, got.text.as_str()), (status, text));
        let got = system_logs(&sandbox, STORE, "page=2").await;
        assert_eq!(got.status, status);
        if !text.is_empty() {
            assert_eq!(pagination(&got)["total"], 3, "{empty:?}");
            assert_eq!(got.json().get("data"), serde_json::from_str::<Value>(text).unwrap().get("data"));
        }
        assert_eq!(system_logs(&sandbox, STORE, "").await.ids().len(), 3);
    }
}

#[tokio::test]
async fn records_are_damaged_until_they_no_longer_are() {
    let from = now() - 86_400 - 60; // the last two of the records
    let damaged = |rows, damage| Listing { damaged: vec![Damaged { rows, damage }], ..Listing::default() };
    let sandbox = with(4, &damaged(DamagedRows::Time(from, i64::MAX), Damage::WrongTypes)).await;
    let list = async || system_logs(&sandbox, STORE, "").await.json()["data"].clone();
    assert_eq!(list().await[1]["date_created"].as_str().unwrap().len(), 25);
    assert_eq!(list().await[2]["date_created"], true);
    assert_eq!(operations(&sandbox, "").await.json()["data"][0]["created_at"], true);
    assert_eq!(sandbox.oracle(Platform::BigCommerce, STORE, 0, i64::MAX), ["1", "2", "3", "4"]);
    let set = |listing: &Listing| sandbox.set_behavior(Platform::BigCommerce, STORE, behavior(listing));
    set(&damaged(DamagedRows::All, Damage::NoObject));
    assert!(list().await.as_array().unwrap().iter().all(Value::is_array));
    set(&damaged(DamagedRows::Id(2), Damage::NoTime));
    assert_eq!((&list().await[1]["id"], &list().await[1]["date_created"]), (&json!(2), &json!("the other day")));
    set(&damaged(DamagedRows::Id(2), Damage::LoneSurrogate));
    assert!(system_logs(&sandbox, STORE, "").await.text.contains("row 2 \\ud83d and on"));
    set(&damaged(DamagedRows::Id(2), Damage::InvalidUtf8));
    // Read as text, the odd byte becomes a replacement character.
    assert!(system_logs(&sandbox, STORE, "").await.text.contains("row 2 \u{fffd} and on"));
    set(&Listing::default());
    assert_eq!(list().await[1]["summary"], "row 2");
}

#[tokio::test]
async fn a_gateway_may_lose_the_query() {
    let lost = |lost_parameters| Listing { lost_parameters, ..Listing::default() };
    let sandbox = with(60, &lost(LostParameters::All)).await;
    let got = system_logs(&sandbox, STORE, "limit=5&page=3").await;
    assert_eq!((got.ids().len(), got.ids()[0].as_str()), (50, "1"));
    let named = lost(LostParameters::Named(vec!["page".into(), "since_id".into()]));
    for platform in [Platform::BigCommerce, Platform::Shopline] {
        sandbox.set_behavior(platform, STORE, behavior(&named));
    }
    assert_eq!(system_logs(&sandbox, STORE, "limit=5&page=3").await.ids(), ["1", "2", "3", "4", "5"]);
    let first = operations(&sandbox, "limit=2").await.ids();
    assert_eq!(operations(&sandbox, &format!("limit=2&since_id={}", first[1])).await.ids(), first);
    assert_eq!(sandbox.journal().of(Platform::BigCommerce, STORE).last().unwrap().param("page"), Some("3"));
}

#[tokio::test]
async fn the_date_may_be_off_or_absent() {
    for platform in [Platform::BigCommerce, Platform::Shopline] {
        let sandbox = with(1, &Listing::default()).await;
        let date = async |date| {
            sandbox.set_behavior(platform, STORE, behavior(&Listing { date, ..Listing::default() }));
            let got = match platform {
                Platform::BigCommerce => system_logs(&sandbox, STORE, "").await,
                Platform::Shopline => operations(&sandbox, "").await,
            };
            let date = got.header("date").map(|date| jiff::fmt::rfc2822::parse(date).unwrap().timestamp().as_second());
            date.map(|date| date - now())
        };
        assert!((-5..=1).contains(&date(DateHeader::Right).await.unwrap()));
        assert!((3590..=3601).contains(&date(DateHeader::Off(3600)).await.unwrap()));
        assert!((-3610..=-3599).contains(&date(DateHeader::Off(-3600)).await.unwrap()));
        assert_eq!(date(DateHeader::Absent).await, None);
    }
}

#[tokio::test]
async fn a_backup_brings_other_rows_or_other_ones_under_the_same_ids() {
    for platform in [Platform::BigCommerce, Platform::Shopline] {
        let sandbox = with(100, &Listing::default()).await;
        let all = || sandbox.oracle(platform, STORE, 0, i64::MAX).into_iter().collect::<HashSet<_>>();
        let before = all();
        let gone: HashSet<String> =
            sandbox.restore_backup(platform, STORE, 40, Restored::OtherIds).into_iter().collect();
        assert_eq!((gone.len(), all().len()), (40, 100));
        assert_eq!(before.difference(&all()).cloned().collect::<HashSet<_>>(), gone);
        let before = all();
        let texts = sandbox.records(platform, STORE);
        let again = sandbox.restore_backup(platform, STORE, 7, Restored::SameIds);
        assert_eq!((again.len(), all()), (7, before));
        let now = sandbox.records(platform, STORE);
        assert_eq!(texts.iter().filter(|record| !now.contains(record)).count(), 7);
    }
}

#[tokio::test]
async fn switches_combine() {
    let listing = Listing {
        silent_clamp: Some(SilentClamp { rows: 10, offset: ClampOffset::Given }),
        ties: Ties::Shuffled,
        hidden: Some(Hidden { one_of: 5, counted: false }),
        empty: EmptyForm::Null,
        ..Listing::default()
    };
    let history = History::bulk(3, 200).rows_per_second(1);
    let store = Store::bigcommerce(STORE).history(history).behavior(behavior(&listing));
    let sandbox = Sandbox::builder().store(store).start().await.unwrap();
    let mut ids = Vec::new();
    for page in 1..=20 {
        ids.extend(system_logs(&sandbox, STORE, &format!("limit=50&page={page}")).await.ids());
    }
    assert_eq!(ids, sandbox.oracle(Platform::BigCommerce, STORE, 0, i64::MAX));
    assert_eq!(system_logs(&sandbox, STORE, "limit=50&page=21").await.json()["data"], Value::Null);
    let without = BigCommerceBehavior { meta: Presence::Missing, listing, ..BigCommerceBehavior::unlimited() };
    sandbox.set_behavior(Platform::BigCommerce, STORE, without);
    assert_eq!(system_logs(&sandbox, STORE, "limit=50&page=21").await.text, "{\"data\":null}");
}
