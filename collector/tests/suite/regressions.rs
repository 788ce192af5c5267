//! Regressions of other tools: what their users complain about, one by one, does not happen here.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use storelogs_collector::archive::State;
use storelogs_collector::sync::SyncOptions;
use storelogs_collector::verdict::Verdict;
use storelogs_sandbox::{
    Behavior, BeyondLastPage, BigCommerceBehavior, DateFilters, Fault, Faults, History, Obedience, Platform, Sandbox,
    ShoplineBehavior, SinceId, Store,
};
use tokio::sync::watch;

use crate::world::{World, operation, present, record};

const HASH: &str = "abc123";
const HANDLE: &str = "open001";

async fn world(stores: impl IntoIterator<Item = Store>) -> World {
    World::new(Sandbox::builder().stores(stores)).await
}

fn both(history: &History) -> [Store; 2] {
    [Store::bigcommerce(HASH), Store::shopline(HANDLE)]
        .map(|shop| shop.history(history.clone()).behavior(Behavior::unlimited()))
}

async fn assert_complete(world: &World, context: &str) {
    let outcomes = world.sync().await;
    assert!(outcomes.iter().all(|outcome| outcome.complete), "{context}: {outcomes:?}");
    world.assert_conserved(context);
}

#[tokio::test]
async fn no_row_is_missed_at_the_edges_of_slices() {
    for shop in [Store::bigcommerce(HASH), Store::shopline(HANDLE)] {
        // A store with nothing but new entries, more than a first look takes, shows where the edges will be, to within some
        // seconds.
        let (platform, name) = (shop.platform(), shop.name().to_owned());
        let row = |id: u64, ago: i64| match platform {
            Platform::BigCommerce => record(id, ago, "at an edge"),
            Platform::Shopline => operation(id, ago, "at an edge"),
        };
        // Not of the present second, which is not over.
        let new: Vec<Value> = (0..1200_u32).map(|n| row(100_000 - u64::from(n), 10 + i64::from(n / 2))).collect();
        let empty = world([shop.clone().records(new.clone()).behavior(Behavior::unlimited())]).await;
        empty.sync().await;
        let mut edges: Vec<i64> =
            empty.readings.lock().unwrap().iter().map(|(_, read)| read.until.as_second()).collect();
        let now = present().as_second();
        edges.retain(|edge| *edge < now - 60);
        assert!(edges.len() > 4, "{edges:?}");
        let seconds = edges.iter().flat_map(|edge| edge - 5..edge + 15);
        let records = seconds.zip(1..).map(|(second, id)| row(id, now - second)).chain(new);
        let world = world([shop.records(records.collect::<Vec<_>>()).behavior(Behavior::unlimited())]).await;
        assert_complete(&world, &name).await;
        let (store, read) = world.readings.lock().unwrap()[1].clone();
        assert!(edges.iter().any(|edge| (read.until.as_second() - edge).abs() < 15), "{store} has other edges: {read}");
    }
}

#[tokio::test]
async fn no_row_is_missed_between_one_run_and_the_next() {
    let shops = [Store::bigcommerce(HASH), Store::shopline(HANDLE)].map(|shop| shop.behavior(Behavior::unlimited()));
    let world = world(shops).await;
    let mut written = -1;
    // A record each second, written as the platform's clock goes on.
    for offset in [0, 1, 2, 30, 31, 150, 151, 400] {
        world.sandbox.clock().set_offset(offset);
        while written < offset {
            written += 1;
            let id = 1000 + written.unsigned_abs();
            world.sandbox.push(Platform::BigCommerce, HASH, record(id, -written, "each second"));
            world.sandbox.push(Platform::Shopline, HANDLE, operation(id, -written, "each second"));
        }
        world.sync().await;
    }
    world.sandbox.clock().set_offset(600);
    assert_complete(&world, "from run to run").await;
}

