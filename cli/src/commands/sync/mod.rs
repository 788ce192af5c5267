//! `sync`: copies the logs of all stores into the archive.

pub(super) mod listen;
pub(super) mod log;
mod progress;

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use clap::Args;
use jiff::Timestamp;
use serde_json::json;
use storelogs_collector::archive::State;
use storelogs_collector::metrics::Metrics;
use storelogs_collector::sync::{self, Outcome, SyncOptions};
use storelogs_collector::verdict;
use storelogs_collector::wording::format_count;
use tokio::sync::watch;

use super::export::Exports;
use super::prune;
use crate::config::{self, ReloadingStores};
use crate::error::{CODES, CliError, Exit, StoreFailure};
use crate::options::{ArchiveOptions, CollectingOptions, StoreOptions, WrittenOptions};
use crate::ui::{Column, Out, Palette, Signal, Signals, Table, Text, Ui};
use progress::SyncProgress;

/// Copy the logs of all stores into the archive
///
/// The first run reads everything that the platforms still keep, beginning with what expires soonest; later runs read
/// only what is missing. It can be stopped at any moment, and goes on where it stopped. The archive outlives the
/// platforms' retention.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct SyncArgs {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Keep going, and poll each store, busy ones more often
    #[arg(long, short)]
    follow: bool,

    /// The API of these stores has moved to the configured address: go on from there
    #[arg(long, conflicts_with = "follow")]
    moved: bool,

    #[command(flatten)]
    collecting: CollectingOptions,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs sync              everything that is missing
  storelogs sync --follow     keep the archive up to date, until Ctrl-C or SIGTERM
  storelogs sync --shard 2/8  the second of eight machines
  storelogs sync --follow --metrics-listen 127.0.0.1:9464

Then: `storelogs verify` proves it, `storelogs status` shows each store's state.";

/// The most stores that are all listed at the end; of more, only those with a problem are.
pub(crate) const LISTED: usize = 40;
/// How many gaps of one store are listed.
const GAPS_LISTED: usize = 5;

pub(crate) async fn sync(args: SyncArgs, ui: Ui) -> Result<Exit, CliError> {
    let selection = args.stores.selection();
    let mut configured = config::read(&selection, ui)?;
    configured.share(args.collecting.shard);
    let problems = configured.problems;
    let listener = args.collecting.metrics_listen.map(listen::bind).transpose()?;
    let mut archive = args.archive.open()?;
    let network = configured.network()?;
    configured.label(&mut archive)?;
    let keeps = configured.keeps();
    let exports = Exports::of(&configured)?;
    if !keeps.is_empty() {
        let _lock = archive.lock()?;
        prune::by_configuration(&mut archive, &keeps, Timestamp::now())?;
    }
    let progress = Arc::new(SyncProgress::new(ui));
    let (stop, stopped) = watch::channel(false);
    let asked = end_cleanly(stop, Arc::clone(&progress))?;
    let directory = {
        let progress = Arc::clone(&progress);
        let report = move |problem: &str| progress.aside(problem);
        Arc::new(ReloadingStores::new(configured, archive.path(), args.collecting.shard, network.clone(), report))
    };
    progress.of({
        let directory = Arc::clone(&directory);
        move || directory.count()
    });
    let exporting = if args.follow {
        let progress = Arc::clone(&progress);
        exports.begin(archive.path(), Arc::new(move |line: &str| progress.aside(line)), ui).await?
    } else {
        None
    };
    let metrics = {
        let directory = Arc::clone(&directory);
        let exports = exporting.iter().flat_map(|exporting| exporting.names().to_vec()).collect();
        Arc::new(Metrics::new(archive.path(), network, move || directory.all()).with_exports(exports))
    };
    if let Some(listener) = listener {
        listen::serve(listener, Arc::clone(&metrics))?;
    }
    let how = SyncOptions { moved: args.moved, ..args.collecting.sync(args.follow) };
    let observer = {
        let progress = Arc::clone(&progress);
        Arc::new(move |event: &sync::Event<'_>| {
            metrics.event(event);
            log::event(event);
            progress.event(event);
        })
    };
    let path = archive.path().to_owned();
    let pruning = (args.follow && !keeps.is_empty()).then(|| tokio::spawn(prune::again_and_again(path, keeps)));
    let outcomes = sync::sync(archive, directory, how, stopped.clone(), observer).await;
    pruning.inspect(tokio::task::JoinHandle::abort);
    if let Some(exporting) = exporting {
        exporting.end().await;
    }
    progress.clear();
    let outcomes = outcomes?;
    if args.written.is_json() {
        ui.json(&outcomes.iter().map(summarized).collect::<Vec<_>>())?;
    } else {
        let mut out = ui.stdout();
        show(&mut out, &ui.palette(), &outcomes, *stopped.borrow())?;
        out.flush()?;
    }
    // A run that follows is there to be ended: what it had not read by then is no failure of it.
    let ended = args.follow && asked.get().is_some();
    let exit = if ended { failures(&outcomes) } else { exit(&outcomes) }.despite(problems);
    Ok(match asked.get() {
        Some(signal) if !args.follow && outcomes.iter().any(|outcome| !outcome.complete) => signal.exit(),
        _ => exit,
    })
}

