//! The arguments of a tool's call, compared with the schema that the tool lists: what is wrong with each is said in plain
//! words, with what to give instead.

use rmcp::model::JsonObject;
use rmcp::schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;
use storelogs_collector::nearest::{nearest, shown};

use super::schema;
use crate::error::CliError;

/// The most mistakes of a call that are said.
const MOST_SAID: usize = 10;

/// The arguments of a tool. The error says what is wrong with each, a line each.
pub(super) fn arguments<T: DeserializeOwned + JsonSchema>(arguments: JsonObject) -> Result<T, CliError> {
    let mut wrong = mistakes(&arguments, &schema::of_arguments::<T>());
    if !wrong.is_empty() {
        let more = wrong.len().saturating_sub(MOST_SAID);
        wrong.truncate(MOST_SAID);
        wrong.extend((more > 0).then(|| format!("and {more} more")));
        return Err(CliError::usage(wrong.join("\n")));
    }
    serde_json::from_value(Value::Object(arguments)).map_err(CliError::usage)
}

/// Leaves out optional arguments that say nothing. Some clients make every argument a required one, so that a model has to
/// give each, and some send null for each that it left out.
pub(super) fn leave_out_empty(arguments: &mut JsonObject, schema: &JsonObject) {
    arguments.retain(|name, given| !is_known(schema, name) || is_needed(schema, name) || !is_empty(given));
}

fn is_known(schema: &JsonObject, name: &str) -> bool {
    schema.get("properties").and_then(Value::as_object).is_some_and(|all| all.contains_key(name))
}

fn is_needed(schema: &JsonObject, name: &str) -> bool {
    schema.get("required").and_then(Value::as_array).is_some_and(|all| all.iter().any(|one| one == name))
}

/// Whether a value says nothing.
fn is_empty(given: &Value) -> bool {
    match given {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(parts) => parts.iter().all(is_empty),
        _ => false,
    }
}

/// What is wrong with arguments by this schema.
fn mistakes(arguments: &JsonObject, schema: &JsonObject) -> Vec<String> {
    let none = JsonObject::new();
    let known = schema.get("properties").and_then(Value::as_object).unwrap_or(&none);
    let unknown = arguments.keys().filter(|name| !known.contains_key(*name)).map(|name| {
        let names = || known.keys().cloned();
        let named = shown(name).map_or_else(|| "no such argument".to_owned(), |name| format!("no argument {name}"));
        match nearest(name, names()) {
            Some(near) => format!("there is {named}: did you mean {near}?"),
            None => format!("there is {named}; there are {}", names().collect::<Vec<_>>().join(", ")),
        }
    });
    let wrong = known.iter().filter_map(|(name, wanted)| match arguments.get(name) {
        None | Some(Value::Null) if is_needed(schema, name) => {
            Some(format!("{name} is missing: give \"{name}\": {}", Wanted::by(wanted).example()))
        }
        None | Some(Value::Null) => None,
        Some(given) => Wanted::by(wanted).mistake(name, given),
    });
    unknown.chain(wrong).collect()
}

/// What an argument has to be.
enum Wanted<'a> {
    Text,
    Truth,
    /// A whole number in these bounds.
    Whole(i64, i64),
    /// As many texts as this.
    Texts(u64, u64),
    Word(Vec<&'a str>),
}

impl<'a> Wanted<'a> {
    fn by(schema: &'a Value) -> Self {
        let number = |key: &str| schema.get(key).and_then(Value::as_i64);
        let length = |key: &str| schema.get(key).and_then(Value::as_u64);
        match (schema.get("enum").and_then(Value::as_array), schema.get("type").and_then(Value::as_str)) {
            (Some(words), _) => Self::Word(words.iter().filter_map(Value::as_str).collect()),
            (None, Some("boolean")) => Self::Truth,
            (None, Some("integer")) => {
                Self::Whole(number("minimum").unwrap_or(0), number("maximum").unwrap_or(i64::from(u32::MAX)))
            }
            (None, Some("array")) => {
                Self::Texts(length("minItems").unwrap_or(0), length("maxItems").unwrap_or(u64::MAX))
            }
            _ => Self::Text,
        }
    }

    /// What is wrong with this value, if anything.
    fn mistake(&self, name: &str, given: &Value) -> Option<String> {
        let example = self.example();
        let is_not = |wanted: &str| {
            Some(format!("{name} is {}, and has to be {wanted}: give \"{name}\": {example}", kind(given)))
        };
        match (self, given) {
            (Self::Text, Value::String(_)) | (Self::Truth, Value::Bool(_)) => None,
            (Self::Text, _) => is_not("a text"),
            (Self::Truth, _) => is_not("true or false, without quotes"),
            (Self::Whole(least, most), Value::Number(number)) => {
                let is_whole = number.is_i64() || number.is_u64();
                let fits = number.as_i64().is_some_and(|number| (*least..=*most).contains(&number));
                let wanted = if is_whole { "a number" } else { "a whole number" };
                (!fits).then(|| format!("{name} is {number}, and has to be {wanted} from {least} to {most}"))
            }
            (Self::Whole(..), _) => is_not("a whole number, without quotes"),
            (Self::Texts(least, most), Value::Array(parts)) => {
                if let Some(part) = parts.iter().find(|part| !part.is_string()) {
                    let kind = kind(part);
                    return Some(format!(
                        "{name} holds {kind}, and each of its parts has to be a text: give \"{name}\": {example}"
                    ));
                }
                let count = parts.len() as u64;
                (!(*least..=*most).contains(&count))
                    .then(|| format!("{name} is a list of {count}, and has to be one of {least} to {most}"))
            }
            (Self::Texts(..), _) => is_not("a list of texts"),
            (Self::Word(words), Value::String(word)) if words.contains(&word.as_str()) => None,
            (Self::Word(words), Value::String(word)) => {
                let named = shown(word).map_or_else(|| "no such word".to_owned(), |word| format!("no {word:?}"));
                let near = nearest(word, words.iter().map(|word| (*word).to_owned()));
                let near = near.map(|near| format!(", did you mean {near}?")).unwrap_or_default();
                Some(format!("{name}: there is {named}{near}; there are {}", words.join(", ")))
            }
            (Self::Word(words), _) => is_not(&format!("one of {}", words.join(", "))),
        }
    }

