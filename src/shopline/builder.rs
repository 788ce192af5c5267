//! The builder of a SHOPLINE client: its own settings, and those that the environment has.

use std::sync::Arc;

use secrecy::SecretString;

use super::{API_VERSION, BUCKET, Shopline, habits, token};
use crate::builder::{Build, Builder, Settings, Token};
use crate::env::{optional, required};
use crate::error::{Error, Result};
use crate::store::Store;
use crate::transport::{AuthScheme, Endpoint, Pacer, TokenProvider, checked_token};

/// The settings that only SHOPLINE has.
#[derive(Clone, Default)]
struct Own {
    /// The key and secret of an OAuth app.
    app: Option<(String, SecretString)>,
    api_version: Option<String>,
    bucket: Option<(u32, f64)>,
}

impl Shopline {
    /// A client of the store with this handle: `open001` of `open001.myshopline.com`.
    pub fn builder(handle: impl Into<String>) -> Builder<Self> {
        Builder::new(handle)
    }

    /// A builder with what the environment says: `SHOPLINE_HANDLE`, `SHOPLINE_ACCESS_TOKEN` and, if they are set,
    /// `SHOPLINE_API_VERSION` and `SHOPLINE_API_URL`, an origin such as `http://127.0.0.1:4011`. For an OAuth app also
    /// `SHOPLINE_APP_KEY` and `SHOPLINE_APP_SECRET`; then the token may be left out.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidInput`](crate::ErrorKind::InvalidInput) that names the variable that is missing.
    pub fn builder_from_env() -> Result<Builder<Self>> {
        let mut builder = Self::builder(required("SHOPLINE_HANDLE")?);
        let app = match (optional("SHOPLINE_APP_KEY")?, optional("SHOPLINE_APP_SECRET")?) {
            (Some(key), Some(secret)) => Some((key, secret)),
            (None, None) => None,
            (Some(_), None) => return Err(Error::invalid("SHOPLINE_APP_KEY is set but SHOPLINE_APP_SECRET is not")),
            (None, Some(_)) => return Err(Error::invalid("SHOPLINE_APP_SECRET is set but SHOPLINE_APP_KEY is not")),
        };
        match (app, optional("SHOPLINE_ACCESS_TOKEN")?) {
            (Some((key, secret)), None) => builder = builder.app(key, secret),
            (Some((key, secret)), Some(token)) => builder = builder.app(key, secret).access_token(token),
            (None, _) => builder = builder.access_token(required("SHOPLINE_ACCESS_TOKEN")?),
        }
        if let Some(version) = optional("SHOPLINE_API_VERSION")? {
            builder = builder.api_version(version);
        }
        if let Some(url) = optional("SHOPLINE_API_URL")? {
            builder = builder.api_url(url);
        }
        Ok(builder)
    }

    /// A client as the environment says; see [`builder_from_env`](Self::builder_from_env).
    ///
    /// # Errors
    /// As `builder_from_env` and [`Builder::build`].
    pub fn from_env() -> Result<Self> {
        Self::builder_from_env()?.build()
    }
}

impl Builder<Shopline> {
    /// Another edition of the API, such as `v20260601`.
    pub fn api_version(mut self, version: impl Into<String>) -> Self {
        self.settings.own::<Own>().api_version = Some(version.into());
        self
    }

    /// The key and secret of an OAuth app, whose tokens live ten hours: the token is then replaced before it ends, and
    /// once when the platform refuses it. [`access_token`](Builder::access_token) may be left out.
    pub fn app(mut self, key: impl Into<String>, secret: impl AsRef<str>) -> Self {
        match checked_token(secret.as_ref()) {
            Ok(secret) => self.settings.own::<Own>().app = Some((key.into(), secret)),
            Err(_) => {
                self.settings.token = Some(Err(Error::invalid("the app secret is empty, in quotes, or holds a space")));
            }
        }
        self
    }

    /// Another rate limit than the documented one: how many requests the bucket holds, and how many leak out a second.
    /// For stores with a higher limit, and for the sandbox.
    pub fn bucket(mut self, requests: u32, per_second: f64) -> Self {
        self.settings.own::<Own>().bucket = Some((requests, per_second));
        self
    }
}

impl Build for Shopline {
    fn build(mut settings: Settings) -> Result<Self> {
        let store = Store::shopline(settings.name())?;
        let api_url = format!("https://{}.myshopline.com", store.name());
        let own = std::mem::take(settings.own::<Own>());
        let prepared = api_path(own.api_version.as_deref()).and_then(|path| {
            let token = token_of(&mut settings, &api_url, own.app)?;
            settings.token = Some(Ok(Token::Provider(token)));
            let (requests, per_second) = own.bucket.unwrap_or(BUCKET);
            Ok((path, Pacer::bucket(requests, per_second)?))
        });
        let (path, pacer) = prepared.map_err(|error: Error| error.of(&store))?;
        let endpoint = Endpoint::new(store, api_url, AuthScheme::Bearer, pacer).path(path);
        // Required even on a GET without a body.
        let endpoint = endpoint.header("content-type", "application/json; charset=utf-8");
        Ok(Self { transport: settings.transport(endpoint)?, habits: habits::Habits::default() })
    }
}

/// The path of the API's edition.
fn api_path(version: Option<&str>) -> Result<String> {
    let version = version.unwrap_or(API_VERSION);
    let dated = version.strip_prefix('v').is_some_and(|d| d.len() == 8 && d.bytes().all(|b| b.is_ascii_digit()));
    if !dated {
        return Err(Error::invalid(format!("{version:?} is not an API version such as {API_VERSION}")));
    }
    Ok(format!("/admin/openapi/{version}"))
}

/// A token that knows when it ends, or, for an app, one that is refreshed before it does.
fn token_of(
    settings: &mut Settings,
    api_url: &str,
    app: Option<(String, SecretString)>,
) -> Result<Arc<dyn TokenProvider>> {
    let first = match settings.token.take().transpose()? {
        Some(Token::Provider(provider)) => return Ok(provider),
        Some(Token::Text(token)) => Some(token),
        None => None,
    };
    match (app, first) {
        (Some((key, secret)), first) => {
            let origin = settings.origin(api_url)?;
            Ok(Arc::new(token::Refreshing::new(settings.http_backend()?, &origin, (&key, secret), first)?))
        }
        (None, Some(token)) => Ok(Arc::new(token::StaticToken::new(token))),
        (None, None) => Err(Error::invalid("no access token was given")),
    }
}
