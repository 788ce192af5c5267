//! `verify`: is the archive complete? By the platforms' own counts, and the ids that they list.

use std::io::{self, Write};

use anstyle::Style;
use clap::Args;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use storelogs::{ErrorKind, RetryPolicy, Store};
use storelogs_collector::archive::{Archive, Mended, StoreId};
use storelogs_collector::sync::{Remote, Shard};
use storelogs_collector::verdict::{self, Evidence, Found, Judgement, Verdict};
use storelogs_collector::verify::{self, Depth, Examined};

use crate::commands::fetch;
use crate::commands::sync::LISTED;
use crate::config::{self, Configured};
use crate::error::{Exit, Failure, Stop};
use crate::options::ArchiveOptions;
use crate::options::StoreOptions;
use crate::output::{self, Out};
use crate::ui::printable;
use crate::ui::progress::Progress;
use crate::ui::{self, BOLD, GREEN, RED, YELLOW};
use storelogs_collector::insight::{grouped, plural};

/// Prove that the archive is complete
///
/// Compares what the archive holds of each store with what the platform counts and lists, slice by slice, over all that the
/// platform keeps up to its present. What is found is written down, and `status` and `report` go by it. The file itself is
/// checked, too. With --repair what is missing is read again.
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

    /// Compare every id, not only a sample of slices with many entries: this reads all again
    #[arg(long)]
    deep: bool,

    /// Read again what is missing, over or in quarantine, and compare each id of it
    #[arg(long)]
    repair: bool,

    /// Write the findings as JSON, one array with one object a store
    #[arg(long)]
    json: bool,

    /// Show every time range, also those that are complete, and every store, however many there are
    #[arg(long)]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs verify
  storelogs verify --deep
  storelogs verify --repair
  storelogs verify --json | jq '.[].findings[] | select(.verdict != \"audited\")'

What is known of a time range, from the best to the worst:
  complete         the platform counts as many entries as it lists, and each of them is held
  not countable    it was read to its end, and the platform does not count
  in quarantine    records came that could not be decoded; they are kept as they came
  over by n        the archive holds more than the platform counts
  short by n       the platform counts more
  unread           it was not read to its end, or not compared with the platform yet
Of a store, the worst of all that the platform keeps up to its present counts.

Exit codes:
  0  every store is complete
  1  a store is short or unread, no store could be asked, or the archive is damaged
  2  wrong arguments, environment or configuration; nothing was sent
  3  the platform refused access (HTTP 401, 402 or 403)
  4  nothing is known to be missing, but a store is over, in quarantine, not countable, or could
     not be asked";

/// How many stores are compared at once: as many as `sync` reads at once.
const AT_ONCE: usize = 32;

