//! The counts by hour, row by row, for exports.

use std::ops::ControlFlow;

use rusqlite::params;

use super::{Archive, StoreId, row};
use crate::error::Result;

/// How many entries of a kind a store has in an hour.
#[derive(Clone, Copy, Debug)]
pub struct HourCount<'a> {
    /// The archive's number of the store.
    pub store: StoreId,
    /// The hour, counted from 1970 in UTC.
    pub hour: i64,
    /// OpenTelemetry's SeverityNumber.
    pub severity: i32,
    /// The kind of subject.
    pub category: Option<&'a str>,
    /// The part of the shop that logged them.
    pub module: Option<&'a str>,
    /// The action.
    pub action: Option<&'a str>,
    /// Who did it.
    pub actor: Option<&'a str>,
    /// The template of the summary, for warnings, errors and entries of unknown severity.
    pub template: Option<&'a str>,
    /// How many.
    pub entries: i64,
}

impl Archive {
    /// Every count of a platform's stores in a range of hours, by the store's name and the hour, until `each` breaks off.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn each_hour(
        &self,
        platform: &str,
        [first, end]: [i64; 2],
        mut each: impl FnMut(&HourCount<'_>) -> ControlFlow<()>,
    ) -> Result<()> {
        let fault = |error: rusqlite::Error| self.fault(error);
        let mut find = self.prepared(
            "SELECT hour.store, hour.hour, kind.severity, kind.category, kind.module, kind.action, kind.actor, \
             kind.shape, hour.entries FROM store CROSS JOIN hour CROSS JOIN kind \
             WHERE store.platform = ?1 AND hour.store = store.id AND hour.hour >= ?2 AND hour.hour < ?3 \
             AND kind.id = hour.kind ORDER BY store.name, hour.hour, hour.kind",
        )?;
        let mut rows = find.query(params![platform, first, end]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let text = |column| row::text(row, column);
            let count = || -> rusqlite::Result<HourCount<'_>> {
                Ok(HourCount {
                    store: StoreId(row.get(0)?),
                    hour: row.get(1)?,
                    severity: row.get(2)?,
                    category: text(3)?,
                    module: text(4)?,
                    action: text(5)?,
                    actor: text(6)?,
                    template: text(7)?,
                    entries: row.get(8)?,
                })
            };
            if each(&count().map_err(fault)?).is_break() {
                break;
            }
        }
        Ok(())
    }

    /// Calls `each` with a fingerprint of every store and hour that has counts: a number that changes when the counts
    /// do.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn each_hour_print(&self, mut each: impl FnMut(StoreId, i64, u64)) -> Result<()> {
        let fault = |error: rusqlite::Error| self.fault(error);
        let mut find = self.prepared("SELECT store, hour, kind, entries FROM hour")?;
        let mut rows = find.query([]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let cell = |column| row.get::<_, i64>(column).map_err(fault);
            let [store, hour, kind, entries] = [cell(0)?, cell(1)?, cell(2)?, cell(3)?];
            each(StoreId(store), hour, print([store, hour, kind, entries]));
        }
        Ok(())
    }
}

/// FNV-1a over the numbers, then mixed: sums of such prints differ when a count does.
fn print(numbers: [i64; 4]) -> u64 {
    let hashed = numbers.into_iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, number| {
        number
            .to_le_bytes()
            .into_iter()
            .fold(hash, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
    });
    (hashed ^ (hashed >> 31)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}
