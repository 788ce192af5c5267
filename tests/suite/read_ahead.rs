//! Reading ahead: lists are read several pages at a time, in every order, whatever the platform says about them.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use storelogs::{BigCommerce, Http, HttpBackend, LogQuery, TransportError};
use storelogs_sandbox::{
    BigCommerceBehavior, DateFilters, Faults, History, Obedience, Platform, Presence, Sandbox, Store, Totals,
    WrongTotals,
};

use crate::drain::{HASH, assert_conserved, drain, quick};

const ROWS: usize = 10_000;
const PAGES: usize = ROWS / 250;
const AT_ONCE: usize = 8;

/// The network, a little late, which counts the requests and how many were under way at once.
struct Counting {
    http: Http,
    counts: Arc<Counts>,
}

#[derive(Default)]
struct Counts {
    requests: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl HttpBackend for Counting {
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        let (counts, sent) = (Arc::clone(&self.counts), self.http.send(operation, request));
        Box::pin(async move {
            let number = counts.requests.fetch_add(1, Ordering::SeqCst);
            counts.most.fetch_max(counts.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            let late = 1 + number as u64 * 7 % 11; // neighbours overtake each other
            tokio::time::sleep(Duration::from_millis(late)).await;
            let answer = sent.await;
            counts.now.fetch_sub(1, Ordering::SeqCst);
            answer
        })
    }
}

async fn store(behavior: BigCommerceBehavior, faults: Faults) -> (Sandbox, BigCommerce, Arc<Counts>) {
    let history = History::bulk(19, ROWS).ending_at(1_790_000_000);
    let behavior = BigCommerceBehavior { retention_days: None, ..behavior };
    let store = Store::bigcommerce(HASH).history(history).behavior(behavior).faults(faults);
    let sandbox = Sandbox::builder().store(store).start().await.unwrap();
    let counts = Arc::new(Counts::default());
    let network = Counting { http: Http::new().unwrap(), counts: Arc::clone(&counts) };
    let source = BigCommerce::builder(HASH)
        .access_token(sandbox.token(Platform::BigCommerce, HASH))
        .api_url(sandbox.bigcommerce_url())
        .http_backend(network)
        .in_flight(AT_ONCE)
        .retry(quick())
        .build()
        .unwrap();
    (sandbox, source, counts)
}

/// Every order, with and without dates that are obeyed, with and without totals to be believed.
fn readings() -> Vec<(String, BigCommerceBehavior)> {
    let mut readings = Vec::new();
    for direction in [Obedience::Obeyed, Obedience::Ignored] {
        for date_filters in [DateFilters::Obeyed, DateFilters::Ignored] {
            let base = BigCommerceBehavior { direction, date_filters, ..BigCommerceBehavior::unlimited() };
            let page_count = Totals::Wrong(WrongTotals::PageCount);
            for (says, behavior) in [
                ("totals", base.clone()),
                ("no totals", BigCommerceBehavior { meta: Presence::Missing, ..base.clone() }),
                ("totals of the page", BigCommerceBehavior { totals: page_count, ..base }),
            ] {
                readings.push((format!("direction {direction:?}, dates {date_filters:?}, {says}"), behavior));
            }
        }
    }
    readings
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_are_read_ahead_in_every_order_and_whatever_is_said_of_the_list() {
    for (name, behavior) in readings() {
        let (sandbox, source, counts) = store(behavior, Faults::none()).await;
        let drained = drain(&source, LogQuery::new()).await;
        assert_conserved(&drained, &sandbox.oracle(Platform::BigCommerce, HASH, i64::MIN, i64::MAX), &name);
        let (most, requests) = (counts.most.load(Ordering::SeqCst), counts.requests.load(Ordering::SeqCst));
        // How many meet on the way is for the machine to say.
        assert!((AT_ONCE / 2 + 1..=AT_ONCE).contains(&most), "{name}: {most} at once");
        // What lies behind the end is asked for, too, and an end that nothing names is looked for.
        assert!(requests <= PAGES + 3 * AT_ONCE, "{name}: {requests} requests for {PAGES} pages");
    }
}
