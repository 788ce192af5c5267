//! Wrong clocks: coverage goes by the platform's own.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use storelogs_collector::TimeRange;
use storelogs_collector::archive::Commit;
use storelogs_collector::sync::SyncOptions;
use storelogs_sandbox::{Behavior, Platform, Sandbox, Store};

use crate::world::{World, present, record};

const HASH: &str = "abc123";
const DAY: i64 = 86_400;

async fn small() -> World {
    let shop = Store::bigcommerce(HASH).records(vec![record(1, 2 * DAY, "old")]).behavior(Behavior::unlimited());
    World::new(Sandbox::builder().store(shop)).await
}

/// The time by the sandbox's clock.
fn platform_now(world: &World) -> Timestamp {
    present() + SignedDuration::from_millis(world.sandbox.clock().offset_ms())
}

#[tokio::test]
async fn a_clock_of_ours_that_is_behind_hides_nothing() {
    let world = small().await;
    world.sandbox.clock().set_offset(DAY);
    assert!(world.sync().await[0].complete);
    world.assert_covered(5);
    // By our clock all of this is yet to come; a new process knows nothing of the platform's clock yet.
    world.sandbox.push(Platform::BigCommerce, HASH, record(2, -DAY, "new"));
    world.sandbox.clock().set_offset(DAY + 600);
    world.sandbox.push(Platform::BigCommerce, HASH, record(3, -DAY - 590, "newer"));
    let outcome = world.sync().await.remove(0);
    assert!(outcome.complete && outcome.committed.new == 2, "{outcome:?}");
    world.assert_covered(5);
    world.assert_conserved("with a clock that is behind");
}

#[tokio::test]
async fn a_clock_of_ours_that_is_ahead_claims_nothing_that_has_not_passed() {
    let world = small().await;
    world.sandbox.clock().set_offset(-DAY);
    world.sync().await;
    assert!(world.progress().coverage.end().unwrap() <= platform_now(&world), "{:?}", world.progress());
    world.sandbox.push(Platform::BigCommerce, HASH, record(2, DAY - 2, "new"));
    world.sandbox.clock().set_offset(-DAY + 600);
    world.sync().await;
    world.assert_conserved("with a clock that is ahead");
    world.assert_covered(5);
}

#[tokio::test]
async fn coverage_that_ran_ahead_of_the_platform_is_taken_back() {
    let world = small().await;
    world.sync().await;
    let covered = TimeRange::new(present() - SignedDuration::from_secs(60), present() + SignedDuration::from_secs(DAY));
    world.commit(Commit { covered, ..Commit::default() });
    world.sync().await;
    assert!(world.progress().coverage.end().unwrap() <= present(), "{:?}", world.progress());
    world.sandbox.push(Platform::BigCommerce, HASH, record(2, 0, "new"));
    world.sandbox.clock().set_offset(300);
    world.sync().await;
    world.assert_conserved("after it was taken back");
}

/// A second that is not compared with the platform yet is all that the store is asked about then.
#[tokio::test]
async fn coverage_that_ran_ahead_is_taken_back_by_the_answer_to_a_count() {
    let world = small().await;
    world.sync().await;
    let covered = TimeRange::new(present() - SignedDuration::from_secs(60), present() + SignedDuration::from_secs(DAY));
    world.commit(Commit { covered, ..Commit::default() });
    tokio::time::sleep(Duration::from_millis(1100)).await;
    world.sync().await;
    assert!(world.progress().coverage.end().unwrap() <= present(), "{:?}", world.progress());
}

#[tokio::test]
async fn clocks_may_jump_while_a_store_is_followed() {
    let world = small().await;
    let quick =
        SyncOptions { interval: (Duration::from_millis(20), Duration::from_millis(20)), ..SyncOptions::default() };
    world.follow(quick.clone(), || {}, |_| world.archive().stores().unwrap().len() == 1 && world.holds(1)).await;
    for (id, offset) in [(10, 3 * DAY), (11, -3600), (12, 40), (13, -DAY)] {
        world.sandbox.clock().set_offset(offset);
        world.sandbox.push(Platform::BigCommerce, HASH, record(id, -offset, "after a jump"));
        let ends_there = |world: &World| {
            let end = world.progress().coverage.end().unwrap();
            let ahead = end.duration_since(platform_now(world));
            ahead <= SignedDuration::ZERO && ahead > SignedDuration::from_secs(-5)
        };
        world.follow(quick.clone(), || {}, |_| world.holds(id) && ends_there(&world)).await;
    }
    world.assert_conserved("after all jumps");
}
