//! The testing kit, `storelogs::testing`, as its users use it.

use std::sync::Arc;
use std::time::{Duration, Instant as WallClock};

use futures::{StreamExt, TryStreamExt};
use jiff::Timestamp;
use proptest::prelude::*;
use serde_json::json;
use storelogs::raw::bigcommerce::types::SystemLog;
use storelogs::testing::{self, EntryBuilder, Log, Recorder, Response, entry};
use storelogs::{
    ErrorKind, LogEntry, LogQuery, LogSource, Reconciliation, RetryPolicy, Severity, Store, TransportError,
    bigcommerce as bc, merge, shopline as sl,
};
use tokio::time::Instant;

use crate::offline::day;

#[tokio::test]
async fn requests_are_values_that_read_well_in_a_snapshot() {
    let network = Recorder::new();
    let (since, until) = day();
    let store = testing::bigcommerce::store(&network);
    store.page(|request| request.module("USPS (endicia)").severity_min(3).limit(10)).await.unwrap();
    testing::shopline::store(&network).page(since, until, |request| request.verb("edit_product")).await.unwrap();
    insta::assert_json_snapshot!(network.requests());
    insta::assert_snapshot!(network, @r"
    GET /stores/abc123/v3/store/systemlogs?limit=10&module=USPS+%28endicia%29&severity%3Amin=3
    GET /admin/openapi/v20260301/store/operation_logs.json?created_at_max=2026-08-02T00%3A00%3A00%2B00%3A00&created_at_min=2026-08-01T00%3A00%3A00%2B00%3A00&verb=edit_product
    ");
}

#[tokio::test]
async fn no_token_is_in_anything_that_a_recorder_shows() {
    let network = Recorder::new();
    let (since, until) = day();
    testing::bigcommerce::store(&network).page(|request| request).await.unwrap();
    let app = testing::shopline::builder(&network).app("a-key", "a-secret").build().unwrap();
    app.page(since, until, |request| request).await.unwrap();
    let json = serde_json::to_string(&network.requests()).unwrap();
    for shown in [json, format!("{network:?}"), network.to_string()] {
        assert!(!shown.contains("a-token") && !shown.contains("a-secret"), "{shown}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_scripted_wait_passes_on_the_paused_clock_alone() {
    let records = [testing::bigcommerce::record(2), testing::bigcommerce::record(1)];
    let network = Recorder::new()
        .answer(Response::status(429).header("x-retry-after", "30"))
        .answer(TransportError::interrupted())
        .answer(testing::bigcommerce::page(records));
    let (paused, wall) = (Instant::now(), WallClock::now());
    let page = testing::bigcommerce::store(&network).page(|request| request).await.unwrap();
    assert_eq!((page.records.len(), network.requests().len(), network.left()), (2, 3, 0));
    assert!(paused.elapsed() >= Duration::from_secs(30), "{:?}", paused.elapsed());
    assert!(wall.elapsed() < Duration::from_secs(30), "{:?}", wall.elapsed());
}

#[tokio::test]
async fn a_request_takes_the_first_answer_that_fits_it() {
    let (since, until) = day();
    let network = Recorder::new()
        .answer_to("count_operation_logs", testing::shopline::count(7))
        .answer(Response::status(404))
        .answer_to("list_operation_logs", testing::shopline::page([testing::shopline::record(1)]))
        .answer_to("count_operation_logs", testing::shopline::count(8));
    let store = testing::shopline::store(&network);
    let list = async || store.page(since, until, |request| request).await.map(|page| page.records.len());
    let count = async || store.count_where(since, until, |request| request).await;
    assert_eq!(list().await.unwrap_err().kind(), ErrorKind::NotFound, "for whatever comes");
    assert_eq!((list().await.unwrap(), network.left()), (1, 2));
    assert_eq!((count().await.unwrap(), count().await.unwrap(), network.left()), (7, 8, 0));
    assert_eq!((list().await.unwrap(), count().await.unwrap()), (0, 0), "nothing is scripted any more");
    let operations: Vec<_> = network.requests().iter().map(|request| request.operation).collect();
    let (list, count) = ("list_operation_logs", "count_operation_logs");
    assert_eq!(operations, [list, list, count, count, list, count]);
}

#[tokio::test]
async fn a_server_answers_by_what_is_asked() {
    let network = Recorder::new().serve(|request| {
        let number = request.parameter("page")?.parse().ok()?;
        Some(testing::bigcommerce::page([testing::bigcommerce::record(number)]))
    });
    let store = testing::bigcommerce::store(&network);
    for number in [3, 5] {
        let page = store.page(|request| request.page(number)).await.unwrap();
        assert_eq!(page.records[0].as_ref().unwrap().id, Some(number));
    }
    assert!(store.page(|request| request).await.unwrap().records.is_empty(), "left to the defaults");
}

#[tokio::test]
async fn a_page_of_records_is_a_whole_log_to_a_walk() {
    let records = [3, 2, 1].map(testing::bigcommerce::record);
    let network = Recorder::new().answer(testing::bigcommerce::page(records));
    let log = testing::bigcommerce::store(&network).logs(LogQuery::new().since(at(0)));
    let ids: Vec<String> = log.map_ok(|entry| entry.id).try_collect().await.unwrap();
    assert_eq!(ids, ["3", "2", "1"]);
    assert_eq!(network.requests().len(), 1);
}

#[test]
fn a_made_up_record_has_every_field_and_survives_the_model() {
    let record = SystemLog { module: Some("USPS (endicia)".into()), ..testing::bigcommerce::record(7) };
    let store = Store::bigcommerce("abc123").unwrap();
    let json = serde_json::to_value(&record).unwrap();
    assert!(json.as_object().unwrap().values().all(|value| !value.is_null()), "{json}");
    let entry = bc::entry(record, &store, at(7)).unwrap();
    assert_eq!((entry.time, entry.severity), (at(7), Severity::Info));
    assert_eq!(serde_json::to_value(bc::record(&entry).unwrap()).unwrap(), json);

    let json = serde_json::to_value(testing::shopline::record(7)).unwrap();
    assert_eq!(json.as_object().unwrap().len(), 7, "{json}");
    let store = Store::shopline("open001").unwrap();
    let entry = sl::entry(testing::shopline::record(7), &store, at(7)).unwrap();
    assert_eq!((entry.time, entry.utc_offset.seconds()), (at(7), 8 * 3600));
    assert_eq!(serde_json::to_value(sl::record(&entry).unwrap()).unwrap(), json);
}

#[test]
fn an_entry_can_be_made_up_field_by_field() {
    let store = Store::shopline("open001").unwrap();
    let made = entry(7).store(&store).category("products").action("edit_product").actor("shopline").extra("risk", 3);
    let made = made.subject_id("9").module("m").message("<b>").time(at(100)).severity(Severity::Warning).build();
    assert_eq!(made.uid, "shopline:open001:7");
    assert_eq!(made.extra["risk"], json!(3));
    assert_eq!(made.observed.duration_since(made.time).as_secs(), 1);
    let again: LogEntry = serde_json::from_str(&serde_json::to_string(&made).unwrap()).unwrap();
    assert_eq!(again, made);
}

#[tokio::test]
async fn a_log_in_memory_can_be_merged_counted_and_watched() {
    let other = Store::shopline("open001").unwrap();
    let one = Log::new([entry(1), entry(4)]);
    let two = Log::of(&other, [entry(2).store(&other), entry(3).store(&other)]);
    let sources: [Arc<dyn LogSource>; 2] = [Arc::new(one.clone()), Arc::new(two)];
    let entries: Vec<LogEntry> = merge(sources, LogQuery::new().limit(3)).try_collect().await.unwrap();
    assert_eq!(entries.iter().map(|entry| entry.id.as_str()).collect::<Vec<_>>(), ["4", "3", "2"]);
    assert_eq!(one.queries(), [LogQuery::new().limit(3)]);

    assert_eq!(one.reconcile(at(1), at(4), 2).await.unwrap(), Reconciliation::OverBy(1));
    assert_eq!(one.reconcile(at(1), at(5), 2).await.unwrap(), Reconciliation::Complete);
    assert_eq!(one.not_countable().count(at(1), at(5)).await.unwrap(), None);
}

#[tokio::test]
async fn a_log_in_memory_fails_where_it_is_asked_to() {
    let log = Log::new((1..=5).map(entry)).page_size(2);
    for (after, read) in [(0, 0), (3, 3), (5, 5)] {
        let failing = log.clone().failing_after(after, ErrorKind::Locked);
        let mut items: Vec<_> = failing.logs(LogQuery::new()).collect().await;
        let error = items.pop().unwrap().unwrap_err();
        assert_eq!((error.kind(), error.store(), items.len()), (ErrorKind::Locked, Some(log.store()), read));
        assert!(items.iter().all(Result::is_ok));
    }
    assert_eq!(log.failing_after(6, ErrorKind::Locked).logs(LogQuery::new()).count().await, 5);
}

#[tokio::test]
async fn a_user_can_make_up_any_error() {
    let store = Store::shopline("open001").unwrap();
    let error = storelogs::Error::new(ErrorKind::Forbidden, "access was denied").of(&store);
    insta::assert_snapshot!(error, @"shopline:open001: access was denied; give the app the scope read_store_log, in Apps › Develop an app › Edit");
}

#[tokio::test]
async fn a_real_retry_ends_in_the_real_error() {
    let network = Recorder::new().answer(Response::json(401, &json!({ "title": "no" })));
    let client = testing::bigcommerce::builder(&network).retry(RetryPolicy::never()).build().unwrap();
    let error = client.page(|request| request).await.unwrap_err();
    assert_eq!((error.kind(), error.detail()), (ErrorKind::Unauthorized, Some("no")));
}

/// The minute of 2026 that a made-up thing with this number is from.
fn at(number: i64) -> Timestamp {
    Timestamp::from_second(1_767_225_600 + number * 60).unwrap()
}

fn builders() -> impl Strategy<Value = Vec<EntryBuilder>> {
    let severities = prop::sample::select(Severity::ALL.to_vec());
    prop::collection::btree_map(0_u32..400, (0_i64..60, severities), 0..120).prop_map(|entries| {
        let made = |(number, (minute, severity))| entry(number).time(at(minute)).severity(severity);
        entries.into_iter().map(made).collect()
    })
}

fn queries() -> impl Strategy<Value = LogQuery> {
    let severity = prop::option::of(prop::sample::select(Severity::ALL.to_vec()));
    (prop::option::of(0_i64..60), prop::option::of(0_i64..60), severity, prop::option::of(0_usize..50)).prop_map(
        |(since, until, severity, limit)| {
            let mut query = LogQuery::new();
            (query.since, query.until) = (since.map(at), until.map(at));
            (query.min_severity, query.limit) = (severity, limit);
            query
        },
    )
}

proptest! {
    #[test]
    fn a_log_in_memory_gives_what_the_query_matches_newest_first_and_goes_on_from_any_page(
        entries in builders(), query in queries(), page_size in 1_usize..20,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let log = Log::new(entries.clone()).page_size(page_size);
        let mut oracle: Vec<LogEntry> = entries.into_iter().map(EntryBuilder::build).collect();
        oracle.retain(|entry| query.matches(entry));
        oracle.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        oracle.truncate(query.limit.unwrap_or(usize::MAX));

        let pages: Vec<_> = runtime.block_on(log.pages(query.clone(), None).try_collect()).unwrap();
        let read: Vec<LogEntry> = pages.iter().flat_map(|page| &page.entries).map(|e| e.as_ref().unwrap().clone()).collect();
        prop_assert_eq!(&read, &oracle);

        let mut delivered = 0;
        for page in pages {
            delivered += page.entries.len();
            if page.cursor.done {
                prop_assert_eq!(delivered, oracle.len());
                break;
            }
            let mut rest = query.clone();
            rest.limit = query.limit.map(|limit| limit - delivered);
            let read: Vec<LogEntry> = runtime.block_on(log.pages(rest, Some(page.cursor)).map_ok(|page| page.entries).try_concat()).unwrap()
                .into_iter().map(Result::unwrap).collect();
            prop_assert_eq!(&read[..], &oracle[delivered..]);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_page_that_was_given_oldest_first_is_delivered() {
    let network = Recorder::new().answer(testing::bigcommerce::page([1, 2].map(testing::bigcommerce::record)));
    let log: Vec<_> = testing::bigcommerce::store(&network).logs(LogQuery::new()).collect().await;
    let ids: Vec<_> = log.into_iter().map(|entry| entry.unwrap().id).collect();
    assert_eq!(ids, ["2", "1"]);
}

#[tokio::test(start_paused = true)]
async fn a_strict_script_that_is_over_says_so_at_once() {
    let (since, until) = day();
    let network = Recorder::new().strict().answer(testing::shopline::page([testing::shopline::record(1)]));
    let store = testing::shopline::store(&network);
    assert_eq!(store.page(since, until, |request| request).await.unwrap().records.len(), 1);
    let error = store.page(since, until, |request| request).await.unwrap_err();
    let line = error.to_string();
    assert!(
        line.contains("the script is over") && line.contains("GET /admin/openapi/") && line.contains("`serve`"),
        "{line}"
    );
    assert_eq!(network.requests().len(), 2, "it was not asked again");
}

#[tokio::test(start_paused = true)]
async fn a_bigcommerce_walk_whose_script_is_over_delivers_the_rows_in_hand_and_then_says_so() {
    let records = [3, 2, 1].map(testing::bigcommerce::record);
    let full = json!({ "data": records, "meta": { "pagination": { "total": 9, "count": 3, "per_page": 3, "total_pages": 3 } } });
    let network = Recorder::new().strict().answer(Response::json(200, &full));
    let mut items: Vec<_> = testing::bigcommerce::store(&network).logs(LogQuery::new()).collect().await;
    let error = items.pop().unwrap().unwrap_err();
    let ids: Vec<String> = items.into_iter().map(|entry| entry.unwrap().id).collect();
    assert_eq!(ids, ["3", "2", "1"], "{error}");
    assert!(error.to_string().contains("the script is over"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_shopline_walk_whose_script_is_over_delivers_the_rows_in_hand_and_then_says_so() {
    let [since, until] =
        ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map(|time| time.parse::<Timestamp>().unwrap());
    for order in [[3, 2, 1], [1, 3, 2]] {
        let network = Recorder::new().strict().answer(testing::shopline::page(order.map(testing::shopline::record)));
        let query = LogQuery::new().since(since).until(until);
        let mut items: Vec<_> = testing::shopline::store(&network).logs(query).collect().await;
        let error = items.pop().unwrap().unwrap_err();
        let mut ids: Vec<String> = items.into_iter().map(|entry| entry.unwrap().id).collect();
        ids.sort();
        assert_eq!(ids, ["1", "2", "3"], "{error}");
        assert!(error.to_string().contains("the script is over"), "{error}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_shopline_walk_delivers_what_came_of_a_crowded_second_before_it_says_that_the_script_is_over() {
    let second = testing::shopline::record(7).created_at;
    let crowd = |ids: std::ops::RangeInclusive<i64>| {
        let row = |id| storelogs::raw::shopline::types::OperationLog {
            created_at: second.clone(),
            ..testing::shopline::record(id)
        };
        testing::shopline::page(ids.rev().map(row))
    };
    let [since, until] =
        ["2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z"].map(|time| time.parse::<Timestamp>().unwrap());
    let mut network = Recorder::new().strict();
    for _ in 0..4 {
        network = network.answer_to("list_operation_logs", crowd(201..=400));
    }
    network = network.answer_to("list_operation_logs", crowd(1..=200));
    for _ in 0..5 {
        network = network.answer_to("count_operation_logs", testing::shopline::count(400));
    }
    let query = LogQuery::new().since(since).until(until);
    let mut items: Vec<_> = testing::shopline::store(&network).logs(query).collect().await;
    let error = items.pop().unwrap().unwrap_err();
    let ids: std::collections::BTreeSet<String> = items.into_iter().map(|entry| entry.unwrap().id).collect();
    assert_eq!(ids.len(), 400, "{error}");
    assert!(error.to_string().contains("the script is over"), "{error}");
}
