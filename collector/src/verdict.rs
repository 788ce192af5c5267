//! The verdict: what is known of a store, in the same words everywhere.
//!
//! A verdict is about a time range, from the platform's retention horizon up to its present. It is made only from what
//! the archive knows about how the range was read and compared ([`Evidence`]): code that shows a verdict does no
//! arithmetic of its own. `docs/completeness.md` says what each word means.

use std::fmt;
use std::ops::RangeInclusive;

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use storelogs::{Platform, Store};

pub use crate::archive::Evidence;
use crate::archive::{Finding, State};
use crate::coverage::TimeRange;
use crate::retention::retention;
use crate::wording::{format_count, pluralize};

/// A time range after the end of the coverage that is no longer than this is no gap yet. A store that is followed is
/// asked every 15 minutes at the least, and a job runs as often: this is twice as much.
pub const MARGIN: SignedDuration = SignedDuration::from_mins(30);

/// Entries that expire within this time are left out: the platform may have purged them already.
pub const EXPIRING: SignedDuration = SignedDuration::from_hours(1);

/// The verdicts on a time range, from the best to the worst.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case", tag = "verdict")]
pub enum Verdict {
    /// Its owner does not want it any more: nothing of it is held, or not everything, and nobody misses it.
    Pruned,
    /// The platform counts as many entries as it lists, and each of these is held.
    Audited,
    /// It was read to its end, and the platform does not count.
    NotCountable,
    /// Records came that could not be decoded. They are kept as they came.
    InQuarantine {
        /// How many.
        records: u64,
    },
    /// The archive holds more than the platform counts.
    Over {
        /// How many more.
        entries: u64,
    },
    /// The platform counts more than the archive holds.
    Short {
        /// How many more.
        entries: u64,
    },
    /// It was not read to its end, so how much is missing is not known.
    Unread {
        /// Why.
        why: Unread,
    },
}

/// The reason why a time range is unread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unread {
    /// It was read, and not compared with the platform yet.
    NotAudited,
    /// A walk through it has not come to its end: it goes on, or was stopped.
    UnderWay,
    /// Nobody has read so far since.
    Behind,
    /// It was passed over.
    Gap,
    /// It could not be read, and is tried again.
    Failed,
    /// The store cannot be read.
    Parked,
    /// Nothing of the store was ever read.
    NeverRead,
}

impl Verdict {
    /// Every word, from the best to the worst.
    pub const WORDS: [&'static str; 7] =
        ["pruned", "complete", "not countable", "in quarantine", "over", "short", "unread"];

    /// Whether nothing is missing, for certain.
    pub fn is_complete(&self) -> bool {
        matches!(self, Self::Audited | Self::Pruned)
    }

    /// Whether entries are missing, or may be.
    pub fn may_lack(&self) -> bool {
        matches!(self, Self::Short { .. } | Self::Unread { .. })
    }

    /// The word for it.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Pruned => "pruned",
            Self::Audited => "complete",
            Self::NotCountable => "not countable",
            Self::InQuarantine { .. } => "in quarantine",
            Self::Over { .. } => "over",
            Self::Short { .. } => "short",
            Self::Unread { .. } => "unread",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Pruned | Self::Audited | Self::NotCountable => f.write_str(self.word()),
            Self::InQuarantine { records } => write!(f, "{} in quarantine", pluralize(*records, "record", "records")),
            Self::Over { entries } => write!(f, "over by {}", format_count(*entries)),
            Self::Short { entries } => write!(f, "short by {}", format_count(*entries)),
            Self::Unread { why } => write!(f, "unread: {why}"),
        }
    }
}

impl fmt::Display for Unread {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAudited => "read, and not yet audited",
            Self::UnderWay => "not read to its end yet",
            Self::Behind => "nobody has read so far since",
            Self::Gap => "a gap",
            Self::Failed => "it could not be read, and is tried again",
            Self::Parked => "the store cannot be read",
            Self::NeverRead => "never read",
        })
    }
}

/// A time range, and what is known of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RangeVerdict {
    /// The time range.
    #[serde(flatten)]
    pub range: TimeRange,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// The verdict on a store over a time range.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Judgement {
    /// The word for the worst that is known of any of it.
    pub verdict: &'static str,
    /// The same in one line: `complete up to` a time if nothing is missing.
    pub summary: String,
    /// The time up to which nothing is missing from its beginning on. `None`: something is missing at the very
    /// beginning.
    pub complete_up_to: Option<Timestamp>,
    /// The time range of the verdict, up to the platform's present.
    pub range: TimeRange,
    /// The verdict on each part of it, oldest first.
    pub findings: Vec<RangeVerdict>,
    /// Records that could not be decoded, and whose times are unknown.
    pub undated_quarantine: u64,
}

