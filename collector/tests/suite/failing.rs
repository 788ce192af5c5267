//! Stores and time ranges that fail: everything else is read, and the archive says what is missing.

use std::collections::HashSet;
use std::time::Duration;

use jiff::SignedDuration;
use storelogs_collector::TimeRange;
use storelogs_collector::archive::{Commit, Gap, State};
use storelogs_sandbox::{Behavior, Count, Fault, Faults, History, Platform, Sandbox, ShoplineBehavior, Store};

use crate::world::{World, operation, present, record};

const HASH: &str = "abc123";
const HANDLE: &str = "open001";

/// A store of either platform with a long history, and the id of a record in its middle.
async fn with_a_record_in_the_middle(shop: Store) -> (World, Platform, String, u64) {
    let (platform, name) = (shop.platform(), shop.name().to_owned());
    let history = History::seeded(4).rows_per_day(40);
    let world = World::new(Sandbox::builder().store(shop.history(history).behavior(Behavior::unlimited()))).await;
    let records = world.sandbox.oracle(platform, &name, 0, i64::MAX / 2);
    let id = records[records.len() / 2].parse().unwrap();
    (world, platform, name, id)
}

#[tokio::test]
async fn a_page_that_always_fails_keeps_nothing_else_from_being_read() {
    for fault in [Fault::Status(500), Fault::MalformedJson, Fault::CutBody(100)] {
        for shop in [Store::bigcommerce(HASH), Store::shopline(HANDLE)] {
            let (world, platform, name, id) = with_a_record_in_the_middle(shop).await;
            world.sandbox.set_faults(platform, &name, Faults::none().row(id, fault.clone()));
            let outcome = world.sync().await.remove(0);
            assert!(!outcome.complete && outcome.status.state == State::Active, "{fault:?}: {outcome:?}");
            assert!(!outcome.gaps.is_empty() && outcome.gaps[0].reason.contains(&name), "{outcome:?}");
            // What is missing lies where something is said to be missing, or may be; and most is there.
            let held: HashSet<String> = world.entries().into_iter().map(|entry| entry.id.clone()).collect();
            let all = world.sandbox.oracle(platform, &name, 0, i64::MAX / 2);
            let mut allowed = HashSet::new();
            for found in outcome.verdict.lacking() {
                let (since, until) = (found.range.since.as_second(), found.range.until.as_second() + 1);
                allowed.extend(world.sandbox.oracle(platform, &name, since, until));
            }
            let missing: Vec<&String> = all.iter().filter(|id| !held.contains(*id)).collect();
            assert!(missing.contains(&&id.to_string()) && missing.len() < 100, "{missing:?}");
            assert!(missing.iter().all(|id| allowed.contains(*id)), "{missing:?}");

            world.sandbox.set_faults(platform, &name, Faults::none());
            let outcome = world.sync().await.remove(0);
            assert!(outcome.complete && outcome.gaps.is_empty(), "{outcome:?}");
            world.assert_conserved("once the page comes");
        }
    }
}

#[tokio::test]
async fn a_walk_of_which_nothing_can_be_claimed_for_long_is_not_begun_anew_for_ever() {
    // One row comes at a time, and the counts leave out the newest rows, so no count proves what was read.
    let stale = ShoplineBehavior { count: Count::Stale(40 * 86_400), ..ShoplineBehavior::unlimited() };
    let records = (1..=80).map(|id| operation(id, 7_000 - id.cast_signed(), "it came")).collect::<Vec<_>>();
    let world = World::new(Sandbox::builder().store(Store::shopline(HANDLE).records(records).behavior(stale))).await;
    let one_by_one = Faults::none().limit_above(1, Fault::Reset);
    world.sandbox.set_faults(Platform::Shopline, HANDLE, one_by_one);
    let run = tokio::time::timeout(Duration::from_secs(120), world.sync()).await;
    let requests = world.sandbox.requests();
    assert!(run.is_ok(), "no end after {requests} requests");
    assert!(requests < 30_000, "{requests} requests for 80 rows");
    assert_eq!(world.entries().len(), 80);
}

#[tokio::test]
async fn the_newest_record_of_all_may_be_the_one_that_fails() {
    let (world, platform, name, _) = with_a_record_in_the_middle(Store::bigcommerce(HASH)).await;
    world.sync().await;
    world.sandbox.clock().set_offset(600);
    world.sandbox.push(platform, &name, record(90_000_001, -400, "fine"));
    world.sandbox.push(platform, &name, record(90_000_002, -590, "broken"));
    world.sandbox.set_faults(platform, &name, Faults::none().row(90_000_002, Fault::Status(500)));
    let outcome = world.sync().await.remove(0);
    assert!(!outcome.complete && world.holds(90_000_001), "{outcome:?}");
    world.sandbox.set_faults(platform, &name, Faults::none());
    assert!(world.sync().await[0].complete);
    world.assert_conserved("once it comes");
}

