//! Walks over a BigCommerce store, under every possible behaviour that the documentation leaves open.

use storelogs::{Cursor, LogQuery, LogSource, Severity};
use storelogs_sandbox::{
    AboveLimit, BeyondLastPage, BigCommerceBehavior, DateBounds, DateFilters, Fault, Faults, History, Obedience,
    Platform, Presence, Sandbox, SeverityForm, Store, Totals, UnknownSeverity, WrongTotals,
};

use crate::drain::{HASH, assert_conserved, assert_same_set, at, bigcommerce, drain};

async fn sandbox(history: &History, behavior: BigCommerceBehavior) -> Sandbox {
    sandbox_with(history, behavior, Faults::none()).await
}

async fn sandbox_with(history: &History, behavior: BigCommerceBehavior, faults: Faults) -> Sandbox {
    let store = Store::bigcommerce(HASH).history(history.clone()).behavior(behavior).faults(faults);
    Sandbox::builder().store(store).start().await.unwrap()
}

/// Whole history, a time range in its middle, and its newest part.
fn ranges(history: &History) -> [(i64, i64); 3] {
    let (start, end) = history.time_range();
    let third = (end - start) / 3;
    [(start, end), (start + third, end - third), (end - third / 4, end)]
}

fn readings() -> Vec<(&'static str, BigCommerceBehavior)> {
    let base = BigCommerceBehavior::unlimited;
    let limit = |max_limit, above_max_limit| BigCommerceBehavior { max_limit, above_max_limit, ..base() };
    let totals = |wrong| BigCommerceBehavior { totals: Totals::Wrong(wrong), ..base() };
    let dates = |date_filters| BigCommerceBehavior { date_filters, ..base() };
    let ascending = |b: BigCommerceBehavior| BigCommerceBehavior { direction: Obedience::Ignored, ..b };
    let bare = BigCommerceBehavior { meta: Presence::Missing, ..base() };
    vec![
        ("as documented", base()),
        ("date filters ignored", dates(DateFilters::Ignored)),
        ("date filters rejected with 400", dates(DateFilters::Rejected(400))),
        ("date filters rejected with 422", dates(DateFilters::Rejected(422))),
        ("date bounds exclusive", BigCommerceBehavior { date_bounds: DateBounds::Exclusive, ..base() }),
        ("direction ignored", ascending(base())),
        ("direction and dates ignored", ascending(dates(DateFilters::Ignored))),
        ("direction ignored, no totals", ascending(bare.clone())),
        ("direction ignored, totals zero", ascending(totals(WrongTotals::Zero))),
        ("direction ignored, totals too many", ascending(totals(WrongTotals::TooMany))),
        (
            "direction ignored, last page repeats, totals of the page",
            ascending(BigCommerceBehavior {
                beyond_last_page: BeyondLastPage::RepeatLast,
                ..totals(WrongTotals::PageCount)
            }),
        ),
        ("at most 100 a page, 413", limit(100, AboveLimit::Status(413))),
        ("at most 50 a page, 422", limit(50, AboveLimit::Status(422))),
        (
            "at most 50 a page, dates rejected",
            BigCommerceBehavior { date_filters: DateFilters::Rejected(422), ..limit(50, AboveLimit::Status(422)) },
        ),
        ("at most 50 a page, silently", limit(50, AboveLimit::Clamp)),
        (
            "at most 50 a page, silently, no meta",
            BigCommerceBehavior { meta: Presence::Missing, ..limit(50, AboveLimit::Clamp) },
        ),
        ("no links", BigCommerceBehavior { links: Presence::Missing, ..base() }),
        ("no meta", bare.clone()),
        (
            "no meta, last page repeats",
            BigCommerceBehavior { beyond_last_page: BeyondLastPage::RepeatLast, ..bare.clone() },
        ),
        ("no meta, 404 beyond the end", BigCommerceBehavior { beyond_last_page: BeyondLastPage::NotFound, ..bare }),
        ("totals of the page", totals(WrongTotals::PageCount)),
        ("totals zero", totals(WrongTotals::Zero)),
        ("totals too many", totals(WrongTotals::TooMany)),
        (
            "totals too many, last page repeats",
            BigCommerceBehavior { beyond_last_page: BeyondLastPage::RepeatLast, ..totals(WrongTotals::TooMany) },
        ),
        ("totals constant", totals(WrongTotals::Constant(300))),
        ("no links, totals zero", BigCommerceBehavior { links: Presence::Missing, ..totals(WrongTotals::Zero) }),
        ("an empty middle page", BigCommerceBehavior { empty_middle_page: Some(2), ..base() }),
        ("rows twice on a page", BigCommerceBehavior { duplicate_rows: true, ..base() }),
        ("unknown fields", BigCommerceBehavior { extra_fields: true, ..base() }),
        ("severity as digits", BigCommerceBehavior { severity_form: SeverityForm::Digits, ..base() }),
        ("severity as numbers", BigCommerceBehavior { severity_form: SeverityForm::Numbers, ..base() }),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_delivers_the_time_range_exactly_under_every_reading() {
    let history = History::bulk(11, 1_240).ending_at(1_790_000_000);
    for (name, behavior) in readings() {
        let behavior = BigCommerceBehavior { retention_days: None, ..behavior };
        let sandbox = sandbox(&history, behavior).await;
        let source = bigcommerce(&sandbox);
        for (since, until) in ranges(&history) {
            let drained = drain(&source, LogQuery::new().since(at(since)).until(at(until))).await;
            let oracle = sandbox.oracle(Platform::BigCommerce, HASH, since, until);
            assert!(!oracle.is_empty());
            assert_conserved(&drained, &oracle, &format!("{name}, {since} to {until}"));
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_empty_time_range_ends_under_every_reading() {
    let history = History::bulk(12, 400).ending_at(1_790_000_000);
    for (name, behavior) in readings() {
        let sandbox = sandbox(&history, BigCommerceBehavior { retention_days: None, ..behavior }).await;
        let (start, _) = history.time_range();
        let query = LogQuery::new().since(at(start - 900)).until(at(start - 10));
        let drained = drain(&bigcommerce(&sandbox), query).await;
        assert_conserved(&drained, &[], name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn rows_that_arrive_or_are_purged_mid_walk_hide_no_other() {
    for direction in [Obedience::Obeyed, Obedience::Ignored] {
        for dates in [DateFilters::Obeyed, DateFilters::Ignored] {
            let history = History::bulk(13, 3_000);
            let behavior = BigCommerceBehavior { direction, date_filters: dates, ..BigCommerceBehavior::unlimited() };
            let faults = Faults::none().every(2, Fault::Arrive(40)).every(3, Fault::Purge(25));
            let sandbox = sandbox_with(&history, behavior, faults).await;
            let (start, end) = history.time_range();
            let before = sandbox.oracle(Platform::BigCommerce, HASH, start, end);
            let drained = drain(&bigcommerce(&sandbox), LogQuery::new().since(at(start)).until(at(end))).await;
            let after = sandbox.oracle(Platform::BigCommerce, HASH, start, end);
            let context = format!("{direction:?} {dates:?}");
            assert!(after.len() < before.len(), "{context}: nothing was purged");
            assert!(drained.errors.is_empty(), "{context}: {:?}", drained.errors);
            // What was purged before it was read is gone. Everything that is still there was delivered, once.
            let ids = drained.ids();
            let kept: Vec<String> = ids.iter().filter(|id| after.contains(id)).cloned().collect();
            assert_same_set(&kept, &after, &context);
            assert!(ids.iter().all(|id| before.contains(id)), "{context}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn filters_are_exact_whatever_the_server_makes_of_them() {
    let history = History::seeded(5).months(1).rows_per_day(60).ending_at(1_790_000_000);
    let behavior = BigCommerceBehavior { retention_days: None, ..BigCommerceBehavior::unlimited() };
    let sandbox = sandbox(&history, behavior).await;
    let source = bigcommerce(&sandbox);
    let (since, until) = history.time_range();
    let range = LogQuery::new().since(at(since)).until(at(until));
    let all = drain(&source, range.clone()).await;
    let queries = [
        range.clone().min_severity(Severity::Error),
        range.clone().category("shipping"),
        range.clone().category("Shipping"),
        range.clone().category("shipping").category("payment"),
        range.clone().module("usps (ENDICIA)"),
        range.clone().module("order status"),
        range.clone().action("anything"),
        range.clone().module("USPS (endicia)").min_severity(Severity::Warning).limit(7),
    ];
    for query in queries {
        let drained = drain(&source, query.clone()).await;
        let matching = all.entries.iter().filter(|entry| query.matches(entry));
        let expected: Vec<String> = matching.take(query.limit.unwrap_or(usize::MAX)).map(|e| e.id.clone()).collect();
        assert_eq!(drained.ids(), expected, "{query:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minimum_severity_never_hides_what_is_not_understood() {
    let history = History::bulk(14, 2_000).ending_at(1_790_000_000);
    let (since, until) = history.time_range();
    for unknown in [UnknownSeverity::Ranked(5), UnknownSeverity::Ranked(0), UnknownSeverity::Unmatched] {
        let behavior =
            BigCommerceBehavior { unknown_severity: unknown, retention_days: None, ..BigCommerceBehavior::unlimited() };
        let sandbox = sandbox(&history, behavior).await;
        let record = serde_json::json!({
            "id": 9_999_999, "type": "general", "module": "", "severity": "critical", "summary": "?", "message": null,
            "date_created": at(until - 50_000).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        });
        sandbox.push(Platform::BigCommerce, HASH, record);
        let query = LogQuery::new().since(at(since)).until(at(until)).min_severity(Severity::Error);
        let drained = drain(&bigcommerce(&sandbox), query).await;
        assert!(drained.ids().contains(&"9999999".to_owned()), "{unknown:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_minimum_severity_is_pushed_down_where_counts_prove_it_exact() {
    let history = History::bulk(15, 5_000).ending_at(1_790_000_000);
    let behavior = BigCommerceBehavior { retention_days: None, ..BigCommerceBehavior::unlimited() };
    let sandbox = sandbox(&history, behavior).await;
    let (since, until) = history.time_range();
    let query = LogQuery::new().since(at(since)).until(at(until)).min_severity(Severity::Error);
    let drained = drain(&bigcommerce(&sandbox), query).await;
    let pages = 2 + drained.entries.len().div_ceil(250);
    let requests = sandbox.journal().len();
    assert!(!drained.entries.is_empty() && requests <= pages + 4, "{requests} requests");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_goes_on_from_any_cursor_and_the_union_is_exact() {
    let history = History::bulk(16, 900).rows_per_second(7).ending_at(1_790_000_000);
    for (name, behavior) in readings() {
        let sandbox = sandbox(&history, BigCommerceBehavior { retention_days: None, ..behavior }).await;
        let (since, until) = history.time_range();
        let query = LogQuery::new().since(at(since)).until(at(until));
        let mut ids = Vec::new();
        let mut cursor: Option<Cursor> = None;
        for _ in 0..60 {
            // Another process: a new client, the cursor from its JSON, one page, and again.
            let source = bigcommerce(&sandbox);
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
        assert_same_set(&ids, &sandbox.oracle(Platform::BigCommerce, HASH, since, until), name);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_short_walk_costs_the_fewest_requests() {
    let history = History::bulk(17, 5_000).ending_at(1_790_000_000);
    let (since, until) = history.time_range();
    let cases: [(&str, DateFilters, LogQuery, usize); 5] = [
        ("the newest hundred", DateFilters::Obeyed, LogQuery::new().limit(100), 1),
        ("the newest hundred, dates ignored", DateFilters::Ignored, LogQuery::new().limit(100), 1),
        ("the newest 300", DateFilters::Obeyed, LogQuery::new().limit(300), 2),
        ("an hour", DateFilters::Obeyed, LogQuery::new().since(at(until - 3_600)).until(at(until)), 1),
        ("an hour, dates ignored", DateFilters::Ignored, LogQuery::new().since(at(until - 3_600)), 1),
    ];
    for (name, date_filters, query, requests) in cases {
        let behavior = BigCommerceBehavior { date_filters, retention_days: None, ..BigCommerceBehavior::unlimited() };
        let sandbox = sandbox(&history, behavior).await;
        let drained = drain(&bigcommerce(&sandbox), query).await;
        assert!(!drained.entries.is_empty() && drained.errors.is_empty(), "{name}");
        assert_eq!(sandbox.journal().len(), requests, "{name}");
    }
    let _ = since;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_time_range_far_back_is_found_without_reading_what_is_before_it() {
    let history = History::bulk(18, 50_000).ending_at(1_790_000_000);
    let (start, end) = history.time_range();
    let (since, until) = (start + 86_400, start + 2 * 86_400);
    for direction in [Obedience::Obeyed, Obedience::Ignored] {
        let behavior = BigCommerceBehavior {
            date_filters: DateFilters::Ignored,
            direction,
            retention_days: None,
            ..BigCommerceBehavior::unlimited()
        };
        let sandbox = sandbox(&history, behavior).await;
        let drained = drain(&bigcommerce(&sandbox), LogQuery::new().since(at(since)).until(at(until))).await;
        let oracle = sandbox.oracle(Platform::BigCommerce, HASH, since, until);
        assert_conserved(&drained, &oracle, &format!("{direction:?}"));
        let requests = sandbox.journal().len();
        assert!(requests <= 30, "{direction:?}: {requests} requests, of 200 pages before {end}");
    }
}
