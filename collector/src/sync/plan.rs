//! The plan of a store: what to read of it next.
//!
//! It is worked out anew each time, from what is covered and from the clock: missing time ranges are read, those that
//! expire soonest first. So a plan cannot go stale, and a walk that stops at any point leaves behind only a missing
//! time range.

mod look;
mod news;

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};
use storelogs::{Cursor, Platform};

use super::policy::{self, FIRST_SLICE, LARGE_SLICE, NEWS, OVERLAP, REACH, SHORTEST_GAP, SHORTEST_SLICE, SMALL_SLICE};
use crate::archive::{Audit, Finding, Gap, Progress};
use crate::coverage::TimeRange;
use crate::retention::{longest_count, retention};
use crate::verdict::EXPIRING;

/// One piece of work.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Job {
    /// The first look at a store of which nothing was read: everything that it keeps, up to [`policy::LOOK`] entries.
    Look(TimeRange),
    /// New entries, up to now.
    News(TimeRange),
    /// A slice of what is missing, from the beginning or from where a walk through it has come.
    Slice(TimeRange, Option<Cursor>),
    /// Something that failed before.
    Fill(TimeRange),
    /// Something that was read: compare it with the platform's count.
    Audit(TimeRange),
    /// Something that is covered, for entries that came late or were changed.
    Again(TimeRange, Option<Cursor>),
}

impl Job {
    pub(crate) fn range(&self) -> TimeRange {
        match self {
            Self::Look(range)
            | Self::News(range)
            | Self::Slice(range, _)
            | Self::Fill(range)
            | Self::Audit(range)
            | Self::Again(range, _) => *range,
        }
    }

    pub(crate) fn cursor(&self) -> Option<&Cursor> {
        match self {
            Self::Slice(_, cursor) | Self::Again(_, cursor) => cursor.as_ref(),
            Self::Look(_) | Self::News(_) | Self::Fill(_) | Self::Audit(_) => None,
        }
    }
}

/// A time range that could not be read, while it is not known whether that is its own fault or the store's.
#[derive(Clone, Debug)]
struct Suspect {
    range: TimeRange,
    reason: String,
    /// It was tried on its own, and is too short to be cut.
    hopeless: bool,
}

/// A re-reading of what is covered.
#[derive(Clone, Debug)]
struct Rereading {
    tier: SignedDuration,
    begun: Timestamp,
    /// The time ranges that are still to be read, oldest first.
    rest: Vec<TimeRange>,
    /// The time up to which the newest of them was read.
    cursor: Option<Cursor>,
}

/// The plan of one store: everything that its next piece of work is chosen by.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) progress: Progress,
    /// How long the platform keeps entries.
    pub(crate) retention: SignedDuration,
    /// How much the platform counts at once.
    longest_count: SignedDuration,
    /// Gaps wait for their time. In a run that ends, each is tried once instead, whatever its time.
    patient: bool,
    /// How long the next slice is.
    slice: SignedDuration,
    /// The platform does not obey time ranges: each reading leads through its whole list, however short its range is.
    lists_everything: bool,
    /// How far back a reading may begin and still be one request.
    reach: SignedDuration,
    /// The second of the newest entry that the platform has listed, and whether it has more of them than a page is sure to
    /// hold.
    newest: Option<(Timestamp, bool)>,
    /// How many entries the last reading of what is new brought, and of how long a time.
    dense: Option<(usize, SignedDuration)>,
    /// The store was looked at.
    looked: bool,
    suspects: Vec<Suspect>,
    /// Failures without an answer between them: each counts [`policy::FAILURE`], one of a known gap counts 1.
    failures: u32,
    /// Time ranges that failed since the store last had nothing left to read.
    cuts: u32,
    /// The beginnings of gaps that were tried in this run.
    tried: BTreeSet<Timestamp>,
    again: Option<Rereading>,
    /// Time ranges that the platform counted otherwise, and that were read again for that in this run.
    recounted: Vec<(TimeRange, Timestamp)>,
    /// The platform does not answer when it is asked for its count: nothing is compared before this time.
    uncounted: Option<Timestamp>,
}

/// What a failure counts: more if the store does not answer in time.
const fn weight(hangs: bool) -> u32 {
    if hangs { policy::FAILURE * policy::HANGING } else { policy::FAILURE }
}

