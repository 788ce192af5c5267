//! Measurements of decoding and unifying one page, against serde structs and the same mapping by hand.

use std::hint::black_box;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use storelogs::raw::{bigcommerce, shopline};
use storelogs::{LogEntry, Severity, Store};
use storelogs_sandbox::{History, Platform};

use crate::Result;
use crate::table::Table;

/// Runs of each side. They take turns, so that what disturbs one disturbs the other.
const RUNS: usize = 400;

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    let store = Store::bigcommerce("abc123")?;
    let now = Timestamp::now();
    let page = page(Platform::BigCommerce, 250);
    let ours = || -> Result<Vec<LogEntry>> {
        let page: bigcommerce::types::GetStoreSystemLogsResponse = serde_json::from_slice(&page)?;
        page.data.into_iter().map(|r| storelogs::bigcommerce::entry(r, &store, now).map_err(|e| e.why.into())).collect()
    };
    let by_hand = || -> Result<Vec<LogEntry>> {
        let page: Page<SystemLog> = serde_json::from_slice(&page)?;
        page.data.into_iter().map(|record| record.entry(&store, now)).collect()
    };
    table.at_most("decode and unify a BigCommerce page, time", ratio(ours, by_hand)?, 1.10, " ×");

    let store = Store::shopline("open001")?;
    let page = self::page(Platform::Shopline, 200);
    let ours = || -> Result<Vec<LogEntry>> {
        let page: shopline::types::OperationLogPage = serde_json::from_slice(&page)?;
        let records = page.data.unwrap_or_default().into_iter();
        records.map(|r| storelogs::shopline::entry(r, &store, now).map_err(|e| e.why.into())).collect()
    };
    let by_hand = || -> Result<Vec<LogEntry>> {
        let page: Page<OperationLog> = serde_json::from_slice(&page)?;
        page.data.into_iter().map(|record| record.entry(&store, now)).collect()
    };
    table.at_most("decode and unify a SHOPLINE page, time", ratio(ours, by_hand)?, 1.10, " ×");
    Ok(())
}

fn page(platform: Platform, rows: usize) -> Vec<u8> {
    let records = History::seeded(3).months(1).records(platform).values();
    json!({ "data": &records[..rows.min(records.len())] }).to_string().into_bytes()
}

fn ratio(ours: impl Fn() -> Result<Vec<LogEntry>>, by_hand: impl Fn() -> Result<Vec<LogEntry>>) -> Result<f64> {
    if ours()? != by_hand()? {
        return Err("the two sides do not make the same entries".into());
    }
    let (mut best_ours, mut best_by_hand) = (Duration::MAX, Duration::MAX);
    for _ in 0..RUNS {
        best_ours = best_ours.min(time(&ours)?);
        best_by_hand = best_by_hand.min(time(&by_hand)?);
    }
    Ok(best_ours.as_secs_f64() / best_by_hand.as_secs_f64())
}

fn time(run: impl Fn() -> Result<Vec<LogEntry>>) -> Result<Duration> {
    let start = Instant::now();
    black_box(run()?);
    Ok(start.elapsed())
}

#[derive(Deserialize)]
pub(crate) struct Page<R> {
    pub(crate) data: Vec<R>,
}

#[derive(Deserialize)]
pub(crate) struct SystemLog {
    id: i64,
    #[serde(rename = "type")]
    kind: Option<String>,
    module: Option<String>,
    severity: Option<String>,
    summary: Option<String>,
    message: Option<String>,
    date_created: String,
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl SystemLog {
    pub(crate) fn entry(self, store: &Store, now: Timestamp) -> Result<LogEntry> {
        let mut entry = LogEntry::new(store, self.id.to_string(), self.date_created.parse()?, now);
        entry.severity = match self.severity.as_deref() {
            Some("success") => Severity::Info,
            Some("notice" | "notices") => Severity::Notice,
            Some("warning" | "warnings") => Severity::Warning,
            Some("error" | "errors") => Severity::Error,
            _ => Severity::Unspecified,
        };
        entry.severity_text = self.severity;
        entry.category = self.kind;
        entry.module = self.module;
        entry.summary = self.summary;
        entry.message = self.message;
        entry.extra = self.extra;
        Ok(entry)
    }
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
    #[serde(flatten)]
    extra: Map<String, Value>,
}

impl OperationLog {
    fn entry(self, store: &Store, now: Timestamp) -> Result<LogEntry> {
        let mut entry = LogEntry::new(store, self.id, self.created_at.parse()?, now);
        entry.utc_offset = self.created_at.get(19..).unwrap_or_default().parse()?;
        entry.severity = Severity::Info;
        entry.category = self.subject_type;
        entry.action = self.verb;
        entry.actor = self.author;
        entry.subject_id = self.subject_id;
        entry.summary = self.detail;
        entry.extra = self.extra;
        Ok(entry)
    }
}
