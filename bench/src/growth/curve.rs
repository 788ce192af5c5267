//! How a cost grows: what it is at each size, and the exponent of the power of the size that it follows.

use storelogs_collector::wording::format_count;

/// The sizes that count for the exponent: down to this part of the largest, which is three decades.
const RANGE: f64 = 1000.0;
/// The least growth that counts, as a share of what the smallest size costs. What is below it is as much noise as growth.
const GROWN: f64 = 0.25;

/// The unit of a cost.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unit {
    Seconds,
    Bytes,
    Count,
}

impl Unit {
    pub(crate) fn format(self, cost: f64) -> String {
        let digits = |value: f64, unit: &str| match value {
            ..9.995 => format!("{value:.2} {unit}"),
            ..99.95 => format!("{value:.1} {unit}"),
            _ => format!("{} {unit}", format_count(value.round() as u64)),
        };
        match self {
            Self::Count => format_count(cost.round() as u64),
            Self::Seconds if cost < 1.0 => digits(cost * 1e3, "ms"),
            Self::Seconds => digits(cost, "s"),
            Self::Bytes if cost < 1024.0 * 1024.0 => digits(cost / 1024.0, "KiB"),
            Self::Bytes if cost < 1024.0 * 1024.0 * 1024.0 => digits(cost / 1024.0 / 1024.0, "MiB"),
            Self::Bytes => digits(cost / 1024.0 / 1024.0 / 1024.0, "GiB"),
        }
    }
}

/// What something costs at each size, the smallest first.
#[derive(Clone, Debug)]
pub(crate) struct Curve {
    pub(crate) what: &'static str,
    pub(crate) unit: Unit,
    pub(crate) points: Vec<Point>,
}

/// What a size costs.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Point {
    pub(crate) size: f64,
    pub(crate) cost: f64,
}

/// How steeply a cost grows: 0 does not, 1 is linear, 2 is quadratic.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Exponent {
    /// By least squares over the last three decades of sizes.
    pub(crate) overall: f64,
    /// Between the two largest sizes alone: a cost that begins to grow faster shows it here first.
    pub(crate) last: f64,
}

impl Curve {
    pub(crate) fn new(what: &'static str, unit: Unit) -> Self {
        Self { what, unit, points: Vec::new() }
    }

    /// The slope of log(cost) over log(size).
    ///
    /// A part that every size pays would flatten it, and hide growth. So the smallest size and its cost are taken off all
    /// others first: a fixed part is gone then, and a linear cost has 1, however large its fixed part. Sizes that cost less
    /// than a quarter more than the smallest are left out. If only the largest is left, the one before it counts with
    /// that quarter, the most that it can have grown: the slope is at least what comes out.
    pub(crate) fn exponent(&self) -> Exponent {
        let (Some(first), Some(largest)) = (self.points.first(), self.points.last()) else {
            return Exponent { overall: 0.0, last: 0.0 };
        };
        let least = first.cost * GROWN;
        let grown = |point: &Point| Point { size: point.size - first.size, cost: point.cost - first.cost };
        let recent = self.points[1..].iter().filter(|point| point.size * RANGE >= largest.size);
        let all = Vec::from_iter(recent.map(grown));
        let mut counted = Vec::from_iter(all.iter().copied().filter(|point| point.cost > 0.0 && point.cost >= least));
        match (&counted[..], &all[..]) {
            ([only], [.., before, last]) if only.size >= last.size => {
                counted.insert(0, Point { size: before.size, cost: least });
            }
            _ => {}
        }
        let last = counted.len().saturating_sub(2);
        Exponent { overall: slope(&counted), last: slope(&counted[last..]) }
    }
}

/// The slope of the logarithms by least squares; 0 of fewer than two points.
fn slope(points: &[Point]) -> f64 {
    let logs = Vec::from_iter(points.iter().map(|point| (point.size.ln(), point.cost.ln())));
    let mean = |of: fn(&(f64, f64)) -> f64| logs.iter().map(of).sum::<f64>() / logs.len() as f64;
    let (x, y) = (mean(|log| log.0), mean(|log| log.1));
    let together: f64 = logs.iter().map(|log| (log.0 - x) * (log.1 - y)).sum();
    let spread: f64 = logs.iter().map(|log| (log.0 - x).powi(2)).sum();
    if spread > 0.0 { together / spread } else { 0.0 }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SIZES: [f64; 5] = [1e3, 1e4, 1e5, 1e6, 1e7];

    fn curve(cost: impl Fn(f64) -> f64) -> Curve {
        let points = SIZES.map(|size| Point { size, cost: cost(size) }).to_vec();
        Curve { points, ..Curve::new("work", Unit::Seconds) }
    }

    fn close(exponent: Exponent, to: f64) -> bool {
        (exponent.overall - to).abs() < 0.03 && (exponent.last - to).abs() < 0.03
    }

    #[test]
    fn linear_costs_have_the_exponent_one_however_large_their_fixed_part() {
        for fixed in [0.0, 1.0, 100.0] {
            let exponent = curve(|size| fixed + size * 1e-4).exponent();
            assert!(close(exponent, 1.0), "{fixed}: {exponent:?}");
        }
    }

    #[test]
    fn quadratic_costs_have_the_exponent_two_however_large_their_fixed_part() {
        for fixed in [0.0, 1.0, 100.0] {
            let exponent = curve(|size| fixed + size * size * 1e-9).exponent();
            assert!(close(exponent, 2.0), "{fixed}: {exponent:?}");
        }
    }

    #[test]
    fn what_is_the_same_at_every_size_does_not_grow() {
        assert_eq!(curve(|_| 3.0).exponent(), Exponent { overall: 0.0, last: 0.0 });
        assert_eq!(curve(|size| 3.0 + 0.1 * (size.sin())).exponent().overall, 0.0);
        assert_eq!(curve(|_| 0.0).exponent().overall, 0.0);
    }

    #[test]
    fn a_small_quadratic_part_is_seen_before_it_is_half_of_the_cost() {
        let exponent = curve(|size| 1.0 + size * 1e-5 + size * size * 0.5e-12).exponent();
        assert!(exponent.overall > 1.05 && exponent.last > exponent.overall, "{exponent:?}");
    }

    #[test]
    fn a_cost_that_grows_with_the_largest_size_alone_is_seen() {
        let exponent = curve(|size| 10.0 + size * size * 1e-12).exponent();
        assert!(exponent.overall > 1.5, "{exponent:?}");
    }

    #[test]
    fn costs_are_written_in_units_that_fit() {
        let written = [
            Unit::Seconds.format(0.001_234),
            Unit::Seconds.format(0.25),
            Unit::Seconds.format(12.34),
            Unit::Bytes.format(2048.0),
            Unit::Bytes.format(20.0 * 1024.0 * 1024.0),
            Unit::Bytes.format(4.5 * 1024.0 * 1024.0 * 1024.0),
            Unit::Count.format(40_012.0),
        ];
        assert_eq!(written, ["1.23 ms", "250 ms", "12.3 s", "2.00 KiB", "20.0 MiB", "4.50 GiB", "40,012"]);
    }
}
