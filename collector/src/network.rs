//! The collector's network: one for all stores, with a limit of requests at a time, which also learns the platforms' clocks.

use std::collections::{HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Error, Http, HttpBackend, Proxy, Store, TransportError};
use tokio::sync::Semaphore;
use tracing::{Level, debug, enabled};

/// How many requests of all stores are under way at once by default.
pub const REQUESTS_AT_ONCE: usize = 256;

/// Counts the requests, and compares each answer's `Date` with this machine's clock. Clones share everything.
#[derive(Clone)]
pub struct Network {
    backend: Arc<dyn HttpBackend>,
    under_way: Arc<Semaphore>,
    all: Arc<Counts>,
    own: Arc<Counts>,
    stores: Arc<Mutex<HashMap<Store, Arc<Counts>>>>,
    heard: Arc<Mutex<Heard>>,
}

/// The platform's clock, by its answers.
#[derive(Clone, Copy, Default)]
struct Heard {
    skew: Option<SignedDuration>,
    /// The least that the platform's time was, and when that was by a monotonic clock.
    base: Option<(Timestamp, Instant)>,
    least: Option<Timestamp>,
    /// Whether an answer came that gave its time; and one that did not.
    dated: bool,
    undated: bool,
}

#[derive(Default)]
struct Counts {
    requests: AtomicU64,
    answers: AtomicU64,
    throttled: AtomicU64,
    retries: AtomicU64,
    /// Requests without an answer that settles them, by a number made of their address.
    open: Mutex<HashSet<u64>>,
}

/// The most that a platform's clock is assumed to be behind this machine's, if it does not give the time.
pub const CLOCK_MARGIN: SignedDuration = SignedDuration::from_mins(15);

/// How many unanswered requests of a store are remembered.
const OPEN: usize = 256;

/// The traffic that passed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Requests that were sent.
    pub requests: u64,
    /// Answers that came.
    pub answers: u64,
    /// Answers that said: too many requests (HTTP 429).
    pub throttled: u64,
    /// Requests that were sent again after they had failed.
    pub retries: u64,
}

impl Network {
    /// The real network, through the proxy that the environment names, if any.
    ///
    /// # Errors
    /// If a proxy's address cannot be right.
    pub fn new() -> Result<Self, Error> {
        Ok(Self::over(Http::new()?, REQUESTS_AT_ONCE))
    }

    /// The real network, through this proxy.
    ///
    /// # Errors
    /// If no client can be made.
    pub fn through(proxy: Proxy) -> Result<Self, Error> {
        Ok(Self::over(Http::through(proxy)?, REQUESTS_AT_ONCE))
    }

    /// The same limit, counts and clocks, through another proxy from now on.
    ///
    /// # Errors
    /// If no client can be made.
    pub fn rerouted(&self, proxy: Proxy) -> Result<Self, Error> {
        Ok(Self { backend: Arc::new(Http::through(proxy)?), ..self.clone() })
    }

    /// Any other network, with this many requests at a time.
    pub fn over(backend: impl HttpBackend, requests_at_once: usize) -> Self {
        Self {
            backend: Arc::new(backend),
            under_way: Arc::new(Semaphore::new(requests_at_once.max(1))),
            all: Arc::default(),
            own: Arc::default(),
            stores: Arc::default(),
            heard: Arc::default(),
        }
    }

    /// The same connections and limit, with counts and a clock of its own: one for each store.
    #[must_use]
    pub fn another(&self) -> Self {
        Self { own: Arc::default(), heard: Arc::default(), ..self.clone() }
    }

    /// The same for a store by name: its counts go on where those of an earlier network of that store ended.
    #[must_use]
    pub fn of(&self, store: &Store) -> Self {
        let mut stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        let own = Arc::clone(stores.entry(store.clone()).or_default());
        drop(stores);
        Self { own, ..self.another() }
    }

