//! Proving that the archive holds what the platform holds: by the platform's own counts.

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use storelogs::{LogQuery, LogSource, Reconciliation};

use crate::archive::{Archive, Commit, Committed, StoreId};
use crate::coverage::{Coverage, Stretch};
use crate::error::Error;
use crate::sync::retention;

/// A slice that is compared is so long at the most: SHOPLINE counts no more than a month at once.
const SLICE: SignedDuration = SignedDuration::from_hours(28 * 24);
/// What expires within this time is left out: it may be purged between two counts.
const EXPIRING: SignedDuration = SignedDuration::from_hours(1);
/// Gaps are narrowed down to this length.
const NARROW: SignedDuration = SignedDuration::from_mins(1);
const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// For one slice no more than so many counts are asked for. What is not narrowed by then is told as it is.
const COUNTS: usize = 64;

/// What was found of one stretch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "finding")]
pub enum Finding {
    /// The platform counts as many entries as the archive holds.
    Proven {
        /// So many.
        entries: u64,
    },
    /// The platform counts more.
    Gap {
        /// So many more.
        missing: u64,
    },
    /// It was never read to its end.
    Unread,
    /// The archive holds more: the platform has removed entries, or counts others.
    Over {
        /// So many more.
        entries: u64,
    },
    /// The platform does not count, or its counts cannot be trusted.
    NotCountable,
}

/// A stretch, and what was found of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Found {
    /// The stretch.
    #[serde(flatten)]
    pub stretch: Stretch,
    /// What was found.
    #[serde(flatten)]
    pub finding: Finding,
}

impl Found {
    /// Whether it has to be read again.
    pub fn is_gap(&self) -> bool {
        matches!(self.finding, Finding::Gap { .. } | Finding::Unread)
    }
}

/// Why a store could not be verified.
#[derive(Debug)]
pub enum Failure {
    /// The archive.
    Archive(Error),
    /// The platform.
    Source(storelogs::Error),
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Archive(error) => error.fmt(f),
            Self::Source(error) => error.fmt(f),
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Archive(error)
    }
}

impl From<storelogs::Error> for Failure {
    fn from(error: storelogs::Error) -> Self {
        Self::Source(error)
    }
}

/// Compares what the archive holds of a store with the platform's own counts, over all that the platform keeps, and
/// returns the stretches, oldest first. Gaps are narrowed down, so that a repair fetches little else. Nothing is changed.
///
/// # Errors
/// If the archive cannot be read, or the platform does not answer.
pub async fn verify(
    archive: &Archive,
    store: StoreId,
    source: &dyn LogSource,
    now: Timestamp,
) -> Result<Vec<Found>, Failure> {
    let progress = archive.progress(store)?;
    let since = now.checked_sub(retention(source.store().platform()) - EXPIRING).unwrap_or(Timestamp::MIN);
    let mut found = Vec::new();
    // What is newer than the last reading is no gap: it has not been read yet.
    let until = progress.coverage.end().unwrap_or(now).min(now);
    let Some(window) = Stretch::new(since, until) else { return Ok(found) };
    for stretch in slices(&progress.coverage, window) {
        if progress.coverage.covers(stretch) {
            Comparison { archive, store, source, counts: 0 }.compare(stretch, &mut found).await?;
        } else {
            found.push(Found { stretch, finding: Finding::Unread });
        }
    }
    Ok(joined(found))
}

/// The covered and the other parts of a window, in slices, oldest first.
fn slices(coverage: &Coverage, window: Stretch) -> Vec<Stretch> {
    let mut parts: Vec<Stretch> = coverage.within(window).collect();
    parts.extend(coverage.gaps(window));
    parts.sort_unstable();
    let cut = |part: Stretch| {
        let mut from = Some(part.since);
        std::iter::from_fn(move || {
            let since = from?;
            let until = since.checked_add(SLICE).unwrap_or(part.until).min(part.until);
            from = (until < part.until).then_some(until);
            Stretch::new(since, until)
        })
    };
    // Less than a second at the ends of a part stays out: it cannot be counted.
    parts.into_iter().filter_map(|part| part.whole_seconds()).flat_map(cut).collect()
}

