//! The configuration: where stores and tokens come from.

use insta::assert_snapshot;
use storelogs_sandbox::{Platform, Sandbox};

use crate::program::{HASH, Program, Run, sandbox};

fn store(platform: &str, name: &str, more: &str) -> String {
    format!("[[store]]\nplatform = \"{platform}\"\nstore = \"{name}\"\n{more}\n")
}

/// A file that names the sandbox's BigCommerce store, with this source of the token.
fn reading(sandbox: &Sandbox, token: &str) -> Program {
    let url = sandbox.bigcommerce_url();
    Program::new()
        .configured(&store("bigcommerce", HASH, &format!("api_url = \"{url}\"\naccess_token = {token}")))
        .with("MY_TOKEN", sandbox.token(Platform::BigCommerce, HASH))
}

fn refused(text: &str) -> Run {
    let run = Program::new().configured(text).run(&["fetch"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    run
}

#[test]
fn without_any_store_the_error_says_how_to_configure_one() {
    let run = Program::new().run(&["fetch"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""));
    assert_snapshot!(run.err);
}

#[test]
fn a_token_comes_from_a_variable() {
    let sandbox = sandbox();
    assert_eq!(reading(&sandbox, "{ env = \"MY_TOKEN\" }").fetch(&[]).code, 0);
}

#[test]
fn a_token_comes_from_a_file_beside_the_configuration() {
    let sandbox = sandbox();
    let program = reading(&sandbox, "{ file = \"token\" }");
    program.file("token", &format!("{}\n", sandbox.token(Platform::BigCommerce, HASH)));
    let run = program.fetch(&[]);
    assert_eq!(run.code, 0, "{run:?}");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert!(run.err.contains("chmod 600"), "{}", run.err);
        let path = program.home.path().join("token");
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(program.fetch(&[]).err, "");
    }
}

#[cfg(unix)]
#[test]
fn a_token_comes_from_a_program_without_a_shell() {
    let sandbox = sandbox();
    let run = reading(&sandbox, "{ command = [\"printenv\", \"MY_TOKEN\"] }").fetch(&[]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let run = reading(&sandbox, "{ command = [\"printenv MY_TOKEN\"] }").fetch(&[]);
    assert_eq!(run.code, 2, "{run:?}");
}

#[cfg(unix)]
#[test]
fn a_token_program_that_fails_says_so() {
    let sandbox = sandbox();
    let run = reading(&sandbox, "{ command = [\"sh\", \"-c\", \"echo locked >&2; exit 3\"] }").fetch(&[]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("locked\n") && run.err.contains("exit status: 3"), "{}", run.err);
}

#[test]
fn a_missing_token_names_the_variable() {
    let run = refused(&store("bigcommerce", "abc123", "access_token = { env = \"NOT_SET\" }"));
    assert!(run.err.contains("NOT_SET is not set"), "{}", run.err);
    let run = refused(&store("shopline", "open001", ""));
    assert!(run.err.contains("SHOPLINE_ACCESS_TOKEN is not set"), "{}", run.err);
    let run = Program::new().with("SHOPLINE_HANDLE", "open001").run(&["fetch"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("SHOPLINE_ACCESS_TOKEN is not set"), "{}", run.err);
}

#[test]
fn a_store_that_is_not_configured_is_an_error() {
    let run = Program::new().run(&["fetch", "--store", "bigcommerce:abc123"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("BIGCOMMERCE_ACCESS_TOKEN"), "{}", run.err);
}

#[test]
fn an_argument_names_the_store_and_the_environment_its_token() {
    let sandbox = sandbox();
    let program = Program::new()
        .with("BIGCOMMERCE_API_URL", sandbox.bigcommerce_url())
        .with("BIGCOMMERCE_ACCESS_TOKEN", sandbox.token(Platform::BigCommerce, HASH));
    assert_eq!(program.fetch(&["--store", "bigcommerce:abc123"]).out.lines().count(), 6);
}

/// Else the others are taken for all of them.
#[test]
fn a_token_without_its_store_is_said_while_other_stores_are_read() {
    const SAYS: &str = "BIGCOMMERCE_ACCESS_TOKEN is set, but BIGCOMMERCE_STORE_HASH is not";
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).with("BIGCOMMERCE_STORE_HASH", "");
    for command in [&["fetch"][..], &["check"], &["sync"], &["verify"]] {
        let run = program.run(command);
        assert!(run.code == 0 && run.err.contains(SAYS), "{command:?}: {run:?}");
    }
    assert!(!program.fetch(&["--store", "shopline:open001"]).err.contains(SAYS), "it is not asked for");
    let token = sandbox.token(Platform::BigCommerce, HASH);
    let program =
        program.with("TOKEN", token).configured(&store("bigcommerce", HASH, "access_token = { env = \"TOKEN\" }"));
    let run = program.fetch(&[]);
    assert!(run.code == 0 && !run.err.contains(SAYS), "it is for a store of the file: {run:?}");
}

#[test]
fn a_stand_in_of_the_environment_gets_what_stores_of_a_file_send() {
    let sandbox = sandbox();
    let program = Program::new()
        .with("BIGCOMMERCE_API_URL", sandbox.bigcommerce_url())
        .with("TOKEN", sandbox.token(Platform::BigCommerce, HASH))
        .configured(&store("bigcommerce", HASH, "access_token = { env = \"TOKEN\" }"));
    assert_eq!(program.fetch(&[]).out.lines().count(), 6);
    let program = program.configured(&store(
        "bigcommerce",
        HASH,
        "api_url = \"https://127.0.0.1:1\"\naccess_token = { env = \"TOKEN\" }",
    ));
    let run = program.fetch(&[]);
    assert!(run.code == 1 && run.err.contains("127.0.0.1"), "{run:?}");
}

#[test]
fn the_environment_beats_the_file_for_the_same_store() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).configured(&store(
        "bigcommerce",
        HASH,
        "api_url = \"https://127.0.0.1:1\"\naccess_token = { env = \"NOT_SET\" }",
    ));
    let run = program.fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (0, 8), "{run:?}");
}

