//! The state of a store.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;
use rusqlite::params;
use serde::Serialize;
use storelogs::{Error as SourceError, ErrorKind};

use super::{Archive, StoreId};
use crate::error::Result;
use crate::micros::Micros;

/// The state of a store, by what its owner can do about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It was not asked yet.
    #[default]
    New,
    /// The last time it was asked, it answered.
    Active,
    /// The access token was refused, or lacks the scope.
    Unauthorized,
    /// Its plan is not paid.
    Frozen,
    /// The platform locked it, or blocks this address.
    Locked,
    /// It has to be asked less often.
    Throttled,
    /// No connection, or no complete answer in time.
    Unreachable,
    /// Its answers fail or make no sense.
    Failing,
    /// Its settings are wrong: nothing can be sent.
    Misconfigured,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::New,
        Self::Active,
        Self::Unauthorized,
        Self::Frozen,
        Self::Locked,
        Self::Throttled,
        Self::Unreachable,
        Self::Failing,
        Self::Misconfigured,
    ];

    /// The state that a failure puts a store into.
    pub fn after(error: &SourceError) -> Self {
        match error.kind() {
            ErrorKind::Unauthorized | ErrorKind::Forbidden => Self::Unauthorized,
            ErrorKind::Frozen => Self::Frozen,
            ErrorKind::Locked | ErrorKind::Blocked => Self::Locked,
            ErrorKind::RateLimited => Self::Throttled,
            ErrorKind::Unreachable | ErrorKind::TimedOut | ErrorKind::Interrupted => Self::Unreachable,
            ErrorKind::InvalidInput | ErrorKind::TokenNotFound => Self::Misconfigured,
            _ => Self::Failing,
        }
    }

    /// The lower-case name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Active => "active",
            Self::Unauthorized => "unauthorized",
            Self::Frozen => "frozen",
            Self::Locked => "locked",
            Self::Throttled => "throttled",
            Self::Unreachable => "unreachable",
            Self::Failing => "failing",
            Self::Misconfigured => "misconfigured",
        }
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for State {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(())
    }
}

/// A store's state, and what led to it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Status {
    /// The state.
    pub state: State,
    /// The reason why it is not active, with the remedy, in one line.
    pub reason: Option<String>,
    /// Since when it is in this state.
    pub since: Option<Timestamp>,
    /// When it was last asked.
    pub last_attempt: Option<Timestamp>,
    /// When it last answered.
    pub last_success: Option<Timestamp>,
    /// Failures in a row.
    pub failures: u32,
    /// When to ask again.
    pub next_attempt: Option<Timestamp>,
}

impl Status {
    /// The status after the store was asked and answered.
    #[must_use]
    pub fn succeeded(&self, now: Timestamp) -> Self {
        let since = if self.state == State::Active { self.since } else { Some(now) };
        Self {
            state: State::Active,
            reason: None,
            since,
            last_attempt: Some(now),
            last_success: Some(now),
            failures: 0,
            next_attempt: None,
        }
    }

    /// The status after the store was asked in vain.
    #[must_use]
    pub fn failed(&self, state: State, reason: String, now: Timestamp, next: Timestamp) -> Self {
        let since = if self.state == state { self.since } else { Some(now) };
        Self {
            state,
            reason: Some(reason),
            since,
            last_attempt: Some(now),
            last_success: self.last_success,
            failures: self.failures.saturating_add(1),
            next_attempt: Some(next),
        }
    }
}

impl Archive {
    /// The state of a store.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn status(&self, store: StoreId) -> Result<Status> {
        let time = |micros: Option<Micros>| micros.map(Micros::time);
        let mut find = self.prepared(
            "SELECT state, reason, state_since, last_attempt, last_success, failures, next_attempt FROM store WHERE id = ?1",
        )?;
        let status = find.query_row([store.0], |row| {
            Ok(Status {
                state: row.get_ref(0)?.as_str()?.parse().unwrap_or_default(),
                reason: row.get(1)?,
                since: time(row.get(2)?),
                last_attempt: time(row.get(3)?),
                last_success: time(row.get(4)?),
                failures: row.get(5)?,
                next_attempt: time(row.get(6)?),
            })
        });
        status.map_err(|error| self.fault(error))
    }
}

/// Writes a store's state. Part of a commit.
pub(super) fn keep(sql: &rusqlite::Connection, store: StoreId, status: &Status) -> rusqlite::Result<()> {
    let time = |time: Option<Timestamp>| time.map(Micros::of);
    let mut update = sql.prepare_cached(
        "UPDATE store SET state = ?2, reason = ?3, state_since = ?4, last_attempt = ?5, last_success = ?6, failures = ?7, \
         next_attempt = ?8 WHERE id = ?1",
    )?;
    update.execute(params![
        store.0,
        status.state.as_str(),
        status.reason,
        time(status.since),
        time(status.last_attempt),
        time(status.last_success),
        status.failures,
        time(status.next_attempt),
    ])?;
    Ok(())
}
