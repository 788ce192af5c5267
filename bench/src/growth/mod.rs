//! How costs grow with the number of entries and of stores: two tables and a picture.

mod archive;
mod curve;
mod fetch;
mod long_log;
mod many_stores;
mod picture;

use std::path::{Path, PathBuf};

use storelogs_collector::wording::format_count;

use crate::table::Table;
use crate::{Result, quick, show};
use curve::{Curve, Point, Unit};
use picture::{Panel, svg};

pub(crate) const ABOUT: &str = "\
How each cost grows with the number of entries, and of stores. `fetch` is the whole program `storelogs fetch --format jsonl`
over a log of half a year, read from a server that does next to nothing itself. The archive holds ten stores that write some
1,200 entries a day each, so more entries go further back. It is opened until it is known where to go on; the first pages are
those of the eight searches of `large`, added up; the report runs in a process of its own, and is about all of it. `sync` is
one whole process that reads sandbox stores of 12 entries each into an empty archive, and again when there is nothing new. Half
of the stores are of each platform; the first is of BigCommerce, and needs fewer requests. Times are processor time, those of
opening and of first pages wall time. The middle one of several runs counts, where a run is over soon.

An exponent is the slope of log(cost) over log(size): 1 is linear, 2 quadratic. It is found by least squares over the last three
decades of sizes. What every size pays would flatten the slope and hide growth, so the smallest size and its cost are
subtracted from all others first, and sizes that cost less than a quarter more than the smallest are left out. If only the
largest is left, the one before it counts with that quarter. A cost that never grows by a quarter has the exponent 0. *Last* is
the slope between the two largest sizes alone.

In the picture, each cost is a multiple of what it is at the smallest size, and the dashed lines are as steep as linear growth.";

/// The largest exponent that still is linear, and what a measurement is off by.
const LINEAR: f64 = 1.05;
const PICTURE: &str = "growth.svg";

/// Measures, and prints the tables or writes them into the page. Returns whether a target is missed.
pub(crate) async fn measure(write: bool) -> Result<bool> {
    let entries = sizes([1_000, 10_000, 100_000, 1_000_000, 10_000_000], 1_000_000);
    let stores = sizes([1, 10, 100, 1_000, 10_000, 50_000], 10_000);
    let fetched = fetch::measure(&entries)?;
    let archived = archive::measure(&entries)?;
    let (first, again) = many_stores::measure(&stores).await?;
    let by_entries = table(&entries, &[("fetch", &fetched), ("archive", &archived)]);
    let by_stores = table(&stores, &[("first sync", &first), ("sync again", &again)]);
    let panel = |title, sizes, curves| Panel { title, sizes, curves };
    let drawn = svg(&[
        panel("fetch", "entries", &fetched),
        panel("archive", "entries", &archived),
        panel("first sync", "stores of 12 entries", &first),
        panel("sync again, nothing new", "stores of 12 entries", &again),
    ]);
    let path = if write { Path::new("docs").join(PICTURE) } else { beside(PICTURE)? };
    std::fs::write(&path, drawn)?;
    let results = format!(
        "![Costs over entries and stores, on logarithmic axes]({PICTURE})\n\n### Entries\n\n{}\n### Stores\n\n{}",
        by_entries.markdown(),
        by_stores.markdown()
    );
    show("growth", ABOUT, &results, write)?;
    println!("The picture is {}.\n", path.display());
    Ok(by_entries.missed() || by_stores.missed())
}

fn beside(name: &str) -> Result<PathBuf> {
    Ok(std::env::current_exe()?.with_file_name(name))
}

/// The sizes, without those that take longest if there is no time.
fn sizes<const N: usize>(all: [usize; N], quickly: usize) -> Vec<usize> {
    all.into_iter().filter(|size| !quick() || *size <= quickly).collect()
}

fn table(sizes: &[usize], groups: &[(&str, &Vec<Curve>)]) -> Table {
    let mut columns = Vec::from_iter(sizes.iter().map(|size| format_count(*size as u64)));
    columns.push("last".to_owned());
    let mut table = Table::with_columns(columns, "exponent");
    for (group, curves) in groups {
        for curve in *curves {
            let exponent = curve.exponent();
            let mut cells = Vec::from_iter(curve.points.iter().map(|point| curve.unit.format(point.cost)));
            cells.push(format!("{:.2}", exponent.last));
            table.at_most_after(cells, format!("{group}: {}", curve.what), exponent.overall, LINEAR, "");
        }
    }
    table
}

/// Curves that are measured together, and get a point each for every size.
struct Curves(Vec<Curve>);

impl Curves {
    fn new<const N: usize>(all: [(&'static str, Unit); N]) -> Self {
        Self(all.into_iter().map(|(what, unit)| Curve::new(what, unit)).collect())
    }

    /// Adds the middle one of what several runs cost, of each kind of cost.
    fn add<const N: usize>(&mut self, size: usize, runs: &[[f64; N]]) {
        for (kind, curve) in self.0.iter_mut().enumerate() {
            let mut costs = Vec::from_iter(runs.iter().map(|run| run[kind]));
            costs.sort_by(f64::total_cmp);
            if let Some(&cost) = costs.get(costs.len() / 2) {
                curve.points.push(Point { size: size as f64, cost });
            }
        }
    }
}

/// How often a size is measured, of which each takes about this many seconds: what is over soon is disturbed most.
fn runs(seconds: f64) -> usize {
    match seconds {
        ..0.5 => 7,
        ..5.0 => 3,
        _ => 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_run_of_each_kind_of_cost_counts() {
        let mut curves = Curves::new([("time", Unit::Seconds), ("bytes", Unit::Bytes)]);
        curves.add(1000, &[[3.0, 10.0], [1.0, 30.0], [2.0, 20.0]]);
        let costs = Vec::from_iter(curves.0.iter().map(|curve| curve.points[0].cost));
        assert_eq!(costs, [2.0, 20.0]);
    }

    #[test]
    fn a_cost_that_grows_faster_than_linearly_misses_its_target() {
        let curve = |power: i32| {
            let mut curves = Curves::new([("time", Unit::Seconds)]);
            for size in [10, 100, 1000] {
                curves.add(size, &[[f64::from(size as u32).powi(power)]]);
            }
            curves.0
        };
        assert!(!table(&[10, 100, 1000], &[("work", &curve(1))]).missed());
        let square = table(&[10, 100, 1000], &[("work", &curve(2))]);
        assert!(square.missed());
        let text = square.markdown();
        assert!(text.contains("| what | 10 | 100 | 1,000 | last | exponent | target | |"), "{text}");
        assert!(text.contains("| work: time | 100 s | 10,000 s | 1,000,000 s | 1.9"), "{text}");
    }
}
