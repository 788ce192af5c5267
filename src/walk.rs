//! What all walks share: the stream of pages, and what each keeps: which records it has seen, how far it has come,
//! what it has delivered.

use std::collections::{HashSet, VecDeque};
use std::future::Future;
use std::hash::{BuildHasherDefault, DefaultHasher, Hash, Hasher};
use std::pin::Pin;
use std::task::{Context, Poll};

use futures::StreamExt;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use tokio::task::JoinHandle;

use crate::entry::LogEntry;
use crate::error::{Error, Result};
use crate::query::LogQuery;
use crate::source::{Cursor, Page};
use crate::store::Store;

/// A platform's way through a stretch of its log.
pub(crate) trait Walk: Send + 'static {
    /// The next page. None is asked for behind the last one, nor behind an error.
    fn next(&mut self) -> impl Future<Output = Result<Page>> + Send;
}

/// The pages of a walk up to its last, or up to an error that names the store. `begin` gives `None` for a query that no
/// entry of the platform can match; then nothing is asked.
pub(crate) fn pages<W: Walk>(
    store: Store,
    query: LogQuery,
    from: Option<&Cursor>,
    begin: impl FnOnce(Progress) -> Option<W>,
) -> BoxStream<'static, Result<Page>> {
    let over = from.is_some_and(|cursor| cursor.done) || query.limit == Some(0);
    let walk = if over { None } else { begin(Progress::new(query, from)) };
    let pages = stream::unfold((walk, store), |(walk, store)| async {
        let mut walk = walk?;
        Some(match walk.next().await {
            Ok(page) => {
                let rest = (!page.last).then_some(walk);
                (Ok(page), (rest, store))
            }
            Err(error) => (Err(error.of(&store)), (None, store)),
        })
    });
    pages.boxed()
}

/// One record of an answer, decoded or not.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) key: u64,
    pub(crate) entry: Result<LogEntry>,
}

impl Row {
    #[inline]
    pub(crate) fn new(entry: Result<LogEntry>) -> Self {
        let key = match &entry {
            Ok(entry) => key_of(&entry.id),
            Err(error) => key_of(error.raw().unwrap_or_default()),
        };
        Self { key, entry }
    }

    pub(crate) fn time(&self) -> Option<Timestamp> {
        self.entry.as_ref().ok().map(|entry| entry.time)
    }
}

fn key_of(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

/// How the rows of a page are ordered in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    NewestFirst,
    OldestFirst,
    /// All at one moment, or fewer than two rows.
    Flat,
    Mixed,
}

pub(crate) fn order(rows: &[Row]) -> Order {
    let (mut falls, mut rises, mut last) = (false, false, None);
    for time in rows.iter().filter_map(Row::time) {
        let last = last.replace(time).unwrap_or(time);
        falls |= time < last;
        rises |= time > last;
    }
    match (falls, rises) {
        (true, false) => Order::NewestFirst,
        (false, true) => Order::OldestFirst,
        (false, false) => Order::Flat,
        (true, true) => Order::Mixed,
    }
}

pub(crate) fn oldest(rows: &[Row]) -> Option<Timestamp> {
    rows.iter().filter_map(Row::time).min()
}

pub(crate) fn newest(rows: &[Row]) -> Option<Timestamp> {
    rows.iter().filter_map(Row::time).max()
}

