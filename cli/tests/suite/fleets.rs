//! Stores with names, owners and tags.

use storelogs_sandbox::{Behavior, History, Sandbox, Store};

use crate::program::{HASH, Program, serve};

const OTHER: &str = "def456";
const THIRD: &str = "ghi789";

fn shops() -> Sandbox {
    let shop =
        |name: &str, seed| Store::bigcommerce(name).history(History::seeded(seed)).behavior(Behavior::unlimited());
    serve([shop(HASH, 1), shop(OTHER, 2), shop(THIRD, 3)])
}

fn configured(sandbox: &Sandbox) -> Program {
    let url = sandbox.bigcommerce_url();
    let token = sandbox.token(storelogs_sandbox::Platform::BigCommerce, HASH);
    let first = format!(
        "stores_csv = \"stores.csv\"\n[[store]]\nplatform = \"bigcommerce\"\nstore = \"{HASH}\"\napi_url = \"{url}\"\n\
         access_token = {{ env = \"TOKEN\" }}\nname = \"North\"\nowner = \"Acme Inc.\"\ntags = [\"gold\", \"eu\"]\n"
    );
    let table = format!(
        "platform,store,token_env,api_url,Region,name,owner,tags\n\
         bigcommerce,{OTHER},TOKEN,{url},west,South,Acme Inc.,eu; silver\nbigcommerce,{THIRD},TOKEN,{url},east,,,\n"
    );
    let program = Program::new().with("TOKEN", token).configured(&first);
    program.file("stores.csv", &table);
    program
}

#[test]
fn searches_and_reports_know_whose_stores_are_and_a_column_that_means_nothing_is_left_out() {
    let sandbox = shops();
    let program = configured(&sandbox);
    let run = program.run(&["sync"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.err.contains("stores.csv line 1: column 5 is not known ("), "{run:?}");
    let count = |query: &str| {
        program.run(&["search", "--count", "--", query]).out.trim().replace(',', "").parse::<u64>().unwrap()
    };
    let [first, second, third] = [HASH, OTHER, THIRD].map(|store| count(&format!("store:{store}")));
    assert_eq!(count("owner:\"acme inc.\""), first + second);
    assert_eq!(count("tag:silver"), second);
    assert_eq!(count("-tag:eu"), third);
    assert_eq!(count("name:north"), first);
    let run = program.run(&["report", "--tag", "eu", "--format", "json"]);
    let report: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(report["stores"].as_array().unwrap().len(), 2);
    assert_eq!(report["labels"][0]["name"], "North");
    let run = program.run(&["report", "--owner", "nobody"]);
    assert!(
        run.code == 2 && run.err.contains("no store in the archive has \"nobody\": it knows Acme Inc.\n"),
        "{run:?}"
    );
    let run = program.run(&["report", "--tag", "silvr"]);
    assert!(run.code == 2 && run.err.contains("did you mean \"silver\"?"), "{run:?}");
    let run = program.run(&[
        "sql",
        "SELECT kind, value FROM labels WHERE store = 'bigcommerce:def456' ORDER BY 2",
        "--format",
        "csv",
    ]);
    assert_eq!(run.out, "kind,value\nowner,Acme Inc.\nname,South\ntag,eu\ntag,silver\n");
    // What the configuration does not say any more is gone with the next run.
    program.file(
        "stores.csv",
        &format!("platform,store,token_env,api_url\nbigcommerce,{OTHER},TOKEN,{}\n", sandbox.bigcommerce_url()),
    );
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(program.run(&["search", "--count", "tag:silver"]).code, 1);
}

#[test]
fn an_archive_of_a_share_knows_only_the_stores_of_that_share() {
    let sandbox = shops();
    let program = configured(&sandbox);
    let text = std::fs::read_to_string(program.home.path().join("storelogs.toml")).unwrap();
    program.file("storelogs.toml", &format!("keep = \"3y\"\n{text}"));
    let known = |shard: &str| {
        let archive = format!("{}.db", &shard[..1]);
        assert_eq!(program.run(&["sync", "--shard", shard, "--archive", &archive]).code, 0);
        let run = program.run(&["sql", "--archive", &archive, "--format", "csv", "SELECT name FROM stores ORDER BY 1"]);
        run.out.lines().skip(1).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut all = [known("1/2"), known("2/2")].concat();
    all.sort();
    assert_eq!(all, [HASH, OTHER, THIRD], "each in one archive, labelled or not");
}

#[test]
fn there_is_a_report_for_each_owner_or_store() {
    let sandbox = shops();
    let program = configured(&sandbox);
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["report", "--each", "store", "-o", "reports"]);
    assert!(run.code == 0 && run.out.lines().count() == 3, "{run:?}");
    for store in [HASH, OTHER, THIRD] {
        let page =
            std::fs::read_to_string(program.home.path().join(format!("reports/bigcommerce-{store}.html"))).unwrap();
        let others = [HASH, OTHER, THIRD].into_iter().filter(|other| *other != store);
        assert!(page.contains(store) && others.into_iter().all(|other| !page.contains(other)), "{store}");
    }
    let run = program.run(&["report", "--each", "owner", "-o", "owners", "--format", "json"]);
    assert!(run.code == 0 && run.out.lines().count() == 1 && run.err.contains("1 store without an owner"), "{run:?}");
    let text = std::fs::read_to_string(program.home.path().join("owners/acme-inc.json")).unwrap();
    let report: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["stores"], serde_json::json!(["bigcommerce:abc123", "bigcommerce:def456"]));
    let run = program.run(&["report", "--each", "owner"]);
    assert!(run.code == 2 && run.err.contains("--output"), "{run:?}");
    let run = program.run(&["report", "--each", "owner", "-o", "owners.html"]);
    assert!(run.code == 2 && run.err.contains("name a folder") && run.err.contains("--format"), "{run:?}");
    assert!(!program.home.path().join("owners.html").exists());
}

#[test]
fn a_column_about_how_a_store_is_reached_is_not_left_out() {
    for (header, says) in [
        ("platform,store,token_fil", "column 3 is not known"),
        ("platform,store,api_uri", "column 3 is not known"),
        ("platform,store,access_token", "a token is not written into the table"),
    ] {
        let program = Program::new().with("BIGCOMMERCE_ACCESS_TOKEN", "sandbox-token");
        program.file("stores.csv", &format!("{header}\nbigcommerce,abc123,hidden\n"));
        let run = program.run(&["check", "--stores", "stores.csv"]);
        assert!(run.code == 2 && run.err.contains(says) && !run.err.contains("hidden"), "{header}: {run:?}");
    }
}
