//! The platform's count of entries in a time range.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::{SignedDuration, Timestamp};

use super::listing::{Listing, PageInfo};
use super::place::{first_page, order_of};
use super::scope::Scope;
use super::{BigCommerce, RecordPage};
use crate::error::{ErrorKind, Result};
use crate::raw::bigcommerce::push_down::{DATE_CREATED_MAX, DATE_CREATED_MIN, GetStoreSystemLogs as _};
use crate::time;
use crate::walk::Order;

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// The total of a page that is filtered by date, if that can be trusted; else the number of places between the two ends
/// of the range in the whole list, if that is in order.
pub(super) async fn of_range(source: &BigCommerce, since: Timestamp, until: Timestamp) -> Result<Option<u64>> {
    if since.subsec_nanosecond() != 0 || until.subsec_nanosecond() != 0 {
        return Ok(None);
    }
    // Without the filters the total is of the whole log.
    if DATE_CREATED_MIN && DATE_CREATED_MAX && source.learnt().date_filters != Some(false) {
        match by_filter(source, since, until).await? {
            ByFilter::Counted(total) => return Ok(Some(total)),
            ByFilter::NotCounted => return Ok(None),
            ByFilter::Ignored => source.learn(|learned| learned.date_filters = Some(false)),
        }
    }
    by_place(source, since, until).await
}

enum ByFilter {
    Counted(u64),
    NotCounted,
    /// The date filters are refused or ignored.
    Ignored,
}

/// Whether the date filters are obeyed, and whether they include their bounds, is not documented. A row that is known to
/// be in the range shows it: asked for its very second, a server that includes bounds counts it, one that excludes them
/// counts nothing, and one that ignores the filters answers with a row of another time.
async fn by_filter(source: &BigCommerce, since: Timestamp, until: Timestamp) -> Result<ByFilter> {
    let counted = |total: Option<u64>| total.map_or(ByFilter::NotCounted, ByFilter::Counted);
    let Some(wide) = ask(source, since - SECOND, until).await? else { return Ok(ByFilter::Ignored) };
    let known = match &wide.row {
        Row::None => return Ok(counted(wide.total.filter(|total| *total == 0))),
        Row::At(time) if (since - SECOND..=until).contains(time) => *time,
        Row::At(_) => return Ok(ByFilter::Ignored),
        Row::Unreadable => return Ok(ByFilter::NotCounted),
    };
    let Some(very) = ask(source, known, known).await? else { return Ok(ByFilter::Ignored) };
    match very.row {
        // Excluded: then the wide request was of exactly this range.
        Row::None => Ok(counted(wide.total)),
        Row::At(time) if time == known => {
            if very.total == wide.total && !obeys_dates(source).await? {
                return Ok(ByFilter::Ignored);
            }
            let exact = ask(source, since, until - SECOND).await?;
            Ok(counted(exact.and_then(|exact| exact.total)))
        }
        Row::At(_) => Ok(ByFilter::Ignored),
        Row::Unreadable => Ok(ByFilter::NotCounted),
    }
}

/// Whether a time at which there was no platform yet has no entries.
async fn obeys_dates(source: &BigCommerce) -> Result<bool> {
    let none = ask(source, Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + SECOND).await?;
    Ok(none.is_some_and(|none| matches!(none.row, Row::None)))
}

struct Asked {
    total: Option<u64>,
    row: Row,
}

enum Row {
    None,
    At(Timestamp),
    Unreadable,
}

/// Asks for one row and the total. `None` where the date filters are refused.
async fn ask(source: &BigCommerce, min: Timestamp, max: Timestamp) -> Result<Option<Asked>> {
    let page = source
        .page(|request| {
            let request = request.limit(1).push_date_created_min(min.as_second().to_string());
            request.push_date_created_max(max.as_second().to_string())
        })
        .await;
    match page {
        Ok(page) => Ok(Some(Asked { total: total(&page), row: first(&page) })),
        Err(error) if error.kind() == ErrorKind::Refused => Ok(None),
        Err(error) => Err(error),
    }
}

fn first(page: &RecordPage) -> Row {
    let Some(record) = page.records.first() else { return Row::None };
    let date = record.as_ref().ok().and_then(|record| record.date_created.as_deref());
    date.and_then(|date| time::read(date).ok()).map_or(Row::Unreadable, |written| Row::At(written.time))
}

/// The total, if it agrees with the page it came with.
fn total(page: &RecordPage) -> Option<u64> {
    let says = page.pagination?;
    let (total, pages) = (says.total?, says.total_pages?);
    let rows = i64::try_from(page.records.len()).ok()?;
    let agrees = total >= rows && (total == 0) == (rows == 0) && (!says.next || total > rows) && pages >= rows.min(1);
    u64::try_from(total).ok().filter(|_| agrees)
}

/// Every place of the whole list holds one row: how many are in the range follows from the places of its ends. They are
/// found by halving, one row a request. Only if the total is right: it has to name the very last place.
async fn by_place(source: &BigCommerce, since: Timestamp, until: Timestamp) -> Result<Option<u64>> {
    let listing = Listing { source: source.clone(), scope: Scope::default(), most: None };
    let first = listing.settle().await?;
    let Some(total) = first.info.total() else { return Ok(None) };
    if total == 0 {
        return Ok((first.info.count == 0).then_some(0));
    }
    let up = match order_of(&listing, &first, first.info.asked).await? {
        Order::OldestFirst => true,
        Order::NewestFirst | Order::Flat => false,
        Order::Mixed => return Ok(None),
    };
    let (last, beyond) = (listing.fetch(total, 1).await?.info, listing.fetch(total + 1, 1).await?.info);
    let last_again = beyond.count > 0 && beyond.same_rows(&last);
    if last.count != 1 || !(beyond.count == 0 || last_again) {
        return Ok(None);
    }
    let behind = |page: &PageInfo, time: Timestamp| {
        page.oldest.is_none_or(|oldest| if up { oldest >= time } else { oldest < time })
    };
    let mut places = [0; 2];
    for (place, time) in places.iter_mut().zip([since, until]) {
        let (listing, unreadable) = (&listing, &AtomicBool::new(false));
        let found = first_page(1, total, |number| async move {
            let page = listing.fetch(number, 1).await?.info;
            let behind = behind(&page, time);
            if behind {
                unreadable.store(page.oldest.is_none(), Ordering::Relaxed); // the last one that is behind is the first of all
            }
            Ok(behind)
        });
        *place = found.await?.unwrap_or(total + 1);
        if unreadable.load(Ordering::Relaxed) {
            return Ok(None); // on which side of the end it was written nobody knows
        }
    }
    // Rows that came in or went meanwhile have moved the others.
    if listing.fetch(1, 1).await?.info.total() != Some(total) {
        return Ok(None);
    }
    Ok(Some(places[0].abs_diff(places[1])))
}