#[tokio::test]
async fn a_store_that_fails_as_a_whole_has_no_gaps_and_says_where_it_failed() {
    let (world, platform, name, _) = with_a_record_in_the_middle(Store::shopline(HANDLE)).await;
    world.sandbox.set_faults(platform, &name, Faults::none().always(Fault::Status(500)));
    let outcome = world.sync().await.remove(0);
    assert_eq!((outcome.status.state, outcome.gaps.len(), outcome.complete), (State::Failing, 0, false));
    let reason = outcome.status.reason.unwrap();
    assert!(reason.contains(HANDLE) && reason.contains("while reading 20"), "{reason}");
    world.sandbox.set_faults(platform, &name, Faults::none());
    assert!(world.sync().await[0].complete);
    world.assert_conserved("once it is back");
}

#[tokio::test]
async fn a_gap_ends_where_the_platform_keeps_nothing_any_more() {
    let shop = Store::bigcommerce(HASH).records(vec![record(1, 7200, "old")]).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    world.sync().await;
    let at = |days: i64| present() - SignedDuration::from_hours(24 * days);
    let gap = |since, until| {
        let range = TimeRange::new(at(since), at(until)).unwrap();
        Gap { range, reason: "it failed".into(), attempts: 1, next_attempt: at(0) }
    };
    let uncovered = TimeRange::new(at(600), at(360));
    world.commit(Commit { uncovered, gaps: vec![gap(500, 400), gap(366, 361)], ..Commit::default() });
    let outcome = world.sync().await.remove(0);
    assert!(outcome.complete && outcome.gaps.is_empty(), "{outcome:?}");
    assert!(world.progress().gaps.is_empty(), "{:?}", world.progress());
    let requests = world.sandbox.requests();
    world.sync().await;
    assert!(world.sandbox.requests() - requests <= 3);
}

#[tokio::test]
async fn what_changed_while_the_count_stayed_the_same_is_found_by_reading_again() {
    // What is new is read from the newest entry on.
    let newest = record(5, 150, "the newest");
    let records = vec![record(1, 1900, "removed"), record(2, 1800, "before"), record(3, 1700, "stays"), newest];
    let bigcommerce = Store::bigcommerce(HASH).records(records).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(bigcommerce)).await;
    world.sync().await;
    assert!(world.sandbox.remove(Platform::BigCommerce, HASH, 1));
    world.sandbox.push(Platform::BigCommerce, HASH, record(2, 1800, "after"));
    world.sandbox.push(Platform::BigCommerce, HASH, record(4, 1600, "late"));
    world.sync().await;
    assert!(!world.holds(4), "it is not time yet");
    let rewalked = vec![(SignedDuration::from_hours(1), present() - SignedDuration::from_mins(20))];
    world.commit(Commit { rewalked, ..Commit::default() });
    let outcome = world.sync().await.remove(0);
    assert_eq!((outcome.committed.late, outcome.committed.revised), (1, 1), "{outcome:?}");
    let archive = world.archive();
    assert_eq!(archive.entry(world.only(), "2").unwrap().unwrap().summary.as_deref(), Some("after"));
    assert_eq!(archive.revisions(world.only(), "2").unwrap()[0].summary.as_deref(), Some("before"));
    assert!(world.holds(4) && world.holds(1), "what was archived stays");
}

/// Each request that is not answered takes half a minute, and is sent several times.
#[tokio::test]
async fn a_run_that_ends_does_not_wait_long_for_a_store_that_never_answers() {
    let shop = Store::bigcommerce(HASH).history(History::bulk(6, 100)).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    let hangs = Faults::none().always(Fault::Delay(std::time::Duration::from_secs(60)));
    world.sandbox.set_faults(Platform::BigCommerce, HASH, hangs);
    world.stores.give_up_after(std::time::Duration::from_secs(2));
    let outcome = world.sync().await.remove(0);
    assert_eq!((outcome.status.state, outcome.complete), (State::Unreachable, false), "{outcome:?}");
    let requests = world.sandbox.requests();
    assert!(requests <= 8, "{requests} requests: two ranges, two page sizes, twice each");
}
