//! `cargo xtask fuzz [--optimized] [SECONDS [TARGET]]`: every program of `fuzz/`, fed by libFuzzer for a while.
//!
//! libFuzzer needs programs that count which of their branches ran. The stable compiler can do that; nightly and
//! cargo-fuzz would only choose the flags, so we set them here.

use std::env;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Result;
use crate::workspace::{Workspace, cargo, messages, read};

/// Flags that instrument a crate; comparisons report to libFuzzer what they compared with.
const INSTRUMENT: [&str; 6] = [
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
    "-Ccodegen-units=1", // the counters of one crate are one table
];

#[derive(clap::Args)]
pub(crate) struct FuzzArgs {
    /// Build everything for it, optimized: a build of its own, which pays where each target is fed for long.
    #[arg(long)]
    optimized: bool,
    /// How long each target is fed.
    #[arg(default_value_t = 10)]
    seconds: u32,
    /// The only target to feed.
    target: Option<String>,
}

pub(crate) fn run(FuzzArgs { optimized, seconds, target }: FuzzArgs) -> Result {
    let workspace = Workspace::find()?;
    let mut programs = build(&workspace, optimized)?;
    programs.retain(|(name, _)| target.as_ref().is_none_or(|target| target == name));
    if programs.is_empty() {
        return Err(format!("there is no target {}", target.as_deref().unwrap_or("at all")));
    }
    let faults: Vec<String> =
        programs.iter().filter_map(|(name, program)| feed(&workspace, name, program, seconds).err()).collect();
    if faults.is_empty() { Ok(()) } else { Err(faults.join("\n")) }
}

/// Builds the targets, and says where they are.
fn build(workspace: &Workspace, optimized: bool) -> Result<Vec<(String, PathBuf)>> {
    let mut build = cargo();
    build.args(["build", "--workspace"]).current_dir(&workspace.root);
    build.args(targets(&workspace.root.join("fuzz/targets"))?.iter().map(|name| format!("--example={name}")));
    if optimized {
        // With a platform named, the flags are for the targets alone and not for build scripts and macros.
        build.args(["--profile=fuzz", &format!("--target={}", host()?)]);
        build.env("CARGO_ENCODED_RUSTFLAGS", INSTRUMENT.join("\x1f"));
    } else {
        // Only our own crates: what others wrote is as it was built for the tests.
        build.env("RUSTC_WORKSPACE_WRAPPER", workspace.root.join("fuzz/instrumented-rustc"));
        build.env("INSTRUMENT", INSTRUMENT.join(" "));
    }
    let program = |message: &serde_json::Value| {
        let name = message["target"]["name"].as_str()?.to_owned();
        Some((name, PathBuf::from(message["executable"].as_str()?)))
    };
    let programs: Vec<_> = messages(&mut build)?.iter().filter_map(program).collect();
    if programs.is_empty() { Err("the targets did not build".into()) } else { Ok(programs) }
}

/// The names of the targets, which are those of their files.
fn targets(folder: &Path) -> Result<Vec<String>> {
    let files = fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let name = |file: fs::DirEntry| Some(file.path().file_stem()?.to_string_lossy().into_owned());
    let mut names: Vec<_> = files.flatten().filter_map(name).collect();
    names.sort();
    Ok(names)
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output = Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into())).arg("-vV").output();
    let output = output.map_err(|e| format!("rustc: {e}"))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).ok_or_else(|| "rustc does not say what machine this is".into())
}

/// Runs one target. What it learns stays in `target/fuzzed/corpus`, so that the next run goes on from there.
fn feed(workspace: &Workspace, name: &str, program: &Path, seconds: u32) -> Result {
    let (root, kept) = (&workspace.root, workspace.target.join("fuzzed"));
    let place = |kind: &str| {
        let path = kept.join(kind).join(name);
        fs::create_dir_all(&path).map(|()| path.clone()).map_err(|e| format!("{}: {e}", path.display()))
    };
    let (corpus, finds) = (place("corpus")?, place("finds")?);
    let log = kept.join(format!("{name}.log"));
    // The vendors' own samples are seeds of every target.
    let seeds = [root.join("fuzz/seeds").join(name), root.join("tests/samples")];
    let dictionary = root.join("fuzz/seeds").join(format!("{name}.dict"));
    let status = Command::new(program)
        .arg(format!("-max_total_time={seconds}"))
        .args(["-timeout=10", "-use_value_profile=1"])
        .args(dictionary.is_file().then(|| format!("-dict={}", dictionary.display())))
        .arg(format!("-artifact_prefix={}/", finds.display()))
        .arg(&corpus)
        .args(seeds.iter().filter(|seeds| seeds.is_dir()))
        .env("RUST_BACKTRACE", "0")
        .stdin(Stdio::null())
        .stderr(File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?)
        .status()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let output = read(&log)?;
    if !status.success() {
        let end = output.lines().skip(output.lines().count().saturating_sub(40));
        println!("{}", end.collect::<Vec<_>>().join("\n"));
        return Err(format!("{name}: {status}; the input is in {}", finds.display()));
    }
    let first = coverage(&output, "INITED").ok_or_else(|| format!("{name}: nothing of it is instrumented"))?;
    let last = coverage(&output, "DONE").unwrap_or(first);
    let runs = output.lines().rev().find(|line| line.starts_with("Done ")).unwrap_or_default();
    println!("{name:<18} coverage {first} → {last}. {runs}");
    Ok(())
}

/// The number of branches seen, of libFuzzer's line about this event: `#8 INITED cov: 20 ft: 21 …`.
fn coverage(log: &str, event: &str) -> Option<u64> {
    let line = log.lines().find(|line| line.starts_with('#') && line.contains(event))?;
    line.split_once("cov: ")?.1.split(' ').next()?.parse().ok()
}
