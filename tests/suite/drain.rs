//! Reading a store to the end, and the laws that hold for everything that was read.

use std::collections::BTreeMap;

use futures::StreamExt;
use jiff::Timestamp;
use storelogs::{BigCommerce, Error, LogEntry, LogQuery, LogSource, RetryPolicy, Shopline};
use storelogs_sandbox::{Platform, Sandbox};

/// The one store of each platform in these tests.
pub(crate) const HASH: &str = "abc123";
pub(crate) const HANDLE: &str = "open001";

pub(crate) fn bigcommerce(sandbox: &Sandbox) -> BigCommerce {
    BigCommerce::builder(HASH)
        .access_token(sandbox.token(Platform::BigCommerce, HASH))
        .api_url(sandbox.bigcommerce_url())
        .retry(quick())
        .build()
        .unwrap()
}

pub(crate) fn shopline(sandbox: &Sandbox) -> Shopline {
    Shopline::builder(HANDLE)
        .access_token(sandbox.token(Platform::Shopline, HANDLE))
        .api_url(sandbox.shopline_url())
        .bucket(1_000_000, 1_000_000.0)
        .retry(quick())
        .build()
        .unwrap()
}

/// The present by this machine's clock, by which the sandbox purges, tokens end, and dates of answers are waited for. Tests
/// speak of times before and after it only, so they hold whenever it is.
pub(crate) fn present() -> Timestamp {
    Timestamp::now()
}

/// The default policy with waits that a test can afford.
pub(crate) fn quick() -> RetryPolicy {
    let (millisecond, ten) = (std::time::Duration::from_millis(1), std::time::Duration::from_millis(10));
    RetryPolicy::default().delays(millisecond, ten)
}

pub(crate) struct Drained {
    pub(crate) entries: Vec<LogEntry>,
    pub(crate) errors: Vec<Error>,
}

impl Drained {
    pub(crate) fn ids(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.id.clone()).collect()
    }
}

pub(crate) async fn drain(source: &dyn LogSource, query: LogQuery) -> Drained {
    let mut log = source.logs(query);
    let mut drained = Drained { entries: Vec::new(), errors: Vec::new() };
    while let Some(item) = log.next().await {
        match item {
            Ok(entry) => drained.entries.push(entry),
            Err(error) => drained.errors.push(error),
        }
    }
    drained
}

/// The law of every walk: each entry of the time range, once, newest first, and no other.
#[track_caller]
pub(crate) fn assert_conserved(drained: &Drained, oracle: &[String], context: &str) {
    assert!(drained.errors.is_empty(), "{context}: {:?}", drained.errors);
    assert_same_set(&drained.ids(), oracle, context);
    let sorted = drained.entries.windows(2).all(|pair| pair[0].time >= pair[1].time);
    assert!(sorted, "{context}: not newest first");
}

#[track_caller]
pub(crate) fn assert_same_set(ids: &[String], oracle: &[String], context: &str) {
    let mut counts: BTreeMap<&str, i32> = BTreeMap::new();
    oracle.iter().for_each(|id| *counts.entry(id).or_default() += 1);
    ids.iter().for_each(|id| *counts.entry(id).or_default() -= 1);
    let wrong: Vec<_> = counts.iter().filter(|(_, count)| **count != 0).collect();
    assert!(
        wrong.is_empty(),
        "{context}: {} of {} wrong (positive: missing, negative: too often): {:?}",
        wrong.len(),
        oracle.len(),
        &wrong[..wrong.len().min(5)]
    );
}

pub(crate) fn at(unix_seconds: i64) -> Timestamp {
    Timestamp::from_second(unix_seconds).unwrap()
}
