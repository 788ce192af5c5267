//! BigCommerce store logs: the client of one store.

mod audit;
mod convert;
mod count;
pub(crate) mod facts;
mod listing;
mod page;
mod place;
mod reader;
mod walk;

use std::fmt;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use reqwest::header::HeaderName;

use crate::builder::{Build, Builder, Settings, optional, required};
use crate::error::Result;
use crate::query::LogQuery;
use crate::raw::bigcommerce as raw;
use crate::source::{Cursor, Learned, LogSource, Page};
use crate::store::Store;
use crate::transport::{AuthScheme, Endpoint, Pacer, RateLimit, Transport, hook};

pub use convert::{entry, record};
pub use page::{Pagination, RecordPage};

/// The origin of BigCommerce's API.
pub const API_URL: &str = "https://api.bigcommerce.com";

/// The log of one BigCommerce store. Cheap to clone; clones share the pace, the retry budget and the connections.
///
/// The access token needs the scope `store_logs_read_only`. The platform keeps 365 days.
///
/// ```no_run
/// # async fn run() -> storelogs::Result<()> {
/// use futures::StreamExt;
/// use storelogs::{BigCommerce, LogQuery, LogSource, Severity};
///
/// let store = BigCommerce::builder("abc123").access_token("…").build()?;
/// let mut errors = store.logs(LogQuery::new().min_severity(Severity::Error).limit(20));
/// while let Some(entry) = errors.next().await {
///     let entry = entry?;
///     println!("{} {}", entry.time, entry.summary.unwrap_or_default());
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct BigCommerce {
    transport: Transport,
    known: Arc<Mutex<page::Known>>,
}

impl BigCommerce {
    /// A client of the store with this hash, the part after `/stores/` in its API path.
    pub fn builder(store_hash: impl Into<String>) -> Builder<Self> {
        Builder::new(store_hash)
    }

    /// A builder with what the environment says: `BIGCOMMERCE_STORE_HASH`, `BIGCOMMERCE_ACCESS_TOKEN` and, if it is
    /// set, `BIGCOMMERCE_API_URL`, an origin such as `http://127.0.0.1:4010`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variable that is missing.
    pub fn builder_from_env() -> Result<Builder<Self>> {
        let builder = Self::builder(required("BIGCOMMERCE_STORE_HASH")?);
        let builder = builder.access_token(required("BIGCOMMERCE_ACCESS_TOKEN")?);
        Ok(match optional("BIGCOMMERCE_API_URL")? {
            Some(url) => builder.api_url(url),
            None => builder,
        })
    }

    /// A client as the environment says; see [`builder_from_env`](Self::builder_from_env).
    ///
    /// # Errors
    /// As `builder_from_env` and [`Builder::build`].
    pub fn from_env() -> Result<Self> {
        Self::builder_from_env()?.build()
    }

    /// The client as progenitor generates it from the vendor's document, on the same transport.
    pub fn raw(&self) -> raw::Client {
        self.transport.client()
    }

    /// The state of the store's rate limit, which all its apps share. `None` before the first answer.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.transport.rate_limit()
    }
}

impl Builder<BigCommerce> {
    /// The share of the quota to leave to the shop's other apps, 0 to 1. Default 0.25.
    pub fn leave_quota(mut self, share: f64) -> Self {
        self.settings.leave_quota = share;
        self
    }
}

impl Build for BigCommerce {
    fn build(settings: Settings) -> Result<Self> {
        let store = Store::bigcommerce(settings.name())?;
        let path = format!("/stores/{}/v3", store.name());
        let scheme = AuthScheme::Header(HeaderName::from_static("x-auth-token"));
        let pacer = Pacer::window(settings.leave_quota);
        let transport = settings.transport(Endpoint::new(store, API_URL, scheme, pacer).path(path))?;
        Ok(Self { transport, known: Arc::default() })
    }
}

hook!(raw::Client);

impl LogSource for BigCommerce {
    fn store(&self) -> &Store {
        self.transport.store()
    }

    fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, Result<Page>> {
        walk::pages(self.clone(), query, from.as_ref())
    }

    fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(count::of_range(self, since, until))
    }

    fn learned(&self) -> Learned {
        self.learnt()
    }

    fn teach(&self, learned: &Learned) {
        self.begin_with(learned);
    }
}

impl fmt::Debug for BigCommerce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BigCommerce").field("transport", &self.transport).finish_non_exhaustive()
    }
}
