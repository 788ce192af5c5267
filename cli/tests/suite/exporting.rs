//! `export lake`: what it says and how it ends. What it writes is tested in `export/`.
#![cfg(feature = "lake")]

use storelogs_sandbox::{Behavior, History, Store};

use crate::program::{HASH, Program, serve};

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
