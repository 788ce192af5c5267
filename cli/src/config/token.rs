//! Where an access token comes from. A token is never written in the configuration itself, and never shown.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use storelogs::secrecy::{ExposeSecret, SecretString};
use tokio::process::Command;

use super::environment;
use crate::exit::Stop;
use crate::terminal;

/// How long a program may take to print a token.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// No token is longer; a file or an output that is, is something else.
const LONGEST: usize = 64 * 1024;

/// Where an access token comes from.
#[derive(Clone, Debug)]
pub(crate) enum TokenSource {
    /// The token itself, from the environment or made in this process.
    Text(SecretString),
    /// An environment variable.
    Env(String),
    /// The content of a file.
    File(PathBuf),
    /// What a program prints. It is run without a shell.
    Command(Vec<String>),
    /// The platform itself, for an app that shows its key and secret.
    App,
}

impl TokenSource {
    /// The token; `None` if the platform gives it. The error says why there is none.
    pub(crate) async fn get(&self) -> Result<Option<SecretString>, String> {
        self.read("access token").await
    }

    /// What is there, called so in errors; `None` if the platform gives it.
    pub(super) async fn read(&self, what: &str) -> Result<Option<SecretString>, String> {
        let text = match self {
            Self::App => return Ok(None),
            Self::Text(token) => return Ok(Some(token.clone())),
            Self::Env(name) => match environment::text(name) {
                Ok(Some(text)) => text,
                Ok(None) => return Err(format!("no {what}: the environment variable {name} is not set")),
                Err(Stop::Usage(why)) => return Err(why),
                Err(_) => return Err(format!("the environment variable {name} cannot be read")),
            },
            Self::File(path) => file(path).await?,
            Self::Command(command) => run(command).await?,
        };
        Ok(Some(SecretString::from(text.trim_end_matches(['\r', '\n']).to_owned())))
    }
}

impl PartialEq for TokenSource {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Text(a), Self::Text(b)) => a.expose_secret() == b.expose_secret(),
            (Self::Env(a), Self::Env(b)) => a == b,
            (Self::File(a), Self::File(b)) => a == b,
            (Self::Command(a), Self::Command(b)) => a == b,
            (Self::App, Self::App) => true,
            _ => false,
        }
    }
}

async fn file(path: &Path) -> Result<String, String> {
    let shown = path.display();
    let bad = |error: std::io::Error| format!("the token file {shown} cannot be read: {error}");
    let about = tokio::fs::metadata(path).await.map_err(bad)?;
    if about.len() > LONGEST as u64 {
        return Err(format!("the token file {shown} is too large to hold a token"));
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if about.permissions().mode() & 0o007 != 0 {
            terminal::warning(&format!("every user of this machine can read {shown}: chmod 600 it"));
        }
    }
    tokio::fs::read_to_string(path).await.map_err(bad)
}

async fn run(command: &[String]) -> Result<String, String> {
    let [program, arguments @ ..] = command else { return Err("the token command is empty".to_owned()) };
    let failed = |error: std::io::Error| format!("the token command {program:?} cannot be run: {error}");
    // Its stderr is the user's: that is where it asks for a password or says what went wrong.
    let child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::inherit())
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .kill_on_drop(true)
        .spawn()
        .map_err(failed)?;
    let output = tokio::time::timeout(COMMAND_LIMIT, child.wait_with_output());
    let Ok(output) = output.await else {
        return Err(format!("the token command {program:?} took longer than {} s", COMMAND_LIMIT.as_secs()));
    };
    let output = output.map_err(failed)?;
    if !output.status.success() {
        return Err(format!("the token command {program:?} failed: {}", output.status));
    }
    if output.stdout.len() > LONGEST {
        return Err(format!("the token command {program:?} printed too much to be a token"));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("the token command {program:?} printed no UTF-8 text"))
}
