//! The parser of queries.

use std::borrow::Cow;
use std::ops::Range;
use std::str::FromStr;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{Severity, Store};

use super::error::QueryError;
use super::expr::{AskedIncidents, AskedReason, Expr, Label, Phrase, Term, TextField};
use super::pattern::Pattern;
use crate::archive::template::Template;
use crate::archive::text::Fact;
use crate::moment::Moment;
use crate::sensitive::Topic;

/// How deep parentheses and negations may stand in each other.
const DEEPEST: usize = 50;

type Result<T> = std::result::Result<T, QueryError>;

pub(super) fn parse(query: &str, now: Timestamp, zone: &TimeZone) -> Result<Expr> {
    // Nobody means a fraction of a second, and whole seconds are where the index can begin.
    let now = Timestamp::new(now.as_second(), 0).unwrap_or(now);
    let mut parser = Parser { query, at: 0, depth: 0, now, zone };
    parser.skip_spaces();
    if parser.rest().is_empty() {
        return Ok(Expr::All(Vec::new()));
    }
    let expr = parser.any()?;
    match parser.rest().chars().next() {
        None => Ok(expr),
        Some(_) => Err(parser.wrong(parser.here(1), "this closes nothing; put it in quotes to search for it")),
    }
}

/// The parts of a query that all have to match, each with its text. None if it has alternatives, or is wrong.
pub(super) fn parts<'a>(query: &'a str, now: Timestamp, zone: &TimeZone) -> Vec<(&'a str, Expr)> {
    let mut parser = Parser { query, at: 0, depth: 0, now, zone };
    let mut parts = Vec::new();
    loop {
        parser.skip_spaces();
        if parser.rest().is_empty() {
            return parts;
        }
        let start = parser.at;
        let Ok(part) = parser.one() else { return Vec::new() };
        parts.push((&query[start..parser.at], part));
        if parser.keyword("OR") {
            return Vec::new();
        }
        parser.keyword("AND");
    }
}

struct Parser<'a> {
    query: &'a str,
    at: usize,
    depth: usize,
    now: Timestamp,
    zone: &'a TimeZone,
}

/// The operator between a field and its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Op {
    Is,
    Above,
    AtLeast,
    Below,
    AtMost,
}

/// A text that was asked for, and where it stands.
struct Value {
    text: String,
    at: Range<usize>,
}

impl<'a> Parser<'a> {
    /// `a OR b`
    fn any(&mut self) -> Result<Expr> {
        let mut parts = vec![self.all()?];
        while self.keyword("OR") {
            parts.push(self.all()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::Any(parts) })
    }

    /// `a b` or `a AND b`
    fn all(&mut self) -> Result<Expr> {
        let mut parts = vec![self.one()?];
        loop {
            self.skip_spaces();
            if self.rest().is_empty() || self.rest().starts_with(')') || self.sees("OR") {
                break;
            }
            self.keyword("AND");
            parts.push(self.one()?);
        }
        Ok(if parts.len() == 1 { parts.remove(0) } else { Expr::All(parts) })
    }

