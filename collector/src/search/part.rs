//! The SQL of one part of a query.
//!
//! The index of words narrows the search, and the columns of a row narrow it further. Either may let through too much,
//! never too little: anything inexact is checked again on the entry, and so are positions of words that the index does
//! not have. As much as possible is asked of the index, since it returns its hits by time: then the newest are found
//! without reading the others.

use jiff::Timestamp;
use rusqlite::types::Value;
use storelogs::{Severity, Store};

use super::expr::{Expr, Phrase, Term, TextField};
use super::pattern::Pattern;
use crate::archive::row::Id;
use crate::archive::template::Template;
use crate::archive::text::{Fact, MARK, severity_token, store_token};
use crate::archive::{Archive, StoreId};
use crate::error::Result;
use crate::micros::Micros;
use crate::sensitive::Topic;

/// The most alternatives that a pattern is resolved to. A pattern with more matches often, so reading rows is fast.
const MOST_VALUES: usize = 500;

/// The SQL of a part.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) words: Words,
    /// The condition on the row. `None`: no condition.
    pub(super) row: Option<Condition>,
    /// Whether `words` alone is the exact meaning.
    pub(super) words_exact: bool,
    /// Whether `row` alone is the exact meaning.
    pub(super) row_exact: bool,
    /// Whether both together are the exact meaning.
    pub(super) exact: bool,
    /// Set if it means all entries of this one store.
    pub(super) only: Option<StoreId>,
}

/// The query for the index of words, in the language of FTS5. It has quoted tokens only.
#[derive(Debug)]
pub(super) enum Words {
    /// No condition.
    Any,
    Only(String),
    /// The index can exclude these from other hits, but cannot list everything else.
    Except(String),
}

/// A condition in SQL, with its bound values.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub(super) sql: String,
    pub(super) bound: Vec<Value>,
}

impl Part {
    /// A part without any condition, which does not mean everything.
    fn unknown() -> Self {
        Self { words: Words::Any, row: None, words_exact: false, row_exact: false, exact: false, only: None }
    }

    /// Exactly the entries with these words, or exactly those without them.
    fn words(words: String, wanted: bool) -> Self {
        let words = if wanted { Words::Only(words) } else { Words::Except(words) };
        Self { words, words_exact: true, exact: true, ..Self::unknown() }
    }

    /// Exactly the rows that meet this condition.
    fn row(sql: String, bound: Vec<Value>) -> Self {
        let row = Some(Condition { sql, bound });
        Self { row, row_exact: true, exact: true, ..Self::unknown() }
    }

    /// The SQL of all of them together.
    pub(super) fn all(parts: Vec<Self>) -> Self {
        let words_exact = parts.iter().all(|part| part.words_exact);
        let row_exact = parts.iter().all(|part| part.row_exact);
        let exact = parts.iter().all(|part| part.exact);
        let (mut only, mut except, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for part in parts {
            match part.words {
                Words::Any => {}
                Words::Only(words) => only.push(words),
                Words::Except(words) => except.push(words),
            }
            rows.extend(part.row);
        }
        let except = join(&except, "OR");
        let words = match (join(&only, "AND"), except) {
            (None, None) => Words::Any,
            (None, Some(except)) => Words::Except(except),
            (Some(only), None) => Words::Only(only),
            (Some(only), Some(except)) => Words::Only(format!("({only} NOT {except})")),
        };
        Self { words, row: join_rows(rows, "AND"), words_exact, row_exact, exact, only: None }
    }

    /// The SQL of any of them.
    fn any(parts: Vec<Self>) -> Self {
        let (count, mut words, mut rows) = (parts.len(), Vec::new(), Vec::new());
        let mut words_exact = parts.iter().all(|part| part.words_exact);
        let row_exact = parts.iter().all(|part| part.row_exact);
        for part in parts {
            match part.words {
                Words::Only(found) => words.push(found),
                Words::Any => {}
                Words::Except(_) => words_exact = false,
            }
            rows.extend(part.row);
        }
        // A part without a condition lets everything through.
        let words = if words.len() == count { join(&words, "OR").map_or(Words::Any, Words::Only) } else { Words::Any };
        let row = if rows.len() == count { join_rows(rows, "OR") } else { None };
        Self { words, row, words_exact, row_exact, exact: words_exact || row_exact, only: None }
    }
}

/// `(a OR b)`
fn join(parts: &[String], operator: &str) -> Option<String> {
    match parts {
        [] => None,
        [one] => Some(one.clone()),
        several => Some(format!("({})", several.join(&format!(" {operator} ")))),
    }
}

fn join_rows(rows: Vec<Condition>, operator: &str) -> Option<Condition> {
    let (sql, bound): (Vec<_>, Vec<_>) = rows.into_iter().map(|row| (row.sql, row.bound)).unzip();
    join(&sql, operator).map(|sql| Condition { sql, bound: bound.concat() })
}

/// Turns parts of queries into SQL. Knows what the archive has.
pub(super) struct Planner<'a> {
    archive: &'a Archive,
    stores: Option<Vec<(StoreId, Store)>>,
    /// The index of words can be asked.
    has_words: bool,
    /// It knows where words stand.
    has_places: bool,
}

