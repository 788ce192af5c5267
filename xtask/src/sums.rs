//! The sums in `specs/README.md`: a vendor's document that changed by accident is noticed.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::Result;
use crate::workspace::read;

/// Compares every row `` | `FILE` | `SHA-256` | `` of the table with the file that it names.
pub(crate) fn check(root: &Path) -> Result {
    let specs = root.join("specs");
    let readme = read(&specs.join("README.md"))?;
    let rows: Vec<(&str, &str)> = readme.lines().filter_map(row).collect();
    if rows.is_empty() {
        return Err("specs/README.md has no sums".into());
    }
    for (file, written) in rows {
        let bytes = std::fs::read(specs.join(file)).map_err(|e| format!("specs/{file}: {e}"))?;
        let actual: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        if actual != written {
            return Err(format!(
                "specs/{file} is not the file that specs/README.md describes. If the change is meant, write down where \
                 it came from and the new sum: {actual}"
            ));
        }
    }
    Ok(())
}

fn row(line: &str) -> Option<(&str, &str)> {
    let (file, sum) = line.strip_prefix("| `")?.split_once("` | `")?;
    let sum = sum.strip_suffix("` |")?;
    (sum.len() == 64 && sum.bytes().all(|byte| byte.is_ascii_hexdigit())).then_some((file, sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documents_are_the_ones_that_the_readme_describes() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        assert_eq!(check(&root), Ok(()));
    }

    #[test]
    fn only_rows_with_a_whole_sum_count() {
        let sum = "0".repeat(64);
        assert_eq!(row(&format!("| `a/b.yml` | `{sum}` |")), Some(("a/b.yml", sum.as_str())));
        assert_eq!(row("| `a/b.yml` | `0123` |"), None);
        assert_eq!(row("| File | SHA-256 |"), None);
    }
}
