//! The help of the program and of its commands.

#[cfg(unix)]
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

/// A script goes by the code that a command ends with. What prints a text, and nothing else, either does or fails.
#[test]
fn every_command_says_what_its_exit_codes_mean() {
    let list = help(&["--help"]);
    let commands = list.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let commands: Vec<&str> = commands.filter_map(|line| line.strip_prefix("  ")?.split(' ').next()).collect();
    let commands = commands.into_iter().filter(|name| !["", "help", "schema", "completions", "export"].contains(name));
    let mut commands: Vec<Vec<&str>> = commands.map(|name| vec![name]).collect();
    commands.extend([vec!["export", "lake"], vec!["export", "otlp"]]);
    assert!(commands.len() > 15, "{commands:?}");
    for command in commands {
        let help = help(&[command.as_slice(), &["--help"]].concat());
        let codes = help.split("\nExit codes:\n").nth(1).unwrap_or_else(|| panic!("{command:?}"));
        assert!(codes.starts_with("  0  ") && codes.contains("\n  1  "), "{command:?}: {codes}");
    }
}

#[test]
fn the_schema_describes_what_fetch_prints() {
    let run = Program::new().run(&["schema"]);
    let schema: serde_json::Value = serde_json::from_str(&run.out).unwrap();
    assert_eq!(schema["title"], "LogEntry");
    assert!(schema["properties"]["severity_text"].is_object());
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
