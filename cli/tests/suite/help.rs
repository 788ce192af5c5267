//! The help of the program and of its commands.

#[cfg(unix)]
use std::process::Command;

use insta::assert_snapshot;

use crate::program::Program;

fn help(arguments: &[&str]) -> String {
    let run = Program::new().run(arguments);
    assert_eq!(run.code, 0, "{run:?}");
    for line in run.out.lines() {
        assert!(line.chars().count() <= 80, "wider than 80 columns: {line}");
    }
    run.out
}

#[test]
fn help_teaches() {
    assert_snapshot!(help(&["--help"]));
}

#[test]
fn help_of_fetch_teaches() {
    assert_snapshot!(help(&["fetch", "--help"]));
}

#[test]
fn help_of_check_teaches() {
    assert_snapshot!(help(&["check", "--help"]));
}

#[test]
fn help_of_demo_teaches() {
    assert_snapshot!(help(&["demo", "--help"]));
}

#[test]
fn help_of_sandbox_teaches() {
    assert_snapshot!(help(&["sandbox", "--help"]));
}

#[test]
fn help_of_watch_teaches() {
    assert_snapshot!(help(&["watch", "--help"]));
}

#[test]
fn help_of_schema_teaches() {
    assert_snapshot!(help(&["schema", "--help"]));
}

#[test]
fn help_of_completions_teaches() {
    assert_snapshot!(help(&["completions", "--help"]));
}

#[test]
fn the_schema_describes_what_fetch_prints() {
    let run = Program::new().run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(schema["title"], "LogEntry");
    assert!(schema["properties"]["severity_text"].is_object());
}

#[test]
fn there_are_completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = Program::new().run(&["completions", shell]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("min-severity"), "{shell}");
    }
}

/// bash calls the function that the script names with the words before the cursor, and takes = for a word.
#[cfg(unix)]
#[test]
fn bash_completes_values_behind_a_space_and_behind_an_equals_sign() {
    let program = Program::new();
    program.file("completions.bash", &program.run(&["completions", "bash"]).out);
    let complete = |words: &[&str]| {
        let ask = r#"
            source completions.bash
            COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMPREPLY=()
            [[ $(complete -p storelogs) =~ -F\ ([^ ]+) ]]
            "${BASH_REMATCH[1]}" storelogs "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
            echo "${COMPREPLY[@]}"
        "#;
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", ask, "bash"]).args(words).current_dir(program.home.path());
        let run = bash.output().unwrap();
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    };
    assert_eq!(complete(&["storelogs", "fetch", "--format", "js"]), "json jsonl");
    assert_eq!(complete(&["storelogs", "fetch", "--format", "=", "js"]), "json jsonl");
    assert_eq!(complete(&["storelogs", "sync", "--log-level", "=", "w"]), "warn");
    assert_eq!(complete(&["storelogs", "sea"]), "search");
    assert_eq!(complete(&["storelogs", "completions", "fi"]), "fish");
}

#[test]
fn help_of_status_teaches() {
    assert_snapshot!(help(&["status", "--help"]));
}

#[test]
fn help_of_verify_teaches() {
    assert_snapshot!(help(&["verify", "--help"]));
}

#[test]
fn help_of_sync_teaches() {
    assert_snapshot!(help(&["sync", "--help"]));
}

#[test]
fn help_of_tail_teaches() {
    assert_snapshot!(help(&["tail", "--help"]));
}

#[test]
fn help_of_search_teaches() {
    assert_snapshot!(help(&["search", "--help"]));
}

#[test]
fn help_of_sql_teaches() {
    assert_snapshot!(help(&["sql", "--help"]));
}

#[test]
fn help_of_mcp_teaches() {
    assert_snapshot!(help(&["mcp", "--help"]));
}

#[test]
fn help_of_report_teaches() {
    assert_snapshot!(help(&["report", "--help"]));
}

#[test]
fn help_of_backup_teaches() {
    assert_snapshot!(help(&["backup", "--help"]));
}

#[test]
fn help_of_restore_teaches() {
    assert_snapshot!(help(&["restore", "--help"]));
}

#[test]
fn help_of_prune_teaches() {
    assert_snapshot!(help(&["prune", "--help"]));
}

#[test]
fn help_of_forget_teaches() {
    assert_snapshot!(help(&["forget", "--help"]));
}

#[test]
fn help_of_doctor_teaches() {
    assert_snapshot!(help(&["doctor", "--help"]));
}

#[test]
fn help_of_export_lake_teaches() {
    assert_snapshot!(help(&["export", "lake", "--help"]));
}

#[test]
fn help_of_export_otlp_teaches() {
    assert_snapshot!(help(&["export", "otlp", "--help"]));
}
