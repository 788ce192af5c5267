//! `status`: how each store stands in the archive.

use std::io::{self, Write};

use anstyle::Style;
use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
use storelogs_collector::archive::State;
use storelogs_collector::insight::{grouped, plural, rough};
use storelogs_collector::status::{self, Standing};
use storelogs_collector::verdict;

use crate::error::{Exit, Stop};
use crate::options::ArchiveOptions;
use crate::output::{self, Out};
use crate::ui::printable;
use crate::ui::{self, BOLD, DIM, GREEN, RED, YELLOW};

/// Tell how each store stands in the archive
///
/// What is held, whether anything is missing of all that the platform keeps up to its present, how long it can still be had,
/// and whether the store could be read. Nothing is sent to a platform.
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
The bar shows all that the platform keeps, oldest first: █ read, ▒ in part, · not.

Examples:
  storelogs status
  storelogs status --problems
  storelogs status --format json | jq '.[] | {store, share, headroom_seconds}'

Exit codes:
  0  every store is complete, up to half an hour ago or less
  1  some store is short, unread or cannot be read; or there is no store in the archive yet
  4  nothing is known to be missing, but a store is over, in quarantine or not countable";

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
    let exit = exit(&standings);
    let together = verdict::together(standings.iter().map(|(_, standing)| &standing.judgement));
    let wrong = standings.iter().filter(|(_, standing)| is_wrong(standing)).count();
    let all = standings.len();
    if options.problems {
        standings.retain(|(_, standing)| is_wrong(standing));
    }
    match options.format {
        Format::Pretty => {
            let mut out = output::stdout();
            table(&mut out, &standings, now)?;
            summary(&mut out, &standings, all, wrong, &together)?;
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
    Ok(exit)
}

fn is_wrong(standing: &Standing) -> bool {
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

fn table(out: &mut Out, standings: &[(Store, Standing)], now: Timestamp) -> io::Result<()> {
    let coloured = ui::stdout_is_coloured();
    let style = |style: Style| if coloured { style } else { Style::new() };
    let wide = standings.iter().map(|(_, standing)| standing.store.len()).max().unwrap_or(0).max("STORE".len());
    let (bold, dim) = (style(BOLD), style(DIM));
    let cells = ui::stdout_width().map_or(BAR, |columns| columns.saturating_sub(wide + BESIDE).clamp(7, BAR));
    writeln!(
        out,
        "{bold}{:wide$}  {:<13} {:>10}  {:<cells$}       ASKED{bold:#}",
        "STORE", "STATE", "ENTRIES", "READ"
    )?;
    for (_, standing) in standings {
        let colour = style(match standing.state {
            State::Active => GREEN,
            State::New => DIM,
            State::Throttled | State::Unreachable => YELLOW,
            _ => RED,
        });
        let bar: String = standing.parts(cells as u32).into_iter().map(cell).collect();
        let read = standing
            .last_success
            .map_or_else(|| "never".to_owned(), |at| format!("{} ago", rough(now.duration_since(at))));
        let (state, entries) = (standing.state, grouped(standing.entries));
        let share = (standing.share * 1000.0).floor() / 10.0;
        let name = &standing.store;
        writeln!(out, "{name:wide$}  {colour}{state:<13}{colour:#} {entries:>10}  {bar} {share:>5.1}%  {read}")?;
        let worst = standing.judgement.worst();
        let sign = style(if worst.is_complete() {
            GREEN
        } else if worst.may_lack() {
            RED
        } else {
            YELLOW
        });
        writeln!(out, "  {sign}→{sign:#} {}", standing.judgement)?;
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
    let headroom = standing.headroom_seconds.unwrap_or_default();
    let lacking: Vec<_> = standing.judgement.lacking().collect();
    if !lacking.is_empty() {
        let length: SignedDuration = lacking.iter().map(|found| found.range.length()).sum();
        let ranges = plural(lacking.len() as u64, "time range", "time ranges");
        let expiry = if headroom > 0 {
            format!("the oldest expires in {}", rough(SignedDuration::from_secs(headroom)))
        } else {
            "the oldest may have expired".to_owned()
        };
        remarks.push(format!("{ranges}, {} in all; {expiry}: run `storelogs sync`", rough(length)));
    } else if headroom < SOON.as_secs() {
        let left = rough(SignedDuration::from_secs(headroom.max(0)));
        remarks.push(format!("the oldest entry that was not fetched expires in {left}: run `storelogs sync`"));
    }
    if standing.quarantined > 0 {
        remarks.push(format!(
            "{} records could not be decoded; they are kept in the archive's table quarantine: `storelogs verify --repair` tries them again",
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

fn summary(out: &mut Out, shown: &[(Store, Standing)], all: usize, wrong: usize, together: &str) -> io::Result<()> {
    let entries: u64 = shown.iter().map(|(_, standing)| standing.entries).sum();
    match wrong {
        _ if all == 0 => writeln!(out, "no store is in the archive yet: `storelogs sync` brings them"),
        0 => writeln!(out, "{} entries; {together}", grouped(entries)),
        _ => writeln!(out, "{} entries; {together}; {wrong} of {all} with something wrong", grouped(entries)),
    }
}
