//! The one error type.

use std::fmt;
use std::time::Duration;

use crate::store::Store;

/// A `Result` with this crate's [`Error`].
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// An error: what went wrong, with which store, and what to do next.
///
/// `Display` is one line that names the store, the cause and the remedy. It never holds a secret nor anything of a
/// response body; what the platform said in its own words is [`detail`](Error::detail).
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    store: Option<Store>,
    what: String,
    status: Option<u16>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    attempts: u32,
    detail: Option<String>,
    raw: Option<String>,
    path: Option<String>,
    missing: Option<u64>,
    /// A more specific remedy than the kind's.
    hint: Option<&'static str>,
    reason: Option<&'static str>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

/// The kinds of failure, by what a caller can do about them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A setting or an argument is wrong. Nothing was sent.
    InvalidInput,
    /// There is no access token for the store: a [`TokenProvider`](crate::TokenProvider) found none.
    TokenNotFound,
    /// The source of the access token did not answer in time.
    TokenTimedOut,
    /// No access token could be obtained, for another reason.
    TokenFailed,
    /// The access token was refused (401).
    Unauthorized,
    /// The token lacks the scope, or BigCommerce does not know the store hash (403).
    Forbidden,
    /// The store's plan is not paid (402).
    Frozen,
    /// The store is locked (423): at SHOPLINE after too many requests.
    Locked,
    /// The platform's security rules block this client (433 to 436).
    Blocked,
    /// There is no such store, API version or entry (404).
    NotFound,
    /// The platform refused the request itself (400, 406, 412, 413, 422 and other 4xx).
    Refused,
    /// Too many requests (429), and waiting longer than the policy allows is needed.
    RateLimited,
    /// The platform failed (5xx), and went on failing.
    Server,
    /// No connection could be made.
    Unreachable,
    /// No complete answer came in time.
    TimedOut,
    /// The connection broke before the answer was complete.
    Interrupted,
    /// The answer is larger than the limit on bodies.
    TooLarge,
    /// The answer is not the documented shape.
    Undecodable,
    /// One record of a page is not the documented shape. The others were delivered. [`Error::raw`] holds its text.
    Record,
    /// The walk ended, and some entries could not be read. The message says what is missing.
    Incomplete,
}

impl ErrorKind {
    /// Whether the same call may succeed by itself later: after [`Error::retry_after`], or some minutes.
    pub const fn is_transient(self) -> bool {
        matches!(
            self,
            Self::TokenTimedOut
                | Self::TokenFailed
                | Self::Locked
                | Self::RateLimited
                | Self::Server
                | Self::Unreachable
                | Self::TimedOut
                | Self::Interrupted
        )
    }

    /// Whether the store should be left alone until somebody has fixed something: every call to it would fail in the
    /// same way, whatever is asked for.
    ///
    /// Any kind that is neither this nor [transient](Self::is_transient) concerns only what was asked for or what came:
    /// one record, one time range, one filter.
    pub const fn should_park(self) -> bool {
        matches!(
            self,
            Self::InvalidInput
                | Self::TokenNotFound
                | Self::Unauthorized
                | Self::Forbidden
                | Self::Frozen
                | Self::Blocked
                | Self::NotFound
        )
    }
}

impl Error {
    /// A failure: what went wrong, in a few words without a full stop. For platforms in other crates, and for tests of
    /// what you do about errors.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            store: None,
            what: what.into(),
            status: None,
            request_id: None,
            retry_after: None,
            attempts: 0,
            detail: None,
            raw: None,
            path: None,
            missing: None,
            hint: None,
            reason: None,
            source: None,
        }))
    }

    /// An [`ErrorKind::InvalidInput`]: what is wrong and how to fix it, in one line.
    pub fn invalid(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidInput, what)
    }

    /// Sets the store that the failure is about, unless it has one.
    #[must_use]
    pub fn of(mut self, store: &Store) -> Self {
        self.0.store.get_or_insert_with(|| store.clone());
        self
    }

    /// The same failure in other words.
    pub(crate) fn saying(mut self, what: &str) -> Self {
        self.0.what = what.to_owned();
        self
    }

    pub(crate) fn with_answer(mut self, status: Option<u16>, request_id: Option<String>, attempts: u32) -> Self {
        self.0.status = status;
        self.0.request_id = request_id;
        self.0.attempts = attempts;
        self
    }

    pub(crate) fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.0.retry_after = wait;
        self
    }

    pub(crate) fn with_detail(mut self, detail: Option<String>) -> Self {
        self.0.detail = detail;
        self
    }

    pub(crate) fn with_reason(mut self, reason: &'static str) -> Self {
        self.0.reason = Some(reason);
        self
    }

    pub(crate) fn with_hint(mut self, hint: &'static str) -> Self {
        self.0.hint = Some(hint);
        self
    }

    pub(crate) fn with_record(mut self, path: String, raw: String) -> Self {
        self.0.path = Some(path);
        self.0.raw = Some(raw);
        self
    }

    /// Sets the cause: the error of a vault or of another library, for example. It is the error's
    /// [`source`](std::error::Error::source), and no part of `Display`.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    pub(crate) fn with_missing(mut self, entries: u64) -> Self {
        self.0.missing = Some(entries);
        self
    }

    /// The kind of failure.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The store, unless the failure is about none.
    pub fn store(&self) -> Option<&Store> {
        self.0.store.as_ref()
    }

    /// The HTTP status, if an answer came.
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// The platform's id of the request, for its support: `X-Request-Id`, or SHOPLINE's `traceId`.
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// How long to wait before asking again, if the platform said so.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// How many times the request was sent. 0 if it never was.
    pub fn attempts(&self) -> u32 {
        self.0.attempts
    }

    /// The platform's own words, at most 500 characters. Untrusted text: escape it where it is shown.
    pub fn detail(&self) -> Option<&str> {
        self.0.detail.as_deref()
    }

    /// The text of the record as it came, for [`ErrorKind::Record`]. Untrusted, and may hold personal data.
    pub fn raw(&self) -> Option<&str> {
        self.0.raw.as_deref()
    }

    /// The place of the fault in the page's JSON, such as `data[3].id`, for [`ErrorKind::Record`].
    pub fn path(&self) -> Option<&str> {
        self.0.path.as_deref()
    }

    /// The number of entries that the platform counts but that could not be read, for [`ErrorKind::Incomplete`]. `None`
    /// if it does not count them.
    pub fn missing(&self) -> Option<u64> {
        self.0.missing
    }

    /// The cause in one word that does not change, where more is known than the kind: `unknown_authority`,
    /// `certificate_expired`, `name_not_found`, `connection_refused`, `connect_timeout`, `proxy_authorization` and others;
    /// docs/operations.md lists them.
    pub fn reason(&self) -> Option<&'static str> {
        self.0.reason
    }

    /// The cause, without its store and its circumstances.
    pub(crate) fn what(&self) -> &str {
        &self.0.what
    }

    /// A more specific remedy than the kind's, if there is one.
    pub(crate) fn own_hint(&self) -> Option<&'static str> {
        self.0.hint
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither the body nor the raw record: a Debug line ends up in logs.
        f.debug_struct("Error").field("kind", &self.0.kind).field("message", &self.to_string()).finish_non_exhaustive()
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|e| e as _)
    }
}
