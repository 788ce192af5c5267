//! The sandbox itself: building, starting, observing, changing and stopping it.

use std::{io, sync::Arc, time::Duration};

use serde_json::Value;
use tokio::{runtime::Runtime, sync::watch};

use crate::{
    Behavior, Clock, Faults, History, Journal, Platform, Store,
    server::{self, Server},
    shop::{Shop, Token},
    store::Source,
    world::World,
};

/// How many requests the journal remembers by default.
const JOURNAL_LIMIT: usize = 100_000;
/// How long open connections may take to end on shutdown.
const GRACE: Duration = Duration::from_secs(1);

/// The builder of a sandbox.
#[derive(Debug)]
pub struct Builder {
    bigcommerce_port: u16,
    shopline_port: u16,
    journal_limit: usize,
    threads: Option<usize>,
    stores: Vec<Store>,
}

impl Builder {
    /// The port of the BigCommerce server on 127.0.0.1; 0 takes a free one.
    #[must_use]
    pub fn bigcommerce_port(mut self, port: u16) -> Self {
        self.bigcommerce_port = port;
        self
    }

    /// The port of the SHOPLINE server on 127.0.0.1; 0 takes a free one.
    #[must_use]
    pub fn shopline_port(mut self, port: u16) -> Self {
        self.shopline_port = port;
        self
    }

    /// Adds a store. A store of the same platform and name is replaced.
    #[must_use]
    pub fn store(mut self, store: Store) -> Self {
        self.stores.push(store);
        self
    }

    /// Adds many stores.
    #[must_use]
    pub fn stores(mut self, stores: impl IntoIterator<Item = Store>) -> Self {
        self.stores.extend(stores);
        self
    }

    /// How many requests the journal remembers; 0 keeps none and is fastest.
    #[must_use]
    pub fn journal_limit(mut self, entries: usize) -> Self {
        self.journal_limit = entries;
        self
    }

    /// Serves on this many threads of its own rather than on the caller's runtime. A paused or busy runtime then
    /// does not stop the sandbox.
    #[must_use]
    pub fn own_threads(mut self, threads: usize) -> Self {
        self.threads = Some(threads.max(1));
        self
    }

    /// Starts both servers.
    ///
    /// # Errors
    ///
    /// When a port is taken or may not be used, or no thread can be had.
    pub async fn start(self) -> io::Result<Sandbox> {
        let world = Arc::new(World::new(self.journal_limit, Clock::new()));
        for store in self.stores {
            world.add(store);
        }
        let (stop, stopped) = watch::channel(false);
        let ports = [(Platform::BigCommerce, self.bigcommerce_port), (Platform::Shopline, self.shopline_port)];
        let starting = {
            let world = Arc::clone(&world);
            async move {
                let mut servers = Vec::new();
                for (platform, port) in ports {
                    servers.push(server::start(platform, port, Arc::clone(&world), stopped.clone())?);
                }
                Ok::<_, io::Error>(servers)
            }
        };
        let (runtime, servers) = match self.threads {
            None => (None, starting.await?),
            Some(threads) => {
                let runtime = tokio::runtime::Builder::new_multi_thread()
                    .worker_threads(threads)
                    .thread_name("storelogs-sandbox")
                    .enable_all()
                    .build()?;
                let servers = runtime.spawn(starting).await.map_err(io::Error::other)??;
                (Some(runtime), servers)
            }
        };
        Ok(Sandbox { world, servers, stop, runtime })
    }
}

/// The rows that a store has, after it was restored from a backup, in place of those that the backup lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restored {
    /// Rows of the same seconds, under ids of their own.
    OtherIds,
    /// Rows of a second later, under the same ids: ids were given out again.
    SameIds,
}

/// Both platforms on loopback. It stops when it is dropped.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    servers: Vec<Server>,
    stop: watch::Sender<bool>,
    runtime: Option<Runtime>,
}