impl Plan {
    pub(crate) fn new(progress: Progress, platform: &Platform, patient: bool) -> Self {
        Self {
            reach: REACH,
            newest: None,
            dense: None,
            looked: false,
            progress,
            retention: retention(platform),
            longest_count: longest_count(platform),
            patient,
            slice: FIRST_SLICE,
            lists_everything: false,
            suspects: Vec::new(),
            failures: 0,
            cuts: 0,
            tried: BTreeSet::new(),
            again: None,
            recounted: Vec::new(),
            uncounted: None,
        }
    }

    /// Everything that the platform may still hold, up to the whole second: platforms give no less.
    pub(crate) fn retained(&self, now: Timestamp) -> Option<TimeRange> {
        let now = Timestamp::from_second(now.as_second()).ok()?;
        TimeRange::new(now.checked_sub(self.retention).unwrap_or(Timestamp::MIN), now)
    }

    /// The missing time ranges, oldest first, without those that failed before.
    pub(crate) fn missing(&self, now: Timestamp) -> Vec<TimeRange> {
        let Some(retained) = self.retained(now) else { return Vec::new() };
        let mut known = self.progress.coverage.clone();
        self.progress.gaps.iter().for_each(|gap| known.add(gap.range));
        self.suspects.iter().for_each(|suspect| known.add(suspect.range));
        let mut gaps = known.gaps(retained);
        gaps.retain(|gap| gap.until > expiring(retained));
        gaps
    }

    /// The time range of new entries: up to now, from a little before the end of what was read. `None` if the last one
    /// could not be read.
    pub(crate) fn news(&self, now: Timestamp) -> Option<Job> {
        let now = self.retained(now)?.until;
        let newest = self.missing(now).last().copied().filter(|gap| gap.until == now);
        let end = match newest.map(|gap| gap.since) {
            Some(end) => end.max(now.checked_sub(NEWS).unwrap_or(end)),
            // By this clock nothing can be new. It may be wrong: the answer shows it.
            None => self.progress.coverage.end().filter(|end| *end >= now)?,
        };
        let until = now.max(end.checked_add(SignedDuration::from_secs(1)).unwrap_or(end));
        TimeRange::new(self.begin_of_news(end, now), until).map(Job::News)
    }

    /// The rest of what is missing: what was begun, what was never read, what failed before.
    pub(crate) fn next(&self, now: Timestamp) -> Option<Job> {
        if let Some(job) = self.begun(now).or_else(|| self.look(now)) {
            return Some(job);
        }
        // While it is in doubt whether the store answers at all, another place shows more than one beside the last failure.
        let in_doubt = !self.suspects.is_empty();
        match (self.gap(now), self.failed(now)) {
            (Some(gap), Some(failed)) if failed.since <= gap.since && !in_doubt => Some(Job::Fill(failed)),
            (Some(gap), _) => Some(Job::Slice(gap, None)),
            (None, Some(failed)) => Some(Job::Fill(failed)),
            (None, None) => None,
        }
    }

    /// The time ranges that were read and are to be compared with the platform's count, oldest first; and from time to
    /// time those that did not agree.
    pub(crate) fn audit(&self, now: Timestamp) -> Option<Job> {
        if self.uncounted.is_some_and(|until| now < until && until.duration_since(now) <= policy::UNCOUNTED) {
            return None;
        }
        let horizon = now.checked_sub(self.retention - EXPIRING).ok()?;
        // Of what is pruned the platform counts more.
        let horizon = horizon.max(self.progress.prunings.any().unwrap_or(horizon));
        let retained = TimeRange::new(Timestamp::from_second(horizon.as_second()).ok()?, now)?;
        let lacking = self.progress.audits.lacking(&self.progress.coverage, retained).into_iter().next();
        let disagrees = || {
            let due = |audit: &Audit| {
                matches!(audit.finding, Finding::Short { .. } | Finding::Over { .. })
                    && policy::has_passed(policy::RECOUNT, audit.at, now)
                    && !self.was_recounted(audit.range, now)
            };
            let audits = self.progress.audits.within(retained).filter(due);
            audits.filter_map(|audit| audit.range.whole_seconds()).next()
        };
        let range = lacking.or_else(disagrees)?;
        let until = range.since.checked_add(self.longest_count).unwrap_or(range.until).min(range.until);
        TimeRange::new(range.since, until).map(Job::Audit)
    }

    /// The platform counts otherwise. Says whether the time range is to be read again for that, which is so once in a
    /// while.
    pub(crate) fn recount(&mut self, range: TimeRange, now: Timestamp) -> bool {
        let before = self.was_recounted(range, now);
        if !before {
            self.recounted.push((range, now));
        }
        !before
    }