#[test]
fn one_file_can_be_named_by_argument_or_variable() {
    let sandbox = sandbox();
    let program = reading(&sandbox, "{ env = \"MY_TOKEN\" }");
    let path = program.home.path().join("storelogs.toml");
    std::fs::rename(&path, program.home.path().join("other.toml")).unwrap();
    assert_eq!(program.fetch(&["--config", "other.toml"]).code, 0);
    assert_eq!(program.fetch(&["--config", "storelogs.toml"]).code, 2);
    assert_eq!(program.with("STORELOGS_CONFIG", "other.toml").fetch(&[]).code, 0);
}

#[cfg(target_os = "linux")]
#[test]
fn the_configuration_directory_is_looked_into() {
    let sandbox = sandbox();
    let program = reading(&sandbox, "{ env = \"MY_TOKEN\" }");
    let folder = program.home.path().join(".config/storelogs");
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::rename(program.home.path().join("storelogs.toml"), folder.join("storelogs.toml")).unwrap();
    assert_eq!(program.fetch(&[]).code, 0);
}

#[test]
fn an_unknown_key_is_named_with_its_line() {
    assert_snapshot!(refused(&store("bigcommerce", "abc123", "acess_token = { env = \"X\" }")).err);
}

#[test]
fn an_unknown_table_is_named_with_its_line() {
    assert!(refused("\n[store]\nplatform = \"bigcommerce\"\n").err.contains("line 2: write [[store]]"));
    assert_snapshot!(refused("\n[[stores]]\nplatform = \"bigcommerce\"\n").err);
}

#[test]
fn a_token_written_in_the_file_is_refused_with_the_reason() {
    assert_snapshot!(refused(&store("bigcommerce", "abc123", "access_token = \"verysecret\"")).err);
}

#[test]
fn two_sources_of_one_token_are_refused() {
    let token = "access_token = { env = \"A\", file = \"b\" }";
    assert_snapshot!(refused(&store("bigcommerce", "abc123", token)).err);
}

#[test]
fn an_unknown_platform_is_refused() {
    assert_snapshot!(refused(&store("shopify", "abc123", "")).err);
}

#[test]
fn a_missing_key_is_named() {
    assert_snapshot!(refused("[[store]]\nplatform = \"shopline\"\n").err);
}

#[test]
fn a_store_that_stands_twice_is_refused() {
    let twice = store("shopline", "open001", "") + &store("shopline", "open001", "");
    assert_snapshot!(refused(&twice).err);
}

#[test]
fn an_api_version_is_for_shopline_only() {
    assert_snapshot!(refused(&store("bigcommerce", "abc123", "api_version = \"v20260301\"")).err);
}

#[test]
fn text_that_is_no_toml_is_refused_with_its_line() {
    assert_snapshot!(refused("[[store]]\nplatform bigcommerce\n").err);
}

