//! Finding entries: the query language, its translation into SQL, and the same meaning in memory.
//!
//! A query is words, phrases and fields. All of them have to match, unless `OR` stands between:
//!
//! ```text
//! "card declined" store:abc123 severity>=warning since:7d -sandbox (refund* OR module:*gateway*)
//! ```
//!
//! `docs/search.md` describes the whole language.

mod error;
mod expr;
mod incident;
mod label;
mod mention;
mod nothing;
mod parse;
mod part;
mod pattern;
mod plan;
mod pseudonym;
mod quote;
mod run;
mod store_set;

use std::ops::Range;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{LogEntry, Store};

use crate::coverage::TimeRange;
pub use error::QueryError;
pub(crate) use expr::AskedIncidents;
use expr::{Expr, Seen, Term};
pub(crate) use mention::FORGOTTEN;
pub use nothing::Unfound;
pub use plan::Order;
pub use quote::search_command;
pub(crate) use quote::{always_quoted, quoted};

/// A filter for entries: a query that was understood.
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

    /// Only what of it happened in a time range.
    #[must_use]
    pub fn within(&self, range: TimeRange) -> Self {
        self.and([Term::Since(range.since), Term::Until(range.until)])
    }

    /// Only what of it is of this store. What it says of stores is settled by that, and no longer asked.
    #[must_use]
    pub fn of_store(&self, store: &Store) -> Self {
        let mut expr = self.expr.clone();
        expr.each_term(&mut |term| {
            let nobody = label::nobody();
            term.holds_of(store).map(|holds| if holds { Expr::Not(Box::new(nobody)) } else { nobody })
        });
        Self { expr }.and([Term::OneOf(std::iter::once(store).collect())])
    }

    /// Only what of it is of these stores. None of them means all.
    #[must_use]
    pub fn of_stores(&self, stores: &[Store]) -> Self {
        if stores.is_empty() {
            return self.clone();
        }
        if let [store] = stores {
            return self.of_store(store);
        }
        self.and([Term::OneOf(stores.iter().collect())])
    }

    fn and(&self, terms: impl IntoIterator<Item = Term>) -> Self {
        let terms = terms.into_iter().map(Expr::Is);
        Self { expr: Expr::All(std::iter::once(self.expr.clone()).chain(terms).collect()) }
    }

    /// The query that finds what both find.
    #[must_use]
    pub fn both(&self, other: &Self) -> Self {
        Self { expr: Expr::All(vec![self.expr.clone(), other.expr.clone()]) }
    }

    /// Whether any entry of a store can be meant.
    pub fn concerns(&self, store: &Store) -> bool {
        self.expr.of_store(store)[0]
    }

    /// Whether it asks for a time range.
    pub fn names_times(&self) -> bool {
        self.expr.any(&|term| matches!(term, Term::Since(_) | Term::Until(_)))
    }

    /// The places in a text of the words that were asked for, in order, none within another.
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::archive::{Archive, Labels};

    fn filter(query: &str) -> Filter {
        Filter::parse(query, Timestamp::UNIX_EPOCH, &TimeZone::UTC).unwrap()
    }

    fn store(name: &str) -> Store {
        name.parse().unwrap()
    }

    #[test]
    fn a_query_says_which_stores_it_can_be_about() {
        for (query, yes) in [
            ("", true),
            ("refund", true),
            ("store:abc123", true),
            ("store:bigcommerce:abc123 refund", true),
            ("store:other", false),
            ("platform:shopline", false),
            ("-store:abc123", false),
            ("-(store:abc123 refund)", true),
            ("-(store:abc123 OR refund)", false),
            ("store:other OR refund", true),
            ("store:other OR platform:shopline", false),
        ] {
            assert_eq!(filter(query).concerns(&store("bigcommerce:abc123")), yes, "{query}");
        }
    }

    /// Else the words of thousands of stores are looked up for each of them.
    #[test]
    fn the_entries_of_one_store_are_looked_up_as_such_whatever_label_it_was_asked_for_by() {
        let folder = tempfile::tempdir().unwrap();
        let mut archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let stores: Vec<Store> = (0..20).map(|number| store(&format!("bigcommerce:s{number}"))).collect();
        let labels = Labels { tags: ["vip".to_owned()].into(), ..Labels::default() };
        for store in &stores {
            archive.add_store(store).unwrap();
        }
        archive.keep_labels(stores[..15].iter().map(|store| (store, &labels))).unwrap();
        let vip = filter("tag:vip").labelled(&archive).unwrap().into_owned();
        for (at, store) in stores.iter().enumerate() {
            assert_eq!(vip.concerns(store), at < 15, "{store}");
            let needs_words = |filter: &Filter| plan::Plan::new(&archive, &filter.expr, true).unwrap().needs_words();
            assert_eq!(needs_words(&vip.of_store(store)), at >= 15, "{store}");
            assert!(needs_words(&vip.of_stores(&stores[..2])));
        }
    }

    fn query() -> impl Strategy<Value = String> {
        let term =
            prop::sample::select(vec!["store:a1", "-store:b1", "platform:shopline", "x", "-x", "since:1970-01-01"]);
        term.prop_map(str::to_owned).prop_recursive(3, 12, 3, |inner| {
            (prop::collection::vec(inner, 1..4), prop::sample::select(vec![" ", " OR "]), any::<bool>())
                .prop_map(|(parts, between, not)| format!("{}({})", if not { "-" } else { "" }, parts.join(between)))
        })
    }

    proptest! {
        #[test]
        fn a_store_of_which_an_entry_matches_is_concerned(query in query(), other in any::<bool>(), says in any::<bool>()) {
            let of = if other { store("bigcommerce:b1") } else { store("shopline:a1") };
            let mut entry = LogEntry::new(&of, "1", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
            entry.summary = says.then(|| "x".to_owned());
            let filter = filter(&query);
            prop_assert!(!filter.matches(&entry) || filter.concerns(&of), "{}", query);
            prop_assert_eq!(filter.names_times(), query.contains("since"));
        }

        #[test]
        fn what_a_query_says_of_stores_is_settled_where_it_is_asked_of_one(
            query in query(),
            other in any::<bool>(),
            says in any::<bool>(),
        ) {
            let [of, others] = if other { ["bigcommerce:b1", "shopline:a1"] } else { ["shopline:a1", "bigcommerce:b1"] };
            let mut entry = LogEntry::new(&store(of), "1", Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH);
            entry.summary = says.then(|| "x".to_owned());
            let filter = filter(&query);
            prop_assert_eq!(filter.of_store(&store(of)).matches(&entry), filter.matches(&entry), "{}", query);
            prop_assert!(!filter.of_store(&store(others)).matches(&entry), "{}", query);
        }
    }
}
