//! Bursts in hourly counts: hours in which far more happened than is usual.

use super::period::WEEK;
use super::statistics::{as_number, log10_of_at_least, median_and_spread};

/// Fewer entries than this are no burst, however unusual.
pub(super) const LEAST: u64 = 5;
/// How many hours are added up to find bursts that are not high in any single hour.
const WIDE: i64 = 6;
/// An hour beside a burst belongs to it if its probability by chance is below this power of 10.
pub(super) const LOG10_BESIDE: f64 = -2.0;
/// How many quiet hours within a burst do not end it.
const QUIET: i64 = 1;
/// The least number of bursts, each within this many hours of the one before, that are one that has not ended: what
/// fails from some day on fails seldom at night, and in some shops not at the weekend.
const LASTING: usize = 4;
const APART: i64 = 72;
/// A time is unusual as a whole if it has this many times what is usual: as a report calls a trend rising.
const MUCH: f64 = 1.5;
/// The fewest samples of an hour from which it is known what is usual in it.
const LEAST_KNOWN: i64 = 4;
/// The hours of a day.
const DAY: usize = 24;
/// How often the usual rate is taken again without the hours that stand out.
const ROUNDS: usize = 8;

/// Hourly counts of one kind of problem.
#[derive(Clone, Debug, Default)]
pub(super) struct Series {
    /// The hours that have any, ascending, and how many.
    pub(super) hours: Vec<(i64, u64)>,
}

impl Series {
    /// Adds to an hour. Hours come in order.
    pub(super) fn add(&mut self, hour: i64, entries: u64) {
        match self.hours.last_mut() {
            Some((last, sum)) if *last == hour => *sum += entries,
            _ => self.hours.push((hour, entries)),
        }
    }
}

/// Store, module, template.
pub(super) type Key = (u32, Option<u32>, u32);

/// A burst, and of what.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) key: Key,
    pub(super) burst: Burst,
    /// The number of weeks from which its store is known.
    pub(super) weeks: f64,
}

/// Hours that stand out, one after the other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Burst {
    /// The first hour.
    pub(super) first: i64,
    /// The last hour.
    pub(super) last: i64,
    /// The first and the last of those hours that its rate explains best, compared with the usual one. A single entry some
    /// hours before may be chance.
    pub(super) steep: [i64; 2],
    pub(super) entries: u64,
    /// How many are usual in these hours.
    pub(super) usual: f64,
}

/// The usual number, hour by hour.
struct Usual {
    /// The usual counts, by the hour of the week.
    slots: Vec<f64>,
    /// The usual count of any hour: the mean of those that do not stand out.
    base: f64,
}

impl Usual {
    fn of(&self, slot: usize) -> f64 {
        self.slots[slot].max(self.base)
    }
}

/// The bursts of a series from an hour on, of which the counts are known since `begin` and up to `end`. `slot` returns the
/// hour of the week, `threshold` the power of 10 of the chance below which an hour stands out.
pub(super) fn bursts(
    series: &Series,
    [begin, since, end]: [i64; 3],
    slot: impl Fn(i64) -> usize,
    threshold: f64,
) -> Vec<Burst> {
    let hours: Vec<(i64, u64)> = series.hours.iter().copied().filter(|(hour, _)| (begin..end).contains(hour)).collect();
    if hours.iter().filter(|(hour, _)| *hour >= since).map(|(_, entries)| entries).sum::<u64>() < LEAST {
        return Vec::new();
    }
    let all = (end - begin).max(1);
    let mut usual = Usual { slots: slots(&hours, all, &slot), base: 0.0 };
    let mut core = vec![false; hours.len()];
    for _ in 0..ROUNDS {
        let quiet = hours.iter().zip(&core).filter(|(_, core)| !**core);
        let sum: u64 = quiet.clone().map(|((_, entries), _)| entries).sum();
        let counted = all - i64::try_from(hours.len() - quiet.count()).unwrap_or(0);
        // Never nothing: what has not happened yet is still to be expected once.
        usual.base = as_number(sum.max(1)) / as_number(counted.max(1).unsigned_abs());
        let found = stand_out(&hours, &usual, &slot, threshold);
        if found == core {
            break;
        }
        core = found;
    }
    lasting(&join(&hours, &core, &usual, &slot), &hours, &usual, &slot)
        .into_iter()
        .filter(|burst| burst.last >= since && burst.entries >= LEAST)
        .collect()
}

/// The median and the spread above it, by the hour of the week. As long as too few weeks are known, by the hour of the
/// day: a shop is busier in the evening than at night from its first week on.
fn slots(hours: &[(i64, u64)], all: i64, slot: &impl Fn(i64) -> usize) -> Vec<f64> {
    let alike = [WEEK, DAY].into_iter().map(|length| (length, all / (length as i64)));
    let Some((length, known)) = alike.into_iter().find(|(_, known)| *known >= LEAST_KNOWN) else {
        return vec![0.0; WEEK];
    };
    let mut counts = vec![Vec::new(); length];
    for (hour, entries) in hours {
        counts[slot(*hour) % length].push(*entries);
    }
    let known = usize::try_from(known).unwrap_or(0);
    let usual = |counts: Vec<u64>| {
        let (median, spread) = median_and_spread(&counts, known.saturating_sub(counts.len()));
        median + spread
    };
    let usual: Vec<f64> = counts.into_iter().map(usual).collect();
    (0..WEEK).map(|slot| usual[slot % length]).collect()
}

