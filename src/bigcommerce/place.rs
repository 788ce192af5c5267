//! Search for a place in a list without reading everything before it. All pages of a search are of one size, whatever
//! the store is asked for elsewhere meanwhile: the number of a page is a place only together with its size.

use std::future::Future;

use futures::future::try_join;
use jiff::Timestamp;

use super::listing::{BEYOND, Fetched, Listing, PageInfo};
use crate::error::Result;
use crate::walk::{Order, incomplete, order};

/// The order of the list. A page that is all of one moment does not show it; one further on does.
pub(super) async fn order_of(listing: &Listing, first: &Fetched, size: i64) -> Result<Order> {
    let (order, info) = (order(&first.rows), first.info);
    if order != Order::Flat || info.count == 0 || info.ends_by_total() {
        return Ok(order);
    }
    // The page that others are compared with: the first one on which a time can be read.
    let mut info = info;
    let (mut low, mut high, mut number) = (info, None, last_or_next(&info));
    loop {
        let mut other = listing.probe(number, size).await?;
        if other.same_rows(&low) {
            other = listing.probe(number, size).await?;
        }
        if other.count == 0 || other.same_rows(&low) {
            high = Some(number); // beyond the end, or as good as that
        } else if info.newest.is_none() || other.newest.is_none() {
            info = if info.newest.is_none() { other } else { info };
            low = other;
            if other.ends_by_total() {
                return Ok(order);
            }
        } else if (other.oldest, other.newest) != (info.oldest, info.newest) {
            return Ok(if other.newest > info.newest { Order::OldestFirst } else { order });
        } else if other.ends_by_total() {
            return Ok(order);
        } else {
            low = other;
        }
        number = high.map_or(low.number.saturating_mul(2), |high| low.number + (high - low.number) / 2);
        if number <= low.number || number > BEYOND / info.asked.max(1) {
            return Ok(order);
        }
    }
}

/// Whether the first page says that there is more, and yet nothing else comes, however pages are asked for.
pub(super) async fn is_stuck(listing: &Listing, first: &PageInfo) -> Result<bool> {
    let more = first.says_more() || first.total().is_some_and(|total| total > first.count);
    if !more || first.count == 0 {
        return Ok(false);
    }
    for beside in 1..=listing.nothing(first.asked) {
        let other = listing.fetch(first.number + beside, first.asked).await?.info;
        if !other.same_rows(first) && other.is_another().is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The last page, if the total can be believed; else the next one. To look for an end from there.
pub(super) fn last_or_next(page: &PageInfo) -> i64 {
    let by_total = page.total().map_or(0, |total| total.saturating_add(page.asked - 1) / page.asked.max(1));
    by_total.max(page.number + 1)
}

/// The last page of a list that is oldest first. Reads a few pages on the way, not all.
pub(super) async fn last_page(listing: &Listing, first: PageInfo, size: i64) -> Result<PageInfo> {
    if first.count == 0 || first.ends_by_total() {
        return Ok(first);
    }
    let mut known = first; // has rows, and is not the last
    let mut guess = last_or_next(&first);
    if first.total().is_some_and(|total| total % first.asked.max(1) == 0)
        && let Some(last) = full_last_page(listing, guess, size).await?
    {
        return Ok(last);
    }
    let beyond = loop {
        let mut page = listing.probe(guess, size).await?;
        if page.same_rows(&known) {
            page = listing.probe(guess, size).await?; // it is the last one, or it came twice by mistake
        }
        if page.count > 0 && page.ends_by_total() && page.total().is_some() {
            return Ok(page);
        }
        if page.count == 0 || page.same_rows(&known) {
            break page;
        }
        if guess > BEYOND / page.asked.max(1) {
            return Err(incomplete("the end of the list was not found, because new entries came in too fast"));
        }
        known = page;
        // Where a page came empty, the one behind it answered in its place.
        let next = if guess == last_or_next(&first) { guess + 1 } else { guess.saturating_mul(2) };
        guess = next.max(known.number + 1);
    };
    // The first page that is empty, or the same as the one beyond the end. From the beginning: the ones before may have
    // been the last page again, too.
    let found = first_page(first.number, beyond.number, |number| async move {
        let page = listing.probe(number, size).await?;
        Ok(page.count == 0 || page.same_rows(&beyond))
    })
    .await?;
    match found {
        Some(number) if beyond.count == 0 => listing.probe((number - 1).max(1), size).await,
        Some(number) => listing.probe(number, size).await,
        None => Ok(beyond),
    }
}

/// The last page by its total, if that is full and nothing comes behind it: then the total and the list say the same.
async fn full_last_page(listing: &Listing, number: i64, size: i64) -> Result<Option<PageInfo>> {
    let (last, behind) = try_join(listing.fetch(number, size), listing.fetch(number + 1, size)).await?;
    let (last, behind) = (last.info, behind.info);
    let ends = |page: &PageInfo| page.says.total == Some(last.start() + last.count) && !page.says_more();
    let is_last =
        last.count == size && ends(&last) && behind.count == 0 && behind.says.total.is_none_or(|_| ends(&behind));
    Ok(is_last.then_some(last))
}

/// The page of an oldest-first list to begin at.
pub(super) struct Top {
    /// The last page that holds something of the time range.
    pub(super) page: i64,
    /// It is the last of the list.
    pub(super) is_last: bool,
    /// The last page of the list.
    pub(super) last: PageInfo,
}

/// Finds the page of an oldest-first list to begin at.
pub(super) async fn top(listing: &Listing, until: Option<Timestamp>, first: PageInfo, size: i64) -> Result<Top> {
    let info = last_page(listing, first, size).await?;
    let last = info.number;
    let Some(until) = until else { return Ok(Top { page: last, is_last: true, last: info }) };
    let beyond = first_page(1, last, |number| async move {
        let page = listing.probe(number, size).await?;
        // Of a page without a readable time nobody knows: it is read.
        Ok(page.count == 0 || page.oldest.is_some_and(|oldest| oldest >= until))
    });
    let page = beyond.await?.map_or(last, |beyond| (beyond - 1).max(1));
    Ok(Top { page, is_last: page == last, last: info })
}

/// The page of a newest-first list to begin at: the one before the first that reaches below `until`, in case a page
/// came twice on the way there. The one before the last if none does.
pub(super) async fn start_of(listing: &Listing, first: PageInfo, until: Timestamp, size: i64) -> Result<i64> {
    // Of a page without a readable time nobody knows: it is read.
    let reaches = |page: &PageInfo| page.oldest.is_none_or(|oldest| oldest < until);
    let mut low = first.number;
    let mut high = last_or_next(&first);
    loop {
        let page = listing.probe(high, size).await?;
        if reaches(&page) || !page.says_more() || high > BEYOND / first.asked.max(1) {
            break;
        }
        low = high;
        high = high.saturating_mul(2);
    }
    let found = first_page(low, high, |number| async move { Ok(reaches(&listing.probe(number, size).await?)) });
    Ok((found.await?.unwrap_or(high) - 1).max(1))
}

/// The first number of `low..=high` for which the test holds, by halving: from there on it holds for all.
pub(super) async fn first_page<F, Fut>(mut low: i64, high: i64, test: F) -> Result<Option<i64>>
where
    F: Fn(i64) -> Fut,
    Fut: Future<Output = Result<bool>>,
{
    let mut found = None;
    let mut high = high;
    while low <= high {
        let middle = low + (high - low) / 2;
        if test(middle).await? {
            found = Some(middle);
            high = middle - 1;
        } else {
            low = middle + 1;
        }
    }
    Ok(found)
}
