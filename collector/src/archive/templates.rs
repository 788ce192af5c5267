//! Templates of texts that differ in few words: their common part is kept once, and each text keeps only what varies.
//!
//! Which words vary is learned from the texts: words with a digit or an `@` may vary, and those that did are variables
//! from then on. A text is always exactly its template with its variables put in, so nothing is lost whatever was
//! learned; learning badly only costs bytes.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::ops::Range;

use rusqlite::{Connection, params};

use super::row;

/// The most variables of a summary, and of a message.
pub(super) const OF_SUMMARY: usize = 3;
pub(super) const OF_MESSAGE: usize = 6;
/// The most variables of any text.
const MOST: usize = OF_MESSAGE;

/// Longer texts, in bytes, are kept whole.
const LONGEST: usize = 4096;
/// Texts of which less is fixed, in bytes, are kept whole.
const LEAST_FIXED: usize = 6;
/// How many words of a text may vary. Those behind are fixed.
const MOST_WORDS: usize = 32;
/// A text is kept whole until this many like it came: one that never comes again needs no template.
const BEFORE: u32 = 2;
/// How many templates are kept. Beyond, new texts are kept whole.
const MOST_TEMPLATES: usize = 50_000;
/// How many forms of texts are remembered that have no template yet.
const MOST_FORMS: usize = 50_000;
/// Stands for a word that varies. It is such a word itself.
const ANY: &str = "0";

/// A text as it is kept: its template, and what varies. Without a template the first is the whole text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Packed<'a> {
    pub(super) template: Option<i64>,
    pub(super) variables: [Option<&'a str>; MOST],
}

impl<'a> Packed<'a> {
    fn whole(text: Option<&'a str>) -> Self {
        let mut variables = [None; MOST];
        variables[0] = text;
        Self { template: None, variables }
    }
}

/// Texts that have everything in common but the words that may vary.
#[derive(Debug)]
struct Form {
    /// One of them.
    text: Box<str>,
    /// Its words that may vary.
    words: Vec<Range<usize>>,
    /// The words that were seen to vary, a bit each.
    varies: u32,
    /// How many of the texts came.
    met: u32,
    /// The template, and the words that it takes for variables.
    template: Option<(i64, u32)>,
}

/// The templates, as far as this process knows them. Valid as long as no transaction that made one is undone.
#[derive(Debug, Default)]
pub(super) struct Templates {
    hasher: RandomState,
    forms: HashMap<u64, Form>,
    /// How many templates there are. `None`: nothing was read yet.
    known: Option<usize>,
}

impl Templates {
    /// Forgets the templates, so that they are read again before they are used.
    pub(super) fn forget(&mut self) {
        self.forms.clear();
        self.known = None;
    }

    /// How a text is to be kept, in a template and at most this many variables.
    pub(super) fn pack<'a>(
        &mut self,
        sql: &Connection,
        text: Option<&'a str>,
        most: usize,
    ) -> rusqlite::Result<Packed<'a>> {
        let may = |text: &&str| (LEAST_FIXED..=LONGEST).contains(&text.len()) && !text.contains('\0');
        let Some(whole) = text.filter(may) else {
            return Ok(Packed::whole(text));
        };
        let known = match self.known {
            Some(known) => known,
            None => self.read(sql)?,
        };
        let words = words(whole);
        let hash = self.hash(whole, &words, most);
        let Some(form) = self.forms.get_mut(&hash) else {
            if fixed(whole, &words) >= LEAST_FIXED {
                self.remember(hash, Form { text: whole.into(), words, varies: 0, met: 1, template: None });
            }
            return Ok(Packed::whole(text));
        };
        // Two forms may have one hash.
        let Some(varies) = form.varying(whole, &words) else { return Ok(Packed::whole(text)) };
        form.varies |= varies;
        form.met = form.met.saturating_add(1);
        let template = match form.template {
            Some((template, variables)) if variables == form.varies => template,
            _ if form.met <= BEFORE || known >= MOST_TEMPLATES => return Ok(Packed::whole(text)),
            _ => {
                let template = form.keep(sql, most)?;
                form.template = Some((template, form.varies));
                self.known = Some(known + 1);
                template
            }
        };
        Ok(Packed { template: Some(template), variables: variables(whole, &words, form.varies, most) })
    }

    fn hash(&self, text: &str, words: &[Range<usize>], most: usize) -> u64 {
        let mut hashed = (most, words.len(), 0);
        let mut from = 0;
        for word in words {
            hashed.2 = self.hasher.hash_one((hashed.2, &text[from..word.start]));
            from = word.end;
        }
        self.hasher.hash_one((hashed, &text[from..]))
    }

    fn remember(&mut self, hash: u64, form: Form) {
        if self.forms.len() >= MOST_TEMPLATES + MOST_FORMS {
            self.forms.retain(|_, form| form.template.is_some());
        }
        self.forms.insert(hash, form);
    }

    /// Reads the templates that there are, and returns how many.
    fn read(&mut self, sql: &Connection) -> rusqlite::Result<usize> {
        let mut find = sql.prepare_cached(
            "SELECT id, text_0, text_1, text_2, text_3, text_4, text_5, text_6, variables, most, rest FROM template \
             ORDER BY id",
        )?;
        let mut rows = find.query([])?;
        let mut known = 0;
        while let Some(row) = rows.next()? {
            known += 1;
            let [variables, most] = [row.get::<_, u8>(8)?, row.get(9)?].map(usize::from);
            // One of its texts: the last one is what is known of its variables.
            let mut text = String::new();
            let mut varying = Vec::new();
            for number in 0..=variables.min(MOST) {
                text.push_str(row.get_ref(1 + number)?.as_str()?);
                if number < variables {
                    varying.push(text.len());
                    text.push_str(ANY);
                }
            }
            let end = text.len();
            if let Some(rest) = row::text(row, 10)? {
                text.push_str(rest);
            }
            let words = words(&text);
            let is_variable = |word: &Range<usize>| varying.contains(&word.start) || word.start >= end;
            let varies = bits(words.iter().map(is_variable));
            let hash = self.hash(&text, &words, most);
            let template = Some((row.get(0)?, varies));
            self.forms.insert(hash, Form { text: text.into(), words, varies, met: BEFORE, template });
        }
        self.known = Some(known);
        Ok(known)
    }
}

