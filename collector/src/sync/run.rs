//! A run of sync over all stores, once or following.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use jiff::Timestamp;
use storelogs::Store;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::event::{Event, Observer};
use super::policy;
use super::queue::{Priority, Queue, StoreIndex};
use super::reader::{Pulse, Reader, Shared, Task, TaskOutcome, stopped};
use super::writer::Writer;
use super::{Directory, Shard};
use crate::archive::{Archive, Committed, Gap, State, Status, StoreId};
use crate::error::{Error, Result};
use crate::verdict::{Evidence, Judgement};

/// How stores are read.
#[derive(Clone, Debug)]
pub struct SyncOptions {
    /// Keep going, and ask each store again and again.
    pub follow: bool,
    /// How many stores' past is read at once. Each holds some pages in memory.
    pub walks: usize,
    /// How many stores are asked at once for what is new. They wait for no walk through the past.
    pub polls: usize,
    /// Only this share of the stores.
    pub shard: Option<Shard>,
    /// The shortest and the longest time between two readings of a store that is followed.
    pub interval: (Duration, Duration),
    /// The API of these stores has moved: what the archive has from elsewhere goes on from where they are asked now.
    pub moved: bool,
}

impl Default for SyncOptions {
    fn default() -> Self {
        let interval = (Duration::from_secs(30), Duration::from_secs(15 * 60));
        Self { follow: false, walks: 32, polls: 256, shard: None, interval, moved: false }
    }
}

/// The outcome of a run for one store.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The store.
    pub store: Store,
    /// The entries and ranges that were committed.
    pub committed: Committed,
    /// The state it is in now.
    pub status: Status,
    /// The time ranges that could not be read.
    pub gaps: Vec<Gap>,
    /// The verdict on it now.
    pub verdict: Judgement,
    /// Whether nothing of it is missing.
    pub complete: bool,
    /// Whether its answers do not give the time: then the last quarter of an hour by this machine's clock is left for
    /// the next run.
    pub undated: bool,
}

/// How often the list of stores is read again while following. A list of many thousand stores, with the files of their
/// tokens, is read less often: it takes no more than a two-hundredth of the time.
const RELOAD: Duration = Duration::from_secs(3);
const RELOAD_SHARE: u32 = 200;
const RELOAD_AT_LEAST: Duration = Duration::from_secs(30);

/// A store with this many new entries is asked more often.
const BUSY: u64 = 100;

/// Reads the logs of all stores into an archive. It ends when everything was read or failed, or, if it is to keep
/// going, when `stop` says so; the page in hand is committed first.
///
/// # Errors
/// If the archive cannot be written, or another process collects into it. A store that fails is no error of the run: its
/// [`Outcome`] says so.
pub async fn sync(
    mut archive: Archive,
    directory: Arc<dyn Directory>,
    options: SyncOptions,
    stop: watch::Receiver<bool>,
    observer: Observer,
) -> Result<Vec<Outcome>> {
    let lock = archive.lock()?;
    archive.settle()?;
    let (writer, thread) = Writer::start(archive);
    let (follow, moved) = (options.follow, options.moved);
    let shared = Shared { writer, directory, observer, stop, follow, moved };
    let outcomes = Run::new(shared, options).run().await;
    // The last handle is gone, so the thread ends.
    let archive = tokio::task::spawn_blocking(move || thread.join()).await;
    let archive = archive.map_err(|_| Error::Closed)?.map_err(|_| Error::Closed)?;
    let outcomes = outcomes?.into_iter().map(|ended| ended.outcome(&archive)).collect();
    drop(lock);
    outcomes
}

/// A store as a run left it.
struct Ended {
    id: StoreId,
    store: Store,
    committed: Committed,
    status: Status,
    gaps: Vec<Gap>,
    present: Timestamp,
    undated: bool,
}

impl Ended {
    fn outcome(self, archive: &Archive) -> Result<Outcome> {
        let Self { id, store, committed, status, gaps, present, undated } = self;
        let verdict = Evidence::of(archive, id)?.judge(store.platform(), present);
        let complete = verdict.is_complete();
        Ok(Outcome { store, committed, status, gaps, verdict, complete, undated })
    }
}

/// A store in this run. While its turn lasts, the reader is away with it.
struct StoreSlot {
    store: Store,
    reader: Option<Box<Reader>>,
    /// The time between two readings of what is new.
    interval: Duration,
    /// Whether reading new entries is due.
    due: bool,
    wanted: bool,
}

