//! Commits: entries and the state that they change, written in one transaction.

use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use storelogs::LogEntry;

use super::audit::{self, Audit, Claim, Comparison, Finding};
use super::coverage::{add_gap, cover, covered_around, fill_gaps, uncover};
use super::forgotten::{Guard, Hasher};
use super::packing::{Attributes, Dictionary, PackedEntry};
use super::prunings::prunings;
use super::quarantine::{quarantine, remains};
use super::rollup::{Counts, Kinds};
use super::row::{self, Id};
use super::{Archive, Gap, PlatformClock, Progress, Status, StoreId, Walk, derived, learned, origin, state};
use crate::coverage::TimeRange;
use crate::error::{Error, Result};
use crate::micros::Micros;

/// The changes of one store that are written together: all of them, or none.
#[derive(Debug, Default)]
pub struct Commit {
    /// Entries of the store, newest first. Entries that are already held change nothing.
    pub entries: Vec<LogEntry>,
    /// Records that could not be decoded, and when their neighbours in the list were written, if that is known.
    pub undecodable: Vec<(storelogs::Error, Option<RangeInclusive<Timestamp>>)>,
    /// The time range that the entries were read from. A late entry of it, or one found where the platform had counted,
    /// shows that its audit was wrong: the audit is taken back, unless this commit has another.
    pub reading: Option<TimeRange>,
    /// A time range that is now covered.
    pub covered: Option<TimeRange>,
    /// A time range that turned out not to be covered.
    pub uncovered: Option<TimeRange>,
    /// A time range that was compared with the platform.
    pub audit: Option<Comparison>,
    /// Entries that the platform was seen to have removed, and their times.
    pub gone: Vec<(String, Timestamp)>,
    /// Records in quarantine that the platform lists no longer, or lists so that they can be decoded: their raw texts.
    pub released: Vec<String>,
    /// The walk that is under way from now on; `Some(None)` if there is none any more.
    pub walk: Option<Option<Walk>>,
    /// Time ranges that could not be read. Each replaces the earlier gaps there.
    pub gaps: Vec<Gap>,
    /// The time before which the platform keeps nothing any more: gaps before it cannot be filled.
    pub expired: Option<Timestamp>,
    /// Recent time ranges that were read again, by their lengths, and when.
    pub rewalked: Vec<(SignedDuration, Timestamp)>,
    /// The store's state.
    pub status: Option<Status>,
    /// Knowledge about how the platform treats requests.
    pub learned: Option<storelogs::Learned>,
    /// The platform's clock.
    pub clock: Option<PlatformClock>,
    /// The origin of the API that this was read from.
    pub origin: Option<String>,
}

/// The result of a commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Committed {
    /// Entries that were not held before.
    pub new: u64,
    /// Of these, entries of time ranges that were covered already: they came late.
    pub late: u64,
    /// How long after its time the latest of these was first seen.
    pub lateness: SignedDuration,
    /// Entries that were held with other content, which became a revision.
    pub revised: u64,
    /// Entries that were held with the same content.
    pub repeated: u64,
    /// Entries that were left out, since they are older than the archive keeps them.
    pub pruned: u64,
    /// Entries and records that were left out, since they were forgotten.
    pub forgotten: u64,
    /// Records that could not be decoded and were not in quarantine before.
    pub quarantined: u64,
    /// Records that left quarantine, since they could be decoded now.
    pub released: u64,
    /// The finding of the commit's audit.
    pub found: Option<Finding>,
}

impl Committed {
    /// Adds the result of another commit.
    pub fn add(&mut self, other: Self) {
        self.new += other.new;
        self.late += other.late;
        self.lateness = self.lateness.max(other.lateness);
        self.revised += other.revised;
        self.repeated += other.repeated;
        self.pruned += other.pruned;
        self.forgotten += other.forgotten;
        self.quarantined += other.quarantined;
        self.released += other.released;
        self.found = other.found.or(self.found);
    }
}

impl Commit {
    /// The time range whose audit turned out to be wrong.
    fn voided_by(&self, done: &Committed) -> Option<TimeRange> {
        self.reading.filter(|_| done.late > 0 && self.audit.is_none())
    }
}

