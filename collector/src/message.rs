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

/// The message in lines: JSON in its structure, HTML as its words, XML by its elements, anything else as it is.
pub fn readable(message: &str) -> Cow<'_, str> {
    if message.len() > LONGEST {
        return Cow::Borrowed(message);
    }
    if let Some(value) = json(message) {
        return serde_json::to_string_pretty(&value).map_or(Cow::Borrowed(message), Cow::Owned);
    }
    words(message)
}

/// The message on one line: HTML as its words, anything else as it is.
pub(crate) fn line(message: &str) -> Cow<'_, str> {
    match Markup::of(message) {
        Markup::Html if message.len() <= LONGEST && json(message).is_none() => {
            Cow::Owned(text_of_html(message).replace('\n', " "))
        }
        _ => Cow::Borrowed(message),
    }
}

/// A message that is an object or a list in JSON, with the JSON in its strings parsed, too.
pub(crate) fn json(message: &str) -> Option<Value> {
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
        Value::String(text) if text.chars().any(char::is_alphabetic) => Some(words(text).into_owned()),
        Value::Array(items) => items.iter().find_map(plain),
        _ => None,
    }
}

/// HTML as its words, XML with each element on a line of its own, and anything else as it is.
fn words(text: &str) -> Cow<'_, str> {
    match Markup::of(text) {
        Markup::None => Cow::Borrowed(text),
        Markup::Xml => Cow::Owned(text.trim().replace("><", ">\n<")),
        Markup::Html => Cow::Owned(text_of_html(text)),
    }
}

/// The kind of markup that a text is in.
enum Markup {
    None,
    /// The names of its tags say something, so they stay.
    Xml,
    Html,
}

impl Markup {
    fn of(text: &str) -> Self {
        let (mut any, mut foreign, mut is_html) = (false, false, false);
        for (at, _) in text.match_indices('<') {
            let Some(tag) = Tag::at(&text[at..]) else { continue };
            any = true;
            foreign |= !is_tag(&tag.name);
            is_html |= HTML_ONLY.contains(&tag.name.as_str());
        }
        match (any, foreign && !is_html) {
            (false, _) => Self::None,
            (true, true) => Self::Xml,
            (true, false) => Self::Html,
        }
    }
}

/// Whether HTML has a tag of this name, in small letters.
pub(crate) fn is_tag(name: &str) -> bool {
    TAGS.contains(&name)
}

/// A tag at the beginning of a text.
struct Tag {
    /// In lower case, without the slash.
    name: String,
    is_closing: bool,
    /// How many bytes it takes.
    length: usize,
}

impl Tag {
    fn at(text: &str) -> Option<Self> {
        let inside = text.strip_prefix('<')?;
        let length = inside.find('>')? + 2;
        let name = inside.strip_prefix('/').unwrap_or(inside);
        if !name.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '!' | '?')) {
            return None;
        }
        let name = name.split(|c: char| c.is_whitespace() || matches!(c, '/' | '>')).next().unwrap_or_default();
        Some(Self { name: name.to_ascii_lowercase(), is_closing: inside.starts_with('/'), length })
    }
}

/// The text of HTML as a browser shows it: without tags, comments, styles and scripts, with blocks on lines of their own
/// and cells apart, and with the usual entities decoded.
fn text_of_html(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        text.push_str(&rest[..at]);
        rest = &rest[at..];
        if let Some(comment) = rest.strip_prefix("<!--") {
            rest = comment.split_once("-->").map_or("", |(_, behind)| behind);
            continue;
        }
        let Some(tag) = Tag::at(rest) else {
            text.push('<');
            rest = &rest[1..];
            continue;
        };
        rest = &rest[tag.length..];
        let name = tag.name.as_str();
        if UNSEEN.contains(&name) && !tag.is_closing {
            let end = rest.to_ascii_lowercase().find(&format!("</{name}"));
            rest = end.map_or("", |end| &rest[end..]);
        }
        let begins_line = text.trim_end_matches([' ', '\t']).ends_with('\n') || text.trim().is_empty();
        match () {
            () if begins_line => {}
            () if CELLS.contains(&name) && !tag.is_closing => text.push_str(" | "),
            () if BLOCKS.contains(&name) => text.push('\n'),
            () => {}
        }
    }
    text.push_str(rest);
    for (entity, meant) in ENTITIES {
        text = text.replace(entity, meant);
    }
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

/// The tags of HTML that a message may have. What has others, too, is XML, unless it has some that only HTML has.
const TAGS: [&str; 81] = [
    "!--",
    "!doctype",
    "a",
    "abbr",
    "address",
    "article",
    "aside",
    "b",
    "big",
    "blockquote",
    "body",
    "br",
    "button",
    "caption",
    "center",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "fieldset",
    "figure",
    "font",
    "footer",
    "form",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "head",
    "header",
    "hr",
    "html",
    "i",
    "iframe",
    "img",
    "input",
    "ins",
    "label",
    "legend",
    "li",
    "link",
    "main",
    "meta",
    "nav",
    "ol",
    "option",
    "p",
    "pre",
    "s",
    "script",
    "section",
    "select",
    "small",
    "span",
    "strike",
    "strong",
    "style",
    "sub",
    "sup",
    "svg",
    "table",
    "tbody",
    "td",
    "template",
    "textarea",
    "tfoot",
    "th",
    "thead",
    "time",
    "title",
    "tr",
    "tt",
    "u",
    "ul",
];
const HTML_ONLY: [&str; 8] = ["!doctype", "html", "body", "br", "div", "p", "span", "td"];
/// Tags whose contents a browser does not show.
const UNSEEN: [&str; 3] = ["script", "style", "template"];
/// Tags of cells of a table.
const CELLS: [&str; 2] = ["td", "th"];
/// Tags that begin a line.
const BLOCKS: [&str; 24] = [
    "article",
    "blockquote",
    "br",
    "dd",
    "div",
    "dl",
    "dt",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "option",
    "p",
    "pre",
    "section",
    "table",
    "title",
    "tr",
    "ul",
];
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
        assert_eq!(readable("Jane <jane@example.com> 1 < 2"), "Jane <jane@example.com> 1 < 2");
    }

    #[test]
    fn html_shows_what_a_browser_shows_and_no_more() {
        let page = "<!DOCTYPE html><html><head><title>Error</title><style>p > b { color: red }</style>\
                    <script>if (1 < 2) { alert('<p>') }</script></head><body><!-- a > b --><table>\
                    <tr><th>Code</th><th>Why</th></tr><tr> <td>502</td><td>Bad gateway</td></tr></table></body></html>";
        assert_eq!(readable(page), "Error\nCode | Why\n502 | Bad gateway");
        assert_eq!(line(page), "Error Code | Why 502 | Bad gateway");
        assert_eq!(readable("<style>never closed"), "");
    }

    #[test]
    fn xml_keeps_the_names_of_its_tags() {
        let fault = "<code>5</code><reason>no rate</reason>";
        assert_eq!(readable(fault), "<code>5</code>\n<reason>no rate</reason>");
        assert_eq!(line(fault), fault);
        assert_eq!(reason(r#"{"error":"<code>5</code><why>late</why>"}"#).unwrap(), "<code>5</code>\n<why>late</why>");
        let declared = "<?xml version=\"1.0\"?><p:fault><b>1</b></p:fault>";
        assert!(readable(declared).contains("<p:fault>\n<b>1</b>"));
    }
}
