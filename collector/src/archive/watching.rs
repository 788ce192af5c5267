//! The state of `watch` in the archive: how far it has read, the last alerts, and the alerts on their way.

use std::collections::{BTreeMap, HashMap};

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use storelogs::{LogEntry, Store};

use super::{Archive, StoreId, row};
use crate::error::{Error, Result};
use crate::micros::Micros;

/// The name under which it is kept how far the watcher has come.
const READER: &str = "watch";

/// How long a reader of the arrivals may be away before it is dropped: what it has not read would pile up for ever.
const ABSENT: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The last alert about something.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct LastAlert {
    pub(crate) at: Timestamp,
    /// The time up to which it was about entries.
    pub(crate) until: Timestamp,
    /// The alert that is suppressed, as JSON.
    pub(crate) suppressed: Option<String>,
    /// The alert that is not over yet, as JSON.
    pub(crate) open: Option<String>,
}

/// A rule's name, and what its alert was about.
pub(crate) type AlertKey = (String, String);

/// An entry that came.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) store: StoreId,
    pub(crate) entry: LogEntry,
    /// Its earlier revision.
    pub(crate) former: Vec<LogEntry>,
}

/// An alert on its way.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: i64,
    pub(crate) rule: String,
    pub(crate) action: String,
    pub(crate) alert: String,
    pub(crate) made: Timestamp,
    pub(crate) attempts: u32,
}

/// The changes from checking the arrivals. All of them are kept, or none.
#[derive(Debug, Default)]
pub(crate) struct Checkpoint {
    /// The last arrival that was looked at.
    pub(crate) upto: Option<i64>,
    /// Stores that are watched from now on.
    pub(crate) watched: Vec<(StoreId, Timestamp)>,
    pub(crate) last_alerts: Vec<(AlertKey, LastAlert)>,
    pub(crate) forgotten: Vec<AlertKey>,
    /// Rule, action and alert.
    pub(crate) deliveries: Vec<(String, String, String)>,
}

/// Removes readers that have not been here for long. Their arrivals may then be removed.
pub(super) fn forget_absent(sql: &Connection, now: Timestamp) -> rusqlite::Result<()> {
    let last = now.checked_sub(ABSENT).unwrap_or(now);
    sql.execute("DELETE FROM output WHERE seen < ?1", [Micros::of(last)]).map(drop)
}

impl Archive {
    /// Takes up the watching where it was left, or begins with what comes from now on. Says when a watcher was last here.
    pub(crate) fn begin_watching(&mut self, now: Timestamp) -> Result<Option<Timestamp>> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, error);
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        let seen = begin(&change, now).map_err(fault)?;
        change.commit().map_err(fault)?;
        Ok(seen)
    }

    /// Since when each store is watched.
    pub(crate) fn watched(&self) -> Result<HashMap<StoreId, Timestamp>> {
        let watched = self.rows("SELECT store, since FROM watched", [], |row| {
            Ok((StoreId(row.get(0)?), row.get::<_, Micros>(1)?.time()))
        })?;
        Ok(watched.into_iter().collect())
    }

    /// Stores that are not watched yet.
    pub(crate) fn unwatched(&self) -> Result<Vec<(StoreId, Store)>> {
        self.rows(
            "SELECT id, platform, name FROM store WHERE id NOT IN (SELECT store FROM watched) ORDER BY id",
            [],
            |row| Ok((StoreId(row.get(0)?), row::store(row.get_ref(1)?.as_str()?, row.get_ref(2)?.as_str()?)?)),
        )
    }

    /// The next entries that came, at most this many, in order of time, and the number of the last arrival among them.
    pub(crate) fn arrivals(&self, most: u32) -> Result<Option<(i64, Vec<Arrival>)>> {
        let fault = |error: rusqlite::Error| self.fault(error);
        let mut find = self.prepared("SELECT seq FROM output WHERE name = ?1")?;
        let Some(done) = find.query_row([READER], |row| row.get::<_, i64>(0)).optional().map_err(fault)? else {
            return Ok(None);
        };
        let mut find =
            self.prepared("SELECT max(seq) FROM (SELECT seq FROM arrival WHERE seq > ?1 ORDER BY seq LIMIT ?2)")?;
        let upto: Option<i64> = find.query_row([done, i64::from(most)], |row| row.get(0)).map_err(fault)?;
        let Some(upto) = upto else { return Ok(None) };
        let came = self.rows(row::SELECT_BY_ARRIVAL, [done, upto], |row| {
            Ok((StoreId(row.get(row::STORE_COLUMN)?), row::entry(row)?))
        })?;
        let mut arrivals = Vec::with_capacity(came.len());
        for (store, entry) in came {
            let former = self.revisions(store, &entry.id)?;
            arrivals.push(Arrival { store, entry, former });
        }
        Ok(Some((upto, arrivals)))
    }

    /// The last alerts, by rule and by what they were about.
    pub(crate) fn last_alerts(&self) -> Result<HashMap<AlertKey, LastAlert>> {
        let alerts = self.rows("SELECT rule, about, at, until, suppressed, open FROM last_alert", [], |row| {
            let last = LastAlert {
                at: row.get::<_, Micros>(2)?.time(),
                until: row.get::<_, Micros>(3)?.time(),
                suppressed: row.get(4)?,
                open: row.get(5)?,
            };
            Ok(((row.get(0)?, row.get(1)?), last))
        })?;
        Ok(alerts.into_iter().collect())
    }

    /// Keeps what a look has changed.
    pub(crate) fn keep_look(&mut self, look: &Checkpoint, now: Timestamp) -> Result<()> {
        let path = &self.path;
        let fault = |error: rusqlite::Error| Error::of(path, error);
        let change = self.sql.transaction_with_behavior(TransactionBehavior::Immediate).map_err(fault)?;
        keep(&change, look, now).map_err(fault)?;
        change.commit().map_err(fault)
    }

    /// The rules of which an alert is to be delivered now.
    pub(crate) fn rules_with_deliveries(&self, now: Timestamp) -> Result<Vec<String>> {
        let find = "SELECT DISTINCT rule FROM delivery WHERE next_attempt <= ?1 ORDER BY rule";
        self.rows(find, [Micros::of(now)], |row| row.get(0))
    }

    /// Alerts of a rule that are to be delivered now by this action, or by any other than it, the oldest first.
    pub(crate) fn deliveries(
        &self,
        rule: &str,
        (action, by_it): (&str, bool),
        now: Timestamp,
        most: usize,
    ) -> Result<Vec<Delivery>> {
        let find = "SELECT id, rule, action, alert, made, attempts FROM delivery \
                    WHERE rule = ?1 AND (action = ?2) = ?3 AND next_attempt <= ?4 ORDER BY id LIMIT ?5";
        let most = i64::try_from(most).unwrap_or(i64::MAX);
        self.rows(find, params![rule, action, by_it, Micros::of(now), most], |row| {
            Ok(Delivery {
                id: row.get(0)?,
                rule: row.get(1)?,
                action: row.get(2)?,
                alert: row.get(3)?,
                made: row.get::<_, Micros>(4)?.time(),
                attempts: row.get(5)?,
            })
        })
    }

    /// How many alerts are on their way.
    pub(crate) fn undelivered(&self) -> Result<u64> {
        let all = self.rows("SELECT count(*) FROM delivery", [], |row| row.get::<_, i64>(0))?;
        Ok(all.first().copied().unwrap_or_default().unsigned_abs())
    }

    /// How many alerts of each rule are on their way to where it sends them.
    pub(crate) fn pending_alerts(&self) -> Result<BTreeMap<String, u64>> {
        let find = "SELECT rule, count(*) FROM delivery WHERE action <> 'print' GROUP BY rule";
        let rows = self.rows(find, [], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?.unsigned_abs())))?;
        Ok(rows.into_iter().collect())
    }

    /// An alert has arrived, or never will.
    pub(crate) fn end_delivery(&mut self, id: i64) -> Result<()> {
        self.prepared("DELETE FROM delivery WHERE id = ?1")?.execute([id]).map(drop).map_err(|error| self.fault(error))
    }

    /// An alert has to be sent again then.
    pub(crate) fn put_off(&mut self, id: i64, attempts: u32, next: Timestamp) -> Result<()> {
        let mut put_off = self.prepared("UPDATE delivery SET attempts = ?2, next_attempt = ?3 WHERE id = ?1")?;
        put_off.execute(params![id, attempts, Micros::of(next)]).map(drop).map_err(|error| self.fault(error))
    }
}

