//! `sync`, `verify` and `status`: an archive is complete, or says that it is not.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use storelogs_sandbox::{Behavior, Fault, Faults, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, serve, wait_for_request};

fn two_shops() -> Sandbox {
    let history = History::seeded(5);
    serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
    ])
}

fn archive(program: &Program) -> std::path::PathBuf {
    program.home.path().join(".local/share/storelogs/archive.db")
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn what_was_synced_is_proven_and_what_vanishes_is_found_and_repaired() {
    let sandbox = two_shops();
    let program = Program::reading(&sandbox);
    let run = program.run(&["sync", "--format", "json"]);
    // On a busy machine it takes long enough to say how far it is.
    let said = run.err.lines().find(|line| !line.ends_with(" stores up to date"));
    assert_eq!((run.code, said), (0, None), "{run:?}");
    let new: u64 = json(&run.out).as_array().unwrap().iter().map(|store| store["new"].as_u64().unwrap()).sum();
    let held = sandbox.records(Platform::BigCommerce, HASH).len() + sandbox.records(Platform::Shopline, HANDLE).len();
    assert_eq!(new, held as u64);
    assert_eq!(program.run(&["verify"]).code, 0);

    let sql = rusqlite::Connection::open(archive(&program)).unwrap();
    let deleted = sql
        .execute("DELETE FROM packed_entry WHERE key IN (SELECT key FROM entry ORDER BY key LIMIT 20, 7)", [])
        .unwrap();
    assert_eq!(deleted, 7);
    let run = program.run(&["verify", "--format", "json"]);
    assert_eq!(run.code, 1, "{run:?}");
    let missing: u64 = json(&run.out)
        .as_array()
        .unwrap()
        .iter()
        .flat_map(|store| store["findings"].as_array().unwrap())
        .filter(|finding| finding["verdict"] == "short")
        .filter_map(|finding| finding["entries"].as_u64())
        .sum();
    assert_eq!(missing, 7);
    assert!(program.run(&["verify"]).out.contains("verify --repair"));
    let run = program.run(&["verify", "--repair"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("7 fetched again") || run.out.matches("fetched again").count() == 2, "{}", run.out);
    assert_eq!(program.run(&["verify"]).code, 0);
    let run = program.run(&["status"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("2 of 2 stores complete\n"), "{}", run.out);
}

#[test]
fn a_store_that_refuses_is_named_with_the_remedy_and_the_others_are_collected() {
    let sandbox = two_shops();
    sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().always(Fault::Status(401)));
    let program = Program::reading(&sandbox);
    let run = program.run(&["sync"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.out.contains("unauthorized") && run.out.contains("1 of 2 stores complete"), "{}", run.out);
    assert!(run.err.contains("bigcommerce:abc123") && run.err.contains("access token"), "{}", run.err);
    let run = program.run(&["status", "--problems"]);
    assert_eq!(run.code, 1);
    assert!(run.out.contains("bigcommerce:abc123") && !run.out.contains("shopline:"), "{}", run.out);
    assert_eq!(program.run(&["verify"]).code, 1, "what was never read is a gap");
}

#[test]
fn a_store_that_was_complete_and_refuses_now_is_said_to_at_the_end() {
    let sandbox = two_shops();
    let program = Program::reading(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().always(Fault::Status(401)));
    for (command, says) in [
        ("sync", "2 of 2 stores complete; 1 of them cannot be read now\n"),
        // What was proved of it before proves nothing now.
        ("verify", "1 of 1 store complete; 1 store could not be compared\n"),
    ] {
        let run = program.run(&[command]);
        assert!(run.code != 0, "{run:?}");
        assert!(run.out.ends_with(says), "{run:?}");
    }
    let run = program.run(&["verify", "--store", HASH]);
    let line = run.out.lines().find(|line| line.starts_with("bigcommerce:abc123")).unwrap();
    assert!(
        line.contains("  not compared  ") && line.contains(" held, 0 ids compared; as last read: complete"),
        "{line}"
    );
    assert!(run.out.ends_with("\n1 store could not be compared\n"), "{run:?}");
    // It was asked just now, in vain.
    let run = program.run(&["status"]);
    let line = run.out.lines().find(|line| line.starts_with("bigcommerce:abc123")).unwrap();
    assert!(line.ends_with(" s ago") || line.ends_with(" min ago"), "{line}");
}

#[test]
fn two_collectors_of_one_archive_are_one_too_many() {
    let sandbox = two_shops();
    sandbox.set_latency(Platform::BigCommerce, HASH, Duration::from_millis(300));
    let program = Program::reading(&sandbox);
    let mut first = program.command(&["sync", "--follow"]).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let lock = archive(&program).with_extension("db.lock");
    while !lock.exists() {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(100));
    let run = program.run(&["sync"]);
    first.kill().unwrap();
    first.wait().unwrap();
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("another process collects"), "{}", run.err);
    assert_eq!(program.run(&["sync"]).code, 0, "a collector that was killed leaves no lock behind");
    assert_eq!(program.run(&["verify"]).code, 0);
}

#[cfg(unix)]
#[test]
fn a_run_that_is_terminated_keeps_what_it_has_and_the_next_goes_on() {
    let sandbox = two_shops();
    sandbox.set_latency(Platform::BigCommerce, HASH, Duration::from_millis(100));
    let program = Program::reading(&sandbox);
    let child = program.command(&["sync"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(900));
    let killed = std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap();
    assert!(killed.success());
    let output = child.wait_with_output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.code().is_some(), "it was killed by the signal: {err}");
    assert!(out.contains("stopped, the next run goes on from here"), "{out}{err}");
    sandbox.set_latency(Platform::BigCommerce, HASH, Duration::ZERO);
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(program.run(&["verify"]).code, 0);
}

#[test]
fn without_an_archive_the_error_says_how_to_get_one() {
    let run = Program::new().run(&["status"]);
    assert_eq!((run.code, run.out.as_str()), (1, ""));
    assert!(run.err.contains("storelogs sync"), "{}", run.err);
}

#[test]
fn an_archive_without_a_store_is_not_called_fine() {
    let program = Program::new();
    drop(storelogs_collector::Archive::open(program.home.path().join("archive.db")).unwrap());
    let run = program.run(&["status", "--archive", "archive.db"]);
    assert!(run.code == 1 && run.out.contains("no store is in the archive yet"), "{run:?}");
}

/// Sixty stores of one platform, each with an entry.
fn many() -> (Sandbox, Program) {
    let name = |number: u32| format!("s{number}");
    let shops = (0..60).map(|number| Store::bigcommerce(name(number)).history(History::bulk(1, 1)));
    let sandbox = serve(shops.map(|shop| shop.behavior(Behavior::unlimited())));
    let program = Program::new().with("TOKEN", sandbox.token(Platform::BigCommerce, &name(0)));
    let row = |number| format!("bigcommerce,{},TOKEN,{}\n", name(number), sandbox.bigcommerce_url());
    let rows: String = (0..60).map(row).collect();
    program.file("stores.csv", &format!("platform,store,token_env,api_url\n{rows}"));
    (sandbox, program)
}

#[test]
fn a_machine_that_collects_a_share_of_the_stores_can_prove_its_share() {
    let (_sandbox, program) = many();
    let run = |arguments: &[&str]| program.run(&[arguments, &["--stores", "stores.csv", "--shard", "2/3"]].concat());
    let synced = run(&["sync", "--json"]);
    let share = json(&synced.out).as_array().unwrap().len();
    assert!(synced.code == 0 && share > 5 && share < 40, "{synced:?}");
    let proven = run(&["verify"]);
    assert_eq!(proven.code, 0, "{proven:?}");
    assert!(proven.out.contains(&format!("{share} of {share} stores complete")), "{proven:?}");
}

#[test]
fn of_many_stores_only_those_with_something_wrong_are_listed() {
    let (sandbox, program) = many();
    sandbox.set_faults(Platform::BigCommerce, "s7", Faults::none().always(Fault::Status(402)));
    for (arguments, last) in [
        (&["sync"][..], "59 new entries; 59 of 60 stores complete; the worst is unread: the store cannot be read"),
        (
            &["verify"],
            "59 of 60 stores complete; the worst is unread: the store cannot be read; `storelogs check` says why a store cannot be read",
        ),
        (&["check"], "59 of 60 stores can be read"),
    ] {
        let run = program.run(&[arguments, &["--stores", "stores.csv"]].concat());
        let names: Vec<&str> = run.out.lines().filter(|line| line.starts_with("bigcommerce:")).collect();
        assert!(names.len() == 1 && names[0].starts_with("bigcommerce:s7 "), "{run:?}");
        assert_eq!(run.out.lines().last(), Some(last), "{run:?}");
    }
    let all = program.run(&["verify", "--all", "--stores", "stores.csv"]);
    assert_eq!(all.out.lines().filter(|line| line.starts_with("bigcommerce:")).count(), 60);
    assert_eq!(program.run(&["backup", "backup.db"]).code, 0);
    let restored = program.run(&["restore", "backup.db", "--archive", "other.db"]);
    let lines: Vec<&str> = restored.out.lines().collect();
    assert!(lines.len() == 2 && lines[0].starts_with("bigcommerce:s7 "), "{restored:?}");
    let pruned = program.run(&["prune", "--older-than", "30 years", "--dry-run"]);
    assert_eq!(pruned.out, "0 entries would go\n");
}

#[cfg(unix)]
#[test]
fn of_many_files_of_tokens_that_all_users_can_read_a_few_are_named() {
    use std::os::unix::fs::PermissionsExt;
    let sandbox = serve((0..20).map(|number| Store::bigcommerce(format!("s{number}")).history(History::bulk(1, 1))));
    let program = Program::new();
    let mut table = "platform,store,token_file,api_url\n".to_owned();
    for number in 0..20 {
        let path = program.home.path().join(format!("token{number}"));
        std::fs::write(&path, sandbox.token(Platform::BigCommerce, &format!("s{number}"))).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        table += &format!("bigcommerce,s{number},token{number},{}\n", sandbox.bigcommerce_url());
    }
    std::fs::write(program.home.path().join("stores.csv"), table).unwrap();
    let run = program.run(&["check", "--stores", "stores.csv"]);
    assert_eq!(run.code, 0, "{run:?}");
    let warnings: Vec<&str> = run.err.lines().collect();
    assert_eq!(warnings.len(), 4, "{run:?}");
    assert_eq!(
        warnings.iter().filter(|line| line.contains("other files of secrets, too: chmod 600")).count(),
        1,
        "{run:?}"
    );
}

#[cfg(unix)]
#[test]
fn of_many_stores_a_run_that_is_stopped_lists_none_that_only_waited() {
    let (sandbox, program) = many();
    (0..60).for_each(|number| {
        sandbox.set_latency(Platform::BigCommerce, &format!("s{number}"), Duration::from_secs(3));
    });
    let before = sandbox.requests();
    let child =
        program.command(&["sync", "--stores", "stores.csv"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap();
    wait_for_request(&sandbox, before);
    assert!(std::process::Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    let out = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        out.trim_end(),
        "0 new entries; 0 of 60 stores complete; the worst is unread: never read; stopped, the next run goes on from here"
    );
}

#[test]
fn what_was_collected_is_found_and_a_query_that_is_wrong_is_pointed_at() {
    let sandbox = two_shops();
    let program = Program::reading(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["search", "--format", "jsonl", "--limit", "0", "severity:error"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    let errors = run.out.lines().inspect(|line| assert_eq!(json(line)["severity"], "error")).count();
    let held = sandbox.records(Platform::BigCommerce, HASH);
    assert_eq!(errors, held.iter().filter(|record| record["severity"] == "errors").count());
    let count = program.run(&["search", "--count", "severity:error"]);
    assert_eq!(count.out.trim(), errors.to_string());
    let run = program.run(&["search", "--limit", "2", "captured"]);
    assert_eq!((run.code, run.out.lines().count()), (0, 2));
    assert!(run.err.contains("--limit 0"), "{}", run.err);
    assert_eq!(program.run(&["search", "nosuchwordanywhere"]).code, 1);
    let run = program.run(&["search", "refund severity>=loud"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains('^') && run.err.contains("refund severity>=loud"), "{}", run.err);
}
