//! A server of lists that does next to nothing itself, so that only the client is measured. It serves each platform's
//! list in every order, obeys the parameters that it is set to obey, and answers after a latency.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::ops::Range;
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

/// A list that can be served.
pub(crate) trait List: Send + Sync + 'static {
    /// The body of an answer; none to a request that is not understood.
    fn answer(&self, path: &str, query: &str, manner: Manner) -> Option<String>;
}

/// The log of a BigCommerce store, oldest first.
pub(crate) trait SystemLogs {
    fn len(&self) -> usize;
    /// The second of a row.
    fn at(&self, place: usize) -> i64;
    /// Adds a row as it is sent.
    fn write(&self, place: usize, text: &mut String);
}

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

    fn operation_logs(&self, path: &str, parameters: &Parameters) -> Option<String> {
        let time = |name: &str| parameters.value(name)?.parse::<Timestamp>().ok().map(Timestamp::as_second);
        let range = range(self, time("created_at_min")?, time("created_at_max")?);
        if path.ends_with("/count.json") {
            return Some(json!({ "data": { "count": range.len() } }).to_string());
        }
        let limit = usize::try_from(parameters.number("limit").unwrap_or(50).clamp(1, 200)).ok()?;
        let end = match parameters.value("since_id") {
            Some(id) => self.places.get(id).copied()?.clamp(range.start, range.end),
            None => range.end,
        };
        let page = (end.saturating_sub(limit).max(range.start)..end).rev();
        Some(format!("{{\"data\":[{}]}}", joined(self, page)))
    }
}

impl SystemLogs for Rows {
    fn len(&self) -> usize {
        self.rows.len()
    }

    fn at(&self, place: usize) -> i64 {
        self.rows[place].at
    }

    fn write(&self, place: usize, text: &mut String) {
        text.push_str(&self.rows[place].text);
    }
}

impl List for Rows {
    fn answer(&self, path: &str, query: &str, manner: Manner) -> Option<String> {
        let parameters = Parameters::of(query)?;
        match self.platform {
            Platform::BigCommerce => Some(systemlogs(self, &parameters, manner)),
            Platform::Shopline => self.operation_logs(path, &parameters),
        }
    }
}

/// The parameters of a request.
pub(crate) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(crate) fn of(query: &str) -> Option<Self> {
        Some(Self(serde_urlencoded::from_str(query).ok()?))
    }

    fn value(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    fn number(&self, name: &str) -> Option<i64> {
        self.value(name).and_then(|value| value.parse().ok())
    }
}

/// The places of the rows of a time range, both ends included.
fn range<L: SystemLogs>(list: &L, since: i64, until: i64) -> Range<usize> {
    let first = first_where(list.len(), |place| list.at(place) >= since);
    first..first_where(list.len(), |place| list.at(place) > until).max(first)
}

/// The first place that has something that all places behind it have, too.
fn first_where(places: usize, has: impl Fn(usize) -> bool) -> usize {
    let (mut from, mut to) = (0, places);
    while from < to {
        let middle = usize::midpoint(from, to);
        if has(middle) { to = middle } else { from = middle + 1 }
    }
    from
}

/// A page of BigCommerce's list.
pub(crate) fn systemlogs<L: SystemLogs>(list: &L, parameters: &Parameters, manner: Manner) -> String {
    let (since, until) = match manner.dates {
        true => (parameters.number("date_created:min"), parameters.number("date_created:max")),
        false => (None, None),
    };
    let range = range(list, since.unwrap_or(i64::MIN), until.unwrap_or(i64::MAX));
    let page = parameters.number("page").unwrap_or(1);
    let limit = parameters.number("limit").unwrap_or(50).clamp(1, 250);
    let total = i64::try_from(range.len()).unwrap_or(i64::MAX);
    let place = |place: i64| usize::try_from(place.clamp(0, total)).unwrap_or(0);
    let (first, end) = (place((page - 1).saturating_mul(limit)), place(page.saturating_mul(limit)));
    let rows = if manner.direction && parameters.value("direction") == Some("desc") {
        joined(list, (range.end - end..range.end - first).rev())
    } else {
        joined(list, range.start + first..range.start + end)
    };
    if !manner.totals {
        return format!("{{\"data\":[{rows}]}}");
    }
    let pages = (total + limit - 1) / limit;
    let next = if page < pages { json!({ "next": format!("?page={}", page + 1) }) } else { json!({}) };
    let meta = json!({ "pagination": {
        "total": total, "count": end - first, "per_page": limit, "current_page": page, "total_pages": pages, "links": next,
    }});
    format!("{{\"data\":[{rows}],\"meta\":{meta}}}")
}

fn joined<L: SystemLogs>(list: &L, places: impl Iterator<Item = usize>) -> String {
    let mut text = String::with_capacity(1 << 17);
    for place in places {
        if !text.is_empty() {
            text.push(',');
        }
        list.write(place, &mut text);
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
    pub(crate) fn start(list: Arc<impl List>, manner: Manner, latency: Duration) -> Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let requests = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&requests);
        runtime.spawn(async move {
            let Ok(listener) = TcpListener::from_std(listener) else { return };
            while let Ok((stream, _)) = listener.accept().await {
                let (list, counter) = (Arc::clone(&list), Arc::clone(&counter));
                let _ = stream.set_nodelay(true);
                let service = service_fn(move |request: Request<Incoming>| {
                    let (list, counter) = (Arc::clone(&list), Arc::clone(&counter));
                    async move {
                        counter.fetch_add(1, Ordering::Relaxed);
                        if !latency.is_zero() {
                            tokio::time::sleep(latency).await;
                        }
                        let (path, query) = (request.uri().path(), request.uri().query().unwrap_or_default());
                        let (status, body) = match list.answer(path, query, manner) {
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
