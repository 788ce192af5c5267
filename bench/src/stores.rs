//! `cargo xtask stores N`: one process follows N stores, each of which has something new at every poll.
//!
//! It measures how long the cycle of polls takes, compared with what the shortest interval and the latency allow, how
//! much memory the process takes, and how much of one core.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storelogs_sandbox::{JournalEntry, Platform, Records, Sandbox, Store};
use tokio::process::{Child, Command};

use crate::table::Table;
use crate::{Result, STORES, process, program};

/// The delay of each answer, as over an ocean.
const LATENCY: Duration = Duration::from_millis(50);
/// The shortest time between two polls of a store that `sync --follow` allows itself.
const INTERVAL: Duration = Duration::from_secs(30);
/// Every store gets an entry this often: more often than it is polled.
const NEWS: Duration = Duration::from_secs(24);
/// The interval begins longer, and shrinks with the first polls. Of many stores, those that were read first are polled once
/// before anything is new, which makes it longer still: 90 s, and 68, 51 and 38 s from there.
const WARM_UP: Duration = Duration::from_secs(270);
/// How long it is watched.
const WATCHED: Duration = Duration::from_secs(150);
/// How long a client is watched that drops every answer.
const BARE: Duration = Duration::from_secs(60);
/// Requests of a store that come closer together belong to one poll.
const ONE_POLL: i64 = 10_000;
/// Entries that each store has before.
pub(crate) const ENTRIES: u32 = 12;

pub(crate) async fn run(arguments: &[String]) -> Result<()> {
    let stores: u32 = arguments.first().map_or("10000", String::as_str).parse().map_err(|_| "how many stores?")?;
    let storelogs = arguments.get(1).ok_or("the program to measure is missing")?;
    let folder = tempfile::tempdir()?;
    let sandbox = sandbox(stores, LATENCY).await?;
    write_stores(&sandbox, stores, folder.path())?;
    let begun = Instant::now();
    let mut follower = follow(storelogs, folder.path())?;
    let pid = follower.id().ok_or("the program has ended")?;
    let archive = folder.path().join("archive.db");
    wait_until_read(&mut follower, storelogs, &archive, stores).await?;
    let first = (begun.elapsed(), sandbox.requests());
    println!(
        "{stores} stores were read for the first time in {:.1} s, with {} requests",
        first.0.as_secs_f64(),
        first.1
    );
    let news = News::default();
    let until = Instant::now() + WARM_UP;
    news.arrive(&sandbox, stores, until).await;
    sandbox.clear_journal();
    let (before, since) = (cpu_seconds(pid)?, Instant::now());
    news.arrive(&sandbox, stores, since + WATCHED).await;
    let (cpu, watched) = (cpu_seconds(pid)? - before, since.elapsed().as_secs_f64());
    let peak = memory(pid, "VmHWM:")? / 1024.0;
    let polls = Polls::of(&sandbox.journal().entries);
    follower.start_kill()?;
    follower.wait().await?;

    let mut table = Table::default();
    let requests = polls.requests as f64 / polls.count as f64;
    // The wait between two polls, and the latency of what they ask one after the other.
    let allowed = INTERVAL.as_secs_f64() + LATENCY.as_secs_f64() * requests;
    table.note("polls in all, requests a poll", format!("{}, {requests:.2}", polls.count));
    table.note("stores that were polled twice or more", format!("{} of {stores}", polls.stores));
    table.at_most("cycle of polls, median, against what is allowed", polls.cycle(0.5) / allowed, 1.10, " ×");
    table.at_most("cycle of polls, 95 of 100", polls.cycle(0.95) / allowed, 1.10, " ×");
    table.note("cycle of polls, longest", format!("{:.1} s", polls.cycle(1.0)));
    table.at_most("peak memory", peak, 512.0, " MiB");
    table.at_most("processor time", cpu / watched, 1.0, " cores");
    let rate = polls.requests as f64 / watched;
    let mut bare = std::process::Command::new(program::program("by-hand")?);
    let seconds = BARE.as_secs();
    bare.arg("poll").arg(folder.path().join("stores.csv")).args([rate.to_string(), seconds.to_string()]);
    let bare = process::cost(&bare)?;
    let (cores, peak) = (bare.cpu / seconds as f64, bare.peak / f64::from(1 << 20));
    table.note("a client that only sends as many requests", format!("{cores:.2} cores, {peak:.0} MiB"));
    let write = arguments.iter().any(|argument| argument == "--write");
    crate::show(STORES.0, STORES.1, &table.markdown(), write)?;
    if table.missed() || polls.stores < stores as usize { Err("a target is missed".into()) } else { Ok(()) }
}

