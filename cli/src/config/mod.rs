//! Which stores there are, and how each is reached: the arguments, then the environment, then the file.

pub(crate) mod environment;
mod file;
mod fixed;
mod token;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use futures::StreamExt;
use futures::stream;
use jiff::{SignedDuration, Timestamp};
use storelogs::secrecy::{ExposeSecret, SecretString};
use storelogs::{BigCommerce, LogSource, Platform, RateLimit, RetryPolicy, Shopline, Store};

use crate::exit::Stop;
use storelogs_collector::network::Network;

pub(crate) use fixed::Fixed;
pub(crate) use token::TokenSource;

/// How many tokens are fetched at once: each may be a program that runs.
const TOKENS_AT_ONCE: usize = 8;

/// One store and how it is reached.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) store: Store,
    pub(crate) token: TokenSource,
    pub(crate) api_url: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) app: Option<App>,
}

/// An OAuth app of SHOPLINE's, whose tokens live ten hours.
#[derive(Clone, Debug)]
pub(crate) struct App {
    pub(crate) key: String,
    pub(crate) secret: SecretString,
}

/// A store that can be asked.
pub(crate) struct Connected {
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

/// The stores of this call: those picked, or all that are configured.
pub(crate) fn stores(picked: &[Store], config: Option<&PathBuf>) -> Result<Vec<Settings>, Stop> {
    let mut known = file::read(config)?;
    for settings in environment::stores()? {
        match known.iter_mut().find(|other| other.store == settings.store) {
            Some(other) => {
                if matches!(settings.token, TokenSource::Text(_) | TokenSource::App) {
                    other.token = settings.token;
                }
                other.app = settings.app;
                other.api_url = settings.api_url.or(other.api_url.take());
                other.api_version = settings.api_version.or(other.api_version.take());
            }
            None => known.push(settings),
        }
    }
    if let Some(twice) = picked.iter().enumerate().find(|(at, store)| picked[..*at].contains(store)) {
        return Err(Stop::Usage(format!("the store {} is given twice", twice.1)));
    }
    if picked.is_empty() {
        return if known.is_empty() { Err(Stop::Usage(NONE.to_owned())) } else { Ok(known) };
    }
    let pick = |store: &Store| match known.iter().find(|settings| settings.store == *store) {
        Some(settings) => Ok(settings.clone()),
        None => environment::named(store)?.ok_or_else(|| Stop::Usage(not_configured(store))),
    };
    picked.iter().map(pick).collect()
}

/// The stores that the text of a `storelogs.toml` names, or what is wrong with it.
///
/// # Errors
/// One sentence that names the file, the line and the remedy. It shows nothing of a token that stands there.
pub fn configured(text: &str, path: &Path) -> Result<Vec<Store>, String> {
    Ok(file::stores(text, path)?.into_iter().map(|settings| settings.store).collect())
}

const NONE: &str = "\
no store is configured. There are three ways:

1. the environment: BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN,
   or SHOPLINE_HANDLE and SHOPLINE_ACCESS_TOKEN
2. --store bigcommerce:HASH or --store shopline:HANDLE, with the token in the environment as above
3. a file storelogs.toml, here or in the configuration directory:

   [[store]]
   platform = \"bigcommerce\"
   store = \"abc123\"
   access_token = { env = \"BIGCOMMERCE_ACCESS_TOKEN\" }

To see the program at work without any store: storelogs demo";

fn not_configured(store: &Store) -> String {
    let variable = environment::token_variable(store.platform());
    format!("the store {store} is not configured: set {variable}, or add the store to storelogs.toml")
}

/// A client of each store. Where there can be none, the reason stands in its place, and the others go on. Nothing is
/// sent to a platform.
pub(crate) async fn connect(
    stores: &[Settings],
    network: &Network,
    policy: &RetryPolicy,
) -> Vec<Result<Connected, String>> {
    let clients = stream::iter(stores).map(|settings| connect_one(settings, network.another(), policy));
    clients.buffered(TOKENS_AT_ONCE).collect().await
}

/// A client of one store, over a network of its own.
async fn connect_one(settings: &Settings, network: Network, policy: &RetryPolicy) -> Result<Connected, String> {
    let token = settings.token.get().await.map_err(|why| format!("{}: {why}", settings.store))?;
    let client = client(settings, token.as_ref(), network.clone(), policy.clone());
    Ok(Connected { client: client.map_err(|error| error.to_string())?, network })
}

fn client(
    settings: &Settings,
    token: Option<&SecretString>,
    network: Network,
    policy: RetryPolicy,
) -> storelogs::Result<Client> {
    let name = settings.store.name();
    if *settings.store.platform() == Platform::SHOPLINE {
        let mut builder = Shopline::builder(name).exchange(network).retry(policy);
        if let Some(token) = token {
            builder = builder.access_token(token.expose_secret());
        }
        if let Some(app) = &settings.app {
            builder = builder.app(&app.key, app.secret.expose_secret());
        }
        if let Some(version) = &settings.api_version {
            builder = builder.api_version(version);
        }
        if let Some(url) = &settings.api_url {
            builder = builder.api_url(url);
        }
        return builder.build().map(Client::Shopline);
    }
    let mut builder = BigCommerce::builder(name).exchange(network).retry(policy);
    if let Some(token) = token {
        builder = builder.access_token(token.expose_secret());
    }
    if let Some(url) = &settings.api_url {
        builder = builder.api_url(url);
    }
    builder.build().map(Client::BigCommerce)
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
