//! Spans and events for `tracing`: a span for each walk and each request, and what happens within. Nothing that is sent or
//! answered is in them: no header, no query, no body.

use std::future::Future;
use std::time::Duration;

use tracing::instrument::{Instrument, Instrumented};
use tracing::{debug, debug_span, field, info_span};

use crate::error::Result;
use crate::query::LogQuery;
use crate::source::Page;
use crate::store::Store;
use crate::transport::{Answer, TransportError};

/// A time that something takes.
#[derive(Clone, Debug)]
pub(crate) struct Span(tracing::Span);

impl Span {
    /// A walk of a store's log. It begins when it is first asked for a page.
    pub(crate) fn walk(store: &Store, query: &LogQuery) -> Self {
        let (since, until) = (query.since.map(field::display), query.until.map(field::display));
        Self(info_span!(target: "storelogs", "walk", %store, since, until))
    }

    /// A request with all of its repeats.
    pub(crate) fn request(store: &Store, operation: &'static str) -> Self {
        Self(debug_span!(target: "storelogs", "request", %store, operation))
    }

    /// What is under way here, for work that goes on elsewhere.
    pub(crate) fn current() -> Self {
        Self(tracing::Span::current())
    }

    /// Work that belongs to it.
    pub(crate) fn cover<F: Future>(&self, work: F) -> Instrumented<F> {
        work.instrument(self.0.clone())
    }
}

/// A request was held back, so that the store's limit holds.
pub(crate) fn paced(waited: Duration) {
    if waited >= Duration::from_millis(1) {
        debug!(target: "storelogs", milliseconds = milliseconds(waited), "held back by the pace");
    }
}

/// A request was sent, and answered or not.
pub(crate) fn attempt(number: u32, outcome: &Result<Answer, TransportError>, took: Duration) {
    let milliseconds = milliseconds(took);
    match outcome {
        Ok(answer) => {
            let status = answer.status.as_u16();
            debug!(target: "storelogs", attempt = number, status, milliseconds, "answered");
        }
        Err(failure) => debug!(target: "storelogs", attempt = number, %failure, milliseconds, "failed"),
    }
}

/// It is sent again after a wait.
pub(crate) fn again(wait: Duration) {
    debug!(target: "storelogs", milliseconds = milliseconds(wait), "is sent again after a wait");
}

/// A step of a walk.
pub(crate) fn page(page: &Result<Page>) {
    match page {
        Ok(page) => {
            let (records, entries) = (page.records, page.entries.len());
            debug!(target: "storelogs", records, entries, last = page.last, "page");
        }
        Err(error) => debug!(target: "storelogs", kind = ?error.kind(), "the walk failed"),
    }
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
