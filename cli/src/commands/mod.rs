//! The command line: which commands there are, and what runs each.

mod backup;
mod check;
pub(crate) mod completions;
mod demo;
mod doctor;
mod export;
mod fetch;
mod forget;
#[cfg(feature = "mcp")]
mod mcp;
mod prune;
mod report;
mod restore;
mod sandbox;
mod schema;
mod search;
mod show;
mod sql;
mod status;
mod sync;
mod tail;
mod verify;
mod watch;

use clap::{Parser, Subcommand};

use crate::error::{CODES, CliError, Exit};
use crate::options::GlobalOptions;
use crate::ui::{self, Ui};

/// Every store's log, in one model.
///
/// Reads BigCommerce store logs and SHOPLINE operation logs, of one store or of thousands.
#[derive(Debug, Parser)]
#[command(name = "storelogs", version, max_term_width = 80, after_help = format!("{FIRST_STEPS}\n\n{CODES}"))]
#[command(propagate_version = false)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    #[command(flatten)]
    pub(crate) global: GlobalOptions,
}

const FIRST_STEPS: &str = "\
First steps:
  storelogs demo                see it at work, without any store
  storelogs check               can the configured stores be read?
  storelogs fetch --since 7d    the last week of all of them
  storelogs sync                keep all of it, longer than the platforms do

Stores:
  BIGCOMMERCE_STORE_HASH and BIGCOMMERCE_ACCESS_TOKEN name a BigCommerce store,
  SHOPLINE_HANDLE and SHOPLINE_ACCESS_TOKEN a SHOPLINE store. With
  SHOPLINE_APP_KEY and SHOPLINE_APP_SECRET an OAuth app's token is replaced
  before it ends. List many stores in storelogs.toml, here or in the
  configuration directory:

    [[store]]
    platform = \"bigcommerce\"
    store = \"abc123\"
    access_token = { env = \"ABC123_TOKEN\" }    # or file = …, command = [ … ]";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Fetch(fetch::FetchArgs),
    Tail(tail::TailArgs),
    Check(check::CheckArgs),
    Sync(sync::SyncArgs),
    Search(search::SearchArgs),
    Show(show::ShowArgs),
    Sql(sql::SqlArgs),
    #[cfg(feature = "mcp")]
    Mcp(mcp::McpArgs),
    Report(report::ReportArgs),
    Watch(watch::WatchArgs),
    Status(status::StatusArgs),
    Verify(verify::VerifyArgs),
    Doctor(doctor::DoctorArgs),
    Prune(prune::PruneArgs),
    Forget(forget::ForgetArgs),
    Backup(backup::BackupArgs),
    Restore(restore::RestoreArgs),
    #[cfg(any(feature = "lake", feature = "otlp"))]
    Export(export::ExportArgs),
    Demo(demo::DemoArgs),
    Sandbox(sandbox::SandboxArgs),
    /// Print the JSON Schema of a log entry
    ///
    /// The lines of `fetch --format jsonl` and the items of `--format json` follow it.
    #[command(after_help = "Example:\n  storelogs schema > log-entry.schema.json")]
    Schema,
    Completions(completions::CompletionsArgs),
}

/// Runs a command.
pub(crate) fn run(command: Command, ui: Ui) -> Result<Exit, CliError> {
    match command {
        Command::Schema => return schema::schema(ui),
        Command::Completions(args) => return completions::completions(&args, ui),
        _ => {}
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| CliError::failed(format!("no threads can be started: {error}")))?;
    let done = runtime.block_on(async {
        ui::outlive_file_limits();
        match command {
            Command::Fetch(args) => fetch::fetch(args, ui).await,
            Command::Tail(args) => tail::tail(args, ui).await,
            Command::Check(args) => check::check(args, ui).await,
            Command::Sync(args) => sync::sync(args, ui).await,
            Command::Search(args) => search::search(&args, ui),
            Command::Show(args) => show::show(&args, ui),
            Command::Sql(args) => sql::sql(args, ui).await,
            #[cfg(feature = "mcp")]
            Command::Mcp(args) => mcp::mcp(args, ui).await,
            Command::Report(args) => report::report(&args, ui),
            Command::Watch(args) => watch::watch(args, ui).await,
            Command::Status(args) => status::status(&args, ui),
            Command::Verify(args) => verify::verify(args, ui).await,
            Command::Prune(args) => prune::prune(&args, ui),
            Command::Forget(args) => forget::forget(&args, ui),
            Command::Doctor(args) => doctor::doctor(&args, ui),
            Command::Backup(args) => backup::backup(&args, ui),
            Command::Restore(args) => restore::restore(&args, ui),
            #[cfg(any(feature = "lake", feature = "otlp"))]
            Command::Export(args) => export::export(args, ui).await,
            Command::Sandbox(args) => sandbox::sandbox(args, ui).await,
            Command::Demo(args) => demo::demo(&args, ui).await,
            Command::Schema | Command::Completions(_) => Ok(Exit::Done),
        }
    });
    // A walk that is still under way has nobody left to deliver to.
    runtime.shutdown_background();
    done
}
