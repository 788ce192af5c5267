//! The parts that all walks share: the stream of pages, the records that were seen, and the progress of a walk.
//!
//! A walk is a reader and an auditor. The reader asks for pages and hands their rows to [`Progress`], which drops
//! repeats and applies the query. The auditor compares what came with what the platform counts, and decides whether the
//! walk may end, and what its cursor may claim until then.

mod progress;
mod regrowth;
mod row;
mod seen;
mod task;

use std::future::Future;

use futures::StreamExt;
use futures::stream::{self, BoxStream};

use crate::error::{Error, ErrorKind, Result};
use crate::query::LogQuery;
use crate::source::{Cursor, Page};
use crate::store::Store;
use crate::trace::{self, Span};

pub(crate) use progress::{Progress, Taken};
pub(crate) use regrowth::Regrowth;
pub(crate) use row::{Order, Row, fingerprint, newest, oldest, order};
pub(crate) use seen::{KeyMap, KeySet, Seen};
pub(crate) use task::Task;

/// A platform's way through a time range of its log.
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
    if from.is_some_and(|cursor| cursor.done) {
        return stream::once(async move { Err(finished().of(&store)) }).boxed();
    }
    let span = Span::walk(&store, query.since, query.until);
    let walk = if query.limit == Some(0) { None } else { begin(Progress::new(query, from)) };
    let pages = stream::unfold((walk, store), move |(walk, store)| {
        span.cover(async {
            let mut walk = walk?;
            let page = walk.next().await;
            Some(match page {
                Ok(page) => {
                    trace::page(page.records, page.entries.len(), page.last);
                    let rest = (!page.last).then_some(walk);
                    (Ok(page), (rest, store))
                }
                Err(error) => {
                    trace::walk_failed(&error);
                    (Err(error.of(&store)), (None, store))
                }
            })
        })
    });
    pages.boxed()
}

/// The error of a walk that is to go on from its own end.
fn finished() -> Error {
    Error::invalid(
        "the cursor is that of a walk that has come to its end, and nothing is older: for what is new since then use \
         `follow` with a Checkpoint, or begin a walk without a cursor",
    )
}

/// The reason of an error that no shorter time range avoids.
pub(crate) const PAGE_TOO_SMALL: &str = "page_too_small";

/// The error of a walk that had to give up: what is missing.
pub(crate) fn incomplete(what: impl Into<String>) -> Error {
    Error::new(ErrorKind::Incomplete, what)
}

/// The error where so few rows came empty that it shows nothing, and this is why more of them do not come.
pub(crate) fn page_too_small(error: Error) -> Error {
    let what = format!("a page of few rows comes empty, and more of them fail: {error}");
    Error::new(ErrorKind::Server, what).with_reason(PAGE_TOO_SMALL).with_source(error)
}
