//! `sandbox`: both platforms on this machine, to try things out.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
use storelogs::secrecy::SecretString;
use storelogs_collector::Moment;
use storelogs_collector::archive::Labels;
use storelogs_sandbox::{Behavior, Faults, History, Loaded, Platform, Rule, Sandbox, Store as Shop, load_file};

use crate::config::{Rate, Settings, TokenSource};
use crate::error::{CliError, Exit};
use crate::options::{Named, system};
use crate::ui::{Signals, Ui, quoted};

/// Serve both platforms' logs on this machine, with their quirks
///
/// Prints the lines for your environment, then runs until Ctrl-C. It reaches no platform, and its tokens work nowhere
/// else. The lines also name an archive of its own, so that nothing made up gets into yours.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  storelogs sandbox                      three months of made-up entries
  storelogs sandbox --seed 7 --no-quota  another history, no rate limits
  storelogs sandbox --until 2026-09-01   the same entries each time
  storelogs sandbox --records page.json  the records of a page
  storelogs sandbox --fault 503@every:10 --fault cut@chance:5%

In another shell, after pasting the export lines that it prints:
  storelogs check
  storelogs fetch --since 7d

Exit codes:
  0  it was asked to end
  1  a port is taken, or it failed
  2  wrong arguments, or a file that holds no records")]
pub(crate) struct SandboxArgs {
    /// The port for BigCommerce; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4010)]
    port_bigcommerce: u16,

    /// The port for SHOPLINE; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 4011)]
    port_shopline: u16,

    /// The seed of the made-up entries: the same seed gives the same entries
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// The end of the made-up entries: the same seed and end give the same entries at the same times.
    /// What names no zone is in this machine's [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Serve the records of this file, a page as a platform sends it, in place of that platform's made-up ones,
    /// whatever their age; repeat it for several
    #[arg(long, value_name = "FILE")]
    records: Vec<PathBuf>,

    /// Inject a fault into the lists of both stores: 503@every:10, 429@first:3, cut@chance:5%, hang@nth:4,
    /// empty@page:2; repeat it for several
    #[arg(long, value_name = "WHAT@WHEN")]
    fault: Vec<Rule>,

    /// Limit no rates [default: limit them as the platforms do]
    #[arg(long)]
    no_quota: bool,
}

/// The stores that the sandbox has.
pub(crate) const HASH: &str = "abc123";
pub(crate) const HANDLE: &str = "open001";

