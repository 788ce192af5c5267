//! The signals that ask the program to end.

use std::io;

use super::new_file::remove_unfinished;
use super::progress::Progress;
use crate::error::{CliError, Exit};

/// The signal that asks, and the exit code of a program that has not finished.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Signal {
    /// Ctrl-C.
    Interrupt,
    /// SIGTERM: a service manager, or `kill`.
    Terminate,
}

impl Signal {
    pub(crate) fn exit(self) -> Exit {
        match self {
            Self::Interrupt => Exit::Interrupted,
            Self::Terminate => Exit::Terminated,
        }
    }

    /// Ends the process at once, without the files that were being written.
    pub(crate) fn end(self) -> ! {
        remove_unfinished();
        std::process::exit(self.exit() as i32)
    }
}

/// Hears signals from when it is made.
pub(crate) struct Signals {
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self, CliError> {
        let unheard = |error: io::Error| CliError::failed(format!("signals cannot be waited for: {error}"));
        #[cfg(unix)]
        {
            use tokio::signal::unix::{SignalKind, signal};
            let terminate = signal(SignalKind::terminate()).map_err(unheard)?;
            let interrupt = signal(SignalKind::interrupt()).map_err(unheard)?;
            Ok(Self { terminate, interrupt })
        }
        #[cfg(not(unix))]
        {
            let _ = unheard;
            Ok(Self {})
        }
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Signal {
        #[cfg(unix)]
        {
            tokio::select! {
                _ = self.interrupt.recv() => Signal::Interrupt,
                _ = self.terminate.recv() => Signal::Terminate,
            }
        }
        #[cfg(not(unix))]
        {
            if tokio::signal::ctrl_c().await.is_err() {
                std::future::pending::<()>().await;
            }
            Signal::Interrupt
        }
    }
}

/// Turns a file that may not grow any further (`ulimit -f`) into an error that can be shown, instead of the death of
/// the program. Called within a runtime.
pub(crate) fn outlive_file_limits() {
    #[cfg(unix)]
    {
        /// SIGXFSZ, on Linux, macOS and the BSDs. Who listens to it is not killed by it.
        const FILE_TOO_LARGE: i32 = 25;
        // If it cannot be handled, it ends the program as usual.
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(FILE_TOO_LARGE));
    }
}

/// Ends the program on Ctrl-C or SIGTERM, even while it waits for the reader of its output.
pub(crate) fn end_on_signal(progress: Option<&Progress>) {
    let progress = progress.cloned();
    // Signals that cannot be handled end the program as usual.
    let Ok(mut signals) = Signals::listen() else { return };
    tokio::spawn(async move {
        let signal = signals.next().await;
        if let Some(progress) = progress {
            progress.clear();
        }
        signal.end()
    });
}
