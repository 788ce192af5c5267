//! The program `storelogs`: every store's log, in one model.
//!
//! Commands only. What reads, pages and retries is the library `storelogs`; what stands in for the platforms is the
//! sandbox. This is a library too only so that the reading of the configuration can be fuzzed.

mod archive;
mod args;
mod check;
mod config;
mod demo;
mod directories;
mod exit;
mod fetch;
mod filters;
mod logs;
mod output;
mod printable;
mod progress;
mod reading;
mod report;
mod sandbox;
mod schema;
mod search;
mod signals;
mod sql;
mod status;
mod summary;
mod sync;
mod tail;
mod terminal;
mod verify;
mod watch;

use std::process::ExitCode;

use clap::Parser;

use args::{Cli, Command};
pub use config::configured;
use exit::{Exit, Stop};

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
    terminal::choose_colour(cli.color);
    logs::begin(cli.logs);
    match run(cli.command) {
        Ok(exit) => exit.code(),
        Err(stop) => stop.report(),
    }
}

fn run(command: Command) -> Result<Exit, Stop> {
    match command {
        Command::Schema => return schema::schema(),
        Command::Completions(shell) => return schema::completions(&shell),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Stop::Failed(format!("no threads can be started: {error}")))?;
    let done = runtime.block_on(async {
        match command {
            Command::Fetch(options) => fetch::run(options).await,
            Command::Tail(options) => tail::run(options).await,
            Command::Check(options) => check::run(options).await,
            Command::Sync(options) => sync::run(options).await,
            Command::Search(options) => search::run(&options),
            Command::Sql(options) => sql::run(options).await,
            Command::Report(options) => report::run(&options),
            Command::Watch(options) => watch::run(options).await,
            Command::Status(options) => status::run(&options),
            Command::Verify(options) => verify::run(options).await,
            Command::Sandbox(options) => sandbox::run(options).await,
            Command::Demo(options) => demo::run(&options).await,
            Command::Schema | Command::Completions(_) => Ok(Exit::Done),
        }
    });
    // A walk that is still under way has nobody left to deliver to.
    runtime.shutdown_background();
    done
}
