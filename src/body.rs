//! The body of an answer as it comes: whether it is complete, how much is in it, and text that JSON parsers refuse.

use std::ops::Range;

use bytes::Bytes;
use memchr::memchr2;

/// The most records that one answer may list. The platforms send 250 at the most; one that ignores `limit` sends more.
pub(crate) const MAX_RECORDS: usize = 50_000;
/// The most values in one answer, nested ones included: a thousand for each record of the largest page. Each takes some
/// hundred bytes of memory, though three in the answer may do.
const MAX_VALUES: usize = 250_000;

/// The outline of a body, before it is parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outline {
    /// It is complete, as far as brackets and quotes show, or it is no JSON at all.
    Whole,
    /// It is JSON that ends before it is complete.
    Cut,
    /// It lists more records, or holds more values, than any page of logs has.
    Crowded,
}

/// The fault of an answer that holds more than any page of logs has.
pub(crate) fn crowded() -> String {
    format!("the answer holds more than {MAX_RECORDS} records or {MAX_VALUES} values")
}

/// The body without the byte-order mark that some servers put in front of JSON.
pub(crate) fn without_mark(body: Bytes) -> Bytes {
    if body.starts_with(b"\xef\xbb\xbf") { body.slice(3..) } else { body }
}

/// Whether there is nothing but space.
pub(crate) fn is_blank(body: &[u8]) -> bool {
    body.trim_ascii().is_empty()
}

/// Whether it begins as HTML or XML does.
pub(crate) fn is_markup(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

/// Whether it begins as JSON with something in it does.
fn is_nested(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"{") || body.trim_ascii_start().starts_with(b"[")
}

/// Looks at brackets, commas and quotes only, in one pass without memory.
pub(crate) fn outline(body: &[u8]) -> Outline {
    if !is_nested(body) {
        return Outline::Whole;
    }
    let (mut depth, mut values, mut items, mut at) = (0_usize, 0_usize, 0_usize, 0_usize);
    while let Some(byte) = body.get(at) {
        at += 1;
        match byte {
            b'"' => match end_of_string(&body[at..]) {
                Some(length) => at += length,
                None => return Outline::Cut,
            },
            b'{' | b'[' => {
                depth += 1;
                values += 1;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 && !is_blank(&body[at..]) {
                    return Outline::Whole; // the reader of JSON says what is wrong with the rest
                }
            }
            b',' => {
                values += 1;
                items += usize::from(depth == 2); // the list is a field of the page
            }
            _ => {}
        }
        if values > MAX_VALUES || items >= MAX_RECORDS {
            return Outline::Crowded;
        }
    }
    if depth == 0 { Outline::Whole } else { Outline::Cut }
}

/// How long the rest of a string is, its closing quote included.
fn end_of_string(text: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        at += memchr2(b'"', b'\\', text.get(at..)?)?;
        if text[at] == b'"' {
            return Some(at + 1);
        }
        at += 2;
    }
}

/// JSON whose strings every reader takes. A byte that is not UTF-8, half of a surrogate pair, a control character that is
/// not escaped, an escape that does not exist: each costs one character, U+FFFD where it says nothing else, and what was
/// sent is remembered.
#[derive(Debug)]
pub(crate) struct Repaired {
    text: String,
    /// The places where the text is not what was sent, and what was sent there, in order.
    changes: Vec<(Range<usize>, Sent)>,
}

#[derive(Debug)]
enum Sent {
    Text(String),
    Bytes(Vec<u8>),
}

const REPLACEMENT: &str = "\u{fffd}";

impl Repaired {
    pub(crate) fn of(body: &[u8]) -> Self {
        let mut repaired = Self { text: String::with_capacity(body.len()), changes: Vec::new() };
        let mut in_string = false;
        for chunk in body.utf8_chunks() {
            repaired.take(chunk.valid(), &mut in_string);
            if !chunk.invalid().is_empty() {
                repaired.put(REPLACEMENT, Sent::Bytes(chunk.invalid().to_vec()));
            }
        }
        repaired
    }

    /// Valid UTF-8, which may begin and end within a string.
    fn take(&mut self, text: &str, in_string: &mut bool) {
        let mut rest = text;
        while let Some(at) = rest.find(|c: char| c == '"' || *in_string && (c == '\\' || c < ' ')) {
            let (plain, special) = rest.split_at(at);
            self.text.push_str(plain);
            let length = match special.as_bytes()[0] {
                b'"' => {
                    *in_string = !*in_string;
                    self.text.push('"');
                    1
                }
                b'\\' => self.escape(special),
                control => {
                    self.put(&format!("\\u{control:04x}"), Sent::Text(special[..1].to_owned()));
                    1
                }
            };
            rest = &special[length..];
        }
        self.text.push_str(rest);
    }

