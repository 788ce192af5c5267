//! `sql`: asks the archive with SQL.

mod prompt;

use std::io::{self, IsTerminal, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use storelogs_collector::query::{Answer, Cell, Console, Interrupt, SqlError};

use crate::error::{Exit, Stop};
use crate::options::ArchiveOptions;
use crate::output;
use crate::output::rows::{self, Format, Rows};
use crate::ui;

/// Ask the archive with SQL
///
/// Runs one statement, given as an argument or on standard input; on a terminal it asks for statements. The archive is
/// only read: what would change something, or reach another file, is refused. Nothing is sent to a platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Options {
    /// The statement; without it, standard input or a prompt
    #[arg(value_name = "STATEMENT")]
    statement: Option<String>,

    #[command(flatten)]
    archive: ArchiveOptions,

    /// How rows are written
    #[arg(long, value_enum, default_value_t, value_name = "FORMAT")]
    format: Format,

    /// Write the rows into this file
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

const EXAMPLES: &str = "\
Views:
  entries      every entry, with the fields of the model; severity by name, times in UTC
  hours        how many entries of a kind each store has in each hour
  stores       every store, its state and the reason for it
  covered      which stretches of time are complete
  holes        which could not be read so far, and why
  quarantined  records that could not be decoded
  revisions    what entries said before the platform changed them

Examples:
  storelogs sql 'SELECT module, count(*) FROM entries GROUP BY module ORDER BY 2 DESC'
  storelogs sql --format csv -o errors.csv \"SELECT * FROM entries WHERE severity = 'error'\"
  storelogs sql --format jsonl < question.sql | jq .
  storelogs sql

Exit codes:
  0  done
  1  the archive cannot be read, or the output cannot be written
  2  a statement that is wrong, or is refused
  130  interrupted with Ctrl-C";

pub(crate) async fn run(options: Options) -> Result<Exit, Stop> {
    let console = Console::open(options.archive.path()?)?;
    let stopper = Stopper::listen(console.interrupter());
    let task = tokio::task::spawn_blocking(move || {
        let statement = match &options.statement {
            Some(statement) => statement.clone(),
            None if io::stdin().is_terminal() => return prompt::run(&console, &options, &stopper),
            None => {
                let mut text = String::new();
                io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|error| Stop::Usage(format!("the statement cannot be read: {error}")))?;
                text
            }
        };
        match answer(&console, &statement, &options, ui::stdout_width()) {
            Ok(_) => Ok(Exit::Done),
            Err(Failed::Sql(SqlError::Interrupted)) => Ok(Exit::Interrupted),
            Err(failed) => Err(failed.into()),
        }
    });
    task.await.map_err(|_| Stop::Failed("the statement was given up".to_owned()))?
}

/// Runs one statement, and says how many rows it returned. A table is cut to this width.
fn answer(console: &Console, statement: &str, options: &Options, width: Option<usize>) -> Result<u64, Failed> {
    let mut shown = Shown { rows: None, options, width, count: 0 };
    console.ask(statement, &mut shown)?;
    if let Some(mut rows) = shown.rows {
        rows.finish()?;
    }
    Ok(shown.count)
}

/// The answer on its way out. A file is made when there is one: not for a statement that is wrong.
struct Shown<'a> {
    rows: Option<Box<dyn Rows>>,
    options: &'a Options,
    width: Option<usize>,
    count: u64,
}

impl Shown<'_> {
    fn open(&self) -> Result<Box<dyn Rows>, Failed> {
        let format = self.options.format;
        if let Some(path) = &self.options.output {
            return Ok(rows::open(format, output::file(path).map_err(Failed::Stop)?, None, false));
        }
        Ok(match format {
            Format::Table => rows::open(format, output::stdout(), self.width, ui::stdout_is_coloured()),
            // Machines get every byte as it is.
            _ => rows::open(format, output::for_machines(), None, false),
        })
    }
}

impl Answer for Shown<'_> {
    type Error = Failed;

    fn columns(&mut self, names: &[&str]) -> Result<(), Failed> {
        let mut rows = self.open()?;
        rows.columns(names)?;
        self.rows = Some(rows);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), Failed> {
        self.count += 1;
        match &mut self.rows {
            Some(rows) => Ok(rows.row(cells)?),
            None => Ok(()),
        }
    }
}

/// Why an answer did not come to its end.
enum Failed {
    Sql(SqlError),
    Output(io::Error),
    Stop(Stop),
}

impl From<SqlError> for Failed {
    fn from(error: SqlError) -> Self {
        Self::Sql(error)
    }
}

impl From<io::Error> for Failed {
    fn from(error: io::Error) -> Self {
        Self::Output(error)
    }
}

impl From<Failed> for Stop {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Sql(SqlError::Archive(error)) => error.into(),
            Failed::Sql(error) => Self::Usage(error.to_string()),
            Failed::Output(error) => Self::Output(error),
            Failed::Stop(stop) => stop,
        }
    }
}

/// Makes Ctrl-C end the statement that runs, not the program.
struct Stopper {
    /// Whether Ctrl-C came and nothing has answered to it since.
    pressed: Arc<AtomicBool>,
}

impl Stopper {
    fn listen(interrupt: Interrupt) -> Self {
        let pressed = Arc::new(AtomicBool::new(false));
        let again = Arc::clone(&pressed);
        tokio::spawn(async move {
            while tokio::signal::ctrl_c().await.is_ok() {
                if again.swap(true, Ordering::SeqCst) {
                    // It may wait for whoever reads its output.
                    std::process::exit(130);
                }
                interrupt.interrupt();
            }
        });
        Self { pressed }
    }

    /// What was interrupted has ended.
    fn clear(&self) {
        self.pressed.store(false, Ordering::SeqCst);
    }
}
