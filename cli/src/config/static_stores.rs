//! The configured stores, read once when the program begins.

use futures::future::BoxFuture;
use storelogs::Store;
use storelogs_collector::network::Network;
use storelogs_collector::sync::{Directory, Remote};

use super::connect::remote;
use super::settings::Settings;
use crate::ui::Ui;

/// Stores that stay as they are.
pub(crate) struct StaticStores {
    pub(crate) settings: Vec<Settings>,
    pub(crate) network: Network,
    pub(crate) ui: Ui,
}

impl Directory for StaticStores {
    fn stores(&self) -> Result<Vec<Store>, String> {
        Ok(self.settings.iter().map(|settings| settings.store.clone()).collect())
    }

    fn connect<'a>(&'a self, store: &'a Store) -> BoxFuture<'a, Result<Remote, String>> {
        Box::pin(async move {
            let known = self.settings.iter().find(|settings| settings.store == *store);
            let settings = known.ok_or_else(|| format!("{store}: the store is not configured"))?;
            remote(settings, self.network.another(), self.ui).await
        })
    }
}
