//! `forget`: not a byte is left, and nothing comes back.

use std::fs;
use std::path::Path;

use rusqlite::Connection;
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};

use crate::program::{HANDLE, HASH, Program, present, serve};

const NAME: &str = "Quirina Zwetschgenbaum";
const MAIL: &str = "quirina.zwetschgenbaum@example.com";
const QUERY: &str =
    "actor:\"Quirina Zwetschgenbaum\" OR \"quirina.zwetschgenbaum@example.com\" OR \"Quirina Zwetschgenbaum\"";
/// Words that must not stand in any byte: whatever the case, and also as the index of words has them.
const TRACES: [&str; 3] = ["zwetschgenbaum", "Zwetschgenbaum", "quirina"];

fn ago(hours: i64) -> String {
    (present() - jiff::SignedDuration::from_hours(hours)).strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()
}

/// Two stores in which somebody stands wherever somebody can.
fn shops() -> Sandbox {
    let history = History::bulk(1, 300);
    let sandbox = serve([
        Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
        Store::shopline(HANDLE).history(history).behavior(Behavior::unlimited()),
    ]);
    for (id, summary, message) in [
        (9_000_001, format!("Order confirmation sent to {MAIL}"), String::new()),
        (9_000_002, "A note was left".to_owned(), format!("<p>Ship to {NAME}, 12 Plum Road</p>")),
        (9_000_004, format!("{NAME} asked"), String::new()),
        (9_000_003, "A payload came".to_owned(), json!({"customer": {"email": MAIL, "name": NAME}}).to_string()),
    ] {
        let record = json!({"id": id, "type": "general", "module": "", "severity": "errors", "summary": summary,
            "message": message, "date_created": ago(30)});
        sandbox.push(Platform::BigCommerce, HASH, record);
    }
    sandbox.push(
        Platform::BigCommerce,
        HASH,
        json!({"id": {"odd": 1}, "summary": format!("No id: {NAME}"), "date_created": ago(31)}),
    );
    for id in 0..3 {
        let record = json!({"author": NAME, "created_at": ago(40 + id), "detail": "Edited a product",
            "id": (9_000_000_000_000_000_100_i64 + id).to_string(), "subject_type": "products", "verb": "edit_product"});
        sandbox.push(Platform::Shopline, HANDLE, record);
    }
    sandbox
}

fn collected() -> (Sandbox, Program) {
    let sandbox = shops();
    let program = Program::reading(&sandbox).with("STORELOGS_ARCHIVE", "archive/archive.db");
    let run = program.run(&["sync"]);
    assert_eq!(run.code, 4, "one record is in quarantine: {run:?}");
    let asked = program.run(&["search", "--format", "jsonl", "id:9000004"]).out;
    let sql = Connection::open(program.home.path().join("archive/archive.db")).unwrap();
    let json = json!({"rule": "errors", "entries": [{"summary": format!("{NAME} failed")}]}).to_string();
    sql.execute(
        "INSERT INTO delivery (rule, action, alert, made, next_attempt) VALUES ('errors', 'run', ?1, 1, 1 << 60)",
        [&json],
    )
    .unwrap();
    let both = "INSERT INTO last_alert (rule, about, at, until, suppressed, open) VALUES \
                ('errors', 'template', 1, 1, ?1, NULL), ('errors', 'other', 1, 1, NULL, ?1)";
    sql.execute(both, [&json]).unwrap();
    // An entry that says nothing of her any more, and said it once.
    sql.execute(
        "INSERT INTO revision (store, entry_id, replaced, entry) SELECT store, id, 1, ?1 FROM entry LIMIT 1",
        [asked.trim()],
    )
    .unwrap();
    // What was changed before lies in free places of the file.
    sql.execute("UPDATE entry SET summary = summary || ' of Zwetschgenbaum' WHERE id < 100", []).unwrap();
    sql.execute("UPDATE entry SET summary = 'short' WHERE summary LIKE '%of Zwetschgenbaum'", []).unwrap();
    drop(sql);
    assert_eq!(program.run(&["search", "--count", "order"]).code, 0, "the words are indexed");
    (sandbox, program)
}

