//! The example program of the guide, against the sandbox.

#[path = "../../examples/many_shops.rs"]
#[allow(dead_code)]
mod program;

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use program::{App, Database, Vault, run};
use storelogs::Checkpoint;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::drain::at;

const END: i64 = 1_790_000_000;

/// A shop whose records are served whatever their age.
fn shop(name: &str, history: &History) -> Store {
    let mut behavior = Behavior::default();
    behavior.bigcommerce.retention_days = None;
    Store::bigcommerce(name).history(history.clone()).behavior(behavior)
}

/// The tokens that shops have; without a map it is down.
#[derive(Default)]
struct Tokens(Mutex<Option<BTreeMap<String, String>>>);

impl Vault for Arc<Tokens> {
    fn token_of(&self, shop: &str) -> Result<Option<String>, io::Error> {
        match &*self.0.lock().unwrap() {
            Some(tokens) => Ok(tokens.get(shop).cloned()),
            None => Err(io::Error::other("503")),
        }
    }
}

async fn until(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..1_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("in 20 s it did not come to that: {what}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_program_of_the_guide_follows_parks_and_goes_on() {
    let history = History::bulk(7, 2_000).ending_at(END);
    let store = |name: &str| shop(name, &history);
    let sandbox = Sandbox::builder().stores(["one", "two"].map(store)).start().await.unwrap();
    let token = |shop: &str| (shop.to_owned(), sandbox.token(Platform::BigCommerce, shop));
    let tokens = Arc::new(Tokens::default());
    let api_url = Some(sandbox.bigcommerce_url());
    let database = Database::default();
    for shop in ["one", "two"] {
        let checkpoint = Checkpoint::since(at(history.time_range().0));
        database.tables().checkpoints.insert(shop.to_owned(), serde_json::to_string(&checkpoint).unwrap());
    }
    let every = Duration::from_secs(1);
    let app = Arc::new(App { database, vault: Arc::clone(&tokens), api_url, every });
    let running = tokio::spawn(run(Arc::clone(&app), ["one", "two"].map(str::to_owned).to_vec()));
    let failures = |shop: &str| {
        let name = format!("bigcommerce:{shop} ");
        app.database.tables().failures.iter().filter(|line| line.contains(&name)).count()
    };

    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(app.database.tables().parked.is_empty(), "a vault that is down parks nobody");
    *tokens.0.lock().unwrap() = Some(BTreeMap::from([token("one")]));
    until("a shop without a token is parked, and the other read", || {
        app.database.tables().parked.contains_key("two") && failures("one") > 0
    })
    .await;
    let why = app.database.tables().parked["two"].clone();
    assert!(why.starts_with("bigcommerce:two: the vault has no token"), "{why}");
    assert_eq!(failures("two"), 0);

    *tokens.0.lock().unwrap() = Some(BTreeMap::from([token("one"), token("two")]));
    app.database.tables().parked.clear();
    until("it goes on", || failures("one") == failures("two")).await;
    let lines = app.database.tables().failures.clone();
    let distinct: std::collections::BTreeSet<&String> = lines.iter().collect();
    assert!(failures("one") > 10 && distinct.len() > 10, "{} lines", lines.len());
    running.abort();
}

/// A vault that panics when it is first asked.
struct Shaky(AtomicBool, BTreeMap<String, String>);

impl Vault for Shaky {
    fn token_of(&self, shop: &str) -> Result<Option<String>, io::Error> {
        assert!(self.0.swap(true, Ordering::SeqCst), "of a test");
        Ok(self.1.get(shop).cloned())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shop_whose_task_panicked_is_followed_again_and_one_with_a_broken_checkpoint_is_parked() {
    let history = History::bulk(7, 200).ending_at(END);
    let sandbox = Sandbox::builder().stores([shop("one", &history)]).start().await.unwrap();
    let database = Database::default();
    let checkpoint = Checkpoint::since(at(history.time_range().0));
    database.tables().checkpoints.insert("one".to_owned(), serde_json::to_string(&checkpoint).unwrap());
    database.tables().checkpoints.insert("broken".to_owned(), "{".to_owned());
    let tokens = BTreeMap::from([("one".to_owned(), sandbox.token(Platform::BigCommerce, "one"))]);
    let vault = Shaky(AtomicBool::new(false), tokens);
    let api_url = Some(sandbox.bigcommerce_url());
    let app = Arc::new(App { database, vault, api_url, every: Duration::from_millis(50) });
    let running = tokio::spawn(run(Arc::clone(&app), ["one", "broken"].map(str::to_owned).to_vec()));
    until("the shop is read, though its first task panicked", || !app.database.tables().failures.is_empty()).await;
    until("the other is parked", || app.database.tables().parked.contains_key("broken")).await;
    running.abort();
    assert!(app.vault.0.load(Ordering::SeqCst));
    let tables = app.database.tables();
    assert!(tables.parked["broken"].contains("its checkpoint cannot be read"), "{:?}", tables.parked);
    assert_eq!((tables.parked.len(), tables.checkpoints["broken"].as_str()), (1, "{"));
}
