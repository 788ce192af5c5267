//! The queue of stores: new entries of any store come before the past of any other, and entries that expire soonest
//! come first. Of equals, the store that has waited longest does: else those at the end of a long list would wait for good
//! where there are more than can be read in time.

use std::collections::{BTreeSet, HashMap};

use tokio::time::Instant;

/// The number of a store in this run.
pub(super) type StoreIndex = usize;

/// The priority with which a store waits. Each has room of its own, so that none waits for another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Priority {
    /// New entries: few pages.
    Poll,
    /// To be asked again after a failure: maybe a long wait for nothing.
    Parked,
    /// The past, as much as there is.
    Past {
        /// When its oldest missing entry expires, in hours since 1970.
        expires: i64,
        /// How many turns it had.
        turns: u32,
    },
}

impl Priority {
    fn kind(self) -> usize {
        match self {
            Self::Poll => 0,
            Self::Parked => 1,
            Self::Past { .. } => 2,
        }
    }
}

/// The number of a store in the order in which stores became ready.
type Arrival = u64;

/// Stores of one kind that are ready or have their turn.
#[derive(Debug)]
struct Schedule {
    ready: BTreeSet<(Priority, Arrival, StoreIndex)>,
    running: usize,
    room: usize,
}

/// Stores that wait for their turn, or for their time. A store may wait for both.
#[derive(Debug)]
pub(super) struct Queue {
    tracks: [Schedule; 3],
    /// Stores that have their turn and give no sign of life. They have left their track, so that others go on there.
    silent: usize,
    room_for_silent: usize,
    /// The priority with which a store is ready, and since when.
    priorities: HashMap<StoreIndex, (Priority, Arrival)>,
    arrivals: Arrival,
    later: BTreeSet<(Instant, StoreIndex)>,
    times: HashMap<StoreIndex, Instant>,
}

impl Queue {
    /// With room for this many readings of what is new, and of the past, and for this many stores that are silent meanwhile.
    pub(super) fn new(polls: usize, walks: usize, room_for_silent: usize) -> Self {
        let track = |room: usize| Schedule { ready: BTreeSet::new(), running: 0, room: room.max(1) };
        let tracks = [track(polls), track(polls / 4), track(walks)];
        let (priorities, arrivals, later, times) = Default::default();
        Self { tracks, silent: 0, room_for_silent, priorities, arrivals, later, times }
    }

    /// A store is ready for its turn, with this priority and no other. If it is so already, it stays where it is.
    pub(super) fn ready(&mut self, place: StoreIndex, priority: Priority) {
        if self.priorities.get(&place).is_some_and(|(held, _)| *held == priority) {
            return;
        }
        self.unready(place);
        self.arrivals += 1;
        self.priorities.insert(place, (priority, self.arrivals));
        self.tracks[priority.kind()].ready.insert((priority, self.arrivals, place));
    }

    fn unready(&mut self, place: StoreIndex) {
        if let Some((priority, arrival)) = self.priorities.remove(&place) {
            self.tracks[priority.kind()].ready.remove(&(priority, arrival, place));
        }
    }

    /// The time of a store comes then, and not before.
    pub(super) fn later(&mut self, place: StoreIndex, at: Instant) {
        if let Some(before) = self.times.insert(place, at) {
            self.later.remove(&(before, place));
        }
        self.later.insert((at, place));
    }

    /// A store waits for nothing any more.
    pub(super) fn forget(&mut self, place: StoreIndex) {
        self.unready(place);
        if let Some(at) = self.times.remove(&place) {
            self.later.remove(&(at, place));
        }
    }

    /// When the time of a store comes.
    pub(super) fn time_of(&self, place: StoreIndex) -> Option<Instant> {
        self.times.get(&place).copied()
    }

    /// The next store that may be read now, if there is room for it.
    pub(super) fn next(&mut self) -> Option<(StoreIndex, Priority)> {
        let track = self.tracks.iter_mut().find(|track| track.running < track.room && !track.ready.is_empty())?;
        let (priority, _, place) = track.ready.pop_first()?;
        track.running += 1;
        self.priorities.remove(&place);
        Some((place, priority))
    }

    /// A store that has its turn with this priority is silent. Returns whether it leaves its place to another.
    pub(super) fn falls_silent(&mut self, priority: Priority) -> bool {
        if self.silent >= self.room_for_silent {
            return false;
        }
        self.silent += 1;
        let track = &mut self.tracks[priority.kind()];
        track.running = track.running.saturating_sub(1);
        true
    }

