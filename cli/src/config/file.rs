//! A file such as `storelogs.toml`.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Place;
use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use storelogs::secrecy::SecretString;
use storelogs::{Platform, Store};
use toml::Spanned;

use super::files::Found;
use super::{App, Rate, Settings, TokenSource, environment, rule};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stores_csv: Option<PathBuf>,
    proxy: Option<Reference<ProxyAddress>>,
    #[serde(default)]
    store: Vec<Spanned<Entry>>,
    #[serde(default)]
    rule: Vec<Spanned<rule::Entry>>,
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
}

/// What the file says. A file with anything wrong in it is wrong as a whole: it is written by hand.
pub(super) fn read(text: &str, path: &Path) -> Result<Found, String> {
    let breaks: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let line = |at: usize| breaks.partition_point(|end| *end < at) + 1;
    let shown = path.display();
    let file: File = toml::from_str(text).map_err(|error| {
        // The library's own form shows the line in question, and a token may stand there.
        let at = error.span().map(|span| format!(" line {}", line(span.start))).unwrap_or_default();
        let why = match error.message() {
            "invalid type: map, expected a sequence" => {
                "write [[store]] and [[rule]], with two brackets: there may be several"
            }
            other => other,
        };
        format!("{shown}{at}: {why}")
    })?;
    let csv = file.stores_csv.map(|csv| beside(path, &csv));
    let mut found = Found { csv, proxy: file.proxy.map(|proxy| proxy.source(path)), ..Found::default() };
    let mut lines: HashMap<Store, usize> = HashMap::new();
    for entry in file.store {
        let line = line(entry.span().start);
        let settings = settings(entry.into_inner(), path).map_err(|why| format!("{shown} line {line}: {why}"))?;
        match lines.entry(settings.store.clone()) {
            Place::Occupied(first) => {
                let (store, first) = (&settings.store, first.get());
                return Err(format!("{shown} line {line}: the store {store} stands in line {first} already"));
            }
            Place::Vacant(place) => place.insert(line),
        };
        found.stores.push((settings, line));
    }
    for (number, entry) in (1..).zip(file.rule) {
        let line = line(entry.span().start);
        let settings = rule::settings(entry.into_inner(), number, path);
        found.rules.push((settings.map_err(|why| format!("{shown} line {line}: {why}"))?, line));
    }
    Ok(found)
}

/// A path as seen from the file that names it.
pub(super) fn beside(file: &Path, named: &Path) -> PathBuf {
    file.parent().map_or_else(|| named.to_owned(), |folder| folder.join(named))
}

fn settings(entry: Entry, path: &Path) -> Result<Settings, String> {
    let store = match entry.platform.as_str() {
        "bigcommerce" => Store::bigcommerce(&entry.store),
        "shopline" => Store::shopline(&entry.store),
        other => return Err(format!("platform {other:?} is not known: write bigcommerce or shopline")),
    };
    let store = store.map_err(|error| error.to_string())?;
    let shopline = *store.platform() == Platform::SHOPLINE;
    if entry.api_version.is_some() && !shopline {
        return Err("api_version is for SHOPLINE stores only".to_owned());
    }
    let rate = Rate { per_second: entry.requests_per_second, bucket: entry.bucket, leave: entry.leave_quota };
    rate.check(shopline)?;
    let app = match (entry.app_key, entry.app_secret) {
        (Some(_), _) | (_, Some(_)) if !shopline => {
            return Err("app_key and app_secret are for SHOPLINE stores only".to_owned());
        }
        (Some(key), Some(secret)) => Some(App { key: key.source(path), secret: secret.source(path) }),
        (Some(_), None) => return Err("app_key is there but app_secret is not".to_owned()),
        (None, Some(_)) => return Err("app_secret is there but app_key is not".to_owned()),
        (None, None) => None,
    };
    let token = match entry.access_token {
        Some(token) => token.source(path),
        None if app.is_some() => TokenSource::App,
        None => TokenSource::Env(environment::token_variable(store.platform()).to_owned()),
    };
    Ok(Settings { store, token, api_url: entry.api_url, api_version: entry.api_version, app, rate })
}

/// The name of something secret.
pub(super) trait Secret {
    const KEY: &'static str;
    const WHAT: &'static str;

    /// Whether this text holds nothing secret, and may stand in the file.
    fn is_open(_: &str) -> bool {
        false
    }
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

/// Where something secret comes from. Read by hand, so that no error can show what stands there.
pub(super) struct Reference<S>(TokenSource, PhantomData<S>);

impl<S> Reference<S> {
    pub(super) fn source(self, path: &Path) -> TokenSource {
        match self.0 {
            TokenSource::File(file) => TokenSource::File(beside(path, &file)),
            other => other,
        }
    }
}

impl<'de, S: Secret> Deserialize<'de> for Reference<S> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ReferenceVisitor(PhantomData))
    }
}

struct ReferenceVisitor<S>(PhantomData<S>);

impl<S: Secret> ReferenceVisitor<S> {
    fn forms() -> String {
        format!(
            "write {} = {{ env = \"NAME\" }}, {{ file = \"PATH\" }} or {{ command = [\"program\", \"argument\"] }}",
            S::KEY
        )
    }
}

impl<'de, S: Secret> Visitor<'de> for ReferenceVisitor<S> {
    type Value = Reference<S>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "where the {} comes from", S::KEY.replace('_', " "))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Reference<S>, E> {
        if S::is_open(text) {
            return Ok(Reference(TokenSource::Text(SecretString::from(text.to_owned())), PhantomData));
        }
        let (key, what) = (S::KEY, S::WHAT);
        Err(E::custom(format!(
            "{key} is a plain text: {what} in this file would be copied and shared along with it; {}",
            Self::forms()
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Reference<S>, A::Error> {
        let wrong = || de::Error::custom(Self::forms());
        let Some(key) = map.next_key::<String>()? else { return Err(wrong()) };
        let source = match key.as_str() {
            "env" => {
                let name: String = map.next_value().map_err(|_| wrong())?;
                if !is_variable(&name) {
                    // It may be the token itself, so it is not shown.
                    return Err(de::Error::custom(format!("{}.env is {VARIABLE}", S::KEY)));
                }
                TokenSource::Env(name)
            }
            "file" => TokenSource::File(map.next_value::<PathBuf>().map_err(|_| wrong())?),
            "command" => {
                let command: Vec<String> = map.next_value().map_err(|_| wrong())?;
                if command.first().is_none_or(String::is_empty) {
                    return Err(de::Error::custom(format!(
                        "{}.command is empty: its first text is the program",
                        S::KEY
                    )));
                }
                TokenSource::Command { command, without: Vec::new() }
            }
            other => return Err(de::Error::custom(format!("unknown field `{other}`; {}", Self::forms()))),
        };
        match map.next_key::<String>()? {
            None => Ok(Reference(source, PhantomData)),
            Some(_) => Err(de::Error::custom(format!("{} has more than one source; {}", S::KEY, Self::forms()))),
        }
    }
}

/// What an environment variable of ours is called.
pub(super) const VARIABLE: &str = "the name of an environment variable: upper-case letters, digits and _";

pub(super) fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}
