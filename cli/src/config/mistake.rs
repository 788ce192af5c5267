//! A mistake in a configuration file, and the sentence that says what it is and what to write instead.

use std::fmt;
use std::ops::Range;

use serde::de::{Error, Expected, Unexpected};
use storelogs_collector::nearest::{nearest, shown};
use storelogs_collector::watch::WrongRule;

/// A mistake in a configuration file. It holds no value of the file: what stands in a wrong place may be a token.
#[derive(Debug)]
pub(super) struct Mistake {
    /// Where it is, in bytes.
    pub(super) at: Option<usize>,
    /// The keys that lead to it, the innermost first.
    path: Vec<String>,
    /// Whether it is about a part of a list.
    in_list: bool,
    what: What,
}

#[derive(Debug)]
enum What {
    /// It is said in words already.
    Said(String),
    Kind {
        found: &'static str,
        wanted: Wanted,
    },
    Key {
        key: String,
        known: &'static [&'static str],
    },
    Word {
        word: String,
        known: &'static [&'static str],
    },
    Missing(&'static str),
    OutOfRange,
}

/// The kind of value that a key takes.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    Text,
    Whole,
    Number,
    Truth,
    List,
    Table,
    /// One of several: the words say what to write.
    Other(String),
}

/// The tables of a file that there may be several of, and the keys of each.
pub(super) type Sections = [(&'static str, &'static [&'static str])];

/// What is wrong, with the number of its line.
pub(super) type Fault = (usize, String);

/// What is wrong with a table of which each value has the kind that it has to have.
#[derive(Debug)]
pub(super) struct Wrong {
    /// The key that it is about; of the table as a whole `None`.
    pub(super) key: Option<&'static str>,
    pub(super) why: String,
    /// Whether the value is wrong by itself, whatever else the table says.
    pub(super) alone: bool,
}

impl Wrong {
    /// A value that is wrong by itself.
    pub(super) fn of(key: &'static str) -> impl Fn(String) -> Self {
        move |why| Self { key: Some(key), why, alone: true }
    }

    /// A value that is wrong beside the others, or without them.
    pub(super) fn beside_others(key: &'static str) -> impl Fn(String) -> Self {
        move |why| Self { key: Some(key), why, alone: false }
    }
}

impl From<String> for Wrong {
    fn from(why: String) -> Self {
        Self { key: None, why, alone: false }
    }
}

impl From<WrongRule> for Wrong {
    fn from(WrongRule { key, why, alone }: WrongRule) -> Self {
        Self { key, why, alone }
    }
}

impl Mistake {
    pub(super) fn kind(found: &'static str, wanted: Wanted) -> Self {
        What::Kind { found, wanted }.into()
    }

    /// The keys that were known where this one was not.
    pub(super) fn known(&self) -> &'static [&'static str] {
        match &self.what {
            What::Key { known, .. } => known,
            _ => &[],
        }
    }

    /// The same mistake, in this place unless it is known better.
    pub(super) fn at(mut self, place: Range<usize>) -> Self {
        self.at = self.at.or(Some(place.start));
        self
    }

    /// The same mistake, behind this key.
    pub(super) fn behind(mut self, key: &str) -> Self {
        self.path.push(key.to_owned());
        self
    }

    /// The same mistake, in a part of a list.
    pub(super) fn in_list(mut self) -> Self {
        self.in_list = self.path.is_empty();
        self
    }

    /// The key of the table that it is about.
    pub(super) fn entry(&self) -> Option<&str> {
        match &self.what {
            What::Key { key, .. } if self.path.is_empty() => Some(key),
            _ => self.path.last().map(String::as_str),
        }
    }

    /// Whether it is that one of these keys is missing.
    pub(super) fn misses_one_of(&self, keys: &[String]) -> bool {
        matches!(self.what, What::Missing(missing) if keys.iter().any(|key| key == missing))
    }

    /// What is wrong, and what to write instead. `section` is the table that it is in: `store`; `None` is the file itself,
    /// whose keys are `own`.
    pub(super) fn sentence(&self, section: Option<&str>, own: &[&str], sections: &Sections) -> String {
        let key = self.key();
        match &self.what {
            What::Said(why) => why.clone(),
            What::Missing(missing) => match section {
                Some(section) => format!("this [[{section}]] has no {missing}: write {missing} = \"…\" below it"),
                None => format!("there is no {missing}: write {missing} = \"…\""),
            },
            What::OutOfRange => format!("{key} is too large or too small a number"),
            What::Word { word, known } => {
                let named = shown(word).map_or_else(|| "no such word".to_owned(), |word| format!("no {word:?}"));
                format!("{key}: there is {named}{}", meant(word, known))
            }
            What::Kind { found, wanted: Wanted::Other(words) } => format!("{key} is {found}: {words}"),
            What::Kind { found, wanted } if self.in_list => {
                format!(
                    "{key} holds {found}, and each of its parts has to be {}: {key} = [\"…\", \"…\"]",
                    wanted.name()
                )
            }
            What::Kind { found, wanted } => {
                let example = wanted.example();
                format!("{key} is {found}, and has to be {}: write {key} = {example}", wanted.name())
            }
            What::Key { key, known } => unknown_key(key, known, section, own, sections),
        }
    }

    /// The key that it is about.
    fn key(&self) -> String {
        let keys: Vec<&str> = self.path.iter().rev().map(|key| shown(key).unwrap_or("…")).collect();
        if keys.is_empty() { "a value".to_owned() } else { keys.join(".") }
    }
}

/// A key that is not known where it stands: one of another place, a misspelt one, or none of ours.
fn unknown_key(key: &str, known: &[&str], section: Option<&str>, own: &[&str], sections: &Sections) -> String {
    let takers = sections.iter().filter(|(_, keys)| keys.contains(&key));
    let takers: Vec<String> = takers.map(|(name, _)| format!("[[{name}]]")).collect();
    let place = section.map_or_else(|| "a key of the file itself".to_owned(), |name| format!("a key of [[{name}]]"));
    if section.is_some() && own.contains(&key) {
        return format!("{key} is not {place}: write it above the first line in brackets");
    }
    if !takers.is_empty() {
        let takers = takers.join(" or ");
        return format!("{key} is not {place}: it belongs below a line {takers}");
    }
    let named = shown(key).map_or_else(|| "what stands before the =".to_owned(), |key| format!("{key:?}"));
    let table = nearest(key, sections.iter().map(|(name, _)| (*name).to_owned())).filter(|_| section.is_none());
    match table {
        Some(table) => format!("{named} is not {place}: did you mean [[{table}]]?"),
        None => format!("{named} is not {place}{}", meant(key, known)),
    }
}

/// `: did you mean this?`, or all that there are.
fn meant(word: &str, known: &[&str]) -> String {
    match nearest(word, known.iter().map(|name| (*name).to_owned())) {
        Some(near) => format!(": did you mean {near}?"),
        None => format!("; there are {}", known.join(", ")),
    }
}

impl Wanted {
    fn name(&self) -> &str {
        match self {
            Self::Text => "a text in quotes",
            Self::Whole => "a whole number without quotes, not below 0",
            Self::Number => "a number without quotes",
            Self::Truth => "true or false, without quotes",
            Self::List => "a list of texts",
            Self::Table => "a table",
            Self::Other(words) => words,
        }
    }

    fn example(&self) -> &str {
        match self {
            Self::Text | Self::Other(_) => "\"…\"",
            Self::Whole => "5",
            // A rate and a share alike.
            Self::Number => "0.25",
            Self::Truth => "true",
            Self::List => "[\"…\", \"…\"]",
            Self::Table => "{ … = … }",
        }
    }
}

impl From<What> for Mistake {
    fn from(what: What) -> Self {
        Self { at: None, path: Vec::new(), in_list: false, what }
    }
}

/// For logs of serde's own; a user reads the sentence.
impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sentence(None, &[], &[]))
    }
}

impl std::error::Error for Mistake {}

impl Error for Mistake {
    fn custom<T: fmt::Display>(why: T) -> Self {
        What::Said(why.to_string()).into()
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        let found = match found {
            Unexpected::Bool(_) => "true or false",
            Unexpected::Unsigned(_) | Unexpected::Signed(_) | Unexpected::Float(_) => "a number",
            Unexpected::Seq => "a list",
            Unexpected::Map => "a table",
            _ => "a text",
        };
        Self::kind(found, Wanted::Other(expected.to_string()))
    }

    fn invalid_value(_: Unexpected<'_>, _: &dyn Expected) -> Self {
        What::OutOfRange.into()
    }

    fn unknown_variant(word: &str, known: &'static [&'static str]) -> Self {
        What::Word { word: word.to_owned(), known }.into()
    }

    fn unknown_field(key: &str, known: &'static [&'static str]) -> Self {
        What::Key { key: key.to_owned(), known }.into()
    }

    fn missing_field(key: &'static str) -> Self {
        What::Missing(key).into()
    }
}
