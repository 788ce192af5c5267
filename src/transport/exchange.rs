//! The seam: one request goes out, one response comes back.

use std::sync::Once;
use std::time::Duration;

use futures::future::BoxFuture;

use super::READ_TIMEOUT;
use super::answer::Failure;
use crate::error::{Error, ErrorKind, Result};

/// What carries a signed request to the platform and brings the response back.
///
/// [`Http`] does it over the network. A recorder or a script stands in its place in tests, and needs no socket.
pub trait Exchange: Send + Sync + 'static {
    /// Sends the request once. The headers with secrets are marked sensitive.
    fn send(&self, request: reqwest::Request) -> BoxFuture<'static, Result<reqwest::Response, Failure>>;
}

/// The network. Clones share their connections; one is enough for any number of stores.
#[derive(Clone, Debug)]
pub struct Http(pub(crate) reqwest::Client);

impl Http {
    /// HTTP/1.1 and 2, TLS by rustls, no redirects, no proxy, compressed answers accepted.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the system's certificates can't be read.
    pub fn new() -> Result<Self> {
        static PROVIDER: Once = Once::new();
        // Another crate of the process may have chosen a provider before; that one is as good.
        PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(READ_TIMEOUT)
            .build()
            .map_err(|e| Error::new(ErrorKind::InvalidInput, "no HTTPS client can be made").with_source(e))?;
        Ok(Self(client))
    }
}

impl Exchange for Http {
    fn send(&self, request: reqwest::Request) -> BoxFuture<'static, Result<reqwest::Response, Failure>> {
        let sent = self.0.execute(request);
        Box::pin(async move { sent.await.map_err(Failure::from) })
    }
}
