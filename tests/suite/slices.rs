//! Slices of a SHOPLINE log: read side by side, however unevenly its entries are spread.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;
use storelogs::testing::shopline::record;
use storelogs::testing::{Recorder, Request, Response};
use storelogs::{HttpBackend, LogQuery, Shopline, TransportError, shopline};

use crate::drain::{at, drain};

const PAGE: usize = 200;
const PAGES: usize = 240;
const LATENCY: Duration = Duration::from_millis(50);
const UNLIMITED: (u32, f64) = (1 << 30, 1e9);
const END: i64 = 1_785_542_400;
const DAY: i64 = 86_400;

/// A network that answers late, and knows how many requests were under way at once.
#[derive(Clone)]
struct Late {
    network: Recorder,
    now: Arc<AtomicUsize>,
    most: Arc<AtomicUsize>,
}

impl HttpBackend for Late {
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        let (sent, late) = (self.network.send(operation, request), self.clone());
        Box::pin(async move {
            late.most.fetch_max(late.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
            tokio::time::sleep(LATENCY).await;
            late.now.fetch_sub(1, Ordering::SeqCst);
            sent.await
        })
    }
}

/// The times of entries over sixty days, newest first: evenly, or most of them in a few hours here and there.
fn times(uneven: bool) -> Vec<i64> {
    let mut dice = fastrand::Rng::with_seed(7);
    let bursts: Vec<i64> = (0..5).map(|_| dice.i64(2..58) * DAY).collect();
    let mut times: Vec<i64> = (0..PAGE * PAGES)
        .map(|_| match uneven && dice.f64() < 0.8 {
            true => END - bursts[dice.usize(..bursts.len())] - dice.i64(0..3 * 3600),
            false => END - dice.i64(0..60 * DAY),
        })
        .collect();
    times.sort_unstable_by_key(|time| -time);
    times
}

/// Pages and counts of these entries, as the platform gives them.
fn serve(times: Vec<i64>) -> impl Fn(&Request) -> Option<Response> {
    let rows: Vec<_> = (0..times.len() as i64).rev().map(record).zip(times).collect();
    move |request| {
        let bound = |name| request.parameter(name)?.parse::<Timestamp>().ok().map(Timestamp::as_second);
        let (min, max) = (bound("created_at_min")?, bound("created_at_max")?);
        let inside = rows.iter().filter(|(_, time)| (min..=max).contains(time));
        if request.operation == "count_operation_logs" {
            return Some(storelogs::testing::shopline::count(inside.count() as u64));
        }
        let page = inside.take(PAGE).map(|(row, time)| {
            let mut row = row.clone();
            row.created_at = Some(at(*time).to_string().replace('Z', "+00:00"));
            row
        });
        Some(storelogs::testing::shopline::page(page))
    }
}

/// How many times as fast as one page after the other it was, and how many requests a page took.
async fn speed(times: Vec<i64>, bucket: (u32, f64)) -> (f64, f64) {
    let network = Recorder::new().serve(serve(times));
    let late = Late { network: network.clone(), now: Arc::default(), most: Arc::default() };
    let store = Shopline::builder("open001").access_token("a-token").http_backend(late.clone());
    let store = store.bucket(bucket.0, bucket.1).in_flight(8).build().unwrap();
    let begun = tokio::time::Instant::now();
    let drained = drain(&store, LogQuery::new().since(at(END - 61 * DAY)).until(at(END + 1))).await;
    let took = begun.elapsed();
    assert_eq!((drained.entries.len(), drained.errors.len()), (PAGE * PAGES, 0));
    assert!(drained.entries.is_sorted_by(|one, other| one.time >= other.time), "they come newest first");
    assert!(late.most.load(Ordering::SeqCst) <= 8);
    let pages = PAGES as f64;
    (pages * LATENCY.as_secs_f64() / took.as_secs_f64(), network.requests().len() as f64 / pages)
}

#[tokio::test(start_paused = true)]
async fn slices_are_read_side_by_side_however_unevenly_entries_are_spread() {
    let (even, uneven) = (speed(times(false), UNLIMITED).await, speed(times(true), UNLIMITED).await);
    assert!(even.0 > 4.0 && even.1 < 1.25, "{even:?}");
    assert!(uneven.0 > 2.5 && uneven.1 < 1.25, "{uneven:?}");
}

#[tokio::test(start_paused = true)]
async fn where_the_rate_limit_holds_requests_back_few_are_spent_on_counts() {
    let (even, uneven) = (speed(times(false), shopline::BUCKET).await, speed(times(true), shopline::BUCKET).await);
    assert!(even.1 < 1.12, "{even:?}");
    assert!(uneven.1 < 1.15, "{uneven:?}");
}
