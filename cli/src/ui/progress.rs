//! What is told on a terminal while one waits.

use std::io::{IsTerminal, stderr, stdout};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::ui::logs;
use storelogs_collector::network::Network;

/// A spinner with counts on stderr, only if that is a terminal. Clones are one.
#[derive(Clone)]
pub(crate) struct Progress {
    spinner: ProgressBar,
    what: String,
    /// The rows come on the same terminal, and take its place.
    shares_terminal: bool,
}

impl Progress {
    /// `elsewhere`: the rows go into a file.
    pub(crate) fn new(what: String, elsewhere: bool) -> Self {
        let spinner = if stderr().is_terminal() && !logs::are_on() {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            spinner.set_style(style);
        }
        spinner.set_message(what.clone());
        spinner.enable_steady_tick(Duration::from_millis(120));
        Self { spinner, what, shares_terminal: !elsewhere && stdout().is_terminal() }
    }

    pub(crate) fn count(&self, entries: u64, network: &Network) {
        if !self.spinner.is_hidden() {
            let answers = network.answers();
            self.spinner.set_message(format!("{}: {entries} entries, {answers} answers", self.what));
        }
    }

    /// Rows are about to be written.
    pub(crate) fn make_room(&self) {
        if self.shares_terminal {
            self.clear();
        }
    }

    /// Says something above the spinner.
    pub(crate) fn aside(&self, say: impl FnOnce()) {
        self.spinner.suspend(say);
    }

    pub(crate) fn clear(&self) {
        self.spinner.finish_and_clear();
    }
}