/// For each hour, whether it stands out, by itself or with those before.
fn stand_out(hours: &[(i64, u64)], usual: &Usual, slot: &impl Fn(i64) -> usize, threshold: f64) -> Vec<bool> {
    let mut core = vec![false; hours.len()];
    for (at, (hour, entries)) in hours.iter().enumerate() {
        if *entries >= LEAST && log10_of_at_least(*entries, usual.of(slot(*hour))) < threshold {
            core[at] = true;
        }
        let from = hours[..=at].partition_point(|(other, _)| other + WIDE <= *hour);
        let sum: u64 = hours[from..=at].iter().map(|(_, entries)| entries).sum();
        let wide = (hour + 1 - WIDE..=*hour).map(|hour| usual.of(slot(hour))).sum();
        if sum >= LEAST && at > from && log10_of_at_least(sum, wide) < threshold {
            // Those of them that are unusual at all.
            for (other, (hour, entries)) in hours.iter().enumerate().take(at + 1).skip(from) {
                core[other] |= log10_of_at_least(*entries, usual.of(slot(*hour))) < LOG10_BESIDE;
            }
        }
    }
    core
}

/// Puts hours that stand out together with those beside them.
fn join(hours: &[(i64, u64)], core: &[bool], usual: &Usual, slot: &impl Fn(i64) -> usize) -> Vec<Burst> {
    let beside = |(hour, entries): (i64, u64)| log10_of_at_least(entries, usual.of(slot(hour))) < LOG10_BESIDE;
    let near = |a: usize, b: usize| hours[b].0 - hours[a].0 <= 1 + QUIET;
    let mut bursts: Vec<Burst> = Vec::new();
    let mut at = 0;
    while at < hours.len() {
        if !core[at] {
            at += 1;
            continue;
        }
        let (mut first, mut last) = (at, at);
        while first > 0 && near(first - 1, first) && beside(hours[first - 1]) {
            first -= 1;
        }
        while last + 1 < hours.len() && near(last, last + 1) && (core[last + 1] || beside(hours[last + 1])) {
            last += 1;
        }
        bursts.push(burst(hours, usual, slot, [hours[first].0, hours[last].0]));
        at = last + 1;
    }
    bursts
}

fn burst(hours: &[(i64, u64)], usual: &Usual, slot: &impl Fn(i64) -> usize, [first, last]: [i64; 2]) -> Burst {
    let from = hours.partition_point(|(hour, _)| *hour < first);
    let within = &hours[from..hours.partition_point(|(hour, _)| *hour <= last)];
    let entries = within.iter().map(|(_, entries)| entries).sum();
    let usual = (first..=last).map(|hour| usual.of(slot(hour))).sum();
    Burst { first, last, steep: steep(within, [first, last], as_number(entries), usual), entries, usual }
}

/// The first and the last of the hours whose counts have the greatest likelihood ratio of a burst's rate to the usual one.
fn steep(counts: &[(i64, u64)], [first, last]: [i64; 2], entries: f64, usual: f64) -> [i64; 2] {
    let hours = as_number((last + 1 - first).unsigned_abs());
    let (an_entry, an_hour) = ((entries / usual).ln(), (entries - usual) / hours);
    let (mut most, mut best) = (0.0, [first, last]);
    let (mut sum, mut since, mut before) = (0.0, first, first);
    for (hour, entries) in counts {
        sum -= an_hour * as_number((hour - before).unsigned_abs());
        if sum <= 0.0 {
            (sum, since) = (0.0, *hour);
        }
        sum += as_number(*entries) * an_entry - an_hour;
        before = hour + 1;
        if sum > most {
            (most, best) = (sum, [since, *hour]);
        }
    }
    best
}

