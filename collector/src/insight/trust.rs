//! Judges how far a report can be trusted.

use std::cmp::Reverse;

use jiff::{SignedDuration, Timestamp};

use super::Context;
use super::model::{Comparison, ENOUGH, Lack, Trust, Trusted};
use super::statistics::as_number;
use crate::archive::{Archive, State, StoreId};
use crate::coverage::{Coverage, TimeRange};
use crate::error::Result;
use crate::retention::retention;
use crate::verdict::{Evidence, Judgement, MARGIN, RangeVerdict, Unread, Verdict};

/// The most gaps that are listed for a store.
const MOST_GAPS: usize = 20;

/// Whether enough of the period before is covered for a comparison with it.
pub(crate) fn comparable(
    archive: &Archive,
    stores: &[(StoreId, storelogs::Store)],
    previous: Option<TimeRange>,
) -> Result<bool> {
    let Some(previous) = previous else { return Ok(false) };
    let mut shares = 0.0;
    for (id, _) in stores {
        shares += share(&Evidence::of(archive, *id)?.coverage, previous);
    }
    Ok(!stores.is_empty() && shares / as_number(stores.len() as u64) >= ENOUGH)
}

/// Whether enough of the period itself is: half a period has half the entries of a whole one. The last minutes before now are
/// never read yet.
pub(super) fn is_read(
    archive: &Archive,
    stores: &[(StoreId, storelogs::Store)],
    period: TimeRange,
    now: Timestamp,
) -> Result<bool> {
    let settled = now.checked_sub(MARGIN).unwrap_or(now);
    match TimeRange::new(period.since, period.until.min(settled)) {
        Some(settled) => comparable(archive, stores, Some(settled)),
        None => Ok(true),
    }
}

/// The share of a time range that was read. Of what was pruned since, the counts are left; of what was pruned before it
/// was read, nothing is known.
fn share(read: &Coverage, range: TimeRange) -> f64 {
    let read: SignedDuration = read.within(range).map(|read| read.length()).sum();
    read.as_secs_f64() / range.length().as_secs_f64()
}

/// `entries` are those of each store in the period.
pub(super) fn trust(context: &Context<'_>, entries: &[u64]) -> Result<Trust> {
    let mut stores = Vec::new();
    for (number, (id, _)) in (0_u32..).zip(context.stores) {
        stores.push(trusted(context, number, *id, entries[number as usize])?);
    }
    let all = as_number(stores.len().max(1) as u64);
    let share = stores.iter().map(|store| store.share).sum::<f64>() / all;
    stores.sort_by_key(|store| (store.state == State::Active && store.complete, Reverse(store.entries)));
    let comparison = match context.period.previous {
        _ if context.comparable => Comparison::Made,
        None => Comparison::NotAsked,
        Some(_) => Comparison::NotRead,
    };
    Ok(Trust { stores, share, comparable: context.comparable, comparison })
}

/// What is lacking of the period. What was read lacks nothing, though it may not have been compared yet.
fn lacks(context: &Context<'_>, verdict: &Judgement, all_read_before_pruning: bool) -> Option<Lack> {
    let unread = |why| Verdict::Unread { why };
    let lacking: Vec<&RangeVerdict> =
        verdict.lacking().filter(|found| found.verdict != unread(Unread::NotAudited)).collect();
    match lacking[..] {
        [] if all_read_before_pruning => None,
        [end] if all_read_before_pruning && end.verdict == unread(Unread::Behind) => {
            Some(Lack::After(end.range.since, context.period.clock(end.range.since)))
        }
        _ => Some(Lack::Parts),
    }
}

fn trusted(context: &Context<'_>, number: u32, id: StoreId, entries: u64) -> Result<Trusted> {
    let (archive, store) = (context.archive, &context.stores[number as usize].1);
    let (status, progress) = (archive.status(id)?, archive.progress(id)?);
    let evidence = Evidence::of(archive, id)?;
    let present = evidence.present(context.now);
    // The future is no gap.
    let verdict = evidence.judge_range(context.period.whole(), store.platform(), present);
    let range = verdict.range;
    let share_of_read = if range.since < range.until { share(&evidence.coverage, range) } else { 0.0 };
    let mut pruned = verdict.findings.iter().filter(|found| found.verdict == Verdict::Pruned);
    let mut gaps: Vec<TimeRange> = pruned.clone().flat_map(|found| evidence.coverage.gaps(found.range)).collect();
    let mut summary = verdict.summary.clone();
    if !gaps.is_empty() && verdict.is_complete() {
        summary = format!("pruned before it was read; {summary}");
    }
    let complete = verdict.is_complete() && gaps.is_empty();
    let lacks = lacks(context, &verdict, gaps.is_empty());
    // What is pruned is the oldest of all.
    gaps.extend(verdict.lacking().map(|found| found.range));
    gaps.truncate(MOST_GAPS);
    let standing = evidence.judge(store.platform(), present);
    let (oldest, newest) = archive.span(id)?;
    let kept = retention(store.platform());
    Ok(Trusted {
        store: number,
        state: status.state,
        reason: status.reason,
        last_success: status.last_success,
        entries,
        query: context.query().store(store).text(),
        share: share_of_read,
        share_before: context.period.previous.map(|previous| share(&evidence.coverage, previous)),
        verdict: summary,
        complete,
        pruned_until: pruned.next_back().map(|found| found.range.until),
        standing: standing.summary.clone(),
        gaps,
        oldest,
        newest,
        late: archive.late(id)?,
        latest_seconds: progress.lateness.as_secs(),
        undecodable: archive.quarantined(id, context.period.whole())? + verdict.undated_quarantine,
        lacks,
        revised: archive.revised(id)?,
        retention_seconds: kept.as_secs(),
        headroom_seconds: standing.expires(store.platform()).map(|at| at.duration_since(present).as_secs()),
    })
}
