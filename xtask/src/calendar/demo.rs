//! The demo, as a user sees it at a given moment.

use std::path::PathBuf;
use std::process::{Command, Output};

use super::clock::Clock;
use super::moments::Moment;
use crate::Result;

pub(super) struct Demo {
    pub(super) program: PathBuf,
    pub(super) scratch: PathBuf,
}

impl Demo {
    /// Runs it, and what it says to do next.
    pub(super) fn run(&self, clock: &Clock, moment: &Moment) -> Result {
        let folder = self.scratch.join("demo");
        std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let outcome = self.look(&["demo"], clock, moment).and_then(|demo| {
            let shown = String::from_utf8_lossy(&demo.stdout);
            let shown = shown.split_whitespace().collect::<Vec<_>>().join(" ");
            let (list, rest) = shown.split_once("the newest 8 entries").ok_or("it shows no entries")?;
            for platform in ["bigcommerce:", "shopline:"] {
                if !list.contains(platform) {
                    return Err(format!("it shows no entry of {platform}"));
                }
            }
            for (wanted, what) in [(" failed ", "no incident"), (" Ask ", "nobody to ask"), ("by actor", "no sums")] {
                if !rest.contains(wanted) {
                    return Err(format!("it shows {what}"));
                }
            }
            let said = String::from_utf8_lossy(&demo.stderr);
            let next = said.lines().find_map(|line| line.trim().split_once("storelogs search "));
            let (_, next) = next.ok_or("it says nothing to do next")?;
            let next: Vec<&str> = std::iter::once("search").chain(next.split(' ')).collect();
            self.look(&next, clock, moment).map(drop)
        });
        // An archive and a page each time.
        let _ = std::fs::remove_dir_all(&folder);
        outcome
    }

    fn look(&self, arguments: &[&str], clock: &Clock, moment: &Moment) -> Result<Output> {
        let folder = self.scratch.join("demo");
        let mut command = Command::new(&self.program);
        clock.set(command.args(arguments).env("TMPDIR", &folder).env("HOME", &folder).current_dir(&folder), moment);
        let output = command.output().map_err(|e| format!("{}: {e}", self.program.display()))?;
        if output.status.success() {
            return Ok(output);
        }
        let said = String::from_utf8_lossy(&output.stderr);
        Err(format!("storelogs {}: {}: {}", arguments[0], output.status, said.trim().replace('\n', " / ")))
    }
}
