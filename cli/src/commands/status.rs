//! `status`: the state of each store in the archive.

use std::io::{self, Write};
use std::path::Path;

use anstyle::Style;
use clap::Args;
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
use storelogs_collector::Archive;
use storelogs_collector::archive::{LARGE_WAL, State};
use storelogs_collector::status::{self, Standing};
use storelogs_collector::verdict;
use storelogs_collector::wording::{format_bytes, format_count, format_duration, pluralize};

use crate::config::StoreName;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, WrittenOptions, known_stores};
use crate::ui::printable::line;
use crate::ui::{Column, Out, Palette, Table, Text, Ui, blocks};

/// Show the state of each store in the archive
///
/// For each store: what is held, whether anything is missing of what the platform keeps, how long the missing part can
/// still be fetched, and whether the store could be read. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    archive: ArchiveOptions,

    /// Only this store; repeat it for several
    #[arg(long, value_name = "STORE", add = known_stores())]
    store: Vec<StoreName>,

    /// Only stores with something wrong
    #[arg(long)]
    problems: bool,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
The bar is all that the platform keeps, oldest first: █ read, ▒ in part, · not.

Examples:
  storelogs status
  storelogs status --problems
  storelogs status --format json | jq '.[] | {store, share, headroom_seconds}'

Exit codes:
  0  every store is complete, up to half an hour ago or less
  1  some store is short, unread or cannot be read; or there is no store in the
     archive yet
  4  nothing is known to be missing, but a store is over, in quarantine or not
     countable";

/// A store whose entries expire sooner than this gets a line.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The cells of the bar, on a terminal that is wide enough.
const BAR: usize = 24;
/// The column after the bar: the share that was read.
const SHARE: usize = 7;
/// The columns beside the name and the bar.
const BESIDE: usize = 48;

pub(crate) fn status(args: &StatusArgs, ui: Ui) -> Result<Exit, CliError> {
    let now = Timestamp::now();
    let archive = args.archive.read()?;
    let wal = archive.wal_size();
    let exports = exports(&archive, now)?;
    let mut standings = status::status(&archive, now)?;
    pick(&mut standings, &args.store)?;
    let exit = exit(&standings);
    let together = verdict::together(standings.iter().map(|(_, standing)| &standing.judgement));
    let wrong = standings.iter().filter(|(_, standing)| is_wrong(standing)).count();
    let all = standings.len();
    if args.problems {
        standings.retain(|(_, standing)| is_wrong(standing));
    }
    let large = large_wal(archive.path(), wal);
    if args.written.is_json() {
        let standings: Vec<&Standing> = standings.iter().map(|(_, standing)| standing).collect();
        ui.json(&standings)?;
        if let Some(line) = &large {
            ui.warning(line);
        }
    } else {
        let mut out = ui.stdout();
        table(&standings, now, ui).write(&mut out)?;
        summary(&mut out, &standings, all, wrong, &together)?;
        for line in large.iter().chain(&exports) {
            writeln!(out, "{line}")?;
        }
        out.flush()?;
    }
    Ok(exit)
}

/// Leaves the stores that are named; without a name, all.
pub(crate) fn pick(standings: &mut Vec<(Store, Standing)>, names: &[StoreName]) -> Result<(), CliError> {
    let names = names.iter();
    let picked =
        names.map(|name| name.among(standings.iter().map(|(store, _)| store))).collect::<Result<Vec<_>, _>>()?;
    if let Some(unknown) = picked.iter().find(|wanted| standings.iter().all(|(store, _)| store != *wanted)) {
        return Err(CliError::usage(format!("the archive knows no store {unknown}: `storelogs sync` reads it first")));
    }
    standings.retain(|(store, _)| picked.is_empty() || picked.contains(store));
    Ok(())
}

/// The warning about a file of changes that is too large.
pub(crate) fn large_wal(archive: &Path, size: u64) -> Option<String> {
    (size > LARGE_WAL).then(|| {
        format!(
            "{} of changes wait beside the archive ({}-wal): a process has been reading an older state of it for long; end \
             that, then run `storelogs doctor --fix`",
            format_bytes(size),
            archive.display()
        )
    })
}

/// An export that was not tried for this long is left out.
const ABANDONED: SignedDuration = SignedDuration::from_hours(30 * 24);

/// The progress of exports that were tried recently, a line each.
fn exports(archive: &Archive, now: Timestamp) -> Result<Vec<String>, CliError> {
    let newest = archive.newest_arrival()?;
    let exports = archive.exports()?.into_iter().filter(|export| now.duration_since(export.seen) < ABANDONED);
    let lines = exports.map(|export| {
        let behind = match newest - export.arrived {
            ..=0 => "up to date".to_owned(),
            left => format!("{} behind", pluralize(left.unsigned_abs(), "entry", "entries")),
        };
        let refused = match export.refused {
            0 => String::new(),
            refused => format!(", {} refused: `storelogs export otlp --refused`", format_count(refused)),
        };
        let failing = match (export.failures, &export.reason) {
            (1.., Some(why)) => format!(
                "; it failed {}, the last time because: {}",
                pluralize(export.failures.into(), "time", "times"),
                line(why)
            ),
            _ => String::new(),
        };
        format!("export to {}: {behind}{refused}{failing}", line(&export.name))
    });
    Ok(lines.collect())
}

/// Whether a store cannot be read, or something is missing of it.
pub(crate) fn is_wrong(standing: &Standing) -> bool {
    standing.state != State::Active || !standing.judgement.is_complete()
}

