//! The fix of `patch.yml`: corrections that the vendor made needless are deleted, and those whose place moved are
//! moved.

use crate::generator::corrections::{Lines, Stale, Why};

/// Makes the changes to `patch.yml` that the stale corrections ask for, as far as they need no decision, or the
/// decision about something lost was made: about a parameter by its name, about anything else by its place.
pub(super) fn fix(text: &str, stale: &[Stale], decided: impl Fn(&str) -> bool) -> String {
    let mut lines: Vec<Option<String>> = text.lines().map(|line| Some(line.to_owned())).collect();
    for stale in stale {
        let mut of = |lines_of: Lines, change: &dyn Fn(&str) -> Option<String>| {
            for line in &mut lines[lines_of.0 - 1..lines_of.1] {
                *line = line.take().and_then(|line| change(&line));
            }
        };
        match &stale.why {
            Why::Fixed => of(stale.lines, &|_| None),
            Why::Partly(done) => done.iter().for_each(|lines| of(*lines, &|_| None)),
            Why::Moved { from, to } => of(stale.lines, &|line| Some(moved(line, from, to))),
            Why::Gone { parameter: Some(name), .. } if decided(name) => of(stale.lines, &|_| None),
            Why::Gone { parameter: None, what, lines } if decided(what.trim_matches('`')) => of(*lines, &|_| None),
            Why::Changed { .. } | Why::Gone { .. } | Why::Broken(_) => {}
        }
    }
    let mut text = String::new();
    for line in lines.into_iter().flatten() {
        // If a block is removed, the blank lines around it meet.
        if !(line.is_empty() && (text.is_empty() || text.ends_with("\n\n"))) {
            text += &line;
            text.push('\n');
        }
    }
    text.trim_end().to_owned() + "\n"
}

/// A line of an operation, with its path moved to another place.
fn moved(line: &str, from: &str, to: &str) -> String {
    let rest = line.trim_start().strip_prefix("path: ").and_then(|path| path.strip_prefix(from));
    match rest.filter(|rest| rest.is_empty() || rest.starts_with('/')) {
        Some(rest) => format!("  path: {to}{rest}"),
        None => line.to_owned(),
    }
}
