//! The program `storelogs`: every store's log, in one model.
//!
//! It has commands only. The library `storelogs` reads, pages and retries; the sandbox stands in for the platforms.
//! This crate is also a library, so that reading the configuration can be fuzzed and man pages can be made.

mod commands;
mod config;
mod error;
mod options;
mod output;
mod ui;

use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use clap_complete::Shell;

use commands::Cli;
pub use config::configured;

/// Runs the program with the arguments of this process.
pub fn main() -> ExitCode {
    if let Some(answered) = commands::completions::answer() {
        return answered;
    }
    let program = arguments();
    let words = options::with_excluding_words(&program, std::env::args_os());
    let cli = match program.try_get_matches_from(words).and_then(|given| Cli::from_arg_matches(&given)) {
        Ok(cli) => cli,
        Err(error) => return ui::usage(&error),
    };
    let ui = cli.global.ui();
    match commands::run(cli.command, ui) {
        Ok(exit) => exit,
        Err(error) => {
            ui.failure(&error);
            error.exit()
        }
    }
    .code()
}

/// The program's arguments: every command, option and example.
pub fn arguments() -> clap::Command {
    in_any_case(Cli::command())
}

/// Takes a value of a list however it is written: `--min-severity Error`, as a query takes `severity:Error`.
fn in_any_case(command: clap::Command) -> clap::Command {
    let is_listed = |arg: &clap::Arg| arg.get_action().takes_values() && !arg.get_possible_values().is_empty();
    let command = command.mut_args(|arg| if is_listed(&arg) { arg.ignore_case(true) } else { arg });
    command.mut_subcommands(in_any_case)
}

/// The output of `storelogs completions`.
pub fn completions(shell: Shell) -> Vec<u8> {
    commands::completions::script(shell)
}
