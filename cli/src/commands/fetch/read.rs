//! Reading the logs of many stores into one output. `fetch` and `demo` both do it here.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, IsTerminal, Write, stderr};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use futures::stream::BoxStream;
use futures::{FutureExt, StreamExt};
use jiff::Timestamp;
use serde_json::json;
use storelogs::{Cursor, Error, ErrorKind, Learned, LogQuery, LogSource, Page, Proof, RetryPolicy, Store, merge};

use crate::config::{self, Settings};
use crate::error::{Exit, Failure, Stop};
use crate::output::Sink;
use crate::ui;
use crate::ui::logs;
use crate::ui::progress::Progress;
use storelogs_collector::network::{Network, UNTOLD};
use storelogs_collector::sync::Remote;
use storelogs_collector::verdict::{Unread, Verdict};

/// When nothing came for so long, what there is is shown.
const PATIENCE: Duration = Duration::from_millis(300);
/// The spinner learns of every so many entries.
const TOLD_EVERY: u64 = 100;

/// Records that could not be decoded: counted for each store, and kept in a file if there is one.
pub(crate) struct Undecodable {
    counts: BTreeMap<String, u64>,
    file: Option<(PathBuf, BufWriter<File>)>,
}

/// What is known of what a store delivered: how its walk ended.
#[derive(Clone)]
struct Witness {
    source: Arc<dyn LogSource>,
    network: Network,
    verdict: Arc<Mutex<Option<Verdict>>>,
}

impl Witness {
    fn of(remote: Remote) -> Self {
        Self { source: remote.log, network: remote.network, verdict: Arc::default() }
    }

    /// `None` if the walk was ended before its end, since there was enough.
    fn verdict(&self) -> Option<Verdict> {
        self.verdict.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl LogSource for Witness {
    fn store(&self) -> &Store {
        self.source.store()
    }

    fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, storelogs::Result<Page>> {
        let verdict = Arc::clone(&self.verdict);
        let tell = move |page: &storelogs::Result<Page>| {
            let found = match page {
                Ok(page) => page.proof.map(|proof| match proof {
                    Proof::Counted => Verdict::Audited,
                    Proof::EndOfList => Verdict::NotCountable,
                }),
                Err(error) => Some(match error.missing() {
                    Some(entries) => Verdict::Short { entries },
                    None => Verdict::Unread { why: Unread::Failed },
                }),
            };
            let mut verdict = verdict.lock().unwrap_or_else(PoisonError::into_inner);
            *verdict = verdict.take().max(found);
        };
        self.source.pages(query, from).inspect(tell).boxed()
    }

    fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, storelogs::Result<Option<u64>>> {
        self.source.count(since, until)
    }

    fn learned(&self) -> Learned {
        self.source.learned()
    }

    fn teach(&self, learned: &Learned) {
        self.source.teach(learned);
    }
}

/// Says of every store together what is known of what was read.
fn conclude(witnesses: &[Witness], failed: usize, undecodable: u64, until: Option<Timestamp>) -> Option<Verdict> {
    // Nothing is known of what came behind the time of the first answer, by the platform's clock.
    let begun = Timestamp::now();
    let told = |witness: &Witness| witness.network.least_date().unwrap_or(begun - UNTOLD);
    let until = witnesses.iter().map(told).chain(until).min().unwrap_or(begun);
    let verdicts: Option<Vec<Verdict>> = witnesses.iter().map(Witness::verdict).collect();
    let mut worst = verdicts?.into_iter().max()?;
    if undecodable > 0 {
        worst = worst.max(Verdict::InQuarantine { records: undecodable });
    }
    if failed > 0 {
        worst = worst.max(Verdict::Unread { why: Unread::Parked });
    }
    let end = until.strftime("%Y-%m-%dT%H:%M:%SZ");
    match &worst {
        // Who reads this from a script wants to hear nothing as long as nothing is missing.
        Verdict::Audited if stderr().is_terminal() || logs::are_on() => {
            ui::note(&format!("complete up to {end}\n"));
        }
        Verdict::Audited => {}
        worst => ui::warning(&format!("{worst}, up to {end}")),
    }
    Some(worst)
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
    let witnesses: Vec<Witness> = sources.into_iter().map(Witness::of).collect();
    let unreached = stores.len() - witnesses.len();
    let (mut entries, until) = (0, query.until);
    let mut log = merge(witnesses.iter().map(|witness| Arc::new(witness.clone()) as Arc<dyn LogSource>), query);
    loop {
        let next = match log.next().now_or_never() {
            Some(next) => next,
            None => match tokio::time::timeout(PATIENCE, log.next()).await {
                Ok(next) => next,
                Err(_) => {
                    if entries > 0 {
                        progress.make_room();
                    }
                    progress.count(entries, network);
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
                    progress.count(entries, network);
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
    let exit = Exit::of(stores.len(), &failures, records);
    let verdict = conclude(&witnesses, unreached, records, until);
    Ok(verdict.map_or(exit, |verdict| exit.and_verdict(&verdict)))
}

/// The logs of those stores that can be reached at all; why not is said of the others.
pub(crate) async fn sources(
    stores: &[Settings],
    network: &Network,
    progress: &Progress,
    failures: &mut Vec<Failure>,
) -> Vec<Remote> {
    let mut sources = Vec::new();
    for connected in config::connect(stores, network, &RetryPolicy::default()).await {
        match connected {
            Ok(connected) => sources.push(connected.remote()),
            Err(why) => {
                progress.aside(|| ui::error(&why));
                failures.push(Failure::of(ErrorKind::InvalidInput));
            }
        }
    }
    sources
}

/// Says why a store failed: our words, then the platform's.
pub(crate) fn report(error: &Error) {
    match error.detail() {
        Some(detail) => ui::error(&format!("{error}\nthe platform says: {}", detail.replace('\n', " "))),
        None => ui::error(&error.to_string()),
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
            ui::warning(&format!("{store}: {count} {records} not the documented shape and left out; {kept}"));
        }
        Ok(self.counts.values().sum())
    }
}

fn unwritable(path: &Path, error: &io::Error) -> Stop {
    Stop::Failed(format!("the file {} cannot be written: {error}", path.display()))
}
