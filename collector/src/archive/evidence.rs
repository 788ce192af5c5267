//! Evidence for a verdict: what the archive knows of how a store was read and compared.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};

use super::audit::{self, Audits};
use super::{Archive, PlatformClock, Prunings, State, StoreId, row};
use crate::coverage::{Coverage, TimeRange};
use crate::error::Result;
use crate::micros::Micros;

/// All that a verdict of a store rests on.
#[derive(Clone, Debug, Default)]
pub struct Evidence {
    /// The time ranges that were read.
    pub coverage: Coverage,
    /// The time ranges that were compared with the platform.
    pub audits: Audits,
    /// The times up to which entries were pruned, by severity.
    pub prunings: Prunings,
    /// The time ranges that could not be read.
    pub failed: Coverage,
    /// The time range of the walk that is under way.
    pub under_way: Option<TimeRange>,
    /// The state the store is in.
    pub state: State,
    /// The times of records in quarantine, each as far as it is known, and how many there are without one.
    pub quarantine: (Vec<RangeInclusive<Timestamp>>, u64),
    /// The times of entries that were deleted from the archive.
    pub deleted: Vec<Timestamp>,
    /// The platform's clock.
    pub clock: Option<PlatformClock>,
}

impl Evidence {
    /// The evidence about one store.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn of(archive: &Archive, store: StoreId) -> Result<Self> {
        Ok(read(archive, Some(store))?.remove(&store).unwrap_or_default())
    }

    /// The evidence about every store. Tables are read as a whole, not store by store: there may be thousands.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn of_all(archive: &Archive) -> Result<HashMap<StoreId, Self>> {
        read(archive, None)
    }

    /// The platform's present when this machine's clock says `now`. Where too little is known of the platform's clock, that.
    pub fn present(&self, now: Timestamp) -> Timestamp {
        self.clock.and_then(|clock| clock.present(now)).unwrap_or(now)
    }
}

fn read(archive: &Archive, only: Option<StoreId>) -> Result<HashMap<StoreId, Evidence>> {
    let mut all: HashMap<StoreId, Evidence> = HashMap::new();
    let named = |sql: &str| sql.replace("{store}", if only.is_some() { "store = ?1" } else { "?1 IS NULL" });
    let only = only.map(|store| store.0);
    let range = |row: &rusqlite::Row<'_>| {
        TimeRange::new(row.get::<_, Micros>(1)?.time(), row.get::<_, Micros>(2)?.time())
            .ok_or_else(|| row::unreadable("an empty time range"))
    };
    for (store, range) in
        archive.rows(&named("SELECT store, since, until FROM coverage WHERE {store}"), [only], |row| {
            Ok((StoreId(row.get(0)?), range(row)?))
        })?
    {
        all.entry(store).or_default().coverage.add(range);
    }
    let pruned = named("SELECT store, severity, until FROM pruned WHERE {store}");
    for (store, severity, until) in
        archive.rows(&pruned, [only], |row| Ok((StoreId(row.get(0)?), row.get(1)?, row.get(2)?)))?
    {
        all.entry(store).or_default().prunings.set(severity, until);
    }
    let audits = named("SELECT store, since, until, finding, entries, at FROM audit WHERE {store}");
    for (store, audit) in archive.rows(&audits, [only], |row| Ok((StoreId(row.get(0)?), audit::read(row, 1)?)))? {
        all.entry(store).or_default().audits.set(audit);
    }
    for (store, range) in archive.rows(&named("SELECT store, since, until FROM gap WHERE {store}"), [only], |row| {
        Ok((StoreId(row.get(0)?), range(row)?))
    })? {
        all.entry(store).or_default().failed.add(range);
    }
    for (store, range) in archive.rows(&named("SELECT store, since, until FROM walk WHERE {store}"), [only], |row| {
        Ok((StoreId(row.get(0)?), range(row)?))
    })? {
        all.entry(store).or_default().under_way = Some(range);
    }
    let quarantine =
        named("SELECT store, coalesce(time, near_since, near), coalesce(time, near) FROM quarantine WHERE {store}");
    for (store, near) in archive.rows(&quarantine, [only], |row| {
        let (since, until): (Option<Micros>, Option<Micros>) = (row.get(1)?, row.get(2)?);
        Ok((StoreId(row.get(0)?), since.zip(until)))
    })? {
        let evidence = all.entry(store).or_default();
        match near {
            Some((since, until)) => evidence.quarantine.0.push(since.time()..=until.time()),
            None => evidence.quarantine.1 += 1,
        }
    }
    let deleted = named("SELECT store, time FROM deleted WHERE {store}");
    for (store, time) in
        archive.rows(&deleted, [only], |row| Ok((StoreId(row.get(0)?), row.get::<_, Micros>(1)?.time())))?
    {
        all.entry(store).or_default().deleted.push(time);
    }
    let clocks = named("SELECT store, ahead, heard FROM learned WHERE ahead IS NOT NULL AND {store}");
    for (store, clock) in archive.rows(&clocks, [only], |row| {
        let ahead = SignedDuration::from_micros(row.get(1)?);
        Ok((StoreId(row.get(0)?), PlatformClock { ahead, heard: row.get::<_, Micros>(2)?.time() }))
    })? {
        all.entry(store).or_default().clock = Some(clock);
    }
    let states = named("SELECT id, state FROM store WHERE {store}").replace("store = ?1", "id = ?1");
    let states: BTreeMap<StoreId, State> = archive
        .rows(&states, [only], |row| Ok((StoreId(row.get(0)?), row.get_ref(1)?.as_str()?.parse().unwrap_or_default())))?
        .into_iter()
        .collect();
    for (store, state) in states {
        all.entry(store).or_default().state = state;
    }
    Ok(all)
}
