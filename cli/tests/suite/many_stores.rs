//! Stores in tables and in several files.

use std::fs;
use std::process::Stdio;
use std::time::{Duration, Instant};

use insta::assert_snapshot;
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, Run, sandbox, serve};

/// Fits where a token fits, and where a name or a path fits.
const CANARY: &str = "canary7f3a9c2e5d";

fn table(program: Program, rows: &str) -> Program {
    program.file("stores.csv", rows);
    program
}

/// The addresses and tokens of both stores, under names of their own.
fn tokens(sandbox: &Sandbox) -> Program {
    Program::new()
        .with("B_TOKEN", sandbox.token(Platform::BigCommerce, HASH))
        .with("S_TOKEN", sandbox.token(Platform::Shopline, HANDLE))
}

fn both(sandbox: &Sandbox, more: &str) -> String {
    let (big, line) = (sandbox.bigcommerce_url(), sandbox.shopline_url());
    format!(
        "# our stores\nstore,platform,token_env,api_url\n{HASH}, bigcommerce, B_TOKEN, {big}\n\n{HANDLE},shopline,S_TOKEN,{line}\n{more}"
    )
}

#[test]
fn a_table_names_stores_and_the_variables_of_their_tokens() {
    let sandbox = sandbox();
    let program = table(tokens(&sandbox), &both(&sandbox, ""));
    let run = program.fetch(&["--stores", "stores.csv"]);
    assert_eq!((run.code, run.out.lines().count(), run.err.as_str()), (0, 8, ""), "{run:?}");
    let run = program.configured("stores_csv = \"stores.csv\"\n").fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (0, 8), "{run:?}");
}

#[test]
fn a_token_comes_from_a_file_beside_the_table() {
    let sandbox = sandbox();
    let rows = format!(
        "\u{feff}platform,store,token_file,api_url\nbigcommerce,{HASH},secret/a,{}\n",
        sandbox.bigcommerce_url()
    );
    let program = Program::new();
    fs::create_dir_all(program.home.path().join("there/secret")).unwrap();
    program.file("there/stores.csv", &rows);
    program.file("there/secret/a", &sandbox.token(Platform::BigCommerce, HASH));
    let run = program.fetch(&["--stores", "there/stores.csv"]);
    assert_eq!((run.code, run.out.lines().count()), (0, 6), "{run:?}");
}

#[test]
fn a_table_that_cannot_be_used_stops_the_program_whether_an_argument_or_the_file_names_it() {
    let sandbox = sandbox();
    let own = format!(
        "[[store]]\nplatform = \"bigcommerce\"\nstore = \"{HASH}\"\napi_url = \"{}\"\naccess_token = {{ env = \"B_TOKEN\" }}\n",
        sandbox.bigcommerce_url()
    );
    for rows in [None, Some("plattform,store\nbigcommerce,aa\n"), Some("platform,store,token\n")] {
        let by_file = tokens(&sandbox).configured(&format!("stores_csv = \"stores.csv\"\n\n{own}"));
        let by_argument = tokens(&sandbox).configured(&own);
        for (program, arguments) in [(by_file, &[][..]), (by_argument, &["--stores", "stores.csv"][..])] {
            if let Some(rows) = rows {
                program.file("stores.csv", rows);
            }
            let run = program.fetch(arguments);
            assert_eq!((run.code, run.out.as_str()), (2, ""), "{rows:?}: {run:?}");
            assert!(run.err.starts_with("error: stores.csv "), "{rows:?}: {run:?}");
        }
    }
    // The files of the folder are other people's: one of them stops nobody else.
    let program = tokens(&sandbox).configured(&own);
    fs::create_dir(program.home.path().join("conf.d")).unwrap();
    program.file("conf.d/more.toml", "stores_csv = \"stores.csv\"\n");
    let run = program.fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (4, 6), "{run:?}");
}

#[test]
fn whoever_asks_for_a_store_whose_line_is_wrong_reads_what_is_wrong_with_it() {
    let sandbox = sandbox();
    let program = table(tokens(&sandbox), &both(&sandbox, "aa,bigcommerce\n"));
    for name in ["aa", "bigcommerce:aa"] {
        let run = program.fetch(&["--stores", "stores.csv", "--store", name]);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
        assert!(run.err.contains("stores.csv line 6: there are 2 columns, and 4 in the first line"), "{run:?}");
    }
}

