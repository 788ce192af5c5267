//! Merging many logs into one, in time order.

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::entry::LogEntry;
use crate::error::{Error, Result};
use crate::query::LogQuery;
use crate::source::{LogSource, Page};

/// The entries of many stores as one stream, newest first.
///
/// The sources are clients of one platform, references to them, or, of several platforms, `Arc<dyn LogSource>`.
///
/// The stores are read at the same time, each at most two pages ahead. An error is passed on as soon as it comes; where
/// it ends one store's walk, the others go on, and [`Error::store`] says whose it is. The query's limit is for all
/// stores together.
///
/// # Panics
/// Outside a Tokio runtime.
#[allow(clippy::needless_pass_by_value, reason = "a query is built for the call, as for `LogSource::logs`")]
pub fn merge(sources: impl IntoIterator<Item: LogSource>, query: LogQuery) -> BoxStream<'static, Result<LogEntry>> {
    let mut tasks = JoinSet::new();
    let inputs = sources.into_iter().map(|source| {
        let (sender, pages) = mpsc::channel(1);
        let mut walk = source.pages(query.clone(), None);
        tasks.spawn(async move {
            while let Some(page) = walk.next().await {
                if sender.send(page).await.is_err() {
                    return; // nobody listens any more
                }
            }
        });
        Input { pages: Some(pages), entries: Vec::new().into_iter(), head: None }
    });
    let merged = Merge { inputs: inputs.collect(), left: query.limit, _tasks: tasks };
    stream::unfold(merged, |mut merged| async move { merged.next().await.map(|item| (item, merged)) }).boxed()
}

struct Merge {
    inputs: Vec<Input>,
    left: Option<usize>,
    /// Dropped with the stream, and every walk with it.
    _tasks: JoinSet<()>,
}

/// One store: its next entry, those behind it, and the pages to come.
struct Input {
    pages: Option<mpsc::Receiver<Result<Page>>>,
    entries: std::vec::IntoIter<Result<LogEntry>>,
    head: Option<LogEntry>,
}

impl Merge {
    async fn next(&mut self) -> Option<Result<LogEntry>> {
        if self.left == Some(0) {
            return None;
        }
        // Nothing can be said to be the newest before every store has said its newest.
        for input in &mut self.inputs {
            if let Err(error) = input.fill().await {
                return Some(Err(error));
            }
        }
        // A store that has ended costs nothing more.
        self.inputs.retain(|input| input.head.is_some());
        let newest = self.inputs.iter_mut().max_by(|a, b| {
            let key = |input: &Input| input.head.as_ref().map(|entry| entry.time);
            key(a).cmp(&key(b))
        })?;
        self.left = self.left.map(|left| left - 1);
        newest.head.take().map(Ok)
    }
}

impl Input {
    /// Sees to it that the head is there, unless the store's walk is over.
    async fn fill(&mut self) -> Result<(), Error> {
        while self.head.is_none() {
            if let Some(item) = self.entries.next() {
                self.head = Some(item?);
                continue;
            }
            let Some(pages) = &mut self.pages else { return Ok(()) };
            match pages.recv().await {
                Some(page) => self.entries = page?.entries.into_iter(),
                None => self.pages = None,
            }
        }
        Ok(())
    }
}
