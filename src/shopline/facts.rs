//! The facts about SHOPLINE besides its log: names, variables, retention.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use secrecy::ExposeSecret;

use super::{API_VERSION, BUCKET, Shopline};
use crate::error::{Error, ErrorKind, Result};
use crate::facts::{ClientSettings, LogClient, PlatformFacts, Setting, Variables};
use crate::store::{Platform, Store};
use crate::store_name::{is_dns_label, is_like_a_token, pasted, refused};
use crate::transport::RateLimit;

/// SHOPLINE.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Facts;

impl PlatformFacts for Facts {
    fn platform(&self) -> Platform {
        Platform::SHOPLINE
    }

    fn title(&self) -> &'static str {
        "SHOPLINE"
    }

    fn placeholder(&self) -> &'static str {
        "HANDLE"
    }

    fn store(&self, name: &str) -> Result<Store> {
        Store::shopline(name)
    }

    fn is_address(&self, text: &str) -> bool {
        text.to_ascii_lowercase().contains(".myshopline.com")
    }

    /// Three months, by its documentation.
    fn retention(&self) -> SignedDuration {
        SignedDuration::from_hours(92 * 24)
    }

    /// It refuses to count more than a month.
    fn longest_count(&self) -> SignedDuration {
        SignedDuration::from_hours(28 * 24)
    }

    fn time_field(&self) -> &'static str {
        "created_at"
    }

    fn variables(&self) -> Variables {
        Variables {
            store: "SHOPLINE_HANDLE",
            access_token: "SHOPLINE_ACCESS_TOKEN",
            api_url: "SHOPLINE_API_URL",
            api_version: Some("SHOPLINE_API_VERSION"),
            app: Some(("SHOPLINE_APP_KEY", "SHOPLINE_APP_SECRET")),
        }
    }

    fn api_url(&self, store: &Store) -> String {
        format!("https://{}.myshopline.com", store.name())
    }

    fn api_version(&self) -> Option<&'static str> {
        Some(API_VERSION)
    }

    fn takes(&self, setting: Setting) -> bool {
        matches!(setting, Setting::ApiVersion | Setting::App | Setting::Bucket)
    }

    fn hint(&self, kind: ErrorKind) -> Option<&'static str> {
        Some(match kind {
            ErrorKind::Unauthorized => {
                "the access token may have expired, an app's after ten hours: get a new one; a private app's stands in the admin, \
                 in Apps › Develop an app › Edit › API credentials"
            }
            ErrorKind::Forbidden => "give the app the scope read_store_log, in Apps › Develop an app › Edit",
            ErrorKind::Locked => "too many requests locked the store: wait some minutes, and ask less often",
            _ => return None,
        })
    }

    fn client(&self, name: &str, settings: ClientSettings) -> Result<Arc<dyn LogClient>> {
        let mut builder = settings.apply(Shopline::builder(name));
        if let Some((key, secret)) = &settings.app {
            builder = builder.app(key.expose_secret(), secret.expose_secret());
        }
        if let Some(version) = &settings.api_version {
            builder = builder.api_version(version);
        }
        if settings.bucket.is_some() || settings.requests_per_second.is_some() {
            let (requests, per_second) = BUCKET;
            let per_second = settings.requests_per_second.unwrap_or(per_second);
            builder = builder.bucket(settings.bucket.unwrap_or(requests), per_second);
        }
        Ok(Arc::new(builder.build()?))
    }
}

impl LogClient for Shopline {
    /// The newest entry of the last day: the platform requires a time range.
    fn probe(&self) -> BoxFuture<'_, Result<()>> {
        Box::pin(async {
            let now = Timestamp::now();
            let since = now.checked_sub(SignedDuration::from_hours(24)).unwrap_or(now);
            self.page(since, now, |request| request.limit(1)).await.map(drop)
        })
    }

    fn token_expiry(&self) -> Option<Timestamp> {
        self.token_expiry()
    }

    fn rate_limit(&self) -> Option<RateLimit> {
        self.rate_limit()
    }
}

impl Store {
    /// A SHOPLINE store by its handle, the first label of its domain: `open001` of `open001.myshopline.com`. The whole address
    /// is understood too.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the handle is a DNS label: letters, digits and inner hyphens; and
    /// if it looks like a token. It does not show a text longer than 24 characters, which may be one.
    pub fn shopline(handle: &str) -> Result<Self> {
        let find = |host: &str, _: &str| host.strip_suffix(".myshopline.com").map(str::to_owned);
        let name = pasted(&Platform::SHOPLINE, handle, find);
        if !is_dns_label(&name) || is_like_a_token(&name) {
            return Err(Error::invalid(format!(
                "{} is not a SHOPLINE handle: it is letters, digits and hyphens, the part before .myshopline.com",
                refused(handle)
            )));
        }
        Ok(Self::checked(Platform::SHOPLINE, &name))
    }
}
