//! The questions of one shop's owner, in the words and forms that people use.

use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, Run, behavior, bigcommerce, present, sandbox, serve, shopline};

const DETAIL: &str = r#"{"order":{"id":7},"response":"{\"errorDetail\":\"did not answer in time\",\"code\":7}"}"#;

/// A sandbox in which it is December 2026: a `sync` reads what is no older than a year by the platform's clock.
fn in_2026(stores: [Store; 2]) -> Sandbox {
    let sandbox = serve(stores);
    let then: jiff::Timestamp = "2026-12-01T00:00:00Z".parse().unwrap();
    sandbox.clock().set_offset(then.duration_since(present()).as_secs());
    sandbox
}

/// A program that has collected the samples and three errors of one store.
fn collected() -> (Sandbox, Program) {
    let record = |id: i64, summary: &str, message: &str| {
        json!({ "id": id, "date_created": format!("2026-08-10T1{id}:00:00+00:00"), "severity": "errors", "type": "payment",
                "module": "Test Payment Gateway", "summary": summary, "message": message })
    };
    let records = vec![
        record(1, "The payment was declined", DETAIL),
        record(2, "The mail was refused", "<p>Order <b>7</b></p><p>a &lt;b&gt; c\u{1b}[2J</p>"),
        record(3, "", "no summary here"),
    ];
    let sandbox = in_2026([Store::bigcommerce(HASH).records(records).behavior(behavior()), shopline()]);
    let program = Program::reading(&sandbox).with("TZ", "UTC");
    assert_eq!(program.run(&["sync"]).code, 0);
    (sandbox, program)
}

fn is_refused(run: &Run, saying: &[&str]) {
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    for words in saying {
        assert!(run.err.contains(words), "{words} is not in {}", run.err);
    }
}

#[test]
fn one_entry_is_shown_whole_with_its_reason_first() {
    let (_sandbox, program) = collected();
    let run = program.run(&["show", &format!("bigcommerce:{HASH}:1")]);
    insta::assert_snapshot!(run.out);
    assert_eq!((run.code, &run.out), (0, &program.run(&["show", "1"]).out));
    assert_eq!(program.run(&["show", &format!("{HASH}:1")]).out, run.out, "as a store and its id");
    let run = program.run(&["show", "other:1"]);
    assert!(run.code == 1 && run.err.contains("no entry other:1"), "{run:?}");
    let html = program.run(&["show", "2"]).out;
    assert!(html.ends_with("\n\n  Order 7\n  a <b> c\n"), "{html}");
    let entries: Value = serde_json::from_str(&program.run(&["show", "1", "2", "--format", "json"]).out).unwrap();
    assert_eq!(entries.as_array().unwrap().len(), 2);
    let run = program.run(&["show", "1", "999"]);
    assert!(run.code == 1 && run.out.contains("declined") && run.err.contains("no entry 999"), "{run:?}");
    is_refused(&program.run(&["show", "a\" OR x"]), &["is no uid"]);
    let long = program.run(&["search", "--long", "declined"]).out;
    assert_eq!(long, program.run(&["show", "1"]).out);
}

#[test]
fn a_severity_that_is_not_known_is_shown_as_the_platform_calls_it() {
    let record = |id: i64, severity: &str| {
        json!({ "id": id, "date_created": format!("2026-08-10T1{id}:00:00+00:00"), "severity": severity, "type": "general",
                "module": null, "summary": "Something", "message": "" })
    };
    let records = vec![record(1, "catastrophe"), record(2, "errors")];
    let sandbox = in_2026([Store::bigcommerce(HASH).records(records).behavior(behavior()), shopline()]);
    let program = Program::reading(&sandbox).with("TZ", "UTC");
    program.run(&["sync"]);
    let severity = |id: &str| {
        let shown = program.run(&["show", id]).out;
        shown.lines().find_map(|line| line.strip_prefix("severity   ")).unwrap_or(&shown).to_owned()
    };
    assert_eq!([severity("1"), severity("2")], ["unspecified (catastrophe)", "error"]);
}

