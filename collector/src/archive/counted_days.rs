//! The days that have counts, and a mark of each that is another one whenever its counts have changed.
//!
//! An export compares a mark for each day of a platform with what it has written, and need not read all counts to find those
//! that have changed. Whatever writes counts by hour has to [`mark`] their days.

use std::collections::BTreeSet;

use rusqlite::{Connection, params};

use super::{Archive, StoreId};
use crate::error::Result;

/// Hours of a day.
pub(super) const HOURS: i64 = 24;

/// A day of a platform that has counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedDay {
    /// The platform's name.
    pub platform: String,
    /// The day, counted from 1970 in UTC.
    pub day: i64,
    /// A number that is another one when the counts of this day are.
    pub mark: i64,
}

/// Gives the days of these hours of a store new marks.
pub(super) fn mark(sql: &Connection, store: StoreId, hours: impl IntoIterator<Item = i64>) -> rusqlite::Result<()> {
    let mut mark = sql.prepare_cached(
        "INSERT INTO counted_day (platform, day, mark) SELECT platform, ?2, random() FROM store WHERE id = ?1 \
         ON CONFLICT DO UPDATE SET mark = excluded.mark",
    )?;
    days(hours).into_iter().try_for_each(|day| mark.execute([store.0, day]).map(drop))
}

/// Takes those days of these hours of a store away that have no counts any more.
pub(super) fn remove_empty(
    sql: &Connection,
    store: StoreId,
    hours: impl IntoIterator<Item = i64>,
) -> rusqlite::Result<()> {
    let mut remove = sql.prepare_cached(
        "DELETE FROM counted_day WHERE platform = (SELECT platform FROM store WHERE id = ?1) AND day = ?2 \
         AND NOT EXISTS (SELECT 1 FROM hour WHERE store = ?1 AND hour >= ?3 AND hour < ?4) \
         AND NOT EXISTS (SELECT 1 FROM store CROSS JOIN hour ON hour.store = store.id AND hour.hour >= ?3 AND hour.hour < ?4 \
         WHERE store.platform = counted_day.platform)",
    )?;
    let gone = |day| remove.execute([store.0, day, day * HOURS, (day + 1) * HOURS]).map(drop);
    days(hours).into_iter().try_for_each(gone)
}

fn days(hours: impl IntoIterator<Item = i64>) -> BTreeSet<i64> {
    hours.into_iter().map(|hour| hour.div_euclid(HOURS)).collect()
}

impl Archive {
    /// The days that have counts, by platform, in their order.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn counted_days(&self) -> Result<Vec<CountedDay>> {
        self.rows("SELECT platform, day, mark FROM counted_day ORDER BY platform, day", [], |row| {
            Ok(CountedDay { platform: row.get(0)?, day: row.get(1)?, mark: row.get(2)? })
        })
    }

    /// Those of a platform in a range of days.
    pub(super) fn counted_days_of(&self, platform: &str, [first, end]: [i64; 2]) -> Result<Vec<CountedDay>> {
        let find = "SELECT day, mark FROM counted_day WHERE platform = ?1 AND day >= ?2 AND day < ?3 ORDER BY day";
        self.rows(find, params![platform, first, end], |row| {
            Ok(CountedDay { platform: platform.to_owned(), day: row.get(0)?, mark: row.get(1)? })
        })
    }
}
