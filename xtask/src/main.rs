//! The project's own chores: `cargo xtask COMMAND`. Each command has a file; this one lists them.
// A chore talks to the person who runs it.
#![allow(clippy::print_stdout, clippy::print_stderr)]

mod accuracy;
mod api;
mod bench;
mod bench_against;
mod browser;
mod calendar;
mod changes;
#[cfg(test)]
mod clock_reads;
mod corpus;
mod dist;
mod findings;
mod fleet;
mod fuzz;
mod generator;
mod interop;
mod lake;
mod laws;
mod lint_specs;
mod mcp;
mod network;
mod npm;
mod otlp;
mod package;
mod picture;
mod prometheus;
mod provenance;
mod readers;
mod regen;
mod repeat;
mod soak;
mod test_programs;

mod workspace;

use std::process::ExitCode;

use clap::{CommandFactory, Parser, Subcommand};

/// A chore says in words what went wrong. Nothing above it needs more.
type Result<T = (), E = String> = std::result::Result<T, E>;

#[derive(Parser)]
#[command(name = "cargo xtask", bin_name = "cargo xtask", about = "The project's own chores", max_term_width = 120)]
struct Arguments {
    /// None lists them.
    #[command(subcommand)]
    chore: Option<Chore>,
}

/// One file per chore; their order is the one of the help.
#[derive(Subcommand)]
enum Chore {
    /// Update the files that are made of the OpenAPI documents and the code.
    ///
    /// With --from, a vendor's newer document takes the place of the one that is kept: the report says what changes and
    /// whom that breaks, corrections that no longer apply are named with what to do, and specs/README.md says where the
    /// document came from. If anything fails, the tree is left as it was.
    Regen(regen::RegenArgs),
    /// Report what a newer document changes, and whom that breaks.
    Changes(changes::ChangesArgs),
    /// Generate and compile a client of every OpenAPI document in a folder.
    Corpus(corpus::CorpusArgs),
    /// Update the list of the library's public Rust API, which is kept for review.
    Api(api::ApiArgs),
    /// Check the OpenAPI documents: their checksums, and with two linters.
    LintSpecs,
    /// Run the program against a mock server that is made from the documents.
    Interop,
    /// Look at the page of a report in Chromium.
    Browser(browser::BrowserArgs),
    /// Draw what the demo prints, for the README.
    Picture,
    /// Run the tests and the demo under shifted clocks.
    Calendar(calendar::CalendarArgs),
    /// Run the whole test suite many times, and list the tests that failed.
    Repeat(repeat::RepeatArgs),
    /// Pack the library as a user would get it, and build that by itself, offline.
    Package,
    /// Make what users install: an archive, a .deb and an .rpm; and try each.
    Dist(dist::DistArgs),
    /// Compare what other people's SQLite programs read from the archive with our own.
    Readers,
    /// Ask the server for assistants with the official clients for Python and TypeScript.
    Mcp,
    /// Check the alarms, the dashboard and the metrics with promtool, and try each alarm.
    Prometheus,
    /// Run the program behind real gateways and proxies, as far as they are installed.
    Network(network::NetworkArgs),
    /// Run the scripts of findings/, which show how other people's tools behave.
    Findings(findings::FindingsArgs),
    /// Try the laws of walks and verdicts on many cases.
    Laws(laws::LawsArgs),
    /// Feed every fuzz target, or one, with libFuzzer.
    Fuzz(fuzz::FuzzArgs),
    /// Compare what DuckDB, deltalake, polars and Spark read from a lake with the archive.
    Lake(lake::LakeArgs),
    /// Kill, restart and rescale many collectors that share one lake: nothing may get lost or doubled.
    Fleet(fleet::FleetArgs),
    /// Compare what a receiver of OTLP has with what it was sent, whichever side is killed.
    Otlp(otlp::OtlpArgs),
    /// Kill the program again and again while it collects: nothing may get lost or doubled.
    Soak(soak::SoakArgs),
    /// Measure precision and recall of reports on made-up shops.
    Accuracy(accuracy::AccuracyArgs),
    /// Measure the library against hand-written code.
    Bench(bench::BenchArgs),
    /// Measure one process that follows many sandbox stores; Linux only.
    Stores(bench::StoresArgs),
}

