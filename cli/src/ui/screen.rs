//! The screen: results go to stdout, errors and progress to stderr.

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;

use anstream::AutoStream;
use anstyle::Style;
use serde::Serialize;

use super::logs::{self, LogSettings};
use super::palette::Palette;
use super::printable;
use super::stdout::{self, Out};
use crate::error::CliError;

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Colour {
    /// Use colours where they are understood, unless the user wants none.
    #[default]
    Auto,
    Always,
    Never,
}

/// Shows the help, the version, or what is wrong with the arguments, and returns the code that the program ends with.
pub(crate) fn usage(error: &clap::Error) -> ExitCode {
    // Nobody listens any more, if this fails.
    let _ = error.print();
    ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2))
}

/// The screen. Copies are one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ui {
    /// Whether stderr is for logs: nothing else may be written there.
    logs: bool,
}

impl Ui {
    /// Sets when colours are used, for both streams, and turns logs on if there are to be any.
    pub(crate) fn new(colour: Colour, logs: Option<LogSettings>) -> Self {
        match colour {
            Colour::Auto => anstream::ColorChoice::Auto,
            Colour::Always => anstream::ColorChoice::Always,
            Colour::Never => anstream::ColorChoice::Never,
        }
        .write_global();
        if let Some(settings) = logs {
            logs::begin(settings);
        }
        Self { logs: logs.is_some() }
    }

    /// One for tests, which show nothing in particular.
    #[cfg(test)]
    pub(crate) fn of_a_test() -> Self {
        Self { logs: false }
    }

    /// Whether stderr is for logs.
    pub(crate) fn has_logs(self) -> bool {
        self.logs
    }

    /// Whether a person looks at stderr.
    pub(crate) fn has_a_viewer(self) -> bool {
        io::stderr().is_terminal() && !self.logs
    }

    /// Whether results go to the terminal, too.
    pub(crate) fn stdout_is_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    /// The columns of the terminal that stdout is; `None` if it is none.
    pub(crate) fn stdout_width(self) -> Option<usize> {
        let stdout = io::stdout();
        if !stdout.is_terminal() {
            return None;
        }
        terminal_size::terminal_size_of(stdout).map(|(width, _)| usize::from(width.0)).filter(|width| *width > 0)
    }

    /// The colours of stdout.
    pub(crate) fn palette(self) -> Palette {
        match AutoStream::choice(&io::stdout()) {
            anstream::ColorChoice::Never => Palette::PLAIN,
            _ => Palette::COLOURED,
        }
    }

    /// Stdout for people.
    pub(crate) fn stdout(self) -> Out {
        stdout::for_people()
    }

    /// Stdout for machines, which get every byte as it is. A terminal does not: it would obey some.
    pub(crate) fn stdout_for_machines(self) -> Out {
        stdout::for_machines()
    }

    /// Whether a person types what is read.
    #[cfg(feature = "mcp")]
    pub(crate) fn stdin_is_terminal(self) -> bool {
        io::stdin().is_terminal()
    }

    /// Standard input and output, for a protocol that nothing else may get into.
    #[cfg(feature = "mcp")]
    pub(crate) fn stdio(self) -> (tokio::io::Stdin, tokio::io::Stdout) {
        (tokio::io::stdin(), tokio::io::stdout())
    }

    /// Writes a value to stdout as JSON, on several lines.
    pub(crate) fn json(self, value: &impl Serialize) -> Result<(), CliError> {
        let mut out = self.stdout_for_machines();
        serde_json::to_writer_pretty(&mut out, value)?;
        writeln!(out)?;
        Ok(out.flush()?)
    }

    /// Says on stderr why a command could not go on.
    pub(crate) fn failure(self, error: &CliError) {
        if error.is_said() {
            self.error(&error.to_string());
        }
    }

    /// Says why a store failed: our words, then the platform's.
    pub(crate) fn store_error(self, error: &storelogs::Error) {
        match error.detail() {
            Some(detail) => self.error(&format!("{error}\nthe platform says: {}", detail.replace('\n', " "))),
            None => self.error(&error.to_string()),
        }
    }

    /// Says on stderr what went wrong. The text may be several lines; it is made safe to show.
    pub(crate) fn error(self, text: &str) {
        if self.logs {
            return tracing::error!(target: "storelogs", "{}", one_line(text));
        }
        self.labelled("error", Palette::COLOURED.red, text);
    }

    /// Says on stderr what the user should know.
    pub(crate) fn warning(self, text: &str) {
        if self.logs {
            return tracing::warn!(target: "storelogs", "{}", one_line(text));
        }
        self.labelled("warning", Palette::COLOURED.yellow, text);
    }

    fn labelled(self, label: &str, style: Style, text: &str) {
        let mut lines = text.lines().map(printable::line);
        let first = lines.next().unwrap_or_default();
        let mut said = format!("{style}{label}:{style:#} {first}\n");
        for line in lines {
            said.push_str(if line.is_empty() { "" } else { "  " });
            said.push_str(&line);
            said.push('\n');
        }
        self.note(&said);
    }

    /// Writes styled lines to stderr. Where stderr is gone there is nobody to read them.
    pub(crate) fn note(self, text: &str) {
        if self.logs {
            return tracing::info!(target: "storelogs", "{}", one_line(text));
        }
        let mut stderr = anstream::stderr().lock();
        let _ = stderr.write_all(text.as_bytes()).and_then(|()| stderr.flush());
    }
}

/// Several lines as one, safe to show, without styles.
fn one_line(text: &str) -> String {
    let lines: Vec<_> = text.lines().map(printable::line).filter(|line| !line.trim().is_empty()).collect();
    lines.join("; ")
}
