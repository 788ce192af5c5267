//! The file `storelogs.toml`.

use std::fmt;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use storelogs::{Platform, Store};
use toml::Spanned;

use super::{Settings, TokenSource, environment};
use crate::directories;
use crate::exit::Stop;

const NAME: &str = "storelogs.toml";

/// The stores of the file. Without any file there are none.
pub(super) fn read(named: Option<&PathBuf>) -> Result<Vec<Settings>, Stop> {
    let named = match named {
        Some(path) => Some(path.clone()),
        None => environment::text("STORELOGS_CONFIG")?.map(PathBuf::from),
    };
    let Some(path) = named.or_else(find) else { return Ok(Vec::new()) };
    let text = std::fs::read_to_string(&path)
        .map_err(|error| Stop::Usage(format!("{} cannot be read: {error}", path.display())))?;
    closed(&path)?;
    stores(&text, &path).map_err(Stop::Usage)
}

/// The file can name programs to run and where tokens go, so a stranger must not be able to write it.
fn closed(path: &Path) -> Result<(), Stop> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        if std::fs::metadata(path).is_ok_and(|about| about.permissions().mode() & 0o002 != 0) {
            let path = path.display();
            return Err(Stop::Usage(format!(
                "every user of this machine can write {path}, so it is not used: chmod o-w it"
            )));
        }
    }
    Ok(())
}

/// The file of this directory, or the user's own.
fn find() -> Option<PathBuf> {
    let own = directories::configuration().map(|directory| directory.join("storelogs").join(NAME));
    [Some(PathBuf::from(NAME)), own].into_iter().flatten().find(|path| path.is_file())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    store: Vec<Spanned<Entry>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    platform: String,
    store: String,
    access_token: Option<Token>,
    api_url: Option<String>,
    api_version: Option<String>,
}

pub(super) fn stores(text: &str, path: &Path) -> Result<Vec<Settings>, String> {
    let line = |at: usize| text.get(..at).map_or(1, |before| before.matches('\n').count() + 1);
    let shown = path.display();
    let file: File = toml::from_str(text).map_err(|error| {
        // The library's own form shows the line in question, and a token may stand there.
        let at = error.span().map(|span| format!(" line {}", line(span.start))).unwrap_or_default();
        let why = match error.message() {
            "invalid type: map, expected a sequence" => "write [[store]], with two brackets: there may be several",
            other => other,
        };
        format!("{shown}{at}: {why}")
    })?;
    let mut found: Vec<(Settings, usize)> = Vec::new();
    for entry in file.store {
        let line = line(entry.span().start);
        let settings = settings(entry.into_inner(), path).map_err(|why| format!("{shown} line {line}: {why}"))?;
        if let Some((_, first)) = found.iter().find(|(other, _)| other.store == settings.store) {
            return Err(format!("{shown} line {line}: the store {} stands in line {first} already", settings.store));
        }
        found.push((settings, line));
    }
    Ok(found.into_iter().map(|(settings, _)| settings).collect())
}

fn settings(entry: Entry, path: &Path) -> Result<Settings, String> {
    let store = match entry.platform.as_str() {
        "bigcommerce" => Store::bigcommerce(&entry.store),
        "shopline" => Store::shopline(&entry.store),
        other => return Err(format!("platform {other:?} is not known: write bigcommerce or shopline")),
    };
    let store = store.map_err(|error| error.to_string())?;
    if entry.api_version.is_some() && *store.platform() != Platform::SHOPLINE {
        return Err("api_version is for SHOPLINE stores only".to_owned());
    }
    let token = match entry.access_token {
        Some(Token(TokenSource::File(file))) => {
            // As seen from the file that names it.
            TokenSource::File(path.parent().map_or(file.clone(), |folder| folder.join(&file)))
        }
        Some(Token(token)) => token,
        None => TokenSource::Env(environment::token_variable(store.platform()).to_owned()),
    };
    Ok(Settings { store, token, api_url: entry.api_url, api_version: entry.api_version, app: None })
}

/// Read by hand, so that no error can show what stands there.
struct Token(TokenSource);

const TOKEN_FORMS: &str =
    "write access_token = { env = \"NAME\" }, { file = \"PATH\" } or { command = [\"program\", \"argument\"] }";

impl<'de> Deserialize<'de> for Token {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TokenVisitor)
    }
}

struct TokenVisitor;

impl<'de> Visitor<'de> for TokenVisitor {
    type Value = Token;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("where the access token comes from")
    }

    fn visit_str<E: de::Error>(self, _: &str) -> Result<Token, E> {
        Err(E::custom(format!(
            "access_token is a plain text: a token in this file would be copied and shared along with it; {TOKEN_FORMS}"
        )))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Token, A::Error> {
        let wrong = || de::Error::custom(TOKEN_FORMS);
        let Some(key) = map.next_key::<String>()? else { return Err(wrong()) };
        let source = match key.as_str() {
            "env" => {
                let name: String = map.next_value().map_err(|_| wrong())?;
                let fine = !name.starts_with(|c: char| c.is_ascii_digit())
                    && !name.is_empty()
                    && name.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_');
                if !fine {
                    // It may be the token itself, so it is not shown.
                    return Err(de::Error::custom(
                        "access_token.env is the name of an environment variable: upper-case letters, digits and _",
                    ));
                }
                TokenSource::Env(name)
            }
            "file" => TokenSource::File(map.next_value::<PathBuf>().map_err(|_| wrong())?),
            "command" => {
                let command: Vec<String> = map.next_value().map_err(|_| wrong())?;
                if command.first().is_none_or(String::is_empty) {
                    return Err(de::Error::custom("access_token.command is empty: its first text is the program"));
                }
                TokenSource::Command(command)
            }
            other => return Err(de::Error::custom(format!("unknown field `{other}`; {TOKEN_FORMS}"))),
        };
        match map.next_key::<String>()? {
            None => Ok(Token(source)),
            Some(_) => Err(de::Error::custom(format!("access_token has more than one source; {TOKEN_FORMS}"))),
        }
    }
}
