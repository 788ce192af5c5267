//! The two servers: from a connection to a handler and back.

use std::{
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    Router,
    body::Body,
    extract::{ConnectInfo, State, connect_info::Connected},
    http::{self, HeaderValue, Response},
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::watch,
    task::JoinHandle,
};

use crate::{Platform, bigcommerce, clock::http_date, request::Request, shopline, wire, world::World};

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

/// Takes a port on loopback and serves a platform there until told to stop.
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
    let router = Router::new().fallback(handle).with_state((platform, world));
    let service = router.into_make_service_with_connect_info::<Line>();
    let task = tokio::spawn(async move {
        let stopped = async move {
            // An error means that the sandbox is gone, which is a reason to stop as well.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        // Serving on a listener never fails: accept errors are waited out.
        let _ = axum::serve(Gate(listener), service).with_graceful_shutdown(stopped).await;
    });
    Ok(Server { address, task })
}

async fn handle(
    State((platform, world)): State<(Platform, Arc<World>)>,
    ConnectInfo(line): ConnectInfo<Line>,
    request: http::Request<Body>,
) -> Response<Body> {
    let at = world.clock.now_ms();
    let (parts, body) = request.into_parts();
    let request = Request::new(parts);
    let mut outcome = match platform {
        Platform::BigCommerce => bigcommerce::answer(&world, &request).await,
        Platform::Shopline => {
            let body = axum::body::to_bytes(body, MAX_REQUEST_BODY).await.unwrap_or_default();
            shopline::answer(&world, &request, &body).await
        }
    };
    if world.clock.offset_ms() != 0 {
        outcome.answer.headers.push(("date", http_date(world.clock.now_ms())));
    }
    world.record(platform, request, &outcome, at);
    let mut response = wire::send(&world, &line, outcome.answer, outcome.wire).await;
    if line.is_reset() {
        response.headers_mut().insert("connection", HeaderValue::from_static("close"));
    }
    response
}

/// Accepts connections, and again after an error.
struct Gate(TcpListener);

impl Listener for Gate {
    type Io = Connection;
    type Addr = SocketAddr;

    async fn accept(&mut self) -> (Connection, SocketAddr) {
        loop {
            if let Ok((stream, address)) = self.0.accept().await {
                // Without it small answers may be held back; with an error they merely are.
                let _ = stream.set_nodelay(true);
                return (Connection { stream, line: Line::default() }, address);
            }
            // Most likely there are too many open files; some will be closed soon.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Lets a handler reset the connection its request came by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Line(Arc<AtomicBool>);

impl Line {
    /// From now on nothing is sent, and the connection ends with a reset.
    pub(crate) fn reset(&self) {
        self.0.store(true, Ordering::Release);
    }

    fn is_reset(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }
}

impl Connected<IncomingStream<'_, Gate>> for Line {
    fn connect_info(stream: IncomingStream<'_, Gate>) -> Self {
        stream.io().line.clone()
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