#[tokio::test]
async fn a_cursor_never_moves_past_a_page_that_failed() {
    for nth in [1, 2, 5, 9, 14] {
        let world = world(both(&History::bulk(nth, 1500))).await;
        for (platform, name) in [(Platform::BigCommerce, HASH), (Platform::Shopline, HANDLE)] {
            // As often as a request is sent.
            let faults = (nth..nth + 3).fold(Faults::none(), |faults, nth| faults.nth(nth, Fault::Status(500)));
            world.sandbox.set_faults(platform, name, faults);
        }
        world.sync().await;
        assert_complete(&world, &format!("request {nth} failed")).await;
    }
}

#[tokio::test]
async fn a_run_that_was_stopped_anywhere_goes_on_where_it_was() {
    let history = History::bulk(1, 9000);
    let undisturbed = world(both(&history)).await;
    undisturbed.sync().await;
    let world = world(both(&history)).await;
    let mut runs = 0;
    loop {
        runs += 1;
        let (stop, stopped) = watch::channel(false);
        let sandbox = Arc::clone(&world.sandbox);
        // More than both stores have on their way at once: that is lost at each stop.
        let until = sandbox.requests() + 40;
        let stopper = tokio::spawn(async move {
            while sandbox.requests() < until {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            stop.send(true).unwrap();
            std::future::pending::<()>().await; // the sender lives on
        });
        let outcomes = world.sync_with(SyncOptions::default(), stopped).await.unwrap();
        stopper.abort();
        if outcomes.iter().all(|outcome| outcome.complete) {
            break;
        }
        assert!(runs < 100, "it never comes to an end");
    }
    assert!(runs > 3, "it was never stopped");
    world.assert_conserved("after many stops");
    let (once, often) = (undisturbed.sandbox.requests(), world.sandbox.requests());
    assert!(often < 3 * once, "{often} requests in {runs} runs, and {once} in one");
}

#[tokio::test]
async fn lists_are_read_whole_whatever_their_order_while_rows_come_and_go() {
    let faults = || Faults::none().every(2, Fault::Arrive(3)).every(3, Fault::Purge(2));
    let bigcommerce = [
        BigCommerceBehavior { direction: Obedience::Ignored, ..BigCommerceBehavior::unlimited() },
        BigCommerceBehavior { date_filters: DateFilters::Ignored, ..BigCommerceBehavior::unlimited() },
        BigCommerceBehavior { date_filters: DateFilters::Rejected(422), ..BigCommerceBehavior::unlimited() },
    ];
    let shopline = [SinceId::ExclusiveOlder, SinceId::NewerAscending, SinceId::Ignored]
        .map(|since_id| ShoplineBehavior { since_id, ..ShoplineBehavior::unlimited() });
    let stores = bigcommerce.into_iter().enumerate().map(|(number, behavior)| {
        Store::bigcommerce(format!("hash{number}")).behavior(behavior).history(History::bulk(5, 2000)).faults(faults())
    });
    let others = shopline.into_iter().enumerate().map(|(number, behavior)| {
        Store::shopline(format!("handle{number}")).behavior(behavior).history(History::bulk(6, 2000)).faults(faults())
    });
    let world = world(stores.chain(others)).await;
    world.sync().await;
    for platform in [Platform::BigCommerce, Platform::Shopline] {
        for name in world.sandbox.stores(platform) {
            world.sandbox.set_faults(platform, &name, Faults::none());
        }
    }
    // What has just arrived is of this very second.
    world.sandbox.clock().set_offset(300);
    world.sync().await;
    let held: HashSet<String> = world.entries().into_iter().map(|entry| entry.uid).collect();
    for platform in [Platform::BigCommerce, Platform::Shopline] {
        for name in world.sandbox.stores(platform) {
            let ids = world.sandbox.oracle(platform, &name, 0, i64::MAX / 2);
            let uid = |id: &String| format!("{platform}:{name}:{id}").to_lowercase();
            let missing: Vec<_> = ids.iter().filter(|id| !held.contains(&uid(id))).collect();
            assert!(missing.is_empty(), "{name}: {} of {}: {missing:?}", missing.len(), ids.len());
        }
    }
}

#[tokio::test]
async fn events_that_say_the_same_are_kept_each_on_its_own() {
    let records: Vec<Value> = (1..=300).map(|id| record(id, 4000, "the same")).collect();
    let operations: Vec<Value> = (1..=300).map(|id| operation(id, 4000, "the same")).collect();
    let world = world([
        Store::bigcommerce(HASH).records(records.clone()).behavior(Behavior::unlimited()),
        Store::bigcommerce("other").records(records).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).records(operations).behavior(Behavior::unlimited()),
    ])
    .await;
    assert_complete(&world, "the same").await;
    assert_eq!(world.entries().len(), 900);
}

