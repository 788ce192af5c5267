//! The options of every command: colours and logs.

use clap::{Args, ValueEnum};
use tracing::level_filters::LevelFilter;

use crate::ui::{self, LogSettings, Ui};

/// The options of every command.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct GlobalOptions {
    /// When to use colours: auto, always or never; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true)]
    #[arg(display_order = 900)]
    color: Colour,

    /// Write logs of this level and above to stderr: error, warn, info, debug or trace
    #[arg(long, global = true, value_enum, value_name = "LEVEL", hide_possible_values = true, display_order = 901)]
    log_level: Option<Level>,

    /// How logs are written: text or json, one object a line
    #[arg(long, global = true, value_enum, value_name = "FORMAT", hide_possible_values = true, display_order = 902)]
    log_format: Option<Format>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Colour {
    #[default]
    Auto,
    Always,
    Never,
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

impl GlobalOptions {
    /// The screen of this call. Either option of logs turns them on.
    pub(crate) fn ui(self) -> Ui {
        let colour = match self.color {
            Colour::Auto => ui::Colour::Auto,
            Colour::Always => ui::Colour::Always,
            Colour::Never => ui::Colour::Never,
        };
        let level = match self.log_level {
            Some(Level::Error) => LevelFilter::ERROR,
            Some(Level::Warn) => LevelFilter::WARN,
            Some(Level::Info) | None => LevelFilter::INFO,
            Some(Level::Debug) => LevelFilter::DEBUG,
            Some(Level::Trace) => LevelFilter::TRACE,
        };
        let logs = self.log_level.is_some() || self.log_format.is_some();
        let settings = LogSettings { level, json: self.log_format == Some(Format::Json) };
        Ui::new(colour, logs.then_some(settings))
    }
}
