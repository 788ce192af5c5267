//! `watch`: rules over new entries, and where their alerts go.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::time::Duration;

use serde_json::{Value, json};

use crate::program::Program;
use crate::watcher::{RULE, Watcher, Webhook, begin, fail, shop};

#[test]
fn what_comes_is_printed_given_to_a_program_and_posted_without_peoples_data() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[200]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("HOOK", &webhook.url).configured(&format!(
        "{RULE}run = [\"sh\", \"-c\", \"env > variables; cat > alert.json; echo heard\"]\nwebhook = {{ env = \"HOOK\" }}\n"
    ));
    begin(&program);
    fail(&sandbox, 900_000_001, "The card of jane.doe@example.com was declined");
    let watcher = Watcher::start(&program, &["--sync", "--format", "jsonl"]);
    let lines = watcher.until("was declined");
    let printed: Value = serde_json::from_str(lines.last().unwrap()).unwrap();
    assert_eq!(printed["text"], "The card of jane.doe@example.com was declined", "who watches sees it");
    assert_eq!(
        (&printed["rule"], &printed["kind"], &printed["entries"]),
        (&json!("errors"), &json!("entries"), &json!(1))
    );
    watcher.until("heard");
    let (head, posted) = webhook.next();
    assert!(head.starts_with("post /hidden/path http/1.1"), "{head}");
    assert!(head.contains(&format!("idempotency-key: {}", printed["id"].as_str().unwrap())), "{head}");
    let given: Value =
        serde_json::from_str(&std::fs::read_to_string(program.home.path().join("alert.json")).unwrap()).unwrap();
    for alert in [&posted, &given] {
        assert_eq!(alert["id"], printed["id"]);
        let text = alert.to_string();
        assert!(text.contains("was declined") && text.contains("[email ") && !text.contains("jane.doe"), "{text}");
    }
    let variables = std::fs::read_to_string(program.home.path().join("variables")).unwrap();
    assert!(variables.contains("HOME=") && !variables.contains("ACCESS_TOKEN"), "{variables}");
    let query = printed["query"].as_str().unwrap();
    assert!(program.run(&["search", query]).out.contains("was declined"), "{query}");
}

#[test]
fn a_program_gets_no_variable_that_a_token_or_the_address_of_a_webhook_is_in() {
    let store =
        "[[store]]\nplatform = \"bigcommerce\"\nstore = \"abc123\"\naccess_token = { env = \"ABC123_TOKEN\" }\n";
    let (own, other) = (Webhook::answering(&[200]), Webhook::answering(&[200]));
    let chat = "[[rule]]\nname = \"chat\"\nwhen = \"severity>=error\"\nwebhook = { env = \"OTHER_HOOK\" }\n";
    let run = "run = [\"sh\", \"-c\", \"env > variables\"]\nwebhook = { env = \"OWN_HOOK\" }\n";
    let program = Program::new()
        .with("ABC123_TOKEN", "sandbox-token")
        .with("BIGCOMMERCE_ACCESS_TOKEN", "sandbox-token")
        .with("OWN_HOOK", &own.url)
        .with("OTHER_HOOK", &other.url)
        .configured(&format!("{store}{RULE}{run}{chat}"));
    assert_eq!(program.run(&["watch", "--try"]).code, 0);
    let variables = std::fs::read_to_string(program.home.path().join("variables")).unwrap();
    assert!(variables.contains("HOME="), "{variables}");
    for secret in ["sandbox-token", "OWN_HOOK", "OTHER_HOOK"] {
        assert!(!variables.contains(secret), "{secret}: {variables}");
    }
}