    /// The traffic of each store that had a network by name.
    pub fn traffic_of_stores(&self) -> HashMap<Store, Traffic> {
        let stores = self.stores.lock().unwrap_or_else(PoisonError::into_inner);
        stores.iter().map(|(store, counts)| (store.clone(), counts.read())).collect()
    }

    /// How many answers came, for all stores.
    pub fn answers(&self) -> u64 {
        self.all.answers.load(Ordering::Relaxed)
    }

    /// The traffic of all stores.
    pub fn all_traffic(&self) -> Traffic {
        self.all.read()
    }

    /// The traffic of this store.
    pub fn traffic(&self) -> Traffic {
        self.own.read()
    }

    /// How far the platform's clock is ahead of this machine's, give or take a second.
    pub fn skew(&self) -> Option<SignedDuration> {
        self.heard().skew
    }

    /// The time by the platform's clock: by the dates of its answers and what has passed since, so never ahead of it,
    /// whatever becomes of this machine's clock. Before the first answer, the time by this machine's clock; and if that did
    /// not give the time, a [margin](CLOCK_MARGIN) less.
    pub fn now(&self) -> Timestamp {
        let heard = *self.heard();
        let margin = if heard.undated { CLOCK_MARGIN } else { SignedDuration::ZERO };
        heard.now().unwrap_or_else(|| Timestamp::now() - margin)
    }

    /// Whether answers came, and none gave the time.
    pub fn is_undated(&self) -> bool {
        let heard = *self.heard();
        heard.undated && !heard.dated
    }

    /// Assumes that the platform's clock is this far ahead of this machine's until an answer gives its time.
    pub fn expect(&self, ahead: SignedDuration) {
        let mut heard = self.heard();
        if heard.base.is_none() {
            heard.base = Timestamp::now().checked_add(ahead).ok().map(|now| (now, Instant::now()));
        }
    }

    /// Whether an answer has given the platform's time.
    pub fn has_heard(&self) -> bool {
        self.heard().dated
    }

    /// Forgets the least date, so that [`least_date`](Self::least_date) is about what is asked from now on.
    pub fn listen(&self) {
        self.heard().least = None;
    }

    /// The earliest date of the answers since [`listen`](Self::listen): whatever they say was so at that time or later.
    /// `None` if there was no answer, or none with a date.
    pub fn least_date(&self) -> Option<Timestamp> {
        self.heard().least
    }

    /// The time up to which the answers since [`listen`](Self::listen) can say anything: the earliest of their dates, or the
    /// present if they have none. In whole seconds: a platform cannot count a part of one.
    pub fn known_until(&self) -> Timestamp {
        self.least_date().unwrap_or_else(|| {
            let now = self.now();
            Timestamp::from_second(now.as_second()).unwrap_or(now)
        })
    }

    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Counts {
    fn read(&self) -> Traffic {
        Traffic {
            requests: self.requests.load(Ordering::Relaxed),
            answers: self.answers.load(Ordering::Relaxed),
            throttled: self.throttled.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
        }
    }

    /// A request is sent. Says whether it was sent before and not settled: it may have run out of time.
    fn send(&self, address: u64) -> bool {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.len() >= OPEN {
            open.clear(); // nobody came back for them
        }
        !open.insert(address)
    }

    fn settle(&self, address: u64) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).remove(&address);
    }
}

/// A number made of a request's address.
fn address(request: &reqwest::Request) -> u64 {
    let mut hasher = DefaultHasher::new();
    request.url().as_str().hash(&mut hasher);
    hasher.finish()
}

/// Whether a request with this answer may be sent again.
fn is_passing(status: reqwest::StatusCode) -> bool {
    matches!(status.as_u16(), 408 | 421 | 425 | 429 | 500 | 502..=504 | 520..=524 | 530)
}

