//! The switches of BigCommerce's behaviour: each does what it says.

#![allow(clippy::unwrap_used)]

mod common;

use std::time::Duration;

use common::{client, now, system_logs, system_record, system_records};
use serde_json::{Value, json};
use storelogs_sandbox::{
    AboveLimit, BeyondLastPage, BigCommerceBehavior, DateBounds, DateFilters, Obedience, Platform, Presence,
    RateLimitForm, Sandbox, SeverityForm, Store, Totals, UnknownSeverity, WrongTotals,
};

const STORE: &str = "abc123";

async fn with(records: Vec<Value>, behavior: BigCommerceBehavior) -> Sandbox {
    let store = Store::bigcommerce(STORE).records(records).behavior(behavior);
    Sandbox::builder().store(store).start().await.unwrap()
}

fn unlimited() -> BigCommerceBehavior {
    BigCommerceBehavior::unlimited()
}

#[tokio::test]
async fn date_filters_may_be_ignored_rejected_or_exclusive() {
    let at = now() - 3600;
    let records: Vec<Value> = (1..=5).map(|n| system_record(n, at + n)).collect();
    let sandbox = with(records, unlimited()).await;
    let range = format!("date_created:min={}&date_created:max={}", at + 2, at + 4);
    let ask = async |behavior: BigCommerceBehavior| {
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        system_logs(&sandbox, STORE, &range).await
    };
    assert_eq!(ask(unlimited()).await.ids(), ["2", "3", "4"]);
    let exclusive = BigCommerceBehavior { date_bounds: DateBounds::Exclusive, ..unlimited() };
    assert_eq!(ask(exclusive).await.ids(), ["3"]);
    let ignored = BigCommerceBehavior { date_filters: DateFilters::Ignored, ..unlimited() };
    assert_eq!(ask(ignored).await.ids().len(), 5);
    let rejected = BigCommerceBehavior { date_filters: DateFilters::Rejected(422), ..unlimited() };
    let got = ask(rejected).await;
    assert_eq!(got.status, 422);
    assert!(got.json()["errors"]["date_created:min"].is_string());
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 200);
}

#[tokio::test]
async fn direction_may_be_ignored() {
    let sandbox = with(system_records(3), BigCommerceBehavior { direction: Obedience::Ignored, ..unlimited() }).await;
    assert_eq!(system_logs(&sandbox, STORE, "direction=desc").await.ids(), ["1", "2", "3"]);
}

