//! Progress bars on a terminal.

use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::screen::Ui;

/// How often a drawing moves by itself.
const TICK: Duration = Duration::from_millis(120);

/// A spinner with a message on stderr, only if that is a terminal. Clones are one spinner.
#[derive(Clone)]
pub(crate) struct Progress {
    spinner: ProgressBar,
    what: String,
    /// The rows come on the same terminal, and take its place.
    shares_terminal: bool,
}

impl Progress {
    /// `elsewhere`: the rows go into a file.
    pub(crate) fn new(ui: Ui, what: String, elsewhere: bool) -> Self {
        let spinner = if ui.has_a_viewer() {
            ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10))
        } else {
            ProgressBar::hidden()
        };
        if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}") {
            spinner.set_style(style);
        }
        spinner.set_message(what.clone());
        spinner.enable_steady_tick(TICK);
        Self { spinner, what, shares_terminal: !elsewhere && ui.stdout_is_terminal() }
    }

    /// Shows how far it is.
    pub(crate) fn count(&self, entries: u64, answers: u64) {
        if !self.spinner.is_hidden() {
            self.spinner.set_message(format!("{}: {entries} entries, {answers} answers", self.what));
        }
    }

    /// Shows how many entries are done.
    pub(crate) fn entries(&self, entries: u64) {
        if !self.spinner.is_hidden() {
            self.spinner.set_message(format!("{}: {entries} entries", self.what));
        }
    }

    /// Shows what there is to be said of it.
    #[cfg(any(feature = "lake", feature = "otlp"))]
    pub(crate) fn say(&self, how_far: &str) {
        if !self.spinner.is_hidden() {
            self.spinner.set_message(format!("{}: {how_far}", self.what));
        }
    }

    /// Shows which share of it is done.
    pub(crate) fn share(&self, share: f64) {
        if !self.spinner.is_hidden() {
            self.spinner.set_message(format!("{}: {:.0} %", self.what, share * 100.0));
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

/// Several bars, and a line below them that adds them up; on stderr, only if that is a terminal.
pub(crate) struct Bars(Option<Drawn>);

struct Drawn {
    bars: MultiProgress,
    total: ProgressBar,
}

/// One of several bars.
pub(crate) struct Bar(ProgressBar);

impl Bars {
    pub(crate) fn new(ui: Ui) -> Self {
        Self(ui.has_a_viewer().then(|| {
            let bars = MultiProgress::with_draw_target(ProgressDrawTarget::stderr_with_hz(8));
            let total = bars.add(ProgressBar::new_spinner());
            total.enable_steady_tick(TICK);
            Drawn { bars, total }
        }))
    }

    /// Adds a bar above the others. Without a terminal there is none.
    pub(crate) fn add(&self, name: String) -> Option<Bar> {
        let bar = self.0.as_ref()?.bars.insert(0, ProgressBar::new(1000));
        if let Ok(style) = ProgressStyle::with_template("{prefix:24!} {bar:24} {percent:>3}%  {msg}") {
            bar.set_style(style.progress_chars("█▌·"));
        }
        bar.set_prefix(name);
        Some(Bar(bar))
    }

    /// Sets the line below. Returns whether there is a terminal to show it.
    pub(crate) fn total(&self, line: &str) -> bool {
        let Some(drawn) = &self.0 else { return false };
        drawn.total.set_message(line.to_owned());
        true
    }

    /// Says something above the bars.
    pub(crate) fn aside(&self, say: impl FnOnce()) {
        match &self.0 {
            Some(drawn) => drawn.bars.suspend(say),
            None => say(),
        }
    }

    /// Takes the bars away.
    pub(crate) fn clear(&self) {
        if let Some(drawn) = &self.0 {
            // Nothing on the screen is needed any more.
            let _ = drawn.bars.clear();
            drawn.bars.set_draw_target(ProgressDrawTarget::hidden());
        }
    }
}

impl Bar {
    /// Moves it to a share of its length.
    pub(crate) fn set(&self, share: f64, message: String) {
        self.0.set_position((share.clamp(0.0, 1.0) * 1000.0) as u64);
        self.0.set_message(message);
    }

    pub(crate) fn finish(&self) {
        self.0.finish_and_clear();
    }
}
