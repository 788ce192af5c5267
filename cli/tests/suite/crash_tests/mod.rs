//! Crash tests: the program is killed again and again, at any moment and before any statement of a commit, while the
//! shops go on writing, purging and failing. In the end the archive has each of their entries once, unchanged.

mod commands;
mod shop;

use std::collections::HashMap;
use std::fmt;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};
use std::thread;
use std::time::{Duration, Instant};

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use storelogs_collector::archive::Commit;
use storelogs_collector::{Archive, Error, TimeRange};

use crate::program::Program;
use shop::{SHOPS, Shops};

/// The counts of a run.
#[derive(Debug, Default)]
struct Figures {
    kills: u64,
    aborts: u64,
    ends: u64,
    written: u64,
    purged: u64,
    archived: u64,
    late: u64,
    revised: u64,
    lost: u64,
    doubled: u64,
    unknown: u64,
    checks: u64,
}

impl fmt::Display for Figures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { kills, aborts, ends, written, purged, archived, late, revised, lost, doubled, unknown, checks } =
            self;
        write!(
            f,
            "{kills} kills, {aborts} deaths before a statement, {ends} ends of its own; {written} entries written meanwhile, \
             {late} of them late or changed, {purged} purged; {archived} archived, {revised} revisions; {checks} checks of \
             coverage; lost {lost}, doubled {doubled}, never written {unknown}"
        )
    }
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.kills += other.kills;
        self.aborts += other.aborts;
        self.ends += other.ends;
        self.written += other.written;
        self.purged += other.purged;
        self.archived += other.archived;
        self.late += other.late;
        self.revised += other.revised;
        self.lost += other.lost;
        self.doubled += other.doubled;
        self.unknown += other.unknown;
        self.checks += other.checks;
    }
}

#[test]
fn a_program_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing() {
    let figures = an_age(fastrand::u64(..), 1500, Duration::from_secs(8));
    assert!(figures.kills > 3 && figures.aborts > 3, "{figures}");
}

/// `cargo xtask soak` runs this, for as long as it is given.
#[test]
#[ignore = "as long as STORELOGS_SOAK_SECONDS says"]
fn soak() {
    let seconds = std::env::var("STORELOGS_SOAK_SECONDS").ok().and_then(|seconds| seconds.parse().ok());
    let until = Instant::now() + Duration::from_secs(seconds.unwrap_or(60));
    let mut all = Figures::default();
    for age in 1.. {
        let seed = fastrand::u64(..);
        let left = until.saturating_duration_since(Instant::now());
        // Short lives of an archive and long ones.
        let figures = an_age(seed, 500 * (1 + age % 8), left.min(Duration::from_secs(15 * (1 + age as u64 % 4))));
        all.add(&figures);
        #[expect(clippy::print_stdout, reason = "whoever soaks wants to see how it goes")]
        {
            println!("age {age}, seed {seed}: {figures}\n  in all: {all}");
        }
        if Instant::now() >= until {
            break;
        }
    }
}

/// One archive, from its first moment, through many deaths, to its completion.
fn an_age(seed: u64, entries: usize, length: Duration) -> Figures {
    let mut dice = Rng::with_seed(seed);
    let mut shops = Shops::open(seed, entries);
    let program = Program::reading(&shops.sandbox);
    let path = program.home.path().join("archive.db");
    let mut figures = Figures::default();
    let until = Instant::now() + length;
    while Instant::now() < until {
        a_life(&program, &mut dice, &mut figures);
        if dice.u32(..6) == 0 {
            check(&shops, &path, &mut figures, Past::Late);
            // What is new is due at once, and now and then what is read again.
            shops.sandbox.clock().advance(Duration::from_secs(dice.u64(1..1200)));
        }
    }
    shops.close();
    shops.sandbox.clock().advance(Duration::from_secs(300));
    end_well(&program);
    let mut archive = Archive::open(&path).unwrap();
    let rewalked = [1, 24, 24 * 7].map(|hours| (SignedDuration::from_hours(hours), Timestamp::UNIX_EPOCH));
    for (store, _) in archive.stores().unwrap() {
        let commit = Commit { rewalked: rewalked.into(), ..Commit::default() };
        archive.commit([(store, &commit)]).unwrap();
    }
    drop(archive);
    end_well(&program);
    check(&shops, &path, &mut figures, Past::Nothing);
    conclude(&shops, &path, &mut figures);
    assert!(figures.lost + figures.doubled + figures.unknown == 0, "seed {seed}: {figures}");
    figures
}

