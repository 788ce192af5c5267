//! The documented views with pseudonyms in their texts, and nothing else.
//!
//! A view of the same name in the connection's own schema shadows each of them. Its texts go through the redactor
//! before a statement sees them, so that no expression can reveal a part of them. Every other table is shadowed by an
//! empty one. A statement could still name the archive's own schema, `main.entries`: such a statement is refused by its
//! text. SQLite's authorizer alone is not enough: it takes what a common table expression reads for what a view of that
//! name reads.

use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use super::authorizer;
use crate::archive::Archive;
use crate::error::Result;
use crate::redact::{Field, Redact, Redactor};

/// The name of the function that the views call. A statement may call it, too: it only takes away.
const FUNCTION: &str = "redacted";

/// Each view, and those of its columns that hold texts of the log, with what kind of text that is.
const VIEWS: [(&str, &[(&str, Field)]); 9] = [
    (
        "entries",
        &[
            ("summary", Field::Summary),
            ("message", Field::Message),
            ("actor", Field::Actor),
            ("subject_id", Field::Subject),
            ("category", Field::Fact),
            ("module", Field::Fact),
            ("action", Field::Fact),
            ("severity_text", Field::Fact),
            ("extra", Field::Message),
        ],
    ),
    (
        "hours",
        &[
            ("actor", Field::Actor),
            ("category", Field::Fact),
            ("module", Field::Fact),
            ("action", Field::Fact),
            ("shape", Field::Template),
        ],
    ),
    ("stores", &[]),
    ("covered", &[]),
    ("audits", &[]),
    ("gaps", &[]),
    ("prunings", &[]),
    ("quarantined", &[("reason", Field::Message), ("raw", Field::Message)]),
    ("revisions", &[("entry", Field::Message)]),
];

/// Tables of the archive's schema that a statement may read by itself: functions that look like tables, and the schema.
const HARMLESS: [&str; 4] = ["json_each", "json_tree", "sqlite_master", "sqlite_schema"];