struct Comparison<'a> {
    archive: &'a Archive,
    store: StoreId,
    source: &'a dyn LogSource,
    counts: usize,
}

impl Comparison<'_> {
    /// Compares a stretch; where entries are missing, its halves.
    async fn compare(&mut self, stretch: Stretch, found: &mut Vec<Found>) -> Result<(), Failure> {
        let mut waiting = vec![stretch];
        while let Some(stretch) = waiting.pop() {
            let entries = self.archive.count(self.store, stretch)?;
            let held = entries + self.archive.quarantined(self.store, stretch)?;
            self.counts += 1;
            let finding = match self.source.reconcile(stretch.since, stretch.until, held).await? {
                Reconciliation::Complete => Finding::Proven { entries },
                Reconciliation::OverBy(entries) => Finding::Over { entries },
                Reconciliation::NotCountable => Finding::NotCountable,
                Reconciliation::ShortBy(missing) => {
                    let half = SignedDuration::from_secs(stretch.length().as_secs() / 2);
                    let half = stretch.since.checked_add(half).unwrap_or(stretch.until);
                    let halves = (Stretch::new(stretch.since, half), Stretch::new(half, stretch.until));
                    if held > 0
                        && stretch.length() > NARROW
                        && self.counts < COUNTS
                        && let (Some(older), Some(newer)) = halves
                    {
                        // The older half first; what was found stays in order.
                        waiting.extend([newer, older]);
                        continue;
                    }
                    Finding::Gap { missing }
                }
            };
            found.push(Found { stretch, finding });
        }
        Ok(())
    }
}

/// Joins neighbours of one kind.
fn joined(found: Vec<Found>) -> Vec<Found> {
    let mut all: Vec<Found> = Vec::new();
    for next in found {
        if let Some(last) = all.last_mut()
            && next.stretch.since.duration_since(last.stretch.until) <= SECOND
            && let Some(finding) = both(last.finding, next.finding)
        {
            last.finding = finding;
            last.stretch.until = next.stretch.until;
        } else {
            all.push(next);
        }
    }
    all
}

fn both(one: Finding, other: Finding) -> Option<Finding> {
    match (one, other) {
        (Finding::Proven { entries: a }, Finding::Proven { entries: b }) => Some(Finding::Proven { entries: a + b }),
        (Finding::Gap { missing: a }, Finding::Gap { missing: b }) => Some(Finding::Gap { missing: a + b }),
        (Finding::Unread, Finding::Unread) => Some(Finding::Unread),
        (Finding::NotCountable, Finding::NotCountable) => Some(Finding::NotCountable),
        _ => None,
    }
}

/// Reads these stretches of a store again, and nothing else. Until each has been read to its end it no longer counts as
/// covered. The caller holds the archive's lock.
///
/// # Errors
/// If the archive cannot be written, or the platform does not answer. What was read by then is kept.
pub async fn repair(
    archive: &mut Archive,
    store: StoreId,
    source: &dyn LogSource,
    gaps: &[Stretch],
) -> Result<Committed, Failure> {
    let opened: Vec<Commit> = gaps.iter().map(|gap| Commit { uncovered: Some(*gap), ..Commit::default() }).collect();
    archive.commit(opened.iter().map(|commit| (store, commit)))?;
    let mut all = Committed::default();
    for gap in gaps {
        let mut pages = source.pages(LogQuery::new().since(gap.since).until(gap.until), None);
        while let Some(page) = pages.next().await {
            let page = page?;
            let mut commit = Commit { covered: page.cursor.done.then_some(*gap), ..Commit::default() };
            for entry in page.entries {
                match entry {
                    Ok(entry) => commit.entries.push(entry),
                    Err(error) => commit.undecodable.push(error),
                }
            }
            archive.commit([(store, &commit)])?.into_iter().for_each(|done| all.add(done));
        }
    }
    Ok(all)
}
