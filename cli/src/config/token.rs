//! The source of an access token. A token is never written in the configuration itself, and never shown.

use std::path::PathBuf;

use storelogs::secrecy::{ExposeSecret, SecretString};

use super::{bounded, variables};
use crate::ui::Ui;

/// The source of an access token.
#[derive(Clone, Debug)]
pub(crate) enum TokenSource {
    /// The token itself, from the environment or made in this process.
    Text(SecretString),
    /// An environment variable.
    Env(String),
    /// The content of a file.
    File(PathBuf),
    /// The output of a program. It is run without a shell, and without the variables that hold other secrets.
    Command { command: Vec<String>, without: Vec<String> },
    /// The platform itself, for an app that shows its key and secret.
    App,
}

impl TokenSource {
    /// The token; `None` if the platform gives it. The error says why there is none.
    pub(crate) async fn get(&self, ui: Ui) -> Result<Option<SecretString>, String> {
        self.read("access token", ui).await
    }

    /// Reads the secret, which errors call `what`. `None` if the platform gives it.
    pub(crate) async fn read(&self, what: &str, ui: Ui) -> Result<Option<SecretString>, String> {
        let text = match self {
            Self::App => return Ok(None),
            Self::Text(token) => return Ok(Some(token.clone())),
            Self::Env(name) => variable(name, what)?,
            Self::File(path) => bounded::file(path, ui).await.map_err(no(what))?,
            Self::Command { command, without } => bounded::run(command, without).await.map_err(no(what))?,
        };
        Ok(Some(trimmed(&text)))
    }

    /// Takes care that a program does not get these variables.
    pub(super) fn keep_from(&mut self, variables: &[String]) {
        if let Self::Command { without, .. } = self {
            *without = variables.to_vec();
        }
    }

    /// The same at once, for what is needed before anything else begins. A program cannot be asked then.
    pub(super) fn read_now(&self, what: &str, ui: Ui) -> Result<Option<SecretString>, String> {
        match self {
            Self::App => Ok(None),
            Self::Text(text) => Ok(Some(text.clone())),
            Self::Env(name) => variable(name, what).map(|text| Some(trimmed(&text))),
            Self::File(path) => bounded::file_now(path, ui).map(|text| Some(trimmed(&text))).map_err(no(what)),
            Self::Command { .. } => Err(format!("the {what} cannot come from a command: name a variable or a file")),
        }
    }
}

impl PartialEq for TokenSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.expose_secret() == b.expose_secret(),
            (Self::Env(a), Self::Env(b)) => a == b,
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Command { command: a, .. }, Self::Command { command: b, .. }) => a == b,
            (Self::App, Self::App) => true,
            _ => false,
        }
    }
}

/// Why there is none of what is wanted.
fn no(what: &str) -> impl Fn(String) -> String {
    move |why| format!("no {what}: {why}")
}

fn variable(name: &str, what: &str) -> Result<String, String> {
    match variables::text(name) {
        Ok(Some(text)) => Ok(text),
        Ok(None) => Err(no(what)(format!("the environment variable {name} is not set"))),
        Err(error) => Err(error.to_string()),
    }
}

fn trimmed(text: &str) -> SecretString {
    SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())
}