    fn was_recounted(&self, range: TimeRange, now: Timestamp) -> bool {
        let of_late = |at: Timestamp| !policy::has_passed(policy::RECOUNT, at, now);
        self.recounted.iter().any(|(other, at)| other.overlap(range).is_some() && of_late(*at))
    }

    /// The platform did not answer when it was asked for its count.
    pub(crate) fn put_off_audits(&mut self, now: Timestamp) {
        self.uncounted = now.checked_add(policy::UNCOUNTED).ok();
    }

    /// The walk that is under way, as long as it leads to something that is missing.
    fn begun(&self, now: Timestamp) -> Option<Job> {
        let walk = self.progress.walk.as_ref()?;
        let until = walk.cursor.reached.map_or(walk.range.until, behind);
        let rest = TimeRange::new(walk.range.since, until)?;
        let wanted = self.missing(now).iter().any(|gap| gap.overlap(rest).is_some());
        wanted.then(|| Job::Slice(walk.range, Some(walk.cursor.clone())))
    }

    /// The next slice of what is missing: of what expires soonest.
    fn gap(&self, now: Timestamp) -> Option<TimeRange> {
        let missing = self.missing(now);
        let oldest = *missing.first()?;
        let newest = oldest.until == self.retained(now)?.until;
        if newest && oldest.length() <= OVERLAP {
            return None; // not worth a request yet
        }
        if self.lists_everything {
            return TimeRange::new(self.with_overlap(oldest.since), missing.last()?.until);
        }
        let until = oldest.since.checked_add(self.slice).unwrap_or(oldest.until).min(oldest.until);
        // A rest that is not worth its own requests goes along.
        let rest = oldest.until.duration_since(until);
        let until = if rest < self.slice / 4 { oldest.until } else { until };
        let since = if newest { self.begin_of_news(oldest.since, now) } else { oldest.since };
        TimeRange::new(since, until)
    }

    /// A little before this time, for what came a little late. Only what is covered is worth that.
    fn with_overlap(&self, time: Timestamp) -> Timestamp {
        let Some(before) = TimeRange::new(time.checked_sub(OVERLAP).unwrap_or(time), time) else { return time };
        let covered = self.progress.coverage.within(before).next_back().filter(|covered| covered.until == time);
        covered.map_or(time, |covered| covered.since)
    }

    /// Time ranges that failed before and may be tried again: the longest first, since they may hold most; then the
    /// oldest.
    fn failed(&self, now: Timestamp) -> Option<TimeRange> {
        let retained = self.retained(now)?;
        let suspects = self.suspects.iter().filter(|suspect| !suspect.hopeless).map(|suspect| suspect.range);
        let due = |gap: &&Gap| {
            // A long one that failed again and again is waited for by every run: it costs many requests.
            let costly = gap.attempts > 1 && gap.range.length() > SHORTEST_SLICE;
            if self.patient || costly && !self.tried.contains(&gap.range.since) {
                policy::has_passed(SignedDuration::ZERO, gap.next_attempt, now)
            } else {
                !self.tried.contains(&gap.range.since)
            }
        };
        let gaps = self.progress.gaps.iter().filter(due).map(|gap| gap.range);
        let gaps = gaps.filter(|gap| self.suspects.iter().all(|suspect| suspect.range.overlap(*gap).is_none()));
        let all = suspects.chain(gaps).filter_map(|range| range.overlap(retained));
        let all = all.filter(|range| range.until > expiring(retained));
        all.min_by_key(|range| (std::cmp::Reverse(range.length()), range.since))
    }

    /// The covered time range to be read again: of the longest tier whose time has come, for it has the shorter ones in
    /// it, the newest part. The time has to be the platform's: what is newer is left out.
    pub(crate) fn again(&mut self, now: Timestamp) -> Option<Job> {
        if self.again.is_none() {
            let end = self.progress.coverage.end()?;
            let due = |tier: &policy::Tier| {
                let done = self.progress.rewalked.get(&tier.length);
                done.is_none_or(|done| policy::has_passed(tier.every, *done, now))
            };
            let tier = policy::tiers(self.progress.lateness).into_iter().rev().find(due)?;
            let since = now.checked_sub(tier.length).ok()?;
            let since = since.max(self.progress.prunings.whole().unwrap_or(since));
            let recent = TimeRange::new(since, end.min(now))?;
            let rest = self.progress.coverage.within(recent).collect();
            self.again = Some(Rereading { tier: tier.length, begun: now, rest, cursor: None });
        }
        let again = self.again.as_ref()?;
        match again.rest.last() {
            Some(range) => Some(Job::Again(*range, again.cursor.clone())),
            None => {
                self.again = None; // nothing is covered there
                None
            }
        }
    }

