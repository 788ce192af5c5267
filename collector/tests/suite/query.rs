//! SQL over the archive.

use std::time::Duration;

use storelogs::Store;
use storelogs::testing::entry;
use storelogs_collector::Archive;
use storelogs_collector::archive::Commit;
use storelogs_collector::query::{Answer, Cell, Console, SqlError};

/// Every row as text.
#[derive(Default)]
struct Collected(Vec<Vec<String>>);

impl Answer for Collected {
    type Error = SqlError;

    fn columns(&mut self, names: &[&str]) -> Result<(), SqlError> {
        self.0.push(names.iter().map(|name| (*name).to_owned()).collect());
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), SqlError> {
        self.0.push(cells.iter().map(|cell| format!("{cell:?}")).collect());
        Ok(())
    }
}

fn ask(console: &Console, statement: &str) -> Result<Vec<Vec<String>>, SqlError> {
    let mut collected = Collected::default();
    console.ask(statement, &mut collected)?;
    Ok(collected.0)
}

fn refusal(console: &Console, statement: &str) -> String {
    ask(console, statement).expect_err(statement).to_string()
}

/// Three entries of one store.
fn console() -> (tempfile::TempDir, Console) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path).unwrap();
    let store = Store::bigcommerce("abc123").unwrap();
    let id = archive.add_store(&store).unwrap();
    let entries = (1..=3).map(|number| entry(number).store(&store).module("Export Only").build()).collect();
    archive.commit([(id, &Commit { entries, ..Commit::default() })]).unwrap();
    archive.catch_up(|_| {}).unwrap();
    (folder, Console::open(path).unwrap())
}

#[test]
fn a_statement_is_answered_over_the_documented_views() {
    let (_folder, console) = console();
    let collected =
        ask(&console, "SELECT module, count(*) AS held, NULL, 1.5, x'0a' FROM entries GROUP BY module;").unwrap();
    assert_eq!(collected[0], ["module", "held", "NULL", "1.5", "x'0a'"]);
    assert_eq!(collected[1], ["Text(\"Export Only\")", "Integer(3)", "Null", "Real(1.5)", "Blob([10])"]);
    for view in ["entries", "hours", "stores", "covered", "audits", "gaps", "quarantined", "revisions"] {
        ask(&console, &format!("SELECT * FROM {view}")).unwrap();
    }
}

#[test]
fn whatever_reads_is_allowed() {
    let (_folder, console) = console();
    for statement in [
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 5) SELECT sum(i) FROM n",
        "VALUES (1), (2)",
        "EXPLAIN QUERY PLAN SELECT * FROM entries",
        "SELECT value FROM json_each('[1, 2]')",
        "SELECT name FROM sqlite_master ORDER BY 1",
        "SELECT name FROM pragma_table_info('entries')",
        "PRAGMA table_info (entries)",
        "PRAGMA user_version",
        "SELECT uid, row_number() OVER (ORDER BY time) FROM entries",
    ] {
        assert!(
            ask(&console, statement).unwrap_or_else(|error| panic!("{statement}: {error}")).len() > 1,
            "{statement}"
        );
    }
}

