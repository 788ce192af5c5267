//! Whether a text mentions what a query asks for, also in texts that are not entries.

use std::borrow::Cow;

use super::Filter;
use super::expr::{Expr, Phrase, Term, TextField};
use super::pattern::Pattern;
use crate::archive::text::{Fact, MARK, value, words_of};

/// Stands in the place of what was forgotten.
pub(crate) const FORGOTTEN: &str = "[forgotten]";

impl Filter {
    /// Whether it asks for anything at all.
    pub fn is_empty(&self) -> bool {
        matches!(&self.expr, Expr::All(parts) if parts.is_empty())
    }

    /// Whether a text has any of the words, or names any of the people and things, that are asked for.
    pub fn mentions(&self, text: &str) -> bool {
        let line = words_of(Some(text));
        let whole = value(text);
        self.words().iter().any(|phrase| phrase.stands_in(&line))
            || !whole.is_empty() && self.people().iter().any(|pattern| pattern.matches(&whole))
    }

    /// A text without them.
    pub(crate) fn without<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if !self.mentions(text) {
            return Cow::Borrowed(text);
        }
        let mut places: Vec<_> = self.words().iter().flat_map(|phrase| phrase.places(text)).collect();
        places.sort_by_key(|place| (place.start, place.end));
        let (mut without, mut done) = (String::new(), 0);
        for place in places {
            if place.start >= done {
                without.push_str(&text[done..place.start]);
                without.push_str(FORGOTTEN);
            }
            done = done.max(place.end);
        }
        without.push_str(&text[done..]);
        if self.mentions(&without) { Cow::Borrowed(FORGOTTEN) } else { Cow::Owned(without) }
    }

    /// The phrases that are asked for, and the names of people and things.
    fn words(&self) -> Vec<Phrase> {
        let mut phrases = Vec::new();
        self.expr.phrases(true, &mut phrases);
        let named = self
            .people()
            .into_iter()
            .filter_map(|pattern| Phrase::new(&pattern.exact()?.replace(MARK, " "), false, TextField::Anywhere));
        phrases.extend(named);
        phrases
    }

    fn people(&self) -> Vec<Pattern> {
        let mut found = Vec::new();
        collect(&self.expr, true, &mut found);
        found
    }
}

fn collect(expr: &Expr, wanted: bool, found: &mut Vec<Pattern>) {
    match expr {
        Expr::All(parts) | Expr::Any(parts) => parts.iter().for_each(|part| collect(part, wanted, found)),
        Expr::Not(part) => collect(part, !wanted, found),
        Expr::Is(Term::Fact(Fact::Actor | Fact::Subject, pattern)) if wanted => found.push(pattern.clone()),
        Expr::Is(_) => {}
    }
}
