//! `cargo xtask fleet`: many collectors that share one lake, as `deploy/kubernetes/statefulset.yaml` runs them, while they
//! are killed, restarted and rescaled.
//!
//! This part runs the stores and the collectors, looks at what the stores were asked, and writes down what they have.
//! `xtask/python/fleet.py` then compares that with the lake.

mod pods;
mod reads;
mod shops;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use pods::{Pods, Timing};
use reads::{Reads, is_of_the_present};
use shops::Shops;

use crate::Result;

/// No store may be unread for longer.
const UNREAD: Duration = Duration::from_secs(120);
/// Polls of a store, at most: in a minute, and when its collector starts.
const POLLS: f64 = 2.0;
const POLLS_AT_START: f64 = 1.5;
/// Requests for the past of a store, at most, for each archive that it comes into.
const PAST: f64 = 40.0;
/// How long the power is off at the end. What came last is then of a second that is over: only such are read.
const OFF: Duration = Duration::from_secs(4);
/// How long the collectors may take to read what came last, and how long each has for the answer and the commit.
const LAST_READS: Duration = Duration::from_secs(240);
const LAST_COMMIT: Duration = Duration::from_secs(3);
/// When nobody has asked for the past for so long, in milliseconds, it is all read.
const PAST_IS_READ: i64 = 8_000;

/// What is run, for how long.
struct Plan {
    program: PathBuf,
    folder: PathBuf,
    stores: u32,
    processes: u32,
    seed: u64,
    /// How long each number of processes lasts.
    phase: Duration,
    timing: Timing,
}

impl Plan {
    fn of(arguments: &[String]) -> Result<Self> {
        let [program, folder, stores, processes, seed, more @ ..] = arguments else {
            return Err("fleet PROGRAM FOLDER STORES PROCESSES SEED [quick]".into());
        };
        let quick = more.iter().any(|word| word == "quick");
        Ok(Self {
            program: program.into(),
            folder: folder.into(),
            stores: stores.parse()?,
            processes: processes.parse()?,
            seed: seed.parse()?,
            phase: Duration::from_secs(if quick { 7 } else { 75 }),
            timing: if quick { Timing::QUICK } else { Timing::WHOLE },
        })
    }

    /// The numbers of processes, one after the other: 8, 12, 6 and 8 again.
    fn sizes(&self) -> [u32; 4] {
        let first = self.processes;
        [first, first + first.div_ceil(2), (first * 3 / 4).max(1), first]
    }
}

pub(crate) async fn run(arguments: &[String]) -> Result<()> {
    let plan = Plan::of(arguments)?;
    let shops = Shops::open(plan.stores, plan.seed, &plan.folder).await?;
    let mut pods = Pods::new(&plan.program, &plan.folder, plan.seed, plan.timing);
    let news = shops.news();
    let stopped = tokio::select! {
        done = live(&plan, &shops, &mut pods) => done?,
        never = news => match never {},
    };
    println!("{} nothing new comes any more; the power fails, and all are started again", pods.clock());
    pods.cut_power(OFF).await?;
    wait_for_last_reads(&shops, &mut pods).await?;
    pods.end().await?;
    shops.write_truth(&plan.folder.join("truth.csv"))?;
    let killed: Vec<String> = pods.killed_for_good().map(|ordinal| ordinal.to_string()).collect();
    std::fs::write(plan.folder.join("killed.txt"), killed.join(" "))?;
    write_owners(&shops, &pods, &plan.folder.join("owners.csv"))?;
    judge(&plan, &shops, &pods, stopped)
}

/// All that happens to the collectors while news come. Returns when that ended, in milliseconds since 1970.
async fn live(plan: &Plan, shops: &Shops, pods: &mut Pods) -> Result<i64> {
    let [first, more @ ..] = plan.sizes();
    println!("{} {first} collectors are started for {} stores", pods.clock(), plan.stores);
    pods.scale(first).await?;
    pods.pass_until(|| shops.all_were_read(), plan.phase * 4).await?;
    println!("{} every store was read; collectors are killed from now on", pods.clock());
    pods.kill_from_now_on();
    let progress = |pods: &Pods| println!("{} {}; {}", pods.clock(), shops.progress(), pods.progress());
    pods.pass(plan.phase, progress).await?;
    println!("{} a rolling restart", pods.clock());
    pods.scale(first).await?;
    pods.compact().await?;
    pods.pass(plan.phase, progress).await?;
    for size in more {
        println!("{} from {} collectors to {size}", pods.clock(), pods.size());
        pods.scale(size).await?;
        println!("{} {size} collectors are there", pods.clock());
        pods.pass(plan.phase, progress).await?;
    }
    Ok(shops.now_ms())
}

