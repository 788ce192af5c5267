//! Walks over a SHOPLINE store, under every possible behaviour that the documentation leaves open.

use storelogs::{Cursor, ErrorKind, LogQuery, LogSource, Severity};
use storelogs_sandbox::{
    BeyondHorizon, Count, Envelope, Fault, Faults, History, Horizon, LinkHeader, Platform, Sandbox, ShoplineBehavior,
    SinceId, Store, SubjectId, TimeRangeBounds,
};

use crate::drain::{HANDLE, assert_conserved, assert_same_set, at, drain, shopline};

async fn sandbox(history: &History, behavior: ShoplineBehavior) -> Sandbox {
    sandbox_with(history, behavior, Faults::none()).await
}

async fn sandbox_with(history: &History, behavior: ShoplineBehavior, faults: Faults) -> Sandbox {
    let store = Store::shopline(HANDLE).history(history.clone()).behavior(behavior).faults(faults);
    Sandbox::builder().store(store).start().await.unwrap()
}

fn readings() -> Vec<(&'static str, ShoplineBehavior)> {
    let base = ShoplineBehavior::unlimited;
    let ids = |since_id| ShoplineBehavior { since_id, ..base() };
    vec![
        ("as documented", base()),
        ("since_id includes its row", ids(SinceId::InclusiveOlder)),
        ("since_id goes to newer rows, oldest first", ids(SinceId::NewerAscending)),
        ("since_id goes to newer rows, newest first", ids(SinceId::NewerDescending)),
        ("since_id ignored", ids(SinceId::Ignored)),
        ("link header", ShoplineBehavior { link_header: LinkHeader::Present, ..base() }),
        (
            "link header, since_id ignored",
            ShoplineBehavior { link_header: LinkHeader::Present, ..ids(SinceId::Ignored) },
        ),
        ("31 days enforced", ShoplineBehavior { max_time_range_days: Some(31), ..base() }),
        ("earlier envelope", ShoplineBehavior { envelope: Envelope::OperationLogs, ..base() }),
        ("subject_id present", ShoplineBehavior { subject_id: SubjectId::Present, ..base() }),
        ("end excluded", ShoplineBehavior { time_range_bounds: TimeRangeBounds::MaxExclusive, ..base() }),
        ("both ends excluded", ShoplineBehavior { time_range_bounds: TimeRangeBounds::Exclusive, ..base() }),
        (
            "both ends excluded, since_id ignored",
            ShoplineBehavior { time_range_bounds: TimeRangeBounds::Exclusive, ..ids(SinceId::Ignored) },
        ),
        ("no counts", ShoplineBehavior { count: Count::Unavailable, ..base() }),
        ("an empty middle page", ShoplineBehavior { empty_middle_page: Some(2), ..base() }),
        ("an empty first page", ShoplineBehavior { empty_middle_page: Some(1), ..base() }),
        ("last page repeats", ShoplineBehavior { repeat_last_page: true, ..base() }),
        (
            "last page repeats, since_id includes",
            ShoplineBehavior { repeat_last_page: true, ..ids(SinceId::InclusiveOlder) },
        ),
        ("rows twice on a page", ShoplineBehavior { duplicate_rows: true, ..base() }),
        ("unknown fields", ShoplineBehavior { extra_fields: true, ..base() }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_delivers_the_time_range_exactly_under_every_reading() {
    let history = History::bulk(21, 3_300).ending_at(1_790_000_000);
    let (start, end) = history.time_range();
    let third = (end - start) / 3;
    for (name, behavior) in readings() {
        let sandbox = sandbox(&history, behavior).await;
        let source = shopline(&sandbox);
        for (since, until) in [(start, end), (start + third, end - third), (end - third / 9, end)] {
            let drained = drain(&source, LogQuery::new().since(at(since)).until(at(until))).await;
            let oracle = sandbox.oracle(Platform::Shopline, HANDLE, since, until);
            assert!(!oracle.is_empty());
            assert_conserved(&drained, &oracle, &format!("{name}, {since} to {until}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_time_range_ends_under_every_reading() {
    let history = History::bulk(22, 300).ending_at(1_790_000_000);
    let (start, _) = history.time_range();
    for (name, behavior) in readings() {
        let sandbox = sandbox(&history, behavior).await;
        let query = LogQuery::new().since(at(start - 900)).until(at(start - 10));
        assert_conserved(&drain(&shopline(&sandbox), query).await, &[], name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn more_rows_in_one_second_than_fit_on_a_page_are_all_read_or_counted_as_missing() {
    for rows in [450, 10_000] {
        let history = History::bulk(23, rows + 700).rows_per_second(rows).ending_at(1_790_000_000);
        let (since, until) = history.time_range();
        for (name, behavior) in readings() {
            let sandbox = sandbox(&history, behavior.clone()).await;
            let drained = drain(&shopline(&sandbox), LogQuery::new().since(at(since)).until(at(until))).await;
            let oracle = sandbox.oracle(Platform::Shopline, HANDLE, since, until);
            let unreachable = matches!(behavior.since_id, SinceId::Ignored | SinceId::NewerDescending)
                && behavior.link_header == LinkHeader::Absent;
            if unreachable && !drained.errors.is_empty() {
                // No request reaches them all; then the walk must say so, and deliver what it could reach.
                assert!(drained.errors.iter().all(|e| e.kind() == ErrorKind::Incomplete), "{name}, {rows}");
                assert!(drained.entries.len() >= 200, "{name}, {rows}");
            } else {
                assert_conserved(&drained, &oracle, &format!("{name}, {rows} rows a second"));
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_arrive_or_are_purged_mid_walk_hide_no_other() {
    for since_id in [SinceId::ExclusiveOlder, SinceId::NewerAscending, SinceId::Ignored] {
        let history = History::bulk(24, 3_000);
        let behavior = ShoplineBehavior { since_id, ..ShoplineBehavior::unlimited() };
        let faults = Faults::none().every(2, Fault::Arrive(40)).every(3, Fault::Purge(25));
        let sandbox = sandbox_with(&history, behavior, faults).await;
        let (start, end) = history.time_range();
        let before = sandbox.oracle(Platform::Shopline, HANDLE, start, end);
        let drained = drain(&shopline(&sandbox), LogQuery::new().since(at(start)).until(at(end))).await;
        let after = sandbox.oracle(Platform::Shopline, HANDLE, start, end);
        assert!(drained.errors.is_empty(), "{since_id:?}: {:?}", drained.errors);
        let ids = drained.ids();
        let kept: Vec<String> = ids.iter().filter(|id| after.contains(id)).cloned().collect();
        assert_same_set(&kept, &after, &format!("{since_id:?}"));
        assert!(ids.iter().all(|id| before.contains(id)), "{since_id:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_range_beyond_the_horizon_is_read_as_far_as_the_platform_answers() {
    let history = History::bulk(25, 2_000).months(5);
    let (start, end) = history.time_range();
    for status in [400, 422] {
        let horizon = Some(Horizon { months: 3, beyond: BeyondHorizon::Reject(status) });
        let behavior = ShoplineBehavior { horizon, max_time_range_days: Some(31), ..ShoplineBehavior::unlimited() };
        let sandbox = sandbox(&history, behavior).await;
        let drained = drain(&shopline(&sandbox), LogQuery::new().since(at(start)).until(at(end))).await;
        assert!(drained.errors.is_empty(), "{:?}", drained.errors);
        let oldest = drained.entries.last().unwrap().time.as_second();
        let days = (end - oldest) / 86_400;
        assert!((86..=93).contains(&days), "read back {days} days");
        assert_conserved(&drained, &sandbox.oracle(Platform::Shopline, HANDLE, oldest, end), "to the horizon");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_are_exact() {
    let history = History::seeded(6).months(1).rows_per_day(60).ending_at(1_790_000_000);
    let sandbox = sandbox(&history, ShoplineBehavior::unlimited()).await;
    let source = shopline(&sandbox);
    let (since, until) = history.time_range();
    let range = LogQuery::new().since(at(since)).until(at(until));
    let all = drain(&source, range.clone()).await;
    let actor = all.entries[0].actor.clone().unwrap();
    let queries = [
        range.clone().category("products"),
        range.clone().category("Products"),
        range.clone().category("products").category("orders"),
        range.clone().action("edit_product"),
        range.clone().actor(actor).limit(9),
        range.clone().module("anything"),
        range.clone().min_severity(Severity::Info).limit(3),
        range.clone().min_severity(Severity::Notice),
    ];
    for query in queries {
        let drained = drain(&source, query.clone()).await;
        let matching = all.entries.iter().filter(|entry| query.matches(entry));
        let expected: Vec<String> = matching.take(query.limit.unwrap_or(usize::MAX)).map(|e| e.id.clone()).collect();
        assert_eq!(drained.ids(), expected, "{query:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_goes_on_from_any_cursor_and_the_union_is_exact() {
    let history = History::bulk(26, 1_500).rows_per_second(7).ending_at(1_790_000_000);
    for (name, behavior) in readings() {
        let sandbox = sandbox(&history, behavior).await;
        let (since, until) = history.time_range();
        let query = LogQuery::new().since(at(since)).until(at(until));
        let mut ids = Vec::new();
        let mut cursor: Option<Cursor> = None;
        for _ in 0..60 {
            let source = shopline(&sandbox);
            let mut pages = source.pages(query.clone(), cursor.clone());
            let Some(page) = futures::StreamExt::next(&mut pages).await else { break };
            let page = page.unwrap();
            ids.extend(page.entries.into_iter().map(|entry| entry.unwrap().id));
            let json = serde_json::to_string(&page.cursor).unwrap();
            cursor = Some(serde_json::from_str(&json).unwrap());
            if page.cursor.done {
                break;
            }
        }
        assert!(cursor.is_some_and(|cursor| cursor.done), "{name}: not at the end");
        assert_same_set(&ids, &sandbox.oracle(Platform::Shopline, HANDLE, since, until), name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_walk_costs_the_fewest_requests() {
    let history = History::bulk(27, 5_000).ending_at(1_790_000_000);
    let (_, until) = history.time_range();
    let range = LogQuery::new().until(at(until));
    let cases: [(&str, LogQuery, usize); 4] = [
        ("the newest hundred", range.clone().limit(100), 1),
        ("the newest 300", range.clone().limit(300), 2),
        (
            "an hour, the count that audits it, and a second that shows how times are read",
            range.clone().since(at(until - 3_600)),
            3,
        ),
        (
            "an hour of nothing is asked for twice, and counted: either alone may be out of date; as no row has shown yet \
             how the platform reads times, one beside it is looked for, and asked for by its own second; and as no page \
             has held a row yet, one row is asked for",
            LogQuery::new().since(at(until + 3_600)).until(at(until + 7_200)),
            6,
        ),
    ];
    for (name, query, requests) in cases {
        let sandbox = sandbox(&history, ShoplineBehavior::unlimited()).await;
        let drained = drain(&shopline(&sandbox), query).await;
        assert!(drained.errors.is_empty(), "{name}: {:?}", drained.errors);
        assert_eq!(sandbox.journal().len(), requests, "{name}");
    }
}