#[test]
fn each_wrong_line_is_reported_and_the_other_stores_go_on() {
    let sandbox = sandbox();
    let more = format!(
        "abc,shopify,,\nA-c,bigcommerce,,\n,bigcommerce,,\n{HASH},bigcommerce,,\nx,bigcommerce\nx,bigcommerce,{CANARY},\n"
    );
    let program = table(tokens(&sandbox), &both(&sandbox, &more));
    let run = program.fetch(&["--stores", "stores.csv"]);
    assert_eq!((run.code, run.out.lines().count()), (4, 8), "{run:?}");
    assert_snapshot!(run.err);
    // Who asks for one store hears nothing of the others.
    let run = program.fetch(&["--stores", "stores.csv", "--store", "shopline:open001"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
}

fn refused(text: &str) -> Run {
    let run = table(Program::new(), text).run(&["fetch", "--stores", "stores.csv"]);
    assert_eq!((run.code, run.out.as_str()), (2, ""), "{run:?}");
    assert!(!run.err.contains(CANARY), "{run:?}");
    run
}

#[test]
fn a_table_that_an_argument_names_is_what_is_meant_whatever_other_stores_there_are() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    let before = sandbox.requests();
    for table in ["none.csv", "broken.csv", "."] {
        program.file("broken.csv", "platform\nbigcommerce\n");
        for command in ["fetch", "sync", "check"] {
            let run = program.run(&[command, "--stores", table]);
            assert!(
                run.code == 2 && run.err.starts_with("error: ") && run.out.is_empty(),
                "{command} {table}: {run:?}"
            );
        }
    }
    assert_eq!(sandbox.requests(), before, "nothing was sent");
}

#[test]
fn a_wrong_line_of_a_table_is_named_by_its_number_whatever_stands_before_it() {
    for (table, line) in [
        ("platform,store\nbigcommerce,\n", 2),
        ("platform,store\n# of Acme\n# and others\nbigcommerce,\n", 4),
        ("# of Acme\n\nplatform,store\n\n\r\nbigcommerce,\n", 6),
        ("platform,store\r\n#\r\n\r\nbigcommerce,\r\n", 4),
        ("platform,store\n,\n , \nbigcommerce,\n", 4),
    ] {
        let run = refused(table);
        assert!(run.err.contains(&format!("line {line}: the store is missing")), "{table:?}: {run:?}");
        assert_eq!(run.err.lines().count(), 1, "empty rows are no stores: {run:?}");
    }
    assert!(refused("#\n\nplatform\nbigcommerce\n").err.contains("line 3: there is no column store"));
}

#[test]
fn a_table_that_is_none_is_refused_with_the_reason() {
    assert_snapshot!(refused("platform,shop\nbigcommerce,abc123\n").err);
    assert_snapshot!(refused("platform\nbigcommerce\n").err);
    assert_snapshot!(refused("platform,store,store\n").err);
    assert_snapshot!(refused(&format!("platform,store,token\nbigcommerce,abc123,{CANARY}\n")).err);
    assert_snapshot!(refused(&format!("{CANARY},b\n")).err);
    assert!(refused("platform,store,token_env,token_file\nbigcommerce,a,A,b\n").err.contains("both token_env and"));
    assert!(refused("platform,store,app_key_env\nshopline,a,A\n").err.contains("only one is there"));
    assert!(refused("platform,store,api_version\nbigcommerce,a,v1\n").err.contains("for SHOPLINE stores only"));
    let run = Program::new().run(&["fetch", "--stores", "none.csv"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("none.csv cannot be read"), "{}", run.err);
}

#[test]
fn a_table_that_a_spreadsheet_wrote_with_semicolons_or_tabs_is_read() {
    let sandbox = sandbox();
    for between in [";", "\t"] {
        let text = both(&sandbox, "").replace(',', between);
        let run = table(tokens(&sandbox), &text).fetch(&["--stores", "stores.csv"]);
        assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    }
}

#[test]
fn further_files_stand_in_a_folder_beside_the_configuration() {
    let sandbox = sandbox();
    let store = |platform: &str, name: &str, url: &str, token: &str| {
        format!(
            "[[store]]\nplatform = \"{platform}\"\nstore = \"{name}\"\napi_url = \"{url}\"\naccess_token = {{ env = \"{token}\" }}\n"
        )
    };
    let big = store("bigcommerce", HASH, &sandbox.bigcommerce_url(), "B_TOKEN");
    let line = store("shopline", HANDLE, &sandbox.shopline_url(), "S_TOKEN");
    let program = tokens(&sandbox).configured(&big);
    fs::create_dir(program.home.path().join("conf.d")).unwrap();
    program.file("conf.d/open.toml", &line);
    program.file("conf.d/readme.txt", "not ours");
    let run = program.fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (0, 8), "{run:?}");
    program.file("conf.d/twice.toml", &line);
    program.file("conf.d/wrong.toml", "[[store]]\nplatform = \"shopline\"\nshop = \"x\"\n");
    let run = program.fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (4, 8), "{run:?}");
    assert_snapshot!(run.err);
}

