//! The parsed form of a query, and whether an entry matches it.

use std::cell::OnceCell;
use std::ops::Range;

use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, Severity, Store};

use super::pattern::Pattern;
use super::store_set::StoreSet;
use crate::archive::template::Template;
use crate::archive::text::{Fact, facts_of, value, words_of};
use crate::coverage::TimeRange;
use crate::message;
use crate::sensitive::{Topic, topic};
use crate::words::{self, each_token};

/// A query.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Expr {
    /// All of them; of none, everything.
    All(Vec<Self>),
    /// Any of them.
    Any(Vec<Self>),
    Not(Box<Self>),
    Is(Term),
}

/// One thing that is asked of an entry.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Term {
    Words(Phrase),
    /// A fact by its whole value.
    Fact(Fact, Pattern),
    /// A store by its name, or by `platform:name`.
    Store(Pattern),
    Platform(Pattern),
    /// One of these stores.
    OneOf(StoreSet),
    /// A store by what the configuration calls it. Only an archive knows which stores that are.
    Label(Label, Pattern),
    Id(Pattern),
    Uid(Pattern),
    /// Any of these.
    Severity(Vec<Severity>),
    /// A summary that a template stands for.
    Like(Template),
    /// A message that gives such a reason.
    Reason(AskedReason),
    /// A change of any of these.
    Sensitive(Vec<Topic>),
    /// An entry of an incident. Only a report knows which those are.
    Incident(AskedIncidents),
    /// At this time or later.
    Since(Timestamp),
    /// Before this time.
    Until(Timestamp),
}

/// The reasons that are asked for.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum AskedReason {
    /// Any.
    Any,
    /// One with these words.
    Words(Phrase),
    /// One that a template stands for.
    Form(Template),
}

impl AskedReason {
    fn matches(&self, reason: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Words(phrase) => !phrase.places(reason).is_empty(),
            Self::Form(template) => template.matches(reason),
        }
    }
}

/// The incidents that are asked for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum AskedIncidents {
    /// All of them.
    Any,
    /// The one that began last.
    Last,
    /// Those that may still go on.
    Open,
    /// Those that went on in this time range.
    During(TimeRange),
}

impl AskedIncidents {
    /// The incidents that a moment is meant to name. People write minutes, and incidents begin within one.
    pub(super) fn at(since: Timestamp, behind: Timestamp) -> Option<Self> {
        let since = Timestamp::from_second(since.as_second().div_euclid(60) * 60).ok()?;
        let minute = since.checked_add(SignedDuration::from_mins(1)).ok()?;
        TimeRange::new(since, behind.max(minute)).map(Self::During)
    }
}

/// A label of a store in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    Name,
    Owner,
    Tag,
}

impl Label {
    pub(super) fn of(field: &str) -> Option<Self> {
        match field {
            "name" => Some(Self::Name),
            "owner" => Some(Self::Owner),
            "tag" => Some(Self::Tag),
            _ => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Name => "name",
            Self::Owner => "owner",
            Self::Tag => "tag",
        }
    }
}

/// Words that stand one behind the other in one text.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Phrase {
    pub(super) place: TextField,
    words: words::Phrase,
}

/// The texts in which words are looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TextField {
    Anywhere,
    Summary,
    Message,
}

impl Expr {
    pub(super) fn matches(&self, entry: &Seen<'_>) -> bool {
        match self {
            Self::All(parts) => parts.iter().all(|part| part.matches(entry)),
            Self::Any(parts) => parts.iter().any(|part| part.matches(entry)),
            Self::Not(part) => !part.matches(entry),
            Self::Is(term) => term.matches(entry),
        }
    }

    /// Whether any part of it is such a term.
    pub(super) fn any(&self, is: &impl Fn(&Term) -> bool) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(|part| part.any(is)),
            Self::Not(part) => part.any(is),
            Self::Is(term) => is(term),
        }
    }

    /// Puts what `other` returns in the place of each term.
    pub(super) fn each_term(&mut self, other: &mut impl FnMut(&Term) -> Option<Self>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter_mut().for_each(|part| part.each_term(other)),
            Self::Not(part) => part.each_term(other),
            Self::Is(term) => {
                if let Some(meant) = other(term) {
                    *self = meant;
                }
            }
        }
    }

    /// Calls `each` with the terms that all have to match.
    pub(super) fn each_conjunct(&self, each: &mut impl FnMut(&Term)) {
        match self {
            Self::All(parts) => parts.iter().for_each(|part| part.each_conjunct(each)),
            Self::Is(term) => each(term),
            Self::Any(_) | Self::Not(_) => {}
        }
    }

    /// Whether an entry of this store can match, and whether one can not.
    pub(super) fn of_store(&self, store: &Store) -> [bool; 2] {
        let of = |parts: &[Self]| parts.iter().map(|part| part.of_store(store)).collect::<Vec<_>>();
        match self {
            Self::All(parts) => {
                let parts = of(parts);
                [parts.iter().all(|[may, _]| *may), parts.iter().any(|[_, may_not]| *may_not)]
            }
            Self::Any(parts) => {
                let parts = of(parts);
                [parts.iter().any(|[may, _]| *may), parts.iter().all(|[_, may_not]| *may_not)]
            }
            Self::Not(part) => {
                let [may, may_not] = part.of_store(store);
                [may_not, may]
            }
            Self::Is(term) => match term.holds_of(store) {
                Some(is) => [is, !is],
                None => [true, true],
            },
        }
    }

    /// Every phrase that an entry may match for having it.
    pub(super) fn phrases(&self, wanted: bool, found: &mut Vec<Phrase>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.phrases(wanted, found)),
            Self::Not(part) => part.phrases(!wanted, found),
            Self::Is(Term::Words(phrase)) if wanted => found.push(phrase.clone()),
            Self::Is(_) => {}
        }
    }
}

