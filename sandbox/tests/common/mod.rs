//! Requests to the sandbox over real HTTP, for all tests.

#![allow(clippy::unwrap_used, dead_code, unreachable_pub)]

use std::sync::{Once, OnceLock};

use serde_json::{Value, json};
use storelogs_sandbox::{Platform, Sandbox};

/// 2026-03-01T00:00:00Z.
pub const MARCH: i64 = 1_772_323_200;

/// One for all tests, since making it takes long. No connection is kept: it would be of another test's runtime.
pub fn client() -> reqwest::Client {
    static CLIENT: OnceLock<reqwest::Client> = OnceLock::new();
    CLIENT.get_or_init(|| client_builder().pool_max_idle_per_host(0).build().unwrap()).clone()
}

/// Built with the whole workspace, reqwest has TLS but no provider of it, and makes no client without one.
pub fn client_builder() -> reqwest::ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    reqwest::Client::builder()
}

/// An answer, read.
#[derive(Debug)]
pub struct Got {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Got {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {}", self.text))
    }

    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The ids of the records, in order.
    pub fn ids(&self) -> Vec<String> {
        ids(&self.json()["data"])
    }
}

pub fn ids(list: &Value) -> Vec<String> {
    let list = list.as_array().unwrap_or_else(|| panic!("no list: {list}"));
    list.iter().map(|record| record["id"].as_str().map_or_else(|| record["id"].to_string(), str::to_owned)).collect()
}

async fn read(request: reqwest::RequestBuilder) -> reqwest::Result<Got> {
    let response = request.send().await?;
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Ok(Got { status, headers, text: response.text().await? })
}

pub async fn try_system_logs(sandbox: &Sandbox, store: &str, query: &str) -> reqwest::Result<Got> {
    let url = format!("{}/stores/{store}/v3/store/systemlogs?{query}", sandbox.bigcommerce_url());
    let token = sandbox.token(Platform::BigCommerce, store);
    read(client().get(url).header("X-Auth-Token", token).header("Accept", "application/json")).await
}

/// Asks for BigCommerce store logs.
pub async fn system_logs(sandbox: &Sandbox, store: &str, query: &str) -> Got {
    try_system_logs(sandbox, store, query).await.unwrap()
}

pub async fn try_operation_logs(sandbox: &Sandbox, store: &str, tail: &str) -> reqwest::Result<Got> {
    let token = sandbox.token(Platform::Shopline, store);
    operation_logs_with(sandbox, &token, tail).await
}

pub async fn operation_logs_with(sandbox: &Sandbox, token: &str, tail: &str) -> reqwest::Result<Got> {
    let url = format!("{}/admin/openapi/v20260301/store/operation_logs{tail}", sandbox.shopline_url());
    let request = client().get(url).bearer_auth(token);
    read(request.header("Content-Type", "application/json; charset=utf-8")).await
}

/// Asks for SHOPLINE operation logs; the tail follows `operation_logs`.
pub async fn operation_logs(sandbox: &Sandbox, store: &str, tail: &str) -> Got {
    try_operation_logs(sandbox, store, tail).await.unwrap()
}

/// The query of a time range that holds all of a test's records.
pub const ALL: &str = "created_at_min=2020-01-01T00:00:00%2B00:00&created_at_max=2099-01-01T00:00:00%2B00:00";

/// One minute apart, ending a day before now, ids from 1.
pub fn system_records(count: i64) -> Vec<Value> {
    let start = now() - 86_400 - count * 60;
    (1..=count).map(|n| system_record(n, start + n * 60)).collect()
}

pub fn system_record(id: i64, at: i64) -> Value {
    let date = time(at);
    let (kind, module, severity) = match id % 4 {
        0 => ("shipping", "USPS (endicia)", "errors"),
        1 => ("general", "", "success"),
        2 => ("ordersettings", "Order Status", "notices"),
        _ => ("payment", "Test Payment Gateway", "warnings"),
    };
    json!({
        "id": id, "type": kind, "module": module, "severity": severity,
        "summary": format!("row {id}"), "message": null, "date_created": date,
    })
}

/// One minute apart, ending a day before now.
pub fn operation_records(count: i64) -> Vec<Value> {
    let start = now() - 86_400 - count * 60;
    (1..=count).map(|n| operation_record(n, start + n * 60)).collect()
}

pub fn operation_record(n: i64, at: i64) -> Value {
    let (subject, verb) = if n % 2 == 0 { ("products", "edit_product") } else { ("orders", "change_status") };
    json!({
        "author": "shopline", "created_at": time(at), "detail": format!("row {n}"),
        "id": (7_000_000_000_000_000_000 + n).to_string(), "subject_type": subject, "verb": verb,
    })
}

pub fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64
}

pub fn time(unix: i64) -> String {
    let time = jiff::Timestamp::from_second(unix).unwrap();
    time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}
