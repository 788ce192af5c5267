//! `search`: finds entries in the archive.

use std::borrow::Cow;
use std::io::Write;
use std::ops::ControlFlow;

use clap::Args;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs::{Severity, Store};
use storelogs_collector::Archive;
use storelogs_collector::insight::with_incidents;
use storelogs_collector::nearest::nearest;
use storelogs_collector::search::{Filter, Order, Unfound};
use storelogs_collector::wording::format_count;
use storelogs_collector::{Moment, TimeRange};

use crate::config::StoreName;
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, ClockOptions, OutputOptions, TIMES, empty, known_stores};
use crate::output::{self, Format, Marks, Target};
use crate::ui::{Ui, end_on_signal, quoted};

/// Find entries in the archive
///
/// A query has words, "phrases", beginnings* and fields; an entry has to match all of them, unless OR stands between.
/// Times, severities and fields are those of `fetch`. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{TIMES}\n\n{EXITS}"))]
pub(crate) struct SearchArgs {
    /// What to find; without it, every entry
    #[arg(value_name = "QUERY")]
    query: Vec<String>,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// The earliest time: how long ago (24h, 7d, 1mo), today, a date or a time
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// The end of the time range, not included
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// Only this store, as bigcommerce:HASH, shopline:HANDLE or only its name; repeat it for several
    #[arg(long, value_name = "STORE", add = known_stores())]
    store: Vec<StoreName>,

    /// Show at most N entries; 0 for all
    #[arg(long, value_name = "N", default_value_t = 50)]
    limit: usize,

    /// The oldest entries first
    #[arg(long)]
    oldest_first: bool,

    /// Only say how many there are
    #[arg(long, conflicts_with_all = ["format", "output", "oldest_first"])]
    count: bool,

    /// Each entry whole, with JSON and HTML made readable
    #[arg(long, conflicts_with_all = ["format", "count"])]
    long: bool,

    #[command(flatten)]
    output: OutputOptions<Format>,

    /// Replace e-mail and postal addresses, names and secrets in texts by pseudonyms
    #[arg(long)]
    redact: bool,

    #[command(flatten)]
    clock: ClockOptions,
}

/// A query together with the options beside it.
pub(crate) struct Asked<'a> {
    pub(crate) query: &'a str,
    pub(crate) since: Option<Moment>,
    pub(crate) until: Option<Moment>,
    /// None of them means all.
    pub(crate) stores: &'a [Store],
}

impl Asked<'_> {
    /// What is asked for, and the time zone in which it is meant and shown. A store that the query names counts as one
    /// that an option names.
    pub(crate) fn meant(
        &self,
        archive: &Archive,
        clock: &ClockOptions,
        now: Timestamp,
        ui: Ui,
    ) -> Result<(Filter, TimeZone), CliError> {
        // The stores that it is about do not depend on the zone.
        let zone =
            clock.of_query(archive, &Filter::parse(self.query, now, &TimeZone::UTC)?.of_stores(self.stores), ui)?;
        let filter = self.within(now, &zone)?;
        match filter.bounds() {
            (Some(since), Some(until)) if until <= since => {
                Err(CliError::usage(format!("nothing can be found: {}", empty(since, until, now, &zone))))
            }
            _ => Ok((filter, zone)),
        }
    }

    fn within(&self, now: Timestamp, zone: &TimeZone) -> Result<Filter, CliError> {
        let Self { query, since, until, stores } = *self;
        let wrong = |option: &str, why: String| CliError::usage(format!("{option}: {why}"));
        let mut filter = Filter::parse(query, now, zone)?;
        if since.is_some() || until.is_some() {
            let since = since.map_or(Ok(Timestamp::MIN), |since| since.at(now, zone));
            let until = until.map_or(Ok(Timestamp::MAX), |until| until.at(now, zone));
            let (since, until) =
                (since.map_err(|why| wrong("--since", why))?, until.map_err(|why| wrong("--until", why))?);
            let range = TimeRange::new(since, until);
            let range = range.ok_or_else(|| wrong("--until", empty(since, until, now, zone)))?;
            filter = filter.within(range);
        }
        Ok(filter.of_stores(stores))
    }
}

/// Says why nothing was found, as far as a part of the query says it alone.
fn say_nothing(archive: &Archive, query: &str, now: Timestamp, zone: &TimeZone, ui: Ui) -> Result<(), CliError> {
    for Unfound { part, value, known } in archive.unfound(query, now, zone)? {
        let mut there: Vec<Cow<'_, str>> = known.iter().take(NAMED).map(|name| quoted(name)).collect();
        if known.len() > NAMED {
            there.push(format!("and {} more", known.len() - NAMED).into());
        }
        let there = match nearest(&value, known.iter().cloned()) {
            Some(meant) => format!("; did you mean {}?", quoted(&meant)),
            None if there.is_empty() => severity(&part).map_or_else(String::new, |severity| {
                format!(" as a word; severity:{severity} finds entries of that severity")
            }),
            None => format!("; there are {}", there.join(", ")),
        };
        ui.warning(&format!("no entry of the archive has {part}{there}"));
    }
    Ok(())
}

