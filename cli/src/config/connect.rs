//! Connections to the configured stores.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use storelogs::platform::{ClientSettings, LogClient};
use storelogs::{ErrorKind, LogSource, RetryPolicy};
use storelogs_collector::network::Network;
use storelogs_collector::sync::Remote;

use super::platforms::facts;
use super::settings::Settings;
use crate::error::StoreFailure;
use crate::ui::{Progress, Ui};

/// How many tokens are fetched at once: each may be a program that runs.
const TOKENS_AT_ONCE: usize = 8;

/// A store that can be asked.
pub(crate) struct StoreConnection {
    pub(crate) client: Arc<dyn LogClient>,
    /// The network, with the store's own clock and counts.
    pub(crate) network: Network,
    /// The address of the store's API.
    api_url: String,
}

/// A client of each store, or the reason why there can be none. The other stores go on. Nothing is sent to a platform.
pub(crate) async fn connect(
    stores: &[Settings],
    network: &Network,
    policy: &RetryPolicy,
    ui: Ui,
) -> Vec<Result<StoreConnection, String>> {
    let clients = stream::iter(stores).map(|settings| connect_one(settings, network.another(), policy, ui));
    clients.buffered(TOKENS_AT_ONCE).collect().await
}

/// The logs of the stores that can be reached. The reasons for the others are shown.
pub(crate) async fn sources(
    stores: &[Settings],
    network: &Network,
    progress: &Progress,
    failures: &mut Vec<StoreFailure>,
    ui: Ui,
) -> Vec<Remote> {
    let mut sources = Vec::new();
    for connected in connect(stores, network, &RetryPolicy::default(), ui).await {
        match connected {
            Ok(connected) => sources.push(connected.remote()),
            Err(why) => {
                progress.aside(|| ui.error(&why));
                failures.push(StoreFailure::of(ErrorKind::InvalidInput));
            }
        }
    }
    sources
}

/// A client of one store, over a network of its own.
async fn connect_one(
    settings: &Settings,
    network: Network,
    policy: &RetryPolicy,
    ui: Ui,
) -> Result<StoreConnection, String> {
    let named = |why| format!("{}: {why}", settings.store);
    let token = settings.token.get(ui).await.map_err(named)?;
    let app = match &settings.app {
        None => None,
        Some(app) => {
            let key = app.key.read("app key", ui).await.map_err(named)?;
            let secret = app.secret.read("app secret", ui).await.map_err(named)?;
            key.zip(secret)
        }
    };
    let mut made = ClientSettings::new(network.clone());
    made.retry = policy.clone();
    made.access_token = token;
    made.app = app;
    made.api_url.clone_from(&settings.api_url);
    made.api_version.clone_from(&settings.api_version);
    (made.bucket, made.requests_per_second) = (settings.rate.bucket, settings.rate.per_second);
    made.leave_quota = settings.rate.leave;
    let client = facts(settings.store.platform())?.client(settings.store.name(), made);
    Ok(StoreConnection { client: client.map_err(|error| error.to_string())?, network, api_url: settings.origin() })
}

/// The stores for the collector.
pub(super) async fn remote(settings: &Settings, network: Network, ui: Ui) -> Result<Remote, String> {
    Ok(connect_one(settings, network, &RetryPolicy::default(), ui).await?.remote())
}

impl StoreConnection {
    /// The store as the collector reaches it.
    pub(crate) fn remote(&self) -> Remote {
        let limit = Arc::clone(&self.client);
        Remote {
            log: Arc::clone(&self.client) as Arc<dyn LogSource>,
            api_url: self.api_url.clone(),
            network: self.network.clone(),
            rate_limit: Arc::new(move || limit.rate_limit()),
        }
    }
}
