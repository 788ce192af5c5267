//! The figures on how far a report can be trusted.

use serde_json::Value;

use super::{Figures, is, number, second, text};
use crate::shop::now;

const DAY: i64 = 86_400;

impl Figures {
    pub(super) fn trust(&self) {
        let mut shares = 0.0;
        let stores = self.list("/trust/stores");
        for (at, one) in stores.iter().enumerate() {
            self.trusted(&format!("/trust/stores/{at}"), one);
            shares += number(&one["share"]);
        }
        let share = number(self.at("/trust/share"));
        assert!((share - shares / stores.len() as f64).abs() < 1e-9, "{share}");
    }

    /// How many seconds of a time range are covered, as SQL.
    fn covered(store: &str, since: i64, until: i64) -> String {
        format!(
            "SELECT coalesce(sum(max(min(unixepoch(until), {until}) - max(unixepoch(since), {since}), 0)), 0) \
             FROM covered WHERE store = '{store}'"
        )
    }

    fn trusted(&self, path: &str, one: &Value) {
        let store = text(&self.report["stores"][self.at(&format!("{path}/store")).as_u64().unwrap() as usize]);
        let (these, period) = (is("shop", &store.into()), &self.report["period"]);
        let (since, until) = (second(&period["since"]), second(&period["until"]));
        self.counts(&format!("{path}/entries"), &format!("{these} AND {}", self.now));
        let upto = now().as_second();
        // What is still to come is no gap; what nobody has read since is one.
        let (read, length) = (until.min(upto), |since: i64, until: i64| (until - since) as f64);
        let share =
            |since, until| format!("SELECT ({}) * 1.0 / {}", Self::covered(store, since, until), length(since, until));
        self.same(&format!("{path}/share"), &share(since, read));
        let previous = &period["previous"];
        self.same(&format!("{path}/share_before"), &share(second(&previous["since"]), second(&previous["until"])));
        let gaps: f64 = one["gaps"]
            .as_array()
            .unwrap()
            .iter()
            .map(|gap| length(second(&gap["since"]), second(&gap["until"])))
            .sum();
        let missing = length(since, read) - self.ask(&Self::covered(store, since, read));
        // What was not read is missing; so is what was changed since it was audited.
        assert!(gaps > missing - 0.5, "{gaps} seconds are missing, {missing} are not covered");
        for edge in ["oldest", "newest"] {
            let query = format!("SELECT unixepoch({edge}) FROM stores WHERE store = '{store}'");
            assert!((second(&one[edge]) as f64 - self.ask(&query)).abs() < 0.5, "{edge} of {one}");
        }
        // All others were seen half a minute after their time, before it was covered.
        let lateness = format!("FROM log WHERE {these} AND unixepoch(observed) - second > 60");
        self.same(&format!("{path}/late"), &format!("SELECT count(*) {lateness}"));
        let latest = self.ask(&format!("SELECT coalesce(max(unixepoch(observed) - second), 0) {lateness}"));
        let power = if latest > 0.5 { (latest as u64).next_power_of_two() as f64 } else { 0.0 };
        assert!((number(self.at(&format!("{path}/latest_seconds"))) - power).abs() < 0.5, "{one}: {latest}");
        self.same(
            &format!("{path}/undecodable"),
            &format!(
                "SELECT count(*) FROM quarantined WHERE store = '{store}' AND unixepoch(time) >= {since} \
                 AND unixepoch(time) < {until}"
            ),
        );
        self.same(&format!("{path}/revised"), &format!("SELECT count(*) FROM revisions WHERE uid LIKE '{store}:%'"));
        let kept = if store.starts_with("shopline") { 92 * DAY } else { 365 * DAY };
        self.same(&format!("{path}/retention_seconds"), &format!("SELECT {kept}"));
        // The first moment that the platform still has and the archive does not.
        let oldest = now().as_second() - kept;
        // What was changed since it was audited is missing, too, and may expire sooner than what was never read.
        let unread = self.ask(&format!(
            "SELECT coalesce((SELECT unixepoch(until) FROM covered WHERE store = '{store}' \
             AND unixepoch(since) <= {oldest} AND unixepoch(until) > {oldest}), {oldest}) - {oldest}"
        ));
        let headroom = number(self.at(&format!("{path}/headroom_seconds")));
        assert!(headroom < unread + 0.5, "{headroom} seconds, {unread} to what was not read");
    }
}
