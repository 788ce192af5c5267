//! Verification: comparing the archive with the platform, by the platform's counts and by the entries that it lists.
//!
//! [`examine`] compares, [`repair`] reads again. Both write down what they found; what that means for the store is for
//! the [verdict](crate::verdict) to say.

use std::collections::{HashMap, HashSet};
use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};

use futures::StreamExt;
use jiff::{SignedDuration, Timestamp};
use storelogs::{ErrorKind, LogEntry, LogQuery, Proof};

use crate::archive::entries::Span;
use crate::archive::{Archive, Audit, Claim, Commit, Committed, Comparison, Finding, PlatformClock, StoreId};
use crate::coverage::{Coverage, TimeRange};
use crate::error::Error;
use crate::retention::longest_count;
use crate::sync::{Elsewhere, Remote, take};
use crate::verdict::{Evidence, Verdict, retained_range};

/// Differences are narrowed down to ranges of this length.
const NARROW: SignedDuration = SignedDuration::from_mins(1);
/// The most counts that are asked for to examine one slice. What is not narrowed down by then is reported as it is.
const COUNTS: usize = 64;
/// The most entries that are listed rather than counted: that is one page or two, and compares each id.
const LISTED: u64 = 200;
/// The number of entries that are listed of a slice with more, roughly.
const SAMPLE: u64 = 150;
/// The number of time ranges in a row that cannot be read, after which the store is left alone.
const FAILURES: usize = 6;

/// How closely ids are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Depth {
    /// All ids of slices with few entries, and of the others a sample from somewhere within.
    #[default]
    Sample,
    /// All ids.
    Deep,
}

/// The reason why a store could not be verified.
#[derive(Debug)]
pub enum VerifyError {
    /// The archive.
    Archive(Error),
    /// The platform.
    Source(storelogs::Error),
    /// It is not the platform that the archive has the store from.
    Elsewhere(Elsewhere),
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Archive(error) => error.fmt(f),
            Self::Source(error) => error.fmt(f),
            Self::Elsewhere(elsewhere) => elsewhere.fmt(f),
        }
    }
}

impl From<Error> for VerifyError {
    fn from(error: Error) -> Self {
        Self::Archive(error)
    }
}

impl From<Elsewhere> for VerifyError {
    fn from(elsewhere: Elsewhere) -> Self {
        Self::Elsewhere(elsewhere)
    }
}

impl From<storelogs::Error> for VerifyError {
    fn from(error: storelogs::Error) -> Self {
        Self::Source(error)
    }
}

/// The result of a comparison.
#[derive(Debug, Default)]
pub struct Examined {
    /// The result for each time range.
    pub audits: Vec<Audit>,
    /// Entries that the platform has removed, and their times.
    pub gone: Vec<(String, Timestamp)>,
    /// Entries whose ids were compared.
    pub compared: u64,
    /// The reason why it ended early, if it did. What was found by then is found.
    pub failure: Option<VerifyError>,
}

impl Examined {
    /// Puts what was found into what is known of the store, where it cannot be written into the archive.
    pub fn apply(&self, evidence: &mut Evidence) {
        self.audits.iter().for_each(|audit| evidence.audits.set(*audit));
    }

    /// Writes down what was found.
    ///
    /// # Errors
    /// If the archive cannot be written.
    pub fn keep(&self, archive: &mut Archive, store: StoreId, remote: &Remote) -> Result<(), Error> {
        let audit = |audit: &Audit| Commit {
            audit: Some(Comparison { range: audit.range, claim: Claim::Known(audit.finding), at: audit.at }),
            ..Commit::default()
        };
        let mut commits: Vec<Commit> = self.audits.iter().map(audit).collect();
        commits.push(Commit { gone: self.gone.clone(), clock: clock(remote), ..Commit::default() });
        archive.commit(commits.iter().map(|commit| (store, commit))).map(drop)
    }
}

fn clock(remote: &Remote) -> Option<PlatformClock> {
    remote.network.skew().map(|ahead| PlatformClock { ahead, heard: Timestamp::now() })
}

