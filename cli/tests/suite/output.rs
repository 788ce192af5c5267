//! The output of `fetch`, in every format.

use insta::assert_snapshot;
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, History, Platform, Store};

use crate::program::{HANDLE, HASH, Program, Run, bigcommerce, present, sandbox, serve};

/// The output without what differs from run to run: when the answer came.
fn settled(run: &Run) -> String {
    let mut text = run.out.clone();
    // It may have been yesterday.
    for ago in [0, 24] {
        let day = (present() - jiff::SignedDuration::from_hours(ago)).strftime("%Y-%m-%dT").to_string();
        while let Some(at) = text.find(&day) {
            let end = text[at..].find('Z').map_or(text.len(), |z| at + z + 1);
            text.replace_range(at..end, "[observed]");
        }
    }
    text
}

#[test]
fn pretty_is_aligned_columns() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).fetch(&[]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    // Where the next entries let wait for themselves, the first are shown in columns that fit them, and those that come
    // later may widen them. So what is in a row is the same on any machine, and how wide its columns are is not.
    let rows: Vec<Vec<&str>> =
        run.out.lines().map(|line| line.split("  ").filter(|cell| !cell.is_empty()).collect()).collect();
    let cells: Vec<String> =
        rows.iter().map(|row| row.iter().map(|cell| cell.trim()).collect::<Vec<_>>().join("  ")).collect();
    assert_snapshot!(cells.join("\n"));
    let severities =
        run.out.lines().zip(&rows).map(|(line, row)| line.find(&format!("  {}  ", row[2].trim())).unwrap());
    assert!(severities.is_sorted(), "columns become narrower: {}", run.out);
}

#[test]
fn jsonl_is_one_entry_a_line() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).fetch(&["--format", "jsonl"]);
    assert_snapshot!(settled(&run));
    let ids: Vec<Value> =
        run.out.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["uid"].clone()).collect();
    assert_eq!(ids.first(), Some(&json!("shopline:open001:6579336590463354672")));
}

#[test]
fn oldest_first_is_the_same_turned_round_in_every_format() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    for format in ["jsonl", "csv"] {
        let uids = |run: &Run| {
            assert_eq!(run.code, 0, "{run:?}");
            let uid = |line: &str| Some(line.split_once(&format!(":{HASH}:"))?.1.split(['"', ',']).next()?.to_owned());
            run.out.lines().filter_map(uid).collect::<Vec<_>>()
        };
        let newest_first = uids(&program.fetch(&["--format", format]));
        let mut oldest_first = uids(&program.fetch(&["--format", format, "--oldest-first"]));
        oldest_first.reverse();
        assert!(newest_first.len() > 1);
        assert_eq!(oldest_first, newest_first);
    }
}

#[test]
fn json_is_one_array_of_the_same_entries() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    let run = program.fetch(&["--format", "json", "--limit", "3"]);
    assert_snapshot!(settled(&run));
    assert_eq!(serde_json::from_str::<Vec<Value>>(&run.out).unwrap().len(), 3);
}

#[test]
fn json_without_entries_is_an_empty_array() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).fetch(&["--format", "json", "--category", "nothing"]);
    assert_eq!((run.code, run.out.as_str()), (0, "[]\n"));
}

#[test]
fn csv_has_a_header_and_a_row_for_each_entry() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).fetch(&["--format", "csv"]);
    assert_snapshot!(settled(&run));
}

#[test]
fn csv_guards_cells_against_formulas() {
    let sandbox = sandbox();
    sandbox.push(
        Platform::BigCommerce,
        HASH,
        json!({"id": 900, "type": "@x", "module": "-m", "severity": "success", "summary": "=HYPERLINK(\"http://e\")",
               "message": "+1", "date_created": "2022-01-01T00:00:00+00:00"}),
    );
    let run = Program::reading(&sandbox).fetch(&["--format", "csv", "--module=-m"]);
    let row = run.out.lines().nth(1).unwrap();
    for cell in ["'@x", "'-m", "'+1", "\"'=HYPERLINK(\"\"http://e\"\")\"", ",+00:00,"] {
        assert!(row.contains(cell), "{cell} in {row}");
    }
}

#[test]
fn output_goes_into_a_file() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    let run = program.fetch(&["--format", "jsonl", "-o", "log.jsonl"]);
    assert_eq!((run.code, run.out.as_str()), (0, ""));
    let written = std::fs::read_to_string(program.home.path().join("log.jsonl")).unwrap();
    assert_eq!(written.lines().count(), 8);
}

