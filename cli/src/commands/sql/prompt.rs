//! Asking for statements on a terminal.

use std::time::Instant;

use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use storelogs_collector::query::{Console, SqlError};

use super::{Failed, Options, Stopper, answer};
use crate::error::{Exit, Stop};
use crate::ui;
use storelogs_collector::insight::grouped;

const HELLO: &str = "\
The archive is only read. A statement ends with ; and .views lists what can be asked. Ctrl-D ends.
";
/// What `.views` asks.
const VIEWS: &str = "
    SELECT view.name AS view, group_concat(column.name, ', ') AS columns
      FROM sqlite_master AS view, pragma_table_info(view.name) AS column
     WHERE view.type = 'view' GROUP BY view.name";

/// Reads statements and answers them, until the end of the input.
pub(super) fn run(console: &Console, options: &Options, stopper: &Stopper) -> Result<Exit, Stop> {
    let broken = |error: ReadlineError| Stop::Failed(format!("the terminal cannot be read: {error}"));
    // The history is kept in memory only: a statement may name customers.
    let mut editor = DefaultEditor::new().map_err(broken)?;
    ui::note(HELLO);
    let mut statement = String::new();
    loop {
        match editor.readline(if statement.is_empty() { "sql> " } else { "...> " }) {
            Ok(line) => {
                if statement.is_empty() && line.trim().is_empty() {
                    continue;
                }
                if !statement.is_empty() {
                    statement.push('\n');
                }
                statement.push_str(&line);
                let command = statement.trim();
                if command.starts_with('.') {
                    match command {
                        // Whole, however long.
                        ".views" => ask(console, VIEWS, options, None, stopper)?,
                        ".quit" | ".exit" => return Ok(Exit::Done),
                        _ => ui::note("There are .views and .quit.\n"),
                    }
                } else if command.ends_with(';') {
                    ask(console, &statement, options, ui::stdout_width(), stopper)?;
                } else {
                    continue;
                }
                // It fails only where there is no room for one line more.
                let _ = editor.add_history_entry(statement.trim());
                statement.clear();
            }
            Err(ReadlineError::Interrupted) => statement.clear(),
            Err(ReadlineError::Eof) => return Ok(Exit::Done),
            Err(error) => return Err(broken(error)),
        }
    }
}

/// Answers one statement. What is wrong with it is said, and the next one may come.
fn ask(
    console: &Console,
    statement: &str,
    options: &Options,
    width: Option<usize>,
    stopper: &Stopper,
) -> Result<(), Stop> {
    let begun = Instant::now();
    let answered = answer(console, statement, options, width);
    stopper.clear();
    match answered {
        Ok(1) => ui::note(&format!("1 row, {:.2} s\n", begun.elapsed().as_secs_f64())),
        Ok(rows) => ui::note(&format!("{} rows, {:.2} s\n", grouped(rows), begun.elapsed().as_secs_f64())),
        Err(Failed::Sql(SqlError::Archive(error))) => return Err(error.into()),
        Err(Failed::Sql(SqlError::Interrupted)) => ui::note("interrupted\n"),
        Err(Failed::Sql(error)) => ui::error(&error.to_string()),
        Err(failed) => return Err(failed.into()),
    }
    Ok(())
}
