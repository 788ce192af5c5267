//! The prompt for SQL statements on a terminal.

use std::time::Instant;

use storelogs_collector::query::Console;
use storelogs_collector::wording::format_count;

use super::{Answering, SqlArgs, Stopper};
use crate::error::{CliError, ErrorKind, Exit};
use crate::ui::{Prompt, Typed, Ui};

const HELLO: &str = "\
The archive is only read. A statement ends with ; and .views lists what can be asked. Ctrl-D ends.
";
/// The statement behind `.views`.
const VIEWS: &str = "
    SELECT view.name AS view, group_concat(column.name, ', ') AS columns
      FROM sqlite_master AS view, pragma_table_info(view.name) AS column
     WHERE view.type = 'view' GROUP BY view.name";

/// Reads statements and answers them, until the end of the input.
pub(super) fn run(console: &Console, args: &SqlArgs, stopper: &Stopper, ui: Ui) -> Result<Exit, CliError> {
    let mut prompt = Prompt::new()?;
    let whole = Answering { args, ui, width: None };
    ui.note(HELLO);
    let mut statement = String::new();
    loop {
        match prompt.ask(if statement.is_empty() { "sql> " } else { "...> " })? {
            Typed::Line(line) => {
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
                        ".views" => ask(console, VIEWS, whole, stopper)?,
                        ".quit" | ".exit" => return Ok(Exit::Done),
                        _ => ui.note("There are .views and .quit.\n"),
                    }
                } else if command.ends_with(';') {
                    ask(console, &statement, Answering { width: ui.stdout_width(), ..whole }, stopper)?;
                } else {
                    continue;
                }
                prompt.remember(statement.trim());
                statement.clear();
            }
            Typed::Interrupted => statement.clear(),
            Typed::End => return Ok(Exit::Done),
        }
    }
}

/// Answers one statement. What is wrong with it is said, and the next one may come.
fn ask(console: &Console, statement: &str, how: Answering<'_>, stopper: &Stopper) -> Result<(), CliError> {
    let begun = Instant::now();
    let answered = how.answer(console, statement);
    stopper.clear();
    match answered {
        Ok(1) => how.ui.note(&format!("1 row, {:.2} s\n", begun.elapsed().as_secs_f64())),
        Ok(rows) => how.ui.note(&format!("{} rows, {:.2} s\n", format_count(rows), begun.elapsed().as_secs_f64())),
        Err(error) if error.kind == ErrorKind::Interrupted => how.ui.note("interrupted\n"),
        Err(error) if error.kind == ErrorKind::Usage => how.ui.failure(&error),
        Err(error) => return Err(error),
    }
    Ok(())
}
