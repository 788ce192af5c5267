//! A receiver of OTLP that keeps what it was sent, and answers as a test says.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// A request as it came.
#[derive(Clone, Debug)]
pub(crate) struct Received {
    /// Names in small letters.
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) path: String,
    pub(crate) body: Vec<u8>,
}

/// A receiver's reaction to a request.
#[derive(Clone, Debug)]
pub(crate) enum Reply {
    /// It answers with a status, headers and a body.
    Answer(u16, Vec<(&'static str, String)>, Vec<u8>),
    /// It closes the connection.
    Nothing,
}

pub(crate) fn ok() -> Reply {
    status(200)
}

pub(crate) fn status(status: u16) -> Reply {
    Reply::Answer(status, Vec::new(), Vec::new())
}

pub(crate) struct Receiver {
    pub(crate) endpoint: String,
}

impl Receiver {
    /// Starts to listen. It ends with the process.
    pub(crate) fn start(answer: impl FnMut(&Received) -> Reply + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let answer = Arc::new(Mutex::new(answer));
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let answer = Arc::clone(&answer);
                std::thread::spawn(move || while serve(&stream, &answer) == Some(true) {});
            }
        });
        Self { endpoint }
    }
}

/// One request. Whether the connection goes on; `None`: it is closed.
fn serve(stream: &TcpStream, answer: &Mutex<impl FnMut(&Received) -> Reply>) -> Option<bool> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let mut headers = BTreeMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length")?.parse().ok()?;
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let reply = answer.lock().unwrap()(&Received { headers, path, body });
    let Reply::Answer(status, headers, body) = reply else { return None };
    let mut head = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
    headers.iter().for_each(|(name, value)| head.push_str(&format!("{name}: {value}\r\n")));
    // In one piece: a second one would wait until the first is acknowledged.
    let answer = [format!("{head}\r\n").into_bytes(), body].concat();
    let mut stream = stream;
    stream.write_all(&answer).ok()?;
    Some(true)
}
