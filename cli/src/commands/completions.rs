//! `completions`: completions of commands, options and their values for a shell.

use std::io::Write;
use std::process::ExitCode;

use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_complete::env::{CompleteEnv, Elvish, EnvCompleter, Fish, Powershell, Zsh};

use super::Cli;
use crate::error::{CliError, Exit};
use crate::ui::Ui;

/// Print completions for a shell, of your stores, too
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  storelogs completions bash > ~/.bash_completion
  storelogs completions zsh  > \"${fpath[1]}/_storelogs\"
  storelogs completions fish > ~/.config/fish/completions/storelogs.fish")]
pub(crate) struct CompletionsArgs {
    shell: Shell,
}

/// The variable by which the script of a shell asks this program what fits.
const VARIABLE: &str = "STORELOGS_COMPLETE";

/// bash splits words at `=` and `:`, which this program does not. They are put together before it is asked, and what bash
/// has of the word already is taken off the answers. Names of files are put in as bash would have to be given them.
const BASH: &str = r#"
_storelogs() {
    local IFS=$'\v' at words=() begun="$2" have word
    for (( at = 0; at <= COMP_CWORD; at++ )); do
        if (( at > 1 )) && [[ "${COMP_WORDS[at]}" == [=:]* || "${COMP_WORDS[at-1]}" == *[=:] ]]; then
            words[${#words[@]}-1]+="${COMP_WORDS[at]}"
        else
            words+=("${COMP_WORDS[at]}")
        fi
    done
    [[ "$begun" == [=:]* ]] && begun=
    have="${words[${#words[@]}-1]}"
    [[ "$have" == *[=:]* ]] && have="${have%"${have##*[=:]}"}" || have=
    words[${#words[@]}-1]="$have$begun"
    COMPREPLY=( $(_CLAP_IFS="$IFS" _CLAP_COMPLETE_INDEX=$(( ${#words[@]} - 1 )) STORELOGS_COMPLETE=bash \
        storelogs -- "${words[@]}" 2>/dev/null) )
    for at in "${!COMPREPLY[@]}"; do
        word="${COMPREPLY[at]#"$have"}"
        [[ "$word" == *[!A-Za-z0-9_./:=,+@~-]* ]] && printf -v word %q "$word"
        COMPREPLY[at]="$word"
    done
    [[ "${COMPREPLY-}" == *[=/:] ]] && compopt -o nospace 2>/dev/null
    return 0
}

complete -F _storelogs -o nosort -o bashdefault storelogs 2>/dev/null ||
    complete -F _storelogs -o bashdefault storelogs
"#;

/// zsh runs a file of its path at the first completion, and expects it to complete at once.
const ZSH_AT_ONCE: &str = r#"
[ "$funcstack[1]" = "_storelogs" ] && _clap_dynamic_completer_storelogs "$@"
"#;

pub(crate) fn completions(args: &CompletionsArgs, ui: Ui) -> Result<Exit, CliError> {
    let mut out = ui.stdout_for_machines();
    out.write_all(&script(args.shell))?;
    out.flush()?;
    Ok(Exit::Done)
}

/// The completions for a shell: a script that asks this program.
pub(crate) fn script(shell: Shell) -> Vec<u8> {
    let completer: &dyn EnvCompleter = match shell {
        Shell::Zsh => &Zsh,
        Shell::Fish => &Fish,
        Shell::Elvish => &Elvish,
        Shell::PowerShell => &Powershell,
        _ => return BASH.trim_start().as_bytes().to_vec(),
    };
    let mut script = Vec::new();
    // Memory can always be written.
    let _ = completer.write_registration(VARIABLE, "storelogs", "storelogs", "storelogs", &mut script);
    if shell == Shell::Zsh {
        script.extend_from_slice(ZSH_AT_ONCE.as_bytes());
    }
    script
}

/// Answers the script of a shell, if this process was begun by one. What cannot be completed is no error: nothing is offered.
pub(crate) fn answer() -> Option<ExitCode> {
    // A copy that was not asked goes on as any other program.
    let asked = CompleteEnv::with_factory(Cli::command).var(VARIABLE);
    match asked.try_complete(std::env::args_os(), std::env::current_dir().ok().as_deref()) {
        Ok(false) => None,
        Ok(true) => Some(ExitCode::SUCCESS),
        Err(_) => Some(ExitCode::FAILURE),
    }
}
