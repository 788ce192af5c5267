//! `check`: can each store be read, and what is in the way?

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use clap::{Args, ValueEnum};
use futures::{StreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use reqwest::Url;
use serde::Serialize;
use storelogs::{ErrorKind, RateLimit, RetryPolicy};

use crate::commands::fetch;
use crate::config::{self, Configured, StoreConnection};
use crate::error::{CODES, Exit, Failure, Stop};
use crate::options::StoreOptions;
use crate::output::{self, Out};
use crate::ui::printable;
use crate::ui::progress::Progress;
use crate::ui::{self, BOLD, GREEN, RED, YELLOW};
use storelogs_collector::insight::rough;

/// Find out whether each store can be read
///
/// Asks each store for one entry, with one request, and tells what is in the way: the token and when it ends, the scope,
/// the two clocks, and what is left of the rate limit. A token is never shown.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct Options {
    #[command(flatten)]
    stores: StoreOptions,

    /// How the report is written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,
}

const EXAMPLES: &str = "\
Examples:
  storelogs check
  storelogs check --store bigcommerce:abc123
  storelogs check --format json | jq -r '.[] | select(.ok | not).store'";

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for reading
    #[default]
    Pretty,
    /// One JSON array, one object a store
    Json,
}

/// How many stores are asked at once.
const AT_ONCE: usize = 16;
/// Clocks that are further apart make a difference at the ends of a stretch of time.
const APART: SignedDuration = SignedDuration::from_secs(5);
/// A token that ends sooner may end during a long read.
const SOON: SignedDuration = SignedDuration::from_hours(1);

/// What was found about one store.
#[derive(Serialize)]
struct Report {
    store: String,
    ok: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    /// In the platform's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// The cause in one word, where more is known than the kind of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
    /// The proxy that requests go through, and what named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<Via>,
    /// The edition of SHOPLINE's API.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<Edition>,
    /// What would be better, though it works.
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_ends: Option<Timestamp>,
    /// How far the platform's clock is ahead of this machine's.
    #[serde(rename = "clock_ahead_ms", skip_serializing_if = "Option::is_none", serialize_with = "milliseconds")]
    clock_ahead: Option<SignedDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Quota>,
    #[serde(skip)]
    kind: Option<ErrorKind>,
}

#[derive(Serialize)]
struct Via {
    address: String,
    named_by: &'static str,
}

/// A dated edition, which is served for a year.
#[derive(Serialize)]
struct Edition {
    version: String,
    since: Date,
    until: Date,
}

#[derive(Serialize)]
struct Quota {
    requests: u32,
    left: u32,
    full_in_ms: u128,
}

fn milliseconds<S: serde::Serializer>(length: &Option<SignedDuration>, serializer: S) -> Result<S::Ok, S::Error> {
    length.map(|length| length.as_millis()).serialize(serializer)
}

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    let configured = config::read(&options.stores.selection())?;
    let proxy = configured.proxy()?;
    let network = configured.network()?;
    let Configured { stores, problems, .. } = configured;
    // An answer in reasonable time is part of what is checked.
    let policy = RetryPolicy::default().max_attempts(2).attempt_timeout(Duration::from_secs(20));
    let progress = Progress::new(format!("checking {} stores", stores.len()), false);
    fetch::interruptible(&progress);
    let connected = config::connect(&stores, &network, &policy).await;
    let unsent = connected.iter().all(Result::is_err);
    let reports = stream::iter(stores.iter().zip(connected)).map(|(settings, connected)| async {
        let store = settings.store.to_string();
        let mut report = match connected {
            Ok(connected) => ask(store, connected).await,
            Err(why) => Report::failed(store, &storelogs::Error::invalid(why)),
        };
        report.proxy = Url::parse(&settings.origin())
            .ok()
            .and_then(|url| Some(Via { address: proxy.of(&url)?.to_owned(), named_by: proxy.source(&url)? }));
        report.edition(settings.edition(), Timestamp::now());
        report
    });
    let reports: Vec<Report> = reports.buffered(AT_ONCE).collect().await;
    progress.clear();
    match options.format {
        Format::Pretty => table(&mut output::stdout(), &reports)?,
        Format::Json => {
            let mut out = io::stdout().lock();
            serde_json::to_writer_pretty(&mut out, &reports).map_err(io::Error::from)?;
            writeln!(out)?;
        }
    }
    if unsent {
        return Ok(Exit::Usage);
    }
    let failures: Vec<Failure> = reports.iter().filter_map(|report| report.kind).map(Failure::of).collect();
    Ok(Exit::of(reports.len(), &failures, 0).despite(problems))
}

async fn ask(store: String, connected: StoreConnection) -> Report {
    let mut report = match connected.client.ask().await {
        Ok(()) => Report::new(store),
        Err(error) => Report::failed(store, &error),
    };
    report.token(connected.client.token_expiry(), Timestamp::now());
    report.clock(connected.network.skew());
    report.quota(connected.client.rate_limit().filter(|_| report.ok));
    report
}