#[test]
fn a_webhook_gets_headers_of_ones_own_and_a_signature() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[200]);
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .with("HOOK", &webhook.url)
        .with("AUTH", "Bearer hidden")
        .with("SIGN", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLjSw")
        .configured(&format!(
            "{RULE}run = [\"sh\", \"-c\", \"env > variables\"]\nwebhook = {{ env = \"HOOK\" }}\n\
             webhook_secret = {{ env = \"SIGN\" }}\n[rule.webhook_headers]\nAuthorization = {{ env = \"AUTH\" }}\n"
        ));
    begin(&program);
    fail(&sandbox, 900_001, "It failed");
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--once"]);
    assert!(run.code == 0 && !format!("{run:?}").contains("hidden"), "{run:?}");
    let (head, posted) = webhook.next();
    assert!(head.contains("authorization: bearer hidden"), "{head}");
    assert!(head.contains("webhook-signature: v1,") && head.contains("webhook-timestamp: "), "{head}");
    assert!(head.contains(&format!("webhook-id: {}", posted["id"].as_str().unwrap())), "{head}");
    let variables = std::fs::read_to_string(program.home.path().join("variables")).unwrap();
    assert!(!variables.contains("AUTH=") && !variables.contains("SIGN="), "{variables}");
    for (line, says) in [
        ("webhook_secret = { env = \"SIGN\" }", "webhook_secret says nothing without webhook"),
        ("webhook = { env = \"HOOK\" }\nwebhook_secret = { env = \"SHORT\" }", "webhook_secret: it is too short"),
        ("webhook = { env = \"HOOK\" }\nwebhook_headers = { Host = { env = \"AUTH\" } }", "set by itself"),
        ("webhook = { env = \"HOOK\" }\nwebhook_secret = \"whsec_hidden\"", "write webhook_secret = { env"),
    ] {
        program.file("storelogs.toml", &format!("{RULE}{line}\n"));
        let run = program.command(&["watch", "--once"]).env("SHORT", "short").output().unwrap();
        let err = String::from_utf8(run.stderr).unwrap();
        assert!(err.contains(says) && !err.contains("hidden"), "{line}: {err}");
    }
}