/// Waits until each store was read once more, and the past of those that have moved, by collectors that nobody kills.
async fn wait_for_last_reads(shops: &Shops, pods: &mut Pods) -> Result<()> {
    let since = shops.now_ms();
    let are_read = || {
        let (journal, lately) = (shops.journal(), shops.now_ms() - PAST_IS_READ);
        journal.iter().rev().take_while(|entry| entry.at > lately).all(is_of_the_present)
            && Reads::of(&journal).were_all_read_since(shops, since)
    };
    if pods.pass_until(are_read, LAST_READS).await? {
        return pods.pass(LAST_COMMIT, |_| ()).await;
    }
    let unread = Reads::of(&shops.journal()).unread_since(shops, since);
    let some = unread[..unread.len().min(10)].join(", ");
    Err(format!("not everything was read in time: {} stores have unread news, such as {some}", unread.len()).into())
}

/// The collectors that each store had, one after the other.
fn write_owners(shops: &Shops, pods: &Pods, path: &Path) -> Result<()> {
    let mut rows = String::from("store,owners\n");
    for name in shops.names() {
        let owners: Vec<String> = pods.owners(&name)?.iter().map(u32::to_string).collect();
        writeln!(rows, "{name},{}", owners.join(" "))?;
    }
    Ok(std::fs::write(path, rows)?)
}

/// Says how long stores were unread and how much they were asked, and whether that is too much.
fn judge(plan: &Plan, shops: &Shops, pods: &Pods, stopped: i64) -> Result<()> {
    let journal = shops.journal();
    let reads = Reads::of(&journal);
    let waits = reads.longest_waits(stopped);
    let seconds = |wait: i64| wait as f64 / 1000.0;
    let at = |share: f64| waits.get((waits.len().saturating_sub(1) as f64 * share) as usize);
    let (Some(median), Some(most), Some(worst)) = (at(0.5), at(0.99), at(1.0)) else {
        return Err("no store was read".into());
    };
    let minutes = seconds(stopped - shops.begun()) / 60.0;
    let asked = journal.iter().filter(|entry| entry.at <= stopped);
    let (polls, past): (Vec<_>, Vec<_>) = asked.partition(|entry| is_of_the_present(entry));
    let [polls, past] = [polls, past].map(|requests| requests.len() as f64 / f64::from(plan.stores));
    let owners = shops.names().map(|name| Ok(pods.owners(&name)?.len())).sum::<Result<usize>>()?;
    let archives = owners as f64 / f64::from(plan.stores);
    println!();
    println!("{} entries came, {} of them late, and {} were changed", shops.came(), shops.late(), shops.changed());
    println!("{} kills, {} restarts in turn; {}", pods.kills, pods.restarts, pods.slowest_end());
    println!(
        "longest time unread: {:.1} s of the worst store, {:.1} s of 99 in 100, {:.1} s of half of them",
        seconds(worst.0),
        seconds(most.0),
        seconds(median.0)
    );
    println!(
        "requests of a store: {:.1} a minute; {:.1} polls a minute, and {:.1} for its past, once for each of {archives:.1} archives",
        (polls + past) / minutes,
        polls / minutes,
        past / archives
    );
    let mut wrong = Vec::new();
    if waits.len() < plan.stores as usize {
        wrong.push(format!("only {} of {} stores were read at all", waits.len(), plan.stores));
    }
    let too_long: Vec<_> = waits.iter().rev().filter(|wait| wait.0 > UNREAD.as_millis() as i64).collect();
    for (wait, store, since) in too_long.iter().take(10) {
        let (since, owners) = (seconds(since - shops.begun()), pods.owners(store)?);
        wrong.push(format!(
            "{store} was unread for {:.1} s from {:02.0}:{:02.0} on; it was of {owners:?}",
            seconds(*wait),
            (since / 60.0).floor(),
            since % 60.0
        ));
    }
    if too_long.len() > 10 {
        wrong.push(format!("and {} more stores", too_long.len() - 10));
    }
    if polls > minutes * POLLS + pods.starts_of_each * POLLS_AT_START {
        wrong.push(format!("{polls:.1} polls of each store are too many"));
    }
    if past > archives * PAST {
        wrong.push(format!("{past:.1} requests for the past of each store are too many"));
    }
    wrong.extend(pods.wrong.iter().cloned());
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}
