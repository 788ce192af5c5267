//! `verify`: is the archive complete? By the platforms' own counts.

use std::io::{self, Write};

use anstyle::Style;
use clap::Args;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use storelogs::{ErrorKind, LogSource, RetryPolicy, Store};
use storelogs_collector::Stretch;
use storelogs_collector::archive::Archive;
use storelogs_collector::sync::Shard;
use storelogs_collector::verify::{self, Finding, Found};

use crate::archive::ArchiveOptions;
use crate::args::StoreOptions;
use crate::config::{self, Configured, Connected};
use crate::exit::{Exit, Failure, Stop};
use crate::fetch;
use crate::output::{self, Out};
use crate::printable;
use crate::progress::Progress;
use crate::sync::LISTED;
use crate::terminal::{self, BOLD, GREEN, RED, YELLOW};
use storelogs_collector::insight::{grouped, plural};

/// Prove that the archive is complete
///
/// Compares what the archive holds of each store with the platform's own counts, slice by slice, over all that the
/// platform keeps. With --repair exactly the gaps are fetched again.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Only this share of the stores, such as 2/8, as `sync --shard` collects it
    #[arg(long, value_name = "N/M")]
    shard: Option<Shard>,

    /// Fetch what is missing, and compare again
    #[arg(long)]
    repair: bool,

    /// Write the findings as JSON, one array with one object a store
    #[arg(long)]
    json: bool,

    /// Show every stretch, also those that are proven, and every store, however many there are
    #[arg(long)]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs verify
  storelogs verify --repair
  storelogs verify --json | jq '.[].findings[] | select(.finding == \"gap\")'

What is found of a stretch:
  proven           the platform counts as many entries as the archive holds
  gap              the platform counts more, or the stretch was never read to its end
  over             the archive holds more: the platform has removed entries since
  not countable    the platform does not count, or its counts cannot be trusted

Exit codes:
  0  every store is proven complete
  1  there are gaps, or no store could be asked
  2  wrong arguments, environment or configuration; nothing was sent
  3  the platform refused access (HTTP 401, 402 or 403)
  4  no gap was found, but not everything could be counted, or a store could not be asked";

/// How many stores are compared at once: as many as `sync` reads at once.
const AT_ONCE: usize = 32;