/// Compares what was read of a store with its platform, over all that the platform keeps. Nothing is changed.
pub async fn examine(archive: &Archive, store: StoreId, remote: &Remote, depth: Depth) -> Examined {
    let mut examined = Examined::default();
    let slices = match is_of(archive, store, remote) {
        Ok(()) => slices(archive, store, remote).map_err(VerifyError::from),
        Err(failure) => Err(failure),
    };
    let slices = match slices {
        Ok(slices) => slices,
        Err(failure) => return Examined { failure: Some(failure), ..examined },
    };
    for slice in slices {
        let mut comparison = Comparing { archive, store, remote, depth, counts: 0, examined: &mut examined };
        if let Err(failure) = comparison.slice(slice).await {
            examined.failure = Some(failure);
            break;
        }
    }
    examined
}

/// Whether a store is the one that the archive has.
fn is_of(archive: &Archive, store: StoreId, remote: &Remote) -> Result<(), VerifyError> {
    Ok(remote.is_of(archive.origin(store)?.as_deref())?)
}

/// The covered part of all that the platform keeps, in slices, oldest first.
fn slices(archive: &Archive, store: StoreId, remote: &Remote) -> Result<Vec<TimeRange>, Error> {
    let progress = archive.progress(store)?;
    let coverage = progress.coverage;
    let now = remote.network.now();
    let Some(mut range) = retained_range(remote.log.store(), now) else { return Ok(Vec::new()) };
    // Where entries were pruned, the platform counts more than the archive holds.
    range.since = range.since.max(progress.prunings.any().unwrap_or(range.since));
    range.until = coverage.end().map_or(range.until, |end| end.max(range.until));
    // Less than a second at the ends of a part stays out: it cannot be counted.
    let parts: Vec<TimeRange> = coverage.within(range).filter_map(|part| part.whole_seconds()).collect();
    let longest = longest_count(remote.log.store().platform());
    Ok(parts.into_iter().flat_map(|part| cut(part, longest)).collect())
}

/// The same in pieces that are no longer than the platform counts at once.
fn cut(range: TimeRange, longest: SignedDuration) -> impl Iterator<Item = TimeRange> {
    let mut from = Some(range.since);
    std::iter::from_fn(move || {
        let since = from?;
        let until = since.checked_add(longest).unwrap_or(range.until).min(range.until);
        from = (until < range.until).then_some(until);
        TimeRange::new(since, until)
    })
}

struct Comparing<'a> {
    archive: &'a Archive,
    store: StoreId,
    remote: &'a Remote,
    depth: Depth,
    counts: usize,
    examined: &'a mut Examined,
}

