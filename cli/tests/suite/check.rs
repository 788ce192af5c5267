//! `check`.

use insta::assert_snapshot;
use serde_json::Value;
use storelogs_sandbox::{Fault, Faults, Platform, shopline_token};

use crate::program::{HANDLE, HASH, Program, sandbox};

#[test]
fn check_says_that_stores_can_be_read_with_one_request_each() {
    let sandbox = sandbox();
    let run = Program::reading(&sandbox).run(&["check"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_snapshot!(run.out);
    assert_eq!(sandbox.requests(), 2);
}

#[test]
fn check_tells_the_remedy() {
    let sandbox = sandbox();
    sandbox.set_faults(Platform::Shopline, HANDLE, Faults::none().always(Fault::Status(403)));
    let run = Program::reading(&sandbox).with("BIGCOMMERCE_ACCESS_TOKEN", "wrong").run(&["check"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.out.contains("was revoked") || run.out.contains("not revoked"), "{}", run.out);
    assert!(run.out.contains("read_store_log"), "{}", run.out);
}

#[test]
fn check_tells_when_a_token_has_ended() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("SHOPLINE_ACCESS_TOKEN", shopline_token(HANDLE, 1_700_000_000));
    let run = program.run(&["check", "--store", "shopline:open001"]);
    assert_eq!(run.code, 3, "{run:?}");
    assert!(run.out.contains("the token ended"), "{}", run.out);
}

#[test]
fn check_tells_when_the_clocks_differ() {
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
