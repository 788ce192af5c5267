//! Incidents of many stores: a failure in several stores at once is one incident, of what the stores share.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use super::bursts::{Burst, Candidate};

/// The fewest stores whose failing at once is no chance.
const FEWEST: usize = 3;
/// How many hours after the first incident another one may begin.
const APART: i64 = 1;
/// How many hours before and after it an incident of the same part still lies within the time of one of many stores: entries
/// that came by chance may lengthen it by as much.
const AROUND: i64 = 3;

/// The part that failed: a module or, where none is named, the most frequent template.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Module(u32),
    Template(u32),
}

impl Part {
    fn of(incident: &[Candidate]) -> Option<Self> {
        let most = incident.iter().max_by_key(|found| found.burst.entries)?;
        Some(most.key.1.map_or(Self::Template(most.key.2), Self::Module))
    }
}

/// An incident by its bursts.
type Bursts = Vec<Candidate>;

/// Merges incidents of several stores in which the same part fails, beginning at about the same hour, with those that lie
/// within the same time: a quiet store may notice later.
pub(super) fn together(incidents: Vec<Bursts>) -> Vec<Bursts> {
    let mut by_part: BTreeMap<Part, Vec<Bursts>> = BTreeMap::new();
    for incident in incidents {
        if let Some(part) = Part::of(&incident) {
            by_part.entry(part).or_default().push(incident);
        }
    }
    by_part.into_values().flat_map(merged).collect()
}

/// The incidents of one part.
fn merged(mut same: Vec<Bursts>) -> Vec<Bursts> {
    same.sort_by_key(|incident| time(incident)[0]);
    let (mut wide, mut narrow): (Vec<Bursts>, Vec<Bursts>) = (Vec::new(), Vec::new());
    let mut rest = same.into_iter().peekable();
    while let Some(first) = rest.next() {
        let begin = time(&first)[0];
        let mut at_once = vec![first];
        while let Some(next) = rest.next_if(|next| time(next)[0] - begin <= APART) {
            at_once.push(next);
        }
        let stores: BTreeSet<u32> = at_once.iter().flatten().map(|found| found.key.0).collect();
        if stores.len() >= FEWEST { wide.push(at_once.concat()) } else { narrow.extend(at_once) }
    }
    wide.sort_by_key(|incident| Reverse(entries(incident)));
    let mut found: Vec<([i64; 2], Bursts)> = Vec::new();
    for incident in wide {
        match around(&mut found, &incident) {
            Some(wider) => wider.extend(incident),
            None => found.push((time(&incident), incident)),
        }
    }
    narrow.retain(|incident| around(&mut found, incident).map(|wider| wider.extend_from_slice(incident)).is_none());
    found.into_iter().map(|(_, incident)| incident).chain(narrow).collect()
}

/// The one of many stores in whose time this one lies.
fn around<'a>(wide: &'a mut [([i64; 2], Bursts)], incident: &[Candidate]) -> Option<&'a mut Bursts> {
    let [begin, end] = time(incident);
    let lies_in = |time: &[i64; 2]| time[0] - AROUND <= begin && end <= time[1] + AROUND;
    wide.iter_mut().find(|(time, _)| lies_in(time)).map(|(_, wider)| wider)
}

/// The hours from the first steep one to the last of most stores: in one of them it may go on for a cause of its own. Of a
/// store's bursts the largest counts, since another may be chance.
fn time(incident: &[Candidate]) -> [i64; 2] {
    let mut largest: BTreeMap<u32, Burst> = BTreeMap::new();
    for Candidate { key, burst, .. } in incident {
        largest.entry(key.0).and_modify(|other| *other = larger(*other, *burst)).or_insert(*burst);
    }
    let first = largest.values().map(|burst| burst.steep[0]).min().unwrap_or_default();
    let mut ends: Vec<i64> = largest.values().map(|burst| burst.steep[1]).collect();
    ends.sort_unstable();
    [first, ends.get(ends.len() / 2).copied().unwrap_or(first)]
}

fn larger(one: Burst, other: Burst) -> Burst {
    if other.entries > one.entries { other } else { one }
}

fn entries(incident: &[Candidate]) -> u64 {
    incident.iter().map(|found| found.burst.entries).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn incident(store: u32, [first, last]: [i64; 2], steep: [i64; 2], entries: u64) -> Bursts {
        let burst = Burst { first, last, steep, entries, usual: 0.1 };
        vec![Candidate { key: (store, Some(1), 1), burst, weeks: 4.0 }]
    }

    fn stores(found: &[Bursts]) -> Vec<Vec<u32>> {
        let stores = |incident: &Bursts| incident.iter().map(|found| found.key.0).collect::<BTreeSet<_>>();
        found.iter().map(|incident| stores(incident).into_iter().collect()).collect()
    }

    #[test]
    fn an_entry_some_hours_before_makes_no_second_incident_of_many_stores() {
        let mut all: Vec<Bursts> = (0..20).map(|store| incident(store, [16, 22], [16, 22], 60)).collect();
        all.extend((20..23).map(|store| incident(store, [14, 22], [16, 21], 50)));
        let found = together(all);
        assert_eq!(stores(&found), [(0..23).collect::<Vec<_>>()]);
    }

    #[test]
    fn a_store_that_notices_later_belongs_to_the_incident_that_goes_on() {
        let mut all: Vec<Bursts> = (0..20).map(|store| incident(store, [16, 22], [16, 22], 60)).collect();
        all.extend((20..24).map(|store| incident(store, [19, 21], [19, 21], 6)));
        all.push(incident(24, [20, 22], [20, 22], 7));
        assert_eq!(stores(&together(all)), [(0..25).collect::<Vec<_>>()]);
    }

    #[test]
    fn what_lasts_longer_than_the_incident_of_many_stores_or_comes_later_is_one_of_its_own() {
        let mut all: Vec<Bursts> = (0..3).map(|store| incident(store, [16, 22], [16, 22], 60)).collect();
        all.push(incident(3, [18, 90], [18, 90], 300));
        all.push(incident(4, [30, 32], [30, 32], 9));
        let mut found = stores(&together(all.clone()));
        found.sort();
        assert_eq!(found, [vec![0, 1, 2], vec![3], vec![4]]);
        all.push(incident(5, [17, 90], [17, 90], 300));
        let mut found = stores(&together(all));
        found.sort();
        assert_eq!(found, [vec![0, 1, 2, 5], vec![3], vec![4]]);
    }

    #[test]
    fn two_stores_at_once_may_be_chance() {
        let all = vec![incident(0, [16, 22], [16, 22], 60), incident(1, [16, 22], [16, 22], 60)];
        assert_eq!(stores(&together(all)).len(), 2);
    }
}
