//! The checks of `doctor`: what is wrong with an archive, how to fix it, and fixing what is derived.

use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use crate::archive::{Archive, LARGE_WAL};
use crate::error::{Error, Result};
use crate::wording::{format_bytes, format_count, format_duration, pluralize};

/// A clock that is further off is worth a word.
const CLOCK: SignedDuration = SignedDuration::from_secs(60);
/// The share of empty pages above which a file can give some room back.
const EMPTY: f64 = 0.25;

/// How something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// As it should be.
    Well,
    /// As it should be, but for something that its owner should know.
    Note,
    /// Wrong, and what is derived can be put right by itself.
    Fixable,
    /// Wrong.
    Wrong,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Check {
    /// Its name, which stays as it is.
    pub name: &'static str,
    /// How it is.
    pub health: Health,
    /// The finding, in one line.
    pub found: String,
    /// Advice on what helps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<String>,
}

impl Check {
    fn well(name: &'static str, found: impl Into<String>) -> Self {
        Self { name, health: Health::Well, found: found.into(), remedy: None }
    }

    fn other(name: &'static str, health: Health, found: impl Into<String>, remedy: impl Into<String>) -> Self {
        Self { name, health, found: found.into(), remedy: Some(remedy.into()) }
    }

    fn fixable(name: &'static str, found: impl Into<String>) -> Self {
        Self::other(name, Health::Fixable, found, "`storelogs doctor --fix` puts it right")
    }
}

/// Checks everything that can be checked without a platform.
///
/// # Errors
/// If the archive cannot be read at all.
pub fn examine(archive: &Archive, now: Timestamp) -> Result<Vec<Check>> {
    let (size, free) = archive.size_and_free()?;
    let sound = integrity(archive)?;
    let readable = sound.health == Health::Well;
    let mut checks = vec![sound];
    if readable {
        checks.extend(derived(archive)?);
        checks.push(pruning(archive)?);
    }
    checks.push(forgetting(archive)?);
    checks.push(wal(archive));
    checks.push(room(archive, size));
    checks.push(empty(size, free));
    checks.push(lock(archive));
    checks.push(permissions(archive));
    checks.push(secret(archive)?);
    checks.push(clock(archive, now)?);
    checks.push(leftovers(archive)?);
    Ok(checks)
}

/// Ends what was killed, and puts right what is derived from the entries. The caller holds the archive's lock.
///
/// # Errors
/// If the archive cannot be written.
pub fn fix(archive: &mut Archive, now: Timestamp, progress: impl Fn(f64)) -> Result<()> {
    archive.settle()?;
    // What was begun is ended first: what is derived follows from what is left then.
    for (store, _) in archive.stores()? {
        if archive.prunings(store)?.any().is_some() {
            archive.prune(store, &[], now, |_| {})?;
        }
    }
    archive.fix_derived()?;
    archive.index_words(usize::MAX)?;
    if archive.to_clear_since()?.is_some() {
        archive.clear()?;
    }
    let (size, free) = archive.size_and_free()?;
    if free as f64 > size as f64 * EMPTY {
        archive.shrink(progress)?;
    }
    archive.checkpoint().map(drop)
}

fn integrity(archive: &Archive) -> Result<Check> {
    Ok(match archive.check() {
        Ok(()) => Check::well("integrity", "the file is sound"),
        Err(Error::Corrupt { why, .. }) => Check::other(
            "integrity",
            Health::Wrong,
            format!("the file is damaged: {why}"),
            "`storelogs restore` a backup, or move it away and sync again",
        ),
        Err(error) => return Err(error),
    })
}

fn derived(archive: &Archive) -> Result<[Check; 3]> {
    let found = archive.out_of_step()?;
    let counts = match found.hours {
        0 => Check::well("counts", "the counts by hour add up to the entries"),
        hours => Check::fixable("counts", format!("the counts of {} do not add up", pluralize(hours, "hour", "hours"))),
    };
    let (wrong, waiting) = (found.words_of_none + found.wordless, archive.unindexed()?);
    let words = match (wrong, waiting) {
        (0, 0) => Check::well("words", "the index of words has every entry"),
        (0, waiting) => {
            let waiting = pluralize(waiting, "entry waits", "entries wait");
            Check::well("words", format!("{waiting} to be indexed, as the next search does"))
        }
        (wrong, _) => Check::fixable(
            "words",
            format!("the index of words is out of step by {}", pluralize(wrong, "entry", "entries")),
        ),
    };
    let deleted = match archive.unsettled()? {
        0 => Check::well("deletions", "nobody deleted entries"),
        entries => Check::other(
            "deletions",
            Health::Fixable,
            format!("{} deleted by another hand", pluralize(entries, "entry was", "entries were")),
            "`storelogs doctor --fix` takes note of it, and `storelogs sync` fetches what the platforms keep",
        ),
    };
    Ok([counts, words, deleted])
}

