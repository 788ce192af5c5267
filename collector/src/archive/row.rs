//! The conversion between entries and rows of the archive.

use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::types::{FromSql, FromSqlResult, ToSqlOutput, Type, ValueRef};
use rusqlite::{Row, ToSql};
use serde_json::{Map, Value};
use storelogs::platform::{self, PlatformFacts};
use storelogs::{LogEntry, Platform, Severity, Store, UtcOffset};

use super::{Gap, StoreId};
use crate::coverage::TimeRange;
use crate::micros::Micros;

/// The summary of an entry that is joined with its template. SQLite's `concat` takes NULL for nothing.
macro_rules! summary {
    () => {
        "CASE WHEN entry.summary_template IS NULL THEN entry.summary ELSE concat(st.text_0, entry.summary, st.text_1, \
         entry.summary_2, st.text_2, entry.summary_3, st.text_3) END"
    };
}
/// The message of an entry that is joined with its template.
macro_rules! message {
    () => {
        "CASE WHEN entry.message_template IS NULL THEN entry.message ELSE concat(mt.text_0, entry.message, mt.text_1, \
         entry.message_2, mt.text_2, entry.message_3, mt.text_3, entry.message_4, mt.text_4, entry.message_5, mt.text_5, \
         entry.message_6, mt.text_6) END"
    };
}
/// The joins that a row of an entry needs. SQLite skips those that a selection does not use.
macro_rules! joins {
    () => {
        " LEFT JOIN attributes ON attributes.id = entry.attributes \
         LEFT JOIN template AS st ON st.id = entry.summary_template \
         LEFT JOIN template AS mt ON mt.id = entry.message_template "
    };
}
pub(super) use {joins, message, summary};

/// The columns that [`entry`] reads.
macro_rules! columns {
    () => {
        concat!(
            "store.platform, store.name, entry.id, entry.time, entry.nanos, attributes.utc_offset, entry.observed, \
             attributes.severity, attributes.severity_text, attributes.category, attributes.action, attributes.module, \
             attributes.actor, entry.subject_id, ",
            summary!(),
            ", ",
            message!(),
            ", entry.extra, entry.key, entry.store"
        )
    };
}
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM packed_entry AS entry JOIN store ON store.id = entry.store ",
            joins!(),
            $rest
        )
    };
}
/// The joins that a row of an entry needs, for other modules.
pub(crate) const JOINS: &str = joins!();
/// The columns of these selections, for others.
pub(crate) const COLUMNS: &str = columns!();
/// One entry by store and id, in the columns that [`entry`] reads.
pub(super) const SELECT_BY_ID: &str = select!("WHERE entry.store = ?1 AND entry.id = ?2");
/// The entries between two keys, both included, newest first.
pub(super) const SELECT_BY_KEYS: &str = select!("WHERE entry.key BETWEEN ?1 AND ?2 ORDER BY entry.key DESC");
/// The entries between two keys, both included, in their order.
pub(super) const SELECT_BETWEEN_KEYS: &str = select!("WHERE entry.key BETWEEN ?1 AND ?2 ORDER BY entry.key");
/// One entry by its key.
pub(crate) const SELECT_BY_KEY: &str = select!("WHERE entry.key = ?1");
/// The entries that came between two numbers of arrival, the first not included, each once.
pub(crate) const SELECT_BY_ARRIVAL: &str =
    select!("WHERE entry.key IN (SELECT key FROM arrival WHERE seq > ?1 AND seq <= ?2) ORDER BY entry.key");

/// The column of the key in these selections.
pub(crate) const KEY_COLUMN: usize = 17;
/// The column of the archive's number of the store.
pub(super) const STORE_COLUMN: usize = 18;

/// A platform's id: a number if it is one that fits and is written the usual way, else its text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Id<'a> {
    Number(i64),
    Text(&'a str),
}

impl<'a> Id<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
        match text.parse() {
            Ok(number) if digits => Self::Number(number),
            _ => Self::Text(text),
        }
    }
}

impl ToSql for Id<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(match self {
            Self::Number(number) => ToSqlOutput::from(*number),
            Self::Text(text) => ToSqlOutput::from(*text),
        })
    }
}

/// A text of a row, or NULL.
pub(super) fn text<'a>(row: &'a Row<'_>, column: usize) -> rusqlite::Result<Option<&'a str>> {
    Ok(row.get_ref(column)?.as_str_or_null()?)
}

impl ToSql for Micros {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from(self.0))
    }
}

impl FromSql for Micros {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_i64().map(Self)
    }
}

/// How many low bits of a key number the entries of one second; the bits above them are the second.
const LOW_BITS: u32 = 30;

/// 33 bits: up to the year 2242. Only the order of entries beyond suffers.
const LAST_SECOND: i64 = (1 << 33) - 1;

fn second(time: Timestamp) -> i64 {
    Micros::of(time).second().clamp(0, LAST_SECOND)
}

/// The second that a key holds. What lies before 1970 or beyond the last one is counted to the nearest.
pub(crate) fn second_of(key: i64) -> i64 {
    key >> LOW_BITS
}

/// Whether every entry before this time has a lesser key than every other one.
pub(crate) fn parts_keys(time: Timestamp) -> bool {
    time.subsec_nanosecond() == 0 && (1..=LAST_SECOND).contains(&Micros::of(time).second())
}