    /// An escape at the start of this text. Says how much of it was taken.
    fn escape(&mut self, text: &str) -> usize {
        let unit = |text: &str| {
            let digits = text.strip_prefix("\\u")?.get(..4)?;
            digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u16::from_str_radix(digits, 16).ok())?
        };
        let length = match (text.as_bytes().get(1), unit(text)) {
            (Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't'), _) => 2,
            (_, Some(0xd800..=0xdbff)) if matches!(unit(&text[6..]), Some(0xdc00..=0xdfff)) => 12,
            (_, Some(0xd800..=0xdfff)) => {
                self.put("\\ufffd", Sent::Text(text[..6].to_owned()));
                return 6;
            }
            (_, Some(_)) => 6,
            (_, None) => {
                self.put("\\\\", Sent::Text("\\".to_owned()));
                return 1;
            }
        };
        self.text.push_str(&text[..length]);
        length
    }

    fn put(&mut self, instead: &str, sent: Sent) {
        let start = self.text.len();
        self.text.push_str(instead);
        self.changes.push((start..self.text.len(), sent));
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The bytes that were sent in place of a part of the text, if they were others. A byte that is not UTF-8 is
    /// written `\xff`, which JSON has no other use for.
    pub(crate) fn sent(&self, part: &str) -> Option<String> {
        let start = (part.as_ptr() as usize).checked_sub(self.text.as_ptr() as usize)?;
        let end = start + part.len();
        let first = self.changes.partition_point(|(place, _)| place.start < start);
        let mut changes = self.changes[first..].iter().take_while(|(place, _)| place.end <= end).peekable();
        changes.peek()?;
        let (mut sent, mut at) = (String::with_capacity(part.len()), start);
        for (place, was) in changes {
            sent.push_str(self.text.get(at..place.start)?);
            match was {
                Sent::Text(text) => sent.push_str(text),
                Sent::Bytes(bytes) => sent.extend(bytes.iter().map(|byte| format!("\\x{byte:02x}"))),
            }
            at = place.end;
        }
        sent.push_str(self.text.get(at..end)?);
        Some(sent)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_body_is_cut_wherever_it_ends_before_its_last_bracket() {
        let body = br#" {"data":[{"a":"}]\"","b":[1,{}]},{}],"meta":{}}"#;
        assert_eq!(outline(body), Outline::Whole);
        for end in 2..body.len() {
            assert_eq!(outline(&body[..end]), Outline::Cut, "{}", String::from_utf8_lossy(&body[..end]));
        }
    }

    #[test]
    fn what_is_no_json_or_goes_on_behind_it_is_not_called_cut() {
        for body in ["", " ", "<html", "null", "\"a", "{} {", "[]]", "}{"] {
            assert_eq!(outline(body.as_bytes()), Outline::Whole, "{body}");
        }
    }

    #[test]
    fn an_answer_may_hold_as_much_as_a_server_without_pages_sends_and_no_more() {
        let page = |records: usize| format!(r#"{{"data":[{}]}}"#, vec!["{}"; records].join(","));
        assert_eq!(outline(page(MAX_RECORDS).as_bytes()), Outline::Whole);
        assert_eq!(outline(page(MAX_RECORDS + 1).as_bytes()), Outline::Crowded);
        let nested = |values: usize| format!(r#"{{"data":[{{"a":[{}]}}]}}"#, vec!["0"; values].join(","));
        assert_eq!(outline(nested(MAX_VALUES - 10).as_bytes()), Outline::Whole);
        assert_eq!(outline(nested(MAX_VALUES + 10).as_bytes()), Outline::Crowded);
    }

    #[test]
    fn each_fault_in_a_string_costs_one_character_and_what_was_sent_is_known() {
        let cases: [(&[u8], &str, &str); 8] = [
            (b"\"a\xffb\"", "a\u{fffd}b", r#""a\xffb""#),
            (b"\"\xe2\x82\"", "\u{fffd}", r#""\xe2\x82""#),
            (br#""\ud83d!""#, "\u{fffd}!", r#""\ud83d!""#),
            (br#""\ude00\ud83d\ude00""#, "\u{fffd}\u{1f600}", r#""\ude00\ud83d\ude00""#),
            (br#""\ud83d\ud83d\ude00""#, "\u{fffd}\u{1f600}", r#""\ud83d\ud83d\ude00""#),
            (b"\"a\nb\\n\"", "a\nb\n", "\"a\nb\\n\""),
            (br#""\x41\u12""#, "\\x41\\u12", r#""\x41\u12""#),
            (br#""\\ud83d""#, "\\ud83d", r#""\\ud83d""#),
        ];
        for (body, text, sent) in cases {
            let repaired = Repaired::of(body);
            assert_eq!(serde_json::from_str::<String>(repaired.text()).unwrap(), text, "{sent}");
            let untouched = repaired.text() == sent;
            assert_eq!(repaired.sent(repaired.text()).as_deref(), (!untouched).then_some(sent));
        }
    }
}
