//! Errors of queries.

use std::fmt;
use std::ops::Range;

use unicode_width::UnicodeWidthStr;

/// An error in a query, with its place. `Display` is three lines: what to do, the query, and a mark under the place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    query: String,
    at: Range<usize>,
    why: String,
}

impl QueryError {
    pub(super) fn new(query: &str, at: Range<usize>, why: impl Into<String>) -> Self {
        Self { query: query.to_owned(), at, why: why.into() }
    }

    /// The reason, in one line.
    pub fn why(&self) -> &str {
        &self.why
    }

    /// The place in the query, in bytes. Empty if something is missing there.
    pub fn at(&self) -> Range<usize> {
        self.at.clone()
    }
}

impl fmt::Display for QueryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A line break would tear the mark from its place.
        let shown = |range: Range<usize>| self.query.get(range).unwrap_or_default().replace(char::is_control, " ");
        let before = shown(0..self.at.start).width();
        let marked = shown(self.at.clone()).width().max(1);
        writeln!(f, "{}", self.why)?;
        writeln!(f, "{}", shown(0..self.query.len()))?;
        write!(f, "{}{}", " ".repeat(before), "^".repeat(marked))
    }
}

impl std::error::Error for QueryError {}
