//! Whose turn it is: what is new of any store before the past of any other, and what expires soonest first.

use std::collections::BTreeSet;
use std::time::Duration;

use tokio::time::Instant;

/// The number of a store in this run.
pub(super) type Place = usize;

/// What a store waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Lane {
    /// What is new: few pages.
    Poll,
    /// The past, as much as there is.
    Past {
        /// When its oldest missing entry expires, in hours since 1970.
        expires: i64,
        /// How many turns it had.
        turns: u32,
    },
}

/// Stores that wait for their turn, or for their time.
#[derive(Debug)]
pub(super) struct Queue {
    ready: BTreeSet<(Lane, Place)>,
    later: BTreeSet<(Instant, Place)>,
    /// How many may be read at once.
    walks: usize,
    polls_running: usize,
    pasts_running: usize,
}

impl Queue {
    pub(super) fn new(walks: usize) -> Self {
        Self { ready: BTreeSet::new(), later: BTreeSet::new(), walks: walks.max(1), polls_running: 0, pasts_running: 0 }
    }

    /// A store is ready for its turn.
    pub(super) fn ready(&mut self, place: Place, lane: Lane) {
        self.ready.insert((lane, place));
    }

    /// A store is ready at this time.
    pub(super) fn later(&mut self, place: Place, at: Instant) {
        self.later.insert((at, place));
    }

    /// The next store that may be read now, if there is room for it. A quarter of the room is kept for what is new, so
    /// that the long past of many stores never delays it.
    pub(super) fn next(&mut self) -> Option<(Place, Lane)> {
        if self.polls_running + self.pasts_running >= self.walks {
            return None;
        }
        let (lane, place) = *self.ready.first()?;
        if matches!(lane, Lane::Past { .. }) && self.pasts_running >= (self.walks - self.walks / 4).max(1) {
            return None;
        }
        self.ready.remove(&(lane, place));
        *self.running(lane) += 1;
        Some((place, lane))
    }

    /// The turn of a store in this lane has ended.
    pub(super) fn ended(&mut self, lane: Lane) {
        let running = self.running(lane);
        *running = running.saturating_sub(1);
    }

    fn running(&mut self, lane: Lane) -> &mut usize {
        match lane {
            Lane::Poll => &mut self.polls_running,
            Lane::Past { .. } => &mut self.pasts_running,
        }
    }

    /// The stores whose time has come.
    pub(super) fn due(&mut self, now: Instant) -> Vec<Place> {
        let rest = self.later.split_off(&(now + Duration::from_nanos(1), 0));
        let due = std::mem::replace(&mut self.later, rest);
        due.into_iter().map(|(_, place)| place).collect()
    }

    /// When the time of the next one comes.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.later.first().map(|(at, _)| *at)
    }

    /// Nobody waits, and nobody is read.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.later.is_empty() && self.polls_running + self.pasts_running == 0
    }
}
