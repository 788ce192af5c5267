//! The one way to the network: every generated client, the raw ones included, goes through [`Transport`].
//!
//! `pre` signs a request; `exec` paces it, sends it, reads the answer whole and retries, so what the generated code gets
//! is complete. Redirects are followed within the origin only, https goes through a proxy by CONNECT only, and a token only ever goes to the
//! origin that the transport was made for.

mod answer;
mod auth;
mod backend;
mod coding;
mod diagnosis;
mod endpoint;
mod header;
mod hook;
mod http;
pub(crate) mod http_error;
mod pace;
mod proxy;
mod retry;
mod roots;
mod throttle;
mod transport_error;

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, StatusCode, Url};
use secrecy::ExposeSecret;
use tokio::time::Instant;

use crate::error::{Error, Result};
use crate::store::Store;
use crate::trace::{self, Span};

pub(crate) use answer::{Answer, Look, request_id, whole};
use auth::Auth;
pub(crate) use auth::checked_token;
pub use auth::{AuthScheme, TokenProvider};
pub use backend::HttpBackend;
pub(crate) use backend::refuse_foreign;
pub use endpoint::Endpoint;
#[cfg(feature = "testing")]
pub(crate) use endpoint::USER_AGENT;
pub(crate) use endpoint::{Connection, origin};
pub use header::http_date;
pub use hook::{Generated, hook};
pub use http::{Http, HttpBuilder};
use pace::Admitted;
pub use pace::{Pacer, RateLimit};
pub use proxy::Proxy;
pub use retry::RetryPolicy;
pub(crate) use retry::asked_wait;
pub(crate) use transport_error::Cause;
pub use transport_error::TransportError;

/// The longest answer that is read, after decompression: 32 MiB. A page of 250 entries is about 1 MiB at the most.
pub const MAX_BODY: usize = 32 << 20;

/// The most redirects that one request follows.
const MAX_REDIRECTS: u32 = 3;

/// How requests reach one store: signed, paced, retried. Clones share the pace and the retry budget.
#[derive(Clone)]
pub struct Transport {
    shared: Arc<Shared>,
    /// Whether what is asked for can be asked for in smaller pages.
    large: bool,
    report: Option<Arc<Mutex<CallTrace>>>,
}

struct Shared {
    store: Store,
    origin: Url,
    /// The address that the paths of the document follow.
    base: String,
    /// Makes the requests of the generated clients; sending them is ours.
    maker: reqwest::Client,
    in_flight: usize,
    auth: Auth,
    headers: HeaderMap,
    backend: Arc<dyn HttpBackend>,
    policy: RetryPolicy,
    budget: retry::Budget,
    pacer: Pacer,
}

/// The trace of a call: everything about it besides its result.
#[derive(Debug, Default)]
pub(crate) struct CallTrace {
    pub(crate) attempts: u32,
    pub(crate) status: Option<u16>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) observed: Option<jiff::Timestamp>,
    /// The reason why it got no further: the request could not be signed, or not again after its token was refused.
    pub(crate) unsigned: Option<Error>,
    /// The operation and the request that was answered last, to be sent again if the answer turns out to be cut.
    pub(crate) request: Option<(&'static str, reqwest::Request)>,
}

impl CallTrace {
    pub(crate) fn request_id(&self) -> Option<String> {
        answer::request_id(&self.headers)
    }
}

impl Transport {
    /// The store that the transport reaches.
    pub fn store(&self) -> &Store {
        &self.shared.store
    }