fn exit(standings: &[(Store, Standing)]) -> Exit {
    let is_read = |standing: &Standing| standing.state == State::Active;
    let worst = standings.iter().map(|(_, standing)| standing.judgement.worst()).max();
    match worst {
        Some(worst) if standings.iter().all(|(_, standing)| is_read(standing)) => Exit::of_verdict(&worst),
        _ => Exit::Failed,
    }
}

fn table(standings: &[(Store, Standing)], now: Timestamp, ui: Ui) -> Table {
    let palette = ui.palette();
    let wide = standings.iter().map(|(_, standing)| standing.store.len()).max().unwrap_or(0).max("STORE".len());
    let cells = ui.stdout_width().map_or(BAR, |columns| columns.saturating_sub(wide + BESIDE).clamp(7, BAR));
    let columns = [
        Column::new("STORE"),
        Column::new("STATE").least(13),
        Column::new("ENTRIES").least(9),
        Column::new("READ").least(cells + SHARE),
        Column::new("ASKED"),
    ];
    let mut table = Table::new(columns).header(palette.bold);
    for (_, standing) in standings {
        let colour = colour(standing.state, &palette);
        let bar = blocks(standing.parts(cells as u32));
        let share = (standing.share * 1000.0).floor() / 10.0;
        let asked = standing
            .last_attempt
            .map_or_else(|| "never".to_owned(), |at| format!("{} ago", format_duration(now.duration_since(at))));
        table.row([
            Text::plain(&standing.store),
            Text::new(colour, standing.state.as_str()),
            Text::plain(&format_count(standing.entries)).right(),
            Text::plain(&format!("{bar} {share:>5.1}%")),
            Text::plain(&asked),
        ]);
        table.remark(palette.verdict(&standing.judgement.worst()), &standing.judgement.to_string());
        if let Some(reason) = &standing.reason {
            table.remark(colour, reason);
        }
        for line in remarks(standing) {
            table.remark(palette.yellow, &line);
        }
        if let (Some(oldest), Some(newest)) = (standing.oldest, standing.newest) {
            let range = format!("{} to {} UTC; {}", to_minute(oldest), to_minute(newest), verified(standing, now));
            table.note(Text::plain("  ").and(palette.dim, &range));
        }
    }
    table
}

/// The last result of `verify`, and its time.
fn verified(standing: &Standing, now: Timestamp) -> String {
    let Some(found) = &standing.verified else { return "not verified yet".to_owned() };
    let deep = if found.deep { ", every id" } else { "" };
    let ago = format_duration(now.duration_since(found.at));
    match &found.error {
        Some(error) => format!("`storelogs verify` failed {ago} ago: {}", line(error)),
        None => format!("verified {ago} ago{deep}: {}", found.verdict),
    }
}

fn colour(state: State, palette: &Palette) -> Style {
    match state {
        State::Active => palette.green,
        State::New => palette.dim,
        State::Throttled | State::Unreachable => palette.yellow,
        _ => palette.red,
    }
}

/// The notes on a store for the owner of the archive.
fn remarks(standing: &Standing) -> Vec<String> {
    let mut remarks = Vec::new();
    let headroom = standing.headroom_seconds.unwrap_or_default();
    let lacking: Vec<_> = standing.judgement.lacking().collect();
    if !lacking.is_empty() {
        let length: SignedDuration = lacking.iter().map(|found| found.range.length()).sum();
        let ranges = pluralize(lacking.len() as u64, "time range", "time ranges");
        let expiry = if headroom > 0 {
            format!("the oldest expires in {}", format_duration(SignedDuration::from_secs(headroom)))
        } else {
            "the oldest may have expired".to_owned()
        };
        remarks.push(format!("{ranges}, {} in all; {expiry}: {}", format_duration(length), next(standing.state)));
    } else if headroom < SOON.as_secs() {
        let left = format_duration(SignedDuration::from_secs(headroom.max(0)));
        remarks.push(format!("the oldest entry that was not fetched expires in {left}: {}", next(standing.state)));
    }
    if standing.quarantined > 0 {
        remarks.push(format!(
            "{} could not be decoded, kept in the archive's table quarantine: `storelogs verify --repair` tries again",
            pluralize(standing.quarantined, "record", "records")
        ));
    }
    remarks
}

/// The command that fetches what is missing. A store that refuses to be read has to be fixed first, as its reason says.
fn next(state: State) -> &'static str {
    match state {
        State::New | State::Active | State::Throttled | State::Unreachable | State::Failing => "run `storelogs sync`",
        State::Unauthorized | State::Frozen | State::Locked | State::Misconfigured => {
            "once the store can be read again, `storelogs sync` fetches what is still there"
        }
    }
}

fn to_minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

fn summary(out: &mut Out, shown: &[(Store, Standing)], all: usize, wrong: usize, together: &str) -> io::Result<()> {
    let entries: u64 = shown.iter().map(|(_, standing)| standing.entries).sum();
    match wrong {
        _ if all == 0 => writeln!(out, "no store is in the archive yet: `storelogs sync` brings them"),
        0 => writeln!(out, "{} entries; {together}", format_count(entries)),
        _ => {
            let (wrong, all) = (format_count(wrong as u64), format_count(all as u64));
            writeln!(out, "{} entries; {together}; {wrong} of {all} with something wrong", format_count(entries))
        }
    }
}
