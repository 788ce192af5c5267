//! `cargo xtask network`: the program behind real gateways and proxies, between it and the sandbox.
//!
//! Debian has most: `apt-get install nginx-light haproxy squid caddy apache2-bin openssl`; `pipx install
//! mitmproxy==11.0.2` puts `mitmdump` into the PATH. Programs that are not installed are left out and named. Each case
//! starts a server of its own on loopback, reads a store, and expects every entry once, or one named cause.

mod cases;
mod stage;

use std::collections::BTreeSet;

use self::cases::{Case, Wanted};
use self::stage::{Stage, is_installed};
use crate::Result;
use crate::workspace::Workspace;

#[derive(clap::Args)]
pub(crate) struct NetworkArgs {
    /// Try only the cases that have this in their name.
    #[arg(default_value = "", hide_default_value = true)]
    text: String,
}

pub(crate) fn run(NetworkArgs { text }: NetworkArgs) -> Result {
    let workspace = Workspace::find()?;
    let stage = Stage::new(&workspace.program()?, &workspace.target.join("network"))?;
    let (mut failures, mut missing, mut tried) = (Vec::new(), BTreeSet::new(), 0);
    for case in cases::all().iter().filter(|case| case.name.contains(&text)) {
        if let Some(program) = case.needs.iter().find(|program| !is_installed(program)) {
            missing.insert(*program);
            println!("left out  {} ({program} is not installed)", case.name);
            continue;
        }
        tried += 1;
        match look(&stage, case) {
            Ok(seconds) => println!("ok        {} ({seconds:.1} s)", case.name),
            Err(why) => {
                println!("FAILED    {}: {why}", case.name);
                failures.push(case.name);
            }
        }
    }
    if tried == 0 {
        return Err(format!("nothing was tried: install {}", Vec::from_iter(missing).join(" ")));
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(format!("{} failed; logs are in {}", failures.len(), stage.folder.display()))
    }
}

fn look(stage: &Stage, case: &Case) -> Result<f64> {
    let ports = stage.ports();
    let mut servers = Vec::new();
    for server in case.servers {
        servers.push(stage.start(*server, &ports)?);
    }
    let run = stage.read(case, &ports)?;
    match &case.wanted {
        Wanted::Everything { within } => {
            if run.uids != stage.everything {
                let (had, all) = (run.uids.len(), stage.everything.len());
                return Err(format!("{had} of {all} entries, exit {:?}: {}", run.code, run.text));
            }
            if run.seconds > *within {
                return Err(format!("all entries, but in {:.1} s", run.seconds));
            }
        }
        Wanted::Reason(reason) => {
            let found = stage.reason(case, &ports)?;
            if found.as_deref() != Some(*reason) {
                return Err(format!("{found:?} is the cause, not {reason}: {}", run.text));
            }
            if run.code == Some(0) {
                return Err("the run says that all went well".into());
            }
        }
    }
    Ok(run.seconds)
}
