//! A list of rows as the platform numbers it, and one page of it.

use jiff::{SignedDuration, Timestamp};

use super::BigCommerce;
use super::habits::{MORE, Shape};
use super::page::Pagination;
use super::scope::Scope;
use crate::error::{Error, ErrorKind, Result};
use crate::raw::bigcommerce::push_down::GetStoreSystemLogs as _;
use crate::walk::{Row, fingerprint, newest, oldest, page_too_small};

const SECOND: SignedDuration = SignedDuration::from_secs(1);

/// A list: the request with its filters. Only the place in it is open.
#[derive(Clone)]
pub(super) struct Listing {
    pub(super) source: BigCommerce,
    pub(super) scope: Scope,
    /// The most rows that are of use, if fewer than a page.
    pub(super) most: Option<i64>,
}

/// More rows than any log has: the search for the end of a list that changes meanwhile stops here.
pub(super) const BEYOND: i64 = 1 << 40;

/// Pages in a row that bring nothing, each asked for twice: then the list does not lead on.
const NOTHING: i64 = 2;

/// One page of the list.
#[derive(Debug, Default)]
pub(super) struct Fetched {
    pub(super) info: PageInfo,
    pub(super) rows: Vec<Row>,
}

/// The properties of a page besides its rows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct PageInfo {
    /// Its number, from 1, in pages of the size that was asked for.
    pub(super) number: i64,
    /// The page size that was asked for.
    pub(super) asked: i64,
    /// How many rows came.
    pub(super) count: i64,
    pub(super) says: Pagination,
    pub(super) oldest: Option<Timestamp>,
    pub(super) newest: Option<Timestamp>,
    fingerprint: u64,
}

/// The finding of a second look at the place of a page that came empty.
#[derive(Debug)]
pub(super) enum Behind {
    /// No row, or one that is known.
    Nothing,
    /// The page, at a second look.
    Page(Fetched),
    /// A row that is on the next page: a page too many stands in the list.
    Next(Fetched),
    /// Rows that come only where fewer are asked for.
    Rows,
    /// Rows that come only where [`MORE`] are asked for.
    More,
    /// A few rows do not come, and more fail: what there is nobody knows.
    Unknown(Error),
}

impl PageInfo {
    /// The place of its first row in the list, from 0.
    pub(super) fn start(&self) -> i64 {
        (self.number - 1).saturating_mul(self.asked)
    }

    /// Whether the page says that others follow.
    pub(super) fn says_more(&self) -> bool {
        self.says.next || self.says.total_pages.is_some_and(|pages| pages > self.number)
    }

    /// Whether the page had room for more rows, by what was asked for and by what it says its own size is.
    pub(super) fn is_short(&self) -> bool {
        self.count < self.says.per_page.filter(|size| *size > 0).map_or(self.asked, |size| size.min(self.asked))
    }

    /// Whether the list has nothing after the page, as far as the page itself shows: it is shorter than it was asked to
    /// be, names no next page, and the total counts no row behind it. Whether the total is to be believed is for the
    /// audit.
    pub(super) fn ends_by_total(&self) -> bool {
        let read = self.start().saturating_add(self.count);
        self.is_short() && !self.says_more() && self.says.total.is_some_and(|total| total <= read)
    }

    /// How many rows the page says the whole list has, unless the page itself shows that it cannot be so.
    pub(super) fn total(&self) -> Option<i64> {
        let read = if self.count == 0 { 0 } else { self.start().saturating_add(self.count) };
        self.says.total.filter(|total| *total >= read)
    }

    /// Whether the other page has the very same rows.
    pub(super) fn same_rows(&self, other: &Self) -> bool {
        self.count > 0 && self.count == other.count && self.fingerprint == other.fingerprint
    }

    /// The fault of the page itself, where it is not the one that was asked for.
    pub(super) fn is_another(&self) -> Option<String> {
        let (asked, came) = (self.number, self.says.current_page?);
        (came != asked).then(|| format!("the platform answered with page {came} where page {asked} was asked for"))
    }
}

impl Listing {
    /// The rows on a page, as far as is known: as many as the platform gives at once, and no more than are of use.
    pub(super) fn size(&self) -> i64 {
        let most = self.source.shape().limit;
        // One row alone would not show how the list is ordered.
        self.most.map_or(most, |rows| rows.clamp(2, most.max(2)))
    }

    /// The same list with other contents.
    pub(super) fn with(&self, scope: Scope) -> Self {
        Self { source: self.source.clone(), scope, most: None }
    }

