//! Finding entries: the query language, its translation into SQL, and the same meaning in memory.
//!
//! A query is words, phrases and fields. All of them have to match, unless `OR` stands between:
//!
//! ```text
//! "card declined" store:abc123 severity>=warning since:7d -sandbox (refund* OR module:*gateway*)
//! ```
//!
//! `docs/search.md` tells the whole language.

mod error;
mod expr;
mod parse;
mod part;
mod pattern;
mod plan;
mod run;

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::LogEntry;

pub use error::QueryError;
use expr::{Expr, Seen};
pub use plan::Order;

/// Which entries are meant: a query that was understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Filter {
    expr: Expr,
}

impl Filter {
    /// Every entry.
    pub fn all() -> Self {
        Self { expr: Expr::All(Vec::new()) }
    }

    /// Reads a query. Times such as `7d` are seen from `now`, a clock on the wall is in `zone`. An empty query means
    /// every entry.
    ///
    /// # Errors
    /// The first thing that is wrong with it, and where.
    pub fn parse(query: &str, now: Timestamp, zone: &TimeZone) -> Result<Self, QueryError> {
        parse::parse(query, now, zone).map(|expr| Self { expr })
    }

    /// Whether an entry is meant. The archive finds the same entries.
    pub fn matches(&self, entry: &LogEntry) -> bool {
        self.expr.matches(&Seen::new(entry))
    }

    /// Where in a text the words stand that were asked for, in order, none within another.
    pub fn marks(&self, text: &str) -> Vec<Range<usize>> {
        let mut phrases = Vec::new();
        self.expr.phrases(true, &mut phrases);
        let mut marks: Vec<_> = phrases.iter().flat_map(|phrase| phrase.places(text)).collect();
        marks.sort_by_key(|mark| (mark.start, mark.end));
        let mut joined: Vec<Range<usize>> = Vec::new();
        for mark in marks {
            match joined.last_mut() {
                Some(last) if mark.start <= last.end => last.end = last.end.max(mark.end),
                _ => joined.push(mark),
            }
        }
        joined
    }
}