impl HttpBackend for Network {
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        let network = self.clone();
        Box::pin(async move {
            // Never closed. Held until the head of the answer is there: bodies are read as they come.
            let permit = network.under_way.acquire().await;
            let address = address(&request);
            let (sent, begun) = (Timestamp::now(), Instant::now());
            network.count(|counts| &counts.requests);
            if network.own.send(address) {
                network.count(|counts| &counts.retries);
            }
            // An address names the store and the time range; what is secret is in the headers.
            let shown = enabled!(target: "storelogs::network", Level::DEBUG).then(|| request.url().to_string());
            let response = network.backend.send(operation, request).await;
            if let Some(address) = shown {
                let status = response.as_ref().map(|response| response.status().as_u16()).ok();
                let milliseconds = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
                debug!(target: "storelogs::network", operation, address, status, milliseconds, "request");
            }
            let response = response?;
            drop(permit);
            if !is_passing(response.status()) {
                network.own.settle(address);
            }
            network.count(|counts| &counts.answers);
            if response.status() == reqwest::StatusCode::TOO_MANY_REQUESTS {
                network.count(|counts| &counts.throttled);
            }
            match storelogs::platform::http_date(response.headers()) {
                Some(date) => network.heard().hear(date, sent, begun.elapsed()),
                None => network.heard().undated = true,
            }
            Ok(response)
        })
    }
}

impl Network {
    fn count(&self, which: impl Fn(&Counts) -> &AtomicU64) {
        which(&self.all).fetch_add(1, Ordering::Relaxed);
        which(&self.own).fetch_add(1, Ordering::Relaxed);
    }
}

impl Heard {
    fn now(&self) -> Option<Timestamp> {
        self.base.and_then(|(date, at)| date.checked_add(at.elapsed()).ok())
    }

    fn hear(&mut self, date: Timestamp, sent: Timestamp, took: Duration) {
        self.dated = true;
        self.skew = ahead(date, sent, Timestamp::now()).or(self.skew);
        // A date is cut to the second, and was written before the answer came: that much less than expected is no less.
        let same = date.checked_add(took + Duration::from_secs(2)).unwrap_or(date);
        let known = self.now().filter(|now| date < *now && *now <= same);
        self.base = Some((known.unwrap_or(date), Instant::now()));
        self.least = Some(self.least.map_or(date, |least| least.min(date)));
    }
}

/// An answer that was long under way says little about the clock.
const SLOW: Duration = Duration::from_secs(10);

/// The platform wrote its date between these two moments, and cut it to the second.
fn ahead(date: Timestamp, sent: Timestamp, received: Timestamp) -> Option<SignedDuration> {
    let took = received.duration_since(sent);
    if took.unsigned_abs() > SLOW {
        return None;
    }
    Some(date.duration_since(sent.checked_add(took / 2).ok()?) + SignedDuration::from_millis(500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_time_never_goes_back_unless_the_platform_set_its_clock_back() {
        let date = |text: &str| text.parse::<Timestamp>().unwrap();
        let mut heard = Heard::default();
        let mut hear = |text| {
            heard.hear(date(text), date("2026-08-01T12:00:00Z"), Duration::from_millis(100));
            (heard.now().unwrap().as_second(), heard.least)
        };
        let noon = date("2026-08-01T12:00:00Z").as_second();
        assert_eq!(hear("2026-08-01T12:00:09Z").0, noon + 9);
        assert_eq!(hear("2026-08-01T12:00:08Z"), (noon + 9, Some(date("2026-08-01T12:00:08Z"))));
        assert_eq!(hear("2026-08-01T12:00:02Z").0, noon + 2);
        assert_eq!(hear("2026-08-01T13:00:02Z").0, noon + 3602);
    }

    #[test]
    fn the_skew_is_measured_against_the_middle_of_the_exchange() {
        let sent = "2026-08-01T12:00:00Z".parse().unwrap();
        let received = "2026-08-01T12:00:01Z".parse().unwrap();
        let skew = |date: &str| ahead(date.parse().unwrap(), sent, received).unwrap().as_millis();
        assert_eq!(skew("2026-08-01T12:00:00Z"), 0);
        assert_eq!(skew("2026-08-01T12:01:00Z"), 60_000);
    }
}
