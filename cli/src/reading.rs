//! Reading the logs of many stores into one output. `fetch` and `demo` both do it here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::{FutureExt, StreamExt};
use serde_json::json;
use storelogs::{Error, ErrorKind, LogQuery, LogSource, RetryPolicy, merge};

use crate::config::{self, Settings};
use crate::exit::{Exit, Failure, Stop};
use crate::output::Sink;
use crate::progress::Progress;
use crate::terminal;
use storelogs_collector::network::Network;

/// When nothing came for so long, what there is is shown.
const PATIENCE: Duration = Duration::from_millis(300);
/// The spinner learns of every so many entries.
const TOLD_EVERY: u64 = 100;

/// Records that could not be decoded: counted for each store, and kept in a file if there is one.
pub(crate) struct Undecodable {
    counts: BTreeMap<String, u64>,
    file: Option<(PathBuf, BufWriter<File>)>,
}

/// Reads everything that the query asks for, newest first, and says how it ended.
pub(crate) async fn read(
    stores: &[Settings],
    network: &Network,
    query: LogQuery,
    sink: &mut dyn Sink,
    mut undecodable: Undecodable,
    progress: &Progress,
) -> Result<Exit, Stop> {
    let mut failures = Vec::new();
    let sources = sources(stores, network, progress, &mut failures).await;
    if sources.is_empty() {
        progress.clear();
        return Ok(Exit::Usage); // nothing was sent, and what to mend was said
    }
    let mut entries = 0;
    let mut log = merge(sources, query);
    loop {
        let next = match log.next().now_or_never() {
            Some(next) => next,
            None => match tokio::time::timeout(PATIENCE, log.next()).await {
                Ok(next) => next,
                Err(_) => {
                    if entries > 0 {
                        progress.make_room();
                    }
                    progress.count(entries, &network);
                    sink.pause()?;
                    log.next().await
                }
            },
        };
        match next {
            None => break,
            Some(Ok(entry)) => {
                entries += 1;
                if entries % TOLD_EVERY == 0 {
                    progress.make_room();
                    progress.count(entries, &network);
                }
                sink.entry(&entry)?;
            }
            Some(Err(error)) if error.kind() == ErrorKind::Record => undecodable.keep(&error)?,
            Some(Err(error)) => {
                progress.aside(|| report(&error));
                failures.push(Failure::of(error.kind()));
            }
        }
    }
    progress.clear();
    sink.finish()?;
    let records = undecodable.finish()?;
    Ok(Exit::of(stores.len(), &failures, records))
}

/// The logs of those stores that can be reached at all; why not is said of the others.
pub(crate) async fn sources(
    stores: &[Settings],
    network: &Network,
    progress: &Progress,
    failures: &mut Vec<Failure>,
) -> Vec<Arc<dyn LogSource>> {
    let mut sources: Vec<Arc<dyn LogSource>> = Vec::new();
    for connected in config::connect(stores, network, &RetryPolicy::default()).await {
        match connected {
            Ok(connected) => sources.push(connected.client.source()),
            Err(why) => {
                progress.aside(|| terminal::error(&why));
                failures.push(Failure::of(ErrorKind::InvalidInput));
            }
        }
    }
    sources
}

/// Says why a store failed: our words, then the platform's.
pub(crate) fn report(error: &Error) {
    match error.detail() {
        Some(detail) => terminal::error(&format!("{error}\nthe platform says: {}", detail.replace('\n', " "))),
        None => terminal::error(&error.to_string()),
    }
}

impl Undecodable {
    /// Keeps the records in this file, if there is one.
    pub(crate) fn new(path: Option<&Path>) -> Result<Self, Stop> {
        let file = match path {
            None => None,
            Some(path) => match File::create(path) {
                Ok(file) => Some((path.to_owned(), BufWriter::new(file))),
                Err(error) => {
                    return Err(Stop::Failed(format!("the file {} cannot be written: {error}", path.display())));
                }
            },
        };
        Ok(Self { counts: BTreeMap::new(), file })
    }

    fn keep(&mut self, error: &Error) -> Result<(), Stop> {
        let store = error.store().map(ToString::to_string).unwrap_or_default();
        if let Some((path, file)) = &mut self.file {
            let raw = error.raw().unwrap_or_default();
            let line = json!({ "store": &store, "path": error.path(), "raw": raw });
            let written = serde_json::to_writer(&mut *file, &line).map_err(io::Error::from);
            written.and_then(|()| file.write_all(b"\n")).map_err(|error| unwritable(path, &error))?;
        }
        *self.counts.entry(store).or_default() += 1;
        Ok(())
    }

    /// Says how many there were, and returns that.
    fn finish(self) -> Result<u64, Stop> {
        let kept = match self.file {
            Some((path, mut file)) => {
                file.flush().map_err(|error| unwritable(&path, &error))?;
                format!("kept in {}", path.display())
            }
            None => "--raw-errors FILE keeps them".to_owned(),
        };
        for (store, count) in &self.counts {
            let records = if *count == 1 { "record is" } else { "records are" };
            terminal::warning(&format!("{store}: {count} {records} not the documented shape and left out; {kept}"));
        }
        Ok(self.counts.values().sum())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    Stop::Failed(format!("the file {} cannot be written: {error}", path.display()))
}
