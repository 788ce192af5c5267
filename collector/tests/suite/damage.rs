//! Damaged and misused archives: each gets a clear message, and no further damage.

use std::fs;
use std::time::Duration;

use jiff::SignedDuration;
use storelogs_collector::archive::State;
use storelogs_collector::sync::SyncOptions;
use storelogs_collector::{Archive, Error};
use storelogs_sandbox::{Behavior, Fault, Faults, History, Platform, Sandbox, Store};
use tokio::sync::watch;

use crate::world::{World, present, record};

const HASH: &str = "abc123";
const HANDLE: &str = "open001";

async fn two_shops() -> World {
    let history = History::bulk(8, 1500);
    let shops = [Store::bigcommerce(HASH), Store::shopline(HANDLE)];
    World::new(
        Sandbox::builder().stores(shops.map(|shop| shop.history(history.clone()).behavior(Behavior::unlimited()))),
    )
    .await
}

async fn run(world: &World) -> Result<(), Error> {
    let (_stop, stopped) = watch::channel(false);
    world.sync_with(SyncOptions::default(), stopped).await.map(drop)
}

#[tokio::test]
async fn a_token_that_is_revoked_in_the_middle_of_a_walk_loses_nothing() {
    for nth in [2, 4, 9] {
        let world = two_shops().await;
        for (platform, name) in [(Platform::BigCommerce, HASH), (Platform::Shopline, HANDLE)] {
            let revoked = (nth..nth + 50).fold(Faults::none(), |faults, nth| faults.nth(nth, Fault::Status(401)));
            world.sandbox.set_faults(platform, name, revoked);
        }
        for outcome in world.sync().await {
            assert_eq!((outcome.status.state, outcome.complete, outcome.gaps.len()), (State::Unauthorized, false, 0));
            assert!(outcome.status.reason.unwrap().contains("token"));
        }
        for (platform, name) in [(Platform::BigCommerce, HASH), (Platform::Shopline, HANDLE)] {
            world.sandbox.set_faults(platform, name, Faults::none());
        }
        assert!(world.sync().await.iter().all(|outcome| outcome.complete));
        world.assert_conserved("with a new token");
    }
}

#[tokio::test]
async fn a_token_that_is_replaced_while_it_follows_is_taken_up() {
    let world = two_shops().await;
    world.sync().await;
    world.sandbox.set_token(Platform::BigCommerce, HASH, "another-token");
    world.sandbox.push(Platform::BigCommerce, HASH, record(90_000_001, 1, "with the new token"));
    // The first try takes the new token at once, since each run asks for it.
    let options =
        SyncOptions { interval: (Duration::from_millis(20), Duration::from_millis(20)), ..SyncOptions::default() };
    let id = world.archive().store_id(&storelogs::Store::bigcommerce(HASH).unwrap()).unwrap().unwrap();
    world.follow(options, || {}, |archive| archive.entry(id, "90000001").unwrap().is_some()).await;
}

#[tokio::test]
async fn a_store_that_comes_and_goes_keeps_what_it_has_and_goes_on() {
    let world = two_shops().await;
    world.sync().await;
    assert!(world.sandbox.remove_store(Platform::BigCommerce, HASH));
    let outcomes = world.sync().await;
    assert_eq!(outcomes.len(), 1);
    let records: Vec<_> = (1..=5).map(|id| record(90_000_000 + id, 60, "after it came back")).collect();
    world.sandbox.add_store(Store::bigcommerce(HASH).records(records).behavior(Behavior::unlimited()));
    world.sandbox.clock().set_offset(300);
    let outcomes = world.sync().await;
    assert!(outcomes.len() == 2 && outcomes.iter().all(|outcome| outcome.complete), "{outcomes:?}");
    let id = world.archive().store_id(&storelogs::Store::bigcommerce(HASH).unwrap()).unwrap().unwrap();
    let ever = crate::world::ever();
    assert_eq!(world.archive().count(id, ever).unwrap(), 1505);
}

#[tokio::test]
async fn a_second_run_on_the_same_archive_is_refused_and_the_first_goes_on() {
    let world = two_shops().await;
    let lock = world.archive().lock().unwrap();
    assert!(matches!(run(&world).await, Err(Error::InUse { .. })));
    assert_eq!(world.sandbox.requests(), 0);
    drop(lock);
    run(&world).await.unwrap();
    world.assert_conserved("once the first has ended");
}

#[tokio::test]
async fn an_archive_that_somebody_locks_for_a_while_is_waited_for() {
    let world = two_shops().await;
    world.archive();
    let other = rusqlite::Connection::open(&world.path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let free = tokio::task::spawn_blocking(move || {
        std::thread::sleep(Duration::from_millis(700));
        other.execute_batch("ROLLBACK").unwrap();
    });
    run(&world).await.unwrap();
    free.await.unwrap();
    world.assert_conserved("after the wait");
}

#[tokio::test]
async fn a_newer_archive_is_left_alone() {
    let world = two_shops().await;
    world.archive();
    let sql = rusqlite::Connection::open(&world.path).unwrap();
    sql.pragma_update(None, "user_version", 99).unwrap();
    sql.pragma_update(None, "wal_checkpoint", "truncate").unwrap();
    drop(sql);
    let before = fs::read(&world.path).unwrap();
    let error = Archive::open(&world.path).unwrap_err();
    assert!(matches!(error, Error::Newer { found: 99, .. }) && error.to_string().contains("newer program"), "{error}");
    assert_eq!(fs::read(&world.path).unwrap(), before);
}

/// Whatever is broken is reported, and nothing panics. What is not reported is right.
#[tokio::test]
async fn a_damaged_archive_is_reported() {
    let whole = two_shops().await;
    whole.sync().await;
    // Without side files: everything is in the one file.
    rusqlite::Connection::open(&whole.path).unwrap().pragma_update(None, "journal_mode", "delete").unwrap();
    let bytes = fs::read(&whole.path).unwrap();
    let mut reported = 0;
    for part in 0..12 {
        let mut damaged = bytes.clone();
        let from = bytes.len() / 12 * part + 4096 * usize::from(part == 0);
        let until = (from + 3 * 4096).min(bytes.len());
        damaged[from..until].fill(0xa5);
        let copy = two_shops().await;
        fs::write(&copy.path, damaged).unwrap();
        let error = match Archive::open(&copy.path) {
            Err(error) => Some(error),
            Ok(archive) => match archive.each_entry(crate::world::ever(), |_| Ok(())) {
                Err(error) => Some(error),
                Ok(()) => run(&copy).await.err(),
            },
        };
        if let Some(error) = error {
            let text = error.to_string();
            assert!(matches!(error, Error::Corrupt { .. } | Error::NotAnArchive { .. } | Error::Sql { .. }), "{text}");
            assert!(text.contains("archive.db"), "{text}");
            reported += usize::from(matches!(error, Error::Corrupt { .. }) && text.contains("sync again"));
        }
    }
    assert!(reported > 2, "{reported} of 12");
    for length in [100, 5000, bytes.len() / 2] {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.db");
        fs::write(&path, &bytes[..length]).unwrap();
        let error = Archive::open(&path).and_then(|archive| archive.stores().map(drop)).and_then(|()| {
            let archive = Archive::open(&path)?;
            archive.each_entry(crate::world::ever(), |_| Ok(()))
        });
        let error = error.unwrap_err();
        assert!(matches!(error, Error::Corrupt { .. } | Error::NotAnArchive { .. }), "{length}: {error}");
    }
    let until = present() - SignedDuration::from_hours(1);
    assert!(whole.progress().coverage.contains(until), "the whole one is as it was");
}
