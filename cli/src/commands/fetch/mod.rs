//! `fetch`: the entries of a stretch of time, of all stores in one list.

pub(crate) mod read;

use std::path::PathBuf;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{LogQuery, Store};
use storelogs_collector::Moment;

use crate::config::{self, Configured};
use crate::error::{CODES, Exit, Stop};
use crate::options::Filters;
use crate::options::StoreOptions;
use crate::output::{self, Format};
use crate::ui::progress::Progress;
use crate::ui::signals::Signals;
use read::Undecodable;

/// Read the logs of all stores, merged, newest first
///
/// Everything in the stretch of time is read, unless --limit says fewer. What the platform can filter it is asked to;
/// everything is checked again here.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct Options {
    #[command(flatten)]
    stores: StoreOptions,

    /// The earliest time: 90s, 15m, 24h, 7d or 2w ago, a date, or RFC 3339
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Moment,

    /// The end of the stretch, not included [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    #[command(flatten)]
    filters: Filters,

    /// At most so many entries, the newest of all stores
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: Option<u32>,

    /// How entries are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the entries into this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// Write each record that cannot be decoded into this file, as it came, one JSON object a line
    #[arg(long, value_name = "FILE")]
    raw_errors: Option<PathBuf>,

    /// Times in UTC rather than in this machine's time zone; also those of --since and --until
    #[arg(long)]
    utc: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs fetch                                     the last 24 hours of every store
  storelogs fetch --since 7d --min-severity warning   what went wrong this week
  storelogs fetch --since 2026-08-01 --until 2026-08-02 --utc
  storelogs fetch --since 7d --store shopline:open001 --category products --actor shopline
  storelogs fetch --module 'order status' --limit 20
  storelogs fetch --since 30d --format csv -o month.csv
  storelogs fetch --format jsonl | jq -r 'select(.severity == \"error\").summary'";

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    let zone = if options.utc { TimeZone::UTC } else { TimeZone::system() };
    let query = options.query(Timestamp::now(), &zone)?;
    let configured = config::read(&options.stores.selection())?;
    let network = configured.network()?;
    let Configured { stores: settings, problems, .. } = configured;
    let stores: Vec<Store> = settings.iter().map(|settings| settings.store.clone()).collect();
    let undecodable = Undecodable::new(options.raw_errors.as_deref())?;
    let mut sink = output::open(options.format, options.output.as_deref(), &stores, zone)?;
    let progress = Progress::new(reading_what(&stores), options.output.is_some());
    interruptible(&progress);
    let exit = read::read(&settings, &network, query, sink.as_mut(), undecodable, &progress).await?;
    Ok(exit.despite(problems))
}

impl Options {
    fn query(&self, now: Timestamp, zone: &TimeZone) -> Result<LogQuery, Stop> {
        let wrong = |flag: &str, why: String| Stop::Usage(format!("{flag}: {why}"));
        let since = self.since.at(now, zone).map_err(|why| wrong("--since", why))?;
        let mut query = LogQuery::new().since(since);
        if let Some(until) = self.until {
            let until = until.at(now, zone).map_err(|why| wrong("--until", why))?;
            if until <= since {
                return Err(wrong("--until", format!("{until} is not after --since, {since}")));
            }
            query = query.until(until);
        } else if since >= now {
            return Err(wrong("--since", format!("{since} is in the future")));
        }
        query = self.filters.apply(query);
        query.limit = self.limit.and_then(|limit| usize::try_from(limit).ok());
        Ok(query)
    }
}

fn reading_what(stores: &[Store]) -> String {
    match stores {
        [one] => format!("reading {one}"),
        _ => format!("reading {} stores", stores.len()),
    }
}

/// Ends the program on Ctrl-C or SIGTERM, even while it waits for whoever reads its output.
pub(crate) fn interruptible(progress: &Progress) {
    let progress = progress.clone();
    // Where signals cannot be heard they end the program as they end any.
    let Ok(mut signals) = Signals::listen() else { return };
    tokio::spawn(async move {
        let signal = signals.next().await;
        progress.clear();
        signal.end()
    });
}
