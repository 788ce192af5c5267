//! `verify`: whether the archive is complete, by the platforms' own counts and the ids that they list.

use std::io::{self, Write};

use clap::Args;
use futures::{StreamExt, stream};
use jiff::Timestamp;
use serde::Serialize;
use storelogs::{ErrorKind, RetryPolicy, Store};
use storelogs_collector::archive::{Archive, OutOfStep, StoreId, Verification};
#[cfg(feature = "mcp")]
use storelogs_collector::network::Network;
use storelogs_collector::sync::{Remote, Shard};
use storelogs_collector::verdict::{self, Evidence, Judgement, RangeVerdict, Verdict};
use storelogs_collector::verify::{self, Depth, Examined};
use storelogs_collector::wording::{format_count, pluralize};

use super::sync::LISTED;
use crate::config::{self, Configured, Settings};
use crate::error::{CliError, Exit, StoreFailure};
use crate::options::{ArchiveOptions, StoreOptions, WrittenOptions};
use crate::ui::{Column, Out, Palette, Progress, Table, Text, Ui, end_on_signal};

/// Prove that the archive is complete
///
/// Compares what the archive holds of each store with what the platform counts and lists, slice by slice, over all that
/// the platform keeps up to its present. The result is kept in the archive, for `status` and `report`. The file itself
/// is checked, too. With --repair, missing entries are read again.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// Only this shard of the stores, such as 2/8, as `sync --shard` collects it
    #[arg(long, value_name = "N/M")]
    shard: Option<Shard>,

    /// Compare every id, and not only a sample where slices have many entries: this reads everything again
    #[arg(long)]
    deep: bool,

    /// Read again what is missing, over or in quarantine, and compare every id there
    #[arg(long)]
    repair: bool,

    #[command(flatten)]
    written: WrittenOptions,

    /// Show every time range, also those that are complete, and every store, however many there are
    #[arg(long)]
    all: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs verify
  storelogs verify --deep
  storelogs verify --repair
  storelogs verify --format json | jq '.[] | {store, verdict, summary}'

The verdicts on a time range, from the best to the worst:
  complete       the platform counts as many entries as it lists, and each is held
  not countable  it was read to its end, and the platform does not count
  in quarantine  records could not be decoded; they are kept as they came
  over by n      the archive holds more than the platform counts
  short by n     the platform counts more
  unread         it was not read to its end, or not compared yet
  pruned         you do not want it any more (`storelogs prune`)
A store has the worst verdict of all that the platform keeps up to its present.
One that cannot be asked is \"not compared\", beside what was read before.

Exit codes:
  0  every store is complete
  1  a store is short or unread, none could be asked, or the archive is damaged
  2  wrong arguments, environment or configuration; nothing was sent
  3  the platform refused access (HTTP 401, 402 or 403)
  4  nothing is known to be missing, but a store is over, in quarantine, not
     countable, or could not be asked";

/// How many stores are compared at once: as many as `sync` reads at once.
const AT_ONCE: usize = 32;

/// The result of verifying one store.
#[derive(Serialize)]
pub(crate) struct VerifyResult {
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
    findings: Vec<RangeVerdict>,
    #[serde(skip)]
    judgement: Option<Judgement>,
    #[serde(skip)]
    kind: Option<ErrorKind>,
}

pub(crate) async fn verify(args: VerifyArgs, ui: Ui) -> Result<Exit, CliError> {
    let configured = config::read(&args.stores.selection(), ui)?;
    let network = configured.network()?;
    let Configured { stores: mut settings, problems, .. } = configured;
    settings.retain(|settings| args.shard.is_none_or(|shard| shard.holds(&settings.store)));
    let mut archive = if args.repair { args.archive.open()? } else { args.archive.annotate()? };
    let _lock = if args.repair { Some(archive.lock()?) } else { None };
    archive.check()?;
    let progress = Progress::new(ui, format!("comparing {} stores", settings.len()), false);
    end_on_signal(Some(&progress));
    let connected = config::connect(&settings, &network, &RetryPolicy::default(), ui).await;
    let remotes: Vec<Result<Remote, &String>> =
        connected.iter().map(|connected| connected.as_ref().map(config::StoreConnection::remote)).collect();
    let depth = if args.deep { Depth::Deep } else { Depth::Sample };
    let mut results = compare_with(&mut archive, &settings, &remotes, depth).await;
    let found = if args.repair { archive.fix_derived()? } else { archive.out_of_step()? };
    if args.repair {
        for (result, (settings, remote)) in results.iter_mut().zip(settings.iter().zip(&remotes)) {
            if let Ok(remote) = remote
                && !result.worst.is_complete()
            {
                repair(&mut archive, &settings.store, remote, result).await?;
                result.remember(&mut archive, &settings.store, depth);
            }
        }
    }
    progress.clear();
    if args.written.is_json() {
        ui.json(&results)?;
    } else {
        let mut out = ui.stdout();
        show(&mut out, &ui.palette(), &results, args.all)?;
        out.flush()?;
    }
    let in_step = args.repair || found.is_nothing();
    say_out_of_step(found, args.repair, ui);
    let exit = exit(&results).despite(problems);
    Ok(if exit == Exit::Done && !in_step { Exit::Failed } else { exit })
}

