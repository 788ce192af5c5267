//! `cargo xtask bench`: what storelogs costs, against hand-written code that does the same, in the same run.
//!
//! Clients run in processes of their own, so that their time and memory are theirs alone; the sandbox runs in this one.
#![allow(clippy::print_stdout, reason = "a table on standard output is what it is for")]

mod archive;
mod client;
mod decode;
mod drain;
mod fleet;
mod footprint;
mod growth;
mod large;
mod page;
mod process;
mod program;
mod served;
mod stores;
mod table;
mod words;

use std::process::ExitCode;

use table::Table;

type Result<T, E = Box<dyn std::error::Error>> = std::result::Result<T, E>;

/// The measurements, in the order of the page: what each is called, and what is compared with what. Each can be run
/// alone.
const GROUPS: [(&str, &str); 10] = [
    (
        "decode",
        "The body of one page to entries, in one thread. The other side fills structs of its own with serde and maps them to\n\
         the same entries; the two results are compared before anything is timed.",
    ),
    (
        "speed",
        "100,000 entries over HTTP from the sandbox, each client in a process of its own. storelogs asks for up to eight pages\n\
         at once; the other side is a loop around reqwest that asks for one after the other. There is no latency, so the gain\n\
         is what two cores allow.",
    ),
    (
        "drain",
        "Whole processes, from their start to their end, that write every record of a store as a JSON line to nowhere: the program\n\
         `storelogs fetch --format jsonl`, and what a careful engineer writes by hand (`bench/src/bin/by-hand.rs`: reqwest, serde,\n\
         one page after the other or eight at a time, and no proof of anything). Both read 200,000 records of a believable shop from\n\
         a server that does next to nothing itself. The middle run of each counts. Requests are against the pages that there are.\n\
         \n\
         What holds those that are missed. Both sides decode with `serde_json` and write a line for each record: three tenths\n\
         and a sixth of storelogs's time. What it does besides is what proves the log: each row is hashed and compared with those\n\
         before it; at SHOPLINE each slice of some ten pages also takes a count and two pages that are not full. Its lines have\n\
         three fields more. Two cores that the server needs too are busy all the time, so wall times follow processor times. With\n\
         latency, nothing is asked for beside the first page, and the last page is read twice: two to five of a hundred round\n\
         trips. An end that nothing names is looked for by doubling and halving, in some twenty requests one after the other.",
    ),
    (
        "quota",
        "The same through 100 ms of latency and a quota of 100 requests in 2 s, of which a quarter is left to the shop's other\n\
         apps. The bound is the time that a perfect client needs: full windows, and the rest eight at a time.",
    ),
    (
        "memory",
        "The most that the process ever held, less what it held before it began. A walk remembers each record that it was\n\
         listed, in eight bytes: only so is a count of distinct records exact.",
    ),
    (
        "archive",
        "A million entries of a believable shop, written from memory as the collector writes them while it is busy. The rate is\n\
         the middle one of ten parts.",
    ),
    (
        "large",
        "Ten million entries of ten stores over two and a half years. A first page is 50 entries, newest first, the middle one\n\
         of five runs. The report is about all of it, and runs in a process of its own. What came is a page of 250 errors,\n\
         looked at by `watch --once` with four rules, and by a fifth that looks for incidents; a test goes through 30 days.",
    ),
    (
        "words",
        "200,000 made-up entries of a shop in each of five languages (`bench/src/words`). The second query of each stands in no\n\
         entry, though all of its characters are frequent. A first page is the middle one of five runs.",
    ),
    ("growth", growth::ABOUT),
    (
        "footprint",
        "A program that reads a log, against one that sends a request with reqwest and decodes it with serde. The cold build\n\
         begins with an empty target folder and downloaded sources. Most of the difference is the generator. The time to start\n\
         is the wall time of the program `storelogs`, from its start to its end, the middle one of 30 runs.",
    ),
];

/// Measured by `cargo xtask stores`, and kept on the same page.
const STORES: (&str, &str) = (
    "stores",
    "By `cargo xtask stores --write`: one process, `sync --follow`, reads 10,000 stores, of which each has something new at\n\
     every poll. Both platforms are the sandbox, which answers after 50 ms. The last line is a client that keeps nothing: it sends\n\
     the same number of requests with reqwest to the same stores, and drops the answers.",
);

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let outcome = match arguments.split_first() {
        Some((first, rest)) if first == "client" => client::run(rest).await,
        Some((first, rest)) if first == "cost" => process::run(rest),
        Some((first, [path])) if first == "report" => large::report(path),
        Some((first, rest)) if first == "stores" => stores::run(rest).await,
        Some((first, [platform, latency])) if first == "serve" => program::serve(platform, latency),
        Some((first, rest)) if first == "fleet" => fleet::run(rest).await,
        _ => run(&arguments).await,
    };
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            println!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &[String]) -> Result<()> {
    let write = arguments.iter().any(|argument| argument == "--write");
    let wanted: Vec<&str> = arguments.iter().map(String::as_str).filter(|argument| *argument != "--write").collect();
    if let Some(unknown) = wanted.iter().find(|wanted| GROUPS.iter().all(|(group, _)| group != *wanted)) {
        let known: Vec<&str> = GROUPS.iter().map(|(group, _)| *group).collect();
        return Err(format!("unknown argument {unknown:?}: use --write, or some of {}", known.join(", ")).into());
    }
    let mut missed = false;
    for (group, about) in GROUPS.into_iter().filter(|(group, _)| wanted.is_empty() || wanted.contains(group)) {
        let mut table = Table::default();
        match group {
            "decode" => decode::measure(&mut table)?,
            "speed" => drain::speed(&mut table).await?,
            "drain" => program::measure(&mut table)?,
            "quota" => drain::quota(&mut table).await?,
            "memory" => drain::memory(&mut table).await?,
            "archive" => archive::measure(&mut table)?,
            "large" => large::measure(&mut table).await?,
            "words" => words::measure(&mut table)?,
            "growth" => {
                missed |= growth::measure(write).await?;
                continue;
            }
            _ => footprint::measure(&mut table)?,
        }
        show(group, about, &table.markdown(), write)?;
        missed |= table.missed();
    }
    if missed { Err("a target is missed".into()) } else { Ok(()) }
}

/// Prints the results of a group, and writes them into the page if asked to.
fn show(group: &str, about: &str, results: &str, write: bool) -> Result<()> {
    let section = format!("## {group}\n\n{about}\n\n{results}");
    println!("{section}");
    if write { page::keep(group, &section) } else { Ok(()) }
}

/// True if the sizes that take longest are left out.
fn quick() -> bool {
    std::env::var_os("STORELOGS_BENCH_QUICK").is_some()
}
