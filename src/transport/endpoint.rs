//! The endpoint of a platform's API: its address, authentication and pace.

use std::sync::{Arc, OnceLock};

use reqwest::Url;
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::auth::Auth;
use super::{AuthScheme, Http, HttpBackend, Pacer, RetryPolicy, Shared, TokenProvider, Transport, coding, retry};
use crate::error::{Error, Result};
use crate::store::Store;

/// The address of one store's API, and how it wants to be asked:
/// [`Settings::transport`](crate::platform::Settings::transport) needs it besides the user's settings.
#[derive(Clone, Debug)]
#[must_use]
pub struct Endpoint {
    store: Store,
    api_url: String,
    path: String,
    scheme: AuthScheme,
    headers: HeaderMap,
    pacer: Pacer,
}

impl Endpoint {
    /// The store whose API it is.
    pub(crate) fn store(&self) -> &Store {
        &self.store
    }

    /// The store's API at an origin such as `https://api.example.com`. The user may name another one.
    pub fn new(store: Store, api_url: impl Into<String>, scheme: AuthScheme, pacer: Pacer) -> Self {
        Self { store, api_url: api_url.into(), path: String::new(), scheme, headers: HeaderMap::new(), pacer }
    }

    /// The path between the origin and the paths of the document, such as `/stores/abc123/v3`.
    pub fn path(mut self, path: impl Into<String>) -> Self {
        self.path = path.into();
        self
    }

    /// A header that every request carries.
    ///
    /// # Panics
    /// If the name is not in lower case, or one of both can't be a header's: they are literals.
    pub fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
        self
    }
}

pub(crate) const USER_AGENT: &str = concat!("storelogs/", env!("CARGO_PKG_VERSION"));

/// The user's settings for the transport of one store.
pub(crate) struct Connection<'a> {
    pub(crate) token: Arc<dyn TokenProvider>,
    /// The origin of the API, where it is another one than the platform's own.
    pub(crate) api_url: Option<&'a str>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) policy: RetryPolicy,
    pub(crate) backend: Arc<dyn HttpBackend>,
    pub(crate) in_flight: usize,
}

impl Transport {
    /// The transport of one store. Nothing is sent.
    pub(crate) fn new(endpoint: Endpoint, connection: Connection<'_>) -> Result<Self> {
        let origin = origin(connection.api_url.unwrap_or(&endpoint.api_url))?;
        let mut headers = endpoint.headers;
        let agent = HeaderValue::from_str(connection.user_agent.unwrap_or(USER_AGENT))
            .map_err(|_| Error::invalid("the user agent holds a character that a header cannot carry"))?;
        headers.insert(reqwest::header::USER_AGENT, agent);
        headers.insert(reqwest::header::ACCEPT_ENCODING, HeaderValue::from_static(coding::ACCEPTED));
        Ok(Self {
            shared: Arc::new(Shared {
                store: endpoint.store,
                base: format!("{}{}", origin.as_str().trim_end_matches('/'), endpoint.path),
                origin,
                maker: request_maker()?,
                in_flight: connection.in_flight,
                auth: Auth::new(endpoint.scheme, connection.token),
                headers,
                backend: connection.backend,
                budget: retry::Budget::new(&connection.policy),
                policy: connection.policy,
                pacer: endpoint.pacer,
            }),
            large: false,
            report: None,
        })
    }
}

/// The generated clients make their requests with a `reqwest::Client`. It sends none of them; one serves all.
fn request_maker() -> Result<reqwest::Client> {
    static MAKER: OnceLock<reqwest::Client> = OnceLock::new();
    if let Some(maker) = MAKER.get() {
        return Ok(maker.clone());
    }
    let made = Http::maker()?;
    Ok(MAKER.get_or_init(|| made).clone())
}

/// Checks an API address: `https`, or `http` on this machine, and nothing but an origin.
///
/// # Errors
/// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that says what is wrong with it.
pub(crate) fn origin(text: &str) -> Result<Url> {
    let bad = |why: &str| Error::invalid(format!("the API address {:?} {why}", printable(text)));
    let url = Url::parse(text).map_err(|_| bad("is not a URL such as https://api.example.com"))?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(Error::invalid("the API address holds a user name or password: leave them out"));
    }
    if url.host().is_none() {
        return Err(bad("names no host"));
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => {
            return Err(bad("would send the access token unencrypted: use https (http is for this machine only)"));
        }
        _ => return Err(bad("is not an http or https URL")),
    }
    if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        return Err(bad("is followed by a path or a query: leave them out"));
    }
    Ok(url)
}

/// Whether an address is on this machine.
pub(super) fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(ip)) => ip.is_loopback(),
        Some(url::Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// A user's text as far as it is safe to show: a pasted address may hold a password before an `@`, or a token in its
/// path or query.
pub(super) fn printable(text: &str) -> &str {
    let text = text.rsplit_once('@').map_or(text, |(_, after)| after);
    let host = text.find("://").map_or(0, |at| at + 3);
    let end = text[host..].find(['/', '?', '#']).map_or(text.len(), |at| host + at);
    &text[..end]
}
