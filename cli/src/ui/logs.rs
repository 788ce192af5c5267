//! Logs: what happens, as lines for a machine or for later, on stderr.
//!
//! Without `--log-level` and `--log-format` the program talks to a person instead: see [`terminal`](crate::ui).

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::{Layer, fmt, registry};

/// The options of every command.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Options {
    /// Write logs of this level and above to stderr: error, warn, info, debug or trace
    #[arg(long, global = true, value_enum, value_name = "LEVEL", hide_possible_values = true, display_order = 901)]
    log_level: Option<Level>,

    /// How logs are written: text or json, one object a line
    #[arg(long, global = true, value_enum, value_name = "FORMAT", hide_possible_values = true, display_order = 902)]
    log_format: Option<Format>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Level {
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Text,
    Json,
}

static ON: AtomicBool = AtomicBool::new(false);

/// Whether stderr is for logs: nothing else may be written there.
pub(crate) fn are_on() -> bool {
    ON.load(Ordering::Relaxed)
}

/// Turns logs on, if an option says so.
pub(crate) fn begin(options: Options) {
    if options.log_level.is_none() && options.log_format.is_none() {
        return;
    }
    let level = match options.log_level {
        Some(Level::Error) => LevelFilter::ERROR,
        Some(Level::Warn) => LevelFilter::WARN,
        Some(Level::Info) | None => LevelFilter::INFO,
        Some(Level::Debug) => LevelFilter::DEBUG,
        Some(Level::Trace) => LevelFilter::TRACE,
    };
    // Ours only: what a library of HTTP logs may hold headers.
    let ours = Targets::new().with_target("storelogs", level);
    let lines = fmt::layer().with_writer(io::stderr);
    let lines = match options.log_format {
        Some(Format::Json) => lines.json().flatten_event(true).boxed(),
        _ => lines.with_ansi(coloured()).boxed(),
    };
    // It fails only where somebody was first, which is nobody.
    let _ = tracing::subscriber::set_global_default(registry().with(lines.with_filter(ours)));
    ON.store(true, Ordering::Relaxed);
}

fn coloured() -> bool {
    anstream::AutoStream::choice(&io::stderr()) != anstream::ColorChoice::Never
}
