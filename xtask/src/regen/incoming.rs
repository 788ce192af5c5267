//! A newer document, from a file or an address.

use std::error::Error as _;
use std::path::Path;
use std::time::Duration;
use std::{fs, iter};

use reqwest::{Client, Url, redirect};
use serde_json::Value;

use crate::Result;
use crate::changes::printable;
use crate::generator::document;

/// A vendor's document has a few thousand lines. What is larger is something else.
const LARGEST: usize = 8 << 20;

/// Longer than any host needs that will answer at all.
const DOWNLOAD_TIMEOUT: Duration = Duration::from_secs(60);

/// A document as it came.
pub(crate) struct Incoming {
    pub(crate) bytes: Vec<u8>,
    pub(crate) document: Value,
    /// The source of the document, without what may be secret.
    pub(crate) source: String,
}

impl Incoming {
    /// Reads a file, or what an address answers.
    ///
    /// # Errors
    /// If there is nothing, or it is not an OpenAPI document of the edition that the generator reads.
    pub(crate) fn read(from: &str) -> Result<Self> {
        let (bytes, source) = if from.contains("://") { fetch(from)? } else { load(from)? };
        let document = parse(&bytes).map_err(|why| format!("{}: {}", printable(&source), printable(&why)))?;
        Ok(Self { bytes, document, source })
    }
}

fn load(path: &str) -> Result<(Vec<u8>, String)> {
    let path = Path::new(path);
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    // Folders are those of one person.
    let name = path.file_name().unwrap_or_default().display();
    Ok((bytes, format!("the file `{name}`")))
}

fn fetch(address: &str) -> Result<(Vec<u8>, String)> {
    let mut url = Url::parse(address).map_err(|e| format!("{}: {e}", printable(address)))?;
    let is_near = matches!(url.host_str(), Some("localhost" | "127.0.0.1" | "[::1]"));
    if url.scheme() != "https" && !(url.scheme() == "http" && is_near) {
        return Err("an address must begin with https://, so that nobody can change the document on its way".into());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|e| e.to_string())?;
    let answer = runtime.block_on(get(url.clone(), is_near));
    url.set_query(None);
    url.set_fragment(None);
    // Neither fails for http and https.
    let _ = (url.set_username(""), url.set_password(None));
    match answer {
        Ok(bytes) => Ok((bytes, url.to_string())),
        Err(why) => Err(format!("{url}: {why}")),
    }
}

async fn get(url: Url, is_near: bool) -> Result<Vec<u8>> {
    // The library takes ring, too. An error means that it was installed before.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut client = Client::builder()
        .https_only(!is_near)
        .redirect(redirect::Policy::limited(5))
        .timeout(DOWNLOAD_TIMEOUT)
        .user_agent("storelogs-xtask");
    if is_near {
        client = client.no_proxy();
    }
    // Without the address: it may hold a password.
    let with_causes = |error: reqwest::Error| {
        let error = error.without_url();
        let causes = iter::successors(error.source(), |&cause| cause.source());
        causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
    };
    let mut answer = client.build().map_err(with_causes)?.get(url).send().await.map_err(with_causes)?;
    if !answer.status().is_success() {
        return Err(format!("it answered {}", answer.status()));
    }
    let mut bytes = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(with_causes)? {
        bytes.extend_from_slice(&chunk);
        if bytes.len() > LARGEST {
            return Err(format!("it sends more than {} MiB: this is no document", LARGEST >> 20));
        }
    }
    Ok(bytes)
}

fn parse(bytes: &[u8]) -> Result<Value> {
    let text = std::str::from_utf8(bytes).map_err(|e| format!("it is not text: {e}"))?;
    let (document, lost) = document::read(text)
        .map_err(|e| if e.starts_with("it is ") { e } else { format!("it is neither YAML nor JSON: {e}") })?;
    for lost in lost {
        eprintln!("OpenAPI 3.0 cannot say all that the document does: {}", printable(&lost));
    }
    if document["paths"].as_object().is_none_or(serde_json::Map::is_empty) {
        return Err("it has no `paths`, so there is nothing to generate".into());
    }
    Ok(document)
}
