//! The shop that the commands are run against: the stores of `storelogs sandbox`, an archive of them, and a user's
//! files.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storelogs_sandbox::{Behavior, History, Platform, Sandbox, Store};
use tempfile::TempDir;

use crate::program::{HANDLE, HASH, Program, present, serve};

/// A file of rules, with one rule.
const RULES: &str = "[[rule]]\nname = \"errors\"\nwhen = \"severity>=error\"\nrun = [\"true\"]\n";

/// The default path of the archive.
const ARCHIVE: &str = ".local/share/storelogs/archive.db";

/// How often something fails while commands follow. A shop in which something always happens is another one.
const BETWEEN_FAILURES: Duration = Duration::from_secs(2);

/// How long ago something failed in each shop.
const AGO: SignedDuration = SignedDuration::from_hours(1);

/// How things are where a command is run.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum State {
    Well,
    /// Something fails in the shop now and then.
    Busy,
    /// The archive lost entries.
    Short,
    /// The archive lost entries, one store refuses its token, and it was found out.
    Refused,
}

pub(super) struct Shop {
    quiet: Sandbox,
    busy: Sandbox,
    /// The archives, collected once: as it should be, and of a store that is refused.
    collected: TempDir,
}

impl Shop {
    pub(super) fn new() -> Self {
        // Examples ask for the last hours and days: the history ends now, and the examples hold whenever that is.
        let history = History::seeded(1).ending_at(present().as_second());
        let sandbox = || {
            let sandbox = serve([
                Store::bigcommerce(HASH).history(history.clone()).behavior(Behavior::unlimited()),
                Store::shopline(HANDLE).history(history.clone()).behavior(Behavior::unlimited()),
            ]);
            // Whatever hour it is, something has failed since yesterday.
            sandbox.push(Platform::BigCommerce, HASH, failure(present() - AGO));
            sandbox
        };
        let shop = Self { quiet: sandbox(), busy: sandbox(), collected: tempfile::tempdir().unwrap() };
        let well = Program::reading(&shop.quiet);
        let run = well.run(&["sync"]);
        assert_eq!(run.code, 0, "{run:?}");
        let place = |name: &str| shop.collected.path().join(name);
        std::fs::copy(well.home.path().join(ARCHIVE), place("well.db")).unwrap();
        std::fs::copy(place("well.db"), place("short.db")).unwrap();
        let sql = rusqlite::Connection::open(place("short.db")).unwrap();
        let shopline = "store = (SELECT id FROM store WHERE platform = 'shopline')";
        let lost =
            format!("DELETE FROM packed_entry WHERE key IN (SELECT key FROM entry WHERE {shopline} LIMIT 20, 7)");
        assert_eq!(sql.execute(&lost, []).unwrap(), 7);
        drop(sql);
        // The busy shop is another one, to whose address the store has moved.
        std::fs::copy(place("well.db"), place("busy.db")).unwrap();
        let busy = shop.program(State::Busy);
        let run = busy.run(&["sync", "--moved"]);
        assert_eq!(run.code, 0, "{run:?}");
        std::fs::copy(busy.home.path().join(ARCHIVE), place("busy.db")).unwrap();
        let refused = shop.program(State::Short).with("BIGCOMMERCE_ACCESS_TOKEN", "wrong-token");
        let run = refused.run(&["sync"]);
        assert_eq!(run.code, 4, "one of two stores is read: {run:?}");
        std::fs::copy(refused.home.path().join(ARCHIVE), place("refused.db")).unwrap();
        shop
    }

    /// A program that reads the shop, with an archive of its own, which no other command changes.
    pub(super) fn program(&self, state: State) -> Program {
        let sandbox = if state == State::Busy { &self.busy } else { &self.quiet };
        let mut program = furnished(Program::reading(sandbox).configured(RULES));
        let collected = match state {
            State::Well => "well.db",
            State::Busy => "busy.db",
            State::Short => "short.db",
            State::Refused => "refused.db",
        };
        if state == State::Refused {
            program = program.with("BIGCOMMERCE_ACCESS_TOKEN", "wrong-token");
        }
        let archive = program.home.path().join(ARCHIVE);
        std::fs::create_dir_all(archive.parent().unwrap()).unwrap();
        std::fs::copy(self.collected.path().join(collected), archive).unwrap();
        std::fs::copy(self.collected.path().join(collected), program.home.path().join("last-week.db")).unwrap();
        program
    }

    /// Makes something fail now and then in the busy shop until `over` is set.
    pub(super) fn fail_until(&self, over: &AtomicBool) {
        while !over.load(Ordering::Relaxed) {
            self.busy.push(Platform::BigCommerce, HASH, failure(present()));
            std::thread::park_timeout(BETWEEN_FAILURES);
        }
    }
}

fn failure(time: Timestamp) -> Value {
    json!({"id": time.as_millisecond(), "type": "payment", "module": "Test Payment Gateway", "severity": "errors",
        "summary": "It failed", "message": "", "date_created": time.strftime("%Y-%m-%dT%H:%M:%S+00:00").to_string()})
}

/// A program beside whose configuration stand the files that the examples name.
fn furnished(program: Program) -> Program {
    let home = program.home.path();
    for folder in [".local/share/bash-completion/completions", ".config/fish/completions", "bin"] {
        std::fs::create_dir_all(home.join(folder)).unwrap();
    }
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/samples/bigcommerce-1.json");
    std::fs::copy(page, home.join("page.json")).unwrap();
    for name in ["question.sql", "week.sql"] {
        program.file(name, "SELECT uid, time FROM entries ORDER BY key DESC LIMIT 10");
    }
    // What a desktop has, and a machine that runs tests has not.
    program.file("bin/xdg-open", "#!/bin/sh\ntrue\n");
    #[cfg(unix)]
    std::fs::set_permissions(home.join("bin/xdg-open"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    program
}
