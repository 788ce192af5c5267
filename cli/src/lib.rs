//! The program `storelogs`: every store's log, in one model.
//!
//! Commands only. What reads, pages and retries is the library `storelogs`; what stands in for the platforms is the
//! sandbox. This is a library too only so that the reading of the configuration can be fuzzed.

mod commands;
mod config;
mod error;
mod options;
mod output;
mod ui;

use std::process::ExitCode;

use clap::Parser;

use commands::Cli;
pub use config::configured;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody listens any more, if this fails.
            let _ = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    ui::choose_colour(cli.color);
    ui::logs::begin(cli.logs);
    match commands::run(cli.command) {
        Ok(exit) => exit.code(),
        Err(stop) => stop.report(),
    }
}