impl Comparing<'_> {
    /// Compares a slice. Where the platform counts otherwise, its halves, so that what differs is found narrowly.
    async fn slice(&mut self, slice: TimeRange) -> Result<(), VerifyError> {
        let mut waiting = vec![slice];
        while let Some(range) = waiting.pop() {
            let held = self.archive.held(self.store, range)?;
            if self.depth == Depth::Deep && range == slice || held > 0 && held <= LISTED {
                self.list(range).await?;
                continue;
            }
            let counted = self.remote.log.count(range.since, range.until).await?;
            self.counts += 1;
            match Finding::of_count(counted, held) {
                Finding::Counted if held > 0 && range == slice && !self.is_sample_right(range).await? => {
                    self.list(range).await?;
                }
                finding @ (Finding::Counted | Finding::NotCountable) => self.found(range, finding),
                finding @ (Finding::Short { .. } | Finding::Over { .. }) => {
                    let half = SignedDuration::from_secs(range.length().as_secs() / 2);
                    let half = range.since.checked_add(half).unwrap_or(range.until);
                    let halves = (TimeRange::new(range.since, half), TimeRange::new(half, range.until));
                    if held > 0
                        && range.length() > NARROW
                        && self.counts < COUNTS
                        && let (Some(older), Some(newer)) = halves
                    {
                        waiting.extend([newer, older]);
                    } else if held > 0 {
                        self.list(range).await?;
                    } else {
                        self.found(range, finding);
                    }
                }
            }
        }
        Ok(())
    }

    fn found(&mut self, range: TimeRange, finding: Finding) {
        self.examined.audits.push(Audit { range, finding, at: Timestamp::now() });
    }

    /// Lists a time range, and compares each id.
    async fn list(&mut self, range: TimeRange) -> Result<(), VerifyError> {
        let listed = list(self.remote, range).await?;
        let compared = compare(self.archive, self.store, range, &listed)?;
        self.examined.compared += listed.ids.len() as u64;
        let finding = compared.finding();
        match compared.around.and_then(|around| around.overlap(range)) {
            // Around what is missing the platform lists what is held.
            Some(around) if compared.proof == Some(Proof::Counted) => {
                self.found(range, Finding::Counted);
                self.found(around, finding);
            }
            _ => self.found(range, finding),
        }
        self.examined.gone.extend(compared.gone());
        Ok(())
    }

    /// Whether the ids of a sample from somewhere within a time range are those that the platform lists.
    async fn is_sample_right(&mut self, range: TimeRange) -> Result<bool, VerifyError> {
        let Some(sample) = sample(self.archive, self.store, range)? else { return Ok(true) };
        let listed = list(self.remote, sample).await?;
        self.examined.compared += listed.ids.len() as u64;
        Ok(compare(self.archive, self.store, sample, &listed)?.is_equal())
    }
}

/// The fields of an entry that are compared besides its id: a platform that was restored from a backup may reuse ids.
struct Form {
    uid: String,
    time: Timestamp,
    /// A hash of everything that it says.
    says: u64,
}

impl Form {
    fn of(entry: LogEntry) -> Self {
        // When it was seen is no part of it.
        let mut entry = entry;
        entry.observed = Timestamp::UNIX_EPOCH;
        let mut hasher = DefaultHasher::new();
        serde_json::to_string(&entry).unwrap_or_default().hash(&mut hasher);
        Self { time: entry.time, says: hasher.finish(), uid: entry.uid }
    }
}

/// A platform's list of a time range.
#[derive(Default)]
struct Listing {
    ids: HashMap<String, Form>,
    /// Records that cannot be decoded.
    undecodable: HashSet<String>,
    proof: Option<Proof>,
    /// How many the platform counts that it does not list.
    missing: u64,
}

async fn list(remote: &Remote, range: TimeRange) -> Result<Listing, storelogs::Error> {
    let mut listed = Listing::default();
    let mut pages = remote.log.pages(LogQuery::new().since(range.since).until(range.until), None);
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) => match error.missing() {
                Some(missing) => return Ok(Listing { missing, ..listed }),
                None => return Err(error),
            },
        };
        for record in page.entries {
            match record {
                Ok(entry) => drop(listed.ids.insert(entry.id.clone(), Form::of(entry))),
                Err(error) => drop(listed.undecodable.insert(error.raw().unwrap_or_default().to_owned())),
            }
        }
        listed.proof = page.proof.or(listed.proof);
    }
    Ok(listed)
}

/// The differences between what the platform lists of a time range and what is held of it.
struct Compared {
    /// The platform lists them, or counts them and lists them not; and they are not held.
    lacking: u64,
    /// The time range in which all of them were written, if it is known.
    around: Option<TimeRange>,
    /// Records in quarantine that are not listed any more as they were.
    released: Vec<String>,
    /// Entries that are held, and that the platform does not list.
    unlisted: Vec<(String, Timestamp)>,
    proof: Option<Proof>,
}

impl Compared {
    fn is_equal(&self) -> bool {
        self.lacking == 0 && self.unlisted.is_empty()
    }

    fn finding(&self) -> Finding {
        match self.proof {
            _ if self.lacking > 0 => Finding::Short { entries: self.lacking },
            Some(Proof::Counted) => Finding::Counted,
            _ if !self.unlisted.is_empty() => Finding::Over { entries: self.unlisted.len() as u64 },
            _ => Finding::NotCountable,
        }
    }