    /// `a`, `-a`, `NOT a` or `(a)`
    fn one(&mut self) -> Result<Expr> {
        self.skip_spaces();
        let start = self.at;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.wrong(self.here(0), "this query is nested too deeply"));
        }
        let negated = self.rest().strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| !c.is_whitespace()));
        let expr = if negated {
            self.at += 1;
            Expr::Not(Box::new(self.one()?))
        } else if self.keyword("NOT") {
            Expr::Not(Box::new(self.one()?))
        } else if self.rest().starts_with('(') {
            self.at += 1;
            let inner = self.any()?;
            self.skip_spaces();
            if !self.rest().starts_with(')') {
                return Err(self.wrong(start..start + 1, "this parenthesis is never closed"));
            }
            self.at += 1;
            inner
        } else if self.rest().is_empty() || self.rest().starts_with(')') || self.sees("OR") || self.sees("AND") {
            return Err(self.wrong(self.here(0), "something to search for is missing here"));
        } else {
            self.term()?
        };
        self.depth -= 1;
        Ok(expr)
    }

    fn term(&mut self) -> Result<Expr> {
        let rest = self.rest();
        let name = &rest[..rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_').len()];
        let (op, length) = match &rest[name.len()..] {
            behind if behind.starts_with(">=") => (Op::AtLeast, 2),
            behind if behind.starts_with("<=") => (Op::AtMost, 2),
            behind if behind.starts_with('>') => (Op::Above, 1),
            behind if behind.starts_with('<') => (Op::Below, 1),
            behind if behind.starts_with([':', '=']) => (Op::Is, 1),
            _ => return self.words(TextField::Anywhere).map(Expr::Is),
        };
        if name.is_empty() {
            return self.words(TextField::Anywhere).map(Expr::Is);
        }
        let field = self.at..self.at + name.len();
        self.at += name.len() + length;
        self.field(field, &name.to_ascii_lowercase(), op).map(Expr::Is)
    }

    fn words(&mut self, place: TextField) -> Result<Term> {
        self.phrase(place).map(Term::Words)
    }

    fn phrase(&mut self, place: TextField) -> Result<Phrase> {
        let value = self.value()?;
        let (text, open) = match value.text.strip_suffix('*') {
            Some(text) => (text, true),
            None => (value.text.as_str(), false),
        };
        if text.contains('*') {
            return Err(self.wrong(value.at, "in a word, a * can only be at the end: refund*"));
        }
        // `foo-*` is the word foo, not the beginning of one.
        let open = open && text.ends_with(|c: char| !c.is_ascii() || c.is_ascii_alphanumeric());
        match Phrase::new(text, open, place) {
            Some(phrase) => Ok(phrase),
            None => {
                Err(self.wrong(value.at, "there is no letter or digit in this, and only words can be searched for"))
            }
        }
    }

    /// In quotes the whole form of a reason, as a report writes it; else a word of it, or `*` for any.
    fn reason(&mut self) -> Result<AskedReason> {
        let (start, is_form) = (self.at, self.rest().starts_with('"'));
        let value = self.value()?;
        match value.text.as_str() {
            _ if is_form => Ok(AskedReason::Form(Template::new(value.text))),
            "*" => Ok(AskedReason::Any),
            _ => {
                self.at = start;
                self.phrase(TextField::Message).map(AskedReason::Words)
            }
        }
    }

    fn field(&mut self, field: Range<usize>, name: &str, op: Op) -> Result<Term> {
        let known = match name {
            "module" => Some(Fact::Module),
            "category" => Some(Fact::Category),
            "action" => Some(Fact::Action),
            "actor" => Some(Fact::Actor),
            "subject" | "subject_id" => Some(Fact::Subject),
            _ => None,
        };
        let ordered = matches!(name, "severity" | "time");
        if !ordered && op != Op::Is && (known.is_some() || OTHER_FIELDS.contains(&name)) {
            return Err(self.wrong(field.end..self.at, format!("{name} has no order: write {name}:VALUE")));
        }
        if let Some(fact) = known {
            let value = self.value()?;
            let pattern = Pattern::of_words(&value.text);
            let pattern = pattern.ok_or_else(|| self.wrong(value.at, "there is no letter or digit in this value"))?;
            return Ok(Term::Fact(fact, pattern));
        }
        if let Some(label) = Label::of(name) {
            return Ok(Term::Label(label, Pattern::of_lower(&self.value()?.text)));
        }
        match name {
            "summary" => self.words(TextField::Summary),
            "message" => self.words(TextField::Message),
            "like" => Ok(Term::Like(Template::new(self.value()?.text))),
            "reason" => Ok(Term::Reason(self.reason()?)),
            "store" => Ok(Term::Store(Pattern::of_name(&store_named(&self.value()?.text)))),
            "platform" => Ok(Term::Platform(Pattern::of_name(&self.value()?.text))),
            "id" => Ok(Term::Id(Pattern::of_id(&self.value()?.text))),
            "uid" => Ok(Term::Uid(Pattern::of_id(&self.value()?.text))),
            "severity" => self.severity(op),
            "sensitive" => self.sensitive(),
            "incident" => self.incident(),
            "since" => Ok(Term::Since(self.moment(Moment::at)?)),
            "until" => Ok(Term::Until(self.moment(Moment::at)?)),
            "time" => match op {
                Op::AtLeast => Ok(Term::Since(self.moment(Moment::at)?)),
                Op::Below => Ok(Term::Until(self.moment(Moment::at)?)),
                Op::Above => Ok(Term::Since(self.moment(Moment::after)?)),
                Op::AtMost => Ok(Term::Until(self.moment(Moment::after)?)),
                Op::Is => Err(self.wrong(field.end..self.at, "write time>= or time<, or since: and until:")),
            },
            _ => Err(self.wrong(field, unknown(name))),
        }
    }

    fn severity(&mut self, op: Op) -> Result<Term> {
        let value = self.value()?;
        let Ok(severity) = Severity::from_str(&value.text) else {
            return Err(self.wrong(value.at, "a severity is unspecified, info, notice, warning or error"));
        };
        // An unknown severity may be the worst of all: a minimum does not hide it.
        let passes = |other: &Severity| match op {
            Op::Is => *other == severity,
            Op::AtLeast => other.passes(severity),
            Op::Above => *other == Severity::Unspecified || *other > severity,
            Op::Below => !other.passes(severity),
            Op::AtMost => *other != Severity::Unspecified && *other <= severity,
        };
        Ok(Term::Severity(Severity::ALL.into_iter().filter(passes).collect()))
    }

    fn sensitive(&mut self) -> Result<Term> {
        let value = self.value()?;
        let topic = Topic::ALL.into_iter().find(|topic| topic.as_str().eq_ignore_ascii_case(&value.text));
        match topic {
            Some(topic) => Ok(Term::Sensitive(vec![topic])),
            None if value.text.eq_ignore_ascii_case("yes") => Ok(Term::Sensitive(Topic::ALL.to_vec())),
            None => {
                let topics = Topic::ALL.map(Topic::as_str).join(", ");
                Err(self
                    .wrong(value.at, format!("write sensitive:yes, or one of {topics}; -sensitive:yes for all others")))
            }
        }
    }

    fn incident(&mut self) -> Result<Term> {
        let value = self.value()?;
        let asked = match value.text.to_ascii_lowercase().as_str() {
            "yes" => Some(AskedIncidents::Any),
            "last" => Some(AskedIncidents::Last),
            "open" => Some(AskedIncidents::Open),
            text => Moment::from_str(text).ok().and_then(|moment| {
                AskedIncidents::at(moment.at(self.now, self.zone).ok()?, moment.after(self.now, self.zone).ok()?)
            }),
        };
        let why = "write incident:last, incident:open, incident:yes for all of them, or a time at which it went on: \
                   incident:2026-08-01 or incident:2026-08-01T12:30";
        asked.map(Term::Incident).ok_or_else(|| self.wrong(value.at, why))
    }

    fn moment(
        &mut self,
        resolve: impl Fn(Moment, Timestamp, &TimeZone) -> std::result::Result<Timestamp, String>,
    ) -> Result<Timestamp> {
        let value = self.value()?;
        let moment = Moment::from_str(&value.text).and_then(|moment| resolve(moment, self.now, self.zone));
        moment.map_err(|why| self.wrong(value.at, why))
    }

    /// A text, in quotes or up to the next space or parenthesis.
    fn value(&mut self) -> Result<Value> {
        let start = self.at;
        if self.rest().starts_with('"') {
            return self.quoted();
        }
        let length = self.rest().find(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '"'));
        self.at += length.unwrap_or(self.rest().len());
        if start == self.at {
            return Err(self.wrong(self.here(0), "a value is missing here; put one with spaces in quotes"));
        }
        Ok(Value { text: self.query[start..self.at].to_owned(), at: start..self.at })
    }

    fn quoted(&mut self) -> Result<Value> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + at + 1;
                    if self.rest().starts_with('*') {
                        self.at += 1;
                        text.push('*');
                    }
                    return Ok(Value { text, at: start..self.at });
                }
                '\\' => text.extend(chars.next().map(|(_, c)| c)),
                _ => text.push(c),
            }
        }
        Err(self.wrong(start..start + 1, "this quote is never closed"))
    }

    /// Steps over a word that has a meaning of its own, if it stands here.
    fn keyword(&mut self, word: &str) -> bool {
        self.skip_spaces();
        let found = self.sees(word);
        if found {
            self.at += word.len();
        }
        found
    }

    fn sees(&self, word: &str) -> bool {
        let behind = self.rest().strip_prefix(word);
        behind.is_some_and(|rest| rest.is_empty() || rest.starts_with(|c: char| c.is_whitespace() || c == '('))
    }

    fn skip_spaces(&mut self) {
        self.at = self.query.len() - self.rest().trim_start().len();
    }

    fn rest(&self) -> &'a str {
        &self.query[self.at..]
    }

    fn here(&self, length: usize) -> Range<usize> {
        self.at..self.at + length
    }

    fn wrong(&self, at: Range<usize>, why: impl Into<String>) -> QueryError {
        QueryError::new(self.query, at, why)
    }
}

