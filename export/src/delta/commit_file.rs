//! A commit as a file: a line for each action, and a last one that proves that none is missing.
//!
//! To every reader, a commit file that is empty, or that ends early between two lines, is a valid one with fewer rows.
//! So the last line of ours has the number of lines before it, and their digest. Commits of other programs have no such
//! proof; but they all name their program, so a file that does not is incomplete.

use jiff::Timestamp;
use ring::digest;
use serde_json::{Map, Value, json};

use super::action::Line;
use crate::name::{hex, unique};

/// The program that wrote it.
const ENGINE: &str = concat!("storelogs/", env!("CARGO_PKG_VERSION"));

/// The name of our own in the last line.
const PROOF: &str = "storelogs";

/// The name of the file of a version.
pub(super) fn name(version: i64) -> String {
    format!("{version:020}.json")
}

/// The version of a file of the log, if it is that of a commit.
pub(super) fn version_of(name: &str) -> Option<i64> {
    let number = name.strip_suffix(".json").filter(|number| number.len() == 20)?;
    number.parse().ok().filter(|version| *version >= 0)
}

/// The content of a commit. It differs each time, so that its writer recognizes it.
pub(super) fn content(operation: &str, lines: &[Line], now: Timestamp) -> serde_json::Result<Vec<u8>> {
    let mut content = Vec::new();
    for line in lines {
        serde_json::to_writer(&mut content, line)?;
        content.push(b'\n');
    }
    // Details would remain here long after the rows themselves are gone, so there are none.
    let last = json!({ "commitInfo": {
        "timestamp": now.as_millisecond(),
        "operation": operation,
        "operationParameters": {},
        "engineInfo": ENGINE,
        "txnId": unique(),
        PROOF: { "lines": lines.len(), "sha256": sha256(&content) },
    }});
    serde_json::to_writer(&mut content, &last)?;
    content.push(b'\n');
    Ok(content)
}

fn sha256(content: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, content).as_ref())
}

/// The actions of a commit, or what is wrong with it.
pub(super) fn read(content: &[u8]) -> Result<Vec<Line>, String> {
    let text = std::str::from_utf8(content).map_err(|_| "it is no text".to_owned())?;
    if text.trim().is_empty() {
        return Err("it is empty".to_owned());
    }
    let mut lines = Vec::new();
    let mut info: Option<(usize, Map<String, Value>)> = None;
    let mut start = 0;
    for part in text.split_inclusive('\n') {
        if !part.trim().is_empty() {
            let line: Line = serde_json::from_str(part)
                .map_err(|error| format!("its line {} is cut off or no action of a log ({error})", lines.len() + 1))?;
            if let Some(about) = &line.commit_info {
                info = Some((start, about.clone()));
            }
            lines.push(line);
        }
        start += part.len();
    }
    let Some((at, about)) = info else { return Err("it ends before its last line".to_owned()) };
    if let Some(proof) = about.get(PROOF) {
        let is_last = lines.last().is_some_and(|line| line.commit_info.is_some());
        let counted = proof.get("lines").and_then(Value::as_u64) == Some(lines.len() as u64 - 1);
        let digest = proof.get("sha256").and_then(Value::as_str);
        if !is_last || !counted || digest != Some(&sha256(&content[..at])) {
            return Err("it does not say what was written into it".to_owned());
        }
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delta::action::Txn;

    fn commit() -> Vec<u8> {
        let txn = |version| Line {
            txn: Some(Txn { app_id: "a".to_owned(), version, last_updated: None }),
            ..Line::default()
        };
        content("WRITE", &[txn(1), txn(2)], Timestamp::UNIX_EPOCH).unwrap()
    }

    #[test]
    fn a_commit_that_was_cut_anywhere_is_no_commit() {
        let whole = commit();
        assert_eq!(read(&whole).unwrap().len(), 3);
        // The last line feed alone says nothing.
        for length in 0..whole.len() - 1 {
            assert!(read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
        }
    }

    #[test]
    fn a_line_that_was_changed_or_taken_out_is_noticed() {
        let text = String::from_utf8(commit()).unwrap();
        let changed = text.replace("\"version\":2", "\"version\":3");
        let short: String = text.split_inclusive('\n').skip(1).collect();
        let more = format!("{text}{}", text.lines().next().unwrap());
        for text in [changed, short, more] {
            assert!(read(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn what_another_program_wrote_is_read_as_it_is() {
        let text = "{\"commitInfo\":{\"operation\":\"OPTIMIZE\",\"engineInfo\":\"other\"}}\n\n{\"domainMetadata\":{}}";
        assert_eq!(read(text.as_bytes()).unwrap().len(), 2);
    }

    #[test]
    fn versions_are_distinguished_from_other_files() {
        assert_eq!(version_of(&name(7)), Some(7));
        for other in
            ["7.json", "_last_checkpoint", "00000000000000000007.checkpoint.parquet", "0000000000000000000a.json"]
        {
            assert_eq!(version_of(other), None, "{other}");
        }
    }
}