fn pruning(archive: &Archive) -> Result<Check> {
    Ok(match archive.pruned_and_held()? {
        0 => Check::well("pruning", "nothing is held that is pruned"),
        entries => {
            let entries = pluralize(entries, "entry is", "entries are");
            Check::fixable("pruning", format!("{entries} pruned and held still: a pruning was killed"))
        }
    })
}

fn forgetting(archive: &Archive) -> Result<Check> {
    let forgotten: u64 = archive.forgotten()?.into_iter().map(|(_, number)| number).sum();
    Ok(match archive.to_clear_since()? {
        Some(since) => Check::fixable(
            "forgetting",
            format!("what was forgotten at {since} may still be in free pages of the file"),
        ),
        None if forgotten == 0 => Check::well("forgetting", "nothing was forgotten"),
        None => {
            let entries = pluralize(forgotten, "entry was", "entries were");
            Check::well("forgetting", format!("{entries} forgotten, and cannot come back"))
        }
    })
}

fn wal(archive: &Archive) -> Check {
    match archive.wal_size() {
        size if size > LARGE_WAL => Check::other(
            "wal",
            Health::Fixable,
            format!("{} of changes wait beside the archive", format_bytes(size)),
            "end the process that reads an older state of it, then `storelogs doctor --fix`",
        ),
        size => Check::well("wal", format!("{} of changes wait beside the archive", format_bytes(size))),
    }
}

fn room(archive: &Archive, size: u64) -> Check {
    match archive.room() {
        Some(room) if room < size => Check::other(
            "disk",
            Health::Note,
            format!("the disk has {} left, less than the archive's {}", format_bytes(room), format_bytes(size)),
            "make room: forgetting, and the first pruning of an old archive, copy it once",
        ),
        Some(room) => Check::well("disk", format!("{} held, room for {} more", format_bytes(size), format_bytes(room))),
        None => Check::well("disk", format!("{} held", format_bytes(size))),
    }
}

fn empty(size: u64, free: u64) -> Check {
    let share = free as f64 / size.max(1) as f64;
    let found = format!("{} of {} are of empty pages", format_bytes(free), format_bytes(size));
    if share > EMPTY && free > LARGE_WAL {
        Check::other("empty", Health::Note, found, "`storelogs doctor --fix` gives it back to the disk")
    } else {
        Check::well("empty", found)
    }
}

fn lock(archive: &Archive) -> Check {
    match archive.lock_fault() {
        Some(fault) => Check::other("lock", Health::Wrong, fault, "give the lock to the archive's owner, or remove it"),
        None if archive.is_in_use() => Check::well("lock", "a process collects into the archive"),
        None => Check::well("lock", "nobody collects into the archive"),
    }
}

fn permissions(archive: &Archive) -> Check {
    let open = archive.open_to_others();
    if open.is_empty() {
        return Check::well("permissions", "the files are for their owner only");
    }
    let names: Vec<String> = open.iter().map(|file| file.display().to_string()).collect();
    let names = names.join(" ");
    Check::other("permissions", Health::Wrong, format!("others may read {names}"), format!("chmod 600 {names}"))
}

fn secret(archive: &Archive) -> Result<Check> {
    let path = archive.secret_path();
    Ok(match archive.secret()? {
        Some(_) => Check::well("secret", format!("{} is of this archive", path.display())),
        None => {
            let (health, remedy) = if archive.forgotten()?.is_empty() {
                (Health::Note, "put it back from beside a backup; else pseudonyms are others from now on")
            } else {
                (
                    Health::Wrong,
                    "put it back from beside a backup: nothing is collected without it, or what was forgotten \
                                 would come back",
                )
            };
            Check::other("secret", health, format!("{} is missing or of another archive", path.display()), remedy)
        }
    })
}

fn clock(archive: &Archive, now: Timestamp) -> Result<Check> {
    let clocks = archive.clocks(now)?;
    let worst = clocks.iter().max_by_key(|(_, ahead)| ahead.abs());
    Ok(match worst {
        None => Check::well("clock", "no platform gave its time within a day"),
        Some((store, ahead)) if ahead.abs() > CLOCK => Check::other(
            "clock",
            Health::Wrong,
            format!(
                "this machine's clock is {} {} that of {store}",
                format_duration(ahead.abs()),
                if ahead.is_positive() { "behind" } else { "ahead of" }
            ),
            "set the clock, or have it kept (NTP)",
        ),
        Some(_) => Check::well("clock", format!("as that of {}", pluralize(clocks.len() as u64, "store", "stores"))),
    })
}

fn leftovers(archive: &Archive) -> Result<Check> {
    let left = archive.left_behind()?;
    if left.is_empty() {
        return Ok(Check::well("leftovers", "no killed run has left a file"));
    }
    let names: Vec<String> = left.iter().map(|file| file.display().to_string()).collect();
    let found = format!("{} left by a killed run: {}", format_count(left.len() as u64), names.join(" "));
    Ok(Check::other("leftovers", Health::Note, found, format!("rm {}", names.join(" "))))
}
