//! The list as the platform numbers it, and finding a place in it without reading all that is before.

use std::future::Future;

use jiff::{SignedDuration, Timestamp};

use super::BigCommerce;
use super::page::Pagination;
use crate::error::{Error, ErrorKind, Result};
use crate::raw::bigcommerce::push_down::GetStoreSystemLogs as _;
use crate::walk::{Row, fingerprint, incomplete, newest, oldest};

/// A list request with its filters; only the page number is open.
#[derive(Clone)]
pub(super) struct Listing {
    pub(super) source: BigCommerce,
    pub(super) since: Option<Timestamp>,
    pub(super) until: Option<Timestamp>,
    pub(super) category: Option<String>,
    pub(super) module: Option<String>,
    pub(super) severity_min: Option<i64>,
    /// The most rows that are of use, if fewer than a page.
    pub(super) limit: Option<i64>,
}

/// No log has so many pages: a list that changes while its end is looked for may not seem to have one.
pub(super) const BEYOND: i64 = 1 << 32;

/// One page of the list.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub(super) about: About,
    pub(super) rows: Vec<Row>,
}

/// What is known of a page besides its rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct About {
    pub(super) number: i64,
    /// How many rows came.
    pub(super) count: i64,
    /// The page size that was asked for.
    pub(super) asked: i64,
    pub(super) told: Pagination,
    pub(super) oldest: Option<Timestamp>,
    pub(super) newest: Option<Timestamp>,
    fingerprint: u64,
}

impl About {
    /// The size of a full page.
    pub(super) fn size(&self) -> i64 {
        self.told.per_page.filter(|size| *size > 0).map_or(self.asked, |size| size.min(self.asked)).max(1)
    }

    /// Whether the page says that others follow.
    pub(super) fn says_more(&self) -> bool {
        self.told.next || self.told.total_pages.is_some_and(|pages| pages > self.number)
    }

    /// Whether the page itself proves that nothing follows: it names no next page, and is shorter than it could be. An
    /// empty page, and one that does not say how long it could be, prove nothing unless the total says the same.
    pub(super) fn proves_end(&self) -> bool {
        let before = (self.number - 1).saturating_mul(self.size());
        let counted_out = self.told.total_pages.is_some() && self.told.total.is_some_and(|total| total <= before);
        let short = self.told.per_page.is_some() && self.count > 0 && self.count < self.size();
        !self.says_more() && (short || (self.count == 0 && counted_out))
    }

    /// Whether the totals can be believed: they must agree with each other and with the page they came with.
    pub(super) fn totals_agree(&self) -> bool {
        let (Some(total), Some(pages)) = (self.told.total, self.told.total_pages) else { return false };
        let size = self.size();
        let seen = (self.number - 1).saturating_mul(size).saturating_add(self.count);
        total >= seen
            && pages == (total.saturating_add(size - 1)) / size
            && (!self.told.next || pages > self.number)
            && (self.count == size || pages <= self.number)
    }

    /// Whether the page is the last one that the totals speak of, and they are right about it; or rows came in since they
    /// were told, and it no longer is. `links` says that a page which others follow names the next one.
    pub(super) fn totals_end_here(&self, links: bool) -> bool {
        let (Some(total), Some(pages)) = (self.told.total, self.told.total_pages) else { return false };
        let seen = (self.number - 1).saturating_mul(self.size()).saturating_add(self.count);
        // Another page may follow one that is full, unless it says that none does.
        let ends = self.count < self.size() || (links && !self.told.next);
        self.totals_agree() && (self.number < pages || (seen == total && ends))
    }

    /// The last page, if the totals can be believed; else the next one. To look for an end from there.
    pub(super) fn last_or_next(&self) -> i64 {
        self.told.total_pages.filter(|_| self.totals_agree()).unwrap_or(0).max(self.number + 1)
    }

    /// Whether the other page has the very same rows.
    pub(super) fn same_rows(&self, other: &Self) -> bool {
        self.count > 0 && self.count == other.count && self.fingerprint == other.fingerprint
    }
}

impl Listing {
    /// Gets the first page, and with it finds out which form of the request the platform takes.
    pub(super) async fn settle(&self) -> Result<Fetched> {
        let mut refusal = None;
        loop {
            let error = match self.fetch(1).await {
                Ok(fetched) => return Ok(fetched),
                Err(error) => error,
            };
            let shape = self.source.shape();
            let next = shape.after(&error).filter(|_| is_about_form(&error));
            // Where no form is taken, the first refusal says best what is wrong.
            let first = refusal.get_or_insert((error, shape));
            let Some(next) = next else {
                self.source.set_shape(first.1);
                return Err(refusal.map_or_else(|| Error::invalid("no request was sent"), |(error, _)| error));
            };
            self.source.set_shape(next);
        }
    }

