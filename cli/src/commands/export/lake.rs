//! `export lake`: Delta tables of Parquet files.

use std::collections::HashSet;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storelogs_collector::Archive;
use storelogs_collector::wording::{format_count, pluralize};
use storelogs_export::{Cleaned, Compacted, Exported, Forgotten, Lake, LakeStep};

use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, WrittenOptions};
use crate::ui::{Progress, Ui};

/// Export the archive to a lake that Spark, Trino, DuckDB, Polars and Databricks read
///
/// The lake is a folder of three Delta tables: entries, hours and coverage. Each run adds the entries that came since
/// the last one, exactly once, whenever it was stopped. The lake itself records how far it is; the archive is not
/// changed. Several archives can go into one lake.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct LakeArgs {
    /// The lake: a folder, or s3://BUCKET/FOLDER with the variables AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY,
    /// AWS_REGION and, for storages other than Amazon's, AWS_ENDPOINT_URL
    #[arg(value_name = "DIR", value_parser = NonEmptyStringValueParser::new())]
    address: String,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Then merge small files, and remove what killed exports left
    #[arg(long)]
    compact: bool,

    /// Export nothing, and permanently remove the entries whose uids this file lists, one a line (stdin if it is -),
    /// with their revisions
    #[arg(long, value_name = "FILE", conflicts_with = "compact")]
    forget: Option<PathBuf>,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs export lake ./lake
  duckdb -c \"SELECT count(*) FROM delta_scan('./lake/entries')\"
  storelogs export lake ./lake --compact
  storelogs export lake s3://logs/storelogs
  storelogs export lake ./lake --forget uids.txt

Exit codes:
  0  done
  1  the archive cannot be read, the lake cannot be written, or another process
     forgets entries of the archive
  2  wrong arguments";

pub(crate) async fn lake(args: LakeArgs, ui: Ui) -> Result<Exit, CliError> {
    if let Some(uids) = args.forget {
        let uids = read(&uids)?;
        let address = args.address.clone();
        let task = tokio::task::spawn_blocking(move || forget(&args.address, &uids));
        let forgotten = task.await.map_err(|_| CliError::failed("it was given up".to_owned()))??;
        if args.written.is_json() {
            ui.json(&json!({"destination": address, "removed": forgotten.rows, "version": forgotten.version}))?;
            return Ok(Exit::Done);
        }
        let mut out = ui.stdout();
        writeln!(out, "{}", of_forgetting(&address, forgotten))?;
        out.flush()?;
        return Ok(Exit::Done);
    }
    let path = args.archive.path()?;
    let is_json = args.written.is_json();
    let progress = Progress::new(ui, format!("exporting to {}", args.address), false);
    let shown = progress.clone();
    let task = tokio::task::spawn_blocking(move || -> Result<_, CliError> {
        let archive = Archive::read(path)?;
        let lake = at(&args.address)?;
        let mut say = |step: LakeStep| shown.say(&how_far(step));
        let exported = lake.export_with(&archive, &mut say)?;
        let compacted = if args.compact { Some(lake.compact_with(&mut say)?) } else { None };
        Ok((args.address, exported, compacted))
    });
    let done = task.await;
    progress.clear();
    let (address, exported, compacted) = done.map_err(|_| CliError::failed("the export was given up".to_owned()))??;
    let mut out = if is_json { ui.stdout_for_machines() } else { ui.stdout() };
    if is_json {
        serde_json::to_writer_pretty(&mut out, &as_json(&address, exported, compacted))?;
        writeln!(out)?;
    } else {
        writeln!(out, "{}", summary(&address, exported))?;
    }
    match compacted {
        Some(Compacted { cleaned, .. }) if cleaned.missing > 0 => {
            let missing = pluralize(cleaned.missing, "file", "files");
            out.flush()?;
            return Err(CliError::failed(format!("the lake {address} lacks {missing} that its log names"))
                .hint("Restore the folder from a backup: whatever it lacks then is exported again."));
        }
        Some(_) if is_json => {}
        Some(compacted) => {
            writeln!(out, "{}", of_compaction(compacted))?;
        }
        None => {}
    }
    out.flush()?;
    Ok(Exit::Done)
}

fn as_json(address: &str, exported: Exported, compacted: Option<Compacted>) -> Value {
    let compacted = compacted.map(|done| {
        let Cleaned { orphans, missing, .. } = done.cleaned;
        json!({"from_files": done.from, "into_files": done.into, "orphans": orphans, "missing": missing})
    });
    json!({
        "destination": address, "entries": exported.entries, "files": exported.files, "bytes": exported.bytes,
        "compacted": compacted,
    })
}