    /// The present state of the store's rate limit, from the last answer or our own count. `None` before the first
    /// answer of a platform that reports it.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.shared.pacer.rate_limit()
    }

    /// When the present access token ends, if that is known.
    pub fn token_expiry(&self) -> Option<jiff::Timestamp> {
        self.shared.auth.expires_at()
    }

    /// How many requests of one walk may be under way at once: the builder's
    /// [`in_flight`](crate::Builder::in_flight).
    pub fn in_flight(&self) -> usize {
        self.shared.in_flight
    }

    /// The generated client, on this transport.
    pub fn client<C: Generated>(&self) -> C {
        C::on(&self.shared.base, self.shared.maker.clone(), self.clone())
    }

    /// This transport for a page that its caller can ask for again with fewer records: it gives up sooner, as
    /// [`RetryPolicy::large_attempts`] says.
    #[must_use]
    pub fn for_large_page(&self) -> Self {
        Self { large: true, ..self.clone() }
    }

    /// A transport that also records a trace, for one call.
    pub(crate) fn reporting(&self) -> (Self, Arc<Mutex<CallTrace>>) {
        let report = Arc::default();
        (Self { shared: Arc::clone(&self.shared), large: self.large, report: Some(Arc::clone(&report)) }, report)
    }

    fn note(&self, write: impl FnOnce(&mut CallTrace)) {
        if let Some(report) = &self.report {
            write(&mut report.lock().unwrap_or_else(PoisonError::into_inner));
        }
    }

    /// Makes a request ours: no empty `api-version`, our headers, the store's token. Refuses another origin.
    async fn sign(&self, request: &mut reqwest::Request) -> Result<()> {
        if request.url().origin() != self.shared.origin.origin() {
            return Err(Error::invalid(format!(
                "a request to {} was not sent: the token of this store is for {} only",
                request.url().origin().ascii_serialization(),
                self.shared.origin.origin().ascii_serialization()
            ))
            .of(&self.shared.store));
        }
        // The generator sends `info.version` in this header; for BigCommerce that is an empty one.
        request.headers_mut().remove(HeaderName::from_static("api-version"));
        for (name, value) in &self.shared.headers {
            request.headers_mut().insert(name, value.clone());
        }
        self.shared.auth.sign(request.headers_mut()).await.map_err(|e| e.of(&self.shared.store))
    }

    async fn run(&self, operation: &'static str, request: reqwest::Request) -> Result<Answer, TransportError> {
        // Who takes notes decodes the body, and learns from that whether it is whole.
        let look = if self.report.is_some() { Look::IfLarge } else { Look::Always };
        self.run_from(self.retry(), operation, request, look).await
    }

    /// Sends the request of a call again whose answer cannot be used, as if that had not come.
    pub(crate) async fn run_again(
        &self,
        operation: &'static str,
        request: reqwest::Request,
        attempts: u32,
        fault: TransportError,
    ) -> Result<Answer, TransportError> {
        let span = Span::request(self.store(), operation);
        let again = async {
            let mut retry = self.retry();
            retry.goes_on_after(attempts);
            match retry.after(Err(fault)) {
                retry::Verdict::Done(outcome) => return outcome,
                retry::Verdict::Again(delay) => {
                    trace::again(delay);
                    tokio::time::sleep(delay).await;
                }
            }
            self.run_from(retry, operation, request, Look::Always).await
        };
        span.cover(again).await
    }

    fn retry(&self) -> retry::Retry<'_> {
        retry::Retry::new(&self.shared.policy, &self.shared.budget, self.large)
    }

    async fn run_from(
        &self,
        mut retry: retry::Retry<'_>,
        operation: &'static str,
        mut request: reqwest::Request,
        look: Look,
    ) -> Result<Answer, TransportError> {
        let shared = &*self.shared;
        let (mut renewed, mut redirects) = (false, 0);
        loop {
            let next = request.try_clone().filter(|_| request.method() == Method::GET);
            let asked = Instant::now();
            let admitted = shared.pacer.admit(shared.policy.ceiling).await?;
            trace::paced(asked.elapsed());
            let begun = Instant::now();
            let outcome = self.attempt(operation, request, admitted, look).await;
            let attempts = retry.sent();
            match &outcome {
                Ok(answer) => trace::answered(attempts, answer.status.as_u16(), begun.elapsed()),
                Err(failure) => trace::failed(attempts, failure, begun.elapsed()),
            }
            self.note(|report| {
                report.attempts = attempts;
                if let Ok(answer) = &outcome {
                    report.status = Some(answer.status.as_u16());
                    report.headers = answer.headers.clone();
                    report.body = answer.body.clone(); // shared, not copied
                    report.observed = Some(jiff::Timestamp::now());
                }
            });
            let Some(mut next) = next else { return outcome };
            if let Ok(answer) = &outcome
                && answer.status == StatusCode::UNAUTHORIZED
                && !renewed
            {
                renewed = true;
                match shared.auth.renew(next.headers_mut()).await {
                    Ok(true) => {
                        request = next;
                        continue;
                    }
                    Ok(false) => {}
                    Err(error) => {
                        let error =
                            error.with_answer(Some(answer.status.as_u16()), request_id(&answer.headers), attempts);
                        self.note(|report| report.unsigned = Some(error));
                        return outcome;
                    }
                }
            }
            // The token goes with it, so it must be the origin that the token is for.
            if let Ok(answer) = &outcome
                && redirects < MAX_REDIRECTS
                && let Some(place) = answer.moved_to(next.url())
            {
                redirects += 1;
                *next.url_mut() = place;
                request = next;
                continue;
            }
            match retry.after(outcome) {
                retry::Verdict::Done(outcome) => {
                    self.note(|report| report.request = Some((operation, next)));
                    return outcome;
                }
                retry::Verdict::Again(delay) => {
                    trace::again(delay);
                    tokio::time::sleep(delay).await;
                }
            }
            request = next;
        }
    }

    /// Sends once and reads the answer whole. The pacer learns of every end of it.
    async fn attempt(
        &self,
        operation: &'static str,
        request: reqwest::Request,
        mut admitted: Admitted<'_>,
        look: Look,
    ) -> Result<Answer, TransportError> {
        let shared = &*self.shared;
        let secret = shared.auth.taken(request.headers());
        let answer = async {
            let response = shared.backend.send(operation, request).await?;
            refuse_foreign(&response, &shared.origin)?;
            Answer::read(response, MAX_BODY, look).await
        };
        let mut outcome = match tokio::time::timeout(shared.policy.attempt_timeout, answer).await {
            Ok(outcome) => outcome,
            Err(_) => Err(TransportError::new(Cause::TimedOut, "no complete answer came in time")),
        };
        if let (Ok(answer), Some(secret)) = (&mut outcome, &secret) {
            answer.hide(secret.expose_secret()); // whatever its status: it may echo what it was sent
        }
        if let Ok(answer) = &outcome {
            admitted.observe(answer.status, &answer.headers, Instant::now());
        }
        outcome
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The generated clients derive Debug and print this: nothing secret may be in it.
        f.debug_struct("Transport")
            .field("store", &self.shared.store)
            .field("origin", &self.shared.origin.as_str())
            .finish_non_exhaustive()
    }
}

/// The longest time that may pass between two bytes of an answer.
pub(crate) const READ_TIMEOUT: Duration = Duration::from_secs(30);
