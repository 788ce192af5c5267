//! `check`: whether each store can be read, and what is in the way.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use clap::Args;
use futures::{StreamExt, stream};
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp, ToSpan};
use reqwest::Url;
use serde::Serialize;
use storelogs::{ErrorKind, RateLimit, RetryPolicy};
use storelogs_collector::wording::{format_count, format_duration, pluralize};

use super::export::Exports;
use super::sync::LISTED;
use crate::config::{self, Configured, StoreConnection};
use crate::error::{CODES, CliError, Exit, StoreFailure};
use crate::options::{StoreOptions, WrittenOptions};
use crate::ui::{Column, Progress, Table, Text, Ui, end_on_signal};

/// Check that each store can be read
///
/// Asks each store for one entry, with one request, and shows what it finds: the token and when it ends, the scope, the
/// two clocks, and how much of the rate limit is left. Of more than 40 stores, it lists those with which something is wrong;
/// `--format json` has all. A token is never shown. Rules of `watch` and exports are read, too: what is wrong with one, or
/// missing for it, such as a secret or a program, is an error. No alert and no entry is sent.
#[derive(Args, Debug)]
#[command(after_help = format!("{EXAMPLES}\n\n{CODES}"))]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    stores: StoreOptions,

    #[command(flatten)]
    written: WrittenOptions,
}

const EXAMPLES: &str = "\
Examples:
  storelogs check
  storelogs check --store bigcommerce:abc123
  storelogs check --format json | jq -r '.[] | select(.ok | not).store'";

/// How many stores are asked at once.
const AT_ONCE: usize = 16;
/// Clocks that are further apart make a difference at the ends of a time range.
const APART: SignedDuration = SignedDuration::from_secs(5);
/// A token that ends sooner may end during a long read.
const SOON: SignedDuration = SignedDuration::from_hours(1);

/// The result of checking one store.
#[derive(Serialize)]
struct CheckResult {
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
    /// Advice on what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
    /// The proxy that requests go through, and what named it.
    #[serde(skip_serializing_if = "Option::is_none")]
    proxy: Option<Via>,
    /// The edition of the API, where editions have dates.
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<Edition>,
    /// Advice on what could be better, though it works.
    warnings: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    token_ends: Option<Timestamp>,
    /// How far the platform's clock is ahead of this machine's.
    #[serde(rename = "clock_ahead_ms", skip_serializing_if = "Option::is_none", serialize_with = "milliseconds")]
    clock_ahead: Option<SignedDuration>,
    #[serde(skip_serializing_if = "Option::is_none")]
    quota: Option<Quota>,
    #[serde(skip)]
    tokens_expire: bool,
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

pub(crate) async fn check(args: CheckArgs, ui: Ui) -> Result<Exit, CliError> {
    let configured = config::read(&args.stores.selection(), ui)?;
    let proxy = configured.proxy()?;
    let network = configured.network()?;
    // Rules and exports are of no one store.
    let (mut beside, mut faults) = (Vec::new(), Vec::new());
    if configured.picked.is_empty() {
        let exports = Exports::of(&configured)?;
        for ((count, wrong), [one, several]) in [
            (configured.rules().await, ["rule of `watch`", "rules of `watch`"]),
            ((exports.count(), exports.faults(ui).await), ["export", "exports"]),
        ] {
            if count > 0 && wrong.is_empty() {
                beside.push(format!("{}: nothing is missing", pluralize(count as u64, one, several)));
            }
            faults.extend(wrong);
        }
    }
    let Configured { stores, problems, .. } = configured;
    // An answer in reasonable time is part of what is checked.
    let policy = RetryPolicy::default().max_attempts(2).attempt_timeout(Duration::from_secs(20));
    let progress = Progress::new(ui, format!("checking {} stores", stores.len()), false);
    end_on_signal(Some(&progress));
    let connected = config::connect(&stores, &network, &policy, ui).await;
    let unsent = connected.iter().all(Result::is_err);
    let results = stream::iter(stores.iter().zip(connected)).map(|(settings, connected)| async {
        let store = settings.store.to_string();
        let mut result = match connected {
            Ok(connected) => ask(store, connected).await,
            Err(why) => CheckResult::failed(store, &storelogs::Error::invalid(why)),
        };
        result.proxy = Url::parse(&settings.origin())
            .ok()
            .and_then(|url| Some(Via { address: proxy.of(&url)?.to_owned(), named_by: proxy.source(&url)? }));
        result.edition(settings.edition(), Timestamp::now());
        result.tokens_expire = settings.tokens_expire();
        result
    });
    let results: Vec<CheckResult> = results.buffered(AT_ONCE).collect().await;
    progress.clear();
    if args.written.is_json() {
        ui.json(&results)?;
    } else {
        show(&results, &beside, ui)?;
    }
    faults.iter().for_each(|fault| ui.error(fault));
    if unsent {
        return Ok(Exit::Usage);
    }
    let failures: Vec<StoreFailure> = results.iter().filter_map(|result| result.kind).map(StoreFailure::of).collect();
    Ok(Exit::of(results.len(), &failures, 0).despite(problems + faults.len()))
}

async fn ask(store: String, connected: StoreConnection) -> CheckResult {
    let mut result = match connected.client.probe().await {
        Ok(()) => CheckResult::new(store),
        Err(error) => CheckResult::failed(store, &error),
    };
    result.token(connected.client.token_expiry(), Timestamp::now());
    result.clock(connected.network.skew());
    result.quota(connected.client.rate_limit().filter(|_| result.ok));
    result
}

impl CheckResult {
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
            tokens_expire: true,
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

