//! Events while stores are read, to be shown to the user.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use storelogs::{RateLimit, Store};

use crate::archive::{Committed, State};
use crate::coverage::TimeRange;

/// A callback for every event. It should be quick: the reading waits for it.
pub type Observer = Arc<dyn Fn(&Event<'_>) + Send + Sync>;

/// Something that happened.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// The list of stores was read anew and could not be, so the old one holds.
    Stores {
        /// The reason, in one line.
        reason: &'a str,
    },
    /// A time range of a store begins to be read.
    Reading {
        /// The store.
        store: &'a Store,
        /// The time range that is read.
        range: TimeRange,
    },
    /// A page was committed.
    Page {
        /// The store.
        store: &'a Store,
        /// The outcome of the page.
        committed: Committed,
        /// How many entries were on it.
        entries: usize,
        /// Down to which time the time range was read.
        reached: Option<Timestamp>,
        /// How much of what the platform keeps is not covered yet.
        missing: SignedDuration,
        /// How long the platform keeps entries.
        retention: SignedDuration,
        /// The store's rate limit.
        rate_limit: Option<RateLimit>,
    },
    /// Everything of a store was read.
    Rest {
        /// The store.
        store: &'a Store,
        /// The outcome of the run so far.
        total: Committed,
        /// Up to when it is covered.
        end: Option<Timestamp>,
        /// How many time ranges could not be read.
        gaps: usize,
    },
    /// A time range could not be read. The rest goes on, and it is tried again later.
    Gap {
        /// The store.
        store: &'a Store,
        /// The missing time range.
        range: TimeRange,
        /// The reason, in one line.
        reason: &'a str,
    },
    /// A store cannot be read now.
    Failed {
        /// The store.
        store: &'a Store,
        /// Its state.
        state: State,
        /// The store, the cause and the remedy, in one line.
        reason: &'a str,
        /// When it is asked again, if this process keeps going.
        next: Timestamp,
    },
}
