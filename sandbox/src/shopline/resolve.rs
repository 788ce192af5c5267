//! The SHOPLINE store that a request is for: on loopback the host name cannot say it.

use std::sync::Arc;

use crate::{
    Platform,
    request::Request,
    shop::Shop,
    world::{Outcome, World},
};

use super::{errors, token};

/// The header that names a store outright.
const STORE_HEADER: &str = "x-sandbox-store";

/// Splits `/{handle}/admin/…` into the handle and the rest.
pub(crate) fn split_prefix(path: &str) -> (Option<&str>, &str) {
    if path.starts_with("/admin/") {
        return (None, path);
    }
    match path.find("/admin/") {
        Some(at) if at > 1 && !path[1..at].contains('/') => (Some(&path[1..at]), &path[at..]),
        _ => (None, path),
    }
}

/// The store a request names: by path, by header or by host.
pub(crate) fn by_name(
    world: &World,
    request: &Request,
    prefix: Option<&str>,
) -> Result<Option<Arc<Shop>>, Box<Outcome>> {
    let stores = world.stores();
    if let Some(name) = prefix.or_else(|| request.header(STORE_HEADER)) {
        return match stores.get(Platform::Shopline, name) {
            Some(shop) => Ok(Some(Arc::clone(shop))),
            None => Err(Box::new(Outcome::refused(None, errors::plain(404)))),
        };
    }
    let label = request.header("host").and_then(|host| host.split_once('.')).map(|(label, _)| label);
    Ok(label.and_then(|label| stores.get(Platform::Shopline, label)).map(Arc::clone))
}

/// The store a request is for, if it brings a good token of it.
pub(crate) fn by_token(world: &World, request: &Request, prefix: Option<&str>) -> Result<Arc<Shop>, Box<Outcome>> {
    let refused = |shop: Option<&Arc<Shop>>| {
        let answer = shop.map_or_else(|| errors::plain(401), |shop| errors::error(401, &shop.behavior().shopline));
        Box::new(Outcome::refused(shop.map(|shop| Arc::clone(&shop.name)), answer))
    };
    let named = by_name(world, request, prefix)?;
    let Some(token) = request.header("authorization").and_then(|value| value.strip_prefix("Bearer ")) else {
        return Err(refused(named.as_ref().or(world.stores().only_shopline())));
    };
    let shop = match named {
        Some(shop) => shop,
        None => {
            let stores = world.stores();
            match stores.holders(token) {
                [holder] => Arc::clone(holder),
                [] => return Err(refused(stores.only_shopline())),
                _ => {
                    let answer = errors::message(
                        400,
                        "Several stores share this token: name one by the header X-Sandbox-Store or as /{handle}/admin/...",
                        &crate::ShoplineBehavior::default(),
                    );
                    return Err(Box::new(Outcome::refused(None, answer)));
                }
            }
        }
    };
    let expired = token::expiry(token).is_some_and(|expiry| expiry <= world.clock.now());
    if expired || !shop.accepts(token, world.clock.now_ms()) {
        return Err(refused(Some(&shop)));
    }
    Ok(shop)
}