/// The lake at an address.
pub(super) fn at(address: &str) -> storelogs_export::Result<Lake> {
    Lake::at(address, Timestamp::now)
}

fn how_far(step: LakeStep) -> String {
    match step {
        LakeStep::Entries { done, left } => {
            format!("{} entries, {} left", format_count(done.entries), format_count(left))
        }
        LakeStep::Merged { done, left } => {
            format!("{} put together, {} left", pluralize(done.from, "file", "files"), format_count(left))
        }
        _ => "the counts by hour".to_owned(),
    }
}

/// How long a lake may go without an export while no entry comes. Verdicts and counts change by themselves: time passes,
/// and entries are pruned or forgotten.
const QUIET: SignedDuration = SignedDuration::from_hours(1);

/// Brings what came into a lake beside a run that collects, and keeps in the archive under this name what became of it. Where
/// nothing came, that is done now and then, and if it `is_due`.
pub(super) fn keep_up(address: &str, name: &str, archive: &mut Archive, is_due: bool) -> storelogs_export::Result<()> {
    let (newest, now) = (archive.newest_arrival()?, Timestamp::now());
    let is_recent = |done: Option<Timestamp>| done.is_some_and(|done| now.duration_since(done).abs() < QUIET);
    let state = archive.export(name)?.filter(|_| !is_due);
    if state.is_some_and(|state| state.arrived == newest && state.failures == 0 && is_recent(state.last_success)) {
        return Ok(());
    }
    match at(address).and_then(|lake| lake.export(archive)) {
        Ok(_) => Ok(archive.export_succeeded(name, newest, now)?),
        Err(error) => {
            archive.export_failed(name, &error.to_string(), Timestamp::now())?;
            Err(error)
        }
    }
}

/// The uids that a file has.
fn read(file: &Path) -> Result<HashSet<String>, CliError> {
    let read = if file == Path::new("-") { io::read_to_string(io::stdin()) } else { std::fs::read_to_string(file) };
    let text = read.map_err(|error| CliError::usage(format!("{} cannot be read: {error}", file.display())))?;
    let uids: HashSet<String> = text.lines().map(str::trim).filter(|uid| !uid.is_empty()).map(str::to_owned).collect();
    match uids.iter().find(|uid| uid.split(':').count() < 3) {
        Some(_) => Err(CliError::usage(format!(
            "{} is no list of uids such as bigcommerce:abc123:7, one a line",
            file.display()
        ))),
        None => Ok(uids),
    }
}

/// The name under which the archive keeps how far a lake is, if the configuration names it.
pub(super) fn name(address: &str) -> String {
    format!("lake {address}")
}

/// Whether a lake is there. It blocks.
pub(super) fn is_there(address: &str) -> Result<bool, CliError> {
    Ok(at(address)?.is_there()?)
}

/// Takes entries out of a lake. It blocks.
pub(crate) fn forget(address: &str, uids: &HashSet<String>) -> Result<Forgotten, CliError> {
    Ok(at(address)?.forget(uids)?)
}

/// The message about the removed entries.
pub(crate) fn of_forgetting(address: &str, done: Forgotten) -> String {
    let rows = pluralize(done.rows, "row", "rows");
    let since = done.version;
    match done.rows {
        0 => format!("{address}: none of them is there"),
        _ => format!("{address}: {rows} removed; versions of its entries before {since} can no longer be read"),
    }
}

fn summary(address: &str, done: Exported) -> String {
    if done.entries == 0 {
        return format!("{address}: nothing new");
    }
    let [entries, files] = [(done.entries, "entry", "entries"), (done.files, "file", "files")]
        .map(|(n, one, many)| pluralize(n, one, many));
    format!("{address}: {entries} in {files}, {} bytes each", format_count(done.bytes.div_ceil(done.entries)))
}

fn of_compaction(done: Compacted) -> String {
    let [from, into] = [done.from, done.into].map(|files| pluralize(files, "file", "files"));
    let orphans = pluralize(done.cleaned.orphans, "orphan", "orphans");
    match (done.into, done.cleaned.orphans) {
        (0, 0) => "nothing to put together".to_owned(),
        (0, _) => format!("{orphans} removed"),
        (_, 0) => format!("{from} put together into {into}"),
        _ => format!("{from} put together into {into}, {orphans} removed"),
    }
}
