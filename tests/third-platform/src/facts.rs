//! The facts about Acme besides how its log is read: with them, the collector and the program work with Acme's shops.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::SignedDuration;
use storelogs::platform::{ClientSettings, LogClient, PageRequest, PlatformFacts, Variables};
use storelogs::{LogQuery, Platform, RateLimit, Result, Store};

use crate::{ACME, API_URL, Acme};

/// Acme. A program begins with `storelogs::platform::register(&third_platform::Facts)`.
#[derive(Debug)]
pub struct Facts;

impl PlatformFacts for Facts {
    fn platform(&self) -> Platform {
        ACME
    }

    fn title(&self) -> &'static str {
        "Acme"
    }

    fn placeholder(&self) -> &'static str {
        "SHOP"
    }

    /// Ten years, by its documentation.
    fn retention(&self) -> SignedDuration {
        SignedDuration::from_hours(24 * 365 * 10)
    }

    /// It counts everything at once.
    fn longest_count(&self) -> SignedDuration {
        self.retention()
    }

    fn time_field(&self) -> &'static str {
        "at"
    }

    fn id_field(&self) -> &'static str {
        "event_id"
    }

    fn variables(&self) -> Variables {
        Variables {
            store: "ACME_SHOP",
            access_token: "ACME_ACCESS_TOKEN",
            api_url: "ACME_API_URL",
            api_version: None,
            app: None,
        }
    }

    fn api_url(&self, _: &Store) -> String {
        API_URL.to_owned()
    }

    fn client(&self, name: &str, settings: ClientSettings) -> Result<Arc<dyn LogClient>> {
        Ok(Arc::new(settings.apply(Acme::builder(name)).build()?))
    }
}

impl LogClient for Acme {
    fn probe(&self) -> BoxFuture<'_, Result<()>> {
        let one = PageRequest::new(LogQuery::new(), 1);
        Box::pin(async { self.clone().list(one).await.map(drop) })
    }

    fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit()
    }
}