    /// The turn of a store with this priority has ended, which had left its place if it had fallen silent.
    pub(super) fn ended(&mut self, priority: Priority, silent: bool) {
        if silent {
            self.silent = self.silent.saturating_sub(1);
            return;
        }
        let track = &mut self.tracks[priority.kind()];
        track.running = track.running.saturating_sub(1);
    }

    /// The stores whose time has come. Those whose time has not are not looked at: this is asked after each turn.
    pub(super) fn due(&mut self, now: Instant) -> Vec<StoreIndex> {
        let mut due = Vec::new();
        while let Some((at, place)) = self.later.pop_first() {
            if at > now {
                self.later.insert((at, place));
                break;
            }
            self.times.remove(&place);
            due.push(place);
        }
        due
    }

    /// When the time of the next one comes.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Whether anybody waits for a place.
    pub(super) fn has_waiting(&self) -> bool {
        self.tracks.iter().any(|track| !track.ready.is_empty())
    }

    /// Nobody waits for a turn, and nobody is read.
    pub(super) fn is_idle(&self) -> bool {
        self.silent == 0 && self.tracks.iter().all(|track| track.ready.is_empty() && track.running == 0)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const PAST: Priority = Priority::Past { expires: 0, turns: 0 };

    #[test]
    fn what_is_new_never_waits_for_the_past_nor_for_stores_that_fail() {
        let mut queue = Queue::new(8, 2, 0);
        (0..10).for_each(|place| queue.ready(place, PAST));
        (10..20).for_each(|place| queue.ready(place, Priority::Parked));
        let mut running = Vec::new();
        while let Some(next) = queue.next() {
            running.push(next);
        }
        assert_eq!(running.len(), 2 + 2, "the past and the parked have their own room: {running:?}");
        (20..30).for_each(|place| queue.ready(place, Priority::Poll));
        let polls = std::iter::from_fn(|| queue.next()).count();
        assert_eq!(polls, 8);
        queue.ended(Priority::Poll, false);
        assert_eq!(queue.next(), Some((28, Priority::Poll)));
    }

    #[test]
    fn where_there_are_more_stores_than_can_be_read_in_time_each_has_its_turn() {
        let mut queue = Queue::new(2, 1, 0);
        (0..10).for_each(|place| queue.ready(place, Priority::Poll));
        let mut turns = [0; 10];
        for _ in 0..50 {
            let (place, priority) = queue.next().unwrap();
            turns[place] += 1;
            queue.ended(priority, false);
            // It is due again before the others had their turns, and one of them is made ready a second time.
            queue.ready(place, Priority::Poll);
            queue.ready(9, Priority::Poll);
        }
        assert_eq!(turns, [5; 10]);
    }

    #[test]
    fn what_expires_soonest_goes_first_and_a_store_is_ready_at_one_priority_only() {
        let mut queue = Queue::new(1, 9, 0);
        for (place, expires) in [(0, 30), (1, 10), (2, 20)] {
            queue.ready(place, Priority::Past { expires, turns: 0 });
        }
        queue.ready(2, Priority::Poll);
        let order: Vec<StoreIndex> = std::iter::from_fn(|| queue.next()).map(|(place, _)| place).collect();
        assert_eq!(order, [2, 1, 0]);
    }

    #[test]
    fn a_store_that_falls_silent_leaves_its_place_as_long_as_there_is_room_for_it() {
        let mut queue = Queue::new(1, 2, 3);
        (0..9).for_each(|place| queue.ready(place, PAST));
        let mut running = 0;
        while queue.next().is_some() {
            running += 1;
            if running <= 4 {
                assert_eq!(queue.falls_silent(PAST), running <= 3);
            }
        }
        assert_eq!(running, 3 + 2, "three are silent beside two that are read");
        queue.ended(PAST, true);
        assert_eq!(queue.next(), None, "its place was taken already");
        queue.ended(PAST, false);
        assert!(queue.next().is_some() && !queue.is_idle());
    }

    #[test]
    fn a_time_that_is_set_anew_replaces_the_old_one() {
        let mut queue = Queue::new(1, 1, 0);
        let now = Instant::now();
        let second = Duration::from_secs(1);
        queue.later(7, now + second);
        queue.later(7, now + 3 * second);
        assert!(queue.due(now + 2 * second).is_empty());
        assert_eq!((queue.next_due(), queue.time_of(7)), (Some(now + 3 * second), Some(now + 3 * second)));
        assert_eq!(queue.due(now + 3 * second), [7]);
        assert_eq!(queue.next_due(), None);
    }
}
