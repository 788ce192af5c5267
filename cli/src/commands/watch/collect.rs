//! `watch --sync`: collects and watches in one process.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use storelogs::Store;
use storelogs_collector::Archive;
use storelogs_collector::archive::State;
use storelogs_collector::metrics::Metrics;
use storelogs_collector::network::Network;
use storelogs_collector::retention::Keep;
use storelogs_collector::sync::{self, Event, Observer, Outcome, Shard, SyncOptions};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::commands::export::{Exporting, Exports};
use crate::commands::prune;
use crate::commands::sync::log;
use crate::config::{self, ReloadingStores, Selection};
use crate::error::CliError;
use crate::ui::Ui;

type Run = Result<Vec<Outcome>, storelogs_collector::Error>;

/// Collects as `storelogs sync --follow` does, without its bars.
pub(super) struct Collector {
    directory: Arc<ReloadingStores>,
    network: Network,
    stop: watch::Receiver<bool>,
    ui: Ui,
    exports: Exports,
    keeps: Vec<(Store, Keep)>,
    running: Option<JoinHandle<Run>>,
    pruning: Option<JoinHandle<()>>,
}

impl Collector {
    pub(super) fn new(
        selection: &Selection,
        archive: &mut Archive,
        shard: Option<Shard>,
        stop: watch::Receiver<bool>,
        ui: Ui,
    ) -> Result<Self, CliError> {
        let mut configured = config::read(selection, ui)?;
        configured.share(shard);
        let network = configured.network()?;
        let exports = Exports::of(&configured)?;
        let keeps = configured.keeps();
        configured.label(archive)?;
        let path = archive.path();
        let directory =
            ReloadingStores::new(configured, path, shard, network.clone(), move |problem| ui.error(problem));
        let directory = Arc::new(directory);
        Ok(Self { directory, network, stop, ui, exports, keeps, running: None, pruning: None })
    }

    /// Starts to export new entries, if the configuration names a destination.
    pub(super) async fn exporting(&self, archive: &Path) -> Result<Option<Exporting>, CliError> {
        let ui = self.ui;
        self.exports.begin(archive, Arc::new(move |line: &str| ui.warning(line)), ui).await
    }

    /// The metrics of its stores, its exports and its alerts.
    pub(super) fn metrics(&self, archive: &Path, exports: Vec<String>) -> Metrics {
        let directory = Arc::clone(&self.directory);
        Metrics::new(archive, self.network.clone(), move || directory.all()).with_exports(exports)
    }

    /// Prunes by the configuration.
    pub(super) fn prune(&self, archive: &mut Archive) -> Result<(), CliError> {
        if !self.keeps.is_empty() {
            let _lock = archive.lock()?;
            prune::by_configuration(archive, &self.keeps, Timestamp::now())?;
        }
        Ok(())
    }

    /// Reads what is missing, to its end.
    pub(super) async fn once(&self, archive: Archive, how: SyncOptions, metrics: Arc<Metrics>) -> Result<(), CliError> {
        sync::sync(archive, self.directory.clone(), how, self.stop.clone(), observer(self.ui, metrics)).await?;
        Ok(())
    }

    /// Reads again and again, until it is asked to end.
    pub(super) fn follow(&mut self, archive: Archive, how: SyncOptions, metrics: Arc<Metrics>) {
        if !self.keeps.is_empty() {
            let pruning = prune::again_and_again(archive.path().to_owned(), self.keeps.clone());
            self.pruning = Some(tokio::spawn(pruning));
        }
        let run = sync::sync(archive, self.directory.clone(), how, self.stop.clone(), observer(self.ui, metrics));
        self.running = Some(tokio::spawn(run));
    }

    /// Waits until collecting fails, and returns the reason. It waits for ever if nobody collects, or if collecting was
    /// asked to end.
    pub(super) async fn failed(collector: &mut Option<Self>) -> CliError {
        if let Some(collector) = collector
            && let Err(why) = collector.end().await
        {
            return why;
        }
        std::future::pending().await
    }

    /// Waits until it has ended, with the pages in hand kept.
    pub(super) async fn end(&mut self) -> Result<(), CliError> {
        let Some(running) = &mut self.running else { return Ok(()) };
        let ended = running.await;
        self.running = None;
        self.pruning.take().inspect(JoinHandle::abort);
        match ended {
            Ok(run) => Ok(run.map(drop)?),
            Err(_) => Err(CliError::failed("the collector has ended by itself".to_owned())),
        }
    }
}

/// Shows which stores cannot be read, each once until that changes.
fn observer(ui: Ui, metrics: Arc<Metrics>) -> Observer {
    let failing = Mutex::new(HashMap::<Store, State>::new());
    Arc::new(move |event: &Event<'_>| {
        metrics.event(event);
        log::event(event);
        if ui.has_logs() {
            return;
        }
        let mut failing = failing.lock().unwrap_or_else(PoisonError::into_inner);
        match event {
            Event::Failed { store, state, reason, .. } if failing.insert((*store).clone(), *state) != Some(*state) => {
                ui.warning(reason);
            }
            Event::Rest { store, .. } if failing.remove(*store).is_some() => {
                ui.note(&format!("{store} answers again\n"));
            }
            Event::Stores { reason } => ui.warning(reason),
            _ => {}
        }
    })
}
