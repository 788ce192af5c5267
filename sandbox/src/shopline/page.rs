//! One page of SHOPLINE operation logs.

use crate::{
    EmptyForm, Envelope, LinkHeader, Platform, ShoplineBehavior,
    answer::Answer,
    render::Style,
    request::{Request, form_encode},
    row::Row,
    script::PageEffects,
    shop::Shop,
};

use super::params::{Params, Place};

/// Empty pages given out are remembered up to this many; then the store forgets them.
const REMEMBERED_EMPTY_PAGES: usize = 10_000;

/// Answers a page.
pub(crate) fn answer(
    shop: &Shop,
    params: &Params,
    behavior: &ShoplineBehavior,
    request: &Request,
    effects: &PageEffects,
    (now, request_number): (i64, u64),
) -> Answer {
    let mut place = Place::find(shop, params, behavior, now, request_number);
    let number = place.number();
    if effects.repeat {
        place.back();
    }
    if behavior.repeat_last_page {
        place.repeat_last();
    }
    let mut rows = place.rows();
    let hidden = !rows.is_empty() && behavior.empty_middle_page == Some(number) && first_time(shop, request);
    if effects.empty || hidden {
        rows.clear();
    } else if behavior.duplicate_rows
        && params.limit > 1
        && let Some(&first) = rows.first()
    {
        rows.insert(0, first);
    }
    let link = link(&place, &rows, params, behavior, request);
    let listing = &behavior.listing;
    let missing = if listing.endless.is_some() { place.step.saturating_sub(rows.len()) } else { 0 };
    let made_up = shop.make_up(end_of(&place, params, now), missing);
    let rows: Vec<&Row> = rows
        .iter()
        .map(|&index| place.view.row(index))
        .filter(|row| !listing.hides(row))
        .chain(made_up.iter())
        .collect();
    let list = match behavior.envelope {
        Envelope::Data => "data",
        Envelope::OperationLogs => "operationLogs",
    };
    let mut body = Vec::with_capacity(32 + rows.len() * 256);
    match (listing.empty, rows.is_empty()) {
        (EmptyForm::Null, true) => body.extend_from_slice(format!("{{\"{list}\":null}}").as_bytes()),
        (EmptyForm::Missing, true) => body.extend_from_slice(b"{}"),
        _ => {
            body.extend_from_slice(format!("{{\"{list}\":").as_bytes());
            let style = Style::of(Platform::Shopline, &shop.behavior());
            style.list(rows.iter().copied(), listing, effects, &mut body);
            body.push(b'}');
        }
    }
    let bodiless = listing.bodiless().filter(|_| rows.is_empty());
    let mut answer = bodiless.map_or_else(|| Answer::json(200, body), Answer::empty);
    answer.rows = rows.len();
    answer.headers.extend(link.map(|link| ("link", link)));
    answer
}

/// The second that a list without end goes on at: that of the last row in list order.
fn end_of(place: &Place, params: &Params, now: i64) -> i64 {
    let last = if place.ascending { place.view.len().saturating_sub(1) } else { 0 };
    if place.view.len() > 0 { place.view.row(last).at } else { params.since.clamp(0, now) }
}

/// The `link` header: on to the next page, if rows are left below this one.
fn link(
    place: &Place,
    rows: &[usize],
    params: &Params,
    behavior: &ShoplineBehavior,
    request: &Request,
) -> Option<String> {
    if behavior.link_header == LinkHeader::Absent || place.ascending {
        return None;
    }
    let next = rows.last().copied().unwrap_or(place.high);
    if next <= place.low {
        return None;
    }
    let after = (next < place.view.len()).then(|| place.view.row(next).id);
    let limit = params.limit.to_string();
    let page_info = params.page_info(after);
    let query = form_encode([("limit", limit.as_str()), ("page_info", page_info.as_str())]);
    let host = request.header("host").unwrap_or("127.0.0.1");
    Some(format!("<http://{host}{}?{query}>; rel=\"next\"", request.path))
}

fn first_time(shop: &Shop, request: &Request) -> bool {
    let mut desk = shop.desk();
    if desk.emptied.len() >= REMEMBERED_EMPTY_PAGES {
        desk.emptied.clear();
    }
    desk.emptied.insert(request.raw_query.clone())
}
