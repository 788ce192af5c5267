//! One page of BigCommerce store logs: rows, totals and links.

use serde_json::{Map, Value, json};

use crate::{
    BeyondLastPage, BigCommerceBehavior, Presence, Totals, WrongTotals, answer::Answer, filter::View, render::Style,
    request::form_encode, row::Row, script::PageEffects,
};

use super::{errors, params::Params};

/// Answers a page of a view.
pub(crate) fn answer(
    view: &View,
    params: &Params,
    behavior: &BigCommerceBehavior,
    style: Style,
    effects: &PageEffects,
) -> Answer {
    let book = Book::new(view.len() as u64, params.limit, behavior);
    if params.page > book.pages.max(1) && behavior.beyond_last_page == BeyondLastPage::NotFound {
        return errors::not_found();
    }
    let wanted = if effects.repeat { params.page.saturating_sub(1).max(1) } else { params.page };
    let places = if effects.empty { Vec::new() } else { book.places(wanted, behavior) };
    let rows = rows(view, params, &places);
    let mut body = Vec::with_capacity(512 + places.len() * 256);
    body.extend_from_slice(b"{\"data\":");
    style.list(rows, effects, &mut body);
    if behavior.meta == Presence::Present {
        body.extend_from_slice(b",\"meta\":");
        body.extend_from_slice(meta(&book, params, places.len() as u64, behavior).to_string().as_bytes());
    }
    body.push(b'}');
    let mut answer = Answer::json(200, body);
    answer.rows = places.len();
    answer
}

fn rows<'a>(view: &'a View, params: &Params, places: &[usize]) -> impl Iterator<Item = &'a Row> {
    let by_kind = params.by_type.then(|| view.by_kind());
    places.iter().map(move |&place| {
        let place = if params.descending { view.len() - 1 - place } else { place };
        view.row(by_kind.as_ref().map_or(place, |order| order[place]))
    })
}

/// Whether the page that is asked for lists the record with this id.
pub(crate) fn lists(view: &View, params: &Params, behavior: &BigCommerceBehavior, id: u64) -> bool {
    let places = Book::new(view.len() as u64, params.limit, behavior).places(params.page, behavior);
    rows(view, params, &places).any(|row| row.id == id)
}

/// How rows fall on pages.
struct Book {
    total: u64,
    /// New rows on each page.
    step: u64,
    /// Pages in all, an empty one in the middle included.
    pages: u64,
    empty: Option<u64>,
    doubled: bool,
}

impl Book {
    fn new(total: u64, limit: u64, behavior: &BigCommerceBehavior) -> Self {
        let doubled = behavior.duplicate_rows && limit > 1;
        let step = if doubled { limit - 1 } else { limit };
        let full = total.div_ceil(step);
        let empty = behavior.empty_middle_page.filter(|&page| page <= full);
        Self { total, step, pages: full + u64::from(empty.is_some()), empty, doubled }
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
        let first = (page - 1).saturating_mul(self.step).min(self.total);
        let end = first.saturating_add(self.step).min(self.total);
        let narrow = |place: u64| usize::try_from(place).unwrap_or(usize::MAX);
        let twice = (self.doubled && first < end).then(|| narrow(first));
        twice.into_iter().chain(narrow(first)..narrow(end)).collect()
    }
}

fn meta(book: &Book, params: &Params, count: u64, behavior: &BigCommerceBehavior) -> Value {
    let (total, pages) = match behavior.totals {
        Totals::Right => (book.total, book.pages),
        Totals::Wrong(WrongTotals::PageCount) => (count, count.div_ceil(params.limit)),
        Totals::Wrong(WrongTotals::Zero) => (0, 0),
        Totals::Wrong(WrongTotals::TooMany) => (book.total * 2 + 1, book.pages * 2 + 1),
        Totals::Wrong(WrongTotals::Constant(total)) => (total, total.div_ceil(params.limit)),
    };
    let mut pagination = json!({
        "total": total,
        "count": count,
        "per_page": params.limit,
        "current_page": params.page,
        "total_pages": pages,
    });
    if behavior.links == Presence::Present {
        pagination["links"] = links(book, params);
    }
    json!({ "pagination": pagination })
}

/// `previous` and `next` are left out at the ends.
fn links(book: &Book, params: &Params) -> Value {
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
    if params.page < book.pages {
        links.insert("next".into(), link(params.page + 1));
    }
    Value::Object(links)
}
