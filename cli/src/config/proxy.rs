//! The proxy that the files name.

use storelogs::Proxy;
use storelogs::secrecy::ExposeSecret;

use super::files::Stamp;
use super::token::TokenSource;
use crate::error::CliError;
use crate::ui::Ui;

/// The source of the proxy's address that the files name, and the state of that source's file. `None` if they name no
/// proxy.
#[derive(Debug, PartialEq)]
pub(super) struct NamedProxy {
    pub(super) source: Option<TokenSource>,
    stamp: Option<Stamp>,
}

impl NamedProxy {
    pub(super) fn of(source: Option<TokenSource>) -> Self {
        let stamp = match &source {
            Some(TokenSource::File(path)) => Stamp::of(path),
            _ => None,
        };
        Self { source, stamp }
    }

    /// Takes another one in its place, if it is another, with what `make` makes of it. `None` where it is the same. Where
    /// that fails it stays as it was, and the error says so.
    pub(super) fn change<T, E: Into<CliError>>(
        &mut self,
        source: Option<TokenSource>,
        ui: Ui,
        make: impl FnOnce(Proxy) -> Result<T, E>,
    ) -> Result<Option<T>, String> {
        let named = Self::of(source);
        if named == *self {
            return Ok(None);
        }
        let made = read_proxy(named.source.as_ref(), ui).and_then(|proxy| make(proxy).map_err(Into::into));
        let made = made.map_err(|why| format!("{why}; the proxy stays as it was"))?;
        *self = named;
        Ok(Some(made))
    }
}

/// The proxy at this address or, without one, of the environment.
pub(super) fn read_proxy(address: Option<&TokenSource>, ui: Ui) -> Result<Proxy, CliError> {
    let wrong = |error: storelogs::Error| CliError::usage(error);
    let address = match address {
        Some(source) => source.read_now("proxy", ui).map_err(CliError::usage)?,
        None => None,
    };
    match address {
        Some(address) if address.expose_secret().is_empty() => Ok(Proxy::none()),
        Some(address) => Proxy::new(address.expose_secret()).map_err(wrong),
        None => Proxy::from_env().map_err(wrong),
    }
}
