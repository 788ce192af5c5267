//! What is wrong with a line that is no TOML, in words for people who never heard of TOML. Nothing of the line's value is
//! shown: it may be a token.

use storelogs_collector::nearest::shown;

use super::mistake::Fault;

/// Quotes as word processors write them.
const CURLY: [char; 7] = ['“', '”', '„', '‘', '’', '«', '»'];

/// The keys whose values stand elsewhere, because they are secret.
const SECRETS: [&str; 6] = ["access_token", "app_key", "app_secret", "webhook", "webhook_secret", "webhook_key"];

/// Where the lines of a text end.
pub(super) struct Lines(Vec<usize>);

impl Lines {
    pub(super) fn of(text: &str) -> Self {
        Self(text.match_indices('\n').map(|(at, _)| at).collect())
    }

    /// The number of the line with this byte.
    pub(super) fn number(&self, at: usize) -> usize {
        self.0.partition_point(|end| *end < at) + 1
    }
}

/// The fault in a text that cannot be read at this byte. `known` are the tables of a file, and the keys of each.
pub(super) fn fault<'a>(
    text: &str,
    at: usize,
    is_duplicate: bool,
    known: impl Iterator<Item = (Option<&'a str>, &'a [&'a str])>,
) -> Fault {
    let lines: Vec<&str> = text.lines().collect();
    let mut number = Lines::of(text).number(at).clamp(1, lines.len().max(1));
    // What lacks its end is noticed behind it.
    while number > 1 && lines.get(number - 1).is_none_or(|line| line.trim().is_empty()) {
        number -= 1;
    }
    if let Some(above) = open_above(&lines[..number.saturating_sub(1)]) {
        number = above;
    }
    let line = lines.get(number - 1).map_or("", |line| line.trim());
    let known: Vec<_> = known.collect();
    let sections: Vec<&str> = known.iter().filter_map(|(name, _)| *name).collect();
    if is_duplicate { twice(&lines, number, &sections) } else { (number, why(line)) }
}

/// The line of a list or table that was begun above and has no end there.
fn open_above(above: &[&str]) -> Option<usize> {
    let at = above.iter().rposition(|line| line.contains('=') || line.trim_start().starts_with('['))?;
    let (_, value) = above[at].split_once('=')?;
    let value = value.trim();
    let is_open = |begin, end| value.starts_with(begin) && !value.contains(end);
    let ends = above[at + 1..].iter().any(|line| line.contains([']', '}']));
    ((is_open('[', ']') || is_open('{', '}')) && !ends).then_some(at + 1)
}

/// A key or a table that is there twice, the second time in this line.
fn twice(lines: &[&str], number: usize, sections: &[&str]) -> Fault {
    let line = lines.get(number - 1).map_or("", |line| line.trim());
    if line.starts_with('[') {
        let Some(section) = sections.iter().find(|section| **section == name(line)) else {
            return (number, "this table is there twice: leave one out".to_owned());
        };
        if !line.starts_with("[[") {
            return (number, two_brackets(section));
        }
        // With two brackets it may be there twice: what is wrong is above.
        let above = lines[..number - 1].iter().map(|line| line.trim());
        let other = |line: &str| {
            let is_table = line.starts_with('[') && !line.starts_with("[[");
            if is_table { name(line) == *section } else { !line.starts_with('[') && root(line) == *section }
        };
        return match above.clone().position(other) {
            Some(at) if lines[at].trim().starts_with('[') => (at + 1, two_brackets(section)),
            Some(at) => (at + 1, not_of_the_file(section, section)),
            None => {
                (number, format!("{section} is there above in another form: write a line [[{section}]] there, too"))
            }
        };
    }
    let key = key(line);
    (
        number,
        format!("{key} is there twice: leave one out, or begin another table before it, with a line such as [[store]]"),
    )
}

/// The name of the table that a line begins.
fn name(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim().trim_matches(['[', ']', ' '])
}

/// The first part of a line's key.
fn root(line: &str) -> &str {
    line.split(['=', '.', ' ', '\t']).next().unwrap_or_default().trim_matches(['"', '\''])
}

pub(super) fn two_brackets(section: &str) -> String {
    format!("write [[{section}]], with two brackets: there may be several")
}

/// A key that stands above the first table, and belongs into one.
pub(super) fn not_of_the_file(key: &str, section: &str) -> String {
    format!("{key} is not a key of the file itself: it belongs below a line [[{section}]]")
}

/// The key of a line, as far as it may be shown.
fn key(line: &str) -> &str {
    let end = line.find(['=', ':', ' ', '\t']).unwrap_or(line.len());
    shown(line[..end].trim()).unwrap_or("key")
}

/// The form of a key's value, as an example.
fn example(key: &str) -> &'static str {
    if SECRETS.contains(&key) { "{ env = \"NAME\" }" } else { "\"…\"" }
}

