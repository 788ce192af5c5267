//! `restore`: replaces the archive with a backup, and says what `sync` will fetch.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use storelogs::Store;
use storelogs_collector::archive::{Restored, VerifiedCopy};
use storelogs_collector::status::{self, Standing};
use storelogs_collector::wording::{format_count, format_duration, pluralize};
use storelogs_collector::{Archive, TimeRange};

use super::sync::LISTED;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, WrittenOptions};
use crate::ui::{Column, Progress, Table, Text, Ui, Unfinished, end_on_signal};

/// Replace the archive with a backup
///
/// The backup is verified first, and stays where it is. For each store, it says what the next `sync` will fetch, and
/// what it cannot fetch because the platform no longer keeps it. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RestoreArgs {
    /// The backup
    #[arg(value_name = "FILE")]
    file: PathBuf,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Replace an existing archive, which is kept beside it under another name
    #[arg(long)]
    replace: bool,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs restore last-week.db --archive elsewhere.db
  storelogs restore last-week.db --replace && storelogs sync && storelogs verify

If it is killed, the archive is whole: as it was, or restored.

Exit codes:
  0  the archive is the same as the backup
  1  it failed, or the backup is damaged; what was there before is still there
  2  there is an archive already; nothing was changed
  130  interrupted with Ctrl-C before it was done; 143 by SIGTERM";

pub(crate) fn restore(args: &RestoreArgs, ui: Ui) -> Result<Exit, CliError> {
    let path = args.archive.path()?;
    let restore = Archive::restore(&args.file, &path, args.replace)?;
    let progress = Progress::new(ui, "copying the backup".to_owned(), false);
    let begun = Unfinished::new(restore.begun());
    end_on_signal(Some(&progress));
    let copied = {
        let progress = progress.clone();
        restore.copy(move |share| progress.share(share))
    };
    drop(begun);
    let restored = copied.and_then(VerifiedCopy::put_in_place);
    progress.clear();
    let Restored { archive, replaced, unpruned } = restored?;
    let now = Timestamp::now();
    let standings = status::status(&archive, now)?;
    let standings: Vec<Standing> = standings.into_iter().map(|(_, standing)| standing).collect();
    if args.written.is_json() {
        ui.json(&as_json(&path, replaced.as_deref(), &unpruned, &standings))?;
    } else {
        show(&path, replaced.as_deref(), &standings, ui)?;
    }
    if replaced.is_some() && beside_litestream(&path) {
        ui.warning(
            "Litestream copies this archive, it seems, and does not notice the new file: what it copies from now on is damaged. Stop it \
             and start it again",
        );
    }
    if !unpruned.is_empty() {
        let stores: Vec<String> = unpruned.iter().map(ToString::to_string).collect();
        ui.warning(&format!(
            "entries of {} are back that were pruned since the backup, and something was forgotten since: what had been pruned by \
             then is not known as forgotten. Run each `storelogs forget` again",
            stores.join(", ")
        ));
    }
    Ok(Exit::Done)
}

/// Whether Litestream has its folder beside the archive.
fn beside_litestream(archive: &Path) -> bool {
    let name = archive.file_name().unwrap_or_default().to_string_lossy();
    archive.with_file_name(format!(".{name}-litestream")).is_dir()
}

fn as_json(archive: &Path, replaced: Option<&Path>, unpruned: &[Store], standings: &[Standing]) -> serde_json::Value {
    let range = |range: &TimeRange| json!({ "since": range.since, "until": range.until });
    let stores = standings.iter().map(|standing| {
        json!({
            "store": standing.store,
            "entries": standing.entries,
            "to_fetch": standing.judgement.lacking().map(|found| range(&found.range)).collect::<Vec<_>>(),
            "lost": standing.lost.iter().map(range).collect::<Vec<_>>(),
            "unpruned": unpruned.iter().any(|store| store.to_string() == standing.store),
        })
    });
    json!({
        "archive": archive,
        "replaced": replaced,
        "entries": standings.iter().map(|standing| standing.entries).sum::<u64>(),
        "stores": stores.collect::<Vec<_>>(),
    })
}

fn show(archive: &Path, replaced: Option<&Path>, standings: &[Standing], ui: Ui) -> io::Result<()> {
    let mut table = Table::new([Column::new(""), Column::new("").least(9), Column::new("")]);
    let palette = ui.palette();
    let lacks = |standing: &&Standing| standing.judgement.lacking().next().is_some() || !standing.lost.is_empty();
    for standing in standings.iter().filter(|standing| standings.len() <= LISTED || lacks(standing)) {
        table.row([
            Text::plain(&standing.store),
            Text::plain(&format_count(standing.entries)).right(),
            Text::plain(&to_fetch(standing)),
        ]);
        for lost in &standing.lost {
            let length = format_duration(lost.length());
            table.remark(palette.red, &format!("{lost} ({length}) cannot be fetched: the platform keeps it no longer"));
        }
    }
    let mut out = ui.stdout();
    table.write(&mut out)?;
    let entries: u64 = standings.iter().map(|standing| standing.entries).sum();
    writeln!(out, "{} restored to {}", pluralize(entries, "entry", "entries"), archive.display())?;
    if let Some(replaced) = replaced {
        writeln!(out, "what was there is {} now: delete it once you do not need it", replaced.display())?;
    }
    out.flush()
}

fn to_fetch(standing: &Standing) -> String {
    let newest = standing.judgement.findings.last().map(|found| found.range.until);
    let lacking: Vec<_> = standing.judgement.lacking().collect();
    let length: SignedDuration = lacking.iter().map(|found| found.range.length()).sum();
    match (lacking.first(), lacking.last()) {
        (Some(first), Some(last)) => format!(
            "`storelogs sync` fetches {}, from {} to {}",
            format_duration(length),
            to_second(first.range.since),
            to_second(last.range.until)
        ),
        _ => format!("nothing is missing up to {}", newest.map_or_else(|| "now".to_owned(), to_second)),
    }
}

fn to_second(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
