//! One run over all stores, or one that keeps going.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use storelogs::Store;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::event::{Event, Observer};
use super::queue::{Lane, Place, Queue};
use super::reader::{Reader, Shared, Turn};
use super::writer::Writer;
use super::{Directory, Shard};
use crate::archive::{Archive, Committed, State, Status};
use crate::error::{Error, Result};

/// How stores are read.
#[derive(Clone, Debug)]
pub struct Options {
    /// Keep going, and ask each store again and again.
    pub follow: bool,
    /// How many stores are read at once. Each holds some pages in memory.
    pub walks: usize,
    /// Only this share of the stores.
    pub shard: Option<Shard>,
    /// The shortest and the longest time between two readings of a store that is followed.
    pub interval: (Duration, Duration),
}

impl Default for Options {
    fn default() -> Self {
        let interval = (Duration::from_secs(30), Duration::from_secs(15 * 60));
        Self { follow: false, walks: 32, shard: None, interval }
    }
}

/// What a run did with one store.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// The store.
    pub store: Store,
    /// What was committed.
    pub committed: Committed,
    /// The state it is in now.
    pub status: Status,
    /// How many stretches could not be read.
    pub holes: usize,
    /// Whether everything that the platform keeps is covered.
    pub complete: bool,
}

/// How often the list of stores is read again while following.
const RELOAD: Duration = Duration::from_secs(10);

/// A busy page: a store that had so many new entries is asked more often.
const BUSY: u64 = 100;

/// Reads the logs of all stores into an archive. It ends when everything was read or failed, or, if it is to keep going,
/// when `stop` says so; the page in hand is committed first.
///
/// # Errors
/// If the archive cannot be written, or another process collects into it. A store that fails is no error of the run: its
/// [`Outcome`] says so.
pub async fn sync(
    archive: Archive,
    directory: Arc<dyn Directory>,
    options: Options,
    stop: watch::Receiver<bool>,
    observer: Observer,
) -> Result<Vec<Outcome>> {
    let lock = archive.lock()?;
    let (writer, thread) = Writer::start(archive);
    let shared = Shared { writer, directory, observer, stop, follow: options.follow };
    let outcomes = Run::new(shared, options).run().await;
    // The last handle is gone, so the thread ends.
    let _ = tokio::task::spawn_blocking(move || thread.join()).await;
    drop(lock);
    outcomes
}

/// A store in this run. While its turn lasts, the reader is away with it.
struct Seat {
    store: Store,
    reader: Option<Box<Reader>>,
    interval: Duration,
    wanted: bool,
}

struct Run {
    shared: Shared,
    options: Options,
    seats: Vec<Seat>,
    places: HashMap<Store, Place>,
    queue: Queue,
    turns: JoinSet<(Place, Lane, Box<Reader>, Result<Turn>)>,
}

impl Run {
    fn new(shared: Shared, options: Options) -> Self {
        let queue = Queue::new(options.walks);
        Self { shared, options, seats: Vec::new(), places: HashMap::new(), queue, turns: JoinSet::new() }
    }

    async fn run(mut self) -> Result<Vec<Outcome>> {
        let stores = self.shared.directory.stores().map_err(Error::Stores)?;
        self.seat(stores).await?;
        let mut reload = Instant::now() + RELOAD;
        let mut stop = self.shared.stop.clone();
        while !*stop.borrow() && !self.is_done() {
            self.start();
            let due = self.queue.next_due().unwrap_or(reload).min(reload);
            tokio::select! {
                Some(ended) = self.turns.join_next() => {
                    let (place, lane, reader, turn) = ended.map_err(|_| Error::Closed)?;
                    self.ended(place, lane, reader, turn?);
                }
                () = tokio::time::sleep_until(due), if self.options.follow => {
                    if due == reload {
                        self.reload().await?;
                        reload = Instant::now() + RELOAD;
                    }
                }
                _ = stop.wait_for(|stopped| *stopped) => {}
            }
        }
        while let Some(ended) = self.turns.join_next().await {
            let (place, lane, reader, turn) = ended.map_err(|_| Error::Closed)?;
            turn?;
            self.queue.ended(lane);
            self.seats[place].reader = Some(reader);
        }
        Ok(self.outcomes())
    }

