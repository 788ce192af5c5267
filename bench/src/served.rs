//! A server of fixed rows that does next to nothing itself, so that only the client is measured. It serves each
//! platform's list in every order, obeys the parameters that it is set to obey, and answers after a latency.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use jiff::Timestamp;
use serde_json::{Value, json};
use storelogs_sandbox::{History, Platform};
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use crate::Result;

/// The parts of a request to BigCommerce's list that have an effect besides the page, and whether the answer describes
/// the list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Manner {
    /// `direction` is obeyed; else the list is oldest first.
    pub(crate) direction: bool,
    /// The date filters are obeyed.
    pub(crate) dates: bool,
    /// `meta` is sent, with its totals.
    pub(crate) totals: bool,
}

/// The list as the first document describes it: oldest first, ignoring `direction`, which it does not name.
pub(crate) const OLDEST_FIRST: Manner = Manner { direction: false, dates: true, totals: true };

/// Rows as they are sent, oldest first, with what requests pick them by.
pub(crate) struct Rows {
    platform: Platform,
    rows: Vec<Row>,
    places: HashMap<String, usize>,
}

struct Row {
    at: i64,
    id: String,
    text: String,
}

impl Rows {
    /// This many rows of a believable shop, that ends now.
    pub(crate) fn of(platform: Platform, rows: usize) -> Result<Self> {
        let months = if platform == Platform::BigCommerce { 6 } else { 2 };
        let a_day = u32::try_from(rows)? / months / 15;
        let records = History::seeded(9).months(months).rows_per_day(a_day).records(platform).values();
        if records.len() < rows {
            return Err(format!("the history has {} of {rows} rows", records.len()).into());
        }
        let field = if platform == Platform::BigCommerce { "date_created" } else { "created_at" };
        let row = |record: &Value| -> Result<Row> {
            let at = record[field].as_str().ok_or("a record has no time")?.parse::<Timestamp>()?.as_second();
            let id = record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned);
            Ok(Row { at, id, text: record.to_string() })
        };
        let mut rows: Vec<Row> = records[records.len() - rows..].iter().map(row).collect::<Result<_>>()?;
        rows.sort_by_key(|row| row.at);
        let places = rows.iter().enumerate().map(|(place, row)| (row.id.clone(), place)).collect();
        Ok(Self { platform, rows, places })
    }

    pub(crate) fn ids(&self) -> impl Iterator<Item = &str> {
        self.rows.iter().map(|row| row.id.as_str())
    }

    /// The places of the rows of a time range, both ends included.
    fn range(&self, since: i64, until: i64) -> std::ops::Range<usize> {
        let first = self.rows.partition_point(|row| row.at < since);
        first..self.rows.partition_point(|row| row.at <= until).max(first)
    }

    fn answer(&self, path: &str, query: &str, manner: Manner) -> Option<String> {
        let pairs: Vec<(String, String)> = serde_urlencoded::from_str(query).ok()?;
        let value = |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let number = |name: &str| value(name).and_then(|value| value.parse::<i64>().ok());
        if self.platform == Platform::BigCommerce {
            let (since, until) = match manner.dates {
                true => (number("date_created:min"), number("date_created:max")),
                false => (None, None),
            };
            let rows = &self.rows[self.range(since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX))];
            let (page, limit) = (number("page").unwrap_or(1), number("limit").unwrap_or(50).clamp(1, 250));
            let descends = manner.direction && value("direction") == Some("desc");
            return Some(systemlogs(rows, page, limit, descends, manner.totals));
        }
        let time = |name: &str| value(name)?.parse::<Timestamp>().ok().map(Timestamp::as_second);
        let range = self.range(time("created_at_min")?, time("created_at_max")?);
        if path.ends_with("/count.json") {
            return Some(json!({ "data": { "count": range.len() } }).to_string());
        }
        let limit = usize::try_from(number("limit").unwrap_or(50).clamp(1, 200)).ok()?;
        let end = match value("since_id") {
            Some(id) => self.places.get(id).copied()?.clamp(range.start, range.end),
            None => range.end,
        };
        let page = self.rows[end.saturating_sub(limit).max(range.start)..end].iter().rev();
        Some(format!("{{\"data\":[{}]}}", joined(page)))
    }
}

fn systemlogs(rows: &[Row], page: i64, limit: i64, descends: bool, totals: bool) -> String {
    let total = i64::try_from(rows.len()).unwrap_or(i64::MAX);
    let place = |place: i64| usize::try_from(place.clamp(0, total)).unwrap_or(0);
    let (first, end) = (place((page - 1) * limit), place(page * limit));
    let list = if descends {
        joined(rows[rows.len() - end..rows.len() - first].iter().rev())
    } else {
        joined(rows[first..end].iter())
    };
    if !totals {
        return format!("{{\"data\":[{list}]}}");
    }
    let pages = (total + limit - 1) / limit;
    let next = if page < pages { json!({ "next": format!("?page={}", page + 1) }) } else { json!({}) };
    let meta = json!({ "pagination": {
        "total": total, "count": end - first, "per_page": limit, "current_page": page, "total_pages": pages, "links": next,
    }});
    format!("{{\"data\":[{list}],\"meta\":{meta}}}")
}

fn joined<'a>(rows: impl Iterator<Item = &'a Row>) -> String {
    let mut text = String::with_capacity(1 << 17);
    for row in rows {
        if !text.is_empty() {
            text.push(',');
        }
        text.push_str(&row.text);
    }
    text
}

/// A server, on two threads of its own. It ends with the value.
pub(crate) struct Server {
    address: SocketAddr,
    requests: Arc<AtomicU64>,
    runtime: Option<Runtime>,
}

impl Server {
    pub(crate) fn start(rows: Arc<Rows>, manner: Manner, latency: Duration) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        runtime.spawn(async move {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                let (rows, counter) = (Arc::clone(&rows), Arc::clone(&counter));
                let _ = stream.set_nodelay(true);
                let service = service_fn(move |request: Request<Incoming>| {
                    let (rows, counter) = (Arc::clone(&rows), Arc::clone(&counter));
                    async move {
                        counter.fetch_add(1, Ordering::Relaxed);
                        if !latency.is_zero() {
                            tokio::time::sleep(latency).await;
                        }
                        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
                        let (status, body) = match rows.answer(path, query, manner) {
                            Some(body) => (StatusCode::OK, body),
                            None => (StatusCode::BAD_REQUEST, "{}".to_owned()),
                        };
                        let mut response = Response::new(Full::new(Bytes::from(body)));
                        *response.status_mut() = status;
                        Ok::<_, Infallible>(response)
                    }
                });
                let http = hyper::server::conn::http1::Builder::new();
                tokio::spawn(http.serve_connection(TokioIo::new(stream), service));
            }
        });
        Ok(Self { address, requests, runtime: Some(runtime) })
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// How many requests came since this was asked last.
    pub(crate) fn take_requests(&self) -> u64 {
        self.requests.swap(0, Ordering::Relaxed)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}
