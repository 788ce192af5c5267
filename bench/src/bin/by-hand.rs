//! A hand-written client, as a careful engineer would write it: a loop around reqwest and `serde_json` that reads a
//! store's log, one page after the other or several at a time, and writes a JSON line for each record. It stops at the
//! first page that is not full, and trusts every answer.
//!
//! `by-hand PLATFORM URL TOKEN AHEAD`: AHEAD pages are under way at once; for SHOPLINE, that many time ranges.
//!
//! `by-hand bodies URL TOKEN AHEAD` reads BigCommerce's pages and does nothing with them: no client is faster.
//!
//! `by-hand poll STORES RATE SECONDS` asks the stores of a table for their newest page in turn, this many requests a second,
//! and does nothing with the answers.

use std::io::Write;
use std::path::Path;
use std::time::Duration;

use futures::{StreamExt, stream};
use jiff::Timestamp;
use reqwest::RequestBuilder;
use serde::{Deserialize, Serialize};

type Failure = Box<dyn std::error::Error + Send + Sync>;
type Result<T, E = Failure> = std::result::Result<T, E>;

/// The most records on a page of each platform.
const PAGE: [usize; 2] = [250, 200];
const NEWEST_FIRST: &str = "&sort=date_created&direction=desc";

#[derive(Deserialize)]
struct Page<R> {
    data: Vec<R>,
}

#[derive(Deserialize)]
struct SystemLog {
    id: i64,
    #[serde(rename = "type")]
    kind: Option<String>,
    module: Option<String>,
    severity: Option<String>,
    summary: Option<String>,
    message: Option<String>,
    date_created: String,
}

#[derive(Deserialize)]
struct OperationLog {
    id: String,
    author: Option<String>,
    created_at: String,
    subject_type: Option<String>,
    subject_id: Option<String>,
    verb: Option<String>,
    detail: Option<String>,
}

/// One line, of either platform.
#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
struct Line {
    uid: String,
    platform: &'static str,
    store: &'static str,
    id: String,
    time: Timestamp,
    severity: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    actor: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    subject_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let _ = storelogs::Http::new()?; // sets up TLS for the process, as the other side does
    let client = reqwest::Client::builder().no_proxy().build()?;
    if let [what, stores, rate, seconds] = &arguments[..]
        && what == "poll"
    {
        return poll(&client, stores.as_ref(), rate.parse()?, seconds.parse()?).await;
    }
    let [platform, url, token, ahead] = &arguments[..] else { return Err("use: PLATFORM URL TOKEN AHEAD".into()) };
    let mut out = std::io::BufWriter::with_capacity(1 << 16, std::io::stdout().lock());
    match platform.as_str() {
        "bigcommerce" => bigcommerce(&client, url, token, ahead.parse()?, &mut out).await?,
        "bodies" => bodies(&client, url, token, ahead.parse()?).await?,
        _ => shopline(&client, url, token, ahead.parse()?, &mut out).await?,
    }
    Ok(out.flush()?)
}

fn system_logs(client: &reqwest::Client, url: &str, store: &str, token: &str, query: &str) -> RequestBuilder {
    let list = format!("{url}/stores/{store}/v3/store/systemlogs?limit={}{query}", PAGE[0]);
    client.get(list).header("X-Auth-Token", token)
}

fn operation_logs(client: &reqwest::Client, url: &str, token: &str, query: &str) -> RequestBuilder {
    let list = format!("{url}/admin/openapi/v20260301/store/operation_logs.json?limit={}{query}", PAGE[1]);
    client.get(list).bearer_auth(token).header("Content-Type", "application/json; charset=utf-8")
}

/// The time that a SHOPLINE log is asked for, in seconds since 1970, both included.
fn time_range(since: i64, until: i64) -> Result<String> {
    let time = |second| Timestamp::from_second(second).map(|time| time.to_string().replace(':', "%3A"));
    Ok(format!("&created_at_min={}&created_at_max={}", time(since)?, time(until)?))
}

async fn bigcommerce(
    client: &reqwest::Client,
    url: &str,
    token: &str,
    ahead: usize,
    out: &mut impl Write,
) -> Result<()> {
    let mut pages = stream::iter(1..)
        .map(|page| {
            let request = system_logs(client, url, "abc123", token, &format!("{NEWEST_FIRST}&page={page}"));
            let page = tokio::spawn(async move {
                let body = request.send().await?.error_for_status()?.bytes().await?;
                let page: Page<SystemLog> = serde_json::from_slice(&body)?;
                let (rows, mut lines) = (page.data.len(), Vec::with_capacity(2 * body.len()));
                for record in page.data {
                    serde_json::to_writer(&mut lines, &record.line()?)?;
                    lines.push(b'\n');
                }
                Ok::<_, Failure>((rows, lines))
            });
            async { page.await? }
        })
        .buffered(ahead);
    while let Some(page) = pages.next().await {
        let (rows, lines) = page?;
        out.write_all(&lines)?;
        if rows < PAGE[0] {
            break;
        }
    }
    Ok(())
}

