//! Syncing: everything arrives, once, whatever happens on the way.

use jiff::SignedDuration;
use storelogs_collector::archive::State;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::world::{World, present};

const HASH: &str = "abc123";
const HANDLE: &str = "open001";

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
    let readings = world.readings.lock().unwrap().clone();
    for (store, range) in &readings {
        let twice = readings.iter().filter(|(other, _)| other == store).filter_map(|(_, other)| other.overlap(*range));
        let twice: SignedDuration = twice.map(|twice| twice.length()).sum::<SignedDuration>() - range.length();
        assert!(twice < SignedDuration::from_mins(10), "{store}: {twice:#} of {range} was read twice in the first run");
    }
    assert!(readings.iter().any(|(_, range)| range.contains(week)));
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
