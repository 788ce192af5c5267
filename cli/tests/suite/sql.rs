//! `sql`: the archive answers statements, and is never changed.

use std::io::Write;
use std::process::Stdio;

use insta::assert_snapshot;
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, Platform, Store};

use crate::program::{HASH, Program, Run, present, serve, wait_for_listening};

/// A program with an archive of one store, which has three entries.
fn collected() -> Program {
    let day = |ago: i32| (present() - jiff::SignedDuration::from_hours(24) * ago).as_second();
    let sandbox = serve([Store::bigcommerce(HASH).behavior(Behavior::unlimited())]);
    for (id, severity) in [(1, "errors"), (2, "errors"), (3, "success")] {
        let at = jiff::Timestamp::from_second(day(id)).unwrap().strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
        let record = json!({"id": id, "type": "general", "module": "", "severity": severity, "summary": "It ran",
            "message": "", "date_created": at});
        sandbox.push(Platform::BigCommerce, HASH, record);
    }
    let program = Program::new().reading_bigcommerce(&sandbox);
    let run = program.run(&["sync"]);
    assert_eq!(run.code, 0, "{run:?}");
    program
}

/// A row of what is awkward.
const AWKWARD: &str = "SELECT 1 AS n, -2.0 AS r, NULL AS empty, '商品' AS text, \
                       char(27) || '[31m=1+1' || char(10) || 'x' AS odd, '=1+1' AS formula, -3 AS n, x'00ff' AS bytes";

fn answered(run: &Run) -> &str {
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    &run.out
}

#[test]
fn every_view_is_in_the_help_and_in_the_documentation() {
    let program = collected();
    let error = program.run(&["sql", "SELECT 1 FROM none"]).err;
    let views: Vec<&str> = error.trim().rsplit_once("the views are ").unwrap().1.split(", ").collect();
    let help = program.run(&["sql", "--help"]).out;
    let listed = help.split("Views:\n").nth(1).unwrap().lines().take_while(|line| !line.is_empty());
    assert_eq!(listed.map(|line| line.split_whitespace().next().unwrap()).collect::<Vec<_>>(), views);
    let documented = include_str!("../../../docs/search.md");
    let rows = documented.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` | "));
    let rows: Vec<&str> = rows.map(|(view, _)| view).filter(|view| views.contains(view)).collect();
    assert_eq!(rows, views);
}

#[test]
fn a_statement_is_answered_in_every_format() {
    let program = collected();
    assert_snapshot!(answered(&program.run(&["sql", AWKWARD])), @r"
    n     r  empty  text  odd     formula   n  bytes
    1  -2.0  NULL   商品  =1+1 x  =1+1     -3  x'00ff'
    ");
    let run = program.run(&["sql", "--format", "csv", AWKWARD]);
    assert_eq!(
        answered(&run),
        "n,r,empty,text,odd,formula,n,bytes\n1,-2.0,,商品,\"\u{1b}[31m=1+1\nx\",'=1+1,-3,x'00ff'\n"
    );
    let run = program.run(&["sql", "--format", "jsonl", AWKWARD]);
    assert!(answered(&run).starts_with(r#"{"n":1,"r":-2.0,"empty":null,"text":"商品","#), "{}", run.out);
    let run = program.run(&["sql", "--format", "json", AWKWARD]);
    let rows: Value = serde_json::from_str(answered(&run)).unwrap();
    assert_eq!(rows[0]["n 2"], -3);
    assert_eq!((&rows[0]["odd"], &rows[0]["bytes"]), (&json!("\u{1b}[31m=1+1\nx"), &json!("00ff")));
    let run =
        program.run(&["sql", "--format", "jsonl", "SELECT 9007199254740991 AS fits, -9007199254740992 AS not_quite"]);
    assert_eq!(answered(&run), "{\"fits\":9007199254740991,\"not_quite\":\"-9007199254740992\"}\n");
    let run = program.run(&["sql", "--format", "json", "SELECT key FROM entries"]);
    let rows: Value = serde_json::from_str(answered(&run)).unwrap();
    assert!(rows.as_array().unwrap().iter().all(|row| row["key"].is_string()), "{rows}");
    let run = program.run(&["sql", "--format", "json", "SELECT 1 WHERE 0"]);
    assert_eq!(answered(&run), "[]\n");
}

#[test]
fn the_views_hold_what_was_collected() {
    let program = collected();
    let run = program.run(&["sql", "--format", "csv", "SELECT severity, count(*) AS held FROM entries GROUP BY 1"]);
    assert_eq!(answered(&run), "severity,held\nerror,2\ninfo,1\n");
    let run = program.run(&["sql", "--format", "csv", "-o", "stores.csv", "SELECT store, state FROM stores"]);
    assert_eq!(answered(&run), "");
    let kept = std::fs::read_to_string(program.home.path().join("stores.csv")).unwrap();
    assert_eq!(kept, "store,state\nbigcommerce:abc123,active\n");
}

#[test]
fn a_statement_comes_on_standard_input_too() {
    let program = collected();
    let mut child = program.command(&["sql"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"-- how many\nSELECT count(*)\nFROM entries;\n").unwrap();
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), "count(*)\n       3\n");
}

#[test]
fn what_is_wrong_is_pointed_at_and_makes_no_file() {
    let program = collected();
    let run = program.run(&["sql", "-o", "out.csv", "SELECT modul FROM entries"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert_snapshot!(run.err, @r"
    error: no such column: modul
      SELECT modul FROM entries
             ^
    ");
    assert!(!program.home.path().join("out.csv").exists());
    let run = program.run(&["sql", "DELETE FROM entry"]);
    assert_eq!(run.code, 2);
    assert_snapshot!(run.err, @r"
    error: this would change something or reach another file, and here is only read
      `storelogs prune` and `storelogs forget` remove entries
    ");
    assert_eq!(Program::new().run(&["sql", "SELECT 1"]).code, 1, "there is no archive");
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_a_long_statement_with_130() {
    let program = collected();
    let endless = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let child = program.command(&["sql", endless]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_listening(&child);
    assert!(std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130), "{output:?}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[test]
fn what_was_searched_for_stands_out_also_where_only_the_message_has_it() {
    let sandbox = serve([Store::bigcommerce(HASH).behavior(Behavior::unlimited())]);
    let at = present() - jiff::SignedDuration::from_hours(1);
    let at = at.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string();
    let message =
        "The long story of an order. The gateway said: CARD-Declined by the bank, and nothing else was heard of it.";
    let record = json!({"id": 1, "type": "general", "module": "", "severity": "errors", "summary": "Payment failed",
        "message": message, "date_created": at});
    sandbox.push(Platform::BigCommerce, HASH, record);
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    let search = |query: &str| program.run(&["search", "--color", "always", query]).out;
    let red = |text: &str| format!("\u{1b}[1m\u{1b}[31m{text}\u{1b}[0m");
    assert!(search("payment").contains(&red("Payment")), "{:?}", search("payment"));
    let shown = search("\"card declined\"");
    assert!(shown.contains(&red("CARD-Declined")) && shown.contains("[…"), "{shown:?}");
    assert!(!search("payment declined").contains("[…"), "the summary has a part of it");
    let plain = program.run(&["search", "\"card declined\""]).out;
    assert!(plain.trim_end().ends_with("Payment failed"), "{plain:?}");
}
