//! The network: reqwest, with redirects and the choice of a proxy in our own hands.

use std::fmt;
use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::Url;

use super::backend::HttpBackend;
use super::diagnosis::{self, Target};
use super::transport_error::TransportError;
use super::{Proxy, READ_TIMEOUT, roots};
use crate::error::{Error, ErrorKind, Result};

/// A network. Clones share their connections; one is enough for any number of stores.
///
/// HTTP/1.1 and 2, TLS by rustls, no redirects of its own. The system's certificates are loaded once, when https is first
/// asked for: plain http on this machine needs none. Clients that were given no network of their own share one,
/// [`Http::shared`].
#[derive(Clone, Debug)]
pub struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    settings: HttpBuilder,
    proxy: Proxy,
    plain: reqwest::Client,
    secure: OnceLock<reqwest::Client>,
}

/// The builder of a network: [`Http::builder`]. Everything that is not set is as in [`Http::new`].
///
/// ```
/// use std::time::Duration;
/// use storelogs::{BigCommerce, Http, Proxy};
///
/// let http = Http::builder()
///     .proxy(Proxy::new("http://proxy.example:3128")?)
///     .connect_timeout(Duration::from_secs(5))
///     .client(|client| client.pool_max_idle_per_host(4).tcp_nodelay(true))
///     .build()?;
/// let store = BigCommerce::builder("abc123").access_token("a-token").http_backend(http).build()?;
/// # Ok::<(), storelogs::Error>(())
/// ```
///
/// The `User-Agent` is the store's: [`Builder::user_agent`](crate::Builder::user_agent).
#[derive(Clone)]
#[must_use]
pub struct HttpBuilder {
    proxy: Option<Proxy>,
    connect_timeout: Duration,
    read_timeout: Duration,
    idle_timeout: Duration,
    certificates: Vec<Vec<u8>>,
    system_certificates: bool,
    client: Option<Adjust>,
}

/// A user's changes to reqwest's builder.
type Adjust = Arc<dyn Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync>;

/// How long a connection may take to be made, through a proxy too.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How often a quiet HTTP/2 connection is pinged: a router that forgets a connection does so silently. A connection that
/// leaves a ping unanswered is dropped, and the requests on it are sent again over another, half a minute after the last
/// sign of life.
#[cfg(feature = "http2")]
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(10);
/// Routers forget quiet connections after some minutes, the fastest after one.
const IDLE: Duration = Duration::from_secs(50);

impl Http {
    /// The network through the proxy that the environment names, if any: [`Proxy::from_env`].
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if a proxy's address cannot be right.
    pub fn new() -> Result<Self> {
        Self::builder().build()
    }

    /// The network through a proxy, or through none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if no client can be made.
    pub fn through(proxy: Proxy) -> Result<Self> {
        Self::builder().proxy(proxy).build()
    }

    /// A network to be set up: proxy, certificates, timeouts, and whatever reqwest's builder has.
    pub fn builder() -> HttpBuilder {
        HttpBuilder {
            proxy: None,
            connect_timeout: CONNECT_TIMEOUT,
            read_timeout: READ_TIMEOUT,
            idle_timeout: IDLE,
            certificates: Vec::new(),
            system_certificates: true,
            client: None,
        }
    }

    /// The network of this process, made by [`Http::new`] when it is first asked for. Every client that was given
    /// neither a network nor a proxy uses it.
    ///
    /// # Errors
    /// As [`Http::new`].
    pub fn shared() -> Result<Self> {
        static SHARED: OnceLock<Http> = OnceLock::new();
        if let Some(http) = SHARED.get() {
            return Ok(http.clone());
        }
        let made = Self::new()?;
        Ok(SHARED.get_or_init(|| made).clone())
    }

    /// The proxy that carries requests.
    pub fn proxy(&self) -> &Proxy {
        &self.0.proxy
    }

    /// A client that never sends anything, so it needs none of the system's certificates.
    pub(super) fn maker() -> Result<reqwest::Client> {
        reqwest_builder().no_proxy().tls_certs_only([]).build().map_err(unmakeable)
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, TransportError> {
        let inner = &*self.0;
        if url.scheme() != "https" && !inner.proxy.is_secure(url) {
            return Ok(&inner.plain);
        }
        if let Some(secure) = inner.secure.get() {
            return Ok(secure);
        }
        let made = inner.settings.sender(&inner.proxy, inner.settings.system_certificates).map_err(roots::missing)?;
        Ok(inner.secure.get_or_init(|| made))
    }
}

impl HttpBuilder {
    /// Goes through this proxy, or through none ([`Proxy::none`]), instead of the one that the environment names.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// How long a connection may take to be made, TLS included. Default 10 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// The longest time between two bytes of an answer. Default 30 s. A whole attempt is bounded by
    /// [`RetryPolicy::attempt_timeout`](crate::RetryPolicy::attempt_timeout).
    pub fn read_timeout(mut self, timeout: Duration) -> Self {
        self.read_timeout = timeout;
        self
    }