/// The least key of an entry at this time or later.
pub(crate) fn first_key(time: Timestamp) -> i64 {
    second(time) << LOW_BITS
}

/// The greatest key of an entry at or before this time, and of others in its second.
pub(crate) fn last_key(time: Timestamp) -> i64 {
    first_key(time) | ((1 << LOW_BITS) - 1)
}

/// The keys that an entry may have: first one by its id, from a place of its store on, so that the entries of one
/// second keep their order, and stores with equal ids do not meet. If other entries have those, any key of its second.
pub(super) fn key(time: Timestamp, store: StoreId, id: Id<'_>, taken: u64) -> i64 {
    let number = match id {
        // SHOPLINE's ids are large, and hold milliseconds in their upper bits.
        Id::Number(number) if taken == 0 && number > 1 << 53 => number >> 24,
        Id::Number(number) => number,
        Id::Text(text) => text.bytes().fold(7, |sum: i64, byte| sum.wrapping_mul(31).wrapping_add(i64::from(byte))),
    };
    let own = scatter(store.0.cast_unsigned());
    let number = number.cast_unsigned();
    let place = if taken == 0 { number.wrapping_add(own) } else { scatter(number.wrapping_add(taken) ^ own) };
    first_key(time) | (place & ((1 << LOW_BITS) - 1)).cast_signed()
}

/// SplitMix64: neighbours land far from each other.
fn scatter(number: u64) -> u64 {
    let mixed = number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The nanoseconds that the column `time` does not hold.
pub(super) fn nanos(time: Timestamp) -> Option<i64> {
    let rest = i64::try_from(time.as_nanosecond().rem_euclid(1000)).unwrap_or(0);
    (rest != 0).then_some(rest)
}

pub(crate) fn store(platform: &str, name: &str) -> rusqlite::Result<Store> {
    let parsed = format!("{platform}:{name}").parse().or_else(|_| Store::of(platform_of(platform), name));
    parsed.map_err(|_| unreadable("a store"))
}

fn platform_of(name: &str) -> Platform {
    // Any text is a platform's name, and the program that reads an archive may not know all of them.
    let other = || serde_json::from_value(Value::from(name)).unwrap_or(Platform::new("unknown"));
    platform::named(name).map_or_else(other, PlatformFacts::platform)
}

pub(crate) fn severity(number: i64) -> Severity {
    Severity::ALL.into_iter().find(|severity| i64::from(severity.number()) == number).unwrap_or_default()
}

/// The entry of a row of one of the selections above.
pub(crate) fn entry(row: &Row<'_>) -> rusqlite::Result<LogEntry> {
    let id = match row.get_ref(2)? {
        ValueRef::Integer(number) => number.to_string(),
        other => other.as_str()?.to_owned(),
    };
    let name: Arc<str> = row.get_ref(1)?.as_str()?.into();
    let nanos = row.get::<_, Option<i64>>(4)?.unwrap_or_default();
    let time = row.get::<_, Micros>(3)?.time() + jiff::SignedDuration::from_nanos(nanos);
    let platform = row.get_ref(0)?.as_str()?;
    let store = store(platform, &name)?;
    let mut entry = LogEntry::new(&store, id, time, row.get::<_, Micros>(6)?.time());
    entry.utc_offset = UtcOffset::from_seconds(row.get(5)?);
    entry.severity = severity(row.get(7)?);
    entry.severity_text = row.get(8)?;
    entry.category = row.get(9)?;
    entry.action = row.get(10)?;
    entry.module = row.get(11)?;
    entry.actor = row.get(12)?;
    entry.subject_id = row.get(13)?;
    entry.summary = row.get(14)?;
    entry.message = row.get(15)?;
    entry.extra = match row.get_ref(16)? {
        ValueRef::Null => Map::new(),
        text => serde_json::from_str(text.as_str()?).map_err(|_| unreadable("extra fields"))?,
    };
    Ok(entry)
}

/// The time range in the first two columns.
pub(super) fn range(row: &Row<'_>) -> rusqlite::Result<TimeRange> {
    TimeRange::new(row.get::<_, Micros>(0)?.time(), row.get::<_, Micros>(1)?.time())
        .ok_or_else(|| unreadable("an empty range"))
}

/// The gap in the columns since, until, reason, attempts and next_attempt.
pub(super) fn gap(row: &Row<'_>) -> rusqlite::Result<Gap> {
    let next_attempt = row.get::<_, Micros>(4)?.time();
    Ok(Gap { range: range(row)?, reason: row.get(2)?, attempts: row.get(3)?, next_attempt })
}

pub(crate) fn unreadable(what: &str) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(0, Type::Text, format!("it holds {what} that cannot be read").into())
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn keys(stores: i64, ids: i64) -> Vec<i64> {
        let time = "2026-08-01T10:00:00Z".parse().unwrap();
        let of = |store| (1..=ids).map(move |id| key(time, StoreId(store), Id::Number(id), 0));
        (1..=stores).flat_map(of).collect()
    }

    #[test]
    fn equal_ids_of_many_stores_in_one_second_hardly_ever_meet() {
        let keys = keys(1000, 100);
        let apart: HashSet<_> = keys.iter().collect();
        assert!(keys.len() - apart.len() < keys.len() / 100, "{} of {} apart", apart.len(), keys.len());
    }

    #[test]
    fn entries_of_one_store_and_second_keep_the_order_of_their_ids() {
        assert!(keys(1, 1000).is_sorted());
    }
}
