//! A bucket on loopback: as much of S3 as the lake asks for, and what real ones do wrong.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use object_store::aws::AmazonS3Builder;
use storelogs_export::storage::ObjectStorage;

/// A fault in a PUT that makes an object which must not be there yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    None,
    /// It is done, and the connection ends without an answer.
    LosesAnswers,
    /// It is done, and the answer is 500.
    DoneAnd500,
    /// It is not done, and the answer is 409.
    Says409,
    /// It is not done, and the answer is 500.
    Says500,
}

#[derive(Debug)]
struct State {
    objects: BTreeMap<String, Vec<u8>>,
    uploads: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    fault: Fault,
    /// Every how many of those requests one has the fault.
    every: u64,
    created: u64,
    ignores_if_none_match: bool,
    refuses_if_none_match: bool,
    /// The keys that each request must name.
    requests: Vec<String>,
}

/// The bucket.
#[derive(Clone, Debug)]
pub(crate) struct Bucket {
    state: Arc<Mutex<State>>,
    address: SocketAddr,
}

struct Request {
    method: String,
    path: String,
    query: BTreeMap<String, String>,
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
}

impl Bucket {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let state = Arc::new(Mutex::new(State {
            objects: BTreeMap::new(),
            uploads: BTreeMap::new(),
            fault: Fault::None,
            every: 1,
            created: 0,
            ignores_if_none_match: false,
            refuses_if_none_match: false,
            requests: Vec::new(),
        }));
        let bucket = Self { state, address };
        let own = bucket.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let own = own.clone();
                std::thread::spawn(move || own.serve(stream));
            }
        });
        bucket
    }

    pub(crate) fn with_fault(self, fault: Fault, every: u64) -> Self {
        {
            let mut state = self.state.lock().unwrap();
            (state.fault, state.every) = (fault, every);
        }
        self
    }

    pub(crate) fn ignoring_if_none_match(self) -> Self {
        self.state.lock().unwrap().ignores_if_none_match = true;
        self
    }

    pub(crate) fn refusing_if_none_match(self) -> Self {
        self.state.lock().unwrap().refuses_if_none_match = true;
        self
    }

    pub(crate) fn storage(&self) -> Box<ObjectStorage> {
        let retry = object_store::RetryConfig {
            backoff: object_store::BackoffConfig {
                init_backoff: std::time::Duration::from_millis(1),
                max_backoff: std::time::Duration::from_millis(5),
                base: 2.0,
            },
            max_retries: 3,
            retry_timeout: std::time::Duration::from_secs(60),
        };
        let builder = AmazonS3Builder::new()
            .with_endpoint(format!("http://{}", self.address))
            .with_region("eu-central-1")
            .with_access_key_id("AKIDEXAMPLE")
            .with_secret_access_key("of-the-tests")
            .with_retry(retry);
        Box::new(ObjectStorage::new(builder, "s3://logs/of/stores").unwrap())
    }

    /// Writes the folder `of/stores` of the bucket to the disk.
    pub(crate) fn copy_to(&self, folder: &std::path::Path) {
        for (key, content) in &self.state.lock().unwrap().objects {
            let path = folder.join(key.strip_prefix("of/stores/").unwrap());
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, content).unwrap();
        }
    }

    pub(crate) fn requests(&self) -> Vec<String> {
        self.state.lock().unwrap().requests.clone()
    }

    fn serve(&self, stream: TcpStream) {
        let mut from = BufReader::new(stream.try_clone().unwrap());
        while let Some(request) = Request::read(&mut from) {
            let Some((status, headers, body)) = self.answer(&request) else {
                let _ = stream.shutdown(Shutdown::Both);
                return;
            };
            let length = body.len();
            let mut answer = format!("HTTP/1.1 {status} X\r\nContent-Length: {length}\r\n{headers}\r\n").into_bytes();
            if request.method != "HEAD" {
                answer.extend_from_slice(&body);
            }
            if (&stream).write_all(&answer).is_err() {
                return;
            }
        }
    }

    /// Status, headers and body. `None`: no answer at all.
    fn answer(&self, request: &Request) -> Option<(u16, String, Vec<u8>)> {
        let mut state = self.state.lock().unwrap();
        state.requests.push(format!("{} {}", request.method, request.path));
        assert!(request.headers.contains_key("authorization"), "a request without a signature");
        let key = request.path.strip_prefix("/logs").unwrap().trim_start_matches('/').to_owned();
        let tag = "ETag: \"x\"\r\nLast-Modified: Sun, 02 Aug 2026 11:00:00 GMT\r\n".to_owned();
        let none = |status| Some((status, String::new(), Vec::new()));
        match (&*request.method, request.query.get("uploadId")) {
            ("PUT", Some(upload)) => {
                let part = request.query["partNumber"].parse().unwrap();
                state.uploads.get_mut(upload).unwrap().insert(part, request.body.clone());
                Some((200, tag, Vec::new()))
            }
            ("PUT", None) => self.put(&mut state, key, request),
            ("POST", Some(upload)) => {
                let parts = state.uploads.remove(upload).unwrap();
                state.objects.insert(key.clone(), parts.into_values().flatten().collect());
                let body = format!(
                    "<CompleteMultipartUploadResult><Location>l</Location><Bucket>logs</Bucket><Key>{key}</Key><ETag>\"x\"</ETag></CompleteMultipartUploadResult>"
                );
                Some((200, String::new(), body.into_bytes()))
            }
            ("POST", None) => {
                let id = format!("upload{}", state.requests.len());
                state.uploads.insert(id.clone(), BTreeMap::new());
                let body = format!(
                    "<InitiateMultipartUploadResult><Bucket>logs</Bucket><Key>{key}</Key><UploadId>{id}</UploadId></InitiateMultipartUploadResult>"
                );
                Some((200, String::new(), body.into_bytes()))
            }
            ("DELETE", _) => {
                state.objects.remove(&key);
                none(204)
            }
            ("GET" | "HEAD", _) if key.is_empty() => {
                let prefix = &request.query["prefix"];
                let listed = state.objects.iter().filter(|(key, _)| key.starts_with(prefix.as_str()));
                let contents: String = listed
                    .map(|(key, content)| {
                        format!(
                            "<Contents><Key>{key}</Key><Size>{}</Size><LastModified>2026-08-02T11:00:00.000Z</LastModified><ETag>\"x\"</ETag></Contents>",
                            content.len()
                        )
                    })
                    .collect();
                let body = format!("<ListBucketResult><IsTruncated>false</IsTruncated>{contents}</ListBucketResult>");
                Some((200, String::new(), body.into_bytes()))
            }
            ("GET" | "HEAD", _) => match state.objects.get(&key) {
                Some(content) => Some((200, tag, content.clone())),
                None => none(404),
            },
            other => panic!("{other:?}"),
        }
    }

    fn put(&self, state: &mut State, key: String, request: &Request) -> Option<(u16, String, Vec<u8>)> {
        let done = Some((200, "ETag: \"x\"\r\n".to_owned(), Vec::new()));
        let none = |status| Some((status, String::new(), Vec::new()));
        let creates = request.headers.get("if-none-match").is_some_and(|value| value == "*");
        if creates && state.refuses_if_none_match {
            return none(501);
        }
        if !creates || state.ignores_if_none_match {
            state.objects.insert(key, request.body.clone());
            return done;
        }
        if state.objects.contains_key(&key) {
            return none(412);
        }
        state.created += 1;
        let fault = if state.created.is_multiple_of(state.every) { state.fault } else { Fault::None };
        match fault {
            Fault::Says409 => return none(409),
            Fault::Says500 => return none(500),
            _ => {}
        }
        state.objects.insert(key, request.body.clone());
        match fault {
            Fault::LosesAnswers => None,
            Fault::DoneAnd500 => none(500),
            _ => done,
        }
    }
}

impl Request {
    fn read(from: &mut impl BufRead) -> Option<Self> {
        let mut line = String::new();
        from.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let mut words = line.split_whitespace();
        let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
        let mut headers = BTreeMap::new();
        loop {
            let mut line = String::new();
            from.read_line(&mut line).ok()?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
        }
        assert!(!headers.contains_key("transfer-encoding"), "a body in chunks");
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        from.read_exact(&mut body).ok()?;
        let (path, query) = target.split_once('?').unwrap_or((&target, ""));
        let query = query.split('&').filter(|part| !part.is_empty()).map(|part| {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            (decoded(name), decoded(value))
        });
        Some(Self { method, path: decoded(path), query: query.collect(), headers, body })
    }
}

fn decoded(text: &str) -> String {
    let mut parts = text.split('%');
    let mut bytes = parts.next().unwrap().as_bytes().to_vec();
    for part in parts {
        bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
        bytes.extend_from_slice(&part.as_bytes()[2..]);
    }
    String::from_utf8(bytes).unwrap()
}
