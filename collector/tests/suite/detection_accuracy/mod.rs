//! Detection accuracy: a report finds what was planted in a shop's history, and next to nothing else.
//! `docs/insights.md` has the figures, and `cargo xtask accuracy` computes them.

mod forms;
mod noise;
mod score;
mod small;

use std::ops::RangeInclusive;
use std::thread;

use jiff::SignedDuration;
use storelogs_collector::insight::model::Incident;
use storelogs_collector::insight::{Report, ReportOptions, report};
use storelogs_collector::redact::NoRedaction;
use storelogs_sandbox::History;

use crate::shop::{Shop, now, read_since};
use score::{Scores, Truth, percentile};

/// The periods that are reported on, in days.
const PERIODS: [i64; 3] = [7, 30, 90];

fn history(seed: u64) -> History {
    History::seeded(seed).ending_at(now().as_second())
}

fn calm(seed: u64) -> History {
    history(seed).calm()
}

fn of(shop: &Shop, days: i64) -> Report {
    let since = now() - SignedDuration::from_hours(24 * days);
    let options = ReportOptions { since, until: now(), compare: true, stores: Vec::new(), zone: None, now: now() };
    report(&shop.archive, &options, &NoRedaction).unwrap()
}

/// Calls `each` with every seed, on all cores.
fn each_seed<T: Send>(seeds: RangeInclusive<u64>, each: impl Fn(u64) -> T + Sync) -> Vec<T> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    thread::scope(|scope| {
        let each = &each;
        let share = |core| seeds.clone().skip(core).step_by(cores);
        let threads: Vec<_> =
            (0..cores).map(|core| scope.spawn(move || share(core).map(each).collect::<Vec<T>>())).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    })
}

/// The scores of reports over each of these numbers of days, for these seeds.
fn scores(seeds: RangeInclusive<u64>, history: impl Fn(u64) -> History + Sync) -> Vec<(i64, Scores)> {
    let of_seed = |seed| {
        let history = history(seed);
        let begins = history.time_range().0;
        let (shop, truth) = (read_since(&history, begins), Truth::of(&history, begins));
        PERIODS.map(|days| {
            let mut scores = Scores::default();
            scores.judge(&of(&shop, days), &truth);
            scores
        })
    };
    let mut all = PERIODS.map(|days| (days, Scores::default()));
    for of_seed in each_seed(seeds, of_seed) {
        all.iter_mut().zip(of_seed).for_each(|((_, all), scores)| all.add(scores));
    }
    all.into()
}

#[test]
fn what_was_planted_is_found_with_its_cause_and_next_to_nothing_else() {
    for (days, scores) in scores(1..=6, history) {
        for (of, score) in &scores.of {
            // Now and then people do work at night: such a line is true, though nobody planted it.
            let most_wrong = if *of == "unusual hours" { score.claimed / 10 } else { 0 };
            assert!(score.recall() >= 1.0 && score.wrong() <= most_wrong, "{days} days, {of}: {score:?}");
        }
        assert!(scores.of["incidents"].planted >= 6, "{days} days: {scores:?}");
        assert!(scores.grouping_accuracy() >= 1.0, "{days} days: {scores:?}");
        let edges = &scores.edges;
        assert!(percentile(&edges.seconds, 50) <= 600 && percentile(&edges.seconds, 100) <= 1800, "{edges:?}");
        assert!(percentile(&edges.entries, 95) == 0 && percentile(&edges.entries, 100) <= 2, "{edges:?}");
    }
}

#[test]
fn nothing_is_claimed_of_a_calm_shop_but_what_is_true() {
    for (days, scores) in scores(7..=9, calm) {
        for of in ["incidents", "bulk operations", "sensitive changes", "new actions"] {
            assert_eq!(scores.of.get(of).map_or(0, |score| score.claimed), 0, "{days} days: {of}");
        }
        for (of, score) in &scores.of {
            let most_wrong = if *of == "unusual hours" { score.claimed / 10 } else { 0 };
            assert!(score.recall() >= 1.0 && score.wrong() <= most_wrong, "{days} days, {of}: {score:?}");
        }
    }
}

