//! Exports beside a run that collects, as `[[export]]` in the configuration says.
//!
//! Each destination is exported to by itself, again and again, and once more when the run ends. A failure there stops
//! nothing else: it is reported once, kept for `status` and the metrics, and tried again.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use storelogs::Proxy;
use storelogs_collector::Archive;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::config::{ExportSettings, ExportTo};
use crate::error::CliError;
use crate::ui::Ui;

/// How long requests are sent again while a receiver accepts nothing; then they are left to the next export.
#[cfg(feature = "otlp")]
const RETRY_FOR: Duration = Duration::from_secs(20);

/// Shows a message to the user.
pub(crate) type Notify = Arc<dyn Fn(&str) + Send + Sync>;

/// Exports that go on until they are ended.
pub(crate) struct Exporting {
    end: watch::Sender<bool>,
    tasks: JoinSet<()>,
    names: Vec<String>,
}

/// A destination that can be exported to.
enum Destination {
    #[cfg(feature = "lake")]
    Lake(String),
    #[cfg(feature = "otlp")]
    Otlp(Box<storelogs_export::Otlp>),
}

impl Exporting {
    /// Starts to export to these destinations. `None`: there are none.
    pub(crate) async fn begin(
        settings: &[ExportSettings],
        archive: &Path,
        proxy: &Proxy,
        notify: Notify,
        ui: Ui,
    ) -> Result<Option<Self>, CliError> {
        let mut destinations = Vec::new();
        for settings in settings {
            destinations.push((Destination::of(&settings.to, proxy, ui).await?, settings.every));
        }
        if destinations.is_empty() {
            return Ok(None);
        }
        let (end, ending) = watch::channel(false);
        let names = destinations.iter().map(|(destination, _)| destination.name()).collect();
        let mut tasks = JoinSet::new();
        for (destination, every) in destinations {
            tasks.spawn(follow(Arc::new(destination), every, archive.to_owned(), ending.clone(), Arc::clone(&notify)));
        }
        Ok(Some(Self { end, tasks, names }))
    }

    /// An error unless this destination can be exported to, as far as that is known without sending anything.
    pub(crate) async fn check(settings: &ExportSettings, proxy: &Proxy, ui: Ui) -> Result<(), CliError> {
        Destination::of(&settings.to, proxy, ui).await.map(drop)
    }

    /// The names under which the archive stores their progress.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// Exports what came last, and ends.
    pub(crate) async fn end(mut self) {
        self.end.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

async fn follow(
    destination: Arc<Destination>,
    every: Duration,
    archive: PathBuf,
    mut ending: watch::Receiver<bool>,
    notify: Notify,
) {
    let mut reported: Option<String> = None;
    let mut is_first = true;
    loop {
        let is_last = *ending.borrow();
        let (to, path, is_edge) = (Arc::clone(&destination), archive.clone(), is_first || is_last);
        let done = tokio::task::spawn_blocking(move || export(&to, &path, is_edge)).await;
        is_first = false;
        let failure = match done {
            Ok(done) => done.err(),
            Err(_) => Some("the export has ended by itself".to_owned()),
        };
        match &failure {
            // A failure that repeats was already reported.
            Some(why) if reported.as_ref() != Some(why) => notify(&format!("{}: {why}", destination.name())),
            None if reported.is_some() => notify(&format!("{} is exported to again", destination.name())),
            _ => {}
        }
        reported = failure;
        if is_last {
            return;
        }
        tokio::select! {
            () = tokio::time::sleep(every) => {}
            _ = ending.changed() => {}
        }
    }
}

/// Exports what came, and keeps what became of it. `is_edge`: it is the first or the last export of a run.
fn export(to: &Destination, path: &Path, is_edge: bool) -> Result<(), String> {
    #[cfg(not(feature = "lake"))]
    let _ = is_edge; // what is sent to a receiver has no counts
    let done = Archive::open(path).map_err(storelogs_export::Error::from).and_then(|mut archive| match to {
        #[cfg(feature = "lake")]
        Destination::Lake(address) => super::lake::keep_up(address, &to.name(), &mut archive, is_edge),
        #[cfg(feature = "otlp")]
        Destination::Otlp(otlp) => otlp.deliver(&mut archive, &mut |_| {}).map(drop),
    });
    done.map_err(|error| error.to_string())
}

impl Destination {
    async fn of(to: &ExportTo, proxy: &Proxy, ui: Ui) -> Result<Self, CliError> {
        match to {
            #[cfg(feature = "lake")]
            ExportTo::Lake(address) => {
                // One that cannot be is said before anything begins. A bucket has an event loop of its own.
                let at = address.clone();
                let tried = tokio::task::spawn_blocking(move || super::lake::at(&at).map(drop));
                tried.await.map_err(|_| CliError::failed("the export was given up".to_owned()))??;
                Ok(Self::Lake(address.clone()))
            }
            #[cfg(feature = "otlp")]
            ExportTo::Otlp(target) => {
                let otlp = super::otlp::receiver(target, proxy.clone(), ui).await?;
                Ok(Self::Otlp(Box::new(otlp.retry_for(RETRY_FOR, Duration::from_secs(1)))))
            }
            #[cfg(not(all(feature = "lake", feature = "otlp")))]
            other => {
                let _ = (proxy, ui);
                let kind = match other {
                    ExportTo::Lake(_) => "lake",
                    ExportTo::Otlp(_) => "otlp",
                };
                Err(CliError::usage(format!(
                    "this program was built without the feature {kind}, which [[export]] asks for"
                )))
            }
        }
    }

    fn name(&self) -> String {
        match self {
            #[cfg(feature = "lake")]
            Self::Lake(address) => super::lake::name(address),
            #[cfg(feature = "otlp")]
            Self::Otlp(otlp) => otlp.name(),
        }
    }
}
