//! `mcp`: the archive for assistants, by the Model Context Protocol.
//!
//! Standard output carries the protocol and nothing else. The code of the command of the same name does a tool's work;
//! this module only reads a tool's arguments, and cuts its answer to a size that a client can take.

mod answer;
mod arguments;
mod call;
mod find;
mod question;
mod report;
mod schema;
mod server;
mod sql;
mod standing;
mod tools;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use rmcp::ServiceExt;
use storelogs_collector::Archive;

use self::call::Call;
use self::server::Server;
use crate::config::Selection;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, ClockOptions};
use crate::ui::Ui;

/// Let an assistant ask the archive: a server of the Model Context Protocol on standard input and output
///
/// The assistant starts it; docs/mcp.md has the lines for its configuration. Its tools search, show, report, status,
/// verify and sql only read. Texts of the log have pseudonyms for addresses, names and secrets. Only verify asks the
/// platforms, and it changes nothing.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct McpArgs {
    #[command(flatten)]
    archive: ArchiveOptions,

    /// The configuration file, for verify [default: storelogs.toml, here or in the configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// A table of stores (CSV), besides those of the configuration file
    #[arg(long, value_name = "FILE")]
    stores: Option<PathBuf>,

    /// Show the texts of the log as they are [default: pseudonyms for addresses, names and secrets in them]
    #[arg(long)]
    no_redact: bool,

    /// How long a tool may take; most clients wait for a minute
    #[arg(long, value_name = "SECONDS", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=3600))]
    time_limit: u64,

    #[command(flatten)]
    clock: ClockOptions,
}

const EXAMPLES: &str = "\
Examples:
  claude mcp add storelogs -- storelogs mcp
  codex mcp add storelogs -- storelogs mcp --archive /srv/storelogs.db

Exit codes:
  0  the client has closed its side
  1  failed
  2  wrong arguments";

/// The settings of all tools.
#[derive(Debug)]
struct Settings {
    archive: ArchiveOptions,
    /// The stores that `verify` asks about.
    stores: Selection,
    clock: ClockOptions,
    redact: bool,
    ui: Ui,
}

impl Settings {
    /// The archive, which a call can be stopped from reading.
    fn archive(&self, call: &Call) -> Result<Archive, CliError> {
        let archive = self.archive.read()?;
        call.stoppable(archive.interrupter());
        Ok(archive)
    }
}

pub(crate) async fn mcp(args: McpArgs, ui: Ui) -> Result<Exit, CliError> {
    let settings = Settings {
        archive: args.archive,
        stores: Selection { stores: Vec::new(), file: args.config, table: args.stores },
        clock: args.clock,
        redact: !args.no_redact,
        ui,
    };
    if ui.stdin_is_terminal() {
        ui.note("An assistant talks to this by standard input; docs/mcp.md says how it is set up. Ctrl-D ends it.\n");
    }
    let server = Server::new(Arc::new(settings), Duration::from_secs(args.time_limit));
    let failed = |why: String| CliError::failed(format!("the client cannot be talked to: {why}"));
    let running = match server.serve(ui.stdio()).await {
        Ok(running) => running,
        // The client ended before it said anything.
        Err(rmcp::service::ServerInitializeError::ConnectionClosed(_)) => return Ok(Exit::Done),
        Err(error) => return Err(failed(error.to_string())),
    };
    running.waiting().await.map_err(|error| failed(error.to_string()))?;
    Ok(Exit::Done)
}
