//! How the program ends, and what it says about that.

use std::fmt;
use std::io;
use std::process::ExitCode;

use storelogs::ErrorKind;
use storelogs_collector::verdict::Verdict;

use crate::ui;

/// The codes that the program ends with. [`CODES`] tells them in `--help`.
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

/// For the end of a command's `--help`.
pub(crate) const CODES: &str = "\
Exit codes:
  0  done
  1  failed
  2  wrong arguments, environment or configuration; nothing was sent
  3  the platform refused access (HTTP 401, 402 or 403)
  4  partly failed: one of several stores, some records could not be decoded, or entries
     are missing or may be
  130  interrupted with Ctrl-C before it was done; 143 by SIGTERM";

/// What a command ends with when it cannot go on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// The user has to change something. One line, or several.
    Usage(String),
    /// It went wrong.
    Failed(String),
    /// The output could not be written.
    Output(io::Error),
}

impl Exit {
    pub(crate) fn code(self) -> ExitCode {
        ExitCode::from(self as u8)
    }

    /// How a command ends that had to do with so many stores, of which these failed.
    pub(crate) fn of(stores: usize, failures: &[Failure], undecodable: u64) -> Self {
        match failures.len() {
            0 if undecodable == 0 => Self::Done,
            failed if failed < stores => Self::Partly,
            _ if failures.iter().all(|failure| failure.auth) => Self::Auth,
            _ => Self::Failed,
        }
    }
}

impl Exit {
    /// How a command ends whose question is whether anything is missing. `docs/completeness.md` lists it.
    pub(crate) fn of_verdict(worst: &Verdict) -> Self {
        match worst {
            Verdict::Audited => Self::Done,
            verdict if verdict.may_lack() => Self::Failed,
            _ => Self::Partly,
        }
    }

    /// How a command ends that read what there was, and found this on the way.
    pub(crate) fn and_verdict(self, worst: &Verdict) -> Self {
        let sound = matches!(worst, Verdict::Audited | Verdict::NotCountable);
        if self == Self::Done && !sound { Self::Partly } else { self }
    }

    /// How a command ends that found so many lines of the configuration wrong and went on without them.
    pub(crate) fn despite(self, problems: usize) -> Self {
        if self == Self::Done && problems > 0 { Self::Partly } else { self }
    }
}

/// One store that failed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Failure {
    /// Whether the platform refused access.
    pub(crate) auth: bool,
}

impl Failure {
    pub(crate) fn of(kind: ErrorKind) -> Self {
        Self { auth: matches!(kind, ErrorKind::Unauthorized | ErrorKind::Forbidden | ErrorKind::Frozen) }
    }
}

impl Stop {
    /// Says what happened on stderr.
    pub(crate) fn report(self) -> ExitCode {
        match self {
            Self::Usage(what) => {
                ui::error(&what);
                Exit::Usage.code()
            }
            Self::Failed(what) => {
                ui::error(&what);
                Exit::Failed.code()
            }
            // The reader has seen enough, as `head` has: that is no failure.
            Self::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => Exit::Done.code(),
            Self::Output(error) => {
                ui::error(&format!("the output cannot be written: {error}"));
                Exit::Failed.code()
            }
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(what) | Self::Failed(what) => f.write_str(what),
            Self::Output(error) => write!(f, "the output cannot be written: {error}"),
        }
    }
}

impl From<io::Error> for Stop {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_how_much_failed() {
        let (auth, other) = (Failure::of(ErrorKind::Forbidden), Failure::of(ErrorKind::Server));
        assert_eq!(Exit::of(2, &[], 0), Exit::Done);
        assert_eq!(Exit::of(2, &[], 1), Exit::Partly);
        assert_eq!(Exit::of(2, &[auth], 0), Exit::Partly);
        assert_eq!(Exit::of(2, &[auth, auth], 0), Exit::Auth);
        assert_eq!(Exit::of(2, &[auth, other], 0), Exit::Failed);
        assert_eq!(Exit::of(1, &[other], 3), Exit::Failed);
    }
}
