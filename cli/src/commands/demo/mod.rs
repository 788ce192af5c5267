//! `demo`: the program at work on made-up stores.

mod summary;

use std::collections::HashMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
use storelogs_collector::network::Network;
use storelogs_collector::sync::{self, Directory, Outcome};
use storelogs_collector::wording::format_count;
use storelogs_collector::{Archive, TimeRange};
use storelogs_sandbox::{Behavior, History, Sandbox, Store as Shop};
use tokio::sync::watch;

use super::sandbox::{HANDLE, HASH};
use super::{report, sandbox, verify};
use crate::config::StaticStores;
use crate::error::{CliError, Exit};
use crate::options::of_shop;
use crate::output::{Layout, Pretty, Sink};
use crate::ui::{Progress, Ui, end_on_signal, quoted};
use summary::Summary;

/// See it at work, without any store
///
/// Starts the sandbox with a made-up store on each platform, collects their logs over HTTP into an archive as it would
/// real ones, proves by the platforms' own counts that nothing is missing, shows the newest entries of both and a
/// summary of the last seven days, says what broke last that a person can be asked about, and writes the report of
/// the last 30 days as a page for the browser.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  storelogs demo
  storelogs demo --seed 7

Next: `storelogs sandbox` keeps the same stores running, to try other commands.

Exit codes:
  0  done
  1  it failed
  130  interrupted with Ctrl-C before it was done; 143 by SIGTERM")]
pub(crate) struct DemoArgs {
    /// The seed of the made-up entries: the same seed gives the same entries
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// The rows that are shown of each store. Of all stores together the newest might be of one alone: at most hours one shop
/// is at work while the other sleeps.
const SHOWN: usize = 8;
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

pub(crate) async fn demo(args: &DemoArgs, ui: Ui) -> Result<Exit, CliError> {
    let progress = Progress::new(ui, "collecting two made-up stores".to_owned(), false);
    end_on_signal(Some(&progress));
    let history = History::seeded(args.seed).ending_at(Timestamp::now().as_second());
    let sandbox = Sandbox::builder()
        .store(Shop::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()))
        .store(Shop::shopline(HANDLE).history(history).behavior(Behavior::unlimited()))
        .own_threads(1)
        .journal_limit(0)
        .start()
        .await
        .map_err(|error| CliError::failed(format!("the sandbox cannot start: {error}")))?;
    let network = Network::new().map_err(CliError::usage)?;
    let stores = Arc::new(StaticStores { settings: sandbox::settings(&sandbox)?, network, ui });
    let path = place()?;
    let begun = Instant::now();
    let (_stop, stopped) = watch::channel(false);
    let observer = Arc::new(|_: &sync::Event<'_>| {});
    let outcomes =
        sync::sync(Archive::open(&path)?, Arc::clone(&stores) as _, sync::SyncOptions::default(), stopped, observer)
            .await?;
    let (took, requests) = (begun.elapsed(), sandbox.requests());
    let mut archive = Archive::open(&path)?;
    let proven = prove(&mut archive, &stores, ui).await?;
    progress.clear();

    let mut out = ui.stdout();
    let entries: u64 = outcomes.iter().map(|outcome| outcome.committed.new).sum();
    let complete = outcomes.iter().filter(|outcome| outcome.complete).count();
    writeln!(
        out,
        "sync    {} entries of {} stores, read with {requests} requests in {:.1} s",
        format_count(entries),
        outcomes.len(),
        took.as_secs_f64()
    )?;
    writeln!(
        out,
        "verify  {} of them counted by the platforms too, in {} further requests: nothing is missing\n",
        format_count(proven),
        sandbox.requests() - requests
    )?;
    out.flush()?;
    drop(out);
    last_week(&archive, &outcomes, ui)?;
    let made = report::last_month(&archive, ui)?;
    report::last_incident(&made.0, ui)?;
    let page = path.with_file_name("report.html");
    report::write_page(&made, &page)?;
    ui.note(&format!(
        "\nThe archive stays in {} until you delete it:\n  {}\n\
         \nWhat broke, when, since which change, and who to ask:\n  {}\n",
        path.display(),
        search(&program(), &path, "refund"),
        page.display()
    ));
    let all = complete == outcomes.len();
    Ok(if all { Exit::Done } else { Exit::Failed })
}

/// A new archive, for the user only.
fn place() -> Result<PathBuf, CliError> {
    let folder = tempfile::Builder::new().prefix("storelogs-demo-").tempdir();
    let folder = folder.map_err(|error| CliError::failed(format!("no folder can be made for the archive: {error}")))?;
    Ok(folder.keep().join("archive.db"))
}

/// Compares every store with its platform, and returns how many entries that proves.
async fn prove(archive: &mut Archive, stores: &StaticStores, ui: Ui) -> Result<u64, CliError> {
    let mut proven = 0;
    let all = archive.stores()?;
    for (_, store) in all {
        let remote = stores.connect(&store).await.map_err(CliError::failed)?;
        let report = verify::compare(archive, &store, &remote).await;
        if !report.is_complete() {
            verify::show(&mut ui.stdout(), &ui.palette(), &[report], false)?;
            return Err(CliError::failed(format!("{store} is not proven complete")));
        }
        proven += report.held();
    }
    Ok(proven)
}

/// This program as it was started: `cargo run` puts it nowhere that a shell would look.
fn program() -> String {
    let started = std::env::args_os().next().filter(|name| !name.is_empty());
    started.map_or_else(|| "storelogs".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// A search of the archive as a command of a shell.
fn search(program: &str, archive: &Path, query: &str) -> String {
    format!("{} search --archive {} {query}", quoted(program), quoted(&archive.to_string_lossy()))
}

/// Shows the newest entries of each store, and adds up a week.
fn last_week(archive: &Archive, outcomes: &[Outcome], ui: Ui) -> Result<(), CliError> {
    let now = Timestamp::now();
    let Some(week) = TimeRange::new(now - WEEK, now) else { return Ok(()) };
    let zone = of_shop(archive, &[], ui)?;
    let layout = Layout { width: ui.stdout_width(), palette: ui.palette(), zone: zone.clone() };
    let names: Vec<Store> = outcomes.iter().map(|outcome| outcome.store.clone()).collect();
    let mut rows = Pretty::new(ui.stdout(), layout, &names, None);
    let mut summary = Summary::default();
    let mut shown: HashMap<String, usize> = HashMap::new();
    archive.each_entry::<CliError>(week, |entry| {
        summary.add(&entry);
        let shown = shown.entry(format!("{}:{}", entry.platform, entry.store)).or_default();
        *shown += 1;
        if *shown <= SHOWN { Ok(rows.entry(&entry)?) } else { Ok(()) }
    })?;
    rows.finish()?;
    let all = format_count(summary.entries() as u64);
    let offset = now.to_zoned_datetime(zone).strftime("%:z").to_string();
    let title = format!(
        "the newest {SHOWN} entries of each store, at times of UTC{offset}, and what all {all} of the last 7 days add up to"
    );
    Ok(summary.write(&mut ui.stdout(), &ui.palette(), &title)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_that_is_suggested_can_be_pasted_whatever_the_folder_is_called() {
        let plain = search("storelogs", Path::new("/tmp/storelogs-demo-x1/archive.db"), "refund");
        assert_eq!(plain, "storelogs search --archive /tmp/storelogs-demo-x1/archive.db refund");
        let odd = search("target/release/storelogs", Path::new("/tmp/it's mine/archive.db"), "refund");
        assert_eq!(odd, r"target/release/storelogs search --archive '/tmp/it'\''s mine/archive.db' refund");
    }
}