/// Makes one of bursts that come again and again, if that time as a whole is unusual: else they are what they are.
fn lasting(bursts: &[Burst], hours: &[(i64, u64)], usual: &Usual, slot: &impl Fn(i64) -> usize) -> Vec<Burst> {
    let near = |one: &Burst, next: &Burst| next.first - one.last <= APART;
    let runs = bursts.chunk_by(near);
    let one_of = |run: &[Burst]| match run {
        [first, .., last] if run.len() >= LASTING => {
            let all = burst(hours, usual, slot, [first.first, last.last]);
            if as_number(all.entries) >= MUCH * all.usual { vec![all] } else { run.to_vec() }
        }
        _ => run.to_vec(),
    };
    runs.flat_map(one_of).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn slot(hour: i64) -> usize {
        usize::try_from(hour.rem_euclid(WEEK as i64)).unwrap()
    }

    fn series(counts: impl IntoIterator<Item = (i64, u64)>) -> Series {
        let mut series = Series::default();
        counts.into_iter().filter(|(_, entries)| *entries > 0).for_each(|(hour, entries)| series.add(hour, entries));
        series
    }

    const WEEKS: i64 = 12 * WEEK as i64;

    #[test]
    fn what_happens_every_monday_is_no_burst() {
        let monday = series((0..WEEKS).map(|hour| (hour, if slot(hour) == 9 { 40 + hour as u64 % 7 } else { 1 })));
        assert_eq!(bursts(&monday, [0, 0, WEEKS], slot, -6.0), []);
    }

    #[test]
    fn what_happens_every_evening_is_no_burst_from_the_fourth_day_on() {
        let evening = series((0..WEEKS).map(|hour| (hour, if hour % 24 == 19 { 20 + hour as u64 % 5 } else { 4 })));
        for days in [4, 10, 27, 40] {
            assert_eq!(bursts(&evening, [0, 0, days * 24], slot, -6.0), [], "{days} days");
        }
    }

    #[test]
    fn a_burst_is_found_with_its_edges_and_nothing_else() {
        let counts = (0..WEEKS).map(|hour| match hour {
            1000 => (hour, 3),
            1001..=1002 => (hour, 25),
            1004 => (hour, 4),
            _ => (hour, u64::from(hour % 50 == 0)),
        });
        let found = bursts(&series(counts), [0, 500, WEEKS], slot, -6.0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!((found[0].first, found[0].last, found[0].entries), (1000, 1004, 57));
        assert!(found[0].usual < 0.3, "{found:?}");
        assert_eq!(found[0].steep, [1000, 1004]);
        let late = (0..WEEKS).map(|hour| match hour {
            1000 => (hour, 1),
            1002..=1007 => (hour, 10),
            _ => (hour, u64::from(hour % 500 == 0)),
        });
        let found = bursts(&series(late), [0, 500, WEEKS], slot, -6.0);
        assert_eq!((found[0].first, found[0].steep), (1000, [1002, 1007]), "one entry may be chance");
    }

    #[test]
    fn what_lasts_is_found_though_no_hour_stands_out() {
        let counts = (0..WEEKS).map(|hour| match hour {
            1000..1012 => (hour, 3),
            _ => (hour, u64::from(hour % 20 == 0)),
        });
        let found = bursts(&series(counts), [0, 0, WEEKS], slot, -6.0);
        assert_eq!(found.len(), 1, "{found:?}");
        assert!(found[0].first <= 1001 && found[0].last >= 1010, "{found:?}");
    }

    #[test]
    fn what_begins_and_stays_is_one_burst() {
        let stays = |days: i64| {
            let counts = (0..WEEKS).map(move |hour| match hour {
                hour if hour < WEEKS - days * 24 => (hour, u64::from(hour % 100 == 0)),
                hour if (8..22).contains(&(hour % 24)) => (hour, 6),
                hour => (hour, u64::from(hour % 3 == 0)),
            });
            bursts(&series(counts), [0, 0, WEEKS], slot, -6.0)
        };
        for days in [5, 10, 25] {
            let found = stays(days);
            assert_eq!(found.len(), 1, "{days} days: {found:?}");
            let begin = WEEKS - days * 24;
            assert!((begin..begin + 10).contains(&found[0].first) && found[0].last >= WEEKS - 24, "{found:?}");
        }
        assert_eq!(stays(60), [], "it is usual by then");
    }

    #[test]
    fn bursts_of_an_hour_every_other_day_are_not_one_of_a_month_that_is_as_usual() {
        let counts = (0..WEEKS).map(|hour| match hour {
            _ if hour > WEEKS - 700 && hour % 50 == 0 => (hour, 60),
            _ => (hour, 6 + hour as u64 * 7 % 3),
        });
        let found = bursts(&series(counts), [0, 0, WEEKS], slot, -6.0);
        assert!(found.len() > 10 && found.iter().all(|burst| burst.entries > 50 && burst.usual < 20.0), "{found:?}");
    }

    #[test]
    fn a_few_are_no_burst_and_older_ones_are_left_out() {
        assert_eq!(bursts(&series([(100, 4)]), [0, 0, WEEKS], slot, -6.0), []);
        assert_eq!(bursts(&series([(100, 50), (900, 9)]), [0, 800, WEEKS], slot, -6.0).len(), 1);
    }

    proptest! {
        /// Of counts that are what chance makes of a steady rate.
        #[test]
        fn chance_is_no_burst(seed in any::<u64>(), rate in 0.01f64..4.0) {
            let mut state = seed | 1;
            let mut random = || {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                (state >> 11) as f64 / (1_u64 << 53) as f64
            };
            let mut poisson = || {
                let (limit, mut product, mut n) = ((-rate).exp(), random(), 0);
                while product > limit {
                    product *= random();
                    n += 1;
                }
                n
            };
            let counts = series((0..WEEKS).map(|hour| (hour, poisson())));
            prop_assert_eq!(bursts(&counts, [0, 0, WEEKS], slot, -8.0), []);
        }
    }
}
