//! The exports of a run that collects, whatever features the program was built with.

use std::path::Path;
use std::sync::Arc;

use storelogs::Proxy;

use crate::config::{Configured, ExportSettings};
use crate::error::CliError;
use crate::ui::Ui;

#[cfg(any(feature = "lake", feature = "otlp"))]
pub(crate) use super::follow::Exporting;

/// The exports of a run, and their proxy.
pub(crate) struct Exports {
    settings: Vec<ExportSettings>,
    proxy: Option<Proxy>,
}

impl Exports {
    pub(crate) fn of(configured: &Configured) -> Result<Self, CliError> {
        let settings = configured.exports.clone();
        let proxy = if settings.is_empty() { None } else { Some(configured.proxy()?) };
        Ok(Self { settings, proxy })
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.settings.len()
    }

    /// What keeps them from being begun: an address that is none, a secret that is not there. Nothing is sent.
    pub(crate) async fn faults(&self, ui: Ui) -> Vec<String> {
        let mut faults = Vec::new();
        for (settings, number) in self.settings.iter().zip(1..) {
            let Some(proxy) = &self.proxy else { break };
            if let Err(why) = Exporting::check(settings, proxy, ui).await {
                faults.push(format!("[[export]] {number}: {why}"));
            }
        }
        faults
    }

    /// Starts to export. `None` if nothing is configured.
    pub(crate) async fn begin(
        &self,
        archive: &Path,
        notify: Arc<dyn Fn(&str) + Send + Sync>,
        ui: Ui,
    ) -> Result<Option<Exporting>, CliError> {
        match &self.proxy {
            Some(proxy) => Exporting::begin(&self.settings, archive, proxy, notify, ui).await,
            None => Ok(None),
        }
    }
}

/// The stand-in for exports in a program that was built without them.
#[cfg(not(any(feature = "lake", feature = "otlp")))]
pub(crate) enum Exporting {}

#[cfg(not(any(feature = "lake", feature = "otlp")))]
impl Exporting {
    #[allow(clippy::unused_async)]
    pub(crate) async fn begin(
        _: &[ExportSettings],
        _: &Path,
        _: &Proxy,
        _: Arc<dyn Fn(&str) + Send + Sync>,
        _: Ui,
    ) -> Result<Option<Self>, CliError> {
        Err(CliError::usage("this program was built without exports, which [[export]] asks for".to_owned()))
    }

    #[allow(clippy::unused_async)]
    pub(crate) async fn check(_: &ExportSettings, _: &Proxy, _: Ui) -> Result<(), CliError> {
        Err(CliError::usage("this program was built without exports".to_owned()))
    }

    pub(crate) fn names(&self) -> &[String] {
        match *self {}
    }

    #[allow(clippy::unused_async)]
    pub(crate) async fn end(self) {
        match self {}
    }
}