pub(crate) async fn sandbox(args: SandboxArgs, ui: Ui) -> Result<Exit, CliError> {
    let now = Timestamp::now();
    let zone = system(ui, Named::ByMachine)?;
    let end = args.until.map_or(Ok(now), |until| until.at(now, &zone));
    let end = end.map_err(|why| CliError::usage(format!("--until: {why}")))?;
    if end > now {
        ui.warning("--until is in the future: of what has not happened yet, `sync` and `report` know nothing");
    }
    let history = History::seeded(args.seed).ending_at(end.as_second());
    let mut bigcommerce = Shop::bigcommerce(HASH).history(history.clone());
    let mut shopline = Shop::shopline(HANDLE).history(history);
    let (mut hash_records, mut handle_records) = (Vec::new(), Vec::new());
    for path in &args.records {
        let Loaded { platform, records, .. } = load_file(path).map_err(CliError::usage)?;
        match platform {
            Platform::BigCommerce => hash_records.extend(records),
            Platform::Shopline => handle_records.extend(records),
        }
    }
    let mut behavior = if args.no_quota { Behavior::unlimited() } else { Behavior::default() };
    // What was asked for is served on every day, however old it is by then.
    if args.until.is_some() || !hash_records.is_empty() {
        behavior.bigcommerce.retention_days = None;
    }
    if args.until.is_some() || !handle_records.is_empty() {
        (behavior.shopline.retention_months, behavior.shopline.horizon) = (None, None);
    }
    if !hash_records.is_empty() {
        bigcommerce = bigcommerce.records(hash_records);
    }
    if !handle_records.is_empty() {
        shopline = shopline.records(handle_records);
    }
    let faults = args.fault.iter().cloned().fold(Faults::none(), Faults::with);
    let (bigcommerce, shopline) = (bigcommerce.behavior(behavior.clone()), shopline.behavior(behavior));
    let (bigcommerce, shopline) = (bigcommerce.faults(faults.clone()), shopline.faults(faults));
    let sandbox = Sandbox::builder()
        .bigcommerce_port(args.port_bigcommerce)
        .shopline_port(args.port_shopline)
        .journal_limit(0)
        .store(bigcommerce)
        .store(shopline)
        .start()
        .await
        .map_err(|error| cannot_start(&args, &error))?;
    // Another history or another address, another archive: a store at another address is another store.
    let port = |url: String| url.rsplit(':').next().unwrap_or_default().trim_end_matches('/').to_owned();
    let ports = format!("{}-{}", port(sandbox.bigcommerce_url()), port(sandbox.shopline_url()));
    let archive = format!("storelogs-sandbox-{}-{}-{ports}.db", args.seed, end.as_second());
    let archive = std::env::temp_dir().join(archive);
    let mut out = ui.stdout_for_machines();
    writeln!(out, "export BIGCOMMERCE_API_URL={}", sandbox.bigcommerce_url())?;
    writeln!(out, "export BIGCOMMERCE_STORE_HASH={HASH}")?;
    writeln!(out, "export BIGCOMMERCE_ACCESS_TOKEN={}", sandbox.token(Platform::BigCommerce, HASH))?;
    writeln!(out, "export SHOPLINE_API_URL={}", sandbox.shopline_url())?;
    writeln!(out, "export SHOPLINE_HANDLE={HANDLE}")?;
    writeln!(out, "export SHOPLINE_ACCESS_TOKEN={}", sandbox.token(Platform::Shopline, HANDLE))?;
    // Entries that are collected from here on belong to no real shop.
    writeln!(out, "export STORELOGS_ARCHIVE={}", quoted(&archive.to_string_lossy()))?;
    out.flush()?;
    drop(out);
    // `fetch` reads the last day.
    let first = end - SignedDuration::from_hours(24);
    let since = if now - end < SignedDuration::from_hours(12) { String::new() } else { format!(" --since {first:.0}") };
    ui.note(&format!(
        "The sandbox runs until Ctrl-C. Paste the lines above into another shell, then: storelogs fetch{since}\n"
    ));
    Signals::listen()?.next().await;
    sandbox.shutdown().await;
    Ok(Exit::Done)
}

fn cannot_start(args: &SandboxArgs, error: &io::Error) -> CliError {
    let (bigcommerce, shopline) = (args.port_bigcommerce, args.port_shopline);
    CliError::failed(match error.kind() {
        io::ErrorKind::AddrInUse => format!(
            "port {bigcommerce} or {shopline} is taken, maybe by another sandbox: choose others with \
             --port-bigcommerce and --port-shopline, or 0 for free ones"
        ),
        _ => format!("the sandbox cannot start on ports {bigcommerce} and {shopline}: {error}"),
    })
}

/// How the stores of a sandbox in this process are reached.
pub(crate) fn settings(sandbox: &Sandbox) -> Result<Vec<Settings>, CliError> {
    let of = |store: Store, platform: Platform| Settings {
        token: TokenSource::Text(SecretString::from(sandbox.token(platform, store.name()))),
        api_url: Some(sandbox.origin(platform)),
        api_version: None,
        app: None,
        rate: Rate::default(),
        keep: None,
        labels: Labels::default(),
        store,
    };
    Ok(vec![of(Store::bigcommerce(HASH)?, Platform::BigCommerce), of(Store::shopline(HANDLE)?, Platform::Shopline)])
}