/// The metrics that a process serves there, as soon as they hold these lines.
fn metrics(address: &str, lines: &[&str]) -> String {
    let get = || {
        let mut stream = TcpStream::connect(address).ok()?;
        write!(stream, "GET /metrics HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok().map(|_| answer)
    };
    let begun = std::time::Instant::now();
    loop {
        let answer = get().unwrap_or_default();
        if lines.iter().all(|line| answer.lines().any(|other| other == *line)) {
            return answer;
        }
        assert!(begun.elapsed() < Duration::from_secs(120), "{lines:?}: {answer}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

#[test]
fn a_watcher_that_collects_has_the_metrics_of_both() {
    let sandbox = shop();
    let (fine, wrong) = (Webhook::answering(&[200]), Webhook::answering(&[404]));
    let other = "[[rule]]\nname = \"lost\"\nwhen = \"severity>=error\"\nwebhook = { env = \"WRONG\" }\n";
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .with("HOOK", &fine.url)
        .with("WRONG", &wrong.url)
        .configured(&format!("{RULE}webhook = {{ env = \"HOOK\" }}\n{other}"));
    begin(&program);
    fail(&sandbox, 900_000_001, "It failed");
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let _watcher =
        Watcher::start(&program, &["--sync", "--shard", "1/1", "--walks", "4", "--metrics-listen", &address]);
    metrics(
        &address,
        &[
            "storelogs_alerts_total{rule=\"errors\",outcome=\"raised\"} 1",
            "storelogs_alerts_total{rule=\"errors\",outcome=\"delivered\"} 1",
            "storelogs_alerts_total{rule=\"errors\",outcome=\"given_up\"} 0",
            "storelogs_alerts_total{rule=\"lost\",outcome=\"given_up\"} 1",
            "storelogs_alerts_pending{rule=\"errors\"} 0",
            "storelogs_rules 2",
            "storelogs_rules_broken 0",
            "storelogs_entries_total{platform=\"bigcommerce\",store=\"abc123\"} 1",
        ],
    );
    std::fs::create_dir(program.home.path().join("conf.d")).unwrap();
    program.file("conf.d/more.toml", "[[rule]]\nwhere = \"severity>=error\"\n");
    metrics(&address, &["storelogs_rules 2", "storelogs_rules_broken 1"]);
    for arguments in [["--shard", "1/2"], ["--walks", "3"]] {
        let run = program.run(&[&["watch"], &arguments[..]].concat());
        assert!(run.code == 2 && run.err.contains("--shard and --walks are for --sync"), "{run:?}");
    }
}

#[test]
fn a_message_for_a_chat_can_call_nobody() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[200]);
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .with("HOOK", &webhook.url)
        .configured(&format!("{RULE}webhook = {{ env = \"HOOK\" }}\nwebhook_form = \"slack\"\n"));
    begin(&program);
    fail(&sandbox, 900_000_001, "<!channel> it failed");
    let run = program.run(&["watch", "--once", "--sync"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let (_, posted) = webhook.next();
    let text = posted["text"].as_str().unwrap();
    assert!(text.starts_with("errors: bigcommerce:abc123\n&lt;\u{200b}!channel&gt; it failed\n"), "{text}");
    assert_eq!((posted["parse"].as_str(), posted["mrkdwn"].as_bool()), (Some("none"), Some(false)));
}

#[test]
fn what_could_not_be_delivered_is_sent_again_and_what_never_will_be_is_given_up() {
    let sandbox = shop();
    let (busy, gone) = (Webhook::answering(&[503, 200]), Webhook::answering(&[404]));
    let rules = "[[rule]]\nname = \"busy\"\nwhen = \"severity>=error\"\nwebhook = { env = \"BUSY\" }\n\
                 [[rule]]\nname = \"gone\"\nwhen = \"severity>=error\"\nwebhook = { env = \"GONE\" }\n";
    let program =
        Program::new().reading_bigcommerce(&sandbox).with("BUSY", &busy.url).with("GONE", &gone.url).configured(rules);
    begin(&program);
    fail(&sandbox, 900_000_001, "it failed");
    let run = program.run(&["watch", "--once", "--sync"]);
    assert_eq!(run.code, 4, "{run:?}");
    assert!(
        run.err.contains("\"busy\" could not deliver an alert: 127.0.0.1:")
            && run.err.contains("HTTP 503; it is tried again")
    );
    assert!(run.err.contains("\"gone\" could not deliver an alert, and gives up: 127.0.0.1:"), "{}", run.err);
    assert!(run.err.contains("HTTP 404: the address is wrong") && !run.err.contains("hidden"), "{}", run.err);
    let first = busy.next().1;
    std::thread::sleep(Duration::from_secs(5));
    let run = program.run(&["watch", "--once"]);
    assert_eq!((run.code, run.out.as_str(), run.err.as_str()), (0, "", ""));
    assert_eq!(busy.next().1, first, "the same alert, under the same id");
}

#[test]
fn an_alert_that_is_too_large_for_its_receiver_arrives_without_its_examples() {
    let sandbox = shop();
    let small = Webhook::answering(&[413, 200]);
    let rules = "[[rule]]\nname = \"small\"\nwhen = \"severity>=error\"\nwebhook = { env = \"SMALL\" }\n";
    let program = Program::new().reading_bigcommerce(&sandbox).with("SMALL", &small.url).configured(rules);
    begin(&program);
    fail(&sandbox, 900_000_001, "it failed");
    let run = program.run(&["watch", "--once", "--sync"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let (whole, short) = (small.next().1, small.next().1);
    assert_eq!((&whole["id"], &whole["text"]), (&short["id"], &short["text"]));
    assert_eq!((whole["examples"].as_array().unwrap().len(), short["examples"].as_array().unwrap().len()), (1, 0));
}

#[test]
fn an_alert_outlives_the_process_that_was_to_deliver_it() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[0, 200]);
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .with("HOOK", &webhook.url)
        .configured(&format!("{RULE}webhook = {{ env = \"HOOK\" }}\n"));
    begin(&program);
    fail(&sandbox, 900_000_001, "it failed");
    let mut watcher = Watcher::start(&program, &["--sync"]);
    let first = webhook.next().1; // it waits for an answer
    watcher.child.kill().unwrap();
    watcher.child.wait().unwrap();
    let run = program.run(&["watch", "--once"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""));
    assert_eq!(webhook.next().1, first);
}

#[test]
fn an_alert_arrives_before_whatever_statement_the_process_dies() {
    let sandbox = shop();
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .configured(&format!("{RULE}run = [\"sh\", \"-c\", \"cat >> given.jsonl\"]\n"));
    begin(&program);
    fail(&sandbox, 900_000_001, "it failed");
    assert_eq!(program.run(&["sync"]).code, 0);
    let base = program.home.path().join(".local/share/storelogs/archive.db");
    let given = program.home.path().join("given.jsonl");
    // Every third one, of other ones each time.
    for statement in (fastrand::u32(1..=3)..).step_by(3) {
        std::fs::copy(&base, program.home.path().join("a.db")).unwrap();
        let _ = std::fs::remove_file(&given);
        let watch = |dies: Option<u32>| {
            let mut command = program.command(&["watch", "--once", "--archive", "a.db", "--format", "jsonl"]);
            command.envs(dies.map(|statement| ("STORELOGS_ABORT_AT_STATEMENT", statement.to_string())));
            let output = command.output().unwrap();
            let [out, err] = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            (output.status, out, err)
        };
        let (first_status, first, _) = watch(Some(statement));
        let (second_status, second, said) = watch(None);
        assert!(second_status.success(), "after statement {statement}: {second_status} {said}");
        let alerts =
            |lines: &str| -> Vec<Value> { lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect() };
        let printed = [alerts(&first), alerts(&second)].concat();
        let given = alerts(&std::fs::read_to_string(&given).unwrap_or_default());
        for sent in [&printed, &given] {
            assert!((1..=2).contains(&sent.len()), "before statement {statement}: {sent:?}");
            assert!(sent.iter().all(|alert| alert["id"] == printed[0]["id"]), "before statement {statement}: {sent:?}");
        }
        if first_status.success() {
            assert!(statement > 20, "{statement} statements");
            assert_eq!((printed.len(), given.len()), (1, 1));
            return;
        }
    }
}

#[test]
fn rules_that_change_hold_at_once_and_broken_ones_change_nothing() {
    let sandbox = shop();
    let program = Program::new().reading_bigcommerce(&sandbox).configured(RULE);
    begin(&program);
    let watcher = Watcher::start(&program, &["--utc"]);
    watcher.until("nobody collects into this archive now");
    program.file("storelogs.toml", &RULE.replace("severity>=error", "severity>=terrible"));
    let lines = watcher.until("a severity is unspecified");
    assert!(lines.last().unwrap().contains("storelogs.toml line 3: the rule \"errors\": when: "), "{lines:?}");
    program.file("storelogs.toml", &RULE.replace("errors", "failures"));
    watcher.until("The rules have changed: there are 1 now");
    fail(&sandbox, 900_000_001, "it failed");
    assert_eq!(program.run(&["sync"]).code, 0);
    let lines = watcher.until("it failed");
    assert!(lines.iter().any(|line| line.ends_with("Z  failures  bigcommerce:abc123")), "{lines:?}");
}

#[test]
fn a_test_lists_the_alerts_and_sends_nothing() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[200]);
    let program = Program::new().reading_bigcommerce(&sandbox).with("HOOK", &webhook.url).configured(
        "[[rule]]\nname = \"bursts\"\nincident = true\nwebhook = { env = \"HOOK\" }\n\
         [[rule]]\nname = \"many\"\nwhen = \"severity>=error\"\nmore_than = 5\nwithin = \"10m\"\n\
         [[rule]]\nname = \"never\"\nwhen = \"nobody ever says this\"\n",
    );
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--test", "90d..", "--utc"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("Z  bursts  bigcommerce:abc123, ") && run.out.contains("  an incident: "), "{}", run.out);
    assert!(run.out.contains("(more than 5 within 10 min)"), "{}", run.out);
    assert!(run.err.contains("never   0 alerts"), "{}", run.err);
    // Each alert counts what its search lists.
    let run = program.run(&["watch", "--test", "90d..", "--format", "jsonl", "--rule", "many"]);
    let alerts: Vec<Value> = run.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(!alerts.is_empty());
    for alert in &alerts {
        let count = program.run(&["search", "--count", alert["query"].as_str().unwrap()]).out;
        assert_eq!(count.trim(), alert["entries"].to_string(), "{alert}");
    }
    assert!(webhook.received.try_recv().is_err());
    let run = program.run(&["watch", "--try", "--rule", "bursts"]);
    assert!(run.code == 0 && run.out.contains("bursts: the webhook at 127.0.0.1:"), "{run:?}");
    assert_eq!(webhook.next().1["kind"], "trial");
}

#[test]
fn a_test_of_rules_needs_none_of_what_sends_their_alerts() {
    let sandbox = shop();
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .configured(&format!("{RULE}run = [\"./absent\"]\nwebhook = {{ env = \"HOOK_THAT_IS_NOT_SET\" }}\n"));
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--test", "90d.."]);
    assert!(run.code == 0 && run.out.contains("errors") && !run.err.contains("absent"), "{run:?}");
    let run = program.run(&["watch", "--once"]);
    assert!(run.code == 2 && run.err.contains("HOOK_THAT_IS_NOT_SET is not set"), "{run:?}");
}

#[test]
fn a_program_that_is_not_there_is_warned_of_before_the_first_alert() {
    let sandbox = shop();
    let program = Program::new().reading_bigcommerce(&sandbox).configured(&format!("{RULE}run = [\"./absent\"]\n"));
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--once"]);
    assert!(run.code == 0 && run.err.contains("run: ./absent cannot be run: no program is there"), "{run:?}");
}

#[test]
fn a_rule_that_names_no_store_is_warned_of() {
    let sandbox = shop();
    let rules = "[[rule]]\nname = \"dead\"\nwhen = \"owner:acmee OR store:nope\"\nsilent_for = \"2h\"\n\
                 [[rule]]\nname = \"live\"\nwhen = \"owner:Acme store:abc* platform:bigcommerce -tag:eu severity>=error\"\n";
    let store = format!(
        "[[store]]\nplatform = \"bigcommerce\"\nstore = \"abc123\"\napi_url = \"{}\"\nowner = \"acme\"\ntags = [\"eu\"]\n",
        sandbox.bigcommerce_url()
    );
    let program = Program::new().reading_bigcommerce(&sandbox).configured(&format!("{store}{rules}"));
    assert_eq!(program.run(&["sync"]).code, 0);
    for arguments in [&["watch", "--test", "1h"][..], &["watch", "--once"]] {
        let run = program.run(arguments);
        for part in ["owner:acmee", "store:nope"] {
            let says = format!("the rule \"dead\": {part} names no store of the configuration or the archive");
            assert!(run.err.contains(&says), "{run:?}");
        }
        assert!(!run.err.contains("the rule \"live\""), "{run:?}");
    }
    // Its stores are known before there is an archive.
    let run = Program::new().configured(&format!("{store}{rules}")).run(&["watch", "--try"]);
    assert!(run.err.contains("owner:acmee") && !run.err.contains("\"live\""), "{run:?}");
}

#[test]
fn a_trial_has_the_level_of_its_rule() {
    let webhook = Webhook::answering(&[200]);
    let rule =
        "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\nlevel = \"critical\"\nwebhook = { env = \"HOOK\" }\n";
    let program = Program::new().with("HOOK", &webhook.url).configured(rule);
    let run = program.run(&["watch", "--try"]);
    assert_eq!(run.code, 0, "{run:?}");
    let trial = webhook.next().1;
    assert_eq!((&trial["kind"], &trial["level"]), (&"trial".into(), &"critical".into()), "{trial}");
}

#[test]
fn what_a_shop_logs_cannot_move_the_cursor_or_pass_for_another_line() {
    let sandbox = shop();
    let program = Program::new().reading_bigcommerce(&sandbox).configured(&format!("{RULE}per = [\"module\"]\n"));
    fail(&sandbox, 900_000_001, "\u{1b}]0;title\u{7}\u{202e}it failed\r\nerror: it did not");
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--test", "1h"]);
    assert!(run.out.contains("it failed error: it did not"), "{}", run.out);
    assert!(!run.out.contains(['\u{1b}', '\u{202e}', '\u{7}', '\r']), "{}", run.out);
    assert!(run.out.lines().all(|line| !line.starts_with("error")), "{}", run.out);
}

#[test]
fn what_is_wrong_is_said_with_its_remedy() {
    let fails = |text: &str, arguments: &[&str], why: &str| {
        let program = Program::new().configured(text);
        let run = program.run(&[&["watch"], arguments].concat());
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains(why) && !run.err.contains("hidden"), "{}", run.err);
    };
    fails("", &[], "there are no rules");
    fails("[[rule]]\nname = \"it\"\n", &[], "storelogs.toml line 1: the rule \"it\": it would alert on every entry");
    fails("\n[[rule]]\nname = \"it\"\nwhen = \"(refund\"\n", &[], "storelogs.toml line 4: the rule \"it\": when: this");
    fails(&format!("{RULE}webhook = \"https://hidden\"\n"), &[], "write webhook = { env = \"NAME\" }");
    fails(
        &format!("{RULE}webhook = {{ env = \"NOT_THERE\" }}\n"),
        &[],
        "the environment variable NOT_THERE is not set",
    );
    fails(&format!("{RULE}webhook_form = \"slack\"\n"), &[], "webhook_form says nothing without webhook");
    fails(&format!("{RULE}{RULE}"), &["--try"], "is already in storelogs.toml line 1");
    fails(RULE, &["--utc", "--test", "2026-09-01..2026-08-01"], "--test: 2026-08-01T00:00:00+00:00 is not after");
    fails(RULE, &["--rule", "errors"], "--rule is for --test and --try");
    fails(RULE, &["--test", "7d", "--rule", "other"], "there is no rule \"other\"");
    fails(RULE, &["--store", "bigcommerce:abc123"], "--store is for --sync");
    fails(RULE, &["--try"], "no rule does anything but print");
    let program = Program::new().configured(RULE);
    let run = program.run(&["watch", "--once", "--archive", "none.db"]);
    assert!(run.code == 1 && run.err.contains("there is no archive none.db; `storelogs sync` makes one"), "{run:?}");
    assert!(!program.home.path().join("none.db").exists());
}
