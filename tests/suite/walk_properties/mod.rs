//! Laws that hold for every walk, whatever the history, the platform's behaviour, and the faults.
//!
//! A walk delivers each entry of its query once, in time order; or it ends with an error that says what is missing, and
//! delivers a part of them without repeats. `PROPTEST_CASES=5000 cargo test walk_properties` tries more cases.

mod cases;
mod combined;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use futures::StreamExt;
use jiff::Timestamp;
use proptest::prelude::*;
use proptest::test_runner::{FileFailurePersistence, RngSeed};
use serde_json::Value;
use storelogs::{BigCommerce, Cursor, ErrorKind, Http, LogQuery, LogSource, Shopline};
use storelogs_sandbox::{BigCommerceBehavior, DateFilters, Fault, Faults, History, Platform, Presence, Sandbox, Store};

use crate::drain::{HANDLE, HASH, at, bigcommerce, drain, quick};
use cases::{Case, Row};

/// Cases of each platform in an ordinary run.
const CASES: u32 = 100;
/// No walk of these histories takes longer, on a slow machine.
const LONGEST: Duration = Duration::from_secs(120);

/// An ordinary run tries the same cases every time, so that it fails for a change and not by chance. A long run, and one
/// with a seed of its own, tries others.
fn config() -> ProptestConfig {
    let config = ProptestConfig::default();
    let ordinary = std::env::var_os("PROPTEST_CASES").is_none();
    ProptestConfig {
        cases: if ordinary { CASES } else { config.cases },
        rng_seed: if ordinary { RngSeed::Fixed(7) } else { config.rng_seed },
        failure_persistence: Some(Box::new(FileFailurePersistence::Direct("proptest-regressions/walk_properties.txt"))),
        max_shrink_iters: 200,
        max_shrink_time: 60_000,
        ..config
    }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn a_bigcommerce_walk_is_exact_or_says_what_is_missing(case in cases::bigcommerce()) {
        static WORLD: LazyLock<World> = LazyLock::new(World::new);
        WORLD.check(&case, Platform::BigCommerce).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn a_shopline_walk_is_exact_or_says_what_is_missing(case in cases::shopline()) {
        static WORLD: LazyLock<World> = LazyLock::new(World::new);
        WORLD.check(&case, Platform::Shopline).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn no_bigcommerce_walk_ends_as_if_nothing_were_missing(case in combined::combined(cases::bigcommerce())) {
        static WORLD: LazyLock<World> = LazyLock::new(World::new);
        WORLD.ends(WORLD.honest(&case, Platform::BigCommerce)).map_err(TestCaseError::fail)?;
    }

    #[test]
    fn no_shopline_walk_ends_as_if_nothing_were_missing(case in combined::combined(cases::shopline())) {
        static WORLD: LazyLock<World> = LazyLock::new(World::new);
        WORLD.ends(WORLD.honest(&case, Platform::Shopline)).map_err(TestCaseError::fail)?;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_walk_ends_though_more_rows_come_in_than_fit_on_a_page() {
    let behavior = BigCommerceBehavior {
        date_filters: DateFilters::Rejected(422),
        meta: Presence::Missing,
        duplicate_rows: true,
        ..BigCommerceBehavior::unlimited()
    };
    let store = Store::bigcommerce(HASH).history(History::bulk(61, 400)).behavior(behavior);
    let faults = Faults::none().every(2, Fault::Arrive(16));
    let sandbox = Sandbox::builder().store(store.faults(faults)).start().await.unwrap();
    let since = History::bulk(61, 400).time_range().0;
    let source = bigcommerce(&sandbox);
    let walk = drain(&source, LogQuery::new().since(at(since)).limit(5));
    let drained = tokio::time::timeout(LONGEST, walk).await.expect("it ends");
    assert!(drained.entries.len() == 5 || drained.errors[0].kind() == ErrorKind::Incomplete);
    assert!(sandbox.journal().len() < 60);
}

/// A walk that goes on from a cursor does not deliver again what the cursor says was delivered; all else it may.
fn counts_as_delivered(cursor: &Cursor, id: &str, time: Timestamp) -> bool {
    let is_delivered =
        |reached| time > reached || (time == reached && cursor.delivered.iter().any(|other| other == id));
    cursor.done || cursor.reached.is_some_and(is_delivered)
}

fn name_of(platform: Platform) -> &'static str {
    if platform == Platform::BigCommerce { HASH } else { HANDLE }
}

fn store_of(platform: Platform) -> Store {
    if platform == Platform::BigCommerce { Store::bigcommerce(HASH) } else { Store::shopline(HANDLE) }
}

/// One sandbox and one runtime for all cases of a platform.
struct World {
    runtime: tokio::runtime::Runtime,
    sandbox: Sandbox,
    http: Http,
}

/// The result of a walk, over all its parts.
#[derive(Default)]
struct Walked {
    delivered: Vec<(String, Timestamp)>,
    /// The error that ended it, if it did not come to its end.
    error: Option<storelogs::Error>,
    parts: usize,
}

impl World {
    fn new() -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        let sandbox = runtime.block_on(Sandbox::builder().start()).unwrap();
        Self { runtime, sandbox, http: Http::new().unwrap() }
    }

    fn check(&self, case: &Case, platform: Platform) -> Result<(), String> {
        self.ends(self.laws(case, platform))
    }

    fn ends(&self, law: impl Future<Output = Result<(), String>>) -> Result<(), String> {
        let before = self.sandbox.requests();
        self.runtime.block_on(async {
            let checked = tokio::time::timeout(LONGEST, law).await;
            checked.unwrap_or_else(|_| Err(format!("no end after {} requests", self.sandbox.requests() - before)))
        })
    }

    async fn laws(&self, case: &Case, platform: Platform) -> Result<(), String> {
        let now = self.sandbox.clock().now();
        let rows = case.rows(platform, now);
        let query = case.query(platform, &rows);
        let (name, store) = (name_of(platform), store_of(platform));
        let records: Vec<Value> = rows.iter().map(|row| row.record.clone()).collect();
        let faults = Faults { rules: case.rules.clone() };
        self.sandbox.add_store(store.records(records).behavior(case.behavior.clone()).faults(faults));
        self.sandbox.clear_journal();
        let by_id: HashMap<&str, &Row> = rows.iter().map(|row| (row.id.as_str(), row)).collect();
        let wanted = |ids: Vec<String>| -> BTreeMap<String, i64> {
            let rows = ids.into_iter().filter_map(|id| Some((by_id.get(id.as_str())?.at, id)));
            rows.filter(|(_, id)| cases::matches(&query, by_id[id.as_str()])).map(|(at, id)| (id, at)).collect()
        };
        let before = wanted(self.sandbox.oracle(platform, name, i64::MIN, i64::MAX));
        let walked = self.walk(case, platform, name, &query).await?;
        let requests = self.sandbox.journal().len();
        let after = wanted(self.sandbox.oracle(platform, name, i64::MIN, i64::MAX));

        // Once each, and nothing but what the store has or had.
        let mut ids = HashSet::new();
        for (id, _) in &walked.delivered {
            if !ids.insert(id.as_str()) {
                return Err(format!("{id} was delivered twice"));
            }
            let arrived = !by_id.contains_key(id.as_str()) && query.until.is_none();
            if !before.contains_key(id) && !arrived {
                return Err(format!("{id} was delivered, and is not in the query"));
            }
        }
        // What came in while the log was being read may come late.
        let there: Vec<_> = walked.delivered.iter().filter(|(id, _)| by_id.contains_key(id.as_str())).collect();
        // What the audit finds comes behind what was read before it.
        let in_order = case.is_plain();
        if let Some(pair) = there.windows(2).find(|pair| in_order && pair[0].1 < pair[1].1) {
            return Err(format!("not newest first: {} before {}", pair[0].0, pair[1].0));
        }
        if query.limit.is_some_and(|limit| ids.len() > limit) {
            return Err(format!("{} delivered, more than the limit", ids.len()));
        }
        let listed = rows.len().max(self.sandbox.oracle(platform, name, i64::MIN, i64::MAX).len());
        let bound = case.request_bound(listed, &query, walked.parts);
        if requests > bound {
            return Err(format!("{requests} requests, more than {bound}"));
        }
        if let Some(error) = walked.error {
            return if case.may_fail(platform, &rows, error.kind()) { Ok(()) } else { Err(format!("failed: {error}")) };
        }
        // Everything that was there all the time was delivered, down to the limit.
        let full = query.limit.is_some_and(|limit| ids.len() == limit);
        let oldest = walked.delivered.last().map(|(_, time)| time.as_second());
        let due = |at: i64| at >= case.kept_since(now) && (!full || oldest.is_some_and(|oldest| at > oldest));
        let there = before.iter().filter(|(id, at)| after.contains_key(*id) && due(**at));
        let missing: Vec<_> = there.filter(|(id, _)| !ids.contains(id.as_str())).collect();
        if !missing.is_empty() {
            let of = before.len();
            return Err(format!("{} of {of} missing: {:?} …", missing.len(), &missing[..missing.len().min(3)]));
        }
        Ok(())
    }

    /// Walks, stopping where the case says and going on from the cursor with a new client. After an error the faults
    /// end, and the walk goes on from the last cursor: a fault loses nothing.
    async fn walk(&self, case: &Case, platform: Platform, name: &str, query: &LogQuery) -> Result<Walked, String> {
        let mut walked = Walked::default();
        let mut cursor: Option<Cursor> = None;
        let mut stops = case.stops.iter();
        let mut faulty = !case.rules.is_empty();
        loop {
            walked.parts += 1;
            if let Some(cursor) = &cursor {
                walked.delivered.retain(|(id, time)| counts_as_delivered(cursor, id, *time));
            }
            let mut query = query.clone();
            query.limit = query.limit.map(|limit| limit - walked.delivered.len().min(limit));
            let mut pages = self.source(case, platform).pages(query, cursor.clone());
            let mut left = stops.next().copied();
            while left != Some(0) {
                left = left.map(|left| left - 1);
                match pages.next().await {
                    None => return Ok(walked),
                    Some(Ok(page)) => {
                        for entry in page.entries {
                            let entry = entry.map_err(|error| format!("a record failed: {error}"))?;
                            walked.delivered.push((entry.id, entry.time));
                        }
                        let json = serde_json::to_string(&page.cursor).unwrap();
                        cursor = Some(serde_json::from_str(&json).unwrap());
                        if page.cursor.done {
                            return Ok(walked);
                        }
                    }
                    Some(Err(_)) if faulty => {
                        faulty = false;
                        self.sandbox.set_faults(platform, name, Faults::none());
                        break;
                    }
                    Some(Err(error)) => {
                        walked.error = Some(error);
                        return Ok(walked);
                    }
                }
            }
        }
    }

    fn source(&self, case: &Case, platform: Platform) -> Arc<dyn LogSource> {
        let retry = quick().budget(10_000);
        match platform {
            Platform::BigCommerce => Arc::new(
                BigCommerce::builder(HASH)
                    .access_token(self.sandbox.token(platform, HASH))
                    .api_url(self.sandbox.origin(platform))
                    .http_backend(self.http.clone())
                    .in_flight(case.in_flight)
                    .retry(retry)
                    .build()
                    .unwrap(),
            ),
            Platform::Shopline => Arc::new(
                Shopline::builder(HANDLE)
                    .access_token(self.sandbox.token(platform, HANDLE))
                    .api_url(self.sandbox.origin(platform))
                    .http_backend(self.http.clone())
                    .in_flight(case.in_flight)
                    .bucket(1_000_000, 1_000_000.0)
                    .retry(retry)
                    .build()
                    .unwrap(),
            ),
        }
    }
}
