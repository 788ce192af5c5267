//! The audit log of the made-up platform Acme: a third platform, written by `docs/adding-a-platform.md`.

mod convert;
mod facts;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use jiff::Timestamp;
use serde::Deserialize;
use storelogs::platform::{
    AuthScheme, Build, Endpoint, Pacer, PageRequest, PageResponse, Settings, hook, paginate_newest_first,
};
use storelogs::{Builder, Cursor, LogQuery, LogSource, Page, Platform, RateLimit, Result, Store, Transport};

pub use convert::{entry, record};
pub use facts::Facts;

/// The client as progenitor generates it.
#[allow(clippy::all, clippy::pedantic, clippy::unwrap_used, unreachable_pub, rust_2018_idioms, rustdoc::all)]
pub mod raw {
    include!(concat!(env!("OUT_DIR"), "/acme.rs"));
}

hook!(raw::Client);

/// The platform.
pub const ACME: Platform = Platform::new("acme");

/// The origin of Acme's API.
pub const API_URL: &str = "https://api.acme.example";

/// The most events on a page.
const PAGE: usize = 100;

/// The log of one Acme shop. Cheap to clone; clones share the pace, the retry budget and the connections.
#[derive(Clone, Debug)]
pub struct Acme {
    transport: Transport,
}

impl Acme {
    /// A client of the shop with this name.
    pub fn builder(shop: impl Into<String>) -> Builder<Self> {
        Builder::new(shop)
    }

    /// The generated client, on the same transport.
    pub fn raw(&self) -> raw::Client {
        self.transport.client()
    }

    /// The state of our bucket for this shop, by our own count: the platform does not say.
    pub fn rate_limit(&self) -> Option<RateLimit> {
        self.transport.rate_limit()
    }

    /// One page of events.
    ///
    /// # Errors
    /// Whatever kept the page from coming. One record of another shape is an item of the page.
    pub async fn list(self, ask: PageRequest) -> Result<PageResponse> {
        let send = async |client: raw::Client| {
            let mut request = client.list_events().shop(self.store().name());
            request = request.page_size(ask.wanted.unwrap_or(PAGE).clamp(1, PAGE) as i32);
            if let Some(since) = ask.query.since {
                request = request.after(since.to_string());
            }
            if let Some(until) = ask.query.until {
                request = request.before(until.to_string());
            }
            if let Some(cursor) = ask.next {
                request = request.cursor(cursor);
            }
            request.send().await
        };
        let reply = self.transport.call(send).await?;
        let take = |page: raw::types::EventPage| (Some(page.events), Rest { next_cursor: page.next_cursor });
        let (list, rest) = reply.list(&["events"], take)?;
        Ok(PageResponse { entries: list.entries(convert::entry).collect(), next: rest.next_cursor })
    }
}

/// The rest of a page besides its events.
#[derive(Default, Deserialize)]
struct Rest {
    next_cursor: Option<String>,
}

impl Build for Acme {
    fn build(settings: Settings) -> Result<Self> {
        let store = Store::of(ACME, settings.name())?;
        let endpoint = Endpoint::new(store, API_URL, AuthScheme::Bearer, Pacer::bucket(20, 5.0)?);
        Ok(Self { transport: settings.transport(endpoint.path("/2026-04"))? })
    }
}

impl LogSource for Acme {
    fn store(&self) -> &Store {
        self.transport.store()
    }

    fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, Result<Page>> {
        let acme = self.clone();
        paginate_newest_first(self.store(), query, from.as_ref(), move |ask| acme.clone().list(ask))
    }

    fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<Option<u64>>> {
        Box::pin(async move {
            let send = async |client: raw::Client| {
                let request = client.count_events().shop(self.store().name());
                request.after(since.to_string()).before(until.to_string()).send().await
            };
            let (answer, _) = self.transport.call(send).await?.typed()?;
            Ok(u64::try_from(answer.count).ok())
        })
    }
}

/// The examples of the guide compile against this crate.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/adding-a-platform.md")]
struct Guide;