/// What was found of one store.
#[derive(Serialize)]
pub(crate) struct Report {
    store: String,
    /// The worst that is known of it.
    #[serde(flatten)]
    worst: Verdict,
    /// The same in one line.
    summary: String,
    complete_up_to: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// Entries that --repair brought.
    #[serde(skip_serializing_if = "Option::is_none")]
    repaired: Option<u64>,
    /// Entries that are held of what the platform keeps.
    held: u64,
    /// Entries whose ids were compared with those that the platform lists.
    compared: u64,
    findings: Vec<Found>,
    #[serde(skip)]
    judgement: Option<Judgement>,
    #[serde(skip)]
    kind: Option<ErrorKind>,
}

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    let configured = config::read(&options.stores.selection())?;
    let network = configured.network()?;
    let Configured { stores: mut settings, problems, .. } = configured;
    settings.retain(|settings| options.shard.is_none_or(|shard| shard.holds(&settings.store)));
    let mut archive = if options.repair { options.archive.open()? } else { options.archive.annotate()? };
    let _lock = if options.repair { Some(archive.lock()?) } else { None };
    archive.check()?;
    let progress = Progress::new(format!("comparing {} stores", settings.len()), false);
    fetch::interruptible(&progress);
    let connected = config::connect(&settings, &network, &RetryPolicy::default()).await;
    let remotes: Vec<Result<Remote, &String>> =
        connected.iter().map(|connected| connected.as_ref().map(config::StoreConnection::remote)).collect();
    let depth = if options.deep { Depth::Deep } else { Depth::Sample };
    // In whatever order they end: no store waits for one that is slow.
    let compared = settings.iter().zip(&remotes).enumerate();
    let mut examined: Vec<_> = stream::iter(compared)
        .map(async |(place, (settings, remote))| match remote {
            Ok(remote) => (place, examine(&archive, &settings.store, remote, depth).await),
            Err(why) => (place, Err(Report::failed(&settings.store, ErrorKind::InvalidInput, (*why).clone()))),
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    examined.sort_unstable_by_key(|(place, _)| *place);
    let mut reports = Vec::new();
    for ((_, examined), (settings, remote)) in examined.into_iter().zip(settings.iter().zip(&remotes)) {
        reports.push(match (examined, remote) {
            (Ok(examined), Ok(remote)) => conclude(&mut archive, &settings.store, remote, examined),
            (Err(report), _) => report,
            (Ok(_), Err(why)) => Report::failed(&settings.store, ErrorKind::InvalidInput, (*why).clone()),
        });
    }
    let mended = if options.repair { archive.mend_derived()? } else { archive.out_of_step()? };
    if options.repair {
        for (report, (settings, remote)) in reports.iter_mut().zip(settings.iter().zip(&remotes)) {
            if let Ok(remote) = remote
                && !report.worst.is_complete()
            {
                repair(&mut archive, &settings.store, remote, report).await?;
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
    let in_step = options.repair || mended.is_nothing();
    out_of_step(mended, options.repair);
    let exit = exit(&reports).despite(problems);
    Ok(if exit == Exit::Done && !in_step { Exit::Failed } else { exit })
}

/// Says what of the counts and the index of words was out of step with the entries.
fn out_of_step(mended: Mended, repaired: bool) {
    if mended.is_nothing() {
        return;
    }
    let Mended { hours, words_of_none, wordless } = mended;
    let next = if repaired { "they were brought in step" } else { "`storelogs verify --repair` brings them in step" };
    ui::warning(&format!(
        "the counts of {} and the words of {} are out of step with the entries; {next}",
        plural(hours, "hour", "hours"),
        plural(words_of_none + wordless, "entry", "entries"),
    ));
}

/// Compares what the archive holds of a store with its platform, and writes down what was found. That it fails is a finding,
/// too.
pub(crate) async fn compare(archive: &mut Archive, store: &Store, remote: &Remote) -> Report {
    match examine(archive, store, remote, Depth::Sample).await {
        Ok(examined) => conclude(archive, store, remote, examined),
        Err(report) => report,
    }
}

async fn examine(
    archive: &Archive,
    store: &Store,
    remote: &Remote,
    depth: Depth,
) -> Result<(StoreId, Examined), Report> {
    match archive.store_id(store) {
        Ok(Some(id)) => Ok((id, verify::examine(archive, id, remote, depth).await)),
        Ok(None) => {
            let why = format!("{store}: the archive does not know it: run `storelogs sync`");
            Err(Report::failed(store, ErrorKind::NotFound, why))
        }
        Err(error) => Err(Report::failed(store, ErrorKind::InvalidInput, error.to_string())),
    }
}

fn conclude(archive: &mut Archive, store: &Store, remote: &Remote, (id, examined): (StoreId, Examined)) -> Report {
    let kept = examined.keep(archive, id, remote);
    let report = Report::of(archive, store, id, remote, |evidence| {
        if kept.is_err() {
            examined.apply(evidence); // nothing can be written here
        }
    });
    let mut report = match report {
        Ok(report) => report,
        Err(error) => return Report::failed(store, ErrorKind::InvalidInput, error.to_string()),
    };
    report.compared = examined.compared;
    if let Some(failure) = examined.failure {
        report.error = Some(failure.to_string());
        report.kind = Some(kind(&failure));
    }
    report
}

fn kind(failure: &verify::Failure) -> ErrorKind {
    match failure {
        verify::Failure::Source(error) => error.kind(),
        verify::Failure::Archive(_) => ErrorKind::InvalidInput,
    }
}

impl Report {
    fn of(
        archive: &Archive,
        store: &Store,
        id: StoreId,
        remote: &Remote,
        also: impl FnOnce(&mut Evidence),
    ) -> storelogs_collector::Result<Self> {
        let mut evidence = Evidence::of(archive, id)?;
        also(&mut evidence);
        let judgement = evidence.judge(store.platform(), remote.network.now());
        Ok(Self {
            store: store.to_string(),
            worst: judgement.worst(),
            summary: judgement.to_string(),
            complete_up_to: judgement.complete_up_to,
            error: None,
            repaired: None,
            held: archive.count(id, judgement.range)?,
            compared: 0,
            findings: judgement.findings.clone(),
            judgement: Some(judgement),
            kind: None,
        })
    }

    fn failed(store: &Store, kind: ErrorKind, error: String) -> Self {
        let worst = Verdict::Unread { why: verdict::Unread::NeverRead };
        Self {
            store: store.to_string(),
            summary: worst.to_string(),
            worst,
            complete_up_to: None,
            error: Some(error),
            repaired: None,
            held: 0,
            compared: 0,
            findings: Vec::new(),
            judgement: None,
            kind: Some(kind),
        }
    }

    /// Whether nothing is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.worst.is_complete() && self.error.is_none()
    }

    /// How many entries are held of what the platform keeps.
    pub(crate) fn held(&self) -> u64 {
        self.held
    }
}

/// Reads again what is missing of a store.
async fn repair(archive: &mut Archive, store: &Store, remote: &Remote, report: &mut Report) -> Result<(), Stop> {
    let id = archive.add_store(store)?;
    let ranges = verify::to_repair(&Evidence::of(archive, id)?, remote);
    let repaired = verify::repair(archive, id, remote, &ranges).await?;
    let compared = report.compared;
    *report = Report::of(archive, store, id, remote, |_| {})?;
    report.compared = compared;
    report.repaired = Some(repaired.committed.new);
    if let Some(failure) = repaired.failure {
        report.error = Some(failure.to_string());
        report.kind = Some(kind(&failure));
    }
    Ok(())
}

fn exit(reports: &[Report]) -> Exit {
    let failures: Vec<Failure> = reports.iter().filter_map(|report| report.kind).map(Failure::of).collect();
    let all_failed = failures.len() == reports.len();
    let judged = reports.iter().filter(|report| report.judgement.is_some());
    let worst = judged.map(|report| &report.worst).max();
    match (Exit::of(reports.len(), &failures, 0), worst) {
        (exit @ (Exit::Auth | Exit::Failed), _) if all_failed => exit,
        (_, Some(worst)) if worst.may_lack() => Exit::Failed,
        (Exit::Done, Some(worst)) => Exit::of_verdict(worst),
        (exit, _) => exit,
    }
}

pub(crate) fn show(out: &mut Out, reports: &[Report], all: bool) -> io::Result<()> {
    let coloured = ui::stdout_is_coloured();
    let style = |style: Style| if coloured { style } else { Style::new() };
    let colour_of = |verdict: &Verdict| {
        style(if verdict.is_complete() {
            GREEN
        } else if verdict.may_lack() {
            RED
        } else {
            YELLOW
        })
    };
    let wide = reports.iter().map(|report| report.store.len()).max().unwrap_or(0);
    for report in reports.iter().filter(|report| all || reports.len() <= LISTED || !report.is_complete()) {
        let colour = colour_of(&report.worst);
        let repaired = report.repaired.map(|new| format!(", {} fetched again", grouped(new))).unwrap_or_default();
        let (name, word) = (&report.store, report.worst.word());
        let (held, compared) = (plural(report.held, "entry", "entries"), grouped(report.compared));
        writeln!(
            out,
            "{name:wide$}  {colour}{word:<13}{colour:#}  {}: {held} held, {compared} ids compared{repaired}",
            report.summary
        )?;
        if let Some(error) = &report.error {
            let colour = style(RED);
            writeln!(out, "  {colour}→{colour:#} {}", printable::line(error))?;
        }
        for found in report.findings.iter().filter(|found| all || !found.verdict.is_complete()) {
            let colour = colour_of(&found.verdict);
            writeln!(out, "  {}  {colour}{}{colour:#}", found.range, found.verdict)?;
        }
    }
    let bold = style(BOLD);
    let never = |report: &Report| report.judgement.is_none();
    let lacking = reports.iter().any(|report| report.worst.may_lack());
    let repaired = reports.iter().any(|report| report.repaired.is_some());
    let next = if lacking && !repaired { "; `storelogs verify --repair` fetches what is missing" } else { "" };
    let judged = reports.iter().filter_map(|report| report.judgement.as_ref());
    let unasked = match reports.iter().filter(|report| never(report)).count() {
        0 => String::new(),
        unasked => format!("; {} could not be asked", plural(unasked as u64, "store", "stores")),
    };
    writeln!(out, "{bold}{}{bold:#}{unasked}{next}", verdict::together(judged))
}
