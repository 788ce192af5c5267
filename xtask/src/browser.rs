//! `cargo xtask browser`: the page of a report in a real Chromium.
//!
//! The program itself makes three pages: of the demo's shops over a month and over a year, and of a shop whose texts
//! are all hostile. `xtask/browser/check.mjs` checks them: no error, no request, filters, sorting, the entries behind
//! figures, finding words, orders as CSV, keyboard, phone, dark mode, print. It also takes screenshots for people to look at; `--write` keeps one for the documentation.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

use crate::Result;
use crate::npm::Npm;
use crate::workspace::{Workspace, write};

/// Texts that somebody may make a shop log to harm those who read them.
const HOSTILE: [&str; 8] = [
    "</script><script>window.hacked = 1; alert(1)</script>",
    "<img src=x onerror=\"window.hacked = 1\">",
    "<!--<script>",
    "]]> \u{2028} \u{2029} \u{0} \u{1b}[31m",
    "<a href=\"javascript:window.hacked=1\">press</a>",
    "'\"><svg/onload=window.hacked=1>",
    "\u{202e}txt.exe",
    "${window.hacked=1} <iframe src=https://example.com></iframe>",
];

const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "chrome"];

#[derive(clap::Args)]
pub(crate) struct BrowserArgs {
    /// Keep a picture of the page in docs/.
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(BrowserArgs { write: keeps }: BrowserArgs) -> Result {
    let workspace = Workspace::find()?;
    let browser = browser()?;
    let program = workspace.program()?;
    let npm = Npm::install(&workspace)?;
    let scratch = workspace.target.join("browser");
    let _ = std::fs::remove_dir_all(&scratch);
    std::fs::create_dir_all(&scratch).map_err(|e| format!("{}: {e}", scratch.display()))?;
    demo(&program, &scratch)?;
    hostile(&program, &scratch)?;
    let script = workspace.root.join("xtask/browser/check.mjs");
    let status = Command::new("node")
        .args([
            script.as_os_str(),
            npm.folder().as_os_str(),
            browser.as_os_str(),
            scratch.as_os_str(),
            scratch.as_os_str(),
        ])
        .status()
        .map_err(|e| format!("node: {e}"))?;
    if !status.success() {
        return Err(format!("the page is not as it should be; pictures are in {}", scratch.display()));
    }
    if keeps {
        let (from, to) = (scratch.join("desktop.png"), workspace.root.join("docs/report.png"));
        std::fs::copy(&from, &to).map_err(|e| format!("{}: {e}", to.display()))?;
    }
    println!("\nThe page is as it should be. Pictures are in {}", scratch.display());
    Ok(())
}

fn browser() -> Result<PathBuf> {
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let places = std::env::split_paths(&folders).flat_map(|folder| BROWSERS.map(|name| folder.join(name)));
    places
        .into_iter()
        .find(|place| place.is_file())
        .ok_or_else(|| "there is no Chromium on the path: apt-get install chromium".into())
}

/// The pages of the demo's shops, by the demo itself and by `report` over its archive.
fn demo(program: &Path, scratch: &Path) -> Result {
    let output = Command::new(program)
        .arg("demo")
        .env("TMPDIR", scratch)
        .env("TZ", "UTC")
        .stdout(Stdio::null())
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let output = String::from_utf8_lossy(&output.stderr);
    let page = output.trim_end().lines().last().map(str::trim).filter(|line| line.ends_with("report.html"));
    let page = Path::new(page.ok_or_else(|| format!("the demo names no report:\n{output}"))?);
    let copy = scratch.join("demo.html");
    std::fs::copy(page, &copy).map_err(|e| format!("{}: {e}", page.display()))?;
    // Both end at the same hour, whenever they are made.
    let hour = jiff::Timestamp::now().as_second() / 3600 * 3600;
    let since = jiff::Timestamp::from_second(hour - 365 * 86_400).map_err(|e| e.to_string())?;
    let until = jiff::Timestamp::from_second(hour).map_err(|e| e.to_string())?;
    for name in ["year.html", "orders.csv"] {
        let period = [since, until].map(|time| time.to_string());
        report(program, &page.with_file_name("archive.db"), &scratch.join(name), &period)?;
    }
    Ok(())
}

fn report(program: &Path, archive: &Path, page: &Path, [since, until]: &[String; 2]) -> Result {
    let arguments: [&OsStr; 9] = [
        "report".as_ref(),
        "--archive".as_ref(),
        archive.as_ref(),
        "--since".as_ref(),
        since.as_ref(),
        "--until".as_ref(),
        until.as_ref(),
        "-o".as_ref(),
        page.as_ref(),
    ];
    let status = Command::new(program).args(arguments).status().map_err(|e| format!("{}: {e}", program.display()))?;
    if status.success() { Ok(()) } else { Err(format!("`storelogs report` failed: {status}")) }
}

/// The page of a shop whose every text is hostile, collected as any other.
fn hostile(program: &Path, scratch: &Path) -> Result {
    let mut records = [Vec::new(), Vec::new()];
    for number in 0..600_i64 {
        let text = HOSTILE[usize::try_from(number).unwrap_or(0) % HOSTILE.len()];
        // Some at once, so that there are incidents and bulk operations.
        let ago = if number < 240 { 90_000 + number } else { (number - 230) * 4000 };
        let time = (jiff::Timestamp::now() - jiff::SignedDuration::from_secs(ago)).strftime("%Y-%m-%dT%H:%M:%S+00:00");
        let severity = if number % 2 == 0 { "errors" } else { "success" };
        records[0]
            .push(json!({"id": 10_000 - number, "type": text, "module": text, "severity": severity, "summary": text,
            "message": text, "date_created": time.to_string()}));
        records[1].push(json!({"id": (7_000_000_000_000_000_000_i64 - number * 1000).to_string(), "author": text,
            "created_at": time.to_string(), "detail": text, "subject_type": text, "verb": text}));
    }
    let files = ["bigcommerce.json", "shopline.json"].map(|name| scratch.join(name));
    for (file, records) in files.iter().zip(&records) {
        write(file, &json!({"data": Value::from(records.clone())}).to_string())?;
    }
    let archive = scratch.join("hostile.db");
    let sandbox = Sandbox::start(program, &files)?;
    let mut sync = Command::new(program);
    sync.args(["sync", "--archive"])
        .arg(&archive)
        .envs(sandbox.environment.clone())
        .current_dir(scratch)
        .stdout(Stdio::null());
    let status = sync.status().map_err(|e| format!("{}: {e}", program.display()))?;
    if !status.success() {
        return Err(format!("`storelogs sync` failed: {status}"));
    }
    let now = jiff::Timestamp::now();
    let period = [now - jiff::SignedDuration::from_hours(30 * 24), now].map(|time| time.to_string());
    report(program, &archive, &scratch.join("hostile.html"), &period)
}

/// A sandbox that serves until it is dropped.
struct Sandbox {
    process: Child,
    environment: Vec<(String, String)>,
}

impl Sandbox {
    fn start(program: &Path, records: &[PathBuf]) -> Result<Self> {
        let mut command = Command::new(program);
        command.args(["sandbox", "--no-quota", "--port-bigcommerce", "0", "--port-shopline", "0"]);
        records.iter().for_each(|file| {
            command.arg("--records").arg(file);
        });
        let process = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
        let process = process.map_err(|e| format!("{}: {e}", program.display()))?;
        // Made before it is listened to, so that the process ends with it whatever happens.
        let mut sandbox = Self { process, environment: Vec::new() };
        let lines = sandbox.process.stdout.take().ok_or("the sandbox says nothing")?;
        for line in BufReader::new(lines).lines() {
            let line = line.map_err(|e| format!("the sandbox: {e}"))?;
            let Some((name, value)) = line.strip_prefix("export ").and_then(|line| line.split_once('=')) else {
                continue;
            };
            sandbox.environment.push((name.to_owned(), value.to_owned()));
            if sandbox.environment.len() == 6 {
                return Ok(sandbox);
            }
        }
        Err("the sandbox ended before it said where it is".into())
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