impl Judgement {
    /// The worst that is known of any of it. What is short is short by all together.
    pub fn worst(&self) -> Verdict {
        let undated = self.undated_quarantine;
        let undated = (undated > 0).then_some(Verdict::InQuarantine { records: undated });
        let worst = self.findings.iter().map(|found| found.verdict.clone()).chain(undated).max();
        let sum = |of: fn(&Verdict) -> Option<u64>| self.findings.iter().filter_map(|found| of(&found.verdict)).sum();
        match worst.unwrap_or(Verdict::Unread { why: Unread::NeverRead }) {
            Verdict::Short { .. } => Verdict::Short {
                entries: sum(|verdict| if let Verdict::Short { entries } = verdict { Some(*entries) } else { None }),
            },
            Verdict::Over { .. } => Verdict::Over {
                entries: sum(|verdict| if let Verdict::Over { entries } = verdict { Some(*entries) } else { None }),
            },
            Verdict::InQuarantine { .. } => Verdict::InQuarantine {
                records: self.undated_quarantine
                    + sum(
                        |verdict| if let Verdict::InQuarantine { records } = verdict { Some(*records) } else { None },
                    ),
            },
            other => other,
        }
    }

    /// Whether nothing is missing, up to [`complete_up_to`](Self::complete_up_to).
    pub fn is_complete(&self) -> bool {
        self.worst().is_complete()
    }

    /// Whether an entry that the platform has would be held: the time range was read, and nothing of it is missing or in
    /// quarantine as far as the platform says.
    pub fn shows_silence(&self) -> bool {
        matches!(self.worst(), Verdict::Audited | Verdict::NotCountable)
    }

    /// The parts of which something is, or may be, missing.
    pub fn incomplete(&self) -> impl Iterator<Item = &RangeVerdict> {
        self.findings.iter().filter(|found| !found.verdict.is_complete())
    }

    /// The parts of which entries are missing, or may be.
    pub fn lacking(&self) -> impl Iterator<Item = &RangeVerdict> {
        self.findings.iter().filter(|found| found.verdict.may_lack())
    }

    /// The share of the time range that was read, 0 to 1.
    pub fn share(&self) -> f64 {
        let unread = |found: &&RangeVerdict| match found.verdict {
            Verdict::Unread { why } => why != Unread::NotAudited,
            _ => false,
        };
        let unread: SignedDuration = self.findings.iter().filter(unread).map(|found| found.range.length()).sum();
        (1.0 - unread.as_secs_f64() / self.range.length().as_secs_f64()).clamp(0.0, 1.0)
    }

    /// When the oldest entry expires that may be missing, or that is yet to be read.
    pub fn expires(&self, platform: &Platform) -> Option<Timestamp> {
        let missing = self.lacking().next().map(|found| found.range.since);
        let since = missing.or(self.findings.last().map(|found| found.range.until));
        // Entries older than the time range expire at any moment.
        let since = since.filter(|since| *since > self.range.since);
        let since = since.or_else(|| self.range.since.checked_sub(EXPIRING).ok())?;
        since.checked_add(retention(platform)).ok()
    }
}

impl fmt::Display for Judgement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.summary)
    }
}

/// The verdict on many stores together: how many are complete, and the worst of the others.
pub fn together<'a>(judgements: impl IntoIterator<Item = &'a Judgement>) -> String {
    let (mut all, mut complete, mut worst) = (0_u64, 0_u64, None);
    for judgement in judgements {
        all += 1;
        match judgement.worst() {
            verdict if verdict.is_complete() => complete += 1,
            verdict => worst = worst.max(Some(verdict)),
        }
    }
    let stores = if all == 1 { "store" } else { "stores" };
    match worst {
        None => format!("{} of {} {stores} complete", format_count(complete), format_count(all)),
        Some(worst) => {
            format!("{} of {} {stores} complete; the worst is {worst}", format_count(complete), format_count(all))
        }
    }
}

impl Evidence {
    /// The verdict on the store at the platform's present: over all that the platform keeps.
    pub fn judge(&self, platform: &Platform, present: Timestamp) -> Judgement {
        let horizon = horizon(platform, present);
        let present = Timestamp::from_second(present.as_second()).unwrap_or(present);
        match TimeRange::new(horizon, present) {
            Some(range) => self.judge_range(range, platform, present),
            None => unknown(present),
        }
    }

