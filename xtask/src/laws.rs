//! `cargo xtask laws [CASES]`: the laws of the walks on many more cases than an ordinary run tries.

use crate::Result;
use crate::workspace::{Workspace, cargo};

const CASES: &str = "5000";

/// Other cases each time. What fails is kept in `proptest-regressions/`, and every later run begins with it.
pub(crate) fn run(arguments: &[String]) -> Result {
    let cases = match arguments {
        [] => CASES,
        [cases] => cases.as_str(),
        _ => return Err("it takes CASES, no more".into()),
    };
    let _: u32 = cases.parse().map_err(|_| format!("{cases:?} is not a number of cases"))?;
    let status = cargo()
        .args(["test", "--release", "--package=storelogs", "--all-features", "--test=suite", "--", "walk_properties::"])
        .env("PROPTEST_CASES", cases)
        .current_dir(Workspace::find()?.root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if status.success() { Ok(()) } else { Err(format!("a law does not hold: {status}")) }
}
