//! The stores that the environment names: at most one of each platform.

use storelogs::secrecy::SecretString;
use storelogs::{Store, platform};
use storelogs_collector::archive::Labels;

use super::platforms::facts;
use super::rate::Rate;
use super::settings::{App, Settings};
use super::token::TokenSource;
use super::variables::text;
use crate::error::CliError;

/// The stores that are named in full.
pub(super) fn stores() -> Result<Vec<Settings>, CliError> {
    let mut found = Vec::new();
    for facts in platform::known() {
        let variables = facts.variables();
        let Some(name) = text(variables.store)? else { continue };
        let named_wrongly = |error| CliError::usage(format!("{}: {error}", variables.store));
        let store = facts.store(&name).map_err(named_wrongly)?;
        // Without a token here, the file may have one for the store; a store that has none at all is an error then.
        if let Some(settings) = named(&store)? {
            found.push(settings);
        } else {
            found.push(Settings {
                token: TokenSource::Env(variables.access_token.to_owned()),
                api_url: None,
                api_version: None,
                app: None,
                rate: Rate::default(),
                keep: None,
                labels: Labels::default(),
                store,
            });
        }
    }
    Ok(found)
}

/// What is to be set for tokens that are here without their store, where none of their platform is known.
pub(super) fn half_named(known: &[Settings]) -> Result<Vec<String>, CliError> {
    let mut half = Vec::new();
    for facts in platform::known() {
        let variables = facts.variables();
        let is_known = known.iter().any(|settings| *settings.store.platform() == facts.platform());
        if is_known || text(variables.access_token)?.is_none() || text(variables.store)?.is_some() {
            continue;
        }
        let what = match variables.store {
            "BIGCOMMERCE_STORE_HASH" => ": set it to the part after /stores/ in the API path, or all of that path",
            "SHOPLINE_HANDLE" => ": set it to open001 of open001.myshopline.com, or all of that address",
            _ => "",
        };
        half.push(format!("{} is set, but {} is not{what}", variables.access_token, variables.store));
    }
    Ok(half)
}

/// A store that an argument names, if its platform's token is here.
pub(super) fn named(store: &Store) -> Result<Option<Settings>, CliError> {
    let variables = facts(store.platform()).map_err(CliError::usage)?.variables();
    let app = match variables.app {
        Some((key, secret)) => app(key, secret)?,
        None => None,
    };
    let token = match text(variables.access_token)? {
        Some(token) => TokenSource::Text(SecretString::from(token)),
        None if app.is_some() => TokenSource::App,
        None => return Ok(None),
    };
    let api_url = text(variables.api_url)?;
    let api_version = variables.api_version.map(text).transpose()?.flatten();
    let rate = Rate::default();
    Ok(Some(Settings {
        store: store.clone(),
        token,
        api_url,
        api_version,
        app,
        rate,
        keep: None,
        labels: Labels::default(),
    }))
}

/// The OAuth app that may replace a token.
fn app(key: &str, secret: &str) -> Result<Option<App>, CliError> {
    let half = |has: &str, lacks: &str| Err(CliError::usage(format!("{has} is set but {lacks} is not")));
    match (text(key)?, text(secret)?) {
        (Some(key), Some(secret)) => Ok(Some(App {
            key: TokenSource::Text(SecretString::from(key)),
            secret: TokenSource::Text(SecretString::from(secret)),
        })),
        (Some(_), None) => half(key, secret),
        (None, Some(_)) => half(secret, key),
        (None, None) => Ok(None),
    }
}
