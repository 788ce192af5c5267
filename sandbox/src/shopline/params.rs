//! The query parameters of SHOPLINE operation logs, and the place in the list they point to.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{civil::DateTime, tz::Offset};
use serde_json::json;

use crate::{
    BeyondHorizon, LinkHeader, ShoplineBehavior, SinceId, TimeRangeBounds, TimeRangeReading,
    answer::Answer,
    filter::Filter,
    request::Request,
    row::seconds,
    shop::{Shop, months_before},
    view::View,
};

use super::errors;

const DEFAULT_LIMIT: u64 = 50;

/// A parsed query.
#[derive(Clone, Debug)]
pub(crate) struct Params {
    pub(crate) limit: usize,
    pub(crate) filter: Filter,
    /// The first second of the time range.
    pub(crate) since: i64,
    /// The first second after the time range.
    pub(crate) until: i64,
    pub(crate) start: Start,
}

/// The beginning of a page in the list.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Start {
    /// At the newest row.
    Top,
    /// Where `since_id` says, as the store interprets it.
    SinceId(u64),
    /// After the row of this id, in list order: from a `page_info`.
    After(u64),
}

impl Params {
    pub(crate) fn read(request: &Request, behavior: &ShoplineBehavior, now: i64) -> Result<Self, Answer> {
        let limit = limit(request, behavior)?;
        if behavior.link_header == LinkHeader::Present
            && let Some(cursor) = request.param("page_info")
        {
            let bad = || errors::message(behavior.bad_request_status, "page_info is not valid", behavior);
            return Self::from_page_info(cursor, limit).ok_or_else(bad);
        }
        let (since, until) = time_range(request, behavior, now)?;
        let start = match request.param("since_id").filter(|id| !id.is_empty()) {
            None => Start::Top,
            Some(text) => match text.parse() {
                Ok(id) => Start::SinceId(id),
                Err(_) => return Err(errors::message(behavior.bad_request_status, "since_id is not valid", behavior)),
            },
        };
        let text = |name: &str| request.param(name).filter(|value| !value.is_empty()).map(str::to_owned);
        let filter = Filter { kind: text("subject_type"), what: text("verb"), ..Filter::default() };
        Ok(Self { limit, filter, since, until, start })
    }

    pub(crate) fn view(&self, shop: &Shop, now: i64) -> View {
        shop.view(&self.filter, self.since, self.until, now)
    }

    /// An opaque cursor for the page after the row of this id, or for the first page.
    pub(crate) fn page_info(&self, after: Option<u64>) -> String {
        let filter = &self.filter;
        let cursor = json!([self.since, self.until, after, filter.kind, filter.what]);
        URL_SAFE_NO_PAD.encode(cursor.to_string())
    }

    fn from_page_info(cursor: &str, limit: usize) -> Option<Self> {
        let cursor = URL_SAFE_NO_PAD.decode(cursor).ok()?;
        let (since, until, after, kind, what): (i64, i64, Option<u64>, Option<String>, Option<String>) =
            serde_json::from_slice(&cursor).ok()?;
        let start = after.map_or(Start::Top, Start::After);
        let filter = Filter { kind, what, ..Filter::default() };
        Some(Self { limit, filter, since, until, start })
    }
}

fn limit(request: &Request, behavior: &ShoplineBehavior) -> Result<usize, Answer> {
    let limit = match request.param("limit") {
        None => Some(DEFAULT_LIMIT),
        Some(text) => text.parse().ok().filter(|limit| (1..=behavior.max_limit).contains(limit)),
    };
    limit.and_then(|limit| usize::try_from(limit).ok()).ok_or_else(|| {
        let problem = format!("limit must be from 1 to {}", behavior.max_limit);
        errors::message(behavior.bad_request_status, &problem, behavior)
    })
}

fn time_range(request: &Request, behavior: &ShoplineBehavior, now: i64) -> Result<(i64, i64), Answer> {
    let bad = |problem: &str| errors::message(behavior.bad_request_status, problem, behavior);
    let bound = |name: &str| match request.param(name) {
        None | Some("") => Err(bad(&format!("{name} is required"))),
        Some(text) => {
            read_bound(text, behavior).ok_or_else(|| bad(&format!("{name} is not an ISO 8601 time with an offset")))
        }
    };
    let min = bound("created_at_min")?;
    let max = bound("created_at_max")?;
    if min > max {
        return Err(bad("created_at_min is after created_at_max"));
    }
    if behavior.max_time_range_days.is_some_and(|days| max - min > days * 86_400) {
        return Err(bad("The time interval is too long"));
    }
    if let Some(horizon) = behavior.horizon
        && min < months_before(now, horizon.months)
    {
        return match horizon.beyond {
            BeyondHorizon::Reject(status) => {
                let problem = format!("Only the last {} months can be queried", horizon.months);
                Err(errors::message(status, &problem, behavior))
            }
            BeyondHorizon::Empty => Ok((max, max)),
        };
    }
    if behavior.time_range == TimeRangeReading::Ignored {
        return Ok((i64::MIN, i64::MAX));
    }
    Ok(match behavior.time_range_bounds {
        TimeRangeBounds::Inclusive => (min, max + 1),
        TimeRangeBounds::MaxExclusive => (min, max),
        TimeRangeBounds::Exclusive => (min + 1, max),
    })
}

