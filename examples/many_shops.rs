//! 500 shops in one app: every log is followed from its checkpoint, a shop whose token was refused is parked until it has
//! another, and a vault that hiccups parks nobody.
//!
//! `Database` and `Vault` stand for yours. Try it with two terminals: `storelogs sandbox` prints what to set in the other.
#![allow(unreachable_pub, clippy::print_stdout, clippy::print_stderr)]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use storelogs::futures::StreamExt;
use storelogs::futures::future::BoxFuture;
use storelogs::secrecy::SecretString;
use storelogs::{
    BigCommerce, Checkpoint, Error, ErrorKind, FollowOptions, LogEntry, LogQuery, LogSource, Severity, TokenProvider,
};
use tokio::task::JoinSet;

/// Your database: what became of a batch, and its checkpoint, are written in one transaction.
#[derive(Default)]
pub struct Database(Mutex<Tables>);

#[derive(Default)]
pub struct Tables {
    /// The checkpoint of each shop, as JSON.
    pub checkpoints: BTreeMap<String, String>,
    /// The app's use of the logs: one line for each error.
    pub failures: Vec<String>,
    /// The shops that are left alone, and why. Whoever puts a new token into the vault deletes the row.
    pub parked: BTreeMap<String, String>,
}

impl Database {
    pub fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Your vault: it has a token for each shop, or none, or does not answer.
pub trait Vault: Send + Sync + 'static {
    fn token_of(&self, shop: &str) -> Result<Option<String>, std::io::Error>;
}

pub struct App<V> {
    pub database: Database,
    pub vault: V,
    /// The API address of a test server, such as the sandbox. `None`: the platform's own.
    pub api_url: Option<String>,
    pub every: Duration,
}

/// Gives the token of one shop. It is asked before every request, so a real one keeps the token for some minutes.
struct ShopToken<V> {
    app: Arc<App<V>>,
    shop: String,
}

impl<V: Vault> TokenProvider for ShopToken<V> {
    fn token(&self) -> BoxFuture<'_, storelogs::Result<SecretString>> {
        Box::pin(async move {
            match self.app.vault.token_of(&self.shop) {
                Ok(Some(token)) => Ok(token.into()),
                Ok(None) => Err(Error::new(ErrorKind::TokenNotFound, "the vault has no token of this shop")),
                Err(error) => Err(Error::new(ErrorKind::TokenFailed, "the vault failed").with_source(error)),
            }
        })
    }
}

/// Follows these shops for ever, and those that are no longer parked.
pub async fn run<V: Vault>(app: Arc<App<V>>, shops: Vec<String>) {
    let mut tasks = JoinSet::new();
    let mut followed = BTreeMap::new();
    loop {
        let parked: BTreeSet<String> = app.database.tables().parked.keys().cloned().collect();
        for shop in shops.iter().filter(|shop| !parked.contains(*shop)) {
            if !followed.values().any(|followed| followed == shop) {
                let task = tasks.spawn(follow(Arc::clone(&app), shop.clone()));
                followed.insert(task.id(), shop.clone());
            }
        }
        tokio::select! {
            Some(ended) = tasks.join_next_with_id() => match ended {
                Ok((id, ())) => drop(followed.remove(&id)),
                // It panicked, and is begun anew from its checkpoint.
                Err(panicked) => {
                    tokio::time::sleep(app.every).await;
                    followed.remove(&panicked.id());
                }
            },
            () = tokio::time::sleep(app.every) => {}
        }
    }
}

/// Follows one shop until it has to be parked.
async fn follow<V: Vault>(app: Arc<App<V>>, shop: String) {
    if let Err(error) = until_parked(&app, &shop).await {
        app.database.tables().parked.insert(shop, error.to_string());
    }
}

async fn until_parked<V: Vault>(app: &Arc<App<V>>, shop: &str) -> Result<(), Error> {
    let token = ShopToken { app: Arc::clone(app), shop: shop.to_owned() };
    let mut builder = BigCommerce::builder(shop).token_provider(token); // all clients share one network
    if let Some(url) = &app.api_url {
        builder = builder.api_url(url);
    }
    let store = builder.build()?;
    let kept = app.database.tables().checkpoints.get(shop).cloned();
    let from = match kept.map(|json| serde_json::from_str(&json)) {
        Some(Ok(checkpoint)) => checkpoint,
        // Beginning anew would give everything twice: somebody has to look.
        Some(Err(error)) => {
            return Err(Error::new(ErrorKind::InvalidInput, "its checkpoint cannot be read").with_source(error));
        }
        // A new shop: its last month first.
        None => Checkpoint::last(Duration::from_secs(30 * 86_400)),
    };
    let errors = LogQuery::new().min_severity(Severity::Error);
    let mut news = store.follow_with(from, FollowOptions::new().query(errors).every(app.every));
    while let Some(batch) = news.next().await {
        match batch {
            Ok(batch) => {
                let mut tables = app.database.tables(); // a transaction
                tables.failures.extend(batch.entries.iter().flatten().map(LogEntry::to_string));
                if let Ok(json) = serde_json::to_string(&batch.checkpoint) {
                    tables.checkpoints.insert(shop.to_owned(), json);
                }
            }
            Err(error) if error.kind().should_park() => return Err(error),
            Err(error) => eprintln!("{error}"), // the stream goes on behind it, later and later while it fails
        }
    }
    Ok(())
}

/// Every shop has the same token.
struct OneToken(String);

impl Vault for OneToken {
    fn token_of(&self, _: &str) -> Result<Option<String>, std::io::Error> {
        Ok(Some(self.0.clone()))
    }
}

#[tokio::main]
#[allow(dead_code)]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let shop = std::env::var("BIGCOMMERCE_STORE_HASH")?;
    let vault = OneToken(std::env::var("BIGCOMMERCE_ACCESS_TOKEN")?);
    let api_url = std::env::var("BIGCOMMERCE_API_URL").ok();
    let app = Arc::new(App { database: Database::default(), vault, api_url, every: Duration::from_secs(30) });
    let following = tokio::spawn(run(Arc::clone(&app), vec![shop]));
    tokio::time::sleep(Duration::from_secs(10)).await;
    following.abort();
    let tables = app.database.tables();
    println!("{} failures of the last month, {} shops parked", tables.failures.len(), tables.parked.len());
    for line in tables.failures.iter().rev().take(5).chain(tables.parked.values()) {
        println!("{line}");
    }
    Ok(())
}
