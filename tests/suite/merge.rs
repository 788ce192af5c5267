//! Many stores as one log.

use std::sync::Arc;

use futures::StreamExt;
use storelogs::testing::{Log, entry};
use storelogs::{Error, ErrorKind, LogEntry, LogQuery, LogSource, Shopline, merge};
use storelogs_sandbox::{BigCommerceBehavior, History, Platform, Sandbox, ShoplineBehavior, Store};

use crate::drain::{HANDLE, HASH, assert_same_set, at, bigcommerce, quick, shopline};

/// A sandbox of its own for each store: nothing but the merge joins them.
async fn sandboxes() -> ([Sandbox; 2], [History; 2]) {
    let histories = [History::bulk(41, 900), History::bulk(42, 700)].map(|history| history.ending_at(1_790_000_000));
    let unlimited = BigCommerceBehavior { retention_days: None, ..BigCommerceBehavior::unlimited() };
    let first = Store::bigcommerce(HASH).history(histories[0].clone()).behavior(unlimited);
    let second = Store::shopline(HANDLE).history(histories[1].clone()).behavior(ShoplineBehavior::unlimited());
    let start = |store| async { Sandbox::builder().store(store).start().await.unwrap() };
    ([start(first).await, start(second).await], histories)
}

fn whole(histories: &[History]) -> (i64, i64) {
    let ranges = || histories.iter().map(History::time_range);
    (ranges().map(|range| range.0).min().unwrap(), ranges().map(|range| range.1).max().unwrap())
}

async fn read(sources: Vec<Arc<dyn LogSource>>, query: LogQuery) -> (Vec<LogEntry>, Vec<Error>) {
    let (mut entries, mut errors) = (Vec::new(), Vec::new());
    let mut log = merge(sources, query);
    while let Some(item) = log.next().await {
        match item {
            Ok(entry) => entries.push(entry),
            Err(error) => errors.push(error),
        }
    }
    (entries, errors)
}

#[track_caller]
fn assert_newest_first(entries: &[LogEntry]) {
    assert!(entries.windows(2).all(|pair| pair[0].time >= pair[1].time));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_logs_of_two_stores_are_one_newest_first_and_complete() {
    let ([one, two], histories) = sandboxes().await;
    let (since, until) = whole(&histories);
    let query = LogQuery::new().since(at(since)).until(at(until));
    let sources: Vec<Arc<dyn LogSource>> = vec![Arc::new(bigcommerce(&one)), Arc::new(shopline(&two))];
    let (entries, errors) = read(sources.clone(), query.clone()).await;
    assert!(errors.is_empty(), "{errors:?}");
    assert_newest_first(&entries);
    let mut oracle = one.oracle(Platform::BigCommerce, HASH, since, until);
    oracle.extend(two.oracle(Platform::Shopline, HANDLE, since, until));
    let ids: Vec<String> = entries.iter().map(|entry| entry.id.clone()).collect();
    assert_same_set(&ids, &oracle, "both stores");
    let uids: std::collections::HashSet<_> = entries.iter().map(|entry| &entry.uid).collect();
    assert_eq!(uids.len(), entries.len());

    // The limit is for all stores together, and takes the newest of them.
    for limit in [0, 1, 25, 400, 100_000] {
        let (some, errors) = read(sources.clone(), query.clone().limit(limit)).await;
        assert!(errors.is_empty(), "{errors:?}");
        let times = |entries: &[LogEntry]| entries.iter().map(|entry| entry.time).collect::<Vec<_>>();
        assert_eq!(times(&some), times(&entries[..limit.min(entries.len())]), "limit {limit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_store_that_fails_does_not_stop_the_other() {
    let ([one, two], histories) = sandboxes().await;
    let (since, until) = whole(&histories);
    let bad = Shopline::builder(HANDLE).access_token("another-token").api_url(two.shopline_url()).retry(quick());
    let sources: Vec<Arc<dyn LogSource>> = vec![Arc::new(bigcommerce(&one)), Arc::new(bad.build().unwrap())];
    let (entries, errors) = read(sources, LogQuery::new().since(at(since)).until(at(until))).await;
    let [error] = &errors[..] else { panic!("{errors:?}") };
    assert_eq!((error.kind(), error.status()), (ErrorKind::Unauthorized, Some(401)));
    assert_eq!(error.store().unwrap().to_string(), "shopline:open001");
    assert_newest_first(&entries);
    let ids: Vec<String> = entries.into_iter().map(|entry| entry.id).collect();
    assert_same_set(&ids, &one.oracle(Platform::BigCommerce, HASH, since, until), "the store that answers");
}

#[tokio::test]
async fn no_stores_make_an_empty_log() {
    let (entries, errors) = read(Vec::new(), LogQuery::new()).await;
    assert!(entries.is_empty() && errors.is_empty());
}

#[tokio::test]
async fn whatever_holds_a_source_can_be_merged() {
    let logs = [Log::new([entry(1)]), Log::new([entry(2)])];
    let ids = async |log: futures::stream::BoxStream<'static, storelogs::Result<LogEntry>>| {
        log.map(|entry| entry.unwrap().id).collect::<Vec<_>>().await
    };
    let query = LogQuery::new;
    assert_eq!(ids(merge(&logs, query())).await, ["2", "1"]);
    assert_eq!(ids(merge(logs.clone().map(Arc::new), query())).await, ["2", "1"]);
    assert_eq!(ids(merge(logs.clone().map(Box::new), query())).await, ["2", "1"]);
    let boxed: Vec<Box<dyn LogSource>> = vec![Box::new(logs[0].clone()), Box::new(Arc::new(logs[1].clone()))];
    assert_eq!(ids(merge(&boxed, query())).await, ["2", "1"]);
    assert_eq!(ids(merge(boxed, query())).await, ["2", "1"]);
    assert_eq!(ids(merge(logs, query())).await, ["2", "1"]);
}
