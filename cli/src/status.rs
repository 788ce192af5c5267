//! `status`: how each store stands in the archive.

use std::io::{self, Write};

use anstyle::Style;
use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
use storelogs_collector::archive::State;
use storelogs_collector::insight::{grouped, rough};
use storelogs_collector::status::{self, Standing};

use crate::archive::ArchiveOptions;
use crate::exit::{Exit, Stop};
use crate::output::{self, Out};
use crate::printable;
use crate::terminal::{self, BOLD, DIM, GREEN, RED, YELLOW};

/// Tell how each store stands in the archive
///
/// What is held, what is covered of all that the platform keeps, what is missing and how long it can still be had, and
/// whether the store could be read. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    archive: ArchiveOptions,

    /// Only this store; repeat it for several
    #[arg(long, value_name = "STORE")]
    store: Vec<Store>,

    /// Only stores with something wrong
    #[arg(long)]
    problems: bool,

    /// How the report is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

const EXAMPLES: &str = "\
The bar shows all that the platform keeps, oldest first: █ covered, ▒ in part, · not yet.

Examples:
  storelogs status
  storelogs status --problems
  storelogs status --format json | jq '.[] | {store, share, headroom_seconds}'

Exit codes:
  0  every store is read and has no gap
  1  some store has a gap, or cannot be read; or there is no store in the archive yet";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for reading
    #[default]
    Pretty,
    /// One JSON array, one object a store
    Json,
}

/// What expires sooner than this is told.
const SOON: SignedDuration = SignedDuration::from_hours(14 * 24);
/// The cells of the bar, on a terminal that is wide enough.
const BAR: usize = 24;
/// The columns beside the name and the bar.
const BESIDE: usize = 48;

pub(crate) fn run(options: &Options) -> Result<Exit, Stop> {
    let now = Timestamp::now();
    let mut standings = status::status(&options.archive.read()?, now)?;
    if let Some(unknown) = options.store.iter().find(|wanted| standings.iter().all(|(store, _)| store != *wanted)) {
        return Err(Stop::Usage(format!("the archive knows no store {unknown}: `storelogs sync` reads it first")));
    }
    standings.retain(|(store, _)| options.store.is_empty() || options.store.contains(store));
    let wrong = standings.iter().filter(|(_, standing)| is_wrong(standing)).count();
    let all = standings.len();
    if options.problems {
        standings.retain(|(_, standing)| is_wrong(standing));
    }
    match options.format {
        Format::Pretty => {
            let mut out = output::stdout();
            table(&mut out, &standings, now)?;
            summary(&mut out, &standings, all, wrong)?;
            out.flush()?;
        }
        Format::Json => {
            let standings: Vec<&Standing> = standings.iter().map(|(_, standing)| standing).collect();
            let mut out = output::stdout();
            serde_json::to_writer_pretty(&mut out, &standings).map_err(io::Error::from)?;
            writeln!(out)?;
            out.flush()?;
        }
    }
    Ok(if wrong == 0 && all > 0 { Exit::Done } else { Exit::Failed })
}

fn is_wrong(standing: &Standing) -> bool {
    standing.state != State::Active || !standing.gaps.is_empty()
}

fn table(out: &mut Out, standings: &[(Store, Standing)], now: Timestamp) -> io::Result<()> {
    let coloured = terminal::stdout_is_coloured();
    let style = |style: Style| if coloured { style } else { Style::new() };
    let wide = standings.iter().map(|(_, standing)| standing.store.len()).max().unwrap_or(0).max("STORE".len());
    let (bold, dim) = (style(BOLD), style(DIM));
    let cells = terminal::stdout_width().map_or(BAR, |columns| columns.saturating_sub(wide + BESIDE).clamp(7, BAR));
    writeln!(
        out,
        "{bold}{:wide$}  {:<13} {:>10}  {:<cells$}       READ{bold:#}",
        "STORE", "STATE", "ENTRIES", "COVERED"
    )?;
    for (store, standing) in standings {
        let colour = style(match standing.state {
            State::Active => GREEN,
            State::New => DIM,
            State::Throttled | State::Unreachable => YELLOW,
            _ => RED,
        });
        let window = status::window(store, now);
        let bar: String = window
            .map(|window| standing.parts(window, cells as u32))
            .unwrap_or_default()
            .into_iter()
            .map(cell)
            .collect();
        let read = standing
            .last_success
            .map_or_else(|| "never".to_owned(), |at| format!("{} ago", rough(now.duration_since(at))));
        let (state, entries) = (standing.state, grouped(standing.entries));
        let share = (standing.share * 1000.0).floor() / 10.0;
        let name = &standing.store;
        writeln!(out, "{name:wide$}  {colour}{state:<13}{colour:#} {entries:>10}  {bar} {share:>5.1}%  {read}")?;
        if let Some(reason) = &standing.reason {
            writeln!(out, "  {colour}→{colour:#} {}", printable::line(reason))?;
        }
        let warn = style(YELLOW);
        for line in remarks(standing) {
            writeln!(out, "  {warn}→{warn:#} {}", printable::line(&line))?;
        }
        if let (Some(oldest), Some(newest)) = (standing.oldest, standing.newest) {
            writeln!(out, "  {dim}{} to {}{dim:#}", to_minute(oldest), to_minute(newest))?;
        }
    }
    Ok(())
}

/// What the owner of the archive should know about a store.
fn remarks(standing: &Standing) -> Vec<String> {
    let mut remarks = Vec::new();
    if !standing.gaps.is_empty() {
        let length: SignedDuration = standing.gaps.iter().map(storelogs_collector::Stretch::length).sum();
        let gaps = if standing.gaps.len() == 1 { "1 gap".to_owned() } else { format!("{} gaps", standing.gaps.len()) };
        let headroom = standing.headroom_seconds.map_or(0, |seconds| seconds);
        let expiry = if headroom > 0 {
            format!("the oldest expires in {}", rough(SignedDuration::from_secs(headroom)))
        } else {
            "the oldest may have expired".to_owned()
        };
        remarks.push(format!("{gaps}, {} in all; {expiry}: run `storelogs sync`", rough(length)));
    }
    if let Some(left) = standing.headroom_seconds.filter(|left| standing.gaps.is_empty() && *left < SOON.as_secs()) {
        let left = rough(SignedDuration::from_secs(left.max(0)));
        remarks.push(format!("the oldest entry that was not fetched expires in {left}: run `storelogs sync`"));
    }
    if standing.quarantined > 0 {
        remarks.push(format!(
            "{} records could not be decoded; they are kept in the archive's table quarantine",
            standing.quarantined
        ));
    }
    remarks
}

fn cell(share: f64) -> char {
    match share {
        share if share > 0.995 => '█',
        share if share > 0.0 => '▒',
        _ => '·',
    }
}

fn to_minute(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M").to_string()
}

fn summary(out: &mut Out, shown: &[(Store, Standing)], all: usize, wrong: usize) -> io::Result<()> {
    let entries: u64 = shown.iter().map(|(_, standing)| standing.entries).sum();
    let stores = if all == 1 { "1 store".to_owned() } else { format!("{all} stores") };
    match wrong {
        _ if all == 0 => writeln!(out, "no store is in the archive yet: `storelogs sync` brings them"),
        0 => writeln!(out, "{stores}, {} entries; every store is read, without a gap", grouped(entries)),
        _ => writeln!(out, "{stores}, {wrong} with something wrong"),
    }
}
