//! The documented views with pseudonyms in their texts, and nothing else.
//!
//! A view of the same name in the connection's own schema shadows each of them. Its texts go through the redactor
//! before a statement sees them, so that no expression can reveal a part of them.
//!
//! A statement is prepared twice. The first time in an empty database, which has nothing but the names of these views and
//! of their columns: whatever else a statement names is an error there. So none reaches a table of the archive, and none
//! calls the function that makes pseudonyms, which would tell what each stands for. SQLite's authorizer alone is not
//! enough for that: it takes what a common table expression does for what a view of that name does.

use rusqlite::functions::FunctionFlags;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};
use rusqlite::{Connection, Error as Fault};

use super::SqlError;
use super::authorizer;
use crate::archive::Archive;
use crate::error::Result;
use crate::redact::{Field, Redact, Redactor};

/// The name of the function that the views call, and no statement.
const FUNCTION: &str = "redacted";

/// Each view, and those of its columns that hold texts of the log, with what kind of text that is.
pub(super) const VIEWS: [(&str, &[(&str, Field)]); 11] = [
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
    ("verifications", &[("error", Field::Message)]),
    // A name of a person stays, as an actor's does.
    ("labels", &[("value", Field::Actor)]),
    ("quarantined", &[("reason", Field::Message), ("raw", Field::Message)]),
    ("revisions", &[("entry", Field::Message)]),
];

/// What else a statement may read: functions that look like tables, and the schema.
const HARMLESS: [&str; 4] = ["json_each", "json_tree", "sqlite_master", "sqlite_schema"];

/// The names of the views, without the archive.
#[derive(Debug)]
pub(super) struct Names(Connection);

/// Puts the views in their places.
pub(super) fn set_up(archive: &mut Archive) -> Result<Names> {
    let redactor = archive.redactor()?;
    let (shown, names) = views(archive).map_err(|error| archive.fault(error))?;
    let done = shadow(archive.sql_mut(), redactor, &shown).and_then(|()| Names::new(&names));
    done.map_err(|error| archive.fault(error))
}

fn shadow(sql: &mut Connection, redactor: Redactor, views: &str) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    sql.create_scalar_function(FUNCTION, 2, flags, move |context| {
        let text: Option<String> = context.get(1)?;
        Ok(text.map(|text| redact(&redactor, context.get_raw(0).as_str().unwrap_or_default(), &text)))
    })?;
    sql.execute_batch(views)?;
    sql.pragma_update(None, "query_only", "on")?;
    sql.authorizer(Some(authorizer::check))
}

impl Names {
    fn new(views: &str) -> rusqlite::Result<Self> {
        let mut sql = Connection::open_in_memory()?;
        sql.execute_batch(views)?;
        sql.authorizer(Some(check))?;
        Ok(Self(sql))
    }

    /// Prepares a statement, which fails if it names anything besides.
    pub(super) fn understand(&self, statement: &str, archive: &Archive) -> Result<(), SqlError> {
        let Err(error) = self.0.prepare(statement) else { return Ok(()) };
        if let Fault::SqlInputError { msg: why, .. } | Fault::SqliteFailure(_, Some(why)) = &error
            && let Some(name) = why.strip_prefix("no such table: ")
        {
            return Err(SqlError::NoView { name: name.to_owned(), views: VIEWS.map(|(view, _)| view).to_vec() });
        }
        Err(SqlError::new(statement, error, archive))
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

/// The statements that make the views, and those that make views of the same columns without any row.
fn views(archive: &Archive) -> rusqlite::Result<(String, String)> {
    let (mut shown, mut names) = (String::new(), String::new());
    for (view, texts) in VIEWS {
        let statement = archive.sql().prepare(&format!("SELECT * FROM main.{view}"))?;
        let each = |of: &dyn Fn(&str) -> String| {
            let columns: Vec<String> = statement.column_names().map(of).collect();
            columns.join(", ")
        };
        let columns = each(&|column| {
            let field = texts.iter().find(|(text, _)| *text == column).map(|(_, field)| name(*field));
            field.map_or(format!("\"{column}\""), |kind| format!("{FUNCTION}('{kind}', \"{column}\") AS \"{column}\""))
        });
        shown.push_str(&format!("CREATE TEMP VIEW {view} AS SELECT {columns} FROM main.{view};\n"));
        let columns = each(&|column| format!("NULL AS \"{column}\""));
        names.push_str(&format!("CREATE TEMP VIEW {view} AS SELECT {columns} WHERE 0;\n"));
    }
    Ok((shown, names))
}

/// Is asked about every part of a statement before it runs.
fn check(context: AuthContext<'_>) -> Authorization {
    if let AuthAction::Read { table_name, column_name } = context.action
        // Without a column, nothing is read of it: it may be a common table expression, of any name.
        && !column_name.is_empty()
        && VIEWS.iter().all(|(view, _)| *view != table_name)
        && !HARMLESS.contains(&table_name)
        && !table_name.starts_with("pragma_")
    {
        return Authorization::Deny;
    }
    authorizer::check(context)
}
