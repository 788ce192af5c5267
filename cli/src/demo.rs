//! `demo`: what `fetch` does, on stores that are made up.

use std::io;

use clap::Args;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{LogEntry, LogQuery, Store};
use storelogs_sandbox::{Behavior, History, Sandbox, Store as Shop};

use crate::exit::{Exit, Stop};
use crate::fetch;
use crate::output::{self, Layout, Pretty, Sink};
use crate::progress::Progress;
use crate::reading::{self, Undecodable};
use crate::sandbox::{self, HANDLE, HASH};
use crate::summary::Summary;
use crate::terminal;

/// See it at work, without any store
///
/// Starts the sandbox with a made-up store of each platform, reads their last seven days over HTTP just as `fetch` does,
/// and shows the newest entries and what all of them add up to.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  storelogs demo
  storelogs demo --seed 7

Next: `storelogs sandbox` keeps the same stores running, to try the other commands on.")]
pub(crate) struct Options {
    /// What the made-up entries grow from: the same seed, the same entries
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

/// The rows that are shown: a screen.
const SHOWN: usize = 25;

pub(crate) async fn run(options: &Options) -> Result<Exit, Stop> {
    let progress = Progress::new("starting the sandbox".to_owned(), false);
    fetch::interruptible(&progress);
    let history = History::seeded(options.seed);
    let sandbox = Sandbox::builder()
        .store(Shop::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()))
        .store(Shop::shopline(HANDLE).history(history).behavior(Behavior::unlimited()))
        .own_threads(1)
        .journal_limit(0)
        .start()
        .await
        .map_err(|error| Stop::Failed(format!("the sandbox cannot start: {error}")))?;
    let settings = sandbox::settings(&sandbox)?;
    let stores: Vec<Store> = settings.iter().map(|settings| settings.store.clone()).collect();
    let layout =
        Layout { width: terminal::stdout_width(), coloured: terminal::stdout_is_coloured(), zone: TimeZone::system() };
    let mut sink = Demo {
        rows: Pretty::new(output::stdout(), layout.clone(), &stores),
        summary: Summary::default(),
        layout,
        sandbox: &sandbox,
    };
    let query = LogQuery::new().since(Timestamp::now() - SignedDuration::from_hours(7 * 24));
    reading::read(&settings, query, &mut sink, Undecodable::new(None)?, &progress).await
}

/// Shows the newest entries, and adds up all of them.
struct Demo<'a> {
    rows: Pretty,
    summary: Summary,
    layout: Layout,
    sandbox: &'a Sandbox,
}

impl Sink for Demo<'_> {
    fn entry(&mut self, entry: &LogEntry) -> io::Result<()> {
        self.summary.add(entry);
        if self.summary.entries() <= SHOWN { self.rows.entry(entry) } else { Ok(()) }
    }

    fn pause(&mut self) -> io::Result<()> {
        Ok(())
    }

    fn finish(&mut self) -> io::Result<()> {
        self.rows.finish()?;
        self.summary.write(&mut output::stdout(), &self.layout, SHOWN, self.sandbox.requests())
    }
}
