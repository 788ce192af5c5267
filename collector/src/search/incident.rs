//! Queries by incidents: a report finds the incidents, and replaces them by other conditions.

use jiff::Timestamp;

use super::Filter;
use super::expr::{AskedIncidents, Expr, Term};
use super::label::nobody;

impl Filter {
    /// Whether it asks for incidents. Then it means nothing until [`with_incidents`](crate::insight::with_incidents) says
    /// which entries those are.
    pub fn names_incidents(&self) -> bool {
        self.expr.any(&|term| matches!(term, Term::Incident(_)))
    }

    /// The incidents that it asks for.
    pub(crate) fn incidents(&self) -> Vec<AskedIncidents> {
        let mut asked = Vec::new();
        self.expr.clone().each_term(&mut |term| {
            if let Term::Incident(one) = term {
                asked.push(*one);
            }
            None
        });
        asked
    }

    /// The same query, in which the entries of incidents are put in other words: any of those that `find` returns.
    pub(crate) fn put_incidents(&self, mut find: impl FnMut(AskedIncidents) -> Vec<Self>) -> Self {
        let mut expr = self.expr.clone();
        expr.each_term(&mut |term| match term {
            Term::Incident(asked) => Some(match find(*asked) {
                none if none.is_empty() => nobody(),
                found => Expr::Any(found.into_iter().map(|filter| filter.expr).collect()),
            }),
            _ => None,
        });
        Self { expr }
    }

    /// The times that all of it lies between, as far as it says so.
    pub fn bounds(&self) -> (Option<Timestamp>, Option<Timestamp>) {
        let (mut since, mut until) = (None, None);
        self.expr.each_conjunct(&mut |term| match term {
            Term::Since(time) => since = since.max(Some(*time)),
            Term::Until(time) => until = Some(until.map_or(*time, |until: Timestamp| until.min(*time))),
            _ => {}
        });
        (since, until)
    }
}
