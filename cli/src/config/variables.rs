//! The environment variables that the program reads.

use std::env;

use crate::error::CliError;

/// A variable that may be there. Empty counts as not set.
pub(crate) fn text(name: &str) -> Result<Option<String>, CliError> {
    match env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(CliError::usage(format!("the environment variable {name} is not UTF-8 text")))
        }
    }
}
