//! The seam: one request goes out, one response comes back.

use std::sync::{Arc, Once, OnceLock};
use std::time::Duration;

use futures::future::BoxFuture;
use reqwest::Url;

use super::answer::TransportError;
use super::diagnosis::{self, Target};
use super::{Proxy, READ_TIMEOUT, roots};
use crate::error::{Error, ErrorKind, Result};

/// What carries a signed request to the platform and brings the response back.
///
/// [`Http`] does it over the network. A recorder or a script stands in its place in tests, and needs no socket.
pub trait HttpBackend: Send + Sync + 'static {
    /// Sends the request of an operation once. The headers with secrets are marked sensitive.
    ///
    /// The operation is named as the method of the generated client: `list_operation_logs`. A new SHOPLINE token is asked
    /// for by `refresh_access_token`.
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>>;
}

/// The network. Clones share their connections; one is enough for any number of stores.
///
/// HTTP/1.1 and 2, TLS by rustls, no redirects of its own. The system's certificates are
/// loaded when https is first asked for: plain http on this machine needs none.
#[derive(Clone, Debug)]
pub struct Http(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    proxy: Proxy,
    plain: reqwest::Client,
    secure: OnceLock<reqwest::Client>,
}

/// How long a connection may take to be made, through a proxy too.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// A router that forgets a connection tells nobody. One that leaves a ping unanswered is dropped, and with it what waits
/// on it: those requests are sent again over another, half a minute after the last sign of life.
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
        Self::through(Proxy::from_env()?)
    }

    /// The network through a proxy, or through none.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if no client can be made.
    pub fn through(proxy: Proxy) -> Result<Self> {
        let plain = sender(&proxy).tls_certs_only([]).build().map_err(unmakeable)?;
        Ok(Self(Arc::new(Inner { proxy, plain, secure: OnceLock::new() })))
    }

    /// The proxy that carries requests.
    pub fn proxy(&self) -> &Proxy {
        &self.0.proxy
    }

    /// A client that is never sent with, so it needs none of the system's certificates.
    pub(super) fn maker() -> Result<reqwest::Client> {
        builder().no_proxy().tls_certs_only([]).build().map_err(unmakeable)
    }

    fn client(&self, url: &Url) -> Result<&reqwest::Client, TransportError> {
        let inner = &*self.0;
        if url.scheme() != "https" && !inner.proxy.is_secure(url) {
            return Ok(&inner.plain);
        }
        if let Some(secure) = inner.secure.get() {
            return Ok(secure);
        }
        let made = sender(&inner.proxy).build().map_err(roots::missing)?;
        Ok(inner.secure.get_or_init(|| made))
    }
}

fn sender(proxy: &Proxy) -> reqwest::ClientBuilder {
    let sender = builder()
        .redirect(reqwest::redirect::Policy::none())
        .proxy(proxy.rule())
        .connect_timeout(CONNECT_TIMEOUT)
        .read_timeout(READ_TIMEOUT)
        .pool_idle_timeout(IDLE)
        .tcp_keepalive(PING_TIMEOUT);
    #[cfg(target_os = "linux")]
    let sender = sender.tcp_user_timeout(PING_TIMEOUT + PING_TIMEOUT);
    #[cfg(feature = "http2")]
    let sender = sender
        .http2_keep_alive_interval(PING_EVERY)
        .http2_keep_alive_timeout(PING_TIMEOUT)
        .http2_keep_alive_while_idle(true);
    sender
}

fn builder() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    // Another crate of the process may have chosen a provider before; that one is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    // Bodies are unpacked by the transport, whatever features of reqwest another crate turned on.
    reqwest::Client::builder().no_gzip().no_brotli().no_zstd().no_deflate()
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
