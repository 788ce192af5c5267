//! The command line.

mod check;
mod demo;
mod fetch;
mod report;
mod sandbox;
mod schema;
mod search;
mod sql;
mod status;
mod sync;
mod tail;
mod verify;
mod watch;

use clap::{Parser, Subcommand};

use crate::error::{CODES, Exit, Stop};
use crate::ui::{Colour, logs};

/// Every store's log, in one model.
///
/// Reads BigCommerce store logs and SHOPLINE operation logs, of one store or of thousands.
#[derive(Debug, Parser)]
#[command(name = "storelogs", version, max_term_width = 100, after_help = format!("{FIRST_STEPS}\n\n{CODES}"))]
#[command(propagate_version = false, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours: auto, always or never; NO_COLOR is honoured
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_possible_values = true)]
    #[arg(display_order = 900)]
    pub(crate) color: Colour,

    #[command(flatten)]
    pub(crate) logs: logs::Options,
}

const FIRST_STEPS: &str = "\
First steps:
  storelogs demo                     see it at work, without any store
  storelogs check                    can the configured stores be read?
  storelogs fetch --since 7d         the last week of all of them
  storelogs sync                     keep all of it, for longer than the platforms do

Stores:
  BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN name a BigCommerce store,
  SHOPLINE_HANDLE and SHOPLINE_ACCESS_TOKEN a SHOPLINE store. With SHOPLINE_APP_KEY
  and SHOPLINE_APP_SECRET an OAuth app's token is replaced before it ends. Many
  stores stand in storelogs.toml, here or in the configuration directory:

    [[store]]
    platform = \"bigcommerce\"
    store = \"abc123\"
    access_token = { env = \"ABC123_TOKEN\" }    # or { file = … }, { command = [ … ] }";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Fetch(fetch::Options),
    Tail(tail::Options),
    Check(check::Options),
    Sync(sync::Options),
    Search(search::Options),
    Sql(sql::Options),
    Report(report::Options),
    Watch(watch::Options),
    Status(status::Options),
    Verify(verify::Options),
    Demo(demo::Options),
    Sandbox(sandbox::Options),
    /// Print the JSON Schema of a log entry
    ///
    /// The lines of `fetch --format jsonl` and the items of `--format json` follow it.
    #[command(after_help = "Example:\n  storelogs schema > log-entry.schema.json")]
    Schema,
    Completions(schema::Shell),
}

pub(crate) fn run(command: Command) -> Result<Exit, Stop> {
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
