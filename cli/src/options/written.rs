//! The output formats of commands that list no entries: for people, or for programs.

use clap::{Args, ValueEnum};

/// The format of a command's output.
#[derive(Args, Debug)]
pub(crate) struct WrittenOptions {
    /// The format of the output
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Form,

    /// The former name of `--format json`
    #[arg(long, hide = true, conflicts_with = "format")]
    json: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Form {
    /// For reading
    #[default]
    Pretty,
    /// JSON: an array with an object for each, or a single object
    Json,
}

impl WrittenOptions {
    /// Whether it is for machines.
    pub(crate) fn is_json(&self) -> bool {
        self.json || self.format == Form::Json
    }
}
