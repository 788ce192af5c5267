//! The life of a sandbox: it starts, serves many stores and stops.

#![allow(clippy::unwrap_used)]

mod common;

use common::{ALL, client, operation_logs, system_logs};
use storelogs_sandbox::{Behavior, History, Platform, Records, Sandbox, Store};

#[tokio::test]
async fn a_taken_port_is_an_error() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let error = Sandbox::builder().bigcommerce_port(port).start().await.unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}

#[tokio::test]
async fn nothing_answers_after_shutdown() {
    let sandbox = Sandbox::builder().store(Store::bigcommerce("abc123")).start().await.unwrap();
    let url = format!("{}/stores/abc123/v3/store/systemlogs", sandbox.bigcommerce_url());
    assert_eq!(client().get(&url).send().await.unwrap().status(), 401);
    sandbox.shutdown().await;
    assert!(client().get(&url).send().await.unwrap_err().is_connect());
}

#[tokio::test]
async fn it_may_run_on_threads_of_its_own() {
    let sandbox = Sandbox::builder()
        .own_threads(1)
        .store(Store::bigcommerce("abc123").history(History::bulk(1, 10)))
        .start()
        .await
        .unwrap();
    assert_eq!(system_logs(&sandbox, "abc123", "").await.ids().len(), 10);
    sandbox.shutdown().await;
}

#[tokio::test]
async fn ten_thousand_stores_share_one_history() {
    let history = History::bulk(7, 1000);
    let records: Records = history.records(Platform::Shopline);
    let stores = (0..5000).map(|n| Store::bigcommerce(format!("store{n}")).history(history.clone()));
    let more = (0..5000).map(|n| Store::shopline(format!("store{n}")).shared(records.clone()));
    let sandbox = Sandbox::builder().stores(stores).stores(more).start().await.unwrap();
    for store in ["store0", "store4999"] {
        assert_eq!(system_logs(&sandbox, store, "limit=250").await.ids().len(), 250);
        assert_eq!(operation_logs(&sandbox, store, &format!(".json?limit=200&{ALL}")).await.ids().len(), 200);
    }
    // A change to one store is that store's alone.
    let oldest = sandbox.oracle(Platform::BigCommerce, "store0", 0, i64::MAX)[0].clone();
    assert!(sandbox.remove(Platform::BigCommerce, "store0", oldest));
    assert_eq!(sandbox.records(Platform::BigCommerce, "store0").len(), 999);
    assert_eq!(sandbox.records(Platform::BigCommerce, "store1").len(), 1000);
}

#[tokio::test]
async fn the_journal_forgets_its_oldest_entries_first() {
    let store = Store::bigcommerce("abc123").behavior(Behavior::unlimited());
    let sandbox = Sandbox::builder().journal_limit(2).store(store).start().await.unwrap();
    for page in 1..=3 {
        system_logs(&sandbox, "abc123", &format!("page={page}&module=order+status")).await;
    }
    let journal = sandbox.journal();
    assert_eq!((journal.len(), journal.forgotten, sandbox.requests()), (2, 1, 3));
    assert_eq!(journal[0].param("page"), Some("2"));
    assert_eq!(journal[0].param("module"), Some("order status"));
    assert_eq!(journal[0].raw_query, "page=2&module=order+status");
    assert_eq!(journal[0].header("x-auth-token"), Some("[redacted]"));
    assert_eq!(journal.count_status(200), 2);
    sandbox.clear_journal();
    assert!(sandbox.journal().is_empty());
}

#[tokio::test]
#[should_panic(expected = "the sandbox has no shopline store named nobody")]
async fn a_misspelled_store_is_an_error_at_once() {
    let sandbox = Sandbox::builder().start().await.unwrap();
    let _ = sandbox.records(Platform::Shopline, "nobody");
}

#[tokio::test]
async fn a_method_that_does_not_read_is_refused_with_those_that_do() {
    let stores = [Store::bigcommerce("abc123"), Store::shopline("open001")];
    let sandbox = Sandbox::builder().stores(stores).start().await.unwrap();
    let tokens = ["abc123", "open001"].map(|name| {
        let platform = if name == "abc123" { Platform::BigCommerce } else { Platform::Shopline };
        sandbox.token(platform, name)
    });
    let list = format!("{}/stores/abc123/v3/store/systemlogs", sandbox.bigcommerce_url());
    let logs = format!("{}/admin/openapi/v20260301/store/operation_logs.json?{ALL}", sandbox.shopline_url());
    let send = |method: &str, platform: usize| {
        let method = method.parse().unwrap();
        let request = client().request(method, if platform == 0 { &list } else { &logs });
        let request = request.header("content-type", "application/json; charset=utf-8");
        let request = request.header("x-auth-token", &tokens[0]);
        request.header("authorization", format!("Bearer {}", tokens[1])).send()
    };
    for platform in [0, 1] {
        for method in ["POST", "TRACE", "DELETE"] {
            let refused = send(method, platform).await.unwrap();
            assert_eq!((refused.status().as_u16(), &refused.headers()["allow"]), (405, &"GET, HEAD".parse().unwrap()));
        }
        let head = send("HEAD", platform).await.unwrap();
        assert_eq!(
            (head.status().as_u16(), &head.headers()["content-type"]),
            (200, &"application/json".parse().unwrap())
        );
        assert!(head.bytes().await.unwrap().is_empty(), "a HEAD has no body");
    }
}
