//! Schemathesis against the sandbox: the sandbox does what the documents say, and nothing else.
//!
//! The sandbox is written from the vendors' pages, and the documents are corrected from the same pages; where the two
//! disagree, one of them is wrong. Schemathesis makes up requests, right and wrong, and runs all its checks.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

use super::cases::Platform;
use crate::Result;
use crate::workspace::{Workspace, read, write};

/// The packages, pinned.
const REQUIREMENTS: &str = include_str!("../../python/requirements.txt");

/// The same requests every time: a failure can be looked at again.
const SEED: &str = "--seed=1";

pub(super) struct Tester {
    program: PathBuf,
}

impl Tester {
    /// Installs Schemathesis in an environment of its own, unless that was done before.
    pub(super) fn install(workspace: &Workspace) -> Result<Self> {
        let folder = workspace.target.join("python");
        let tester = Self { program: folder.join("bin/schemathesis") };
        let installed = folder.join("installed.txt");
        if read(&installed).is_ok_and(|text| text == REQUIREMENTS) {
            return Ok(tester);
        }
        println!("Installing Schemathesis under {}", folder.display());
        let requirements = folder.join("requirements.txt");
        write(&requirements, REQUIREMENTS)?;
        let run = |command: &mut Command| {
            let name = command.get_program().display().to_string();
            let status = command.status().map_err(|e| format!("{name}: {e}. Python 3.10 or later is needed"))?;
            if status.success() {
                Ok(())
            } else {
                Err(format!("{name}: {status}. Python 3.10 or later is needed, with venv"))
            }
        };
        run(Command::new("python3").args(["-m", "venv"]).arg(&folder))?;
        run(Command::new(folder.join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check", "--no-deps", "--requirement"])
            .arg(&requirements))?;
        write(&installed, REQUIREMENTS)?;
        Ok(tester)
    }

    /// Runs all checks of one platform's document, and returns what failed.
    pub(super) fn try_platform(
        &self,
        platform: &Platform,
        document: &Path,
        sandbox: &Sandbox,
        scratch: &Path,
    ) -> Result<Vec<String>> {
        let log = scratch.join(format!("{}-schemathesis.log", platform.name));
        let origin = sandbox.export(platform.api_url)?;
        let config = scratch.join(format!("{}-schemathesis.toml", platform.name));
        write(&config, &configuration(platform))?;
        let output = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let errors = output.try_clone().map_err(|e| format!("{}: {e}", log.display()))?;
        let status = Command::new(&self.program)
            .arg(format!("--config-file={}", config.display()))
            .arg("run")
            .arg(document)
            .args(["--checks=all", "--phases=examples,coverage,fuzzing", "--max-examples=50", "--workers=1", SEED])
            .args(["--no-color", "--generation-database=none", "--continue-on-failure"])
            .arg(format!("--url={origin}{}", platform.prefix))
            .arg(format!("--header={}{}", platform.token.0, sandbox.export(platform.token.1)?))
            .args(platform.headers.iter().map(|header| format!("--header={header}")))
            .current_dir(scratch)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(errors)
            .status()
            .map_err(|e| format!("{}: {e}", self.program.display()))?;
        let said = read(&log)?;
        let failures: Vec<String> =
            said.lines().filter_map(failure).map(|what| format!("{}: Schemathesis: {what}", platform.name)).collect();
        let tested = said.lines().rev().find(|line| line.contains("generated")).unwrap_or_default().trim().to_owned();
        println!("  Schemathesis: {tested}");
        match (status.success(), failures.is_empty()) {
            (true, _) if tested.is_empty() => Err(format!("Schemathesis tried nothing: see {}", log.display())),
            (true, _) => Ok(Vec::new()),
            (false, false) => Ok(failures),
            (false, true) => Err(format!("Schemathesis failed: {status}: see {}", log.display())),
        }
    }
}

/// The title of a failure: `- ST103 Undocumented status code`.
fn failure(line: &str) -> Option<&str> {
    line.strip_prefix("- ").filter(|rest| rest.starts_with("ST"))
}

/// A configuration of Schemathesis that accepts the platform's refusals of requests that keep to the document, with the
/// reason.
fn configuration(platform: &Platform) -> String {
    let (statuses, why) = platform.refusals;
    let list = |usual: &str| {
        let more: String = statuses.iter().map(|status| format!(", {status}")).collect();
        format!("expected-statuses = [{usual}{more}]")
    };
    format!(
        "# {why}\n[checks.positive_data_acceptance]\n{}\n\n[checks.negative_data_rejection]\n{}\n",
        list("\"2xx\", 401, 403, 404"),
        list("400, 401, 403, 404, 405, 406, 422"),
    )
}

/// The program's own sandbox, on free ports, without limits of rate.
pub(super) struct Sandbox {
    process: Child,
    /// Held open: the sandbox goes on printing.
    _output: BufReader<ChildStdout>,
    exports: Vec<(String, String)>,
}

impl Sandbox {
    pub(super) fn start(program: &Path) -> Result<Self> {
        let fail = |e: std::io::Error| format!("{} sandbox: {e}", program.display());
        let mut process = Command::new(program)
            .args(["sandbox", "--no-quota", "--port-bigcommerce=0", "--port-shopline=0", "--color=never"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(fail)?;
        let Some(output) = process.stdout.take() else { return Err("the sandbox has no output".into()) };
        let mut sandbox = Self { process, _output: BufReader::new(output), exports: Vec::new() };
        let mut line = String::new();
        while sandbox.exports.iter().filter(|(name, _)| name.ends_with("_ACCESS_TOKEN")).count() < 2 {
            line.clear();
            if sandbox._output.read_line(&mut line).map_err(fail)? == 0 {
                return Err("the sandbox ended before it said where it is".into());
            }
            sandbox.exports.extend(export(&line));
        }
        Ok(sandbox)
    }

    fn export(&self, variable: &str) -> Result<&str> {
        let export = self.exports.iter().find(|(name, _)| name == variable);
        export.map(|(_, value)| value.as_str()).ok_or_else(|| format!("the sandbox exports no {variable}"))
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to kill.
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// `export NAME=value`, in quotes or not.
fn export(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("export ")?.split_once('=')?;
    Some((name.to_owned(), value.trim_matches(['"', '\'']).to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_sandbox_exports_and_what_schemathesis_finds_are_read() {
        let pair = ("SHOPLINE_API_URL".to_owned(), "http://127.0.0.1:4011".to_owned());
        assert_eq!(export("  export SHOPLINE_API_URL=http://127.0.0.1:4011\n"), Some(pair.clone()));
        assert_eq!(export("export SHOPLINE_API_URL='http://127.0.0.1:4011'"), Some(pair));
        assert_eq!(failure("- ST103 Undocumented status code"), Some("ST103 Undocumented status code"));
        assert_eq!(failure("- Status code"), None);
    }
}