#[test]
fn a_search_takes_its_time_range_and_its_store_as_options_too() {
    let (_sandbox, program) = collected();
    let count = |arguments: &[&str]| program.run(&[&["search", "--count"], arguments].concat()).out.trim().to_owned();
    assert_eq!(count(&["--since", "2026-08-10T12:00", "--until", "2026-08-11"]), "2");
    assert_eq!(count(&["--store", HASH]), "3");
    assert_eq!(count(&["--store", HASH, "--store", "open001"]), count(&[]));
    assert_eq!(count(&["--time-zone", "GMT+8", "since:2026-08-10T20:00", "store:abc123"]), "2");
    is_refused(
        &program.run(&["search", "--store", "nobody"]),
        &["no store here is called nobody", "bigcommerce:abc123"],
    );
    let run = program.run(&["search", "--store", "shopline:elsewhere"]);
    assert!(run.code == 2 && run.err.contains("knows no store shopline:elsewhere"), "{run:?}");
    is_refused(&program.run(&["search", "--since", "2d", "--until", "3d"]), &["--until: ", "the end is not included"]);
    is_refused(&program.run(&["search", "since:2d", "--until", "3d"]), &["nothing can be found: "]);
    is_refused(&program.run(&["search", "--since", "2d", "until:3d"]), &["nothing can be found: "]);
    is_refused(&program.run(&["fetch", "--since", "now"]), &["--since: ", "is not in the past"]);
}

/// A store whose platform writes UTC beside one of another zone, on a machine in a third.
#[test]
fn a_day_is_the_same_day_however_its_store_is_named_and_whatever_is_done_with_it() {
    let date = |ago: i64| (present() - jiff::SignedDuration::from_hours(24 * ago)).strftime("%Y-%m-%d").to_string();
    let (day, next) = (date(5), date(4));
    let record = |hour: u32| {
        json!({"id": 100 + hour, "type": "general", "module": "Orders", "severity": "errors", "summary": "It failed",
            "message": "", "date_created": format!("{day}T{hour:02}:00:00+00:00")})
    };
    let other = json!({"author": "shopline", "created_at": format!("{day}T11:00:00+08:00"), "detail": "Edited a product",
        "id": "9000000000000000100", "subject_type": "products", "verb": "edit_product"});
    let sandbox = serve([
        Store::bigcommerce(HASH).records((0..24).map(record).collect::<Vec<_>>()).behavior(behavior()),
        Store::shopline(HANDLE).records(vec![other]).behavior(behavior()),
    ]);
    for machine in ["America/New_York", "Asia/Tokyo"] {
        let program = Program::reading(&sandbox).with("TZ", machine);
        assert_eq!(program.run(&["sync"]).code, 0);
        let count = |arguments: &[&str]| -> usize {
            program.run(&[&["search", "--count"], arguments].concat()).out.trim().parse().unwrap()
        };
        for query in ["", "store:abc123", "platform:bigcommerce", "module:orders store:open001", "store:open001"] {
            let timed = format!("{query} since:{day} until:{next}");
            let found = count(&[&timed]);
            assert_eq!(found, count(&[query, "--since", &day, "--until", &next]), "{query:?}");
            let run = program.run(&["forget", "--dry-run", "--format", "json", &timed]);
            let would_go: Value = serde_json::from_str(&run.out).unwrap();
            assert_eq!(would_go["entries"].as_array().unwrap().len(), found, "{query:?} {}", run.err);
        }
        assert_eq!(count(&[&format!("since:{day} until:{next}")]), 16 + 1, "of both, the zone is that which one has");
        assert_eq!(count(&[&format!("store:abc123 since:{day} until:{next}")]), 16, "alone, too");
        for (option, query) in [("abc123", "store:abc123"), ("open001", "store:open001")] {
            let named = count(&["--store", option, "--since", &day, "--until", &next]);
            assert_eq!(named, count(&[query, "--since", &day, "--until", &next]), "{query}");
        }
        let utc = program.run(&["forget", "--dry-run", "--utc", &format!("since:{day} until:{next}")]).out;
        assert!(utc.contains("25 entries: would go") && utc.contains("It failed"), "{utc}");
    }
}