#[test]
fn nothing_can_be_written_or_reached_besides() {
    let (folder, console) = console();
    let before = std::fs::read(folder.path().join("archive.db")).unwrap();
    let other = folder.path().join("other.db");
    let attach = format!("ATTACH '{}' AS other", other.display());
    let vacuum = format!("VACUUM INTO '{}'", other.display());
    for statement in [
        "DELETE FROM entry",
        "INSERT INTO output VALUES ('mine', 1)",
        "UPDATE entry SET summary = 'x'",
        "REPLACE INTO output VALUES ('mine', 1)",
        "WITH gone AS (SELECT key FROM entry) DELETE FROM entry WHERE key IN gone",
        "EXPLAIN DELETE FROM entry",
        "CREATE TABLE mine (a)",
        "CREATE TEMP TABLE mine (a)",
        "CREATE TEMP VIEW mine AS SELECT 1",
        "CREATE VIRTUAL TABLE temp.mine USING fts5 (a)",
        "DROP VIEW entries",
        "DELETE FROM packed_entry",
        "ALTER TABLE packed_entry RENAME TO mine",
        "PRAGMA query_only = off",
        "PRAGMA writable_schema = on",
        "PRAGMA journal_mode = delete",
        "PRAGMA user_version = 7",
        "PRAGMA wal_checkpoint",
        "PRAGMA temp_store_directory = '/'",
        "BEGIN IMMEDIATE",
        "SAVEPOINT mine",
        "REINDEX",
        "ANALYZE",
        "VACUUM",
        &attach,
        &vacuum,
        "DETACH main",
    ] {
        let refused = ask(&console, statement).expect_err(statement);
        assert!(matches!(refused, SqlError::Refused), "{statement}: {refused}");
    }
    assert!(refusal(&console, "SELECT load_extension('mine')").starts_with("not authorized to use function"));
    assert!(!other.exists());
    assert_eq!(std::fs::read(folder.path().join("archive.db")).unwrap(), before);
}

#[test]
fn what_is_wrong_is_pointed_at() {
    let (_folder, console) = console();
    insta::assert_snapshot!(refusal(&console, "SELECT modul FROM entries"), @"
    no such column: modul
    SELECT modul FROM entries
           ^
    ");
    insta::assert_snapshot!(refusal(&console, "SELECT '商品',\n\tmodule\n  FORM entries"), @r#"
    near "entries": syntax error, in line 3
      FORM entries
           ^
    "#);
    insta::assert_snapshot!(refusal(&console, "SELECT 1; SELECT 2 FORM entries"), @r#"
    near "entries": syntax error
    SELECT 1; SELECT 2 FORM entries
                            ^
    "#);
    insta::assert_snapshot!(refusal(&console, "SELECT count(* FROM entries"), @r#"
    near "FROM": syntax error
    SELECT count(* FROM entries
                   ^
    "#);
    insta::assert_snapshot!(refusal(&console, "SELECT * FROM orders"), @"no such table: orders; the views are entries, hours, stores, covered, audits, gaps, prunings, verifications, labels, quarantined, revisions");
}

#[test]
fn one_statement_at_a_time() {
    let (_folder, console) = console();
    assert!(matches!(ask(&console, "SELECT 1; SELECT 2"), Err(SqlError::Several)));
    assert!(matches!(ask(&console, " -- nothing\n"), Err(SqlError::Empty)));
    assert_eq!(ask(&console, "SELECT 1; -- and no more").unwrap().len(), 2);
}

#[test]
fn a_long_statement_can_be_interrupted_and_the_next_one_runs() {
    let (_folder, console) = console();
    let interrupt = console.interrupter();
    let stopper = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_millis(100));
        interrupt.interrupt();
    });
    let endless = "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    assert!(matches!(ask(&console, endless), Err(SqlError::Interrupted)));
    stopper.join().unwrap();
    assert_eq!(ask(&console, "SELECT 1").unwrap().len(), 2);
}

/// An archive of one entry with somebody's data in each of its texts, asked without and with pseudonyms.
fn consoles() -> (tempfile::TempDir, Console, Console) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path).unwrap();
    let store = Store::bigcommerce("abc123").unwrap();
    let id = archive.add_store(&store).unwrap();
    let said = r#"{"email":"ada@example.com","reason":"declined"}"#;
    let entry = entry(1).store(&store).summary("Mail to ada@example.com failed").message(said).actor("ada@example.com");
    archive.commit([(id, &Commit { entries: vec![entry.build()], ..Commit::default() })]).unwrap();
    archive.catch_up(|_| {}).unwrap();
    let consoles = (Console::open(&path).unwrap(), Console::open_redacted(&path).unwrap());
    (folder, consoles.0, consoles.1)
}