    /// Entries of which it is certain that the platform has removed them.
    fn gone(self) -> Vec<(String, Timestamp)> {
        if self.proof == Some(Proof::Counted) { self.unlisted } else { Vec::new() }
    }
}

fn compare(archive: &Archive, store: StoreId, range: TimeRange, listed: &Listing) -> Result<Compared, Error> {
    let held = archive.held_ids(store, range)?;
    let raw = archive.quarantined_records(store)?;
    let mut unheld = Vec::new();
    for (id, form) in &listed.ids {
        let same =
            held.contains_key(id) && archive.entry(store, id)?.is_some_and(|entry| Form::of(entry).says == form.says);
        if !same && !archive.is_forgotten(store, &form.uid)? {
            unheld.push(form.time); // not at all, or not as it is now
        }
    }
    let mut unkept = 0;
    for record in &listed.undecodable {
        unkept += u64::from(!raw.contains_key(record) && !archive.is_forgotten_record(store, record)?);
    }
    let around = (unkept + listed.missing == 0).then(|| around(&unheld)).flatten();
    // One that may have been written elsewhere need not be listed here.
    let inside = |(_, span): &(String, Option<Span>)| {
        span.as_ref().is_some_and(|span| range.contains(*span.start()) && range.contains(*span.end()))
    };
    let released = raw.into_iter().filter(inside).filter(|(raw, _)| !listed.undecodable.contains(raw));
    let released =
        if listed.proof == Some(Proof::Counted) { released.map(|(raw, _)| raw).collect() } else { Vec::new() };
    let unlisted = held.into_iter().filter(|(id, (_, gone))| !gone && !listed.ids.contains_key(id));
    let unlisted = unlisted.map(|(id, (time, _))| (id, time)).collect();
    let lacking = unheld.len() as u64 + unkept + listed.missing;
    Ok(Compared { lacking, around, released, unlisted, proof: listed.proof })
}

/// The whole seconds around these times.
fn around(times: &[Timestamp]) -> Option<TimeRange> {
    let last = times.iter().max()?.checked_add(SignedDuration::from_micros(1)).ok()?;
    TimeRange::new(*times.iter().min()?, last)?.seconds_around()
}

/// A part of a time range, somewhere within, with few enough entries to list.
fn sample(archive: &Archive, store: StoreId, range: TimeRange) -> Result<Option<TimeRange>, Error> {
    let entries = archive.count(store, range)?;
    let somewhere = Timestamp::now().subsec_nanosecond().unsigned_abs();
    let from = u64::from(somewhere) % entries.saturating_sub(SAMPLE).max(1);
    let since = archive.time_of(store, range, from)?.unwrap_or(range.since);
    let until = archive.time_of(store, range, from + SAMPLE)?.unwrap_or(range.until);
    Ok(TimeRange::new(since, until).and_then(|part| part.seconds_around()).and_then(|part| part.overlap(range)))
}

/// The result of a repair.
#[derive(Debug, Default)]
pub struct Repaired {
    /// The result of its commits.
    pub committed: Committed,
    /// The last reason why some of it could not be read.
    pub failure: Option<VerifyError>,
}

/// The time ranges of which reading again may bring what is missing, oldest first, none too long.
pub fn to_repair(evidence: &Evidence, remote: &Remote) -> Vec<TimeRange> {
    let judgement = evidence.judge(remote.log.store().platform(), remote.network.now());
    let wanted = |verdict: &Verdict| !verdict.is_complete() && *verdict != Verdict::NotCountable;
    let ranges = judgement.findings.iter().filter(|found| wanted(&found.verdict)).map(|found| found.range);
    let mut ranges: Coverage = ranges.collect();
    if judgement.undated_quarantine > 0 {
        ranges.add(judgement.range); // they may be anywhere
    }
    let longest = longest_count(remote.log.store().platform());
    ranges.ranges().flat_map(|range| cut(range, longest)).collect()
}