impl<'a> Planner<'a> {
    pub(super) fn new(archive: &'a Archive, has_words: bool) -> Self {
        Self { archive, stores: None, has_words, has_places: has_words && archive.index_has_places() }
    }

    /// The SQL of an expression, or of its negation.
    pub(super) fn part(&mut self, expr: &Expr, wanted: bool) -> Result<Part> {
        Ok(match expr {
            Expr::Not(inner) => self.part(inner, !wanted)?,
            Expr::Is(term) => self.term(term, wanted)?,
            Expr::All(parts) | Expr::Any(parts) => {
                let parts = parts.iter().map(|part| self.part(part, wanted)).collect::<Result<_>>()?;
                if matches!(expr, Expr::All(_)) == wanted { Part::all(parts) } else { Part::any(parts) }
            }
        })
    }

    fn term(&mut self, term: &Term, wanted: bool) -> Result<Part> {
        Ok(match term {
            Term::Words(phrase) => self.words(phrase, wanted),
            Term::Fact(fact, pattern) => self.fact(*fact, pattern, wanted)?,
            Term::Store(_) | Term::Platform(_) | Term::OneOf(_) => {
                let stores = self.stores(term)?;
                of_stores(&stores, wanted)
            }
            Term::Severity(any) => {
                let meant = Severity::ALL.into_iter().filter(|severity| any.contains(severity) == wanted);
                severities(&meant.collect::<Vec<_>>())
            }
            Term::Like(template) => self.like(template, wanted),
            // They were put in other words before.
            Term::Label(..) | Term::Incident(_) => Part::unknown(),
            // In a message its words may be written in many ways.
            Term::Reason(_) => Part::unknown(),
            Term::Sensitive(any) => sensitive(any, wanted),
            Term::Since(time) if wanted => since(*time),
            Term::Until(time) if !wanted => since(*time),
            Term::Since(time) | Term::Until(time) => until(*time),
            Term::Id(pattern) => match pattern.exact() {
                Some(id) => {
                    // In each store by its own index.
                    let sql =
                        "entry.key IN (SELECT key FROM packed_entry WHERE store IN (SELECT id FROM store) AND id = ?)";
                    with_not(sql.to_owned(), vec![bound_id(id)], wanted)
                }
                None => Part::unknown(),
            },
            Term::Uid(pattern) => match pattern.exact() {
                Some(uid) => self.uid(uid, wanted)?,
                None => Part::unknown(),
            },
        })
    }

    /// The condition for words. If the index does not know which text has them, or where, that is checked on the entry.
    fn words(&self, phrase: &Phrase, wanted: bool) -> Part {
        let knows = self.has_places || !phrase.tokens().0.contains(' ');
        match (knows && phrase.place == TextField::Anywhere, wanted) {
            (true, _) => Part::words(self.phrase(phrase), wanted),
            (false, true) => Part { words: Words::Only(self.phrase(phrase)), ..Part::unknown() },
            (false, false) => Part::unknown(),
        }
    }

