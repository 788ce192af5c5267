//! `fetch`: the entries of a time range, of all stores in one list.

mod lines;
mod read;
mod undecodable;
mod values;

use std::path::{Path, PathBuf};

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{LogQuery, Store};
use storelogs_collector::Moment;

use crate::config::{self, Configured};
use crate::error::{CODES, CliError, Exit};
use crate::options::{ClockOptions, Filters, OutputOptions, StoreOptions, TIMES, empty};
use crate::output::{self, Format, Target};
use crate::ui::{Progress, Ui, end_on_signal};
use read::Reading;
use undecodable::Undecodable;

/// Read the logs of all stores, merged, newest first
///
/// Reads everything in the time range, unless --limit says less. The platform filters what it can; every entry is
/// checked again here.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{TIMES}\n\n{CODES}"))]
pub(crate) struct FetchArgs {
    #[command(flatten)]
    stores: StoreOptions,

    /// The earliest time: how long ago (24h, 7d, 1mo), today, a date or a time
    #[arg(long, value_name = "TIME", default_value = "24h")]
    since: Moment,

    /// The end of the time range, not included [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    #[command(flatten)]
    filters: Filters,

    /// Show at most N entries, the newest of all stores; 0 for all
    #[arg(long, value_name = "N", default_value_t = 0)]
    limit: usize,

    /// Oldest first; nothing is written until everything was read
    #[arg(long)]
    oldest_first: bool,

    #[command(flatten)]
    output: OutputOptions<Format>,

    /// Write each record that cannot be decoded into this file, as it came, one JSON object a line
    #[arg(long, value_name = "FILE")]
    raw_errors: Option<PathBuf>,

    #[command(flatten)]
    clock: ClockOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs fetch                      the last 24 hours of every store
  storelogs fetch --since 7d --min-severity warning   what went wrong this week
  storelogs fetch --since 2026-08-01 --until 2026-08-02 --utc
  storelogs fetch --since 7d --store shopline:open001 --category products
  storelogs fetch --module 'order status' --limit 20
  storelogs fetch --since 30d -o month.csv
  storelogs fetch --format jsonl | jq -r 'select(.severity == \"error\").summary'";

pub(crate) async fn fetch(args: FetchArgs, ui: Ui) -> Result<Exit, CliError> {
    let configured = config::read(&args.stores.selection(), ui)?;
    let network = configured.network()?;
    let Configured { stores: settings, problems, .. } = configured;
    let stores: Vec<Store> = settings.iter().map(|settings| settings.store.clone()).collect();
    let zone = args.clock.of_stores(&stores, ui)?;
    let query = args.query(Timestamp::now(), &zone)?;
    let (format, path) = (args.output.format()?, args.output.file());
    if format == Format::Pretty && path.is_none() {
        args.clock.say(&zone, ui);
    }
    let undecodable = Undecodable::new(args.apart()?)?;
    let mut sink = output::open(
        Target {
            format,
            path,
            stores: &stores,
            zone,
            marks: None,
            newest_first: true,
            oldest_first: args.oldest_first,
        },
        ui,
    )?;
    let progress = Progress::new(ui, reading_what(&stores), path.is_some());
    end_on_signal(Some(&progress));
    let reading = Reading { stores: &settings, network: &network, progress: &progress, ui };
    let exit = reading.read(query, sink.as_mut(), undecodable).await?;
    Ok(exit.despite(problems))
}

impl FetchArgs {
    /// The file for records that cannot be decoded. It is another one than that of the entries.
    fn apart(&self) -> Result<Option<&Path>, CliError> {
        let raw = self.raw_errors.as_deref();
        let whole = |path: &Path| std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let is_theirs =
            |raw: &Path| raw == Path::new("-") || self.output.file().is_some_and(|file| whole(file) == whole(raw));
        match raw.filter(|raw| is_theirs(raw)) {
            Some(raw) => {
                Err(CliError::usage(format!("--raw-errors: the entries go into {}: name another file", raw.display())))
            }
            None => Ok(raw),
        }
    }

    fn query(&self, now: Timestamp, zone: &TimeZone) -> Result<LogQuery, CliError> {
        let wrong = |flag: &str, why: String| CliError::usage(format!("{flag}: {why}"));
        let since = self.since.at(now, zone).map_err(|why| wrong("--since", why))?;
        let mut query = LogQuery::new().since(since);
        if let Some(until) = self.until {
            let until = until.at(now, zone).map_err(|why| wrong("--until", why))?;
            if until <= since {
                return Err(wrong("--until", empty(since, until, now, zone)));
            }
            query = query.until(until);
        } else if since >= now {
            return Err(wrong("--since", empty(since, now, now, zone)));
        }
        query = self.filters.apply(query);
        query.limit = Some(self.limit).filter(|limit| *limit > 0);
        Ok(query)
    }
}

fn reading_what(stores: &[Store]) -> String {
    match stores {
        [one] => format!("reading {one}"),
        _ => format!("reading {} stores", stores.len()),
    }
}
