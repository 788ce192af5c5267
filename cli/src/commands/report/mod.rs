//! `report`: what the logs say, for the person who runs the shop.

mod each;
mod orders;
mod terminal;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use jiff::{SignedDuration, Timestamp};
use storelogs::Store;
#[cfg(feature = "mcp")]
use storelogs_collector::Length;
use storelogs_collector::insight::model::{Finding, Level, Section};
use storelogs_collector::insight::{self, Entries, Report, document};
use storelogs_collector::redact::{NoRedaction, Redact};
use storelogs_collector::{Archive, Moment};

use crate::config::StoreName;
use crate::error::{CliError, Exit};
use crate::options::{
    ArchiveOptions, ClockOptions, OutputOptions, TIMES, empty, known_owners, known_stores, known_tags, of_shop,
};
use crate::output::FileFormat;
use crate::ui::{NewFile, Ui, end_on_signal, printable};
use each::Each;
pub(crate) use each::Labelled;

/// Show what the logs say: what broke, when, since which change, and who to ask
///
/// Summarizes the archive: entries over time, problems by what they say, incidents and what was changed before them,
/// who did what, and how far this can be trusted. Each line has the search that lists its entries. Nothing is sent
/// anywhere.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{TIMES}\n\n{EXITS}"))]
pub(crate) struct ReportArgs {
    #[command(flatten)]
    archive: ArchiveOptions,

    /// The beginning of the period: how long ago (24h, 30d, 1y), a date or a time
    #[arg(long, value_name = "TIME", default_value = "30d")]
    since: Moment,

    /// The end of the period, now at the latest [default: now]
    #[arg(long, value_name = "TIME")]
    until: Option<Moment>,

    /// What the period is compared with
    #[arg(long, value_enum, value_name = "WHAT", default_value_t)]
    compare: Compare,

    /// Only this store, as bigcommerce:HASH, shopline:HANDLE or only its name; repeat it for several
    #[arg(long, value_name = "STORE", add = known_stores())]
    store: Vec<StoreName>,

    /// Only stores of this owner, as the configuration names it; repeat it for several
    #[arg(long, value_name = "NAME", add = known_owners())]
    owner: Vec<String>,

    /// Only stores with this tag of the configuration; repeat it to require several
    #[arg(long, value_name = "TAG", add = known_tags())]
    tag: Vec<String>,

    /// Write one report for each, in the time zone of its stores, into the folder that -o names
    #[arg(long, value_enum, value_name = "WHOM", requires = "output", conflicts_with = "open")]
    each: Option<Each>,

    #[command(flatten)]
    clock: ClockOptions,

    #[command(flatten)]
    output: OutputOptions<Format>,

    /// Open the report in the browser
    #[arg(long)]
    open: bool,

    /// Show the texts of the log as they are [default: pseudonyms for addresses, names and secrets in them]
    #[arg(long)]
    no_redact: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs report                              the last 30 days
  storelogs report --since 7d --store bigcommerce:abc123
  storelogs report --open                       as a page in the browser
  storelogs report --since 90d -o report.html   the same as one file to pass on
  storelogs report --since 7d -o orders.csv     the orders that were hit
  storelogs report --each store -o reports      a page for each
  storelogs report --since 2026-08-01 --until 2026-09-01 --format json

A period has whole hours; one of seven days or more begins at midnight.
docs/insights.md explains how each figure is computed.";

const EXITS: &str = "\
Exit codes:
  0  the report was made, whatever is in it
  1  the archive cannot be read, or the report cannot be written
  2  wrong arguments, or no store has the owner or the tag";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Compare {
    /// With the period of the same length before it, if the archive covers that
    #[default]
    Previous,
    /// With nothing
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Text of 80 columns
    #[value(alias = "pretty")]
    Terminal,
    /// One page that is complete in itself
    Html,
    /// The whole report, for programs
    Json,
    /// Markdown
    Md,
    /// The orders that problems name, for a spreadsheet
    Csv,
}

pub(crate) fn report(args: &ReportArgs, ui: Ui) -> Result<Exit, CliError> {
    end_on_signal(None);
    if let (Some(each), Some(folder)) = (args.each, args.output.file()) {
        return report_each(args, each, folder, ui);
    }
    if args.each.is_some() {
        return Err(CliError::usage("-o: with --each, name a folder"));
    }
    let format = match (args.output.named(), args.output.file()) {
        (None, None) if args.open => Format::Html,
        _ => args.output.format()?,
    };
    if args.open && format != Format::Html {
        return Err(CliError::usage(
            "--open shows an HTML report: leave out --format, or give --format html".to_owned(),
        ));
    }
    let archive = args.archive.read()?;
    let asked = args.request();
    let made = of_stores(&archive, &asked, asked.stores(&archive)?, format, ui)?;
    let path = match args.output.file() {
        Some(path) => Some(path.to_owned()),
        None if args.open => Some(place()?),
        None => None,
    };
    match &path {
        Some(path) => write_file(&made, format, path)?,
        None if format == Format::Terminal => {
            write(&made, format, &mut ui.stdout(), Some(look(ui)))?;
        }
        // Machines get every byte as it is.
        None => write(&made, format, &mut ui.stdout_for_machines(), None)?,
    }
    if let Some(path) = path {
        ui.note(&format!("The report is in {}\n", path.display()));
        if args.open {
            open::that_detached(&path).map_err(|error| {
                CliError::failed(format!("no browser can be opened: {error}; open the file {} in one", path.display()))
            })?;
        }
    }
    Ok(Exit::Done)
}

