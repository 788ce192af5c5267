//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};
use storelogs::Store;

use crate::exit::CODES;
use crate::terminal::Colour;
use crate::{check, demo, fetch, logs, report, sandbox, schema, search, sql, status, sync, tail, verify, watch};

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

/// Which stores a command is about.
#[derive(Args, Debug)]
pub(crate) struct StoreOptions {
    /// A store, as bigcommerce:HASH or shopline:HANDLE; repeat it for several [default: all configured]
    #[arg(long, value_name = "STORE")]
    pub(crate) store: Vec<Store>,

    /// The configuration file [default: storelogs.toml, here or in the configuration directory]
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,

    /// A table of stores (CSV), besides those of the configuration file
    #[arg(long, value_name = "FILE")]
    pub(crate) stores: Option<PathBuf>,
}
