//! Sources of entries: what every platform offers, pages of entries or a plain stream of them.

use std::sync::Arc;
use std::task::{Context, Poll, ready};

use futures::StreamExt;
use futures::future::BoxFuture;
use futures::stream::{self, BoxStream};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::entry::LogEntry;
use crate::error::Result;
use crate::follow::{self, Batch, Checkpoint, FollowOptions};
use crate::query::LogQuery;
use crate::store::Store;

/// A store whose log can be read.
///
/// Entries come newest first. A walk ends only when its end is proved. An item that is an error of kind
/// [`Record`](crate::ErrorKind::Record) stands for one record that could not be decoded, and the walk goes on behind it;
/// any other error ends the walk.
pub trait LogSource: Send + Sync {
    /// The store.
    fn store(&self) -> &Store;

    /// The entries of a query page by page, each with a cursor to go on from. `from` is the cursor of a page that was
    /// read earlier with the same query: the walk goes on behind that page, in any process, whatever came in meanwhile.
    ///
    /// A cursor leads into the past. The cursor of the last page ([`Cursor::done`]) leads nowhere: a walk from it is an error
    /// of kind [`InvalidInput`](crate::ErrorKind::InvalidInput). [`follow`](Self::follow) delivers the entries that are
    /// new since then.
    fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, Result<Page>>;

    /// How many entries the platform itself counts in the time range `[since, until)`, whatever they are.
    ///
    /// `None` where that is unknown: the platform does not count, or what it says cannot be trusted.
    fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<Option<u64>>>;

    /// The platform's behaviour as this client and its clones have seen it. Keep it, and give it to the next client of
    /// the store with [`teach`](Self::teach).
    fn learned(&self) -> Learned {
        Learned::default()
    }

    /// Takes over what another client of the store has learned. Forget it from time to time: platforms change.
    fn teach(&self, _: &Learned) {}

    /// Compares a number of entries that were read with the platform's own count of the time range.
    fn reconcile(&self, since: Timestamp, until: Timestamp, read: u64) -> BoxFuture<'_, Result<Reconciliation>> {
        Box::pin(async move {
            Ok(match self.count(since, until).await? {
                None => Reconciliation::NotCountable,
                Some(counted) if counted > read => Reconciliation::ShortBy(counted - read),
                Some(counted) if counted < read => Reconciliation::OverBy(read - counted),
                Some(_) => Reconciliation::Complete,
            })
        })
    }

    /// The entries of a query, one by one.
    fn logs(&self, query: LogQuery) -> BoxStream<'static, Result<LogEntry>> {
        entries(self.pages(query, None))
    }

    /// The entries since a checkpoint, and then new ones as they come: a stream that never ends.
    ///
    /// Each item is a [`Batch`]: its entries, oldest first, and the checkpoint to keep with them. An entry that comes late,
    /// behind younger ones, is delivered when it comes, up to a day late; none is delivered twice. The first batch comes as
    /// soon as the log was read, with no entries if there are none, so that there is a checkpoint to keep.
    ///
    /// An error is an item, too, and the stream goes on after it: later, if the call failed. The caller should drop a
    /// store whose error says [`should_park`](crate::ErrorKind::should_park).
    ///
    /// ```no_run
    /// # async fn run(store: storelogs::BigCommerce, kept: Option<String>) -> Result<(), Box<dyn std::error::Error>> {
    /// use futures::StreamExt;
    /// use storelogs::{Checkpoint, LogSource};
    ///
    /// let from = match kept {
    ///     Some(json) => serde_json::from_str(&json)?,
    ///     None => Checkpoint::now(),
    /// };
    /// let mut news = store.follow(from);
    /// while let Some(batch) = news.next().await {
    ///     match batch {
    ///         Ok(batch) => {
    ///             let json = serde_json::to_string(&batch.checkpoint)?;
    ///             // in one transaction: what you make of batch.entries, and this
    ///             println!("{} entries, {} bytes to keep", batch.entries.len(), json.len());
    ///         }
    ///         Err(error) if error.kind().should_park() => return Err(error.into()),
    ///         Err(error) => eprintln!("{error}"), // and the stream goes on
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    fn follow(&self, from: Checkpoint) -> BoxStream<'_, Result<Batch>> {
        self.follow_with(from, FollowOptions::new())
    }

    /// Follows the log as [`follow`](Self::follow) does, with filters, another wait between two readings, or another
    /// time that entries may be late.
    fn follow_with(&self, from: Checkpoint, options: FollowOptions) -> BoxStream<'_, Result<Batch>> {
        follow::follow(self.store().clone(), |query| self.logs(query), from, options)
    }
}

