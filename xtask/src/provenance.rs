//! The table of `specs/README.md`: where each document came from, when, and its checksum, which shows whether a
//! document was changed by accident.

use std::path::Path;

use jiff::Timestamp;
use sha2::{Digest, Sha256};

use crate::Result;
use crate::workspace::read;

/// The file that holds the table, in the repository.
pub(crate) const FILE: &str = "specs/README.md";

/// A row `` | `FILE` | SOURCE | DATE | `SHA-256` | `` of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The document, below `specs`: `bigcommerce/store-logs.yml`.
    pub(crate) file: String,
    /// The publisher and the place of publication.
    pub(crate) source: String,
    /// The day on which it was taken from there.
    pub(crate) date: String,
    sum: String,
}

impl Origin {
    pub(crate) fn today(file: &str, source: &str, document: &[u8]) -> Self {
        let date = Timestamp::now().strftime("%Y-%m-%d").to_string();
        Self { file: file.to_owned(), source: source.to_owned(), date, sum: sum(document) }
    }

    pub(crate) fn is_of(&self, document: &[u8]) -> bool {
        self.sum == sum(document)
    }

    fn read(line: &str) -> Option<Self> {
        let cells = line.strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim);
        let [file, source, date, sum] = cells.collect::<Vec<_>>()[..] else { return None };
        let code = |cell: &str| cell.strip_prefix('`')?.strip_suffix('`').map(str::to_owned);
        let (file, sum) = (code(file)?, code(sum)?);
        let is_sum = sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit());
        is_sum.then(|| Self { file, source: source.to_owned(), date: date.to_owned(), sum })
    }

    fn line(&self) -> String {
        format!("| `{}` | {} | {} | `{}` |", self.file, self.source, self.date, self.sum)
    }
}

/// Every row of the table.
///
/// # Errors
/// If the table is not there.
pub(crate) fn origins(root: &Path) -> Result<Vec<Origin>> {
    let origins: Vec<Origin> = read(&root.join(FILE))?.lines().filter_map(Origin::read).collect();
    if origins.is_empty() { Err(format!("{FILE} has no sums")) } else { Ok(origins) }
}

/// The row of a platform's document.
///
/// # Errors
/// If there is none.
pub(crate) fn of_platform(root: &Path, platform: &str) -> Result<Origin> {
    let is_its = |origin: &Origin| origin.file.split_once('/').is_some_and(|(folder, _)| folder == platform);
    origins(root)?.into_iter().find(is_its).ok_or_else(|| format!("{FILE} names no document of {platform}"))
}

/// The text of the file with another row for the same document.
pub(crate) fn rewritten(text: &str, origin: &Origin) -> String {
    let is_old = |line: &str| Origin::read(line).is_some_and(|old| old.file == origin.file);
    let line = |line: &str| if is_old(line) { origin.line() } else { line.to_owned() };
    text.lines().map(|old| line(old) + "\n").collect()
}

/// Compares every sum with the file that it is of.
pub(crate) fn check(root: &Path) -> Result {
    for origin in origins(root)? {
        let file = &origin.file;
        let bytes = std::fs::read(root.join("specs").join(file)).map_err(|e| format!("specs/{file}: {e}"))?;
        if !origin.is_of(&bytes) {
            return Err(format!(
                "specs/{file} is not the file that {FILE} describes. A newer document comes by `cargo xtask regen \
                 --from`; if the change is meant all the same, write down where it came from and the new sum: {}",
                sum(&bytes)
            ));
        }
    }
    Ok(())
}

fn sum(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn root() -> std::path::PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
    }

    #[test]
    fn the_documents_are_the_ones_that_the_readme_describes() {
        assert_eq!(check(&root()), Ok(()));
        for platform in crate::generator::PLATFORMS {
            let origin = of_platform(&root(), platform.name).unwrap();
            assert_eq!(format!("specs/{}", origin.file), platform.document);
            assert!(!origin.source.is_empty() && origin.date.parse::<jiff::civil::Date>().is_ok(), "{origin:?}");
        }
    }

    #[test]
    fn only_rows_with_a_whole_sum_count() {
        let sum = "0".repeat(64);
        let row = Origin::read(&format!("| `a/b.yml` | here | 2026-01-02 | `{sum}` |")).unwrap();
        assert_eq!((&*row.file, &*row.source, &*row.date, row.sum), ("a/b.yml", "here", "2026-01-02", sum));
        assert_eq!(Origin::read("| `a/b.yml` | here | 2026-01-02 | `0123` |"), None);
        assert_eq!(Origin::read("| File | Taken from | On | SHA-256 |"), None);
    }

    #[test]
    fn a_new_row_takes_the_place_of_the_one_of_the_same_document() {
        let rows = ["a/b.yml", "c/d.yml"].map(|file| Origin::today(file, "here", b"old").line());
        let text = format!("# Title\n\n{}\n{}\n\nMore.\n", rows[0], rows[1]);
        let new = Origin::today("c/d.yml", "https://vendor.example/d.yml", b"new");
        assert_eq!(rewritten(&text, &new), format!("# Title\n\n{}\n{}\n\nMore.\n", rows[0], new.line()));
    }
}
