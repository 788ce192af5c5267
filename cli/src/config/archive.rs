//! The path of the archive.

use std::path::{Path, PathBuf};

use super::{directories, variables};
use crate::error::CliError;

/// The archive of a call: the file that an argument names, then that of the environment, then the user's own.
pub(crate) fn archive(named: Option<&Path>) -> Result<PathBuf, CliError> {
    if let Some(path) = named {
        return Ok(path.to_owned());
    }
    if let Some(path) = variables::text("STORELOGS_ARCHIVE")? {
        return Ok(PathBuf::from(path));
    }
    let data = directories::data().ok_or_else(|| {
        CliError::usage("there is no home directory to keep the archive in: name a file with --archive".to_owned())
    })?;
    Ok(data.join("storelogs").join("archive.db"))
}
