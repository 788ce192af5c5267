//! What a word is: for the index, for a query and for the matcher alike.
//!
//! A word is a run of letters and digits of any script. Case, accents and the forms of one character (`Ａ`, `ﬁ`) make no
//! difference. Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces: there every character is a
//! word of its own, and a word of a query becomes a phrase. So any part of such a text can be found.
//!
//! SQLite's own tokenizers know one definition each and can't be asked from here. So the index is given text that is
//! words already, set apart by spaces, and needs a tokenizer that does nothing but split at them.

use std::ops::Range;

use unicode_normalization::char::{decompose_compatible, is_combining_mark};

/// Calls `each` with every word of a text, and with where in the text it stands.
pub(crate) fn each_word(text: &str, each: impl FnMut(Range<usize>, &str)) {
    let mut words = Words { word: String::new(), start: 0, end: 0, closed: false, each };
    for (at, c) in text.char_indices() {
        let place = at..at + c.len_utf8();
        if c.is_ascii_alphanumeric() {
            words.letter(c.to_ascii_lowercase(), place);
        } else if c.is_ascii() {
            words.flush();
        } else {
            decompose_compatible(c, |part| words.part(part, place.clone()));
        }
    }
    words.flush();
}

/// Adds the words of a text to a line of words, each with a space before it.
pub(crate) fn push_words(line: &mut String, text: &str) {
    each_word(text, |_, word| {
        line.push(' ');
        line.push_str(word);
    });
}

struct Words<F> {
    word: String,
    start: usize,
    end: usize,
    /// The word is one character of a script without spaces: the next letter begins another.
    closed: bool,
    each: F,
}

impl<F: FnMut(Range<usize>, &str)> Words<F> {
    /// A part that a character other than ASCII is composed of.
    fn part(&mut self, c: char, place: Range<usize>) {
        if is_ignored(c) {
            self.end = place.end;
        } else if is_combining_mark(c) {
            if !self.word.is_empty() {
                self.word.push(c);
                self.end = place.end;
            }
        } else if stands_alone(c) {
            self.flush();
            self.letter(c, place);
            self.closed = true;
        } else if c.is_alphanumeric() {
            // By way of the upper case, so that ß is ss and both forms of a sigma are one.
            c.to_uppercase().flat_map(char::to_lowercase).for_each(|c| self.letter(c, place.clone()));
        } else {
            self.flush();
        }
    }

    fn letter(&mut self, c: char, place: Range<usize>) {
        if self.closed {
            self.flush();
        }
        if self.word.is_empty() {
            self.start = place.start;
        }
        self.word.push(c);
        self.end = place.end;
    }

    fn flush(&mut self) {
        if !self.word.is_empty() {
            (self.each)(self.start..self.end, &self.word);
            self.word.clear();
        }
        self.closed = false;
    }
}

/// Accents, and marks that are not seen: they neither belong to a word nor end it.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200c}' | '\u{200d}' | '\u{2060}' | '\u{feff}' | '\u{fe00}'..='\u{fe0f}')
}

/// Letters of the scripts that are written without spaces.
fn stands_alone(c: char) -> bool {
    // Han, kana and bopomofo; then Thai and Lao, Burmese, Khmer.
    matches!(c, '\u{3005}'..='\u{3007}' | '\u{3021}'..='\u{3029}' | '\u{3040}'..='\u{312f}' | '\u{31a0}'..='\u{31ff}'
        | '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}'
        | '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}')
        && c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |_, word| words.push(word.to_owned()));
        words
    }

    #[test]
    fn words_are_runs_of_letters_and_digits() {
        assert_eq!(
            words("Order #1042: can't ship to bob@example.com"),
            ["order", "1042", "can", "t", "ship", "to", "bob", "example", "com"]
        );
        assert_eq!(words(" – 🛒 ... "), [""; 0]);
    }

    #[test]
    fn case_accents_and_forms_make_no_difference() {
        assert_eq!(
            words("ÉTÉ été E\u{301}te\u{301} ＡＢＣ１ ﬁn Straße STRASSE ΟΔΟΣ οδος İIıi"),
            ["ete", "ete", "ete", "abc1", "fin", "strasse", "strasse", "οδοσ", "οδοσ", "iiii"]
        );
        assert_eq!(words("co\u{ad}operate"), ["cooperate"]);
    }

    #[test]
    fn where_no_spaces_are_written_each_character_is_a_word() {
        assert_eq!(words("编辑商品SKU12號"), ["编", "辑", "商", "品", "sku12", "號"]);
        assert_eq!(words("カード ｶｰﾄﾞ"), ["カ", "ー", "ト\u{3099}", "カ", "ー", "ト\u{3099}"]);
        assert_eq!(words("ที่"), ["ท\u{e35}\u{e48}"]);
        assert_eq!(words("주문 번호").len(), 2);
    }

    #[test]
    fn a_word_says_where_it_stands() {
        let text = "Zu e\u{301}té: 商品";
        let mut places = Vec::new();
        each_word(text, |place, _| places.push(&text[place]));
        assert_eq!(places, ["Zu", "e\u{301}té", "商", "品"]);
    }

    proptest! {
        #[test]
        fn a_word_is_one_word_to_the_tokenizer_of_the_index(text in "\\PC*") {
            // FTS5's ascii tokenizer: ASCII letters and digits and everything beyond ASCII belong to a token.
            each_word(&text, |place, word| {
                assert!(!word.is_empty() && word.chars().all(|c| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit()));
                assert!(place.start < place.end && text.get(place).is_some());
            });
        }

        #[test]
        fn case_makes_no_difference_in_any_text(text in "\\PC*") {
            prop_assert_eq!(words(&text.to_lowercase()), words(&text));
        }
    }
}
