//! The option that names the archive.

use std::path::PathBuf;

use clap::Args;
use storelogs_collector::{Archive, Error};

use crate::config;
use crate::error::CliError;

/// The option of every command over the archive.
#[derive(Args, Debug)]
pub(crate) struct ArchiveOptions {
    /// The archive [default: $STORELOGS_ARCHIVE, or storelogs/archive.db in the data directory]
    #[arg(long, value_name = "FILE")]
    archive: Option<PathBuf>,
}

impl ArchiveOptions {
    /// The path of the archive: the argument, then the environment, then the platform's data directory.
    pub(crate) fn path(&self) -> Result<PathBuf, CliError> {
        config::archive(self.archive.as_deref())
    }

    /// Opens the archive to write into, and makes it if there is none.
    pub(crate) fn open(&self) -> Result<Archive, CliError> {
        Ok(Archive::open(self.path()?)?)
    }

    /// Opens the archive that is there, to write down what is found of it. Where nothing can be written it is only read.
    pub(crate) fn annotate(&self) -> Result<Archive, CliError> {
        let archive = self.read()?;
        match Archive::open(archive.path()) {
            Ok(archive) => Ok(archive),
            Err(Error::Unusable { .. }) => Ok(archive),
            Err(error) => Err(error.into()),
        }
    }

    /// Opens the archive to read it.
    pub(crate) fn read(&self) -> Result<Archive, CliError> {
        Ok(Archive::read(self.path()?)?)
    }
}
