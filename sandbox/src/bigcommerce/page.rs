//! One page of BigCommerce store logs: rows, totals and links.

use serde_json::{Map, Value, json};

use crate::{
    BeyondLastPage, BigCommerceBehavior, ClampOffset, EmptyForm, EndlessTotal, Presence, SilentClamp, Totals,
    WrongTotals,
    answer::Answer,
    render::Style,
    request::form_encode,
    row::Row,
    script::{PageEffects, Wanted},
    shop::Shop,
    view::View,
};

use super::{errors, params::Params};

/// Answers a page of a view.
pub(crate) fn answer(
    shop: &Shop,
    view: &View,
    params: &Params,
    behavior: &BigCommerceBehavior,
    style: Style,
    effects: &PageEffects,
    now: i64,
) -> Answer {
    let listing = &behavior.listing;
    let book = Book::new(view.len() as u64, params.limit, behavior);
    let endless = listing.endless.is_some();
    if params.page > book.pages.max(1) && behavior.beyond_last_page == BeyondLastPage::NotFound && !endless {
        return errors::not_found();
    }
    let wanted = if effects.repeat { params.page.saturating_sub(1).max(1) } else { params.page };
    let places = if effects.empty { Vec::new() } else { book.places(wanted, behavior) };
    let missing = if endless { book.step.saturating_sub(places.len() as u64) } else { 0 };
    let made_up = shop.make_up(end_of(view, params, now), usize::try_from(missing).unwrap_or(0));
    let rows: Vec<&Row> = rows(view, params, &places).filter(|row| !listing.hides(row)).chain(made_up.iter()).collect();
    if let Some(status) = listing.bodiless().filter(|_| rows.is_empty()) {
        return Answer::empty(status);
    }
    let mut body = Vec::with_capacity(512 + rows.len() * 256);
    body.push(b'{');
    match (listing.empty, rows.is_empty()) {
        (EmptyForm::Null, true) => body.extend_from_slice(b"\"data\":null"),
        (EmptyForm::Missing, true) => {}
        _ => {
            body.extend_from_slice(b"\"data\":");
            style.list(rows.iter().copied(), listing, effects, &mut body);
        }
    }
    if behavior.meta == Presence::Present {
        if body.len() > 1 {
            body.push(b',');
        }
        let totals = totals(shop, view, &book, params, rows.len() as u64, behavior, now);
        body.extend_from_slice(b"\"meta\":");
        body.extend_from_slice(meta(&book, params, rows.len() as u64, totals, behavior).to_string().as_bytes());
    }
    body.push(b'}');
    let mut answer = Answer::json(200, body);
    answer.rows = rows.len();
    answer
}

/// The second that a list without end goes on at: that of the last row in list order.
fn end_of(view: &View, params: &Params, now: i64) -> i64 {
    let last = if params.descending { 0 } else { view.len().saturating_sub(1) };
    if view.len() > 0 {
        view.row(last).at
    } else if params.since > i64::MIN {
        params.since
    } else {
        now.min(params.until.saturating_sub(1))
    }
}

fn rows<'a>(view: &'a View, params: &Params, places: &[usize]) -> impl Iterator<Item = &'a Row> {
    let by_kind = params.by_type.then(|| view.by_kind());
    places.iter().map(move |&place| {
        let place = if params.descending { view.len() - 1 - place } else { place };
        view.row(by_kind.as_ref().map_or(place, |order| order[place]))
    })
}

/// Whether the page that is asked for lists a row like this.
pub(crate) fn lists(view: &View, params: &Params, behavior: &BigCommerceBehavior, wanted: Wanted<'_>) -> bool {
    let places = Book::new(view.len() as u64, params.limit, behavior).places(params.page, behavior);
    rows(view, params, &places).any(wanted)
}

/// How rows fall on pages.
struct Book {
    total: u64,
    /// New rows on each page.
    step: u64,
    /// How far one page begins behind the one before.
    stride: u64,
    /// Pages in all, an empty one in the middle included.
    pages: u64,
    empty: Option<u64>,
    doubled: bool,
}

