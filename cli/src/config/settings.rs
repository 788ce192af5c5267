//! One store, and how it is reached.

use storelogs::{Platform, Store};

use super::rate::Rate;
use super::token::TokenSource;

/// One store and how it is reached.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Settings {
    pub(crate) store: Store,
    pub(crate) token: TokenSource,
    pub(crate) api_url: Option<String>,
    pub(crate) api_version: Option<String>,
    pub(crate) app: Option<App>,
    pub(crate) rate: Rate,
}

impl Settings {
    /// The origin of its API.
    pub(crate) fn origin(&self) -> String {
        let own = || {
            if *self.store.platform() == Platform::SHOPLINE {
                format!("https://{}.myshopline.com", self.store.name())
            } else {
                storelogs::bigcommerce::API_URL.to_owned()
            }
        };
        self.api_url.clone().unwrap_or_else(own)
    }

    /// The edition of SHOPLINE's API that it is asked by.
    pub(crate) fn edition(&self) -> Option<String> {
        let own = || storelogs::shopline::API_VERSION.to_owned();
        (*self.store.platform() == Platform::SHOPLINE).then(|| self.api_version.clone().unwrap_or_else(own))
    }

    /// Where what is secret of the store comes from.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &TokenSource> {
        std::iter::once(&self.token).chain(self.app.iter().flat_map(|app| [&app.key, &app.secret]))
    }

    pub(super) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut TokenSource> {
        std::iter::once(&mut self.token).chain(self.app.iter_mut().flat_map(|app| [&mut app.key, &mut app.secret]))
    }
}

/// An OAuth app of SHOPLINE's, whose tokens live ten hours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct App {
    pub(crate) key: TokenSource,
    pub(crate) secret: TokenSource,
}
