//! Untrusted text, made safe to show on a terminal.
//!
//! Log text is written by whoever can make a shop log something. On a terminal it could move the cursor, set the
//! window's title, fill the clipboard or turn the reading direction round.

use std::borrow::Cow;
use std::io::{self, Write};

/// The text as one line that a terminal shows and does not obey.
///
/// Control sequences are taken out, other control characters too; a line break or a tab becomes one space. So do marks
/// that turn the reading direction round (U+202A to U+202E, U+2066 to U+2069).
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(is_unsafe) {
        shown.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(found) = rest.chars().next() else { break };
        if matches!(found, '\n' | '\r' | '\t' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}') {
            if !shown.ends_with(' ') {
                shown.push(' ');
            }
            rest = &rest[found.len_utf8()..];
        } else {
            rest = &rest[sequence(rest).unwrap_or(found.len_utf8())..];
        }
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}')
}

/// The length of the control sequence that the text begins with. One that never ends is none: then only its first
/// character goes, and what follows is seen.
fn sequence(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    let kind = match chars.next()?.1 {
        '\u{1b}' => match chars.next()?.1 {
            ']' | 'P' | 'X' | '^' | '_' => Kind::String,
            '[' => Kind::Csi,
            '\u{20}'..='\u{2f}' => Kind::Escape,
            '\u{30}'..='\u{7e}' => return Some(2),
            _ => return None,
        },
        '\u{9d}' | '\u{90}' | '\u{98}' | '\u{9e}' | '\u{9f}' => Kind::String,
        '\u{9b}' => Kind::Csi,
        _ => return None,
    };
    for (at, c) in chars {
        let after = at + c.len_utf8();
        match (kind, c) {
            (Kind::String, '\u{7}' | '\u{9c}') => return Some(after),
            (Kind::String, '\u{1b}') if text[after..].starts_with('\\') => return Some(after + 1),
            (Kind::String, '\u{1b}') => return None,
            (Kind::String, _) | (Kind::Escape | Kind::Csi, '\u{20}'..='\u{2f}') | (Kind::Csi, '\u{30}'..='\u{3f}') => {}
            (Kind::Escape, '\u{30}'..='\u{7e}') | (Kind::Csi, '\u{40}'..='\u{7e}') => return Some(after),
            (Kind::Escape | Kind::Csi, _) => return None,
        }
    }
    None
}

#[derive(Clone, Copy)]
enum Kind {
    /// `ESC` and intermediate characters: selects a character set.
    Escape,
    /// Moves, colours, erases.
    Csi,
    /// Titles, links, the clipboard: text up to a terminator.
    String,
}

/// Writes text of several lines with a `?` for each control character but the line break: C0, DEL, and C1 in UTF-8.
pub struct Harmless<W> {
    out: W,
    /// The last byte was the first of a C1 character, or of an innocent one.
    begun: bool,
}

/// The first byte of every C1 character in UTF-8.
const C1: u8 = 0xc2;

impl<W> Harmless<W> {
    /// Over this output.
    pub fn new(out: W) -> Self {
        Self { out, begun: false }
    }
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut shown = Vec::with_capacity(bytes.len() + 1);
        for &byte in bytes {
            let begun = std::mem::replace(&mut self.begun, byte == C1);
            match byte {
                C1 => {}
                0x80..=0x9f if begun => shown.push(b'?'),
                _ if begun => shown.extend([C1, byte]),
                b'\n' => shown.push(byte),
                0..=0x1f | 0x7f => shown.push(b'?'),
                _ => shown.push(byte),
            }
        }
        self.out.write_all(&shown)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::{Harmless, line};

    #[test]
    fn a_terminal_obeys_nothing_of_what_machines_get_however_it_is_cut() {
        let text = "a,\u{1b}[2J\u{9b}2Jb\r\n\t\u{7f}©é商 \u{85}\n";
        for cut in 1..text.len() {
            let mut shown = Vec::new();
            let mut out = Harmless::new(&mut shown);
            text.as_bytes().chunks(cut).for_each(|part| out.write_all(part).unwrap());
            assert_eq!(String::from_utf8(shown).unwrap(), "a,?[2J?2Jb?\n??©é商 ?\n");
        }
    }

    #[test]
    fn plain_text_of_any_script_stays_as_it_is() {
        assert_eq!(line("商品 é 🛒 – ok"), "商品 é 🛒 – ok");
    }

    #[test]
    fn control_sequences_go_and_their_text_stays() {
        assert_eq!(line("a\u{1b}[31;1mred\u{1b}[0m"), "ared");
        assert_eq!(line("\u{1b}]0;title\u{7}x\u{1b}]8;;http://e\u{1b}\\link\u{1b}]8;;\u{1b}\\"), "xlink");
        assert_eq!(line("\u{9b}2Jx\u{9d}52;c;aGk=\u{9c}y"), "xy");
        assert_eq!(line("\u{1b}(0x\u{1b}cy\u{1b}Pq\u{1b}\\z"), "xyz");
        assert_eq!(line("a\u{8}\u{7f}\u{0}b\u{84}"), "ab");
    }

    #[test]
    fn line_breaks_and_tabs_become_one_space() {
        assert_eq!(line("a\r\n\tb\u{2028}c"), "a b c");
    }

    #[test]
    fn direction_marks_go() {
        assert_eq!(line("invoice\u{202e}fdp.exe\u{2066}x\u{2069}"), "invoicefdp.exex");
    }

    #[test]
    fn a_sequence_without_an_end_hides_nothing() {
        assert_eq!(line("\u{1b}]0;never ends"), "]0;never ends");
        assert_eq!(line("\u{1b}[31"), "[31");
        assert_eq!(line("\u{1b}"), "");
    }
}
