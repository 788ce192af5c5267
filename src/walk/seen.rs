//! The exact set of records that a walk has seen, in eight bytes per record.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};

use jiff::Timestamp;

use super::row::Row;

/// How many of the latest records are in a hash set; those before them are in sorted runs.
const RECENT: usize = 16_384;

/// The records that a walk has seen. None is ever forgotten: what a platform repeats much later is still a repeat, and a
/// count of distinct records is exact.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    recent: KeySet,
    /// The oldest time among the recent. `None` while they have none, or while one of them has no time.
    oldest: Option<Timestamp>,
    timeless: bool,
    runs: Vec<Run>,
}

/// Keys in order, and a time than which none of their records is older. Most lists come newest first: a record that is
/// older than all of a run cannot be in it, and need not be looked for.
#[derive(Debug)]
struct Run {
    keys: Vec<u64>,
    oldest: Option<Timestamp>,
}

impl Seen {
    /// Says whether the record is new, and remembers it.
    pub(crate) fn remember(&mut self, key: u64, time: Option<Timestamp>) -> bool {
        if self.runs.iter().any(|run| run.holds(key, time)) || !self.recent.insert(key) {
            return false;
        }
        match time {
            Some(time) => self.oldest = Some(self.oldest.map_or(time, |oldest| oldest.min(time))),
            None => self.timeless = true,
        }
        if self.recent.len() >= RECENT {
            self.seal();
        }
        true
    }

    /// How many records there are.
    pub(crate) fn len(&self) -> u64 {
        (self.recent.len() + self.runs.iter().map(|run| run.keys.len()).sum::<usize>()) as u64
    }

    pub(crate) fn knows(&self, key: u64, time: Option<Timestamp>) -> bool {
        self.recent.contains(&key) || self.runs.iter().any(|run| run.holds(key, time))
    }

    /// Remembers the rows of an answer: how many distinct ones are new, and how many were there before it.
    pub(crate) fn count(&mut self, rows: &[Row]) -> (u64, u64) {
        let (mut fresh, mut page) = (0, KeySet::default());
        for row in rows {
            fresh += u64::from(self.remember(row.key, row.time()));
            page.insert(row.key);
        }
        (fresh, page.len() as u64 - fresh)
    }

    /// Makes a sorted run of the recent, and joins runs so that there are few of them.
    fn seal(&mut self) {
        let mut keys: Vec<u64> = self.recent.drain().collect();
        keys.sort_unstable();
        let oldest = self.oldest.take().filter(|_| !std::mem::take(&mut self.timeless));
        let mut run = Run { keys, oldest };
        while let Some(mut last) = self.runs.pop_if(|last| last.keys.len() <= 2 * run.keys.len()) {
            merge(&mut last.keys, &run.keys);
            last.oldest = run.oldest.zip(last.oldest).map(|(a, b)| a.min(b));
            run = last;
        }
        self.runs.push(run);
    }
}

/// Merges sorted keys into others, from the end on: the largest run is most of what a walk remembers, and is not to be there
/// twice.
fn merge(keys: &mut Vec<u64>, others: &[u64]) {
    let (mut left, mut others) = (keys.len(), others);
    keys.reserve_exact(others.len());
    keys.resize(left + others.len(), 0);
    while let Some((other, rest)) = others.split_last() {
        let place = left + rest.len();
        if left > 0 && keys[left - 1] > *other {
            keys[place] = keys[left - 1];
            left -= 1;
        } else {
            keys[place] = *other;
            others = rest;
        }
    }
}

impl Run {
    fn holds(&self, key: u64, time: Option<Timestamp>) -> bool {
        let older = time.zip(self.oldest).is_some_and(|(time, oldest)| time < oldest);
        !older && self.keys.binary_search(&key).is_ok()
    }
}

/// Keys of records, which are hashes already.
pub(crate) type KeySet = HashSet<u64, BuildHasherDefault<Hashed>>;
/// What is known of records by their keys.
pub(crate) type KeyMap<V> = HashMap<u64, V, BuildHasherDefault<Hashed>>;

/// The keys are hashes already.
#[derive(Debug, Default)]
pub(crate) struct Hashed(u64);

impl Hasher for Hashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|byte| self.0 = self.0.rotate_left(8) ^ u64::from(*byte));
    }

    fn write_u64(&mut self, key: u64) {
        self.0 = key;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn merged_keys_are_sorted_and_all_there() {
        let mut dice = fastrand::Rng::with_seed(3);
        for _ in 0..500 {
            let mut sorted = |most: usize| {
                let mut keys: Vec<u64> = (0..dice.usize(0..most)).map(|_| dice.u64(0..50)).collect();
                keys.sort_unstable();
                keys
            };
            let (mut keys, others) = (sorted(30), sorted(20));
            let mut expected = [&keys[..], &others[..]].concat();
            expected.sort_unstable();
            merge(&mut keys, &others);
            assert_eq!(keys, expected);
        }
    }

    #[test]
    fn a_record_is_new_once_however_many_came_between() {
        let mut seen = Seen::default();
        let at = |second: i64| Some(Timestamp::from_second(second).expect("in range"));
        let key = |number: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        let rows = 5 * RECENT as u64 + 7;
        for number in 0..rows {
            assert!(seen.remember(key(number), at(1_000_000 - number as i64 / 3)), "{number} is new");
        }
        for number in 0..rows {
            assert!(!seen.remember(key(number), at(1_000_000 - number as i64 / 3)), "{number} came before");
        }
        assert!(seen.knows(key(3), None) && !seen.knows(key(rows), None));
        assert!(seen.runs.len() < 6);
    }
}