/// The commands that write files, with what they have to say of an archive.
const WRITING: [&[&str]; 4] =
    [&["fetch", "--since", "90d"], &["search"], &["sql", "SELECT uid, summary FROM entries ORDER BY key"], &["report"]];

/// A program with an archive of one store.
fn collected() -> (storelogs_sandbox::Sandbox, Program) {
    let history = History::bulk(7, 30).ending_at(present().as_second() - 60);
    let sandbox = serve([Store::bigcommerce(HASH).behavior(Behavior::unlimited()).history(history)]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    (sandbox, program)
}

#[test]
fn every_command_writes_a_file_in_the_format_that_its_name_ends_in() {
    let (_sandbox, program) = collected();
    for command in WRITING {
        let run = |more: &[&str]| program.run(&[command, more].concat());
        let read = |name: &str| std::fs::read_to_string(program.home.path().join(name)).unwrap();
        assert_eq!(run(&["-o", "a.CSV"]).code, 0, "{command:?}");
        assert!(read("a.CSV").lines().next().unwrap().contains(','), "{command:?}: a header of columns");
        assert_eq!(run(&["-o", "a.json"]).code, 0, "{command:?}");
        assert!(serde_json::from_str::<Value>(&read("a.json")).is_ok(), "{command:?}");
        // The name of the format goes before that of the file, and a file without an ending is for reading.
        assert_eq!(run(&["-o", "b.csv", "--format", "json"]).code, 0, "{command:?}");
        assert!(serde_json::from_str::<Value>(&read("b.csv")).is_ok(), "{command:?}");
        assert_eq!((run(&["-o", "plain"]).code, run(&["-o", "a.txt"]).code), (0, 0), "{command:?}");
        let refused = run(&["-o", "a.xlsx"]);
        assert!(refused.code == 2 && refused.err.contains("nothing here is written as \"xlsx\""), "{refused:?}");
        assert!(!program.home.path().join("a.xlsx").exists());
    }
}

#[test]
fn a_line_in_place_of_a_file_is_standard_output() {
    let (_sandbox, program) = collected();
    for command in WRITING {
        let (plain, line) = (program.run(command), program.run(&[command, &["-o", "-"]].concat()));
        assert_eq!((plain.code, line.code, line.err.as_str()), (0, 0, plain.err.as_str()), "{command:?}: {line:?}");
        assert_eq!((line.out.lines().next(), line.out.is_empty()), (plain.out.lines().next(), false), "{command:?}");
        assert!(!program.home.path().join("-").exists(), "{command:?}");
    }
    let run = program.run(&["report", "--each", "store", "-o", "-"]);
    assert!(run.code == 2 && run.err.contains("name a folder"), "{run:?}");
}

#[test]
fn records_that_cannot_be_decoded_never_replace_the_entries() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    for [output, raw] in [["a.txt", "./a.txt"], ["a.txt", "-"], ["-", "-"]] {
        let run = program.fetch(&["-o", output, "--raw-errors", raw]);
        assert!(run.code == 2 && run.err.contains("name another file"), "{run:?}");
    }
}

#[test]
fn a_value_of_a_list_is_taken_in_any_case_and_no_limit_is_no_limit() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    for (one, other) in [
        (["--format", "JSON"], ["--format", "json"]),
        (["--min-severity", "Warning"], ["--min-severity", "warning"]),
        (["--limit", "0"], ["--color", "NEVER"]),
    ] {
        let [one, other] = [program.fetch(&one), program.fetch(&other)];
        assert_eq!((one.code, one.out.lines().count()), (0, other.out.lines().count()), "{one:?}");
    }
}

#[test]
fn that_a_time_range_begins_before_what_a_platform_keeps_is_said() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    let said = |since: &str| program.run(&["fetch", "--since", since, "--log-level", "info"]).err;
    assert!(said("200d").contains("; older entries are gone: SHOPLINE keeps 92 days"), "{}", said("200d"));
    assert!(said("3y").contains("gone: BigCommerce keeps 365 days, SHOPLINE keeps 92 days"), "{}", said("3y"));
    assert!(!said("3mo").contains("gone"), "{}", said("3mo"));
}

