//! The facts about a platform besides its log, and the client that a program uses.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::{ExposeSecret, SecretString};

use crate::builder::{Build, Builder};
use crate::error::{ErrorKind, Result};
use crate::source::LogSource;
use crate::store::{Platform, Store};
use crate::transport::{HttpBackend, RateLimit, RetryPolicy};

/// The facts that a program needs about a platform: how long it keeps entries, how its stores are named and configured,
/// and how a client of one is made.
///
/// One value for each platform is the only place that knows these things. Those of this crate are known from the start;
/// [`register`](crate::platform::register) adds another one.
pub trait PlatformFacts: fmt::Debug + Send + Sync {
    /// The platform.
    fn platform(&self) -> Platform;

    /// The platform's name as people write it: `BigCommerce`.
    fn title(&self) -> &'static str;

    /// The placeholder for a store's name in usage texts: `HASH`.
    fn placeholder(&self) -> &'static str;

    /// The store with this name.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if no store can have this name.
    fn store(&self, name: &str) -> Result<Store> {
        Store::of(self.platform(), name)
    }

    /// Whether a text is the address of a store as people paste it, such as that of its control panel:
    /// [`store`](Self::store) then finds the name in it.
    fn is_address(&self, text: &str) -> bool {
        let _ = text;
        false
    }

    /// How long the platform keeps entries, by its documentation. A longer time costs requests; a shorter one loses the
    /// oldest entries.
    fn retention(&self) -> SignedDuration;

    /// The longest time range that the platform counts at once. A month, unless it says otherwise.
    fn longest_count(&self) -> SignedDuration {
        SignedDuration::from_hours(28 * 24)
    }

    /// The field of a record that holds its time, as the platform sends it.
    fn time_field(&self) -> &'static str;

    /// The field of a record that holds its id.
    fn id_field(&self) -> &'static str {
        "id"
    }

    /// The environment variables that configure a store.
    fn variables(&self) -> Variables;

    /// The origin of a store's API: `https://api.bigcommerce.com`.
    fn api_url(&self, store: &Store) -> String;

    /// The edition of the API that is asked for by default, where editions have dates: `v20260301`. Each is
    /// taken to be served for a year.
    fn api_version(&self) -> Option<&'static str> {
        None
    }

    /// Whether a client of this platform has a setting that not all platforms have.
    fn takes(&self, setting: Setting) -> bool {
        let _ = setting;
        false
    }

    /// Whether access tokens may end by time.
    fn tokens_expire(&self) -> bool {
        true
    }

    /// Advice on a failure of this kind, in plain words, if this platform needs another than the general one.
    fn hint(&self, kind: ErrorKind) -> Option<&'static str> {
        let _ = kind;
        None
    }

    /// A client of the store with this name. Sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for a setting that cannot be right, or a missing token.
    fn client(&self, name: &str, settings: ClientSettings) -> Result<Arc<dyn LogClient>>;
}

/// A store's client, as a program uses it: the log, and more.
pub trait LogClient: LogSource {
    /// Asks for one entry, with one request: whether the store can be read.
    fn probe(&self) -> BoxFuture<'_, Result<()>>;

    /// When the present access token ends, if it says so itself.
    fn token_expiry(&self) -> Option<Timestamp> {
        None
    }

    /// The state of the store's rate limit, as far as it is known.
    fn rate_limit(&self) -> Option<RateLimit> {
        None
    }
}

/// The names of the environment variables that configure a store of a platform.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)] // other crates write it
pub struct Variables {
    /// The store's name: `BIGCOMMERCE_STORE_HASH`.
    pub store: &'static str,
    /// Its access token.
    pub access_token: &'static str,
    /// The origin of its API, if it is another one.
    pub api_url: &'static str,
    /// The edition of the API, where [`Setting::ApiVersion`] is taken.
    pub api_version: Option<&'static str>,
    /// The key and the secret of an OAuth app, where [`Setting::App`] is taken.
    pub app: Option<(&'static str, &'static str)>,
}

/// A setting that only some platforms have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Setting {
    /// The dated edition of the API.
    ApiVersion,
    /// The key and secret of an OAuth app, whose tokens end and are replaced.
    App,
    /// The size of a bucket of requests, and how fast it leaks.
    Bucket,
    /// The share of a store's quota that is left to its other apps.
    LeaveQuota,
}

/// The settings of a client, whatever its platform. [`apply`](Self::apply) sets in a builder those that every platform
/// has; the rest is for [`PlatformFacts::client`].
#[derive(Clone)]
#[non_exhaustive]
pub struct ClientSettings {
    /// The network to use.
    pub http_backend: Arc<dyn HttpBackend>,
    /// When requests are sent again.
    pub retry: RetryPolicy,
    /// The access token.
    pub access_token: Option<SecretString>,
    /// The key and the secret of an OAuth app.
    pub app: Option<(SecretString, SecretString)>,
    /// The origin of the API, if it is another one.
    pub api_url: Option<String>,
    /// The edition of the API, if it is another one.
    pub api_version: Option<String>,
    /// How many requests a store's bucket holds.
    pub bucket: Option<u32>,
    /// How many requests leak out of it in a second.
    pub requests_per_second: Option<f64>,
    /// The share of a store's quota to leave to its other apps, from 0 to below 1.
    pub leave_quota: Option<f64>,
}

impl ClientSettings {
    /// Settings of which only the network is set.
    pub fn new(http_backend: impl HttpBackend) -> Self {
        Self {
            http_backend: Arc::new(http_backend),
            retry: RetryPolicy::default(),
            access_token: None,
            app: None,
            api_url: None,
            api_version: None,
            bucket: None,
            requests_per_second: None,
            leave_quota: None,
        }
    }

    /// Sets in a builder the settings of every platform: network, retries, token and API address.
    pub fn apply<C: Build>(&self, builder: Builder<C>) -> Builder<C> {
        let mut builder = builder.shared_backend(Arc::clone(&self.http_backend)).retry(self.retry.clone());
        if let Some(token) = &self.access_token {
            builder = builder.access_token(token.expose_secret());
        }
        if let Some(url) = &self.api_url {
            builder = builder.api_url(url);
        }
        builder
    }
}

impl fmt::Debug for ClientSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientSettings").finish_non_exhaustive()
    }
}
