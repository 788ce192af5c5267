//! An answer that a client can take: of limited size, with whole numbers that every client reads alike.

use rmcp::model::JsonObject;
use serde::Serialize;
use serde_json::{Value, json};

use super::question::Question;
use crate::error::CliError;

/// The most bytes that the items of an answer take on the wire, where each stands twice: as a value, and as text for clients
/// that do not know values.
pub(super) const MOST: usize = 1_000_000;
/// The longest text of an item that takes too much by itself, and the shortest that such texts are cut to.
const LONG: usize = 65_536;
const SHORT: usize = 256;
/// Beyond this number clients in JavaScript round.
const EXACT: u64 = (1 << 53) - 1;

/// The items of an answer, as many as it has room for.
#[derive(Debug, Default)]
pub(super) struct Items {
    items: Vec<Value>,
    bytes: usize,
    /// Whether texts of an item were cut.
    cut: bool,
}

impl Items {
    /// Takes an item, unless there is no room left for it. The first one always has some: its texts are cut, if need be.
    pub(super) fn take(&mut self, item: &impl Serialize) -> Result<bool, CliError> {
        let mut item = exact(serde_json::to_value(item)?);
        let mut bytes = on_the_wire(&item);
        if self.bytes + bytes > MOST && !self.items.is_empty() {
            return Ok(false);
        }
        let mut longest = LONG;
        while bytes > MOST && longest >= SHORT {
            item = cut(item, longest);
            (bytes, longest, self.cut) = (on_the_wire(&item), longest / 2, true);
        }
        self.bytes += bytes;
        self.items.push(item);
        Ok(true)
    }

    pub(super) fn len(&self) -> usize {
        self.items.len()
    }

    /// The answer: the items under their name, and what else there is to say.
    pub(super) fn answer(self, name: &str, next: Option<String>, besides: Value) -> JsonObject {
        let mut answer = match besides {
            Value::Object(fields) => fields,
            _ => JsonObject::new(),
        };
        answer.insert(name.to_owned(), Value::Array(self.items));
        if self.cut {
            answer
                .insert("cut".to_owned(), json!("an item took more than an answer may: texts that end with … are cut"));
        }
        if let Some(next) = next {
            answer.insert("next_cursor".to_owned(), Value::String(next));
        }
        answer
    }
}

/// The part of a list that a question asks for, and the cursor of the next part.
pub(super) fn part<T: Serialize>(list: &[T], question: &Question) -> Result<(Items, Option<String>), CliError> {
    let from = question.answered()?;
    let mut items = Items::default();
    for item in list.iter().skip(from) {
        if !items.take(item)? {
            break;
        }
    }
    let upto = from + items.len();
    let next = (upto < list.len()).then(|| question.at(&upto.to_string()));
    Ok((items, next))
}

/// The size of a value, as JSON and as JSON in a text, where quotes and backslashes are escaped once more.
fn on_the_wire(value: &Value) -> usize {
    let text = value.to_string();
    let escaped = text.bytes().filter(|byte| matches!(byte, b'"' | b'\\')).count();
    2 * text.len() + escaped
}

/// A value whose whole numbers beyond 2^53 are text.
pub(super) fn exact(value: Value) -> Value {
    match value {
        Value::Number(number) => {
            let small = number.as_i64().is_some_and(|number| number.unsigned_abs() <= EXACT);
            let whole = number.to_string().bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
            let finite = number.as_f64().is_some_and(f64::is_finite);
            if small || !whole && finite { Value::Number(number) } else { Value::String(number.to_string()) }
        }
        Value::Array(items) => items.into_iter().map(exact).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, exact(value))).collect(),
        other => other,
    }
}

/// A value without the fields that have none: to leave them out says the same, and every schema allows it.
pub(super) fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(fields) => fields
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name, without_nulls(value)))
            .collect(),
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// An item with whatever is longer in it cut to this many bytes, as text.
fn cut(item: Value, longest: usize) -> Value {
    let short = |value: Value| {
        let text = match value {
            Value::String(text) => text,
            Value::Array(_) | Value::Object(_) => value.to_string(),
            other => return other,
        };
        let Some(end) = (0..=longest).rev().find(|at| text.is_char_boundary(*at)).filter(|_| text.len() > longest)
        else {
            return Value::String(text);
        };
        Value::String(format!("{} … ({} bytes in all)", &text[..end], text.len()))
    };
    let long = |value: &Value| value.to_string().len() > longest;
    match item {
        Value::Object(fields) => {
            fields.into_iter().map(|(name, value)| (name, if long(&value) { short(value) } else { value })).collect()
        }
        Value::Array(cells) => cells.into_iter().map(|cell| if long(&cell) { short(cell) } else { cell }).collect(),
        other => short(other),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use jiff::Timestamp;

    use super::*;

    #[test]
    fn a_list_is_answered_in_parts_that_lack_nothing() {
        let list: Vec<String> = (0..50).map(|number| format!("{number}{}", "\"x".repeat(40_000))).collect();
        let mut question = Question::of("status", &JsonObject::new(), Timestamp::UNIX_EPOCH).unwrap();
        let mut answered = Vec::new();
        let mut parts = 0;
        loop {
            let (items, next) = part(&list, &question).unwrap();
            let answer = items.answer("stores", next.clone(), json!({}));
            let text = serde_json::to_string(&answer).unwrap();
            assert!(text.len() + serde_json::to_string(&text).unwrap().len() < MOST + 10_000, "{}", text.len());
            answered.extend(answer["stores"].as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()));
            parts += 1;
            let Some(cursor) = next else { break };
            let arguments = json!({"cursor": cursor}).as_object().unwrap().clone();
            question = Question::of("status", &arguments, Timestamp::UNIX_EPOCH).unwrap();
        }
        assert_eq!(answered, list);
        assert!(parts > 10, "{parts}");
    }

    #[test]
    fn an_item_that_takes_more_than_an_answer_may_is_cut_and_that_is_said() {
        let mut items = Items::default();
        let item =
            json!({"uid": "bigcommerce:abc123:1", "message": "é".repeat(2_000_000), "extra": {"n": vec![1; 500_000]}});
        assert!(items.take(&item).unwrap());
        let answer = items.answer("entries", None, json!({}));
        let entry = &answer["entries"][0];
        assert_eq!(entry["uid"], "bigcommerce:abc123:1");
        assert!(entry["message"].as_str().unwrap().ends_with("… (4000000 bytes in all)"));
        assert!(entry["extra"].as_str().unwrap().starts_with("{\"n\":[1,1"));
        assert!(answer["cut"].is_string() && on_the_wire(entry) <= MOST);
    }

    #[test]
    fn whole_numbers_that_a_client_would_round_are_text() {
        let read: Value =
            serde_json::from_str(r#"[1, -9007199254740991, 9007199254740993, 1e400, 0.1, 18446744073709551616]"#)
                .unwrap();
        let exact = exact(read).to_string();
        assert_eq!(exact, r#"[1,-9007199254740991,"9007199254740993","1e+400",0.1,"18446744073709551616"]"#);
    }
}
