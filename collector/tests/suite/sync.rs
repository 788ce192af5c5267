//! Syncing: everything arrives, once, whatever happens on the way.

use std::sync::Arc;

use jiff::SignedDuration;
use storelogs_collector::TimeRange;
use storelogs_collector::archive::State;
use storelogs_collector::sync::{Event, SyncOptions, sync};
use storelogs_collector::verify::{Depth, VerifyError, examine, repair};
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};
use tokio::sync::watch;

use crate::world::{World, present};

const HASH: &str = "abc123";
const HANDLE: &str = "open001";

/// All of the time that can be asked for.
fn ever() -> TimeRange {
    TimeRange::new(jiff::Timestamp::UNIX_EPOCH, present()).unwrap()
}

async fn two_shops(seed: u64) -> World {
    let history = History::seeded(seed);
    World::new(
        Sandbox::builder()
            .store(Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()))
            .store(Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited())),
    )
    .await
}

#[tokio::test]
async fn the_first_run_brings_everything_and_the_next_only_what_is_new() {
    let world = two_shops(1).await;
    let outcomes = world.sync().await;
    assert!(outcomes.iter().all(|outcome| outcome.complete && outcome.status.state == State::Active), "{outcomes:?}");
    world.assert_conserved("after the first run");
    world.assert_covered(120);
    let week = present() - SignedDuration::from_hours(7 * 24);
    let mut readings = world.readings.lock().unwrap().clone();
    assert!(readings.iter().any(|(_, range)| range.contains(week)));
    // The first look at a store asks for everything, and takes no more than five pages of it.
    readings.retain(|(_, range)| range.length() < SignedDuration::from_hours(80 * 24));
    for (store, range) in &readings {
        let twice = readings.iter().filter(|(other, _)| other == store).filter_map(|(_, other)| other.overlap(*range));
        let twice: SignedDuration = twice.map(|twice| twice.length()).sum::<SignedDuration>() - range.length();
        assert!(twice < SignedDuration::from_mins(10), "{store}: {twice:#} of {range} was read twice in the first run");
    }
    let first = world.sandbox.requests();

    let outcomes = world.sync().await;
    assert!(outcomes.iter().all(|outcome| outcome.committed.new == 0), "{outcomes:?}");
    let second = world.sandbox.requests() - first;
    assert!(second <= 8, "{second} requests although nothing is new: {:#?}", world.sandbox.journal());
    world.assert_conserved("after the second run");
}

#[tokio::test]
async fn a_store_that_refuses_is_parked_and_delays_no_other() {
    let world = two_shops(2).await;
    world.sandbox.set_faults(
        Platform::BigCommerce,
        HASH,
        storelogs_sandbox::Faults::none().always(storelogs_sandbox::Fault::Status(401)),
    );
    let outcomes = world.sync().await;
    let of = |name: &str| outcomes.iter().find(|outcome| outcome.store.name() == name).unwrap();
    assert_eq!(of(HASH).status.state, State::Unauthorized);
    assert!(of(HASH).status.reason.as_deref().unwrap().contains("bigcommerce:abc123"));
    assert!(of(HANDLE).complete);
    world.sandbox.set_faults(Platform::BigCommerce, HASH, storelogs_sandbox::Faults::none());
    world.sync().await;
    world.assert_conserved("after it came back");
}

#[tokio::test]
async fn a_store_of_the_same_name_elsewhere_gets_into_no_archive_of_another_until_somebody_says_that_it_has_moved() {
    let (shop, other) = (two_shops(3).await, two_shops(4).await);
    shop.sync().await;
    let held = shop.archive().count(shop.only(), ever()).unwrap();
    let from = shop.archive().origin(shop.only()).unwrap();
    assert_eq!(from.as_deref(), Some(shop.sandbox.bigcommerce_url().as_str()));
    let sync = async |options: SyncOptions| {
        let (_stop, stopped) = watch::channel(false);
        sync(shop.archive(), other.stores.clone(), options, stopped, Arc::new(|_: &Event<'_>| {})).await.unwrap()
    };

    let outcomes = sync(SyncOptions::default()).await;
    for outcome in &outcomes {
        let reason = outcome.status.reason.as_deref().unwrap_or_default();
        assert_eq!((outcome.status.state, outcome.committed.new), (State::Misconfigured, 0), "{reason}");
        let addresses = [&shop.sandbox, &other.sandbox].map(|sandbox| match outcome.store.platform().as_str() {
            "shopline" => sandbox.shopline_url(),
            _ => sandbox.bigcommerce_url(),
        });
        assert!(addresses.iter().all(|address| reason.contains(address)) && reason.contains("--moved"), "{reason}");
    }
    assert_eq!(other.sandbox.requests(), 0);
    assert_eq!(shop.archive().count(shop.only(), ever()).unwrap(), held);
    // Nor is one compared with the other, or repaired by it.
    let stranger = other.remote().await;
    let examined = examine(&shop.archive(), shop.only(), &stranger, Depth::Sample).await;
    assert!(matches!(examined.failure, Some(VerifyError::Elsewhere(_))), "{examined:?}");
    let repaired = repair(&mut shop.archive(), shop.only(), &stranger, &[ever()]).await.unwrap();
    assert!(matches!(repaired.failure, Some(VerifyError::Elsewhere(_))), "{repaired:?}");
    assert_eq!(other.sandbox.requests(), 0);

    let outcomes = sync(SyncOptions { moved: true, ..SyncOptions::default() }).await;
    assert!(outcomes.iter().all(|outcome| outcome.status.state == State::Active), "{outcomes:?}");
    let now = shop.archive().origin(shop.only()).unwrap();
    assert_eq!(now.as_deref(), Some(other.sandbox.bigcommerce_url().as_str()));
}

#[tokio::test]
async fn an_address_that_never_answers_is_no_stores_and_an_archive_of_before_takes_the_first_that_does() {
    let world = two_shops(5).await;
    let dead = two_shops(6).await;
    let refuses = storelogs_sandbox::Faults::none().always(storelogs_sandbox::Fault::Status(401));
    dead.sandbox.set_faults(Platform::BigCommerce, HASH, refuses);
    let (_stop, stopped) = watch::channel(false);
    let observer = Arc::new(|_: &Event<'_>| {});
    sync(world.archive(), dead.stores.clone(), SyncOptions::default(), stopped, observer).await.unwrap();
    assert_eq!(world.archive().origin(world.only()).unwrap(), None);
    let outcomes = world.sync().await;
    assert_eq!(outcomes[0].status.state, State::Active, "{outcomes:?}");
    assert!(world.archive().origin(world.only()).unwrap().is_some());
}

#[tokio::test]
async fn another_way_of_writing_an_address_is_no_other_address() {
    let remote = two_shops(1).await.remote().await;
    let at = |api_url: &str| storelogs_collector::sync::Remote { api_url: api_url.to_owned(), ..remote.clone() };
    let own = Some("https://api.bigcommerce.com");
    for same in [
        "https://api.bigcommerce.com",
        "https://api.bigcommerce.com/",
        "HTTPS://API.BigCommerce.com:443",
        "https://api.bigcommerce.com/admin/openapi/v20260601",
    ] {
        assert_eq!(at(same).is_of(own), Ok(()), "{same}");
    }
    for other in ["http://api.bigcommerce.com", "https://api.bigcommerce.com:8443", "http://127.0.0.1:4010"] {
        assert!(at(other).is_of(own).is_err() && at(other).is_of(None).is_ok(), "{other}");
    }
}
