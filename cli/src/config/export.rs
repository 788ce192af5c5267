//! The destinations of `sync --follow` and `watch --sync`, in a configuration file: `[[export]]`.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use serde::Deserialize;
use storelogs_collector::{Length, Moment};

use super::mistake::Wrong;
use super::reference::{Reference, Secret, beside};
use super::token::TokenSource;

/// An export as a file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Entry {
    kind: Kind,
    to: String,
    every: Option<String>,
    since: Option<String>,
    protocol: Option<String>,
    compression: Option<String>,
    timeout: Option<String>,
    #[serde(default)]
    headers: BTreeMap<String, Reference<Header>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Lake,
    Otlp,
}

struct Header;

impl Secret for Header {
    const KEY: &'static str = "headers.NAME";
    const WHAT: &'static str = "a token";
}

/// The destination and the form of an export.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct ExportSettings {
    pub(crate) to: ExportTo,
    /// How long after one export the next begins.
    pub(crate) every: Duration,
}

/// A destination.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExportTo {
    /// A lake at an address.
    Lake(String),
    /// A receiver of OTLP.
    Otlp(OtlpTarget),
}

/// A receiver of OTLP, as far as it is said.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct OtlpTarget {
    pub(crate) endpoint: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) compression: Option<String>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) headers: Vec<(String, TokenSource)>,
    /// The time before which entries are not sent.
    pub(crate) since: Option<Moment>,
}

/// A lake gets a file for each export, so not too often.
const LAKE_EVERY: Duration = Duration::from_secs(300);
const OTLP_EVERY: Duration = Duration::from_secs(10);

/// Reads the settings of an export from its entry.
pub(super) fn settings(entry: Entry, path: &Path) -> Result<ExportSettings, Wrong> {
    let length = |key: &'static str, text: Option<String>| {
        let wrong = || Wrong::of(key)(format!("{key} is no length of time such as \"30s\""));
        let length = |text: String| length(&text).ok_or_else(wrong);
        text.map(length).transpose()
    };
    let every = length("every", entry.every)?;
    let timeout = length("timeout", entry.timeout)?;
    let since = entry.since.map(|text| match text.parse() {
        Ok(Moment::Ago(length)) if !length.is_zero() => Ok(Moment::Ago(length)),
        _ => Err(Wrong::of("since")("since is no age such as \"18h\" or \"7d\"".to_owned())),
    });
    let since = since.transpose()?;
    if entry.to.trim().is_empty() {
        return Err(Wrong::of("to")("to is empty: name a folder, or the address of a receiver".to_owned()));
    }
    let (to, usual) = match entry.kind {
        Kind::Lake => {
            let is_said = [
                ("protocol", entry.protocol.is_some()),
                ("compression", entry.compression.is_some()),
                ("timeout", timeout.is_some()),
                ("since", since.is_some()),
                ("headers", !entry.headers.is_empty()),
            ];
            if let Some((key, _)) = is_said.into_iter().find(|(_, is_said)| *is_said) {
                let why = "protocol, compression, timeout, since and headers are for kind = \"otlp\"";
                return Err(Wrong::beside_others(key)(why.to_owned()));
            }
            let address = if entry.to.contains("://") {
                entry.to
            } else {
                // Its progress is kept under its name, which has to be one from wherever the program is run.
                let folder = beside(path, Path::new(&entry.to));
                std::path::absolute(&folder).unwrap_or(folder).to_string_lossy().into_owned()
            };
            (ExportTo::Lake(address), LAKE_EVERY)
        }
        Kind::Otlp => {
            let headers = entry.headers.into_iter().map(|(name, reference)| (name, reference.source(path)));
            let target = OtlpTarget {
                endpoint: Some(entry.to),
                protocol: entry.protocol,
                compression: entry.compression,
                timeout,
                headers: headers.collect(),
                since,
            };
            (ExportTo::Otlp(target), OTLP_EVERY)
        }
    };
    Ok(ExportSettings { to, every: every.unwrap_or(usual) })
}

/// `500ms`, `30s`, `5 minutes`, `1h`.
fn length(text: &str) -> Option<Duration> {
    let length = text.parse::<Length>().ok().filter(|length| !length.is_zero());
    length?.fixed()?.try_into().ok()
}

impl ExportSettings {
    /// The sources of its secrets.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &TokenSource> {
        let headers = match &self.to {
            ExportTo::Otlp(target) => &target.headers[..],
            ExportTo::Lake(_) => &[],
        };
        headers.iter().map(|(_, source)| source)
    }

    pub(super) fn secrets_mut(&mut self) -> impl Iterator<Item = &mut TokenSource> {
        let headers = match &mut self.to {
            ExportTo::Otlp(target) => &mut target.headers[..],
            ExportTo::Lake(_) => &mut [],
        };
        headers.iter_mut().map(|(_, source)| source)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_length_of_time_is_written_as_everywhere_else() {
        for (text, seconds) in [("500ms", 0.5), ("1500 ms", 1.5), ("30s", 30.0), ("5 minutes", 300.0), ("1h", 3600.0)] {
            assert!((length(text).unwrap().as_secs_f64() - seconds).abs() < 1e-9, "{text}");
        }
        for text in ["", "ms", "0s", "0ms", "now", "today", "ten", "-5s", "5", "1mo"] {
            assert_eq!(length(text), None, "{text}");
        }
    }
}
