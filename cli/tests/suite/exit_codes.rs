//! The exit codes of the program.

use storelogs_sandbox::{Fault, Faults, Platform};

use crate::program::{HASH, Program, bigcommerce, sandbox, serve, shopline, wait_for_request};

#[test]
fn it_ends_with_0_when_everything_was_read() {
    assert_eq!(Program::reading(&sandbox()).fetch(&[]).code, 0);
}

#[test]
fn it_ends_with_1_when_the_platform_fails() {
    let sandbox = serve([bigcommerce().faults(Faults::none().always(Fault::Status(404)))]);
    let run = Program::new().reading_bigcommerce(&sandbox).fetch(&[]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.starts_with("error: bigcommerce:abc123: "), "{}", run.err);
}

#[test]
fn it_ends_with_1_when_the_output_file_cannot_be_written() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).fetch(&["-o", "no/such/folder/log"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("no/such/folder/log"), "{}", run.err);
}

#[test]
fn it_ends_with_2_when_the_arguments_are_wrong() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    for arguments in [
        &["--since", "yesterday"][..],
        &["--until", "2020-01-01"],
        &["--until", "2021-12-01"],
        &["--limit", "many"],
        &["--min-severity", "bad"],
        &["--format", "xml"],
        &["--store", "nothing"],
        &["--store", "bigcommerce:other", "--store", "bigcommerce:other"],
    ] {
        let run = program.run(&[&["fetch", "--since", "2021-12-01"], arguments].concat());
        assert_eq!(run.code, 2, "{arguments:?}: {run:?}");
        assert!(run.out.is_empty() && run.err.starts_with("error: "), "{run:?}");
    }
}

#[test]
fn it_ends_with_2_when_the_time_range_begins_in_the_future() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).run(&["fetch", "--since", "2999-01-01"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("is not in the past"), "{}", run.err);
}

#[test]
fn it_ends_with_3_when_access_is_refused() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("BIGCOMMERCE_ACCESS_TOKEN", "wrong");
    let run = program.fetch(&["--store", "bigcommerce:abc123"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.err.contains("\n  the platform says: "), "{}", run.err);

    for status in [402, 403] {
        sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().always(Fault::Status(status)));
        let run = Program::reading(&sandbox).fetch(&["--store", "bigcommerce:abc123"]);
        assert_eq!(run.code, 3, "{run:?}");
    }
}

#[test]
fn it_ends_with_4_when_one_of_several_stores_fails_and_prints_the_others() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("BIGCOMMERCE_ACCESS_TOKEN", "wrong");
    let run = program.fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (4, 2), "{run:?}");
    assert_eq!(run.err.matches("error: ").count(), 1, "{}", run.err);
}

#[test]
fn it_ends_with_4_when_a_record_cannot_be_decoded_and_the_record_can_be_kept() {
    let sandbox = serve([bigcommerce().faults(Faults::none().always(Fault::MalformedRecord(1))), shopline()]);
    let program = Program::reading(&sandbox);
    let run = program.fetch(&[]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.err.contains("warning: bigcommerce:abc123: 1 record is not"), "{}", run.err);
    assert!(run.err.contains("--raw-errors"), "{}", run.err);

    let run = program.fetch(&["--raw-errors", "raw.jsonl"]);
    assert!(run.err.contains("kept in raw.jsonl"), "{}", run.err);
    let kept = std::fs::read_to_string(program.home.path().join("raw.jsonl")).unwrap();
    let kept: serde_json::Value = serde_json::from_str(&kept).unwrap();
    assert_eq!((kept["store"].as_str(), kept["path"].as_str()), (Some("bigcommerce:abc123"), Some("data[1]")));
    assert!(kept["raw"].is_string());
}

/// A store that cannot be reached has failed, whatever the reason is: no command takes that for a wrong environment.
#[cfg(target_os = "linux")]
#[test]
fn every_command_ends_with_1_where_there_are_no_certificates() {
    let program = Program::new()
        .with("BIGCOMMERCE_STORE_HASH", HASH)
        .with("BIGCOMMERCE_ACCESS_TOKEN", "sandbox-token")
        .with("SSL_CERT_FILE", "/dev/null")
        .with("SSL_CERT_DIR", "/dev/null");
    let rule = "[[rule]]\nname = \"any\"\nwhen = \"severity>=error\"\nwebhook = { env = \"WEBHOOK\" }\n";
    std::fs::write(program.home.path().join("storelogs.toml"), rule).unwrap();
    let program = program.with("WEBHOOK", "https://localhost:1/");
    for command in [&["check"][..], &["fetch"], &["tail"], &["sync"], &["verify"], &["watch", "--try"]] {
        let run = program.run(command);
        assert_eq!(run.code, 1, "{command:?}: {run:?}");
        if command != ["verify"] {
            let said = format!("{}{}", run.out, run.err);
            assert!(said.contains("no certificate authority is known"), "{command:?}: {run:?}");
        }
    }
}

#[cfg(unix)]
#[test]
fn ctrl_c_ends_it_quietly_with_130() {
    let sandbox = serve([bigcommerce().latency(std::time::Duration::from_secs(30))]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let mut command = program.command(&["fetch"]);
    let child = command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for_request(&sandbox, 0);
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    let output = child.wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(130));
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
}

#[cfg(unix)]
#[test]
fn ctrl_c_leaves_what_a_file_was_and_no_part_of_what_it_was_to_be() {
    let sandbox = serve([bigcommerce().latency(std::time::Duration::from_secs(30))]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    program.file("log.csv", "as it was");
    let mut command = program.command(&["fetch", "--format", "csv", "-o", "log.csv", "--raw-errors", "raw.jsonl"]);
    let mut child = command.stderr(std::process::Stdio::piped()).spawn().unwrap();
    wait_for_request(&sandbox, 0);
    let names = || -> Vec<String> {
        let files = std::fs::read_dir(program.home.path())
            .unwrap()
            .map(|file| file.unwrap().file_name().into_string().unwrap());
        files.filter(|name| name.contains("log.csv") || name.contains("raw.jsonl")).collect()
    };
    assert_eq!(names().len(), 3, "{:?}", names());
    let id = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert_eq!(names(), ["log.csv"]);
    assert_eq!(std::fs::read_to_string(program.home.path().join("log.csv")).unwrap(), "as it was");
}

#[test]
fn of_several_stores_each_is_named_of_which_something_may_be_missing() {
    let failing = Faults::none().always(Fault::Status(404));
    let sandbox = serve([bigcommerce().faults(failing), shopline()]);
    let run = Program::reading(&sandbox).fetch(&[]);
    assert_eq!(run.code, 4, "{run:?}");
    let warning = run.err.lines().find(|line| line.starts_with("warning: ")).unwrap();
    assert!(warning.starts_with("warning: bigcommerce:abc123: unread: it could not be read to its end"), "{warning}");
    assert!(!warning.contains("tried again"), "`fetch` does not: {warning}");
    let sandbox = serve([bigcommerce().faults(Faults::none().always(Fault::MalformedRecord(1))), shopline()]);
    let run = Program::reading(&sandbox).fetch(&[]);
    assert_eq!(run.err.matches("warning: ").count(), 1, "what could not be decoded is said once: {run:?}");
}
