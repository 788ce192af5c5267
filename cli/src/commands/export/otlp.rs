//! `export otlp`: a receiver of OpenTelemetry's protocol.

use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use jiff::Timestamp;
use serde_json::{Value, json};
use storelogs::{Http, Proxy};
use storelogs_collector::wording::{format_count, format_duration, pluralize};
use storelogs_collector::{Archive, Moment, TimeRange};
use storelogs_export::{Delivered, Otlp, OtlpSettings, Step};

use crate::config::{self, OtlpTarget, TokenSource};
use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, ClockOptions, TIMES, Times, WrittenOptions};
use crate::ui::printable::line;
use crate::ui::{Column, Progress, Table, Text, Ui};

/// Send the archive to a receiver of OpenTelemetry's protocol (OTLP over HTTP)
///
/// Each run sends the entries that came since the last one: at least once, each with its uid. Entries that the receiver
/// refuses, such as those that are too old for it, are kept in a list with the reason, and the rest goes on. Whether it
/// has stored an entry, only the receiver knows.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{TIMES}\n\n{EXITS}"))]
pub(crate) struct OtlpArgs {
    /// The receiver's address, to which /v1/logs is added [default: $OTEL_EXPORTER_OTLP_LOGS_ENDPOINT as it is, or
    /// $OTEL_EXPORTER_OTLP_ENDPOINT, or http://localhost:4318]
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,

    /// http/protobuf or http/json [default: $OTEL_EXPORTER_OTLP_PROTOCOL, or http/protobuf]
    #[arg(long, value_name = "PROTOCOL")]
    protocol: Option<String>,

    /// gzip or none [default: $OTEL_EXPORTER_OTLP_COMPRESSION, or gzip]
    #[arg(long, value_name = "WORD")]
    compression: Option<String>,

    /// A header, and where its value is: NAME=env:VARIABLE or NAME=file:PATH; repeat it for several [default:
    /// $OTEL_EXPORTER_OTLP_HEADERS]
    #[arg(long, value_name = "HEADER", value_parser = config::header)]
    header: Vec<(String, TokenSource)>,

    #[command(flatten)]
    archive: ArchiveOptions,

    #[command(flatten)]
    written: WrittenOptions,

    #[command(flatten)]
    clock: ClockOptions,

    /// Leave out entries from before this, which the receiver would refuse as too old: 18h, 7d
    #[arg(long, value_name = "TIME")]
    since: Option<Moment>,

    /// Send the entries of a time range once more, such as 30d.. or 2026-08-01..2026-08-02
    #[arg(long, value_name = "FROM..TO", conflicts_with_all = ["refused", "dry_run", "since"])]
    again: Option<Times>,

    /// List what the receiver refused, and why
    #[arg(long, conflicts_with = "dry_run")]
    refused: bool,

    /// Only say how much would be sent
    #[arg(long)]
    dry_run: bool,
}

const EXAMPLES: &str = "\
Examples:
  storelogs export otlp --endpoint http://localhost:4318
  storelogs export otlp --endpoint https://otlp.example --header key=env:KEY
  storelogs export otlp --refused
  storelogs export otlp --again 2026-08-01..2026-08-02";

const EXITS: &str = "\
Exit codes:
  0  everything was sent and accepted
  1  the archive cannot be used, the receiver accepts nothing, or another process
     sends to it or forgets entries; run it again, and nothing is lost
  2  wrong arguments or environment; nothing was sent
  3  the receiver refused access (HTTP 401, 403 or 407)
  4  everything was sent, and the receiver refused some of it: --refused lists
     it";

