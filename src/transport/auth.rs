//! Authentication: the token, and the header that carries it.

use std::fmt;
use std::sync::Arc;

use futures::future::BoxFuture;
use jiff::Timestamp;
use reqwest::header::{AUTHORIZATION, HeaderMap, HeaderName, HeaderValue};
use secrecy::{ExposeSecret, SecretString};

use crate::error::{Error, ErrorKind, Result};

/// Gives the access token of a store, and a new one when the platform refuses it.
///
/// A plain token is enough for BigCommerce and for SHOPLINE's private apps. Implement this for tokens that expire.
///
/// The caller of the client gets an error, with its source. Give it the kind that says what to do:
/// [`TokenNotFound`](ErrorKind::TokenNotFound) where there is none for the store,
/// [`TokenTimedOut`](ErrorKind::TokenTimedOut) where what keeps it did not answer in time, and
/// [`TokenFailed`](ErrorKind::TokenFailed) for the rest. Those are not the platform's refusal, for which a store is parked.
pub trait TokenProvider: Send + Sync + 'static {
    /// The token to sign the next request with.
    fn token(&self) -> BoxFuture<'_, Result<SecretString>>;

    /// A new token in place of one that was refused with a 401; `None` if there is none. Called at most once a request.
    fn renew(&self, refused: &SecretString) -> BoxFuture<'_, Result<Option<SecretString>>> {
        let _ = refused;
        Box::pin(async { Ok(None) })
    }

    /// When the present token ends, if that is known.
    fn expires_at(&self) -> Option<Timestamp> {
        None
    }
}

/// A token that stays the same.
impl TokenProvider for SecretString {
    fn token(&self) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async { Ok(self.clone()) })
    }
}

/// The header that carries the token.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AuthScheme {
    /// `Authorization: Bearer TOKEN`
    Bearer,
    /// A header of the platform's own that holds the token and nothing else, such as `x-auth-token`.
    Header(HeaderName),
}

#[derive(Clone)]
pub(crate) struct Auth {
    scheme: AuthScheme,
    provider: Arc<dyn TokenProvider>,
}

impl Auth {
    pub(crate) fn new(scheme: AuthScheme, provider: Arc<dyn TokenProvider>) -> Self {
        Self { scheme, provider }
    }

    pub(crate) fn expires_at(&self) -> Option<Timestamp> {
        self.provider.expires_at()
    }

    pub(crate) async fn sign(&self, headers: &mut HeaderMap) -> Result<()> {
        let token = self.provider.token().await?;
        self.put(headers, &token)
    }

    /// Signs again with a new token after a 401. Says whether there was one.
    ///
    /// # Errors
    /// Why the provider has none: it is not the platform that failed then.
    pub(crate) async fn renew(&self, headers: &mut HeaderMap) -> Result<bool> {
        let Some(refused) = self.taken(headers) else { return Ok(false) };
        match self.provider.renew(&refused).await? {
            Some(token) => self.put(headers, &token).map(|()| true),
            None => Ok(false),
        }
    }

    fn put(&self, headers: &mut HeaderMap, token: &SecretString) -> Result<()> {
        let (name, text) = match &self.scheme {
            AuthScheme::Header(name) => (name.clone(), token.expose_secret().to_owned()),
            AuthScheme::Bearer => (AUTHORIZATION, format!("Bearer {}", token.expose_secret())),
        };
        let mut value = HeaderValue::from_str(&text).map_err(|_| {
            Error::new(ErrorKind::InvalidInput, "the access token holds a character that a header cannot carry")
        })?;
        value.set_sensitive(true);
        headers.insert(name, value);
        Ok(())
    }

    /// The token that a request was signed with.
    pub(crate) fn taken(&self, headers: &HeaderMap) -> Option<SecretString> {
        let text = match &self.scheme {
            AuthScheme::Header(name) => headers.get(name)?.to_str().ok()?,
            AuthScheme::Bearer => headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Bearer ")?,
        };
        Some(SecretString::from(text))
    }
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}

/// Quotes that a shell would have taken away, and the file of a container's variables does not.
const QUOTES: [char; 6] = ['"', '\'', '“', '”', '‘', '’'];

/// Checks a token as it was given: it must be something that a header can carry.
pub(crate) fn checked_token(text: &str) -> Result<SecretString> {
    let text = text.trim();
    if text.is_empty() {
        return Err(Error::invalid("the access token is empty"));
    }
    if text.chars().all(|c| matches!(c, '…' | '.')) {
        return Err(Error::invalid(
            "the access token is the placeholder of an example: put the store's own in its place",
        ));
    }
    if text.starts_with(QUOTES) || text.ends_with(QUOTES) {
        return Err(Error::invalid("the access token is in quotes, as if they were part of it: leave them out"));
    }
    if !text.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(Error::invalid("the access token holds a space or another character that no token has"));
    }
    Ok(SecretString::from(text))
}