    /// Gets the first page, and with it finds out which form of the request the platform takes.
    pub(super) async fn settle(&self) -> Result<Fetched> {
        let mut refusal: Option<(Error, Shape)> = None;
        let mut fine = false;
        loop {
            let error = match self.fetch(1, self.size()).await {
                Ok(fetched) => {
                    self.source.answered();
                    // Where more rows fail that do not fail where there is none, some are there.
                    if let Some((error, failed)) = refusal
                        && fetched.info.count == 0
                        && failed.differs_in_size_only(self.source.shape())
                        && self.takes(failed).await
                    {
                        return Err(error);
                    }
                    return Ok(fetched);
                }
                Err(error) => error,
            };
            let shape = self.source.shape();
            // A store that never answered is asked for less once: its silence is dear.
            let silent = error.kind() == ErrorKind::TimedOut && !self.source.has_answered();
            let next = shape.after(&error).filter(|_| is_about_form(&error));
            fine = fine || next.is_some_and(|next| !next.differs_in_size_only(shape)) && self.takes(shape).await;
            let next = next.filter(|next| !fine || next.differs_in_size_only(shape));
            let size = is_about_form(&error) || is_about_size(&error) && (!silent || shape.is_first());
            let next = next.or_else(|| shape.smaller().filter(|_| size));
            // What some rows are refused for, others are not.
            let about_size = fine || is_about_size(&error) && error.status() != Some(413);
            // Where no form is taken, the first refusal says best what is wrong.
            let first = refusal.get_or_insert((error, shape));
            let Some(next) = next else {
                self.source.set_shape(first.1);
                return Err(refusal.map_or_else(|| Error::invalid("no request was sent"), |(error, _)| error));
            };
            if about_size {
                self.source.ask_for_fewer();
            }
            self.source.set_shape(next);
        }
    }

    /// Whether the platform takes this form of the request where it has no row to fail at: then a refusal is about the
    /// rows that were asked for, or about how many, and the filters are not to blame.
    async fn takes(&self, shape: Shape) -> bool {
        let nothing =
            Scope { since: Some(Timestamp::UNIX_EPOCH), until: Some(Timestamp::UNIX_EPOCH), ..Scope::default() };
        shape.dates && self.with(nothing).fetch(1, shape.limit).await.is_ok()
    }

    /// Gets one page, in pages of this size. Where the platform sends empty pages now and then for rows that it has,
    /// one that comes empty is asked for more often.
    pub(super) async fn fetch(&self, number: i64, size: i64) -> Result<Fetched> {
        let mut page = self.fetch_once(number, size).await?;
        if page.info.count == 0 {
            for _ in 0..self.source.looks(&self.scope) {
                page = self.fetch_once(number, size).await?;
                if page.info.count > 0 {
                    break;
                }
            }
        }
        Ok(page)
    }

    async fn fetch_once(&self, number: i64, size: i64) -> Result<Fetched> {
        let (rows, says) = match self.ask(number, size).await {
            Ok((rows, says)) => (rows, says.unwrap_or_default()),
            // Beyond the last page some servers answer so.
            Err(error) if number > 1 && error.kind() == ErrorKind::NotFound => (Vec::new(), Pagination::default()),
            Err(error) => return Err(error),
        };
        let count = i64::try_from(rows.len()).unwrap_or(i64::MAX);
        self.source.came(&self.scope, number, size, count);
        let (oldest, newest, fingerprint) = (oldest(&rows), newest(&rows), fingerprint(&rows));
        Ok(Fetched { info: PageInfo { number, asked: size, count, says, oldest, newest, fingerprint }, rows })
    }

    /// Whether an empty page is the end of the list by a total that is known to be right. A total of nothing agrees
    /// with each page that comes empty, whatever the list has.
    pub(super) fn is_end(&self, page: &PageInfo) -> bool {
        page.ends_by_total() && (page.count > 0 || self.source.learnt().counts == Some(true))
    }

    /// Looks behind a page that came empty: it may be the page and not the list that is. `known`: the rows of the page
    /// before it, if the list is known to have any; `from`: the first of its places that was not read yet.
    pub(super) async fn behind(&self, page: &PageInfo, known: Option<&[u64]>, from: i64) -> Result<Behind> {
        // Where a total says that nothing is there, one row is as good a question as the page itself.
        let agrees = page.ends_by_total() && page.asked > 1;
        if !agrees {
            let again = self.fetch(page.number, page.asked).await?;
            if again.info.count > 0 {
                return Ok(Behind::Page(again));
            }
            if page.number == 1 && self.is_narrow() {
                match self.fetch(1, MORE).await {
                    Ok(more) if more.info.count > 0 => return Ok(Behind::More),
                    Ok(_) => {}
                    Err(error) if is_about_size(&error) || is_about_form(&error) => {
                        return self.pages_behind(page, self.nothing(page.asked) - 1).await;
                    }
                    Err(error) => return Err(error),
                }
            }
            if page.asked <= 1 {
                return Ok(Behind::Nothing);
            }
        }
        // The first row of the page, and the next one: the first may be what the platform stumbles over.
        let mut row = None;
        let places = if known.is_none() && !self.source.looks_twice() { 1..=1 } else { 1..=2 };
        for place in places {
            let number = from.saturating_add(place);
            match self.fetch(number, 1).await {
                Ok(one) => row = one.rows.into_iter().find(|row| !known.is_some_and(|known| known.contains(&row.key))),
                // Further down a list without a row it is the place that fails.
                Err(error) if is_about_size(&error) && known.is_none() && number > 1 => break,
                Err(error) if is_about_size(&error) => return Ok(Behind::Rows),
                Err(error) => return Err(error),
            }
            if row.is_some() {
                break;
            }
        }
        let Some(row) = row else { return Ok(Behind::Nothing) };
        if agrees {
            let again = self.fetch(page.number, page.asked).await?;
            if again.info.count > 0 {
                return Ok(Behind::Page(again));
            }
        }
        // Where a page too many stands in the list, it is on the next one.
        let next = match self.fetch(page.number.saturating_add(1), page.asked).await {
            Ok(next) => next,
            Err(error) if is_about_size(&error) => return Ok(Behind::Rows),
            Err(error) => return Err(error),
        };
        let there = next.rows.iter().any(|other| other.key == row.key);
        Ok(if there { Behind::Next(next) } else { Behind::Rows })
    }

