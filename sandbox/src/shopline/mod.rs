//! SHOPLINE operation logs: `GET /admin/openapi/{version}/store/operation_logs.json` and its siblings.

pub(crate) mod behavior;
mod bucket;
mod errors;
mod page;
mod params;
mod refresh;
mod resolve;
pub(crate) mod token;

use std::sync::Arc;

use serde_json::json;

use crate::{
    Count, EndlessTotal, Endpoint, Platform, ShoplineBehavior,
    answer::{ALLOWED, Answer, READING},
    render::Style,
    request::Request,
    script::{Asked, Effects, Instead, Wanted, Wire},
    shop::Shop,
    world::{Outcome, World},
};
use params::{Params, Place};

/// Answers one request.
pub(crate) async fn answer(world: &World, request: &Request, body: &[u8]) -> Outcome {
    let number = world.next_request();
    let mut outcome = route(world, request, body, number).await;
    let every = outcome.store.as_deref().map_or(3, |name| {
        let shop = world.stores().get(Platform::Shopline, name).map(Arc::clone);
        shop.map_or(3, |shop| shop.behavior().shopline.joined_trace_every)
    });
    outcome.answer.headers.push(("traceid", trace_id(number, every > 0 && number.is_multiple_of(every))));
    outcome
}

async fn route(world: &World, request: &Request, body: &[u8], number: u64) -> Outcome {
    let (prefix, path) = resolve::split_prefix(&request.path);
    if path == "/admin/oauth/token/refresh" {
        return refresh::answer(world, request, prefix, body).await;
    }
    let Some(target) = Target::of(path) else {
        return Outcome::refused(None, errors::plain(404));
    };
    let shop = match resolve::by_token(world, request, prefix) {
        Ok(shop) => shop,
        Err(refused) => return *refused,
    };
    if !shop.is_ready() {
        let shop = Arc::clone(&shop);
        // It fails only if making the records panicked; asking for them again then says so.
        let _ = tokio::task::spawn_blocking(move || shop.table()).await;
    }
    let behavior = shop.behavior();
    let behavior = &behavior.shopline;
    let mut outcome =
        Outcome { store: Some(Arc::clone(&shop.name)), auth_ok: true, answer: Answer::empty(200), wire: None };
    let spent = bucket::spend(&mut shop.desk().meter, behavior, world.clock.now_ms());
    let request = &*request.through(&behavior.listing.lost_parameters);
    let early = match spent {
        Err(status) => Some(errors::error(status, behavior)),
        Ok(()) => refusal(request, &target, behavior),
    };
    match early {
        Some(refusal) => outcome.answer = refusal,
        None => (outcome.answer, outcome.wire) = target.answer(world, &shop, behavior, request, number).await,
    }
    outcome
}

/// The refusal of a request that is wrong whatever its parameters are.
fn refusal(request: &Request, target: &Target<'_>, behavior: &ShoplineBehavior) -> Option<Answer> {
    if !READING.contains(&request.method.as_str()) {
        return Some(errors::error(405, behavior).header("allow", ALLOWED));
    }
    if !behavior.versions.iter().any(|version| version == target.version) {
        return Some(errors::error(404, behavior));
    }
    if let Some(status) = behavior.wrong_content_type.filter(|_| !has_content_type(request)) {
        return Some(errors::message(status, "Content-Type must be application/json; charset=utf-8", behavior));
    }
    behavior.missing_scope.then(|| errors::error(403, behavior))
}

fn has_content_type(request: &Request) -> bool {
    let given: String = request.header("content-type").unwrap_or_default().to_ascii_lowercase();
    let given: String = given.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
    given == "application/json;charset=utf-8"
}

/// The target of a request's path.
struct Target<'a> {
    version: &'a str,
    what: What<'a>,
}

enum What<'a> {
    List,
    Count,
    One(&'a str),
}

impl<'a> Target<'a> {
    fn of(path: &'a str) -> Option<Self> {
        let (version, rest) = path.strip_prefix("/admin/openapi/")?.split_once('/')?;
        let what = match rest.strip_prefix("store/operation_logs")? {
            ".json" => What::List,
            "/count.json" => What::Count,
            one => What::One(one.strip_prefix('/')?.strip_suffix(".json").filter(|id| !id.contains('/'))?),
        };
        Some(Self { version, what })
    }

