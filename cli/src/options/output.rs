//! The format of a command's output, and the file that it goes into: one rule for every command that writes files.

use std::path::{Path, PathBuf};

use clap::Args;

use crate::error::CliError;
use crate::output::FileFormat;

/// The name of standard output.
const STDOUT: &str = "-";

/// The format of the output, and its place.
#[derive(Args, Debug)]
pub(crate) struct OutputOptions<F: FileFormat> {
    /// The format [default: by the ending of the file's name, else for reading]
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<F>,

    /// Write it into this file; - is standard output
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

impl<F: FileFormat> OutputOptions<F> {
    /// The file, unless the output goes to standard output.
    pub(crate) fn file(&self) -> Option<&Path> {
        self.output.as_deref().filter(|path| *path != Path::new(STDOUT))
    }

    /// The format that was asked for by name.
    pub(crate) fn named(&self) -> Option<F> {
        self.format
    }

    /// The format: the one that is named, else the one that the file's name asks for.
    ///
    /// # Errors
    /// If the name asks for a format that there is not.
    pub(crate) fn format(&self) -> Result<F, CliError> {
        match (self.format, self.file()) {
            (Some(format), _) => Ok(format),
            (None, Some(path)) => by_name(path),
            (None, None) => Ok(F::FOR_READING),
        }
    }
}

fn by_name<F: FileFormat>(path: &Path) -> Result<F, CliError> {
    let Some(ending) = path.extension() else { return Ok(F::FOR_READING) };
    let ending = ending.to_string_lossy().to_ascii_lowercase();
    F::of_ending(&ending).ok_or_else(|| {
        let error = CliError::usage(format!("-o: nothing here is written as {ending:?}: name the file {}", F::ENDINGS));
        error.hint(F::instead(&ending).unwrap_or("or give --format"))
    })
}
