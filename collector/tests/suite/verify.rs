//! Verifying: what is missing is found, whoever took it, and fetched again.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use storelogs::LogSource;
use storelogs_collector::archive::State;
use storelogs_collector::status::status;
use storelogs_collector::sync::Directory;
use storelogs_collector::verify::{Finding, Found, repair, verify};
use storelogs_collector::{Archive, Stretch};
use storelogs_sandbox::{Behavior, Count, History, Sandbox, ShoplineBehavior, Store};

use crate::world::World;

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

async fn source(world: &World) -> Arc<dyn LogSource> {
    let store = world.stores.stores().unwrap().remove(0);
    world.stores.connect(&store).await.unwrap().log
}

async fn findings(archive: &Archive, source: &dyn LogSource) -> Vec<Found> {
    let id = archive.store_id(source.store()).unwrap().unwrap();
    verify(archive, id, source, Timestamp::now()).await.unwrap()
}

/// Takes entries out behind the archive's back.
fn delete(world: &World, since: Timestamp, until: Timestamp) -> u64 {
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    let bounds = [since.as_microsecond(), until.as_microsecond()];
    sql.execute("DELETE FROM entry WHERE time >= ?1 AND time < ?2", bounds).unwrap() as u64
}

#[tokio::test]
async fn everything_is_proven_after_a_sync() {
    for shop in [bigcommerce(), shopline()] {
        let world = synced(shop).await;
        let found = findings(&world.archive(), &*source(&world).await).await;
        let [Found { finding: Finding::Proven { entries }, .. }] = found[..] else { panic!("{found:?}") };
        assert!(entries > 0 && entries <= world.entries().len() as u64);
    }
}

#[tokio::test]
async fn entries_that_vanished_are_found_narrowly_and_fetched_again() {
    for shop in [bigcommerce(), shopline()] {
        let world = synced(shop).await;
        let source = source(&world).await;
        let middle = Timestamp::now() - SignedDuration::from_hours(24 * 40);
        let (since, until) = (middle, middle + SignedDuration::from_hours(9));
        let deleted = delete(&world, since, until);
        assert!(deleted > 0, "nothing to delete there");

        let mut archive = world.archive();
        let found = findings(&archive, &*source).await;
        let missing: u64 =
            found.iter().map(|one| if let Finding::Gap { missing } = one.finding { missing } else { 0 }).sum();
        assert_eq!(missing, deleted);
        let gaps: Vec<Stretch> = found.iter().filter(|one| one.is_gap()).map(|one| one.stretch).collect();
        let length: SignedDuration = gaps.iter().map(Stretch::length).sum();
        assert!(length < SignedDuration::from_hours(36), "{length:#} is far more than was deleted: {gaps:?}");

        let id = archive.store_id(source.store()).unwrap().unwrap();
        let requests = world.sandbox.requests();
        let done = repair(&mut archive, id, &*source, &gaps).await.unwrap();
        assert_eq!((done.new, done.late, done.revised), (deleted, 0, 0));
        assert!(world.sandbox.requests() - requests < 4 * gaps.len() as u64 + 4);
        let found = findings(&archive, &*source).await;
        assert!(matches!(found[..], [Found { finding: Finding::Proven { .. }, .. }]), "{found:?}");
        world.assert_conserved("after the repair");
    }
}

#[tokio::test]
async fn what_was_never_read_is_told_without_asking() {
    let world = synced(bigcommerce()).await;
    let source = source(&world).await;
    let id = world.archive().store_id(source.store()).unwrap().unwrap();
    let since = Timestamp::from_second(Timestamp::now().as_second()).unwrap() - SignedDuration::from_hours(24 * 10);
    let hidden = Stretch::new(since, since + SignedDuration::from_hours(1)).unwrap();
    let commit = storelogs_collector::archive::Commit { uncovered: Some(hidden), ..Default::default() };
    let mut archive = world.archive();
    archive.commit([(id, &commit)]).unwrap();
    let found = findings(&archive, &*source).await;
    let kinds: Vec<_> = found.iter().map(|one| (one.is_gap(), one.stretch == hidden)).collect();
    assert_eq!(kinds, [(false, false), (true, true), (false, false)], "{found:?}");
    let (_, standing) = status(&archive, Timestamp::now()).unwrap().remove(0);
    assert_eq!((standing.state, standing.gaps), (State::Active, vec![hidden]));
    assert!(standing.share > 0.99 && standing.share < 1.0);
    assert_eq!(standing.entries, world.entries().len() as u64);
}

#[tokio::test]
async fn a_platform_that_cannot_count_proves_nothing() {
    let behavior = ShoplineBehavior { count: Count::Unavailable, ..ShoplineBehavior::unlimited() };
    let world = synced(shopline().behavior(behavior)).await;
    let found = findings(&world.archive(), &*source(&world).await).await;
    assert!(found.iter().all(|one| one.finding == Finding::NotCountable), "{found:?}");
}

#[tokio::test]
async fn an_archive_that_was_left_alone_for_longer_than_the_platform_keeps_has_one_gap() {
    let world = World::new(Sandbox::builder().store(bigcommerce())).await;
    world.sync().await;
    let years_later = Timestamp::now() + SignedDuration::from_hours(24 * 800);
    let (_, standing) = status(&world.archive(), years_later).unwrap().remove(0);
    assert_eq!((standing.gaps.len(), standing.share), (1, 0.0));
}
