//! The state that the servers of one sandbox share: the stores, the journal and the clock.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;

use crate::{
    Clock, JournalEntry, Platform, Store, answer::Answer, journal::Ring, request::Request, script::Wire, shop::Shop,
};

/// The outcome of one request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) store: Option<Arc<str>>,
    pub(crate) auth_ok: bool,
    pub(crate) answer: Answer,
    pub(crate) wire: Option<Wire>,
}

impl Outcome {
    /// An answer to a request whose credentials were not right, or not looked at.
    pub(crate) fn refused(store: Option<Arc<str>>, answer: Answer) -> Self {
        Self { store, auth_ok: false, answer, wire: None }
    }
}

/// The state of one sandbox.
#[derive(Debug)]
pub(crate) struct World {
    stores: RwLock<Stores>,
    journal: Mutex<Ring>,
    pub(crate) clock: Clock,
    /// Gzip bombs by unpacked size, and whether they are of records.
    pub(crate) bombs: Mutex<HashMap<(u64, bool), Bytes>>,
    requests: AtomicU64,
}

/// The stores, and for SHOPLINE who holds which token.
#[derive(Debug, Default)]
pub(crate) struct Stores {
    bigcommerce: HashMap<Arc<str>, Arc<Shop>>,
    shopline: HashMap<Arc<str>, Arc<Shop>>,
    by_token: HashMap<String, Vec<Arc<Shop>>>,
}

impl World {
    pub(crate) fn new(journal_limit: usize, clock: Clock) -> Self {
        Self {
            stores: RwLock::default(),
            journal: Mutex::new(Ring::new(journal_limit)),
            clock,
            bombs: Mutex::default(),
            requests: AtomicU64::new(0),
        }
    }

    pub(crate) fn stores(&self) -> RwLockReadGuard<'_, Stores> {
        self.stores.read().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stores_mut(&self) -> RwLockWriteGuard<'_, Stores> {
        self.stores.write().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn add(&self, store: Store) {
        let shop = Arc::new(Shop::new(store, self.clock.now_ms()));
        self.stores_mut().insert(shop);
    }

    /// Counts requests from 1.
    pub(crate) fn next_request(&self) -> u64 {
        self.requests.fetch_add(1, Ordering::Relaxed) + 1
    }

    pub(crate) fn requests(&self) -> u64 {
        self.requests.load(Ordering::Relaxed)
    }

    pub(crate) fn journal(&self) -> std::sync::MutexGuard<'_, Ring> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes down a request and what it came to.
    pub(crate) fn record(&self, platform: Platform, request: Request, outcome: &Outcome, at: i64) {
        if self.journal().keeps_nothing() {
            return;
        }
        let reset = matches!(outcome.wire, Some(Wire::Reset));
        let entry = JournalEntry {
            platform,
            store: outcome.store.as_deref().map(str::to_owned),
            headers: request.redacted_headers(),
            method: request.method,
            path: request.path,
            query: request.query,
            raw_query: request.raw_query,
            status: if reset { 0 } else { outcome.answer.status },
            rows: outcome.answer.rows,
            at,
            auth_ok: outcome.auth_ok,
        };
        self.journal().push(entry);
    }
}

impl Stores {
    pub(crate) fn get(&self, platform: Platform, name: &str) -> Option<&Arc<Shop>> {
        self.of(platform).get(name)
    }

    pub(crate) fn names(&self, platform: Platform) -> Vec<String> {
        let mut names: Vec<String> = self.of(platform).keys().map(|name| (**name).to_owned()).collect();
        names.sort();
        names
    }

    /// The only SHOPLINE store, if there is just one.
    pub(crate) fn only_shopline(&self) -> Option<&Arc<Shop>> {
        (self.shopline.len() == 1).then(|| self.shopline.values().next()).flatten()
    }

    /// The SHOPLINE stores that were given this token.
    pub(crate) fn holders(&self, token: &str) -> &[Arc<Shop>] {
        self.by_token.get(token).map_or(&[], Vec::as_slice)
    }

    /// Adds a token by which a SHOPLINE store is found.
    pub(crate) fn hold(&mut self, token: &str, shop: &Arc<Shop>) {
        self.by_token.entry(token.to_owned()).or_default().push(Arc::clone(shop));
    }

    /// Forgets a token of a SHOPLINE store, which is then no longer found by it.
    pub(crate) fn release(&mut self, token: &str, shop: &Arc<Shop>) {
        if let Some(holders) = self.by_token.get_mut(token) {
            holders.retain(|holder| !Arc::ptr_eq(holder, shop));
            if holders.is_empty() {
                self.by_token.remove(token);
            }
        }
    }

    pub(crate) fn insert(&mut self, shop: Arc<Shop>) {
        self.remove(shop.platform, &shop.name);
        if shop.platform == Platform::Shopline {
            for token in &shop.desk().tokens {
                self.hold(&token.text, &shop);
            }
        }
        let stores = match shop.platform {
            Platform::BigCommerce => &mut self.bigcommerce,
            Platform::Shopline => &mut self.shopline,
        };
        stores.insert(Arc::clone(&shop.name), shop);
    }

    pub(crate) fn remove(&mut self, platform: Platform, name: &str) -> bool {
        let removed = match platform {
            Platform::BigCommerce => self.bigcommerce.remove(name),
            Platform::Shopline => self.shopline.remove(name),
        };
        let Some(removed) = removed else { return false };
        if platform == Platform::Shopline {
            for token in &removed.desk().tokens {
                self.release(&token.text, &removed);
            }
        }
        true
    }

    fn of(&self, platform: Platform) -> &HashMap<Arc<str>, Arc<Shop>> {
        match platform {
            Platform::BigCommerce => &self.bigcommerce,
            Platform::Shopline => &self.shopline,
        }
    }
}
