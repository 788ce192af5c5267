//! Audits: the results of comparing time ranges with the platform, on which verdicts rest.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, Row, params};
use serde::Serialize;
use storelogs::Proof;

use super::{StoreId, row};
use crate::coverage::{Coverage, TimeRange};
use crate::micros::Micros;

/// The result of comparing a time range with the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Finding {
    /// The platform counts as many entries as it lists, and each of these is held.
    Counted,
    /// The platform does not count, or its counts contradict its lists. The list was read to its end.
    NotCountable,
    /// The platform counts more.
    Short {
        /// How many more.
        entries: u64,
    },
    /// The platform counts fewer, and does not list the others for certain.
    Over {
        /// How many fewer.
        entries: u64,
    },
}

/// A time range that was compared with the platform.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Audit {
    /// The time range.
    #[serde(flatten)]
    pub range: TimeRange,
    /// The result of the comparison.
    #[serde(flatten)]
    pub finding: Finding,
    /// When that was.
    pub at: Timestamp,
}

/// A comparison that is written with a commit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Comparison {
    /// The time range.
    pub range: TimeRange,
    /// The evidence that it rests on.
    pub claim: Claim,
    /// When it was made.
    pub at: Timestamp,
}

/// The evidence that an audit rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Claim {
    /// The end of a walk that began with the time range.
    Proof(Proof),
    /// The platform's count, which is compared with what the archive holds when this is written.
    Count(Option<u64>),
    /// A comparison that was made already.
    Known(Finding),
}

/// The audits of one store. Their time ranges do not overlap.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Audits(BTreeMap<Timestamp, Audit>);

impl Audits {
    /// Takes note of an audit in place of what was known of its time range.
    pub fn set(&mut self, mut audit: Audit) {
        self.void(audit.range);
        let before = self.0.range(..audit.range.since).next_back().map(|(_, before)| *before);
        if let Some(before) = before.filter(|before| before.joins(&audit) && before.range.until == audit.range.since) {
            self.0.remove(&before.range.since);
            audit = Audit {
                range: TimeRange { since: before.range.since, ..audit.range },
                at: before.at.min(audit.at),
                ..audit
            };
        }
        let behind = self.0.get(&audit.range.until).copied();
        if let Some(behind) = behind.filter(|behind| audit.joins(behind)) {
            self.0.remove(&behind.range.since);
            audit = Audit {
                range: TimeRange { until: behind.range.until, ..audit.range },
                at: behind.at.min(audit.at),
                ..audit
            };
        }
        self.0.insert(audit.range.since, audit);
    }

    /// Discards everything that is known of this time range.
    pub fn void(&mut self, range: TimeRange) {
        let touched: Vec<Audit> = self
            .0
            .range(..range.until)
            .map(|(_, audit)| *audit)
            .rev()
            .take_while(|audit| audit.range.until > range.since)
            .collect();
        for audit in touched {
            self.0.remove(&audit.range.since);
            let before = TimeRange::new(audit.range.since, range.since.min(audit.range.until));
            let behind = TimeRange::new(range.until.max(audit.range.since), audit.range.until);
            for rest in before.into_iter().chain(behind) {
                self.0.insert(rest.since, Audit { range: rest, ..audit });
            }
        }
    }

    /// The platform's counts are wrong: where they agreed with what was held, they did so by chance.
    pub(crate) fn distrust(&mut self) {
        let not_countable = |audit: Audit| match audit.finding {
            Finding::Counted => Audit { finding: Finding::NotCountable, ..audit },
            _ => audit,
        };
        *self = self.iter().map(not_countable).collect();
    }

    /// All of them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Audit> + '_ {
        self.0.values().copied()
    }

    /// The audited parts of a time range, oldest first.
    pub fn within(&self, range: TimeRange) -> impl Iterator<Item = Audit> + '_ {
        let before = self.0.range(..range.since).next_back();
        let inside = self.0.range(range.since..range.until);
        before
            .into_iter()
            .chain(inside)
            .filter_map(move |(_, audit)| Some(Audit { range: audit.range.overlap(range)?, ..*audit }))
    }

    /// The parts of a time range that are covered and not audited, oldest first, in whole seconds: platforms count no
    /// smaller units.
    pub fn lacking(&self, coverage: &Coverage, range: TimeRange) -> Vec<TimeRange> {
        let audited: Coverage = self.within(range).map(|audit| audit.range).collect();
        let mut lacking = Vec::new();
        for covered in coverage.within(range) {
            for gap in audited.gaps(covered) {
                let whole = gap.seconds_around().and_then(|around| around.overlap(covered));
                lacking.extend(whole.and_then(|whole| whole.whole_seconds()));
            }
        }
        lacking
    }
}

impl FromIterator<Audit> for Audits {
    fn from_iter<I: IntoIterator<Item = Audit>>(audits: I) -> Self {
        let mut all = Self::default();
        audits.into_iter().for_each(|audit| all.set(audit));
        all
    }
}

impl Audit {
    /// Whether it says the same as its neighbour. How many are missing is known of each range by itself.
    fn joins(&self, other: &Self) -> bool {
        self.finding == other.finding && matches!(self.finding, Finding::Counted | Finding::NotCountable)
    }
}

impl Finding {
    fn parts(self) -> (&'static str, u64) {
        match self {
            Self::Counted => ("counted", 0),
            Self::NotCountable => ("not_countable", 0),
            Self::Short { entries } => ("short", entries),
            Self::Over { entries } => ("over", entries),
        }
    }

