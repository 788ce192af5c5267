//! YAML 1.2, with the merge keys of 1.1, and no key twice.
//!
//! `yaml_serde` leaves a merge key (`<<`) as a field of that name, and so do most others; for a duplicate key, the last
//! value wins. The author of the document meant neither.

use std::collections::HashMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Number, Value};

use super::Result;

/// More values than any document has. Aliases of aliases reach it quickly.
const LARGEST: usize = 4_000_000;
const DEEPEST: usize = 128;

/// Reads one YAML document.
///
/// # Errors
/// The error says what is not YAML, by its line; and names every key that stands twice, with its lines.
pub(super) fn parse(text: &str) -> Result<Value> {
    let mut loader = Loader { parser: Parser::new_from_str(text), anchors: HashMap::new(), twice: Vec::new(), size: 0 };
    let mut document = None;
    loop {
        let (event, span) = loader.next()?;
        match event {
            Event::StreamEnd => break,
            Event::DocumentStart(_) if document.is_some() => {
                return Err(format!("line {}: a second document begins; there may be only one", span.start.line()));
            }
            Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd | Event::Nothing => {}
            event => document = Some(loader.node(event, span, 0)?),
        }
    }
    if loader.twice.is_empty() { Ok(document.unwrap_or(Value::Null)) } else { Err(loader.twice.join("\n")) }
}

struct Loader<'a> {
    parser: Parser<'a, saphyr_parser::StrInput<'a>>,
    anchors: HashMap<usize, (Value, usize)>,
    twice: Vec<String>,
    size: usize,
}

impl<'a> Loader<'a> {
    fn next(&mut self) -> Result<(Event<'a>, Span)> {
        match self.parser.next() {
            Some(Ok(next)) => Ok(next),
            Some(Err(why)) => Err(format!("line {}: {}", why.marker().line(), why.info())),
            None => Err("it ends in the middle".into()),
        }
    }

    fn grow(&mut self, by: usize, span: Span) -> Result {
        self.size += by;
        if self.size > LARGEST {
            return Err(format!("line {}: its aliases make more than {LARGEST} values", span.start.line()));
        }
        Ok(())
    }

    fn node(&mut self, event: Event<'a>, span: Span, depth: usize) -> Result<Value> {
        let line = span.start.line();
        if depth > DEEPEST {
            return Err(format!("line {line}: it is nested deeper than {DEEPEST} levels"));
        }
        let before = self.size;
        self.grow(1, span)?;
        let (value, anchor) = match event {
            Event::Alias(anchor) => {
                let Some((value, size)) = self.anchors.get(&anchor).cloned() else {
                    return Err(format!("line {line}: an alias stands inside of what it names"));
                };
                self.grow(size, span)?;
                return Ok(value);
            }
            Event::Scalar(text, style, anchor, tag) => (scalar(&text, style, tag.as_deref()), anchor),
            Event::SequenceStart(anchor, _) => {
                let mut items = Vec::new();
                loop {
                    match self.next()? {
                        (Event::SequenceEnd, _) => break,
                        (event, span) => items.push(self.node(event, span, depth + 1)?),
                    }
                }
                (Value::Array(items), anchor)
            }
            Event::MappingStart(anchor, _) => (Value::Object(self.mapping(depth)?), anchor),
            other => return Err(format!("line {line}: {other:?} stands where a value should be")),
        };
        if anchor > 0 {
            self.anchors.insert(anchor, (value.clone(), self.size - before));
        }
        Ok(value)
    }

    fn mapping(&mut self, depth: usize) -> Result<Map<String, Value>> {
        let (mut own, mut lines) = (Map::new(), HashMap::new());
        let mut merged = Vec::new();
        loop {
            let (key, span) = match self.next()? {
                (Event::MappingEnd, _) => break,
                next => next,
            };
            let line = span.start.line();
            let (is_merge, key) = match key {
                Event::Scalar(text, ScalarStyle::Plain, _, None) if text == "<<" => (true, text.into_owned()),
                Event::Scalar(text, _, _, _) => (false, text.into_owned()),
                event @ Event::Alias(_) => match self.node(event, span, depth + 1)? {
                    Value::String(text) => (false, text),
                    other => (false, other.to_string()),
                },
                _ => return Err(format!("line {line}: a key is no text")),
            };
            if let Some(first) = lines.insert(key.clone(), line) {
                self.twice.push(format!("the key `{key}` stands twice, on lines {first} and {line}"));
            }
            let (event, span) = self.next()?;
            let value = self.node(event, span, depth + 1)?;
            if is_merge {
                match value {
                    Value::Object(fields) => merged.push(fields),
                    Value::Array(list) if list.iter().all(Value::is_object) => {
                        merged.extend(list.into_iter().filter_map(|fields| match fields {
                            Value::Object(fields) => Some(fields),
                            _ => None,
                        }));
                    }
                    _ => return Err(format!("line {line}: `<<` merges what is no mapping")),
                }
            } else {
                own.insert(key, value);
            }
        }
        // A mapping's own keys win over merged ones, and the first merged one over later ones.
        for (key, value) in merged.into_iter().flatten() {
            own.entry(key).or_insert(value);
        }
        Ok(own)
    }
}

/// A value by YAML's core schema.
fn scalar(text: &str, style: ScalarStyle, tag: Option<&Tag>) -> Value {
    let is_tagged = |suffix: &str| tag.is_some_and(|tag| tag.is_yaml_core_schema() && tag.suffix == suffix);
    if is_tagged("str") || style != ScalarStyle::Plain && tag.is_none_or(|tag| !tag.is_yaml_core_schema()) {
        return text.into();
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" => true.into(),
        "false" | "False" | "FALSE" => false.into(),
        _ => number(text).map_or_else(|| text.into(), Value::Number),
    }
}

fn number(text: &str) -> Option<Number> {
    let based = |prefix: &str, base| u64::from_str_radix(text.strip_prefix(prefix)?, base).ok();
    if let Some(number) = based("0x", 16).or_else(|| based("0o", 8)) {
        return Some(number.into());
    }
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if !digits.starts_with(|c: char| c.is_ascii_digit() || c == '.') || !digits.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    // `007` and `1_000` are text, as a version or a postcode.
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain && digits.len() > 1 && digits.starts_with('0') {
        return None;
    }
    if is_plain {
        let unsigned = text.strip_prefix('+').unwrap_or(text);
        let whole = unsigned.parse::<u64>().map(Number::from).or_else(|_| unsigned.parse::<i64>().map(Number::from));
        if let Ok(whole) = whole {
            return Some(whole);
        }
    }
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    text.parse().ok().filter(|_| is_number).and_then(Number::from_f64)
}
