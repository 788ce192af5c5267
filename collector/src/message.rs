//! The message of an entry: the reason that it gives, and its JSON or HTML made readable.
//!
//! Messages are plain text, HTML, or JSON in a string, which may contain more JSON in strings. All of it is untrusted
//! text.

use std::borrow::Cow;

use serde_json::Value;

/// The names of fields that hold a reason, the plainest first.
const REASONS: [&str; 9] = [
    "reason",
    "errorDetail",
    "error_description",
    "error_message",
    "errorMessage",
    "detail",
    "error",
    "errors",
    "message",
];
/// How deep in the JSON a reason is looked for.
const DEPTH: usize = 4;
/// The longest message that is made readable; a longer one is shown as it is.
const LONGEST: usize = 256 << 10;

/// The reason in the words of the message: the text of an `errorDetail`, an `error`, a `reason` or a similar field, at
/// any depth. `None` if the message has none, or is not JSON.
pub fn reason(message: &str) -> Option<String> {
    let value = Some(message).filter(|message| message.len() <= LONGEST).and_then(json)?;
    reason_in(&value, DEPTH).filter(|reason| !reason.is_empty())
}

/// The message in lines: JSON in its structure, HTML as its words, anything else as it is.
pub fn readable(message: &str) -> Cow<'_, str> {
    if message.len() > LONGEST {
        return Cow::Borrowed(message);
    }
    if let Some(value) = json(message) {
        return serde_json::to_string_pretty(&value).map_or(Cow::Borrowed(message), Cow::Owned);
    }
    if message.contains('<') { Cow::Owned(text_of_html(message)) } else { Cow::Borrowed(message) }
}

/// A message that is an object or a list in JSON, with the JSON in its strings parsed, too.
fn json(message: &str) -> Option<Value> {
    let text = message.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    serde_json::from_str(text).ok().map(|value| unfolded(value, DEPTH))
}

fn unfolded(value: Value, depth: usize) -> Value {
    match value {
        Value::String(text) if depth > 0 => match json(&text) {
            Some(value) => value,
            None => Value::String(text),
        },
        Value::Array(items) if depth > 0 => items.into_iter().map(|item| unfolded(item, depth - 1)).collect(),
        Value::Object(fields) if depth > 0 => {
            fields.into_iter().map(|(name, value)| (name, unfolded(value, depth - 1))).collect()
        }
        other => other,
    }
}

/// The reason in a value, at any depth.
fn reason_in(value: &Value, depth: usize) -> Option<String> {
    match value {
        Value::Object(fields) => {
            let named = REASONS.iter().filter_map(|name| fields.get(*name)).find_map(plain);
            named.or_else(|| fields.values().filter(|_| depth > 0).find_map(|value| reason_in(value, depth - 1)))
        }
        Value::Array(items) => items.iter().filter(|_| depth > 0).find_map(|value| reason_in(value, depth - 1)),
        _ => None,
    }
}

/// A text that says something, in words.
fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) if text.chars().any(char::is_alphabetic) => Some(text_of_html(text)),
        Value::Array(items) => items.iter().find_map(plain),
        _ => None,
    }
}

/// The text of HTML: tags are removed, blocks become lines of their own, and the usual entities are decoded.
fn text_of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        let tag = &rest[at..];
        let is_tag = tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        let Some(end) = tag.find('>').filter(|_| is_tag) else {
            text.push('<');
            rest = &tag[1..];
            continue;
        };
        let name = tag[1..end].trim_start_matches('/').split([' ', '/', '\n']).next().unwrap_or_default();
        if BLOCKS.contains(&name.to_ascii_lowercase().as_str()) && !text.ends_with('\n') && !text.is_empty() {
            text.push('\n');
        }
        rest = &tag[end + 1..];
    }
    text.push_str(rest);
    for (entity, meant) in ENTITIES {
        text = text.replace(entity, meant);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// Tags that begin a line.
const BLOCKS: [&str; 14] = ["br", "p", "div", "li", "ul", "ol", "tr", "table", "h1", "h2", "h3", "h4", "hr", "pre"];
/// `&amp;` comes last, so that its result is not decoded again.
const ENTITIES: [(&str, &str); 7] =
    [("&nbsp;", " "), ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#39;", "'"), ("&apos;", "'"), ("&amp;", "&")];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reason_is_found_wherever_a_message_has_it() {
        let found = |message: &str| reason(message).unwrap_or_default();
        assert_eq!(found(r#"{"code":7,"errorDetail":"did not answer in time"}"#), "did not answer in time");
        assert_eq!(found(r#"{"response":"{\"errors\":[{\"message\":\"no <b>rates</b>\"}]}"}"#), "no rates");
        assert_eq!(found(r#"[{"reason":"expired","error":true}]"#), "expired");
        assert_eq!(reason(r#"{"order":7,"status":"fine"}"#), None);
        assert_eq!(reason("plain text"), None);
    }

    #[test]
    fn html_becomes_its_words_and_what_is_no_tag_stays() {
        assert_eq!(
            text_of_html("<p>Order&nbsp;<b>7</b></p><p>1 < 2 &amp;lt; 3<br/>end</p>"),
            "Order 7\n1 < 2 &lt; 3\nend"
        );
        assert_eq!(text_of_html("a <b"), "a <b");
    }
}
