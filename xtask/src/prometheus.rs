//! `cargo xtask prometheus`: Prometheus' own `promtool` checks the alarms, the dashboard and the metrics.
//!
//! `deploy/prometheus/storelogs.rules.test.yml` tries each alarm. The expressions of the dashboard are checked as those
//! of rules are, and the metrics are the program's own over a sandbox's stores.

use std::fmt::Display;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::Result;
use crate::readers::{done, make};
use crate::workspace::{Workspace, read, write};

pub(crate) fn run() -> Result {
    let workspace = Workspace::find()?;
    if Command::new("promtool").arg("--version").output().is_err() {
        return Err("there is no promtool on the path: apt-get install --no-install-recommends prometheus".into());
    }
    let rules = workspace.root.join("deploy/prometheus");
    done(Command::new("promtool").args(["check", "rules", "storelogs.rules.yml"]).current_dir(&rules))?;
    done(Command::new("promtool").args(["test", "rules", "storelogs.rules.test.yml"]).current_dir(&rules))?;
    let folder = workspace.target.join("prometheus");
    let dashboard = read(&workspace.root.join("deploy/grafana/storelogs.json"))?;
    let expressions = expressions(&dashboard)?;
    write(&folder.join("dashboard.rules.yml"), &as_rules(&expressions))?;
    done(Command::new("promtool").args(["check", "rules", "dashboard.rules.yml"]).current_dir(&folder))?;
    let text = metrics(&workspace, &folder)?;
    let mut check =
        Command::new("promtool").args(["check", "metrics"]).stdin(Stdio::piped()).spawn().map_err(failed)?;
    check.stdin.take().ok_or("promtool reads nothing")?.write_all(text.as_bytes()).map_err(failed)?;
    if !check.wait().map_err(failed)?.success() {
        return Err("promtool finds fault with the metrics, see above".into());
    }
    println!(
        "\nAlarms, {} expressions of the dashboard and the metrics are as Prometheus wants them.",
        expressions.len()
    );
    Ok(())
}

fn failed(error: impl Display) -> String {
    error.to_string()
}

/// Every expression of a dashboard, with a value in the place of each variable.
fn expressions(dashboard: &str) -> Result<Vec<String>> {
    let dashboard: Value = serde_json::from_str(dashboard).map_err(|e| format!("the dashboard: {e}"))?;
    let panels = dashboard["panels"].as_array().ok_or("the dashboard has no panels")?;
    let targets = panels.iter().filter_map(|panel| panel["targets"].as_array()).flatten();
    let expressions = targets.filter_map(|target| target["expr"].as_str());
    Ok(expressions.map(|text| text.replace("$__rate_interval", "5m").replace("$platform", "bigcommerce")).collect())
}

fn as_rules(expressions: &[String]) -> String {
    let rule = |(number, expression): (usize, &String)| {
        format!("      - record: dashboard:{number}\n        expr: {}\n", Value::from(expression.as_str()))
    };
    let rules: String = expressions.iter().enumerate().map(rule).collect();
    format!("groups:\n  - name: dashboard\n    rules:\n{rules}")
}

/// A program under way, which ends with the chore.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The metrics of a collector with two stores that it cannot reach.
fn metrics(workspace: &Workspace, folder: &Path) -> Result<String> {
    let program = workspace.program()?;
    let archive = folder.join("archive.db");
    make(workspace, &program, &archive)?;
    let port = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).map_err(failed)?;
    let mut command = Command::new(&program);
    command.args(["sync", "--follow", "--metrics-listen", &port.to_string(), "--archive"]).arg(&archive);
    command.env("BIGCOMMERCE_STORE_HASH", "shop0").env("BIGCOMMERCE_ACCESS_TOKEN", "sandbox-token");
    command.env("BIGCOMMERCE_API_URL", "http://127.0.0.1:9").stdout(Stdio::null()).stderr(Stdio::null());
    let _running = Running(command.spawn().map_err(failed)?);
    let begun = Instant::now();
    loop {
        match get(&port.to_string()) {
            Ok(text) if text.contains("storelogs_stores") => return Ok(text),
            _ if begun.elapsed() > Duration::from_secs(60) => return Err("the program serves no metrics".into()),
            _ => thread::sleep(Duration::from_millis(100)),
        }
    }
}

fn get(address: &str) -> Result<String> {
    let mut stream = TcpStream::connect(address).map_err(failed)?;
    write!(stream, "GET /metrics HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").map_err(failed)?;
    let mut text = String::new();
    stream.read_to_string(&mut text).map_err(failed)?;
    text.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).ok_or_else(|| "no answer".into())
}