    /// An edition of the API is served for twelve months from its date.
    fn edition(&mut self, version: Option<String>, now: Timestamp) {
        let Some(version) = version else { return };
        let Ok(since) = Date::strptime("v%Y%m%d", &version) else { return };
        let Ok(until) = since.checked_add(12.months()) else { return };
        let today = now.to_zoned_datetime(TimeZone::UTC).date();
        if today >= until {
            self.warnings.push(format!("the API {version} ended on {until}: set a newer api_version"));
        }
        self.api_version = Some(Edition { version, since, until });
    }

    fn token(&mut self, ends: Option<Timestamp>, now: Timestamp) {
        self.token_ends = ends;
        let Some(left) = ends.map(|ends| ends.duration_since(now)) else { return };
        if left <= SignedDuration::ZERO {
            self.warnings.push(format!("the token ended {} ago: get a new one", format_duration(left)));
        } else if left < SOON {
            self.warnings
                .push(format!("the token ends in {}: get a new one before a long read", format_duration(left)));
        }
    }

    fn clock(&mut self, ahead: Option<SignedDuration>) {
        self.clock_ahead = ahead;
        let Some(ahead) = ahead.filter(|ahead| ahead.abs() > APART) else { return };
        let way = if ahead.is_positive() { "behind" } else { "ahead of" };
        self.warnings.push(format!(
            "this machine's clock is {} {way} the platform's: set it by NTP, or time ranges begin and end wrongly",
            format_duration(ahead)
        ));
    }

    fn quota(&mut self, limit: Option<RateLimit>) {
        let Some(limit) = limit else { return };
        if f64::from(limit.left) <= f64::from(limit.quota) * storelogs::bigcommerce::LEAVE_QUOTA {
            self.warnings.push(format!(
                "little is left of the rate limit: other apps of the store use it; reading waits up to {} s",
                limit.resets_in.as_secs() + 1
            ));
        }
        let full_in_ms = limit.resets_in.as_millis();
        self.quota = Some(Quota { requests: limit.quota, left: limit.left, full_in_ms });
    }
}

fn show(results: &[CheckResult], beside: &[String], ui: Ui) -> Result<(), CliError> {
    let (palette, now) = (ui.palette(), Timestamp::now());
    let columns = [
        Column::new("STORE"),
        Column::new("READ").least(6),
        Column::new("TOKEN").least(15),
        Column::new("CLOCK").least(8),
        Column::new("RATE LIMIT"),
    ];
    let mut table = Table::new(columns).header(palette.bold);
    for result in results.iter().filter(|result| results.len() <= LISTED || !result.ok || !result.warnings.is_empty()) {
        let (read, colour) = if result.ok { ("yes", palette.green) } else { ("no", palette.red) };
        let token = match result.token_ends.map(|ends| ends.duration_since(now)) {
            None if !result.tokens_expire => "does not end".to_owned(),
            None => "end not known".to_owned(),
            Some(left) if left.is_positive() => format!("ends in {}", format_duration(left)),
            Some(left) => format!("ended {} ago", format_duration(left)),
        };
        let clock = match result.clock_ahead {
            None => "unknown".to_owned(),
            Some(ahead) if ahead.abs() <= APART => "agrees".to_owned(),
            Some(ahead) => format!("{}{}", if ahead.is_positive() { '+' } else { '-' }, format_duration(ahead)),
        };
        let quota = match &result.quota {
            None => "unknown".to_owned(),
            Some(quota) => format!("{} of {} left", quota.left, quota.requests),
        };
        let [store, token, clock, quota] = [&result.store, &token, &clock, &quota].map(|text| Text::plain(text));
        table.row([store, Text::new(colour, read), token, clock, quota]);
        if let Some(error) = &result.error {
            table.remark(colour, error);
        }
        if let Some(detail) = &result.detail {
            table.note(Text::plain(&format!("    the platform says: {detail}")));
        }
        if let Some(Via { address, named_by }) = &result.proxy {
            table.note(Text::plain(&format!("  through the proxy {address}, named by {named_by}")));
        }
        for warning in &result.warnings {
            table.remark(palette.yellow, warning);
        }
    }
    let mut out = ui.stdout();
    table.write(&mut out)?;
    let editions: BTreeMap<&str, &Edition> = results
        .iter()
        .filter_map(|result| result.api_version.as_ref())
        .map(|edition| (&*edition.version, edition))
        .collect();
    for Edition { version, since, until } in editions.into_values() {
        let since = since.to_zoned_datetime(TimeZone::UTC).map_or(now, |at| at.timestamp());
        let age = format_duration(now.duration_since(since));
        writeln!(out, "the API {version}, {age} old, is served until {until}")?;
    }
    if results.len() > 1 {
        let read = results.iter().filter(|result| result.ok).count();
        let [read, all] = [read, results.len()].map(|stores| format_count(stores as u64));
        writeln!(out, "{read} of {all} stores can be read")?;
    }
    beside.iter().try_for_each(|line| writeln!(out, "{line}"))?;
    Ok(out.flush()?)
}
