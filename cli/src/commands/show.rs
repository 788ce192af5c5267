//! `show`: one entry of the archive in full.

use std::ops::ControlFlow;

use clap::{Args, ValueEnum};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use storelogs_collector::search::{Filter, Order};

use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, ClockOptions};
use crate::output::{self, Target};
use crate::ui::Ui;

/// Show one entry of the archive in full, with JSON and HTML made readable
///
/// The reason that its message gives stands at the top. `search --long` shows all that it finds like this.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ShowArgs {
    /// The uid of an entry, its store and id, or only its id; several for several
    #[arg(value_name = "UID", required = true)]
    uid: Vec<String>,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// How entries are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Replace e-mail and postal addresses, names and secrets in texts by pseudonyms
    #[arg(long)]
    redact: bool,

    #[command(flatten)]
    clock: ClockOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs show bigcommerce:abc123:4711
  storelogs show abc123:4711 4712 --format json
  storelogs search --format jsonl refund | jq -r .uid | xargs storelogs show

Exit codes:
  0  every entry was found
  1  one of them is not in the archive";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For reading, safe to show on a terminal
    #[default]
    Pretty,
    /// One JSON array
    Json,
}

pub(crate) fn show(args: &ShowArgs, ui: Ui) -> Result<Exit, CliError> {
    let archive = args.archive.read()?;
    let zone = args.clock.of(&archive, &[], ui)?;
    let filters = args.uid.iter().map(|uid| filter(uid.trim())).collect::<Result<Vec<_>, _>>()?;
    let format = match args.format {
        Format::Pretty => output::Format::Long,
        Format::Json => output::Format::Json,
    };
    let mut sink = output::open(
        Target { format, path: None, stores: &[], zone, marks: None, newest_first: false, oldest_first: false },
        ui,
    )?;
    let redactor = if args.redact { Some(archive.redactor()?) } else { None };
    let mut missing = Vec::new();
    for (uid, filter) in args.uid.iter().zip(&filters) {
        let mut found = false;
        archive.search::<CliError>(filter, Order::NewestFirst, |entry| {
            found = true;
            match &redactor {
                Some(redactor) => sink.entry(&redactor.entry(&entry))?,
                None => sink.entry(&entry)?,
            }
            Ok(ControlFlow::Continue(()))
        })?;
        if !found {
            missing.push(uid.as_str());
        }
    }
    sink.finish()?;
    for uid in &missing {
        ui.error(&format!("the archive holds no entry {uid}: `storelogs search --long` shows uids, and `storelogs sync` reads what is new"));
    }
    Ok(if missing.is_empty() { Exit::Done } else { Exit::Failed })
}

/// The entries with this uid, with this id in a store, or with this id in any store.
pub(crate) fn filter(uid: &str) -> Result<Filter, CliError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, ':' | '-' | '_' | '.');
    if uid.is_empty() || !uid.chars().all(plain) {
        return Err(CliError::usage(format!("{uid:?} is no uid: write it as bigcommerce:abc123:4711, or only its id")));
    }
    let query = match uid.split_once(':') {
        None => format!("id:\"{uid}\""),
        Some((store, id)) if !id.contains(':') => format!("store:\"{store}\" id:\"{id}\""),
        Some(_) => format!("uid:\"{uid}\""),
    };
    Ok(Filter::parse(&query, Timestamp::UNIX_EPOCH, &TimeZone::UTC)?)
}
