//! BigCommerce store logs: `GET /stores/{hash}/v3/store/systemlogs`.

pub(crate) mod behavior;
mod errors;
mod page;
mod params;
mod quota;

use std::sync::Arc;

use crate::{
    BigCommerceBehavior, Endpoint, Platform, RateLimitForm,
    answer::{ALLOWED, Answer, READING},
    render::Style,
    request::Request,
    script::{Asked, Instead, Wanted},
    shop::Shop,
    world::{Outcome, World},
};

/// Answers one request.
pub(crate) async fn answer(world: &World, request: &Request) -> Outcome {
    let number = world.next_request();
    let Some(hash) = store_hash(&request.path) else {
        return Outcome::refused(None, errors::not_found());
    };
    let shop = world.stores().get(Platform::BigCommerce, hash).map(Arc::clone);
    let now_ms = world.clock.now_ms();
    let shop = match (request.header("x-auth-token"), shop) {
        (None | Some(""), shop) => {
            return Outcome::refused(shop.map(|shop| Arc::clone(&shop.name)), errors::unauthorized());
        }
        // A wrong hash looks like a missing scope.
        (Some(_), None) => return Outcome::refused(None, errors::forbidden()),
        (Some(token), Some(shop)) if !shop.accepts(token, now_ms) => {
            return Outcome::refused(Some(Arc::clone(&shop.name)), errors::unauthorized());
        }
        (Some(_), Some(shop)) => shop,
    };
    if !shop.is_ready() {
        let shop = Arc::clone(&shop);
        // It fails only if making the records panicked; asking for them again then says so.
        let _ = tokio::task::spawn_blocking(move || shop.table()).await;
    }
    let behavior = shop.behavior();
    let behavior = &behavior.bigcommerce;
    let quota = quota::spend(&mut shop.desk().meter, behavior, now_ms);
    let mut outcome = if quota.as_ref().is_some_and(|quota| quota.refused) {
        let after = quota.as_ref().map_or(0, |quota| quota.reset_ms);
        let answer = quota::refusal(behavior.rate_limit_form, after, now_ms);
        Outcome { store: None, auth_ok: true, answer, wire: None }
    } else {
        authorised(world, &shop, behavior, &request.through(&behavior.listing.lost_parameters), number).await
    };
    outcome.store = Some(Arc::clone(&shop.name));
    if let Some(quota) = quota.filter(|quota| quota::shows(behavior.rate_limit_form, outcome.answer.status, quota)) {
        quota.write(&mut outcome.answer);
    }
    outcome
}

/// The hash in `/stores/{hash}/v3/store/systemlogs`.
fn store_hash(path: &str) -> Option<&str> {
    let hash = path.strip_prefix("/stores/")?.strip_suffix("/v3/store/systemlogs")?;
    (!hash.is_empty() && !hash.contains('/')).then_some(hash)
}

async fn authorised(
    world: &World,
    shop: &Shop,
    behavior: &BigCommerceBehavior,
    request: &Request,
    number: u64,
) -> Outcome {
    let done = |answer| Outcome { store: None, auth_ok: true, answer, wire: None };
    if !READING.contains(&request.method.as_str()) {
        return done(errors::error(405).header("allow", ALLOWED));
    }
    if behavior.missing_scope {
        return done(errors::forbidden());
    }
    if behavior.require_accept && !accepts_json(request) {
        return done(errors::error(406));
    }
    let params = match params::Params::read(request, behavior) {
        Ok(params) => params,
        Err(refusal) => return done(refusal),
    };
    let view = || {
        let view = shop.view(&params.filter, params.since, params.until, world.clock.now());
        view.with_ties(behavior.listing.ties, number)
    };
    let effects = {
        let before = view();
        let lists = |wanted: Wanted<'_>| page::lists(&before, &params, behavior, wanted);
        let range = (params.since > i64::MIN || params.until < i64::MAX).then_some((params.since, params.until));
        let asked = Asked { page: params.page, limit: params.limit, range, lists: &lists };
        shop.strike(Endpoint::List, &asked, world.clock.now())
    };
    if !effects.delay.is_zero() {
        tokio::time::sleep(effects.delay).await;
    }
    let answer = match effects.instead {
        Some(Instead::Body(body)) => Answer::json(200, body),
        Some(Instead::Status(status)) => errors::error(status),
        Some(Instead::Html(status)) => Answer::html(status),
        Some(Instead::RateLimit(form, after)) => {
            let after = i64::try_from(after.as_millis()).unwrap_or(i64::MAX);
            quota::scripted(form, after, world.clock.now_ms(), behavior)
        }
        None => {
            let style = Style::of(Platform::BigCommerce, &shop.behavior());
            page::answer(shop, &view(), &params, behavior, style, &effects.page, world.clock.now())
        }
    };
    Outcome { store: None, auth_ok: true, answer, wire: effects.wire }
}

fn accepts_json(request: &Request) -> bool {
    request.header("accept").is_some_and(|accept| {
        accept.split(',').any(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            matches!(kind, "application/json" | "application/*" | "*/*")
        })
    })
}

/// True if a 429 of this form carries the quota headers.
fn with_quota_headers(form: RateLimitForm) -> bool {
    matches!(form, RateLimitForm::Full | RateLimitForm::QuotaHeaders)
}
