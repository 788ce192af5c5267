//! A CSV table of stores, one a line, for those who have thousands.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, ReaderBuilder, Trim};
use storelogs::Store;
use storelogs::platform::Setting;

use super::labels::labels;
use super::parsed::ParsedFile;
use super::platforms;
use super::rate::Rate;
use super::reference::{VARIABLE, beside, is_variable};
use super::settings::{App, Settings};
use super::token::TokenSource;

/// The columns that there may be, in any order. The first two have to be there.
const COLUMNS: [&str; 13] = [
    "platform",
    "store",
    "token_env",
    "token_file",
    "api_url",
    "api_version",
    "app_key_env",
    "app_key_file",
    "app_secret_env",
    "app_secret_file",
    "name",
    "owner",
    "tags",
];

/// A column that means nothing here.
const UNKNOWN: &str = "";
/// A column with one of these words in its name says how a store is reached.
const REACHED_BY: [&str; 5] = ["token", "secret", "key", "api", "url"];
/// The separator of a store's tags.
const BETWEEN_TAGS: char = ';';

/// The stores of a table. A line with something wrong is a problem of its own, and the others go on. The error is about
/// the table as a whole.
pub(super) fn read(text: &[u8], path: &Path) -> Result<ParsedFile, String> {
    let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter(text))
        .flexible(true)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(text);
    let shown = path.display();
    let header = reader.byte_headers().map_err(|_| format!("{shown} cannot be read as CSV"))?;
    let line = header.position().map_or(1, |begun| line_of(text, begun));
    let (columns, unknown) = columns(header).map_err(|why| format!("{shown} line {line}: {why}"))?;
    let mut found = ParsedFile::default();
    found.notes.extend(unknown.map(|why| format!("{shown} line {line}: {why}; it is left out")));
    let mut lines: HashMap<Store, u64> = HashMap::new();
    let mut record = ByteRecord::new();
    loop {
        match reader.read_byte_record(&mut record) {
            Ok(true) => {}
            Ok(false) => return Ok(found),
            Err(_) => return Err(format!("{shown} cannot be read as CSV")),
        }
        if record.iter().all(<[u8]>::is_empty) {
            continue; // a spreadsheet's empty row
        }
        let line = record.position().map_or(0, |begun| line_of(text, begun));
        match settings(&record, &columns, path) {
            Ok(settings) => match lines.get(&settings.store) {
                Some(first) => found
                    .problems
                    .push(format!("{shown} line {line}: the store {} is already in line {first}", settings.store)),
                None => {
                    lines.insert(settings.store.clone(), line);
                    found.stores.push((settings, usize::try_from(line).unwrap_or(usize::MAX)));
                }
            },
            Err(why) => found.problems.push(format!("{shown} line {line}: {why}")),
        }
    }
}

/// The line of a record. Its position is where the one before it ended, and comments and empty lines may follow that.
fn line_of(text: &[u8], begun: &csv::Position) -> u64 {
    let rest = usize::try_from(begun.byte()).ok().and_then(|at| text.get(at..)).unwrap_or_default();
    let is_skipped = |line: &&[u8]| line.starts_with(b"#") || line.is_empty() || *line == b"\r";
    begun.line() + rest.split(|byte| *byte == b'\n').take_while(is_skipped).count() as u64
}

/// The character between columns: a spreadsheet writes semicolons or tabs where the comma is in numbers.
fn delimiter(text: &[u8]) -> u8 {
    let header =
        text.split(|byte| *byte == b'\n').find(|line| !line.starts_with(b"#") && !line.trim_ascii().is_empty());
    let header = header.unwrap_or_default();
    [b';', b'\t'].into_iter().find(|byte| header.contains(byte) && !header.contains(&b',')).unwrap_or(b',')
}

