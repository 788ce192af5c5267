//! The set of covered time ranges, against a plain set of moments.

use std::collections::BTreeSet;

use jiff::Timestamp;
use proptest::prelude::*;
use storelogs_collector::{Coverage, TimeRange};

/// Moments are numbered; the model keeps each one that is covered.
const MOMENTS: i64 = 40;

fn at(number: i64) -> Timestamp {
    Timestamp::from_microsecond(number).unwrap()
}

fn range(since: i64, until: i64) -> Option<TimeRange> {
    TimeRange::new(at(since), at(until))
}

#[derive(Clone, Debug)]
enum Change {
    Add(i64, i64),
    Remove(i64, i64),
}

fn changes() -> impl Strategy<Value = Vec<Change>> {
    let bounds = (0..MOMENTS, 0..MOMENTS);
    let change = (any::<bool>(), bounds)
        .prop_map(|(add, (since, until))| if add { Change::Add(since, until) } else { Change::Remove(since, until) });
    proptest::collection::vec(change, 0..30)
}

proptest! {
    #[test]
    fn it_holds_what_a_plain_set_of_moments_holds(changes in changes(), since in 0..MOMENTS, until in 0..MOMENTS) {
        let mut coverage = Coverage::new();
        let mut model = BTreeSet::new();
        for change in changes {
            match change {
                Change::Add(since, until) => {
                    if let Some(range) = range(since, until) { coverage.add(range) }
                    model.extend(since..until);
                }
                Change::Remove(since, until) => {
                    if let Some(range) = range(since, until) { coverage.remove(range) }
                    model.retain(|moment| !(since..until).contains(moment));
                }
            }
            let ranges: Vec<TimeRange> = coverage.ranges().collect();
            prop_assert!(ranges.windows(2).all(|pair| pair[0].until < pair[1].since), "{ranges:?}");
            for moment in 0..MOMENTS {
                prop_assert_eq!(coverage.contains(at(moment)), model.contains(&moment), "moment {}", moment);
            }
        }
        if let Some(asked) = range(since, until) {
            let gaps = coverage.gaps(asked);
            for moment in since..until {
                prop_assert_eq!(gaps.iter().any(|gap| gap.contains(at(moment))), !model.contains(&moment));
                prop_assert_eq!(coverage.within(asked).any(|held| held.contains(at(moment))), model.contains(&moment));
            }
            prop_assert!(gaps.iter().all(|gap| asked.overlap(*gap) == Some(*gap)), "a gap leaves what was asked");
            prop_assert!(gaps.windows(2).all(|pair| pair[0].until < pair[1].since));
            prop_assert_eq!(coverage.covers(asked), (since..until).all(|moment| model.contains(&moment)));
        }
        prop_assert_eq!(coverage.end(), model.last().map(|last| at(last + 1)));
    }

    #[test]
    fn the_order_of_additions_does_not_matter(mut bounds in proptest::collection::vec((0..MOMENTS, 0..MOMENTS), 0..20)) {
        let build = |bounds: &[(i64, i64)]| bounds.iter().filter_map(|(a, b)| range(*a, *b)).collect::<Coverage>();
        let forwards = build(&bounds);
        bounds.reverse();
        prop_assert_eq!(forwards, build(&bounds));
    }
}
