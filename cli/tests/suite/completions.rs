//! Completions that a shell offers for a word that is being typed.

use std::path::Path;
use std::process::Command;

use crate::program::{Program, Run, sandbox};

const STORES: &str = r#"
[[store]]
platform = "bigcommerce"
store = "abc123"
name = "Nice shop"
access_token = { env = "TOKEN" }

[[store]]
platform = "bigcommerce"
store = "both"
access_token = { command = ["touch", "a-token-was-read"] }

[[store]]
platform = "shopline"
store = "both"
access_token = { env = "TOKEN" }
"#;

#[test]
fn there_are_completions_for_every_shell() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = Program::new().run(&["completions", shell]);
        assert_eq!(run.code, 0, "{run:?}");
        assert!(run.out.contains("storelogs") && run.out.contains("STORELOGS_COMPLETE"), "{shell}");
    }
}

/// Runs the program as a shell's script does, to complete the last of these words.
fn asked(program: &Program, shell: &str, words: &[&str]) -> Run {
    let index = (words.len() - 1).to_string();
    let mut ask = program.command(&[&["--"], words].concat());
    ask.env("STORELOGS_COMPLETE", shell).env("_CLAP_COMPLETE_INDEX", index).env("_CLAP_IFS", "\n");
    let output = ask.output().unwrap();
    Run {
        code: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

#[test]
fn stores_of_the_configuration_are_offered_with_what_they_are_called_and_without_secrets() {
    let program = Program::new().with("TOKEN", "sandbox-token").configured(STORES);
    for (shell, expected) in [
        ("bash", "abc123\nbigcommerce:both\nshopline:both"),
        ("zsh", "abc123:Nice shop\nbigcommerce\\:both\nshopline\\:both"),
        ("fish", "abc123\tNice shop\nbigcommerce:both\nshopline:both"),
    ] {
        for command in ["sync", "fetch", "search", "report", "status", "verify", "watch"] {
            let run = asked(&program, shell, &["storelogs", command, "--store", ""]);
            assert_eq!((run.out.trim_end(), run.err.as_str(), run.code), (expected, "", 0), "{shell} {command}");
        }
    }
    assert_eq!(asked(&program, "bash", &["storelogs", "sync", "--store", "abc123", "--store", "a"]).out, "");
    assert!(!Path::new(&program.home.path().join("a-token-was-read")).exists(), "no token is asked for");
}

#[test]
fn stores_of_the_archive_and_of_named_files_are_offered() {
    let sandbox = sandbox();
    let program = Program::reading(&sandbox);
    assert_eq!(program.run(&["sync", "--archive", "logs.db"]).code, 0);
    let elsewhere = Program::new();
    let archive = program.home.path().join("logs.db");
    elsewhere.file("stores.csv", "platform,store,token_env\nbigcommerce,xyz9,TOKEN\n");
    let offered = |words: &[&str]| asked(&elsewhere, "bash", &[&["storelogs"], words, &["--store="]].concat()).out;
    assert_eq!(offered(&["search", "--archive", archive.to_str().unwrap()]), "--store=abc123\n--store=open001");
    assert_eq!(offered(&["fetch", "--stores", "stores.csv"]), "--store=xyz9");
    assert_eq!(offered(&["search", "--archive", "nowhere.db"]), "");
    assert!(!elsewhere.home.path().join("nowhere.db").exists(), "nothing is made");
}

#[test]
fn where_nothing_can_be_read_nothing_is_offered_and_nothing_said() {
    let nothing = |program: &Program| {
        let run = asked(program, "bash", &["storelogs", "search", "--store", ""]);
        assert_eq!((run.out.as_str(), run.err.as_str(), run.code), ("", "", 0));
    };
    nothing(&Program::new());
    nothing(&Program::new().configured("[[store]]\nplatform = \"etsy\"\n"));
    nothing(&Program::new().configured("access_token = \"sandbox-token\" and more\n"));
    let damaged = Program::new().with("STORELOGS_ARCHIVE", "damaged.db");
    damaged.file("damaged.db", "no archive");
    nothing(&damaged);
    let run = asked(&Program::new(), "no-shell", &["storelogs", "search", ""]);
    assert_eq!((run.out.as_str(), run.err.as_str()), ("", ""));
}

#[test]
fn names_of_rules_owners_tags_and_time_zones_are_offered() {
    let owned = STORES.replace("name = \"Nice shop\"", "owner = \"Acme & Sons\"\ntags = [\"eu\", \"plus\"]");
    let rules = "[[rule]]\nname = \"payments fail\"\nwhen = \"refund\"\n[[rule]]\nincident = true\n";
    let program = Program::new().configured(&(owned.clone() + rules));
    for (words, expected) in [
        (&["watch", "--rule", ""][..], "payments fail\nrule 2"),
        (&["watch", "--rule", "payments fail", "--rule", ""], "rule 2"),
        (&["watch", "--time-zone", "Asia/Tai"], "Asia/Taipei"),
        (&["tail", "--time-zone", "Asia/Tai"], "Asia/Taipei"),
    ] {
        let run = asked(&program, "bash", &[&["storelogs"], words].concat());
        assert_eq!((run.out.trim_end(), run.err.as_str()), (expected, ""), "{words:?}");
    }
    // A report has owners and tags of the archive, and the configuration is where it gets them from.
    let sandbox = sandbox();
    let program = Program::reading(&sandbox).configured(&owned);
    assert_eq!(asked(&program, "bash", &["storelogs", "report", "--owner", ""]).out, "Acme & Sons");
    assert_eq!(asked(&program, "bash", &["storelogs", "report", "--tag", "e"]).out, "eu");
    program.run(&["sync"]);
    std::fs::remove_file(program.home.path().join("storelogs.toml")).unwrap();
    assert_eq!(asked(&program, "bash", &["storelogs", "report", "--owner", "A"]).out, "Acme & Sons");
    assert_eq!(asked(&program, "bash", &["storelogs", "report", "--tag", "eu", "--tag", ""]).out, "plus");
}

/// bash calls the function that the script names with the words before the cursor, and takes `=` and `:` for words.
#[cfg(unix)]
#[test]
fn bash_completes_words_that_it_splits_itself() {
    let program = Program::new().configured(STORES);
    program.file("completions.bash", &program.run(&["completions", "bash"]).out);
    let path = [Path::new(env!("CARGO_BIN_EXE_storelogs")).parent().unwrap().to_str().unwrap(), "/usr/bin", "/bin"];
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
        // Nothing of this machine's: it may have stores and an archive of its own.
        let run = bash.env_clear().env("PATH", path.join(":")).env("HOME", program.home.path()).output().unwrap();
        assert_eq!(String::from_utf8(run.stderr).unwrap(), "");
        String::from_utf8(run.stdout).unwrap().trim().to_owned()
    };
    program.file("a $(reboot) file.toml", "");
    for (words, expected) in [
        (&["storelogs", "sync", "--config", "a"][..], r"a\ \$\(reboot\)\ file.toml"),
        (&["storelogs", "fetch", "--format", "js"][..], "json jsonl"),
        (&["storelogs", "fetch", "--format", "=", "js"], "json jsonl"),
        (&["storelogs", "fetch", "--format", "="], "pretty json jsonl viewer csv"),
        (&["storelogs", "sync", "--log-level", "=", "w"], "warn"),
        (&["storelogs", "sea"], "search"),
        (&["storelogs", "completions", "fi"], "fish"),
        (&["storelogs", "sync", "--store", "a"], "abc123"),
        (&["storelogs", "sync", "--store", "=", "a"], "abc123"),
        (&["storelogs", "sync", "--store", "shopline", ":"], "both"),
        (&["storelogs", "sync", "--store", "=", "bigcommerce", ":", "a"], "abc123"),
        (&["storelogs", "search", "module", ":", "USPS", "--store", "ab"], "abc123"),
        (&["storelogs", "sync", "--config", "storelogs.t"], "storelogs.toml"),
    ] {
        assert_eq!(complete(words), expected, "{words:?}");
    }
}