#[test]
fn alerts_are_said_in_the_zone_that_is_asked_for_else_in_the_machines_and_status_in_utc() {
    let [day, next] =
        [5, 4].map(|days| (present() - jiff::SignedDuration::from_hours(24 * days)).strftime("%Y-%m-%d").to_string());
    let record = |hour: u32| {
        json!({"id": 100 + hour, "type": "general", "module": "Orders", "severity": "errors", "summary": "It failed",
            "message": "", "date_created": format!("{day}T{hour:02}:15:00+00:00")})
    };
    let sandbox = serve([Store::bigcommerce(HASH).records([6, 18].map(record)).behavior(behavior())]);
    let utc = [format!("{day} 06:15:00Z"), format!("{day} 18:15:00Z")];
    let tokyo = [format!("{day} 15:15:00+09:00"), format!("{next} 03:15:00+09:00")];
    for (machine, own) in [("Asia/Tokyo", tokyo), ("UTC", utc.clone())] {
        let rule = "[[rule]]\nname = \"failures\"\nwhen = \"failed\"\n";
        let program = Program::new().reading_bigcommerce(&sandbox).configured(rule).with("TZ", machine);
        assert_eq!(program.run(&["sync"]).code, 0);
        let status = program.run(&["status"]);
        assert!(status.out.contains(&format!("{day} 06:15 to {day} 18:15 UTC")), "{machine}: {status:?}");
        for (zone, times) in [
            (&[][..], own),
            (&["--utc"], utc.clone()),
            (&["--time-zone", "+08:00"], [format!("{day} 14:15:00+08:00"), format!("{next} 02:15:00+08:00")]),
            (&["--time-zone", "-03:30"], [format!("{day} 02:45:00-03:30"), format!("{day} 14:45:00-03:30")]),
        ] {
            let run = program.run(&[&["watch", "--test", "30d"], zone].concat());
            let alerts = run.out.lines().filter_map(|line| line.split_once("  failures  "));
            let mut said: Vec<&str> = alerts.map(|(at, _)| at).collect();
            said.sort_unstable();
            assert_eq!(said, times, "{machine} {zone:?} {run:?}");
        }
        // The ends of a range that name no zone are in the same.
        let alerts = |zone: &[&str]| {
            let range = format!("{day}T15:00..{day}T16:00");
            program.run(&[&["watch", "--test", &range], zone].concat()).out.matches("  failures  ").count()
        };
        assert_eq!([alerts(&["--time-zone", "+09:00"]), alerts(&["--utc"])], [1, 0], "{machine}");
    }
}

