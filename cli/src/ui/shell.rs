//! Commands that a user can paste into a shell.

use std::borrow::Cow;

/// A word of a command, in quotes if it needs them.
pub(crate) fn quoted(word: &str) -> Cow<'_, str> {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-".contains(c);
    if word.chars().all(is_plain) { word.into() } else { always_quoted(word).into() }
}

fn always_quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_stays_one_word_whatever_is_in_it() {
        assert_eq!(quoted("/tmp/storelogs-demo-x1/archive.db"), "/tmp/storelogs-demo-x1/archive.db");
        assert_eq!(quoted("/tmp/it's mine"), r"'/tmp/it'\''s mine'");
    }
}
