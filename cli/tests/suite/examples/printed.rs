//! The commands that are printed for somebody to run.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::program::Program;

/// Every command that `--help` and the documents print, once, as it stands there.
pub(super) fn commands() -> BTreeSet<String> {
    let mut found = of_help();
    for document in documents() {
        let text = std::fs::read_to_string(&document).unwrap();
        found.extend(of_document(&text));
    }
    found
}

/// The README, and whatever else is written for users.
fn documents() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folder = std::fs::read_dir(root.join("docs")).unwrap().map(|file| file.unwrap().path());
    let docs = folder.filter(|path| path.extension().is_some_and(|extension| extension == "md"));
    docs.chain([root.join("README.md")]).collect()
}

/// The commands of the program, the program itself first.
fn subcommands() -> Vec<String> {
    let help = Program::new().run(&["--help"]).out;
    let list = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = list.filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next());
    let names: Vec<String> = names.filter(|name| *name != "help").map(str::to_owned).collect();
    assert!(names.iter().any(|name| name == "fetch"), "where are the commands? {help}");
    [String::new()].into_iter().chain(names).collect()
}

fn of_help() -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let of_export = ["export lake", "export otlp"].map(str::to_owned);
    for command in subcommands().into_iter().chain(of_export) {
        let arguments: Vec<&str> = command.split_whitespace().chain(["--help"]).collect();
        let help = Program::new().run(&arguments).out;
        found.extend(help.lines().filter_map(|line| line.strip_prefix("  storelogs ")).map(|line| {
            // What it is for stands behind a gap; where a shell puts the output does, too.
            let end = line.match_indices("  ").map(|(at, _)| at).find(|at| !line[*at..].trim_start().starts_with('>'));
            format!("storelogs {}", line[..end.unwrap_or(line.len())].trim_end())
        }));
    }
    found
}

/// The commands of a document: those behind a prompt, a user's or root's, and those of the program that its prose
/// names.
fn of_document(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let (mut console, mut block) = (false, false);
    let mut prose = String::new();
    for line in text.lines() {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            block = !block;
            console = block && language == "console";
        } else if let (true, Some(command)) = (console, line.strip_prefix("$ ").or_else(|| line.strip_prefix("# "))) {
            found.insert(command.split("  #").next().unwrap().trim_end().to_owned());
        } else if !block {
            prose.extend([line, " "]);
        }
    }
    let quoted = prose.split('`').skip(1).step_by(2);
    found.extend(quoted.filter(|code| code.starts_with("storelogs ")).map(str::to_owned));
    found
}

#[test]
fn the_commands_of_a_document_are_those_behind_a_prompt_and_those_in_its_text() {
    let text = "# A title\n\n`storelogs check` says, and `storelogs` is\nwhat `storelogs\nsync` does.\n\n```console\n$ storelogs \
                demo    # at once\n# cp a b\nwhat it prints\n```\n\n```toml\n# no command\n```\n";
    let found = of_document(text);
    assert_eq!(found.iter().collect::<Vec<_>>(), ["cp a b", "storelogs check", "storelogs demo", "storelogs sync"]);
}
