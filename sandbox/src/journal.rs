//! The journal: the requests to the sandbox, and its answers.

use std::{collections::VecDeque, ops::Deref};

use crate::Platform;

/// A snapshot of the latest requests, oldest first. It derefs to a slice of its entries.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    /// The requests that are still remembered.
    pub entries: Vec<JournalEntry>,
    /// How many older requests were forgotten because the journal was full.
    pub forgotten: u64,
}

impl Journal {
    /// The requests answered on behalf of one store.
    pub fn of<'a>(&'a self, platform: Platform, store: &'a str) -> impl Iterator<Item = &'a JournalEntry> {
        self.entries.iter().filter(move |entry| entry.platform == platform && entry.store.as_deref() == Some(store))
    }

    /// How many requests were answered with `status`.
    #[must_use]
    pub fn count_status(&self, status: u16) -> usize {
        self.entries.iter().filter(|entry| entry.status == status).count()
    }
}

impl Deref for Journal {
    type Target = [JournalEntry];

    fn deref(&self) -> &Self::Target {
        &self.entries
    }
}

impl IntoIterator for Journal {
    type Item = JournalEntry;
    type IntoIter = std::vec::IntoIter<JournalEntry>;

    fn into_iter(self) -> Self::IntoIter {
        self.entries.into_iter()
    }
}

/// One request and the status it got.
#[derive(Clone, Debug)]
pub struct JournalEntry {
    /// The platform whose port was asked.
    pub platform: Platform,
    /// The store it was taken for; `None` when the sandbox could not find out.
    pub store: Option<String>,
    /// The HTTP method.
    pub method: String,
    /// The path, as sent.
    pub path: String,
    /// The query, decoded as a form.
    pub query: Vec<(String, String)>,
    /// The query, as sent; empty when there was none.
    pub raw_query: String,
    /// The headers, names in lower case. Tokens, keys and signatures read `[redacted]`.
    pub headers: Vec<(String, String)>,
    /// The status answered; 0 when the connection was reset without an answer.
    pub status: u16,
    /// How many records the answer was made of, before any fault on the wire.
    pub rows: usize,
    /// When it was asked, in milliseconds since 1970 by the sandbox's clock.
    pub at: i64,
    /// True if the credentials were right.
    pub auth_ok: bool,
}

impl JournalEntry {
    /// The decoded value of a query parameter.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// The value of a header; the name in lower case.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }
}

/// The journal in the making: the newest `limit` entries.
#[derive(Debug)]
pub(crate) struct Ring {
    entries: VecDeque<JournalEntry>,
    limit: usize,
    forgotten: u64,
}

impl Ring {
    pub(crate) fn new(limit: usize) -> Self {
        Self { entries: VecDeque::new(), limit, forgotten: 0 }
    }

    pub(crate) fn keeps_nothing(&self) -> bool {
        self.limit == 0
    }

    pub(crate) fn push(&mut self, entry: JournalEntry) {
        if self.entries.len() >= self.limit {
            self.entries.pop_front();
            self.forgotten += 1;
        }
        if self.limit > 0 {
            self.entries.push_back(entry);
        }
    }

    pub(crate) fn clear(&mut self) {
        self.entries.clear();
        self.forgotten = 0;
    }

    pub(crate) fn snapshot(&self) -> Journal {
        Journal { entries: self.entries.iter().cloned().collect(), forgotten: self.forgotten }
    }
}