/// A turn under way.
struct UnderWay {
    priority: Priority,
    since: Instant,
    pulse: Arc<Pulse>,
    /// It gave no sign of life, and has left its place.
    silent: bool,
}

struct Run {
    shared: Shared,
    options: SyncOptions,
    slots: Vec<StoreSlot>,
    indices: HashMap<Store, StoreIndex>,
    queue: Queue,
    under_way: HashMap<StoreIndex, UnderWay>,
    turns: JoinSet<(StoreIndex, Box<Reader>, Result<TaskOutcome>)>,
}

impl Run {
    fn new(shared: Shared, options: SyncOptions) -> Self {
        let queue = Queue::new(options.polls, options.walks, policy::SILENT_STORES);
        Self {
            shared,
            options,
            slots: Vec::new(),
            indices: HashMap::new(),
            queue,
            under_way: HashMap::new(),
            turns: JoinSet::new(),
        }
    }

    async fn run(mut self) -> Result<Vec<Ended>> {
        let stores = self.shared.directory.stores().map_err(Error::Stores)?;
        self.assign_slots(stores).await?;
        let mut reload = Instant::now() + RELOAD;
        let mut stop = self.shared.stop.clone();
        while !*stop.borrow() && !self.is_done() {
            self.overtake();
            self.start();
            let hush = self.next_silent();
            let due = self.queue.next_due().unwrap_or(reload).min(reload);
            tokio::select! {
                Some(ended) = self.turns.join_next() => {
                    let (index, reader, turn) = ended.map_err(|_| Error::Closed)?;
                    self.ended(index, reader, turn?);
                }
                () = sleep_until(hush) => {}
                () = tokio::time::sleep_until(due), if self.options.follow => {
                    if due == reload {
                        let took = self.reload().await?;
                        reload = Instant::now() + (took * RELOAD_SHARE).clamp(RELOAD, RELOAD_AT_LEAST);
                    }
                }
                () = stopped(&mut stop) => {}
            }
        }
        while let Some(ended) = self.turns.join_next().await {
            let (index, reader, turn) = ended.map_err(|_| Error::Closed)?;
            turn?;
            self.slots[index].reader = Some(reader);
        }
        Ok(self.ends())
    }

    /// Lets others go on in the place of stores that have their turn and give no sign of life.
    fn overtake(&mut self) {
        let now = Instant::now();
        for turn in self.under_way.values_mut() {
            let heard = turn.pulse.beats.load(Ordering::Relaxed);
            if !turn.silent && !heard && now.duration_since(turn.since) >= policy::SILENT {
                turn.silent = self.queue.falls_silent(turn.priority);
                turn.pulse.overtaken.store(turn.silent, Ordering::Relaxed);
            }
        }
    }

    /// When the next store that has its turn has been silent for long, if others wait.
    fn next_silent(&self) -> Option<Instant> {
        if !self.queue.has_waiting() {
            return None;
        }
        let silent = self.under_way.values().filter(|turn| !turn.silent && !turn.pulse.beats.load(Ordering::Relaxed));
        // One for which there is no room is looked at again.
        silent.map(|turn| (turn.since + policy::SILENT).max(Instant::now() + policy::SILENT / 4)).min()
    }

    /// In a run that ends, nobody waits any more.
    fn is_done(&self) -> bool {
        !self.options.follow && self.queue.is_idle()
    }

    /// Gives every store that can have it its turn.
    fn start(&mut self) {
        for index in self.queue.due(Instant::now()) {
            self.slots[index].due = true;
            self.line_up(index, false);
        }
        while let Some((index, priority)) = self.queue.next() {
            let slot = &mut self.slots[index];
            let Some(mut reader) = slot.reader.take() else {
                self.queue.ended(priority, false);
                continue;
            };
            let task = Task { news: std::mem::take(&mut slot.due), until: self.queue.time_of(index) };
            let shared = self.shared.clone();
            reader.pulse = Arc::default();
            let pulse = Arc::clone(&reader.pulse);
            self.under_way.insert(index, UnderWay { priority, since: Instant::now(), pulse, silent: false });
            self.turns.spawn(async move {
                let turn = reader.turn(&shared, task).await;
                (index, reader, turn)
            });
        }
    }

    /// Puts a store where it has to wait, unless it has its turn or rests.
    fn line_up(&mut self, index: StoreIndex, more: bool) {
        let slot = &self.slots[index];
        let Some(reader) = &slot.reader else { return };
        let fails = !matches!(reader.status.state, State::New | State::Active);
        match (slot.due, more) {
            (true, _) if fails => self.queue.ready(index, Priority::Parked),
            (true, _) => self.queue.ready(index, Priority::Poll),
            (false, true) => self.queue.ready(index, past(reader)),
            (false, false) => {}
        }
    }

