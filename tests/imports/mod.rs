//! The imports between the files of a crate, read from their text, for the tests of its floors.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The files of a crate, by their paths below `src/`.
pub(crate) type Sources = BTreeMap<String, String>;

/// The files of the crate in this folder: its code only, no pages and no statements that stand beside it.
pub(crate) fn sources(folder: &str) -> Sources {
    let root = Path::new(folder).join("src");
    let (mut sources, mut folders) = (Sources::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name: Vec<_> =
                    path.strip_prefix(&root).unwrap().iter().map(|part| part.to_str().unwrap()).collect();
                sources.insert(name.join("/"), fs::read_to_string(&path).unwrap());
            }
        }
    }
    sources
}

/// The module that a file is: `ui::table` for `ui/table.rs`, `ui` for `ui/mod.rs`.
fn module(file: &str) -> Vec<&str> {
    let name = file.trim_end_matches(".rs").trim_end_matches("/mod");
    if matches!(name, "lib" | "main") { Vec::new() } else { name.split('/').collect() }
}

/// The folder or file right below `src/` that a file belongs to.
pub(crate) fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

/// The floor that a room stands on, the lowest first.
fn floor(floors: &[&[&str]], room: &str) -> Option<usize> {
    floors.iter().position(|rooms| rooms.contains(&room))
}

/// The faults against the rules that every crate has, a line each: a room imports only rooms of floors below its own,
/// no files stand in a circle, and a module with a folder is its `mod.rs`. `room_of`: the room of a name right below
/// the crate's root. `stray`: how a name of no floor is a fault, if it is one.
pub(crate) fn misplaced(
    sources: &Sources,
    floors: &[&[&str]],
    room_of: impl Fn(&str) -> String,
    stray: Option<&str>,
) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    for (file, text) in sources {
        let Some(own) = floor(floors, room(file)) else {
            faults.insert(format!("{file}: a room that stands on no floor"));
            continue;
        };
        for path in paths(file, text, &[]) {
            let Some(first) = path.strip_prefix("crate::").and_then(|path| path.split("::").next()) else { continue };
            let other = &*room_of(first);
            let fault = match floor(floors, other) {
                Some(on) if on < own || other == room(file) => None,
                Some(_) => Some(", which is not below it"),
                // A group, whose paths stand beside it.
                None if other.is_empty() => None,
                None => stray,
            };
            faults.extend(fault.map(|fault| format!("{file}: it imports {other}{fault}")));
        }
    }
    faults.extend(circles(sources));
    faults.extend(beside_their_folder(sources));
    faults
}

/// A few files that a crate has, and one with another text.
pub(crate) fn beside(mut sources: Sources, few: &[&str], file: &str, text: &str) -> Sources {
    sources.retain(|file, _| few.contains(&file.as_str()));
    sources.insert(file.to_owned(), text.to_owned());
    sources
}

/// The lines of code, without comments.
pub(crate) fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that a file names in full: those that it imports, and those in its code that begin with `crate` or with one
/// of `others`.
pub(crate) fn paths(file: &str, text: &str, others: &[&str]) -> Vec<String> {
    let code = code(text);
    let mut paths = Vec::new();
    let mut imports = code.split("use ").skip(1).filter_map(|rest| rest.split_once(';')).collect::<Vec<_>>();
    // `use` as the end of a longer word, or in a text, is followed by no path.
    imports.retain(|(tree, _)| tree.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_:{},*".contains(c)));
    imports.iter().for_each(|(tree, _)| expand("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut paths));
    for start in [&["crate::"], others].concat() {
        for (at, _) in code.match_indices(start) {
            let path: String = code[at..].chars().take_while(|c| c.is_alphanumeric() || "_:".contains(*c)).collect();
            paths.push(if path.starts_with("io::") { format!("std::{path}") } else { path });
        }
    }
    let inside = module(file);
    paths.into_iter().map(|path| absolute(&path, &inside)).collect()
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn expand(before: &str, tree: &str, into: &mut Vec<String>) {
    let tree = tree.trim();
    let Some((head, group)) = tree.split_once('{') else {
        into.push(format!("{before}{}", tree.split(" as ").next().unwrap_or_default()));
        return;
    };
    let (mut depth, mut part) = (0, String::new());
    for c in group.strip_suffix('}').unwrap_or(group).chars().chain([',']) {
        match c {
            ',' if depth == 0 => expand(&format!("{before}{head}"), &std::mem::take(&mut part), into),
            _ => {
                depth += i32::from(c == '{') - i32::from(c == '}');
                part.push(c);
            }
        }
    }
}

/// A path from the root of the program: `crate::ui::table` for `super::table` in `ui/text.rs`.
fn absolute(path: &str, inside: &[&str]) -> String {
    let supers = path.split("::").take_while(|part| *part == "super").count();
    if supers == 0 {
        return path.to_owned();
    }
    let mut parts = vec!["crate"];
    parts.extend(&inside[..inside.len().saturating_sub(supers)]);
    parts.extend(path.split("::").skip(supers));
    parts.join("::")
}

/// Files that import each other, in however many steps. That of a folder and what is in it go by `mod.rs`, and do no harm.
fn circles(sources: &Sources) -> BTreeSet<String> {
    let files: BTreeMap<String, &str> = sources
        .keys()
        .filter(|file| !file.ends_with("mod.rs"))
        .map(|file| (module(file).join("::"), file.as_str()))
        .collect();
    let mut imports: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (file, text) in sources {
        for path in paths(file, text, &[]) {
            let Some(path) = path.strip_prefix("crate::") else { continue };
            let parts: Vec<&str> = path.split("::").collect();
            let found = (1..=parts.len()).rev().find_map(|length| files.get(&parts[..length].join("::")));
            imports.entry(file).or_default().extend(found.filter(|other| **other != file));
        }
    }
    let mut faults = BTreeSet::new();
    for start in imports.keys() {
        let (mut seen, mut next) = (BTreeSet::new(), vec![*start]);
        while let Some(file) = next.pop() {
            for other in imports.get(file).into_iter().flatten() {
                if other == start {
                    faults.insert(format!("{start}: it stands in a circle with {file}"));
                }
                if seen.insert(*other) {
                    next.push(other);
                }
            }
        }
    }
    faults
}

/// Modules whose file stands beside their folder, and not in it.
fn beside_their_folder(sources: &Sources) -> BTreeSet<String> {
    let beside = |file: &&String| sources.contains_key(&format!("{}/mod.rs", file.trim_end_matches(".rs")));
    sources.keys().filter(beside).map(|file| format!("{file}: a module with a folder is the folder's mod.rs")).collect()
}