pub(crate) async fn otlp(args: OtlpArgs, ui: Ui) -> Result<Exit, CliError> {
    let target = OtlpTarget {
        endpoint: args.endpoint.clone(),
        protocol: args.protocol.clone(),
        compression: args.compression.clone(),
        timeout: None,
        headers: args.header.clone(),
        since: None,
    };
    let mut otlp = receiver(&target, Proxy::from_env()?, ui).await?;
    let path = args.archive.path()?;
    if args.refused {
        return list(&otlp, &Archive::read(path)?, &args.written, ui);
    }
    if args.dry_run {
        return say_left(&otlp, &Archive::read(path)?, &args.written, ui);
    }
    let zone = || args.clock.of(&Archive::read(&path)?, &[], ui);
    if let Some(since) = args.since {
        let since = since.at(Timestamp::now(), &zone()?).map_err(|why| CliError::usage(format!("--since: {why}")))?;
        otlp = otlp.since(Moment::At(since));
    }
    let again = |times: Times| {
        let range = times.range(Timestamp::now(), &zone()?);
        range.map_err(|why| CliError::usage(format!("--again: {why}")))
    };
    let range = args.again.map(again).transpose()?;
    let task = tokio::task::spawn_blocking(move || deliver(&otlp, path, range, &args.written, ui));
    task.await.map_err(|_| CliError::failed("the export was given up".to_owned()))?
}

/// The receiver that is meant, over the network.
pub(crate) async fn receiver(target: &OtlpTarget, proxy: Proxy, ui: Ui) -> Result<Otlp, CliError> {
    let mut settings = OtlpSettings {
        endpoint: target.endpoint.clone(),
        protocol: target.protocol.clone(),
        compression: target.compression.clone(),
        timeout: target.timeout,
        ..OtlpSettings::default()
    };
    for (name, source) in &target.headers {
        let what = format!("header {name}");
        let value = source.read(&what, ui).await.map_err(CliError::usage)?;
        settings.headers.extend(value.map(|value| (name.clone(), value)));
    }
    let settings = settings.or_variables(|name| config::variable(name).ok().flatten())?;
    let certificate = match config::variable("OTEL_EXPORTER_OTLP_LOGS_CERTIFICATE")? {
        Some(path) => Some(path),
        None => config::variable("OTEL_EXPORTER_OTLP_CERTIFICATE")?,
    };
    let mut http = Http::builder().proxy(proxy);
    if let Some(path) = certificate {
        let unreadable = |error| CliError::usage(format!("the certificate {path} cannot be read: {error}"));
        http = http.certificates(std::fs::read(&path).map_err(unreadable)?);
    }
    let otlp = Otlp::new(&settings, Arc::new(http.build()?), Timestamp::now)?;
    Ok(match target.since {
        Some(since) => otlp.since(since),
        None => otlp,
    })
}

fn deliver(
    otlp: &Otlp,
    path: PathBuf,
    range: Option<TimeRange>,
    written: &WrittenOptions,
    ui: Ui,
) -> Result<Exit, CliError> {
    drop(Archive::read(&path)?); // one that is not there is not to be made
    let mut archive = Archive::open(path)?;
    let progress = Progress::new(ui, format!("sending to {}", otlp.name().trim_start_matches("otlp ")), false);
    let mut shown = |step: &Step<'_>| match step {
        Step::Settled { done, left } => {
            let refused =
                if done.refused > 0 { format!(", {} refused", format_count(done.refused)) } else { String::new() };
            progress.say(&format!("{} taken{refused}, {} left", format_count(done.sent), format_count(*left)));
        }
        Step::Waiting { why, wait } => {
            let wait = jiff::SignedDuration::try_from(*wait).unwrap_or_default();
            progress.aside(|| ui.warning(&format!("{}; asked again in {}", line(why), format_duration(wait))));
        }
        _ => {}
    };
    let delivered = match range {
        None => otlp.deliver(&mut archive, &mut shown),
        Some(range) => otlp.deliver_again(&mut archive, range, &mut shown),
    };
    progress.clear();
    let delivered = match delivered {
        Ok(delivered) => delivered,
        Err(error @ storelogs_export::Error::Unauthorized { .. }) => {
            ui.error(&error.to_string());
            return Ok(Exit::Auth);
        }
        Err(error) => return Err(error.into()),
    };
    if written.is_json() {
        ui.json(&as_json(otlp, &delivered))?;
    } else {
        let mut out = ui.stdout();
        write!(out, "{}", summary(otlp, &delivered))?;
        out.flush()?;
    }
    Ok(if delivered.refused > 0 { Exit::Partly } else { Exit::Done })
}