pub(crate) fn name(number: u32) -> (Platform, String) {
    if number.is_multiple_of(2) {
        (Platform::BigCommerce, format!("b{number}"))
    } else {
        (Platform::Shopline, format!("s{number}"))
    }
}

fn record(platform: Platform, id: u64, at: Timestamp) -> Value {
    match platform {
        Platform::BigCommerce => {
            json!({"id": id, "type": "payment", "module": "Test Payment Gateway", "severity": "success",
            "summary": format!("Payment for order {id} was captured"), "message": null,
            "date_created": at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()})
        }
        Platform::Shopline => json!({"id": (6_579_336_590_463_354_672 + id).to_string(), "author": "Li Wei",
            "subject_type": "products", "verb": "edit_product", "detail": format!("Edit product number {id}"),
            "created_at": at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()}),
    }
}

/// Both platforms as they are, rate limits included, with latency.
pub(crate) async fn sandbox(stores: u32, latency: Duration) -> Result<Sandbox> {
    let now = Timestamp::now();
    let records = |platform| {
        let at = |entry: u32| now - SignedDuration::from_hours(50 * i64::from(entry) + 1);
        let records = (0..ENTRIES).map(|entry| record(platform, u64::from(ENTRIES - entry), at(entry)));
        Records::new(platform, &Vec::from_iter(records))
    };
    let (big, line) = (records(Platform::BigCommerce), records(Platform::Shopline));
    let store = |number| match name(number) {
        (Platform::BigCommerce, name) => Store::bigcommerce(name).shared(big.clone()).latency(latency),
        (Platform::Shopline, name) => Store::shopline(name).shared(line.clone()).latency(latency),
    };
    Ok(Sandbox::builder().stores((0..stores).map(store)).journal_limit(4_000_000).own_threads(2).start().await?)
}

/// A table of the stores, with a token's file for each.
pub(crate) fn write_stores(sandbox: &Sandbox, stores: u32, folder: &Path) -> Result<()> {
    let mut rows = String::from("platform,store,token_file,api_url\n");
    for number in 0..stores {
        let (platform, name) = name(number);
        let file = folder.join(format!("{name}.token"));
        std::fs::write(&file, sandbox.token(platform, &name))?;
        #[cfg(unix)]
        std::fs::set_permissions(&file, std::os::unix::fs::PermissionsExt::from_mode(0o600))?;
        writeln!(rows, "{platform},{name},{name}.token,{}", sandbox.origin(platform))?;
    }
    Ok(std::fs::write(folder.join("stores.csv"), rows)?)
}

fn follow(program: &str, folder: &Path) -> Result<Child> {
    let child = Command::new(program)
        .args(["sync", "--follow", "--stores", "stores.csv", "--archive", "archive.db", "--log-level", "error"])
        .args(["--metrics-listen", "127.0.0.1:0"])
        .env_remove("STORELOGS_CONFIG")
        .current_dir(folder)
        .kill_on_drop(true)
        .spawn()?;
    Ok(child)
}

/// The number of stores that have been read to their end: of one whose past is still read, two time ranges are covered, or
/// a short one. SHOPLINE keeps three months.
pub(crate) const READ: &str = "SELECT count(*) FROM (SELECT store FROM covered GROUP BY store \
     HAVING count(*) = 1 AND min(since) < strftime('%Y-%m-%dT', 'now', '-85 days'))";