    async fn answer(
        &self,
        world: &World,
        shop: &Shop,
        behavior: &ShoplineBehavior,
        request: &Request,
        number: u64,
    ) -> (Answer, Option<Wire>) {
        let now = world.clock.now();
        let (endpoint, params) = match self.what {
            What::One(_) => (Endpoint::One, None),
            What::List | What::Count => {
                let params = match Params::read(request, behavior, now) {
                    Ok(params) => params,
                    Err(refusal) => return (refusal, None),
                };
                let endpoint = if matches!(self.what, What::List) { Endpoint::List } else { Endpoint::Count };
                (endpoint, Some(params))
            }
        };
        let effects = {
            let place = params.as_ref().map(|params| Place::find(shop, params, behavior, now, number));
            let page = place.as_ref().map_or(1, Place::number);
            let lists = |wanted: Wanted<'_>| {
                place.as_ref().is_some_and(|place| place.rows().iter().any(|&row| wanted(place.view.row(row))))
            };
            let limit = params.as_ref().map_or(0, |params| params.limit as u64);
            let range = params.as_ref().map(|params| (params.since, params.until));
            let asked = Asked { page, limit, range, lists: &lists };
            shop.strike(endpoint, &asked, now)
        };
        if !effects.delay.is_zero() {
            tokio::time::sleep(effects.delay).await;
        }
        if let Some(instead) = scripted(&effects, behavior, world.clock.now_ms()) {
            return (instead, effects.wire);
        }
        let now = world.clock.now();
        let answer = match (&self.what, &params) {
            (What::One(id), _) => one(shop, id, behavior, now),
            (What::List, Some(params)) => page::answer(shop, params, behavior, request, &effects.page, (now, number)),
            (What::Count, Some(params)) => count(shop, params, behavior, now),
            (What::List | What::Count, None) => errors::error(500, behavior),
        };
        (answer, effects.wire)
    }
}

fn scripted(effects: &Effects, behavior: &ShoplineBehavior, now_ms: i64) -> Option<Answer> {
    Some(match effects.instead.clone()? {
        Instead::Body(body) => Answer::json(200, body),
        Instead::Status(status) => errors::error(status, behavior),
        Instead::Html(status) => Answer::html(status),
        Instead::RateLimit(form, after) => bucket::scripted(form, after, behavior, now_ms),
    })
}

fn count(shop: &Shop, params: &Params, behavior: &ShoplineBehavior, now: i64) -> Answer {
    let uncounted = behavior.listing.uncounted();
    let until = if let Count::Stale(seconds) = behavior.count { now.saturating_sub(seconds) } else { i64::MAX };
    let view = params.view(shop, now);
    let rows = view.count_without(|row| row.at > until || uncounted.is_some_and(|hidden| hidden.hides(row)));
    let more = match behavior.listing.endless {
        Some(EndlessTotal::Growing) => shop.made_up() + params.limit as u64,
        Some(EndlessTotal::Constant) | None => 0,
    };
    let rows = i64::try_from(rows + more).unwrap_or(i64::MAX);
    let count = match behavior.count {
        Count::Right | Count::Stale(_) => rows,
        Count::Wrong(by) => rows.saturating_add(by).max(0),
        Count::Zero => 0,
        Count::Missing => return Answer::json(200, json!({ "data": {} }).to_string()),
        Count::Unavailable => return errors::error(404, behavior),
    };
    Answer::json(200, json!({ "data": { "count": count } }).to_string())
}

fn one(shop: &Shop, id: &str, behavior: &ShoplineBehavior, now: i64) -> Answer {
    let table = shop.table();
    let row = id.parse().ok().and_then(|id| table.place(id)).map(|place| &table.rows()[place]);
    let Some(row) = row.filter(|row| row.at >= shop.retained_since(now)) else {
        return errors::error(404, behavior);
    };
    let mut body = b"{\"data\":".to_vec();
    Style::of(Platform::Shopline, &shop.behavior()).write(row, &mut body);
    body.push(b'}');
    let mut answer = Answer::json(200, body);
    answer.rows = 1;
    answer
}

/// A trace id, now and then of several values.
fn trace_id(number: u64, joined: bool) -> String {
    let id = |salt: u64| {
        format!("{:032x}", u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ salt) << 32 | u128::from(number))
    };
    if joined { format!("{},{}", id(0), id(1)) } else { id(0) }
}
