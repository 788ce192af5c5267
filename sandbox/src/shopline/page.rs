//! One page of SHOPLINE operation logs.

use crate::{
    Envelope, LinkHeader, Platform, ShoplineBehavior,
    answer::Answer,
    render::Style,
    request::{Request, form_encode},
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
    now: i64,
) -> Answer {
    let mut place = Place::find(shop, params, behavior, now);
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
    let mut body = Vec::with_capacity(32 + rows.len() * 256);
    body.extend_from_slice(match behavior.envelope {
        Envelope::Data => b"{\"data\":",
        Envelope::OperationLogs => b"{\"operationLogs\":",
    });
    let style = Style::of(Platform::Shopline, &shop.behavior());
    style.list(rows.iter().map(|&index| place.view.row(index)), effects, &mut body);
    body.push(b'}');
    let mut answer = Answer::json(200, body);
    answer.rows = rows.len();
    answer.headers.extend(link.map(|link| ("link", link)));
    answer
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