impl Form {
    /// The words of a text of this form that differ from the known ones, a bit each. `None` if it is of another form.
    fn varying(&self, text: &str, words: &[Range<usize>]) -> Option<u32> {
        if words.len() != self.words.len() {
            return None;
        }
        let (mut from, mut known_from, mut varies) = (0, 0, 0);
        for (number, (word, known)) in words.iter().zip(&self.words).enumerate() {
            if text[from..word.start] != self.text[known_from..known.start] {
                return None;
            }
            if text[word.clone()] != self.text[known.clone()] {
                varies |= 1 << number;
            }
            (from, known_from) = (word.end, known.end);
        }
        (text[from..] == self.text[known_from..]).then_some(varies)
    }

    /// Writes the template of what is known, and returns its number.
    fn keep(&self, sql: &Connection, most: usize) -> rusqlite::Result<i64> {
        let mut texts = [""; MOST + 1];
        let (mut from, mut variables) = (0, 0);
        let mut rest = None;
        for (number, word) in self.words.iter().enumerate().filter(|(number, _)| self.varies & 1 << number != 0) {
            texts[variables] = &self.text[from..word.start];
            variables += 1;
            from = word.end;
            if variables == most && self.varies >> number >> 1 != 0 {
                // More vary than there is room for: the last variable is the rest of the text.
                rest = Some(self.masked(number));
                from = self.text.len();
                break;
            }
        }
        texts[variables] = &self.text[from..];
        let [text_0, text_1, text_2, text_3, text_4, text_5, text_6] = texts;
        let mut insert = sql.prepare_cached(
            "INSERT INTO template (text_0, text_1, text_2, text_3, text_4, text_5, text_6, variables, most, rest) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
        )?;
        let [variables, most] = [variables, most].map(|number| i64::try_from(number).unwrap_or_default());
        insert.insert(params![text_0, text_1, text_2, text_3, text_4, text_5, text_6, variables, most, rest])
    }

    /// The text after a word, without the words that may vary.
    fn masked(&self, word: usize) -> String {
        let mut masked = String::new();
        let mut from = self.words[word].end;
        for next in &self.words[word + 1..] {
            masked.push_str(&self.text[from..next.start]);
            masked.push_str(ANY);
            from = next.end;
        }
        masked.push_str(&self.text[from..]);
        masked
    }
}

/// The variable words of a text.
fn variables<'a>(text: &'a str, words: &[Range<usize>], varies: u32, most: usize) -> [Option<&'a str>; MOST] {
    let mut variables = [None; MOST];
    let mut varying = words.iter().enumerate().filter(|(number, _)| varies & 1 << number != 0).peekable();
    for (place, variable) in variables.iter_mut().enumerate().take(most) {
        let Some((_, word)) = varying.next() else { break };
        let end = if place + 1 == most && varying.peek().is_some() { text.len() } else { word.end };
        *variable = Some(&text[word.start..end]);
    }
    variables
}

fn bits(flags: impl Iterator<Item = bool>) -> u32 {
    flags.enumerate().fold(0, |bits, (number, flag)| bits | u32::from(flag) << number)
}

/// How many bytes of a text are in no word that may vary.
fn fixed(text: &str, words: &[Range<usize>]) -> usize {
    text.len() - words.iter().map(Range::len).sum::<usize>()
}

/// The words of a text that may vary: those of ASCII with a digit or an `@`.
fn words(text: &str) -> Vec<Range<usize>> {
    let bytes = text.as_bytes();
    let mut words = Vec::new();
    let mut from = 0;
    while from < bytes.len() && words.len() < MOST_WORDS {
        if !is_of_word(bytes[from]) {
            from += 1;
            continue;
        }
        let length = bytes[from..].iter().take_while(|byte| is_of_word(**byte)).count();
        let word = &bytes[from..from + length];
        if word.iter().any(|byte| byte.is_ascii_digit() || *byte == b'@') {
            // Punctuation at its end is no part of it.
            let behind = word.iter().rev().take_while(|byte| matches!(byte, b'.' | b'-' | b'+' | b'%' | b'_')).count();
            words.push(from..from + length - behind);
        }
        from += length;
    }
    words
}

fn is_of_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'@' | b'+' | b'%')
}

#[cfg(test)]
#[path = "templates_tests.rs"]
mod tests;
