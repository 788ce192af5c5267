//! `cargo xtask bench`: what storelogs costs, against hand-written code that does the same, in the same run.
//!
//! Clients run in processes of their own, so that their time and memory are theirs alone; the sandbox runs in this one.
#![allow(clippy::print_stdout, reason = "a table on standard output is what it is for")]

mod client;
mod decode;
mod drain;
mod table;

use std::process::ExitCode;

use table::Table;

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((first, rest)) if first == "client" => client::run(rest).await,
        Some((first, _)) if first != "--write" => {
            Err(format!("unknown argument {first:?}: use --write or none").into())
        }
        _ => all(!arguments.is_empty()).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn all(write: bool) -> Result<()> {
    let mut table = Table::default();
    decode::measure(&mut table)?;
    drain::speed(&mut table).await?;
    drain::quota(&mut table).await?;
    drain::memory(&mut table).await?;
    let text = table.markdown();
    println!("{text}");
    if write {
        std::fs::write("docs/benchmarks.md", format!("{HEAD}\n{text}"))?;
    }
    Ok(())
}

const HEAD: &str = "\
# Benchmarks

Written by `cargo xtask bench --write`. Every figure is a ratio of two measurements of the same run on the same machine;
a lower one is better. The other side of each is hand-written code that does the same: serde structs and a reqwest loop.
";
