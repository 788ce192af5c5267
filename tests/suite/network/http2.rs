//! HTTP/2 behind a router that forgets: a connection that swallows what is sent is noticed and replaced.
#![cfg(feature = "http2")]

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, Version};
use hyper_util::rt::{TokioExecutor, TokioIo};
use storelogs::{BigCommerce, Http};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::stage::{Authority, PAGE, TOKEN, listen};

const PORT: &str = "STORELOGS_TEST_HTTP2_PORT";

/// Serves HTTP/2 over TLS; it counts its connections.
async fn serve(authority: &Authority) -> (u16, Arc<AtomicU32>) {
    let mut config = Arc::unwrap_or_clone(authority.server("localhost", 2020, 2040));
    config.alpn_protocols = vec![b"h2".to_vec()];
    let (listener, port) = listen().await;
    let connections = Arc::<AtomicU32>::default();
    let count = Arc::clone(&connections);
    let acceptor = TlsAcceptor::from(Arc::new(config));
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            count.fetch_add(1, Ordering::Relaxed);
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(stream) = acceptor.accept(stream).await else { return };
                let answer = |request: Request<Incoming>| async move {
                    assert_eq!(request.version(), Version::HTTP_2);
                    Ok::<_, Infallible>(Response::new(http_body(PAGE)))
                };
                let server = hyper::server::conn::http2::Builder::new(TokioExecutor::new());
                let _ = server.serve_connection(TokioIo::new(stream), service_fn(answer)).await;
            });
        }
    });
    (port, connections)
}

fn http_body(text: &'static str) -> impl hyper::body::Body<Data = Bytes, Error = Infallible> {
    text.to_owned()
}

/// Passes bytes on both ways, until its first connection has to swallow them.
async fn relay(to: u16, swallow_after: Duration) -> u16 {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        let mut first = true;
        while let Ok((client, _)) = listener.accept().await {
            let server = TcpStream::connect(("127.0.0.1", to)).await.unwrap();
            let until = std::mem::take(&mut first).then(|| Instant::now() + swallow_after);
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            let swallowed = move || until.is_some_and(|until| Instant::now() > until);
            tokio::spawn(async move {
                let mut bytes = vec![0; 16 << 10];
                while let Ok(length @ 1..) = from_client.read(&mut bytes).await {
                    if !swallowed() && to_server.write_all(&bytes[..length]).await.is_err() {
                        break;
                    }
                }
                std::future::pending::<()>().await; // a router that forgot closes nothing
            });
            tokio::spawn(async move {
                let mut bytes = vec![0; 16 << 10];
                while let Ok(length @ 1..) = from_server.read(&mut bytes).await {
                    if !swallowed() && to_client.write_all(&bytes[..length]).await.is_err() {
                        break;
                    }
                }
                std::future::pending::<()>().await;
            });
        }
    });
    port
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[allow(clippy::print_stdout)]
async fn a_connection_that_swallows_everything_is_replaced_within_forty_seconds() {
    if let Ok(port) = std::env::var(PORT) {
        let builder = BigCommerce::builder("abc123").access_token(TOKEN).http_backend(Http::new().unwrap());
        let store = builder.api_url(format!("https://localhost:{port}")).build().unwrap();
        store.page(|request| request).await.unwrap();
        tokio::time::sleep(Duration::from_secs(2)).await; // the relay swallows from now on
        let started = Instant::now();
        let pages = (0..5).map(|_| store.page(|request| request));
        for page in futures::future::join_all(pages).await {
            assert_eq!(page.unwrap().records.len(), 1);
        }
        return println!("blind for {} ms", started.elapsed().as_millis());
    }
    let authority = Authority::new("http2");
    let (port, connections) = serve(&authority).await;
    let port = relay(port, Duration::from_secs(1)).await;
    let mut command = std::process::Command::new(std::env::current_exe().unwrap());
    let name = "network::http2::a_connection_that_swallows_everything_is_replaced_within_forty_seconds";
    command.args(["--exact", name, "--nocapture"]).env(PORT, port.to_string()).env("SSL_CERT_FILE", &authority.file);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}{}", String::from_utf8_lossy(&output.stderr));
    let blind = text.lines().find_map(|line| line.split_once("blind for ")?.1.strip_suffix(" ms")).unwrap();
    assert!((1_000..40_000).contains(&blind.parse::<u64>().unwrap()), "{blind} ms");
    assert!(connections.load(Ordering::Relaxed) >= 2, "a new connection was made");
}
