//! Spans and events for `tracing`: a span for each walk and each request, and what happens within. Nothing that is sent or
//! answered is in them: no header, no query, no body.

use std::fmt::Display;
use std::future::Future;
use std::time::Duration;

use jiff::Timestamp;
use tracing::instrument::{Instrument, Instrumented};
use tracing::{debug, debug_span, field, info_span};

use crate::error::Error;
use crate::store::Store;

/// A time that something takes.
#[derive(Clone, Debug)]
pub(crate) struct Span(tracing::Span);

impl Span {
    /// A walk of a time range of a store's log. It begins when it is first asked for a page.
    pub(crate) fn walk(store: &Store, since: Option<Timestamp>, until: Option<Timestamp>) -> Self {
        let (since, until) = (since.map(field::display), until.map(field::display));
        Self(info_span!(target: "storelogs", "walk", %store, since, until))
    }

    /// A request with all of its repeats.
    pub(crate) fn request(store: &Store, operation: &'static str) -> Self {
        Self(debug_span!(target: "storelogs", "request", %store, operation))
    }

    /// The span that is current here, for work that goes on elsewhere.
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

/// A request was answered, with this status.
pub(crate) fn answered(attempt: u32, status: u16, took: Duration) {
    debug!(target: "storelogs", attempt, status, milliseconds = milliseconds(took), "answered");
}

/// A request was not answered.
pub(crate) fn failed(attempt: u32, failure: &dyn Display, took: Duration) {
    debug!(target: "storelogs", attempt, %failure, milliseconds = milliseconds(took), "failed");
}

/// It is sent again after a wait.
pub(crate) fn again(wait: Duration) {
    debug!(target: "storelogs", milliseconds = milliseconds(wait), "is sent again after a wait");
}

/// A walk has come to its next page: how many records were sent for it, and how many entries it delivers.
pub(crate) fn page(records: usize, entries: usize, last: bool) {
    debug!(target: "storelogs", records, entries, last, "page");
}

/// A walk ended with an error.
pub(crate) fn walk_failed(error: &Error) {
    debug!(target: "storelogs", kind = ?error.kind(), "the walk failed");
}

fn milliseconds(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
}