impl Book {
    fn new(total: u64, limit: u64, behavior: &BigCommerceBehavior) -> Self {
        let doubled = behavior.duplicate_rows && limit > 1;
        let asked = if doubled { limit - 1 } else { limit };
        let step = behavior.listing.at_most(asked);
        let stride = match behavior.listing.silent_clamp {
            Some(SilentClamp { offset: ClampOffset::Given, .. }) => step,
            Some(SilentClamp { offset: ClampOffset::Asked, .. }) | None => asked,
        };
        // By the size that was asked for: a hidden limit is hidden here too.
        let full = total.div_ceil(asked);
        let empty = behavior.empty_middle_page.filter(|&page| page <= full);
        Self { total, step, stride, pages: full + u64::from(empty.is_some()), empty, doubled }
    }

    /// The places of a page's rows in the list.
    fn places(&self, page: u64, behavior: &BigCommerceBehavior) -> Vec<usize> {
        let page = match behavior.beyond_last_page {
            BeyondLastPage::RepeatLast => page.min(self.pages).max(1),
            BeyondLastPage::Empty | BeyondLastPage::NotFound => page,
        };
        let page = match self.empty {
            Some(empty) if page == empty => return Vec::new(),
            Some(empty) if page > empty => page - 1,
            _ => page,
        };
        let first = (page - 1).saturating_mul(self.stride).min(self.total);
        let end = first.saturating_add(self.step).min(self.total);
        let narrow = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
        let twice = (self.doubled && first < end).then(|| narrow(first));
        twice.into_iter().chain(narrow(first)..narrow(end)).collect()
    }
}

/// The numbers of rows and of pages that an answer claims.
fn totals(
    shop: &Shop,
    view: &View,
    book: &Book,
    params: &Params,
    count: u64,
    behavior: &BigCommerceBehavior,
    now: i64,
) -> (u64, u64) {
    let listing = &behavior.listing;
    let pages = |total: u64| total.div_ceil(params.limit);
    let uncounted = listing.uncounted();
    let counted = |since_then: i64| {
        view.count_without(|row| row.at > since_then || uncounted.is_some_and(|hidden| hidden.hides(row)))
    };
    if listing.endless == Some(EndlessTotal::Growing) {
        let total = book.total + shop.made_up() + params.limit;
        return (total, pages(total));
    }
    match behavior.totals {
        Totals::Right if uncounted.is_none() => (book.total, book.pages),
        Totals::Right => (counted(i64::MAX), pages(counted(i64::MAX))),
        Totals::Wrong(WrongTotals::PageCount) => (count, pages(count)),
        Totals::Wrong(WrongTotals::Zero) => (0, 0),
        Totals::Wrong(WrongTotals::TooMany) => (book.total * 2 + 1, book.pages * 2 + 1),
        Totals::Wrong(WrongTotals::Constant(total)) => (total, pages(total)),
        Totals::Wrong(WrongTotals::Stale(seconds)) => {
            let total = counted(now.saturating_sub(seconds));
            (total, pages(total))
        }
        Totals::Wrong(WrongTotals::Off(by)) => {
            let total = counted(i64::MAX).saturating_add_signed(by);
            (total, pages(total))
        }
    }
}

fn meta(book: &Book, params: &Params, count: u64, (total, pages): (u64, u64), behavior: &BigCommerceBehavior) -> Value {
    let mut pagination = json!({
        "total": total,
        "count": count,
        "per_page": params.limit,
        "current_page": params.page,
        "total_pages": pages,
    });
    if behavior.links == Presence::Present {
        let endless = behavior.listing.endless.is_some();
        pagination["links"] = links(if endless { u64::MAX } else { book.pages }, params);
    }
    json!({ "pagination": pagination })
}

/// `previous` and `next` are left out at the ends.
fn links(pages: u64, params: &Params) -> Value {
    let link = |page: u64| {
        let (page, limit) = (page.to_string(), params.limit.to_string());
        let others = params.others.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        Value::from(format!("?{}", form_encode(others.chain([("page", page.as_str()), ("limit", limit.as_str())]))))
    };
    let mut links = Map::new();
    if params.page > 1 {
        links.insert("previous".into(), link(params.page - 1));
    }
    links.insert("current".into(), link(params.page));
    if params.page < pages {
        links.insert("next".into(), link(params.page + 1));
    }
    Value::Object(links)
}
