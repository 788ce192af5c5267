//! A sandbox, an archive, and a directory of the sandbox's stores.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde_json::{Value, json};
use storelogs::{BigCommerce, Http, LogEntry, RetryPolicy, Shopline, Store};
use storelogs_collector::archive::{Commit, Progress, StoreId};
use storelogs_collector::network::Network;
use storelogs_collector::status::status;
use storelogs_collector::sync::{Directory, Event, Observer, Outcome, Remote, SyncOptions, sync};
use storelogs_collector::verdict::{Evidence, Judgement};
use storelogs_collector::verify::{Depth, Repaired, examine, repair, to_repair};
use storelogs_collector::{Archive, Error, TimeRange};
use storelogs_sandbox::{Platform, Sandbox};
use tokio::sync::watch;

/// The stores of a sandbox, as they are when they are asked for.
pub(crate) struct Stores {
    pub(crate) sandbox: Arc<Sandbox>,
    network: Network,
    attempt_timeout: Mutex<Duration>,
}

/// No answer takes as long, not on a machine where ten others build: a test that was given up on by chance says nothing.
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(120);

impl Stores {
    pub(crate) fn new(sandbox: &Arc<Sandbox>) -> Arc<Self> {
        let network = Network::over(Http::new().unwrap(), 64);
        Arc::new(Self { sandbox: Arc::clone(sandbox), network, attempt_timeout: Mutex::new(ATTEMPT_TIMEOUT) })
    }

    /// Gives requests up after this time, for a test in which a platform hangs.
    pub(crate) fn give_up_after(&self, time: Duration) {
        *self.attempt_timeout.lock().unwrap() = time;
    }

    /// Waits that a test can afford.
    fn quick(&self) -> RetryPolicy {
        let delays = RetryPolicy::default().delays(Duration::from_millis(1), Duration::from_millis(5));
        delays.max_attempts(3).attempt_timeout(*self.attempt_timeout.lock().unwrap())
    }
}

impl Directory for Stores {
    fn stores(&self) -> Result<Vec<Store>, String> {
        let hashes = self.sandbox.stores(Platform::BigCommerce).into_iter().map(|name| Store::bigcommerce(&name));
        let handles = self.sandbox.stores(Platform::Shopline).into_iter().map(|name| Store::shopline(&name));
        hashes.chain(handles).collect::<Result<_, _>>().map_err(|error| error.to_string())
    }

    fn connect<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Remote, String>> {
        let network = self.network.another();
        let name = store.name();
        Box::pin(async move {
            if *store.platform() == storelogs::Platform::SHOPLINE {
                let client = Shopline::builder(name)
                    .access_token(self.sandbox.token(Platform::Shopline, name))
                    .api_url(self.sandbox.shopline_url())
                    .bucket(1_000_000, 1_000_000.0)
                    .retry(self.quick())
                    .http_backend(network.clone())
                    .build()
                    .map_err(|error| error.to_string())?;
                let limit = client.clone();
                let rate_limit = Arc::new(move || limit.rate_limit());
                let api_url = self.sandbox.shopline_url();
                return Ok(Remote { log: Arc::new(client), api_url, network, rate_limit });
            }
            let client = BigCommerce::builder(name)
                .access_token(self.sandbox.token(Platform::BigCommerce, name))
                .api_url(self.sandbox.bigcommerce_url())
                .retry(self.quick())
                .http_backend(network.clone())
                .build()
                .map_err(|error| error.to_string())?;
            let limit = client.clone();
            let rate_limit = Arc::new(move || limit.rate_limit());
            let api_url = self.sandbox.bigcommerce_url();
            Ok(Remote { log: Arc::new(client), api_url, network, rate_limit })
        })
    }
}

/// A sandbox, and an archive on disk.
pub(crate) struct World {
    pub(crate) sandbox: Arc<Sandbox>,
    pub(crate) stores: Arc<Stores>,
    _folder: tempfile::TempDir,
    pub(crate) path: PathBuf,
    /// The events so far, a line each.
    pub(crate) events: Arc<Mutex<Vec<String>>>,
    /// The time ranges that a reading of was begun, in order.
    pub(crate) readings: Arc<Mutex<Vec<(Store, TimeRange)>>>,
}

