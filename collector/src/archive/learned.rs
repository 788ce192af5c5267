//! Knowledge about a store's platform: how it treats requests, and how far its clock is off.

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, params};
use storelogs::Learned;

use super::{Archive, StoreId, audit, row};
use crate::error::Result;
use crate::micros::Micros;

/// A platform's clock, as this machine's clock saw it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlatformClock {
    /// How far it was ahead of this machine's clock. Negative: behind.
    pub ahead: SignedDuration,
    /// When that was, by this machine's clock.
    pub heard: Timestamp,
}

/// An older difference says nothing about the clocks any more: somebody may have set this machine's.
const HEARD_LATELY: SignedDuration = SignedDuration::from_hours(24);

impl PlatformClock {
    /// The platform's present when this machine's clock says `now`. `None` if too little is known of it.
    pub fn present(&self, now: Timestamp) -> Option<Timestamp> {
        let ago = now.duration_since(self.heard);
        let lately = !ago.is_negative() && ago <= HEARD_LATELY;
        now.checked_add(self.ahead).ok().filter(|_| lately)
    }
}

impl Archive {
    /// Everything learned about a store's platform, if anything was.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn learned(&self, store: StoreId) -> Result<Option<Learned>> {
        let mut find = self.prepared("SELECT learned FROM learned WHERE store = ?1 AND learned IS NOT NULL")?;
        let found = find.query_row([store.0], |row| {
            serde_json::from_str(row.get_ref(0)?.as_str()?).map_err(|_| row::unreadable("what was learned"))
        });
        found.optional().map_err(|error| self.fault(error))
    }

    /// The clock of a store's platform, if its answers gave the time.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn platform_clock(&self, store: StoreId) -> Result<Option<PlatformClock>> {
        let mut find = self.prepared("SELECT ahead, heard FROM learned WHERE store = ?1 AND ahead IS NOT NULL")?;
        let found = find.query_row([store.0], |row| {
            Ok(PlatformClock {
                ahead: SignedDuration::from_micros(row.get(0)?),
                heard: row.get::<_, Micros>(1)?.time(),
            })
        });
        found.optional().map_err(|error| self.fault(error))
    }
}

/// Part of a commit.
pub(super) fn keep(sql: &Connection, store: StoreId, learned: &Learned) -> rusqlite::Result<()> {
    let json = serde_json::to_string(learned).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    sql.prepare_cached(
        "INSERT INTO learned (store, learned) VALUES (?1, ?2) ON CONFLICT DO UPDATE SET learned = excluded.learned",
    )?
    .execute(params![store.0, json])?;
    if learned.counts == Some(false) {
        audit::distrust(sql, store)?;
    }
    Ok(())
}

/// Part of a commit.
pub(super) fn keep_clock(sql: &Connection, store: StoreId, clock: PlatformClock) -> rusqlite::Result<()> {
    let ahead = i64::try_from(clock.ahead.as_micros()).unwrap_or_default();
    sql.prepare_cached(
        "INSERT INTO learned (store, ahead, heard) VALUES (?1, ?2, ?3) \
         ON CONFLICT DO UPDATE SET ahead = excluded.ahead, heard = excluded.heard",
    )?
    .execute(params![store.0, ahead, Micros::of(clock.heard)])
    .map(drop)
}
