//! Whole processes that write a store's log as JSON lines: the program, and the hand-written client.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::Value;
use storelogs_sandbox::Platform;

use crate::Result;
use crate::served::{Manner, OLDEST_FIRST, Rows, Server};
use crate::table::Table;

const ROWS: usize = 200_000;
/// How many records of SHOPLINE are read where each answer takes its time: one page after the other takes long.
const ROWS_WITH_LATENCY: usize = 100_000;
const LATENCY: Duration = Duration::from_millis(50);
/// Runs of each side without latency, in turns.
const ROUNDS: usize = 9;
const ROUNDS_WITH_LATENCY: usize = 1;

const TOKEN: &str = "sandbox-token";

/// A run of a program: how long it took, how much processor time, and how many requests.
#[derive(Clone, Copy)]
struct Run {
    wall: f64,
    cpu: f64,
    requests: u64,
}

/// The reader of the store.
#[derive(Clone, Copy)]
pub(crate) enum Reader {
    Program,
    /// A loop written by hand, with this many pages or time ranges at once.
    ByHand(u32),
    /// One that reads BigCommerce's pages, this many at once, and does nothing with them.
    Bodies(u32),
}

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    let [bigcommerce, shopline] = [Platform::BigCommerce, Platform::Shopline];
    for (platform, ahead) in [(bigcommerce, 8), (shopline, 4)] {
        let rows = Arc::new(Rows::of(platform, ROWS)?);
        let server = Server::start(Arc::clone(&rows), OLDEST_FIRST, Duration::ZERO)?;
        check(platform, &server, &rows)?;
        let readers = [Reader::Program, Reader::ByHand(ahead), Reader::ByHand(1), Reader::Bodies(8)];
        let readers = if platform == bigcommerce { &readers[..] } else { &readers[..3] };
        let runs = in_turns(platform, &server, readers, ROUNDS)?;
        let [ours, by_hand, serial, ..] = runs[..] else { return Err("three readers at least are measured".into()) };
        let what = format!("{platform}, against {ahead} at a time");
        table.at_most(format!("{what}: wall"), ours.wall / by_hand.wall, 0.75, " ×");
        table.at_most(format!("{what}: CPU"), ours.cpu / by_hand.cpu, 1.00, " ×");
        table.note(format!("{platform}, against one at a time: wall"), format!("{:.2} ×", ours.wall / serial.wall));
        if let Some(bodies) = runs.get(3) {
            let [wall, cpu] = [bodies.wall / by_hand.wall, bodies.cpu / by_hand.cpu];
            table.note("the bodies alone, against 8 at a time: wall, CPU", format!("{wall:.2} ×, {cpu:.2} ×"));
        }
    }
    let rows = Arc::new(Rows::of(bigcommerce, ROWS)?);
    for direction in [false, true] {
        for (dates, totals) in [(true, true), (false, true), (true, false), (false, false)] {
            let manner = Manner { direction, dates, totals };
            let server = Server::start(Arc::clone(&rows), manner, LATENCY)?;
            let readers = [Reader::Program, Reader::ByHand(8)];
            let [ours, by_hand] = both(in_turns(bigcommerce, &server, &readers, ROUNDS_WITH_LATENCY)?)?;
            let order = if direction { "newest first" } else { "oldest first" };
            let without = match (dates, totals) {
                (true, true) => "",
                (false, true) => ", dates ignored",
                (true, false) => ", no totals",
                (false, false) => ", dates ignored, no totals",
            };
            let what = format!("50 ms, {order}{without}");
            table.at_most(format!("{what}: wall, against 8 at a time"), ours.wall / by_hand.wall, 1.00, " ×");
            let pages = (ROWS as f64 / 250.0).ceil();
            table.at_most(format!("{what}: requests"), ours.requests as f64 / pages, 1.02, " ×");
        }
    }
    let rows = Arc::new(Rows::of(shopline, ROWS_WITH_LATENCY)?);
    let server = Server::start(rows, OLDEST_FIRST, LATENCY)?;
    let readers = [Reader::Program, Reader::ByHand(1)];
    let [ours, serial] = both(in_turns(shopline, &server, &readers, ROUNDS_WITH_LATENCY)?)?;
    table.at_most("50 ms, shopline: wall, against one at a time", ours.wall / serial.wall, 1.0 / 6.0, " ×");
    table.at_most("50 ms, shopline: requests", ours.requests as f64 / (ROWS_WITH_LATENCY as f64 / 200.0), 1.02, " ×");
    Ok(())
}

/// `serve PLATFORM MILLISECONDS`: the server of the drain alone, with this latency, until it is killed: so that a profiler
/// sees one program and no other.
pub(crate) fn serve(platform: &str, latency: &str) -> Result<()> {
    let platform = if platform == "shopline" { Platform::Shopline } else { Platform::BigCommerce };
    let latency = Duration::from_millis(latency.parse().map_err(|_| "how many milliseconds?")?);
    let server = Server::start(Arc::new(Rows::of(platform, ROWS)?), OLDEST_FIRST, latency)?;
    println!("{}", server.url());
    loop {
        std::thread::park();
    }
}

