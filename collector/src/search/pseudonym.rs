//! Queries of a redacted report: an actor, another fact or a template in them may hold a pseudonym.

use super::Filter;
use super::expr::{Expr, Term};
use super::pattern::Pattern;
use crate::archive::Archive;
use crate::archive::text::{Fact, MARK, value};
use crate::drain::mined;
use crate::error::Result;
use crate::redact::{Field, Kind, Redact, Redactor};

impl Filter {
    /// The same query, in which each fact and each template that holds a pseudonym stands for what has it in this
    /// archive. So the searches of a redacted report find what they found for it, where the archive is, and nowhere else.
    ///
    /// # Errors
    /// If the archive cannot be read.
    pub fn unveiled(&self, archive: &Archive) -> Result<Self> {
        let mut expr = self.expr.clone();
        let (mut facts, mut templates) = (Vec::new(), false);
        expr.each_term(&mut |term| {
            if let Term::Fact(fact, _) = term
                && has_pseudonym(term)
            {
                facts.push(*fact);
            }
            templates |= matches!(term, Term::Like(_)) && has_pseudonym(term);
            None
        });
        facts.sort_unstable();
        facts.dedup();
        for fact in facts {
            let (redactor, known) = (archive.redactor()?, archive.values(fact)?);
            expr.each_term(&mut |term| facts_behind(term, fact, &known, &redactor));
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
        Term::Fact(_, pattern) => pattern
            .exact()
            .is_some_and(|value| Kind::ALL.iter().any(|kind| value.contains(&format!("{}{MARK}", kind.name())))),
        Term::Like(template) => Kind::ALL.iter().any(|kind| template.as_str().contains(&format!("[{} ", kind.name()))),
        _ => false,
    }
}

/// What has this pseudonym in a redacted report, of these values. `None` if nothing has: then it is a text like any other.
fn facts_behind(term: &Term, fact: Fact, values: &[String], redactor: &Redactor) -> Option<Expr> {
    let Term::Fact(of, pattern) = term else { return None };
    let wanted = pattern.exact().filter(|_| *of == fact && has_pseudonym(term))?;
    let field = if fact == Fact::Actor { Field::Actor } else { Field::Fact };
    let is_meant = |text: &&String| value(&redactor.text(field, text)) == wanted;
    let meant = values.iter().filter(is_meant).filter_map(|text| Pattern::of_words(&text.replace('*', " ")));
    any(meant.map(|pattern| Term::Fact(fact, pattern)))
}

fn any(terms: impl Iterator<Item = Term>) -> Option<Expr> {
    let terms: Vec<Expr> = terms.map(Expr::Is).collect();
    (!terms.is_empty()).then_some(Expr::Any(terms))
}