fn begin(sql: &Connection, now: Timestamp) -> rusqlite::Result<Option<Timestamp>> {
    forget_absent(sql, now)?;
    let known = sql
        .query_row("SELECT seen FROM output WHERE name = ?1", [READER], |row| row.get::<_, Option<Micros>>(0))
        .optional()?;
    if let Some(seen) = known {
        return Ok(seen.map(Micros::time));
    }
    // An entry from before that causes no alert, however late it comes.
    sql.execute_batch("DELETE FROM watched; DELETE FROM last_alert")?;
    sql.execute("INSERT INTO watched (store, since) SELECT id, ?1 FROM store", [Micros::of(now)])?;
    sql.execute(
        "INSERT INTO output (name, seq, seen) SELECT ?1, max(coalesce((SELECT max(seq) FROM arrival), 0), \
         coalesce((SELECT max(seq) FROM output), 0)), ?2",
        params![READER, Micros::of(now)],
    )?;
    Ok(None)
}

fn keep(sql: &Connection, look: &Checkpoint, now: Timestamp) -> rusqlite::Result<()> {
    sql.prepare_cached("UPDATE output SET seq = coalesce(?2, seq), seen = ?3 WHERE name = ?1")?.execute(params![
        READER,
        look.upto,
        Micros::of(now)
    ])?;
    for (store, since) in &look.watched {
        sql.prepare_cached("INSERT OR IGNORE INTO watched (store, since) VALUES (?1, ?2)")?
            .execute(params![store.0, Micros::of(*since)])?;
    }
    for ((rule, about), last) in &look.last_alerts {
        sql.prepare_cached(
            "INSERT OR REPLACE INTO last_alert (rule, about, at, until, suppressed, open) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        )?
        .execute(params![rule, about, Micros::of(last.at), Micros::of(last.until), last.suppressed, last.open])?;
    }
    for (rule, about) in &look.forgotten {
        sql.prepare_cached("DELETE FROM last_alert WHERE rule = ?1 AND about = ?2")?.execute([rule, about])?;
    }
    for (rule, action, alert) in &look.deliveries {
        sql.prepare_cached(
            "INSERT INTO delivery (rule, action, alert, made, next_attempt) VALUES (?1, ?2, ?3, ?4, ?4)",
        )?
        .execute(params![rule, action, alert, Micros::of(now)])?;
    }
    Ok(())
}
