//! The counts by hour, row by row, for exports.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::ops::ControlFlow;

use rusqlite::params;

use super::counted_days::HOURS;
use super::rollup::Known;
use super::unpacking::place;
use super::{Archive, CountedDay, row};
use crate::error::Result;

/// How many entries of a kind a store has in an hour.
#[derive(Clone, Copy, Debug)]
pub struct HourCount<'a> {
    /// The store's name on its platform.
    pub store: &'a str,
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
    /// Every count of a platform's stores in a range of days, by the store's name and the hour, until `each` breaks off. Returns
    /// the days of them that have counts, with the marks that these counts have: both are of one moment, so that no mark is
    /// ever kept with counts of a later one.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn each_hour(
        &self,
        platform: &str,
        [first, end]: [i64; 2],
        mut each: impl FnMut(&HourCount<'_>) -> ControlFlow<()>,
    ) -> Result<Vec<CountedDay>> {
        let fault = |error: rusqlite::Error| self.fault(error);
        let _moment = self.view()?;
        let days = self.counted_days_of(platform, [first, end])?;
        let hours = [first, end].map(|day| day.saturating_mul(HOURS));
        // A kind is looked up once: a join would do that for each count, which is a third of the time.
        let mut find_kind =
            self.prepared("SELECT severity, category, module, action, actor, shape FROM kind WHERE id = ?1")?;
        let mut kinds: HashMap<i64, Known> = HashMap::new();
        let mut find = self.prepared(
            "SELECT store.name, hour.hour, hour.kind, hour.entries FROM store CROSS JOIN hour \
             WHERE store.platform = ?1 AND hour.store = store.id AND hour.hour >= ?2 AND hour.hour < ?3 \
             ORDER BY store.name, hour.hour, hour.kind",
        )?;
        let mut rows = find.query(params![platform, hours[0], hours[1]]).map_err(fault)?;
        while let Some(row) = rows.next().map_err(fault)? {
            let cell = |column| row.get::<_, i64>(column).map_err(fault);
            let [hour, kind, entries] = [cell(1)?, cell(2)?, cell(3)?];
            let kind = match place(&mut kinds, kind) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(place) => place.insert(find_kind.query_row([kind], Known::read).map_err(fault)?),
            };
            let count = HourCount {
                store: row::text(row, 0).map_err(fault)?.unwrap_or_default(),
                hour,
                severity: kind.severity.into(),
                category: kind.category.as_deref(),
                module: kind.module.as_deref(),
                action: kind.action.as_deref(),
                actor: kind.actor.as_deref(),
                template: kind.shape.as_deref(),
                entries,
            };
            if each(&count).is_break() {
                break;
            }
        }
        Ok(days)
    }
}
