//! The plan of a query: which tables and indexes lead to its entries.

use jiff::Timestamp;
use rusqlite::types::Value;

use super::expr::{Expr, Term};
use super::part::{Condition, Part, Planner, Words};
use crate::archive::row::{self, first_key, last_key, parts_keys};
use crate::archive::{Archive, StoreId};
use crate::error::Result;
use crate::micros::Micros;

/// The way to the entries that a query matches.
#[derive(Debug)]
pub(super) struct Plan {
    path: Path,
    /// The time at or after which all of them are.
    since: Option<Timestamp>,
    /// The time before which all of them are.
    until: Option<Timestamp>,
    /// The condition on the row.
    row: Option<Condition>,
    /// Whether nothing has to be checked again.
    pub(super) exact: bool,
    /// The index does not know of arrivals behind this one: what it has under their keys is not asked for.
    known: Option<i64>,
}

#[derive(Debug, PartialEq)]
enum Path {
    /// Through the index of words.
    Words(String),
    /// Through all entries of one store.
    Store(StoreId),
    /// Through all entries.
    All,
}

/// The order in which entries are found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The newest first.
    #[default]
    NewestFirst,
    /// The oldest first.
    OldestFirst,
}

impl Plan {
    /// How to find what an expression means, in this archive.
    pub(super) fn new(archive: &Archive, expr: &Expr, has_words: bool) -> Result<Self> {
        let mut planner = Planner::new(archive, has_words);
        let (mut since, mut until) = (None, None);
        let (mut stores, mut others) = (Vec::new(), Vec::new());
        let mut asked = Vec::new();
        conjuncts(expr, &mut asked);
        for expr in asked {
            match expr {
                Expr::Is(Term::Since(time)) => since = since.max(Some(*time)),
                Expr::Is(Term::Until(time)) => until = Some(until.map_or(*time, |until| (*time).min(until))),
                Expr::Is(Term::Store(_) | Term::OneOf(_)) => stores.push(planner.part(expr, true)?),
                _ => others.push(planner.part(expr, true)?),
            }
        }
        // A time within a second is in the middle of a run of keys.
        let bounds = [since.map(Term::Since), until.map(Term::Until)];
        for (bound, time) in bounds.into_iter().flatten().zip([since, until].into_iter().flatten()) {
            if !parts_keys(time) {
                others.push(planner.part(&Expr::Is(bound), true)?);
            }
        }
        let rest = Part::all(others);
        if let ([Part { only: Some(store), .. }], false) = (&stores[..], matches!(rest.words, Words::Only(_))) {
            let path = Path::Store(*store);
            return Ok(Self { path, since, until, exact: rest.row_exact, row: rest.row, known: None });
        }
        let part = Part::all(stores.into_iter().chain([rest]).collect());
        Ok(match part.words {
            Words::Only(words) => {
                let row = part.row.filter(|_| !part.words_exact);
                Self { path: Path::Words(words), since, until, exact: part.exact, row, known: None }
            }
            // An exclusion alone does not say where to look.
            Words::Any | Words::Except(_) => {
                Self { path: Path::All, since, until, exact: part.row_exact, row: part.row, known: None }
            }
        })
    }

    /// Whether it sees only what is in the index of words.
    pub(super) fn needs_words(&self) -> bool {
        matches!(self.path, Path::Words(_))
    }

    /// Does without the index of words.
    pub(super) fn forget_words(&mut self) {
        self.path = Path::All;
        self.exact = false;
    }

    /// Asks the index for nothing that came or went behind this arrival.
    pub(super) fn leave_out(&mut self, known: i64) {
        self.known = Some(known);
    }

    /// The statement that reads the entries in this order, and what is bound to it.
    pub(super) fn select(&self, order: Order) -> (String, Vec<Value>) {
        let direction = match order {
            Order::NewestFirst => "DESC",
            Order::OldestFirst => "ASC",
        };
        let by = match self.path {
            Path::Words(_) => format!("entry_text.rowid {direction}"),
            Path::Store(_) => format!("entry.time {direction}, entry.key {direction}"),
            Path::All => format!("entry.key {direction}"),
        };
        let joined = "CROSS JOIN store ON store.id = entry.store";
        let (from, bound) = self.from(true, joined);
        (format!("SELECT {} FROM {from} ORDER BY {by}", row::COLUMNS), bound)
    }

    /// The statement that counts the entries, and what is bound to it.
    pub(super) fn count(&self) -> (String, Vec<Value>) {
        let (from, bound) = self.from(self.row.is_some(), "");
        (format!("SELECT count(*) FROM {from}"), bound)
    }

    fn from(&self, with_entry: bool, joined: &str) -> (String, Vec<Value>) {
        let (mut from, mut bound) = match &self.path {
            Path::Words(words) => {
                let entry = if with_entry {
                    format!("CROSS JOIN packed_entry AS entry ON entry.key = entry_text.rowid {}", row::JOINS)
                } else {
                    String::new()
                };
                let [first, last] = self.keys();
                let from = format!(
                    "entry_text {entry} {joined} WHERE entry_text MATCH ? AND entry_text.rowid BETWEEN ? AND ?"
                );
                let mut bound = vec![Value::from(words.clone()), first.into(), last.into()];
                let from = match self.known {
                    Some(known) => {
                        bound.push(known.into());
                        format!("{from} AND entry_text.rowid NOT IN (SELECT key FROM arrival WHERE seq > ?)")
                    }
                    None => from,
                };
                (from, bound)
            }
            Path::Store(store) => {
                let since = self.since.map_or(i64::MIN, |since| Micros::of(since).0);
                let until =
                    self.until.map_or(i64::MAX, |until| Micros::of(until).0 - i64::from(Micros::is_exact(until)));
                let from = format!(
                    "packed_entry AS entry INDEXED BY entry_store_time {joined} {} WHERE entry.store = ? \
                     AND entry.time BETWEEN ? AND ?",
                    row::JOINS
                );
                (from, vec![store.0.into(), since.into(), until.into()])
            }
            Path::All => {
                let from = format!(
                    "packed_entry AS entry NOT INDEXED {joined} {} WHERE entry.key BETWEEN ? AND ?",
                    row::JOINS
                );
                (from, self.keys().map(Value::from).to_vec())
            }
        };
        if let Some(condition) = &self.row {
            from.push_str(" AND ");
            from.push_str(&condition.sql);
            bound.extend_from_slice(&condition.bound);
        }
        (from, bound)
    }

    fn keys(&self) -> [i64; 2] {
        let last = |until| if parts_keys(until) { first_key(until) - 1 } else { last_key(until) };
        [self.since.map_or(i64::MIN, first_key), self.until.map_or(i64::MAX, last)]
    }
}

/// The conditions that all have to be true.
fn conjuncts<'a>(expr: &'a Expr, found: &mut Vec<&'a Expr>) {
    match expr {
        Expr::All(parts) => parts.iter().for_each(|part| conjuncts(part, found)),
        other => found.push(other),
    }
}
