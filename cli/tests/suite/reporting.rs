//! `report`: what the logs say, in every form.

use serde_json::Value;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};
use unicode_width::UnicodeWidthStr;

use crate::program::{HANDLE, HASH, Program, serve};

/// A program that has synced both stores of a seeded owner.
fn synced(seed: u64) -> (Sandbox, Program) {
    let history = History::seeded(seed);
    let sandbox = serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
    ]);
    let program = Program::reading(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    (sandbox, program)
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_report_says_what_broke_and_each_line_leads_to_its_entries() {
    let (_sandbox, program) = synced(3);
    let run = program.run(&["report"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    for expected in
        ["AT A GLANCE", "Test Payment Gateway failed", "WHO DID WHAT?", "Catalog Helper", "CAN I TRUST THIS?"]
    {
        assert!(run.out.contains(expected), "{expected} is not in {}", run.out);
    }
    assert!(!run.out.contains('\u{1b}') && !run.out.contains('▃'), "only a terminal gets colours and drawings");
    for line in run.out.split("SEARCHES").next().unwrap().lines() {
        assert!(line.width() <= 80, "{} columns: {line}", line.width());
        assert_eq!(line, line.trim_end());
    }
    let report = json(&program.run(&["report", "--format", "json"]).out);
    let incident = &report["incidents"]["list"][0];
    let found = program.run(&["search", "--count", incident["query"].as_str().unwrap()]);
    assert_eq!(found.out.trim(), incident["entries"].to_string(), "{incident}");
    // A search as it stands in the text, with its line breaks, goes into a shell.
    let search = run.out.split("[1] ").last().unwrap().split("\n[2]").next().unwrap();
    let query = search.trim().strip_prefix("storelogs search '").unwrap().strip_suffix('\'').unwrap();
    assert_eq!(program.run(&["search", "--limit", "1", query]).code, 0, "{query}");
}

/// What a record says that could not be decoded may be the worst of all.
#[test]
fn a_headline_says_first_what_could_not_be_decoded_or_was_not_read() {
    let calm = |minutes: i64| {
        let at = crate::program::present() - jiff::SignedDuration::from_mins(minutes);
        serde_json::json!({"id": minutes, "type": "general", "module": "Orders", "severity": "success", "summary": "Done",
            "message": "", "date_created": at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()})
    };
    let records: Vec<Value> = (1..20).map(|hour| calm(hour * 60)).collect();
    let shop = || Store::bigcommerce(HASH).records(records.clone()).behavior(Behavior::unlimited());
    let headline = |program: &Program| json(&program.run(&["report", "--format", "json"]).out)["verdict"].clone();
    let sandbox = serve([shop()]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(headline(&program), "Nothing broke.");
    let faults = storelogs_sandbox::Faults::none().always(storelogs_sandbox::Fault::MalformedRecord(1));
    let sandbox = serve([shop().faults(faults)]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 4);
    assert_eq!(headline(&program), "1 record could not be decoded. Nothing broke in what is known.");
    let status = program.run(&["status"]);
    assert!(
        status.code == 4 && status.out.contains("0 of 1 store complete; the worst is 1 record in quarantine"),
        "{status:?}"
    );
}

#[test]
fn a_report_goes_into_a_file_in_the_form_that_its_name_says() {
    let (sandbox, program) = synced(4);
    let read = |name: &str| std::fs::read_to_string(program.home.path().join(name)).unwrap();
    let run = program.run(&["report", "--since", "7d", "-o", "report.md"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""), "{run:?}");
    assert!(run.err.contains("report.md"), "{}", run.err);
    assert!(read("report.md").starts_with("# What the logs say, "));
    assert_eq!(program.run(&["report", "--since", "7d", "-o", "report.html"]).code, 0);
    let page = read("report.html");
    assert!(page.starts_with("<!doctype html>") && page.ends_with("</html>\n"));
    assert_eq!(program.run(&["report", "-o", "report.json", "--since", "90d"]).code, 0);
    let report = json(&read("report.json"));
    let held = sandbox.records(Platform::BigCommerce, HASH).len() + sandbox.records(Platform::Shopline, HANDLE).len();
    // 90 days of the calendar hold the history, or all but its first hours.
    let now = report["activity"]["total"]["now"].as_u64().unwrap() as usize;
    assert!(now <= held && now * 100 >= held * 99, "{now} of {held}");
    assert_eq!(report["version"], 1);
}

#[test]
fn a_report_covers_only_the_stores_that_were_named() {
    let (_sandbox, program) = synced(5);
    let store = format!("shopline:{HANDLE}");
    let run = program.run(&["report", "--store", &store, "--format", "json"]);
    let report = json(&run.out);
    assert_eq!(report["stores"], serde_json::json!([store]));
    let query = report["activity"]["total"]["query"].as_str().unwrap();
    assert!(query.starts_with(&format!("store:{store} since:")), "{query}");
    let run = program.run(&["report", "--store", "shopline:nobody"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("shopline:nobody") && run.err.contains("storelogs sync"), "{}", run.err);
}

#[test]
fn a_period_that_is_none_is_refused_with_the_reason() {
    let (_sandbox, program) = synced(6);
    let run = program.run(&["report", "--since", "2026-08-02", "--until", "2026-08-01"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert!(run.err.contains("--until: 2026-08-01T00:00:00") && run.err.contains("is not included"), "{}", run.err);
    let run = program.run(&["report", "--time-zone", "Mars/Olympus"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("Asia/Singapore"), "{}", run.err);
    assert_eq!(Program::new().run(&["report"]).code, 1, "without an archive there is nothing to report");
}

#[test]
fn a_report_ends_now_at_the_latest_and_says_so() {
    let (_sandbox, program) = synced(6);
    let report = |options: &[&str]| program.run(&[&["report", "--since", "7d", "--format", "json"], options].concat());
    let run = report(&["--until", "2999-01-01"]);
    assert!(run.code == 0 && run.err.contains("--until") && run.err.contains("the report ends now"), "{run:?}");
    let [capped, plain] = [run, report(&[])].map(|run| json(&run.out));
    let made: jiff::Timestamp = capped["made"].as_str().unwrap().parse().unwrap();
    let until: jiff::Timestamp = capped["period"]["until"].as_str().unwrap().parse().unwrap();
    assert!(until.duration_since(made) <= jiff::SignedDuration::from_hours(1), "{until} {made}");
    assert_eq!(capped["trust"]["comparison"], plain["trust"]["comparison"]);
    let future = program.run(&["report", "--since", "2998-01-01", "--until", "2999-01-01"]);
    assert_eq!((future.code, future.out.as_str()), (2, ""));
    assert!(future.err.contains("--since") && future.err.contains("is not in the past"), "{}", future.err);
}

/// How many orders the text of a report shows.
const SHOWN: usize = 20;

#[test]
fn the_command_for_the_rest_of_the_orders_lists_as_many_as_it_says() {
    let (_sandbox, program) = synced(3);
    let run = program.run(&["report", "--since", "90d", "--store", &format!("bigcommerce:{HASH}")]);
    let text = run.out.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, rest) =
        text.split_once(" more; `storelogs report ").unwrap_or_else(|| panic!("all are shown: {text}"));
    let (command, rest) = rest.split_once('`').unwrap();
    assert!(rest.starts_with(" lists them all."), "{rest}");
    let more: usize = before.rsplit(' ').next().unwrap().replace(',', "").parse().unwrap();
    let options: Vec<&str> = command.split(' ').collect();
    let run = program.run(&[&["report"], &options[..]].concat());
    assert_eq!((run.code, run.err.contains("future")), (0, false), "{run:?}");
    let orders = std::fs::read_to_string(program.home.path().join("orders.csv")).unwrap();
    assert_eq!(csv::Reader::from_reader(orders.as_bytes()).records().count(), more + SHOWN, "{command}");
}
