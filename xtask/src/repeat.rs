//! `cargo xtask repeat N`: the whole suite, N times in a row. This finds tests that fail once in a while, best on a
//! machine that is busy with something else.

use std::time::Instant;

use crate::Result;
use crate::test_programs::{Failures, TestPrograms};
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct RepeatArgs {
    /// How many times.
    #[arg(default_value_t = 20, value_name = "N")]
    times: usize,
}

pub(crate) fn run(RepeatArgs { times }: RepeatArgs) -> Result {
    let workspace = Workspace::find()?;
    let scratch = workspace.target.join("repeat");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    let tests = TestPrograms::build(&workspace, &scratch)?;
    println!("{:>5}{:>9}{:>9}{:>9}", "run", "passed", "failed", "took");
    let mut failures = Failures::default();
    for number in 1..=times {
        let begun = Instant::now();
        let outcome = tests.run(&format!("run {number}"), true, |_| {})?;
        let took = format!("{} s", begun.elapsed().as_secs());
        println!("{number:>5}{:>9}{:>9}{took:>9}", outcome.passed, outcome.failed.len());
        for failure in outcome.failed {
            failures.note(failure, number.to_string());
        }
    }
    if failures.len() == 0 {
        println!("\nNo test failed in {times} runs.");
        return Ok(());
    }
    Err(format!(
        "{} tests failed in some of {times} runs; what they printed is in {}\n{}",
        failures.len(),
        scratch.display(),
        failures.lines("in run")
    ))
}
