//! Verifying: every difference is found, whatever caused it, and repaired.

use jiff::{SignedDuration, Timestamp};
use storelogs_collector::TimeRange;
use storelogs_collector::archive::{Commit, State};
use storelogs_collector::search::{Filter, Order};
use storelogs_collector::status::status;
use storelogs_collector::verdict::{Unread, Verdict};
use storelogs_collector::verify::Depth;
use storelogs_sandbox::{Behavior, Count, History, Platform, Sandbox, ShoplineBehavior, Store};

use crate::world::{World, present, record};

async fn synced(shop: Store) -> World {
    let world = World::new(Sandbox::builder().store(shop.history(History::seeded(3)))).await;
    world.sync().await;
    world
}

fn bigcommerce() -> Store {
    Store::bigcommerce("abc123").behavior(Behavior::unlimited())
}

fn shopline() -> Store {
    Store::shopline("open001").behavior(Behavior::unlimited())
}

/// Takes entries out behind the archive's back.
fn delete(world: &World, since: Timestamp, until: Timestamp) -> u64 {
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    let bounds = [since.as_microsecond(), until.as_microsecond()];
    // SQLite does not count what is deleted of a view.
    let count = "SELECT count(*) FROM entry WHERE time >= ?1 AND time < ?2";
    let deleted: i64 = sql.query_row(count, bounds, |row| row.get(0)).unwrap();
    sql.execute("DELETE FROM entry WHERE time >= ?1 AND time < ?2", bounds).unwrap();
    deleted.unsigned_abs()
}

/// How often a word is found, and how many entries the hours add up to.
fn found(world: &World, word: &str) -> (usize, u64) {
    let mut archive = world.archive();
    archive.index_words(usize::MAX).unwrap();
    let filter = Filter::parse(word, present(), &jiff::tz::TimeZone::UTC).unwrap();
    let mut times = 0;
    archive
        .search::<storelogs_collector::Error>(&filter, Order::NewestFirst, |_| {
            times += 1;
            Ok(std::ops::ControlFlow::Continue(()))
        })
        .unwrap();
    (times, world.number("SELECT coalesce(sum(entries), 0) FROM hour"))
}

#[tokio::test]
async fn everything_is_complete_after_a_sync_and_ids_are_compared() {
    for shop in [bigcommerce(), shopline()] {
        let world = synced(shop).await;
        assert!(world.verdict().is_complete(), "{}", world.verdict());
        for depth in [Depth::Sample, Depth::Deep] {
            let verdict = world.verify(depth).await;
            assert!(verdict.is_complete() && verdict.summary.starts_with("complete up to 20"), "{verdict}");
        }
    }
}

#[tokio::test]
async fn entries_that_vanished_are_known_at_once_found_narrowly_and_fetched_again() {
    for shop in [bigcommerce(), shopline()] {
        let world = synced(shop).await;
        let all = world.entries().len() as u64;
        let middle = present() - SignedDuration::from_hours(24 * 40);
        let deleted = delete(&world, middle, middle + SignedDuration::from_hours(9));
        assert!(deleted > 0, "nothing to delete there");
        assert_eq!(world.verdict().worst(), Verdict::Short { entries: deleted });

        let verdict = world.verify(Depth::Sample).await;
        assert_eq!(verdict.worst(), Verdict::Short { entries: deleted }, "{verdict:?}");
        let length: SignedDuration = verdict.lacking().map(|found| found.range.length()).sum();
        assert!(length < SignedDuration::from_hours(36), "{length:#} is far more than was deleted");
        let (repaired, verdict) = world.repair().await;
        assert_eq!((repaired.committed.new, repaired.committed.revised), (deleted, 0));
        assert!(verdict.is_complete(), "{verdict:?}");
        world.assert_conserved("after the repair");
        assert_eq!(found(&world, "nosuchword"), (0, all), "the hours add up to the entries");
        let (repaired, verdict) = world.repair().await;
        assert_eq!((repaired.committed.new, verdict.is_complete()), (0, true), "twice without change");
    }
}

#[tokio::test]
async fn a_sync_brings_back_what_was_deleted_from_outside() {
    let world = synced(bigcommerce()).await;
    let middle = present() - SignedDuration::from_hours(24 * 40);
    assert!(delete(&world, middle, middle + SignedDuration::from_hours(3)) > 0);
    assert!(!world.verdict().is_complete());
    assert!(world.sync().await[0].complete, "{:?}", world.verdict());
    world.assert_conserved("after the sync");
}

