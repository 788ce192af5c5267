//! Errors and exit codes of the program. Every other error becomes a [`CliError`] here.

use std::error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use storelogs_collector::query::SqlError;
use storelogs_collector::search::QueryError;
use storelogs_collector::verdict::Verdict;
use storelogs_collector::wording::room;

/// The codes that the program ends with. [`CODES`] lists them in `--help`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// Everything asked for was done.
    Done = 0,
    /// It failed.
    Failed = 1,
    /// The arguments, the environment or the configuration are wrong.
    Usage = 2,
    /// The platform refused access.
    Auth = 3,
    /// Some of it was done: a store failed, or a record could not be decoded.
    Partly = 4,
    /// It was interrupted with Ctrl-C before it was done.
    Interrupted = 130,
    /// It was asked to end by SIGTERM before it was done.
    Terminated = 143,
}

/// A list of the exit codes, for the end of a command's `--help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong arguments, environment or configuration; nothing was sent
  3  the platform refused access (HTTP 401, 402 or 403)
  4  partly failed: one of several stores, some records could not be decoded, or
     entries are missing or may be
  130  interrupted with Ctrl-C before it was done; 143 by SIGTERM";

/// The reason why a command could not go on.
#[derive(Debug)]
pub(crate) struct CliError {
    /// The kind of failure, which decides the exit code.
    pub(crate) kind: ErrorKind,
    /// The cause. Its `Display` is one line, or several.
    source: Box<dyn error::Error + Send + Sync>,
    /// Advice on what helps, a line each.
    hints: Vec<String>,
}

/// The kinds of [`CliError`], by how the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ErrorKind {
    /// The user has to change something.
    Usage,
    /// It went wrong.
    Failed,
    /// The reader of the output has seen enough, as `head` does: that is no failure.
    Unread,
    /// Ctrl-C ended it.
    Interrupted,
}

impl ErrorKind {
    fn exit(self) -> Exit {
        match self {
            Self::Usage => Exit::Usage,
            Self::Failed => Exit::Failed,
            Self::Unread => Exit::Done,
            Self::Interrupted => Exit::Interrupted,
        }
    }
}

impl CliError {
    fn new(kind: ErrorKind, source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self { kind, source: source.into(), hints: Vec::new() }
    }

    /// The user has to change something: an error, or a text.
    pub(crate) fn usage(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Usage, source)
    }

    /// It went wrong: an error, or a text.
    pub(crate) fn failed(source: impl Into<Box<dyn error::Error + Send + Sync>>) -> Self {
        Self::new(ErrorKind::Failed, source)
    }

    /// A file that was to hold the output cannot be written.
    fn unwritable(path: &Path, error: io::Error) -> Self {
        Self::failed(Unwritable { what: format!("the file {}", path.display()), error })
    }

    /// Adds what helps: a line, or several.
    pub(crate) fn hint(mut self, lines: &str) -> Self {
        self.hints.extend(lines.lines().map(str::to_owned));
        self
    }

    /// The code that the program ends with.
    pub(crate) fn exit(&self) -> Exit {
        self.kind.exit()
    }

    /// Whether there is anything to be said about it.
    pub(crate) fn is_said(&self) -> bool {
        matches!(self.kind, ErrorKind::Usage | ErrorKind::Failed)
    }
}

/// Prints the cause, then the hints, a line each.
impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        self.hints.iter().try_for_each(|hint| write!(f, "\n{hint}"))
    }
}

impl error::Error for CliError {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// What went wrong with a file that output goes into, as the source of an [`io::Error`]: a writer may be far from who knows
/// the file's name.
#[derive(Debug)]
pub(crate) struct OfFile {
    path: PathBuf,
    error: io::Error,
}

impl OfFile {
    /// The error of this file, of the same kind.
    pub(crate) fn error(path: &Path, error: io::Error) -> io::Error {
        io::Error::new(error.kind(), Self { path: path.to_owned(), error })
    }
}

impl fmt::Display for OfFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path.display(), self.error)
    }
}