    /// Looks for the first page with a row among this many behind the page.
    pub(super) async fn pages_behind(&self, page: &PageInfo, pages: i64) -> Result<Behind> {
        for beside in 1..=pages {
            match self.fetch(page.number + beside, page.asked).await {
                Ok(next) if next.info.count > 0 => return Ok(Behind::Next(next)),
                Ok(_) => {}
                Err(error) if is_about_size(&error) || is_about_form(&error) => {
                    return Ok(Behind::Unknown(page_too_small(error)));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(Behind::Nothing)
    }

    /// Whether pages have so few rows that one may come empty anywhere in the list.
    pub(super) fn is_narrow(&self) -> bool {
        self.size() < MORE
    }

    /// Whether pages have so few rows because more failed, and not because the platform gives no more.
    pub(super) fn is_narrowed(&self) -> bool {
        self.is_narrow() && self.source.asks_for_fewer()
    }

    /// How many pages of this size have to bring nothing before the list does not lead on.
    pub(super) fn nothing(&self, size: i64) -> i64 {
        if self.is_narrow() { (MORE / size.max(1)).max(NOTHING) } else { NOTHING }
    }

    /// Asks for what is known of a page, in pages of this size. One that comes empty is asked for again, and then the
    /// page after it decides: an empty page in the middle is not the end.
    pub(super) async fn probe(&self, number: i64, size: i64) -> Result<PageInfo> {
        for number in std::iter::once(number).chain(number..number.saturating_add(self.nothing(size))) {
            let page = self.fetch(number, size).await?.info;
            if page.count > 0 || page.ends_by_total() {
                return Ok(page);
            }
        }
        Ok(PageInfo { number, asked: size, ..PageInfo::default() })
    }

    /// How many rows the platform says that a list has.
    pub(super) async fn total(&self) -> Result<Option<i64>> {
        let page = self.fetch(1, 1).await?;
        Ok(page.info.total().filter(|total| (*total > 0) == (page.info.count > 0)))
    }

    async fn ask(&self, number: i64, limit: i64) -> Result<(Vec<Row>, Option<Pagination>)> {
        let (shape, scope) = (self.source.shape(), &self.scope);
        // Whether the bounds are included is not documented, and rows may be finer than the second: ask for a second
        // more on both sides. Every row is checked again.
        let min = scope.since.filter(|_| shape.dates).map(|time| (time - SECOND).as_second().max(0));
        let max = scope.until.filter(|_| shape.dates).map(|time| (time + SECOND).as_second() + 1);
        let direction = if scope.ascending { "asc" } else { "desc" };
        self.source
            .rows(limit, |mut request| {
                request = request.limit(limit).page(number);
                if shape.sort {
                    request = request.push_sort("date_created").push_direction(direction);
                }
                if let Some(min) = min {
                    request = request.push_date_created_min(min.to_string());
                }
                if let Some(max) = max {
                    request = request.push_date_created_max(max.to_string());
                }
                if let Some(category) = &scope.category {
                    request = request.push_type(category);
                }
                if let Some(module) = &scope.module {
                    request = request.push_module(module);
                }
                if let Some(min) = scope.severity_min {
                    request = request.push_severity_min(min);
                }
                if let Some(max) = scope.severity_max {
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

/// A failure that fewer rows may spare: the platform documents its 500 as an expensive call.
pub(super) fn is_about_size(error: &Error) -> bool {
    match error.kind() {
        ErrorKind::Server => !matches!(error.status(), Some(501 | 503 | 505)),
        ErrorKind::TimedOut | ErrorKind::TooLarge | ErrorKind::Interrupted => true,
        ErrorKind::Refused => error.status() == Some(413),
        _ => false,
    }
}