/// Writes a report for each owner or store, and prints the verdict of each.
fn report_each(args: &ReportArgs, each: Each, folder: &Path, ui: Ui) -> Result<Exit, CliError> {
    let format = args.output.named().unwrap_or(Format::Html);
    let archive = args.archive.read()?;
    let asked = args.request();
    let mut stores = asked.stores(&archive)?;
    if stores.is_empty() {
        stores = archive.stores()?.into_iter().map(|(_, store)| store).collect();
    }
    if stores.is_empty() {
        return Err(CliError::failed("no store is in the archive yet: `storelogs sync` brings them".to_owned()));
    }
    let (parts, without) = each::parts(&archive, each, stores, folder, format)?;
    let ending = folder.extension().and_then(|ending| Format::of_ending(&ending.to_str()?.to_lowercase()));
    if !folder.is_dir() && (folder.exists() || ending.is_some()) {
        let why = format!("-o: {} is a file: with --each, name a folder", folder.display());
        return Err(CliError::usage(why).hint("--format says how the reports in it are written"));
    }
    std::fs::create_dir_all(folder)
        .map_err(|error| CliError::failed(format!("-o: the folder {} cannot be made: {error}", folder.display())))?;
    let mut out = ui.stdout();
    for part in parts {
        let made = of_stores(&archive, &asked, part.stores, format, ui)?;
        write_file(&made, format, &part.file)?;
        writeln!(
            out,
            "{}  {}: {}",
            part.file.display(),
            printable::line(&part.name),
            printable::line(&made.0.verdict)
        )?;
        out.flush()?;
    }
    if let Some(without) = without {
        ui.note(&format!("{without}\n"));
    }
    Ok(Exit::Done)
}

impl ReportArgs {
    fn request(&self) -> ReportRequest<'_> {
        let args = self;
        ReportRequest {
            since: args.since,
            until: args.until,
            compare: args.compare == Compare::Previous,
            stores: &args.store,
            labelled: Labelled { owners: &args.owner, tags: &args.tag },
            clock: &args.clock,
            redact: !args.no_redact,
            now: Timestamp::now(),
        }
    }
}

impl ReportRequest<'_> {
    /// The stores that are named in some way. None: it is about all.
    fn stores(&self, archive: &Archive) -> Result<Vec<Store>, CliError> {
        let known: Vec<Store> = archive.stores()?.into_iter().map(|(_, store)| store).collect();
        let named = self.stores.iter().map(|name| name.among(&known)).collect::<Result<Vec<_>, _>>()?;
        if self.labelled.is_empty() {
            return Ok(named);
        }
        self.labelled.among(archive, if named.is_empty() { known } else { named })
    }
}

/// The options of a report, as the user gave them.
pub(crate) struct ReportRequest<'a> {
    pub(crate) since: Moment,
    pub(crate) until: Option<Moment>,
    /// Whether the period is compared with one of the same length before it.
    pub(crate) compare: bool,
    pub(crate) stores: &'a [StoreName],
    pub(crate) labelled: Labelled<'a>,
    pub(crate) clock: &'a ClockOptions,
    pub(crate) redact: bool,
    pub(crate) now: Timestamp,
}

/// The default period of a report.
#[cfg(feature = "mcp")]
pub(crate) const MONTH: Moment = Moment::Ago(Length::days(30));

/// The report that is asked for.
#[cfg(feature = "mcp")]
pub(crate) fn asked_for(archive: &Archive, asked: &ReportRequest<'_>, ui: Ui) -> Result<Report, CliError> {
    let stores = asked.stores(archive)?;
    of_stores(archive, asked, stores, Format::Json, ui).map(|(report, _)| report)
}

/// A report, with the entries behind its figures if it becomes a page.
pub(crate) type Made = (Report, Entries);