    /// A re-reading has come so far.
    pub(crate) fn reread(&mut self, cursor: Cursor) {
        if let Some(again) = &mut self.again {
            again.cursor = Some(cursor);
        }
    }

    /// A time range was read again, or cannot be. If it was the last one, returns the tiers that are done, for the
    /// archive.
    pub(crate) fn end_rereading(&mut self) -> Vec<(SignedDuration, Timestamp)> {
        let Some(again) = &mut self.again else { return Vec::new() };
        again.rest.pop();
        again.cursor = None;
        if !again.rest.is_empty() {
            return Vec::new();
        }
        let (tier, begun) = (again.tier, again.begun);
        self.again = None;
        let tiers = policy::tiers(self.progress.lateness).into_iter().map(|tier| tier.length);
        tiers.filter(|length| *length <= tier).map(|length| (length, begun)).collect()
    }

    /// Starts the time of rereadings that were never done: entries that were just read for the first time need no
    /// rereading.
    pub(crate) fn begin_tiers(&self, now: Timestamp) -> Vec<(SignedDuration, Timestamp)> {
        let tiers = policy::tiers(self.progress.lateness).into_iter().map(|tier| tier.length);
        tiers.filter(|length| !self.progress.rewalked.contains_key(length)).map(|length| (length, now)).collect()
    }

    /// Learns from the number of pages of a slice how long the next one should be.
    pub(crate) fn learn(&mut self, slice: TimeRange, pages: usize) {
        if pages < SMALL_SLICE {
            self.slice = self.slice.max((slice.length() * 2).min(self.retention));
        } else if pages > LARGE_SLICE {
            self.slice = (slice.length() / 2).max(SHORTEST_SLICE);
        }
    }

    /// Says whether the platform obeys time ranges, and the longest that it was seen to take. Where it obeys none, everything
    /// that is missing is read at once.
    pub(crate) fn obeys_ranges(&mut self, obeyed: bool, longest: Option<SignedDuration>) {
        self.lists_everything = !obeyed;
        self.reach = longest.map_or(REACH, |longest| REACH.min(longest / 2));
    }

    /// Notes that the rest of a time range could not be read. It is cut in halves, unless that makes no reading
    /// shorter, and left alone while there is anything else to read. Says whether the store itself has to be taken for
    /// the culprit: sooner if it never answers in time.
    pub(crate) fn suspect(&mut self, rest: TimeRange, reason: &str, hangs: bool) -> bool {
        // A gap that fails again is nothing new.
        let known = self.progress.gaps.iter().any(|gap| gap.range.overlap(rest).is_some());
        self.failures += if known { 1 } else { weight(hangs) };
        self.cuts = self.cuts.saturating_add(1);
        let failed_before = known || self.suspects.iter().any(|suspect| suspect.range.overlap(rest).is_some());
        let leads_nowhere = self.lists_everything && failed_before || self.cuts > policy::CUTS;
        self.suspects.retain(|suspect| suspect.range.overlap(rest).is_none());
        for part in self.progress.coverage.gaps(rest) {
            let half = SignedDuration::from_secs(part.length().as_secs() / 2);
            let half = part.since.checked_add(half).unwrap_or(part.until);
            let halves = [TimeRange::new(part.since, half), TimeRange::new(half, part.until)].into_iter().flatten();
            let hopeless = part.length() <= SHORTEST_GAP || leads_nowhere;
            let whole = hopeless || self.lists_everything;
            let parts: Vec<TimeRange> = if whole { vec![part] } else { halves.collect() };
            let suspect = |range| Suspect { range, reason: reason.to_owned(), hopeless };
            self.suspects.extend(parts.into_iter().map(suspect));
        }
        self.suspect_what_was_read(rest, reason);
        self.is_culprit()
    }

    /// Whether so much has failed that the store itself has to be taken for the culprit.
    fn is_culprit(&self) -> bool {
        self.failures >= policy::FAILURES * policy::FAILURE
    }

    /// Notes that the rest of a time range could not be read, and its parts could not be either: it is tried again as a
    /// whole.
    pub(crate) fn leave(&mut self, rest: TimeRange, reason: &str) {
        self.suspects.retain(|suspect| suspect.range.overlap(rest).is_none());
        let suspect = |range| Suspect { range, reason: reason.to_owned(), hopeless: true };
        self.suspects.extend(self.progress.coverage.gaps(rest).into_iter().map(suspect));
        self.suspect_what_was_read(rest, reason);
    }