#[test]
fn a_search_that_finds_nothing_says_which_part_of_it_nothing_has() {
    let (_sandbox, program) = collected();
    let nothing = |query: &str| {
        let run = program.run(&["search", query]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{query}: {run:?}");
        run.err
    };
    assert!(
        nothing("declined store:abc124").contains("no entry of the archive has store:abc124; did you mean abc123?")
    );
    assert!(nothing("owner:acme").contains("no entry of the archive has owner:acme"));
    let module = nothing("module:nowhere");
    assert!(module.contains("has module:nowhere; there are "), "{module}");
    assert!(nothing("declined xylophone").contains("has xylophone"));
    assert!(nothing("declined Errors").contains("has Errors as a word; severity:error finds entries of that severity"));
    // Each is there, and not together; a part of alternatives is not looked at.
    for query in ["declined refused store:abc123", "store:abc124 OR xylophone", "NOT store:abc123 NOT store:open001"] {
        assert_eq!(nothing(query), "", "{query}");
    }
    let run = program.run(&["search", "--count", "xylophone"]);
    assert!(run.code == 1 && run.out == "0\n" && run.err.contains("has xylophone"), "{run:?}");
}

#[test]
fn the_form_for_viewers_is_oldest_first_with_one_time_a_level_and_a_message_that_says_something() {
    let (_sandbox, program) = collected();
    let lines = |run: Run| -> Vec<Value> { run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
    let of_archive = lines(program.run(&["search", "--format", "viewer", "--store", HASH]));
    let of_platform = lines(program.run(&["fetch", "--since", "2026-08-01", "--format", "viewer", "--store", HASH]));
    assert_eq!(of_archive, of_platform);
    let shown: Vec<_> = of_archive.iter().map(|line| [&line["time"], &line["level"], &line["msg"]]).collect();
    assert_eq!(shown[0], ["2026-08-10T11:00:00.000Z", "error", "The payment was declined"]);
    assert_eq!(shown[2], ["2026-08-10T13:00:00.000Z", "error", "no summary here"]);
    for line in &of_archive {
        let times =
            line.as_object().unwrap().values().filter(|value| value.as_str().is_some_and(|text| text.contains("T1")));
        assert_eq!(times.count(), 1, "{line}");
    }
    assert_eq!(of_archive[0]["detail"], DETAIL);
}

#[test]
fn a_time_zone_that_is_not_known_is_an_error_and_never_taken_for_utc() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("TZ", "Asia/Taipeh");
    is_refused(&program.run(&["fetch", "--since", "7d"]), &["Asia/Taipeh", "--time-zone"]);
    let run = program.run(&["fetch", "--since", "2021-12-01", "--until", "2022-08-01", "--time-zone", "+08:00"]);
    assert!(run.code == 0 && run.out.contains("+08:00"), "{run:?}");
    is_refused(&program.run(&["tail", "--time-zone", "Asia/Taipeh"]), &["did you mean Asia/Taipei?"]);
    let run = program.run(&["fetch", "--since", "2021-12-01", "--until", "2022-08-01", "--time-zone", "-03:30"]);
    assert_eq!(run.code, 0, "an offset that begins with a hyphen is a value: {run:?}");
    let run = program.run(&["sandbox"]);
    assert!(run.code == 2 && !run.err.contains("--time-zone"), "it has no such option: {run:?}");
}

#[test]
fn a_report_is_not_written_under_a_name_that_promises_another_form() {
    let (_sandbox, program) = collected();
    for name in ["x.pdf", "x.PDF", "x.xlsx", "x.docx"] {
        is_refused(&program.run(&["report", "-o", name]), &[".html, .md, .json, .txt, or .csv"]);
        assert!(!program.home.path().join(name).exists());
    }
    for name in ["x.html", "x.md", "x.json", "x.txt", "x"] {
        assert_eq!(program.run(&["report", "-o", name]).code, 0, "{name}");
    }
    assert_eq!(program.run(&["report", "-o", "y.pdf", "--format", "html"]).code, 0, "it was asked for by name");
    assert!(program.run(&["report", "--since", "2026-08-01"]).out.contains("did not answer in time"));
}

#[test]
fn the_orders_that_were_hit_are_a_table_for_spreadsheets_in_which_each_line_finds_its_entries() {
    let sandbox = serve([Store::bigcommerce(HASH).behavior(Behavior::unlimited())]);
    for (id, order) in [(1, 1042), (2, 1042), (3, 7)] {
        let at = (present() - jiff::SignedDuration::from_hours(id)).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let message = json!({"email": "ada@example.com", "errorDetail": "did not answer in time"}).to_string();
        let record = json!({"id": id, "type": "payment", "module": "", "severity": "errors", "message": message,
            "summary": format!("The payment for order {order} failed"), "date_created": at});
        sandbox.push(Platform::BigCommerce, HASH, record);
    }
    // The one worked when it was tried again; of the other the money went back.
    for (id, said) in [(4, "Payment for order 1042 was captured"), (5, "A refund for order 7 was sent to the gateway")]
    {
        let at = (present() - jiff::SignedDuration::from_mins(30)).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let record = json!({"id": id, "type": "payment", "module": "", "severity": "success", "message": "",
            "summary": said, "date_created": at});
        sandbox.push(Platform::BigCommerce, HASH, record);
    }
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(program.run(&["report", "-o", "orders.csv"]).code, 0);
    let table = std::fs::read_to_string(program.home.path().join("orders.csv")).unwrap();
    let lines: Vec<&str> = table.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("store,order,customer,problems,"), "{table}");
    assert!(lines[1].starts_with("bigcommerce:abc123,1042,[email ") && lines[2].contains(",7,[email "), "{table}");
    assert!(table.contains("did not answer in time") && !table.contains("ada@"), "{table}");
    assert!(lines[1].contains("Payment for order 1042 was captured") && !lines[2].contains("refund"), "{table}");
    let shown = program.run(&["report", "--format", "json"]).out;
    let report: serde_json::Value = serde_json::from_str(&shown).unwrap();
    let came_through = &report["orders"]["list"][0]["came_through"];
    assert_eq!(came_through["summary"], "Payment for order 1042 was captured");
    assert!(report["orders"]["list"][1]["came_through"].is_null());
    let found = program.run(&["search", came_through["query"].as_str().unwrap()]).out;
    assert!(found.contains("was captured"), "{found}");
    for written in [program.run(&["report"]).out, program.run(&["report", "--format", "md"]).out] {
        assert!(written.contains("Of 2 orders, 1 came through later"), "{written}");
    }
    let query = report["orders"]["list"][0]["query"].as_str().unwrap();
    assert_eq!(program.run(&["search", "--count", query]).out.trim(), "2", "{query}");
    assert!(program.run(&["report"]).out.contains("WHICH ORDERS WERE HIT?"));
}

