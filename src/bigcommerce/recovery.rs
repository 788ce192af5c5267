//! The recovery of a walk: reading lists again until as much has come as lacked.

use std::collections::BTreeSet;

use jiff::SignedDuration;

use super::listing::{Listing, is_about_form, is_about_size};
use super::reader::{Brings, Direction, End, Reader, Tally};
use super::scope::Scope;
use crate::entry::LogEntry;
use crate::error::{Error, Result};
use crate::source::Proof;
use crate::walk::{PAGE_TOO_SMALL, Progress, Row, Seen, Taken, incomplete};

const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// How far back a list may reach that was asked for without a start.
const FARTHEST: SignedDuration = SignedDuration::from_hours(400 * 24);
/// How many pages may be read again for each page of the list, and how many more for short lists. Where more rows than
/// a few fail, a list has many pages, and each reading of it costs as many requests.
const BUDGET: (usize, usize) = (4, 50);
const BUDGET_OF_NARROWED: usize = 1;
/// How often one and the same list is read again, as long as that brings something.
const PASSES: u32 = 8;
/// The severities that the filter knows.
const SEVERITIES: std::ops::RangeInclusive<i64> = 1..=4;

/// Reads lists again, one after the other and page by page, until as much has come as lacked: the whole list first,
/// then its halves by time, the other way round, and parted by severity and category.
pub(super) struct Recovery {
    listing: Listing,
    /// The lists that are still to be read again, the next one last.
    lists: Vec<List>,
    present: Option<(List, Reader, Seen)>,
    /// How many rows lack; `None` if that is not known.
    missing: Option<u64>,
    found: u64,
    budget: usize,
    /// It ran out before everything was read again.
    cut_short: bool,
    /// Nothing shows whether the list, which has no total, ends where its pages do.
    open: bool,
    categories: BTreeSet<String>,
    /// The platform ignores the time range.
    dates_ignored: bool,
    /// Some reading of the whole list was exact in itself, or all readings of it together.
    exact: bool,
    /// The rows of all readings of the whole list.
    united: Seen,
    /// How many rows the platform counted at the last of them.
    counted: Option<u64>,
    cause: Option<String>,
}

/// A list that is read again.
#[derive(Clone, Debug)]
struct List {
    scope: Scope,
    /// How often it was read.
    passes: u32,
    /// The last time brought something.
    useful: bool,
}

impl List {
    fn new(scope: Scope) -> Self {
        Self { scope, passes: 0, useful: false }
    }
}

/// The outcome of one step of a recovery.
pub(super) enum Recovered {
    /// A page's rows were taken.
    Rows(Taken),
    /// Everything that lacked is there, or nothing can be proved.
    Proved(Proof),
    /// This is still missing.
    Lost(Error),
}

impl Recovery {
    /// `listed`: how many rows the walk saw before.
    pub(super) fn new(listing: &Listing, tally: &Tally, missing: Option<u64>, listed: u64) -> Self {
        // Where the time range is ignored, it is the whole list that is read again.
        let rows = tally.fresh.max(tally.counted().unwrap_or(0)).max(listed);
        let size = u64::try_from(listing.size()).unwrap_or(1).clamp(1, 50);
        let pages = usize::try_from(rows / size).unwrap_or(usize::MAX);
        let each = if listing.is_narrowed() { BUDGET_OF_NARROWED } else { BUDGET.0 };
        Self {
            lists: vec![List::new(listing.scope.clone())],
            present: None,
            missing,
            found: 0,
            budget: pages.saturating_mul(each).saturating_add(BUDGET.1),
            cut_short: false,
            open: false,
            categories: BTreeSet::new(),
            dates_ignored: !listing.source.shape().dates,
            exact: false,
            united: Seen::default(),
            counted: None,
            cause: tally.cause.clone(),
            listing: listing.with(listing.scope.clone()),
        }
    }