/// The severity that a word of a query names, in the singular or the plural.
fn severity(word: &str) -> Option<Severity> {
    let word = word.to_ascii_lowercase();
    [word.as_str(), word.strip_suffix('s').unwrap_or_default()].into_iter().find_map(|name| name.parse().ok())
}

/// The stores of the archive that are named.
#[cfg(feature = "mcp")]
pub(crate) fn picked(archive: &Archive, names: &[StoreName]) -> Result<Vec<Store>, CliError> {
    let known: Vec<Store> = archive.stores()?.into_iter().map(|(_, store)| store).collect();
    names.iter().map(|name| named(name, &known)).collect()
}

/// A store of the archive.
fn named(name: &StoreName, known: &[Store]) -> Result<Store, CliError> {
    let store = name.among(known)?;
    if !known.contains(&store) {
        return Err(storelogs_collector::Error::UnknownStore { store }.into());
    }
    Ok(store)
}

const EXAMPLES: &str = "\
Examples:
  storelogs search refund
  storelogs search '\"declined by the gateway\" store:abc123 since:30d'
  storelogs search 'severity>=warning module:*gateway* -sandbox'
  storelogs search 'actor:\"Amelia Wong\" (discount OR theme*) since:2026-08-01'
  storelogs search --count --since yesterday 'severity>=error'
  storelogs search --long --since 7d --store abc123 'severity>=error'
  storelogs search incident:last
  storelogs search --limit 0 -o errors.csv 'severity>=error'

Fields: store, platform, severity, category, action, module, actor, subject, id,
uid, name, owner, tag; like:\"Order * failed\"; reason:timeout; sensitive:yes;
incident:last, incident:open, incident:yes or the time of one; times: since:,
until:. A minimum severity never hides what is not understood.";

const EXITS: &str = "\
Exit codes:
  0  something was found
  1  nothing was found, or it failed
  2  wrong arguments, or a query that cannot be understood";

/// How many values are named that there are in place of one that was asked for.
const NAMED: usize = 12;
/// Indexing more entries than this takes longer than a moment.
const LONG: u64 = 200_000;

pub(crate) fn search(args: &SearchArgs, ui: Ui) -> Result<Exit, CliError> {
    end_on_signal(None);
    let archive = args.archive.read()?;
    let known: Vec<Store> = archive.stores()?.into_iter().map(|(_, store)| store).collect();
    let picked = args.store.iter().map(|name| named(name, &known)).collect::<Result<Vec<_>, _>>()?;
    let now = Timestamp::now();
    let query = args.query.join(" ");
    let asked = Asked { query: &query, since: args.since, until: args.until, stores: &picked };
    let (filter, zone) = asked.meant(&archive, &args.clock, now, ui)?;
    let mut said = false;
    archive.catch_up_beside(|left| {
        if left > LONG && !said {
            ui.note(&format!("The words of {} entries are indexed first, once.\n", format_count(left)));
        }
        said = true;
    })?;
    let filter = with_incidents(&archive, &filter.unveiled(&archive)?, now, &zone)?;
    if args.count {
        let found = archive.count_found(&filter)?;
        let mut out = ui.stdout();
        writeln!(out, "{found}")?;
        out.flush()?;
        if found == 0 {
            say_nothing(&archive, &query, now, &zone, ui)?;
        }
        return Ok(if found > 0 { Exit::Done } else { Exit::Failed });
    }
    let marks = {
        let filter = filter.clone();
        Box::new(move |text: &str| filter.marks(text)) as Marks
    };
    let path = args.output.file();
    let format = match (args.long, args.output.format()?) {
        (false, format) => format,
        (true, Format::Pretty) => Format::Long,
        (true, _) => return Err(CliError::usage("--long is for reading: name the file .txt")),
    };
    // The limit leaves the newest entries; a viewer gets the oldest of them first.
    let newest_first = !args.oldest_first;
    let shown_in = zone.clone();
    if format == Format::Pretty && path.is_none() {
        args.clock.say(&zone, ui);
    }
    let target = Target { format, path, stores: &known, zone, marks: Some(marks), newest_first, oldest_first: false };
    let mut sink = output::open(target, ui)?;
    let order = if args.oldest_first { Order::OldestFirst } else { Order::NewestFirst };
    let limit = if args.limit == 0 { usize::MAX } else { args.limit };
    let redactor = if args.redact { Some(archive.redactor()?) } else { None };
    let (mut shown, mut more) = (0, false);
    archive.search::<CliError>(&filter, order, |entry| {
        if shown == limit {
            more = true;
            return Ok(ControlFlow::Break(()));
        }
        shown += 1;
        match &redactor {
            Some(redactor) => sink.entry(&redactor.entry(&entry))?,
            None => sink.entry(&entry)?,
        }
        Ok(ControlFlow::Continue(()))
    })?;
    sink.finish()?;
    if more {
        let first = if shown == 1 {
            "This is the first".to_owned()
        } else {
            format!("These are the first {}", format_count(shown as u64))
        };
        ui.note(&format!("{first}; --limit 0 shows all.\n"));
    }
    if shown == 0 {
        if format == Format::Pretty && ui.stdout_width().is_some() {
            ui.note("Nothing was found.\n");
        }
        say_nothing(&archive, &query, now, &shown_in, ui)?;
    }
    Ok(if shown > 0 { Exit::Done } else { Exit::Failed })
}
