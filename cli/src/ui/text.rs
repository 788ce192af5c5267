//! Styled text, and its width.

use std::fmt::Write as _;
use std::ops::Range;

use anstyle::Style;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::printable;

/// One line in pieces, each with a style. Whatever is put in is made safe to show.
#[derive(Clone, Debug, Default)]
pub(crate) struct Text {
    pieces: Vec<(Style, String)>,
    /// Whether it stands on the right of its column.
    right: bool,
}

impl Text {
    pub(crate) fn new(style: Style, text: &str) -> Self {
        Self::default().and(style, text)
    }

    pub(crate) fn plain(text: &str) -> Self {
        Self::new(Style::new(), text)
    }

    /// A text of which some ranges stand out.
    pub(crate) fn marked(style: Style, text: &str, mark: Style, ranges: &[Range<usize>]) -> Self {
        let (mut marked, mut at) = (Self::default(), 0);
        for range in ranges {
            let (before, found) = (text.get(at..range.start), text.get(range.clone()));
            marked = marked.and(style, before.unwrap_or_default()).and(mark, found.unwrap_or_default());
            at = range.end;
        }
        marked.and(style, text.get(at..).unwrap_or_default())
    }

    /// Adds a piece.
    pub(crate) fn and(mut self, style: Style, text: &str) -> Self {
        if !text.is_empty() {
            self.pieces.push((style, printable::line(text).into_owned()));
        }
        self
    }

    /// Puts it on the right of its column, as numbers are.
    pub(crate) fn right(mut self) -> Self {
        self.right = true;
        self
    }

    pub(crate) fn is_right(&self) -> bool {
        self.right
    }

    /// How many columns it takes.
    pub(crate) fn width(&self) -> usize {
        self.pieces.iter().map(|(_, text)| text.width()).sum()
    }

    /// How many columns its widest word takes.
    pub(crate) fn widest_word(&self) -> usize {
        self.pieces.iter().flat_map(|(_, text)| text.split(' ')).map(UnicodeWidthStr::width).max().unwrap_or_default()
    }

    /// Cuts the text to what fits; a text that was cut ends with `…`.
    pub(crate) fn cut(self, room: usize) -> Self {
        if self.width() <= room {
            return self;
        }
        let mut cut = Self { pieces: Vec::new(), right: self.right };
        let mut left = room.saturating_sub(1);
        for (style, mut text) in self.pieces {
            let width = text.width();
            if width <= left {
                left -= width;
                cut.pieces.push((style, text));
                continue;
            }
            text.truncate(fitting(&text, left));
            if room > 0 {
                text.push('…');
            }
            cut.pieces.push((style, text));
            break;
        }
        cut
    }

    /// Breaks the text into lines of at most this many columns, each in the style of the first piece.
    pub(crate) fn wrap(self, width: usize) -> Vec<Self> {
        let style = self.pieces.first().map_or(Style::new(), |(style, _)| *style);
        let text: String = self.pieces.into_iter().map(|(_, text)| text).collect();
        let line = |text| Self { pieces: vec![(style, text)], right: self.right };
        wrap(&text, width).into_iter().map(line).collect()
    }

    /// Adds it to a line. A plain style writes nothing.
    pub(super) fn write(&self, line: &mut String) {
        for (style, text) in &self.pieces {
            // Writing to a String does not fail.
            let _ = write!(line, "{style}{text}{style:#}");
        }
    }
}

/// The length in bytes of the longest beginning that takes at most `room` columns.
fn fitting(text: &str, room: usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or_default();
        if used > room {
            return at;
        }
    }
    text.len()
}

/// The text in lines of at most that many columns. Words that are wider are cut.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let mut word = word;
        loop {
            let line = lines.last_mut().map(|line| (line.width(), line));
            let Some((used, line)) = line else { break };
            let space = usize::from(used > 0);
            if used + space + word.width() <= width {
                if used > 0 {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if used > 0 {
                lines.push(String::new());
                continue;
            }
            // At least one character, however wide.
            let first = word.chars().next().map_or(0, char::len_utf8);
            let (head, rest) = word.split_at(fitting(word, width).max(first));
            line.push_str(head);
            word = rest;
            lines.push(String::new());
        }
    }
    if lines.len() > 1 && lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, room: usize) -> String {
        let mut line = String::new();
        Text::plain(text).cut(room).write(&mut line);
        line
    }

    #[test]
    fn a_cut_text_fits_whatever_its_script() {
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdef", 4), "abc…");
        assert_eq!(cut("商品商品", 6), "商品…");
        assert_eq!(cut("商品", 4), "商品");
        assert_eq!(cut("abc", 1), "…");
        assert_eq!(cut("abc", 0), "");
    }

    #[test]
    fn what_stands_out_does_so_in_a_cut_text_too() {
        let mark = Style::new().bold();
        let mut line = String::new();
        let range = 2..6;
        Text::marked(Style::new(), "a refund", mark, std::slice::from_ref(&range)).cut(5).write(&mut line);
        assert_eq!(line, format!("a {mark}re…{mark:#}"));
    }

    #[test]
    fn a_terminal_obeys_nothing_of_a_text() {
        let mut line = String::new();
        Text::plain("a\u{1b}[2Jb\nc").write(&mut line);
        assert_eq!(line, "ab c");
    }

    #[test]
    fn text_is_broken_between_words_and_wide_words_are_cut() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("abcdefgh ij", 3), ["abc", "def", "gh", "ij"]);
        assert_eq!(wrap("商品商品", 5), ["商品", "商品"]);
        assert_eq!(wrap("", 5), [""]);
    }
}
