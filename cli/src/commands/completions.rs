//! `completions`: completions of commands and options for a shell.

use std::io::Write;

use clap::{Args, Command};

use crate::error::{CliError, Exit};
use crate::ui::Ui;

/// Print completions for a shell
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  storelogs completions bash > ~/.bash_completion
  storelogs completions zsh  > \"${fpath[1]}/_storelogs\"
  storelogs completions fish > ~/.config/fish/completions/storelogs.fish")]
pub(crate) struct CompletionsArgs {
    shell: clap_complete::Shell,
}

pub(crate) fn completions(args: &CompletionsArgs, mut program: Command, ui: Ui) -> Result<Exit, CliError> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut program, "storelogs", &mut script);
    let mut out = ui.stdout_for_machines();
    out.write_all(&script)?;
    out.flush()?;
    Ok(Exit::Done)
}
