//! Alerts for services that keep them open until they are over: Alertmanager, PagerDuty, Opsgenie.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use storelogs_sandbox::Sandbox;

use crate::program::{Program, present};
use crate::watcher::{Webhook, begin, fail, shop};

/// More than one error in ten seconds.
const RULE: &str =
    "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\nmore_than = 1\nwithin = \"10s\"\nlevel = \"critical\"\n";

/// Lets it fail, and brings that.
fn burst(program: &Program, sandbox: &Sandbox, first: u32) {
    fail(sandbox, first, "It failed");
    fail(sandbox, first + 1, "It failed");
    watch(program);
}

/// Reads what came, until the archive knows that nothing came for longer than the rule waits.
fn calm(program: &Program) {
    std::thread::sleep(Duration::from_millis(12_200));
    watch(program);
}

fn watch(program: &Program) {
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["watch", "--once"]);
    assert!(run.code == 0 && !format!("{run:?}").contains("hidden"), "{run:?}");
}

#[test]
fn pagerduty_opens_an_incident_and_closes_it() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[202]);
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .with("HOOK", &webhook.url)
        .with("KEY", "hidden-key")
        .configured(&format!(
            "{RULE}webhook = {{ env = \"HOOK\" }}\nwebhook_form = \"pagerduty\"\nwebhook_key = {{ env = \"KEY\" }}\n"
        ));
    begin(&program);
    burst(&program, &sandbox, 900_001);
    let (_, opened) = webhook.next();
    assert_eq!((&opened["routing_key"], &opened["event_action"]), (&json!("hidden-key"), &json!("trigger")));
    assert_eq!(opened["payload"]["severity"], "critical");
    assert_eq!(opened["payload"]["source"], "bigcommerce:abc123");
    calm(&program);
    let (_, closed) = webhook.next();
    assert_eq!((&closed["event_action"], &closed["dedup_key"]), (&json!("resolve"), &opened["dedup_key"]));
}

#[test]
fn a_trial_leaves_nothing_open_and_of_what_has_no_end_none_is_sent() {
    let webhook = Webhook::answering(&[202, 202, 202, 500]);
    let to = "webhook = { env = \"HOOK\" }\nwebhook_form = \"pagerduty\"\nwebhook_key = { env = \"KEY\" }\n";
    let single = RULE.replace("more_than = 1\nwithin = \"10s\"\n", "").replace("errors", "each");
    let program = Program::new()
        .with("HOOK", &webhook.url)
        .with("KEY", "hidden-key")
        .configured(&format!("{RULE}{to}{single}{to}"));
    let run = program.run(&["watch", "--try"]);
    assert!(run.code == 0 && run.out.contains("it arrived, and so did its end"), "{run:?}");
    assert!(run.out.lines().last().unwrap().ends_with(": it arrived"), "{run:?}");
    let events = [webhook.next().1, webhook.next().1, webhook.next().1];
    let actions = events.each_ref().map(|event| event["event_action"].as_str().unwrap());
    assert_eq!(actions, ["trigger", "resolve", "trigger"]);
    assert_eq!(events[0]["dedup_key"], events[1]["dedup_key"]);
    assert_ne!(events[0]["dedup_key"], events[2]["dedup_key"]);
}

#[test]
fn a_refusal_says_why_without_the_key() {
    let webhook = Webhook::saying(
        &[400],
        r#"{"status":"invalid event","errors":["the key hidden-key at /hidden/path is not 32 characters long"]}"#,
    );
    let program = Program::new().with("HOOK", &webhook.url).with("KEY", "hidden-key").configured(&format!(
        "{RULE}webhook = {{ env = \"HOOK\" }}\nwebhook_form = \"pagerduty\"\nwebhook_key = {{ env = \"KEY\" }}\n"
    ));
    let run = program.run(&["watch", "--try"]);
    let text = format!("{}{}", run.out, run.err);
    assert!(
        text.contains("answered HTTP 400 and took no alert: ") && text.contains("is not 32 characters long"),
        "{text}"
    );
    assert!(run.code != 0 && !text.contains("hidden"), "{run:?}");
}

