//! `cargo xtask laws [CASES]`: the laws of walks and verdicts on many more cases than an ordinary run tries.

use crate::Result;
use crate::workspace::{Workspace, cargo};

#[derive(clap::Args)]
pub(crate) struct LawsArgs {
    /// How many cases of each platform.
    #[arg(default_value_t = 5000)]
    cases: u32,
}

/// Tries the laws: other cases of walks each time, and cases of verdicts by their seeds. Failures are stored in
/// `proptest-regressions/`, and every later run begins with them.
pub(crate) fn run(LawsArgs { cases }: LawsArgs) -> Result {
    let root = Workspace::find()?.root;
    // The collector's own features are for other tests.
    let laws: [(&[&str], &str); 2] = [
        (&["--package=storelogs", "--all-features"], "walk_properties::"),
        (&["--package=storelogs-collector"], "verdict_properties::"),
    ];
    let mut broken = Vec::new();
    for (tested, law) in laws {
        let status = cargo()
            .args(["test", "--release", "--test=suite"])
            .args(tested)
            .args(["--", law, "--include-ignored"])
            .env("PROPTEST_CASES", cases.to_string())
            .env("SEEDS", format!("0..{cases}"))
            .current_dir(&root)
            .status()
            .map_err(|e| format!("cargo: {e}"))?;
        if !status.success() {
            broken.push(law.trim_end_matches("::"));
        }
    }
    if broken.is_empty() { Ok(()) } else { Err(format!("laws that do not hold: {}", broken.join(", "))) }
}
