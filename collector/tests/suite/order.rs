//! The order in which stores are read, and the end of a run.

use std::time::Duration;

use jiff::SignedDuration;
use storelogs_collector::TimeRange;
use storelogs_collector::archive::{Commit, Gap};
use storelogs_collector::sync::SyncOptions;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};
use tokio::sync::watch;

use crate::world::{World, operation, present, record};

fn history() -> History {
    History::seeded(11).rows_per_day(60)
}

#[tokio::test]
async fn what_expires_soonest_is_read_first_to_the_end_of_a_first_run() {
    for shop in [Store::bigcommerce("abc123"), Store::shopline("open001")] {
        let world = World::new(Sandbox::builder().store(shop.history(history()).behavior(Behavior::unlimited()))).await;
        assert!(world.sync().await[0].complete);
        let readings = world.readings.lock().unwrap();
        // A store is looked at first, which takes five pages at the most: that is all, if it is small.
        let [(_, look), readings @ ..] = &readings[..] else { panic!("nothing was read") };
        assert!(look.length() > SignedDuration::from_hours(80 * 24), "{look}");
        assert!(readings.len() > 5, "too little to tell: {readings:#?}");
        for pair in readings.windows(2) {
            let ((_, before), (_, after)) = (pair[0].clone(), pair[1].clone());
            assert!(after.since >= before.since, "{after} is read after {before}");
        }
        // Only the last piece of what is missing reaches to now.
        let (_, first) = &readings[0];
        assert!(first.length() < SignedDuration::from_hours(48), "{first}");
        world.assert_conserved("in order");
    }
}

#[tokio::test]
async fn after_a_month_away_what_expires_soonest_is_read_first() {
    let shop = Store::bigcommerce("abc123").history(history()).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    world.sync().await;
    world.readings.lock().unwrap().clear();
    let now = present();
    let month = TimeRange::new(now - SignedDuration::from_hours(24 * 30), now + SignedDuration::from_hours(1));
    world.commit(Commit { uncovered: month, ..Commit::default() });
    assert!(world.sync().await[0].complete);
    let readings = world.readings.lock().unwrap();
    assert!(readings.is_sorted_by_key(|(_, range)| range.since), "{readings:#?}");
    assert!(readings.len() > 2, "{readings:#?}");
    world.assert_conserved("after a month");
}

#[tokio::test]
async fn gaps_and_rereadings_get_their_turn_while_new_entries_keep_coming() {
    let shop = Store::bigcommerce("abc123").records(vec![record(1, 7200, "old")]).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    world.sync().await;
    // A gap, whose entry came unseen; a late entry; and the time to read again has come.
    let at = |ago: i64| present() - SignedDuration::from_secs(ago);
    let range = TimeRange::new(at(90_000), at(86_400)).unwrap();
    let gap = Gap { range, reason: "it failed".into(), attempts: 1, next_attempt: at(1) };
    let rewalked = vec![(SignedDuration::from_hours(1), at(1000))];
    world.commit(Commit { uncovered: Some(range), gaps: vec![gap], rewalked, ..Commit::default() });
    world.sandbox.push(Platform::BigCommerce, "abc123", record(2, 88_000, "in the gap"));
    world.sandbox.push(Platform::BigCommerce, "abc123", record(3, 1800, "late"));
    let mut id = 10;
    let more = || {
        id += 1;
        world.sandbox.push(Platform::BigCommerce, "abc123", record(id, 0, "new"));
    };
    let quick = (Duration::from_millis(1), Duration::from_millis(1));
    let outcomes = world
        .follow(SyncOptions { interval: quick, ..SyncOptions::default() }, more, |_| world.holds(2) && world.holds(3));
    let outcomes = outcomes.await;
    assert!(outcomes[0].gaps.is_empty(), "{outcomes:?}");
    assert!(world.holds(11));
}

#[tokio::test]
async fn nobody_left_to_stop_a_run_is_no_reason_to_stop_it() {
    let shop = Store::bigcommerce("abc123").history(history()).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    let (stop, stopped) = watch::channel(false);
    drop(stop);
    let run = world.sync_with(SyncOptions::default(), stopped);
    let outcomes = tokio::time::timeout(Duration::from_secs(120), run).await.expect("it spins").unwrap();
    assert!(outcomes[0].complete, "{outcomes:?}");
    world.assert_conserved("without anybody to stop it");
}

#[tokio::test]
async fn what_is_new_of_one_store_does_not_wait_for_the_past_of_others() {
    let behavior = Behavior::unlimited();
    let slow = (0..3).map(|number| {
        let slow = Store::bigcommerce(format!("slow{number}")).history(history()).behavior(behavior.clone());
        slow.latency(Duration::from_millis(400))
    });
    let quick = Store::shopline("open001").records(vec![operation(1, 7200, "old")]).behavior(behavior.clone());
    let world = World::new(Sandbox::builder().store(quick)).await;
    world.sync().await;
    slow.for_each(|store| world.sandbox.add_store(store));
    let options = SyncOptions {
        walks: 1,
        interval: (Duration::from_millis(50), Duration::from_millis(50)),
        ..SyncOptions::default()
    };
    let quick = world.only();
    let more = || world.sandbox.push(Platform::Shopline, "open001", operation(2, 0, "new"));
    world.follow(options, more, |archive| archive.entry(quick, "2").unwrap().is_some()).await;
    let read_whole = |(id, _): &(_, _)| world.archive().progress(*id).unwrap().coverage.ranges().count() == 1;
    let archive = world.archive();
    assert!(!archive.stores().unwrap().iter().all(read_whole), "the slow ones were too quick to show it");
}
