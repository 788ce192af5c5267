//! The facts about BigCommerce besides its log: names, variables, retention.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::SignedDuration;

use super::{API_URL, BigCommerce};
use crate::error::{ErrorKind, Result};
use crate::platform::{ClientSettings, LogClient, PlatformFacts, Setting, Variables};
use crate::store::{Platform, Store};
use crate::transport::RateLimit;

/// BigCommerce.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts;

impl PlatformFacts for Facts {
    fn platform(&self) -> Platform {
        Platform::BIGCOMMERCE
    }

    fn title(&self) -> &'static str {
        "BigCommerce"
    }

    fn placeholder(&self) -> &'static str {
        "HASH"
    }

    fn store(&self, name: &str) -> Result<Store> {
        Store::bigcommerce(name)
    }

    /// 365 days, by its documentation.
    fn retention(&self) -> SignedDuration {
        SignedDuration::from_hours(365 * 24)
    }

    fn time_field(&self) -> &'static str {
        "date_created"
    }

    fn variables(&self) -> Variables {
        Variables {
            store: "BIGCOMMERCE_STORE_HASH",
            access_token: "BIGCOMMERCE_ACCESS_TOKEN",
            api_url: "BIGCOMMERCE_API_URL",
            api_version: None,
            app: None,
        }
    }

    fn api_url(&self, _: &Store) -> String {
        API_URL.to_owned()
    }

    fn takes(&self, setting: Setting) -> bool {
        setting == Setting::LeaveQuota
    }

    fn tokens_expire(&self) -> bool {
        false
    }

    fn hint(&self, kind: ErrorKind) -> Option<&'static str> {
        Some(match kind {
            ErrorKind::Unauthorized => {
                "check that the access token belongs to this store and was not revoked: it is replaced when the app's scopes or \
                 its owner's e-mail change"
            }
            ErrorKind::Forbidden => {
                "give the API account the scope store_logs_read_only, and check the store hash: a wrong one gets the \
                 same answer"
            }
            ErrorKind::Locked => "the platform is at work on it: try again in some minutes",
            _ => return None,
        })
    }

    fn client(&self, name: &str, settings: ClientSettings) -> Result<Arc<dyn LogClient>> {
        let mut builder = settings.apply(BigCommerce::builder(name));
        if let Some(share) = settings.leave_quota {
            builder = builder.leave_quota(share);
        }
        Ok(Arc::new(builder.build()?))
    }
}

impl LogClient for BigCommerce {
    fn probe(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async { self.page(|request| request.limit(1)).await.map(drop) })
    }

    fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit()
    }
}
