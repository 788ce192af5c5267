//! The status of each store: what is held, what is known of it, and what is wrong.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use storelogs::Store;

use crate::archive::{Archive, State, StoreState, Verification};
use crate::coverage::TimeRange;
use crate::error::Result;
use crate::verdict::{Evidence, Judgement};

/// The status of one store.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The store, as `platform:name`.
    pub store: String,
    /// The state it is in.
    pub state: State,
    /// The reason why it is not active, with the remedy, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub state_since: Option<Timestamp>,
    /// When it was last asked.
    pub last_attempt: Option<Timestamp>,
    /// When it last answered.
    pub last_success: Option<Timestamp>,
    /// When it is asked again, if it failed.
    pub next_attempt: Option<Timestamp>,
    /// How many entries the archive holds.
    pub entries: u64,
    /// The time of the oldest of them.
    pub oldest: Option<Timestamp>,
    /// The time of the newest of them.
    pub newest: Option<Timestamp>,
    /// The verdict on it, up to the platform's present.
    #[serde(flatten)]
    pub judgement: Judgement,
    /// The last result of `verify`, if there is one.
    pub verified: Option<Verification>,
    /// The share of what the platform keeps that was read, 0 to 1.
    pub share: f64,
    /// How long until the oldest entry that may be missing expires, in seconds. Negative if it may have.
    pub headroom_seconds: Option<i64>,
    /// Records that could not be decoded.
    pub quarantined: u64,
    /// Entries that came into time ranges that were covered already.
    pub late: u64,
    /// Forms of entries that the platform has changed since.
    pub revisions: u64,
    /// Time ranges behind the oldest that was read, of which nothing was read and the platform keeps nothing any more.
    #[serde(skip)]
    pub lost: Vec<TimeRange>,
}

impl Standing {
    /// The share that was read of each of `parts` equal parts of what the platform keeps, 0 to 1, oldest first: a bar.
    pub fn parts(&self, parts: u32) -> Vec<f64> {
        let range = self.judgement.range;
        let length = range.length() / i32::try_from(parts.max(1)).unwrap_or(i32::MAX);
        let part = |number: u32| {
            let since = range.since.checked_add(length * i32::try_from(number).unwrap_or(i32::MAX)).ok()?;
            let part = TimeRange::new(since, since.checked_add(length).ok()?)?;
            let lacking = self.judgement.lacking().filter_map(|found| found.range.overlap(part));
            let lacking: SignedDuration = lacking.map(|range| range.length()).sum();
            Some(1.0 - lacking.as_secs_f64() / part.length().as_secs_f64())
        };
        (0..parts).map(|number| part(number).unwrap_or_default()).collect()
    }
}

/// The part of a store's status that needs no count of its entries.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The store.
    pub store: Store,
    /// The state it is in.
    pub state: State,
    /// When it last answered.
    pub last_success: Option<Timestamp>,
    /// The time up to which it was read.
    pub end: Option<Timestamp>,
    /// The platform's present.
    pub present: Timestamp,
    /// The verdict on it.
    pub judgement: Judgement,
    /// When the oldest entry that may be missing expires.
    pub expires: Option<Timestamp>,
}

/// The status of every store of the archive, in short: for thousands of stores, again and again.
///
/// # Errors
/// If the archive cannot be read.
pub fn briefly(archive: &Archive, now: Timestamp) -> Result<Vec<Brief>> {
    let mut evidence = Evidence::of_all(archive)?;
    let brief = |StoreState { id, store, state, last_success }: StoreState| {
        let evidence = evidence.remove(&id).unwrap_or_default();
        let present = evidence.present(now);
        let judgement = evidence.judge(store.platform(), present);
        let (end, expires) = (evidence.coverage.end(), judgement.expires(store.platform()));
        Brief { store, state, last_success, end, present, judgement, expires }
    };
    Ok(archive.states()?.into_iter().map(brief).collect())
}

/// The status of every store of the archive. Tables are read as a whole, not store by store: there may be thousands.
///
/// # Errors
/// If the archive cannot be read.
pub fn status(archive: &Archive, now: Timestamp) -> Result<Vec<(Store, Standing)>> {
    let holdings = archive.holdings()?;
    let mut verified = archive.verifications()?;
    let mut evidence = Evidence::of_all(archive)?;
    let mut standings = Vec::new();
    for (id, store) in archive.stores()? {
        let status = archive.status(id)?;
        let held = holdings.get(&id).copied().unwrap_or_default();
        let evidence = evidence.remove(&id).unwrap_or_default();
        let present = evidence.present(now);
        let judgement = evidence.judge(store.platform(), present);
        let first = evidence.coverage.ranges().next().map(|first| first.since);
        let first = first.map(|first| first.max(evidence.prunings.whole().unwrap_or(first)));
        let past = first.and_then(|first| TimeRange::new(first, judgement.range.since));
        let standing = Standing {
            lost: past.map(|past| evidence.coverage.gaps(past)).unwrap_or_default(),
            store: store.to_string(),
            state: status.state,
            reason: status.reason,
            state_since: status.since,
            last_attempt: status.last_attempt,
            last_success: status.last_success,
            next_attempt: status.next_attempt,
            entries: held.entries,
            oldest: held.oldest,
            newest: held.newest,
            verified: verified.remove(&id),
            share: judgement.share(),
            headroom_seconds: judgement.expires(store.platform()).map(|at| at.duration_since(present).as_secs()),
            judgement,
            quarantined: held.quarantined,
            late: held.late,
            revisions: held.revisions,
        };
        standings.push((store, standing));
    }
    Ok(standings)
}