#[test]
fn an_app_s_key_and_secret_come_by_reference() {
    let sandbox = sandbox();
    let url = sandbox.shopline_url();
    let text = format!(
        "[[store]]\nplatform = \"shopline\"\nstore = \"{HANDLE}\"\napi_url = \"{url}\"\napp_key = {{ env = \"APP_KEY\" }}\napp_secret = {{ file = \"secret\" }}\n"
    );
    let program = Program::new().with("APP_KEY", "sandbox-app").configured(&text);
    program.file("secret", "sandbox-secret\n");
    let run = program.fetch(&[]);
    assert_eq!((run.code, run.out.lines().count()), (0, 2), "{run:?}");
    let rows = format!("platform,store,api_url,app_key_env,app_secret_file\nshopline,{HANDLE},{url},APP_KEY,secret\n");
    let program = table(Program::new().with("APP_KEY", "sandbox-app"), &rows);
    program.file("secret", "sandbox-secret\n");
    let run = program.fetch(&["--stores", "stores.csv"]);
    assert_eq!((run.code, run.out.lines().count()), (0, 2), "{run:?}");
    let run =
        Program::new().configured(&text.replace("{ file = \"secret\" }", &format!("\"{CANARY}\""))).run(&["fetch"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("app_secret is a plain text: a secret in this file") && !run.err.contains(CANARY));
}

#[test]
fn while_following_a_store_that_is_added_and_a_token_that_is_fixed_take_effect() {
    let store = |store: Store| store.history(History::seeded(9)).behavior(Behavior::unlimited());
    let sandbox = serve([store(Store::bigcommerce("aa")), store(Store::bigcommerce("bb"))]);
    let (url, token) = (sandbox.bigcommerce_url(), sandbox.token(Platform::BigCommerce, "aa"));
    let row = |name: &str| format!("bigcommerce,{name},token-{name},{url}\n");
    let head = "platform,store,token_file,api_url\n";
    let program = table(Program::new().configured("stores_csv = \"stores.csv\"\n"), &format!("{head}{}", row("aa")));
    program.file("token-aa", "revoked");
    program.file("token-bb", &token);
    let follower = program.command(&["sync", "--follow"]).stdout(Stdio::null()).stderr(Stdio::piped()).spawn();
    let mut follower = follower.unwrap();
    let held = || program.run(&["sql", "--format", "csv", "SELECT store, state FROM stores"]).out;
    let wait_for = |what: &str| {
        let begun = Instant::now();
        while !held().contains(what) {
            assert!(begun.elapsed() < Duration::from_secs(120), "no {what:?} in {:?}", held());
            std::thread::sleep(Duration::from_millis(100));
        }
    };
    wait_for("bigcommerce:aa,unauthorized");
    program.file("token-aa", &token);
    program.file("stores.csv", &format!("{head}{}{}\nbigcommerce,,,\n", row("aa"), row("bb")));
    wait_for("bigcommerce:aa,active");
    wait_for("bigcommerce:bb,active");
    follower.kill().unwrap();
    let output = follower.wait_with_output().unwrap();
    let printed = String::from_utf8(output.stderr).unwrap();
    assert_eq!(printed.matches("stores.csv line 5: the store is missing").count(), 1, "{printed}");
}
