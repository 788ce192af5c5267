//! BigCommerce store logs: the client of one store.

mod ahead;
mod audit;
mod builder;
mod convert;
mod count;
mod facts;
mod habits;
mod listing;
mod page;
mod place;
mod reader;
mod recovery;
mod scope;
mod severity;
mod walk;

use std::fmt;
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;

use crate::error::Result;
use crate::query::LogQuery;
use crate::raw::bigcommerce as raw;
use crate::source::{Cursor, Learned, LogSource, Page};
use crate::store::Store;
use crate::transport::{RateLimit, Transport, hook};

pub use convert::{entry, record};
pub(crate) use facts::Facts;
pub use page::{Pagination, RecordPage};

/// The origin of BigCommerce's API.
pub const API_URL: &str = "https://api.bigcommerce.com";

/// The share of a store's quota that is left to the shop's other apps by default.
pub const LEAVE_QUOTA: f64 = 0.25;

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
    known: Arc<Mutex<habits::Known>>,
}

impl BigCommerce {
    /// The client as progenitor generates it from the vendor's document, on the same transport.
    pub fn raw(&self) -> raw::Client {
        self.transport.client()
    }

    /// The state of the store's rate limit, which all its apps share. `None` before the first answer.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.transport.rate_limit()
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