impl Archive {
    /// Writes the commits of any number of stores in one transaction.
    ///
    /// # Errors
    /// If the archive cannot be written. Then nothing is written.
    pub fn commit<'a>(&mut self, commits: impl IntoIterator<Item = (StoreId, &'a Commit)>) -> Result<Vec<Committed>> {
        let known = (&mut self.kinds, &mut self.dictionary);
        let committed = write_all(&mut self.sql, known, self.hasher.as_ref(), commits)
            .map_err(|error| Error::of(&self.path, error));
        if committed.is_err() {
            // They may belong to the transaction that was rolled back.
            self.kinds.forget();
            self.dictionary.forget();
        }
        committed
    }
}

fn write_all<'a>(
    sql: &mut Connection,
    (kinds, dictionary): (&mut Kinds, &mut Dictionary),
    hasher: Option<&Hasher>,
    commits: impl IntoIterator<Item = (StoreId, &'a Commit)>,
) -> rusqlite::Result<Vec<Committed>> {
    let change = sql.transaction_with_behavior(TransactionBehavior::Immediate)?;
    derived::settle(&change, kinds)?;
    dictionary.look(&change)?;
    let committed =
        commits.into_iter().map(|(store, commit)| write(&change, (kinds, dictionary), hasher, store, commit));
    let committed = committed.collect::<rusqlite::Result<_>>()?;
    change.commit()?;
    Ok(committed)
}

