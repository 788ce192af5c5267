//! Queries of a redacted report: an actor or a template in them may hold a pseudonym.

use super::Filter;
use super::expr::{Expr, Term};
use super::pattern::Pattern;
use crate::archive::Archive;
use crate::archive::text::{Fact, MARK, value};
use crate::drain::mined;
use crate::error::Result;
use crate::redact::{Field, Kind, Redact, Redactor};

impl Filter {
    /// The same query, in which each actor and each template that holds a pseudonym stands for what has it in this
    /// archive. So the searches of a redacted report find what they found for it, where the archive is, and nowhere else.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn unveiled(&self, archive: &Archive) -> Result<Self> {
        let mut expr = self.expr.clone();
        let (mut actors, mut templates) = (false, false);
        expr.each_term(&mut |term| {
            actors |= matches!(term, Term::Fact(..)) && has_pseudonym(term);
            templates |= matches!(term, Term::Like(_)) && has_pseudonym(term);
            None
        });
        if actors {
            let redactor = archive.redactor()?;
            let known = archive.actors()?;
            expr.each_term(&mut |term| actors_behind(term, &known, &redactor));
        }
        if templates {
            let (redactor, known) = (archive.redactor()?, mined(archive)?.templates);
            expr.each_term(&mut |term| {
                let Term::Like(wanted) = term else { return None };
                let is_meant = |text: &str| redactor.text(Field::Template, text) == wanted.as_str();
                let meant = known.iter().filter(|template| is_meant(template.as_str())).cloned();
                any(meant.map(Term::Like))
            });
        }
        Ok(Self { expr })
    }
}

fn has_pseudonym(term: &Term) -> bool {
    match term {
        Term::Fact(Fact::Actor, pattern) => pattern
            .exact()
            .is_some_and(|value| Kind::ALL.iter().any(|kind| value.contains(&format!("{}{MARK}", kind.name())))),
        Term::Like(template) => Kind::ALL.iter().any(|kind| template.as_str().contains(&format!("[{} ", kind.name()))),
        _ => false,
    }
}

/// The person with this pseudonym in a redacted report. `None` if there is none: then it is a name like any other.
fn actors_behind(term: &Term, actors: &[String], redactor: &Redactor) -> Option<Expr> {
    let Term::Fact(Fact::Actor, pattern) = term else { return None };
    let wanted = pattern.exact().filter(|_| has_pseudonym(term))?;
    let is_meant = |actor: &&String| value(&redactor.text(Field::Actor, actor)) == wanted;
    let meant = actors.iter().filter(is_meant).filter_map(|actor| Pattern::of_words(&actor.replace('*', " ")));
    any(meant.map(|pattern| Term::Fact(Fact::Actor, pattern)))
}

fn any(terms: impl Iterator<Item = Term>) -> Option<Expr> {
    let terms: Vec<Expr> = terms.map(Expr::Is).collect();
    (!terms.is_empty()).then_some(Expr::Any(terms))
}