#[tokio::test]
async fn no_number_of_pages_is_a_limit() {
    let world = world(both(&History::bulk(2, 12_000))).await;
    assert_complete(&world, "many pages").await;
    assert!(world.sandbox.requests() > 100, "{}", world.sandbox.requests());
}

#[tokio::test]
async fn an_empty_page_is_no_end_and_a_page_that_repeats_is_one() {
    let (bigcommerce, shopline) = (BigCommerceBehavior::unlimited(), ShoplineBehavior::unlimited());
    let behaviors = [
        Behavior {
            bigcommerce: BigCommerceBehavior { empty_middle_page: Some(2), ..bigcommerce.clone() },
            shopline: ShoplineBehavior { empty_middle_page: Some(2), ..shopline.clone() },
        },
        Behavior {
            bigcommerce: BigCommerceBehavior { beyond_last_page: BeyondLastPage::RepeatLast, ..bigcommerce },
            shopline: ShoplineBehavior { repeat_last_page: true, ..shopline },
        },
    ];
    for behavior in behaviors {
        let world = world(both(&History::bulk(3, 3000)).map(|shop| shop.behavior(behavior.clone()))).await;
        assert_complete(&world, &format!("{behavior:?}")).await;
    }
}

#[tokio::test]
async fn requests_keep_within_the_quota_and_leave_the_other_apps_their_share() {
    let behavior = BigCommerceBehavior { quota: Some(40), quota_window_ms: 500, ..BigCommerceBehavior::default() };
    let shop = Store::bigcommerce(HASH).history(History::bulk(4, 15_000)).behavior(behavior);
    let world = world([shop]).await;
    let begun = Instant::now();
    assert_complete(&world, "within the quota").await;
    assert!(begun.elapsed() > Duration::from_millis(1000), "too quick to tell: {:?}", begun.elapsed());
    let journal = world.sandbox.journal();
    assert!(journal.iter().all(|entry| entry.status == 200), "a request was refused");
    // By the platform's own windows: a quarter is left.
    let mut windows: Vec<(i64, u32)> = Vec::new();
    for at in journal.iter().map(|entry| entry.at) {
        match windows.last_mut() {
            Some((since, count)) if at < *since + 500 => *count += 1,
            _ => windows.push((at, 1)),
        }
    }
    assert!(windows.len() > 2 && windows.iter().all(|(_, count)| *count <= 31), "{windows:?}");
}

#[tokio::test]
async fn a_store_that_only_says_429_is_parked_and_not_stormed() {
    let world = world(both(&History::bulk(5, 300))).await;
    let form = storelogs_sandbox::RateLimitForm::Bare;
    let storm = Faults::none().always(Fault::RateLimit(form, Duration::ZERO));
    world.sandbox.set_faults(Platform::BigCommerce, HASH, storm);
    let outcomes = world.sync().await;
    let of = |name: &str| outcomes.iter().find(|outcome| outcome.store.name() == name).unwrap();
    assert_eq!((of(HASH).status.state, of(HANDLE).complete), (State::Throttled, true));
    let asked = world.sandbox.journal().iter().filter(|entry| entry.status == 429).count();
    assert!(asked <= 6, "{asked} requests");
    world.sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none());
    assert_complete(&world, "once it lets us").await;
}

