//! The environment variables that the program reads.

use std::env;

use storelogs::Platform;

use crate::error::CliError;

/// The variables that hold something secret of a store.
pub(super) const SECRETS: [&str; 4] =
    ["BIGCOMMERCE_ACCESS_TOKEN", "SHOPLINE_ACCESS_TOKEN", "SHOPLINE_APP_KEY", "SHOPLINE_APP_SECRET"];

/// The variable that holds the access token of a platform's store.
pub(super) fn token_variable(platform: &Platform) -> &'static str {
    if *platform == Platform::SHOPLINE { "SHOPLINE_ACCESS_TOKEN" } else { "BIGCOMMERCE_ACCESS_TOKEN" }
}

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
