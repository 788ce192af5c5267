//! The writer: the one thread that writes. Pages of many stores that come at the same time are committed together.

use std::thread;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use storelogs::{Learned, Store};
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::backlog::Backlog;
use crate::archive::{Archive, Commit, Committed, PlatformClock, Progress, Status, StoreId};
use crate::error::{Error, Result};

/// How many pages may wait to be written. A reader with another page waits.
const QUEUE: usize = 32;
/// The most entries of one transaction; one page always goes.
const ENTRIES_AT_ONCE: usize = 10_000;
/// How long a transaction waits for more stores where several come at once, with a few entries each: every transaction
/// writes pages that all of them share.
const GATHER: Duration = Duration::from_millis(10);
/// With more entries than this, nobody waits.
const FEW_ENTRIES: usize = 1_000;
/// After this long without work the index of words is updated.
const IDLE: Duration = Duration::from_millis(500);

/// How often the file of changes is written into the archive while it is collected.
const CHECKPOINT_EVERY: Duration = Duration::from_secs(60);

enum Write {
    Commit(StoreId, Box<Commit>, Answer),
    /// Asks what the archive knows of a store.
    Load(Store, oneshot::Sender<Result<Known>>),
}

type Answer = oneshot::Sender<Result<(Box<Commit>, Committed)>>;

/// A store as the archive knows it.
#[derive(Debug)]
pub(crate) struct Known {
    pub(crate) id: StoreId,
    pub(crate) progress: Progress,
    pub(crate) status: Status,
    pub(crate) learned: Option<Learned>,
    pub(crate) clock: Option<PlatformClock>,
    /// The origin that it was read from.
    pub(crate) origin: Option<String>,
    /// The times of the entries of its newest second, up to a number.
    pub(crate) newest: Vec<Timestamp>,
}

/// A handle to the thread. It ends, with the archive brought to rest, when the last handle is gone.
#[derive(Clone)]
pub(crate) struct Writer(mpsc::Sender<Write>);

impl Writer {
    /// Starts the thread, from within a runtime. The second value waits for its end.
    pub(crate) fn start(archive: Archive) -> (Self, thread::JoinHandle<Archive>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        let runtime = Handle::current();
        (Self(sender), thread::spawn(move || work(archive, receiver, &runtime)))
    }

    /// Writes what belongs together, and gives it back with what it did.
    pub(crate) async fn commit(&self, store: StoreId, commit: Box<Commit>) -> Result<(Box<Commit>, Committed)> {
        let (answer, done) = oneshot::channel();
        self.0.send(Write::Commit(store, commit, answer)).await.map_err(|_| Error::Closed)?;
        done.await.map_err(|_| Error::Closed)?
    }

    /// Gets what the archive knows of a store, which is added if it is new.
    pub(crate) async fn load(&self, store: Store) -> Result<Known> {
        let (answer, done) = oneshot::channel();
        self.0.send(Write::Load(store, answer)).await.map_err(|_| Error::Closed)?;
        done.await.map_err(|_| Error::Closed)?
    }
}

fn load(archive: &Archive, store: &Store) -> Result<Known> {
    let id = archive.add_store(store)?;
    Ok(Known {
        id,
        progress: archive.progress(id)?,
        status: archive.status(id)?,
        learned: archive.learned(id)?,
        clock: archive.platform_clock(id)?,
        origin: archive.origin(id)?,
        newest: archive.newest(id)?,
    })
}

fn work(mut archive: Archive, mut tasks: mpsc::Receiver<Write>, runtime: &Handle) -> Archive {
    let mut backlog = Backlog::of(&archive);
    let mut checkpoint = Instant::now();
    let mut gathers = false;
    loop {
        let Some(first) = next(&mut archive, &mut tasks, &mut backlog, runtime) else { return archive };
        let mut commits = Vec::new();
        let mut entries = 0;
        let mut task = Some(first);
        if gathers {
            thread::sleep(GATHER);
        }
        while let Some(next) = task.take() {
            match next {
                Write::Load(store, answer) => {
                    // The caller may be gone.
                    let _ = answer.send(load(&archive, &store));
                }
                Write::Commit(store, commit, answer) => {
                    entries += commit.entries.len();
                    commits.push((store, commit, answer));
                }
            }
            if entries < ENTRIES_AT_ONCE {
                task = tasks.try_recv().ok();
            }
        }
        gathers = commits.len() > 1 && entries < FEW_ENTRIES;
        if commits.is_empty() {
            continue;
        }
        let written = archive.commit(commits.iter().map(|(store, commit, _)| (*store, &**commit)));
        match written {
            Ok(done) => {
                let written = done.iter().map(|done| done.new + done.revised).sum();
                for ((_, commit, answer), done) in commits.into_iter().zip(done) {
                    let _ = answer.send(Ok((commit, done)));
                }
                backlog.after_commit(&mut archive, written);
            }
            Err(_) => one_by_one(&mut archive, commits),
        }
        if checkpoint.elapsed() >= CHECKPOINT_EVERY {
            // Somebody who reads an older state may be in the way: then the next time.
            let _ = archive.checkpoint();
            checkpoint = Instant::now();
        }
    }
}

/// Tries failed commits one by one, so that each store gets its own error.
fn one_by_one(archive: &mut Archive, commits: Vec<(StoreId, Box<Commit>, Answer)>) {
    for (store, commit, answer) in commits {
        let done = archive.commit([(store, &*commit)]).map(|done| done.first().copied().unwrap_or_default());
        let _ = answer.send(done.map(|done| (commit, done)));
    }
}

/// The next task. While there is none, the index of words is brought up to date.
fn next(
    archive: &mut Archive,
    tasks: &mut mpsc::Receiver<Write>,
    backlog: &mut Backlog,
    runtime: &Handle,
) -> Option<Write> {
    let mut patience = IDLE;
    while !backlog.is_empty() {
        match runtime.block_on(async { tokio::time::timeout(patience, tasks.recv()).await }) {
            Ok(Some(task)) => return Some(task),
            Ok(None) => backlog.finish(archive),
            Err(_) => backlog.while_idle(archive),
        }
        patience = Duration::ZERO;
    }
    tasks.blocking_recv()
}