    /// How long a connection that nobody uses is kept. Default 50 s: routers forget quiet connections, the fastest after a
    /// minute.
    pub fn idle_timeout(mut self, timeout: Duration) -> Self {
        self.idle_timeout = timeout;
        self
    }

    /// Trusts these certificate authorities too, in PEM: those of a network that unpacks TLS on the way, for example.
    pub fn certificates(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.certificates.push(pem.into());
        self
    }

    /// Trusts the authorities of [`certificates`](Self::certificates) only, and not those of the system.
    pub fn without_system_certificates(mut self) -> Self {
        self.system_certificates = false;
        self
    }

    /// Sets anything else that reqwest's builder has: connection settings, a local address, name resolution, a client
    /// certificate.
    ///
    /// Redirects, proxies and unpacking stay as they are, whatever is set here: the token depends on them. Called once for
    /// plain http and once for https.
    pub fn client(
        mut self,
        adjust: impl Fn(reqwest::ClientBuilder) -> reqwest::ClientBuilder + Send + Sync + 'static,
    ) -> Self {
        self.client = Some(Arc::new(adjust));
        self
    }

    /// Makes the network. Nothing is sent, and no certificate of the system is read yet.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if a proxy's address or a certificate cannot be right, or reqwest refuses what was set.
    pub fn build(self) -> Result<Http> {
        let proxy = self.proxy.clone().map_or_else(Proxy::from_env, Ok)?;
        for pem in &self.certificates {
            let read = reqwest::Certificate::from_pem_bundle(pem);
            if read.map_err(unmakeable)?.is_empty() {
                return Err(Error::invalid("the certificates hold none in PEM: give the text of a .pem or .crt file"));
            }
        }
        let plain = self.sender(&proxy, false).map_err(unmakeable)?;
        Ok(Http(Arc::new(Inner { settings: self, proxy, plain, secure: OnceLock::new() })))
    }

    fn sender(&self, proxy: &Proxy, system_certificates: bool) -> reqwest::Result<reqwest::Client> {
        let sender = reqwest_builder()
            .connect_timeout(self.connect_timeout)
            .read_timeout(self.read_timeout)
            .pool_idle_timeout(self.idle_timeout)
            .tcp_keepalive(PING_TIMEOUT);
        #[cfg(target_os = "linux")]
        let sender = sender.tcp_user_timeout(PING_TIMEOUT + PING_TIMEOUT);
        #[cfg(feature = "http2")]
        let sender = sender
            .http2_keep_alive_interval(PING_EVERY)
            .http2_keep_alive_timeout(PING_TIMEOUT)
            .http2_keep_alive_while_idle(true);
        let sender = match &self.client {
            Some(adjust) => adjust(sender),
            None => sender,
        };
        let mut certificates = Vec::new();
        for pem in &self.certificates {
            certificates.extend(reqwest::Certificate::from_pem_bundle(pem)?);
        }
        let sender = if system_certificates {
            sender.tls_certs_merge(certificates)
        } else {
            sender.tls_certs_only(certificates)
        };
        // Last, so that nothing above can change it.
        packed(sender).redirect(reqwest::redirect::Policy::none()).no_proxy().proxy(proxy.rule()).build()
    }
}

impl fmt::Debug for HttpBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBuilder")
            .field("proxy", &self.proxy)
            .field("connect_timeout", &self.connect_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("idle_timeout", &self.idle_timeout)
            .finish_non_exhaustive()
    }
}

fn reqwest_builder() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    // Another crate of the process may have chosen a provider before; that one is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    packed(reqwest::Client::builder())
}

/// Bodies are unpacked by the transport, whatever features of reqwest another crate turned on.
fn packed(builder: reqwest::ClientBuilder) -> reqwest::ClientBuilder {
    builder.no_gzip().no_brotli().no_zstd().no_deflate()
}

fn unmakeable(why: reqwest::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "no HTTP client can be made").with_source(why)
}

impl HttpBackend for Http {
    fn send(
        &self,
        _: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        let http = self.clone();
        Box::pin(async move {
            let target = Target::new(request.url(), http.0.proxy.of(request.url()));
            let sent = http.client(request.url())?.execute(request);
            sent.await.map_err(|error| diagnosis::failure(error, &target))
        })
    }
}