fn as_json(otlp: &Otlp, done: &Delivered) -> Value {
    let stores =
        done.stores.iter().map(|(store, (sent, refused))| json!({"store": store, "sent": sent, "refused": refused}));
    json!({
        "destination": otlp.name(), "sent": done.sent, "refused": done.refused, "left_out": done.left_out,
        "requests": done.requests, "reason": done.reason, "stores": stores.collect::<Vec<_>>(),
    })
}

/// How many stores are listed by name.
const STORES: usize = 40;

fn summary(otlp: &Otlp, done: &Delivered) -> String {
    let name = otlp.name();
    let left_out = match done.left_out {
        0 => String::new(),
        some => format!(", {} left out as too old", format_count(some)),
    };
    if done.sent + done.refused == 0 {
        return format!("{name}: nothing new{left_out}\n");
    }
    let mut table = Table::new([Column::new(""), Column::new("")]);
    let some = |counts: &(u64, u64)| match counts {
        (sent, 0) => format!("{} sent", format_count(*sent)),
        (sent, refused) => format!("{} sent, {} refused", format_count(*sent), format_count(*refused)),
    };
    for (store, counts) in done.stores.iter().take(STORES) {
        table.row([Text::plain(store), Text::plain(&some(counts))]);
    }
    let mut text = table.text();
    if done.stores.len() > STORES {
        text.push_str(&format!("and {} more stores\n", format_count((done.stores.len() - STORES) as u64)));
    }
    let requests = pluralize(done.requests, "request", "requests");
    let sent = pluralize(done.sent, "entry", "entries");
    text.push_str(&format!("{name}: {sent} sent in {requests}{left_out}"));
    if done.refused > 0 {
        let why = line(done.reason.as_deref().unwrap_or_default()).into_owned();
        text.push_str(&format!(", {} refused, the last because: {why}", format_count(done.refused)));
    }
    text.push('\n');
    text
}

fn say_left(otlp: &Otlp, archive: &Archive, written: &WrittenOptions, ui: Ui) -> Result<Exit, CliError> {
    let settled = archive.export(&otlp.name())?.map_or(0, |state| state.arrived);
    let left = (archive.newest_arrival()? - settled).max(0).unsigned_abs();
    if written.is_json() {
        ui.json(&json!({"destination": otlp.name(), "left": left}))?;
        return Ok(Exit::Done);
    }
    let mut out = ui.stdout();
    writeln!(out, "{}: at most {} would be sent", otlp.name(), pluralize(left, "entry", "entries"))?;
    out.flush()?;
    Ok(Exit::Done)
}

fn list(otlp: &Otlp, archive: &Archive, written: &WrittenOptions, ui: Ui) -> Result<Exit, CliError> {
    let stores: std::collections::HashMap<_, _> = archive.stores()?.into_iter().collect();
    let mut table = Table::new([Column::new(""), Column::new(""), Column::new("")]);
    let mut listed = Vec::new();
    for kept in archive.refusals(&otlp.name())? {
        let [first, last] = kept.refusal.arrived;
        let which = match &kept.entry {
            Some((store, id)) => match stores.get(store) {
                Some(store) => format!("{store}:{id}"),
                None => id.clone(),
            },
            None if first == last => format!("arrival {first}, not held any more"),
            None => format!("{} of arrivals {first} to {last}", format_count(kept.refusal.entries)),
        };
        let at = kept.at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
        listed.push(json!({"at": at, "what": which, "entries": kept.refusal.entries, "reason": kept.refusal.reason}));
        table.row([Text::plain(&at), Text::plain(&which), Text::plain(&line(&kept.refusal.reason))]);
    }
    if written.is_json() {
        ui.json(&listed)?;
        return Ok(Exit::Done);
    }
    let mut out = ui.stdout();
    if listed.is_empty() {
        writeln!(out, "{}: nothing was refused", otlp.name())?;
    }
    table.write(&mut out)?;
    out.flush()?;
    Ok(Exit::Done)
}
