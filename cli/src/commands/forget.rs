//! `forget`: permanently erases what a query finds, wherever the archive has it.

use std::collections::HashSet;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::json;
use storelogs_collector::Archive;
use storelogs_collector::forget::{Forgotten, Manner, ToForget};
use storelogs_collector::insight::with_incidents;
use storelogs_collector::search::{Filter, Order};
use storelogs_collector::wording::{format_count, pluralize};

use super::export::Lakes;
use super::prune::existing;
use super::search::Asked;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, ClockOptions, TIMES, WrittenOptions};
use crate::ui::{Column, Out, Progress, Table, Text, Ui};

/// Permanently erase what a query finds
///
/// For a person who asks to be erased: removes entries, their revisions, records in quarantine, alerts and counts, and
/// leaves not a byte of them in the archive's files. Neither `sync` nor `verify --repair` brings them back, and they do
/// not count as missing: a tombstone, a keyed hash, stands for each. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{TIMES}\n\n{EXITS}"))]
pub(crate) struct ForgetArgs {
    /// What to forget: a query as for `search`
    #[arg(value_name = "QUERY", required = true)]
    query: Vec<String>,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Clear this lake, too; repeat it for several. Those of [[export]] in the configuration are always cleared
    #[arg(long, value_name = "DIR", value_parser = NonEmptyStringValueParser::new())]
    lake: Vec<String>,

    /// The configuration file [default: storelogs.toml, here or in the configuration directory]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,

    /// Only list what would be removed
    #[arg(long)]
    dry_run: bool,

    /// Keep the entries, without what was asked for and without personal data
    #[arg(long)]
    redact: bool,

    #[command(flatten)]
    written: WrittenOptions,