    /// The verdict on any time range, at the platform's present.
    pub fn judge_range(&self, range: TimeRange, platform: &Platform, present: Timestamp) -> Judgement {
        let Some(range) = TimeRange::new(range.since, range.until.min(present)) else { return unknown(present) };
        let horizon = horizon(platform, present);
        let mut findings = Vec::new();
        let mut from = range.since;
        let pruned = self.prunings.whole().and_then(|until| TimeRange::new(range.since, until.min(range.until)));
        if let Some(pruned) = pruned {
            push(&mut findings, pruned, Verdict::Pruned);
            from = pruned.until;
        }
        let rest = TimeRange::new(from, range.until);
        let read: Vec<_> = rest.into_iter().flat_map(|rest| self.coverage.within(rest)).collect();
        let end = read.last().map(|last| last.until);
        for covered in read {
            self.unread(TimeRange::new(from, covered.since), present, &mut findings);
            self.read(covered, horizon, end, &mut findings);
            from = covered.until;
        }
        self.unread(TimeRange::new(from, range.until), present, &mut findings);
        let complete_up_to = findings.iter().take_while(|found| found.verdict.is_complete()).last();
        let complete_up_to = complete_up_to.map(|found| found.range.until);
        let undated_quarantine = self.quarantine.1;
        let mut judgement =
            Judgement { verdict: "", summary: String::new(), complete_up_to, range, findings, undated_quarantine };
        let worst = judgement.worst();
        judgement.verdict = worst.word();
        judgement.summary = match (worst, complete_up_to) {
            (Verdict::Pruned, Some(end)) => format!("pruned up to {}", end.strftime("%Y-%m-%dT%H:%M:%SZ")),
            (Verdict::Audited, Some(end)) => format!("complete up to {}", end.strftime("%Y-%m-%dT%H:%M:%SZ")),
            (worst @ Verdict::Unread { why: Unread::Behind }, Some(end)) => {
                format!("{worst}, after {}", end.strftime("%Y-%m-%dT%H:%M:%SZ"))
            }
            (worst, _) => worst.to_string(),
        };
        let pruned = judgement.findings.iter().rfind(|found| found.verdict == Verdict::Pruned);
        if let (Some(pruned), true) = (pruned, judgement.verdict != Verdict::Pruned.word()) {
            let until = pruned.range.until.strftime("%Y-%m-%dT%H:%M:%SZ");
            judgement.summary.push_str(&format!("; pruned up to {until}"));
        }
        judgement
    }

    /// The verdict on a part that is covered, of a time range that is covered up to this end.
    fn read(&self, covered: TimeRange, horizon: Timestamp, end: Option<Timestamp>, findings: &mut Vec<RangeVerdict>) {
        // If some severities are pruned, the platform counts entries that are not held.
        let pruned = self.prunings.any().and_then(|until| TimeRange::new(covered.since, until.min(covered.until)));
        let mut from = covered.since;
        if let Some(pruned) = pruned {
            push(findings, pruned, Verdict::Pruned);
            from = pruned.until;
        }
        let rest = TimeRange::new(from, covered.until);
        for audit in rest.into_iter().flat_map(|rest| self.audits.within(rest)) {
            self.unaudited(TimeRange::new(from, audit.range.since), horizon, findings);
            let verdict = match audit.finding {
                Finding::Counted => Verdict::Audited,
                Finding::NotCountable => Verdict::NotCountable,
                Finding::Short { entries } => Verdict::Short { entries },
                Finding::Over { entries } => Verdict::Over { entries },
            };
            self.overlaid(audit.range, &verdict, end, findings);
            from = audit.range.until;
        }
        self.unaudited(TimeRange::new(from, covered.until), horizon, findings);
    }

    fn unaudited(&self, range: Option<TimeRange>, horizon: Timestamp, findings: &mut Vec<RangeVerdict>) {
        let Some(range) = range else { return };
        let old = TimeRange::new(range.since, range.until.min(horizon));
        let rest = TimeRange::new(range.since.max(horizon), range.until);
        // The platform cannot count entries that it no longer keeps.
        old.into_iter().for_each(|old| push(findings, old, Verdict::NotCountable));
        rest.into_iter().for_each(|rest| push(findings, rest, Verdict::Unread { why: Unread::NotAudited }));
    }