/// Makes a source of a type that holds one.
macro_rules! source_by_holding {
    ($($holder:ty),*) => {$(
        impl<T: LogSource + ?Sized> LogSource for $holder {
            fn store(&self) -> &Store {
                (**self).store()
            }

            fn pages(&self, query: LogQuery, from: Option<Cursor>) -> BoxStream<'static, Result<Page>> {
                (**self).pages(query, from)
            }

            fn count(&self, since: Timestamp, until: Timestamp) -> BoxFuture<'_, Result<Option<u64>>> {
                (**self).count(since, until)
            }

            fn learned(&self) -> Learned {
                (**self).learned()
            }

            fn teach(&self, learned: &Learned) {
                (**self).teach(learned);
            }

            fn reconcile(
                &self,
                since: Timestamp,
                until: Timestamp,
                read: u64,
            ) -> BoxFuture<'_, Result<Reconciliation>> {
                (**self).reconcile(since, until, read)
            }

            fn logs(&self, query: LogQuery) -> BoxStream<'static, Result<LogEntry>> {
                (**self).logs(query)
            }

            fn follow(&self, from: Checkpoint) -> BoxStream<'_, Result<Batch>> {
                (**self).follow(from)
            }

            fn follow_with(&self, from: Checkpoint, options: FollowOptions) -> BoxStream<'_, Result<Batch>> {
                (**self).follow_with(from, options)
            }
        }
    )*};
}

source_by_holding!(&T, Box<T>, Arc<T>);

/// The result of comparing entries with the platform's own count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reconciliation {
    /// The platform counts as many.
    Complete,
    /// The platform counts this many more: they were missed, or arrived since.
    ShortBy(u64),
    /// The platform counts this many fewer: its retention took them since.
    OverBy(u64),
    /// The platform does not count, or what it says cannot be trusted.
    NotCountable,
}

/// The entries of pages, one by one. An error of a page follows the entries before it.
pub fn entries(mut pages: BoxStream<'static, Result<Page>>) -> BoxStream<'static, Result<LogEntry>> {
    let mut ready = Vec::new().into_iter();
    let next = move |context: &mut Context<'_>| loop {
        if let Some(entry) = ready.next() {
            return Poll::Ready(Some(entry));
        }
        match ready!(pages.poll_next_unpin(context)) {
            Some(Ok(page)) => ready = page.entries.into_iter(),
            Some(Err(error)) => return Poll::Ready(Some(Err(error))),
            None => return Poll::Ready(None),
        }
    };
    stream::poll_fn(next).boxed()
}

/// One step of a walk.
#[derive(Debug)]
#[non_exhaustive]
pub struct Page {
    /// The entries of this step that were not delivered before, newest first. An error stands for one record.
    pub entries: Vec<Result<LogEntry>>,
    /// The place to go on from after this page.
    pub cursor: Cursor,
    /// How many records the platform sent for it, before filters and without repeats.
    pub records: usize,
    /// Whether this is the last page: everything of the query from [`Cursor::reached`] on was delivered.
    pub last: bool,
    /// The proof that nothing is missing: on the last page only, and not if the query's limit ended the walk. For a
    /// walk that goes on from a cursor, it covers the entries after that cursor.
    pub proof: Option<Proof>,
}

/// The proof that a walk has delivered everything of its time range.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Proof {
    /// The platform counts as many entries as it listed.
    Counted,
    /// The platform does not count, or its count contradicts itself. The end of the list was seen twice.
    EndOfList,
}

/// The learned behaviour of a platform towards one store. None of it is documented beyond doubt, so it is learned;
/// keeping it spares the next client of the store the requests that found it out.
///
/// Everything is a hint: a mistake here costs requests, never an entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Learned {
    /// The most records that a page was seen to hold, where that is fewer than were asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// The longest time range that was answered, in seconds, where a longer one was refused.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub longest_range: Option<u32>,
    /// Whether a time range is obeyed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub date_filters: Option<bool>,
    /// Whether the order is obeyed that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub direction: Option<bool>,
    /// Whether the platform's counts agree with its lists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts: Option<bool>,
    /// Whether the continuation by id (SHOPLINE's `since_id`) leads through the whole list.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since_id: Option<bool>,
    /// The offset from UTC, in seconds, that times are sent with: that of the store's own records, unless the platform
    /// reads the times that it is sent as another's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub utc_offset: Option<i32>,
    /// When it was seen, by this machine's clock.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Timestamp>,
}

/// How far a walk has come into the past. It can be kept as JSON and used in another process.
///
/// For what is new since last time there is [`Checkpoint`].
///
/// It says a time and which entries of that very moment were delivered, not a page number: pages move while the
/// platform adds and removes rows, times do not.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Cursor {
    /// Every entry of the query after this time was delivered. `None`: none yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reached: Option<Timestamp>,
    /// The ids of the entries at exactly that time that were delivered.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delivered: Vec<String>,
    /// Whether the walk had come to its end.
    #[serde(default)]
    pub done: bool,
}