impl Term {
    /// Whether it matches every entry of this store or none, if the store alone decides that.
    pub(super) fn holds_of(&self, store: &Store) -> Option<bool> {
        match self {
            Self::Store(pattern) => Some(is_store(pattern, store.platform().as_str(), store.name())),
            Self::Platform(pattern) => Some(pattern.matches(&store.platform().as_str().to_ascii_lowercase())),
            Self::OneOf(stores) => Some(stores.has(store.platform(), store.name())),
            _ => None,
        }
    }

    fn matches(&self, seen: &Seen<'_>) -> bool {
        let entry = seen.entry;
        match self {
            Self::Words(phrase) => {
                let summary = || phrase.stands_in(seen.summary());
                let message = || phrase.stands_in(seen.message());
                match phrase.place {
                    TextField::Summary => summary(),
                    TextField::Message => message(),
                    TextField::Anywhere => summary() || message() || phrase.stands_in(seen.facts()),
                }
            }
            Self::Fact(fact, pattern) => {
                let value = value(fact.of(entry).unwrap_or_default());
                !value.is_empty() && pattern.matches(&value)
            }
            Self::Store(pattern) => is_store(pattern, entry.platform.as_str(), &entry.store),
            Self::Platform(pattern) => pattern.matches(&entry.platform.as_str().to_ascii_lowercase()),
            Self::OneOf(stores) => stores.has(&entry.platform, &entry.store),
            Self::Label(..) | Self::Incident(_) => false,
            Self::Id(pattern) => pattern.matches(&entry.id),
            Self::Uid(pattern) => pattern.matches(&entry.uid),
            Self::Severity(any) => any.contains(&entry.severity),
            Self::Like(template) => template.matches(entry.summary.as_deref().unwrap_or_default()),
            Self::Reason(asked) => {
                let reason = entry.message.as_deref().and_then(message::reason);
                reason.is_some_and(|reason| asked.matches(&reason))
            }
            Self::Sensitive(any) => {
                topic(entry.category.as_deref(), entry.action.as_deref()).is_some_and(|topic| any.contains(&topic))
            }
            Self::Since(time) => entry.time >= *time,
            Self::Until(time) => entry.time < *time,
        }
    }
}

/// Whether a store is meant: with a `:` in the pattern its platform belongs to the name.
pub(super) fn is_store(pattern: &Pattern, platform: &str, name: &str) -> bool {
    pattern.matches(&name.to_ascii_lowercase()) || pattern.matches(&format!("{platform}:{name}").to_ascii_lowercase())
}

impl Phrase {
    /// `open`: the last word is only the beginning of one. `None` if there is no word in the text.
    pub(super) fn new(text: &str, open: bool, place: TextField) -> Option<Self> {
        Some(Self { place, words: words::Phrase::new(text, open)? })
    }

    /// The tokens, and whether the last is only the beginning of one.
    pub(super) fn tokens(&self) -> (&str, bool) {
        let tokens = self.words.tokens.as_str();
        (tokens.trim(), !tokens.ends_with(' '))
    }

    pub(super) fn stands_in(&self, line: &str) -> bool {
        line.contains(&self.words.tokens)
    }

    /// The places at which it stands in a text.
    pub(super) fn places(&self, text: &str) -> Vec<Range<usize>> {
        let mut line = String::new();
        // Where each token begins in the line, where it stands in the text, and where its first character ends.
        let mut tokens: Vec<(usize, Range<usize>, usize)> = Vec::new();
        each_token(text, |token| {
            tokens.push((line.len(), token.place, token.first_ends));
            line.push(' ');
            line.push_str(token.text);
        });
        line.push(' ');
        let length = self.tokens().0.len();
        let place = |(first, (start, from, _)): (usize, &(usize, Range<usize>, usize))| {
            line[*start..].starts_with(&self.words.tokens).then_some(())?;
            let behind = tokens.partition_point(|(other, ..)| *other <= start + length);
            let (_, to, first_ends) = tokens[first..behind].last()?;
            Some(from.start..if self.words.ends_alone { *first_ends } else { to.end })
        };
        tokens.iter().enumerate().filter_map(place).collect()
    }
}

/// An entry, and its words once they were needed.
pub(super) struct Seen<'a> {
    entry: &'a LogEntry,
    summary: OnceCell<String>,
    message: OnceCell<String>,
    facts: OnceCell<String>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(entry: &'a LogEntry) -> Self {
        Self { entry, summary: OnceCell::new(), message: OnceCell::new(), facts: OnceCell::new() }
    }

    fn summary(&self) -> &str {
        self.summary.get_or_init(|| words_of(self.entry.summary.as_deref()))
    }

    fn message(&self) -> &str {
        self.message.get_or_init(|| words_of(self.entry.message.as_deref()))
    }

    fn facts(&self) -> &str {
        self.facts.get_or_init(|| facts_of(self.entry))
    }
}
