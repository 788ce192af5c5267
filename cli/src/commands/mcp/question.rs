//! The question that a tool's call asks, and the place where a long answer goes on.

use std::hash::{DefaultHasher, Hash, Hasher};

use jiff::Timestamp;
use rmcp::model::JsonObject;
use serde_json::Value;

use crate::error::CliError;

/// A question that is asked once, and its parts: the next ones go on where the one before ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Question {
    /// Which question it is.
    mark: u64,
    /// When it was first asked: `7d` means the same in each part.
    pub(super) asked: Timestamp,
    /// Where to go on; `None` in the first part.
    pub(super) place: Option<String>,
}

impl Question {
    /// The question that these arguments ask now, or go on with.
    pub(super) fn of(tool: &str, arguments: &JsonObject, now: Timestamp) -> Result<Self, CliError> {
        let mut hasher = DefaultHasher::new();
        tool.hash(&mut hasher);
        let mut names: Vec<&String> =
            arguments.keys().filter(|name| !matches!(name.as_str(), "cursor" | "limit")).collect();
        names.sort();
        for name in names {
            (name, arguments[name].to_string()).hash(&mut hasher);
        }
        let mark = hasher.finish();
        let cursor = match arguments.get("cursor") {
            None => return Ok(Self { mark, asked: now, place: None }),
            Some(Value::String(cursor)) => cursor,
            Some(_) => return Err(CliError::usage("cursor: this is no text").hint(AFRESH)),
        };
        let mut parts = cursor.splitn(3, '.');
        let read = (|| {
            let mark = u64::from_str_radix(parts.next()?, 16).ok()?;
            let asked = Timestamp::from_microsecond(parts.next()?.parse().ok()?).ok()?;
            Some(Self { mark, asked, place: Some(parts.next()?.to_owned()) })
        })();
        match read {
            Some(question) if question.mark == mark => Ok(question),
            Some(_) => Err(CliError::usage("cursor: it goes on with another question")
                .hint("give it with the same arguments as before, or leave it out to begin anew")),
            None => Err(unreadable()),
        }
    }

    /// The cursor that goes on at this place.
    pub(super) fn at(&self, place: &str) -> String {
        format!("{:x}.{}.{place}", self.mark, self.asked.as_microsecond())
    }

    /// How many items were answered before, where they are counted.
    pub(super) fn answered(&self) -> Result<usize, CliError> {
        self.place.as_deref().map_or(Ok(0), |place| place.parse().map_err(|_| unreadable()))
    }
}

const AFRESH: &str = "leave it out to begin anew";

pub(super) fn unreadable() -> CliError {
    CliError::usage("cursor: this is none that an answer gave").hint(AFRESH)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde_json::json;

    use super::*;

    fn object(value: &Value) -> JsonObject {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn a_cursor_goes_on_with_its_own_question_only() {
        let asked = Timestamp::from_microsecond(1_790_000_000_000_001).unwrap();
        let first = Question::of("search", &object(&json!({"query": "refund", "limit": 2})), asked).unwrap();
        assert_eq!((first.place.as_deref(), first.asked), (None, asked));
        let cursor = first.at("40");
        let of = |tool, arguments: &Value| Question::of(tool, &object(arguments), Timestamp::UNIX_EPOCH);
        let next = of("search", &json!({"cursor": cursor, "limit": 9, "query": "refund"})).unwrap();
        assert_eq!((next.answered().unwrap(), next.asked), (40, asked));
        for (tool, arguments) in [
            ("search", json!({"cursor": cursor, "query": "refunds"})),
            ("show", json!({"cursor": cursor, "query": "refund"})),
            ("search", json!({"cursor": cursor})),
        ] {
            assert!(of(tool, &arguments).unwrap_err().to_string().contains("another question"));
        }
        for wrong in [json!("x"), json!(""), json!(7), json!("1.2"), json!("zz.1.2")] {
            assert!(of("search", &json!({"cursor": wrong})).is_err(), "{wrong}");
        }
    }
}
