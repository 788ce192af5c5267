//! Names and addresses that would send a token elsewhere.

use crate::program::{Program, sandbox};

const NAMES: [&str; 12] = ["evil.com/", "evil.com", "a@b", "..", "../x", "a/b", "a?b", "a#b", "ÄÖ", "а", "a b", ""];

#[test]
fn a_hostile_store_argument_is_refused_before_any_request() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    for name in NAMES {
        for platform in ["bigcommerce", "shopline"] {
            for command in ["fetch", "check"] {
                let run = program.run(&[command, "--store", &format!("{platform}:{name}")]);
                assert_eq!(run.code, 2, "{platform}:{name}: {run:?}");
            }
        }
    }
    assert_eq!(sandbox.requests(), 0);
}

#[test]
fn a_hostile_store_in_the_environment_is_refused_before_any_request() {
    let sandbox = sandbox();
    for name in NAMES.into_iter().filter(|name| !name.is_empty()) {
        for variable in ["BIGCOMMERCE_STORE_HASH", "SHOPLINE_HANDLE"] {
            let run = Program::reading(&sandbox).with(variable, name).run(&["fetch"]);
            assert_eq!(run.code, 2, "{variable}={name}: {run:?}");
            assert!(run.err.contains(variable), "{}", run.err);
        }
    }
    assert_eq!(sandbox.requests(), 0);
}

#[test]
fn a_hostile_store_in_the_file_is_refused_before_any_request() {
    let sandbox = sandbox();
    for name in NAMES {
        let text = format!("[[store]]\nplatform = \"shopline\"\nstore = \"{name}\"\n");
        let run = Program::reading(&sandbox).configured(&text).run(&["fetch"]);
        assert_eq!(run.code, 2, "{name}: {run:?}");
        assert!(run.err.contains("storelogs.toml line 3"), "{}", run.err);
    }
    assert_eq!(sandbox.requests(), 0);
}

#[test]
fn an_address_that_is_no_plain_origin_is_refused() {
    for url in ["http://example.com", "ftp://127.0.0.1", "https://u:p@127.0.0.1", "https://127.0.0.1/path", "nonsense"]
    {
        let sandbox = sandbox();
        let program = Program::reading(&sandbox).with("BIGCOMMERCE_API_URL", url);
        let run = program.fetch(&["--store", "bigcommerce:abc123"]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{url}: {run:?}");
    }
}

#[test]
fn a_token_in_the_place_of_a_name_is_shown_nowhere_and_the_error_says_so() {
    let sandbox = sandbox();
    let of_bigcommerce = &"a1b2c3d4e5f6g7h8".repeat(2)[..31];
    let of_shopline = format!("{0}.{0}.{0}", "Ab3-_x".repeat(8));
    let is_hidden = |program: Program, arguments: &[&str], token: &str| {
        let run = program.run(arguments);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(!run.err.contains(&token[..20]) && !run.out.contains(&token[..20]), "{run:?}");
        assert!(run.err.contains("may be the access token in the wrong place"), "{run:?}");
    };
    for token in [of_bigcommerce, of_shopline.as_str()] {
        for variable in ["BIGCOMMERCE_STORE_HASH", "SHOPLINE_HANDLE"] {
            is_hidden(Program::reading(&sandbox).with(variable, token), &["check"], token);
        }
        let file = format!("[[store]]\nplatform = \"bigcommerce\"\nstore = \"{token}\"\n");
        is_hidden(Program::reading(&sandbox).configured(&file), &["check"], token);
        is_hidden(Program::reading(&sandbox), &["check", "--store", token], token);
        is_hidden(Program::reading(&sandbox), &["check", "--store", &format!("bigcommerce:{token}")], token);
    }
    assert_eq!(sandbox.requests(), 0);
}

#[test]
fn a_name_is_taken_as_it_is_pasted() {
    let sandbox = sandbox();
    for (variable, pasted) in [
        ("BIGCOMMERCE_STORE_HASH", " ABC123 "),
        ("BIGCOMMERCE_STORE_HASH", "abc123/"),
        ("BIGCOMMERCE_STORE_HASH", "stores/abc123"),
        ("BIGCOMMERCE_STORE_HASH", "bigcommerce:abc123"),
        ("SHOPLINE_HANDLE", "Open001.myshopline.com"),
        ("SHOPLINE_HANDLE", "open001.myshopline.com:443"),
    ] {
        let run = Program::reading(&sandbox).with(variable, pasted).run(&["check"]);
        assert_eq!(run.code, 0, "{variable}={pasted}: {run:?}");
    }
}