#[test]
fn opsgenie_opens_an_alert_and_closes_it() {
    let sandbox = shop();
    let webhook = Webhook::answering(&[202]);
    let program =
        Program::new().reading_bigcommerce(&sandbox).with("HOOK", &webhook.url).with("KEY", "hidden-key").configured(
            &format!(
                "{RULE}webhook = {{ env = \"HOOK\" }}\nwebhook_form = \"opsgenie\"\nwebhook_key = {{ env = \"KEY\" }}\n"
            ),
        );
    begin(&program);
    burst(&program, &sandbox, 900_001);
    let (head, opened) = webhook.next();
    assert!(head.contains("authorization: geniekey hidden-key") && opened["priority"] == "P1", "{head} {opened}");
    calm(&program);
    let (head, closed) = webhook.next();
    let path = format!("/{}/close?identifiertype=alias", opened["alias"].as_str().unwrap());
    assert!(head.lines().next().unwrap().contains(&path), "{head}");
    assert!(closed["note"].as_str().unwrap().starts_with("it is over: 2 entries"), "{closed}");
}

#[test]
fn a_key_is_asked_for_where_there_is_one_and_never_shown() {
    for (line, says) in [
        ("webhook_form = \"pagerduty\"", "write webhook_key = { env = \"NAME\" }"),
        ("webhook_key = { env = \"KEY\" }", "webhook_key is for webhook_form"),
        ("webhook_form = \"opsgenie\"\nwebhook_key = { env = \"WRONG\" }", "it is no key of an integration"),
        ("webhook_form = \"opsgenie\"\nwebhook_key = \"hidden\"", "write webhook_key = { env"),
        ("level = \"awful\"", "use info, warning, error or critical"),
        ("webhook = { env = \"PLAIN\" }", "unencrypted"),
    ] {
        let rule = RULE.replace("level = \"critical\"\n", "");
        let program = Program::new()
            .with("WRONG", "hid den")
            .with("PLAIN", "http://alertmanager:9093/hidden")
            .configured(&format!("{rule}{line}\n"));
        let run = program.run(&["watch", "--once"]);
        assert!(run.code == 2 && run.err.contains(says) && !run.err.contains("hid"), "{line}: {run:?}");
    }
}

#[cfg(unix)]
#[test]
fn the_recipe_for_mail_sends_what_no_text_of_the_log_can_change_the_head_of() {
    use std::os::unix::fs::PermissionsExt;
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let sandbox = shop();
    let mail = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/mail/storelogs-mail");
    let program = Program::new().reading_bigcommerce(&sandbox).configured(&format!(
        "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\nrun = [\"{mail}\", \"shop@example.com\"]\n"
    ));
    let sendmail = program.home.path().join("sendmail");
    std::fs::write(&sendmail, "#!/bin/sh\ncat > mail.txt\n").unwrap();
    std::fs::set_permissions(&sendmail, std::fs::Permissions::from_mode(0o755)).unwrap();
    let program = program.with("SENDMAIL", sendmail.display().to_string());
    begin(&program);
    fail(&sandbox, 900_001, "It failed\r\nBcc: other@example.com\r\n\r\nand so on");
    watch(&program);
    let text = std::fs::read_to_string(program.home.path().join("mail.txt")).unwrap();
    let (head, body) = text.split_once("\n\n").unwrap();
    assert!(head.contains("To: shop@example.com\n") && !head.contains("Bcc"), "{text}");
    assert!(head.lines().all(|line| line.len() < 78), "{text}");
    let is_base64 = |c: char| c.is_ascii_alphanumeric() || "+/=\n".contains(c);
    assert!(!body.is_empty() && body.chars().all(is_base64), "{text}");
}

