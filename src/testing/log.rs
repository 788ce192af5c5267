//! A log in memory, for code that reads entries.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::{self, BoxFuture};
use futures::stream::BoxStream;
use jiff::Timestamp;

use super::entry::default_store;
use crate::entry::LogEntry;
use crate::error::{Error, ErrorKind, Result};
use crate::paginate::{PageRequest, PageResponse, paginate_newest_first};
use crate::query::LogQuery;
use crate::source::{Cursor, LogSource, Page};
use crate::store::Store;

/// A store's log in memory: a [`LogSource`] of entries that you made up, in any order. Clones share it.
///
/// It obeys the query as every source does, and goes on from a cursor. No runtime is needed.
#[derive(Clone, Debug)]
pub struct Log {
    store: Store,
    /// Newest first.
    entries: Arc<Mutex<Vec<LogEntry>>>,
    page_size: usize,
    failure: Option<(usize, ErrorKind)>,
    countable: bool,
    queries: Arc<Mutex<Vec<LogQuery>>>,
}

impl Log {
    /// The log of the store `bigcommerce:abc123`, from which [`entry`](super::entry) makes its entries.
    pub fn new<E: Into<LogEntry>>(entries: impl IntoIterator<Item = E>) -> Self {
        Self::of(&default_store(), entries)
    }

    /// The log of a store. The entries should be its own.
    pub fn of<E: Into<LogEntry>>(store: &Store, entries: impl IntoIterator<Item = E>) -> Self {
        let mut entries: Vec<LogEntry> = entries.into_iter().map(Into::into).collect();
        entries.sort_by_key(|entry| std::cmp::Reverse(entry.time));
        Self {
            store: store.clone(),
            entries: Arc::new(Mutex::new(entries)),
            page_size: 50,
            failure: None,
            countable: true,
            queries: Arc::default(),
        }
    }

    /// Sets how many entries a page has at most. Default 50, at least 1.
    #[must_use]
    pub fn page_size(mut self, entries: usize) -> Self {
        self.page_size = entries.max(1);
        self
    }

    /// Makes every walk fail after this many entries of its time range, as if the platform did. 0: at once. A walk with
    /// fewer entries ends as usual.
    #[must_use]
    pub fn failing_after(mut self, entries: usize, kind: ErrorKind) -> Self {
        self.failure = Some((entries, kind));
        self
    }

    /// Makes the platform unable to count: [`LogSource::count`] is `None`.
    #[must_use]
    pub fn not_countable(mut self) -> Self {
        self.countable = false;
        self
    }

    /// Adds an entry, whatever its time: one of an earlier time comes late.
    pub fn add(&self, entry: impl Into<LogEntry>) {
        let entry = entry.into();
        let mut entries = self.held();
        let place = entries.partition_point(|other| other.time > entry.time);
        entries.insert(place, entry);
    }

    fn held(&self) -> MutexGuard<'_, Vec<LogEntry>> {
        self.entries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The queries of all walks so far.
    pub fn queries(&self) -> Vec<LogQuery> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// A page of the entries in the time range. The continuation is how many were listed before.
    fn list(&self, ask: &PageRequest) -> Result<PageResponse> {
        let before: usize = ask.next.as_deref().map_or(0, |next| next.parse().unwrap_or(usize::MAX));
        let mut size = self.page_size;
        if let Some((after, kind)) = self.failure {
            if before >= after {
                return Err(Error::new(kind, "a made-up failure"));
            }
            size = size.min(after - before);
        }
        let range = LogQuery { since: ask.query.since, until: ask.query.until, ..LogQuery::default() };
        let held = self.held();
        let mut rest = held.iter().filter(|entry| range.matches(entry)).skip(before);
        let entries: Vec<_> = rest.by_ref().take(size).cloned().map(Ok).collect();
        let reached = before + entries.len();
        let fails_next = self.failure.is_some_and(|(after, _)| after == reached);
        let next = (rest.next().is_some() || fails_next).then(|| reached.to_string());
        Ok(PageResponse { entries, next })
    }
}

impl LogSource for Log {
    fn store(&self) -> &Store {
        &self.store
    }

    fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, Result<Page>> {
        self.queries.lock().unwrap_or_else(PoisonError::into_inner).push(query.clone());
        let log = self.clone();
        paginate_newest_first(&self.store, query, from.as_ref(), move |ask| future::ready(log.list(&ask)))
    }

    fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<Option<u64>>> {
        let range = LogQuery::new().since(since).until(until);
        let counted = self.held().iter().filter(|entry| range.matches(entry)).count();
        Box::pin(future::ready(Ok(self.countable.then_some(counted as u64))))
    }
}
