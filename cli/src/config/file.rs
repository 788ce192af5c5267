//! A file such as `storelogs.toml`.

use std::collections::HashMap;
use std::collections::hash_map::Entry as Slot;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use storelogs::Store;
use storelogs::platform::Setting;
use storelogs_collector::wording::pluralize;

use super::document::{Document, Place};
use super::export;
use super::keep::KeepEntry;
use super::labels::labels;
use super::mistake::{Fault, Wrong};
use super::parsed::ParsedFile;
use super::platforms;
use super::rate::Rate;
use super::reference::{Reference, Secret, beside};
use super::rule;
use super::settings::{App, Settings};
use super::value::keys;

/// The keys of the file itself.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    stores_csv: Option<PathBuf>,
    proxy: Option<Reference<ProxyAddress>>,
    keep: Option<KeepEntry>,
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

/// The most mistakes of a file that are said.
const MOST_SAID: usize = 10;

/// The content of the file. A file with any error is refused as a whole: people write it by hand. Each of its mistakes is said,
/// up to a few.
pub(super) fn read(text: &str, path: &Path) -> Result<ParsedFile, Vec<String>> {
    let shown = path.display();
    let placed = |(line, why): Fault| format!("{shown} line {line}: {why}");
    let sections = [("store", keys::<Entry>()), ("rule", keys::<rule::Entry>()), ("export", keys::<export::Entry>())];
    let mut document = Document::parse::<File>(text, &sections).map_err(|fault| vec![placed(fault)])?;
    let stores = document.each("store", |entry, _| settings(entry, path));
    let rules = document.each("rule", |entry, place: &Place| rule::settings(entry, place.number, path));
    let exports = document.each("export", |entry, _| export::settings(entry, path));
    let mut found = ParsedFile::default();
    if let Some(file) = document.rest::<File>() {
        found.keep = file.keep.map(|entry| entry.0);
        found.csv = file.stores_csv.map(|csv| beside(path, &csv));
        found.proxy = file.proxy.map(|proxy| proxy.source(path));
    }
    let mut lines: HashMap<Store, usize> = HashMap::new();
    for (place, settings) in stores {
        match lines.entry(settings.store.clone()) {
            Slot::Occupied(first) => {
                let (store, first) = (&settings.store, first.get());
                document.refuse(&place, format!("the store {store} is already in line {first}"));
            }
            Slot::Vacant(slot) => {
                slot.insert(place.line);
                found.stores.push((settings, place.line));
            }
        }
    }
    found.rules = rules.into_iter().map(|(place, settings)| (settings, place.line)).collect();
    found.exports = exports.into_iter().map(|(_, settings)| settings).collect();
    let mut faults: Vec<String> = document.faults().into_iter().map(placed).collect();
    if faults.is_empty() {
        return Ok(found);
    }
    let more = faults.len().saturating_sub(MOST_SAID);
    faults.truncate(MOST_SAID);
    faults.extend(
        (more > 0).then(|| format!("{shown}: and {}", pluralize(more as u64, "more mistake", "more mistakes"))),
    );
    Err(faults)
}

