//! The two servers: from a connection to a handler and back.

use std::{
    convert::Infallible,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    body::Body,
    http::{self, HeaderValue, Response},
};
use futures::future::{self, Either};
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::{JoinHandle, JoinSet},
};

use crate::{DateHeader, Platform, bigcommerce, clock::http_date, request::Request, shopline, wire, world::World};

/// Connections that may wait to be accepted: benchmarks open many at once.
const BACKLOG: u32 = 4096;
/// The greatest request body that is read.
const MAX_REQUEST_BODY: usize = 64 * 1024;

/// One platform's server at work.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) task: JoinHandle<()>,
}

/// Takes a port on loopback and serves a platform there until it is stopped.
pub(crate) fn start(
    platform: Platform,
    port: u16,
    world: Arc<World>,
    mut stop: watch::Receiver<bool>,
) -> io::Result<Server> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    let listener = socket.listen(BACKLOG)?;
    let address = listener.local_addr()?;
    let task = tokio::spawn(async move {
        let mut connections = JoinSet::new();
        loop {
            // An error means that the sandbox is gone, which is a reason to stop as well.
            let accepted = match future::select(pin!(accept(&listener)), pin!(stop.wait_for(|stop| *stop))).await {
                Either::Left((connection, _)) => Some(connection),
                Either::Right(_) => None,
            };
            let Some(connection) = accepted else { break };
            while connections.try_join_next().is_some() {}
            connections.spawn(serve(connection, platform, Arc::clone(&world), stop.clone()));
        }
        drop(listener);
        connections.join_all().await;
    });
    Ok(Server { address, task })
}

/// Answers the requests of one connection. When it is stopped, it finishes the current one.
async fn serve(connection: Connection, platform: Platform, world: Arc<World>, mut stop: watch::Receiver<bool>) {
    let line = connection.line.clone();
    let service = service_fn(|request| {
        let (world, line) = (Arc::clone(&world), line.clone());
        async move { Ok::<_, Infallible>(handle(platform, world, line, request).await) }
    });
    // A switch decides the value of the Date header.
    let mut connection =
        pin!(http1::Builder::new().auto_date_header(false).serve_connection(TokioIo::new(connection), service));
    // Either may end in an error, which is the other side's to notice.
    let served =
        matches!(future::select(connection.as_mut(), pin!(stop.wait_for(|stop| *stop))).await, Either::Left(_));
    if !served {
        connection.as_mut().graceful_shutdown();
        let _ = connection.await;
    }
}

async fn handle(platform: Platform, world: Arc<World>, line: Line, request: http::Request<Incoming>) -> Response<Body> {
    let at = world.clock.now_ms();
    let (parts, body) = request.into_parts();
    let request = Request::new(parts);
    let mut outcome = match platform {
        Platform::BigCommerce => bigcommerce::answer(&world, &request).await,
        Platform::Shopline => {
            let body = axum::body::to_bytes(Body::new(body), MAX_REQUEST_BODY).await.unwrap_or_default();
            shopline::answer(&world, &request, &body).await
        }
    };
    let named = outcome.store.as_deref().and_then(|name| world.stores().get(platform, name).map(Arc::clone));
    let date = named.map(|shop| shop.behavior().listing(platform).date).unwrap_or_default();
    let shift = match date {
        DateHeader::Right => Some(0),
        DateHeader::Off(seconds) => Some(seconds.saturating_mul(1000)),
        DateHeader::Absent => None,
    };
    if let Some(shift) = shift {
        outcome.answer.headers.push(("date", http_date(world.clock.now_ms().saturating_add(shift))));
    }
    world.record(platform, request, &outcome, at);
    let mut response = wire::send(&world, &line, outcome.answer, outcome.wire).await;
    if line.is_reset() {
        response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    }
    response
}

/// The next connection; after an error another try.
async fn accept(listener: &TcpListener) -> Connection {
    loop {
        if let Ok((stream, _)) = listener.accept().await {
            // Without it small answers may be held back; with an error they merely are.
            let _ = stream.set_nodelay(true);
            return Connection { stream, line: Line::default() };
        }
        // Most likely there are too many open files; some will be closed soon.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// A handle with which a handler resets the connection that its request came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<AtomicBool>);

impl Line {
    /// Stops sending, and ends the connection with a reset.
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

/// A connection that can be reset.
struct Connection {
    stream: TcpStream,
    line: Line,
}

impl Connection {
    fn check(&self) -> io::Result<()> {
        if self.line.is_reset() {
            // Dropping the socket then sends a reset in place of an orderly end.
            self.stream.set_zero_linger()?;
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        Ok(())
    }
}

impl AsyncRead for Connection {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.check()?;
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
