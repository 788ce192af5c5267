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
use super::reader::{Errand, Reader, Shared, Turn, stopped};
use super::writer::Writer;
use super::{Directory, Shard};
use crate::archive::{Archive, Committed, Hole, State, Status};
use crate::error::{Error, Result};

/// How stores are read.
#[derive(Clone, Debug)]
pub struct Options {
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
}

impl Default for Options {
    fn default() -> Self {
        let interval = (Duration::from_secs(30), Duration::from_secs(15 * 60));
        Self { follow: false, walks: 32, polls: 256, shard: None, interval }
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
    /// What could not be read.
    pub holes: Vec<Hole>,
    /// Whether everything that the platform keeps is covered.
    pub complete: bool,
}

/// How often the list of stores is read again while following.
const RELOAD: Duration = Duration::from_secs(3);

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
    /// The time between two readings of what is new.
    interval: Duration,
    /// What is new is due.
    due: bool,
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
        let queue = Queue::new(options.polls, options.walks);
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
                () = stopped(&mut stop) => {}
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
            self.seats[place].due = true;
            self.line_up(place, false);
        }
        while let Some((place, lane)) = self.queue.next() {
            let seat = &mut self.seats[place];
            let Some(mut reader) = seat.reader.take() else {
                self.queue.ended(lane);
                continue;
            };
            let errand = Errand { news: std::mem::take(&mut seat.due), until: self.queue.time_of(place) };
            let shared = self.shared.clone();
            self.turns.spawn(async move {
                let turn = reader.turn(&shared, errand).await;
                (place, lane, reader, turn)
            });
        }
    }

    /// Puts a store where it has to wait, unless it has its turn or rests.
    fn line_up(&mut self, place: Place, more: bool) {
        let seat = &self.seats[place];
        let Some(reader) = &seat.reader else { return };
        let fails = !matches!(reader.status.state, State::New | State::Active);
        match (seat.due, more) {
            (true, _) if fails => self.queue.ready(place, Lane::Parked),
            (true, _) => self.queue.ready(place, Lane::Poll),
            (false, true) => self.queue.ready(place, past(reader)),
            (false, false) => {}
        }
    }

    fn ended(&mut self, place: Place, lane: Lane, mut reader: Box<Reader>, turn: Turn) {
        self.queue.ended(lane);
        let now = Instant::now();
        let (shortest, longest) = self.options.interval;
        let seat = &mut self.seats[place];
        if let Some(new) = reader.news.take() {
            let interval = match new {
                0 => seat.interval.mul_f64(1.5),
                BUSY.. => seat.interval / 4,
                _ => seat.interval.mul_f64(0.75),
            };
            seat.interval = interval.clamp(shortest, longest);
            if self.options.follow {
                self.queue.later(place, now + seat.interval);
            }
        }
        if self.options.follow && turn == Turn::Failed {
            let next = reader
                .status
                .next_attempt
                .map_or(longest, |at| Duration::try_from(at.duration_since(Timestamp::now())).unwrap_or_default());
            self.queue.later(place, now + next);
            seat.due = false;
        } else if self.options.follow && self.queue.time_of(place).is_none() && !seat.due {
            self.queue.later(place, now + seat.interval);
        }
        seat.reader = Some(reader);
        if seat.wanted {
            self.line_up(place, turn == Turn::More);
        } else {
            self.leave(place);
        }
    }

    /// A store that is no longer listed gives up its place, so that it can come again.
    fn leave(&mut self, place: Place) {
        self.queue.forget(place);
        self.seats[place].reader = None;
        self.places.remove(&self.seats[place].store);
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
            let reader = Box::new(Reader::new(id, store.clone(), progress, status, self.options.follow));
            let place = self.seats.len();
            // Of a store that was read before, what is new comes first: in a run that ends, if that is all there is.
            let due = self.options.follow && reader.status.state != State::New;
            let few = !self.options.follow && reader.plan.is_complete(Timestamp::now());
            self.queue.ready(place, if due || few { Lane::Poll } else { past(&reader) });
            self.places.insert(store.clone(), place);
            let interval = self.options.interval.0.saturating_mul(2);
            self.seats.push(Seat { store, reader: Some(reader), interval, due, wanted: true });
        }
        let gone = |place: &Place| !self.seats[*place].wanted && self.seats[*place].reader.is_some();
        let gone: Vec<Place> = self.places.values().copied().filter(gone).collect();
        gone.into_iter().for_each(|place| self.leave(place));
        Ok(())
    }

    fn outcomes(self) -> Vec<Outcome> {
        let wanted = self.seats.into_iter().filter(|seat| seat.wanted);
        let outcome = |seat: Seat| {
            let reader = seat.reader?;
            let complete = reader.rests && reader.plan.is_complete(reader.now());
            let holes = reader.plan.progress.holes;
            Some(Outcome { store: seat.store, committed: reader.total, status: reader.status, holes, complete })
        };
        wanted.filter_map(outcome).collect()
    }
}

fn past(reader: &Reader) -> Lane {
    let expiry = reader.plan.expiry(reader.now());
    Lane::Past { expires: expiry.map_or(i64::MAX, |at| at.as_second() / 3600), turns: reader.turns }
}
