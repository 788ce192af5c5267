//! `cargo xtask calendar [--quick | --week] [TEXT]`: the tests and the demo under shifted clocks.
//!
//! libfaketime gives each program another wall clock. Timers go by the monotonic clock, which stays as it is: a program
//! that waits for a second waits for a second. The test programs are run directly, without cargo, which compares the
//! times of files.
//!
//! Tests that no date can change are not run at each moment: the laws of walks and of coverage draw platforms and not
//! dates, and measurements of made-up histories fix their end. A full run has those at six moments, and everything else
//! at all of them.

mod choice;
mod clock;
mod demo;
mod moments;

use std::time::Instant;

use self::clock::Clock;
use self::demo::Demo;
use self::moments::Moment;
use crate::Result;
use crate::test_programs::{Failures, TestPrograms};
use crate::workspace::Workspace;

/// The tests to run, and the moments.
struct Plan {
    /// Only the tests that touch time.
    quick: bool,
    /// Each moment, and whether the tests are run then or the demo alone.
    moments: Vec<(Moment, bool)>,
}

#[derive(clap::Args)]
pub(crate) struct CalendarArgs {
    /// Run only the tests that touch time, and the demo, at six moments.
    #[arg(long, conflicts_with = "week")]
    quick: bool,
    /// Run only the demo, at each hour of a week.
    #[arg(long)]
    week: bool,
    /// Take only the moments that have this in their line, such as `2028` or `29 February`.
    text: Option<String>,
}

impl CalendarArgs {
    /// Each choice of moments has a folder of its own, so that several can run side by side.
    fn folder(&self) -> String {
        let text = self.text.iter().flat_map(|text| text.chars()).filter(char::is_ascii_alphanumeric);
        let kind = match (self.quick, self.week) {
            (true, _) => "calendar-quick-",
            (_, true) => "calendar-week-",
            _ => "calendar-",
        };
        format!("{kind}{}", text.collect::<String>()).trim_end_matches('-').to_owned()
    }
}

pub(crate) fn run(args: &CalendarArgs) -> Result {
    let plan = plan(args)?;
    let workspace = Workspace::find()?;
    let clock = Clock::find()?;
    let scratch = workspace.target.join(args.folder());
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    let tests = if plan.moments.iter().any(|(_, tests)| *tests) {
        let mut tests = TestPrograms::build(&workspace, &scratch)?;
        tests.spare(&choice::INDIFFERENT)?;
        if plan.quick {
            tests.only(&choice::TOUCHING)?;
        }
        Some(tests)
    } else {
        None
    };
    // A few times what was built for the tests will do. A hundred times, what is faster pays for its build.
    let program = match &tests {
        Some(tests) if plan.moments.len() < 60 => tests.storelogs.clone(),
        _ => workspace.released_program()?,
    };
    let demo = Demo { program, scratch: scratch.clone() };

    println!("{:<27}{:<20}{:>7}{:>8}  {:<6}{:>7}  what it is", "moment", "zone", "passed", "failed", "demo", "took");
    let mut failures = Failures::default();
    for (moment, with_tests) in &plan.moments {
        let begun = Instant::now();
        let mut failed = Vec::new();
        let mut passed = 0;
        if let (true, Some(tests)) = (with_tests, &tests) {
            let all = moment.quick && !plan.quick;
            let outcome = tests.run(&moment.line(), all, |command| clock.set(command, moment))?;
            passed = outcome.passed;
            failed = outcome.failed;
        }
        let counted = failed.len();
        let shown = demo.run(&clock, moment);
        let outcome = if shown.is_ok() { "ok" } else { "FAILED" };
        let took = format!("{} s", begun.elapsed().as_secs());
        println!(
            "{:<27}{:<20}{passed:>7}{counted:>8}  {outcome:<6}{took:>7}  {}",
            moment.time.to_string(),
            moment.zone,
            moment.about
        );
        failed.extend(shown.err().map(|why| format!("the demo: {why}")));
        for failure in failed {
            failures.note(failure, moment.time.to_string());
        }
    }
    let moments = plan.moments.len();
    if failures.len() == 0 {
        println!("\nAll is well at {moments} moments.");
        return Ok(());
    }
    Err(format!(
        "{} of what ran failed at some of {moments} moments; what it printed is in {}\n{}",
        failures.len(),
        scratch.display(),
        failures.lines("at")
    ))
}

fn plan(CalendarArgs { quick, week, text }: &CalendarArgs) -> Result<Plan> {
    let (quick, week) = (*quick, *week);
    let few = quick && text.is_none();
    let tests = moments::all().into_iter().filter(|moment| moment.quick || !few).map(|moment| (moment, true));
    let demos = moments::week().into_iter().map(|moment| (moment, false));
    let mut moments: Vec<_> = match (quick, week) {
        (true, _) => tests.collect(),
        (_, true) => demos.collect(),
        _ => tests.chain(demos).collect(),
    };
    if let Some(text) = text {
        moments.retain(|(moment, _)| moment.line().contains(text));
    }
    if moments.is_empty() { Err("there is no such moment".into()) } else { Ok(Plan { quick, moments }) }
}