impl World {
    pub(crate) async fn new(builder: storelogs_sandbox::Builder) -> Self {
        let sandbox = Arc::new(builder.own_threads(1).start().await.unwrap());
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("archive.db");
        let stores = Stores::new(&sandbox);
        Self { sandbox, stores, _folder: folder, path, events: Arc::default(), readings: Arc::default() }
    }

    /// A run that ends by itself.
    pub(crate) async fn sync(&self) -> Vec<Outcome> {
        let (_stop, stopped) = watch::channel(false);
        self.sync_with(SyncOptions::default(), stopped).await.unwrap()
    }

    pub(crate) async fn sync_with(
        &self,
        options: SyncOptions,
        stop: watch::Receiver<bool>,
    ) -> Result<Vec<Outcome>, Error> {
        sync(self.archive(), self.stores.clone(), options, stop, self.observer()).await
    }

    fn observer(&self) -> Observer {
        let (events, readings) = (Arc::clone(&self.events), Arc::clone(&self.readings));
        Arc::new(move |event: &Event<'_>| {
            events.lock().unwrap().push(format!("{event:?}"));
            if let Event::Reading { store, range } = event {
                readings.lock().unwrap().push(((*store).clone(), *range));
            }
        })
    }

    /// Follows until something holds, which has to be soon. Whatever else happens is up to `meanwhile`, each time.
    #[track_caller]
    pub(crate) fn follow<'a>(
        &'a self,
        options: SyncOptions,
        mut meanwhile: impl FnMut() + 'a,
        holds: impl Fn(&Archive) -> bool + 'a,
    ) -> impl Future<Output = Vec<Outcome>> + 'a {
        let caller = std::panic::Location::caller();
        async move {
            let (stop, stopped) = watch::channel(false);
            let options = SyncOptions { follow: true, ..options };
            let running = tokio::spawn(sync(self.archive(), self.stores.clone(), options, stopped, self.observer()));
            let deadline = Instant::now() + Duration::from_secs(120);
            let archive = self.archive();
            while !holds(&archive) {
                assert!(!running.is_finished(), "{caller}: it has ended");
                if Instant::now() > deadline {
                    panic!(
                        "{caller}: it does not come: {:#?}",
                        self.events.lock().unwrap().iter().rev().take(20).collect::<Vec<_>>()
                    );
                }
                meanwhile();
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            stop.send(true).unwrap();
            running.await.unwrap().unwrap()
        }
    }

    /// The archive's verdict on its first store, at this moment.
    pub(crate) fn verdict(&self) -> Judgement {
        self.verdict_at(present())
    }

    /// The same, when this machine's clock says so.
    pub(crate) fn verdict_at(&self, now: Timestamp) -> Judgement {
        status(&self.archive(), now).unwrap().remove(0).1.judgement
    }

    /// The first store, as it is reached.
    pub(crate) async fn remote(&self) -> Remote {
        let store = self.stores.stores().unwrap().remove(0);
        self.stores.connect(&store).await.unwrap()
    }

    /// The verdict after a verification, whose result is stored.
    pub(crate) async fn verify(&self, depth: Depth) -> Judgement {
        let remote = self.remote().await;
        let mut archive = self.archive();
        let examined = examine(&archive, self.only(), &remote, depth).await;
        if let Some(failure) = &examined.failure {
            panic!("{failure}");
        }
        examined.keep(&mut archive, self.only(), &remote).unwrap();
        self.verdict()
    }

    /// A verification that repairs.
    pub(crate) async fn repair(&self) -> (Repaired, Judgement) {
        self.verify(Depth::Sample).await;
        let remote = self.remote().await;
        let mut archive = self.archive();
        archive.fix_derived().unwrap();
        let ranges = to_repair(&Evidence::of(&archive, self.only()).unwrap(), &remote);
        let repaired = repair(&mut archive, self.only(), &remote, &ranges).await.unwrap();
        (repaired, self.verdict())
    }

    /// A number that SQLite reads from the archive's file.
    pub(crate) fn number(&self, sql: &str) -> u64 {
        let file = rusqlite::Connection::open(&self.path).unwrap();
        file.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs()
    }

    /// The archive's number of the first store.
    pub(crate) fn only(&self) -> StoreId {
        self.archive().stores().unwrap()[0].0
    }

    /// Changes the archive behind the back of the sync.
    pub(crate) fn commit(&self, commit: Commit) {
        self.archive().commit([(self.only(), &commit)]).unwrap();
    }

    pub(crate) fn progress(&self) -> Progress {
        self.archive().progress(self.only()).unwrap()
    }

    /// Whether an entry with this platform's id is archived.
    pub(crate) fn holds(&self, id: u64) -> bool {
        self.archive().entry(self.only(), &id.to_string()).unwrap().is_some()
    }

    pub(crate) fn archive(&self) -> Archive {
        Archive::open(&self.path).unwrap()
    }

    /// Every entry of the archive.
    pub(crate) fn entries(&self) -> Vec<LogEntry> {
        let mut all = Vec::new();
        self.archive()
            .each_entry::<Error>(ever(), |entry| {
                all.push(entry);
                Ok(())
            })
            .unwrap();
        all
    }

    /// The law of every archive: each record of every store of the sandbox, once, and no other.
    #[track_caller]
    pub(crate) fn assert_conserved(&self, context: &str) {
        let mut wrong = BTreeMap::new();
        for platform in [Platform::BigCommerce, Platform::Shopline] {
            for name in self.sandbox.stores(platform) {
                for id in self.sandbox.oracle(platform, &name, 0, i64::MAX / 2) {
                    *wrong.entry(format!("{platform}:{name}:{id}").to_lowercase()).or_insert(0) += 1;
                }
            }
        }
        let all = wrong.len();
        for entry in self.entries() {
            *wrong.entry(entry.uid).or_insert(0) -= 1;
        }
        wrong.retain(|_, count| *count != 0);
        let some: Vec<_> = wrong.iter().take(5).collect();
        assert!(wrong.is_empty(), "{context}: {} of {all} wrong (1: missing, -1: too often): {some:?}", wrong.len());
    }

    /// Every store is covered over all that its platform keeps, up to this many seconds ago.
    #[track_caller]
    pub(crate) fn assert_covered(&self, ago: i64) {
        let archive = self.archive();
        let now = present() + jiff::SignedDuration::from_millis(self.sandbox.clock().offset_ms());
        for (id, store) in archive.stores().unwrap() {
            let progress = archive.progress(id).unwrap();
            let since =
                now - storelogs_collector::sync::retention(store.platform()) + jiff::SignedDuration::from_mins(5);
            let range = TimeRange::new(since, now - jiff::SignedDuration::from_secs(ago)).unwrap();
            let gaps = progress.coverage.gaps(range);
            assert!(gaps.is_empty(), "{store}: {gaps:?}");
            assert!(progress.walk.is_none() && progress.gaps.is_empty(), "{store}: {progress:?}");
        }
    }
}

pub(crate) fn ever() -> TimeRange {
    TimeRange::new("1971-01-01T00:00:00Z".parse().unwrap(), "2200-01-01T00:00:00Z".parse().unwrap()).unwrap()
}

/// The present by this machine's clock, by which the sandbox purges what is old and the collector judges what is complete.
/// Tests speak of ages only, never of dates, so they hold whenever it is.
pub(crate) fn present() -> Timestamp {
    Timestamp::now()
}

/// A record of BigCommerce, this many seconds ago by this machine's clock.
pub(crate) fn record(id: u64, ago: i64, summary: &str) -> Value {
    let time = Timestamp::from_second(present().as_second() - ago).unwrap();
    json!({
        "id": id, "type": "general", "module": "Order Status", "severity": "success", "summary": summary,
        "message": null, "date_created": time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
    })
}

/// A record of SHOPLINE, this many seconds ago by this machine's clock.
pub(crate) fn operation(id: u64, ago: i64, detail: &str) -> Value {
    let time = Timestamp::from_second(present().as_second() - ago).unwrap();
    json!({
        "author": "a@example.com", "created_at": time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string(),
        "detail": detail, "id": id.to_string(), "subject_type": "products", "verb": "edit_product",
    })
}