/// Reads these time ranges of a store again, compares each id, and writes down what came of it. Until one was read to its end
/// it no longer counts as read. The caller holds the archive's lock.
///
/// # Errors
/// If the archive cannot be written. What was read by then is kept. A time range that cannot be read does not keep others
/// from being read.
pub async fn repair(
    archive: &mut Archive,
    store: StoreId,
    remote: &Remote,
    ranges: &[TimeRange],
) -> Result<Repaired, Error> {
    match is_of(archive, store, remote) {
        Err(VerifyError::Archive(error)) => return Err(error),
        Err(failure) => return Ok(Repaired { failure: Some(failure), ..Repaired::default() }),
        Ok(()) => {}
    }
    let opened: Vec<Commit> =
        ranges.iter().map(|range| Commit { uncovered: Some(*range), ..Commit::default() }).collect();
    archive.commit(opened.iter().map(|commit| (store, commit)))?;
    let mut repaired = Repaired::default();
    let mut failures = 0;
    for range in ranges {
        match read_again(archive, store, remote, *range, &mut repaired.committed).await {
            Ok(()) => failures = 0,
            Err(VerifyError::Archive(error)) => return Err(error),
            Err(elsewhere @ VerifyError::Elsewhere(_)) => {
                repaired.failure = Some(elsewhere);
                break;
            }
            Err(VerifyError::Source(error)) => {
                failures += 1;
                let is_of_store = matches!(
                    error.kind(),
                    ErrorKind::Unauthorized
                        | ErrorKind::Forbidden
                        | ErrorKind::Frozen
                        | ErrorKind::Locked
                        | ErrorKind::Blocked
                        | ErrorKind::RateLimited
                        | ErrorKind::Unreachable
                        | ErrorKind::TimedOut
                );
                repaired.failure = Some(VerifyError::Source(error));
                if is_of_store || failures >= FAILURES {
                    break;
                }
            }
        }
    }
    Ok(repaired)
}

async fn read_again(
    archive: &mut Archive,
    store: StoreId,
    remote: &Remote,
    range: TimeRange,
    done: &mut Committed,
) -> Result<(), VerifyError> {
    remote.network.listen();
    let mut listed = Listing::default();
    let mut pages = remote.log.pages(LogQuery::new().since(range.since).until(range.until), None);
    let (mut missing, mut before) = (None, None);
    while let Some(page) = pages.next().await {
        let page = match page {
            Ok(page) => page,
            Err(error) if error.missing().is_some() => {
                missing = error.missing();
                break;
            }
            Err(error) => return Err(error.into()),
        };
        for record in &page.entries {
            match record {
                Ok(entry) => drop(listed.ids.insert(entry.id.clone(), Form::of(entry.clone()))),
                Err(error) => drop(listed.undecodable.insert(error.raw().unwrap_or_default().to_owned())),
            }
        }
        listed.proof = page.proof.or(listed.proof);
        let mut commit = Commit { reading: Some(range), origin: Some(remote.origin()), ..Commit::default() };
        let reached = page.cursor.reached;
        take(&mut commit, page.entries, before, reached);
        before = reached.or(before);
        archive.commit([(store, &commit)])?.into_iter().for_each(|one| done.add(one));
    }
    listed.missing = missing.unwrap_or_default();
    // Nothing is known of what came behind the time of the first of these answers.
    let known = remote.network.known_until();
    let Some(read) = TimeRange::new(range.since, range.until.min(known)) else { return Ok(()) };
    let compared = compare(archive, store, read, &listed)?;
    let comparison = Comparison { range: read, claim: Claim::Known(compared.finding()), at: Timestamp::now() };
    let released = compared.released.clone();
    let (gone, clock) = (compared.gone(), clock(remote));
    let commit = Commit { covered: Some(read), audit: Some(comparison), gone, released, clock, ..Commit::default() };
    archive.commit([(store, &commit)])?.into_iter().for_each(|one| done.add(one));
    Ok(())
}