#[test]
fn what_fails_every_evening_is_no_incident() {
    for known in [5, 10, 20, 60] {
        assert_eq!(noise::claimed(1..=3, known), 0, "{known} days known");
    }
}

#[test]
fn what_begins_to_fail_and_goes_on_is_one_incident() {
    for days in [6, 10, 25] {
        for incidents in noise::incidents(1..=2, 90, days) {
            let of = |module: &str| {
                let is_of = |incident: &&Incident| incident.module.as_ref().is_some_and(|of| of.as_str() == module);
                incidents.iter().filter(is_of).collect::<Vec<_>>()
            };
            for module in ["Gateway", "Feed"] {
                let found = of(module);
                assert_eq!(found.len(), 1, "{days} days, {module}: {found:#?}");
                let late = found[0].start.duration_since(now()) + SignedDuration::from_hours(24 * days);
                assert!(late < SignedDuration::from_hours(6), "{days} days, {module}: {late} late");
            }
        }
    }
}

#[test]
fn six_failures_in_half_an_hour_are_found_where_a_few_a_day_are_usual() {
    let (found, all) = small::found(1..=2, 6, 30);
    assert_eq!((found, all), (10, 10));
    let (found, all) = small::found(1..=2, 12, 360);
    assert!(found * 10 >= all * 9, "{found} of {all}");
}

#[test]
fn problems_are_grouped_by_what_they_say_whatever_names_are_in_them() {
    let grouped = forms::grouped(1..=3);
    assert!(grouped.accuracy() >= 0.98, "{grouped:?}");
    assert!(grouped.templates <= grouped.forms + 6, "{grouped:?}");
}

/// The number of seeds, as given to `cargo xtask accuracy`.
fn seeds() -> u64 {
    std::env::var("STORELOGS_TRUTH_SEEDS").map_or(20, |seeds| seeds.parse().unwrap())
}

#[test]
#[ignore = "a measurement: cargo xtask accuracy"]
#[allow(clippy::print_stdout)]
fn table_of_shops() {
    let seeds = seeds();
    for (name, scores) in [("with everything planted", scores(1..=seeds, history)), ("calm", scores(1..=seeds, calm))] {
        for (days, scores) in scores {
            println!("## {seeds} shops, {name}, {days} days: {}", scores.table());
        }
    }
}

#[test]
#[ignore = "a measurement: cargo xtask accuracy"]
#[allow(clippy::print_stdout)]
fn table_of_templates() {
    let grouped = forms::grouped(1..=seeds());
    println!("## Problems in forms of shops: grouping accuracy {:.4}, {grouped:?}\n", grouped.accuracy());
    // For whoever wants to see what another miner makes of them.
    if let Ok(file) = std::env::var("STORELOGS_TRUTH_LINES") {
        std::fs::write(file, forms::lines(1..=seeds())).unwrap();
    }
}

#[test]
#[ignore = "a measurement: cargo xtask accuracy"]
#[allow(clippy::print_stdout)]
fn table_of_bursts() {
    let seeds = seeds();
    println!("## Bursts that are found, by entries, in shops of which a few such failures a day are usual\n");
    println!("| entries | in 30 min | in 1 h | in 6 h |\n|---|---|---|---|");
    for entries in [4, 5, 6, 8, 10, 12, 16] {
        let found = [30, 60, 360].map(|minutes| {
            let (found, all) = small::found(1..=seeds.div_ceil(5), entries, minutes);
            format!("{found} of {all}")
        });
        println!("| {entries} | {} |", found.join(" | "));
    }
    println!("\n## Incidents in {seeds} reports over 30 days, where three modules fail all the time\n");
    println!("| days known | incidents |\n|---|---|");
    for known in [3, 4, 5, 7, 10, 14, 20, 27, 28, 40, 90] {
        println!("| {known} | {} |", noise::claimed(1..=seeds, known));
    }
    println!("\n## The same, where they began to fail in the last of 90 days\n\n| days | incidents |\n|---|---|");
    for days in [2, 3, 4, 5, 7, 10, 20, 30, 50] {
        println!("| {days} | {} |", noise::incidents(1..=seeds, 90, days).iter().map(Vec::len).sum::<usize>());
    }
}
