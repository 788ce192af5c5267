//! The text of an entry in the index of words.

use serde_json::Value;
use storelogs::{LogEntry, Severity};

use super::StoreId;
use crate::words::{each_word, push_tokens};

/// Sets a token of ours apart from every word, and the words of a value from each other. No word has it.
pub(crate) const MARK: char = '¦';

/// A fact of an entry that is looked for by its whole value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Fact {
    Module,
    Category,
    Action,
    Actor,
    Subject,
}

impl Fact {
    pub(crate) const ALL: [Self; 5] = [Self::Module, Self::Category, Self::Action, Self::Actor, Self::Subject];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Module => "module",
            Self::Category => "category",
            Self::Action => "action",
            Self::Actor => "actor",
            Self::Subject => "subject",
        }
    }

    /// The value of this field in an entry.
    pub(crate) fn of(self, entry: &LogEntry) -> Option<&str> {
        match self {
            Self::Module => entry.module.as_deref(),
            Self::Category => entry.category.as_deref(),
            Self::Action => entry.action.as_deref(),
            Self::Actor => entry.actor.as_deref(),
            Self::Subject => entry.subject_id.as_deref(),
        }
    }

    /// The token that stands for a value in the index.
    pub(crate) fn token(self, value: &str) -> String {
        format!("{MARK}{}{MARK}{value}", self.name())
    }

    /// Whether its values are few enough to be kept as a list.
    pub(crate) const fn is_listed(self) -> bool {
        !matches!(self, Self::Subject)
    }
}

/// A value as it is compared: its words, so that case, accents and punctuation make no difference. Empty if it has none.
pub(crate) fn value(text: &str) -> String {
    let mut value = String::new();
    each_word(text, |word| {
        if !value.is_empty() {
            value.push(MARK);
        }
        value.push_str(word.text);
    });
    value
}

/// The token of a store in the index.
pub(crate) fn store_token(store: StoreId) -> String {
    format!("{MARK}store{MARK}{}", store.0)
}

/// The token of a severity in the index. There is none for [`Severity::Info`]: it says little, and would stand nearly
/// everywhere.
pub(crate) fn severity_token(severity: Severity) -> Option<String> {
    (severity != Severity::Info).then(|| format!("{MARK}severity{MARK}{}", severity.number()))
}

/// The tokens of a text as the index has them, each between two spaces.
pub(crate) fn words_of(text: Option<&str>) -> String {
    let mut line = String::new();
    if let Some(text) = text {
        push_tokens(&mut line, text);
        line.push(' ');
    }
    line
}

/// The tokens of an entry's facts and of fields that are not documented, each between two spaces. Behind each fact stands
/// the token of its value, so that no phrase reaches from one into the next.
pub(crate) fn facts_of(entry: &LogEntry) -> String {
    let mut line = String::new();
    for fact in Fact::ALL {
        let text = fact.of(entry).unwrap_or_default();
        let value = value(text);
        if !value.is_empty() {
            push_tokens(&mut line, text);
            line.push(' ');
            line.push_str(&fact.token(&value));
        }
    }
    for extra in entry.extra.values() {
        push_json(&mut line, extra);
    }
    line.push(' ');
    line
}

fn push_json(line: &mut String, json: &Value) {
    match json {
        Value::Null | Value::Bool(_) => {}
        Value::Number(number) => push_tokens(line, &number.to_string()),
        Value::String(text) => push_tokens(line, text),
        Value::Array(list) => list.iter().for_each(|json| push_json(line, json)),
        Value::Object(fields) => fields.values().for_each(|json| push_json(line, json)),
    }
    if matches!(json, Value::Number(_) | Value::String(_)) {
        line.push(' ');
        line.push(MARK);
    }
}