    fn of(name: &str, entries: u64) -> Option<Self> {
        Some(match name {
            "counted" => Self::Counted,
            "not_countable" => Self::NotCountable,
            "short" => Self::Short { entries },
            "over" => Self::Over { entries },
            _ => return None,
        })
    }

    /// The finding of a platform's count against the number of entries held.
    pub fn of_count(counted: Option<u64>, held: u64) -> Self {
        match counted {
            None => Self::NotCountable,
            Some(counted) if counted > held => Self::Short { entries: counted - held },
            Some(counted) if counted < held => Self::Over { entries: held - counted },
            Some(_) => Self::Counted,
        }
    }
}

/// The audit in the columns since, until, finding, entries and at, from this one on.
pub(crate) fn read(row: &Row<'_>, from: usize) -> rusqlite::Result<Audit> {
    let range = TimeRange::new(row.get::<_, Micros>(from)?.time(), row.get::<_, Micros>(from + 1)?.time());
    let range = range.ok_or_else(|| row::unreadable("an empty time range"))?;
    let entries = row.get::<_, i64>(from + 3)?.unsigned_abs();
    let finding = Finding::of(row.get_ref(from + 2)?.as_str()?, entries);
    let finding = finding.ok_or_else(|| row::unreadable("a finding"))?;
    Ok(Audit { range, finding, at: row.get::<_, Micros>(from + 4)?.time() })
}

/// Makes of the audits in the archive that touch a time range what `change` makes of them. Part of a commit.
fn rewrite(
    sql: &Connection,
    store: StoreId,
    range: TimeRange,
    change: impl FnOnce(&mut Audits),
) -> rusqlite::Result<()> {
    let (since, until) = (Micros::of(range.since), Micros::of(range.until));
    let mut find = sql.prepare_cached(
        "SELECT since, until, finding, entries, at FROM audit WHERE store = ?1 AND since <= ?3 AND until >= ?2",
    )?;
    let found = find.query_map(params![store.0, since, until], |row| read(row, 0))?;
    let mut audits: Audits = found.collect::<rusqlite::Result<_>>()?;
    sql.prepare_cached("DELETE FROM audit WHERE store = ?1 AND since <= ?3 AND until >= ?2")?
        .execute(params![store.0, since, until])?;
    change(&mut audits);
    let mut add = sql.prepare_cached(
        "INSERT INTO audit (store, since, until, finding, entries, at) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for Audit { range, finding, at } in audits.iter() {
        let (name, entries) = finding.parts();
        add.execute(params![
            store.0,
            Micros::of(range.since),
            Micros::of(range.until),
            name,
            entries.cast_signed(),
            Micros::of(at)
        ])?;
    }
    Ok(())
}

pub(super) fn keep(sql: &Connection, store: StoreId, audit: Audit) -> rusqlite::Result<()> {
    rewrite(sql, store, audit.range, |audits| audits.set(audit))
}

pub(super) fn void(sql: &Connection, store: StoreId, range: TimeRange) -> rusqlite::Result<()> {
    rewrite(sql, store, range, |audits| audits.void(range))
}

/// The same as [`Audits::distrust`].
pub(super) fn distrust(sql: &Connection, store: StoreId) -> rusqlite::Result<()> {
    let (counted, _) = Finding::Counted.parts();
    let (not_countable, _) = Finding::NotCountable.parts();
    sql.prepare_cached("UPDATE audit SET finding = ?3 WHERE store = ?1 AND finding = ?2")?
        .execute(params![store.0, counted, not_countable])
        .map(drop)
}

/// How many entries of a time range the platform should count: those that are held, in quarantine too, and those that were
/// forgotten, less those that it has removed.
pub(super) fn held(sql: &Connection, store: StoreId, range: TimeRange) -> rusqlite::Result<u64> {
    let mut count = sql.prepare_cached(
        "SELECT (SELECT count(*) FROM entry WHERE store = ?1 AND time >= ?2 AND time < ?3) \
              + (SELECT count(*) FROM quarantine WHERE store = ?1 AND coalesce(time, near) >= ?2 AND coalesce(time, near) < ?3) \
              + (SELECT count(*) FROM forgotten WHERE store = ?1 AND time >= ?2 AND time < ?3 AND NOT redacted) \
              - (SELECT count(*) FROM gone WHERE store = ?1 AND time >= ?2 AND time < ?3)",
    )?;
    let bounds = params![store.0, Micros::of(range.since), Micros::of(range.until)];
    count.query_row(bounds, |row| row.get::<_, i64>(0)).map(|held| held.max(0).unsigned_abs())
}

/// The finding of an audit, from a platform's count of a time range. Where a record in quarantine may have been written
/// within or beside the range, nobody knows how many there should be.
pub(super) fn compared(
    sql: &Connection,
    store: StoreId,
    range: TimeRange,
    counted: Option<u64>,
) -> rusqlite::Result<Finding> {
    let finding = Finding::of_count(counted, held(sql, store, range)?);
    if finding != Finding::Counted {
        return Ok(finding);
    }
    let mut astride = sql.prepare_cached(
        "SELECT EXISTS (SELECT 1 FROM quarantine WHERE store = ?1 AND time IS NULL \
         AND (near_since < ?2 AND near >= ?2 OR near_since < ?3 AND near >= ?3))",
    )?;
    let bounds = params![store.0, Micros::of(range.since), Micros::of(range.until)];
    let astride: bool = astride.query_row(bounds, |row| row.get(0))?;
    Ok(if astride { Finding::NotCountable } else { finding })
}