#[tokio::test]
async fn a_limit_above_the_maximum_is_refused_or_clamped() {
    let sandbox = with(system_records(300), unlimited()).await;
    let mut statuses = Vec::new();
    for above_max_limit in [AboveLimit::Status(413), AboveLimit::Status(422), AboveLimit::Clamp] {
        let behavior = BigCommerceBehavior { max_limit: 100, above_max_limit, ..unlimited() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        statuses.push(system_logs(&sandbox, STORE, "limit=101").await.status);
        assert_eq!(system_logs(&sandbox, STORE, "limit=100").await.ids().len(), 100);
    }
    assert_eq!(statuses, [413, 422, 200]);
    let got = system_logs(&sandbox, STORE, "limit=250").await.json();
    assert_eq!(got["meta"]["pagination"]["per_page"], 100);
}

#[tokio::test]
async fn links_and_meta_may_be_missing() {
    let sandbox = with(system_records(3), BigCommerceBehavior { links: Presence::Missing, ..unlimited() }).await;
    let got = system_logs(&sandbox, STORE, "limit=2").await.json();
    assert_eq!(got["meta"]["pagination"]["total"], 3);
    assert_eq!(got["meta"]["pagination"].get("links"), None);
    let behavior = BigCommerceBehavior { meta: Presence::Missing, ..unlimited() };
    sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
    assert_eq!(system_logs(&sandbox, STORE, "limit=2").await.json().get("meta"), None);
}

#[tokio::test]
async fn totals_may_be_wrong_in_several_ways() {
    let sandbox = with(system_records(5), unlimited()).await;
    let expectations = [
        (Totals::Right, json!([5, 3])),
        // As in the vendor's own sample of a second page.
        (Totals::Wrong(WrongTotals::PageCount), json!([2, 1])),
        (Totals::Wrong(WrongTotals::Zero), json!([0, 0])),
        (Totals::Wrong(WrongTotals::TooMany), json!([11, 7])),
        (Totals::Wrong(WrongTotals::Constant(9)), json!([9, 5])),
    ];
    for (totals, expected) in expectations {
        let behavior = BigCommerceBehavior { totals, ..unlimited() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        let got = system_logs(&sandbox, STORE, "limit=2&page=2").await.json();
        let pagination = &got["meta"]["pagination"];
        assert_eq!(json!([pagination["total"], pagination["total_pages"]]), expected, "{totals:?}");
    }
}

#[tokio::test]
async fn beyond_the_last_page_is_empty_or_the_last_or_nothing() {
    let sandbox = with(system_records(5), unlimited()).await;
    let got = system_logs(&sandbox, STORE, "limit=2&page=9").await;
    assert_eq!((got.status, got.ids().len()), (200, 0));
    let set = |beyond_last_page| {
        let behavior = BigCommerceBehavior { beyond_last_page, ..unlimited() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
    };
    set(BeyondLastPage::RepeatLast);
    let got = system_logs(&sandbox, STORE, "limit=2&page=9").await;
    assert_eq!(got.ids(), ["5"]);
    assert_eq!(got.json()["meta"]["pagination"]["links"].get("next"), None);
    set(BeyondLastPage::NotFound);
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=9").await.status, 404);
    assert_eq!(system_logs(&sandbox, STORE, "limit=2&page=3").await.status, 200);
}

#[tokio::test]
async fn severities_are_written_in_four_forms() {
    let sandbox = with(system_records(4), unlimited()).await;
    let expectations = [
        (SeverityForm::Names, json!(["success", "notices", "warnings", "errors"])),
        (SeverityForm::SingularWarning, json!(["success", "notices", "warning", "errors"])),
        (SeverityForm::Digits, json!(["1", "2", "3", "4"])),
        (SeverityForm::Numbers, json!([1, 2, 3, 4])),
    ];
    for (severity_form, expected) in expectations {
        let behavior = BigCommerceBehavior { severity_form, ..unlimited() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        let got = system_logs(&sandbox, STORE, "").await.json();
        let forms: Vec<_> = got["data"].as_array().unwrap().iter().map(|row| &row["severity"]).collect();
        assert_eq!(json!(forms), expected);
        assert_eq!(Value::from(sandbox.records(Platform::BigCommerce, STORE)), got["data"]);
        assert_eq!(system_logs(&sandbox, STORE, "severity:min=4").await.ids(), ["4"]);
    }
}

#[tokio::test]
async fn an_unknown_severity_is_ranked_by_a_switch() {
    let mut records = system_records(4);
    records[3]["severity"] = json!("critical");
    let sandbox = with(records, unlimited()).await;
    let ask = async |unknown_severity, query| {
        let behavior = BigCommerceBehavior { unknown_severity, ..unlimited() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        system_logs(&sandbox, STORE, query).await.ids()
    };
    assert_eq!(ask(UnknownSeverity::Ranked(5), "severity:min=3").await, ["3", "4"]);
    assert_eq!(ask(UnknownSeverity::Ranked(0), "severity:min=3").await, ["3"]);
    assert_eq!(ask(UnknownSeverity::Ranked(0), "severity:max=1").await, ["1", "4"]);
    assert_eq!(ask(UnknownSeverity::Unmatched, "severity:max=9").await, ["1", "2", "3"]);
    assert_eq!(ask(UnknownSeverity::Unmatched, "").await.len(), 4);
}

#[tokio::test]
async fn extra_fields_are_added_to_every_record() {
    let sandbox = with(system_records(2), BigCommerceBehavior { extra_fields: true, ..unlimited() }).await;
    let got = system_logs(&sandbox, STORE, "").await.json();
    assert!(got["data"][1]["channel"]["id"].is_u64());
    assert_eq!(Value::from(sandbox.records(Platform::BigCommerce, STORE)), got["data"]);
}

#[tokio::test]
async fn an_empty_page_in_the_middle_hides_no_row() {
    let behavior = BigCommerceBehavior { empty_middle_page: Some(2), ..unlimited() };
    let sandbox = with(system_records(5), behavior).await;
    let mut pages = Vec::new();
    for page in 1..=5 {
        pages.push(system_logs(&sandbox, STORE, &format!("limit=2&page={page}")).await.ids().join(","));
    }
    assert_eq!(pages, ["1,2", "", "3,4", "5", ""]);
}

#[tokio::test]
async fn doubled_rows_hide_no_row() {
    let behavior = BigCommerceBehavior { duplicate_rows: true, ..unlimited() };
    let sandbox = with(system_records(5), behavior).await;
    let mut pages = Vec::new();
    for page in 1..=4 {
        pages.push(system_logs(&sandbox, STORE, &format!("limit=3&page={page}")).await.ids().join(","));
    }
    assert_eq!(pages, ["1,1,2", "3,3,4", "5,5", ""]);
}

#[tokio::test]
async fn accept_and_scope_may_be_insisted_on() {
    let sandbox = with(system_records(1), BigCommerceBehavior { require_accept: true, ..unlimited() }).await;
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 200);
    let url = format!("{}/stores/{STORE}/v3/store/systemlogs", sandbox.bigcommerce_url());
    let request = client().get(url).header("X-Auth-Token", "sandbox-token");
    assert_eq!(request.header("Accept", "text/html").send().await.unwrap().status(), 406);
    let behavior = BigCommerceBehavior { missing_scope: true, ..unlimited() };
    sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.status, 403);
    assert!(got.text.contains("You don't have a required scope"));
}

#[tokio::test]
async fn a_spent_quota_is_reported_in_six_forms() {
    let sandbox = with(system_records(1), unlimited()).await;
    let mut reported = Vec::new();
    for rate_limit_form in [
        RateLimitForm::Full,
        RateLimitForm::QuotaHeaders,
        RateLimitForm::XRetryAfter,
        RateLimitForm::RetryAfterSeconds,
        RateLimitForm::RetryAfterDate,
        RateLimitForm::Bare,
    ] {
        let behavior = BigCommerceBehavior { quota: Some(0), rate_limit_form, ..Default::default() };
        sandbox.set_behavior(Platform::BigCommerce, STORE, behavior);
        let got = system_logs(&sandbox, STORE, "").await;
        assert_eq!(got.status, 429);
        let has = |name| got.header(name).is_some();
        reported.push([
            has("x-rate-limit-time-reset-ms"),
            has("x-retry-after"),
            has("retry-after"),
            got.text.is_empty(),
        ]);
    }
    assert_eq!(
        reported,
        [
            [true, true, false, false],
            [true, false, false, false],
            [false, true, false, false],
            [false, false, true, false],
            [false, false, true, false],
            [false, false, false, true],
        ]
    );
}

#[tokio::test]
async fn other_apps_spend_the_same_quota() {
    let behavior = BigCommerceBehavior { other_apps: 10.0, ..Default::default() };
    let sandbox = with(system_records(1), behavior).await;
    sandbox.clock().stop();
    assert_eq!(system_logs(&sandbox, STORE, "").await.header("x-rate-limit-requests-left"), Some("149"));
    sandbox.clock().advance(Duration::from_secs(5));
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.header("x-rate-limit-requests-left"), Some("98"), "fifty of others and two of ours");
    sandbox.clock().advance(Duration::from_secs(11));
    assert_eq!(system_logs(&sandbox, STORE, "").await.status, 429);
}

#[tokio::test]
async fn the_window_and_the_default_page_size_can_be_set() {
    let behavior =
        BigCommerceBehavior { default_limit: 20, quota: Some(450), quota_window_ms: 10_000, ..Default::default() };
    let sandbox = with(system_records(30), behavior).await;
    let got = system_logs(&sandbox, STORE, "").await;
    assert_eq!(got.ids().len(), 20);
    assert_eq!(got.header("x-rate-limit-time-window-ms"), Some("10000"));
    assert_eq!(got.header("x-rate-limit-requests-left"), Some("449"));
}

#[tokio::test]
async fn a_skewed_clock_shows_in_the_date_header() {
    let sandbox = with(system_records(1), unlimited()).await;
    sandbox.clock().set_offset(-3600);
    let before = now();
    let got = system_logs(&sandbox, STORE, "").await;
    let date = got.header("date").unwrap();
    let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp().as_second();
    assert!((before - 3601..=now() - 3599).contains(&date), "{before} {date}");
}
