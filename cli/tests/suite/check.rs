//! `check`: whether each store can be read, and why not.

use insta::assert_snapshot;
use serde_json::Value;
use storelogs_sandbox::{Fault, Faults, Platform, shopline_token};

use crate::program::{HANDLE, HASH, Program, sandbox};

#[test]
fn check_says_that_stores_can_be_read_with_one_request_each() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).run(&["check"]);
    assert_eq!(run.code, 0, "{run:?}");
    let is_of_the_day =
        |line: &&str| line.starts_with("the API v20260301, ") || line.contains("the API v20260301 ended");
    assert!(run.out.contains("is served until 2027-03-01"), "{}", run.out);
    // On our side SHOPLINE's bucket leaks four requests a second, so by now it may be empty again.
    let settled = run.out.replace("40 of 40 left", "39 of 40 left");
    let rest: Vec<&str> = settled.lines().filter(|line| !is_of_the_day(line)).collect();
    assert_snapshot!(rest.join("\n"));
    assert_eq!(sandbox.requests(), 2);
}

#[test]
fn check_names_the_remedy() {
    let sandbox = sandbox();
    sandbox.set_faults(Platform::Shopline, HANDLE, Faults::none().always(Fault::Status(403)));
    let run = Program::reading(&sandbox).with("BIGCOMMERCE_ACCESS_TOKEN", "wrong").run(&["check"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.out.contains("was revoked") || run.out.contains("not revoked"), "{}", run.out);
    assert!(run.out.contains("read_store_log"), "{}", run.out);
}

#[test]
fn check_says_when_a_token_has_ended() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("SHOPLINE_ACCESS_TOKEN", shopline_token(HANDLE, 1_700_000_000));
    let run = program.run(&["check", "--store", "shopline:open001"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.out.contains("the token ended"), "{}", run.out);
}

#[test]
fn check_says_when_the_clocks_differ() {
    let sandbox = sandbox();
    sandbox.clock().set_offset(600);
    let run = Program::reading(&sandbox).run(&["check", "--store", "bigcommerce:abc123"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("this machine's clock is 10 min behind"), "{}", run.out);
}

#[test]
fn check_as_json_has_one_object_a_store() {
    let sandbox = sandbox();
    sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().always(Fault::Status(403)));
    let run = Program::reading(&sandbox).run(&["check", "--format", "json"]);
    assert_eq!(run.code, 4, "{run:?}");
    let report: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    assert_eq!((&report[0]["ok"], &report[1]["ok"]), (&Value::Bool(false), &Value::Bool(true)));
    assert!(report[0]["error"].as_str().unwrap().contains("store_logs_read_only"));
    assert!(report[1]["token_ends"].is_string());
}

#[test]
fn check_says_through_which_proxy_and_what_is_in_the_way() {
    let program = Program::new()
        .with("BIGCOMMERCE_STORE_HASH", HASH)
        .with("BIGCOMMERCE_ACCESS_TOKEN", "a-token")
        .with("HTTPS_PROXY", "http://me:hunter2@127.0.0.1:1");
    let run = program.run(&["check"]);
    assert!(run.out.contains("through the proxy http://127.0.0.1:1, named by HTTPS_PROXY"), "{run:?}");
    assert!(run.out.contains("the proxy http://127.0.0.1:1 refused the connection"), "{run:?}");
    assert!(!format!("{run:?}").contains("hunter2"), "{run:?}");
    let program = program.configured("proxy = \"http://localhost:2\"\n");
    let run = program.run(&["check", "--format", "json"]);
    let report: Vec<Value> = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report[0]["proxy"]["address"], "http://localhost:2");
    assert_eq!((&report[0]["reason"], report[0]["remedy"].is_string()), (&"connection_refused".into(), true));
    let run = program.configured("proxy = \"\"\n").with("BIGCOMMERCE_API_URL", "http://127.0.0.1:1").run(&["check"]);
    assert!(!run.out.contains("through the proxy"), "{run:?}");
}

