//! How what a command tells is written: for people, or for machines.

use clap::{Args, ValueEnum};

/// The form of what a command tells.
#[derive(Args, Debug)]
pub(crate) struct WrittenOptions {
    /// How it is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,

    /// What `--format json` was called before
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For reading
    #[default]
    Pretty,
    /// JSON: one array with an object for each, or one object where there is one only
    Json,
}

impl WrittenOptions {
    /// Whether it is for machines.
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.format == Form::Json
    }
}
