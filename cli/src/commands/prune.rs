//! `prune`: removes entries that are older than their owner wants them.

use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use storelogs::{Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::archive::Pruned;
use storelogs_collector::retention::{Age, Keep};
use storelogs_collector::wording::{format_bytes, format_count, pluralize};

use super::sync::LISTED;
use crate::config;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, StoreOptions, WrittenOptions};
use crate::ui::{Column, Progress, Table, Text, Ui};

/// Remove entries that are older than you want
///
/// Without --older-than, `keep` in the configuration decides, and `sync` prunes by it as well. Pruned entries are no
/// gap: `verify` does not miss them, and nothing fetches them again. Their counts by hour stay, so reports over years
/// remain possible. The file shrinks. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct PruneArgs {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Entries older than this: 90d, 12w, 18mo, 3y, by the calendar in UTC
    #[arg(long, value_name = "AGE")]
    older_than: Option<Age>,

    /// Only entries of this severity; repeat it for several
    #[arg(long, value_name = "SEVERITY", requires = "older_than")]
    severity: Vec<Severity>,

    /// Only say what would be removed
    #[arg(long)]
    dry_run: bool,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs prune --older-than 3y --dry-run
  storelogs prune --older-than 90d --severity info --store bigcommerce:abc123

In storelogs.toml, in a [[store]] or, above all stores, for every one:
  keep = \"3y\"
  keep = { info = \"90d\", notice = \"1y\" }      # the other severities stay

Exit codes:
  0  done, or nothing was old enough
  1  it failed, or another process collects into the archive
  2  nothing says how long to keep entries, or an age is not understood";

/// How often a run that follows prunes by the configuration.
const EVERY: Duration = Duration::from_secs(3600);

/// An archive's stores, and up to when the entries of each go.
type Cutoffs = Vec<(Store, Vec<(Severity, Timestamp)>)>;

/// A store, up to when its entries went, and how many those were.
type Done = (Store, Vec<(Severity, Timestamp)>, Pruned);

pub(crate) fn prune(args: &PruneArgs, ui: Ui) -> Result<Exit, CliError> {
    let now = Timestamp::now();
    let mut archive = if args.dry_run { args.archive.read()? } else { existing(&args.archive)? };
    let cutoffs = cutoffs(args, &archive, now, ui)?;
    let lock = if args.dry_run { None } else { Some(archive.lock()?) };
    let progress = Progress::new(ui, "pruning".to_owned(), false);
    let mut done: Vec<Done> = Vec::new();
    let mut all = Pruned::default();
    let size = archive.size_on_disk();
    for (store, cutoffs) in cutoffs {
        let Some(id) = archive.store_id(&store)? else { continue };
        let before = all.entries;
        let pruned = if args.dry_run {
            archive.prunable(id, &cutoffs)?
        } else {
            archive.prune(id, &cutoffs, now, |pruned| progress.entries(before + pruned.entries))?
        };
        all.add(pruned);
        done.push((store, cutoffs, pruned));
    }
    let freed = if args.dry_run {
        0
    } else {
        // What went out of the index of words is room, too.
        archive.index_words(usize::MAX)?;
        archive.shrink(|share| progress.share(share))?;
        size.saturating_sub(archive.size_on_disk())
    };
    progress.clear();
    drop(lock);
    if args.written.is_json() {
        ui.json(&as_json(&done, all, freed))?;
        return Ok(Exit::Done);
    }
    let mut table = Table::new([Column::new(""), Column::new("").least(9), Column::new("")]);
    let changed = |pruned: &Pruned| pruned.entries + pruned.revisions + pruned.quarantined > 0;
    for (store, cutoffs, pruned) in done.iter().filter(|(.., pruned)| done.len() <= LISTED || changed(pruned)) {
        table.row([
            Text::plain(&store.to_string()),
            Text::plain(&format_count(pruned.entries)).right(),
            Text::plain(&up_to(cutoffs)),
        ]);
    }
    let mut out = ui.stdout();
    table.write(&mut out)?;
    writeln!(out, "{}{}", said(all, args.dry_run), freed_bytes(freed))?;
    out.flush()?;
    Ok(Exit::Done)
}

fn as_json(done: &[Done], all: Pruned, freed: u64) -> Value {
    let counted = |pruned: &Pruned| json!({ "entries": pruned.entries, "revisions": pruned.revisions, "quarantined": pruned.quarantined });
    let stores = done.iter().map(|(store, cutoffs, pruned)| {
        let until = cutoffs.iter().map(|(severity, until)| (severity.to_string(), json!(until)));
        let mut object = counted(pruned);
        object["store"] = store.to_string().into();
        object["until"] = until.collect::<Map<_, _>>().into();
        object
    });
    let stores: Vec<Value> = stores.collect();
    let mut object = counted(&all);
    object["stores"] = stores.into();
    object["freed_bytes"] = freed.into();
    object
}

/// The archive that is there, to be written into.
pub(super) fn existing(archive: &ArchiveOptions) -> Result<Archive, CliError> {
    drop(archive.read()?);
    archive.open()
}

fn cutoffs(args: &PruneArgs, archive: &Archive, now: Timestamp, ui: Ui) -> Result<Cutoffs, CliError> {
    let Some(age) = args.older_than else {
        let keeps = config::read(&args.stores.selection(), ui)
            .map_err(|error| error.hint("an age needs no configuration: --older-than 3y"))?
            .keeps();
        if keeps.is_empty() {
            let why =
                "nothing says how long entries are to be kept: --older-than 3y, or keep = \"3y\" in storelogs.toml";
            return Err(CliError::usage(why));
        }
        return Ok(keeps.into_iter().map(|(store, keep)| (store, keep.cutoffs(now))).collect());
    };
    let keep = match args.severity.as_slice() {
        [] => Keep::all(age),
        severities => Keep::some(severities.iter().map(|severity| (*severity, age))),
    };
    let known: Vec<Store> = archive.stores()?.into_iter().map(|(_, store)| store).collect();
    let names = args.stores.selection().stores;
    let picked = names.iter().map(|name| name.among(&known)).collect::<Result<Vec<_>, _>>()?;
    if let Some(store) = picked.iter().find(|store| !matches!(archive.store_id(store), Ok(Some(_)))) {
        return Err(storelogs_collector::Error::UnknownStore { store: store.clone() }.into());
    }
    let stores = known.into_iter().filter(|store| picked.is_empty() || picked.contains(store));
    Ok(stores.map(|store| (store, keep.cutoffs(now))).collect())
}

/// Prunes by the configuration, as a collector does it by itself.
pub(crate) fn by_configuration(
    archive: &mut Archive,
    keeps: &[(Store, Keep)],
    now: Timestamp,
) -> storelogs_collector::Result<Pruned> {
    let mut all = Pruned::default();
    for (store, keep) in keeps {
        let id = archive.add_store(store)?;
        all.add(archive.prune(id, &keep.cutoffs(now), now, |_| {})?);
    }
    if all != Pruned::default() {
        archive.give_back_some()?;
    }
    Ok(all)
}

/// Prunes by the configuration every hour, beside the run that holds the archive's lock.
pub(crate) async fn again_and_again(archive: PathBuf, keeps: Vec<(Store, Keep)>) {
    loop {
        tokio::time::sleep(EVERY).await;
        let (archive, keeps) = (archive.clone(), keeps.clone());
        let pruned = tokio::task::spawn_blocking(move || {
            Archive::open(archive).and_then(|mut archive| by_configuration(&mut archive, &keeps, Timestamp::now()))
        });
        // If somebody is in the way, the next time does it.
        if let Ok(Err(error)) = pruned.await {
            tracing::warn!(target: "storelogs::sync", reason = %error, "nothing could be pruned");
        }
    }
}

fn up_to(cutoffs: &[(Severity, Timestamp)]) -> String {
    let text = |time: &Timestamp| time.strftime("%Y-%m-%dT%H:%MZ").to_string();
    match cutoffs {
        [] => "nothing is so old".to_owned(),
        [(_, first), rest @ ..]
            if rest.len() + 1 == Severity::ALL.len() && rest.iter().all(|(_, time)| time == first) =>
        {
            format!("up to {}", text(first))
        }
        some => {
            let some: Vec<String> =
                some.iter().map(|(severity, time)| format!("{severity} up to {}", text(time))).collect();
            some.join(", ")
        }
    }
}

fn said(all: Pruned, dry_run: bool) -> String {
    let what = pluralize(all.entries, "entry", "entries");
    let more: String =
        [(all.revisions, "revision", "revisions"), (all.quarantined, "record in quarantine", "records in quarantine")]
            .into_iter()
            .filter(|(number, ..)| *number > 0)
            .map(|(number, one, several)| format!(", {}", pluralize(number, one, several)))
            .collect();
    if dry_run { format!("{what}{more} would go") } else { format!("{what}{more} pruned") }
}

fn freed_bytes(bytes: u64) -> String {
    if bytes == 0 { String::new() } else { format!("; the archive and its index are {} smaller", format_bytes(bytes)) }
}
