//! The one line of an error: what happened, and what to do about it, in the platform's own words where it has some.

use std::fmt;

use crate::error::{Error, ErrorKind};
use crate::registry;

impl Error {
    /// Advice on what to do about it, in plain words. Part of `Display`.
    pub fn hint(&self) -> &'static str {
        if let Some(hint) = self.own_hint() {
            return hint;
        }
        let facts = self.store().and_then(|store| registry::named(store.platform().as_str()));
        if let Some(hint) = facts.and_then(|facts| facts.hint(self.kind())) {
            return hint;
        }
        match self.kind() {
            ErrorKind::InvalidInput => "",
            ErrorKind::TokenNotFound => "put the store's access token where it is looked for",
            ErrorKind::TokenTimedOut | ErrorKind::TokenFailed => {
                "check what keeps the access tokens, or try again later: the platform was not asked"
            }
            ErrorKind::Unauthorized => "the access token may have expired: get a new one",
            ErrorKind::Forbidden => "give the access token the right to read the store's log",
            ErrorKind::Frozen => "the store's owner has to settle its plan with the platform",
            ErrorKind::Locked => "the platform has locked the store: try again in some minutes",
            ErrorKind::Blocked => "the platform's security rules block this address: ask its support",
            ErrorKind::NotFound => "check the store's name and the API version",
            ErrorKind::Refused if self.status().is_some_and(|status| status < 400) => {
                "something in front of the platform answered: check what is in between"
            }
            ErrorKind::Refused => "the platform does not accept these filters or this time range",
            ErrorKind::RateLimited if self.retry_after().is_none() => "wait some minutes, and ask less often",
            ErrorKind::RateLimited => "ask again after the time given, or ask less often",
            ErrorKind::Server if matches!(self.status(), Some(501 | 505)) => {
                "the platform does not know this kind of request: check the API version"
            }
            ErrorKind::Server => "the platform has trouble: try again later",
            ErrorKind::Unreachable => "check the network and the store's name",
            ErrorKind::TimedOut | ErrorKind::Interrupted => "check the network, or try again later",
            ErrorKind::TooLarge => "ask for smaller pages",
            ErrorKind::Undecodable => "try again later, and report it if it stays so",
            ErrorKind::Record => "the other entries were read; keep the raw record and report its shape",
            ErrorKind::Incomplete => "ask for smaller time ranges, or go on from the last cursor",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(store) = self.store() {
            write!(f, "{store}: ")?;
        }
        f.write_str(self.what())?;
        let mut facts = Vec::new();
        facts.extend(self.status().map(|status| format!("HTTP {status}")));
        facts.extend(self.path().map(|path| format!("at {path}")));
        facts.extend((self.attempts() > 1).then(|| format!("{} attempts", self.attempts())));
        facts.extend(self.retry_after().map(|wait| format!("retry after {} s", wait.as_millis().div_ceil(1000))));
        facts.extend(self.request_id().map(|id| format!("request {id}")));
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        match self.hint() {
            "" => Ok(()),
            hint => write!(f, "; {hint}"),
        }
    }
}
