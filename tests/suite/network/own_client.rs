//! A network that a user set up: the token stays with the platform, whatever carries it.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use futures::future::BoxFuture;
use storelogs::testing::Recorder;
use storelogs::{BigCommerce, Error, ErrorKind, Http, HttpBackend, Proxy, RetryPolicy, Shopline, TransportError};
use tokio::io::AsyncWriteExt;

use super::stage::{Authority, PAGE, TOKEN, head, listen, serve};
use crate::offline;

/// Answers every request on its own connection, and keeps what it was sent.
async fn answering(status: &'static str, more: String) -> (String, Arc<Mutex<Vec<String>>>) {
    let (listener, port) = listen().await;
    let heard = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&heard);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let head = head(&mut stream).await;
            kept.lock().unwrap().push(head);
            let answer =
                format!("HTTP/1.1 {status}\r\nconnection: close\r\n{more}content-length: {}\r\n\r\n{PAGE}", PAGE.len());
            let _ = stream.write_all(answer.as_bytes()).await;
            let _ = stream.shutdown().await;
        }
    });
    (format!("http://127.0.0.1:{port}"), heard)
}

/// A platform that sends everybody elsewhere, and the place where they go.
async fn redirecting() -> (String, Arc<Mutex<Vec<String>>>) {
    let (thief, heard) = answering("200 OK", String::new()).await;
    let (platform, _) = answering("302 Found", format!("location: {thief}/elsewhere\r\n")).await;
    (platform, heard)
}

async fn ask(url: &str, network: impl HttpBackend) -> Result<usize, Error> {
    let store = BigCommerce::builder("abc123").access_token(TOKEN).api_url(url).http_backend(network);
    let store = store.retry(RetryPolicy::never()).build()?;
    Ok(store.page(|request| request).await?.records.len())
}

#[tokio::test]
async fn a_network_that_was_set_up_follows_no_redirect_whatever_its_settings() {
    let (platform, heard) = redirecting().await;
    let http = Http::builder()
        .client(|client| client.redirect(reqwest::redirect::Policy::limited(10)).tcp_nodelay(false))
        .build()
        .unwrap();
    let error = ask(&platform, http).await.unwrap_err();
    assert_eq!((error.kind(), error.status(), error.reason()), (ErrorKind::Refused, Some(302), Some("redirected")));
    assert!(heard.lock().unwrap().is_empty(), "the token went elsewhere");
}

#[tokio::test]
async fn a_network_that_was_set_up_uses_no_proxy_but_its_own() {
    let (proxy, heard) = answering("200 OK", String::new()).await;
    let (platform, asked) = answering("200 OK", String::new()).await;
    let http =
        Http::builder().proxy(Proxy::none()).client(move |client| client.proxy(reqwest::Proxy::all(&proxy).unwrap()));
    assert_eq!(ask(&platform, http.build().unwrap()).await.unwrap(), 1);
    assert!(heard.lock().unwrap().is_empty(), "the request went through a proxy that plain http is never given");
    assert_eq!(asked.lock().unwrap().len(), 1);
}

/// reqwest as it comes, which follows redirects.
#[derive(Clone, Default)]
struct Plain {
    client: reqwest::Client,
    sent: Arc<AtomicUsize>,
}

impl HttpBackend for Plain {
    fn send(
        &self,
        _: &'static str,
        request: reqwest::Request,
    ) -> BoxFuture<'static, Result<reqwest::Response, TransportError>> {
        self.sent.fetch_add(1, Ordering::Relaxed);
        let client = self.client.clone();
        Box::pin(async move { client.execute(request).await.map_err(TransportError::from) })
    }
}

#[tokio::test]
async fn an_answer_of_another_origin_is_refused_and_not_asked_for_again() {
    let _ = Http::new().unwrap(); // sets up TLS for the process
    let (platform, _) = redirecting().await;
    let network = Plain::default();
    let store = BigCommerce::builder("abc123").access_token(TOKEN).api_url(&platform).http_backend(network.clone());
    let error = store.build().unwrap().page(|request| request).await.unwrap_err();
    assert_eq!((error.kind(), error.reason()), (ErrorKind::Unreachable, Some("another_origin")));
    let line = error.to_string();
    assert!(line.contains(&format!("not from {platform}")) && line.contains("replace the token"), "{line}");
    assert_eq!(network.sent.load(Ordering::Relaxed), 1);

    let app = Shopline::builder("open001").app("a-key", "a-secret").api_url(&platform).http_backend(network);
    let (since, until) = offline::day();
    let error = app.build().unwrap().page(since, until, |request| request).await.unwrap_err();
    assert_eq!(error.reason(), Some("another_origin"), "{error}");
}

#[tokio::test]
async fn an_authority_of_ones_own_is_trusted_where_it_was_given_and_nowhere_else() {
    let authority = Authority::new("own-client");
    let pem = std::fs::read(&authority.file).unwrap();
    let port = serve(authority.server("127.0.0.1", 2020, 2200)).await;
    let url = format!("https://127.0.0.1:{port}");
    let only = Http::builder().certificates(pem.clone()).without_system_certificates();
    assert_eq!(ask(&url, only.build().unwrap()).await.unwrap(), 1);
    let other = Authority::new("another-one");
    let stranger = Http::builder().certificates(std::fs::read(&other.file).unwrap()).without_system_certificates();
    let error = ask(&url, stranger.build().unwrap()).await.unwrap_err();
    assert_eq!(error.reason(), Some("unknown_authority"), "{error}");
}

#[test]
fn what_is_no_certificate_is_refused_when_it_is_given() {
    let error = Http::builder().certificates("not a certificate").build().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput);
    assert!(error.to_string().contains("PEM"), "{error}");
}

#[test]
fn clients_that_were_given_no_network_share_one_in_every_runtime() {
    use std::io::{BufRead, BufReader, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            counted.fetch_add(1, Ordering::Relaxed);
            std::thread::spawn(move || {
                let mut lines = BufReader::new(stream.try_clone().unwrap()).lines().map_while(Result::ok);
                let mut stream = stream;
                while lines.next().is_some() {
                    while lines.next().is_some_and(|line| !line.is_empty()) {}
                    let answer = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len());
                    let _ = stream.write_all(answer.as_bytes()); // the client may be gone
                }
            });
        }
    });
    let ask_ten = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            for number in 0..10 {
                let store = BigCommerce::builder(format!("abc{number}")).access_token(TOKEN).api_url(&url);
                let store = store.retry(RetryPolicy::never()).build().unwrap();
                assert_eq!(store.page(|request| request).await.unwrap().records.len(), 1);
            }
        });
    };
    ask_ten();
    assert_eq!(connections.load(Ordering::Relaxed), 1, "ten clients, one network");
    ask_ten(); // the connection of the runtime that ended is not taken for one that lives
    assert_eq!(connections.load(Ordering::Relaxed), 2);
}

#[tokio::test]
async fn a_stand_in_that_says_no_address_is_believed() {
    let network = Recorder::new();
    assert_eq!(ask("https://api.example.com", network.clone()).await.unwrap(), 0);
    assert_eq!(network.requests().len(), 1);
}
