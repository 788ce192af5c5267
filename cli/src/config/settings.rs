//! The settings of one store.

use storelogs::Store;
use storelogs::platform::PlatformFacts;
use storelogs_collector::archive::Labels;
use storelogs_collector::retention::Keep;

use super::platforms::facts;
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
    /// How long its entries are kept in the archive; without it for ever.
    pub(crate) keep: Option<Keep>,
    /// Its name, owner and tags.
    pub(crate) labels: Labels,
}

impl Settings {
    /// The origin of its API.
    pub(crate) fn origin(&self) -> String {
        let own = || facts(self.store.platform()).map(|facts| facts.api_url(&self.store)).unwrap_or_default();
        self.api_url.clone().unwrap_or_else(own)
    }

    /// The edition of the API that it is asked by, where editions have dates.
    pub(crate) fn edition(&self) -> Option<String> {
        let own = facts(self.store.platform()).ok()?.api_version()?;
        Some(self.api_version.clone().unwrap_or_else(|| own.to_owned()))
    }

    /// Whether its tokens may end by time.
    pub(crate) fn tokens_expire(&self) -> bool {
        facts(self.store.platform()).is_ok_and(PlatformFacts::tokens_expire)
    }

    /// The default source of a store's token: an OAuth app, or the environment.
    pub(super) fn usual_token(store: &Store, app: Option<&App>) -> Result<TokenSource, String> {
        if app.is_some() {
            return Ok(TokenSource::App);
        }
        Ok(TokenSource::Env(facts(store.platform())?.variables().access_token.to_owned()))
    }

    /// The sources of the store's secrets.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &TokenSource> {
        std::iter::once(&self.token).chain(self.app.iter().flat_map(|app| [&app.key, &app.secret]))
    }

    pub(super) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut TokenSource> {
        std::iter::once(&mut self.token).chain(self.app.iter_mut().flat_map(|app| [&mut app.key, &mut app.secret]))
    }
}

/// An OAuth app, whose tokens end after hours.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct App {
    pub(crate) key: TokenSource,
    pub(crate) secret: TokenSource,
}