/// Compares what the archive holds of stores with what their platforms count and list.
#[cfg(feature = "mcp")]
pub(crate) async fn compare_all(
    archive: &mut Archive,
    settings: &[Settings],
    network: &Network,
    ui: Ui,
) -> Vec<VerifyResult> {
    let connected = config::connect(settings, network, &RetryPolicy::default(), ui).await;
    let remotes: Vec<Result<Remote, &String>> =
        connected.iter().map(|connected| connected.as_ref().map(config::StoreConnection::remote)).collect();
    compare_with(archive, settings, &remotes, Depth::Sample).await
}

async fn compare_with(
    archive: &mut Archive,
    settings: &[Settings],
    remotes: &[Result<Remote, &String>],
    depth: Depth,
) -> Vec<VerifyResult> {
    // In whatever order they end: no store waits for one that is slow.
    let compared = settings.iter().zip(remotes).enumerate();
    let mut examined: Vec<_> = stream::iter(compared)
        .map(async |(place, (settings, remote))| match remote {
            Ok(remote) => (place, examine(archive, &settings.store, remote, depth).await),
            Err(why) => (place, Err(VerifyResult::failed(&settings.store, ErrorKind::InvalidInput, (*why).clone()))),
        })
        .buffer_unordered(AT_ONCE)
        .collect()
        .await;
    examined.sort_unstable_by_key(|(place, _)| *place);
    let mut results = Vec::new();
    for ((_, examined), (settings, remote)) in examined.into_iter().zip(settings.iter().zip(remotes)) {
        let result = match (examined, remote) {
            (Ok(examined), Ok(remote)) => conclude(archive, &settings.store, remote, examined),
            (Err(result), _) => result,
            (Ok(_), Err(why)) => VerifyResult::failed(&settings.store, ErrorKind::InvalidInput, (*why).clone()),
        };
        result.remember(archive, &settings.store, depth);
        results.push(result);
    }
    results
}

/// The verdict on all of them together, in one line. What could not be compared has none.
pub(crate) fn together(results: &[VerifyResult]) -> String {
    let compared = results.iter().filter(|result| result.error.is_none());
    let judged: Vec<&Judgement> = compared.filter_map(|result| result.judgement.as_ref()).collect();
    let failed = results.iter().filter(|result| result.error.is_some()).count();
    let failed_too = format!("{} could not be compared", pluralize(failed as u64, "store", "stores"));
    match (judged.is_empty(), failed) {
        (_, 0) => verdict::together(judged),
        (true, _) => failed_too,
        (false, _) => format!("{}; {failed_too}", verdict::together(judged)),
    }
}

/// Says what of the counts and the index of words was out of step with the entries.
fn say_out_of_step(out_of_step: OutOfStep, repaired: bool, ui: Ui) {
    if out_of_step.is_nothing() {
        return;
    }
    let OutOfStep { hours, words_of_none, wordless } = out_of_step;
    let next = if repaired { "they were brought in step" } else { "`storelogs verify --repair` brings them in step" };
    ui.warning(&format!(
        "the counts of {} and the words of {} are out of step with the entries; {next}",
        pluralize(hours, "hour", "hours"),
        pluralize(words_of_none + wordless, "entry", "entries"),
    ));
}

/// Compares what the archive holds of a store with its platform, and writes down what was found. That it fails is a finding,
/// too.
pub(crate) async fn compare(archive: &mut Archive, store: &Store, remote: &Remote) -> VerifyResult {
    match examine(archive, store, remote, Depth::Sample).await {
        Ok(examined) => {
            let result = conclude(archive, store, remote, examined);
            result.remember(archive, store, Depth::Sample);
            result
        }
        Err(result) => result,
    }
}

async fn examine(
    archive: &Archive,
    store: &Store,
    remote: &Remote,
    depth: Depth,
) -> Result<(StoreId, Examined), VerifyResult> {
    match archive.store_id(store) {
        Ok(Some(id)) => Ok((id, verify::examine(archive, id, remote, depth).await)),
        Ok(None) => {
            let why = format!("{store}: the archive does not know it: run `storelogs sync`");
            Err(VerifyResult::failed(store, ErrorKind::NotFound, why))
        }
        Err(error) => Err(VerifyResult::failed(store, ErrorKind::InvalidInput, error.to_string())),
    }
}