/// What was found of one store.
#[derive(Serialize)]
pub(crate) struct Report {
    store: String,
    /// `complete`, `gaps`, `unproven` or `failed`.
    verdict: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Entries that --repair brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<u64>,
    findings: Vec<Found>,
    #[serde(skip)]
    kind: Option<ErrorKind>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
enum Verdict {
    Complete,
    Gaps,
    Unproven,
    Failed,
}

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    let configured = config::read(&options.stores)?;
    let network = configured.network()?;
    let Configured { stores: mut settings, problems, .. } = configured;
    settings.retain(|settings| options.shard.is_none_or(|shard| shard.holds(&settings.store)));
    let mut archive = if options.repair { options.archive.open()? } else { options.archive.read()? };
    let _lock = if options.repair { Some(archive.lock()?) } else { None };
    let progress = Progress::new(format!("comparing {} stores", settings.len()), false);
    fetch::interruptible(&progress);
    let connected = config::connect(&settings, &network, &RetryPolicy::default()).await;
    // In whatever order they end: no store waits for one that is slow.
    let compared = settings.iter().zip(&connected).enumerate();
    let mut reports: Vec<(usize, Report)> = stream::iter(compared)
        .map(async |(place, (settings, connected))| match connected {
            Ok(remote) => {
                let (source, now) = (remote.client.source(), remote.network.now());
                (place, compare(&archive, &settings.store, &*source, now).await)
            }
            Err(why) => (place, Report::failed(&settings.store, ErrorKind::InvalidInput, why.clone())),
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    reports.sort_unstable_by_key(|(place, _)| *place);
    let mut reports: Vec<Report> = reports.into_iter().map(|(_, report)| report).collect();
    if options.repair {
        for (report, (settings, connected)) in reports.iter_mut().zip(settings.iter().zip(&connected)) {
            if report.verdict == Verdict::Gaps
                && let Ok(connected) = connected
            {
                repair(&mut archive, &settings.store, connected, report).await;
            }
        }
    }
    progress.clear();
    let mut out = output::stdout();
    if options.json {
        serde_json::to_writer_pretty(&mut out, &reports).map_err(io::Error::from)?;
        writeln!(out)?;
    } else {
        show(&mut out, &reports, options.all)?;
    }
    out.flush()?;
    Ok(exit(&reports).despite(problems))
}

/// Compares what the archive holds of a store with the platform's counts. That it fails is a finding, too.
pub(crate) async fn compare(archive: &Archive, store: &Store, source: &dyn LogSource, now: Timestamp) -> Report {
    let id = match archive.store_id(store) {
        Ok(Some(id)) => id,
        Ok(None) => {
            let why = format!("{store}: the archive does not know it: run `storelogs sync`");
            return Report::failed(store, ErrorKind::NotFound, why);
        }
        Err(error) => return Report::failed(store, ErrorKind::InvalidInput, error.to_string()),
    };
    match verify::verify(archive, id, source, now).await {
        Ok(findings) => Report {
            store: store.to_string(),
            verdict: verdict(&findings),
            error: None,
            repaired: None,
            findings,
            kind: None,
        },
        Err(verify::Failure::Source(error)) => Report::failed(store, error.kind(), error.to_string()),
        Err(verify::Failure::Archive(error)) => Report::failed(store, ErrorKind::InvalidInput, error.to_string()),
    }
}

impl Report {
    fn failed(store: &Store, kind: ErrorKind, error: String) -> Self {
        let (verdict, findings) = (Verdict::Failed, Vec::new());
        Self { store: store.to_string(), verdict, error: Some(error), repaired: None, findings, kind: Some(kind) }
    }

    /// Whether the platform counts every entry.
    pub(crate) fn is_complete(&self) -> bool {
        self.verdict == Verdict::Complete
    }

    /// How many entries the platform counts as the archive does.
    pub(crate) fn proven(&self) -> u64 {
        let proven = |found: &Found| if let Finding::Proven { entries } = found.finding { entries } else { 0 };
        self.findings.iter().map(proven).sum()
    }
}

fn verdict(findings: &[Found]) -> Verdict {
    if findings.iter().any(Found::is_gap) {
        return Verdict::Gaps;
    }
    let proven = |found: &Found| matches!(found.finding, Finding::Proven { .. } | Finding::Over { .. });
    if !findings.is_empty() && findings.iter().all(proven) { Verdict::Complete } else { Verdict::Unproven }
}

/// Fetches the gaps of a store, and compares anew.
async fn repair(archive: &mut Archive, store: &Store, connected: &Connected, report: &mut Report) {
    let gaps: Vec<Stretch> = report.findings.iter().filter(|found| found.is_gap()).map(|found| found.stretch).collect();
    let source = connected.client.source();
    let outcome = async {
        let id = archive.add_store(store)?;
        report.repaired = Some(verify::repair(archive, id, &*source, &gaps).await?.new);
        verify::verify(archive, id, &*source, connected.network.now()).await
    };
    match outcome.await {
        Ok(findings) => {
            report.verdict = verdict(&findings);
            report.findings = findings;
        }
        Err(error) => report.error = Some(error.to_string()),
    }
}

fn exit(reports: &[Report]) -> Exit {
    let failures: Vec<Failure> = reports.iter().filter_map(|report| report.kind).map(Failure::of).collect();
    let any = |verdict| reports.iter().any(|report| report.verdict == verdict);
    if any(Verdict::Gaps) {
        return Exit::Failed;
    }
    match Exit::of(reports.len(), &failures, 0) {
        Exit::Done if any(Verdict::Unproven) => Exit::Partly,
        exit => exit,
    }
}

pub(crate) fn show(out: &mut Out, reports: &[Report], all: bool) -> io::Result<()> {
    let coloured = terminal::stdout_is_coloured();
    let style = |style: Style| if coloured { style } else { Style::new() };
    let wide = reports.iter().map(|report| report.store.len()).max().unwrap_or(0);
    for report in reports.iter().filter(|report| all || reports.len() <= LISTED || !report.is_complete()) {
        let (word, colour) = match report.verdict {
            Verdict::Complete => ("complete", style(GREEN)),
            Verdict::Gaps => ("gaps", style(RED)),
            Verdict::Unproven => ("not countable", style(YELLOW)),
            Verdict::Failed => ("failed", style(RED)),
        };
        let proven = report.proven();
        let repaired = report.repaired.map(|new| format!(", {} fetched again", grouped(new))).unwrap_or_default();
        let name = &report.store;
        writeln!(out, "{name:wide$}  {colour}{word:<13}{colour:#}  {} entries proven{repaired}", grouped(proven))?;
        if let Some(error) = &report.error {
            writeln!(out, "  {colour}→{colour:#} {}", printable::line(error))?;
        }
        for found in &report.findings {
            let (what, colour) = match found.finding {
                Finding::Proven { entries } if all => (format!("proven, {} entries", grouped(entries)), style(GREEN)),
                Finding::Proven { .. } => continue,
                Finding::Gap { missing } => {
                    (format!("gap, {} missing", plural(missing, "entry", "entries")), style(RED))
                }
                Finding::Unread => ("gap, never read to its end".to_owned(), style(RED)),
                Finding::Over { entries } => {
                    (format!("the archive holds {} more than the platform counts", grouped(entries)), style(YELLOW))
                }
                Finding::NotCountable => ("the platform's counts prove nothing here".to_owned(), style(YELLOW)),
            };
            writeln!(out, "  {}  {colour}{what}{colour:#}", found.stretch)?;
        }
    }
    let complete = reports.iter().filter(|report| report.is_complete()).count();
    let bold = style(BOLD);
    let gaps = reports.iter().any(|report| report.verdict == Verdict::Gaps);
    let next = if gaps { "; `storelogs verify --repair` fetches what is missing" } else { "" };
    writeln!(out, "{bold}{complete} of {} stores proven complete{bold:#}{next}", reports.len())
}
