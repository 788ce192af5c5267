//! The section on trust: can the report be trusted?

use jiff::Timestamp;
use serde::Serialize;

use crate::archive::State;
use crate::coverage::TimeRange;

/// How far the report can be trusted.
#[derive(Clone, Debug, Serialize)]
pub struct Trust {
    /// The stores, those with a problem first.
    pub stores: Vec<Trusted>,
    /// The share of the period that is covered, over all stores, 0 to 1.
    pub share: f64,
    /// Whether the period before is covered as well: else the comparison says less.
    pub comparable: bool,
}

/// How far a store's part of the report can be trusted.
#[derive(Clone, Debug, Serialize)]
pub struct Trusted {
    /// The number of the store.
    pub store: u32,
    /// The state that it is in.
    pub state: State,
    /// The reason why it is not active, with the remedy.
    pub reason: Option<String>,
    /// When it last answered.
    pub last_success: Option<Timestamp>,
    /// Entries in the period.
    pub entries: u64,
    /// The search that lists them.
    pub query: String,
    /// The share of the period that was read, 0 to 1.
    pub share: f64,
    /// The share of the period before.
    pub share_before: Option<f64>,
    /// The verdict on the period, up to the platform's present, in one line.
    pub verdict: String,
    /// Whether nothing of the period is missing.
    pub complete: bool,
    /// The verdict on everything that the platform keeps, in one line.
    pub standing: String,
    /// The parts of the period that are short or unread, oldest first: entries are missing there, or may be.
    pub gaps: Vec<TimeRange>,
    /// The time of the oldest entry of the archive.
    pub oldest: Option<Timestamp>,
    /// The time of the newest entry of the archive.
    pub newest: Option<Timestamp>,
    /// Entries that came after their time had been read, ever.
    pub late: u64,
    /// How late the latest of them came, to the next power of two, in seconds.
    pub latest_seconds: i64,
    /// Records of the period that could not be decoded.
    pub undecodable: u64,
    /// Entries that the platform has changed since they were archived, ever.
    pub revised: u64,
    /// How long the platform keeps its log, in seconds.
    pub retention_seconds: i64,
    /// How long until the platform may drop what the archive does not have yet, in seconds. Negative: it may have.
    pub headroom_seconds: Option<i64>,
}
