//! `completions`: completions of commands, options and their values for a shell.

use std::io::Write;

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::Cli;
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
    shell: Shell,
}

/// bash takes the = of `--format=json` for a word of its own, and what clap generates then knows no option before the value.
const BASH_VALUES: &str = r#"
_storelogs_values() {
    if [[ "$3" == "=" && "${COMP_CWORD}" -ge 2 ]]; then
        _storelogs "$1" "$2" "${COMP_WORDS[COMP_CWORD-2]}"
    else
        _storelogs "$@"
    fi
}

complete -F _storelogs_values -o nosort -o bashdefault -o default storelogs 2>/dev/null ||
    complete -F _storelogs_values -o bashdefault -o default storelogs
"#;

pub(crate) fn completions(args: &CompletionsArgs, ui: Ui) -> Result<Exit, CliError> {
    let mut out = ui.stdout_for_machines();
    out.write_all(&script(args.shell))?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The completions for a shell.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    // The generator panics where it cannot write, so it writes to memory.
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "storelogs", &mut script);
    if shell == Shell::Bash {
        script.extend_from_slice(BASH_VALUES.as_bytes());
    }
    script
}