/// The first Ctrl-C or SIGTERM ends the run after the page in hand, the second at once. What came first is remembered.
fn end_cleanly(stop: watch::Sender<bool>, progress: Arc<SyncProgress>) -> Result<Arc<OnceLock<Signal>>, CliError> {
    let mut signals = Signals::listen()?;
    let first = Arc::new(OnceLock::new());
    let asked = Arc::clone(&first);
    tokio::spawn(async move {
        loop {
            let signal = signals.next().await;
            if asked.set(signal).is_err() {
                progress.clear();
                signal.end();
            }
            stop.send_replace(true);
            progress.say("stopping: the pages in hand are kept; once more ends at once");
        }
    });
    Ok(first)
}

fn exit(outcomes: &[Outcome]) -> Exit {
    outcomes.iter().fold(failures(outcomes), |exit, outcome| exit.and_verdict(&outcome.verdict.worst()))
}

fn failures(outcomes: &[Outcome]) -> Exit {
    // A new one that was not read to its end was not asked in time.
    let failed = outcomes.iter().filter(|outcome| !matches!(outcome.status.state, State::Active | State::New));
    let refused = |state| matches!(state, State::Unauthorized | State::Frozen);
    let failures: Vec<StoreFailure> =
        failed.map(|outcome| StoreFailure { auth: refused(outcome.status.state) }).collect();
    Exit::of(outcomes.len(), &failures, 0)
}

fn summarized(outcome: &Outcome) -> serde_json::Value {
    let done = &outcome.committed;
    json!({
        "store": outcome.store.to_string(),
        "state": outcome.status.state,
        "reason": outcome.status.reason,
        "complete": outcome.complete,
        "verdict": outcome.verdict,
        "new": done.new,
        "late": done.late,
        "revised": done.revised,
        "quarantined": done.quarantined,
        "gaps": outcome.gaps.iter().map(|gap| json!({ "range": gap.range, "reason": gap.reason })).collect::<Vec<_>>(),
    })
}

fn show(out: &mut Out, palette: &Palette, outcomes: &[Outcome], stopped: bool) -> io::Result<()> {
    let fine = |outcome: &&Outcome| outcome.complete && outcome.status.state == State::Active;
    // If a run was stopped, most stores are not complete, which says nothing about any one of them.
    let fails = |outcome: &Outcome| !matches!(outcome.status.state, State::Active | State::New);
    let listed = |outcome: &&Outcome| match stopped {
        _ if outcomes.len() <= LISTED => true,
        true => fails(outcome) || !outcome.gaps.is_empty(),
        false => !fine(outcome),
    };
    // As wide as for all of them, however few are listed.
    let wide = outcomes.iter().map(|outcome| outcome.store.to_string().len()).max().unwrap_or_default();
    let columns = [Column::new("").least(wide), Column::new("").least(13), Column::new("")];
    let mut table = Table::new(columns);
    for outcome in outcomes.iter().filter(listed) {
        let (word, colour) = match outcome.status.state {
            State::Active | State::New if outcome.complete => (outcome.verdict.worst().word(), palette.green),
            State::Active | State::New => (outcome.verdict.worst().word(), palette.yellow),
            other => (other.as_str(), palette.red),
        };
        let done = &outcome.committed;
        let mut facts = format!("{} new", format_count(done.new));
        let rest = [(done.late, "late"), (done.revised, "revised"), (done.quarantined, "undecodable")];
        for (count, what) in rest.into_iter().filter(|(count, _)| *count > 0) {
            facts.push_str(&format!(", {} {what}", format_count(count)));
        }
        table.row([Text::plain(&outcome.store.to_string()), Text::new(colour, word), Text::plain(&facts)]);
        if !outcome.complete || outcomes.len() <= LISTED {
            table.remark(colour, &outcome.verdict.to_string());
        }
        if outcome.undated {
            let minutes = storelogs_collector::network::CLOCK_MARGIN.as_mins();
            table.remark(
                colour,
                &format!(
                    "its answers do not give the time: the last {minutes} minutes by this machine's clock are left out"
                ),
            );
        }
        if let Some(reason) = &outcome.status.reason {
            table.remark(colour, reason);
        }
        for gap in outcome.gaps.iter().take(GAPS_LISTED) {
            let (range, reason) = (gap.range, &gap.reason);
            table.remark(palette.yellow, &format!("{range} could not be read, and will be tried again: {reason}"));
        }
        if outcome.gaps.len() > GAPS_LISTED {
            let more = outcome.gaps.len() - GAPS_LISTED;
            table.remark(palette.yellow, &format!("{more} more could not be read: storelogs status"));
        }
    }
    table.write(out)?;
    let new: u64 = outcomes.iter().map(|outcome| outcome.committed.new).sum();
    let together = verdict::together(outcomes.iter().map(|outcome| &outcome.verdict));
    let bold = palette.bold;
    let refusing = outcomes.iter().filter(|outcome| outcome.complete && fails(outcome)).count();
    let refusing = unreadable(refusing);
    let end = if stopped { "; stopped, the next run goes on from here" } else { "" };
    writeln!(out, "{bold}{} new entries; {together}{refusing}{bold:#}{end}", format_count(new))
}

/// How many of the stores that are complete up to some moment cannot be read on from there.
fn unreadable(stores: usize) -> String {
    if stores == 0 { String::new() } else { format!("; {} of them cannot be read now", format_count(stores as u64)) }
}
