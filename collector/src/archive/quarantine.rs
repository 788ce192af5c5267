//! The quarantine: records that could not be decoded, kept as they came.

use std::ops::RangeInclusive;

use jiff::Timestamp;
use rusqlite::{Connection, params};
use storelogs::platform;

use super::StoreId;
use crate::micros::Micros;

/// Puts a record into quarantine. Returns how many are new there.
pub(super) fn quarantine(
    sql: &Connection,
    store: StoreId,
    error: &storelogs::Error,
    near: Option<&RangeInclusive<Timestamp>>,
) -> rusqlite::Result<u64> {
    let raw = error.raw().unwrap_or_default();
    let mut insert = sql.prepare_cached(
        "INSERT OR IGNORE INTO quarantine (store, observed, time, path, reason, raw, record, near_since, near) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
    )?;
    let observed = Micros::of(Timestamp::now());
    let (id, time) = remains(error);
    let time = time.map(Micros::of);
    let (since, until) = near.map(|near| (Micros::of(*near.start()), Micros::of(*near.end()))).unzip();
    let (path, reason) = (error.path(), error.to_string());
    let added = insert.execute(params![store.0, observed, time, path, reason, raw, id, since, until])?;
    if added == 0 && time.is_none() {
        // Records with the same text are one: it was written at any of these times.
        sql.prepare_cached(
            "UPDATE quarantine SET near_since = min(coalesce(near_since, ?3), ?3), near = max(coalesce(near, ?4), ?4) \
             WHERE store = ?1 AND raw = ?2 AND ?3 IS NOT NULL",
        )?
        .execute(params![store.0, raw, since, until])?;
    }
    Ok(u64::try_from(added).unwrap_or_default())
}

/// The id and the time of a record that could not be decoded, as far as they can be read.
pub(super) fn remains(error: &storelogs::Error) -> (Option<String>, Option<Timestamp>) {
    let record: Option<serde_json::Value> = error.raw().and_then(|raw| serde_json::from_str(raw).ok());
    let facts = error.store().and_then(|store| platform::named(store.platform().as_str()));
    let Some((record, facts)) = record.zip(facts) else { return (None, None) };
    let id = record.get(facts.id_field()).and_then(|id| match id {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Number(number) => Some(number.to_string()),
        _ => None,
    });
    let time = record.get(facts.time_field()).and_then(|time| time.as_str()?.parse().ok());
    (id, time)
}
