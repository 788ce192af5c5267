//! Incidents of many stores: a failure in several stores at once is one incident, of what the stores share.

use std::collections::{BTreeMap, BTreeSet};

use super::bursts::Candidate;

/// The fewest stores whose failing at once is no chance.
const FEWEST: usize = 3;
/// How many hours after the first incident another one may begin.
const APART: i64 = 1;

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

/// Merges incidents of several stores in which the same part fails, beginning at about the same hour.
pub(super) fn together(incidents: Vec<Vec<Candidate>>) -> Vec<Vec<Candidate>> {
    let mut by_part: BTreeMap<Part, Vec<Vec<Candidate>>> = BTreeMap::new();
    for incident in incidents {
        if let Some(part) = Part::of(&incident) {
            by_part.entry(part).or_default().push(incident);
        }
    }
    let mut all = Vec::new();
    for mut same in by_part.into_values() {
        same.sort_by_key(|incident| begins(incident));
        let mut at_once: Vec<Vec<Candidate>> = Vec::new();
        for incident in same {
            if at_once.first().is_some_and(|first| begins(&incident) - begins(first) > APART) {
                close(&mut at_once, &mut all);
            }
            at_once.push(incident);
        }
        close(&mut at_once, &mut all);
    }
    all
}

fn close(at_once: &mut Vec<Vec<Candidate>>, all: &mut Vec<Vec<Candidate>>) {
    let stores: BTreeSet<u32> = at_once.iter().filter_map(|incident| Some(incident.first()?.key.0)).collect();
    if stores.len() >= FEWEST {
        all.push(at_once.drain(..).flatten().collect());
    } else {
        all.append(at_once);
    }
}

fn begins(incident: &[Candidate]) -> i64 {
    incident.iter().map(|found| found.burst.first).min().unwrap_or_default()
}
