//! How much the archive holds of each store.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::Transaction;
use storelogs::Store;

use super::{Archive, State, StoreId, row};
use crate::error::Result;
use crate::micros::Micros;

/// More entries of one second than a reading that begins with it is worth.
const MANY: i64 = 200;

/// The number of records that the archive holds of a store.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Holdings {
    pub(crate) entries: u64,
    /// The time of the oldest entry, and of the newest.
    pub(crate) oldest: Option<Timestamp>,
    pub(crate) newest: Option<Timestamp>,
    /// Records that could not be decoded.
    pub(crate) quarantined: u64,
    /// Entries that came into time ranges that were covered already.
    pub(crate) late: u64,
    /// Earlier forms of entries that the platform has changed.
    pub(crate) revisions: u64,
}

/// A store, and how the last attempt to read it went.
#[derive(Clone, Debug)]
pub(crate) struct StoreState {
    pub(crate) id: StoreId,
    pub(crate) store: Store,
    pub(crate) state: State,
    pub(crate) last_success: Option<Timestamp>,
}

impl Archive {
    /// The holdings of every store that the archive holds anything of. Tables are read as a whole, not store by store:
    /// there may be thousands.
    pub(crate) fn holdings(&self) -> Result<HashMap<StoreId, Holdings>> {
        let mut all: HashMap<StoreId, Holdings> = HashMap::new();
        self.rows("SELECT store, count(*), min(time), max(time) FROM packed_entry GROUP BY store", [], |row| {
            let holdings = all.entry(StoreId(row.get(0)?)).or_default();
            holdings.entries = row.get::<_, i64>(1)?.unsigned_abs();
            holdings.oldest = Some(row.get::<_, Micros>(2)?.time());
            holdings.newest = Some(row.get::<_, Micros>(3)?.time());
            Ok(())
        })?;
        let mut numbers = |sql: &str, set: fn(&mut Holdings, u64)| {
            self.rows(sql, [], |row| {
                set(all.entry(StoreId(row.get(0)?)).or_default(), row.get::<_, i64>(1)?.unsigned_abs());
                Ok(())
            })
        };
        numbers("SELECT store, count(*) FROM quarantine GROUP BY store", |held, number| held.quarantined = number)?;
        numbers("SELECT store, sum(entries) FROM lateness GROUP BY store", |held, number| held.late = number)?;
        numbers("SELECT store, count(*) FROM revision GROUP BY store", |held, number| held.revisions = number)?;
        Ok(all)
    }

    /// The time of a store's oldest entry, and of its newest.
    pub(crate) fn span(&self, store: StoreId) -> Result<(Option<Timestamp>, Option<Timestamp>)> {
        let edge = |sql: &str| -> Result<Option<Timestamp>> {
            let found = self.rows(sql, [store.0], |row| row.get::<_, Option<Micros>>(0))?;
            Ok(found.into_iter().flatten().next().map(Micros::time))
        };
        Ok((
            edge("SELECT min(time) FROM packed_entry INDEXED BY entry_store_time WHERE store = ?1")?,
            edge("SELECT max(time) FROM packed_entry INDEXED BY entry_store_time WHERE store = ?1")?,
        ))
    }

    /// The times of the entries of a store's newest second, at most [`MANY`] of them.
    pub(crate) fn newest(&self, store: StoreId) -> Result<Vec<Timestamp>> {
        let sql =
            "SELECT time FROM packed_entry INDEXED BY entry_store_time WHERE store = ?1 ORDER BY time DESC LIMIT ?2";
        let times = self.rows(sql, [store.0, MANY], |row| row.get::<_, Micros>(0))?;
        let times = times.into_iter().map(Micros::time);
        let newest = times.clone().next().map(Timestamp::as_second);
        Ok(times.take_while(|time| Some(time.as_second()) == newest).collect())
    }

    /// How many entries of a store came into time ranges that were covered already.
    pub(crate) fn late(&self, store: StoreId) -> Result<u64> {
        self.number("SELECT coalesce(sum(entries), 0) FROM lateness WHERE store = ?1", store)
    }

    /// How many revisions of a store's entries are kept.
    pub(crate) fn revised(&self, store: StoreId) -> Result<u64> {
        self.number("SELECT count(*) FROM revision WHERE store = ?1", store)
    }

    fn number(&self, sql: &str, store: StoreId) -> Result<u64> {
        let found = self.rows(sql, [store.0], |row| row.get::<_, i64>(0))?;
        Ok(found.into_iter().map(i64::unsigned_abs).sum())
    }

    /// Every store with its state and when it last answered, by platform and name.
    pub(crate) fn states(&self) -> Result<Vec<StoreState>> {
        self.rows("SELECT id, platform, name, state, last_success FROM store ORDER BY platform, name", [], |row| {
            let store = row::store(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?;
            let state = row.get_ref(3)?.as_str()?.parse().map_err(|()| row::unreadable("a state"))?;
            let last_success = row.get::<_, Option<Micros>>(4)?.map(Micros::time);
            Ok(StoreState { id: StoreId(row.get(0)?), store, state, last_success })
        })
    }

    /// The time up to which each store was read.
    pub(crate) fn ends(&self) -> Result<HashMap<StoreId, Timestamp>> {
        let ends = self.rows("SELECT store, max(until) FROM coverage GROUP BY store", [], |row| {
            Ok((StoreId(row.get(0)?), row.get::<_, Micros>(1)?.time()))
        })?;
        Ok(ends.into_iter().collect())
    }

    /// The archive as it is now, for as long as this is held, whatever is written meanwhile.
    pub(crate) fn view(&self) -> Result<Transaction<'_>> {
        self.sql().unchecked_transaction().map_err(|error| self.fault(error))
    }
}
