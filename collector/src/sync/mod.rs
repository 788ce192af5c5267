//! Sync: copying the logs of stores into an archive, and keeping it up to date.

mod backlog;
mod event;
mod neighbours;
mod origin;
mod plan;
mod policy;
mod queue;
mod reader;
mod run;
mod shard;
mod writer;

use std::sync::Arc;

use futures::future::BoxFuture;
use storelogs::{LogSource, RateLimit, Store};

use crate::network::Network;

pub use crate::retention::retention;
pub use event::{Event, Observer};
pub(crate) use neighbours::take;
pub use origin::Elsewhere;
pub use policy::Tier;
pub use run::{Outcome, SyncOptions, sync};
pub use shard::Shard;

/// The list of stores, and the way to connect to them.
pub trait Directory: Send + Sync + 'static {
    /// The stores there are now. Asked again from time to time while following.
    ///
    /// # Errors
    /// The reason why the list cannot be read, in one line.
    fn stores(&self) -> Result<Vec<Store>, String>;

    /// A client of a store. Nothing is sent to the platform.
    ///
    /// # Errors
    /// The reason why there can be none, in one line that names the store, the cause and the remedy.
    fn connect<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Remote, String>>;
}

/// A store as it is reached.
#[derive(Clone)]
pub struct Remote {
    /// Its log.
    pub log: Arc<dyn LogSource>,
    /// The address of its API.
    pub api_url: String,
    /// The network its client uses.
    pub network: Network,
    /// The present state of its rate limit.
    pub rate_limit: Arc<dyn Fn() -> Option<RateLimit> + Send + Sync>,
}
