//! Why a query finds nothing: the parts of it that find nothing alone, and what there is in their place.

use std::collections::BTreeSet;
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use super::expr::{Expr, Label, Term};
use super::{Filter, Order, parse};
use crate::archive::Archive;
use crate::archive::text::Fact;
use crate::error::{Error, Result};

/// A part of a query that no entry of the archive has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfound {
    /// The part as it was written: `module:"Order Statu"`.
    pub part: String,
    /// Its value: `Order Statu`. Empty if it names no value of a field.
    pub value: String,
    /// The values that there are of its field. Empty if they are not listed: of people, ids and words.
    pub known: Vec<String>,
}

impl Archive {
    /// The parts of a query that find nothing even alone, in their order. Only parts are looked at that have to match,
    /// and that an index finds. A query that cannot be understood has none.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn unfound(&self, query: &str, now: Timestamp, zone: &TimeZone) -> Result<Vec<Unfound>> {
        let mut unfound = Vec::new();
        for (part, expr) in parse::parts(query, now, zone) {
            let Expr::Is(term) = &expr else { continue };
            if !matches!(term, Term::Words(_) | Term::Fact(..) | Term::Store(_) | Term::Platform(_) | Term::Label(..)) {
                continue;
            }
            let known = self.known(term)?;
            let mut found = false;
            self.search::<Error>(&Filter { expr }, Order::NewestFirst, |_| {
                found = true;
                Ok(ControlFlow::Break(()))
            })?;
            if !found {
                let value = part.split_once([':', '=']).map(|(_, value)| value.trim_matches('"').to_owned());
                let value = value.filter(|_| !known.is_empty()).unwrap_or_default();
                unfound.push(Unfound { part: part.to_owned(), value, known });
            }
        }
        Ok(unfound)
    }

    /// The values that there are of a field.
    fn known(&self, term: &Term) -> Result<Vec<String>> {
        let column = match term {
            Term::Fact(Fact::Module, _) => "module",
            Term::Fact(Fact::Category, _) => "category",
            Term::Fact(Fact::Action, _) => "action",
            Term::Label(label, _) => {
                let mut known = BTreeSet::new();
                for labels in self.labels()?.into_values() {
                    match label {
                        Label::Name => known.extend(labels.name),
                        Label::Owner => known.extend(labels.owner),
                        Label::Tag => known.extend(labels.tags),
                    }
                }
                return Ok(known.into_iter().collect());
            }
            Term::Store(_) => return Ok(self.stores()?.iter().map(|(_, store)| store.name().to_owned()).collect()),
            Term::Platform(_) => {
                let known: BTreeSet<_> =
                    self.stores()?.iter().map(|(_, store)| store.platform().as_str().to_owned()).collect();
                return Ok(known.into_iter().collect());
            }
            _ => return Ok(Vec::new()),
        };
        self.rows(&format!("SELECT DISTINCT {column} FROM attributes WHERE {column} <> '' ORDER BY 1"), [], |row| {
            row.get(0)
        })
    }
}