/// An Alertmanager that runs until this is dropped.
struct Alertmanager {
    child: Child,
    address: String,
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Alertmanager {
    /// At this address, which says there when something begins and ends. `None`: there is no Alertmanager here, or its clock is
    /// another one than ours.
    fn start(program: &Program, address: &str, receiver: &str) -> Option<Self> {
        let home = program.home.path();
        let route = "route:\n  receiver: us\n  group_wait: 0s\n  group_interval: 1s\n";
        let to = format!(
            "receivers:\n  - name: us\n    webhook_configs:\n      - url: {receiver}\n        send_resolved: true\n"
        );
        std::fs::write(home.join("alertmanager.yml"), format!("{route}{to}")).unwrap();
        let child = ["prometheus-alertmanager", "alertmanager"].iter().find_map(|name| {
            let mut command = Command::new(name);
            command.args([
                "--config.file=alertmanager.yml",
                "--storage.path=alertmanager",
                "--cluster.listen-address=",
            ]);
            command.arg(format!("--web.listen-address={address}"));
            command.current_dir(home).stdout(Stdio::null()).stderr(Stdio::null()).spawn().ok()
        })?;
        let started = Self { child, address: address.to_owned() };
        let begun = Instant::now();
        while started.get("/-/ready").is_none_or(|answer| !answer.starts_with("HTTP/1.1 200")) {
            assert!(begun.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(100));
        }
        started.has_our_clock().then_some(started)
    }

    /// It judges by its clock when something ends. libfaketime, which shifts ours, cannot shift that of a Go program.
    fn has_our_clock(&self) -> bool {
        let answer = self.get("/-/ready").unwrap();
        let date = answer.lines().find_map(|line| line.strip_prefix("Date: ")).unwrap();
        let date = jiff::fmt::rfc2822::parse(date).unwrap().timestamp();
        present().duration_since(date).abs() < jiff::SignedDuration::from_secs(30)
    }

    fn get(&self, path: &str) -> Option<String> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        write!(stream, "GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok().map(|_| answer)
    }

    /// The alerts that it takes to go on.
    fn active(&self) -> Vec<Value> {
        let answer = self.get("/api/v2/alerts?active=true").unwrap();
        let from = answer.find('[').unwrap();
        serde_json::from_str(&answer[from..=answer.rfind(']').unwrap()]).unwrap()
    }
}

#[test]
fn a_real_alertmanager_says_when_it_begins_and_when_it_is_over_and_may_forget_in_between() {
    let sandbox = shop();
    let receiver = Webhook::answering(&[200]);
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let program = Program::new()
        .reading_bigcommerce(&sandbox)
        .with("HOOK", format!("http://{address}/api/v2/alerts"))
        .configured(&format!("{RULE}webhook = {{ env = \"HOOK\" }}\nwebhook_form = \"alertmanager\"\n"));
    let Some(alertmanager) = Alertmanager::start(&program, &address, &receiver.url) else {
        return; // the form alone is held by the collector's tests then
    };
    begin(&program);
    burst(&program, &sandbox, 900_001);
    let (_, notified) = receiver.next();
    assert_eq!(notified["status"], "firing");
    let labels = &notified["alerts"][0]["labels"];
    assert_eq!((&labels["alertname"], &labels["severity"]), (&json!("errors"), &json!("critical")), "{labels}");
    assert_eq!(labels["store"], "bigcommerce:abc123");
    drop(alertmanager);
    let alertmanager = Alertmanager::start(&program, &address, &receiver.url).unwrap();
    assert!(alertmanager.active().is_empty(), "it keeps no alerts");
    let run = program.run(&["watch", "--once"]);
    assert!(run.code == 0 && run.out.is_empty(), "{run:?}");
    assert_eq!(alertmanager.active().len(), 1, "it is said again");
    calm(&program);
    let mut last = receiver.next().1;
    while last["status"] == "firing" {
        last = receiver.next().1;
    }
    assert_eq!((&last["status"], &last["alerts"][0]["labels"]), (&json!("resolved"), labels));
    assert!(alertmanager.active().is_empty());
}