fn settings(entry: Entry, path: &Path) -> Result<Settings, Wrong> {
    let store = match platforms::store(&entry.platform, &entry.store) {
        Some(store) => store.map_err(Wrong::of("store"))?,
        None => return Err(Wrong::of("platform")(platforms::unknown(&entry.platform))),
    };
    if entry.api_version.is_some() {
        platforms::check(&store, "api_version", Setting::ApiVersion).map_err(Wrong::of("api_version"))?;
    }
    let rate = Rate { per_second: entry.requests_per_second, bucket: entry.bucket, leave: entry.leave_quota };
    rate.check(&store)?;
    if entry.app_key.is_some() || entry.app_secret.is_some() {
        let key = if entry.app_key.is_some() { "app_key" } else { "app_secret" };
        platforms::check(&store, "app_key and app_secret", Setting::App).map_err(Wrong::of(key))?;
    }
    let app = match (entry.app_key, entry.app_secret) {
        (Some(key), Some(secret)) => Some(App { key: key.source(path), secret: secret.source(path) }),
        (Some(_), None) => {
            return Err(Wrong::beside_others("app_key")("app_key is there but app_secret is not".to_owned()));
        }
        (None, Some(_)) => {
            return Err(Wrong::beside_others("app_secret")("app_secret is there but app_key is not".to_owned()));
        }
        (None, None) => None,
    };
    let token = match entry.access_token {
        Some(token) => token.source(path),
        None => Settings::usual_token(&store, app.as_ref())?,
    };
    let keep = entry.keep.map(|entry| entry.0);
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

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SECRET: &str = "q1w2e3r4t5y6u7i8o9p0a1s2d3f4";

    const VALID: [(&str, &str); 4] = [
        ("", ""),
        ("store", "[[store]]\nplatform = \"shopline\"\nstore = \"open001\"\n"),
        ("rule", "[[rule]]\nwhen = \"refund\"\n"),
        ("export", "[[export]]\nkind = \"otlp\"\nto = \"http://127.0.0.1:1\"\n"),
    ];

    fn keys_of(section: &str) -> Vec<&'static str> {
        let keys = match section {
            "" => keys::<File>(),
            "store" => keys::<Entry>(),
            "rule" => keys::<rule::Entry>(),
            _ => keys::<export::Entry>(),
        };
        assert!(keys.len() >= 3, "{section}");
        // The text of a query and of a rule's name is shown: nobody knows one without it.
        keys.iter().copied().filter(|key| !matches!((section, *key), ("rule", "when" | "name"))).collect()
    }

    #[test]
    fn no_error_shows_what_stands_in_the_place_of_a_secret() {
        let mut refused = 0;
        for (section, valid) in VALID {
            for key in keys_of(section).into_iter().chain(["token", "api token", "acess_token"]) {
                for line in [
                    format!("{key} = \"{SECRET}\""),
                    format!("{key} = {SECRET}"),
                    format!("{key} = \"{SECRET}"),
                    format!("{key} = {SECRET}\""),
                    format!("{key} = '{SECRET}\""),
                    format!("{key} = \"a\" {SECRET}"),
                    format!("{key} = \"{SECRET}\","),
                    format!("{key} = \"{SECRET}\\x\""),
                    format!("{key} = “{SECRET}”"),
                    format!("{key}: \"{SECRET}\""),
                    format!("{key} {SECRET}"),
                    format!("{key}{SECRET}"),
                    SECRET.to_owned(),
                    format!("{SECRET} = \"{key}\""),
                    format!("= \"{SECRET}\""),
                    format!("[{SECRET}]"),
                    format!("[[{SECRET}]"),
                    format!("{key} = [\"{SECRET}\""),
                    format!("{key} = [\"{SECRET}\"]"),
                    format!("{key} = [{SECRET}]"),
                    format!("{key} = {{ env = \"{SECRET}\" }}"),
                    format!("{key} = {{ env = \"{SECRET}\""),
                    format!("{key} = {{ {SECRET} = \"env\" }}"),
                    format!("{key} = {{ file = [\"{SECRET}\"] }}"),
                    format!("{key} = {{ command = \"{SECRET}\" }}"),
                    format!("{key}.{SECRET} = 1"),
                    format!("{key} = 1\n{key} = \"{SECRET}\""),
                    format!("- {key}: {SECRET}"),
                    format!("{{\"{key}\": \"{SECRET}\"}}"),
                ] {
                    for text in [format!("{valid}{line}\n"), format!("{line}\n{valid}")] {
                        let Err(why) = read(&text, Path::new("storelogs.toml")) else { continue };
                        let why = why.join("\n");
                        refused += 1;
                        assert!(!why.contains(SECRET), "{text}{why}");
                        assert!(why.starts_with("storelogs.toml line "), "{text}{why}");
                        let words = ["expected", "unknown field", "unknown variant", "invalid type", "missing field"];
                        assert!(!words.iter().any(|word| why.contains(word)), "{text}{why}");
                    }
                }
            }
        }
        assert!(refused > 1000, "{refused}");
    }

    #[test]
    fn all_that_is_wrong_in_a_table_is_said_at_once_and_nothing_that_is_wrong_only_without_it() {
        let faults = |text: &str| match read(text, Path::new("storelogs.toml")) {
            Ok(_) => panic!("taken: {text}"),
            Err(faults) => faults,
        };
        for (text, wrong) in [
            (
                "[[store]]\nplatform = \"bigcomerce\"\nstor = \"a1\"\nstore = \"a1\"",
                &[(2, "bigcommerce?"), (3, "stor\" is not")][..],
            ),
            (
                "[[store]]\nplatform = \"bigcommerce\"\nstore = \"a b\"\nowner = \"a\\tb\"\nleave_quote = 0.5",
                &[(3, "\"a b\" is not"), (5, "leave_quote\" is not")],
            ),
            (
                "[[store]]\nplatform = \"bigcommerce\"\nstore = \"a1\"\nowner = \"a\\tb\"\nleave_quota = 2\nbucket = \"5\"",
                &[(4, "owner is one line"), (5, "leave_quota is a share"), (6, "bucket is a text")],
            ),
            (
                "[[rule]]\nwhen = \"severity>=eror\"\nwithin = \"10 minuts\"\nmore_then = 5\nlevel = \"bad\"\nper = [\"shop\"]",
                &[
                    (2, "a severity is"),
                    (3, "within: write how long"),
                    (4, "more_then\" is not"),
                    (5, "level"),
                    (6, "\"shop\""),
                ],
            ),
            ("[[rule]]\nwhen = \"x\"\nwithin = \"5m\"\nmore_then = 5", &[(4, "more_then\" is not")]),
            ("[[rule]]\nwhen = \"x\"\nwebhok = { env = \"A\" }\nwebhook_form = \"slack\"", &[(3, "webhok\" is not")]),
            ("[[rule]]\nwhen = \"x\"\nwithin = \"5m\"", &[(3, "within says nothing without more_than")]),
            (
                "[[export]]\nkind = \"otlp\"\nto = \" \"\nevry = \"10s\"\nevery = \"ten\"\nsince = \"soon\"",
                &[(3, "to is empty"), (4, "evry\" is not"), (5, "every is no length"), (6, "since is no age")],
            ),
        ] {
            let found = faults(text);
            assert_eq!(found.len(), wrong.len(), "{text}\n{found:#?}");
            for (found, (line, why)) in found.iter().zip(wrong) {
                assert!(
                    found.starts_with(&format!("storelogs.toml line {line}: ")) && found.contains(why),
                    "{text}\n{found}"
                );
            }
        }
    }
}