impl error::Error for OfFile {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.error)
    }
}

/// An output that cannot be written, and why.
#[derive(Debug)]
struct Unwritable {
    what: String,
    error: io::Error,
}

impl fmt::Display for Unwritable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} cannot be written: {}", self.what, self.error)?;
        match self.error.kind() {
            io::ErrorKind::NotFound => f.write_str("; make its folder first"),
            io::ErrorKind::IsADirectory => f.write_str("; name a file in it"),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                f.write_str("; choose another place")
            }
            _ => room(&self.error).map_or(Ok(()), |remedy| write!(f, "; {remedy}, and run it again")),
        }
    }
}

impl error::Error for Unwritable {
    fn source(&self) -> Option<&(dyn error::Error + 'static)> {
        Some(&self.error)
    }
}

/// The output cannot be written: what is written into besides has errors of its own.
impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::new(ErrorKind::Unread, error),
            _ => match error.downcast::<OfFile>() {
                Ok(OfFile { path, error }) => Self::unwritable(&path, error),
                Err(error) => Self::failed(Unwritable { what: "the output".to_owned(), error }),
            },
        }
    }
}

/// The output cannot be written: whatever is written as JSON can be.
impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        io::Error::from(error).into()
    }
}

impl From<storelogs::Error> for CliError {
    fn from(error: storelogs::Error) -> Self {
        match error.kind() {
            storelogs::ErrorKind::InvalidInput => Self::usage(error),
            _ => Self::failed(error),
        }
    }
}

impl From<storelogs_collector::Error> for CliError {
    fn from(error: storelogs_collector::Error) -> Self {
        match error {
            // The configuration or the arguments are wrong.
            storelogs_collector::Error::Stores(_)
            | storelogs_collector::Error::UnknownStore { .. }
            | storelogs_collector::Error::NotABackup { .. }
            | storelogs_collector::Error::Itself { .. }
            | storelogs_collector::Error::Occupied { .. }
            | storelogs_collector::Error::EmptyPeriod => Self::usage(error),
            storelogs_collector::Error::Network(error) => error.into(),
            error => Self::failed(error),
        }
    }
}

#[cfg(any(feature = "lake", feature = "otlp"))]
impl From<storelogs_export::Error> for CliError {
    fn from(error: storelogs_export::Error) -> Self {
        match error {
            storelogs_export::Error::Archive(error) => error.into(),
            // The arguments are wrong.
            storelogs_export::Error::Address { .. }
            | storelogs_export::Error::NoLake { .. }
            | storelogs_export::Error::NeverSent { .. }
            | storelogs_export::Error::Settings { .. } => Self::usage(error),
            error => Self::failed(error),
        }
    }
}

impl From<QueryError> for CliError {
    fn from(error: QueryError) -> Self {
        Self::usage(error)
    }
}

impl From<SqlError> for CliError {
    fn from(error: SqlError) -> Self {
        match error {
            SqlError::Archive(error) => error.into(),
            SqlError::Interrupted => Self::new(ErrorKind::Interrupted, error),
            SqlError::Refused => Self::usage(error).hint("`storelogs prune` and `storelogs forget` remove entries"),
            error => Self::usage(error),
        }
    }
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }

    /// How a command ends that read this many stores, of which these failed.
    pub(crate) fn of(stores: usize, failures: &[StoreFailure], undecodable: u64) -> Self {
        match failures.len() {
            0 if undecodable == 0 => Self::Done,
            failed if failed < stores => Self::Partly,
            _ if failures.iter().all(|failure| failure.auth) => Self::Auth,
            _ => Self::Failed,
        }
    }

    /// How a command ends whose question is whether anything is missing. `docs/completeness.md` lists it.
    pub(crate) fn of_verdict(worst: &Verdict) -> Self {
        match worst {
            verdict if verdict.is_complete() => Self::Done,
            verdict if verdict.may_lack() => Self::Failed,
            _ => Self::Partly,
        }
    }

    /// How a command ends that read what there was, and found this on the way.
    pub(crate) fn and_verdict(self, worst: &Verdict) -> Self {
        let sound = worst.is_complete() || *worst == Verdict::NotCountable;
        if self == Self::Done && !sound { Self::Partly } else { self }
    }

    /// How a command ends that went on without this many wrong lines of the configuration.
    pub(crate) fn despite(self, problems: usize) -> Self {
        if self == Self::Done && problems > 0 { Self::Partly } else { self }
    }
}