    /// A gap of which all was read, and of which the platform counts more, is tried again as a whole when its time
    /// comes.
    fn suspect_what_was_read(&mut self, rest: TimeRange, reason: &str) {
        let read = |gap: &&Gap| gap.range.overlap(rest).is_some() && self.progress.coverage.gaps(gap.range).is_empty();
        let suspect = |gap: &Gap| Suspect { range: gap.range, reason: reason.to_owned(), hopeless: true };
        self.suspects.extend(self.progress.gaps.iter().filter(read).map(suspect));
    }

    /// The store itself fails: no time range of it is to blame.
    pub(crate) fn acquit(&mut self) {
        self.suspects.clear();
        self.failures = 0;
    }

    /// The store answered. So what could not be read is to blame itself: returns the gaps, for the archive.
    pub(crate) fn answered(&mut self, now: Timestamp) -> Vec<Gap> {
        self.failures = 0;
        let mut suspects = std::mem::take(&mut self.suspects);
        // The future by the platform's clock is no gap: another clock asked for it.
        suspects.retain_mut(|suspect| {
            let past = self.retained(now).and_then(|retained| suspect.range.overlap(retained));
            suspect.range = past.unwrap_or(suspect.range);
            past.is_some()
        });
        suspects.into_iter().map(|suspect| self.gap_of(suspect, now)).collect()
    }

    /// A time range was read to its end, and the platform counts more: when it is tried again.
    pub(crate) fn fell_short(&mut self, range: TimeRange, reason: &str, now: Timestamp) -> Gap {
        self.gap_of(Suspect { range, reason: reason.to_owned(), hopeless: true }, now)
    }

    fn gap_of(&mut self, Suspect { range, reason, hopeless }: Suspect, now: Timestamp) -> Gap {
        let before = self.progress.gaps.iter().find(|gap| gap.range.overlap(range).is_some());
        let attempts = before.map_or(0, |gap| gap.attempts).saturating_add(u32::from(hopeless));
        let expires = range.since.checked_add(self.retention).unwrap_or(now);
        let next_attempt = if hopeless { policy::gap_retry_at(attempts, now, expires) } else { now };
        if hopeless {
            self.tried.insert(range.since);
        } else {
            self.tried.remove(&range.since);
        }
        Gap { range, reason, attempts, next_attempt }
    }

    /// Nothing is left to read for now.
    pub(crate) fn rests(&mut self) {
        self.cuts = 0;
    }

    /// Notes that a time range that failed before was read to its end. If a part of it is still a gap, it is not tried
    /// again in this run.
    pub(crate) fn filled(&mut self, range: TimeRange) {
        let gaps = self.progress.gaps.iter().filter(|gap| gap.range.overlap(range).is_some());
        self.tried.extend(gaps.map(|gap| gap.range.since));
    }

    /// The time before which the platform keeps nothing, if a gap is before it.
    pub(crate) fn expired(&self, now: Timestamp) -> Option<Timestamp> {
        let horizon = expiring(self.retained(now)?);
        self.progress.gaps.iter().any(|gap| gap.range.since < horizon).then_some(horizon)
    }

    /// When the oldest entry that may be missing expires.
    pub(crate) fn expiry(&self, now: Timestamp) -> Option<Timestamp> {
        let missing = self.missing(now).first().map(|gap| gap.since);
        let gaps = self.progress.gaps.first().map(|gap| gap.range.since);
        [missing, gaps].into_iter().flatten().min().and_then(|since| since.checked_add(self.retention).ok())
    }

    /// Whether everything was read up to the last reading.
    pub(crate) fn is_read(&self, now: Timestamp) -> bool {
        self.progress.gaps.is_empty()
            && self.suspects.is_empty()
            && self.missing(now).iter().all(|gap| self.progress.coverage.end() == Some(gap.since))
    }
}

/// Entries before this time may be purged at any moment, or not yet by another clock: they are not worth a request.
fn expiring(retained: TimeRange) -> Timestamp {
    retained.since.checked_add(SHORTEST_GAP).unwrap_or(retained.since)
}

/// The moment behind this one.
pub(crate) fn behind(time: Timestamp) -> Timestamp {
    time.checked_add(SignedDuration::from_micros(1)).unwrap_or(time)
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;
