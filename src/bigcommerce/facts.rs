//! The facts about BigCommerce besides its log: names, variables, retention.

use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::SignedDuration;

use super::{API_URL, BigCommerce};
use crate::error::{Error, ErrorKind, Result};
use crate::facts::{ClientSettings, LogClient, PlatformFacts, Setting, Variables};
use crate::store::{Platform, Store};
use crate::store_name::{pasted, refused};
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

    fn is_address(&self, text: &str) -> bool {
        let text = text.to_ascii_lowercase();
        text.contains(".bigcommerce.com/stores/") || text.contains(".mybigcommerce.com")
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
                 its owner's e-mail change; the shop owner makes one in Settings › Store-level API accounts"
            }
            ErrorKind::Forbidden => {
                "give the API account the scope Store Logs, read-only (store_logs_read_only), and check the store hash: a wrong \
                 one gets the same answer"
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

/// Hashes have about ten characters, and tokens, which consist of the same characters, have 31.
const LONGEST_HASH: usize = 24;

impl Store {
    /// A BigCommerce store by its hash, the part after `/stores/` in its API path. The whole API path is understood too, as
    /// the control panel shows it, and the address `store-HASH.mybigcommerce.com`.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) unless the hash is 1 to 24 letters and digits.
    /// It does not show a longer text, which may be the token.
    pub fn bigcommerce(hash: &str) -> Result<Self> {
        let name = pasted(&Platform::BIGCOMMERCE, hash, |host, path| {
            let hash = match host {
                "api.bigcommerce.com" => path.strip_prefix("stores/")?.split('/').next(),
                "stores" => path.split('/').next(),
                _ => host.strip_prefix("store-")?.strip_suffix(".mybigcommerce.com"),
            };
            hash.map(str::to_owned)
        });
        let is_hash = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        if !(1..=LONGEST_HASH).contains(&name.len()) || !name.bytes().all(is_hash) {
            return Err(Error::invalid(format!(
                "{} is not a BigCommerce store hash: it is up to {LONGEST_HASH} letters and digits, the part after /stores/ \
                 in the API path",
                refused(hash)
            )));
        }
        Ok(Self::checked(Platform::BIGCOMMERCE, &name))
    }
}