fn write(
    sql: &Connection,
    (kinds, dictionary): (&mut Kinds, &mut Dictionary),
    hasher: Option<&Hasher>,
    store: StoreId,
    commit: &Commit,
) -> rusqlite::Result<Committed> {
    let mut done = Committed::default();
    let forgotten = Guard::of(sql, store, hasher)?;
    if !commit.entries.is_empty() {
        let mut counts = Counts::new(sql, kinds, store);
        entries(sql, dictionary, store, forgotten.as_ref(), &commit.entries, &mut counts, &mut done)?;
        counts.keep()?;
    }
    let pruned = prunings(sql, store)?;
    for (error, near) in &commit.undecodable {
        let time = remains(error).1.or_else(|| near.as_ref().map(|near| *near.end()));
        if time.is_some_and(|time| pruned.whole().is_some_and(|until| time < until)) {
            continue;
        }
        if let Some(forgotten) = &forgotten
            && forgotten.has_record(error.raw().unwrap_or_default())?
        {
            done.forgotten += 1;
            continue;
        }
        done.quarantined += quarantine(sql, store, error, near.as_ref())?;
    }
    if let Some(range) = commit.voided_by(&done) {
        audit::void(sql, store, range)?;
    }
    if let Some(range) = commit.uncovered {
        uncover(sql, store, range)?;
        audit::void(sql, store, range)?;
    }
    for gap in &commit.gaps {
        fill_gaps(sql, store, gap.range)?; // the newer gap replaces the older one
        add_gap(sql, store, gap)?;
    }
    if let Some(range) = commit.covered {
        cover(sql, store, range)?;
        fill_gaps(sql, store, range)?;
    }
    for raw in &commit.released {
        let released = sql
            .prepare_cached("DELETE FROM quarantine WHERE store = ?1 AND raw = ?2")?
            .execute(params![store.0, raw])?;
        done.released += released as u64;
    }
    for (id, time) in &commit.gone {
        sql.prepare_cached("INSERT OR REPLACE INTO gone (store, id, time, seen) VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![store.0, Id::of(id), Micros::of(*time), Micros::of(Timestamp::now())])?;
    }
    if let Some(Comparison { range, claim, at }) = commit.audit {
        let finding = match claim {
            Claim::Known(finding) => finding,
            Claim::Proof(storelogs::Proof::Counted) => Finding::Counted,
            Claim::Proof(storelogs::Proof::EndOfList) => Finding::NotCountable,
            Claim::Count(counted) => audit::compared(sql, store, range, counted)?,
        };
        audit::keep(sql, store, Audit { range, finding, at })?;
        done.found = Some(finding);
    }
    match &commit.walk {
        None => {}
        Some(None) => {
            sql.prepare_cached("DELETE FROM walk WHERE store = ?1")?.execute([store.0])?;
        }
        Some(Some(walk)) => {
            let cursor = serde_json::to_string(&walk.cursor).map_err(|_| row::unreadable("a cursor"))?;
            sql.prepare_cached("INSERT OR REPLACE INTO walk (store, since, until, cursor) VALUES (?1, ?2, ?3, ?4)")?
                .execute(params![store.0, Micros::of(walk.range.since), Micros::of(walk.range.until), cursor])?;
        }
    }
    if let Some(expired) = commit.expired.and_then(everything_before) {
        fill_gaps(sql, store, expired)?;
    }
    for (tier, at) in &commit.rewalked {
        sql.prepare_cached("INSERT OR REPLACE INTO rewalk (store, tier, done) VALUES (?1, ?2, ?3)")?
            .execute(params![store.0, tier.as_secs(), Micros::of(*at)])?;
    }
    if let Some(status) = &commit.status {
        state::keep(sql, store, status)?;
    }
    if let Some(learned) = &commit.learned {
        learned::keep(sql, store, learned)?;
    }
    if let Some(clock) = commit.clock {
        learned::keep_clock(sql, store, clock)?;
    }
    if let Some(origin) = &commit.origin {
        origin::keep(sql, store, origin)?;
    }
    Ok(done)
}

fn entries(
    sql: &Connection,
    dictionary: &mut Dictionary,
    store: StoreId,
    forgotten: Option<&Guard<'_>>,
    entries: &[LogEntry],
    counts: &mut Counts<'_>,
    done: &mut Committed,
) -> rusqlite::Result<()> {
    let covered = covered_around(sql, store, entries)?;
    let pruned = prunings(sql, store)?;
    let (gone, quarantined) = (has_any(sql, "gone", store)?, has_any(sql, "quarantine", store)?);
    // Oldest first, so that rows are inserted in the order of their keys.
    for entry in entries.iter().rev() {
        if pruned.has(entry.time, entry.severity) {
            done.pruned += 1;
            continue;
        }
        if let Some(forgotten) = forgotten
            && forgotten.has_entry(&entry.uid)?
        {
            done.forgotten += 1;
            continue;
        }
        if gone {
            sql.prepare_cached("DELETE FROM gone WHERE store = ?1 AND id = ?2")?
                .execute(params![store.0, Id::of(&entry.id)])?;
        }
        if quarantined {
            let released = sql
                .prepare_cached("DELETE FROM quarantine WHERE store = ?1 AND record = ?2")?
                .execute(params![store.0, entry.id])?;
            done.released += released as u64;
        }
        match put(sql, dictionary, store, entry, counts)? {
            Fate::Repeated => done.repeated += 1,
            Fate::Revised => done.revised += 1,
            Fate::New => {
                done.new += 1;
                if covered.iter().any(|range| range.contains(entry.time)) {
                    let lateness = entry.observed.duration_since(entry.time);
                    done.late += 1;
                    done.lateness = done.lateness.max(lateness);
                    count_lateness(sql, store, lateness)?;
                }
            }
        }
    }
    Ok(())
}

fn has_any(sql: &Connection, table: &str, store: StoreId) -> rusqlite::Result<bool> {
    sql.prepare_cached(&format!("SELECT EXISTS (SELECT 1 FROM {table} WHERE store = ?1)"))?
        .query_row([store.0], |row| row.get(0))
}

enum Fate {
    New,
    Revised,
    Repeated,
}

fn put(
    sql: &Connection,
    dictionary: &mut Dictionary,
    store: StoreId,
    entry: &LogEntry,
    counts: &mut Counts<'_>,
) -> rusqlite::Result<Fate> {
    let id = Id::of(&entry.id);
    let mut taken = 0;
    let key = row::key(entry.time, store, id, taken);
    let mut fate = Fate::New;
    let mut arrived = next_arrival(sql)?;
    let extra = (!entry.extra.is_empty()).then(|| serde_json::to_string(&entry.extra));
    let extra = extra.transpose().map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    let mut packed = PackedEntry {
        key,
        store: store.0,
        id,
        time: Micros::of(entry.time).0,
        nanos: row::nanos(entry.time),
        observed: Micros::of(entry.observed).0,
        attributes: dictionary.attributes(sql, &Attributes::of(entry))?,
        subject_id: entry.subject_id.as_deref(),
        texts: dictionary.texts(sql, entry.summary.as_deref(), entry.message.as_deref())?,
        extra: extra.as_deref(),
        arrived: Some(arrived),
    };
    while !packed.insert(sql)? {
        let mut find = sql.prepare_cached(row::SELECT_BY_ID)?;
        let held = find
            .query_row(params![store.0, id], |row| Ok((row::entry(row)?, row.get::<_, i64>(row::KEY_COLUMN)?)))
            .optional()?;
        match held {
            None => {
                taken += 1; // another entry of this second has that key
                packed.key = row::key(entry.time, store, id, taken);
            }
            Some((held, _)) if says_the_same(&held, entry) => return Ok(Fate::Repeated),
            Some((held, at)) => {
                retire(sql, store, id, at, &held, entry.observed)?;
                counts.recount(held.time);
                fate = Fate::Revised;
                arrived = next_arrival(sql)?; // the removal has a number, too
                packed.arrived = Some(arrived);
            }
        }
    }
    sql.prepare_cached("INSERT INTO arrival (seq, key) VALUES (?1, ?2)")?.execute([arrived, packed.key])?;
    counts.add(entry)?;
    Ok(fate)
}

/// The number of the next arrival.
pub(super) fn next_arrival(sql: &Connection) -> rusqlite::Result<i64> {
    sql.prepare_cached("SELECT coalesce(max(seq), 0) + 1 FROM arrival")?.query_row([], |row| row.get(0))
}

/// Whether two revisions of one entry differ only in when they were seen.
fn says_the_same(held: &LogEntry, entry: &LogEntry) -> bool {
    held.time == entry.time
        && held.utc_offset == entry.utc_offset
        && held.severity == entry.severity
        && held.severity_text == entry.severity_text
        && held.category == entry.category
        && held.action == entry.action
        && held.module == entry.module
        && held.actor == entry.actor
        && held.subject_id == entry.subject_id
        && held.summary == entry.summary
        && held.message == entry.message
        && held.extra == entry.extra
}

/// Makes the form that an entry had a revision.
fn retire(
    sql: &Connection,
    store: StoreId,
    id: Id<'_>,
    key: i64,
    held: &LogEntry,
    at: Timestamp,
) -> rusqlite::Result<()> {
    let json = serde_json::to_string(held).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    sql.prepare_cached(
        "INSERT INTO revision (store, entry_id, replaced, entry, arrived) \
         VALUES (?1, ?2, ?3, ?4, (SELECT arrived FROM packed_entry WHERE key = ?5))",
    )?
    .execute(params![store.0, id, Micros::of(at), json, key])?;
    sql.prepare_cached("DELETE FROM packed_entry WHERE key = ?1")?.execute([key])?;
    // We deleted it ourselves, and the counts are already right.
    sql.prepare_cached("DELETE FROM deleted WHERE key = ?1")?.execute([key])?;
    Ok(())
}

fn count_lateness(sql: &Connection, store: StoreId, lateness: SignedDuration) -> rusqlite::Result<()> {
    let bucket = bucket(lateness);
    sql.prepare_cached(
        "INSERT INTO lateness (store, bucket, entries) VALUES (?1, ?2, 1) \
         ON CONFLICT DO UPDATE SET entries = entries + 1",
    )?
    .execute(params![store.0, bucket])?;
    Ok(())
}

/// The smallest power of two, in seconds, that is at least as long.
fn bucket(lateness: SignedDuration) -> u32 {
    u64::BITS - (lateness.as_secs().max(1).unsigned_abs() - 1).leading_zeros()
}

fn everything_before(time: Timestamp) -> Option<TimeRange> {
    TimeRange::new(Timestamp::MIN, time)
}

impl Progress {
    /// Applies a commit, so that a copy in memory need not be read again.
    pub(crate) fn apply(&mut self, commit: &Commit, done: &Committed) {
        if let Some(range) = commit.voided_by(done) {
            self.audits.void(range);
        }
        if let Some(range) = commit.uncovered {
            self.coverage.remove(range);
            self.audits.void(range);
        }
        for gap in &commit.gaps {
            self.fill_gaps(gap.range);
            self.gaps.push(gap.clone());
        }
        if let Some(range) = commit.covered {
            self.coverage.add(range);
            self.fill_gaps(range);
        }
        if let (Some(Comparison { range, at, .. }), Some(finding)) = (commit.audit, done.found) {
            self.audits.set(Audit { range, finding, at });
        }
        if commit.learned.as_ref().is_some_and(|learned| learned.counts == Some(false)) {
            self.audits.distrust();
        }
        if let Some(walk) = &commit.walk {
            self.walk.clone_from(walk);
        }
        if let Some(expired) = commit.expired.and_then(everything_before) {
            self.fill_gaps(expired);
        }
        self.gaps.sort_by_key(|gap| gap.range.since);
        self.rewalked.extend(commit.rewalked.iter().copied());
        if done.late > 0 {
            let lateness = SignedDuration::from_secs(1 << bucket(done.lateness).min(40));
            self.lateness = self.lateness.max(lateness);
        }
    }

    fn fill_gaps(&mut self, range: TimeRange) {
        self.gaps = self.gaps.iter().flat_map(|gap| gap.without(range)).collect();
    }
}

#[cfg(test)]
#[path = "commit_tests.rs"]
mod tests;
