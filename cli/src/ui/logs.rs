//! Logs on stderr, as text or JSON.

use std::io;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

/// The choice of logs, and their format.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LogSettings {
    /// This level and above.
    pub(crate) level: LevelFilter,
    /// One JSON object a line; else text.
    pub(crate) json: bool,
}

/// Turns logs on.
pub(super) fn begin(settings: LogSettings) {
    // Ours only: what a library of HTTP logs may hold headers.
    let ours = Targets::new().with_target("storelogs", settings.level);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines =
        if settings.json { lines.json().flatten_event(true).boxed() } else { lines.with_ansi(coloured()).boxed() };
    // It fails only where somebody was first, which is nobody.
    let _ = tracing::subscriber::set_global_default(registry().with(lines.with_filter(ours)));
}

fn coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}
