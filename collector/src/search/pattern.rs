//! Patterns: values with `*` in them.

use crate::archive::text::{MARK, value};
use crate::words::each_word;

/// A value in which each `*` stands for any text. Without one the value itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    /// The parts between the stars. Never empty.
    pieces: Vec<String>,
}

impl Pattern {
    /// A pattern for ids, which are compared character by character.
    pub(super) fn of_id(text: &str) -> Self {
        Self { pieces: text.split('*').map(str::to_owned).collect() }
    }

    /// A pattern for the names of stores and platforms, which are in lower case.
    pub(super) fn of_name(text: &str) -> Self {
        Self::of_id(&text.to_ascii_lowercase())
    }

    /// A pattern for names that people give.
    pub(super) fn of_lower(text: &str) -> Self {
        Self::of_id(&text.to_lowercase())
    }

    /// A pattern for facts, which are compared by their words. `None` if there is nothing to compare.
    pub(super) fn of_words(text: &str) -> Option<Self> {
        let last = text.split('*').count() - 1;
        let piece = |(at, piece): (usize, &str)| words_of_piece(piece, at == 0, at == last);
        let pieces: Vec<String> = text.split('*').enumerate().map(piece).collect();
        (last > 0 || !pieces[0].is_empty()).then_some(Self { pieces })
    }

    /// As it was written, but for its case.
    pub(super) fn text(&self) -> String {
        self.pieces.join("*")
    }

    /// The one value that it matches, if there are no stars.
    pub(super) fn exact(&self) -> Option<&str> {
        if let [value] = &self.pieces[..] { Some(value) } else { None }
    }

    /// The beginning of the value, if nothing else is asked for.
    pub(super) fn start(&self) -> Option<&str> {
        match &self.pieces[..] {
            [start, end] if !start.is_empty() && end.is_empty() => Some(start),
            _ => None,
        }
    }

    /// Whether it matches a value, which must be in lower case, or words, as the pattern is.
    pub(super) fn matches(&self, value: &str) -> bool {
        let [first, between @ .., last] = &self.pieces[..] else { return self.pieces[0] == value };
        let Some(rest) = value.strip_prefix(first.as_str()) else { return false };
        let Some(mut rest) = rest.strip_suffix(last.as_str()) else { return false };
        for piece in between {
            match rest.find(piece.as_str()) {
                Some(at) => rest = &rest[at + piece.len()..],
                None => return false,
            }
        }
        true
    }
}

/// The words of a piece. What sets words apart counts at a star, and not at the ends of the whole.
fn words_of_piece(piece: &str, first: bool, last: bool) -> String {
    let (mut start, mut end) = (piece.len(), 0);
    each_word(piece, |word| {
        start = start.min(word.place.start);
        end = end.max(word.place.end);
    });
    let mut words = value(piece);
    if words.is_empty() {
        return if piece.is_empty() || first || last { words } else { MARK.to_string() };
    }
    if start > 0 && !first {
        words.insert(0, MARK);
    }
    if end < piece.len() && !last {
        words.push(MARK);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, text: &str) -> bool {
        Pattern::of_words(pattern).unwrap().matches(&value(text))
    }

    #[test]
    fn a_star_stands_for_any_text() {
        assert!(matches("*gateway*", "Test Payment Gateway"));
        assert!(matches("test*gate*y", "Test Payment Gateway"));
        assert!(matches("*gateway", "Test Payment Gateway"));
        assert!(!matches("gateway*", "Test Payment Gateway"));
        assert!(!matches("test*gate", "Test Payment Gateway"));
        assert!(!matches("abc*bcd", "abcd"));
        assert!(matches("*品管*", "商品管理"));
        assert!(matches("*", "anything"));
    }

    #[test]
    fn punctuation_and_case_do_not_count_but_the_words_do() {
        assert!(matches("usps (Endicia)", "USPS - endicia"));
        assert!(!matches("usps endicia", "uspsendicia"));
        assert!(matches("usps *", "usps endicia"));
        assert!(!matches("usps *", "uspsx"));
        assert!(matches("*-ground*", "fedex ground"));
        assert!(!matches("*-ground*", "underground"));
        assert!(Pattern::of_words("...").is_none());
    }

    #[test]
    fn names_are_compared_by_character() {
        assert!(Pattern::of_name("My-*1").matches("my-shop1"));
        assert!(!Pattern::of_name("my-shop").matches("my shop"));
    }
}
