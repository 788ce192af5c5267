//! The statistics by which incidents are found, all simple enough to work out on paper.

/// Times the median of the distances from the median, this is the standard deviation of a normal distribution.
const MAD_TO_DEVIATION: f64 = 1.4826;

/// The median of these values and of `zeros` further zeros, and their median distance from it, as a standard deviation.
pub(super) fn median_and_spread(counts: &[u64], zeros: usize) -> (f64, f64) {
    let mut values: Vec<f64> = std::iter::repeat_n(0.0, zeros).chain(counts.iter().map(|n| as_number(*n))).collect();
    let median = median(&mut values);
    let mut distances: Vec<f64> = values.into_iter().map(|value| (value - median).abs()).collect();
    (median, MAD_TO_DEVIATION * self::median(&mut distances))
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => 0.0,
        n if n % 2 == 1 => values[n / 2],
        n => f64::midpoint(values[n / 2 - 1], values[n / 2]),
    }
}

/// The logarithm to base 10 of the probability that at least this many things happen that are independent of each
/// other, when `usual` are to be expected: the upper tail of the Poisson distribution.
pub(super) fn log10_of_at_least(entries: u64, usual: f64) -> f64 {
    let n = as_number(entries);
    if n <= usual {
        return 0.0; // not less than about a half: nothing to wonder at
    }
    if usual <= 0.0 {
        return f64::NEG_INFINITY;
    }
    // P(n) + P(n+1) + … = P(n) · (1 + u/(n+1) + u²/((n+1)(n+2)) + …)
    let (mut sum, mut term, mut k) = (1.0, 1.0, n);
    while term > sum * 1e-12 {
        k += 1.0;
        term *= usual / k;
        sum += term;
    }
    (n * usual.ln() - usual - ln_factorial(n) + f64::ln(sum)) / std::f64::consts::LN_10
}

/// ln n!, by Stirling's series.
fn ln_factorial(n: f64) -> f64 {
    if n < 10.0 {
        let mut product = 1.0;
        let mut k = 2.0;
        while k <= n {
            product *= k;
            k += 1.0;
        }
        return product.ln();
    }
    let inverse = 1.0 / n;
    n * n.ln() - n + 0.5 * (2.0 * std::f64::consts::PI * n).ln() + inverse / 12.0 - inverse.powi(3) / 360.0
}

/// The beginning and the end of a burst among ascending times: the time range that is best explained by the rate
/// `burst` instead of `usual`, both per unit of time. The greatest ratio of likelihoods; each event speaks for it, each
/// moment without one against it.
pub(super) fn densest(times: &[i64], usual: f64, burst: f64) -> Option<(usize, usize)> {
    if times.is_empty() || burst <= usual {
        return None;
    }
    let (gain, cost) = ((burst / usual.max(f64::MIN_POSITIVE)).ln(), burst - usual);
    let (mut best, mut found) = (f64::NEG_INFINITY, None);
    let (mut score, mut start) = (0.0, 0);
    for (at, time) in times.iter().enumerate() {
        let since_last = if at == 0 { 0 } else { time - times[at - 1] };
        let carried = score - cost * as_number(since_last.unsigned_abs());
        if at == 0 || carried <= 0.0 {
            (score, start) = (gain, at);
        } else {
            score = carried + gain;
        }
        if score > best {
            (best, found) = (score, Some((start, at)));
        }
    }
    found
}

/// Counts are far below 2^53.
#[allow(clippy::cast_precision_loss)]
pub(super) fn as_number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-6
    }

    #[test]
    fn the_median_and_the_spread_are_not_moved_by_an_outlier() {
        let (median, spread) = median_and_spread(&[4, 5, 6, 5, 4000], 0);
        assert!(near(median, 5.0) && near(spread, MAD_TO_DEVIATION), "{median} {spread}");
        assert_eq!(median_and_spread(&[9], 3), (0.0, 0.0));
        assert_eq!(median_and_spread(&[], 0), (0.0, 0.0));
        assert!(near(median_and_spread(&[2, 2], 2).0, 1.0));
    }

    #[test]
    fn the_tail_of_the_poisson_distribution_is_that_of_the_tables() {
        // 1 - sum of e^-u u^k / k! for k < n.
        for (n, usual, tail) in
            [(5, 1.0, 0.003_659_847), (10, 5.0, 0.031_828_06), (1, 0.1, 0.095_162_58), (30, 12.0, 8.870_138e-6)]
        {
            let found = 10_f64.powf(log10_of_at_least(n, usual));
            assert!((found / tail - 1.0).abs() < 1e-3, "{n} {usual}: {found} {tail}");
        }
        assert!(near(log10_of_at_least(3, 5.0), 0.0));
        assert!(log10_of_at_least(1000, 0.01) < -4000.0);
        assert!(near(ln_factorial(10.0), 15.104_412_573));
    }

    #[test]
    fn a_burst_is_cut_out_of_what_is_usual() {
        let mut times: Vec<i64> = (0..10).map(|n| n * 3600).collect();
        times.extend((0..20).map(|n| 40_000 + n * 60));
        times.extend((0..10).map(|n| 50_000 + n * 3600));
        assert_eq!(densest(&times, 1.0 / 3600.0, 1.0 / 120.0), Some((10, 29)));
        assert_eq!(densest(&[], 0.1, 1.0), None);
        assert_eq!(densest(&[7], 0.0, 1.0), Some((0, 0)));
    }

    proptest! {
        #[test]
        fn more_than_before_is_never_more_likely(n in 1u64..500, usual in 0.001f64..200.0) {
            prop_assert!(log10_of_at_least(n + 1, usual) <= log10_of_at_least(n, usual) + 1e-9);
            prop_assert!(log10_of_at_least(n, usual) <= 0.0 + 1e-9);
        }
    }
}
