//! The section on trust: can the report be trusted?

use jiff::Timestamp;
use serde::Serialize;

use crate::archive::State;
use crate::coverage::TimeRange;
use crate::wording::{format_count, percent, pluralize};

/// The share of a period that has to be known for a statement about all of it.
pub(crate) const ENOUGH: f64 = 0.95;

/// How far the report can be trusted.
#[derive(Clone, Debug, Serialize)]
pub struct Trust {
    /// The stores, those with a problem first.
    pub stores: Vec<Trusted>,
    /// The share of the period that is covered, over all stores, 0 to 1.
    pub share: f64,
    /// Whether enough of the period and of the one before is covered for a comparison.
    pub comparable: bool,
    /// The same, with the reason why not.
    pub comparison: Comparison,
}

/// Whether the period is compared with the one before, or why not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Comparison {
    /// It is.
    Made,
    /// Nobody asked for it.
    NotAsked,
    /// Too little of the period, or of the one before, was read.
    NotRead,
}

/// How much of the period is known, because it was read. Of what was pruned since, the counts are left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::insight) enum Knowledge {
    /// Nothing, and why.
    Nothing(&'static str),
    /// Not enough for a statement about the whole of it, and how much, in a sentence.
    Part(String),
    /// Enough.
    Enough,
}

impl Trust {
    /// How much of the period is known. That something did not happen can be said of this only.
    pub(in crate::insight) fn knowledge(&self) -> Knowledge {
        let is_blank = |store: &&Trusted| store.share <= 0.0 && store.entries == 0;
        let all = self.stores.len();
        let blank = self.stores.iter().filter(is_blank).count();
        if all == 0 {
            return Knowledge::Nothing("the archive holds no store");
        }
        if blank == all {
            return Knowledge::Nothing("none of this period was read");
        }
        let known: f64 = self.stores.iter().filter(|store| !is_blank(store)).map(|store| store.share).sum();
        #[allow(clippy::cast_precision_loss, reason = "there are far fewer stores than 2^53")]
        let known = known / (all - blank) as f64;
        let [of, stores] = [blank, all].map(|stores| format_count(stores as u64));
        let read = match (blank, known < ENOUGH) {
            (0, false) => self.lacking(),
            (0, true) => Some(format!("Only {} of the period is known.", percent(known))),
            (_, false) => Some(format!("Nothing is known of {of} of {stores} stores.")),
            (_, true) => Some(format!(
                "Nothing is known of {of} of {stores} stores, and of the others only {} of the period.",
                percent(known)
            )),
        };
        // What a record says that could not be decoded may be the worst of all.
        let undecodable = match self.stores.iter().map(|store| store.undecodable).sum() {
            0 => None,
            records => Some(format!("{} could not be decoded.", pluralize(records, "record", "records"))),
        };
        match (read, undecodable) {
            (Some(read), Some(undecodable)) => Knowledge::Part(format!("{read} {undecodable}")),
            (one, other) => one.or(other).map_or(Knowledge::Enough, Knowledge::Part),
        }
    }

    /// How many stores have entries that may be missing, in a sentence, if any has.
    fn lacking(&self) -> Option<String> {
        let lacks: Vec<&Lack> = self.stores.iter().filter_map(|store| store.lacks.as_ref()).collect();
        let is_parts = |lack: &&Lack| **lack == Lack::Parts;
        match (lacks.len() as u64, self.stores.len() as u64) {
            (0, _) => None,
            (lacking, all) if lacking == all && !lacks.iter().any(is_parts) => match lacks.into_iter().min() {
                Some(Lack::After(_, clock)) => Some(format!("Nothing is known of the time after {clock}.")),
                _ => None,
            },
            (_, 1) => Some("Entries may be missing.".to_owned()),
            (lacking, all) => {
                Some(format!("Entries of {} of {} stores may be missing.", format_count(lacking), format_count(all)))
            }
        }
    }

    /// The share of the period before that was read, over all stores.
    pub(in crate::insight) fn share_before(&self) -> f64 {
        #[allow(clippy::cast_precision_loss, reason = "there are far fewer stores than 2^53")]
        let all = self.stores.len().max(1) as f64;
        self.stores.iter().filter_map(|store| store.share_before).sum::<f64>() / all
    }
}

/// What of a store is lacking in a period.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::insight) enum Lack {
    /// What came after this time, since nobody has read so far since: also by the clock of the period.
    After(Timestamp, String),
    /// Any other part of it.
    Parts,
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
    /// The time in the period up to which entries were pruned. Their counts by hour are known still, if they had been read.
    pub pruned_until: Option<Timestamp>,
    /// The verdict on everything that the platform keeps, in one line.
    pub standing: String,
    /// The parts of the period that are short or were never read, oldest first: entries are missing there, or may be.
    pub gaps: Vec<TimeRange>,
    /// The time of the oldest entry of the archive.
    pub oldest: Option<Timestamp>,
    /// The time of the newest entry of the archive.
    pub newest: Option<Timestamp>,
    /// Entries that came after their time had been read, ever.
    pub late: u64,
    /// How late the latest of them came, to the next power of two, in seconds.
    pub latest_seconds: i64,
    /// Records that could not be decoded, of the period or of a time that is not known.
    pub undecodable: u64,
    /// What of the period was not read, or is less than the platform counts.
    #[serde(skip)]
    pub(in crate::insight) lacks: Option<Lack>,
    /// Entries that the platform has changed since they were archived, ever.
    pub revised: u64,
    /// How long the platform keeps its log, in seconds.
    pub retention_seconds: i64,
    /// How long until the platform may drop what the archive does not have yet, in seconds. Negative: it may have.
    pub headroom_seconds: Option<i64>,
}