/// The name in what a platform shows of a store, its address: `open001.myshopline.com`, `…/stores/abc123/v3/`.
fn store_named(text: &str) -> Cow<'_, str> {
    let store = match () {
        () if text.contains('*') => None,
        () if text.contains(".myshopline.com") => Store::shopline(text).ok(),
        () if text.contains("stores/") => Store::bigcommerce(text).ok(),
        () => None,
    };
    store.map_or(Cow::Borrowed(text), |store| Cow::Owned(store.name().to_owned()))
}

/// The fields that are neither facts nor ordered.
const OTHER_FIELDS: [&str; 15] = [
    "summary",
    "message",
    "like",
    "reason",
    "sensitive",
    "incident",
    "store",
    "platform",
    "name",
    "owner",
    "tag",
    "id",
    "uid",
    "since",
    "until",
];

/// The message for an unknown field.
fn unknown(name: &str) -> String {
    let meant = match name {
        "type" | "subject_type" => "; it is category here",
        "verb" => "; it is action here",
        "author" | "user" => "; it is actor here",
        "level" => "; it is severity here",
        "shop" => "; it is store here",
        "date" | "created_at" | "date_created" | "timestamp" => "; it is time here",
        "detail" => "; it is summary here",
        "error" | "error_detail" | "why" => "; it is reason here",
        "from" | "after" => "; it is since here",
        "to" | "before" => "; it is until here",
        _ => {
            return format!(
                "there is no field {name}: use store, platform, name, owner, tag, severity, category, action, \
                 module, actor, subject, id, uid, summary, message, like, reason, sensitive, incident, since, until or time; to search for this text, put it in quotes"
            );
        }
    };
    format!("there is no field {name}{meant}")
}
