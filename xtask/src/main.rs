//! The project's own chores: `cargo xtask COMMAND`. One file per command; this one is the list.
// A chore talks to the person who runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod accuracy;
mod api;
mod bench;
mod browser;
mod calendar;
mod changes;
#[cfg(test)]
mod clock_reads;
mod corpus;
mod findings;
mod fuzz;
mod generator;
mod interop;
mod lake;
mod laws;
mod lint_specs;
mod network;
mod npm;
mod package;
mod provenance;
mod readers;
mod regen;
mod repeat;
mod soak;
mod test_programs;

mod workspace;

use std::env;
use std::process::ExitCode;

/// A chore says in words what went wrong. Nothing above it needs more.
type Result<T = (), E = String> = std::result::Result<T, E>;

struct Command {
    name: &'static str,
    /// What may follow the name, as the list of commands shows it. Empty if nothing may.
    arguments: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Result,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "regen",
        arguments: "[--check | --from …]",
        about: "bring up to date what is made of the documents and kept as files; --check only looks; --from FILE|URL \
                takes a newer document; --help tells more",
        run: regen::run,
    },
    Command {
        name: "changes",
        arguments: "OLD NEW …",
        about: "what a newer document changes, whom that breaks, and where it lands in our code; --help tells more",
        run: changes::run,
    },
    Command {
        name: "corpus",
        arguments: "DIR …",
        about: "generate a client of every OpenAPI document in a folder, and compile it: what is left out, and why; --help \
                tells more",
        run: corpus::run,
    },
    Command {
        name: "api",
        arguments: "[--check]",
        about: "keep the library's public Rust API as a list, for review; --check only looks",
        run: api::run,
    },
    Command {
        name: "lint-specs",
        arguments: "",
        about: "check the OpenAPI documents: their sums, and two linters on what is generated from",
        run: |_| lint_specs::run(),
    },
    Command {
        name: "interop",
        arguments: "",
        about: "run the program against a mock server made from the documents; no request may break them",
        run: |_| interop::run(),
    },
    Command {
        name: "browser",
        arguments: "[--write]",
        about: "look at the page of a report in Chromium; --write keeps a picture of it in docs/",
        run: browser::run,
    },
    Command {
        name: "calendar",
        arguments: "[--quick | --week] [TEXT]",
        about: "run the tests and the demo under shifted clocks: a Saturday's hours, ends of months and years, daylight \
                saving; --quick tries the tests that touch time, at six moments, --week the demo at each hour of a week, TEXT the \
                moments that have it",
        run: calendar::run,
    },
    Command {
        name: "repeat",
        arguments: "[N]",
        about: "run the whole suite N times in a row, 20 unless told otherwise, and say which tests did not always pass",
        run: repeat::run,
    },
    Command {
        name: "package",
        arguments: "",
        about: "pack the library as a user would get it, and build that by itself, offline",
        run: |_| package::run(),
    },
    Command {
        name: "readers",
        arguments: "",
        about: "other people's SQLite programs read every view of the archive as ours does; installs them, pinned",
        run: |_| readers::run(),
    },
    Command {
        name: "network",
        arguments: "[TEXT]",
        about: "the program behind real gateways and proxies, as far as they are installed: nginx, haproxy, squid; TEXT tries \
                the cases that have it in their name",
        run: network::run,
    },
    Command {
        name: "findings",
        arguments: "[NAME …]",
        about: "run what findings/ says of other people's tools, with pinned packages; half an hour, outside CI",
        run: findings::run,
    },
    Command {
        name: "laws",
        arguments: "[CASES]",
        about: "try the laws of walks and verdicts on this many cases of each platform; 5000 unless told otherwise",
        run: laws::run,
    },
    Command {
        name: "fuzz",
        arguments: "[SECONDS [TARGET]]",
        about: "feed every fuzz target, or one, for so many seconds; 10 unless told otherwise",
        run: fuzz::run,
    },
    Command {
        name: "lake",
        arguments: "[--quick] [ENTRIES [STORES]]",
        about: "DuckDB, deltalake, polars and a Spark cluster say of an exported lake what the program says of its archive; \
                --quick leaves Spark out",
        run: lake::run,
    },
    Command {
        name: "soak",
        arguments: "[SECONDS]",
        about: "kill the program again and again while it collects: nothing is lost, nothing doubled; 600 s unless told otherwise",
        run: soak::run,
    },
    Command {
        name: "accuracy",
        arguments: "[SEEDS]",
        about: "compare reports with what was planted in so many made-up shops, 100 unless told otherwise: precision and recall",
        run: accuracy::run,
    },
    Command {
        name: "bench",
        arguments: "[--write] [GROUP …]",
        about: "measure the library against hand-written code; --write keeps the table in docs/benchmarks.md",
        run: bench::run,
    },
    Command {
        name: "stores",
        arguments: "[N] [--write]",
        about: "follow so many sandbox stores with one process, 10000 unless told otherwise, and measure it (--write keeps it); Linux only",
        run: bench::stores,
    },
];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let Some(name) = arguments.first().filter(|name| !matches!(name.as_str(), "help" | "-h" | "--help")) else {
        print!("{}", usage());
        return ExitCode::SUCCESS;
    };
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprint!("there is no command `{name}`\n\n{}", usage());
        return ExitCode::from(2);
    };
    if arguments.len() > 1 && command.arguments.is_empty() {
        eprintln!("`{name}` takes no arguments");
        return ExitCode::from(2);
    }
    match (command.run)(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("\n{name}: {why}");
            ExitCode::FAILURE
        }
    }
}

fn usage() -> String {
    let line = |command: &Command| {
        let call = format!("{} {}", command.name, command.arguments);
        format!("  {call:<26}{}\n", command.about)
    };
    let lines = COMMANDS.iter().map(line);
    format!("cargo xtask COMMAND\n\n{}", lines.collect::<String>())
}