/// What the program answers to a statement of SQL that counts; 0 while there is no archive.
pub(crate) async fn count(program: impl AsRef<OsStr>, archive: &Path, statement: &str) -> Result<u64> {
    let mut ask = Command::new(program);
    ask.args(["sql", "--format", "csv", "--archive"]).arg(archive).arg(statement);
    let answer = String::from_utf8(ask.output().await?.stdout)?;
    Ok(answer.lines().last().and_then(|line| line.parse().ok()).unwrap_or(0))
}

/// Waits until every store has been read to its end.
async fn wait_until_read(follower: &mut Child, program: &str, archive: &Path, stores: u32) -> Result<()> {
    let begun = Instant::now();
    loop {
        tokio::time::sleep(Duration::from_millis(500)).await;
        if let Some(status) = follower.try_wait()? {
            return Err(format!("the program ended with {status}").into());
        }
        let read = count(program, archive, READ).await?;
        if read == u64::from(stores) {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(900) {
            return Err(format!("only {read} of {stores} stores were read").into());
        }
    }
}

/// New entries.
#[derive(Default)]
struct News(std::cell::Cell<u64>);

impl News {
    /// Adds an entry to one store after the other, all of them in [`NEWS`], until this time.
    async fn arrive(&self, sandbox: &Sandbox, stores: u32, until: Instant) {
        let step = Duration::from_millis(100);
        let at_once = (f64::from(stores) * step.as_secs_f64() / NEWS.as_secs_f64()).ceil() as u64;
        let mut ticks = tokio::time::interval(step);
        while Instant::now() < until {
            ticks.tick().await;
            for _ in 0..at_once {
                let number = self.0.get();
                self.0.set(number + 1);
                let (platform, name) = name((number % u64::from(stores)) as u32);
                sandbox.push(platform, &name, record(platform, 1000 + number, Timestamp::now()));
            }
        }
    }
}

/// When each store was polled.
struct Polls {
    count: usize,
    requests: usize,
    /// Stores with two polls or more.
    stores: usize,
    /// The times between the beginnings of two polls of one store, in seconds, in order.
    gaps: Vec<f64>,
}

impl Polls {
    fn of(journal: &[JournalEntry]) -> Self {
        let mut times: HashMap<(Platform, &str), Vec<i64>> = HashMap::new();
        for entry in journal {
            if let Some(store) = &entry.store {
                times.entry((entry.platform, store)).or_default().push(entry.at);
            }
        }
        let mut polls = Self { count: 0, requests: 0, stores: 0, gaps: Vec::new() };
        for times in times.values_mut() {
            times.sort_unstable();
            polls.requests += times.len();
            let mut begun: Vec<i64> = Vec::new();
            let mut last = i64::MIN / 2;
            for &time in times.iter() {
                if time - last > ONE_POLL {
                    begun.push(time);
                }
                last = time;
            }
            polls.count += begun.len();
            polls.stores += usize::from(begun.len() > 1);
            polls.gaps.extend(begun.windows(2).map(|pair| (pair[1] - pair[0]) as f64 / 1000.0));
        }
        polls.gaps.sort_by(f64::total_cmp);
        polls
    }

    /// The cycle that so large a share of the stores keeps.
    fn cycle(&self, share: f64) -> f64 {
        let last = self.gaps.len().saturating_sub(1);
        self.gaps.get((last as f64 * share) as usize).copied().unwrap_or(f64::INFINITY)
    }
}

/// User and system time of a process so far.
fn cpu_seconds(pid: u32) -> Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks: f64 = fields.get(11..13).ok_or("no times")?.iter().filter_map(|field| field.parse::<f64>().ok()).sum();
    Ok(ticks / 100.0) // USER_HZ, which Linux keeps at 100
}

/// A field of a process's status, in KiB.
fn memory(pid: u32, field: &str) -> Result<f64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