    /// The words that every such summary has. The rest is checked on the entry.
    fn like(&self, template: &Template, wanted: bool) -> Part {
        if !wanted {
            return Part::unknown();
        }
        let phrases = template.fixed().filter_map(|text| Phrase::new(text, false, TextField::Summary));
        let words: Vec<String> = phrases.map(|phrase| self.phrase(&phrase)).collect();
        Part { words: join(&words, "AND").map_or(Words::Any, Words::Only), ..Part::unknown() }
    }

    /// The condition that the index can check for a phrase: that its words follow each other, or only that all of them
    /// are there.
    fn phrase(&self, phrase: &Phrase) -> String {
        let (tokens, open) = phrase.tokens();
        let mut words: Vec<String> =
            if self.has_places { vec![quoted(tokens)] } else { tokens.split(' ').map(quoted).collect() };
        if let Some(last) = words.last_mut().filter(|_| open) {
            last.push_str(" *");
        }
        join(&words, "AND").unwrap_or_else(nothing)
    }

    fn fact(&self, fact: Fact, pattern: &Pattern, wanted: bool) -> Result<Part> {
        if let Some(value) = pattern.exact() {
            return Ok(Part::words(quoted(&fact.token(value)), wanted));
        }
        if let Some(start) = pattern.start() {
            return Ok(Part::words(format!("{} *", quoted(&fact.token(start))), wanted));
        }
        if !fact.is_listed() || !self.has_words {
            return Ok(Part::unknown());
        }
        let read = "SELECT value FROM words.fact_value WHERE fact = ?1";
        let mut values = self.archive.rows(read, [fact.name()], |row| row.get::<_, String>(0))?;
        values.retain(|value| pattern.matches(value));
        if values.len() > MOST_VALUES {
            return Ok(Part::unknown());
        }
        let tokens: Vec<String> = values.iter().map(|value| quoted(&fact.token(value))).collect();
        Ok(Part::words(join(&tokens, "OR").unwrap_or_else(nothing), wanted))
    }

