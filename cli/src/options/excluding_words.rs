//! Words of a query that begin with a minus, `-sandbox`, and are no options.

use std::ffi::OsString;

use clap::{ArgAction, Command};

/// The commands whose arguments are a query.
const WITH_QUERY: [&str; 2] = ["search", "forget"];

/// The words of a command line, where those that exclude something from a query cannot be taken for options. A space before one
/// changes nothing in a query.
pub(crate) fn with_excluding_words(program: &Command, words: impl IntoIterator<Item = OsString>) -> Vec<OsString> {
    let mut words: Vec<OsString> = words.into_iter().collect();
    let Some((at, command)) = command(program, &words) else { return words };
    if !WITH_QUERY.contains(&command.get_name()) {
        return words;
    }
    let is_short = |letter: char| {
        let of = |command: &Command| command.get_arguments().any(|argument| argument.get_short() == Some(letter));
        matches!(letter, 'h' | 'V') || of(program) || of(command)
    };
    for word in words.iter_mut().skip(at + 1).take_while(|word| *word != "--") {
        if let Some(text) = word.to_str().filter(|text| excludes(text, is_short)) {
            *word = format!(" {text}").into();
        }
    }
    words
}

/// The command, and its place among the words.
fn command<'a>(program: &'a Command, words: &[OsString]) -> Option<(usize, &'a Command)> {
    let takes_value = |word: &str| {
        let option =
            program.get_arguments().find(|option| option.get_long().is_some_and(|long| word == format!("--{long}")));
        option.is_some_and(|option| matches!(option.get_action(), ArgAction::Set | ArgAction::Append))
    };
    let mut rest = words.iter().enumerate().skip(1);
    while let Some((at, word)) = rest.next() {
        let word = word.to_str()?;
        if takes_value(word) {
            rest.next();
        } else if !word.starts_with('-') {
            return program.find_subcommand(word).map(|command| (at, command));
        }
    }
    None
}

/// Whether a word excludes something: `-field:value`, or `-word` if no option is written so.
fn excludes(word: &str, is_short: impl Fn(char) -> bool) -> bool {
    let Some(rest) = word.strip_prefix('-') else { return false };
    let name = rest.trim_start_matches(|c: char| c.is_ascii_alphabetic() || c == '_');
    let is_field = rest.len() - name.len() > 1 && name.starts_with([':', '<', '>', '=']);
    let is_word = rest.chars().count() > 1
        && rest.starts_with(|c: char| (c.is_alphabetic() && !is_short(c)) || matches!(c, '"' | '('));
    is_field || is_word
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &[&str]) -> Vec<String> {
        let words = line.iter().map(OsString::from);
        let read = with_excluding_words(&crate::arguments(), words);
        read.into_iter().map(|word| word.into_string().unwrap_or_default()).collect()
    }

    #[test]
    fn a_word_that_excludes_something_is_no_option_and_an_option_is_no_word() {
        for word in [
            "-sensitive:yes",
            "-sandbox",
            "-owner:acme",
            "-\"card declined\"",
            "-(a OR b)",
            "-séverité",
            "-severity>=error",
        ] {
            assert_eq!(read(&["storelogs", "search", word])[2], format!(" {word}"), "{word}");
            assert_eq!(read(&["storelogs", "--color", "never", "forget", "a", word])[5], format!(" {word}"), "{word}");
        }
        for word in ["--limit", "--lmit", "-o", "-ofile.csv", "-h", "-x", "-", "--", "-5m", "+", "refund"] {
            assert_eq!(read(&["storelogs", "search", word])[2], word, "{word}");
        }
        for line in [
            &["storelogs", "fetch", "-sandbox"][..],
            &["storelogs", "search", "--", "-sandbox"],
            &["storelogs", "-sandbox"],
        ] {
            assert_eq!(read(line), line);
        }
        assert_eq!(read(&["storelogs", "--log-level", "search", "sql", "-sandbox"])[4], "-sandbox", "another command");
    }
}
