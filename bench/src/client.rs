//! The measured clients, each in a process of its own: storelogs, and a serial loop around reqwest.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::time::{Duration, Instant};

use futures::StreamExt;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use storelogs::{BigCommerce, LogQuery, LogSource, Shopline};

use crate::Result;

/// The last report of a client, when it is done.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) entries: u64,
    /// A sum over the ids that does not depend on their order.
    pub(crate) ids: u64,
    pub(crate) wall: f64,
    pub(crate) cpu: f64,
    /// The most memory it ever held, and what it held before it began, in KiB.
    pub(crate) peak: u64,
    pub(crate) before: u64,
}

/// `client KIND URL TOKEN`
pub(crate) async fn run(arguments: &[String]) -> Result<()> {
    let [kind, url, token] = arguments else { return Err("use: client KIND URL TOKEN".into()) };
    let before = memory("VmRSS:")?;
    let (start, cpu) = (Instant::now(), cpu_seconds());
    let (entries, ids) = match kind.as_str() {
        "bigcommerce" => {
            let store = BigCommerce::builder("abc123").access_token(token).api_url(url).build()?;
            drain(&store).await?
        }
        "shopline" => {
            let store = Shopline::builder("open001").access_token(token).api_url(url).bucket(1 << 30, 1e9).build()?;
            drain(&store).await?
        }
        "reqwest" => by_hand(url, token).await?,
        _ => return Err(format!("unknown client {kind:?}").into()),
    };
    let outcome = Outcome {
        entries,
        ids,
        wall: start.elapsed().as_secs_f64(),
        cpu: cpu_seconds() - cpu,
        peak: memory("VmHWM:")?,
        before,
    };
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}

async fn drain(store: &dyn LogSource) -> Result<(u64, u64)> {
    let (mut entries, mut ids) = (0, 0u64);
    let mut log = store.logs(LogQuery::new());
    while let Some(entry) = log.next().await {
        entries += 1;
        ids = ids.wrapping_add(hash(&entry?.id));
    }
    Ok((entries, ids))
}

/// A client as one writes it in ten minutes: page after page, newest first, until a page is short.
async fn by_hand(url: &str, token: &str) -> Result<(u64, u64)> {
    let _ = storelogs::Http::new()?; // sets up TLS for the process, as the other side does
    let client = reqwest::Client::builder().no_proxy().build()?;
    let (mut entries, mut ids) = (0, 0u64);
    for page in 1.. {
        let url =
            format!("{url}/stores/abc123/v3/store/systemlogs?limit=250&page={page}&sort=date_created&direction=desc");
        let answer = client.get(url).header("X-Auth-Token", token).header("Accept", "application/json").send().await?;
        let body = answer.error_for_status()?.bytes().await?;
        let page: crate::decode::Page<crate::decode::SystemLog> = serde_json::from_slice(&body)?;
        let rows = page.data.len();
        let (store, now) = (storelogs::Store::bigcommerce("abc123")?, jiff::Timestamp::now());
        for record in page.data {
            entries += 1;
            ids = ids.wrapping_add(hash(&record.entry(&store, now)?.id));
        }
        if rows < 250 {
            break;
        }
    }
    Ok((entries, ids))
}

/// The sum that the oracle's ids must have.
pub(crate) fn sum(ids: &[Value]) -> u64 {
    let id = |record: &Value| match &record["id"] {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    };
    ids.iter().fold(0, |sum, record| sum.wrapping_add(hash(&id(record))))
}

fn hash(id: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    id.hash(&mut hasher);
    hasher.finish()
}

pub(crate) fn memory(field: &str) -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(field)).ok_or("no such field")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}

/// User and system time of all threads.
pub(crate) fn cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0)).as_secs_f64()
}