/// A number that tells whether two pages have the same rows in the same order.
pub(crate) fn fingerprint(rows: &[Row]) -> u64 {
    // The keys are hashes already; this only has to mind their order.
    rows.iter().fold(0, |all, row| (all.rotate_left(5) ^ row.key).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// Repeats come close behind each other: a page moves by the rows that arrived. So many rows are remembered.
const REMEMBERED: usize = 20_000;

/// The keys are hashes already.
#[derive(Debug, Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

/// The rows of late, to drop repeats in bounded memory.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    keys: HashSet<u64, BuildHasherDefault<Hashed>>,
    order: VecDeque<u64>,
}

impl Seen {
    /// Says whether the row is new, and remembers it.
    pub(crate) fn remember(&mut self, key: u64) -> bool {
        if !self.keys.insert(key) {
            return false;
        }
        self.order.push_back(key);
        if self.order.len() > REMEMBERED
            && let Some(old) = self.order.pop_front()
        {
            self.keys.remove(&old);
        }
        true
    }

    pub(crate) fn knows(&self, key: u64) -> bool {
        self.keys.contains(&key)
    }
}

/// The progress of one walk.
#[derive(Debug)]
pub(crate) struct Progress {
    pub(crate) query: LogQuery,
    seen: Seen,
    /// The time of the oldest row so far, and the ids of the rows at it.
    frontier: Option<Timestamp>,
    at_frontier: Vec<String>,
    delivered: usize,
    /// The cursor of the last page.
    told: Option<Cursor>,
    /// The rows came in no order, so no time can be named behind which everything was delivered.
    pub(crate) unordered: bool,
}

/// What became of the rows of one answer.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    /// What to deliver.
    pub(crate) entries: Vec<Result<LogEntry>>,
    /// Rows that were not seen before, whether they match or not.
    pub(crate) fresh: usize,
}

impl Progress {
    /// Starts a walk, or goes on from a cursor: the stretch then ends at the time that was reached, and what was
    /// delivered of that moment counts as seen.
    pub(crate) fn new(mut query: LogQuery, from: Option<&Cursor>) -> Self {
        let mut progress = Self {
            query: LogQuery::default(),
            seen: Seen::default(),
            frontier: None,
            at_frontier: Vec::new(),
            delivered: 0,
            told: from.cloned(),
            unordered: false,
        };
        if let Some(cursor) = from
            && let Some(reached) = cursor.reached
        {
            let behind = reached + jiff::SignedDuration::from_nanos(1);
            query.until = Some(query.until.map_or(behind, |until| until.min(behind)));
            progress.frontier = Some(reached);
            progress.at_frontier.clone_from(&cursor.delivered);
            for id in &cursor.delivered {
                progress.seen.remember(key_of(id));
            }
        }
        progress.query = query;
        progress
    }

    /// Takes the rows of one answer, in any order: drops repeats, sorts newest first, applies the query.
    pub(crate) fn take(&mut self, rows: Vec<Row>) -> Taken {
        let mut rows = rows;
        rows.retain(|row| self.seen.remember(row.key));
        let fresh = rows.len();
        sort_newest_first(&mut rows);
        if let Some(full) = self.behind_limit(&rows) {
            rows.truncate(full); // not delivered, so the cursor must not pass it
        }
        self.move_frontier(&rows);
        rows.retain(|row| row.entry.as_ref().map_or(true, |entry| self.query.matches(entry)));
        self.delivered += rows.iter().filter(|row| row.entry.is_ok()).count();
        Taken { entries: rows.into_iter().map(|row| row.entry).collect(), fresh }
    }

    /// The place of the first row that the query asks for, and its limit has no room for.
    fn behind_limit(&self, rows: &[Row]) -> Option<usize> {
        let room = self.wanted()?;
        let wanted = rows.iter().enumerate().filter(|(_, row)| row.entry.as_ref().is_ok_and(|e| self.query.matches(e)));
        wanted.map(|(place, _)| place).nth(room)
    }

    /// Whether every row was seen before.
    pub(crate) fn knows_all(&self, rows: &[Row]) -> bool {
        rows.iter().all(|row| self.seen.knows(row.key))
    }

    /// Whether some row was seen before.
    pub(crate) fn knows_any(&self, rows: &[Row]) -> bool {
        rows.iter().any(|row| self.seen.knows(row.key))
    }