impl Report {
    fn new(store: String) -> Self {
        Self {
            store,
            ok: true,
            error: None,
            detail: None,
            reason: None,
            remedy: None,
            proxy: None,
            api_version: None,
            warnings: Vec::new(),
            token_ends: None,
            clock_ahead: None,
            quota: None,
            kind: None,
        }
    }

    fn failed(store: String, error: &storelogs::Error) -> Self {
        Self {
            ok: false,
            error: Some(error.to_string()),
            detail: error.detail().map(str::to_owned),
            reason: error.reason(),
            remedy: Some(error.hint()).filter(|hint| !hint.is_empty()),
            kind: Some(error.kind()),
            ..Self::new(store)
        }
    }

    /// SHOPLINE serves each edition of its API for twelve months from its date.
    fn edition(&mut self, version: Option<String>, now: Timestamp) {
        let Some(version) = version else { return };
        let Ok(since) = Date::strptime("v%Y%m%d", &version) else { return };
        let Ok(until) = since.checked_add(12.months()) else { return };
        let today = now.to_zoned(TimeZone::UTC).date();
        if today >= until {
            self.warnings.push(format!("the API {version} ended on {until}: set a newer api_version"));
        }
        self.api_version = Some(Edition { version, since, until });
    }

    fn token(&mut self, ends: Option<Timestamp>, now: Timestamp) {
        self.token_ends = ends;
        let Some(left) = ends.map(|ends| ends.duration_since(now)) else { return };
        if left <= SignedDuration::ZERO {
            self.warnings.push(format!("the token ended {} ago: get a new one", rough(left)));
        } else if left < SOON {
            self.warnings.push(format!("the token ends in {}: get a new one before a long read", rough(left)));
        }
    }

    fn clock(&mut self, ahead: Option<SignedDuration>) {
        self.clock_ahead = ahead;
        let Some(ahead) = ahead.filter(|ahead| ahead.abs() > APART) else { return };
        let way = if ahead.is_positive() { "behind" } else { "ahead of" };
        self.warnings.push(format!(
            "this machine's clock is {} {way} the platform's: set it by NTP, or stretches of time begin and end wrongly",
            rough(ahead)
        ));
    }

    fn quota(&mut self, limit: Option<RateLimit>) {
        let Some(limit) = limit else { return };
        if f64::from(limit.left) <= f64::from(limit.quota) * storelogs::LEAVE_QUOTA {
            self.warnings.push(format!(
                "little is left of the rate limit: other apps of the store use it; reading waits up to {} s",
                limit.resets_in.as_secs() + 1
            ));
        }
        let full_in_ms = limit.resets_in.as_millis();
        self.quota = Some(Quota { requests: limit.quota, left: limit.left, full_in_ms });
    }
}

fn table(out: &mut Out, reports: &[Report]) -> io::Result<()> {
    let coloured = ui::stdout_is_coloured();
    let style = |style: Style| if coloured { style } else { Style::new() };
    let now = Timestamp::now();
    let wide = reports.iter().map(|report| report.store.len()).max().unwrap_or(0).max("STORE".len());
    let bold = style(BOLD);
    writeln!(out, "{bold}{:wide$}  READ    {:<15}  {:<8}  RATE LIMIT{bold:#}", "STORE", "TOKEN", "CLOCK")?;
    for report in reports {
        let (read, colour) = if report.ok { ("yes", style(GREEN)) } else { ("no", style(RED)) };
        let token = match report.token_ends.map(|ends| ends.duration_since(now)) {
            None if report.store.starts_with("bigcommerce:") => "does not end".to_owned(),
            None => "end not known".to_owned(),
            Some(left) if left.is_positive() => format!("ends in {}", rough(left)),
            Some(left) => format!("ended {} ago", rough(left)),
        };
        let clock = match report.clock_ahead {
            None => "not told".to_owned(),
            Some(ahead) if ahead.abs() <= APART => "agrees".to_owned(),
            Some(ahead) => format!("{}{}", if ahead.is_positive() { '+' } else { '-' }, rough(ahead)),
        };
        let quota = match &report.quota {
            None => "not told".to_owned(),
            Some(quota) => format!("{} of {} left", quota.left, quota.requests),
        };
        writeln!(out, "{:wide$}  {colour}{read:<6}{colour:#}  {token:<15}  {clock:<8}  {quota}", report.store)?;
        if let Some(error) = &report.error {
            writeln!(out, "  {colour}→{colour:#} {}", printable::line(error))?;
        }
        if let Some(detail) = &report.detail {
            writeln!(out, "    the platform says: {}", printable::line(detail))?;
        }
        if let Some(Via { address, named_by }) = &report.proxy {
            writeln!(out, "  through the proxy {}, named by {named_by}", printable::line(address))?;
        }
        if let Some(Edition { version, since, until }) = &report.api_version {
            let age = rough(now.duration_since(since.to_zoned(TimeZone::UTC).map_or(now, |at| at.timestamp())));
            writeln!(out, "  API {}, {age} old, is served until {until}", printable::line(version))?;
        }
        let colour = style(YELLOW);
        for warning in &report.warnings {
            writeln!(out, "  {colour}→{colour:#} {}", printable::line(warning))?;
        }
    }
    out.flush()
}
