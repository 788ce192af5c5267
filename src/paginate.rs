//! A ready-made walk for lists that are newest first and continue by an opaque token.

use std::future::Future;

use futures::stream::BoxStream;
use jiff::Timestamp;

use crate::entry::LogEntry;
use crate::error::{Error, Result};
use crate::query::LogQuery;
use crate::source::{Cursor, Page, Proof};
use crate::store::Store;
use crate::walk::{self, Order, Progress, Row, incomplete, oldest, order};

/// One page to ask the platform for.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PageRequest {
    /// The query: its time range and filters may be sent as far as the platform obeys them exactly. Every entry is
    /// checked against them again. The same for every page of a walk.
    pub query: LogQuery,
    /// The continuation that the page before named. `None` for the first page.
    pub next: Option<String>,
    /// The most entries that are still of use. `None`: all.
    pub wanted: Option<usize>,
}

impl PageRequest {
    /// The first page of a query, with up to this many entries.
    pub fn new(query: LogQuery, wanted: usize) -> Self {
        Self { query, next: None, wanted: Some(wanted) }
    }
}

/// One page as the platform listed it.
#[derive(Debug, Default)]
pub struct PageResponse {
    /// The entries, newest first. An error stands for one record, and the walk goes on behind it.
    pub entries: Vec<Result<LogEntry>>,
    /// The continuation that it names. `None`: nothing follows.
    pub next: Option<String>,
}

/// Walks a list that the platform keeps newest first, page by page as each names the next.
///
/// It ends when a page with entries names no continuation, when one reaches behind the time range, or when the query's limit
/// is reached. A page that comes empty and names no continuation is asked for again before it is believed. A platform
/// that leads in a circle ends the walk with [`ErrorKind::Incomplete`](crate::ErrorKind::Incomplete). Repeats are
/// dropped, and what the query does not match.
///
/// Rows that come in another order are delivered nevertheless. The walk then reads to the end of the list, and only its
/// last page has a cursor to go on from.
pub fn paginate_newest_first<F, Fut>(
    store: &Store,
    query: LogQuery,
    from: Option<&Cursor>,
    fetch: F,
) -> BoxStream<'static, Result<Page>>
where
    F: FnMut(PageRequest) -> Fut + Send + 'static,
    Fut: Future<Output = Result<PageResponse>> + Send + 'static,
{
    walk::pages(store.clone(), query, from, |progress| {
        let ask = PageRequest { query: progress.query.clone(), next: None, wanted: None };
        Some(Paginate { fetch, ask, progress, emptied: false, stale: 0, circle: Circle::default(), unordered: false })
    })
}

/// Pages in a row without a single new row before the walk gives up.
const STALE: usize = 3;

struct Paginate<F> {
    fetch: F,
    ask: PageRequest,
    progress: Progress,
    /// Whether the page came empty before, with no continuation.
    emptied: bool,
    stale: usize,
    circle: Circle,
    /// The rows came in no order.
    unordered: bool,
}

impl<F, Fut> walk::Walk for Paginate<F>
where
    F: FnMut(PageRequest) -> Fut + Send + 'static,
    Fut: Future<Output = Result<PageResponse>> + Send + 'static,
{
    async fn next(&mut self) -> Result<Page> {
        loop {
            self.ask.wanted = self.progress.wanted();
            let PageResponse { entries, next } = (self.fetch)(self.ask.clone()).await?;
            let rows: Vec<Row> = entries.into_iter().map(Row::new).collect();
            if rows.is_empty() && next.is_none() && !std::mem::replace(&mut self.emptied, true) {
                continue;
            }
            self.emptied = false;
            if let Some(page) = self.take(rows, next)? {
                return Ok(page);
            }
        }
    }
}

impl<F> Paginate<F> {
    fn take(&mut self, rows: Vec<Row>, next: Option<String>) -> Result<Option<Page>> {
        let (oldest, count) = (oldest(&rows), rows.len());
        self.unordered |= self.is_out_of_order(&rows);
        if count > 0 {
            self.stale = if self.progress.knows_all(&rows) { self.stale + 1 } else { 0 };
        }
        let passed = !self.unordered && oldest.is_some_and(|oldest| self.is_before(oldest));
        let taken = self.progress.take(rows);
        let last = next.is_none() || passed || self.progress.is_full();
        if let Some(next) = next.filter(|_| !last) {
            // Rows of the moment that was reached come again where a walk goes on from there, and may fill pages.
            let again = 2 * self.progress.at_frontier() / count.max(1);
            if self.stale >= STALE + again || self.circle.closes_at(&next) {
                return Err(self.lost());
            }
            self.ask.next = Some(next);
        }
        if self.unordered {
            self.progress.hold_nothing(); // it claims nothing before the end
        }
        Ok(match last {
            true if self.progress.is_full() => Some(self.progress.full(taken)),
            true => Some(self.progress.end(taken, Proof::EndOfList)),
            false => self.progress.step(taken),
        })
    }

    /// Whether rows of the time range come in another order, or are newer than those of the pages before.
    fn is_out_of_order(&self, rows: &[Row]) -> bool {
        let (until, frontier) = (self.progress.query.until, self.progress.frontier());
        let inside = |time: &Timestamp| until.is_none_or(|until| *time < until);
        let newest = self.progress.unknown(rows).filter_map(Row::time).filter(inside).max();
        let jumps = frontier.is_some_and(|frontier| newest.is_some_and(|newest| newest > frontier));
        jumps || matches!(order(rows), Order::Mixed | Order::OldestFirst)
    }

    fn is_before(&self, time: Timestamp) -> bool {
        self.progress.query.since.is_some_and(|since| time < since)
    }

    fn lost(&self) -> Error {
        let unread = match self.progress.frontier() {
            Some(frontier) => format!("entries older than {frontier} were not read"),
            None => "nothing could be read".to_owned(),
        };
        incomplete(format!("the platform leads from page to page in a circle; {unread}"))
    }
}

/// Finds out that continuations come again, however long the circle, and remembers only one (Brent's algorithm).
#[derive(Default)]
struct Circle {
    kept: Option<String>,
    steps: u64,
    power: u64,
}

impl Circle {
    fn closes_at(&mut self, next: &str) -> bool {
        if self.kept.as_deref() == Some(next) {
            return true;
        }
        if self.steps == self.power {
            self.kept = Some(next.to_owned());
            self.power = (self.power * 2).max(1);
            self.steps = 0;
        }
        self.steps += 1;
        false
    }
}
