//! Faults: a script of rules per store that says what goes wrong, and when.

use std::time::Duration;

use crate::RateLimitForm;

/// A script of faults for one store. Every rule that fires takes part; of several whole answers the first one wins.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Faults {
    /// The rules, in order.
    pub rules: Vec<Rule>,
}

impl Faults {
    /// No faults.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// Adds a rule.
    #[must_use]
    pub fn with(mut self, rule: Rule) -> Self {
        self.rules.push(rule);
        self
    }

    /// Adds a fault for the `k`-th request, counted from 1 since the script was set.
    #[must_use]
    pub fn nth(self, k: u64, fault: Fault) -> Self {
        self.with(Rule::new(When::Nth(k), fault))
    }

    /// Adds a fault for every `k`-th request.
    #[must_use]
    pub fn every(self, k: u64, fault: Fault) -> Self {
        self.with(Rule::new(When::Every(k), fault))
    }

    /// Adds a fault for a page.
    #[must_use]
    pub fn page(self, page: u64, fault: Fault) -> Self {
        self.with(Rule::new(When::Page(page), fault))
    }

    /// Adds a fault for every page that lists the record with this id.
    #[must_use]
    pub fn row(self, id: u64, fault: Fault) -> Self {
        self.with(Rule::new(When::Row(id), fault))
    }

    /// Adds a fault for every page that lists a row of this time: from `since` up to but not including `until`, both
    /// in Unix seconds.
    #[must_use]
    pub fn rows_of(self, since: i64, until: i64, fault: Fault) -> Self {
        self.with(Rule::new(When::RowsOf(since, until), fault))
    }

    /// Adds a fault for every request whose time range touches this one, in Unix seconds, the end not included.
    #[must_use]
    pub fn range(self, since: i64, until: i64, fault: Fault) -> Self {
        self.with(Rule::new(When::Range(since, until), fault))
    }

    /// Adds a fault for every request for more rows than this.
    #[must_use]
    pub fn limit_above(self, limit: u64, fault: Fault) -> Self {
        self.with(Rule::new(When::LimitAbove(limit), fault))
    }

    /// Adds a fault for every page beyond this one.
    #[must_use]
    pub fn page_above(self, page: u64, fault: Fault) -> Self {
        self.with(Rule::new(When::PageAbove(page), fault))
    }

    /// Adds a fault for every request.
    #[must_use]
    pub fn always(self, fault: Fault) -> Self {
        self.with(Rule::new(When::Always, fault))
    }

    /// Adds a fault that strikes with probability `p`, the same way for the same seed.
    #[must_use]
    pub fn probability(self, seed: u64, p: f64, fault: Fault) -> Self {
        self.with(Rule::new(When::Probability(seed, p), fault))
    }

    /// Makes the last rule fire at most this many times.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            rule.times = Some(times);
        }
        self
    }

    /// Applies the last rule to another endpoint than the list.
    #[must_use]
    pub fn on(mut self, endpoint: Endpoint) -> Self {
        if let Some(rule) = self.rules.last_mut() {
            rule.endpoint = endpoint;
        }
        self
    }
}

/// One fault and when it strikes. A rule sees authorised requests within the rate limit only.
#[derive(Clone, Debug, PartialEq)]
pub struct Rule {
    /// When it strikes.
    pub when: When,
    /// How many times at most; `None` is without end.
    pub times: Option<u32>,
    /// The endpoint it looks at.
    pub endpoint: Endpoint,
    /// The fault.
    pub fault: Fault,
}

impl Rule {
    /// A rule for the list endpoint, without end.
    #[must_use]
    pub fn new(when: When, fault: Fault) -> Self {
        Self { when, times: None, endpoint: Endpoint::List, fault }
    }
}

/// When a fault strikes. Each rule counts the requests of its own endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum When {
    /// On the k-th request, from 1.
    Nth(u64),
    /// On every k-th request.
    Every(u64),
    /// On a page, from 1. On SHOPLINE a page's number is its first row's place in the time range by `limit`.
    Page(u64),
    /// On every page that lists the record with this id.
    Row(u64),
    /// On every page that lists a row of this time: from the first second up to but not including the second.
    RowsOf(i64, i64),
    /// On every request that names a time range which touches this one; the end is not included. A request without
    /// such a filter is not struck: see [`RowsOf`](Self::RowsOf).
    Range(i64, i64),
    /// On every request for more rows than this, whatever the store's greatest page size is.
    LimitAbove(u64),
    /// On every page beyond this one, counted as [`Page`](Self::Page) counts.
    PageAbove(u64),
    /// By chance: a seed, and a probability from 0 to 1.
    Probability(u64, f64),
    /// On every request.
    Always,
}

/// The endpoint a rule looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Endpoint {
    /// The list of log records.
    List,
    /// SHOPLINE's `count.json`.
    Count,
    /// One SHOPLINE record by its id.
    One,
    /// SHOPLINE's token refresh.
    Refresh,
    /// All of them.
    Any,
}

/// A fault: something that goes wrong.
#[derive(Clone, Debug, PartialEq)]
pub enum Fault {
    /// This status, with the platform's own error body.
    Status(u16),
    /// This status, with a gateway's HTML page.
    Html(u16),
    /// A 429 of this form, to be tried again after this long.
    RateLimit(RateLimitForm, Duration),
    /// The answer comes this much later.
    Delay(Duration),
    /// The whole length is declared, this many bytes are sent, then the connection is closed.
    CutBody(usize),
    /// The connection is reset without an answer.
    Reset,
    /// The body comes at this many bytes per second.
    SlowBody(u64),
    /// The body breaks off in the middle of its JSON, though its length is right.
    MalformedJson,
    /// The body ends after this many bytes, in the middle of its JSON, and its length says so: nothing was cut on the
    /// way.
    ShortJson(usize),
    /// A byte-order mark stands before the JSON.
    ByteOrderMark,
    /// A 200 with this body in place of the page, sent as JSON.
    Body(String),
    /// No answer ever comes; the connection stays open.
    Hang,
    /// The record at this index has a byte in its text that is not UTF-8.
    InvalidUtf8(usize),
    /// The record at this index has half of a surrogate pair as an escape in its text.
    LoneSurrogate(usize),
    /// The record at this index is no object.
    MalformedRecord(usize),
    /// The record at this index has fields of wrong types.
    WrongTypes(usize),
    /// The page is padded to at least this many bytes, of undeclared length.
    Oversize(u64),
    /// A small gzip body that unpacks to at least this many bytes.
    GzipBomb(u64),
    /// A small gzip body that unpacks to a list of `{}`, of at least this many bytes.
    EmptyRecords(u64),
    /// The page has no rows.
    EmptyPage,
    /// The rows of the page before.
    RepeatPage,
    /// This many new rows arrive just before the answer.
    Arrive(usize),
    /// This many of the oldest rows are purged just before the answer.
    Purge(usize),
}