#[test]
fn pseudonyms_stand_in_every_view_and_nothing_gets_at_what_they_hide() {
    let (_folder, open, redacted) = consoles();
    let plain = ask(&open, "SELECT summary, message, actor FROM entries").unwrap();
    assert!(plain[1].iter().all(|cell| cell.contains("ada@example.com")), "{plain:?}");
    let rows = ask(&redacted, "SELECT summary, message, actor FROM entries").unwrap();
    assert!(rows[1].iter().all(|cell| cell.contains("[email ") && !cell.contains("ada")), "{rows:?}");
    assert!(rows[1][1].contains("declined"), "{rows:?}");
    for guess in [
        "SELECT count(*) FROM entries WHERE summary LIKE '%ada@example.com%'",
        "SELECT count(*) FROM entries WHERE substr(message, 11, 3) = 'ada'",
        "SELECT count(*) FROM hours WHERE actor LIKE 'ada%' OR shape LIKE '%ada%'",
        "WITH hidden AS (SELECT actor AS a FROM entries) SELECT count(*) FROM hidden WHERE a LIKE 'ada%'",
    ] {
        assert_eq!(ask(&redacted, guess).unwrap()[1], ["Integer(0)"], "{guess}");
    }
    let by_pseudonym = "SELECT count(*) FROM entries WHERE message LIKE '%' || actor || '%'";
    assert_eq!(ask(&redacted, by_pseudonym).unwrap()[1], ["Integer(1)"]);
}

#[test]
fn what_stands_beneath_the_redacted_views_cannot_be_reached() {
    let (_folder, open, redacted) = consoles();
    for statement in [
        "SELECT summary FROM main.entries",
        "SELECT count(*) FROM main.entries",
        "SELECT (SELECT message FROM main.entries LIMIT 1) FROM stores",
        "SELECT id FROM entry",
        "SELECT summary FROM packed_entry",
        "SELECT actor FROM attributes",
        "SELECT text_0 FROM template",
        "SELECT * FROM main.hours",
        "SELECT e.summary FROM entries JOIN main.entries AS e USING (uid)",
        "WITH x AS (SELECT actor FROM kind) SELECT * FROM x",
        "WITH kind AS (SELECT actor FROM kind) SELECT * FROM kind",
        "WITH entries AS (SELECT summary FROM main.entries) SELECT * FROM entries",
        "WITH hours AS (SELECT summary FROM entry) SELECT * FROM hours",
        "SELECT * FROM dbstat",
        "CREATE TEMP VIEW v AS SELECT * FROM main.entries",
        "DROP VIEW temp.entries",
    ] {
        let refused = ask(&redacted, statement);
        assert!(
            matches!(refused, Err(SqlError::Refused | SqlError::NoView { .. } | SqlError::Wrong { .. })),
            "{statement}: {refused:?}"
        );
    }
    assert!(ask(&open, "SELECT summary FROM main.entries").is_ok());
    assert!(ask(&redacted, "SELECT value FROM entries, json_each(entries.message)").is_ok());
    assert!(ask(&redacted, "SELECT name FROM pragma_table_info('entries')").is_ok());
}

#[test]
fn no_statement_makes_pseudonyms_of_texts_of_its_own() {
    let (_folder, _, redacted) = consoles();
    let known = ask(&redacted, "SELECT actor FROM entries").unwrap()[1].clone();
    for call in ["redacted('actor', 'ada@example.com')", "\"Redacted\"('actor', 'ada@example.com')"] {
        for statement in [
            format!("SELECT {call}"),
            format!("SELECT {call} FROM entries"),
            format!("SELECT count(*) FROM entries WHERE actor = {call}"),
            format!("WITH entries AS (SELECT {call} AS actor) SELECT actor FROM entries"),
            format!("SELECT actor FROM (SELECT {call} AS actor) AS entries"),
            format!("SELECT uid FROM entries ORDER BY {call} = actor"),
            format!("EXPLAIN SELECT {call}"),
        ] {
            let why = refusal(&redacted, &statement);
            assert!(why.starts_with("no such function: "), "{statement}: {why}");
        }
    }
    // The statements' own words may be anything, and a pseudonym is the same in every place of an answer.
    let twice = "WITH redacted AS (SELECT actor FROM entries WHERE summary NOT LIKE '%redacted(main.entries)%') \
                 SELECT redacted.actor FROM redacted JOIN hours USING (actor) JOIN entries AS main USING (actor) \
                 WHERE instr(main.summary, actor) AND main.actor = hours.actor";
    assert_eq!(ask(&redacted, twice).unwrap()[1..], [known]);
}

