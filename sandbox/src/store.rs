//! The settings of a store before it is served.

use std::time::Duration;

use serde_json::Value;

use crate::{BigCommerceBehavior, Faults, History, Platform, Records, ShoplineBehavior};

/// A store: its name, its records and how it behaves.
#[derive(Clone, Debug)]
pub struct Store {
    pub(crate) platform: Platform,
    pub(crate) name: String,
    pub(crate) source: Source,
    pub(crate) token: Option<String>,
    pub(crate) behavior: Option<Behavior>,
    pub(crate) faults: Faults,
    pub(crate) latency: Duration,
    pub(crate) app: Option<(String, String)>,
}

/// The source of a store's records.
#[derive(Clone, Debug)]
pub(crate) enum Source {
    Values(Vec<Value>),
    Records(Records),
    History(History),
}

impl Store {
    /// A BigCommerce store of this hash, without records.
    #[must_use]
    pub fn bigcommerce(hash: impl Into<String>) -> Self {
        Self::new(Platform::BigCommerce, hash.into())
    }

    /// A SHOPLINE store of this handle, without records.
    #[must_use]
    pub fn shopline(handle: impl Into<String>) -> Self {
        Self::new(Platform::Shopline, handle.into())
    }

    fn new(platform: Platform, name: String) -> Self {
        Self {
            platform,
            name,
            source: Source::Values(Vec::new()),
            token: None,
            behavior: None,
            faults: Faults::none(),
            latency: Duration::ZERO,
            app: None,
        }
    }

    /// Serves these records, in the vendor's shape and any order.
    #[must_use]
    pub fn records(mut self, records: impl Into<Vec<Value>>) -> Self {
        self.source = Source::Values(records.into());
        self
    }

    /// Serves records shared with other stores. Records of the other platform are served as they are.
    #[must_use]
    pub fn shared(mut self, records: Records) -> Self {
        self.source = Source::Records(records);
        self
    }

    /// Serves a history, made when the store is first asked. Stores with clones of one history share its rows.
    #[must_use]
    pub fn history(mut self, history: History) -> Self {
        self.source = Source::History(history);
        self
    }

    /// Accepts this token. BigCommerce's default is `sandbox-token`; SHOPLINE's is made for each store, see
    /// [`Sandbox::token`](crate::Sandbox::token).
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// Sets the switches of the store's platform: a [`BigCommerceBehavior`], a [`ShoplineBehavior`] or both.
    #[must_use]
    pub fn behavior(mut self, behavior: impl Into<Behavior>) -> Self {
        self.behavior = Some(behavior.into());
        self
    }

    /// Sets the script of faults.
    #[must_use]
    pub fn faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Answers every request this much later.
    #[must_use]
    pub fn latency(mut self, latency: Duration) -> Self {
        self.latency = latency;
        self
    }

    /// The app that may refresh this SHOPLINE store's token: its key and secret. The default is `sandbox-app`
    /// and `sandbox-secret`.
    #[must_use]
    pub fn app(mut self, key: impl Into<String>, secret: impl Into<String>) -> Self {
        self.app = Some((key.into(), secret.into()));
        self
    }

    /// The platform.
    #[must_use]
    pub fn platform(&self) -> Platform {
        self.platform
    }

    /// The hash or handle.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }
}

/// The switches of both platforms; a store looks at those of its own.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Behavior {
    /// The behaviour of a BigCommerce store.
    pub bigcommerce: BigCommerceBehavior,
    /// The behaviour of a SHOPLINE store.
    pub shopline: ShoplineBehavior,
}

impl Behavior {
    /// The default without rate limits.
    #[must_use]
    pub fn unlimited() -> Self {
        Self { bigcommerce: BigCommerceBehavior::unlimited(), shopline: ShoplineBehavior::unlimited() }
    }
}

impl From<BigCommerceBehavior> for Behavior {
    fn from(bigcommerce: BigCommerceBehavior) -> Self {
        Self { bigcommerce, ..Self::default() }
    }
}

impl From<ShoplineBehavior> for Behavior {
    fn from(shopline: ShoplineBehavior) -> Self {
        Self { shopline, ..Self::default() }
    }
}