    /// The rows that were not seen before.
    pub(crate) fn unknown<'a>(&'a self, rows: &'a [Row]) -> impl Iterator<Item = &'a Row> {
        rows.iter().filter(|row| !self.seen.knows(row.key))
    }

    /// Whether the query's limit is reached.
    pub(crate) fn is_full(&self) -> bool {
        self.query.limit.is_some_and(|limit| self.delivered >= limit)
    }

    /// How many entries the query's limit still allows.
    pub(crate) fn wanted(&self) -> Option<usize> {
        self.query.limit.map(|limit| limit.saturating_sub(self.delivered))
    }

    /// The time of the oldest row so far.
    pub(crate) fn frontier(&self) -> Option<Timestamp> {
        self.frontier
    }

    /// How many rows of that very time were seen.
    pub(crate) fn at_frontier(&self) -> usize {
        self.at_frontier.len()
    }

    /// The page for an answer, unless it brought nothing and moved nothing: then the walk just goes on.
    pub(crate) fn step(&mut self, taken: Taken, last: bool) -> Option<Page> {
        let cursor = if self.unordered && !last {
            Cursor::default() // behind no time was everything delivered
        } else {
            Cursor { reached: self.frontier, delivered: self.at_frontier.clone(), done: last && !self.is_full() }
        };
        if taken.entries.is_empty() && !last && self.told.as_ref() == Some(&cursor) {
            return None;
        }
        self.told = Some(cursor.clone());
        Some(Page { records: taken.fresh, entries: taken.entries, cursor, last })
    }

    /// The page that ends a walk.
    pub(crate) fn end(&mut self) -> Page {
        let cursor = Cursor { reached: self.frontier, delivered: self.at_frontier.clone(), done: true };
        Page { entries: Vec::new(), records: 0, cursor, last: true }
    }

    fn move_frontier(&mut self, rows: &[Row]) {
        // Rows outside the stretch say nothing of how far it was read, except that it was left on its old side.
        let until = self.query.until;
        let entries = rows.iter().filter_map(|row| row.entry.as_ref().ok());
        let inside = entries.filter(|entry| until.is_none_or(|until| entry.time < until));
        let Some(oldest) = inside.clone().map(|entry| entry.time).min() else { return };
        match self.frontier {
            Some(frontier) if oldest > frontier => return,
            Some(frontier) if oldest == frontier => {}
            _ => {
                self.frontier = Some(oldest);
                self.at_frontier.clear();
            }
        }
        self.at_frontier.extend(inside.filter(|entry| entry.time == oldest).map(|entry| entry.id.clone()));
    }
}

/// Stable: what the platform put first of one moment stays first. A row without a time stays behind its neighbour.
fn sort_newest_first(rows: &mut [Row]) {
    match order(rows) {
        Order::NewestFirst | Order::Flat => return,
        Order::OldestFirst if rows.iter().all(|row| row.entry.is_ok()) => rows.reverse(),
        Order::OldestFirst | Order::Mixed => {}
    }
    let mut last = None;
    rows.sort_by_cached_key(|row| {
        last = row.time().or(last);
        std::cmp::Reverse(last)
    });
}

/// Work that goes on while its result is not waited for yet, and ends with whoever would wait for it.
#[derive(Debug)]
pub(crate) struct Task<T>(JoinHandle<T>);

impl<T: Send + 'static> Task<T> {
    pub(crate) fn spawn(work: impl Future<Output = T> + Send + 'static) -> Self {
        Self(tokio::spawn(work))
    }
}

impl<T> Future for Task<Result<T>> {
    type Output = Result<T>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|joined| {
            joined.unwrap_or_else(|fault| match fault.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                Err(_) => Err(incomplete("the runtime was shut down in the middle of a walk")),
            })
        })
    }
}

impl<T> Drop for Task<T> {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// The error of a walk that had to give up: what is missing.
pub(crate) fn incomplete(what: impl Into<String>) -> Error {
    Error::new(crate::error::ErrorKind::Incomplete, what)
}
