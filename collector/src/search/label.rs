//! Queries by the name, the owner and the tags of a store.

use std::borrow::Cow;

use super::{Filter, quoted};
use storelogs::Store;

use super::expr::{Expr, Label, Term, is_store};
use super::pattern::Pattern;
use super::store_set::StoreSet;
use crate::archive::{Archive, Labels};
use crate::error::Result;

fn has(labels: &Labels, label: Label, pattern: &Pattern) -> bool {
    let is = |text: &String| pattern.matches(&text.to_lowercase());
    match label {
        Label::Name => labels.name.iter().any(is),
        Label::Owner => labels.owner.iter().any(is),
        Label::Tag => labels.tags.iter().any(is),
    }
}

impl Filter {
    /// The same query, in which each label stands for the stores that have it in this archive.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub(crate) fn labelled(&self, archive: &Archive) -> Result<Cow<'_, Self>> {
        if !self.expr.any(&|term| matches!(term, Term::Label(..))) {
            return Ok(Cow::Borrowed(self));
        }
        let (stores, labels) = (archive.stores()?, archive.labels()?);
        let mut expr = self.expr.clone();
        expr.each_term(&mut |term| {
            let Term::Label(label, pattern) = term else { return None };
            let those =
                stores.iter().filter(|(id, _)| labels.get(id).is_some_and(|labels| has(labels, *label, pattern)));
            Some(Expr::Is(Term::OneOf(those.map(|(_, store)| store).collect())))
        });
        Ok(Cow::Owned(Self { expr }))
    }

    /// The terms, such as `owner:acme`, that ask for a store by what none of these is or has.
    pub(crate) fn naming_none(&self, known: &[(Store, Labels)]) -> Vec<String> {
        let mut found = Vec::new();
        self.expr.clone().each_term(&mut |term| {
            let platform = |store: &Store| store.platform().as_str().to_ascii_lowercase();
            let (name, pattern, is_known) = match term {
                Term::Label(label, pattern) => {
                    (label.name(), pattern, known.iter().any(|(_, labels)| has(labels, *label, pattern)))
                }
                Term::Store(pattern) => {
                    let is = |store: &Store| is_store(pattern, store.platform().as_str(), store.name());
                    ("store", pattern, known.iter().any(|(store, _)| is(store)))
                }
                Term::Platform(pattern) => {
                    ("platform", pattern, known.iter().any(|(store, _)| pattern.matches(&platform(store))))
                }
                _ => return None,
            };
            if !is_known {
                found.push(format!("{name}:{}", quoted(&pattern.text())));
            }
            None
        });
        found
    }
}

/// A condition that no entry matches.
pub(super) fn nobody() -> Expr {
    Expr::Is(Term::OneOf(StoreSet::default()))
}
