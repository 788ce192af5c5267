//! Environment variables.

use std::env;

use crate::error::{Error, Result};

/// An environment variable that must be there.
pub(crate) fn required(name: &str) -> Result<String> {
    optional(name)?.ok_or_else(|| Error::invalid(format!("the environment variable {name} is not set")))
}

/// An environment variable that may be there. Empty counts as not set.
pub(crate) fn optional(name: &str) -> Result<Option<String>> {
    match env::var(name) {
        Ok(text) if text.trim().is_empty() => Ok(None),
        Ok(text) => Ok(Some(text)),
        Err(env::VarError::NotPresent) => Ok(None),
        Err(env::VarError::NotUnicode(_)) => {
            Err(Error::invalid(format!("the environment variable {name} is not UTF-8 text")))
        }
    }
}