    pub(super) async fn next(&mut self, progress: &mut Progress) -> Result<Recovered> {
        loop {
            match self.missing {
                Some(missing) if self.found == missing => return Ok(Recovered::Proved(Proof::Counted)),
                // More came than lacked: the count is of something else, and how much lacks nobody knows.
                Some(missing) if self.found > missing => self.missing = None,
                _ => {}
            }
            if self.present.is_none() && !self.begin().await? {
                return self.give_up(progress);
            }
            let Some((list, reader, seen)) = &mut self.present else { continue };
            if self.budget == 0 {
                self.cut_short = true;
                self.lists.clear();
                self.present = None;
                continue;
            }
            self.budget -= 1;
            let fetched = match reader.next(1).await {
                Ok(Ok(fetched)) => fetched,
                Ok(Err(end)) => {
                    self.ended(&end, progress).await?;
                    continue;
                }
                Err(error) if is_about_size(&error) || is_about_form(&error) => {
                    let list = self.present.take().map(|(list, ..)| list);
                    self.failed(list, &error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let info = fetched.info;
            let leads_on = fetched.rows.iter().any(|row| !seen.knows(row.key, row.time()));
            let brings = reader.weigh(&info, leads_on);
            self.cause = self.cause.take().or_else(|| reader.tally.cause.clone());
            if matches!(brings, Brings::Doubt) {
                continue;
            }
            let (fresh, repeats) = seen.count(&fetched.rows);
            // An oldest-first list that ignores the range shows it only behind the range's end.
            let outside = fetched.rows.iter().filter_map(Row::time).any(|time| !list.scope.may_hold(time));
            if outside && !self.dates_ignored {
                self.dates_ignored = true;
                self.listing.source.learn(|learned| learned.date_filters = Some(false));
                // Halves by time are the whole list, each: one reading of it is enough.
                list.scope = self.listing.scope.clone();
                self.lists.clear();
            }
            if is_same_list(&list.scope, &self.listing.scope) {
                self.united.count(&fetched.rows);
            }
            note_categories(&mut self.categories, &fetched.rows);
            let until = list.scope.until;
            let inside = |row: &&Row| row.time().is_none_or(|time| until.is_none_or(|until| time <= until + SECOND));
            let found =
                progress.unknown(&fetched.rows).filter(inside).map(|row| row.key).collect::<BTreeSet<_>>().len();
            self.found += found as u64;
            list.useful |= found > 0;
            let end = reader.took(&info, fresh, repeats, &brings);
            let endless = reader.seems_endless();
            let taken = progress.take(fetched.rows);
            if let Some(error) = endless {
                return Err(error);
            }
            if let Some(end) = end {
                self.ended(&end, progress).await?;
            }
            if !taken.entries.is_empty() {
                return Ok(Recovered::Rows(taken));
            }
        }
    }

    /// Begins with the next list. `false` if there is none left.
    async fn begin(&mut self) -> Result<bool> {
        while let Some(mut list) = self.lists.pop() {
            if self.budget == 0 {
                self.cut_short = true;
                return Ok(false);
            }
            self.budget -= 1;
            let listing = self.listing.with(list.scope.clone());
            list.passes += 1;
            list.useful = false;
            let first = match listing.fetch(1, listing.size()).await {
                Ok(first) => first,
                Err(error) if is_about_size(&error) || is_about_form(&error) => {
                    self.failed(Some(list), &error);
                    continue;
                }
                Err(error) => return Err(error),
            };
            let empty = first.info.count == 0; // it is asked for again, and looked through for a row
            let mut reader =
                if empty { Reader::new(listing, Direction::Down, 0) } else { Reader::behind(listing, first) };
            reader.unordered = true; // whatever the order: nothing is left out, and one page at a time
            self.present = Some((list, reader, Seen::default()));
            return Ok(true);
        }
        Ok(false)
    }

    /// A list could not be read. What it has nobody knows, unless it is a part of one that was read.
    fn failed(&mut self, list: Option<List>, error: &Error) {
        let parted = |scope: &Scope| scope.severity_min.or(scope.severity_max).is_some() || scope.category.is_some();
        if list.is_some_and(|list| list.passes < 2 && !parted(&list.scope)) {
            self.open = true;
            self.cause.get_or_insert_with(|| error.to_string());
        }
    }

    /// A list was read to an end. If it was not all of it by its own total, it is parted.
    async fn ended(&mut self, end: &End, progress: &Progress) -> Result<()> {
        let Some((list, reader, seen)) = self.present.take() else { return Ok(()) };
        let tally = &reader.tally;
        let total = tally.counted();
        let whole = match total {
            Some(total) => total == tally.fresh,
            None => reader.is_whole(end, progress.query.until, |row| seen.knows(row.key, row.time())).await?,
        };
        let of_all = is_same_list(&list.scope, &self.listing.scope);
        if of_all {
            self.counted = total;
            self.exact |= total == Some(self.united.len()) && tally.drift() == 0;
        }
        if (whole || self.exact) && !matches!(end, End::Refused(_)) {
            self.exact |= of_all && total.is_some();
            return Ok(());
        }
        if let Some(halves) = self.halves(&list.scope, progress) {
            let [newer, older] = halves.map(List::new);
            self.lists.extend([older, newer]);
        } else if list.passes < 2 || (list.useful && list.passes < PASSES) {
            let scope = Scope { ascending: !list.scope.ascending, ..list.scope };
            self.lists.push(List { scope, ..list });
        } else if list.scope.severity_min.is_none() && list.scope.severity_max.is_none() {
            let of =
                |severity| Scope { severity_min: Some(severity), severity_max: Some(severity), ..list.scope.clone() };
            self.lists.extend(SEVERITIES.rev().map(of).map(List::new));
        } else if list.scope.category.is_none() {
            let of = |category: &String| Scope { category: Some(category.clone()), ..list.scope.clone() };
            self.lists.extend(self.categories.iter().map(of).map(List::new));
        } else if total.is_none() {
            self.open = true;
        }
        Ok(())
    }

    fn halves(&self, scope: &Scope, progress: &Progress) -> Option<[Scope; 2]> {
        if self.dates_ignored {
            return None;
        }
        let since = scope.since.or_else(|| progress.frontier()?.checked_sub(FARTHEST).ok());
        Scope { since, ..scope.clone() }.halves()
    }

    /// The error where nobody knows how much lacks.
    fn lost(&self, what: String) -> Error {
        let error = incomplete(what);
        if self.listing.is_narrowed() { error.with_reason(PAGE_TOO_SMALL) } else { error }
    }

    fn give_up(&self, progress: &Progress) -> Result<Recovered> {
        let united = self.united.len();
        let lacks = match (self.missing, self.counted) {
            (Some(missing), _) => missing - self.found,
            (None, Some(counted)) if !self.exact && self.dates_ignored && counted > united => counted - united,
            (None, _) if self.cut_short && !self.exact => {
                let cause = self.cause.as_deref().unwrap_or("rows moved while the list was read");
                let what = format!("{cause}, so some may be missing, and it is too long to read again");
                return Ok(Recovered::Lost(self.lost(what)));
            }
            (None, _) if self.open && !self.exact => {
                let cause = self.cause.as_ref().map(|cause| format!("{cause}, so ")).unwrap_or_default();
                let what = format!("{cause}nothing shows whether the list ends where its pages do");
                return Ok(Recovered::Lost(self.lost(what)));
            }
            (None, _) => {
                return Ok(Recovered::Proved(if self.exact { Proof::Counted } else { Proof::EndOfList }));
            }
        };
        let range = progress.frontier().map(|frontier| format!(" from {frontier} on")).unwrap_or_default();
        let cause = self.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        let what =
            format!("the platform counts {lacks} more entries{range} than it lists, however they are asked for{cause}");
        Ok(Recovered::Lost(incomplete(what).with_missing(lacks)))
    }
}

/// Whether two lists hold the same rows, whichever way round.
fn is_same_list(one: &Scope, other: &Scope) -> bool {
    *one == Scope { ascending: one.ascending, ..other.clone() }
}

fn note_categories(categories: &mut BTreeSet<String>, rows: &[Row]) {
    let of = |entry: &LogEntry| entry.category.clone();
    let found = rows.iter().filter_map(|row| row.entry.as_ref().ok()).filter_map(of);
    categories.extend(found.filter(|category| !category.chars().any(char::is_uppercase)));
}