/// The columns of the table in their order, and a warning about those that mean nothing here.
fn columns(header: &ByteRecord) -> Result<(Vec<&'static str>, Option<String>), String> {
    let mut columns: Vec<&'static str> = Vec::new();
    let mut unknown = None;
    for name in header {
        let known = COLUMNS.iter().find(|known| known.as_bytes() == name.to_ascii_lowercase());
        let Some(known) = known else {
            // A column with a token may be named so; other names may be anything, even a token.
            let why =
                format!("column {} is not known{}; there are {}", columns.len() + 1, shown(name), COLUMNS.join(", "));
            match std::str::from_utf8(name).map(str::to_ascii_lowercase).as_deref() {
                Ok("token" | "access_token") => {
                    return Err(
                        "a token is not written into the table, which is copied and shared: name the variable or \
                                the file that holds it in a column token_env or token_file"
                            .to_owned(),
                    );
                }
                // Another way to the platform than is meant: the others are of some other use.
                Ok(name) if REACHED_BY.iter().any(|word| name.contains(word)) => return Err(why),
                _ => unknown = unknown.or(Some(why)),
            }
            columns.push(UNKNOWN);
            continue;
        };
        if columns.contains(known) {
            return Err(format!("the column {known} is there twice"));
        }
        columns.push(*known);
    }
    match COLUMNS[..2].iter().find(|needed| !columns.contains(needed)) {
        Some(missing) => {
            Err(unknown.unwrap_or_else(|| format!("there is no column {missing}; the first line names the columns")))
        }
        None => Ok((columns, unknown)),
    }
}

/// The name of a column, where a message may show it: one word of letters, which no token is.
fn shown(name: &[u8]) -> String {
    let is_word = (1..=24).contains(&name.len()) && name.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    if is_word { format!(" ({})", String::from_utf8_lossy(name)) } else { String::new() }
}

fn settings(record: &ByteRecord, columns: &[&str], path: &Path) -> Result<Settings, String> {
    if record.len() != columns.len() {
        return Err(format!("there are {} columns, and {} in the first line", record.len(), columns.len()));
    }
    let cell = |name: &str| -> Result<Option<&str>, String> {
        let Some(at) = columns.iter().position(|column| *column == name) else { return Ok(None) };
        let text = std::str::from_utf8(&record[at]).map_err(|_| format!("{name} is not UTF-8 text"))?;
        Ok(Some(text).filter(|text| !text.is_empty()))
    };
    // Only the cell with the store's name is ever shown: a line may be shifted, with a token anywhere in it.
    let store = match (cell("platform")?, cell("store")?) {
        (Some(platform), Some(name)) => platforms::store(platform, name)
            .unwrap_or_else(|| Err(format!("the platform is not known: write {}", platforms::names()))),
        (None, _) => return Err("the platform is missing".to_owned()),
        (_, None) => return Err("the store is missing".to_owned()),
    };
    let store = store?;
    let secret = |of: &str| -> Result<Option<TokenSource>, String> {
        let (env, file) = (format!("{of}_env"), format!("{of}_file"));
        match (cell(&env)?, cell(&file)?) {
            (None, None) => Ok(None),
            (Some(name), None) if is_variable(name) => Ok(Some(TokenSource::Env(name.to_owned()))),
            (Some(_), None) => Err(format!("{env} is {VARIABLE}")),
            (None, Some(file)) => Ok(Some(TokenSource::File(beside(path, &PathBuf::from(file))))),
            (Some(_), Some(_)) => Err(format!("there are both {env} and {file}: leave one empty")),
        }
    };
    let app = match (secret("app_key")?, secret("app_secret")?) {
        (Some(key), Some(secret)) => Some(App { key, secret }),
        (None, None) => None,
        _ => return Err("of the app's key and secret only one is there".to_owned()),
    };
    let api_version = cell("api_version")?.map(str::to_owned);
    if api_version.is_some() {
        platforms::check(&store, "api_version", Setting::ApiVersion)?;
    }
    if app.is_some() {
        platforms::check(&store, "the app's key and secret", Setting::App)?;
    }
    let token = match secret("token")? {
        Some(token) => token,
        None => Settings::usual_token(&store, app.as_ref())?,
    };
    let api_url = cell("api_url")?.map(str::to_owned);
    let labels = labels(cell("name")?, cell("owner")?, cell("tags")?.unwrap_or_default().split(BETWEEN_TAGS));
    let labels = labels.map_err(|wrong| wrong.why)?;
    Ok(Settings { store, token, api_url, api_version, app, rate: Rate::default(), keep: None, labels })
}