impl Sandbox {
    /// The builder of a sandbox. Without any setting it has no stores and takes two free ports.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            bigcommerce_port: 0,
            shopline_port: 0,
            journal_limit: JOURNAL_LIMIT,
            threads: None,
            stores: Vec::new(),
        }
    }

    /// The origin of the BigCommerce server: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn bigcommerce_url(&self) -> String {
        self.url(0)
    }

    /// The origin of the SHOPLINE server: `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn shopline_url(&self) -> String {
        self.url(1)
    }

    /// The origin of a platform's server.
    #[must_use]
    pub fn origin(&self, platform: Platform) -> String {
        match platform {
            Platform::BigCommerce => self.bigcommerce_url(),
            Platform::Shopline => self.shopline_url(),
        }
    }

    fn url(&self, server: usize) -> String {
        format!("http://{}", self.servers[server].address)
    }

    /// The names of a platform's stores, sorted.
    #[must_use]
    pub fn stores(&self, platform: Platform) -> Vec<String> {
        self.world.stores().names(platform)
    }

    /// The requests so far.
    #[must_use]
    pub fn journal(&self) -> Journal {
        self.world.journal().snapshot()
    }

    /// Forgets the requests so far.
    pub fn clear_journal(&self) {
        self.world.journal().clear();
    }

    /// How many requests came in since the start, also those the journal forgot.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.world.requests()
    }

    /// The sandbox's clock, to be moved.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.world.clock
    }

    /// The true records: every record that the store still has, as the store sends it, oldest first.
    ///
    /// # Panics
    ///
    /// When there is no such store. So do all methods below that name one.
    #[must_use]
    #[track_caller]
    pub fn records(&self, platform: Platform, store: &str) -> Vec<Value> {
        self.shop(platform, store).records(self.world.clock.now())
    }

    /// The ids of the records that the store still has from `since` up to but not including `until`, both in
    /// Unix seconds, oldest first.
    #[must_use]
    #[track_caller]
    pub fn oracle(&self, platform: Platform, store: &str, since: i64, until: i64) -> Vec<String> {
        let rows = self.shop(platform, store).truth(since, until, self.world.clock.now());
        rows.iter().map(crate::row::Row::id_text).collect()
    }

    /// Adds a record. One of the same id is replaced; one of an earlier time comes late.
    #[track_caller]
    pub fn push(&self, platform: Platform, store: &str, record: impl Into<Value>) {
        self.shop(platform, store).push(&record.into(), self.world.clock.now());
    }

    /// Removes a record. False if it was not there.
    #[track_caller]
    #[expect(clippy::needless_pass_by_value, reason = "an id may be a number or a string")]
    pub fn remove(&self, platform: Platform, store: &str, id: impl ToString) -> bool {
        id.to_string().parse().is_ok_and(|id| self.shop(platform, store).remove(id))
    }

    /// Restores a store from a backup: `rows` of its rows, spread over its time, are gone, and as many others are in
    /// their place. Returns the ids of those that are gone.
    #[track_caller]
    pub fn restore_backup(&self, platform: Platform, store: &str, rows: usize, restored: Restored) -> Vec<String> {
        self.shop(platform, store).restore(rows, restored, self.world.clock.now())
    }

    /// Puts other records in the place of all of a store's.
    #[track_caller]
    pub fn set_records(&self, platform: Platform, store: &str, records: impl Into<Vec<Value>>) {
        self.shop(platform, store).set_source(Source::Values(records.into()));
    }

    /// Puts a history in the place of all of a store's records.
    #[track_caller]
    pub fn set_history(&self, platform: Platform, store: &str, history: History) {
        self.shop(platform, store).set_source(Source::History(history));
    }

    /// Changes a store's switches. The used part of its rate limit stays used.
    #[track_caller]
    pub fn set_behavior(&self, platform: Platform, store: &str, behavior: impl Into<Behavior>) {
        let behavior = Arc::new(behavior.into());
        self.shop(platform, store).desk().behavior = behavior;
    }

    /// Changes a store's script of faults; counting begins anew.
    #[track_caller]
    pub fn set_faults(&self, platform: Platform, store: &str, faults: Faults) {
        self.shop(platform, store).set_faults(faults);
    }

    /// Changes a store's latency.
    #[track_caller]
    pub fn set_latency(&self, platform: Platform, store: &str, latency: Duration) {
        self.shop(platform, store).desk().latency = latency;
    }

    /// Revokes a store's tokens and accepts this one.
    #[track_caller]
    pub fn set_token(&self, platform: Platform, store: &str, token: impl Into<String>) {
        let shop = self.shop(platform, store);
        let mut stores = self.world.stores_mut();
        stores.remove(platform, store);
        shop.desk().tokens = vec![Token { text: token.into(), until: None }];
        stores.insert(shop);
    }

    /// The newest token that the store accepts.
    #[must_use]
    #[track_caller]
    pub fn token(&self, platform: Platform, store: &str) -> String {
        self.shop(platform, store).desk().tokens.last().map(|token| token.text.clone()).unwrap_or_default()
    }

    /// Adds a store, or replaces the one of its name.
    pub fn add_store(&self, store: Store) {
        self.world.add(store);
    }

    /// Takes a store away. False if it was not there.
    pub fn remove_store(&self, platform: Platform, store: &str) -> bool {
        self.world.stores_mut().remove(platform, store)
    }

    /// Stops both servers and waits until they have.
    pub async fn shutdown(mut self) {
        // It fails only when both servers are gone already.
        let _ = self.stop.send(true);
        for mut server in std::mem::take(&mut self.servers) {
            if tokio::time::timeout(GRACE, &mut server.task).await.is_err() {
                server.task.abort();
            }
        }
    }

    #[track_caller]
    fn shop(&self, platform: Platform, store: &str) -> Arc<Shop> {
        let shop = self.world.stores().get(platform, store).map(Arc::clone);
        match shop {
            Some(shop) => shop,
            None => panic!("the sandbox has no {platform} store named {store}"),
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.stop.send(true);
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