#[tokio::test]
async fn what_was_not_expected_is_kept_and_no_page_fails_of_it() {
    let mut unknown = record(1, 5000, "new words");
    unknown["severity"] = "catastrophes".into();
    unknown["type"] = "quantum".into();
    unknown["a field of the future"] = serde_json::json!({ "deep": [1, null] });
    let mut odd = record(2, 5001, "odd");
    odd["date_created"] = 7.into();
    let mut broken = record(3, 5002, "broken");
    broken["summary"] = serde_json::json!(["no text"]);
    let records = vec![unknown, odd, broken, record(4, 5003, "fine")];
    let world = world([Store::bigcommerce(HASH).records(records).behavior(Behavior::unlimited())]).await;
    let outcome = world.sync().await.remove(0);
    assert_eq!(outcome.verdict.worst(), Verdict::InQuarantine { records: 2 }, "{outcome:?}");
    assert_eq!((outcome.committed.new, outcome.committed.quarantined), (2, 2), "{outcome:?}");
    let kept = world.archive().entry(world.only(), "1").unwrap().unwrap();
    assert_eq!(kept.severity_text.as_deref(), Some("catastrophes"));
    assert_eq!(kept.extra["a field of the future"]["deep"][0], 1);
    // They are not counted again, run after run.
    assert_eq!(world.sync().await[0].committed.quarantined, 0);
}

#[tokio::test]
async fn no_secret_is_in_the_archive_nor_in_anything_that_is_shown() {
    let world = world(both(&History::bulk(6, 500)).map(|shop| shop.token("canary7f3a9c2e5d"))).await;
    world.sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().nth(2, Fault::Status(401)));
    world.sync().await;
    world.sync().await;
    assert!(!world.events.lock().unwrap().join("\n").contains("canary"));
    for file in std::fs::read_dir(world.path.parent().unwrap()).unwrap() {
        let bytes = std::fs::read(file.unwrap().path()).unwrap();
        assert!(!bytes.windows(6).any(|part| part == b"canary"));
    }
    assert!(world.sandbox.requests() > 4);
}

#[tokio::test]
async fn a_store_that_hangs_is_reported_and_keeps_no_other_waiting() {
    let world = world(both(&History::bulk(7, 2000))).await;
    world.sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().always(Fault::Delay(Duration::from_secs(60))));
    world.stores.give_up_after(Duration::from_secs(2));
    let begun = Instant::now();
    let heard = Arc::new(Mutex::new(None));
    let shopline = storelogs::Store::shopline(HANDLE).unwrap();
    let (done, holds) = (Arc::clone(&heard), shopline.clone());
    let options =
        SyncOptions { interval: (Duration::from_millis(50), Duration::from_millis(50)), ..SyncOptions::default() };
    let complete = move |archive: &storelogs_collector::Archive| {
        let Some(id) = archive.store_id(&holds).unwrap() else { return false };
        let coverage = archive.progress(id).unwrap().coverage;
        if coverage.ranges().count() == 1 && archive.status(id).unwrap().state == State::Active {
            done.lock().unwrap().get_or_insert_with(|| begun.elapsed());
        }
        let hangs = storelogs::Store::bigcommerce(HASH).unwrap();
        let hangs = archive.store_id(&hangs).unwrap().map(|id| archive.status(id).unwrap());
        hangs.is_some_and(|status| status.state == State::Unreachable && status.reason.is_some())
    };
    world.follow(options, || {}, complete).await;
    let (other, all) = (heard.lock().unwrap().expect("the other one waits"), begun.elapsed());
    assert!(other < all, "{other:?} of {all:?}");
}