    fn example(&self) -> String {
        match self {
            Self::Text => "\"…\"".to_owned(),
            Self::Truth => "true".to_owned(),
            Self::Whole(least, _) => least.to_string(),
            Self::Texts(..) => "[\"…\", \"…\"]".to_owned(),
            Self::Word(words) => format!("\"{}\"", words.first().unwrap_or(&"…")),
        }
    }
}

/// The name of a value's kind, as people call it.
fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "true or false",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use serde::Deserialize;
    use serde_json::json;

    use super::*;

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    #[schemars(crate = "rmcp::schemars")]
    struct Asked {
        query: Option<String>,
        #[schemars(length(min = 1, max = 3))]
        uids: Vec<String>,
        count: Option<bool>,
        #[schemars(range(min = 1, max = 1000))]
        limit: Option<u32>,
        part: Option<Part>,
    }

    #[derive(Debug, Deserialize, JsonSchema)]
    #[serde(rename_all = "lowercase")]
    #[schemars(crate = "rmcp::schemars")]
    enum Part {
        Summary,
        Trust,
    }

    fn asked(value: &Value) -> Result<Asked, CliError> {
        let mut given = value.as_object().unwrap().clone();
        leave_out_empty(&mut given, &schema::of_arguments::<Asked>());
        arguments(given)
    }

    #[test]
    fn every_mistake_of_a_call_is_said_in_plain_words_with_what_to_give() {
        let error =
            asked(&json!({"querry": 1, "query": 1, "count": "yes", "limit": "many", "part": "trusd"})).unwrap_err();
        let mut said: Vec<String> = error.to_string().lines().map(str::to_owned).collect();
        said.sort();
        assert_eq!(
            said,
            [
                "count is a text, and has to be true or false, without quotes: give \"count\": true",
                "limit is a text, and has to be a whole number, without quotes: give \"limit\": 1",
                "part: there is no \"trusd\", did you mean trust?; there are summary, trust",
                "query is a number, and has to be a text: give \"query\": \"…\"",
                "there is no argument querry: did you mean query?",
                "uids is missing: give \"uids\": [\"…\", \"…\"]",
            ]
        );
        for (wrong, why) in [
            (json!({"uids": "a"}), "uids is a text, and has to be a list of texts: give \"uids\": [\"…\", \"…\"]"),
            (json!({"uids": ["a", 1]}), "uids holds a number, and each of its parts has to be a text"),
            (json!({"uids": []}), "uids is a list of 0, and has to be one of 1 to 3"),
            (json!({"uids": ["a"], "limit": 0}), "limit is 0, and has to be a number from 1 to 1000"),
            (json!({"uids": ["a"], "limit": -7}), "limit is -7, and has to be a number from 1 to 1000"),
            (json!({"uids": ["a"], "limit": 1e300}), "and has to be a whole number from 1 to 1000"),
            (json!({"uids": ["a"], "limit": u64::MAX}), "and has to be a number from 1 to 1000"),
            (json!({"uids": ["a"], "part": {}}), "part is an object, and has to be one of summary, trust"),
            (json!({"uids": ["a"], "zzz": 1}), "there is no argument zzz; there are "),
            (json!({"uids": ["a"], "not a word": 1}), "there is no such argument; there are "),
        ] {
            let said = asked(&wrong).unwrap_err().to_string();
            assert!(said.contains(why) && !said.contains("expected"), "{wrong}: {said}");
        }
        let many: JsonObject = (0..30).map(|number| (format!("a{number}"), json!(1))).collect();
        let said = asked(&Value::Object(many)).unwrap_err().to_string();
        assert!(said.lines().count() == 11 && said.ends_with("\nand 21 more"), "{said}");
    }

    #[test]
    fn what_the_schema_takes_is_read_and_null_is_left_out() {
        let all = json!({"uids": ["a"], "query": "x", "count": null, "limit": 1000, "part": "trust"});
        let asked = asked(&all).unwrap();
        assert_eq!((asked.uids.len(), asked.limit, asked.count), (1, Some(1000), None));
        assert!(matches!(asked.part, Some(Part::Trust)) && asked.query.as_deref() == Some("x"));
    }

    #[test]
    fn an_optional_argument_that_says_nothing_is_left_out_and_no_other() {
        let given = |given: &Value| asked(given).map_err(|error| error.to_string());
        for empty in [json!(""), json!(" "), json!([]), json!([""]), json!(null)] {
            let asked = given(&json!({"uids": ["a"], "query": empty, "part": empty, "limit": empty})).unwrap();
            assert!(asked.query.is_none() && asked.part.is_none() && asked.limit.is_none(), "{empty}");
            assert_eq!(given(&json!({"uids": empty})).is_ok(), empty == json!([""]), "{empty}: a list of one text");
            assert!(given(&json!({"uids": ["a"], "zzz": empty})).unwrap_err().contains("no argument zzz"), "{empty}");
        }
    }
}
