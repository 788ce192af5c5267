//! The program's rooms: what is below knows nothing of what is above, and one room alone writes to the screen.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

/// The rooms, from the ground up. A room imports only rooms of floors below its own.
const FLOORS: [&[&str]; 6] =
    [&["error"], &["ui"], &["config", "output"], &["options"], &["commands"], &["lib", "main"]];

/// What only `ui/` uses.
const SCREEN: [&str; 6] = ["std::io::stdout", "std::io::stderr", "anstream", "indicatif", "rustyline", "terminal_size"];
const SCREEN_MACROS: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];

/// The files of the program, by their paths below `src/`.
type Sources = BTreeMap<String, String>;

fn sources() -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let (mut sources, mut folders) = (Sources::new(), vec![root.clone()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
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

fn room(file: &str) -> &str {
    file.split('/').next().unwrap().trim_end_matches(".rs")
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The lines of code, without comments.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// The paths that a file names in full: those that it imports, and those that begin with `crate` in its code.
fn paths(file: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let mut paths = Vec::new();
    let mut imports = code.split("use ").skip(1).filter_map(|rest| rest.split_once(';')).collect::<Vec<_>>();
    // `use` as the end of a longer word, or in a text, is followed by no path.
    imports.retain(|(tree, _)| tree.chars().all(|c| c.is_alphanumeric() || c.is_whitespace() || "_:{},*".contains(c)));
    imports.iter().for_each(|(tree, _)| expand("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut paths));
    for start in ["crate::", "io::stdout", "io::stderr", "anstream::", "indicatif::"] {
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

/// Everything that breaks the rules, a line each.
fn faults(sources: &Sources) -> BTreeSet<String> {
    let mut faults = BTreeSet::new();
    for (file, text) in sources {
        let Some(own) = floor(room(file)) else {
            faults.insert(format!("{file}: a room that stands on no floor"));
            continue;
        };
        for path in paths(file, text) {
            let other = path.strip_prefix("crate::").and_then(|path| path.split("::").next());
            if let Some((other, on)) = other.and_then(|other| Some((other, floor(other)?)))
                && other != room(file)
                && on >= own
            {
                faults.insert(format!("{file}: it imports {other}, which is not below it"));
            }
            let begins = |what: &str| path == what || path.starts_with(&format!("{what}::"));
            if let Some(what) = SCREEN.iter().find(|what| begins(what))
                && room(file) != "ui"
            {
                faults.insert(format!("{file}: it writes to the screen by {what}, which is for ui/"));
            }
        }
        let code = code(text);
        let words: Vec<&str> = code.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '!')).collect();
        if let Some(word) = SCREEN_MACROS.iter().find(|word| words.contains(word) && room(file) != "ui") {
            faults.insert(format!("{file}: it writes to the screen by {word}, which nothing needs"));
        }
        if sources.contains_key(&format!("{}/mod.rs", file.trim_end_matches(".rs"))) {
            faults.insert(format!("{file}: a module with a folder is the folder's mod.rs"));
        }
    }
    faults.extend(circles(sources));
    faults
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
        for path in paths(file, text) {
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

#[test]
fn what_is_below_imports_nothing_from_above_and_only_ui_writes_to_the_screen() {
    let sources = sources();
    assert!(sources.len() > 40, "{} files", sources.len());
    assert_eq!(faults(&sources), BTreeSet::new());
}

/// What is found in a file of this text, beside a few files that the program has.
fn found(file: &str, text: &str) -> Vec<String> {
    let mut few = sources();
    few.retain(|file, _| ["config/settings.rs", "config/token.rs", "ui/mod.rs"].contains(&file.as_str()));
    few.insert(file.to_owned(), text.to_owned());
    faults(&few).into_iter().collect()
}

#[test]
fn an_import_from_above_is_found_however_it_is_written() {
    for text in [
        "use crate::commands::check;\n",
        "use crate::{error::Exit, commands::check::CheckArgs};\n",
        "use crate::{\n    commands::{check, fetch},\n    error::Exit,\n};\n",
        "fn f() { crate::commands::run(); }\n",
        "use super::super::commands::check;\n",
    ] {
        assert_eq!(
            found("config/new.rs", text),
            ["config/new.rs: it imports commands, which is not below it"],
            "{text}"
        );
    }
    assert_eq!(
        found("config/new.rs", "use crate::output::Sink;\n"),
        ["config/new.rs: it imports output, which is not below it"]
    );
    assert_eq!(found("config/new.rs", "use crate::error::CliError;\nuse super::token::TokenSource;\n"), [""; 0]);
    assert_eq!(found("reading.rs", ""), ["reading.rs: a room that stands on no floor"]);
}

#[test]
fn a_write_to_the_screen_is_found_outside_of_ui() {
    for text in [
        "use std::io::{self, stdout};\n",
        "use std::io;\nfn f() { io::stdout(); }\n",
        "fn f() { std::io::stderr(); }\n",
        "use anstream::AutoStream;\n",
        "fn f() { println!(\"x\"); }\n",
    ] {
        let found_there = found("output/new.rs", text);
        assert!(found_there.len() == 1 && found_there[0].contains("writes to the screen"), "{text}: {found_there:?}");
        assert_eq!(found("ui/new.rs", text), [""; 0], "{text}");
    }
    assert_eq!(found("output/new.rs", "// println! is for ui/\nfn f() { child.stdout.take(); }\n"), [""; 0]);
}

#[test]
fn a_circle_of_files_and_a_second_style_of_modules_are_found() {
    let circle = found("config/token.rs", "use super::settings::Settings;\n");
    assert!(
        circle.iter().any(|fault| fault == "config/token.rs: it stands in a circle with config/settings.rs"),
        "{circle:?}"
    );
    assert_eq!(found("ui.rs", ""), ["ui.rs: a module with a folder is the folder's mod.rs"]);
}
