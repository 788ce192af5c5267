//! The builder of a client: the settings that all platforms share.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use http::Extensions;
use reqwest::Url;
use secrecy::SecretString;

use crate::error::{Error, Result};
use crate::transport::{self, Connection, Endpoint, Http, HttpBackend, Proxy, RetryPolicy, TokenProvider, Transport};

/// Makes a client of one store. From [`BigCommerce::builder`](crate::BigCommerce::builder) or
/// [`Shopline::builder`](crate::Shopline::builder), or that of another platform's client.
#[must_use]
pub struct Builder<C> {
    pub(crate) settings: Settings,
    client: PhantomData<fn() -> C>,
}

/// The settings of a client, as the user gave them to a [`Builder`]. Unchecked: [`Build::build`] checks them.
pub struct Settings {
    name: String,
    pub(crate) token: Option<Result<Token>>,
    pub(crate) api_url: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) policy: RetryPolicy,
    pub(crate) http_backend: Option<Arc<dyn HttpBackend>>,
    pub(crate) proxy: Option<Result<Proxy>>,
    pub(crate) in_flight: usize,
    /// The settings that only one platform's builder has: a type in that platform's folder.
    own: Extensions,
}

/// The access token as it was given.
pub(crate) enum Token {
    Text(SecretString),
    Provider(Arc<dyn TokenProvider>),
}

/// A client that a [`Builder`] can make.
pub trait Build: Sized {
    /// Checks the store's name and makes the client, as a rule of [`Settings::transport`]. Sends nothing.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for what cannot be right.
    fn build(settings: Settings) -> Result<Self>;
}

/// How many pages or slices of a walk are under way at once by default.
pub const IN_FLIGHT: usize = 8;

impl<C: Build> Builder<C> {
    /// A builder for the store with this name, with nothing else set.
    pub fn new(name: impl Into<String>) -> Self {
        let settings = Settings {
            name: name.into(),
            token: None,
            api_url: None,
            user_agent: None,
            policy: RetryPolicy::default(),
            http_backend: None,
            proxy: None,
            in_flight: IN_FLIGHT,
            own: Extensions::new(),
        };
        Self { settings, client: PhantomData }
    }

    /// The access token. It never shows up in Debug, Display, logs or errors.
    pub fn access_token(mut self, token: impl AsRef<str>) -> Self {
        self.settings.token = Some(transport::checked_token(token.as_ref()).map(Token::Text));
        self
    }

    /// The provider of the access token, for tokens that expire.
    pub fn token_provider(mut self, provider: impl TokenProvider) -> Self {
        self.settings.token = Some(Ok(Token::Provider(Arc::new(provider))));
        self
    }

    /// Sets another API address than the platform's own: an origin such as `http://127.0.0.1:4010`. It must be `https`,
    /// or `http` on this machine.
    pub fn api_url(mut self, origin: impl Into<String>) -> Self {
        self.settings.api_url = Some(origin.into());
        self
    }

    /// When requests are sent again.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.settings.policy = policy;
        self
    }

    /// The `User-Agent` header. Default `storelogs/VERSION`.
    pub fn user_agent(mut self, agent: impl Into<String>) -> Self {
        self.settings.user_agent = Some(agent.into());
        self
    }

    /// The network to use, in place of the one that all clients of the process share ([`Http::shared`]): one that was set
    /// up with [`Http::builder`], or a stand-in in tests. Read the warning on [`HttpBackend`] before you give another one.
    pub fn http_backend(mut self, http_backend: impl HttpBackend) -> Self {
        self.settings.http_backend = Some(Arc::new(http_backend));
        self
    }

    /// The network to use, which clients of other stores may use, too.
    pub(crate) fn shared_backend(mut self, http_backend: Arc<dyn HttpBackend>) -> Self {
        self.settings.http_backend = Some(http_backend);
        self
    }

    /// The proxy to go through, such as `http://user:password@proxy.example:3128`, in place of the one that the
    /// environment names. It has no effect beside [`http_backend`](Self::http_backend), which is a whole network.
    pub fn proxy(mut self, address: impl AsRef<str>) -> Self {
        self.settings.proxy = Some(Proxy::new(address.as_ref()));
        self
    }

    /// How many pages or slices of a walk are under way at once. Default 8, at least 1.
    pub fn in_flight(mut self, requests: usize) -> Self {
        self.settings.in_flight = requests.max(1);
        self
    }

    /// Makes the client. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) for a store name, token or API address that cannot be
    /// right, or a missing token.
    pub fn build(self) -> Result<C> {
        C::build(self.settings)
    }
}

impl Settings {
    /// The store's name as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The settings that only one platform has.
    pub(crate) fn own<T: Clone + Default + Send + Sync + 'static>(&mut self) -> &mut T {
        self.own.get_or_insert_default()
    }

    /// The transport of one store, as the user set it up. Nothing is sent.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the store: no token, or a token, address
    /// or user agent that cannot be right.
    pub fn transport(mut self, endpoint: Endpoint) -> Result<Transport> {
        let store = endpoint.store().clone();
        self.connect(endpoint).map_err(|error| error.of(&store))
    }

    fn connect(&mut self, endpoint: Endpoint) -> Result<Transport> {
        let connection = Connection {
            token: self.token()?,
            backend: self.http_backend()?,
            api_url: self.api_url.as_deref(),
            user_agent: self.user_agent.as_deref(),
            policy: self.policy.clone(),
            in_flight: self.in_flight,
        };
        Transport::new(endpoint, connection)
    }

    /// The origin of the API: this one, unless the user named another.
    pub(crate) fn origin(&self, api_url: &str) -> Result<Url> {
        transport::origin(self.api_url.as_deref().unwrap_or(api_url))
    }

    fn token(&mut self) -> Result<Arc<dyn TokenProvider>> {
        Ok(match self.token.take().unwrap_or_else(|| Err(Error::invalid("no access token was given")))? {
            Token::Text(token) => Arc::new(token),
            Token::Provider(provider) => provider,
        })
    }

    /// The network: the one that was given, one of its own for a proxy that was given, or the process's.
    pub(crate) fn http_backend(&mut self) -> Result<Arc<dyn HttpBackend>> {
        if let Some(http_backend) = &self.http_backend {
            return Ok(Arc::clone(http_backend));
        }
        let made: Arc<dyn HttpBackend> = Arc::new(match self.proxy.take() {
            Some(proxy) => Http::through(proxy?)?,
            None => Http::shared()?,
        });
        Ok(Arc::clone(self.http_backend.insert(made)))
    }
}

impl<C> fmt::Debug for Builder<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Builder").field("name", &self.settings.name).finish_non_exhaustive()
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("name", &self.name).finish_non_exhaustive()
    }
}