#[test]
fn every_documented_view_is_there_with_pseudonyms_and_the_rest_is_refused_by_its_name() {
    let (_folder, open, redacted) = consoles();
    let tables = ask(&open, "SELECT name, type FROM sqlite_schema WHERE type IN ('table', 'view')").unwrap();
    let manual = include_str!("../../../docs/search.md");
    for row in &tables[1..] {
        let name = row[0].strip_prefix("Text(\"").and_then(|name| name.strip_suffix("\")")).unwrap();
        let columns = |console| ask(console, &format!("SELECT * FROM {name}")).map(|rows| rows[0].clone());
        if manual.contains(&format!("\n| `{name}` | ")) {
            assert_eq!(columns(&redacted).unwrap(), columns(&open).unwrap(), "{name}");
            assert_eq!(row[1], "Text(\"view\")", "{name}");
        } else if name != "sqlite_sequence" {
            for statement in [format!("SELECT count(*) FROM {name}"), format!("SELECT EXISTS (SELECT * FROM {name})")] {
                let why = refusal(&redacted, &statement);
                assert!(
                    why.starts_with(&format!("{name} is none of the views that can be read here: entries, ")),
                    "{why}"
                );
            }
        }
        let documented = row[1] == "Text(\"view\")" && name != "entry" && !name.ends_with("_as_text");
        assert_eq!(documented, manual.contains(&format!("\n| `{name}` | ")), "{name}");
    }
}

#[test]
fn labels_and_verifications_are_read_with_pseudonyms() {
    use storelogs_collector::archive::Verification;
    let (folder, _, _) = consoles();
    let path = folder.path().join("archive.db");
    let mut archive = Archive::open(&path).unwrap();
    let store = Store::bigcommerce("abc123").unwrap();
    let id = archive.store_id(&store).unwrap().unwrap();
    let found = Verification {
        at: jiff::Timestamp::UNIX_EPOCH,
        deep: true,
        verdict: "complete".to_owned(),
        summary: "complete".to_owned(),
        error: Some("ask ada@example.com".to_owned()),
    };
    archive.keep_verification(id, &found).unwrap();
    drop(archive);
    let sql = rusqlite::Connection::open(&path).unwrap();
    sql.execute("INSERT INTO label VALUES (1, 'owner', 'ada@example.com'), (1, 'tag', 'eu')", []).unwrap();
    let redacted = Console::open_redacted(&path).unwrap();
    let labels = ask(&redacted, "SELECT kind, value FROM labels ORDER BY kind").unwrap();
    assert!(labels[1][1].starts_with("Text(\"[email "), "{labels:?}");
    assert_eq!(labels[2], ["Text(\"tag\")", "Text(\"eu\")"]);
    let verified = ask(&redacted, "SELECT verdict, error FROM verifications").unwrap();
    assert_eq!(verified[1][0], "Text(\"complete\")");
    assert!(verified[1][1].starts_with("Text(\"ask [email "), "{verified:?}");
}

#[test]
fn a_value_that_would_fill_the_memory_is_an_error() {
    let (_folder, console) = console();
    console.limit_length(1_000_000).unwrap();
    let why = refusal(&console, "SELECT hex(zeroblob(900000))");
    assert!(why.contains("too big"), "{why}");
}
