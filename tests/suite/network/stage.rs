//! The parts that stand between the client and the platform: certificates, TLS servers, a proxy, and the process that
//! asks.

use std::path::PathBuf;
use std::process::Command;
use std::sync::{Arc, Mutex};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, date_time_ymd};
use storelogs::{BigCommerce, Error, RetryPolicy};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// A page with one record, for whoever asks.
pub(super) const PAGE: &str = "{\"data\":[{\"id\":1,\"date_created\":\"2026-08-01T08:00:00+00:00\"}]}";
pub(super) const TOKEN: &str = "canary-token";

/// An authority, and the file that names it.
pub(super) struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pub(super) file: PathBuf,
}

impl Authority {
    pub(super) fn new(name: &str) -> Self {
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, name);
        let key = KeyPair::generate().unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        let file = std::env::temp_dir().join(format!("storelogs-{}-{name}.pem", std::process::id()));
        std::fs::write(&file, pem).unwrap();
        Self { issuer: Issuer::new(params, key), file }
    }

    /// A TLS server for this name, with a certificate from one year to another.
    pub(super) fn server(&self, name: &str, from: i32, to: i32) -> Arc<ServerConfig> {
        let mut params = CertificateParams::new([name.to_owned()]).unwrap();
        (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(to, 1, 1));
        let key = KeyPair::generate().unwrap();
        let certificate = params.signed_by(&key, &self.issuer).unwrap();
        let key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
        let config = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
        Arc::new(config.with_no_client_auth().with_single_cert(vec![certificate.der().clone()], key).unwrap())
    }
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.file);
    }
}

pub(super) async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, port)
}

/// Answers every request with the page, over TLS.
pub(super) async fn serve(config: Arc<ServerConfig>) -> u16 {
    let (listener, port) = listen().await;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = TlsAcceptor::from(Arc::clone(&config));
            tokio::spawn(async move {
                let Ok(mut stream) = acceptor.accept(stream).await else { return };
                head(&mut stream).await;
                let _ = stream.write_all(answer().as_bytes()).await;
                let _ = stream.shutdown().await;
            });
        }
    });
    port
}

pub(super) fn answer() -> String {
    format!("HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{PAGE}", PAGE.len())
}

/// The head of a request, as far as it comes.
pub(super) async fn head(stream: &mut (impl AsyncReadExt + Unpin)) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match stream.read_u8().await {
            Ok(byte) => head.push(byte),
            Err(_) => break,
        }
    }
    String::from_utf8_lossy(&head).into_owned()
}

/// A proxy that wants a password and leads every tunnel to one port of this machine. It writes down what it sees.
pub(super) struct TestProxy {
    pub(super) port: u16,
    pub(super) heads: Arc<Mutex<Vec<String>>>,
    pub(super) passed: Arc<Mutex<Vec<u8>>>,
}

impl TestProxy {
    pub(super) async fn to(port: u16) -> Self {
        let (listener, own) = listen().await;
        let (heads, passed) = (Arc::<Mutex<Vec<String>>>::default(), Arc::<Mutex<Vec<u8>>>::default());
        let seen = (Arc::clone(&heads), Arc::clone(&passed));
        tokio::spawn(async move {
            while let Ok((mut client, _)) = listener.accept().await {
                let (heads, passed) = seen.clone();
                tokio::spawn(async move {
                    let head = head(&mut client).await;
                    heads.lock().unwrap().push(head.clone());
                    let reply = if head.contains("forbidden.example") {
                        "HTTP/1.1 403 Forbidden\r\n\r\n"
                    } else if head.to_lowercase().contains("proxy-authorization: basic bwu6chdk\r\n") {
                        "HTTP/1.1 200 Connection established\r\n\r\n"
                    } else {
                        "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\n\r\n"
                    };
                    client.write_all(reply.as_bytes()).await.unwrap();
                    if !reply.contains(" 200 ") {
                        return;
                    }
                    let mut server = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    let mut first = vec![0; 16 << 10];
                    let length = client.read(&mut first).await.unwrap_or(0);
                    passed.lock().unwrap().extend(&first[..length]);
                    server.write_all(&first[..length]).await.unwrap();
                    let _ = copy_bidirectional(&mut client, &mut server).await;
                });
            }
        });
        Self { port: own, heads, passed }
    }
}

/// One request from this process.
pub(super) async fn ask(url: &str) -> Result<usize, Error> {
    let builder = BigCommerce::builder("abc123").access_token(TOKEN).retry(RetryPolicy::never().max_attempts(1));
    let page = builder.api_url(url).build()?.page(|request| request).await?;
    Ok(page.records.len())
}

/// The variables that decide how a request goes.
const OURS: [&str; 10] = [
    "HTTPS_PROXY",
    "https_proxy",
    "HTTP_PROXY",
    "http_proxy",
    "ALL_PROXY",
    "all_proxy",
    "NO_PROXY",
    "no_proxy",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
];
const URL: &str = "STORELOGS_TEST_URL";

/// Asks from a process of its own with these variables, and returns what it says. The test by that name calls [`child`].
pub(super) async fn ask_with(url: &str, variables: &[(&str, &str)]) -> String {
    let mut command = Command::new(std::env::current_exe().unwrap());
    for name in OURS {
        command.env_remove(name);
    }
    command.args(["--exact", "network::stage::a_process_asks_as_its_environment_says", "--nocapture"]);
    command.env(URL, url).envs(variables.iter().copied());
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.contains(TOKEN) && !text.contains("pwd"), "a secret shows: {text}");
    let said = text.lines().find_map(|line| line.split_once("said ")).map(|(_, said)| said.to_owned());
    said.unwrap_or_else(|| panic!("{text}{}", String::from_utf8_lossy(&output.stderr)))
}

/// The test that [`ask_with`] runs in a process of its own. By itself it does nothing.
#[tokio::test]
#[allow(clippy::print_stdout)]
async fn a_process_asks_as_its_environment_says() {
    let Ok(url) = std::env::var(URL) else { return };
    match ask(&url).await {
        Ok(records) => println!("said {records} records"),
        Err(error) => {
            let text = format!("{} {:?} {:?} {error}", error.reason().unwrap_or("-"), error.kind(), error.attempts());
            println!("said {text} {error:?}");
            let mut source = std::error::Error::source(&error);
            while let Some(error) = source {
                println!("{error} {error:?}");
                source = error.source();
            }
        }
    }
}