/// The report that is asked for, about these stores; none of them for all.
fn of_stores(
    archive: &Archive,
    asked: &ReportRequest<'_>,
    stores: Vec<Store>,
    format: Format,
    ui: Ui,
) -> Result<Made, CliError> {
    // A date means a day of the shop.
    let zone = asked.clock.of(archive, &stores, ui)?;
    let now = asked.now;
    let wrong = |option: &str, why: String| CliError::usage(format!("{option}: {why}"));
    let since = asked.since.at(now, &zone).map_err(|why| wrong("--since", why))?;
    let until = asked.until.map_or(Ok(now), |until| until.at(now, &zone)).map_err(|why| wrong("--until", why))?;
    if since >= now {
        return Err(wrong("--since", empty(since, now, now, &zone)));
    }
    if until <= since {
        return Err(wrong("--until", empty(since, until, now, &zone)));
    }
    if until > now {
        ui.note(&format!("--until: {until} is in the future, so the report ends now\n"));
    }
    let redact: Box<dyn Redact> = if asked.redact { Box::new(archive.redactor()?) } else { Box::new(NoRedaction) };
    let options = insight::ReportOptions { since, until, compare: asked.compare, stores, zone: Some(zone), now };
    Ok(match format {
        Format::Html => insight::report_with_entries(archive, &options, &*redact)?,
        Format::Csv => (insight::report_with_every_order(archive, &options, &*redact)?, Entries::default()),
        _ => (insight::report(archive, &options, &*redact)?, Entries::default()),
    })
}

/// The report on the last 30 days of the whole archive, with pseudonyms, for a page.
pub(crate) fn last_month(archive: &Archive, ui: Ui) -> Result<Made, CliError> {
    let now = Timestamp::now();
    let zone = Some(of_shop(archive, &[], ui)?);
    let since = now - SignedDuration::from_hours(30 * 24);
    let options = insight::ReportOptions { since, until: now, compare: true, stores: Vec::new(), zone, now };
    Ok(insight::report_with_entries(archive, &options, &archive.redactor()?)?)
}

/// Writes a report as a page into a file.
pub(crate) fn write_page(made: &Made, path: &Path) -> Result<(), CliError> {
    write_file(made, Format::Html, path)
}

/// Writes a report into a file, which is there once it is whole.
fn write_file(made: &Made, format: Format, path: &Path) -> Result<(), CliError> {
    let (mut file, mut out) = NewFile::begin(path)?;
    write(made, format, &mut out, None)?;
    Ok(file.keep()?)
}

/// Writes what broke last that a person can be asked about, else what broke last, or nothing if nothing broke.
pub(crate) fn last_incident(report: &Report, ui: Ui) -> Result<(), CliError> {
    let broke = |finding: &&Finding| finding.section == Section::Incidents && finding.level == Level::Alarm;
    let mut incidents = report.summary.iter().filter(broke);
    let first = incidents.clone().next();
    let Some(incident) = incidents.find(|finding| finding.ask.is_some()).or(first) else { return Ok(()) };
    let incident = Finding { query: None, ..incident.clone() };
    let mut out = ui.stdout();
    writeln!(out)?;
    terminal::write(&vec![document::finding(&incident)], look(ui), &mut out)?;
    Ok(out.flush()?)
}

/// The capabilities of the terminal on stdout.
fn look(ui: Ui) -> terminal::Appearance {
    terminal::Appearance { sparks: ui.stdout_width().is_some(), palette: ui.palette() }
}

impl FileFormat for Format {
    const FOR_READING: Self = Self::Terminal;
    const ENDINGS: &'static str = ".html, .md, .json, .txt, or .csv for a list of orders";

    fn of_ending(ending: &str) -> Option<Self> {
        match ending {
            "html" | "htm" => Some(Self::Html),
            "json" => Some(Self::Json),
            "md" | "markdown" => Some(Self::Md),
            "csv" => Some(Self::Csv),
            "txt" => Some(Self::Terminal),
            _ => None,
        }
    }

    fn instead(ending: &str) -> Option<&'static str> {
        match ending {
            "pdf" => Some("for a PDF, write the .html, open it in a browser, and print it into a file"),
            "xls" | "xlsx" | "ods" => Some("for a table of entries: storelogs search --limit 0 -o entries.csv"),
            _ => None,
        }
    }
}

impl Format {
    /// How the name of a file of it ends.
    const fn ending(self) -> &'static str {
        match self {
            Self::Terminal => "txt",
            Self::Html => "html",
            Self::Json => "json",
            Self::Md => "md",
            Self::Csv => "csv",
        }
    }
}

/// A new file for a report, for the user only.
fn place() -> Result<PathBuf, CliError> {
    let folder = tempfile::Builder::new().prefix("storelogs-report-").tempdir();
    let folder = folder.map_err(|error| CliError::failed(format!("no folder can be made for the report: {error}")))?;
    Ok(folder.keep().join("report.html"))
}

fn write(
    (report, entries): &Made,
    format: Format,
    out: &mut dyn Write,
    look: Option<terminal::Appearance>,
) -> Result<(), CliError> {
    match format {
        Format::Terminal => terminal::write(&document::document(report), look.unwrap_or_default(), out)?,
        Format::Csv => orders::write(report, out)?,
        Format::Md => document::markdown(&document::document(report), out)?,
        Format::Html => out.write_all(insight::html(report, entries).as_bytes())?,
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, report)?;
            writeln!(out)?;
        }
    }
    Ok(out.flush()?)
}