#[test]
fn a_typical_mistake_is_said_in_plain_words_with_its_line_and_the_remedy() {
    let shop = store("shopline", "open001", "");
    let in_store = |line: &str| store("shopline", "open001", line);
    let in_rule = |lines: &str| format!("{shop}[[rule]]\n{lines}\n");
    for (text, line, why) in [
        (
            "[[store]]\nplatform = \"shopline\"\nstore = 12\n".into(),
            3,
            "store is a number, and has to be a text in quotes",
        ),
        (in_store("tags = \"a\""), 4, "write tags = [\"…\", \"…\"]"),
        (in_store("tags = [\"a\", 5]"), 4, "tags holds a number, and each of its parts has to be a text"),
        (in_store("bucket = -3"), 4, "bucket is a number, and has to be a whole number without quotes, not below 0"),
        (in_store("bucket = 99999999999"), 4, "bucket is too large or too small a number"),
        (in_store("requests_per_second = \"2\""), 4, "has to be a number without quotes"),
        (in_store("when = \"refund\""), 4, "when is not a key of [[store]]: it belongs below a line [[rule]]"),
        (
            in_store("proxy = \"http://127.0.0.1:1\""),
            4,
            "proxy is not a key of [[store]]: write it above the first line",
        ),
        (in_store("access_token = { evn = \"A\" }"), 4, "did you mean env?"),
        (in_store("access_token = [\"A\"]"), 4, "access_token is a list: write access_token = { env"),
        (in_store("access_token ="), 4, "access_token has no value: write access_token = { env = \"NAME\" }"),
        (in_store("access_token = { env = \"A\""), 4, "a } is missing"),
        (in_store("keep = { inof = \"90d\" }"), 4, "did you mean info?"),
        (in_store("store = \"b\""), 4, "store is there twice: leave one out, or begin another table"),
        (in_store("name = \"the \"best\" shop\""), 4, "more stands behind the closing quote"),
        (in_store("tags = [\"a\", \"b\"\nname = \"x\""), 4, "a ] is missing, here or below"),
        (in_store("name = “x”"), 4, "a word processor's quotes: write straight ones"),
        (in_store("name = \"x\","), 4, "leave out the comma"),
        (in_store("api_url = \"C:\\Users\""), 4, "a backslash in double quotes"),
        (in_rule("more_than = \"5\""), 6, "more_than is a text, and has to be a whole number"),
        (in_rule("name = \"x\"\nincident = True"), 7, "write incident = true or incident = false, in small letters"),
        (in_rule("name = \"x\"\nwen = \"a\""), 7, "\"wen\" is not a key of [[rule]]: did you mean when?"),
        (in_rule("webhook_form = \"slak\""), 6, "webhook_form: there is no \"slak\": did you mean slack?"),
        (in_rule("incident = true\nlevel = \"warnin\""), 7, "there is no \"warnin\", did you mean warning?: use info"),
        (in_rule("name = \"x\""), 5, "it would alert on every entry: write when"),
        (format!("{shop}[[export]]\nkind = \"loki\"\n"), 6, "kind: there is no \"loki\": did you mean lake?"),
        (format!("{shop}[[export]]\nkind = \"lake\"\n"), 5, "this [[export]] has no to: write to = \"…\" below it"),
        (format!("{shop}[rule]\nname = \"x\"\n"), 5, "write [[rule]], with two brackets"),
        ("[store]\nstore = \"a\"\n[store]\nstore = \"b\"\n".into(), 3, "write [[store]], with two brackets"),
        ("[[store]\nstore = \"a\"\n".into(), 1, "two brackets on each side"),
        (format!("store = 5\n\n{shop}"), 1, "store is not a key of the file itself: it belongs below a line [[store]]"),
        ("\nrule = \"x\"\n[[rule]] # one\n".into(), 2, "it belongs below a line [[rule]]"),
        (format!("[store]\nplatform = \"shopline\"\n\n{shop}"), 1, "write [[store]], with two brackets"),
        (in_rule("name = \"x\"\nwhen = \"(refund\""), 7, "the rule \"x\": when: "),
        (in_rule("when = \"a\"\nmore_than = 5\nwithin = \"ten\""), 8, "within: write how long: 90s, 15m"),
        (in_rule("when = \"a\"\nper = [\"shop\"]"), 7, "per: there is no \"shop\""),
        (in_rule("when = \"a\"\nwebhook_secret = { env = \"A\" }"), 7, "webhook_secret says nothing without webhook"),
        (in_store("requests_per_second = 2.0\nname = \"a\\tb\""), 5, "name is one line of at most 200 bytes"),
        (format!("{shop}[[export]]\nkind = \"otlp\"\nto = \"x\"\nevery = \"soon\"\n"), 8, "every is no length of time"),
        ("[[stores]]\nstore = \"a\"\n".into(), 1, "did you mean [[store]]?"),
        ("[[store]]\nplatform = \"shoplin\"\nstore = \"a\"\n".into(), 2, "did you mean shopline?"),
        ("[[store]]\nplatform: \"shopline\"\n".into(), 2, "there is a colon behind the key: write platform = \"…\""),
        ("[[store]]\nplatform = shopline\n".into(), 2, "a text stands in quotes: write platform = \"…\""),
        ("[[store]]\nplatform = \"shopline\nstore = \"a\"\n".into(), 2, "a quote is missing at the end"),
        ("platform = \"shopline\"\n".into(), 1, "it belongs below a line [[store]]"),
        ("stores_cvs = \"x.csv\"\n".into(), 1, "did you mean stores_csv?"),
        ("- platform: shopline\n".into(), 1, "this is YAML"),
        ("{\"store\": []}\n".into(), 1, "this is JSON"),
    ] as [(String, usize, &str); 48]
    {
        let err = refused(&text).err;
        assert!(err.contains(&format!("storelogs.toml line {line}: ")) && err.contains(why), "{text}{err}");
    }
}