fn read_bound(text: &str, behavior: &ShoplineBehavior) -> Option<i64> {
    let second = seconds(text)?;
    match behavior.time_range {
        TimeRangeReading::AsSent | TimeRangeReading::Ignored => Some(second),
        TimeRangeReading::OwnZone(hours) => {
            let written = text.parse::<DateTime>().ok()?;
            Some(Offset::constant(hours).to_timestamp(written).ok()?.as_second())
        }
    }
}

/// A time range of a view that a page is the beginning of. Indexes count from the oldest row.
#[derive(Debug)]
pub(crate) struct Place {
    pub(crate) view: View,
    pub(crate) low: usize,
    pub(crate) high: usize,
    pub(crate) ascending: bool,
    /// How many rows the list moves on with each page.
    pub(crate) step: usize,
}

impl Place {
    pub(crate) fn find(shop: &Shop, params: &Params, behavior: &ShoplineBehavior, now: i64, number: u64) -> Self {
        let table = shop.table();
        let mut view = params.view(shop, now).with_ties(behavior.listing.ties, number);
        let asked = if behavior.duplicate_rows && params.limit > 1 { params.limit - 1 } else { params.limit };
        let step = usize::try_from(behavior.listing.at_most(asked as u64)).unwrap_or(asked);
        if let (Start::SinceId(id), true) = (params.start, behavior.since_id_compares_ids) {
            let ascending = behavior.since_id == SinceId::NewerAscending;
            match behavior.since_id {
                SinceId::ExclusiveOlder => view.retain(|row| row.id < id),
                SinceId::InclusiveOlder => view.retain(|row| row.id <= id),
                SinceId::NewerAscending | SinceId::NewerDescending => view.retain(|row| row.id > id),
                SinceId::Ignored => {}
            }
            let high = view.len();
            return Self { view, low: 0, high, ascending, step };
        }
        let len = view.len();
        // The rows before that row, and those up to and including it; a row that is gone is neither.
        let around = |id: u64| match table.place(id) {
            Some(place) => view.around(place),
            // A row that was made up stands at the end of its list.
            None if behavior.listing.endless.is_some() && id > table.greatest_id() => match behavior.since_id {
                SinceId::NewerAscending | SinceId::NewerDescending => (len, len),
                SinceId::ExclusiveOlder | SinceId::InclusiveOlder | SinceId::Ignored => (0, 0),
            },
            None => view.around_gone(table.place_by_id(id)),
        };
        let (low, high, ascending) = match (params.start, behavior.since_id) {
            (Start::Top, _) | (Start::SinceId(_), SinceId::Ignored) => (0, len, false),
            (Start::After(id), _) | (Start::SinceId(id), SinceId::ExclusiveOlder) => (0, around(id).0, false),
            (Start::SinceId(id), SinceId::InclusiveOlder) => (0, around(id).1, false),
            (Start::SinceId(id), SinceId::NewerAscending) => (around(id).1, len, true),
            (Start::SinceId(id), SinceId::NewerDescending) => (around(id).1, len, false),
        };
        Self { view, low, high, ascending, step }
    }

    /// The page's number by its first row's place in the list, from 1.
    pub(crate) fn number(&self) -> u64 {
        let before = if self.ascending { self.low } else { self.view.len() - self.high };
        (before / self.step.max(1)) as u64 + 1
    }

    /// The place a page earlier.
    pub(crate) fn back(&mut self) {
        if self.ascending {
            self.low = self.low.saturating_sub(self.step);
        } else {
            self.high = self.high.saturating_add(self.step).min(self.view.len());
        }
    }

    /// Repeats the last page if nothing is left.
    pub(crate) fn repeat_last(&mut self) {
        if self.low < self.high {
            return;
        }
        if self.ascending {
            self.low = self.view.len().saturating_sub(self.step);
            self.high = self.view.len();
        } else {
            self.low = 0;
            self.high = self.step.min(self.view.len());
        }
    }

    /// The indexes of the page's rows, in list order.
    pub(crate) fn rows(&self) -> Vec<usize> {
        let count = self.step.min(self.high.saturating_sub(self.low));
        if self.ascending {
            (self.low..self.low + count).collect()
        } else {
            (self.high - count..self.high).rev().collect()
        }
    }
}