impl Chore {
    fn run(self) -> Result {
        match self {
            Self::Regen(args) => regen::run(&args),
            Self::Changes(args) => changes::run(args),
            Self::Corpus(args) => corpus::run(args),
            Self::Api(args) => api::run(args),
            Self::LintSpecs => lint_specs::run(),
            Self::Interop => interop::run(),
            Self::Browser(args) => browser::run(args),
            Self::Picture => picture::run(),
            Self::Calendar(args) => calendar::run(&args),
            Self::Repeat(args) => repeat::run(args),
            Self::Package => package::run(),
            Self::Dist(args) => dist::run(args),
            Self::Readers => readers::run(),
            Self::Mcp => mcp::run(),
            Self::Prometheus => prometheus::run(),
            Self::Network(args) => network::run(args),
            Self::Findings(args) => findings::run(args),
            Self::Laws(args) => laws::run(args),
            Self::Fuzz(args) => fuzz::run(args),
            Self::Lake(args) => lake::run(args),
            Self::Fleet(args) => fleet::run(args),
            Self::Otlp(args) => otlp::run(args),
            Self::Soak(args) => soak::run(args),
            Self::Accuracy(args) => accuracy::run(args),
            Self::Bench(args) => bench::run(args),
            Self::Stores(args) => bench::stores(args),
        }
    }
}

fn main() -> ExitCode {
    let Some(chore) = Arguments::parse().chore else {
        print!("{}", Arguments::command().render_help());
        return ExitCode::SUCCESS;
    };
    match chore.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("\ncargo xtask: {why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use clap::{CommandFactory, Parser};

    use super::Arguments;

    #[test]
    fn the_arguments_are_sound() {
        Arguments::command().debug_assert();
    }

    /// Every call in code fences and scripts; what stands in prose is often a pattern, such as `cargo xtask corpus DIR`.
    #[test]
    fn every_call_that_is_printed_is_understood() {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/..");
        let mut calls = 0;
        for file in ["CONTRIBUTING.md", "specs/README.md", "findings/README.md", ".ci/run"] {
            let text = fs::read_to_string(format!("{root}/{file}")).unwrap().replace("\\\n", " ");
            for line in text.lines().filter(|line| !line.trim_start().starts_with('#')) {
                let line = line.split("  #").next().unwrap_or(line).trim_start_matches("$ ");
                for call in line.split("&&").filter_map(|part| Some(part.split_once("cargo xtask")?.1)) {
                    if line.contains('`') {
                        continue;
                    }
                    let words = call
                        .replace("\"29 February\"", "29_February")
                        .replace("\"the vendor's developer pages\"", "the_vendor");
                    let words = words.split_whitespace().map(|word| word.trim_matches(['\'', '"']));
                    let parsed = Arguments::try_parse_from(["xtask"].into_iter().chain(words));
                    assert!(parsed.is_ok(), "{file}: {line}: {}", parsed.err().unwrap());
                    calls += 1;
                }
            }
        }
        assert!(calls > 35, "{calls} calls");
    }

    #[test]
    fn what_makes_no_sense_is_wrong_usage() {
        for call in [
            "regen --platform bigcommerce",
            "regen --from a.yml",
            "regen --check --from a.yml --platform bigcommerce",
            "regen --from a.yml --platform nobody",
            "calendar --quick --week",
            "changes one.json",
            "lake --quick 100 5",
            "package --now",
            "dist --target x86_64-unknown-linux-musl",
            "dist --try-only --features s3",
            "chores",
        ] {
            let fault = Arguments::try_parse_from(format!("xtask {call}").split_whitespace()).err().unwrap();
            assert_eq!(fault.exit_code(), 2, "{call}: {fault}");
        }
    }
}
