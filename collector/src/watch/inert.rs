//! Texts of the log that nobody reads as anything but text: whoever can make a shop log something could call a whole team by
//! them, or lead it to an address.

/// A character without width: it parts what a chat would join into a name or an address.
const APART: char = '\u{200b}';

/// The parts of a text that are made harmless.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Without {
    /// The beginning of a tag: `<!channel>`, `<a href=…>`.
    Tags,
    /// That, names to call, and addresses to link to.
    NamesAndLinks,
}

/// Short, on one line, and without what any chat or page takes for a name to call, an address to link to, or a tag.
pub(super) fn inert(text: &str, most: usize) -> String {
    without(Without::NamesAndLinks, text, most)
}

/// Short, on one line, and without tags. Names and addresses stay as they are, for a program that compares them.
pub(super) fn untagged(text: &str, most: usize) -> String {
    without(Without::Tags, text, most)
}

fn without(what: Without, text: &str, most: usize) -> String {
    let mut shown = String::new();
    let mut rest = text.chars().map(plain).take(most).peekable();
    while let Some(c) = rest.next() {
        shown.push(c);
        let next = rest.peek().copied();
        let is_tag = c == '<' && next.is_some_and(|next| "@!#/?".contains(next) || next.is_alphabetic());
        let joins = match c {
            '@' | '＠' => true, // `@all`, `@here`
            '!' => next == Some('['),
            ':' => next == Some('/') || SCHEMES.iter().any(|scheme| ends_with(&shown, scheme)),
            '.' => next.is_some_and(char::is_alphabetic),
            ']' => next == Some('('),
            _ => false,
        };
        if is_tag || joins && what == Without::NamesAndLinks {
            shown.push(APART);
        }
    }
    if text.chars().nth(most).is_some() {
        shown.push('…');
    }
    shown
}

/// Schemes that make a link without `//`.
const SCHEMES: [&str; 5] = ["mailto:", "tel:", "sms:", "javascript:", "data:"];

fn ends_with(text: &str, end: &str) -> bool {
    let start = text.len().checked_sub(end.len());
    start.and_then(|start| text.get(start..)).is_some_and(|last| last.eq_ignore_ascii_case(end))
}

/// The character as it is shown: the text stays on one line, and ends no block of code.
fn plain(c: char) -> char {
    match c {
        '`' => '\'',
        c if c.is_control() => ' ',
        c => c,
    }
}
