//! A row: the bytes of a record as they are sent, and the few fields that the server needs.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Map, Value};

use crate::Platform;

/// The rank of a severity that is none of the four.
pub(crate) const UNKNOWN_RANK: u8 = 0;

/// A record, compact: a million of them must fit in memory.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// The id as a number; 0 if it is none.
    pub(crate) id: u64,
    /// Unix seconds.
    pub(crate) at: i64,
    /// The name number of `type` or `subject_type`.
    pub(crate) kind: u32,
    /// The name number of `module` or `verb`.
    pub(crate) what: u32,
    /// 1 success, 2 notice, 3 warning, 4 error, or [`UNKNOWN_RANK`].
    pub(crate) rank: u8,
    /// The record as JSON, without line breaks at its ends.
    pub(crate) body: Arc<[u8]>,
}

impl Row {
    /// The record as a value.
    pub(crate) fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The id as text, also where it is no number.
    pub(crate) fn id_text(&self) -> String {
        if self.id != 0 {
            return self.id.to_string();
        }
        match self.value().get("id") {
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }
}

/// The fields of a record that the server looks at, read from a value.
pub(crate) struct Fields<'a> {
    pub(crate) id: u64,
    pub(crate) at: i64,
    pub(crate) kind: &'a str,
    pub(crate) what: &'a str,
    pub(crate) rank: u8,
}

impl<'a> Fields<'a> {
    /// A record without a readable date is taken to be of `now`.
    pub(crate) fn of(platform: Platform, record: &'a Value, now: i64) -> Self {
        let (date, kind, what) = match platform {
            Platform::BigCommerce => ("date_created", "type", "module"),
            Platform::Shopline => ("created_at", "subject_type", "verb"),
        };
        let text = |name: &str| record.get(name).and_then(Value::as_str);
        Self {
            id: record.get("id").map_or(0, number),
            at: text(date).and_then(seconds).unwrap_or(now),
            kind: text(kind).unwrap_or_default(),
            what: text(what).unwrap_or_default(),
            rank: record.get("severity").map_or(UNKNOWN_RANK, rank),
        }
    }
}

/// The whole second of an ISO 8601 time with an offset.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let time: Timestamp = text.parse().ok()?;
    Some(time.as_millisecond().div_euclid(1000))
}

fn number(id: &Value) -> u64 {
    match id {
        Value::Number(number) => number.as_u64().unwrap_or(0),
        Value::String(text) => text.parse().unwrap_or(0),
        _ => 0,
    }
}

fn rank(severity: &Value) -> u8 {
    match severity {
        Value::Number(number) => number.as_u64().map_or(UNKNOWN_RANK, valid_rank),
        Value::String(text) => match text.as_str() {
            "success" => 1,
            "notice" | "notices" => 2,
            "warning" | "warnings" => 3,
            "error" | "errors" => 4,
            other => other.parse().map_or(UNKNOWN_RANK, valid_rank),
        },
        _ => UNKNOWN_RANK,
    }
}

fn valid_rank(number: u64) -> u8 {
    u8::try_from(number).ok().filter(|rank| (1..=4).contains(rank)).unwrap_or(UNKNOWN_RANK)
}

/// Writes a record with the platform's own fields first, in the platform's order.
pub(crate) fn write_record(platform: Platform, record: &Value, out: &mut Vec<u8>) {
    let order: &[&str] = match platform {
        Platform::BigCommerce => &["id", "type", "module", "severity", "summary", "message", "date_created"],
        Platform::Shopline => &["author", "created_at", "detail", "id", "subject_id", "subject_type", "verb"],
    };
    let Value::Object(fields) = record else {
        write_json(record, out);
        return;
    };
    let named = order.iter().filter_map(|&name| fields.get_key_value(name));
    let others = fields.iter().filter(|(name, _)| !order.contains(&name.as_str()));
    write_fields(named.chain(others), out);
}

fn write_fields<'a>(fields: impl Iterator<Item = (&'a String, &'a Value)>, out: &mut Vec<u8>) {
    out.push(b'{');
    for (index, (name, value)) in fields.enumerate() {
        if index > 0 {
            out.push(b',');
        }
        write_text(name, out);
        out.push(b':');
        write_json(value, out);
    }
    out.push(b'}');
}

/// Appends a value as JSON.
pub(crate) fn write_json(value: &Value, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("a JSON value always serialises, and a Vec takes every byte");
}

/// Appends a string as JSON.
pub(crate) fn write_text(text: &str, out: &mut Vec<u8>) {
    serde_json::to_writer(out, text).expect("a string always serialises, and a Vec takes every byte");
}

/// The record's fields, for a change to some of them.
pub(crate) fn object(row: &Row) -> Option<Map<String, Value>> {
    match row.value() {
        Value::Object(fields) => Some(fields),
        _ => None,
    }
}
