//! The HTTP backend: one request goes out, one response comes back.

use futures::future::BoxFuture;
use reqwest::Url;

use super::transport_error::{Cause, TransportError};

/// The carrier of a signed request to the platform, which brings the response back.
///
/// [`Http`](crate::Http) does it over the network, and [`Http::builder`](crate::Http::builder) sets it up: proxy,
/// certificates, timeouts, and whatever reqwest's builder has. A recorder or a script stands in its place in tests, and
/// needs no socket.
///
/// # The token travels with the request
///
/// The request is signed. The backend must not follow a redirect: a `reqwest::Client` does so by default,
/// and takes a token in a header of the platform's own, such as `X-Auth-Token`, with it to whatever host the redirect
/// names. Over a client of your own, set `redirect(reqwest::redirect::Policy::none())`, and hand back the response as it
/// came: the transport follows a redirect itself where it stays with the platform. A response that says that it came from
/// another origin ([`reqwest::Response::url`]) is refused, but the token is gone by then.
pub trait HttpBackend: Send + Sync + 'static {
    /// Sends the request of an operation once, and follows no redirect. The headers with secrets are marked sensitive.
    ///
    /// The operation is named as the method of the generated client: `list_operation_logs`. A new SHOPLINE token is asked
    /// for by `refresh_access_token`.
    fn send(
        &self,
        operation: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>>;
}

/// The address that reqwest gives a response made from an `http::Response` without one, as a stand-in makes it.
const NOWHERE: &str = "no.url.provided.local";

/// Refuses a response of another origin than the one that was asked: the backend followed a redirect.
///
/// # Errors
/// The origin that answered, and what to do.
pub(crate) fn refuse_foreign(response: &reqwest::Response, asked: &Url) -> Result<(), TransportError> {
    const HINT: &str = "the HTTP client followed a redirect, and may have taken the access token along: replace the token, \
                        and make the client with Http::builder() or without redirects";
    let (from, asked) = (response.url().origin(), asked.origin());
    if from == asked || response.url().host_str() == Some(NOWHERE) {
        return Ok(());
    }
    let what = format!("the answer came from {}, not from {}", from.ascii_serialization(), asked.ascii_serialization());
    Err(TransportError::new(Cause::Untrusted, what).because("another_origin", HINT))
}
