//! Sums of the hourly counts: how many entries of each kind there were.

use std::collections::HashMap;

use storelogs::Severity;

use super::text::Fact;
use super::{Archive, StoreId, row};
use crate::error::Result;

/// The fields that entries of one kind have in common.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind<'a> {
    pub(crate) id: i64,
    pub(crate) severity: Severity,
    pub(crate) category: Option<&'a str>,
    pub(crate) module: Option<&'a str>,
    pub(crate) action: Option<&'a str>,
    pub(crate) actor: Option<&'a str>,
    pub(crate) shape: Option<&'a str>,
}

/// The entries of one kind and store in one hour.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HourlyCount {
    /// The hour, since 1970.
    pub(crate) hour: i64,
    /// The id of the kind.
    pub(crate) kind: i64,
    pub(crate) entries: u64,
    /// The seconds of the hour of the first and the last of them.
    pub(crate) first: i64,
    pub(crate) last: i64,
}

impl Archive {
    /// Every kind of entries, in the order in which they were first seen.
    pub(crate) fn each_kind(&self, mut each: impl FnMut(&Kind<'_>)) -> Result<()> {
        let find = "SELECT id, severity, category, module, action, actor, shape FROM kind ORDER BY id";
        self.rows(find, [], |row| {
            let text = |column| row::text(row, column);
            each(&Kind {
                id: row.get(0)?,
                severity: row::severity(row.get(1)?),
                category: text(2)?,
                module: text(3)?,
                action: text(4)?,
                actor: text(5)?,
                shape: text(6)?,
            });
            Ok(())
        })?;
        Ok(())
    }

    /// The counts of a store up to an hour, hour by hour.
    pub(crate) fn each_hourly_count(
        &self,
        store: StoreId,
        until: i64,
        mut each: impl FnMut(&HourlyCount),
    ) -> Result<()> {
        let find =
            "SELECT hour, kind, entries, first, last FROM hour WHERE store = ?1 AND hour < ?2 ORDER BY hour, kind";
        self.rows(find, [store.0, until], |row| {
            each(&HourlyCount {
                hour: row.get(0)?,
                kind: row.get(1)?,
                entries: row.get::<_, i64>(2)?.unsigned_abs(),
                first: row.get(3)?,
                last: row.get(4)?,
            });
            Ok(())
        })?;
        Ok(())
    }

    /// How many entries of a store there were from one hour up to another.
    pub(crate) fn entries_in_hours(&self, store: StoreId, [first, end]: [i64; 2]) -> Result<u64> {
        let find = "SELECT coalesce(sum(entries), 0) FROM hour WHERE store = ?1 AND hour >= ?2 AND hour < ?3";
        let sums = self.rows(find, [store.0, first, end], |row| row.get::<_, i64>(0))?;
        Ok(sums.into_iter().map(i64::unsigned_abs).sum())
    }

    /// The first hour of which anything is held, of one store or of all.
    pub(crate) fn first_hour(&self, store: Option<StoreId>) -> Result<Option<i64>> {
        let hours = match store {
            Some(store) => self.rows("SELECT min(hour) FROM hour WHERE store = ?1", [store.0], |row| row.get(0))?,
            None => self.rows(
                "SELECT min((SELECT min(hour) FROM hour WHERE hour.store = store.id)) FROM store",
                [],
                |row| row.get::<_, Option<i64>>(0),
            )?,
        };
        Ok(hours.into_iter().flatten().next())
    }

    /// All values that a fact ever had. Subjects are not counted, and have none.
    pub(crate) fn values(&self, fact: Fact) -> Result<Vec<String>> {
        let column = match fact {
            Fact::Module | Fact::Category | Fact::Action | Fact::Actor => fact.name(),
            Fact::Subject => return Ok(Vec::new()),
        };
        self.rows(&format!("SELECT DISTINCT {column} FROM kind WHERE {column} IS NOT NULL"), [], |row| row.get(0))
    }

    /// The shapes of all problems: warnings, errors, and what is not understood.
    pub(crate) fn problem_shapes(&self) -> Result<Vec<String>> {
        self.rows("SELECT DISTINCT coalesce(shape, '') FROM kind WHERE severity IN (0, 13, 17)", [], |row| row.get(0))
    }

    /// The second at which each shape of a problem was first seen, in one store or in all.
    pub(crate) fn problem_shapes_first_seen(&self, store: Option<StoreId>) -> Result<HashMap<String, i64>> {
        let firsts = self.rows(
            "SELECT coalesce(kind.shape, ''), min(hour.hour * 3600 + hour.first) FROM hour JOIN kind ON kind.id = hour.kind \
             WHERE (?1 IS NULL OR hour.store = ?1) AND kind.severity IN (0, 13, 17) GROUP BY 1",
            [store.map(|store| store.0)],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )?;
        Ok(firsts.into_iter().collect())
    }
}
