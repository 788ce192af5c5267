//! `prune`, and `keep` in the configuration.

use serde_json::Value;
use storelogs_sandbox::{Behavior, History, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, serve};

fn shops() -> Sandbox {
    let history = History::seeded(3).months(6).rows_per_day(12);
    serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
    ])
}

fn count(program: &Program, query: &str) -> u64 {
    program.run(&["search", "--count", query]).out.trim().parse().unwrap()
}

#[test]
fn what_is_older_goes_is_said_before_and_is_no_gap() {
    let sandbox = shops();
    let program = Program::reading(&sandbox).with("STORELOGS_ARCHIVE", "archive.db");
    assert_eq!(program.run(&["sync"]).code, 0);
    let whole = count(&program, "");
    let old = count(&program, "until:60d store:abc123");
    assert!(old > 200, "{old} of {whole}");
    let arguments = ["prune", "--older-than", "60d", "--store", "bigcommerce:abc123"];
    let run = program.run(&[&arguments[..], &["--dry-run"]].concat());
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert!(run.out.contains("bigcommerce:abc123") && !run.out.contains("shopline"), "{run:?}");
    assert!(run.out.contains(" would go") && count(&program, "") == whole, "{run:?}");
    let json = program.run(&[&arguments[..], &["--dry-run", "--format", "json"]].concat());
    let would: Value = serde_json::from_str(&json.out).unwrap();
    assert_eq!((would["stores"].as_array().unwrap().len(), &would["freed_bytes"]), (1, &0.into()), "{would}");
    assert_eq!(would["stores"][0]["entries"], would["entries"]);
    assert!(would["entries"].as_u64().unwrap() > 200 && would["stores"][0]["until"]["error"].is_string(), "{would}");
    let run = program.run(&arguments);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert!(run.out.contains(" pruned; the archive and its index are ") && run.out.contains(" smaller"), "{run:?}");
    let left = count(&program, "");
    // The hour in which the age lies is kept as a whole.
    assert!(whole - left <= old && whole - left + 30 > old, "{whole} - {left}, {old}");
    let run = program.run(&["status", "--format", "json"]);
    assert_eq!(run.code, 0, "{run:?}");
    let standings: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(
        (&standings[0]["verdict"], &standings[0]["findings"][0]["verdict"]),
        (&"complete".into(), &"pruned".into())
    );
    assert!(standings[0]["summary"].as_str().unwrap().contains("; pruned up to "), "{}", standings[0]);
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["verify", "--repair"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(count(&program, ""), left, "nothing came back");
    // The counts by hour stay, and a report of all of it is made.
    let hours = program.run(&["sql", "--format", "csv", "SELECT sum(entries) FROM hours"]).out;
    assert_eq!(hours, format!("sum(entries)\n{whole}\n"));
    let run = program.run(&["report", "--since", "180d", "--format", "json"]);
    assert!(run.code == 0 && run.out.contains("pruned up to"), "{run:?}");
    let run = program.run(&["sql", "--format", "csv", "SELECT count(*), count(DISTINCT severity) FROM prunings"]);
    assert_eq!(run.out, "count(*),count(DISTINCT severity)\n5,5\n");
}

#[test]
fn the_configuration_says_how_long_entries_are_kept() {
    let sandbox = shops();
    let stores = format!(
        "keep = \"60d\"\n[[store]]\nplatform = \"bigcommerce\"\nstore = \"{HASH}\"\nkeep = {{ info = \"30d\", notice = \"4w\" }}\n"
    );
    let program = Program::reading(&sandbox).configured(&stores).with("STORELOGS_ARCHIVE", "archive.db");
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(count(&program, "severity:info until:31d store:abc123"), 0);
    assert!(count(&program, "severity:error until:31d store:abc123") > 10);
    assert_eq!(count(&program, "until:61d store:open001"), 0);
    assert!(count(&program, "until:30d store:open001") > 10);
    let run = program.run(&["status"]);
    assert!(run.code == 0 && run.out.contains("; pruned up to "), "{run:?}");
    let run = program.run(&["prune"]);
    assert!(run.code == 0 && run.out.contains("info up to ") && run.out.contains(" pruned"), "{run:?}");
    for (wrong, says) in [
        ("keep = \"3\"", "write an age of a day or more"),
        ("keep = { fatal = \"3y\" }", "is no severity: write unspecified, info"),
        ("keep = { info = \"3m\" }", "keep: info: write an age"),
        ("keep = 3", "keep is an age such as"),
    ] {
        let program = Program::reading(&sandbox).configured(wrong);
        let run = program.run(&["sync"]);
        assert!(run.code == 2 && run.err.contains(says), "{wrong}: {run:?}");
    }
}

#[test]
fn what_cannot_be_pruned_is_one_clear_error() {
    let sandbox = shops();
    let program = Program::reading(&sandbox).with("STORELOGS_ARCHIVE", "archive.db");
    let run = program.run(&["prune", "--older-than", "3y"]);
    assert!(run.code == 1 && run.err.contains("there is no archive archive.db"), "{run:?}");
    assert!(!program.home.path().join("archive.db").exists());
    assert_eq!(program.run(&["sync"]).code, 0);
    for (arguments, says) in [
        (&["prune"][..], "nothing says how long entries are to be kept"),
        (&["prune", "--older-than", "0d"], "write an age of a day or more"),
        (&["prune", "--older-than", "3y", "--store", "shopline:other"], "knows no store shopline:other"),
        (&["prune", "--severity", "info"], "--older-than"),
    ] {
        let run = program.run(arguments);
        assert!(run.code == 2 && run.err.contains(says), "{arguments:?}: {run:?}");
    }
    let path = program.home.path().join("archive.db");
    let collector = storelogs_collector::Archive::open(&path).unwrap();
    let _lock = collector.lock().unwrap();
    let run = program.run(&["prune", "--older-than", "3y"]);
    assert!(run.code == 1 && run.err.contains("another process collects"), "{run:?}");
    assert_eq!(program.run(&["prune", "--older-than", "3y", "--dry-run"]).code, 0);
}