    /// Gets one page.
    pub(super) async fn fetch(&self, number: i64) -> Result<Fetched> {
        let shape = self.source.shape();
        // One row alone would not tell how the list is ordered.
        let asked = self.limit.map_or(shape.limit, |limit| limit.clamp(2, shape.limit));
        let answer = self.ask(number, asked, self.severity_min, None).await;
        let (rows, told) = match answer {
            Ok((rows, told)) => (rows, told.unwrap_or_default()),
            // Beyond the last page some servers answer so.
            Err(error) if number > 1 && error.kind() == ErrorKind::NotFound => (Vec::new(), Pagination::default()),
            Err(error) => return Err(error),
        };
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        let (oldest, newest, fingerprint) = (oldest(&rows), newest(&rows), fingerprint(&rows));
        Ok(Fetched { about: About { number, count, asked, told, oldest, newest, fingerprint }, rows })
    }

    /// What is known of a page. One that comes empty without proof of the end is asked for again, and then it is the one
    /// behind it that tells: an empty page in the middle is not the end.
    pub(super) async fn probe(&self, number: i64) -> Result<About> {
        for number in [number, number, number + 1] {
            let page = self.fetch(number).await?.about;
            if page.count > 0 || page.proves_end() {
                return Ok(page);
            }
        }
        Ok(About { number, ..About::default() })
    }

    /// How many rows the platform says a range of severities has, other filters alike.
    pub(super) async fn count(&self, min: Option<i64>, max: Option<i64>) -> Result<Option<i64>> {
        let (rows, told) = self.ask(1, 1, min, max).await?;
        let total = told.and_then(|told| told.total);
        Ok(total.filter(|total| (*total > 0) != rows.is_empty()))
    }

    async fn ask(
        &self,
        number: i64,
        limit: i64,
        severity_min: Option<i64>,
        severity_max: Option<i64>,
    ) -> Result<(Vec<Row>, Option<Pagination>)> {
        let shape = self.source.shape();
        // Whether the bounds are included is not documented, and rows may be finer than the second: ask for a second
        // more on both sides. Every row is checked again.
        let second = SignedDuration::from_secs(1);
        let min = self.since.filter(|_| shape.dates).map(|time| (time - second).as_second().max(0));
        let max = self.until.filter(|_| shape.dates).map(|time| (time + second).as_second() + 1);
        self.source
            .rows(|mut request| {
                request = request.limit(limit).page(number);
                if shape.sort {
                    request = request.push_sort("date_created").push_direction("desc");
                }
                if let Some(min) = min {
                    request = request.push_date_created_min(min.to_string());
                }
                if let Some(max) = max {
                    request = request.push_date_created_max(max.to_string());
                }
                if let Some(category) = &self.category {
                    request = request.push_type(category);
                }
                if let Some(module) = &self.module {
                    request = request.push_module(module);
                }
                if let Some(min) = severity_min {
                    request = request.push_severity_min(min);
                }
                if let Some(max) = severity_max {
                    request = request.push_severity_max(max);
                }
                request
            })
            .await
    }
}

/// A refusal that may be about the form of the request rather than about the caller.
pub(super) fn is_about_form(error: &Error) -> bool {
    error.kind() == ErrorKind::Refused && matches!(error.status(), Some(400 | 413 | 422))
}

/// The number of the last page of a list that is oldest first. Reads a few pages on the way, not all.
pub(super) async fn last_page(listing: &Listing, first: About) -> Result<i64> {
    if first.count == 0 || first.proves_end() {
        return Ok(first.number);
    }
    let mut known = first; // has rows, and is not the last
    let mut guess = first.last_or_next();
    let beyond = loop {
        let mut page = listing.probe(guess).await?;
        if page.same_rows(&known) {
            page = listing.probe(guess).await?; // it is the last one, or it came twice by mistake
        }
        if page.count > 0 && page.proves_end() && page.totals_agree() {
            return Ok(page.number);
        }
        if page.count == 0 || page.same_rows(&known) || page.proves_end() {
            break page;
        }
        if guess > BEYOND {
            return Err(incomplete("the end of the list was not found, because new entries came in too fast"));
        }
        known = page;
        guess = guess.saturating_mul(2);
    };
    // The first page that is empty, or the same as the one beyond the end.
    let found = first_page(known.number, beyond.number, |number| async move {
        let page = listing.probe(number).await?;
        Ok(page.count == 0 || page.same_rows(&beyond))
    })
    .await?;
    Ok(match found {
        Some(number) if beyond.count == 0 => (number - 1).max(1),
        Some(number) => listing.probe(number).await?.number.max(number),
        None => beyond.number,
    })
}

/// The page of a newest-first list to begin at: the one before the first that reaches below `until`, in case a page
/// came twice on the way there. The one before the last if none does.
pub(super) async fn start_of(listing: &Listing, first: About, until: Timestamp) -> Result<i64> {
    let reaches = |page: &About| page.count == 0 || page.oldest.is_some_and(|oldest| oldest < until);
    let mut low = first.number;
    let mut high = first.last_or_next();
    if !first.totals_agree() {
        loop {
            let page = listing.probe(high).await?;
            if reaches(&page) || !page.says_more() || high > BEYOND {
                break;
            }
            low = high;
            high = high.saturating_mul(2);
        }
    }
    let found = first_page(low, high, |number| async move { Ok(reaches(&listing.probe(number).await?)) });
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