/// Reads pages up to the first without a record.
async fn bodies(client: &reqwest::Client, url: &str, token: &str, ahead: usize) -> Result<()> {
    /// An answer without a record is shorter, and one with a record is longer.
    const EMPTY: usize = 256;
    let mut pages = stream::iter(1..)
        .map(|page| {
            let request = system_logs(client, url, "abc123", token, &format!("{NEWEST_FIRST}&page={page}"));
            let page = tokio::spawn(async move { request.send().await?.error_for_status()?.bytes().await });
            async { Ok::<_, Failure>(page.await??.len()) }
        })
        .buffered(ahead);
    while let Some(length) = pages.next().await {
        if length? < EMPTY {
            break;
        }
    }
    Ok(())
}

/// Sends requests at a steady rate, whether or not those before have been answered.
async fn poll(client: &reqwest::Client, stores: &Path, rate: f64, seconds: f64) -> Result<()> {
    let folder = stores.parent().unwrap_or(Path::new("."));
    let now = Timestamp::now().as_second();
    let hour = time_range(now - 3_600, now)?;
    let mut requests = Vec::new();
    for row in std::fs::read_to_string(stores)?.lines().skip(1) {
        let [platform, store, token, url] = row.split(',').collect::<Vec<_>>()[..] else { return Err(row.into()) };
        let token = std::fs::read_to_string(folder.join(token))?;
        let request = match platform {
            "bigcommerce" => system_logs(client, url, store, token.trim(), ""),
            _ => operation_logs(client, url, token.trim(), &hour),
        };
        requests.push(request.build()?);
    }
    let mut ticks = tokio::time::interval(Duration::from_secs_f64(1.0 / rate));
    let mut answers = tokio::task::JoinSet::new();
    for request in requests.iter().cycle().take((rate * seconds) as usize) {
        ticks.tick().await;
        let answer = client.execute(request.try_clone().ok_or("it has no body")?);
        answers.spawn(async { answer.await?.error_for_status()?.bytes().await });
        while let Some(answer) = answers.try_join_next() {
            answer??;
        }
    }
    while let Some(answer) = answers.join_next().await {
        answer??;
    }
    Ok(())
}

/// The last two months, in as many time ranges as are read at once, each page by page.
async fn shopline(client: &reqwest::Client, url: &str, token: &str, ahead: usize, out: &mut impl Write) -> Result<()> {
    let now = Timestamp::now().as_second() + 1;
    let parts = i64::try_from(ahead)?;
    let step = 62 * 86_400 / parts;
    let mut ranges = stream::iter(0..parts)
        .map(|part| {
            let (until, client, token) = (now - part * step, client.clone(), token.to_owned());
            let url = url.to_owned();
            let range = async move {
                let range = time_range(until - step + 1, until)?;
                let (mut since_id, mut lines) = (String::new(), Vec::new());
                loop {
                    let request = operation_logs(&client, &url, &token, &format!("{range}{since_id}"));
                    let body = request.send().await?.error_for_status()?.bytes().await?;
                    let page: Page<OperationLog> = serde_json::from_slice(&body)?;
                    let full = page.data.len() == PAGE[1];
                    since_id = page.data.last().map(|last| format!("&since_id={}", last.id)).unwrap_or_default();
                    for record in page.data {
                        serde_json::to_writer(&mut lines, &record.line()?)?;
                        lines.push(b'\n');
                    }
                    if !full {
                        return Ok::<_, Failure>(lines);
                    }
                }
            };
            let range = tokio::spawn(range);
            async { range.await? }
        })
        .buffered(ahead);
    while let Some(lines) = ranges.next().await {
        out.write_all(&lines?)?;
    }
    Ok(())
}

impl SystemLog {
    fn line(self) -> Result<Line> {
        let id = self.id.to_string();
        Ok(Line {
            uid: format!("bigcommerce:abc123:{id}"),
            platform: "bigcommerce",
            store: "abc123",
            id,
            time: self.date_created.parse()?,
            severity: match self.severity.as_deref() {
                Some("success") => "info",
                Some("notice" | "notices") => "notice",
                Some("warning" | "warnings") => "warning",
                Some("error" | "errors") => "error",
                _ => "unspecified",
            },
            category: self.kind,
            action: None,
            module: self.module,
            actor: None,
            subject_id: None,
            summary: self.summary,
            message: self.message,
        })
    }
}

impl OperationLog {
    fn line(self) -> Result<Line> {
        Ok(Line {
            uid: format!("shopline:open001:{}", self.id),
            platform: "shopline",
            store: "open001",
            time: self.created_at.parse()?,
            id: self.id,
            severity: "info",
            category: self.subject_type,
            action: self.verb,
            module: None,
            actor: self.author,
            subject_id: self.subject_id,
            summary: self.detail,
            message: None,
        })
    }
}
