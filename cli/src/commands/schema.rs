//! What the program can say about itself: the model's JSON Schema, and completions for shells.

use std::io::{self, Write};

use clap::{Args, CommandFactory};
use storelogs::LogEntry;

use super::Cli;
use crate::error::{Exit, Stop};

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  storelogs completions bash > ~/.local/share/bash-completion/completions/storelogs
  storelogs completions zsh  > \"${fpath[1]}/_storelogs\"
  storelogs completions fish > ~/.config/fish/completions/storelogs.fish")]
pub(crate) struct Shell {
    shell: clap_complete::Shell,
}

pub(crate) fn schema() -> Result<Exit, Stop> {
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &LogEntry::json_schema()).map_err(io::Error::from)?;
    writeln!(out)?;
    out.flush()?;
    Ok(Exit::Done)
}

pub(crate) fn completions(shell: &Shell) -> Result<Exit, Stop> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell.shell, &mut Cli::command(), "storelogs", &mut script);
    let mut out = io::stdout().lock();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Done)
}
