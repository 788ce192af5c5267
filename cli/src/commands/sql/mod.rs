//! `sql`: runs SQL on the archive.

mod prompt;

use std::io::{self, IsTerminal, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use clap::Args;
use storelogs_collector::query::{Answer, Cell, Console, Interrupt};

use crate::error::{CliError, Exit};
use crate::options::{ArchiveOptions, OutputOptions};
use crate::output::Rows;
use crate::output::rows::{self, Format};
use crate::ui::{Palette, Signal, Ui};

/// Run SQL on the archive
///
/// Runs one statement, given as an argument or on standard input; on a terminal it prompts for statements. The archive
/// is only read: a statement that would change something, or reach another file, is refused. Nothing is sent to a
/// platform.
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SqlArgs {
    /// The statement; without it, standard input or a prompt
    #[arg(value_name = "STATEMENT")]
    statement: Option<String>,

    #[command(flatten)]
    archive: ArchiveOptions,

    #[command(flatten)]
    output: OutputOptions<Format>,
}

const EXAMPLES: &str = "\
Views:
  entries        every entry, with the fields of the model; times in UTC
  hours          how many entries of a kind each store has in each hour
  stores         every store, its state and the reason for it
  covered        which time ranges were read
  audits         which were compared with the platform, and the result
  gaps           which could not be read so far, and why
  prunings       up to when entries were pruned
  verifications  each store as `verify` last found it
  labels         the names, owners and tags of stores
  quarantined    records that could not be decoded
  revisions      what entries said before the platform changed them

Examples:
  storelogs sql 'SELECT module, count(*) FROM entries GROUP BY 1'
  storelogs sql -o shop.csv 'SELECT * FROM entries ORDER BY key'
  storelogs sql --format jsonl < question.sql | jq .
  storelogs sql

Exit codes:
  0  done
  1  the archive cannot be read, or the output cannot be written
  2  a statement that is wrong, or is refused
  130  interrupted with Ctrl-C";

pub(crate) async fn sql(args: SqlArgs, ui: Ui) -> Result<Exit, CliError> {
    let console = Console::open(args.archive.path()?)?;
    let stopper = Stopper::listen(console.interrupter());
    let task = tokio::task::spawn_blocking(move || {
        let statement = match &args.statement {
            Some(statement) => statement.clone(),
            None if io::stdin().is_terminal() => return prompt::run(&console, &args, &stopper, ui),
            None => {
                let mut text = String::new();
                io::stdin()
                    .read_to_string(&mut text)
                    .map_err(|error| CliError::usage(format!("the statement cannot be read: {error}")))?;
                text
            }
        };
        Answering { args: &args, ui, width: ui.stdout_width() }.answer(&console, &statement)?;
        Ok(Exit::Done)
    });
    task.await.map_err(|_| CliError::failed("the statement was given up".to_owned()))?
}

/// How statements are answered.
#[derive(Clone, Copy)]
struct Answering<'a> {
    args: &'a SqlArgs,
    ui: Ui,
    /// A table is cut to this width.
    width: Option<usize>,
}

impl Answering<'_> {
    /// Runs one statement, and says how many rows it returned.
    fn answer(self, console: &Console, statement: &str) -> Result<u64, CliError> {
        let mut shown = Shown { rows: None, how: self, count: 0 };
        console.ask(statement, &mut shown)?;
        if let Some(mut rows) = shown.rows {
            rows.finish()?;
        }
        Ok(shown.count)
    }

    fn open(self) -> Result<Box<dyn Rows>, CliError> {
        let (format, ui) = (self.args.output.format()?, self.ui);
        if let Some(path) = self.args.output.file() {
            return Ok(rows::into_file(format, path)?);
        }
        Ok(match format {
            Format::Table => rows::open(format, ui.stdout(), self.width, ui.palette()),
            // Machines get every byte as it is.
            _ => rows::open(format, ui.stdout_for_machines(), None, Palette::PLAIN),
        })
    }
}

/// The answer on its way out. A file is made when there is one: not for a statement that is wrong.
struct Shown<'a> {
    rows: Option<Box<dyn Rows>>,
    how: Answering<'a>,
    count: u64,
}

impl Answer for Shown<'_> {
    type Error = CliError;

    fn columns(&mut self, names: &[&str]) -> Result<(), CliError> {
        let mut rows = self.how.open()?;
        rows.columns(names)?;
        self.rows = Some(rows);
        Ok(())
    }

    fn row(&mut self, cells: &[Cell<'_>]) -> Result<(), CliError> {
        self.count += 1;
        match &mut self.rows {
            Some(rows) => Ok(rows.row(cells)?),
            None => Ok(()),
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
                    // It may wait for the reader of its output.
                    Signal::Interrupt.end();
                }
                interrupt.interrupt();
            }
        });
        Self { pressed }
    }

    /// Notes that the interrupted statement has ended.
    fn clear(&self) {
        self.pressed.store(false, Ordering::SeqCst);
    }
}
