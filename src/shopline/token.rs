//! SHOPLINE access tokens: how long one is valid, and getting a new one in time.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use ring::hmac;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::error::{Error, ErrorKind, Result};
use crate::time;
use crate::transport::{Answer, HttpBackend, Look, TokenProvider, TransportError, http_error, refuse_foreign};

/// How long before its end a token is replaced. The old one stays valid for 5 minutes after that.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);
/// How long the next refresh waits after one that failed, while the old token is still valid.
const PAUSE: Duration = Duration::from_secs(30);
/// The longest answer to a refresh.
const MAX_ANSWER: usize = 64 << 10;

/// When a token ends, by the `exp` of its payload. `None` for a token that is not a JWT or does not say.
///
/// The signature is not checked; that is the platform's to do.
pub fn expiry(token: &str) -> Option<Timestamp> {
    #[derive(Deserialize)]
    struct Payload {
        exp: f64,
    }
    let mut parts = token.split('.');
    let (payload, _signature) = (parts.nth(1)?, parts.next()?);
    let json = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    let Payload { exp } = serde_json::from_slice(&json).ok()?;
    // Seconds by the standard; a value that large can only be milliseconds.
    let seconds = if exp > 1e11 { exp / 1000.0 } else { exp };
    Timestamp::from_second(seconds as i64).ok().filter(|_| seconds.is_finite())
}

/// A token that stays the same, and knows when it ends.
pub(super) struct StaticToken {
    token: SecretString,
    expires: Option<Timestamp>,
}

impl StaticToken {
    pub(super) fn new(token: SecretString) -> Self {
        let expires = expiry(token.expose_secret());
        Self { token, expires }
    }
}

impl TokenProvider for StaticToken {
    fn token(&self) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async move {
            match self.expires {
                Some(end) if end <= Timestamp::now() => {
                    let what = format!("the access token expired at {end}");
                    Err(Error::new(ErrorKind::Unauthorized, what))
                }
                _ => Ok(self.token.clone()),
            }
        })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.expires
    }
}

/// An OAuth app's token: replaced before it ends, and once when the platform refuses it. However many requests wait for
/// a new token, one refresh serves them all.
pub(super) struct Refreshing {
    backend: Arc<dyn HttpBackend>,
    url: Url,
    app_key: HeaderValue,
    secret: SecretString,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<SecretString>,
    expires: Option<Timestamp>,
    not_before: Option<Instant>,
}

impl State {
    fn new(token: SecretString, expires: Option<Timestamp>) -> Self {
        let expires = expires.or_else(|| expiry(token.expose_secret()));
        Self { token: Some(token), expires, not_before: None }
    }

    fn lives_for(&self, time: SignedDuration) -> Option<&SecretString> {
        let fine = self.expires.is_none_or(|end| end > Timestamp::now() + time);
        self.token.as_ref().filter(|_| fine)
    }
}

impl Refreshing {
    /// # Errors
    /// [`ErrorKind::InvalidInput`] for an app key that no header can carry.
    pub(super) fn new(
        backend: Arc<dyn HttpBackend>,
        origin: &Url,
        (app_key, secret): (&str, SecretString),
        first: Option<SecretString>,
    ) -> Result<Self> {
        let url =
            origin.join("/admin/oauth/token/refresh").map_err(|_| Error::invalid("the API address is no base"))?;
        let mut app_key = HeaderValue::from_str(app_key.trim())
            .map_err(|_| Error::invalid("the app key holds a character that a header cannot carry"))?;
        app_key.set_sensitive(true);
        let state = Mutex::new(first.map(|token| State::new(token, None)).unwrap_or_default());
        Ok(Self { backend, url, app_key, secret, state })
    }

    async fn refresh(&self) -> Result<State> {
        let timestamp = Timestamp::now().as_millisecond().to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.secret.expose_secret().as_bytes());
        // The signed text is body and timestamp; the body is empty.
        let sign: String = hmac::sign(&key, timestamp.as_bytes()).as_ref().iter().map(|b| format!("{b:02x}")).collect();
        let mut request = reqwest::Request::new(Method::POST, self.url.clone());
        let headers = request.headers_mut();
        headers.insert(reqwest::header::CONTENT_TYPE, HeaderValue::from_static("application/json; charset=utf-8"));
        headers.insert(HeaderName::from_static("appkey"), self.app_key.clone());
        for (name, value) in [("timestamp", timestamp), ("sign", sign)] {
            let mut value = HeaderValue::from_str(&value).map_err(|_| Error::invalid("a signature is hex digits"))?;
            value.set_sensitive(name == "sign");
            headers.insert(HeaderName::from_static(name), value);
        }
        let failed = |failure: TransportError| {
            let what = format!("the access token could not be refreshed: {failure}");
            failure.explain().saying(&what).with_source(failure)
        };
        let response = self.backend.send("refresh_access_token", request).await.map_err(failed)?;
        refuse_foreign(&response, &self.url).map_err(failed)?;
        let answer = Answer::read(response, MAX_ANSWER, Look::Always).await.map_err(failed)?;
        if !answer.status.is_success() {
            return Err(http_error::error(answer.status, &answer.headers, &answer.body, 1)
                .saying("the platform refused to refresh the access token: check the app's key and secret"));
        }
        let renewed: Renewed = serde_json::from_slice(&answer.body).map_err(|_| {
            Error::new(ErrorKind::Undecodable, "the answer to a token refresh is not the documented shape")
        })?;
        match renewed.data.filter(|data| !data.access_token.is_empty()) {
            Some(data) => {
                let said = data.expire_time.as_deref().and_then(|text| time::read(text).ok());
                Ok(State::new(SecretString::from(data.access_token), said.map(|written| written.time)))
            }
            None => Err(Error::new(ErrorKind::Unauthorized, "the platform gave no new access token")
                .with_detail(http_error::words(&answer.body))),
        }
    }
}

impl TokenProvider for Refreshing {
    fn token(&self) -> BoxFuture<'_, Result<SecretString>> {
        Box::pin(async move {
            // Held over the refresh: whoever comes meanwhile waits for its token.
            let mut state = self.state.lock().await;
            if let Some(token) = state.lives_for(MARGIN) {
                return Ok(token.clone());
            }
            let pausing = state.not_before.is_some_and(|until| Instant::now() < until);
            if let (true, Some(token)) = (pausing, state.lives_for(SignedDuration::ZERO)) {
                return Ok(token.clone());
            }
            match (self.refresh().await, state.lives_for(SignedDuration::ZERO).cloned()) {
                (Ok(renewed), _) => *state = renewed,
                (Err(_), Some(token)) => {
                    state.not_before = Some(Instant::now() + PAUSE);
                    return Ok(token);
                }
                (Err(error), None) => return Err(error),
            }
            state.token.clone().ok_or_else(|| Error::invalid("a refresh leaves a token"))
        })
    }

    fn renew(&self, refused: &SecretString) -> BoxFuture<'_, Result<Option<SecretString>>> {
        let refused = refused.clone();
        Box::pin(async move {
            let mut state = self.state.lock().await;
            let replaced = state.token.as_ref().is_some_and(|t| t.expose_secret() != refused.expose_secret());
            if !replaced {
                *state = self.refresh().await?;
            }
            Ok(state.token.clone())
        })
    }

    fn expires_at(&self) -> Option<Timestamp> {
        self.state.try_lock().ok()?.expires
    }
}

#[derive(Deserialize)]
struct Renewed {
    data: Option<RenewedData>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RenewedData {
    #[serde(default)]
    access_token: String,
    expire_time: Option<String>,
}
