//! The auditor of a walk: whether everything came.

use jiff::{SignedDuration, Timestamp};

use super::listing::{Listing, is_about_form};
use super::reader::{Direction, End, Reader};
use super::scope::Scope;
use crate::error::Result;
use crate::source::Proof;
use crate::walk::{Progress, Row};

const SECOND: SignedDuration = SignedDuration::from_secs(1);
/// A list of so few rows is never cut: its total has to be its length.
const FEW: i64 = 10;

/// The finding of the audit of a list that was read.
#[derive(Debug)]
pub(super) enum Judgement {
    Proved(Proof),
    /// How many rows are missing; `None` where the platform does not say how many.
    Short(Option<u64>),
}

/// Compares what came of a list with what the platform counts.
pub(super) async fn judge(reader: &Reader, end: &End, progress: &Progress) -> Result<Judgement> {
    let tally = &reader.tally;
    let total = tally.counted();
    let passed = matches!(end, End::Passed) || tally.partial;
    // Whoever began further down and came to the end of the list has to have come as far as its total says.
    let to_the_end = reader.direction == Direction::Down && !matches!(end, End::Passed);
    let lacks = total.map_or(0, |total| total.saturating_sub(u64::try_from(reader.covered()).unwrap_or(0)));
    if tally.partial && to_the_end && lacks > 0 {
        // Of places that had a row of another one nobody knows which rows they hide.
        return Ok(Judgement::Short(Some(lacks).filter(|_| tally.repeats + tally.skipped == 0)));
    }
    // A page that had room may have lost rows to another one, and not show it.
    let thin = matches!(end, End::Passed) && reader.stops_short();
    if passed && tally.is_tidy(reader.direction) && !reader.unordered && !thin {
        return match total {
            Some(_) => Ok(Judgement::Proved(Proof::Counted)),
            None if to_the_end && !reader.shows_end(end).await? => Ok(Judgement::Short(None)),
            None => Ok(Judgement::Proved(Proof::EndOfList)),
        };
    }
    if passed {
        return Ok(Judgement::Short(None));
    }
    let (until, knows) = (progress.query.until, |row: &Row| progress.knows(row));
    let Some(total) = total else {
        let whole = reader.is_whole(end, until, knows).await?;
        return Ok(if whole { Judgement::Proved(Proof::EndOfList) } else { Judgement::Short(None) });
    };
    let read = tally.fresh;
    let (newcomers, total) = if tally.drift() == 0 && tally.repeats == 0 || read == total {
        (0, total)
    } else {
        match reader.newcomers(until, knows).await? {
            Some((newcomers, Some(total))) => (newcomers, u64::try_from(total).unwrap_or(0)),
            Some((_, None)) | None => return Ok(Judgement::Short(None)),
        }
    };
    let counted = total.saturating_sub(newcomers);
    if tally.doubled > 0 && tally.repeats == 0 && read + tally.doubled == counted {
        return Ok(Judgement::Proved(Proof::Counted)); // every place of the list was seen: it has rows twice
    }
    Ok(match read.cmp(&counted) {
        std::cmp::Ordering::Less => Judgement::Short(Some(counted - read)),
        std::cmp::Ordering::Equal => Judgement::Proved(Proof::Counted),
        // Rows were purged since they were read, or the count is stale.
        std::cmp::Ordering::Greater if tally.drift() < 0 => Judgement::Proved(Proof::Counted),
        std::cmp::Ordering::Greater => Judgement::Proved(Proof::EndOfList),
    })
}

/// Whether the platform's total is another number than the rows of a list, even where there can be none, or so few that
/// no page size can cut them: then it is no count.
pub(super) async fn counts_lie(listing: &Listing, progress: &Progress) -> Result<bool> {
    if !listing.source.shape().dates || listing.source.learnt().date_filters == Some(false) {
        return Ok(false);
    }
    let newest = progress.query.until.and_then(|until| until.checked_sub(SECOND).ok());
    let mut contradicted = false;
    for second in [Some(Timestamp::UNIX_EPOCH), progress.frontier(), newest].into_iter().flatten() {
        let Ok(second) = Timestamp::from_second(second.as_second()) else { continue };
        let scope = Scope { since: Some(second), until: Some(second + SECOND), ..listing.scope.clone() };
        let page = match listing.with(scope.clone()).fetch(1, listing.size()).await {
            Ok(page) => page,
            Err(error) if is_about_form(&error) => {
                listing.source.learn(|learned| learned.date_filters = Some(false));
                return Ok(false);
            }
            Err(error) => return Err(error),
        };
        let before_all = second == Timestamp::UNIX_EPOCH;
        let few = if before_all { 0..=0 } else { 1..=FEW };
        let obeyed = page.rows.iter().filter_map(Row::time).all(|time| scope.may_hold(time));
        match page.info.says.total {
            Some(total) if obeyed && few.contains(&page.info.count) => {
                if before_all && total > 0 {
                    return Ok(true);
                }
                contradicted |= total != page.info.count;
            }
            _ => {}
        }
    }
    Ok(contradicted)
}
