//! Every command that the README, the documentation and `--help` print, run as it is printed, against a shop: it
//! succeeds and finds something. The commands that the demo prints are run in `demo.rs`.
#![cfg(unix)]

mod example;
mod printed;
mod shop;

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use self::example::Example;
use self::shop::{Shop, State};

/// Commands that are printed and not run here, and why.
const NOT_RUN: &[(&str, &str)] = &[
    ("storelogs demo", "demo.rs runs it, and what it says to do next"),
    ("storelogs demo --seed 7", "demo.rs runs it"),
    ("cargo run --release -- demo", "it is built for release first; CI runs it"),
    ("cargo test", "this is it"),
    ("cargo install --locked --path cli", "it is built for release first"),
    ("cargo install --locked --path cli --features s3", "it is built for release first"),
    ("apt install ./storelogs_0.1.0-1_amd64.deb", "it is for root; cargo xtask dist tries it"),
    ("dnf install ./storelogs-0.1.0-1.x86_64.rpm", "it is for root; cargo xtask dist tries it"),
    ("tar xzf storelogs-0.1.0-x86_64-unknown-linux-gnu.tar.gz", "cargo xtask dist makes and tries it"),
    (
        "tar xzf storelogs-0.1.0-x86_64-unknown-linux-gnu.tar.gz && install storelogs-*/storelogs /usr/local/bin/",
        "it is for root",
    ),
    ("podman build --file deploy/container/Containerfile --tag storelogs target/dist", "it takes what dist makes"),
    ("podman run --rm storelogs demo", "demo.rs runs it"),
    (
        "AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… AWS_REGION=eu-central-1 storelogs export lake s3://logs/storelogs",
        "a bucket; the tests of export/ have one",
    ),
    ("storelogs sync && storelogs export otlp --endpoint http://localhost:4318", "a receiver; exporting.rs has one"),
    ("storelogs export otlp --endpoint http://localhost:4318", "a receiver; exporting.rs has one"),
    ("storelogs export otlp --endpoint https://otlp.example --header key=env:KEY", "a receiver; exporting.rs has one"),
    ("storelogs export otlp --again 2026-08-01..2026-08-02", "a receiver, and its day"),
    ("storelogs export otlp --refused", "nothing was refused; exporting.rs has what was"),
    ("storelogs export lake s3://logs/storelogs", "a bucket; the tests of export/ have one"),
    (
        "storelogs forget 'actor:\"Amelia Wong\"' --format json --dry-run | jq -r '.entries[].uid' > uids.txt",
        "what it lists goes into a file; the same without is run",
    ),
    ("storelogs export lake ./lake --forget uids.txt", "forgetting.rs has somebody's lake"),
    ("duckdb -c \"SELECT store, count(*) FROM delta_scan('./lake/entries') GROUP BY ALL\"", "cargo xtask lake asks it"),
    ("storelogs mcp", "an assistant starts it; mcp.rs speaks to it as one does"),
    ("storelogs mcp --no-redact", "an assistant starts it; mcp.rs speaks to it as one does"),
    ("storelogs search QUERY", "QUERY stands for what somebody looks for"),
    ("storelogs show UID", "UID stands for that of an entry; owner.rs shows some"),
    ("storelogs show bigcommerce:abc123:4711", "each archive has ids of its own; owner.rs shows some"),
    ("storelogs show abc123:4711 4712 --format json", "each archive has ids of its own; owner.rs shows some"),
    (
        "storelogs search --format jsonl refund | jq -r .uid | xargs storelogs show",
        "the program is not on the path of these tests",
    ),
    ("storelogs report --owner acme", "the stores of these tests have no owner; fleets.rs has some"),
    ("storelogs report --each owner -o reports", "the stores of these tests have no owner; fleets.rs has some"),
    ("install -m 755 storelogs /usr/local/bin/", "it is for root; deploy.rs holds what is installed"),
    ("mkdir /etc/storelogs && $EDITOR /etc/storelogs/storelogs.toml", "it is for root"),
    ("$EDITOR /etc/storelogs/storelogs.toml", "it is for root"),
    ("systemctl enable --now storelogs", "it is for root; deploy.rs runs what it starts"),
    ("install -m 600 /dev/null /etc/storelogs/environment && $EDITOR /etc/storelogs/environment", "it is for root"),
    ("mkdir -m 700 /etc/storelogs/tokens", "it is for root"),
    ("cp deploy/systemd/storelogs.service /etc/systemd/system/ && systemctl enable --now storelogs", "it is for root"),
    ("STORELOGS_ARCHIVE=/var/lib/storelogs/archive.db storelogs status", "the archive of a service, which is root's"),
];

/// How many are run at once. Most of the time a command waits.
const AT_ONCE: usize = 6;

#[allow(clippy::print_stdout, reason = "what was not tried is said")]
#[test]
fn every_command_that_the_help_and_the_documents_print_finds_something() {
    let printed = printed::commands();
    let stale = NOT_RUN.iter().filter(|(line, _)| !printed.contains(*line)).collect::<Vec<_>>();
    assert!(stale.is_empty(), "nobody prints that any more: {stale:?}");
    let shop = Shop::new();
    let mut wrong = Vec::new();
    let mut examples = Vec::new();
    for line in printed.iter().filter(|line| NOT_RUN.iter().all(|(not_run, _)| line != not_run)) {
        if line.starts_with("storelogs ") {
            examples.push(Example::new(line));
        } else if let Some(variable) = line.strip_prefix("export ") {
            let name = variable.split('=').next().unwrap();
            let reader = shop.program(State::Well);
            assert!(reader.command(&[]).get_envs().any(|(other, _)| other == name), "{line}: nobody sets that");
        } else {
            wrong.push(format!("{line}: nobody knows what to do with that; NOT_RUN may say why"));
        }
    }
    let all = examples.len();
    assert!(all > 60, "where are the examples? {printed:#?}");
    assert!(example::can_filter() || std::env::var_os("CI").is_none(), "CI needs jq: some examples go through it");
    // Those that wait longest begin first.
    examples.sort_by_key(|example| !example.follows);
    let waiting = Mutex::new(VecDeque::from(examples));
    let (failed, over) = (Mutex::new(wrong), AtomicBool::new(false));
    thread::scope(|scope| {
        let shopping = scope.spawn(|| shop.fail_until(&over));
        let work = || {
            loop {
                let Some(example) = waiting.lock().unwrap().pop_front() else { break };
                if let Err(why) = example.run(&shop) {
                    failed.lock().unwrap().push(why);
                }
            }
        };
        let workers: Vec<_> = (0..AT_ONCE).map(|_| scope.spawn(work)).collect();
        let done: Vec<_> = workers.into_iter().map(thread::ScopedJoinHandle::join).collect();
        over.store(true, Ordering::Relaxed);
        shopping.thread().unpark();
        assert!(done.iter().all(Result::is_ok), "see above");
    });
    let failed = failed.into_inner().unwrap();
    assert!(failed.is_empty(), "{} of {all} commands:\n{}", failed.len(), failed.join("\n"));
    if !example::can_filter() {
        println!("Without jq, what goes through it was run without it.");
    }
}
