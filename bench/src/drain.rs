//! Measurements of reading whole logs over real HTTP: how fast, how close to the rate limits, in how much memory.

use std::time::{Duration, Instant};

use storelogs_sandbox::{BigCommerceBehavior, History, Platform, Sandbox, ShoplineBehavior, Store};
use tokio::process::Command;

use crate::Result;
use crate::client::{Outcome, sum};
use crate::table::Table;

/// Runs of each side, in turns: what disturbs one disturbs the other, and the best of each counts.
const ROUNDS: usize = 15;
const STORES: [(Platform, &str); 2] = [(Platform::BigCommerce, "abc123"), (Platform::Shopline, "open001")];

async fn sandbox(rows: usize, behavior: BigCommerceBehavior, latency: Duration) -> Result<Sandbox> {
    let history = History::bulk(9, rows);
    let bigcommerce = Store::bigcommerce("abc123").history(history.clone()).behavior(behavior).latency(latency);
    let shopline = Store::shopline("open001").history(history).behavior(ShoplineBehavior::unlimited());
    Ok(Sandbox::builder().store(bigcommerce).store(shopline).journal_limit(0).own_threads(2).start().await?)
}

async fn client(sandbox: &Sandbox, kind: &str, platform: Platform) -> Result<Outcome> {
    let (_, store) = STORES.into_iter().find(|(of, _)| *of == platform).ok_or("no such platform")?;
    let output = Command::new(std::env::current_exe()?)
        .args(["client", kind, &sandbox.origin(platform), &sandbox.token(platform, store)])
        .output()
        .await?;
    let text = String::from_utf8(output.stdout)?;
    serde_json::from_str(&text).map_err(|_| format!("the client {kind} failed: {text}").into())
}

/// 100,000 entries, storelogs against a serial loop, in turns.
pub(crate) async fn speed(table: &mut Table) -> Result<()> {
    let sandbox = sandbox(100_000, BigCommerceBehavior::unlimited(), Duration::ZERO).await?;
    let expected = sum(&sandbox.records(Platform::BigCommerce, "abc123"));
    let (mut ours, mut by_hand) = (Vec::new(), Vec::new());
    for _ in 0..ROUNDS {
        ours.push(client(&sandbox, "bigcommerce", Platform::BigCommerce).await?);
        by_hand.push(client(&sandbox, "reqwest", Platform::BigCommerce).await?);
    }
    if ours.iter().chain(&by_hand).any(|outcome| (outcome.entries, outcome.ids) != (100_000, expected)) {
        return Err("a client did not read the log exactly".into());
    }
    let best = |outcomes: &[Outcome], of: fn(&Outcome) -> f64| outcomes.iter().map(of).fold(f64::MAX, f64::min);
    let ratio = |of| best(&ours, of) / best(&by_hand, of);
    table.at_most("drain 100,000 entries, wall", ratio(|outcome| outcome.wall), 0.60, " ×");
    table.at_most("drain 100,000 entries, CPU of the client", ratio(|outcome| outcome.cpu), 1.15, " ×");
    Ok(())
}

/// 100 ms latency and a quota of 100 in 2 s, of which a quarter is left to others: 75 pages a window.
pub(crate) async fn quota(table: &mut Table) -> Result<()> {
    let latency = Duration::from_millis(100);
    let behavior = BigCommerceBehavior { quota: Some(100), quota_window_ms: 2_000, ..BigCommerceBehavior::default() };
    let sandbox = sandbox(100_000, behavior, latency).await?;
    let start = Instant::now();
    let outcome = client(&sandbox, "bigcommerce", Platform::BigCommerce).await?;
    let wall = start.elapsed().as_secs_f64().min(outcome.wall);
    // 400 pages are five windows of 75 and 25 more, eight at a time.
    let pages: f64 = 400.0;
    let (windows, per_window) = ((pages / 75.0).floor(), 75.0);
    let bound = windows * 2.0 + ((pages - windows * per_window) / 8.0).ceil() * latency.as_secs_f64();
    table.at_most("drain under latency and a quota, against the bound", wall / bound, 1.05, " ×");
    Ok(())
}

/// A million entries of each platform: memory above the empty process, and how it grows.
pub(crate) async fn memory(table: &mut Table) -> Result<()> {
    for (platform, store) in STORES {
        let mut above = Vec::new();
        for rows in [100_000, 1_000_000] {
            let sandbox = sandbox(rows, BigCommerceBehavior::unlimited(), Duration::ZERO).await?;
            let outcome = client(&sandbox, platform.as_str(), platform).await?;
            let expected = sum(&sandbox.records(platform, store));
            if (outcome.entries, outcome.ids) != (rows as u64, expected) {
                return Err(format!("{platform}: {} of {rows} entries were read", outcome.entries).into());
            }
            above.push((outcome.peak - outcome.before) as f64 / 1024.0);
        }
        let [small, large] = above[..] else { return Err("two sizes are measured".into()) };
        table.at_most(format!("peak memory of 1,000,000 {platform} entries"), large, 32.0, " MiB");
        let each = (large - small) * 1024.0 * 1024.0 / 900_000.0;
        table.at_most(format!("for each {platform} entry more than 100,000"), each, 16.0, " bytes");
    }
    Ok(())
}
