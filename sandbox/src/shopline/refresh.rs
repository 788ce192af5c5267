//! SHOPLINE's token refresh: `POST /admin/oauth/token/refresh`.

use std::sync::Arc;

use hmac::{Hmac, Mac};
use jiff::{Timestamp, tz::Offset};
use serde_json::json;
use sha2::Sha256;

use crate::{
    Endpoint,
    answer::Answer,
    request::Request,
    script::Asked,
    shop::{Shop, Token},
    world::{Outcome, World},
};

use super::{errors, resolve, scripted, token};

/// How far a request's timestamp may be from the sandbox's clock: ten minutes, in milliseconds.
const TIMESTAMP_TOLERANCE_MS: i64 = 600_000;

/// Checks the signature and gives a new token. The old one stays valid for a while.
pub(crate) async fn answer(world: &World, request: &Request, prefix: Option<&str>, body: &[u8]) -> Outcome {
    let shop = match find(world, request, prefix) {
        Ok(shop) => shop,
        Err(refused) => return *refused,
    };
    let name = Some(Arc::clone(&shop.name));
    let now_ms = world.clock.now_ms();
    if request.method != "POST" {
        return Outcome::refused(name, errors::plain(405).header("allow", "POST"));
    }
    if let Err((code, reason)) = check(&shop, request, body, now_ms) {
        let body = json!({ "code": 401, "i18nCode": code, "message": reason, "data": null });
        return Outcome::refused(name, Answer::json(401, body.to_string()));
    }
    let effects = shop.strike(Endpoint::Refresh, &Asked::nothing(), world.clock.now());
    if !effects.delay.is_zero() {
        tokio::time::sleep(effects.delay).await;
    }
    let answer = scripted(&effects, &shop.behavior().shopline, now_ms);
    let answer = answer.unwrap_or_else(|| renew(world, &shop, now_ms));
    Outcome { store: name, auth_ok: true, answer, wire: effects.wire }
}

/// Finds the store by its name, or by the token that is to be refreshed, or the only store there is.
fn find(world: &World, request: &Request, prefix: Option<&str>) -> Result<Arc<Shop>, Box<Outcome>> {
    if let Some(shop) = resolve::by_name(world, request, prefix)? {
        return Ok(shop);
    }
    let stores = world.stores();
    let token = request.header("authorization").and_then(|value| value.strip_prefix("Bearer "));
    let holder = match token.map(|token| stores.holders(token)) {
        Some([holder]) => Some(holder),
        _ => stores.only_shopline(),
    };
    holder.map(Arc::clone).ok_or_else(|| Box::new(Outcome::refused(None, errors::plain(404))))
}

fn check(shop: &Shop, request: &Request, body: &[u8], now_ms: i64) -> Result<(), (&'static str, &'static str)> {
    let app = shop.desk().app.clone();
    let (key, secret) = app.as_deref().map_or(("sandbox-app", "sandbox-secret"), |(key, secret)| (key, secret));
    if request.header("appkey") != Some(key) {
        return Err(("INVALID_APPKEY", "The header appkey is not that of an installed app"));
    }
    let timestamp = request.header("timestamp").unwrap_or_default();
    let fresh = timestamp.parse::<i64>().is_ok_and(|at| at.abs_diff(now_ms) <= TIMESTAMP_TOLERANCE_MS.unsigned_abs());
    if !fresh {
        return Err(("INVALID_TIMESTAMP", "The header timestamp is not the present time in milliseconds"));
    }
    let expected = sign(secret, body, timestamp);
    match request.header("sign") {
        Some(sign) if sign.eq_ignore_ascii_case(&expected) => Ok(()),
        _ => Err(("INVALID_SIGN", "The header sign is not the HMAC-SHA256 of body and timestamp")),
    }
}

/// Hex HMAC-SHA256 of the body followed by the timestamp.
fn sign(secret: &str, body: &[u8], timestamp: &str) -> String {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).expect("HMAC takes a key of any length, so none is refused");
    mac.update(body);
    mac.update(timestamp.as_bytes());
    mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn renew(world: &World, shop: &Arc<Shop>, now_ms: i64) -> Answer {
    let behavior = shop.behavior();
    let behavior = &behavior.shopline;
    let lives = i64::try_from(behavior.token_lives.as_secs()).unwrap_or(i64::MAX / 2);
    let old_until = now_ms.saturating_add(i64::try_from(behavior.old_token_lives.as_millis()).unwrap_or(i64::MAX));
    let expires = now_ms / 1000 + lives;
    let text = token::make(&shop.name, expires, world.requests());
    {
        let mut stores = world.stores_mut();
        let mut desk = shop.desk();
        for token in &mut desk.tokens {
            token.until = Some(token.until.map_or(old_until, |until| until.min(old_until)));
        }
        let (alive, dead): (Vec<_>, Vec<_>) =
            desk.tokens.drain(..).partition(|token| token.until.is_none_or(|until| until >= now_ms));
        desk.tokens = alive;
        desk.tokens.push(Token { text: text.clone(), until: None });
        drop(desk);
        for token in dead {
            stores.release(&token.text, shop);
        }
        stores.hold(&text, shop);
    }
    let time = Timestamp::from_second(expires).unwrap_or(Timestamp::MAX);
    let body = json!({
        "code": 200,
        "i18nCode": "SUCCESS",
        "message": null,
        "data": {
            "accessToken": text,
            "expireTime": time.display_with_offset(Offset::UTC).to_string(),
            "scope": "read_store_log",
        },
    });
    Answer::json(200, body.to_string())
}