/// One store that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct StoreFailure {
    /// Whether the platform refused access.
    pub(crate) auth: bool,
}

impl StoreFailure {
    pub(crate) fn of(kind: storelogs::ErrorKind) -> Self {
        use storelogs::ErrorKind::{Forbidden, Frozen, Unauthorized};
        Self { auth: matches!(kind, Unauthorized | Forbidden | Frozen) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_went_wrong_is_said_with_its_hints_and_decides_the_exit_code() {
        let error = CliError::usage("no store is configured").hint("set one\nor two");
        assert_eq!(
            (error.to_string().as_str(), error.exit()),
            ("no store is configured\nset one\nor two", Exit::Usage)
        );
        let error = CliError::from(storelogs_collector::Error::UnknownStore { store: "shopline:a1".parse().unwrap() });
        assert_eq!(error.exit(), Exit::Usage);
        assert!(error.to_string().starts_with("the archive knows no store shopline:a1"), "{error}");
        let error = CliError::from(storelogs_collector::Error::Missing { path: "a.db".into() });
        assert!(error.is_said() && error.exit() == Exit::Failed, "{error}");
        assert_eq!(CliError::from(SqlError::Several).exit(), Exit::Usage);
        let error = CliError::from(SqlError::Interrupted);
        assert!(!error.is_said() && error.exit() == Exit::Interrupted, "{error}");
    }

    #[test]
    fn output_that_nobody_reads_to_its_end_is_no_failure_and_a_full_disk_is() {
        let error = CliError::from(serde_json::Error::io(io::ErrorKind::BrokenPipe.into()));
        assert!(!error.is_said() && error.exit() == Exit::Done, "{error}");
        let error = CliError::from(io::Error::from(io::ErrorKind::StorageFull));
        assert!(
            error.to_string().starts_with("the output cannot be written: ") && error.exit() == Exit::Failed,
            "{error}"
        );
        for (kind, remedy) in [
            (io::ErrorKind::StorageFull, "make room"),
            (io::ErrorKind::FileTooLarge, "ulimit -f"),
            (io::ErrorKind::NotFound, "make its folder first"),
            (io::ErrorKind::IsADirectory, "name a file in it"),
            (io::ErrorKind::ReadOnlyFilesystem, "choose another place"),
        ] {
            let error = CliError::from(OfFile::error(Path::new("log.csv"), kind.into())).to_string();
            assert!(error.starts_with("the file log.csv cannot be written: ") && error.contains(remedy), "{error}");
        }
    }

    #[test]
    fn the_exit_code_says_how_much_failed() {
        let (auth, other) =
            (StoreFailure::of(storelogs::ErrorKind::Forbidden), StoreFailure::of(storelogs::ErrorKind::Server));
        assert_eq!(Exit::of(2, &[], 0), Exit::Done);
        assert_eq!(Exit::of(2, &[], 1), Exit::Partly);
        assert_eq!(Exit::of(2, &[auth], 0), Exit::Partly);
        assert_eq!(Exit::of(2, &[auth, auth], 0), Exit::Auth);
        assert_eq!(Exit::of(2, &[auth, other], 0), Exit::Failed);
        assert_eq!(Exit::of(1, &[other], 3), Exit::Failed);
    }
}