    #[command(flatten)]
    clock: ClockOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs forget 'actor:\"Amelia Wong\" OR \"amelia@example.com\"' --dry-run
  storelogs forget 'actor:\"Amelia Wong\" OR \"amelia@example.com\"' --redact
  storelogs forget 'actor:\"Amelia Wong\"' --dry-run --format json | jq .entries

Remove what is listed from copies elsewhere, too: backups, files that were
written with -o, reports, other lakes (storelogs export lake DIR --forget FILE),
receivers of OTLP. Look first, with --dry-run: there is no way back.";

const EXITS: &str = "\
Exit codes:
  0  nothing of it is left
  1  it failed, another process collects into the archive or exports it, or one
     that reads it keeps old bytes of it
  2  wrong arguments, no lake where one is named, or a query that cannot be
     understood; nothing was changed";

/// How many entries are listed, unless the list is JSON.
const LISTED: usize = 50;

pub(crate) fn forget(args: &ForgetArgs, ui: Ui) -> Result<Exit, CliError> {
    let now = Timestamp::now();
    let query = args.query.join(" ");
    if Filter::parse(&query, now, &TimeZone::UTC)?.is_empty() {
        return Err(CliError::usage("the query is empty, and would forget everything: say what is to be forgotten"));
    }
    let mut lakes = Lakes::of(args.config.as_ref(), &args.lake, ui)?;
    let manner = if args.redact { Manner::Redact } else { Manner::Delete };
    let mut archive = if args.dry_run { args.archive.read()? } else { existing(&args.archive)? };
    let lock = if args.dry_run { None } else { Some((archive.lock()?, archive.lock_forgetting()?)) };
    lakes.find(&archive)?;
    // As `search` means it: what that finds goes, and nothing else.
    let asked = Asked { query: &query, since: None, until: None, stores: &[] };
    let (filter, zone) = asked.meant(&archive, &args.clock, now, ui)?;
    let filter = with_incidents(&archive, &filter.unveiled(&archive)?, now, &zone)?;
    let looking = Progress::new(ui, "looking through the archive".to_owned(), false);
    let found = ToForget::find(&archive, &filter, manner, |entries| looking.entries(entries));
    looking.clear();
    let found = found?;
    let what = found.what();
    let uids: HashSet<String> = found.uids().iter().cloned().collect();
    // What one reads before it is gone for ever.
    let summaries = if args.dry_run { summaries(&archive, &what)? } else { Vec::new() };
    let mut taken_out = Vec::new();
    let progress = Progress::new(ui, "clearing the archive of it".to_owned(), false);
    let cleared = if args.dry_run {
        true
    } else {
        // Lakes first: who is killed in between finds the same again.
        if !uids.is_empty() {
            taken_out = lakes.forget(&uids)?;
        }
        if !what.is_nothing() {
            found.forget(&mut archive, now)?;
        }
        // Also what a run that was killed had still to do.
        archive.clear()?
    };
    progress.clear();
    drop(lock);
    if args.written.is_json() {
        ui.json(&as_json(&what))?;
    } else {
        let mut out = ui.stdout();
        show(&mut out, &what, args, (cleared, &summaries), &zone)?;
        if args.dry_run {
            lakes
                .addresses()
                .iter()
                .try_for_each(|address| writeln!(out, "{address}: would be cleared of them, too"))?;
        }
        taken_out.iter().try_for_each(|line| writeln!(out, "{line}"))?;
        out.flush()?;
    }
    if !what.labelled.is_empty() {
        let stores: Vec<String> = what.labelled.iter().map(ToString::to_string).collect();
        ui.warning(&format!(
            "the configuration gives {} a name, an owner or a tag with these words, and the archive has that, too: change it there, \
             run `storelogs sync`, and then this again",
            stores.join(", ")
        ));
    }
    if !args.dry_run {
        say_copies(&archive, ui);
        lakes.say_older(&archive, ui)?;
    }
    if !cleared {
        return Err(CliError::failed(format!(
            "it is forgotten, and a process that reads an older state of {} keeps bytes of it in the file: end that, then run \
             `storelogs doctor --fix`",
            archive.path().display()
        )));
    }
    Ok(Exit::Done)
}

fn as_json(what: &Forgotten) -> serde_json::Value {
    let entries = what.entries.iter().map(|(uid, time)| json!({ "uid": uid, "time": time }));
    json!({
        "entries": entries.collect::<Vec<_>>(),
        "revisions": what.revisions,
        "quarantined": what.quarantined,
        "alerts": what.alerts,
        "counts": what.counts,
        "found_still": what.found_still,
        "labelled": what.labelled.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

/// The summaries of the entries that are listed.
fn summaries(archive: &Archive, what: &Forgotten) -> Result<Vec<String>, CliError> {
    let summary = |(uid, _): &(String, Timestamp)| {
        let mut summary = String::new();
        archive.search::<CliError>(&super::show::filter(uid)?, Order::NewestFirst, |entry| {
            summary = entry.summary.unwrap_or_default();
            Ok(ControlFlow::Break(()))
        })?;
        Ok(summary)
    };
    what.entries.iter().take(LISTED).map(summary).collect()
}

fn show(
    out: &mut Out,
    what: &Forgotten,
    args: &ForgetArgs,
    (cleared, summaries): (bool, &[String]),
    zone: &TimeZone,
) -> io::Result<()> {
    let mut table = Table::new([Column::new(""), Column::new(""), Column::new("")]);
    for (number, (uid, time)) in what.entries.iter().take(LISTED).enumerate() {
        let time = time.to_zoned_datetime(zone.clone()).strftime("%Y-%m-%d %H:%M:%S %:z").to_string();
        let summary = summaries.get(number).map(String::as_str).unwrap_or_default();
        table.row([Text::plain(&time), Text::plain(uid), Text::plain(summary)]);
    }
    table.write(out)?;
    if what.entries.len() > LISTED {
        writeln!(out, "and {} more: --format json lists all", format_count((what.entries.len() - LISTED) as u64))?;
    }
    let mut parts = vec![pluralize(what.entries.len() as u64, "entry", "entries")];
    for (number, one, several) in [
        (what.revisions, "revision", "revisions"),
        (what.quarantined, "record in quarantine", "records in quarantine"),
        (what.alerts, "alert", "alerts"),
        (what.counts, "count of what was pruned", "counts of what was pruned"),
    ] {
        if number > 0 {
            parts.push(pluralize(number, one, several));
        }
    }
    let end = match (args.dry_run, args.redact) {
        (true, false) => "would go",
        (true, true) => "would be redacted or go",
        (false, _) if cleared && !what.labelled.is_empty() => {
            "forgotten, and nothing of it is left in the archive but what stores are called"
        }
        (false, false) if cleared => "forgotten, and no byte of it is left in the archive",
        (false, true) if cleared => "redacted or gone, and no byte of what was there is left in the archive",
        (false, _) => "forgotten",
    };
    writeln!(out, "{}: {end}", parts.join(", "))?;
    if what.found_still > 0 {
        let still = pluralize(what.found_still, "entry matches", "entries match");
        writeln!(
            out,
            "{still} the query redacted, too: stores, ids, times, severities and fields asked for by name are not redacted; \
             without --redact they are deleted"
        )?;
    }
    Ok(())
}

/// Says what is not reached from here.
fn say_copies(archive: &Archive, ui: Ui) {
    let beside: Vec<String> = kept_beside(archive.path());
    let here = if beside.is_empty() { String::new() } else { format!("; here: {}", beside.join(", ")) };
    ui.note(&format!(
        "Copies elsewhere have it still: backups, files written with -o, reports, lakes that were not \
         named, receivers of OTLP, chats that alerts went to{here}.\nIn an archive run the same command; in a lake \
         `storelogs export lake DIR --forget FILE`, with the uids in the file; delete the rest, and write it anew.\n"
    ));
}

/// Older archives that `restore` has kept beside this one.
fn kept_beside(archive: &Path) -> Vec<String> {
    let name = archive.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let folder = archive.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let names = files.map(|file| file.file_name().to_string_lossy().into_owned());
    let mut kept: Vec<String> =
        names.filter(|file| file.starts_with(&format!("{name}.replaced-")) && !file.ends_with(".secret")).collect();
    kept.sort();
    kept
}