/// Puts the views in their places, and lets statements see nothing else.
pub(super) fn set_up(archive: &mut Archive) -> Result<()> {
    let redactor = archive.redactor()?;
    let fault = |error| archive.fault(error);
    let (names, views) = (names(archive).map_err(fault)?, views(archive).map_err(fault)?);
    let empty = names.iter().filter(|name| VIEWS.iter().all(|(view, _)| view != name));
    let empty: String = empty.map(|name| format!("CREATE TEMP VIEW \"{name}\" AS SELECT 1 WHERE 0;\n")).collect();
    let sql = archive.sql_mut();
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    let function = sql.create_scalar_function(FUNCTION, 2, flags, move |context| {
        let text: Option<String> = context.get(1)?;
        Ok(text.map(|text| redact(&redactor, context.get_raw(0).as_str().unwrap_or_default(), &text)))
    });
    let done = function.and_then(|()| {
        sql.execute_batch(&views)?;
        sql.execute_batch(&empty)?;
        sql.pragma_update(None, "query_only", "on")?;
        sql.authorizer(Some(move |context: AuthContext<'_>| check(&names, context)))
    });
    done.map_err(|error| archive.fault(error))
}

/// Whether a statement names the archive's own schema: `main`, however it is quoted, before a point.
pub(super) fn reaches_beneath(statement: &str) -> bool {
    let bytes = statement.as_bytes();
    let of_a_name = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$') || !byte.is_ascii();
    let found = bytes.windows(SCHEMA.len()).enumerate().filter(|(_, word)| word.eq_ignore_ascii_case(SCHEMA));
    found.map(|(at, _)| (at, &bytes[at + SCHEMA.len()..])).any(|(at, rest)| {
        let begins = at == 0 || !of_a_name(&bytes[at - 1]);
        let quoted = rest.first().is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`' | b']'));
        begins && behind_blanks(&rest[usize::from(quoted)..]).first() == Some(&b'.')
    })
}

const SCHEMA: &[u8] = b"main";

/// The text after blanks and comments.
fn behind_blanks(mut text: &[u8]) -> &[u8] {
    let behind =
        |text: &[u8], end: &[u8]| text.windows(end.len()).position(|part| part == end).map(|at| at + end.len());
    loop {
        text = text.trim_ascii_start();
        let length = match text {
            // SQLite takes a vertical tab for nothing, and a form feed for a blank, as Rust does.
            [b'-', b'-', ..] => behind(text, b"\n"),
            [b'/', b'*', rest @ ..] => behind(rest, b"*/").map(|length| length + 2),
            _ => return text,
        };
        text = &text[length.unwrap_or(text.len())..];
    }
}

fn redact(redactor: &Redactor, kind: &str, text: &str) -> String {
    let field = VIEWS.iter().flat_map(|(_, texts)| *texts).find(|(_, field)| name(*field) == kind);
    redactor.text(field.map_or(Field::Message, |(_, field)| *field), text).into_owned()
}

/// How the views name a kind of text.
fn name(field: Field) -> &'static str {
    match field {
        Field::Actor => "actor",
        Field::Subject => "subject",
        Field::Fact => "fact",
        Field::Summary | Field::Message | Field::Template => "text",
    }
}

/// All tables and views of the archive.
fn names(archive: &Archive) -> rusqlite::Result<Vec<String>> {
    let mut statement = archive.sql().prepare("SELECT name FROM main.sqlite_schema WHERE type IN ('table', 'view')")?;
    let names = statement.query_map([], |row| row.get::<_, String>(0))?.collect::<rusqlite::Result<Vec<_>>>()?;
    Ok(names.into_iter().filter(|name| !name.starts_with("sqlite_")).collect())
}

/// The statements that make the views.
fn views(archive: &Archive) -> rusqlite::Result<String> {
    let mut statements = String::new();
    for (view, texts) in VIEWS {
        let shown = archive.sql().prepare(&format!("SELECT * FROM main.{view}"))?;
        let columns = shown.column_names().map(|column| {
            let field = texts.iter().find(|(text, _)| *text == column).map(|(_, field)| name(*field));
            field.map_or(format!("\"{column}\""), |kind| format!("{FUNCTION}('{kind}', \"{column}\") AS \"{column}\""))
        });
        let columns = columns.collect::<Vec<_>>().join(", ");
        statements.push_str(&format!("CREATE TEMP VIEW {view} AS SELECT {columns} FROM main.{view};\n"));
    }
    Ok(statements)
}

/// Is asked about every part of a statement before it runs. What it reads of the archive's schema, it reads by a view.
fn check(names: &[String], context: AuthContext<'_>) -> Authorization {
    // Without a column, it is a table of a view whose columns were taken one by one.
    if let AuthAction::Read { table_name, column_name } = context.action
        && !column_name.is_empty()
        && !matches!(context.database_name, None | Some("temp"))
        && !HARMLESS.contains(&table_name)
        && !table_name.starts_with("pragma_")
        && !context.accessor.is_some_and(|view| names.iter().any(|name| name == view))
    {
        return Authorization::Deny;
    }
    authorizer::check(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_archives_own_schema_is_found_in_a_statement_however_it_is_written() {
        for statement in [
            "SELECT * FROM main.entries",
            "WITH entries AS (SELECT * FROM MAIN . entry) SELECT * FROM entries",
            "SELECT * FROM \"main\".entry",
            "SELECT * FROM [main].entry",
            "SELECT * FROM `Main`\n.entry",
            "SELECT * FROM 'main'/* . */.entry",
            "SELECT * FROM main -- a comment\n -- another\n.entry",
            "SELECT 1,main.entry.id",
        ] {
            assert!(reaches_beneath(statement), "{statement}");
        }
        for statement in [
            "SELECT * FROM entries WHERE message LIKE '%domain.example%'",
            "SELECT 'main' FROM entries",
            "SELECT main FROM (SELECT 1 AS main)",
            "SELECT * FROM entries AS maine WHERE maine.uid = 'main'",
            "SELECT 1 -- main",
            "main /* open",
        ] {
            assert!(!reaches_beneath(statement), "{statement}");
        }
    }
}
