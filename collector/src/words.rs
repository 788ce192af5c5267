//! Words: how texts are cut into them, alike for the index, queries and the matcher.
//!
//! A word is a run of letters and digits. Case, accents and the forms of one character (`Ａ`, `ﬁ`, `ｶﾞ`, a Hangul syllable
//! in parts) make no difference.
//!
//! Chinese, Japanese, Thai, Lao, Khmer and Burmese are written without spaces, and Korean sets them between phrases of
//! several words. There a run has no beginning and no end that a query could know of, so any part of it has to be found.
//! Such a run stands in the index as all pairs of neighbouring characters, and its last one alone: `주문하기` as `주문`,
//! `문하`, `하기`, `기`. A part of it is then a phrase of pairs, and a single character the beginning of a pair. Pairs
//! rather than single characters, since a phrase of frequent characters that is rare has to be found without looking at
//! everything that has them.
//!
//! SQLite's own tokenizers know one definition each and can't be asked from here. So the index is given text that is
//! tokens already, set apart by spaces, and needs a tokenizer that does nothing but split at them.

use std::ops::Range;

use unicode_normalization::char::{compose, decompose_compatible, is_combining_mark};
use unicode_script::{Script, UnicodeScript};

/// Changes whenever the tokens of any text do, or what the index keeps of them: an index of another version is made anew.
pub(crate) const VERSION: i64 = 3;

/// A run of letters and digits of a text.
pub(crate) struct Word<'a> {
    /// The word in the form in which words are compared.
    pub(crate) text: &'a str,
    /// Its place.
    pub(crate) place: Range<usize>,
    /// Its characters, each with its marks, if any part of it is found. Empty if only the whole is.
    characters: &'a [Character],
}

/// A character of a word.
struct Character {
    /// Its beginning in the word.
    start: usize,
    /// Its place in the text.
    place: Range<usize>,
}

/// The form of a word in the index.
pub(crate) struct Token<'a> {
    pub(crate) text: &'a str,
    /// The place in the text that it was made from.
    pub(crate) place: Range<usize>,
    /// The end of the first of its characters, if it is one of a pair.
    pub(crate) first_ends: usize,
}

impl Word<'_> {
    fn each_token(&self, mut each: impl FnMut(Token<'_>)) {
        let characters = self.characters;
        if characters.is_empty() {
            each(Token { text: self.text, place: self.place.clone(), first_ends: self.place.end });
        }
        for (at, first) in characters.iter().enumerate() {
            let last = characters.get(at + 1).unwrap_or(first);
            let end = characters.get(at + 2).map_or(self.text.len(), |next| next.start);
            let place = first.place.start..last.place.end;
            each(Token { text: &self.text[first.start..end], place, first_ends: first.place.end });
        }
    }
}

