//! The page with the results, `docs/benchmarks.md`: a section for each group.

use std::fs;

use crate::{GROUPS, Result, STORES};

const PATH: &str = "docs/benchmarks.md";

const HEAD: &str = "\
# Benchmarks

Written by `cargo xtask bench --write`, each section by a run of its own: `cargo xtask bench --write speed`. Where a figure
is a ratio, both of its sides were measured in the same run on the same machine, in turns, and the best run of each counts;
a lower one is better.
";

/// Puts a section in its place, and leaves the others as they are.
pub(crate) fn keep(group: &str, section: &str) -> Result<()> {
    let old = fs::read_to_string(PATH).unwrap_or_default(); // there is none the first time
    let of = |group: &str| {
        let begins = format!("## {group}\n");
        let section =
            old.split("\n## ").skip(1).map(|rest| format!("## {rest}")).find(|text| text.starts_with(&begins));
        section.map(|text| text.trim_end().to_owned())
    };
    let mut page = HEAD.to_owned();
    for (name, _) in GROUPS.into_iter().chain([STORES]) {
        let kept = if name == group { Some(section.trim_end().to_owned()) } else { of(name) };
        if let Some(text) = kept {
            page.push_str(&format!("\n{text}\n"));
        }
    }
    Ok(fs::write(PATH, page)?)
}
