//! Formats that the ending of a file's name can ask for.

use clap::ValueEnum;

/// A format that the ending of a file's name can ask for.
pub(crate) trait FileFormat: ValueEnum + Copy + Send + Sync + 'static {
    /// The format of standard output, and of a file whose name has no ending.
    const FOR_READING: Self;
    /// The endings that there are, as a message names them.
    const ENDINGS: &'static str;

    /// The format of files with this ending, in small letters.
    fn of_ending(ending: &str) -> Option<Self>;

    /// What helps who wants a file with this ending.
    fn instead(ending: &str) -> Option<&'static str> {
        let _ = ending;
        None
    }
}