#[test]
fn filters_and_limit_choose_the_newest_that_match() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    let count = |arguments: &[&str]| program.fetch(arguments).out.lines().count();
    assert_eq!(count(&["--min-severity", "error"]), 1);
    assert_eq!(count(&["--category", "general", "--category", "design"]), 3);
    assert_eq!(count(&["--module", "usps (ENDICIA)"]), 1);
    assert_eq!(count(&["--action", "add_new_product"]), 2);
    assert_eq!(count(&["--actor", "shopline", "--limit", "1"]), 1);
    assert_eq!(count(&["--store", "shopline:open001"]), 2);
    assert_eq!(count(&[]), 8);
}

#[test]
fn a_filter_that_nothing_fits_is_named_with_the_values_that_there_are() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    let run = program.fetch(&["--module", "usps (endica)"]);
    assert!(run.code == 0 && run.out.is_empty(), "{run:?}");
    assert!(run.err.contains("--module: no entry of the newest 8 has 'usps (endica)'"), "{}", run.err);
    assert!(run.err.contains("did you mean 'USPS (endicia)'?") && run.err.contains("there are "), "{}", run.err);
    let run = program.fetch(&["--action", "weather"]);
    assert!(!run.err.contains("did you mean") && run.err.contains("there are add_new_product"), "{}", run.err);
    let before = sandbox.requests();
    assert_eq!(program.fetch(&["--module", "USPS (endicia)"]).err, program.fetch(&[]).err, "nothing is wrong");
    assert!(sandbox.requests() > before);
    // Nobody mistook a name where only the time range is empty.
    let run = program.run(&["fetch", "--since", "2021-12-01", "--until", "2021-12-02", "--utc", "--module", "x"]);
    assert!(!run.err.contains("there are"), "{}", run.err);
}

#[test]
fn everything_in_the_time_range_is_read_without_a_limit() {
    let sandbox = serve([Store::bigcommerce(HASH).history(History::bulk(1, 3000))]);
    let run = Program::new().reading_bigcommerce(&sandbox).run(&["fetch", "--since", "70d", "--format", "jsonl"]);
    assert_eq!((run.code, run.out.lines().count()), (0, 3000), "{}", run.err);
}

#[test]
fn control_sequences_in_log_text_do_not_reach_the_terminal() {
    let sandbox = sandbox();
    sandbox.push(
        Platform::Shopline,
        HANDLE,
        json!({"id": "6579336590463354999", "author": "a\u{202e}b\u{9b}31mc", "verb": "v\u{7}", "subject_type": "s\u{8}",
               "detail": "one\u{1b}]0;owned\u{7}\u{1b}[2Jtwo\nthree\u{2066}", "created_at": "2022-07-30T00:00:00+08:00"}),
    );
    let run = Program::reading(&sandbox).fetch(&["--limit", "1", "--color", "always"]);
    assert_eq!(run.code, 0, "{run:?}");
    let plain = anstream::adapter::strip_str(&run.out).to_string();
    assert!(plain.contains(" s  v  abc  onetwo three\n"), "{plain:?}");
    assert!(!run.out.contains("owned") && !run.out.contains(['\u{202e}', '\u{2066}', '\u{9b}', '\u{7}', '\u{8}']));
}

#[test]
fn colours_come_only_where_they_are_wanted() {
    let sandbox = serve([bigcommerce()]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let coloured = |program: &Program, arguments: &[&str]| program.fetch(arguments).out.contains('\u{1b}');
    assert!(!coloured(&program, &[]), "not into a pipe");
    assert!(coloured(&program, &["--color", "always"]));
    assert!(!coloured(&program, &["--color", "never"]));
    let program = program.with("CLICOLOR_FORCE", "1");
    assert!(coloured(&program, &[]));
    let program = program.with("NO_COLOR", "1").with("CLICOLOR_FORCE", "0");
    assert!(!coloured(&program, &[]), "NO_COLOR");
    assert!(!program.run(&["fetch", "--since", "nonsense"]).err.contains('\u{1b}'));
}

#[test]
fn times_are_local_unless_utc_is_asked_for() {
    let sandbox = serve([bigcommerce()]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("TZ", "Asia/Shanghai");
    let arguments = ["fetch", "--since", "2022-01-01", "--until", "2022-08-01", "--limit", "1"];
    assert!(program.run(&arguments).out.starts_with("2022-07-29T03:23:19+08:00 "));
    assert!(program.fetch(&["--limit", "1"]).out.starts_with("2022-07-28T19:23:19Z "));
}
