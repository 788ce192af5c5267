//! `export`: its messages and exit codes, by itself and beside a run that collects. Its output is tested in `export/`.
#![cfg(all(feature = "lake", feature = "otlp"))]

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;
use storelogs_sandbox::{Behavior, History, Store};

use crate::program::{HASH, Program, serve};
use crate::receiver::{Receiver, Reply, ok, status};

fn collected() -> Program {
    let history = History::bulk(1, 30);
    let sandbox = serve([Store::bigcommerce(HASH).history(history).behavior(Behavior::unlimited())]);
    let program = Program::new().reading_bigcommerce(&sandbox);
    let run = program.run(&["sync"]);
    assert_eq!(run.code, 0, "{run:?}");
    program
}

#[test]
fn a_sync_and_an_export_make_a_lake_and_the_next_export_has_nothing_to_do() {
    let program = collected();
    let run = program.run(&["export", "lake", "lake"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    assert!(run.out.starts_with("lake: 30 entries in "), "{run:?}");
    let run = program.run(&["export", "lake", "lake", "--compact"]);
    assert_eq!((run.code, run.out.as_str()), (0, "lake: nothing new\nnothing to put together\n"), "{run:?}");
}

#[test]
fn what_cannot_be_exported_is_said_with_its_remedy() {
    let run = Program::new().run(&["export", "lake", "lake"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("there is no archive") && run.err.contains("storelogs sync"), "{run:?}");
    let program = collected();
    let run = program.run(&["export", "lake", "https://example.com/?token=secret"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("name a folder") && !run.err.contains("secret"), "{run:?}");
    assert_eq!(program.run(&["export", "lake", "lake"]).code, 0);
    program.file("lake/entries/_delta_log/00000000000000000001.json", "");
    let run = program.run(&["export", "lake", "lake"]);
    assert_eq!(run.code, 1, "{run:?}");
    assert!(run.err.contains("_delta_log/00000000000000000001.json: it is empty"), "{run:?}");
}

/// A receiver of JSON that keeps the uids, unless it has something else to say to them.
fn receiver(mut says: impl FnMut(&[String]) -> Option<Reply> + Send + 'static) -> (Receiver, Arc<Mutex<Vec<String>>>) {
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeps = Arc::clone(&kept);
    let receiver = Receiver::start(move |request| {
        assert_eq!(request.path, "/v1/logs");
        if request.headers.get("authorization").map(String::as_str) != Some("Bearer s3cret") {
            return Reply::Answer(401, Vec::new(), b"not you".to_vec());
        }
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        let stores = body["resourceLogs"].as_array().unwrap().iter();
        let records = stores.flat_map(|store| store["scopeLogs"][0]["logRecords"].as_array().unwrap());
        let uids: Vec<String> = records
            .map(|record| record["attributes"][0]["value"]["stringValue"].as_str().unwrap().to_owned())
            .collect();
        says(&uids).unwrap_or_else(|| {
            keeps.lock().unwrap().extend(uids);
            ok()
        })
    });
    (receiver, kept)
}

fn delivering(program: Program, receiver: &Receiver) -> Program {
    program
        .with("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint.clone())
        .with("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")
        .with("OTEL_EXPORTER_OTLP_COMPRESSION", "none")
}

#[test]
fn a_receiver_gets_what_is_new_with_headers_that_are_never_shown() {
    let mut is_first = true;
    // The first answer is lost.
    let (receiver, kept) = receiver(move |_| std::mem::take(&mut is_first).then_some(Reply::Nothing));
    let program = delivering(collected(), &receiver).with("OTLP_AUTH", "Bearer s3cret");
    let run = program.run(&["export", "otlp"]);
    assert_eq!((run.code, run.out.as_str()), (3, ""), "{run:?}");
    assert!(run.err.contains("does not let us in: HTTP 401: not you"), "{run:?}");
    let run = program.run(&["export", "otlp", "--dry-run"]);
    assert!(run.out.contains(": at most 30 entries would be sent"), "{run:?}");
    let send = ["export", "otlp", "--header", "authorization=env:OTLP_AUTH"];
    let run = program.run(&send);
    assert!(run.code == 0 && run.err.contains("asked again in"), "{run:?}");
    assert!(
        run.out.contains("bigcommerce:abc123  30 sent") && run.out.contains("30 entries sent in 1 request"),
        "{run:?}"
    );
    assert_eq!(kept.lock().unwrap().iter().collect::<BTreeSet<_>>().len(), 30);
    assert!(program.run(&send).out.ends_with(": nothing new\n"));
    let again = program.run(&[&send[..], &["--again", "900d.."]].concat());
    assert!(again.code == 0 && again.out.contains("30 entries sent"), "{again:?}");
    assert!(!format!("{run:?}{again:?}").contains("s3cret"));
    // As the specification has them in a variable.
    let program = program.with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20s3cret");
    assert_eq!(program.run(&["export", "otlp", "--again", "900d.."]).code, 0);
    let run = program.run(&["export", "otlp", "--header", "authorization=Bearer s3cret"]);
    assert!(run.code == 2 && run.err.contains("env:VARIABLE"), "{run:?}");
    let run = program.run(&["export", "otlp", "--protocol", "grpc"]);
    assert!(run.code == 2 && run.err.contains("4318"), "{run:?}");
}

#[test]
fn what_a_receiver_refuses_is_listed_and_counts_in_the_exit_code() {
    let mut refused = None;
    let (receiver, kept) = receiver(move |uids| {
        let first = refused.get_or_insert_with(|| uids[4].clone());
        uids.contains(first).then(|| Reply::Answer(400, Vec::new(), b"too old\x1b[2J".to_vec()))
    });
    let program = delivering(collected(), &receiver).with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer s3cret");
    let run = program.run(&["export", "otlp"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(run.out.contains("29 sent, 1 refused") && run.out.contains("HTTP 400: too old"), "{run:?}");
    assert_eq!(kept.lock().unwrap().len(), 29);
    let run = program.run(&["export", "otlp", "--refused"]);
    assert!(run.out.contains("bigcommerce:abc123:") && run.out.contains("HTTP 400: too old"), "{run:?}");
    assert!(!run.out.contains('\x1b'), "{run:?}");
    let run = program.run(&["status"]);
    assert!(run.out.contains("/v1/logs: up to date, 1 refused"), "{run:?}");
}

#[test]
fn a_receiver_that_refuses_whatever_it_is_sent_ends_the_export_and_nothing_counts_as_refused() {
    let (receiver, _) = receiver(|_| Some(Reply::Answer(400, Vec::new(), b"no such index\x1b[2J".to_vec())));
    let program = delivering(collected(), &receiver).with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer s3cret");
    for times in ["1 time", "2 times"] {
        let run = program.run(&["export", "otlp"]);
        assert_eq!((run.code, run.out.as_str()), (1, ""), "{run:?}");
        for words in
            [receiver.endpoint.as_str(), "refuses whatever it is sent", "HTTP 400: no such index", "run it again"]
        {
            assert!(run.err.contains(words) && !run.err.contains("[2J\x1b"), "{words}: {run:?}");
        }
        let run = program.run(&["status"]);
        assert!(run.out.contains(&format!("/v1/logs: 30 entries behind; it failed {times}")), "{run:?}");
    }
    let run = program.run(&["export", "otlp", "--refused"]);
    assert!(run.out.ends_with("/v1/logs: nothing was refused\n"), "{run:?}");
}

#[test]
fn what_was_never_sent_cannot_be_sent_again() {
    let (receiver, kept) = receiver(|_| None);
    let program = delivering(collected(), &receiver).with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer s3cret");
    let run = program.run(&["export", "otlp", "--again", "900d.."]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    assert!(run.err.contains("nothing of this archive was sent") && run.err.contains("without --again"), "{run:?}");
    assert_eq!(kept.lock().unwrap().len(), 0);
}

#[test]
fn of_two_exports_to_one_receiver_one_ends_with_the_reason_and_nothing_comes_twice() {
    let (here, arrived) = std::sync::mpsc::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let mut is_first = true;
    let (receiver, kept) = receiver(move |_| {
        if std::mem::take(&mut is_first) {
            here.send(()).unwrap();
            wait.recv().unwrap();
        }
        None
    });
    let program = delivering(collected(), &receiver).with("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer s3cret");
    let program = program.with("OTEL_EXPORTER_OTLP_TIMEOUT", "600000");
    let first = program.command(&["export", "otlp"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    arrived.recv().unwrap();
    let second = program.run(&["export", "otlp"]);
    assert_eq!((second.code, second.out.as_str()), (1, ""), "{second:?}");
    assert!(second.err.contains("another process sends this archive to the receiver"), "{second:?}");
    go_on.send(()).unwrap();
    let first = first.wait_with_output().unwrap();
    assert!(first.status.success(), "{first:?}");
    assert!(program.run(&["export", "otlp"]).out.ends_with(": nothing new\n"));
    assert_eq!(kept.lock().unwrap().len(), 30);
}

#[cfg(unix)]
#[test]
fn a_run_that_follows_exports_what_comes_and_one_that_fails_stops_nobody() {
    use crate::program::wait_for_listening;

    let (receiver, kept) = receiver(|_| None);
    let closed = Receiver::start(|_| status(404));
    let history = History::bulk(1, 30);
    let sandbox = serve([Store::bigcommerce(HASH).history(history).behavior(Behavior::unlimited())]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("OTLP_AUTH", "Bearer s3cret").configured(&format!(
        "[[export]]\nkind = \"lake\"\nto = \"lake\"\nevery = \"1s\"\n\n[[export]]\nkind = \"otlp\"\nto = \"{}\"\nevery = \"200ms\"\n\
         protocol = \"http/json\"\ncompression = \"none\"\nheaders = {{ authorization = {{ env = \"OTLP_AUTH\" }} }}\n\n\
         [[export]]\nkind = \"otlp\"\nto = \"{}\"\n",
        receiver.endpoint, closed.endpoint
    ));
    let child = program.command(&["sync", "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    wait_for_listening(&child);
    let begun = Instant::now();
    while kept.lock().unwrap().len() < 30 {
        assert!(begun.elapsed() < Duration::from_secs(120), "nothing comes");
        std::thread::sleep(Duration::from_millis(50));
    }
    std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    let ended = child.wait_with_output().unwrap();
    assert!(ended.status.success(), "{ended:?}");
    let said = String::from_utf8_lossy(&ended.stderr);
    assert!(said.contains("nobody takes logs at this address") && !said.contains("s3cret"), "{said}");
    // The lake has it, too, and the status says how each is.
    let run = program.run(&["export", "lake", "lake"]);
    assert_eq!(run.out, "lake: nothing new\n", "{run:?}");
    let run = program.run(&["status"]);
    assert!(run.out.contains("export to lake ") && run.out.contains("it failed"), "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_run_in_which_nothing_comes_brings_the_verdicts_of_a_lake_up_to_date() {
    use crate::program::wait_for_listening;

    let sandbox = serve([Store::bigcommerce(HASH).history(History::bulk(1, 30)).behavior(Behavior::unlimited())]);
    let program =
        Program::new().reading_bigcommerce(&sandbox).configured("[[export]]\nkind = \"lake\"\nto = \"lake\"\n");
    let follow = || {
        let child =
            program.command(&["sync", "--follow"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        wait_for_listening(&child);
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
    };
    let commits = |table: &str| {
        let log = program.home.path().join("lake").join(table).join("_delta_log");
        let names = std::fs::read_dir(log).unwrap().map(|file| file.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".json")).count()
    };
    follow();
    let [entries, coverage] = ["entries", "coverage"].map(commits);
    follow();
    assert_eq!(commits("entries"), entries);
    assert!(commits("coverage") > coverage);
}

#[cfg(unix)]
#[test]
fn asked_twice_a_run_that_watches_ends_at_once_even_while_a_receiver_is_waited_for() {
    use std::io::{BufRead, BufReader};

    let (here, asked) = std::sync::mpsc::channel();
    let receiver = Receiver::start(move |_| {
        let _ = here.send(());
        status(503)
    });
    let history = History::bulk(1, 30);
    let sandbox = serve([Store::bigcommerce(HASH).history(history).behavior(Behavior::unlimited())]);
    let program = Program::new().reading_bigcommerce(&sandbox).configured(&format!(
        "[[rule]]\nname = \"all\"\nwhen = \"severity:error\"\n\n[[export]]\nkind = \"otlp\"\nto = \"{}\"\nevery = \"100ms\"\n",
        receiver.endpoint
    ));
    let command = &mut program.command(&["watch", "--sync"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let kill = |id: u32| std::process::Command::new("kill").args(["-INT", &id.to_string()]).status().unwrap();
    asked.recv().unwrap();
    kill(child.id());
    let mut said = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(said.any(|line| line.unwrap().contains("once more ends at once")));
    // What was asked first is waited for: the export of what came last.
    while asked.try_recv().is_ok() {}
    asked.recv().unwrap();
    kill(child.id());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn exports_of_the_configuration_say_what_is_wrong_with_them() {
    for (text, words) in [
        ("kind = \"s3\"\nto = \"x\"", "line"),
        ("kind = \"lake\"\nto = \"x\"\nprotocol = \"http/json\"", "are for kind"),
        ("kind = \"otlp\"\nto = \"\"", "to is empty"),
        ("kind = \"otlp\"\nto = \"http://x\"\nevery = \"often\"", "no length of time"),
        ("kind = \"otlp\"\nto = \"http://x\"\nsince = \"2026-08-01\"", "since is no age such as"),
        ("kind = \"lake\"\nto = \"x\"\nsince = \"7d\"", "are for kind"),
        ("kind = \"otlp\"\nto = \"http://x\"\nheaders = { authorization = \"s3cret\" }", "copied and shared"),
    ] {
        let run = Program::new().configured(&format!("[[export]]\n{text}\n")).run(&["sync", "--follow"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains(words) && !run.err.contains("s3cret"), "{run:?}");
    }
}

#[test]
fn a_lake_where_nothing_can_be_made_is_one_clear_error_with_what_to_do() {
    let program = collected();
    program.file("a-file", "");
    let run = program.run(&["export", "lake", "a-file"]);
    assert!(run.code == 2 && run.err.contains("it is a file, and a lake is a folder"), "{run:?}");
    let run = program.run(&["export", "lake", "a-file/lake"]);
    assert!(run.code == 1 && run.err.contains("name another folder") && !run.err.contains("run it again"), "{run:?}");
}