/// The files of a folder in which any trace stands.
fn traces(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        if TRACES.iter().any(|trace| bytes.windows(trace.len()).any(|window| window == trace.as_bytes())) {
            found.push(path.file_name().unwrap().to_string_lossy().into_owned());
        }
    }
    found.sort();
    found
}

fn count(program: &Program) -> u64 {
    program.run(&["search", "--count", ""]).out.trim().parse().unwrap()
}

#[test]
fn no_byte_is_left_and_nothing_comes_back() {
    let (sandbox, program) = collected();
    let folder = program.home.path().join("archive");
    assert!(
        traces(&folder).contains(&"archive.db".to_owned()) && traces(&folder).contains(&"archive.index.db".to_owned())
    );
    let before = count(&program);
    let run = program.run(&["forget", QUERY, "--dry-run", "--format", "json"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    let would: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(would["entries"].as_array().unwrap().len(), 7, "{would}");
    assert_eq!((&would["quarantined"], &would["alerts"], &would["revisions"]), (&json!(1), &json!(3), &json!(1)));
    assert_eq!(count(&program), before, "so far nothing went");
    let run = program.run(&["forget", QUERY]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(
        run.out
            .contains("7 entries, 1 revision, 1 record in quarantine, 3 alerts: forgotten, and no byte of it is left"),
        "{run:?}"
    );
    assert!(
        run.out.contains("bigcommerce:abc123:9000001") && run.err.contains("Copies elsewhere have it still"),
        "{run:?}"
    );
    assert_eq!(traces(&folder), [""; 0]);
    assert_eq!(count(&program), before - 7);
    for arguments in [&["sync"][..], &["verify", "--deep"], &["verify", "--repair"], &["verify", "--deep"]] {
        let run = program.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: what was forgotten counts as held: {run:?}");
        assert_eq!(traces(&folder), [""; 0], "{arguments:?}");
    }
    sandbox.clock().advance(std::time::Duration::from_secs(8 * 86_400));
    assert_eq!(program.run(&["sync"]).code, 0, "the last week is read again");
    assert_eq!(traces(&folder), [""; 0]);
    assert_eq!(count(&program), before - 7);
    let run = program.run(&["status"]);
    assert!(run.code == 0 && run.out.contains("2 of 2 stores complete"), "{run:?}");
    // The hours say what is there.
    let differ = "SELECT (SELECT sum(entries) FROM hours) - (SELECT count(*) FROM entries) AS n";
    assert_eq!(program.run(&["sql", "--format", "csv", differ]).out, "n\n0\n");
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 0 && run.out.starts_with("0 entries: forgotten"), "{run:?}");
}

/// Counts of pruned entries stay, without whom they were about, also where other entries of the same kind are held.
#[test]
fn counts_of_pruned_entries_do_not_name_whom_held_entries_name_too() {
    let sandbox = shops();
    for (number, hours) in [(1, 2), (2, 50)] {
        let record = json!({"author": NAME, "created_at": ago(hours), "detail": "Edited a product",
            "id": (9_000_000_000_000_000_200_i64 + number).to_string(), "subject_type": "products", "verb": "edit_product"});
        sandbox.push(Platform::Shopline, HANDLE, record);
        let record = json!({"id": 9_100_000 + number, "type": "general", "module": format!("Mail to {NAME}"),
            "severity": "errors", "summary": "Not sent", "message": "", "date_created": ago(hours)});
        sandbox.push(Platform::BigCommerce, HASH, record);
    }
    let program = Program::reading(&sandbox).with("STORELOGS_ARCHIVE", "archive/archive.db");
    assert_eq!(program.run(&["sync"]).code, 4, "one record is in quarantine");
    let run = program.run(&["prune", "--older-than", "1d"]);
    assert_eq!(run.code, 0, "{run:?}");
    let sum = "SELECT sum(entries) AS n FROM hours";
    let counted: u64 =
        program.run(&["sql", "--format", "csv", sum]).out.trim_start_matches("n\n").trim().parse().unwrap();
    // Of days of which all entries are pruned.
    let marks = || {
        let sql = Connection::open(program.home.path().join("archive/archive.db")).unwrap();
        let mut find = sql
            .prepare("SELECT platform, mark FROM counted_day WHERE day NOT IN (SELECT time / 86400000000 FROM entry)")
            .unwrap();
        find.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap()
            .map(Result::unwrap)
            .collect::<Vec<(String, i64)>>()
    };
    let before = marks();
    // Other entries of the kind are held, and are not asked for.
    let kept = program.run(&["forget", &format!("({QUERY}) id:9100001")]);
    assert!(kept.code == 0 && kept.out.contains("1 entry, "), "{kept:?}");
    let by_her = "SELECT sum(entries) AS n FROM hours WHERE actor LIKE '%Zwetsch%'";
    assert_eq!(program.run(&["sql", "--format", "csv", by_her]).out, "n\n1\n", "of the entry that is held");
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 0 && run.out.contains("1 entry: forgotten, and no byte"), "{run:?}");
    assert_eq!(traces(&program.home.path().join("archive")), [""; 0]);
    assert_eq!(program.run(&["sql", "--format", "csv", sum]).out, format!("n\n{}\n", counted - 2));
    // Exports bring the counts of these days again.
    let is_marked_anew = |platform: &str| marks().iter().any(|day| day.0 == platform && !before.contains(day));
    assert!(is_marked_anew("bigcommerce") && is_marked_anew("shopline"));
    assert_eq!(program.run(&["doctor"]).code, 0);
}

#[test]
fn what_is_redacted_stays_without_what_was_asked_for() {
    let (_sandbox, program) = collected();
    let folder = program.home.path().join("archive");
    let before = count(&program);
    let run = program.run(&["forget", QUERY, "--redact"]);
    assert!(run.code == 0 && run.out.contains("redacted or gone, and no byte"), "{run:?}");
    assert_eq!(traces(&folder), [""; 0]);
    assert_eq!(count(&program), before);
    let run = program.run(&["search", "--format", "json", "id:9000002"]);
    let entries: Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(entries[0]["summary"], "A note was left");
    let message = entries[0]["message"].as_str().unwrap();
    assert!(message.contains("Ship to [forgotten]"), "{message}");
    assert_eq!(program.run(&["search", "--count", "actor:\"[forgotten]\""]).out, "3\n");
    for arguments in [&["sync"][..], &["verify", "--deep"], &["verify", "--repair"]] {
        let run = program.run(arguments);
        assert_eq!(run.code, 0, "{arguments:?}: {run:?}");
        assert_eq!(traces(&folder), [""; 0], "{arguments:?}");
    }
    assert_eq!(count(&program), before);
}

#[test]
fn every_text_is_redacted_and_what_is_found_still_is_said() {
    let (_sandbox, program) = collected();
    let folder = program.home.path().join("archive");
    let sql = Connection::open(folder.join("archive.db")).unwrap();
    let named = "UPDATE entry SET module = 'Zwetschgenbaum & Co', category = 'of Zwetschgenbaum', \
                 action = 'call Zwetschgenbaum', severity_text = 'Zwetschgenbaum' WHERE key IN (SELECT key FROM entry LIMIT 3)";
    sql.execute(named, []).unwrap();
    drop(sql);
    let run = program.run(&["forget", "Zwetschgenbaum OR id:9000001", "--redact"]);
    assert!(run.code == 0 && run.out.contains("1 entry matches the query redacted, too"), "{run:?}");
    let query = "Zwetschgenbaum OR quirina OR \"quirina.zwetschgenbaum@example.com\"";
    let run = program.run(&["forget", query, "--redact"]);
    assert!(run.code == 0 && !run.out.contains("redacted, too"), "{run:?}");
    assert_eq!(program.run(&["search", "--count", query]).out, "0\n");
    assert_eq!(traces(&folder), [""; 0]);
    assert_eq!(program.run(&["search", "--count", "module:\"[forgotten] & Co\""]).out, "3\n");
}

#[test]
fn a_backup_from_before_is_restored_without_it() {
    let (_sandbox, program) = collected();
    assert_eq!(program.run(&["backup", "before.db"]).code, 0);
    assert_eq!(program.run(&["forget", QUERY]).code, 0);
    let after = count(&program);
    let run = program.run(&["restore", "before.db", "--replace"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(count(&program), after);
    assert_eq!(traces(&program.home.path().join("archive")), [""; 0]);
}

/// Nobody knows which of the entries that were pruned by then were to be forgotten.
#[test]
fn that_pruned_entries_come_back_after_something_was_forgotten_is_said() {
    let (_sandbox, program) = collected();
    assert_eq!(program.run(&["backup", "before.db"]).code, 0);
    assert_eq!(program.run(&["prune", "--older-than", "1d"]).code, 0);
    let run = program.run(&["restore", "before.db", "--replace"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "nothing was forgotten: {run:?}");
    assert_eq!(program.run(&["forget", "id:9000001"]).code, 0);
    assert_eq!(program.run(&["prune", "--older-than", "1d"]).code, 0);
    let run = program.run(&["restore", "before.db", "--replace"]);
    assert!(
        run.code == 0
            && run.err.contains("entries of bigcommerce:abc123, shopline:open001 are back that were pruned")
            && run.err.contains("Run each `storelogs forget` again"),
        "{run:?}"
    );
    let run = program.run(&["backup", "after.db"]);
    assert_eq!((run.code, run.err.as_str()), (0, ""), "{run:?}");
    fs::remove_file(program.home.path().join("archive/archive.db.secret")).unwrap();
    let run = program.run(&["backup", "without.db"]);
    assert!(run.code == 0 && run.err.contains("so the copy has no secret: put it back"), "{run:?}");
    let run = program.run(&["doctor"]);
    assert!(run.code == 1 && run.out.contains("nothing is collected without it"), "{run:?}");
}

/// Damage must not be a way around what was forgotten, and a way on is named.
#[test]
fn an_archive_that_cannot_say_what_it_forgot_is_not_replaced() {
    let (_sandbox, program) = collected();
    let folder = program.home.path().join("archive");
    assert_eq!(program.run(&["backup", "before.db"]).code, 0);
    let named = count(&program);
    assert_eq!(program.run(&["forget", QUERY]).code, 0);
    let mut bytes = fs::read(folder.join("archive.db")).unwrap();
    let pages: Vec<i64> = {
        let sql = Connection::open(folder.join("archive.db")).unwrap();
        let mut find = sql.prepare("SELECT rootpage FROM sqlite_master WHERE tbl_name = 'forgotten'").unwrap();
        find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    assert!(!pages.is_empty());
    let pages: Vec<usize> = pages.into_iter().map(|page| usize::try_from(page - 1).unwrap() * 4096).collect();
    for damaged in [&pages[..], &[0]] {
        damaged.iter().for_each(|from| bytes[*from..from + 4096].fill(0xff));
        fs::write(folder.join("archive.db"), &bytes).unwrap();
        let run = program.run(&["restore", "before.db", "--replace"]);
        assert!(
            run.code == 1 && run.err.contains("what was forgotten in archive/archive.db") && run.err.contains("mv "),
            "{run:?}"
        );
        assert_eq!(fs::read(folder.join("archive.db")).unwrap(), bytes, "nothing was changed");
        assert_eq!(
            fs::read_dir(&folder)
                .unwrap()
                .filter(|file| {
                    let name = file.as_ref().unwrap().file_name().into_string().unwrap();
                    name.contains("partial") || name.contains("replaced")
                })
                .count(),
            0
        );
    }
    // The way on.
    fs::rename(folder.join("archive.db"), folder.join("elsewhere.db")).unwrap();
    assert_eq!(program.run(&["restore", "before.db"]).code, 0);
    assert_eq!(count(&program), named);
}

#[test]
fn somebody_who_reads_an_older_state_is_said_to_be_in_the_way() {
    let (_sandbox, program) = collected();
    let folder = program.home.path().join("archive");
    let reader = Connection::open(folder.join("archive.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT count(*) FROM entry").unwrap();
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 1 && run.err.contains("keeps bytes of it in the file: end that"), "{run:?}");
    assert!(run.out.ends_with(": forgotten\n"), "{run:?}");
    drop(reader);
    let run = program.run(&["forget", QUERY]);
    assert_eq!(run.code, 0, "{run:?}");
    assert_eq!(traces(&folder), [""; 0]);
}

#[test]
fn that_the_configuration_names_whom_is_forgotten_is_said() {
    let (_sandbox, program) = collected();
    let store = |owner: &str| {
        format!("[[store]]\nplatform = \"bigcommerce\"\nstore = \"{HASH}\"\nowner = \"{owner}\"\ntags = [\"gold\"]\n")
    };
    let program = program.configured(&store(NAME));
    assert_eq!(program.run(&["sync"]).code, 4, "one record is in quarantine");
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 0 && run.err.contains("gives bigcommerce:abc123 a name, an owner or a tag"), "{run:?}");
    assert!(run.out.contains("nothing of it is left in the archive but what stores are called"), "{run:?}");
    let program = program.configured(&store("Acme"));
    assert_eq!(program.run(&["sync"]).code, 0);
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 0 && run.out.contains("no byte of it is left") && !run.err.contains("a tag"), "{run:?}");
    assert_eq!(traces(&program.home.path().join("archive")), [""; 0]);
}

#[test]
fn what_cannot_be_forgotten_is_one_clear_error() {
    let (_sandbox, program) = collected();
    for (arguments, says) in [
        (&["forget"][..], "QUERY"),
        (&["forget", ""], "would forget everything"),
        (&["forget", "severity>=bad"], "severity"),
    ] {
        let run = program.run(arguments);
        assert!(run.code == 2 && run.err.contains(says), "{arguments:?}: {run:?}");
    }
    assert_eq!(program.run(&["forget", QUERY]).code, 0);
    // Without the secret nobody knows what was forgotten.
    let secret = program.home.path().join("archive/archive.db.secret");
    let kept = fs::read(&secret).unwrap();
    fs::remove_file(&secret).unwrap();
    let run = program.run(&["sync"]);
    assert!(
        run.code == 1 && run.err.contains("archive.db.secret is missing") && run.err.contains("put it back"),
        "{run:?}"
    );
    fs::write(&secret, kept).unwrap();
    assert_eq!(program.run(&["sync"]).code, 0);
    assert_eq!(traces(&program.home.path().join("archive")), [""; 0]);
}

#[cfg(feature = "lake")]
#[test]
fn lakes_are_cleared_of_it_and_what_stays_in_another_form_is_exported_again() {
    let (_sandbox, program) = collected();
    let program = program.configured("[[export]]\nkind = \"lake\"\nto = \"lake\"\n");
    for lake in ["lake", "other"] {
        assert_eq!(program.run(&["export", "lake", lake]).code, 0);
    }
    let run = program.run(&["forget", QUERY, "--dry-run"]);
    assert!(run.out.contains("lake: would be cleared of them, too"), "{run:?}");
    let uids = program.run(&["forget", QUERY, "--dry-run", "--json"]).out;
    let uids: Value = serde_json::from_str(&uids).unwrap();
    let uids: Vec<&str> =
        uids["entries"].as_array().unwrap().iter().map(|entry| entry["uid"].as_str().unwrap()).collect();
    program.file("uids.txt", &uids.join("\n"));
    let run = program.run(&["forget", QUERY, "--redact"]);
    assert_eq!(run.code, 0, "{run:?}");
    assert!(run.out.contains("lake: 7 rows removed"), "{run:?}");
    assert!(!run.err.contains("pruned older entries"), "{run:?}");
    let run = program.run(&["export", "lake", "lake"]);
    assert!(run.out.starts_with("lake: 8 entries in "), "the redacted, and what was left of the other: {run:?}");
    let run = program.run(&["export", "lake", "other", "--forget", "uids.txt"]);
    assert!(run.code == 0 && run.out.contains("other: 7 rows removed"), "{run:?}");
    let run = program.run(&["export", "lake", "other", "--forget", "uids.txt"]);
    assert_eq!((run.code, run.out.as_str()), (0, "other: none of them is there\n"), "{run:?}");
    program.file("uids.txt", "no uid");
    assert_eq!(program.run(&["export", "lake", "other", "--forget", "uids.txt"]).code, 2);
    assert_eq!(program.run(&["prune", "--older-than", "30d"]).code, 0);
    let run = program.run(&["forget", "nobody"]);
    assert!(run.code == 0 && run.err.contains("/lake --forget FILE"), "older rows are in the lake: {run:?}");
}

#[cfg(feature = "lake")]
#[test]
fn a_lake_that_is_not_there_is_never_taken_for_one_that_is_clear() {
    let (_sandbox, program) = collected();
    program.file("uids.txt", "bigcommerce:abc123:7");
    let before = count(&program);
    for arguments in [
        &["forget", QUERY, "--lake", "lakes"][..],
        &["forget", QUERY, "--lake", "lakes", "--dry-run"],
        &["forget", "nobody", "--lake", "lakes"],
        &["export", "lake", "lakes", "--forget", "uids.txt"],
    ] {
        let run = program.run(arguments);
        assert!(run.code == 2 && run.err.contains("no lake is at lakes"), "{arguments:?}: {run:?}");
        assert!(!program.home.path().join("lakes").exists(), "{arguments:?} made it");
    }
    assert_eq!(count(&program), before, "nothing was forgotten");
    // One of the configuration may not have been begun; if entries went there, it has to be there.
    let program = program.configured("[[export]]\nkind = \"lake\"\nto = \"lake\"\n");
    assert_eq!(program.run(&["forget", "nobody"]).code, 0);
    let mut archive = storelogs_collector::Archive::open(program.home.path().join("archive/archive.db")).unwrap();
    let name = format!("lake {}", program.home.path().join("lake").display());
    archive.export_succeeded(&name, 1, present()).unwrap();
    drop(archive);
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 1 && run.err.contains("/lake, to which this archive was exported"), "{run:?}");
    assert_eq!(count(&program), before, "nothing was forgotten");
}

/// What an export had read before would arrive after the lake was cleared, and stay.
#[cfg(feature = "lake")]
#[test]
fn nothing_is_exported_while_something_is_forgotten() {
    let (_sandbox, program) = collected();
    let path = program.home.path().join("archive/archive.db");
    let other = storelogs_collector::Archive::open(&path).unwrap();
    let before = count(&program);
    let exporting = (other.lock_copying().unwrap().unwrap(), other.lock_copying().unwrap().unwrap());
    let run = program.run(&["forget", QUERY]);
    assert!(run.code == 1 && run.err.contains("another process exports entries of the archive"), "{run:?}");
    assert_eq!(count(&program), before);
    assert_eq!(program.run(&["forget", QUERY, "--dry-run"]).code, 0);
    assert_eq!(program.run(&["export", "lake", "lake"]).code, 0, "exports do not keep each other out");
    drop(exporting);
    let forgetting = other.lock_forgetting().unwrap();
    let run = program.run(&["export", "lake", "lake"]);
    assert!(run.code == 1 && run.err.contains("another process forgets entries of the archive"), "{run:?}");
    let run = program.run(&["export", "otlp", "--endpoint", "http://127.0.0.1:1"]);
    assert!(run.code == 1 && run.err.contains("another process forgets entries of the archive"), "{run:?}");
    drop(forgetting);
    let run = program.run(&["forget", QUERY, "--lake", "lake"]);
    assert!(run.code == 0 && run.out.contains("lake: 7 rows removed"), "{run:?}");
}
