//! A file such as `storelogs.toml`.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use storelogs::Store;
use storelogs::platform::Setting;
use toml::Spanned;

use super::export;
use super::keep::KeepEntry;
use super::labels::labels;
use super::parsed::ParsedFile;
use super::platforms;
use super::rate::Rate;
use super::reference::{Reference, Secret, beside};
use super::rule;
use super::settings::{App, Settings};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stores_csv: Option<PathBuf>,
    proxy: Option<Reference<ProxyAddress>>,
    keep: Option<KeepEntry>,
    #[serde(default)]
    store: Vec<Spanned<Entry>>,
    #[serde(default)]
    rule: Vec<Spanned<rule::Entry>>,
    #[serde(default)]
    export: Vec<Spanned<export::Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    platform: String,
    store: String,
    access_token: Option<Reference<AccessToken>>,
    app_key: Option<Reference<AppKey>>,
    app_secret: Option<Reference<AppSecret>>,
    api_url: Option<String>,
    api_version: Option<String>,
    requests_per_second: Option<f64>,
    bucket: Option<u32>,
    leave_quota: Option<f64>,
    keep: Option<KeepEntry>,
    name: Option<String>,
    owner: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
}

/// The content of the file. A file with any error is refused as a whole: people write it by hand.
pub(super) fn read(text: &str, path: &Path) -> Result<ParsedFile, String> {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| breaks.partition_point(|end| *end < at) + 1;
    let shown = path.display();
    let file: File = toml::from_str(text).map_err(|error| {
        // The library's own form shows the line in question, and a token may stand there.
        let at = error.span().map(|span| format!(" line {}", line(span.start))).unwrap_or_default();
        let why = match error.message() {
            "invalid type: map, expected a sequence" => {
                "write [[store]], [[rule]] and [[export]], with two brackets: there may be several"
            }
            other => other,
        };
        format!("{shown}{at}: {why}")
    })?;
    let keep = file.keep.map(KeepEntry::keep).transpose().map_err(|why| format!("{shown}: {why}"))?;
    let csv = file.stores_csv.map(|csv| beside(path, &csv));
    let mut found =
        ParsedFile { csv, proxy: file.proxy.map(|proxy| proxy.source(path)), keep, ..ParsedFile::default() };
    let mut lines: HashMap<Store, usize> = HashMap::new();
    for entry in file.store {
        let line = line(entry.span().start);
        let settings = settings(entry.into_inner(), path).map_err(|why| format!("{shown} line {line}: {why}"))?;
        match lines.entry(settings.store.clone()) {
            Slot::Occupied(first) => {
                let (store, first) = (&settings.store, first.get());
                return Err(format!("{shown} line {line}: the store {store} is already in line {first}"));
            }
            Slot::Vacant(place) => place.insert(line),
        };
        found.stores.push((settings, line));
    }
    for (number, entry) in (1..).zip(file.rule) {
        let line = line(entry.span().start);
        let settings = rule::settings(entry.into_inner(), number, path);
        found.rules.push((settings.map_err(|why| format!("{shown} line {line}: {why}"))?, line));
    }
    for entry in file.export {
        let line = line(entry.span().start);
        let settings = export::settings(entry.into_inner(), path);
        found.exports.push(settings.map_err(|why| format!("{shown} line {line}: {why}"))?);
    }
    Ok(found)
}

fn settings(entry: Entry, path: &Path) -> Result<Settings, String> {
    let store = match platforms::store(&entry.platform, &entry.store) {
        Some(store) => store?,
        None => return Err(format!("platform {:?} is not known: write {}", entry.platform, platforms::names())),
    };
    if entry.api_version.is_some() {
        platforms::check(&store, "api_version", Setting::ApiVersion)?;
    }
    let rate = Rate { per_second: entry.requests_per_second, bucket: entry.bucket, leave: entry.leave_quota };
    rate.check(&store)?;
    if entry.app_key.is_some() || entry.app_secret.is_some() {
        platforms::check(&store, "app_key and app_secret", Setting::App)?;
    }
    let app = match (entry.app_key, entry.app_secret) {
        (Some(key), Some(secret)) => Some(App { key: key.source(path), secret: secret.source(path) }),
        (Some(_), None) => return Err("app_key is there but app_secret is not".to_owned()),
        (None, Some(_)) => return Err("app_secret is there but app_key is not".to_owned()),
        (None, None) => None,
    };
    let token = match entry.access_token {
        Some(token) => token.source(path),
        None => Settings::usual_token(&store, app.as_ref())?,
    };
    let keep = entry.keep.map(KeepEntry::keep).transpose()?;
    let labels = labels(entry.name.as_deref(), entry.owner.as_deref(), entry.tags.iter().map(String::as_str))?;
    Ok(Settings { store, token, api_url: entry.api_url, api_version: entry.api_version, app, rate, keep, labels })
}

struct AccessToken;
struct AppKey;
struct AppSecret;
struct ProxyAddress;

impl Secret for ProxyAddress {
    const KEY: &'static str = "proxy";
    const WHAT: &'static str = "a password";

    fn is_open(address: &str) -> bool {
        !address.contains('@')
    }
}

impl Secret for AccessToken {
    const KEY: &'static str = "access_token";
    const WHAT: &'static str = "a token";
}

impl Secret for AppKey {
    const KEY: &'static str = "app_key";
    const WHAT: &'static str = "a key";
}

impl Secret for AppSecret {
    const KEY: &'static str = "app_secret";
    const WHAT: &'static str = "a secret";
}
