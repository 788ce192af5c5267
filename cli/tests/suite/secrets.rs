//! A token is never shown.

use storelogs_sandbox::{Fault, Faults, Platform};

use crate::program::{HASH, Program, Run, sandbox};

/// Fits where a token fits, and where a name, a path or a program fits.
const CANARY: &str = "canary7f3a9c2e5d";

fn assert_hidden(run: &Run, when: &str) {
    assert!(!run.out.contains(CANARY) && !run.err.contains(CANARY), "{when}: {run:?}");
}

#[test]
fn a_token_is_in_no_output_and_no_error() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox)
        .with("BIGCOMMERCE_ACCESS_TOKEN", CANARY)
        .with("SHOPLINE_ACCESS_TOKEN", format!("{CANARY}.{CANARY}.{CANARY}"));
    for arguments in [
        &["fetch"][..],
        &["fetch", "--format", "jsonl"],
        &["fetch", "--since", "nonsense"],
        &["check"],
        &["check", "--format", "json"],
        &["--help"],
        &["fetch", "--help"],
        &["schema"],
    ] {
        assert_hidden(&program.run(arguments), &format!("{arguments:?}"));
    }
    sandbox.set_token(Platform::BigCommerce, HASH, CANARY);
    for fault in [Fault::Status(403), Fault::Html(404), Fault::MalformedJson, Fault::MalformedRecord(0)] {
        sandbox.set_faults(Platform::BigCommerce, HASH, Faults::none().always(fault.clone()));
        assert_hidden(&program.fetch(&["--raw-errors", "raw"]), &format!("{fault:?}"));
        assert_hidden(&program.run(&["check"]), &format!("{fault:?}"));
    }
}

#[test]
fn a_token_that_no_header_can_carry_is_not_shown() {
    for token in [format!("{CANARY} x"), format!("{CANARY}\n\n{CANARY}"), format!("é{CANARY}")] {
        for command in ["fetch", "check"] {
            let sandbox = sandbox();
            let run = Program::reading(&sandbox).with("BIGCOMMERCE_ACCESS_TOKEN", &token).run(&[
                command,
                "--store",
                "bigcommerce:abc123",
            ]);
            assert_eq!(run.code, 2, "{run:?}");
            assert_hidden(&run, command);
        }
    }
}

#[test]
fn a_token_in_a_bad_address_is_not_shown() {
    for url in [
        format!("https://{CANARY}@127.0.0.1"),
        format!("https://u:{CANARY}@127.0.0.1/x"),
        format!("u:{CANARY}@127.0.0.1"),
        format!("https://127.0.0.1/?token={CANARY}"),
        format!("https://127.0.0.1/#{CANARY}"),
        format!("https://127.0.0.1/{CANARY}"),
    ] {
        for command in ["fetch", "check"] {
            let sandbox = sandbox();
            let run = Program::reading(&sandbox).with("BIGCOMMERCE_API_URL", &url).run(&[
                command,
                "--store",
                "bigcommerce:abc123",
            ]);
            assert_eq!(run.code, 2, "{url}: {run:?}");
            assert_hidden(&run, &url);
        }
    }
}

#[test]
fn a_token_in_the_file_is_not_shown() {
    for token in [
        format!("access_token = \"{CANARY}\""),
        format!("access_token = [\"{CANARY}\"]"),
        format!("access_token = {{ env = \"{CANARY}\" }}"),
        format!("access_token = {{ env = [\"{CANARY}\"] }}"),
        format!("access_token = {{ value = \"{CANARY}\" }}"),
        format!("access_token = {{ command = \"{CANARY}\" }}"),
        format!("access_token = {CANARY}"),
        format!("access_token = \"{CANARY}"),
        format!("token = \"{CANARY}\""),
        format!("api_version = \"{CANARY}\""),
    ] {
        let text = format!("[[store]]\nplatform = \"bigcommerce\"\nstore = \"abc123\"\n{token}\n");
        let run = Program::new().configured(&text).run(&["fetch"]);
        assert_eq!(run.code, 2, "{token}: {run:?}");
        assert_hidden(&run, &token);
        assert!(run.err.contains("storelogs.toml line "), "{}", run.err);
    }
}