    /// The stores that a term is about. The list of all stores is read for it only if nothing less will do.
    fn stores(&mut self, term: &Term) -> Result<Vec<StoreId>> {
        if let Term::OneOf(set) = term
            && let Some(few) = set.few()
        {
            let found = few.iter().map(|store| self.archive.store_id(store)).collect::<Result<Option<Vec<_>>>>()?;
            // Of another case, it is not found that way.
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let stores = match &self.stores {
            Some(stores) => stores,
            None => self.stores.insert(self.archive.stores()?),
        };
        let meant = stores.iter().filter(|(_, store)| term.holds_of(store) == Some(true));
        Ok(meant.map(|(id, _)| *id).collect())
    }

    fn uid(&self, uid: &str, wanted: bool) -> Result<Part> {
        let Some((store, id)) = uid.match_indices(':').nth(1).map(|(at, _)| (&uid[..at], &uid[at + 1..])) else {
            return Ok(with_not("FALSE".to_owned(), Vec::new(), wanted));
        };
        let find = "SELECT id FROM store WHERE platform || ':' || name = ?1";
        let stores = self.archive.rows(find, [store], |row| row.get::<_, i64>(0))?;
        Ok(match stores.first() {
            Some(store) => {
                let sql = format!("entry.key IN (SELECT key FROM packed_entry WHERE store = {store} AND id = ?)");
                with_not(sql, vec![bound_id(id)], wanted)
            }
            None => with_not("FALSE".to_owned(), Vec::new(), wanted),
        })
    }
}

fn with_not(sql: String, bound: Vec<Value>, wanted: bool) -> Part {
    Part::row(if wanted { sql } else { format!("NOT {sql}") }, bound)
}

fn bound_id(id: &str) -> Value {
    match Id::of(id) {
        Id::Number(number) => number.into(),
        Id::Text(text) => text.to_owned().into(),
    }
}

fn of_stores(meant: &[StoreId], wanted: bool) -> Part {
    let ids: Vec<String> = meant.iter().map(|id| id.0.to_string()).collect();
    let mut part = with_not(format!("entry.store IN ({})", ids.join(", ")), Vec::new(), wanted);
    if meant.len() <= MOST_VALUES {
        let tokens: Vec<String> = meant.iter().map(|id| quoted(&store_token(*id))).collect();
        let words = Part::words(join(&tokens, "OR").unwrap_or_else(nothing), wanted);
        (part.words, part.words_exact) = (words.words, true);
    }
    if let ([one], true) = (meant, wanted) {
        part.only = Some(*one);
    }
    part
}

fn severities(meant: &[Severity]) -> Part {
    let numbers: Vec<String> = meant.iter().map(|severity| severity.number().to_string()).collect();
    let mut part = Part::row(format!("attributes.severity IN ({})", numbers.join(", ")), Vec::new());
    // One of them has no token: if that is meant, the others are ruled out.
    let has_all = meant.iter().all(|severity| severity_token(*severity).is_some());
    let named = Severity::ALL.into_iter().filter(|severity| meant.contains(severity) == has_all);
    let tokens: Vec<String> = named.filter_map(severity_token).map(|token| quoted(&token)).collect();
    let words = Part::words(join(&tokens, "OR").unwrap_or_else(nothing), has_all);
    (part.words, part.words_exact) = (words.words, true);
    part
}

/// The words of which every such change has one among its facts. The rest is checked on the entry.
fn sensitive(any: &[Topic], wanted: bool) -> Part {
    if !wanted {
        return Part::unknown();
    }
    let words: Vec<String> = any.iter().flat_map(|topic| topic.words()).map(quoted).collect();
    let words = join(&words, "OR").unwrap_or_else(nothing);
    Part { words: Words::Only(words), ..Part::unknown() }
}

fn since(time: Timestamp) -> Part {
    let part = Part::row("entry.time >= ?".to_owned(), vec![Micros::of(time).0.into()]);
    Part { row_exact: Micros::is_exact(time), exact: Micros::is_exact(time), ..part }
}

fn until(time: Timestamp) -> Part {
    let behind = Micros::of(time).0 + i64::from(!Micros::is_exact(time));
    let part = Part::row("entry.time < ?".to_owned(), vec![behind.into()]);
    Part { row_exact: Micros::is_exact(time), exact: Micros::is_exact(time), ..part }
}

/// A string of FTS5. Words and tokens of ours have no quotes in them; were there any, they would be harmless.
fn quoted(words: &str) -> String {
    format!("\"{}\"", words.replace('"', "\"\""))
}

/// A token that no entry has.
fn nothing() -> String {
    quoted(&format!("{MARK}{MARK}"))
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    use super::*;
    use crate::search::Filter;

    /// Rules are asked of each of thousands of stores.
    #[test]
    fn a_query_of_one_store_does_not_read_the_list_of_all() {
        let folder = tempfile::tempdir().unwrap();
        let archive = Archive::open(folder.path().join("archive.db")).unwrap();
        let [one, other]: [Store; 2] = ["bigcommerce:a1", "shopline:b1"].map(|name| name.parse().unwrap());
        let id = archive.add_store(&one).unwrap();
        archive.add_store(&other).unwrap();
        let filter = Filter::parse("(store:a1 OR -platform:shopline) refund", Timestamp::UNIX_EPOCH, &TimeZone::UTC);
        let filter = filter.unwrap();
        let mut planner = Planner::new(&archive, true);
        planner.part(&filter.of_store(&one).expr, true).unwrap();
        assert!(planner.stores.is_none());
        // The query itself names stores by patterns.
        planner.part(&filter.expr, true).unwrap();
        assert!(planner.stores.is_some());
        let set: Term = Term::OneOf([&other, &one].into_iter().collect());
        assert!(planner.stores(&set).unwrap().contains(&id));
        let nobody = Term::OneOf(std::iter::once(&"bigcommerce:unknown".parse().unwrap()).collect());
        assert_eq!(planner.stores(&nobody).unwrap(), []);
    }
}