    /// The verdict on an audited part: worse than the audit's if entries were deleted since, or records are in
    /// quarantine.
    fn overlaid(&self, range: TimeRange, verdict: &Verdict, end: Option<Timestamp>, findings: &mut Vec<RangeVerdict>) {
        let at = self.deleted.iter().map(|time| *time..=*time);
        let deleted = self.touched(range, end, at).map(|(range, entries)| (range, Verdict::Short { entries }));
        let quarantine = self.touched(range, end, self.quarantine.0.iter().cloned());
        let quarantine = quarantine.map(|(range, records)| (range, Verdict::InQuarantine { records }));
        let both = match (deleted, quarantine) {
            (Some((one, deleted)), Some((other, quarantine))) => {
                let hull = TimeRange { since: one.since.min(other.since), until: one.until.max(other.until) };
                Some((hull, deleted.max(quarantine)))
            }
            (deleted, quarantine) => deleted.or(quarantine),
        };
        let worse = both.filter(|(_, worse)| worse > verdict);
        let Some((part, worse)) = worse else { return push(findings, range, verdict.clone()) };
        TimeRange::new(range.since, part.since).into_iter().for_each(|rest| push(findings, rest, verdict.clone()));
        push(findings, part, worse);
        TimeRange::new(part.until, range.until).into_iter().for_each(|rest| push(findings, rest, verdict.clone()));
    }

    /// The part of a range that what is of these times may be of, and how many are.
    fn touched(
        &self,
        range: TimeRange,
        end: Option<Timestamp>,
        times: impl Iterator<Item = RangeInclusive<Timestamp>>,
    ) -> Option<(TimeRange, u64)> {
        let touching: Vec<_> = times.filter(|of| *of.start() < range.until && *of.end() >= range.since).collect();
        let first = (*touching.iter().map(RangeInclusive::start).min()?).max(range.since);
        let last = *touching.iter().map(RangeInclusive::end).max()?;
        let last = last.checked_add(SignedDuration::from_micros(1)).ok()?.min(range.until);
        // A record that may belong to several ranges is counted in that of its newest time, or in the last one if that is
        // newer still: a verdict may end before the coverage does.
        let end = end.filter(|end| range.until >= *end);
        let newest_is_here =
            |of: &&RangeInclusive<Timestamp>| range.contains(*of.end()) || end.is_some_and(|end| *of.end() >= end);
        let count = touching.iter().filter(newest_is_here).count() as u64;
        Some((TimeRange::new(first, last)?.seconds_around()?.overlap(range)?, count.max(1)))
    }

    /// The verdict on a part that is not covered.
    fn unread(&self, gap: Option<TimeRange>, present: Timestamp, findings: &mut Vec<RangeVerdict>) {
        let Some(gap) = gap else { return };
        let newest = self.coverage.end().is_some_and(|end| end <= gap.since);
        let failed = self.failed.within(gap).next().is_some();
        if newest && !failed && present.duration_since(gap.since) <= MARGIN {
            return;
        }
        let why = if failed {
            Unread::Failed
        } else if !matches!(self.state, State::New | State::Active) {
            Unread::Parked
        } else if self.coverage.end().is_none() {
            Unread::NeverRead
        } else if self.under_way.is_some_and(|walk| walk.overlap(gap).is_some()) {
            Unread::UnderWay
        } else if newest {
            Unread::Behind
        } else {
            Unread::Gap
        };
        push(findings, gap, Verdict::Unread { why });
    }
}

/// The oldest moment that a verdict is about: what the platform keeps, but for what expires at any moment.
fn horizon(platform: &Platform, present: Timestamp) -> Timestamp {
    let horizon = present.checked_sub(retention(platform) - EXPIRING).unwrap_or(Timestamp::MIN);
    Timestamp::from_second(horizon.as_second()).unwrap_or(horizon)
}

/// The time range of a store's verdict: all that the platform keeps, up to its present.
pub fn retained_range(store: &Store, present: Timestamp) -> Option<TimeRange> {
    TimeRange::new(horizon(store.platform(), present), present)
}

fn unknown(present: Timestamp) -> Judgement {
    let verdict = Verdict::Unread { why: Unread::NeverRead };
    Judgement {
        verdict: verdict.word(),
        summary: verdict.to_string(),
        complete_up_to: None,
        range: TimeRange { since: present, until: present },
        findings: Vec::new(),
        undated_quarantine: 0,
    }
}

/// Adds a finding, and joins it with its neighbour if that is known to be the same.
fn push(findings: &mut Vec<RangeVerdict>, range: TimeRange, verdict: Verdict) {
    let same = matches!(verdict, Verdict::Pruned | Verdict::Audited | Verdict::NotCountable | Verdict::Unread { .. });
    match findings.last_mut() {
        Some(last) if same && last.verdict == verdict && last.range.until == range.since => {
            last.range.until = range.until;
        }
        _ => findings.push(RangeVerdict { range, verdict }),
    }
}