/// What is wrong with a line, by its form alone.
fn why(line: &str) -> String {
    let (key, example) = (key(line), example(key(line)));
    let first = line.chars().next().unwrap_or(' ');
    if line.starts_with('{') || line.starts_with("- ") {
        let other = if first == '{' { "JSON" } else { "YAML" };
        return format!("this is {other}, and the file is TOML: write a line [[store]], and key = \"…\" below it");
    }
    if first == '[' {
        return "a table begins with a line [[store]], [[rule]] or [[export]], two brackets on each side, and nothing \
                behind them"
            .to_owned();
    }
    if matches!(first, '"' | '\'' | ']' | '}') && !line.contains('=') {
        return "a list is [\"…\", \"…\"]: a comma, a quote or a bracket is missing here or above".to_owned();
    }
    let colon = line.find(':').filter(|colon| line.find(['=', '"', '\'']).is_none_or(|other| *colon < other));
    if colon.is_some() {
        return format!("there is a colon behind the key: write {key} = {example}");
    }
    let Some((before, value)) = line.split_once('=') else {
        return format!("there is no = between a key and its value: write {key} = {example}");
    };
    let (before, value) = (before.trim(), value.trim());
    if before.is_empty() {
        return "there is no key before the =".to_owned();
    }
    if before.contains(char::is_whitespace) {
        return "a key is one word, and more than that stands before the =".to_owned();
    }
    of_value(key, value)
}

/// What is wrong with a value, by its form alone.
fn of_value(key: &str, value: &str) -> String {
    let example = example(key);
    match value.chars().next() {
        None | Some('#') => format!("{key} has no value: write {key} = {example}"),
        Some(quote) if CURLY.contains(&quote) => {
            format!("these are a word processor's quotes: write straight ones, {key} = {example}")
        }
        Some(quote @ ('"' | '\'')) => of_text(key, value, quote),
        Some('{') if !value.contains('}') => format!("a }} is missing: write {key} = {{ … }} in one line"),
        Some('{') => format!("between {{ and }} there are keys and values, with commas: {key} = {{ … = \"…\" }}"),
        Some('[') if !value.contains(']') => format!("a ] is missing, here or below: write {key} = [\"…\", \"…\"]"),
        Some('[') => format!("a list is written so: {key} = [\"…\", \"…\"]"),
        Some(_) if is_truth(value) => format!("write {key} = true or {key} = false, in small letters"),
        Some('0'..='9' | '+' | '-' | '.') => {
            format!("the value of {key} is neither a number nor in quotes: a text is written {key} = {example}")
        }
        Some(_) if SECRETS.contains(&key) => format!("write {key} = {example}, and the secret itself elsewhere"),
        Some(_) => format!("a text stands in quotes: write {key} = {example}"),
    }
}

/// What is wrong with a value that begins with a quote.
fn of_text(key: &str, value: &str, quote: char) -> String {
    if value.starts_with("\"\"\"") || value.starts_with("'''") {
        return format!("the text in three quotes has no end: write {key} = \"…\" in one line");
    }
    if quote == '"' && value.contains('\\') {
        return format!(
            "a backslash in double quotes is not an ordinary letter: write {key} = '…', in single quotes, or / for it"
        );
    }
    match value[1..].split_once(quote) {
        None => format!("a quote is missing at the end: write {key} = {quote}…{quote}"),
        Some((_, rest)) if rest.trim_start().starts_with([',', ';']) => {
            "a line ends behind its value: leave out the comma or semicolon".to_owned()
        }
        Some(_) => {
            format!("more stands behind the closing quote: write {key} = {quote}…{quote}, and comments behind a #")
        }
    }
}

fn is_truth(value: &str) -> bool {
    let word = value.split(['#', ' ', ',']).next().unwrap_or_default().to_ascii_lowercase();
    ["true", "false", "yes", "no", "on", "off"].contains(&word.as_str())
}
