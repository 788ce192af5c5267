//! How each store stands: what is held, what is covered, what is wrong.

use std::collections::HashMap;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use storelogs::Store;

use crate::archive::{Archive, State, StoreId, row};
use crate::coverage::{Coverage, Stretch, moment};
use crate::error::Result;
use crate::sync::retention;

/// How one store stands.
#[derive(Clone, Debug, Serialize)]
pub struct Standing {
    /// The store, as `platform:name`.
    pub store: String,
    /// The state it is in.
    pub state: State,
    /// Why it is not active, with the remedy, in one line.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub state_since: Option<Timestamp>,
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
    /// What is covered of all that the platform keeps, oldest first.
    pub covered: Vec<Stretch>,
    /// What is not, up to the last reading, oldest first.
    pub gaps: Vec<Stretch>,
    /// The share of what the platform keeps that is covered, 0 to 1, up to the last reading.
    pub share: f64,
    /// How long until the oldest entry that may be missing expires, in seconds. Negative if it may have.
    pub headroom_seconds: Option<i64>,
    /// Records that could not be decoded.
    pub quarantined: u64,
    /// Entries that came into stretches that were covered already.
    pub late: u64,
    /// Forms of entries that the platform has changed since.
    pub revisions: u64,
}

impl Standing {
    /// How much of each of so many equal parts of what the platform keeps is covered, 0 to 1, oldest first: a bar.
    pub fn parts(&self, window: Stretch, parts: u32) -> Vec<f64> {
        let length = window.length() / i32::try_from(parts.max(1)).unwrap_or(i32::MAX);
        let part = |number: u32| {
            let since = window.since.checked_add(length * i32::try_from(number).unwrap_or(i32::MAX)).ok()?;
            let part = Stretch::new(since, since.checked_add(length).ok()?)?;
            let covered = self.covered.iter().filter_map(|covered| covered.overlap(part));
            let covered: SignedDuration = covered.map(|stretch| stretch.length()).sum();
            Some(covered.as_secs_f64() / part.length().as_secs_f64())
        };
        (0..parts).map(|number| part(number).unwrap_or_default()).collect()
    }
}

/// All that the platform of a store keeps now.
pub fn window(store: &Store, now: Timestamp) -> Option<Stretch> {
    Stretch::new(now.checked_sub(retention(store.platform())).ok()?, now)
}

/// How far a store was read, seen from a moment.
#[derive(Clone, Debug)]
pub struct Reach {
    /// What is covered of all that the platform keeps, oldest first.
    pub covered: Vec<Stretch>,
    /// What is not, up to the last reading, oldest first.
    pub gaps: Vec<Stretch>,
    /// The share of what the platform keeps that is covered, 0 to 1, up to the last reading.
    pub share: f64,
    /// Up to when it is covered.
    pub end: Option<Timestamp>,
    /// When the oldest entry that may be missing expires.
    pub expires: Option<Timestamp>,
}

impl Reach {
    /// What the coverage of a store comes to.
    pub fn of(store: &Store, coverage: &Coverage, now: Timestamp) -> Self {
        let window = window(store, now);
        let covered: Vec<Stretch> = window.iter().flat_map(|window| coverage.within(*window)).collect();
        let end = coverage.end();
        // What is newer than the last reading is no gap yet, unless nothing that the platform keeps was read.
        let read = window.and_then(|window| {
            let end = end.filter(|end| *end > window.since);
            Stretch::new(window.since, end.unwrap_or(window.until).min(window.until))
        });
        let gaps = read.map(|read| coverage.gaps(read)).unwrap_or_default();
        let unread = covered.last().map_or(window.map(|window| window.since), |last| Some(last.until));
        let oldest_missing = gaps.first().map(|gap| gap.since).or(unread);
        let expires = oldest_missing.and_then(|since| since.checked_add(retention(store.platform())).ok());
        let length =
            |stretches: &[Stretch]| stretches.iter().map(Stretch::length).sum::<SignedDuration>().as_secs_f64();
        let share = read.map_or(0.0, |read| length(&covered) / read.length().as_secs_f64()).clamp(0.0, 1.0);
        Self { covered, gaps, share, end, expires }
    }
}

