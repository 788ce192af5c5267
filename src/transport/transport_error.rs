//! The error of a request that got no answer.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;

use crate::error::{Error, ErrorKind};

/// The reason why no answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    Unreachable,
    /// The other side is not who it should be, or cannot be proved to be. Asking again would not help.
    Untrusted,
    /// A proxy on the way refuses us.
    Refused,
    TimedOut,
    Interrupted,
    TooLarge,
    Undecodable,
    RateLimited(Duration),
}

impl Cause {
    pub(crate) fn kind(self) -> ErrorKind {
        match self {
            Self::Unreachable | Self::Untrusted | Self::Refused => ErrorKind::Unreachable,
            Self::TimedOut => ErrorKind::TimedOut,
            Self::Interrupted => ErrorKind::Interrupted,
            Self::TooLarge => ErrorKind::TooLarge,
            Self::Undecodable => ErrorKind::Undecodable,
            Self::RateLimited(_) => ErrorKind::RateLimited,
        }
    }
}

/// A request that got no answer: no connection, a timeout, a cut body, a body over the limit.
#[derive(Debug)]
pub struct TransportError {
    pub(crate) cause: Cause,
    what: String,
    /// The word that programs know it by, and the remedy, where more is known than the cause.
    pub(crate) because: Option<(&'static str, &'static str)>,
    source: Option<reqwest::Error>,
}

impl TransportError {
    pub(crate) fn new(cause: Cause, what: impl Into<String>) -> Self {
        Self { cause, what: what.into(), because: None, source: None }
    }

    pub(super) fn too_large(limit: usize) -> Self {
        Self::new(Cause::TooLarge, format!("the answer is larger than {} MiB", limit >> 20))
    }

    pub(super) fn because(self, reason: &'static str, hint: &'static str) -> Self {
        Self { because: Some((reason, hint)), ..self }
    }

    pub(super) fn with_source(self, error: reqwest::Error) -> Self {
        // The URL is the caller's to name; it only makes the line longer here.
        Self { source: Some(error.without_url()), ..self }
    }

    /// The host refused the connection, or could not be found. For stand-ins of the network in tests.
    pub fn unreachable() -> Self {
        Self::new(Cause::Unreachable, "no connection could be made")
    }

    /// The connection broke before the answer was complete. For stand-ins of the network in tests.
    pub fn interrupted() -> Self {
        Self::new(Cause::Interrupted, "the connection broke before the answer was complete")
    }

    /// A script of answers has none left for this request.
    #[cfg(feature = "testing")]
    pub(crate) fn script_is_over(request: &str) -> Self {
        const HINT: &str = "give the Recorder an answer to each request, or one to all the rest with `serve`";
        let what = format!("the script is over, and no answer is left to {request}");
        Self::new(Cause::Refused, what).because("script_is_over", HINT)
    }

    /// The generated code passes errors on as `reqwest::Error` only, and that type has no public constructor. A body
    /// that fails with our error makes one that carries it as its source.
    pub(crate) async fn into_reqwest(self) -> reqwest::Error {
        let body = reqwest::Body::wrap_stream(stream::iter([Err::<Bytes, Self>(self)]));
        match reqwest::Response::from(http::Response::new(body)).bytes().await {
            Err(error) => error,
            Ok(_) => unreachable!("the body above fails on its first chunk"),
        }
    }

    /// The error that says it.
    pub(crate) fn explain(&self) -> Error {
        let error = Error::new(self.cause.kind(), &*self.what);
        let error = match self.cause {
            Cause::RateLimited(wait) => error.with_retry_after(Some(wait)),
            _ => error,
        };
        match self.because {
            Some((reason, hint)) => error.with_reason(reason).with_hint(hint),
            None => error,
        }
    }

    /// Finds our error inside the one that the generated code passed on.
    pub(crate) fn inside(error: &reqwest::Error) -> Option<&Self> {
        let mut source = std::error::Error::source(error);
        while let Some(error) = source {
            if let Some(failure) = error.downcast_ref() {
                return Some(failure);
            }
            source = error.source();
        }
        None
    }
}

/// The error of reading a body.
impl From<reqwest::Error> for TransportError {
    fn from(error: reqwest::Error) -> Self {
        let (cause, what) = if error.is_timeout() {
            (Cause::TimedOut, "no complete answer came in time")
        } else {
            (Cause::Interrupted, "the connection broke before the answer was complete")
        };
        Self::new(cause, what).with_source(error)
    }
}

impl fmt::Display for TransportError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)
    }
}

impl std::error::Error for TransportError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|e| e as _)
    }
}
