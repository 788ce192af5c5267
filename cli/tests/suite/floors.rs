//! The program's rooms: what is below knows nothing of what is above, and one room alone writes to the screen.

use std::collections::BTreeSet;

use super::imports::{self, Sources, code, paths, room};

/// The rooms, from the ground up. A room imports only rooms of floors below its own.
const FLOORS: [&[&str]; 6] =
    [&["error"], &["ui"], &["config", "output"], &["options"], &["commands"], &["lib", "main"]];

/// Paths that only `ui/` uses.
const SCREEN: [&str; 6] = ["std::io::stdout", "std::io::stderr", "anstream", "indicatif", "rustyline", "terminal_size"];
/// How these are named in code.
const SCREEN_PATHS: [&str; 4] = ["io::stdout", "io::stderr", "anstream::", "indicatif::"];
const SCREEN_MACROS: [&str; 5] = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];

fn sources() -> Sources {
    imports::sources(env!("CARGO_MANIFEST_DIR"))
}

/// Everything that breaks the rules, a line each.
fn faults(sources: &Sources) -> BTreeSet<String> {
    let mut faults = imports::misplaced(sources, &FLOORS, str::to_owned, None);
    for (file, text) in sources {
        for path in paths(file, text, &SCREEN_PATHS) {
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
    }
    faults
}

#[test]
fn what_is_below_imports_nothing_from_above_and_only_ui_writes_to_the_screen() {
    let sources = sources();
    assert!(sources.len() > 40, "{} files", sources.len());
    assert_eq!(faults(&sources), BTreeSet::new());
}

/// The faults of a file with this text, beside a few files that the program has.
fn found(file: &str, text: &str) -> Vec<String> {
    let few = ["config/settings.rs", "config/token.rs", "ui/mod.rs"];
    faults(&imports::beside(sources(), &few, file, text)).into_iter().collect()
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