/// The program runs, and dies in one way or another.
fn a_life(program: &Program, dice: &mut Rng, figures: &mut Figures) {
    let mut command = program.command(&["sync", "--archive", "archive.db"]);
    if dice.bool() {
        command.arg("--follow");
    }
    let at_a_statement = dice.bool();
    if at_a_statement {
        // Few statements and many alike: from the first that opens the archive, to the index of words.
        let number = 2_f64.powf(dice.f64() * 13.0) as u64;
        command.env("STORELOGS_ABORT_AT_STATEMENT", number.to_string());
    }
    let log = program.home.path().join("log");
    let output = File::create(&log).unwrap();
    let mut child = command.stdout(output.try_clone().unwrap()).stderr(output).spawn().unwrap();
    let most = if at_a_statement { 1500.0 } else { 2_f64.powf(dice.f64() * 10.5) };
    let until = Instant::now() + Duration::from_micros((most * 1000.0) as u64);
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break Some(status);
        }
        if Instant::now() >= until {
            break None;
        }
        thread::sleep(Duration::from_millis(1));
    };
    match status {
        Some(status) if aborted(status) => figures.aborts += 1,
        Some(_) => figures.ends += 1,
        None if dice.u32(..8) == 0 => {
            // Asked to end, it ends; asked twice, at once.
            let process = child.id().to_string();
            Command::new("kill").arg(&process).status().unwrap();
            Command::new("kill").arg(&process).status().unwrap();
            child.wait().unwrap();
            figures.ends += 1;
        }
        None => {
            child.kill().unwrap(); // SIGKILL
            child.wait().unwrap();
            figures.kills += 1;
        }
    }
    let log = std::fs::read_to_string(&log).unwrap();
    assert!(!log.contains("panicked") && !log.contains("damaged"), "{log}");
}

fn aborted(status: ExitStatus) -> bool {
    const SIGABRT: i32 = 6;
    std::os::unix::process::ExitStatusExt::signal(&status) == Some(SIGABRT)
}

/// Runs it to its end. A store that was refused or throttled before is asked again by each run.
fn end_well(program: &Program) {
    let run = program.run(&["sync", "--archive", "archive.db"]);
    assert_eq!(run.code, 0, "{run:?}");
}

#[derive(Clone, Copy, PartialEq)]
enum Past {
    /// Entries that came late may be missing.
    Late,
    /// Nothing may be missing.
    Nothing,
}

/// Asserts that coverage is honest: everything covered is archived.
fn check(shops: &Shops, path: &Path, figures: &mut Figures, past: Past) {
    let ledger = shops.ledger(); // nothing is written meanwhile
    if !path.exists() {
        return; // it died before it made one
    }
    let archive = Archive::open(path).unwrap();
    let held = texts(&archive);
    figures.checks += 1;
    for (platform, name) in SHOPS {
        let store = format!("{platform}:{name}").to_lowercase().parse().unwrap();
        let Some(id) = archive.store_id(&store).unwrap() else { continue };
        let coverage = archive.progress(id).unwrap().coverage;
        let now = Timestamp::from_second(shops.sandbox.clock().now() + 1).unwrap();
        assert!(coverage.end().is_none_or(|end| end <= now), "{store}: {coverage:?} at {now}");
        for record in shops.sandbox.records(platform, name) {
            let uid = shop::uid(platform, name, &record);
            let excused = past == Past::Late && ledger.late.contains(&uid);
            let time = Timestamp::from_second(shop::time_of(&record)).unwrap();
            if coverage.contains(time) && !excused && held.get(&uid) != Some(&shop::text(&record)) {
                figures.lost += 1;
            }
        }
    }
    assert_eq!(figures.lost, 0, "{figures}");
}

fn texts(archive: &Archive) -> HashMap<String, String> {
    let mut texts = HashMap::new();
    let ever = TimeRange::new(Timestamp::UNIX_EPOCH, Timestamp::MAX).unwrap();
    archive
        .each_entry::<Error>(ever, |entry| {
            let before = texts.insert(entry.uid.clone(), entry.summary.unwrap_or_default());
            assert!(before.is_none(), "{} is there twice", entry.uid);
            Ok(())
        })
        .unwrap();
    texts
}

/// The last word: the archive against all that was ever written, and against itself.
fn conclude(shops: &Shops, path: &PathBuf, figures: &mut Figures) {
    let ledger = shops.ledger();
    let archive = Archive::open(path).unwrap();
    let held = texts(&archive);
    figures.archived = held.len() as u64;
    (figures.written, figures.purged) = (ledger.written, ledger.purged);
    figures.late = ledger.late.len() as u64;
    for (platform, name) in SHOPS {
        for record in shops.sandbox.records(platform, name) {
            let kept = held.get(&shop::uid(platform, name, &record));
            figures.lost += u64::from(kept != Some(&shop::text(&record)));
        }
    }
    for (uid, text) in &held {
        figures.unknown += u64::from(!ledger.texts.get(uid).is_some_and(|texts| texts.contains(text)));
    }
    drop(archive);
    let sql = rusqlite::Connection::open(path).unwrap();
    let number = |question: &str| sql.query_row(question, [], |row| row.get::<_, i64>(0)).unwrap().unsigned_abs();
    figures.doubled = number("SELECT count(*) - count(DISTINCT store || ':' || id) FROM entry");
    figures.revised = number("SELECT count(*) FROM revision");
    let index = path.with_extension("index.db");
    sql.execute("ATTACH ?1 AS words", [index.to_str().unwrap()]).unwrap();
    let sound: String = sql.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(sound, "ok");
    assert_eq!(number("SELECT sum(entries) FROM hour"), figures.archived, "the counts differ from what they count");
    let unindexed = "SELECT count(*) FROM arrival WHERE seq > (SELECT seq FROM output WHERE name = 'text')";
    let indexed = "SELECT count(*) FROM entry_text WHERE entry_text MATCH 'came OR changed'";
    let came = held.values().filter(|text| text.contains("came") || text.contains("changed")).count() as u64;
    assert_eq!((number(unindexed), number(indexed)), (0, came), "the words differ from the entries");
}
