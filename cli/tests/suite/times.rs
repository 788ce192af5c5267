//! Times as users write them: one rule for every command.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, Store};

use crate::program::{HANDLE, HASH, Program, Run, behavior, present, serve};

/// A shop in +08:00 with an entry on each side of midnight there, five days ago, and the days as the shop calls them.
fn shop() -> (Store, [String; 2]) {
    let midnight = {
        let day = present() - jiff::SignedDuration::from_hours(5 * 24);
        let day = day.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).start_of_day().unwrap();
        day.timestamp()
    };
    let record = |id: i64, minutes: i64| {
        let at = (midnight + jiff::SignedDuration::from_mins(minutes))
            .to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(8)));
        json!({"id": (1_000_000_000_000_000_000 + id).to_string(), "author": "Amelia", "subject_type": "products",
            "verb": "edit_product", "detail": format!("Edit {id}"), "created_at": at.strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()})
    };
    let day = |days: i64| {
        let at = midnight + jiff::SignedDuration::from_hours(24 * days);
        at.to_zoned_datetime(jiff::tz::TimeZone::fixed(jiff::tz::offset(8))).strftime("%Y-%m-%d").to_string()
    };
    let records = vec![record(1, -30), record(2, 30), record(3, 60)];
    (Store::shopline(HANDLE).records(records).behavior(Behavior::unlimited()), [day(0), day(1)])
}

fn ids(run: &Run) -> BTreeSet<String> {
    let of = |line: &str| serde_json::from_str::<Value>(line).unwrap()["id"].as_str().unwrap().to_owned();
    run.out.lines().map(of).collect()
}

#[test]
fn a_date_means_the_same_day_where_platforms_are_read_as_where_the_archive_is() {
    let (shop, [day, next]) = shop();
    let sandbox = serve([shop]);
    let range = ["--since", &day, "--until", &next, "--format", "jsonl"];
    for machine in ["America/New_York", "UTC", "Asia/Tokyo"] {
        let program = Program::new().reading_shopline(&sandbox).with("TZ", machine);
        let there = |zone: &[&str]| ids(&program.run(&[&["fetch"], &range[..], zone].concat()));
        assert_eq!(there(&["--time-zone", "+08:00"]).len(), 2);
        let by_machine = there(&["--time-zone", machine]);
        assert_eq!(there(&[]), by_machine, "{machine}: without an archive nothing but the machine has a zone");
        assert_eq!(program.run(&["sync"]).code, 0);
        let found = ids(&program.run(&[&["search"], &range[..]].concat()));
        assert_eq!(found.len(), 2, "{machine}");
        assert_eq!(there(&[]), found, "{machine}");
        assert_eq!(there(&["--time-zone", machine]), by_machine, "{machine}: what is asked for comes first");
        for command in [&["tail"][..], &["fetch", "--since", "10d"]] {
            let out = program.run(command).out;
            assert!(out.lines().count() == 3 && out.lines().all(|line| line.contains("+08:00")), "{machine}: {out}");
        }
    }
}

#[test]
fn a_broken_archive_keeps_nobody_from_reading_the_platforms() {
    let (shop, _) = shop();
    let sandbox = serve([shop]);
    let program = Program::new().reading_shopline(&sandbox).with("STORELOGS_ARCHIVE", "archive.db").with("TZ", "UTC");
    program.file(
        "archive.db",
        "no archive at all, but more than a hundred bytes of something else, as files have them ......",
    );
    let run = program.run(&["fetch", "--since", "10d"]);
    assert_eq!((run.code, run.err.as_str(), run.out.lines().count()), (0, "", 3), "{run:?}");
}

#[test]
fn every_command_that_takes_a_time_says_how_it_is_written_and_in_which_zone_it_is() {
    let help = |command: &[&str]| Program::new().run(&[command, &["--help"]].concat()).out;
    let mut said = 0;
    for command in [
        &["fetch"][..],
        &["tail"],
        &["search"],
        &["report"],
        &["forget"],
        &["watch"],
        &["export", "otlp"],
        &["verify"],
        &["status"],
        &["sync"],
        &["prune"],
        &["show"],
        &["mcp"],
        &["export", "lake"],
        &["backup"],
        &["restore"],
    ] {
        let help = help(command);
        let takes = ["<TIME>", "<FROM..TO>"].iter().any(|value| help.contains(value)) || command == ["forget"];
        let says =
            help.contains("1mo or 1y (this long ago)") && help.contains("What names no zone is in that of --time-zone");
        assert_eq!(takes, says, "{command:?}");
        assert!(!takes || help.contains("--time-zone <ZONE>"), "{command:?}");
        said += usize::from(says);
    }
    assert_eq!(said, 6);
}

#[test]
fn lengths_are_written_with_the_same_words_wherever_one_is_given() {
    let store = Store::bigcommerce(HASH).records([json!({"id": 1, "type": "general", "module": "Orders", "severity": "errors",
        "summary": "It failed", "message": "", "date_created": (present() - jiff::SignedDuration::from_hours(20 * 24)).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()})]);
    let sandbox = serve([store.behavior(behavior())]);
    let rule = "[[rule]]\nname = \"failures\"\nwhen = \"failed\"\ncool_down = \"1 week\"\n";
    for (length, finds) in
        [("1mo", true), ("1 month", true), ("3 weeks", true), ("1y", true), ("1 year ago", true), ("2 weeks", false)]
    {
        let keep = length.trim_end_matches(" ago");
        let program = Program::new().reading_bigcommerce(&sandbox).configured(&format!("keep = \"{keep}\"\n{rule}"));
        assert_eq!(program.run(&["sync"]).code, 0, "{length}");
        let program = Program::new().reading_bigcommerce(&sandbox).configured(rule);
        assert_eq!(program.run(&["sync"]).code, 0, "{length}");
        let count = |run: &Run| run.out.matches("It failed").count() == 1;
        for command in [&["fetch"][..], &["search"]] {
            assert_eq!(count(&program.run(&[command, &["--since", length]].concat())), finds, "{command:?} {length}");
        }
        assert_eq!(count(&program.run(&["search", &format!("since:\"{length}\"")])), finds, "{length}");
        assert_eq!(count(&program.run(&["watch", "--test", &format!("{length}..")])), finds, "{length}");
        assert_eq!(program.run(&["report", "--since", length]).code, 0, "{length}");
        let run = program.run(&["prune", "--dry-run", "--older-than", keep]);
        assert_eq!((run.code, run.out.contains("1 entry")), (0, !finds), "{length}: {run:?}");
    }
}
