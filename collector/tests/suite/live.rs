//! Following stores.

use std::time::Duration;

use storelogs_collector::sync::SyncOptions;
use storelogs_sandbox::{Behavior, Platform, Sandbox, Store};

use crate::world::{World, record};

#[tokio::test]
async fn what_comes_in_is_archived_while_it_follows() {
    let shop = Store::bigcommerce("abc123").records(vec![record(1, 7200, "old")]).behavior(Behavior::unlimited());
    let world = World::new(Sandbox::builder().store(shop)).await;
    let mut id = 1;
    let more = || {
        id = (id + 1).min(40);
        world.sandbox.push(Platform::BigCommerce, "abc123", record(id, 0, "new"));
    };
    let quick =
        SyncOptions { interval: (Duration::from_millis(10), Duration::from_millis(30)), ..SyncOptions::default() };
    let all = |archive: &storelogs_collector::Archive| {
        archive.stores().unwrap().iter().any(|(store, _)| archive.entry(*store, "40").unwrap().is_some())
    };
    world.follow(quick, more, all).await;
    world.assert_conserved("while it followed");
}