#[test]
fn every_mistake_of_a_file_is_said_from_its_top_to_its_end() {
    let text = "stores_csv = 5\n\n[[store]]\nplatform = \"shopify\"\nstore = \"a\"\n\n[[store]]\nplatform = \"shopline\"\n\
        store = \"open001\"\ntags = [1, 2]\nbucket = \"40\"\nowne = \"x\"\n\n[[store]]\nplatform = \"shopline\"\n\n\
        [[rule]]\nincident = true\nlevel = \"loud\"\n\n[[export]]\nkind = \"loki\"\nto = \"x\"\n";
    let said = |text: &str| -> Vec<String> {
        let err = refused(text).err;
        let err = err.strip_prefix("error: ").unwrap_or_else(|| panic!("{err}"));
        err.lines().map(|line| line.trim().to_owned()).collect()
    };
    let lines = said(text);
    assert_eq!(lines.len(), 8, "{lines:#?}");
    for (said, (line, why)) in lines.iter().zip([
        (1, "stores_csv is a number"),
        (4, "platform \"shopify\" is not known"),
        (10, "tags holds a number"),
        (11, "bucket is a text"),
        (12, "did you mean owner?"),
        (14, "this [[store]] has no store"),
        (19, "there is no \"loud\""),
        (22, "there is no \"loki\""),
    ]) {
        assert!(said.starts_with(&format!("storelogs.toml line {line}: ")) && said.contains(why), "{why}: {said}");
    }
    let wrong = "[[store]]\nplatform = \"shopify\"\nstore = \"a\"\n";
    let many = said(&wrong.repeat(14));
    assert_eq!(many.len(), 11, "{many:#?}");
    assert!(many[9].starts_with("storelogs.toml line 29: "), "{many:#?}");
    assert_eq!(many[10], "storelogs.toml: and 4 more mistakes");
    assert_eq!(said(&wrong.repeat(11)).last().unwrap(), "storelogs.toml: and 1 more mistake");
}

#[test]
fn every_mistake_of_a_further_file_is_said_and_the_others_are_read() {
    let sandbox = sandbox();
    let program = reading(&sandbox, "{ env = \"MY_TOKEN\" }");
    let further = "[[store]]\nplatform = \"shopify\"\nstore = \"a\"\n[[store]]\nbucket = true\n";
    std::fs::create_dir(program.home.path().join("conf.d")).unwrap();
    program.file("conf.d/more.toml", further);
    let run = program.run(&["check"]);
    assert!(run.code == 4 && run.out.contains(HASH), "{run:?}");
    for why in ["more.toml line 2: platform ", "more.toml line 5: bucket ", "more.toml line 4: this [[store]] has no "]
    {
        assert!(run.err.lines().any(|line| line.starts_with("error: ") && line.contains(why)), "{why} {run:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_everybody_can_write_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let program = Program::new().configured(&store("shopline", "open001", ""));
    let path = program.home.path().join("storelogs.toml");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o666)).unwrap();
    let run = program.run(&["fetch"]);
    assert_eq!(run.code, 2, "{run:?}");
    assert!(run.err.contains("chmod o-w"), "{}", run.err);
}

#[cfg(unix)]
#[test]
fn a_file_in_a_folder_that_everybody_can_write_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    // The sticky bit keeps strangers from replacing a file, and not from being the first to put one there.
    for mode in [0o777, 0o1777] {
        let program = Program::new().configured(&store("shopline", "open001", ""));
        std::fs::set_permissions(program.home.path(), std::fs::Permissions::from_mode(mode)).unwrap();
        let run = program.run(&["fetch"]);
        assert_eq!(run.code, 2, "{run:?}");
        assert!(run.err.contains("put files into") && run.err.contains("move it elsewhere"), "{}", run.err);
    }
}
