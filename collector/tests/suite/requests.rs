//! The requests that a store takes: the first time, again, and with each poll. What docs/operations.md says of them.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::SignedDuration;
use serde_json::Value;
use storelogs_collector::sync::{SyncOptions, retention};
use storelogs_sandbox::{Behavior, Faults, History, Platform, Sandbox, Store};

use crate::world::{World, operation, record};

const NAME: &str = "abc123";
const HOUR: i64 = 3600;
const BOTH: [Platform; 2] = [Platform::BigCommerce, Platform::Shopline];

fn entry(platform: Platform, id: u64, ago: i64) -> Value {
    match platform {
        Platform::BigCommerce => record(id, ago, "an order was paid"),
        Platform::Shopline => operation(id, ago, "a product was edited"),
    }
}

fn store(platform: Platform) -> Store {
    match platform {
        Platform::BigCommerce => Store::bigcommerce(NAME),
        Platform::Shopline => Store::shopline(NAME),
    }
}

/// A store that had an entry every other day of the last three weeks, the newest an hour and a half ago.
async fn small_store(platform: Platform) -> World {
    let records: Vec<Value> =
        (0_u32..12).map(|age| entry(platform, u64::from(12 - age), i64::from(age) * 48 * HOUR + 5400)).collect();
    World::new(Sandbox::builder().store(store(platform).records(records))).await
}

/// What was asked for since the last time: lists and counts.
fn requests(world: &World) -> (usize, usize) {
    let asked = world.sandbox.journal().entries;
    world.sandbox.clear_journal();
    let counts = asked.iter().filter(|request| request.path.ends_with("count.json")).count();
    (asked.len() - counts, counts)
}

fn readings(world: &World) -> usize {
    std::mem::take(&mut *world.readings.lock().unwrap()).len()
}

#[tokio::test]
async fn a_small_store_is_read_for_the_first_time_at_one_look() {
    for (platform, lists, counts) in [
        // One page that is all there is, and says so.
        (BOTH[0], 1, 0),
        // Of each month a list and a count; once more in the store's own time, and once to see that it reads times right.
        (BOTH[1], 4 + 2, 4),
    ] {
        let world = small_store(platform).await;
        let outcomes = world.sync().await;
        assert!(outcomes[0].complete, "{outcomes:?}");
        world.assert_conserved("after a look");
        assert_eq!(requests(&world), (lists, counts), "{platform}");
        let (store, range) = world.readings.lock().unwrap()[0].clone();
        assert_eq!(range.length(), retention(store.platform()));
    }
}

#[tokio::test]
async fn a_store_that_is_large_loses_no_page_to_the_first_look() {
    for platform in BOTH {
        let shop = store(platform).history(History::bulk(1, 6000)).behavior(Behavior::unlimited());
        let world = World::new(Sandbox::builder().store(shop)).await;
        assert!(world.sync().await[0].complete);
        world.assert_conserved("after a look and slices");
        let read = world.readings.lock().unwrap().clone();
        // What the look has not reached is read from where it expires soonest.
        assert!(read[1].1.since.duration_since(read[0].1.since) < SignedDuration::from_mins(1), "{read:?}");
        assert!(read[1].1.length() < read[0].1.length() / 10, "{read:?}");
        let rest: Vec<_> = read[1..].iter().map(|(_, range)| range.until).collect();
        assert!(rest.is_sorted(), "{rest:?}");
    }
}

#[tokio::test]
async fn a_first_look_that_fails_says_nothing_of_what_it_looked_at() {
    for platform in BOTH {
        let world = small_store(platform).await;
        let faults = (1..=6).fold(Faults::none(), |faults, nth| faults.nth(nth, storelogs_sandbox::Fault::Status(500)));
        world.sandbox.set_faults(platform, NAME, faults);
        let outcomes = world.sync().await;
        assert!(outcomes[0].complete && outcomes[0].gaps.is_empty(), "{platform}: {outcomes:?}");
        world.assert_conserved("after a look that failed");
    }
}

#[tokio::test]
async fn a_store_with_nothing_new_takes_one_list_and_a_count_where_lists_do_not_count() {
    for (platform, expected) in BOTH.into_iter().zip([(1, 0), (1, 1)]) {
        let world = small_store(platform).await;
        world.sync().await;
        requests(&world);
        // Another process each time, which has seen nothing of the platform yet.
        for seconds in [0, 20, 60] {
            world.sandbox.clock().set_offset(seconds);
            world.sync().await;
            assert_eq!(requests(&world), expected, "{platform} after {seconds} s");
        }
        world.assert_covered(120);
    }
}

#[tokio::test]
async fn a_poll_that_finds_a_new_entry_takes_one_list_and_a_count_where_lists_do_not_count() {
    let follow = async |platform, counts_of_a_poll: usize| {
        let world = small_store(platform).await;
        world.sync().await;
        let _ = (requests(&world), readings(&world)); // those of the first reading do not count
        // A platform's time has whole seconds: a poll is about one at the least.
        let interval = (Duration::from_millis(1100), Duration::from_millis(1100));
        let mut id = 100;
        let news = || {
            // The next one comes between two polls, not between the requests of one.
            if id == 100 || world.holds(id) {
                id += 1;
                world.sandbox.push(platform, NAME, entry(platform, id, 0));
            }
        };
        world.follow(SyncOptions { interval, ..SyncOptions::default() }, news, |_| world.holds(104)).await;
        let polls = readings(&world);
        let (lists, counts) = requests(&world);
        // The last poll may have been stopped between its requests.
        assert!(polls >= 2 && (polls - 1..=polls).contains(&lists), "{platform}: {lists} lists in {polls} polls");
        let of = |polls: usize| counts_of_a_poll * polls;
        assert!((of(polls - 1)..=of(polls)).contains(&counts), "{platform}: {counts} counts in {polls} polls");
    };
    tokio::join!(follow(BOTH[0], 0), follow(BOTH[1], 1));
}

#[tokio::test]
async fn what_is_due_to_be_read_again_is_read_along_with_what_is_new() {
    for (platform, expected) in BOTH.into_iter().zip([(1, 0), (1, 1)]) {
        let world = small_store(platform).await;
        world.sync().await;
        // Something came of late, so the hour is not read along anyway.
        world.sandbox.push(platform, NAME, entry(platform, 50, 600));
        world.sandbox.clock().set_offset(30);
        world.sync().await;
        let late = world.holds(50);
        let done = world.progress().rewalked;
        // A process reads by the time that it was given last: it learns of the quarter of an hour first.
        world.sandbox.clock().set_offset(20 * 60);
        world.sync().await;
        world.sync().await;
        assert!(late || world.holds(50), "{platform}");
        world.sandbox.clock().set_offset(40 * 60);
        world.sync().await;
        requests(&world);
        let before = world.progress().rewalked;
        assert!(before.iter().any(|(tier, at)| *tier == SignedDuration::from_hours(1) && *at > done[tier]));
        let tiers: BTreeSet<_> = before.keys().collect();
        assert_eq!(tiers.len(), 3);
        world.sync().await;
        assert_eq!(requests(&world), expected, "{platform}");
    }
}

#[tokio::test]
async fn an_entry_that_comes_late_to_a_quiet_store_is_found_by_the_next_poll() {
    for platform in BOTH {
        let world = small_store(platform).await;
        world.sync().await;
        // Written an hour ago, and listed only now.
        world.sandbox.push(platform, NAME, entry(platform, 77, HOUR));
        world.sync().await;
        assert!(world.holds(77), "{platform}");
        world.assert_conserved("after a late entry");
    }
}
