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
    /// Sends the request of an operation once. The headers with secrets are marked sensitive.
    ///
    /// The operation is named as the method of the generated client: `list_operation_logs`. A new SHOPLINE token is asked
    /// for by `refresh_access_token`.
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, Failure>>;
}

/// The network. Clones share their connections; one is enough for any number of stores.
#[derive(Clone, Debug)]
pub struct Http(reqwest::Client);

impl Http {
    /// HTTP/1.1 and 2, TLS by rustls, no redirects, no proxy, compressed answers accepted.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`] if the system's certificates can't be read.
    pub fn new() -> Result<Self> {
        let client = builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .connect_timeout(Duration::from_secs(10))
            .read_timeout(READ_TIMEOUT)
            .build();
        client.map(Self).map_err(unmakeable)
    }

    /// A client that is never sent with, so it needs none of the system's certificates.
    pub(super) fn maker() -> Result<reqwest::Client> {
        builder().no_proxy().tls_certs_only([]).build().map_err(unmakeable)
    }
}

fn builder() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    // Another crate of the process may have chosen a provider before; that one is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder()
}

fn unmakeable(why: reqwest::Error) -> Error {
    Error::new(ErrorKind::InvalidInput, "no HTTPS client can be made").with_source(why)
}

impl Exchange for Http {
    fn send(
        &self,
        _: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, Failure>> {
        let sent = self.0.execute(request);
        Box::pin(async move { sent.await.map_err(Failure::from) })
    }
}