/// What of a store's standing can be told without counting its entries.
#[derive(Clone, Debug)]
pub struct Brief {
    /// The store.
    pub store: Store,
    /// The state it is in.
    pub state: State,
    /// When it last answered.
    pub last_success: Option<Timestamp>,
    /// How far it was read.
    pub reach: Reach,
}

/// How every store of the archive stands, in short: for thousands of stores, again and again.
///
/// # Errors
/// If the archive cannot be read.
pub fn briefly(archive: &Archive, now: Timestamp) -> Result<Vec<Brief>> {
    let mut coverage = coverage(archive)?;
    archive.rows("SELECT id, platform, name, state, last_success FROM store ORDER BY platform, name", [], |row| {
        let store = row::store(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?;
        let state = row.get_ref(3)?.as_str()?.parse().map_err(|()| row::unreadable("a state"))?;
        let last_success = row.get::<_, Option<i64>>(4)?.map(moment);
        let coverage = coverage.remove(&StoreId(row.get(0)?)).unwrap_or_default();
        Ok(Brief { reach: Reach::of(&store, &coverage, now), store, state, last_success })
    })
}

/// What is covered of each store that has anything covered.
fn coverage(archive: &Archive) -> Result<HashMap<StoreId, Coverage>> {
    let covered = archive.rows("SELECT store, since, until FROM coverage ORDER BY store, since", [], |row| {
        let stretch = Stretch::new(moment(row.get(1)?), moment(row.get(2)?));
        Ok((StoreId(row.get(0)?), stretch.ok_or_else(|| row::unreadable("an empty stretch"))?))
    })?;
    let mut coverage: HashMap<StoreId, Coverage> = HashMap::new();
    for (store, stretch) in covered {
        coverage.entry(store).or_default().add(stretch);
    }
    Ok(coverage)
}

/// How every store of the archive stands. Tables are read as a whole, not store by store: there may be thousands.
///
/// # Errors
/// If the archive cannot be read.
pub fn status(archive: &Archive, now: Timestamp) -> Result<Vec<(Store, Standing)>> {
    let held = archive.rows("SELECT store, count(*), min(time), max(time) FROM entry GROUP BY store", [], |row| {
        Ok((StoreId(row.get(0)?), (row.get::<_, i64>(1)?.unsigned_abs(), moment(row.get(2)?), moment(row.get(3)?))))
    })?;
    let held: HashMap<_, _> = held.into_iter().collect();
    let numbers = |sql: &str| -> Result<HashMap<StoreId, u64>> {
        let rows = archive.rows(sql, [], |row| Ok((StoreId(row.get(0)?), row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(rows.into_iter().collect())
    };
    let quarantined = numbers("SELECT store, count(*) FROM quarantine GROUP BY store")?;
    let late = numbers("SELECT store, sum(entries) FROM lateness GROUP BY store")?;
    let revisions = numbers("SELECT store, count(*) FROM revision GROUP BY store")?;
    let number = |of: &HashMap<StoreId, u64>, id| of.get(&id).copied().unwrap_or_default();
    let mut coverage = coverage(archive)?;
    let mut standings = Vec::new();
    for (id, store) in archive.stores()? {
        let status = archive.status(id)?;
        let held = held.get(&id);
        let reach = Reach::of(&store, &coverage.remove(&id).unwrap_or_default(), now);
        let standing = Standing {
            store: store.to_string(),
            state: status.state,
            reason: status.reason,
            state_since: status.since,
            last_success: status.last_success,
            next_attempt: status.next_attempt,
            entries: held.map_or(0, |(entries, _, _)| *entries),
            oldest: held.map(|(_, oldest, _)| *oldest),
            newest: held.map(|(_, _, newest)| *newest),
            covered: reach.covered,
            gaps: reach.gaps,
            share: reach.share,
            headroom_seconds: reach.expires.map(|at| at.duration_since(now).as_secs()),
            quarantined: number(&quarantined, id),
            late: number(&late, id),
            revisions: number(&revisions, id),
        };
        standings.push((store, standing));
    }
    Ok(standings)
}
