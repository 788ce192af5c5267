//! SHOPLINE operation logs: the client of one store.

mod builder;
mod convert;
mod count;
mod crowded;
mod facts;
mod habits;
mod horizon;
mod page;
mod reader;
mod slice;
mod token;
mod walk;

use std::fmt;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;

use crate::error::Result;
use crate::query::LogQuery;
use crate::raw::shopline as raw;
use crate::source::{Cursor, Learned, LogSource, Page};
use crate::store::Store;
use crate::transport::{RateLimit, Transport, hook};

pub use convert::{entry, record};
pub(crate) use facts::Facts;
pub use page::RecordPage;
pub use token::expiry;

/// The edition of the API that is asked for by default. Each is available for twelve months.
pub const API_VERSION: &str = "v20260301";

/// The platform's leaky bucket: how many requests fit, and how many leak out a second, for each app and store.
pub const BUCKET: (u32, f64) = (40, 4.0);

/// The log of one SHOPLINE store. Cheap to clone; clones share the pace, the retry budget and the connections.
///
/// The access token needs the scope `read_store_log`. The platform is said to keep three months.
///
/// ```no_run
/// # async fn run() -> storelogs::Result<()> {
/// use futures::StreamExt;
/// use storelogs::{LogQuery, LogSource, Shopline};
///
/// let store = Shopline::builder("open001").access_token("…").build()?;
/// let mut changes = store.logs(LogQuery::new().category("administrator_roles_and_permissions"));
/// while let Some(entry) = changes.next().await {
///     let entry = entry?;
///     println!("{} {:?} {:?}", entry.time, entry.actor, entry.action);
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct Shopline {
    transport: Transport,
    habits: habits::Habits,
}

impl Shopline {
    /// The client as progenitor generates it from our document, on the same transport.
    pub fn raw(&self) -> raw::Client {
        self.transport.client()
    }

    /// When the present access token ends, by what it says itself. `None` if it does not say.
    pub fn token_expiry(&self) -> Option<Timestamp> {
        self.transport.token_expiry()
    }

    /// The state of our bucket for this store, by our own count: the platform does not say.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.transport.rate_limit()
    }
}

hook!(raw::Client);

impl LogSource for Shopline {
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
        self.habits.learned()
    }

    fn teach(&self, learned: &Learned) {
        self.habits.teach(learned);
    }
}

impl fmt::Debug for Shopline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shopline").field("transport", &self.transport).finish_non_exhaustive()
    }
}
