//! Comparing the entries that were read with the platform's count.

use jiff::SignedDuration;
use storelogs::{LogQuery, LogSource, Reconciliation};
use storelogs_sandbox::{
    BigCommerceBehavior, Count, DateBounds, DateFilters, History, Presence, Sandbox, ShoplineBehavior, Store, Totals,
    WrongTotals,
};

use crate::drain::{HANDLE, HASH, at, bigcommerce, drain, shopline};

/// Reads a time range, and compares: all of it, one fewer, one more.
async fn outcomes(source: &dyn LogSource, history: &History) -> [Reconciliation; 3] {
    let (start, end) = history.time_range();
    let (since, until) = (at(start + 7_000), at(end - 7_000));
    let read = drain(source, LogQuery::new().since(since).until(until)).await.entries.len() as u64;
    let mut outcomes = [Reconciliation::NotCountable; 3];
    for (outcome, read) in outcomes.iter_mut().zip([read, read - 1, read + 1]) {
        *outcome = source.reconcile(since, until, read).await.unwrap();
    }
    outcomes
}

const COUNTED: [Reconciliation; 3] = [Reconciliation::Complete, Reconciliation::ShortBy(1), Reconciliation::OverBy(1)];
const NOT_COUNTABLE: [Reconciliation; 3] = [Reconciliation::NotCountable; 3];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bigcommerce_is_counted_where_its_totals_can_be_trusted() {
    let base = || BigCommerceBehavior { retention_days: None, ..BigCommerceBehavior::unlimited() };
    let history = History::bulk(41, 900).ending_at(1_790_000_000);
    let cases = [
        ("as documented", base(), COUNTED),
        ("bounds excluded", BigCommerceBehavior { date_bounds: DateBounds::Exclusive, ..base() }, COUNTED),
        ("dates ignored", BigCommerceBehavior { date_filters: DateFilters::Ignored, ..base() }, COUNTED),
        ("dates refused", BigCommerceBehavior { date_filters: DateFilters::Rejected(422), ..base() }, COUNTED),
        ("no meta", BigCommerceBehavior { meta: Presence::Missing, ..base() }, NOT_COUNTABLE),
        ("totals zero", BigCommerceBehavior { totals: Totals::Wrong(WrongTotals::Zero), ..base() }, NOT_COUNTABLE),
        (
            "totals of the page",
            BigCommerceBehavior { totals: Totals::Wrong(WrongTotals::PageCount), ..base() },
            NOT_COUNTABLE,
        ),
    ];
    for (name, behavior, expected) in cases {
        let store = Store::bigcommerce(HASH).history(history.clone()).behavior(behavior);
        let sandbox = Sandbox::builder().store(store).start().await.unwrap();
        assert_eq!(outcomes(&bigcommerce(&sandbox), &history).await, expected, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shopline_is_counted_where_it_offers_counts() {
    let history = History::bulk(42, 900).ending_at(1_790_000_000);
    for (count, expected) in [(Count::Right, COUNTED), (Count::Unavailable, NOT_COUNTABLE)] {
        let behavior = ShoplineBehavior { count, ..ShoplineBehavior::unlimited() };
        let store = Store::shopline(HANDLE).history(history.clone()).behavior(behavior);
        let sandbox = Sandbox::builder().store(store).start().await.unwrap();
        let source = shopline(&sandbox);
        assert_eq!(outcomes(&source, &history).await, expected, "{count:?}");
        let (start, end) = history.time_range();
        let half = SignedDuration::from_millis(500);
        let within = source.count(at(start) + half, at(end)).await.unwrap();
        assert_eq!(within, None, "half a second cannot be counted");
    }
}
