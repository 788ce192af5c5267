//! What is known of the terminal: colours, width, and the lines for the user on stderr.

use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ValueEnum;

use super::{logs, printable};

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Colour {
    #[default]
    Auto,
    Always,
    Never,
}

pub(crate) const RED: Style = AnsiColor::Red.on_default().bold();
pub(crate) const YELLOW: Style = AnsiColor::Yellow.on_default();
pub(crate) const GREEN: Style = AnsiColor::Green.on_default();
pub(crate) const CYAN: Style = AnsiColor::Cyan.on_default();
pub(crate) const MAGENTA: Style = AnsiColor::Magenta.on_default();
pub(crate) const DIM: Style = Style::new().dimmed();
pub(crate) const BOLD: Style = Style::new().bold();

/// Sets when colours are used, for both streams.
pub(crate) fn choose_colour(choice: Colour) {
    match choice {
        Colour::Auto => anstream::ColorChoice::Auto,
        Colour::Always => anstream::ColorChoice::Always,
        Colour::Never => anstream::ColorChoice::Never,
    }
    .write_global();
}

/// Whether what goes to stdout is coloured.
pub(crate) fn stdout_is_coloured() -> bool {
    AutoStream::choice(&io::stdout()) != anstream::ColorChoice::Never
}

/// The columns of the terminal that stdout is; `None` if it is none.
pub(crate) fn stdout_width() -> Option<usize> {
    let stdout = io::stdout();
    if !stdout.is_terminal() {
        return None;
    }
    terminal_size::terminal_size_of(stdout).map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
}

/// Says on stderr what went wrong. The text may be several lines; it is made safe to show.
pub(crate) fn error(text: &str) {
    if logs::are_on() {
        return tracing::error!(target: "storelogs", "{}", one_line(text));
    }
    tell("error", RED, text);
}

/// Says on stderr what the user should know.
pub(crate) fn warning(text: &str) {
    if logs::are_on() {
        return tracing::warn!(target: "storelogs", "{}", one_line(text));
    }
    tell("warning", YELLOW, text);
}

/// Several lines as one, safe to show, without styles.
fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable::line).filter(|line| !line.trim().is_empty()).collect();
    lines.join("; ")
}

fn tell(label: &str, style: Style, text: &str) {
    let mut lines = text.lines().map(printable::line);
    let first = lines.next().unwrap_or_default();
    let mut told = format!("{style}{label}:{style:#} {first}\n");
    for line in lines {
        told.push_str(if line.is_empty() { "" } else { "  " });
        told.push_str(&line);
        told.push('\n');
    }
    note(&told);
}

/// Writes styled lines to stderr. Where stderr is gone there is nobody to tell.
pub(crate) fn note(text: &str) {
    if logs::are_on() {
        return tracing::info!(target: "storelogs", "{}", one_line(text));
    }
    let mut stderr = anstream::stderr().lock();
    let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
}