fn conclude(
    archive: &mut Archive,
    store: &Store,
    remote: &Remote,
    (id, examined): (StoreId, Examined),
) -> VerifyResult {
    let kept = examined.keep(archive, id, remote);
    let result = VerifyResult::of(archive, store, id, remote, |evidence| {
        if kept.is_err() {
            examined.apply(evidence); // nothing can be written here
        }
    });
    let mut result = match result {
        Ok(result) => result,
        Err(error) => return VerifyResult::failed(store, ErrorKind::InvalidInput, error.to_string()),
    };
    result.compared = examined.compared;
    if let Some(failure) = examined.failure {
        result.error = Some(failure.to_string());
        result.kind = Some(kind(&failure));
    }
    result
}

fn kind(failure: &verify::VerifyError) -> ErrorKind {
    match failure {
        verify::VerifyError::Source(error) => error.kind(),
        verify::VerifyError::Archive(_) | verify::VerifyError::Elsewhere(_) => ErrorKind::InvalidInput,
    }
}

impl VerifyResult {
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

    /// Stores the result for `status`, unless the archive is read-only.
    fn remember(&self, archive: &mut Archive, store: &Store, depth: Depth) {
        let found = Verification {
            at: Timestamp::now(),
            deep: matches!(depth, Depth::Deep),
            verdict: self.worst.word().to_owned(),
            summary: self.summary.clone(),
            error: self.error.clone(),
        };
        if let Ok(Some(id)) = archive.store_id(store) {
            let _ = archive.keep_verification(id, &found);
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
async fn repair(
    archive: &mut Archive,
    store: &Store,
    remote: &Remote,
    result: &mut VerifyResult,
) -> Result<(), CliError> {
    let id = archive.add_store(store)?;
    let ranges = verify::to_repair(&Evidence::of(archive, id)?, remote);
    let repaired = verify::repair(archive, id, remote, &ranges).await?;
    let compared = result.compared;
    *result = VerifyResult::of(archive, store, id, remote, |_| {})?;
    result.compared = compared;
    result.repaired = Some(repaired.committed.new);
    if let Some(failure) = repaired.failure {
        result.error = Some(failure.to_string());
        result.kind = Some(kind(&failure));
    }
    Ok(())
}

fn exit(results: &[VerifyResult]) -> Exit {
    let failures: Vec<StoreFailure> = results.iter().filter_map(|result| result.kind).map(StoreFailure::of).collect();
    let all_failed = failures.len() == results.len();
    let judged = results.iter().filter(|result| result.judgement.is_some());
    let worst = judged.map(|result| &result.worst).max();
    match (Exit::of(results.len(), &failures, 0), worst) {
        (exit @ (Exit::Auth | Exit::Failed), _) if all_failed => exit,
        (_, Some(worst)) if worst.may_lack() => Exit::Failed,
        (Exit::Done, Some(worst)) => Exit::of_verdict(worst),
        (exit, _) => exit,
    }
}

pub(crate) fn show(out: &mut Out, palette: &Palette, results: &[VerifyResult], all: bool) -> io::Result<()> {
    // As wide as for all of them, however few are listed.
    let wide = results.iter().map(|result| result.store.len()).max().unwrap_or(0);
    let mut table = Table::new([Column::new("").least(wide), Column::new("").least(13), Column::new("")]);
    for result in results.iter().filter(|result| all || results.len() <= LISTED || !result.is_complete()) {
        let repaired = result.repaired.map(|new| format!(", {} fetched again", format_count(new))).unwrap_or_default();
        let (held, compared) = (pluralize(result.held, "entry", "entries"), format_count(result.compared));
        // What was known before proves nothing about now.
        let (verdict, found) = match &result.error {
            None => {
                let found = format!("{}: {held} held, {compared} ids compared{repaired}", result.summary);
                (Text::new(palette.verdict(&result.worst), result.worst.word()), found)
            }
            Some(_) => {
                let found = format!("{held} held, {compared} ids compared{repaired}; as last read: {}", result.summary);
                (Text::new(palette.red, "not compared"), found)
            }
        };
        table.row([Text::plain(&result.store), verdict, Text::plain(&found)]);
        if let Some(error) = &result.error {
            table.remark(palette.red, error);
        }
        for found in result.findings.iter().filter(|found| all || !found.verdict.is_complete()) {
            let colour = palette.verdict(&found.verdict);
            table.note(Text::plain(&format!("  {}  ", found.range)).and(colour, &found.verdict.to_string()));
        }
    }
    table.write(out)?;
    let bold = palette.bold;
    let is_parked = |result: &&VerifyResult| result.worst == Verdict::Unread { why: verdict::Unread::Parked };
    let lacking = results.iter().filter(|result| result.worst.may_lack());
    let (parked, fetchable): (Vec<_>, Vec<_>) = lacking.partition(is_parked);
    let repaired = results.iter().any(|result| result.repaired.is_some());
    let repair =
        if fetchable.is_empty() || repaired { "" } else { "; `storelogs verify --repair` fetches what is missing" };
    let check = if parked.is_empty() { "" } else { "; `storelogs check` says why a store cannot be read" };
    let next = format!("{repair}{check}");
    writeln!(out, "{bold}{}{bold:#}{next}", together(results))
}