/// Runs each in turns, and gives the middle of each figure.
fn in_turns(platform: Platform, server: &Server, readers: &[Reader], rounds: usize) -> Result<Vec<Run>> {
    let mut runs = vec![Vec::new(); readers.len()];
    for _ in 0..rounds {
        for (reader, runs) in readers.iter().zip(&mut runs) {
            runs.push(run(platform, server, *reader, Stdio::null())?);
        }
    }
    let middle = |runs: &Vec<Run>, of: fn(&Run) -> f64| {
        let mut figures: Vec<f64> = runs.iter().map(of).collect();
        figures.sort_by(f64::total_cmp);
        figures[figures.len() / 2]
    };
    let run = |runs: Vec<Run>| Run {
        wall: middle(&runs, |run| run.wall),
        cpu: middle(&runs, |run| run.cpu),
        requests: runs.iter().map(|run| run.requests).max().unwrap_or(0),
    };
    Ok(runs.into_iter().map(run).collect())
}

/// The runs of two readers.
fn both(runs: Vec<Run>) -> Result<[Run; 2]> {
    runs.try_into().map_err(|_| "two readers are measured".into())
}

fn run(platform: Platform, server: &Server, reader: Reader, out: Stdio) -> Result<Run> {
    let folder = tempfile::tempdir()?;
    let mut command = command(platform, server, reader, folder.path())?;
    server.take_requests();
    let (start, cpu) = (Instant::now(), cpu_of_children()?);
    let status = command.stdin(Stdio::null()).stdout(out).stderr(Stdio::null()).status()?;
    let run =
        Run { wall: start.elapsed().as_secs_f64(), cpu: cpu_of_children()? - cpu, requests: server.take_requests() };
    // 4: read to the end of the list, and the platform counts nothing that would prove it.
    if !status.success() && status.code() != Some(4) {
        return Err(format!("{command:?} ended with {status}").into());
    }
    Ok(run)
}

pub(crate) fn command(platform: Platform, server: &Server, reader: Reader, folder: &Path) -> Result<Command> {
    let (what, ahead) = match reader {
        Reader::ByHand(ahead) => (platform.as_str(), ahead),
        Reader::Bodies(ahead) => ("bodies", ahead),
        Reader::Program => {
            let stores = folder.join("storelogs.toml");
            let store = if platform == Platform::BigCommerce { "abc123" } else { "open001" };
            // No rate limit of the platform's, so none of ours.
            let rate =
                if platform == Platform::Shopline { "requests_per_second = 10000.0\nbucket = 1000000\n" } else { "" };
            let text = format!(
                "[[store]]\nplatform = \"{platform}\"\nstore = \"{store}\"\naccess_token = {{ env = \"TOKEN\" }}\napi_url = \"{}\"\n{rate}",
                server.url()
            );
            std::fs::write(&stores, text)?;
            let mut command = Command::new(program("storelogs")?);
            // SHOPLINE has no list of everything: each side asks for two months.
            let since = if platform == Platform::Shopline { "62d" } else { "400d" };
            command.args(["fetch", "--since", since, "--format", "jsonl", "--config"]).arg(stores).env("TOKEN", TOKEN);
            return Ok(command);
        }
    };
    let mut command = Command::new(program("by-hand")?);
    command.args([what, &server.url(), TOKEN, &ahead.to_string()]);
    Ok(command)
}

/// A program that was built beside this one.
pub(crate) fn program(name: &str) -> Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if path.exists() {
        Ok(path)
    } else {
        Err(format!("{} is missing: `cargo xtask bench` builds it", path.display()).into())
    }
}

/// Both sides must read each record once.
fn check(platform: Platform, server: &Server, rows: &Rows) -> Result<()> {
    let mut expected: Vec<&str> = rows.ids().collect();
    expected.sort_unstable();
    for reader in [Reader::Program, Reader::ByHand(1), Reader::ByHand(8)] {
        let out = tempfile::NamedTempFile::new()?;
        run(platform, server, reader, out.reopen()?.into())?;
        let text = std::fs::read_to_string(out.path())?;
        let id = |line: &str| Ok(serde_json::from_str::<Value>(line)?["id"].as_str().unwrap_or_default().to_owned());
        let mut ids = text.lines().map(id).collect::<Result<Vec<String>>>()?;
        ids.sort_unstable();
        if ids != expected {
            return Err(format!("{} of {} records were read", ids.len(), expected.len()).into());
        }
    }
    Ok(())
}

/// User and system time of the processes that have ended.
fn cpu_of_children() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let behind_name = stat.rsplit_once(')').ok_or("no such file")?.1;
    let ticks: Vec<f64> =
        behind_name.split_ascii_whitespace().skip(13).take(2).map(str::parse).collect::<Result<_, _>>()?;
    Ok(ticks.iter().sum::<f64>() / 100.0)
}
