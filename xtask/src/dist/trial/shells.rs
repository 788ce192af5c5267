//! The trial of completions, in the shells that they are for.

use std::path::PathBuf;
use std::process::Command;

use super::said;
use crate::Result;
use crate::dist::Dist;

/// A script for bash that completes a few lines, given as the words that bash makes of them.
const BASH: &str = r#"
source "$1"
ask() {
    COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
    local function=$(complete -p storelogs | sed 's/.*-F \([^ ]*\).*/\1/')
    "$function" storelogs "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
    echo "${COMPREPLY[@]}"
}
ask storelogs fetch --format = js
ask storelogs fetch --format js
ask storelogs sea
"#;

/// A shell in a terminal of its own, with the TAB key pressed.
const ZSH: &str = r#"
zmodload zsh/zpty
ask() {
    zpty shell "TERM=dumb zsh -f -i"
    zpty -w shell "fpath=($1 \$fpath); PS1='>'; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; echo rea''dy"
    zpty -r -m shell text '*ready*'
    zpty -w -n shell "$2"$'\t\t'
    local text all= tries=0
    while (( tries++ < 50 )); do
        sleep 0.1
        while zpty -r -t shell text; do all+=$text; done
        [[ $all == *$~3* ]] && break
    done
    zpty -d shell
    print -r -- ${(V)all}
}
ask "$1" 'storelogs fetch --format=js' '*jsonl*'
ask "$1" 'storelogs sea' '*search*'
"#;

const FISH: &str = "\
source $argv[1]
complete --do-complete 'storelogs fetch --format=js'
complete --do-complete 'storelogs fetch --format js'
complete --do-complete 'storelogs sea'
";

pub(super) fn bash(dist: &Dist) -> Result<String> {
    let script = folder(dist).join("storelogs.bash");
    completes(dist, Command::new("bash").args(["--norc", "-c", BASH, "bash"]).arg(script))
}

pub(super) fn zsh(dist: &Dist) -> Result<String> {
    completes(dist, Command::new("zsh").args(["-f", "-c", ZSH, "zsh"]).arg(folder(dist)))
}

pub(super) fn fish(dist: &Dist) -> Result<String> {
    completes(dist, Command::new("fish").args(["--no-config", "-c", FISH]).arg(folder(dist).join("storelogs.fish")))
}

fn folder(dist: &Dist) -> PathBuf {
    dist.tree().join("completions")
}

/// The scripts ask the program, which is looked for as users' shells do.
fn completes(dist: &Dist, shell: &mut Command) -> Result<String> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path = std::env::join_paths(std::iter::once(dist.tree()).chain(std::env::split_paths(&path)));
    let (well, text) = said(shell.env("PATH", path.map_err(|error| error.to_string())?))?;
    if well && ["json", "jsonl", "search"].iter().all(|word| text.contains(word)) {
        return Ok("--format=js, and a command".into());
    }
    Err(text)
}
