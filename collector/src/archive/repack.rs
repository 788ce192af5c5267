//! Repacking: moving entries into the packed form of version 9, in steps; if it is killed, the next run goes on where
//! it stopped.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, TransactionBehavior};

use super::packing::{Attributes, Dictionary, PackedEntry};
use super::row::{self, Id};

/// How many entries are moved in one transaction. Few where tests kill a program between two of them.
const STEP: i64 = if cfg!(feature = "failpoints") { 50 } else { 20_000 };

/// Whether entries are still to be moved.
pub(super) fn is_unfinished(sql: &Connection) -> rusqlite::Result<bool> {
    sql.query_row(
        "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'entry_before')",
        [],
        |row| row.get(0),
    )
}

/// Moves what is left, step by step, and returns how many entries that were; `progress` is called with how many were moved and
/// how many there are. Several processes may do it at once.
pub(super) fn finish(sql: &mut Connection, mut progress: impl FnMut(i64, i64)) -> rusqlite::Result<i64> {
    let mut dictionary = Dictionary::default();
    let mut moved = 0;
    let mut left = None;
    loop {
        let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !is_unfinished(&change)? {
            return Ok(moved); // another process was first
        }
        let left = match left {
            Some(left) => left,
            None => *left.insert(change.query_row("SELECT count(*) FROM entry_before", [], |row| row.get(0))?),
        };
        let step = step(&change, &mut dictionary)?;
        if step == 0 {
            change.execute_batch(include_str!("repacked.sql"))?;
            change.commit()?;
            return Ok(moved);
        }
        change.commit()?;
        moved += step;
        progress(moved, left);
    }
}

/// Moves some entries, the oldest first, and returns how many.
fn step(sql: &Connection, dictionary: &mut Dictionary) -> rusqlite::Result<i64> {
    let mut find = sql.prepare_cached(
        "SELECT key, severity, severity_text, category, action, module, actor, utc_offset, summary, message, store, id, time, \
         nanos, observed, subject_id, extra, arrived FROM entry_before ORDER BY key LIMIT ?1",
    )?;
    let mut rows = find.query([STEP])?;
    let (mut moved, mut last) = (0, None);
    while let Some(row) = rows.next()? {
        put(sql, dictionary, row)?;
        last = Some(row.get::<_, i64>(0)?);
        moved += 1;
    }
    drop(rows);
    if let Some(last) = last {
        sql.prepare_cached("DELETE FROM entry_before WHERE key <= ?1")?.execute([last])?;
    }
    Ok(moved)
}

fn put(sql: &Connection, dictionary: &mut Dictionary, row: &Row<'_>) -> rusqlite::Result<()> {
    let text = |column| row::text(row, column);
    let attributes = dictionary.attributes(sql, &Attributes::read(row, 1)?)?;
    let texts = dictionary.texts(sql, text(8)?, text(9)?)?;
    let entry = PackedEntry {
        key: row.get(0)?,
        store: row.get(10)?,
        id: match row.get_ref(11)? {
            ValueRef::Integer(number) => Id::Number(number),
            other => Id::Text(other.as_str()?),
        },
        time: row.get(12)?,
        nanos: row.get(13)?,
        observed: row.get(14)?,
        attributes,
        subject_id: text(15)?,
        texts,
        extra: text(16)?,
        arrived: row.get(17)?,
    };
    // Two rows of one place there cannot be.
    if entry.insert(sql)? { Ok(()) } else { Err(row::unreadable("two entries of one id")) }
}