#[test]
fn a_table_of_orders_has_all_of_them_with_what_they_cost_and_those_that_stand_in_html() {
    let at = |minutes: i64| {
        (present() - jiff::SignedDuration::from_mins(minutes)).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
    };
    let failed = |id: i64| {
        json!({"id": id, "type": "payment", "module": "", "severity": "errors", "date_created": at(id),
            "message": json!({"amount": "10.10", "currency": "USD"}).to_string(), "summary": format!("Order {id} was declined")})
    };
    let mut records: Vec<Value> = (1..=230).map(failed).collect();
    records.push(json!({"id": 900, "type": "general", "module": "", "severity": "warnings", "date_created": at(300),
        "message": "<p>The confirmation of order <b>#4711</b> for ada@example.com was not sent</p>", "summary": "It was not sent"}));
    let sandbox = serve([Store::bigcommerce(HASH).records(records).behavior(Behavior::unlimited())]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(program.run(&["report", "--since", "2d", "-o", "orders.csv", "--no-redact"]).code, 0);
    let table = std::fs::read_to_string(program.home.path().join("orders.csv")).unwrap();
    assert_eq!(table.lines().count(), 1 + 230 + 1);
    assert_eq!(table.matches(",10.10,USD\n").count(), 230, "{table}");
    let line = table.lines().find(|line| line.contains(",4711,")).unwrap();
    assert!(line.contains("ada@example.com") && line.ends_with(",,"), "{line}");
    let report: Value =
        serde_json::from_str(&program.run(&["report", "--since", "2d", "--format", "json"]).out).unwrap();
    let orders = &report["orders"];
    assert_eq!((orders["list"].as_array().unwrap().len(), &orders["others"]), (200, &json!(31)));
    assert_eq!(orders["costs"], json!([{"value": "2323.00", "currency": "USD", "orders": 230}]));
    let text = program.run(&["report", "--since", "2d"]).out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains("those that did not come through are of 2323.00 USD (230 orders)"), "{text}");
    let html = program.run(&["search", "--count", "message:\"order b 4711\""]);
    assert_eq!(html.out.trim(), "1", "as its line searches");
}

#[test]
fn a_query_may_begin_with_what_it_excludes() {
    let (_sandbox, program) = collected();
    let count = |arguments: &[&str]| program.run(&[&["search", "--count"], arguments].concat()).out.trim().to_owned();
    let without = count(&["-declined"]);
    assert_eq!(without, count(&["--", "-declined"]));
    assert_ne!(without, count(&[]));
    assert_eq!(count(&["-owner:acme"]), count(&[]), "no file called wner:acme is asked for");
    assert!(!program.home.path().join("wner:acme").exists());
    is_refused(&program.run(&["search", "--lmit", "5"]), &["--limit"]);
}

#[test]
fn what_the_platforms_show_of_a_store_is_taken_as_it_is_pasted() {
    let sandbox = serve([bigcommerce(), shopline()]);
    let plain = Program::reading(&sandbox).run(&["check", "--format", "json"]);
    let pasted = Program::reading(&sandbox)
        .with("BIGCOMMERCE_STORE_HASH", format!("https://api.bigcommerce.com/stores/{HASH}/v3/"))
        .with("SHOPLINE_HANDLE", "https://open001.myshopline.com/admin")
        .run(&["check", "--format", "json"]);
    assert_eq!((plain.code, pasted.code), (0, 0), "{pasted:?}");
    let alone = Program::new().with("BIGCOMMERCE_ACCESS_TOKEN", "sandbox-token").run(&["check"]);
    is_refused(&alone, &["BIGCOMMERCE_STORE_HASH is not", "/stores/"]);
    let run = Program::reading(&sandbox).run(&[
        "fetch",
        "--since",
        "2021-12-01",
        "--until",
        "2022-08-01",
        "--store",
        "open001",
        "--format",
        "jsonl",
    ]);
    assert!(run.code == 0 && run.out.lines().all(|line| line.contains("shopline:open001")), "{run:?}");
}

#[test]
fn the_sandbox_names_an_archive_of_its_own() {
    let mut child = Program::new()
        .command(&["sandbox", "--port-bigcommerce", "0", "--port-shopline", "0", "--until", "2026-09-01"])
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(child.stdout.take().unwrap());
    let line = std::io::BufRead::lines(lines).map_while(Result::ok).find(|line| line.contains("STORELOGS_ARCHIVE="));
    child.kill().unwrap();
    child.wait().unwrap();
    let line = line.expect("a line that sets it");
    assert!(line.contains("storelogs-sandbox-1-"), "{line}");
}
