//! `cargo xtask interop`: the program `storelogs` against a mock server that is made from the documents.
//!
//! Prism serves each effective document and checks every request against it: path, parameters, headers, security. Any
//! broken rule is a failure. Prism accepts parameters that the document does not name, empty values and duplicates; a
//! tap in front of it reads the query strings, so that those fail, too.
//!
//! Then Schemathesis tests the sandbox by the same documents, with all its checks: the stand-in of our tests follows
//! them.

mod cases;
mod document;
mod mock;
mod query;
mod tap;
mod tester;

use std::collections::BTreeSet;
use std::fs::File;
use std::path::Path;
use std::process::{Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use self::cases::{Case, Platform};
use self::mock::Mock;
use self::query::{Rules, pairs};
use self::tap::Tap;
use self::tester::{Sandbox, Tester};
use crate::npm::Npm;
use crate::workspace::{Workspace, read, write};
use crate::{Result, workspace};

/// No case needs a second. One that takes this long has found a walk that does not end.
const RUN_TIMEOUT: Duration = Duration::from_secs(60);

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    let documents = workspace.effective_documents()?;
    let program = workspace.program()?;
    let npm = Npm::install(&workspace)?;
    let tester = Tester::install(&workspace)?;
    let scratch = workspace.target.join("interop");
    let mut failures = Vec::new();
    for platform in cases::platforms() {
        failures.extend(try_platform(&platform, &documents, &program, &npm, &scratch)?);
    }
    println!("\nThe sandbox against Schemathesis");
    let sandbox = Sandbox::start(&program)?;
    for platform in cases::platforms() {
        let document = documents.join(format!("{}.json", platform.name));
        failures.extend(tester.try_platform(&platform, &document, &sandbox, &scratch)?);
    }
    if failures.is_empty() {
        println!("\nEvery request keeps to the documents, and so does the sandbox.");
        return Ok(());
    }
    Err(format!("{} failures; the logs are in {}\n- {}", failures.len(), scratch.display(), failures.join("\n- ")))
}

/// Runs every case of one platform, and returns what failed.
fn try_platform(
    platform: &Platform,
    documents: &Path,
    program: &Path,
    npm: &Npm,
    scratch: &Path,
) -> Result<Vec<String>> {
    let original = read(&documents.join(format!("{}.json", platform.name)))?;
    let served = document::served(&original, platform)?;
    let rules = Rules::of(&served);
    let path = scratch.join(format!("{}.json", platform.name));
    write(&path, &format!("{served:#}\n"))?;

    let mut mock = Mock::start(npm, &path, &scratch.join(format!("{}-prism.log", platform.name)))?;
    mock.prove_that_it_checks(platform)?;
    let tap = Tap::open(mock.address())?;
    println!("\n{}: {} cases", platform.name, platform.cases.len());

    let mut failures = Vec::new();
    let mut sent = BTreeSet::new();
    let mut requests = 0;
    for (number, case) in platform.cases.iter().enumerate() {
        let output = scratch.join(format!("{}-{:02}.txt", platform.name, number + 1));
        let outcome = try_case(case, platform, program, tap.origin(), &output);
        let targets = tap.drain();
        let names: BTreeSet<String> = targets.iter().flat_map(|target| pairs(target)).map(|(name, _)| name).collect();
        let mut faults: Vec<String> = outcome.err().into_iter().collect();
        faults.extend(targets.iter().flat_map(|target| rules.faults(target)).collect::<BTreeSet<_>>());
        if targets.is_empty() {
            faults.push("it sent no request".into());
        }
        println!("  {} {} ({} requests)", if faults.is_empty() { "ok  " } else { "FAIL" }, case.line(), targets.len());
        failures
            .extend(faults.into_iter().map(|fault| format!("{}: storelogs {}: {fault}", platform.name, case.line())));
        requests += targets.len();
        sent.extend(names);
    }

    let seen = mock.finish(requests)?;
    println!("  Prism saw {} requests and found {} errors.", seen.requests, seen.errors.values().sum::<usize>());
    println!("  Parameters sent: {}", list(&sent));
    println!("  Parameters never sent: {}", list(&rules.names().difference(&sent).cloned().collect()));
    if seen.requests != requests {
        failures.push(format!("{}: {requests} requests were sent, Prism saw {}", platform.name, seen.requests));
    }
    failures.extend(seen.errors.iter().map(|(error, times)| format!("{}: {times} times: {error}", platform.name)));
    Ok(failures)
}

fn list(names: &BTreeSet<String>) -> String {
    names.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn try_case(case: &Case, platform: &Platform, program: &Path, origin: &str, output: &Path) -> Result {
    workspace::write(output, "")?;
    let errors = output.with_extension("err");
    let mut command = Command::new(program);
    let home = output.parent().unwrap_or(output);
    // Nothing but this: the settings and tokens of the person who runs it must not reach the mock server.
    command
        .args(&case.arguments)
        .env_clear()
        .env("NO_COLOR", "1")
        .env("HOME", home)
        .current_dir(home)
        .env(platform.api_url, origin)
        .envs(platform.environment.iter().copied())
        .stdin(Stdio::null())
        .stdout(File::create(output).map_err(|e| format!("{}: {e}", output.display()))?)
        .stderr(File::create(&errors).map_err(|e| format!("{}: {e}", errors.display()))?);
    let status = finish(command)?;
    if !status.success() {
        let said = read(&errors)?;
        return Err(format!("{status}: {}", said.trim().lines().take(5).collect::<Vec<_>>().join(" / ")));
    }
    let printed = read(output)?;
    match case.entries {
        Some(entries) if printed.lines().count() != entries => {
            Err(format!("it printed {} entries, not {entries}", printed.lines().count()))
        }
        None if printed.trim().is_empty() => Err("it printed nothing".into()),
        _ => Ok(()),
    }
}

fn finish(mut command: Command) -> Result<ExitStatus> {
    let name = command.get_program().display().to_string();
    let mut child = command.spawn().map_err(|e| format!("{name}: {e}"))?;
    let begun = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(|e| format!("{name}: {e}"))? {
            return Ok(status);
        }
        if begun.elapsed() > RUN_TIMEOUT {
            // It may have ended by now, and then there is nothing to kill.
            drop(child.kill());
            drop(child.wait());
            return Err(format!("it did not end within {} s", RUN_TIMEOUT.as_secs()));
        }
        thread::sleep(Duration::from_millis(10));
    }
}
