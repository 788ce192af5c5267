//! Metrics for Prometheus, over HTTP.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use storelogs_collector::metrics::{CONTENT_TYPE, Metrics};
use tokio::sync::Semaphore;

use crate::error::CliError;

/// Takes the address, before anything else begins.
pub(crate) fn bind(address: SocketAddr) -> Result<TcpListener, CliError> {
    let taken = |error: io::Error| {
        CliError::failed(match error.kind() {
            io::ErrorKind::AddrInUse => {
                format!("--metrics-listen: {address} is taken by another process: end it, or choose another port")
            }
            io::ErrorKind::AddrNotAvailable => {
                format!("--metrics-listen: {address} is no address of this machine: use 127.0.0.1, or one that it has")
            }
            io::ErrorKind::PermissionDenied => {
                format!("--metrics-listen: {address} may not be used: choose a port above 1023")
            }
            _ => format!("--metrics-listen: {address} cannot be listened to: {error}"),
        })
    };
    let listener = TcpListener::bind(address).map_err(taken)?;
    listener.set_nonblocking(true).map_err(taken)?;
    Ok(listener)
}

/// Connections at once. A collector has many; each takes a descriptor, which the stores need more.
const CONNECTIONS: usize = 32;
/// How long the head of a request may take to come.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection may last: one request, and its answer.
const WHOLE: Duration = Duration::from_secs(30);

/// Answers there until the process ends. A connection is for one request. One too many is closed at once.
pub(crate) fn serve(listener: TcpListener, metrics: Arc<Metrics>) -> Result<(), CliError> {
    let listener = tokio::net::TcpListener::from_std(listener)
        .map_err(|error| CliError::failed(format!("--metrics-listen: {error}")))?;
    let router = Router::new().route("/metrics", get(text)).route("/healthz", get(health)).with_state(metrics);
    let service = TowerToHyperService::new(router);
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    tokio::spawn(async move {
        loop {
            let Ok((stream, _)) = listener.accept().await else {
                tokio::time::sleep(Duration::from_secs(1)).await; // no descriptor is free
                continue;
            };
            let Ok(place) = Arc::clone(&room).try_acquire_owned() else { continue };
            let service = service.clone();
            tokio::spawn(async move {
                let mut server = http1::Builder::new();
                server.timer(TokioTimer::new()).header_read_timeout(HEAD).keep_alive(false);
                let served = server.serve_connection(TokioIo::new(stream), service);
                let _ = tokio::time::timeout(WHOLE, served).await;
                drop(place);
            });
        }
    });
    Ok(())
}

async fn text(State(metrics): State<Arc<Metrics>>) -> axum::response::Response {
    match blocking(move || metrics.text()).await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

async fn health(State(metrics): State<Arc<Metrics>>) -> axum::response::Response {
    match blocking(move || metrics.health()).await {
        Ok(()) => "ok\n".into_response(),
        Err(why) => (StatusCode::SERVICE_UNAVAILABLE, why).into_response(),
    }
}

/// Reads the archive where nobody waits for it.
async fn blocking<T: Send + 'static>(
    read: impl FnOnce() -> storelogs_collector::Result<T> + Send + 'static,
) -> Result<T, String> {
    match tokio::task::spawn_blocking(read).await {
        Ok(read) => read.map_err(|error| format!("{error}\n")),
        Err(_) => Err("the archive could not be read\n".to_owned()),
    }
}
