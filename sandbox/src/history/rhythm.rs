//! When a shop writes to its log: quiet nights, busy hours, slower weekends.

use super::Plan;

const DAY: i64 = 86_400;

/// A shop's week, in its own time.
pub(crate) struct Rhythm {
    /// The shop's offset from UTC, in seconds.
    pub(crate) offset: i64,
    /// The share of each hour of the day; they need not add up to 1.
    pub(crate) hours: [f64; 24],
    /// The share of a working day's activity on Saturday and on Sunday.
    pub(crate) weekend: (f64, f64),
}

impl Rhythm {
    /// Moments of a whole history in Unix seconds, ascending: about `per_day` on each working day.
    pub(crate) fn moments(&self, plan: &Plan, per_day: f64, dice: &mut fastrand::Rng) -> Vec<i64> {
        let sum: f64 = self.hours.iter().sum();
        let mut moments = Vec::new();
        let mut hour = plan.start.div_euclid(3600) * 3600;
        while hour < plan.end {
            let wanted = per_day * self.hours[self.hour_of_day(hour)] / sum * self.weekday(hour);
            let noisy = wanted * (0.7 + 0.6 * dice.f64());
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a small count, never negative"
            )]
            let count = noisy as usize + usize::from(dice.f64() < noisy.fract());
            let first = moments.len();
            moments.extend((0..count).map(|_| hour + dice.i64(0..3600)));
            moments[first..].sort_unstable();
            hour += 3600;
        }
        moments.retain(|at| (plan.start..plan.end).contains(at));
        moments
    }

    /// The moment of a clock time in the shop, this many days before the history's last day.
    pub(crate) fn days_before_end(&self, plan: &Plan, days: i64, hour: i64, minute: i64) -> i64 {
        let last_midnight = (plan.end + self.offset).div_euclid(DAY) * DAY - self.offset;
        last_midnight - days * DAY + hour * 3600 + minute * 60
    }

    fn hour_of_day(&self, at: i64) -> usize {
        usize::try_from((at + self.offset).rem_euclid(DAY) / 3600).unwrap_or(0)
    }

    fn weekday(&self, at: i64) -> f64 {
        // 1970-01-01 was a Thursday.
        match ((at + self.offset).div_euclid(DAY) + 4).rem_euclid(7) {
            6 => self.weekend.0,
            0 => self.weekend.1,
            _ => 1.0,
        }
    }
}
