//! The stores that the environment names: at most one of each platform.

use storelogs::secrecy::SecretString;
use storelogs::{Platform, Store};

use super::rate::Rate;
use super::settings::{App, Settings};
use super::token::TokenSource;
use super::variables::{text, token_variable};
use crate::error::CliError;

/// The stores that are named in full.
pub(super) fn stores() -> Result<Vec<Settings>, CliError> {
    let mut found = Vec::new();
    for (variable, make) in [
        ("BIGCOMMERCE_STORE_HASH", Store::bigcommerce as fn(&str) -> storelogs::Result<Store>),
        ("SHOPLINE_HANDLE", Store::shopline),
    ] {
        let Some(name) = text(variable)? else { continue };
        let store = make(&name).map_err(|error| CliError::usage(format!("{variable}: {error}")))?;
        // Without a token here, the file may have one for the store; a store that has none at all is told then.
        if let Some(settings) = named(&store)? {
            found.push(settings);
        } else {
            found.push(Settings {
                token: TokenSource::Env(token_variable(store.platform()).to_owned()),
                api_url: None,
                api_version: None,
                app: None,
                rate: Rate::default(),
                store,
            });
        }
    }
    Ok(found)
}

/// A store that an argument names, if its platform's token is here.
pub(super) fn named(store: &Store) -> Result<Option<Settings>, CliError> {
    let app = if *store.platform() == Platform::SHOPLINE { app()? } else { None };
    let token = match text(token_variable(store.platform()))? {
        Some(token) => TokenSource::Text(SecretString::from(token)),
        None if app.is_some() => TokenSource::App,
        None => return Ok(None),
    };
    let (api_url, api_version) = if *store.platform() == Platform::SHOPLINE {
        (text("SHOPLINE_API_URL")?, text("SHOPLINE_API_VERSION")?)
    } else {
        (text("BIGCOMMERCE_API_URL")?, None)
    };
    let rate = Rate::default();
    Ok(Some(Settings { store: store.clone(), token, api_url, api_version, app, rate }))
}

/// The OAuth app that may replace a SHOPLINE token.
fn app() -> Result<Option<App>, CliError> {
    let half = |has: &str, lacks: &str| Err(CliError::usage(format!("{has} is set but {lacks} is not")));
    match (text("SHOPLINE_APP_KEY")?, text("SHOPLINE_APP_SECRET")?) {
        (Some(key), Some(secret)) => Ok(Some(App {
            key: TokenSource::Text(SecretString::from(key)),
            secret: TokenSource::Text(SecretString::from(secret)),
        })),
        (Some(_), None) => half("SHOPLINE_APP_KEY", "SHOPLINE_APP_SECRET"),
        (None, Some(_)) => half("SHOPLINE_APP_SECRET", "SHOPLINE_APP_KEY"),
        (None, None) => Ok(None),
    }
}