/// Calls `each` with every word of a text.
pub(crate) fn each_word(text: &str, each: impl FnMut(&Word<'_>)) {
    let mut words = Words { word: String::new(), place: 0..0, characters: Vec::new(), each };
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

/// Calls `each` with every token of a text.
pub(crate) fn each_token(text: &str, mut each: impl FnMut(Token<'_>)) {
    each_word(text, |word| word.each_token(&mut each));
}

/// Adds the tokens of a text to a line of tokens, each with a space before it.
pub(crate) fn push_tokens(line: &mut String, text: &str) {
    each_token(text, |token| {
        line.push(' ');
        line.push_str(token.text);
    });
}

/// Whether a text has words of which any part is found.
pub(crate) fn has_parts(text: &str) -> bool {
    !text.is_ascii() && text.chars().any(|c| !c.is_ascii() && is_found_in_parts(c))
}

/// The tokens that a text has in which the words of another stand, one behind the other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Phrase {
    /// Each with a space before it. Behind the last stands one too, unless it is only the beginning of one.
    pub(crate) tokens: String,
    /// The last token stands for one character, and may be the beginning of a pair.
    pub(crate) ends_alone: bool,
}

impl Phrase {
    /// `open`: the last word is only the beginning of one. `None` if there is no word in the text.
    pub(crate) fn new(text: &str, open: bool) -> Option<Self> {
        let (mut tokens, mut characters) = (String::new(), 0);
        let mut pairs_end = 0;
        each_word(text, |word| {
            characters = word.characters.len();
            word.each_token(|token| {
                pairs_end = tokens.len();
                tokens.push(' ');
                tokens.push_str(token.text);
            });
        });
        match characters {
            _ if tokens.is_empty() => return None,
            0 if !open => tokens.push(' '),
            0 | 1 => {}
            // The run may go on behind what is looked for, so its last character need not stand alone.
            _ => tokens.truncate(pairs_end),
        }
        Some(Self { tokens, ends_alone: characters == 1 })
    }
}

struct Words<F> {
    word: String,
    place: Range<usize>,
    characters: Vec<Character>,
    each: F,
}

impl<F: FnMut(&Word<'_>)> Words<F> {
    /// A part that a character other than ASCII is composed of.
    fn part(&mut self, c: char, place: Range<usize>) {
        if is_ignored(c) {
            self.place.end = place.end;
        } else if is_combining_mark(c) {
            self.mark(c, &place);
        } else if c.is_alphanumeric() {
            if is_found_in_parts(c) {
                self.character(c, place);
            } else {
                // By way of the upper case, so that ß is ss and both forms of a sigma are one; before it the lower, for ẞ.
                let upper = c.to_lowercase().flat_map(char::to_uppercase);
                upper.flat_map(char::to_lowercase).for_each(|c| self.letter(c, place.clone()));
            }
        } else {
            self.flush();
        }
    }

    /// A letter or digit of a script in which words are set apart.
    fn letter(&mut self, c: char, place: Range<usize>) {
        if !self.characters.is_empty() {
            self.flush();
        }
        if self.word.is_empty() {
            self.place.start = place.start;
        }
        self.word.push(c);
        self.place.end = place.end;
    }

    /// A character of a script of which any part is found.
    fn character(&mut self, c: char, place: Range<usize>) {
        if self.characters.is_empty() {
            self.flush();
            self.place.start = place.start;
        } else if self.composed(c, place.end) {
            return; // a vowel or a final consonant of a Hangul syllable
        }
        self.place.end = place.end;
        self.characters.push(Character { start: self.word.len(), place });
        self.word.push(c);
    }

    fn mark(&mut self, c: char, place: &Range<usize>) {
        if self.word.is_empty() || (!self.characters.is_empty() && self.composed(c, place.end)) {
            return;
        }
        self.word.push(c);
        self.ends(place.end);
    }

    /// Whether it is a part of the character before it, as a voiced kana's mark is.
    fn composed(&mut self, c: char, end: usize) -> bool {
        let Some(whole) = self.word.chars().next_back().and_then(|last| compose(last, c)) else { return false };
        self.word.pop();
        self.word.push(whole);
        self.ends(end);
        true
    }

    fn ends(&mut self, end: usize) {
        self.place.end = end;
        if let Some(last) = self.characters.last_mut() {
            last.place.end = end;
        }
    }

    fn flush(&mut self) {
        if !self.word.is_empty() {
            (self.each)(&Word { text: &self.word, place: self.place.clone(), characters: &self.characters });
            self.word.clear();
            self.characters.clear();
        }
    }
}

/// Accents, and marks that are not seen: they neither belong to a word nor end it.
fn is_ignored(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{2064}' | '\u{feff}'
        | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}')
}

/// Letters of the scripts in which words are not set apart, or not all of them.
pub(crate) fn is_found_in_parts(c: char) -> bool {
    use Script::{
        Bopomofo, Han, Hangul, Hiragana, Katakana, Khmer, Lao, Myanmar, New_Tai_Lue, Tai_Le, Tai_Tham, Tai_Viet, Thai,
    };
    // Characters that several scripts share, such as ー, are among their extensions; those that all share are in none.
    let scripts = c.script_extension();
    !scripts.is_common()
        && !scripts.is_inherited()
        && [
            Han,
            Hangul,
            Hiragana,
            Katakana,
            Bopomofo,
            Thai,
            Lao,
            Khmer,
            Myanmar,
            Tai_Le,
            New_Tai_Lue,
            Tai_Tham,
            Tai_Viet,
        ]
        .into_iter()
        .any(|script| scripts.contains_script(script))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<String> {
        let mut words = Vec::new();
        each_word(text, |word| words.push(word.text.to_owned()));
        words
    }

    fn tokens(text: &str) -> Vec<String> {
        let mut tokens = Vec::new();
        each_token(text, |token| tokens.push(token.text.to_owned()));
        tokens
    }

    /// Whether the tokens of a text have those of a query, as the index looks for them.
    fn finds(query: &str, text: &str) -> bool {
        let mut line = String::new();
        push_tokens(&mut line, text);
        line.push(' ');
        Phrase::new(query, false).is_some_and(|phrase| line.contains(&phrase.tokens))
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
            words("ÉTÉ été E\u{301}te\u{301} ＡＢＣ１ ﬁn Straße STRASSE STRAẞE ΟΔΟΣ οδος İIıi"),
            ["ete", "ete", "ete", "abc1", "fin", "strasse", "strasse", "strasse", "οδοσ", "οδοσ", "iiii"]
        );
        assert_eq!(words("co\u{ad}operate"), ["cooperate"]);
        // Half-width kana, Hangul in parts and as compatibility letters, a variant of an ideograph, a square word.
        assert_eq!(words("カード ｶｰﾄﾞ カート\u{3099}"), ["カード"; 3]);
        assert_eq!(words("실패 \u{1109}\u{1175}\u{11af}\u{1111}\u{1162}"), ["실패"; 2]);
        assert_eq!(words("葛\u{e0100}飾 葛飾 ㍿ 株式会社"), ["葛飾", "葛飾", "株式会社", "株式会社"]);
    }

    #[test]
    fn where_any_part_is_found_pairs_of_characters_stand_in_the_index() {
        assert_eq!(tokens("编辑商品SKU12號"), ["编辑", "辑商", "商品", "品", "sku12", "號"]);
        assert_eq!(tokens("주문#1234 실패했다"), ["주문", "문", "1234", "실패", "패했", "했다", "다"]);
        assert_eq!(tokens("カード"), ["カー", "ード", "ド"]);
        assert_eq!(tokens("ที่นี่"), ["ที่นี่", "นี่"]);
        assert_eq!(tokens("Привет été हिन्दी"), ["привет", "ete", "हिन्दी"]);
    }

    #[test]
    fn a_part_of_a_run_is_found_and_nothing_else() {
        for (query, text, found) in [
            ("실패", "주문 실패했습니다", true),
            ("패했", "주문 실패했습니다", true),
            ("시", "주문 실패했습니다", false),
            ("문실", "주문 실패했습니다", false),
            ("주문 실", "주문 실패했습니다", true),
            ("문 실패", "주문 실패했습니다", true),
            ("주 실패", "주문 실패했습니다", false),
            ("문abc失", "注文ABC失敗", false),
            ("文abc失", "注文ABC失敗", true),
            ("bc失敗", "注文ABC失敗", false),
            ("カート", "カードを登録", false),
            ("มี", "ไม่มีสินค้า", true),
            ("มา", "ม้าไม้", false),
            ("สินค", "สินค้าหมด", true),
            ("ຄ້າ", "ສິນຄ້າໝົດ", true),
            ("ဘဏ်", "ဘဏ်ကငြင်းပယ်", true),
            ("ទំនិញ", "ទំ\u{200b}និញ\u{200b}អស់", true),
        ] {
            assert_eq!(finds(query, text), found, "{query} in {text}");
        }
    }

    #[test]
    fn a_token_says_where_it_stands() {
        let text = "Zu e\u{301}té: 商品類ｶﾞ";
        let mut places = Vec::new();
        each_token(text, |token| places.push((&text[token.place.clone()], &text[token.place.start..token.first_ends])));
        let ideographs = [("商品", "商"), ("品類", "品"), ("類ｶﾞ", "類"), ("ｶﾞ", "ｶﾞ")];
        assert_eq!(places[..2], [("Zu", "Zu"), ("e\u{301}té", "e\u{301}té")]);
        assert_eq!(places[2..], ideographs);
    }

    /// Texts in which everything above meets.
    const MIXED: &str =
        "[a주商カค]([a-c1]|[주문실패했]|[商品失敗]|[カｶーﾄﾞﾞド]|[กิ่ค้าํ]|\u{1109}|\u{1175}|\u{11af}|\u{3099}| |#){0,12}";

    proptest! {
        #[test]
        fn a_token_is_one_to_the_tokenizer_of_the_index(text in "\\PC*") {
            // FTS5's ascii tokenizer: ASCII letters and digits and everything beyond ASCII belong to a token.
            each_token(&text, |Token { text: token, place, first_ends }| {
                assert!(!token.is_empty() && token.chars().all(|c| !c.is_ascii() || c.is_ascii_lowercase() || c.is_ascii_digit()));
                assert!(place.start < first_ends && first_ends <= place.end && text.get(place).is_some());
            });
        }

        #[test]
        fn case_makes_no_difference_in_any_text(text in "\\PC*") {
            prop_assert_eq!(words(&text.to_lowercase()), words(&text));
        }

        #[test]
        fn every_text_has_what_it_is_made_of(text in MIXED, cuts in (0..40_usize, 0..40_usize)) {
            let mut ends = Vec::new(); // of the characters, where a part may begin and end
            each_word(&text, |word| {
                ends.push((word.place.start, word.place.end));
                ends.extend(word.characters.iter().map(|character| (character.place.start, character.place.end)));
            });
            let (from, to) = (ends[cuts.0 % ends.len()], ends[cuts.1 % ends.len()]);
            let part = &text[from.0..to.1.max(from.1)];
            prop_assert!(finds(part, &text), "{:?} in {:?}", part, text);
        }

        #[test]
        fn in_scripts_without_words_a_part_is_found_where_it_stands_and_nowhere_else(
            text in "[실패주문商品]{1,9}", query in "[실패주문商品]{1,3}",
        ) {
            prop_assert_eq!(finds(&query, &text), text.contains(&query));
        }
    }
}
