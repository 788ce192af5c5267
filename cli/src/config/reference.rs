//! References to secrets in a configuration file, which never contains a secret itself.

use std::fmt;
use std::marker::PhantomData;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use storelogs::secrecy::SecretString;
use storelogs_collector::nearest::nearest;

use super::token::TokenSource;

/// The name of something secret.
pub(super) trait Secret {
    const KEY: &'static str;
    const WHAT: &'static str;

    /// Whether this text holds nothing secret, and may stand in the file.
    fn is_open(_: &str) -> bool {
        false
    }
}

/// The source of something secret. It is deserialized by hand, so that no error can show its value.
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
        f.write_str(&Self::forms())
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
            other => {
                // It may be the token itself, so it is not shown.
                let sources = ["env", "file", "command"].map(str::to_owned);
                let near = nearest(other, sources).map(|near| format!(": did you mean {near}?"));
                let near = near.unwrap_or_default();
                return Err(de::Error::custom(format!("{} has no such source{near}\n{}", S::KEY, Self::forms())));
            }
        };
        match map.next_key::<String>()? {
            None => Ok(Reference(source, PhantomData)),
            Some(_) => Err(de::Error::custom(format!("{} has more than one source; {}", S::KEY, Self::forms()))),
        }
    }
}

/// The form of an environment variable's name.
pub(super) const VARIABLE: &str = "the name of an environment variable: upper-case letters, digits and _";

pub(super) fn is_variable(name: &str) -> bool {
    !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.is_empty()
        && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
}

/// A path as seen from the file that names it.
pub(super) fn beside(file: &Path, named: &Path) -> PathBuf {
    file.parent().map_or_else(|| named.to_owned(), |folder| folder.join(named))
}