#[test]
fn a_proxy_stands_in_the_file_without_its_password() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).configured("proxy = \"http://me:hunter2@proxy.example:3128\"\n");
    let run = program.run(&["check"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("proxy is a plain text: a password") && run.err.contains("line 1"), "{}", run.err);
    assert!(!run.err.contains("hunter2"), "{}", run.err);
    let program =
        program.configured("proxy = { env = \"COMPANY_PROXY\" }\n").with("COMPANY_PROXY", "ftp://me:hunter2@x");
    let run = program.run(&["check"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("is not http, https, socks5 or socks5h") && !run.err.contains("hunter2"), "{}", run.err);
    let run = program.with("COMPANY_PROXY", "http://me:hunter2@127.0.0.1:1").run(&["check"]);
    assert_eq!(
        (run.code, run.out.contains("through the proxy")),
        (0, false),
        "this machine is reached without it: {run:?}"
    );
}

#[test]
fn a_plan_with_another_rate_limit_is_said_for_a_store() {
    let sandbox = sandbox();
    let stores = |bigcommerce: &str, shopline: &str| {
        let store = |platform: &str, name: &str, more: &str| {
            format!("[[store]]\nplatform = \"{platform}\"\nstore = \"{name}\"\n{more}\n")
        };
        store("bigcommerce", HASH, bigcommerce) + &store("shopline", HANDLE, shopline)
    };
    let program = Program::reading(&sandbox)
        .configured(&stores("leave_quota = 0.5", "requests_per_second = 0.01\nbucket = 1000"));
    let run = program.run(&["check"]);
    assert!(run.code == 0 && run.out.contains("999 of 1000 left"), "{run:?}");
    for (bigcommerce, shopline, why) in [
        ("bucket = 4", "", "for SHOPLINE stores only"),
        ("", "leave_quota = 0.5", "for BigCommerce stores only"),
        ("leave_quota = 1.0", "", "from 0 to below 1"),
        ("", "bucket = 1", "2 or more"),
        ("", "requests_per_second = 0.0", "above 0"),
    ] {
        program.file("storelogs.toml", &stores(bigcommerce, shopline));
        let run = program.run(&["check"]);
        assert!(run.code == 2 && run.err.contains(why), "{run:?}");
    }
}

#[test]
fn check_reads_the_rules_and_names_every_secret_that_is_missing_without_sending_anything() {
    let sandbox = sandbox();
    let hook = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    hook.set_nonblocking(true).unwrap();
    let rules = "[[rule]]\nname = \"chat\"\nincident = true\nwebhook = { env = \"HOOK\" }\n\
        webhook_secret = { env = \"SIGNED_WITH\" }\nwebhook_headers = { tenant = { file = \"tenant\" } }\n\
        [[rule]]\nname = \"quiet\"\nsilent_for = \"2h\"\n";
    let program = Program::reading(&sandbox).configured(rules);
    let run = program.run(&["check"]);
    assert_eq!(run.code, 4, "{run:?}");
    for missing in ["HOOK is not set", "SIGNED_WITH is not set", "tenant cannot be read"] {
        assert!(run.err.lines().any(|line| line.contains("the rule \"chat\": ") && line.contains(missing)), "{run:?}");
    }
    assert!(!run.err.contains("quiet"), "{run:?}");
    let run = program.run(&["check", "--store", HASH]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "a rule is of no one store: {run:?}");
    let url = format!("http://{}/", hook.local_addr().unwrap());
    program.file("tenant", "acme");
    let program = program.with("HOOK", url).with("SIGNED_WITH", "sandbox-signing-key-of-a-fair-length");
    let run = program.run(&["check"]);
    assert!(run.code == 0 && run.out.contains("2 rules of `watch`: nothing is missing"), "{run:?}");
    assert!(hook.accept().is_err(), "nothing is sent");
    let program = program.with("HOOK", "nonsense");
    let run = program.run(&["check"]);
    assert!(run.code == 4 && run.err.contains("the rule \"chat\": webhook: "), "{run:?}");
}

#[cfg(unix)]
#[test]
fn check_names_every_program_and_destination_that_is_not_there_without_starting_any() {
    let sandbox = sandbox();
    let rule = |name: &str, run: &str| format!("[[rule]]\nname = \"{name}\"\nincident = true\nrun = [\"{run}\"]\n");
    let rules =
        [rule("away", "/none/at/all"), rule("unknown", "storelogs-none"), rule("here", "sh"), rule("file", "./a")];
    let program = Program::reading(&sandbox).configured(&rules.concat());
    program.file("a", "#!/bin/sh\ntouch started\n");
    let run = program.run(&["check"]);
    let wrong =
        ["away\": run: /none/at/all cannot be run", "unknown\": run: storelogs-none", "file\": run: ./a cannot"];
    assert!(run.code == 4 && wrong.iter().all(|wrong| run.err.contains(wrong)), "{run:?}");
    assert!(!run.err.contains("\"here\""), "{run:?}");
    std::os::unix::fs::symlink("/bin/sh", program.home.path().join("b")).unwrap();
    let program = program.configured(&[rule("here", "sh"), rule("file", "./b")].concat());
    let run = program.run(&["check"]);
    assert!(run.code == 0 && run.out.contains("2 rules of `watch`: nothing is missing"), "{run:?}");
    assert!(!program.home.path().join("started").exists());
}

#[cfg(feature = "otlp")]
#[test]
fn check_reads_the_exports_and_sends_nothing_to_them() {
    let sandbox = sandbox();
    let receiver = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    receiver.set_nonblocking(true).unwrap();
    let to = format!("http://{}", receiver.local_addr().unwrap());
    let export = |to: &str, more: &str| format!("[[export]]\nkind = \"otlp\"\nto = \"{to}\"\n{more}");
    let wanting = "headers = { authorization = { env = \"OTLP_AUTH\" } }\n";
    let program = Program::reading(&sandbox).configured(&[export("localhost:4318", ""), export(&to, wanting)].concat());
    let run = program.run(&["check"]);
    assert!(run.code == 4, "{run:?}");
    assert!(run.err.contains("[[export]] 1: the endpoint is no http or https address"), "{run:?}");
    assert!(run.err.contains("[[export]] 2: ") && run.err.contains("OTLP_AUTH is not set"), "{run:?}");
    let program = program.configured(&export(&to, wanting)).with("OTLP_AUTH", "sandbox-token");
    let run = program.run(&["check"]);
    assert!(run.code == 0 && run.out.contains("1 export: nothing is missing"), "{run:?}");
    assert!(receiver.accept().is_err(), "nothing is sent");
}

#[cfg(unix)]
#[test]
fn check_reads_each_secret_of_a_faulty_rule_once_and_calls_it_by_its_key() {
    let sandbox = sandbox();
    let counting = |more: &str| {
        format!(
            "[[rule]]\nname = \"chat\"\nincident = true\nwebhook = {{ file = \"hook\" }}\n\
             webhook_secret = {{ command = [\"sh\", \"-c\", \"echo run >> runs; {more}\"] }}\n"
        )
    };
    let no_file = "no webhook: the file hook cannot be read: ";
    for (more, says) in
        [("echo short", vec![no_file]), ("exit 3", vec![no_file, "no webhook_secret: the command sh failed: "])]
    {
        let program = Program::reading(&sandbox).configured(&counting(more));
        let run = program.run(&["check"]);
        assert_eq!(run.code, 4, "{run:?}");
        for says in says {
            assert!(run.err.contains(&format!("the rule \"chat\": {says}")), "{says} {run:?}");
        }
        assert!(!run.err.contains("token"), "{run:?}");
        let runs = std::fs::read_to_string(program.home.path().join("runs")).unwrap();
        assert_eq!(runs.lines().count(), 1, "{more}");
    }
}

#[cfg(unix)]
#[test]
fn a_command_that_prints_a_rules_secret_does_not_get_the_tokens_of_stores() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("HOOK", "https://hooks.example/x").configured(
        "[[rule]]\nname = \"chat\"\nincident = true\nwebhook = { env = \"HOOK\" }\n\
         webhook_secret = { command = [\"sh\", \"-c\", \"env > seen; echo a-text-of-sixteen-bytes\"] }\n",
    );
    let run = program.run(&["check"]);
    assert_eq!(run.code, 0, "{run:?}");
    let seen = std::fs::read_to_string(program.home.path().join("seen")).unwrap();
    assert!(seen.contains("BIGCOMMERCE_STORE_HASH"), "{seen}");
    assert!(!seen.contains("ACCESS_TOKEN") && !seen.contains("HOOK"), "{seen}");
}