/// Whoever deleted it knew nothing of what is derived: as archives of older versions were treated.
#[tokio::test]
async fn a_row_that_an_older_version_lost_is_found_once_and_counted_once_after_a_repair() {
    let records = vec![record(1, 7200, "quixotic"), record(2, 7000, "plain")];
    let shop = Store::bigcommerce("abc123").records(records).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    world.sync().await;
    assert_eq!(found(&world, "quixotic"), (1, 2));
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    sql.execute("DELETE FROM entry WHERE summary = 'quixotic'", []).unwrap();
    sql.execute("DELETE FROM deleted", []).unwrap();
    assert!(!world.archive().out_of_step().unwrap().is_nothing());
    let (_, verdict) = world.repair().await;
    assert!(verdict.is_complete(), "{verdict:?}");
    assert_eq!(found(&world, "quixotic"), (1, 2));
    assert!(world.archive().out_of_step().unwrap().is_nothing());
}

#[tokio::test]
async fn what_was_never_read_is_known_without_asking() {
    let world = synced(bigcommerce()).await;
    let since = Timestamp::from_second(present().as_second()).unwrap() - SignedDuration::from_hours(24 * 10);
    let hidden = TimeRange::new(since, since + SignedDuration::from_hours(1)).unwrap();
    world.commit(Commit { uncovered: Some(hidden), ..Commit::default() });
    let requests = world.sandbox.requests();
    let (_, standing) = status(&world.archive(), present()).unwrap().remove(0);
    assert_eq!(world.sandbox.requests(), requests);
    let lacking: Vec<_> = standing.judgement.lacking().map(|found| (found.range, found.verdict.clone())).collect();
    assert_eq!((standing.state, lacking), (State::Active, vec![(hidden, Verdict::Unread { why: Unread::Gap })]));
    assert!(standing.share > 0.99 && standing.share < 1.0);
    assert_eq!(standing.entries, world.entries().len() as u64);
    let (_, verdict) = world.repair().await;
    assert!(verdict.is_complete(), "{verdict:?}");
}

#[tokio::test]
async fn a_platform_that_cannot_count_proves_nothing() {
    let behavior = ShoplineBehavior { count: Count::Unavailable, ..ShoplineBehavior::unlimited() };
    let world = synced(shopline().behavior(behavior)).await;
    let verdict = world.verify(Depth::Sample).await;
    assert_eq!(verdict.worst(), Verdict::NotCountable, "{verdict:?}");
}

#[tokio::test]
async fn a_platform_that_was_restored_from_a_backup_is_seen_through() {
    // Made once: each reads the clock.
    let before: Vec<_> = (1..501).map(|id| record(id, 20_000 - 10 * id.cast_signed(), "an entry")).collect();
    let shop = Store::bigcommerce("abc123").records(before.clone());
    let world = World::new(Sandbox::builder().store(shop.behavior(Behavior::unlimited()))).await;
    world.sync().await;
    assert!(world.verdict().is_complete());
    // Forty are gone, and forty others are in their place: the count is the same.
    let others = (1461..1501_u64).map(|id| {
        let mut other = before[479].clone();
        other["id"] = id.into();
        other
    });
    let restored: Vec<_> = before[..460].iter().cloned().chain(others).collect();
    world.sandbox.set_records(Platform::BigCommerce, "abc123", restored);
    let verdict = world.verify(Depth::Deep).await;
    assert_eq!(verdict.worst(), Verdict::Short { entries: 40 }, "{verdict:?}");
    let (repaired, verdict) = world.repair().await;
    assert_eq!((repaired.committed.new, verdict.is_complete()), (40, true), "{verdict:?}");
    assert_eq!(world.entries().len(), 540, "what was archived stays");
    assert!(world.verify(Depth::Deep).await.is_complete());
    let (repaired, verdict) = world.repair().await;
    assert_eq!((repaired.committed.new, verdict.is_complete()), (0, true), "twice without change");
}

#[tokio::test]
async fn what_the_platform_purged_before_its_time_is_no_fault_of_the_archive() {
    let world = synced(bigcommerce()).await;
    let oldest: Vec<String> = world.sandbox.oracle(Platform::BigCommerce, "abc123", 0, i64::MAX / 2);
    oldest.iter().take(30).for_each(|id| assert!(world.sandbox.remove(Platform::BigCommerce, "abc123", id)));
    let verdict = world.verify(Depth::Sample).await;
    assert!(verdict.is_complete(), "{verdict:?}");
    assert_eq!(world.number("SELECT count(*) FROM gone"), 30);
}

#[tokio::test]
async fn an_archive_that_was_left_alone_for_longer_than_the_platform_keeps_has_one_gap() {
    let world = World::new(Sandbox::builder().store(bigcommerce())).await;
    world.sync().await;
    let years_later = present() + SignedDuration::from_hours(24 * 800);
    let (_, standing) = status(&world.archive(), years_later).unwrap().remove(0);
    assert_eq!((standing.judgement.lacking().count(), standing.share), (1, 0.0));
}
