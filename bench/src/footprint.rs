//! The cost of depending on the library: crates, the time of a cold build, the size of a program; and the time that the
//! program takes to start.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::Result;
use crate::program::program;
use crate::table::Table;

/// A program that depends on something.
struct Dependent {
    name: &'static str,
    dependencies: &'static str,
    main: &'static str,
}

/// The dependencies of a client written by hand, with the same features.
const BY_HAND: Dependent = Dependent {
    name: "reqwest and serde alone",
    dependencies: r#"
        reqwest = { version = "0.13", default-features = false, features = ["json", "query", "stream", "gzip", "http2", "rustls-no-provider"] }
        rustls = { version = "0.23", default-features = false, features = ["ring"] }
        serde = { version = "1", features = ["derive"] }
        serde_json = "1"
        jiff = { version = "0.2", default-features = false, features = ["std", "alloc", "serde"] }
        tokio = { version = "1", features = ["rt-multi-thread", "macros", "time"] }
    "#,
    main: r#"
        #[tokio::main]
        async fn main() {
            rustls::crypto::ring::default_provider().install_default().expect("none was chosen before");
            let answer = reqwest::Client::new().get("https://api.bigcommerce.com").send().await.expect("it answers");
            println!("{}", answer.json::<serde_json::Value>().await.expect("it is JSON"));
        }
    "#,
};

const OURS: Dependent = Dependent {
    name: "storelogs",
    dependencies: r#"
        storelogs = { path = "ROOT" }
        futures = { version = "0.3", default-features = false, features = ["std"] }
        tokio = { version = "1", features = ["rt-multi-thread", "macros"] }
    "#,
    main: READER,
};

const MINIMAL: Dependent = Dependent {
    name: "storelogs without its default features",
    dependencies: r#"
        storelogs = { path = "ROOT", default-features = false }
        futures = { version = "0.3", default-features = false, features = ["std"] }
        tokio = { version = "1", features = ["rt-multi-thread", "macros"] }
    "#,
    main: READER,
};

const READER: &str = r#"
    use futures::StreamExt;
    use storelogs::{BigCommerce, LogQuery, LogSource};

    #[tokio::main]
    async fn main() {
        let store = BigCommerce::from_env().expect("the environment names a store");
        let mut log = store.logs(LogQuery::new());
        while let Some(entry) = log.next().await {
            println!("{}", entry.expect("the log can be read").uid);
        }
    }
"#;

struct Cost {
    crates: usize,
    /// Seconds of work, whatever else the machine does.
    build: f64,
    program: u64,
}

pub(crate) fn measure(table: &mut Table) -> Result<()> {
    let by_hand = BY_HAND.cost()?;
    for dependent in [OURS, MINIMAL] {
        let (name, cost) = (dependent.name, dependent.cost()?);
        let (crates, more) = (cost.crates, cost.crates.saturating_sub(by_hand.crates));
        table.note(format!("crates in a program with {name}"), format!("{crates} ({more} more)"));
        let ratio = cost.build / by_hand.build;
        table.note(format!("CPU time of a cold build with {name}, against reqwest and serde"), format!("{ratio:.2} ×"));
        let (own, other) = (cost.program as f64 / 1e6, by_hand.program as f64 / 1e6);
        table.note(format!("release program with {name}, stripped"), format!("{own:.1} MB (against {other:.1})"));
    }
    table.at_most("time to start: `storelogs --version`", start()? * 1e3, 5.0, " ms");
    Ok(())
}

/// The seconds that the program takes to say which version it is.
fn start() -> Result<f64> {
    let mut version = Command::new(program("storelogs")?);
    version.arg("--version").stdout(Stdio::null());
    let mut times = Vec::new();
    for _ in 0..30 {
        let start = Instant::now();
        let status = version.status()?;
        times.push(start.elapsed().as_secs_f64());
        if !status.success() {
            return Err(format!("{version:?} ended with {status}").into());
        }
    }
    times.sort_by(f64::total_cmp);
    Ok(times[times.len() / 2])
}

impl Dependent {
    fn cost(&self) -> Result<Cost> {
        let root = std::env::current_dir()?;
        let folder = root.join("target/footprint").join(self.name.replace(' ', "-"));
        drop(fs::remove_dir_all(&folder)); // it may not be there
        fs::create_dir_all(folder.join("src"))?;
        let root_text = root.to_str().ok_or("the project's path is not text")?;
        let manifest = format!(
            "[package]\nname = \"footprint\"\nedition = \"2024\"\n[workspace]\n[profile.release]\nstrip = true\n[dependencies]\n{}",
            self.dependencies.replace("ROOT", root_text)
        );
        fs::write(folder.join("Cargo.toml"), manifest)?;
        fs::write(folder.join("src/main.rs"), self.main)?;
        // The same versions as in the workspace.
        fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        cargo(&folder, &["fetch", "--quiet"])?;
        let tree = cargo(&folder, &["tree", "--edges=normal", "--prefix=none", "--no-dedupe"])?;
        let crates: BTreeSet<&str> = tree.lines().filter_map(|line| line.split(" (").next()).collect();
        let before = children_seconds()?;
        cargo(&folder, &["build", "--quiet", "--offline"])?;
        let build = children_seconds()? - before;
        cargo(&folder, &["build", "--quiet", "--offline", "--release"])?;
        let program = fs::metadata(folder.join("target/release/footprint"))?.len();
        let crates = crates.len() - 1; // without the program itself
        fs::remove_dir_all(folder.join("target"))?;
        Ok(Cost { crates, build, program })
    }
}

/// Runs cargo in a folder, and gives what it printed.
fn cargo(folder: &Path, arguments: &[&str]) -> Result<String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(arguments)
        .current_dir(folder)
        .env("CARGO_TARGET_DIR", folder.join("target"))
        .stderr(Stdio::inherit())
        .output()?;
    if !output.status.success() {
        return Err(format!("cargo {}: {}", arguments.join(" "), output.status).into());
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// CPU time of all processes that this one started and that are over, in seconds.
fn children_seconds() -> Result<f64> {
    let stat = fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |index: usize| fields.get(index).and_then(|text| text.parse::<f64>().ok()).ok_or("no such field");
    Ok((ticks(13)? + ticks(14)?) / 100.0)
}
