//! The builder of a BigCommerce client: its own settings, and those that the environment has.

use std::sync::Arc;

use reqwest::header::HeaderName;

use super::{API_URL, BigCommerce, LEAVE_QUOTA};
use crate::builder::{Build, Builder, Settings};
use crate::env::{optional, required};
use crate::error::Result;
use crate::store::Store;
use crate::transport::{AuthScheme, Endpoint, Pacer};

/// The settings that only BigCommerce has.
#[derive(Clone, Debug)]
struct Own {
    leave_quota: f64,
}

impl Default for Own {
    fn default() -> Self {
        Self { leave_quota: LEAVE_QUOTA }
    }
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
}

impl Builder<BigCommerce> {
    /// The share of the quota to leave to the shop's other apps, 0 to 1. Default 0.25.
    pub fn leave_quota(mut self, share: f64) -> Self {
        self.settings.own::<Own>().leave_quota = share;
        self
    }
}

impl Build for BigCommerce {
    fn build(mut settings: Settings) -> Result<Self> {
        let store = Store::bigcommerce(settings.name())?;
        let path = format!("/stores/{}/v3", store.name());
        let scheme = AuthScheme::Header(HeaderName::from_static("x-auth-token"));
        let pacer = Pacer::window(settings.own::<Own>().leave_quota);
        let transport = settings.transport(Endpoint::new(store, API_URL, scheme, pacer).path(path))?;
        Ok(Self { transport, known: Arc::default() })
    }
}
