//! Reaching the configured stores.

use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use jiff::{SignedDuration, Timestamp};
use storelogs::secrecy::{ExposeSecret, SecretString};
use storelogs::{BigCommerce, ErrorKind, LogSource, Platform, RateLimit, RetryPolicy, Shopline};
use storelogs_collector::network::Network;
use storelogs_collector::sync::Remote;

use super::settings::Settings;
use crate::error::StoreFailure;
use crate::ui::{Progress, Ui};

/// How many tokens are fetched at once: each may be a program that runs.
const TOKENS_AT_ONCE: usize = 8;

/// A store that can be asked.
pub(crate) struct StoreConnection {
    pub(crate) client: Client,
    /// The store's own ear on the network.
    pub(crate) network: Network,
}

/// The clients have more to tell than a [`LogSource`].
#[derive(Clone)]
pub(crate) enum Client {
    BigCommerce(BigCommerce),
    Shopline(Shopline),
}

/// A client of each store. Where there can be none, the reason stands in its place, and the others go on. Nothing is
/// sent to a platform.
pub(crate) async fn connect(
    stores: &[Settings],
    network: &Network,
    policy: &RetryPolicy,
    ui: Ui,
) -> Vec<Result<StoreConnection, String>> {
    let clients = stream::iter(stores).map(|settings| connect_one(settings, network.another(), policy, ui));
    clients.buffered(TOKENS_AT_ONCE).collect().await
}

/// The logs of those stores that can be reached at all; why not is said of the others.
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
    let client = client(settings, token.as_ref(), app.as_ref(), network.clone(), policy.clone());
    Ok(StoreConnection { client: client.map_err(|error| error.to_string())?, network })
}

/// A store as the collector reaches it.
pub(super) async fn remote(settings: &Settings, network: Network, ui: Ui) -> Result<Remote, String> {
    Ok(connect_one(settings, network, &RetryPolicy::default(), ui).await?.remote())
}

fn client(
    settings: &Settings,
    token: Option<&SecretString>,
    app: Option<&(SecretString, SecretString)>,
    network: Network,
    policy: RetryPolicy,
) -> storelogs::Result<Client> {
    let name = settings.store.name();
    if *settings.store.platform() == Platform::SHOPLINE {
        let mut builder = settings.rate.of_shopline(Shopline::builder(name).http_backend(network).retry(policy));
        if let Some(token) = token {
            builder = builder.access_token(token.expose_secret());
        }
        if let Some((key, secret)) = app {
            builder = builder.app(key.expose_secret(), secret.expose_secret());
        }
        if let Some(version) = &settings.api_version {
            builder = builder.api_version(version);
        }
        if let Some(url) = &settings.api_url {
            builder = builder.api_url(url);
        }
        return builder.build().map(Client::Shopline);
    }
    let mut builder = settings.rate.of_bigcommerce(BigCommerce::builder(name).http_backend(network).retry(policy));
    if let Some(token) = token {
        builder = builder.access_token(token.expose_secret());
    }
    if let Some(url) = &settings.api_url {
        builder = builder.api_url(url);
    }
    builder.build().map(Client::BigCommerce)
}

impl StoreConnection {
    /// As the collector reaches it.
    pub(crate) fn remote(&self) -> Remote {
        let limit = self.client.clone();
        Remote {
            log: self.client.source(),
            network: self.network.clone(),
            rate_limit: Arc::new(move || limit.rate_limit()),
        }
    }
}

impl Client {
    pub(crate) fn source(&self) -> Arc<dyn LogSource> {
        match self {
            Self::BigCommerce(client) => Arc::new(client.clone()),
            Self::Shopline(client) => Arc::new(client.clone()),
        }
    }

    /// Asks for one entry, with one request.
    pub(crate) async fn ask(&self) -> storelogs::Result<()> {
        match self {
            Self::BigCommerce(client) => client.page(|request| request.limit(1)).await.map(drop),
            Self::Shopline(client) => {
                let now = Timestamp::now();
                client.page(now - SignedDuration::from_hours(24), now, |request| request.limit(1)).await.map(drop)
            }
        }
    }

    /// When the token ends, if it says so. BigCommerce's do not end by time.
    pub(crate) fn token_expiry(&self) -> Option<Timestamp> {
        match self {
            Self::BigCommerce(_) => None,
            Self::Shopline(client) => client.token_expiry(),
        }
    }

    pub(crate) fn rate_limit(&self) -> Option<RateLimit> {
        match self {
            Self::BigCommerce(client) => client.rate_limit(),
            Self::Shopline(client) => client.rate_limit(),
        }
    }
}