    /// In a run that ends, nobody waits any more.
    fn is_done(&self) -> bool {
        !self.options.follow && self.queue.is_idle()
    }

    /// Gives every store that can have it its turn.
    fn start(&mut self) {
        for place in self.queue.due(Instant::now()) {
            self.queue.ready(place, Lane::Poll);
        }
        while let Some((place, lane)) = self.queue.next() {
            let seat = &mut self.seats[place];
            let (true, Some(mut reader)) = (seat.wanted, seat.reader.take()) else {
                self.queue.ended(lane); // it is no longer listed
                continue;
            };
            let shared = self.shared.clone();
            self.turns.spawn(async move {
                let turn = reader.turn(&shared).await;
                (place, lane, reader, turn)
            });
        }
    }

    fn ended(&mut self, place: Place, lane: Lane, reader: Box<Reader>, turn: Turn) {
        self.queue.ended(lane);
        let now = Instant::now();
        let (shortest, longest) = self.options.interval;
        let seat = &mut self.seats[place];
        match turn {
            Turn::More => self.queue.ready(place, past(&reader)),
            Turn::Rest { new } if self.options.follow => {
                let interval = match new {
                    0 => seat.interval.mul_f64(1.5),
                    BUSY.. => seat.interval / 4,
                    _ => seat.interval.mul_f64(0.75),
                };
                seat.interval = interval.clamp(shortest, longest);
                self.queue.later(place, now + seat.interval);
            }
            Turn::Failed if self.options.follow => {
                let next = reader
                    .status
                    .next_attempt
                    .map_or(longest, |at| Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default());
                self.queue.later(place, now + next);
            }
            Turn::Rest { .. } | Turn::Failed => {}
        }
        seat.reader = Some(reader);
    }

    async fn reload(&mut self) -> Result<()> {
        match self.shared.directory.stores() {
            Ok(stores) => self.seat(stores).await,
            Err(reason) => {
                (self.shared.observer)(&Event::Stores { reason: &reason });
                Ok(())
            }
        }
    }

    /// Takes in the stores of this list, and lets go of others.
    async fn seat(&mut self, stores: Vec<Store>) -> Result<()> {
        self.seats.iter_mut().for_each(|seat| seat.wanted = false);
        for store in stores {
            if self.options.shard.is_some_and(|shard| !shard.holds(&store)) {
                continue;
            }
            if let Some(&place) = self.places.get(&store) {
                self.seats[place].wanted = true;
                continue;
            }
            let (id, progress, status) = self.shared.writer.load(store.clone()).await?;
            let reader = Box::new(Reader::new(id, store.clone(), progress, status));
            let place = self.seats.len();
            let lane = if reader.status.state == State::Active { Lane::Poll } else { past(&reader) };
            self.queue.ready(place, lane);
            self.places.insert(store.clone(), place);
            let interval = self.options.interval.0.saturating_mul(2);
            self.seats.push(Seat { store, reader: Some(reader), interval, wanted: true });
        }
        // A store that is gone gives up its place, so that it can come again.
        let Self { seats, places, .. } = self;
        places.retain(|_, place| seats[*place].wanted);
        Ok(())
    }

    fn outcomes(self) -> Vec<Outcome> {
        let wanted = self.seats.into_iter().filter(|seat| seat.wanted);
        let outcome = |seat: Seat| {
            let reader = seat.reader?;
            let now = reader.now();
            let missing = reader.plan.missing(now);
            let holes = reader.plan.progress.holes.len();
            let head = reader.plan.head(now);
            let complete = holes == 0
                && reader.plan.progress.walk.is_none()
                && missing.iter().all(|gap| head.is_some_and(|head| gap.since >= head.since));
            Some(Outcome { store: seat.store, committed: reader.total, status: reader.status, holes, complete })
        };
        wanted.filter_map(outcome).collect()
    }
}

fn past(reader: &Reader) -> Lane {
    let expiry = reader.plan.expiry(reader.now());
    Lane::Past { expires: expiry.map_or(i64::MAX, |at| at.as_second() / 3600), turns: reader.turns }
}
