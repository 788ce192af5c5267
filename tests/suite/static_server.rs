//! A server that the client has never seen: fixed pages behind minimal HTTP. It ignores every parameter except the one
//! that names the page, and sends no totals, links or rate limits.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::thread;

use serde_json::{Value, json};
use storelogs::{BigCommerce, LogQuery, LogSource, Shopline};

use crate::drain::{HANDLE, HASH, assert_conserved, at, drain, quick};

const NEWEST: i64 = 1_790_000_000;
const ROWS: i64 = 1_050;
const PAGE: usize = 200;

/// Serves a list page by page: `place` finds in a request's path where the page begins.
fn serve(rows: Vec<Value>, place: fn(&str, &[Value]) -> usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
            let request = lines.next().unwrap_or_default();
            while lines.next().is_some_and(|line| !line.is_empty()) {}
            let path = request.split(' ').nth(1).unwrap_or_default();
            let (status, body) = if path.contains("/count.json") {
                ("404 Not Found", Value::Null)
            } else {
                let first = place(path, &rows).min(rows.len());
                ("200 OK", json!({ "data": rows[first..(first + PAGE).min(rows.len())] }))
            };
            let body = body.to_string();
            let head = format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n\r\n", body.len());
            let _ = stream.write_all((head + &body).as_bytes()); // the client may be gone
        }
    });
    url
}

fn parameter<'a>(path: &'a str, name: &str) -> Option<&'a str> {
    let pairs = path.split_once('?')?.1.split('&');
    pairs.filter_map(|pair| pair.split_once('=')).find(|(key, _)| *key == name).map(|(_, value)| value)
}

fn date(row: i64) -> String {
    at(NEWEST - row * 7).to_string()
}

async fn assert_drained(source: &dyn LogSource) {
    let oracle: Vec<String> = (0..ROWS).map(|row| (5_000 - row).to_string()).collect();
    let whole = LogQuery::new().since(at(NEWEST - ROWS * 7)).until(at(NEWEST + 1));
    assert_conserved(&drain(source, whole).await, &oracle, "all");
    let part = LogQuery::new().since(at(NEWEST - 7 * 600)).until(at(NEWEST - 7 * 299));
    assert_conserved(&drain(source, part).await, &oracle[300..=600], "a part");
}

#[tokio::test]
async fn fixed_bigcommerce_pages_are_read_to_their_end() {
    let row = |row: i64| json!({ "id": 5_000 - row, "severity": "success", "date_created": date(row) });
    let url = serve((0..ROWS).map(row).collect(), |path, _| {
        let page: usize = parameter(path, "page").unwrap().parse().unwrap();
        (page - 1) * PAGE
    });
    let source = BigCommerce::builder(HASH).access_token("a-token").api_url(url).retry(quick()).build().unwrap();
    assert_drained(&source).await;
}

#[tokio::test]
async fn fixed_shopline_pages_are_read_to_their_end() {
    let row = |row: i64| json!({ "id": (5_000 - row).to_string(), "verb": "edit_product", "created_at": date(row) });
    let url = serve((0..ROWS).map(row).collect(), |path, rows| {
        let last = parameter(path, "since_id");
        last.map_or(0, |id| rows.iter().position(|row| row["id"] == id).map_or(rows.len(), |place| place + 1))
    });
    let source = Shopline::builder(HANDLE).access_token("a-token").api_url(url).retry(quick());
    assert_drained(&source.bucket(1_000_000, 1e6).build().unwrap()).await;
}
