//! Measurements over ten million entries: searching them, and a report about them.

use std::ops::ControlFlow;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use futures::future::BoxFuture;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use storelogs::{Http, LogEntry, Severity, Store};
use storelogs_collector::archive::Commit;
use storelogs_collector::search::{Filter, Order};
use storelogs_collector::watch::{self, Draft, Rule, Rules};
use storelogs_collector::{Archive, Error, TimeRange, insight};

use crate::archive::{Log, fill, size};
use crate::client::{cpu_seconds, memory};
use crate::table::Table;
use crate::{Result, quick};

const ENTRIES: usize = 10_000_000;
/// Entries of the first page of a search.
const FIRST: usize = 50;

const QUERIES: [&str; 8] = [
    "payment",
    "\"could not be sent\"",
    "gateway declined severity>=error",
    "module:*gateway* severity>=warning",
    "100045",
    "order -payment",
    "severity>=error since:400d until:300d",
    "nosuchwordanywhere",
];

/// The figures of a run of `report` in a process of its own.
#[derive(serde::Serialize, serde::Deserialize)]
pub(crate) struct Reported {
    pub(crate) seconds: f64,
    /// Seconds of work.
    pub(crate) cpu: f64,
    /// The most memory, less what there was before, in KiB.
    pub(crate) above: u64,
}

pub(crate) async fn measure(table: &mut Table) -> Result<()> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("archive.db");
    let entries = if quick() { ENTRIES / 10 } else { ENTRIES };
    fill(&path, &Log::new(100_000)?, entries)?;
    let bytes = size(&path)? as f64 / entries as f64;
    table.at_most("bytes of an entry in the archive and its index of words", bytes, 440.0, "");
    for (query, seconds) in QUERIES.into_iter().zip(first_pages(&path)?) {
        table.at_most(format!("first page of `{query}`"), seconds * 1e3, 100.0, " ms");
    }
    watching(&path, table).await?;
    let reported = report_apart(&path)?;
    table.at_most(format!("report about {} million entries", entries / 1_000_000), reported.seconds, 5.0, " s");
    table.at_most("peak memory of this report", reported.above as f64 / 1024.0, 256.0, " MiB");
    Ok(())
}

/// The seconds until the first page of each query is there, the middle one of five runs.
pub(crate) fn first_pages(path: &Path) -> Result<Vec<f64>> {
    let archive = Archive::read(path)?;
    let of = |query| {
        let filter = Filter::parse(query, Timestamp::now(), &TimeZone::UTC)?;
        let mut times = (0..5).map(|_| first_page(&archive, &filter)).collect::<Result<Vec<_>>>()?;
        times.sort_by(f64::total_cmp);
        Ok(times[2])
    };
    QUERIES.into_iter().map(of).collect()
}

/// How long rules take over what came.
async fn watching(path: &Path, table: &mut Table) -> Result<()> {
    let text = |text: &str| Some(text.to_owned());
    let [errors, new, sensitive, silent, incident] = ["errors", "new", "sensitive", "silent", "incident"]
        .map(|name| Draft { name: name.to_owned(), ..Draft::default() });
    let drafts = [
        Draft { when: text("severity>=error module:*gateway*"), more_than: Some(5), ..errors },
        Draft { new_template: true, ..new },
        Draft { sensitive: true, ..sensitive },
        Draft { silent_for: text("2h"), ..silent },
        Draft { incident: true, ..incident },
    ];
    let rules = drafts.into_iter().map(|draft| draft.rule(Vec::new())).collect::<Result<Vec<_>, _>>()?;
    once(path, &rules[..4]).await?;
    let mut times = Vec::new();
    for page in 0..4_u64 {
        let mut archive = Archive::open(path)?;
        let store = Store::bigcommerce("bench1")?;
        let entries = (0..250).map(|n| {
            let mut entry =
                LogEntry::new(&store, (900_000_000 + page * 1000 + n).to_string(), Timestamp::now(), Timestamp::now());
            (entry.severity, entry.module) = (Severity::Error, Some("Test Payment Gateway".to_owned()));
            entry.summary = Some(format!("The payment for order {n} was declined by the gateway"));
            entry
        });
        let commit = Commit { entries: entries.collect(), ..Commit::default() };
        archive.commit([(archive.add_store(&store)?, &commit)])?;
        drop(archive);
        times.push(once(path, if page < 3 { &rules[..4] } else { &rules }).await?);
    }
    let with_incidents = times.pop().ok_or("nothing was measured")?;
    times.sort_by(f64::total_cmp);
    table.at_most("what came, looked at by four rules", times[1] * 1e3, 1000.0, " ms");
    table.at_most("what came, looked at by the fifth too", with_incidents, 5.0, " s");
    let archive = Archive::read(path)?;
    let now = Timestamp::now();
    let range = TimeRange::new(now - SignedDuration::from_hours(30 * 24), now).ok_or("an empty range")?;
    let start = Instant::now();
    std::hint::black_box(watch::replay(&archive, &rules, range)?);
    table.note("a test of the five rules over 30 days", format!("{:.2} s", start.elapsed().as_secs_f64()));
    Ok(())
}

/// The seconds that `watch --once` takes.
async fn once(path: &Path, rules: &[Rule]) -> Result<f64> {
    struct Fixed(Option<Vec<Rule>>);
    impl Rules for Fixed {
        fn changed(&mut self) -> BoxFuture<'_, Option<Vec<Rule>>> {
            let rules = self.0.take();
            Box::pin(async move { rules })
        }
    }
    let (_stop, stopped) = tokio::sync::watch::channel(false);
    let start = Instant::now();
    let options = watch::WatchOptions { once: true };
    let mut rules = Fixed(Some(rules.to_vec()));
    watch::watch::<Error>(Archive::open(path)?, &mut rules, Http::new()?, options, stopped, |_| Ok(())).await?;
    Ok(start.elapsed().as_secs_f64())
}

pub(crate) fn first_page(archive: &Archive, filter: &Filter) -> Result<f64> {
    let start = Instant::now();
    let mut left = FIRST;
    archive.search(filter, Order::NewestFirst, |_| {
        left -= 1;
        Ok::<_, storelogs_collector::Error>(if left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
    })?;
    Ok(start.elapsed().as_secs_f64())
}

/// A report about the whole archive, in a process of its own.
pub(crate) fn report_apart(path: &Path) -> Result<Reported> {
    let output = Command::new(std::env::current_exe()?).arg("report").arg(path).output()?;
    let json = String::from_utf8(output.stdout)?;
    serde_json::from_str(&json).map_err(|_| format!("the report failed: {json}").into())
}

/// `report PATH`: the process.
pub(crate) fn report(path: &str) -> Result<()> {
    let before = memory("VmRSS:")?;
    let start = Instant::now();
    let archive = Archive::read(path)?;
    let now = Timestamp::now();
    let options = insight::ReportOptions {
        since: now - SignedDuration::from_hours(24 * 1000),
        until: now,
        compare: true,
        stores: Vec::new(),
        zone: Some(TimeZone::UTC),
        now,
    };
    let report = insight::report(&archive, &options, &storelogs_collector::redact::NoRedaction)?;
    std::hint::black_box(serde_json::to_vec(&report)?);
    let reported = Reported {
        seconds: start.elapsed().as_secs_f64(),
        cpu: cpu_seconds(),
        above: memory("VmHWM:")?.saturating_sub(before),
    };
    println!("{}", serde_json::to_string(&reported)?);
    Ok(())
}
