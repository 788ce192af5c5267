//! The origin of a store's API, which is part of its identity: the sandbox and a shop may have the same name.

use std::fmt;

use reqwest::Url;
use storelogs::{Store, platform};

use super::Remote;

/// A store that was to be asked at another address than the one that the archive has it from. Nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Elsewhere {
    /// The store.
    pub store: Store,
    /// The origin that the archive has for it.
    pub kept: String,
    /// The origin that is configured now.
    pub asked: String,
}

impl Remote {
    /// Scheme, host and port of its API, in one way of writing. An edition of the API in the path makes no other store.
    pub fn origin(&self) -> String {
        Url::parse(&self.api_url).map_or_else(|_| self.api_url.clone(), |url| url.origin().ascii_serialization())
    }

    /// Whether this is the store that an archive has from this origin, if it has it from any.
    ///
    /// # Errors
    /// [`Elsewhere`] if it is not.
    pub fn is_of(&self, origin: Option<&str>) -> Result<(), Elsewhere> {
        let asked = self.origin();
        match origin {
            Some(kept) if kept != asked => {
                Err(Elsewhere { store: self.log.store().clone(), kept: kept.to_owned(), asked })
            }
            _ => Ok(()),
        }
    }
}

/// The cause and the remedy, in one line.
impl fmt::Display for Elsewhere {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { store, kept, asked } = self;
        let variable = platform::named(store.platform().as_str()).map(|facts| facts.variables().api_url);
        let variable = variable.map(|name| format!("{name} or ")).unwrap_or_default();
        write!(
            f,
            "{store}: the archive has this store from {kept}, and was to read it from {asked}; nothing was sent. If that \
             address is wrong, correct {variable}api_url; for a sandbox or another shop use another archive (--archive); if the \
             API has moved, run `storelogs sync --moved` once"
        )
    }
}

impl std::error::Error for Elsewhere {}