    fn ended(&mut self, index: StoreIndex, mut reader: Box<Reader>, turn: TaskOutcome) {
        if let Some(turn) = self.under_way.remove(&index) {
            self.queue.ended(turn.priority, turn.silent);
        }
        let now = Instant::now();
        let (shortest, longest) = self.options.interval;
        let slot = &mut self.slots[index];
        if let Some(new) = reader.news.take() {
            let interval = match new {
                0 => slot.interval.mul_f64(1.5),
                BUSY.. => slot.interval / 4,
                _ => slot.interval.mul_f64(0.75),
            };
            slot.interval = interval.clamp(shortest, longest);
            if self.options.follow {
                self.queue.later(index, now + slot.interval);
            }
        }
        if self.options.follow && turn == TaskOutcome::Failed {
            let next = reader
                .status
                .next_attempt
                .map_or(longest, |at| Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default());
            self.queue.later(index, now + next);
            slot.due = false;
        } else if self.options.follow && self.queue.time_of(index).is_none() && !slot.due {
            self.queue.later(index, now + slot.interval);
        }
        slot.reader = Some(reader);
        if slot.wanted {
            self.line_up(index, turn == TaskOutcome::More);
        } else {
            self.leave(index);
        }
    }

    /// A store that is no longer listed gives up its place, so that it can come again.
    fn leave(&mut self, index: StoreIndex) {
        self.queue.forget(index);
        self.slots[index].reader = None;
        self.indices.remove(&self.slots[index].store);
    }

    /// Reads the list of stores again, and returns how long that took.
    async fn reload(&mut self) -> Result<Duration> {
        let begun = Instant::now();
        let stores = self.shared.directory.stores();
        let took = begun.elapsed();
        match stores {
            Ok(stores) => self.assign_slots(stores).await?,
            Err(reason) => (self.shared.observer)(&Event::Stores { reason: &reason }),
        }
        Ok(took)
    }

    /// Takes in the stores of this list, and lets go of others.
    async fn assign_slots(&mut self, stores: Vec<Store>) -> Result<()> {
        self.slots.iter_mut().for_each(|slot| slot.wanted = false);
        for store in stores {
            if self.options.shard.is_some_and(|shard| !shard.holds(&store)) {
                continue;
            }
            if let Some(&index) = self.indices.get(&store) {
                self.slots[index].wanted = true;
                continue;
            }
            let known = self.shared.writer.load(store.clone()).await?;
            let reader = Box::new(Reader::new(known, store.clone(), self.options.follow));
            let index = self.slots.len();
            // Of a store that was read before, what is new comes first: in a run that ends, if that is all there is.
            let due = self.options.follow && reader.status.state != State::New;
            let few = !self.options.follow && reader.plan.is_read(reader.now());
            self.queue.ready(index, if due || few { Priority::Poll } else { past(&reader) });
            self.indices.insert(store.clone(), index);
            let interval = self.options.interval.0.saturating_mul(2);
            self.slots.push(StoreSlot { store, reader: Some(reader), interval, due, wanted: true });
        }
        let gone = |index: &StoreIndex| !self.slots[*index].wanted && self.slots[*index].reader.is_some();
        let gone: Vec<StoreIndex> = self.indices.values().copied().filter(gone).collect();
        gone.into_iter().for_each(|index| self.leave(index));
        Ok(())
    }

    fn ends(self) -> Vec<Ended> {
        let wanted = self.slots.into_iter().filter(|slot| slot.wanted);
        let ended = |slot: StoreSlot| {
            let reader = slot.reader?;
            let (present, undated) = (reader.now(), reader.is_undated());
            Some(Ended {
                id: reader.id,
                store: slot.store,
                committed: reader.total,
                status: reader.status,
                gaps: reader.plan.progress.gaps,
                present,
                undated,
            })
        };
        wanted.filter_map(ended).collect()
    }
}

async fn sleep_until(time: Option<Instant>) {
    match time {
        Some(time) => tokio::time::sleep_until(time).await,
        None => std::future::pending().await,
    }
}

fn past(reader: &Reader) -> Priority {
    let expiry = reader.plan.expiry(reader.now());
    Priority::Past { expires: expiry.map_or(i64::MAX, |at| at.as_second() / 3600), turns: reader.turns }
}
