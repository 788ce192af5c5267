//! Detection of duplicate keys in one object of a JSON text, of which the parser silently takes the last.

use std::collections::HashMap;

/// Each such key with its lines. The text is JSON that was read before.
pub(super) fn keys_that_stand_twice(text: &str) -> Vec<String> {
    let mut twice = Vec::new();
    // For each object that is open its keys; for each list `None`.
    let mut open: Vec<Option<HashMap<String, usize>>> = Vec::new();
    let mut is_key = false;
    let mut line = 1;
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '\n' => line += 1,
            '{' => {
                open.push(Some(HashMap::new()));
                is_key = true;
            }
            '[' => {
                open.push(None);
                is_key = false;
            }
            '}' | ']' => drop(open.pop()),
            ',' => is_key = matches!(open.last(), Some(Some(_))),
            ':' => is_key = false,
            '"' => {
                let mut escaped = false;
                let end = rest.find(|(_, c)| {
                    let ends = *c == '"' && !escaped;
                    escaped = *c == '\\' && !escaped;
                    ends
                });
                let literal = &text[at..end.map_or(text.len(), |(end, _)| end + 1)];
                if let (true, Some(Some(keys))) = (is_key, open.last_mut()) {
                    let key = serde_json::from_str(literal).unwrap_or_else(|_| literal.to_owned());
                    if let Some(first) = keys.get(&key) {
                        twice.push(format!("the key `{key}` stands twice, on lines {first} and {line}"));
                    }
                    keys.insert(key, line);
                }
            }
            _ => {}
        }
    }
    twice
}
