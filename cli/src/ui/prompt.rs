//! A prompt for lines on a terminal.

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;

use crate::error::CliError;

/// A prompt whose lines can be edited. Its history is kept in memory only: a line may name customers.
pub(crate) struct Prompt(DefaultEditor);

/// The user's input.
pub(crate) enum Typed {
    Line(String),
    /// Ctrl-C.
    Interrupted,
    /// Ctrl-D.
    End,
}

impl Prompt {
    pub(crate) fn new() -> Result<Self, CliError> {
        Ok(Self(DefaultEditor::new().map_err(|error| broken(&error))?))
    }

    pub(crate) fn ask(&mut self, prompt: &str) -> Result<Typed, CliError> {
        match self.0.readline(prompt) {
            Ok(line) => Ok(Typed::Line(line)),
            Err(ReadlineError::Interrupted) => Ok(Typed::Interrupted),
            Err(ReadlineError::Eof) => Ok(Typed::End),
            Err(error) => Err(broken(&error)),
        }
    }

    /// Adds a text to those that the arrow keys bring back.
    pub(crate) fn remember(&mut self, text: &str) {
        // It fails only where there is no room for one line more.
        let _ = self.0.add_history_entry(text);
    }
}

fn broken(error: &ReadlineError) -> CliError {
    CliError::failed(format!("the terminal cannot be read: {error}"))
}
