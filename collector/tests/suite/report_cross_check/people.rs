//! The figures on who did what.

use std::collections::HashMap;

use serde_json::Value;

use super::{Figures, is, number, second, text};

/// The condition for a sensitive action of this shop, by its category.
const SENSITIVE: &str = "category IN ('payment_settings', 'domain_management', 'administrator_roles_and_permissions')";

impl Figures {
    fn store(&self, line: &Value) -> String {
        is("shop", &self.report["stores"][line["store"].as_u64().unwrap() as usize])
    }

    /// For each actor, the number of hours with any activity, by the hour of the day.
    fn hours_of_work(&self) -> HashMap<String, Vec<f64>> {
        let mut hours: HashMap<String, Vec<f64>> = HashMap::new();
        let until = second(&self.report["period"]["until"]);
        let query = format!(
            "SELECT actor, hour, count(*) FROM \
             (SELECT DISTINCT actor, shop, second / 3600, slot % 24 AS hour FROM log WHERE actor <> '' AND second < {until}) \
             GROUP BY 1, 2"
        );
        for [actor, hour, count] in self.rows(&query) {
            hours.entry(text(&actor).to_owned()).or_insert_with(|| vec![0.0; 24])[hour.as_u64().unwrap() as usize] =
                number(&count);
        }
        hours
    }

    pub(super) fn people(&self) {
        let until = second(&self.report["period"]["until"]);
        self.counts("/people/total", &format!("actor <> '' AND {}", self.now));
        let worked = self.hours_of_work();
        self.length(
            "/people/actors",
            &format!("SELECT count(DISTINCT actor) FROM log WHERE actor <> '' AND {}", self.now),
        );
        assert!(number(self.at("/people/other_actors")) < 0.5);
        for (at, one) in self.list("/people/actors").iter().enumerate() {
            let (path, these) = (format!("/people/actors/{at}"), is("actor", &one["actor"]));
            self.count(&path, &these);
            for (list, column) in [("actions", "action"), ("categories", "category")] {
                let list = format!("{path}/{list}");
                for (at, line) in self.list(&list).iter().enumerate() {
                    self.counts(
                        &format!("{list}/{at}/now"),
                        &format!("{these} AND {} AND {}", is(column, &line["name"]), self.now),
                    );
                }
                self.length(
                    &list,
                    &format!(
                        "SELECT min(count(DISTINCT coalesce({column}, '')), 5) FROM log WHERE {these} AND {}",
                        self.now
                    ),
                );
            }
            for (edge, of) in [("first", "min"), ("last", "max")] {
                let found = self.ask(&format!("SELECT {of}(second) FROM log WHERE {these} AND second < {until}"));
                assert!((second(&one[edge]) as f64 - found).abs() < 0.5, "{edge} of {one}: {found}");
            }
            let stores = self.list(&format!("{path}/stores"));
            self.length(
                &format!("{path}/stores"),
                &format!("SELECT count(DISTINCT shop) FROM log WHERE {these} AND {}", self.now),
            );
            for number in stores {
                let store = is("shop", &self.report["stores"][number.as_u64().unwrap() as usize]);
                assert!(
                    self.ask(&format!("SELECT count(*) FROM log WHERE {these} AND {store} AND {}", self.now)) > 0.5
                );
            }
            self.at(&format!("{path}/stores"));
            let hours: Vec<f64> = self.at(&format!("{path}/hours")).as_array().unwrap().iter().map(number).collect();
            assert_eq!(hours, worked[text(&one["actor"])], "{one}");
        }
        self.new_actions();
        self.bulk();
        self.unusual(&worked);
        self.sensitive();
    }

    fn new_actions(&self) {
        let (since, until) = (second(&self.report["period"]["since"]), second(&self.report["period"]["until"]));
        // What a store did first that is known since a week before the period.
        self.length(
            "/people/new_actions",
            &format!(
                "WITH first AS (SELECT shop, second, row_number() OVER (PARTITION BY action ORDER BY second) AS number \
                 FROM log WHERE action <> ''), \
                 begin AS (SELECT shop, min(second) / 3600 * 3600 AS begin FROM log GROUP BY shop) \
                 SELECT count(*) FROM first JOIN begin USING (shop) \
                 WHERE number = 1 AND second >= {since} AND second < {until} AND begin <= {since} - 7 * 86400"
            ),
        );
        for (at, one) in self.list("/people/new_actions").iter().enumerate() {
            let (path, these) = (format!("/people/new_actions/{at}"), is("action", &one["action"]));
            self.at(&path);
            self.counts(&format!("{path}/entries"), &format!("{these} AND {}", self.now));
            let found = self.ask(&format!("SELECT min(second) FROM log WHERE {these}"));
            assert!((second(&one["first"]) as f64 - found).abs() < 0.5, "{one}: {found}");
            let by = format!("{these} AND {} AND {} AND second = {found}", is("actor", &one["actor"]), self.store(one));
            assert!(self.ask(&format!("SELECT count(*) FROM log WHERE {by}")) > 0.5, "{one}");
        }
    }

    fn bulk(&self) {
        // Runs: entries of one actor and action, each within ten seconds of the one before.
        let runs = format!(
            "WITH step AS (SELECT *, second - lag(second) OVER who > 10 AS apart FROM log WHERE actor <> '' AND {} \
             WINDOW who AS (PARTITION BY shop, actor, action ORDER BY second)), \
             run AS (SELECT *, sum(coalesce(apart, 0)) OVER (PARTITION BY shop, actor, action ORDER BY second) AS run FROM step) \
             SELECT shop, actor, action, min(second), max(second) + 1, count(*) FROM run \
             GROUP BY shop, actor, action, run HAVING count(*) >= 30 ORDER BY 4 DESC",
            self.now
        );
        let reported: Vec<[Value; 6]> = self
            .at("/people/bulk")
            .as_array()
            .unwrap()
            .iter()
            .map(|bulk| {
                let store = self.report["stores"][bulk["store"].as_u64().unwrap() as usize].clone();
                let [start, end] = ["start", "end"].map(|edge| second(&bulk[edge]).into());
                [store, bulk["actor"].clone(), bulk["action"].clone(), start, end, bulk["entries"].clone()]
            })
            .collect();
        assert_eq!(reported, self.rows(&runs));
    }

    fn unusual(&self, worked: &HashMap<String, Vec<f64>>) {
        let share = |actor: &str, hour: usize| {
            let hours = &worked[actor];
            let all: f64 = hours.iter().sum();
            (all, (hours[(hour + 23) % 24] + hours[hour] + hours[(hour + 1) % 24]) / all)
        };
        let query = format!(
            "SELECT shop, actor, second / 3600, slot % 24, count(*) FROM log WHERE actor <> '' AND {} GROUP BY 1, 2, 3, 4",
            self.now
        );
        let (mut hours, mut entries) = (0.0, 0.0);
        for [_, actor, _, hour, count] in self.rows(&query) {
            let (all, share) = share(text(&actor), hour.as_u64().unwrap() as usize);
            if all >= 100.0 && share < 0.02 {
                hours += 1.0;
                entries += number(&count);
            }
        }
        let lines = self.list("/people/unusual");
        let lasts = |line: &Value| (second(&line["end"]) - second(&line["start"])) as f64 / 3600.0;
        let reported =
            (lines.iter().map(lasts).sum::<f64>(), lines.iter().map(|line| number(&line["entries"])).sum::<f64>());
        let others = number(self.at("/people/other_unusual"));
        if others < 0.5 {
            assert_eq!(reported, (hours, entries), "hours, and what was done in them");
        } else {
            assert!(reported.0 + others <= hours + 0.5, "{reported:?} and {others}: {hours}");
        }
        for (at, line) in lines.iter().enumerate() {
            let path = format!("/people/unusual/{at}");
            let (start, end) = (second(&line["start"]), second(&line["end"]));
            self.at(&path);
            let these = format!(
                "{} AND {} AND second >= {start} AND second < {end}",
                self.store(line),
                is("actor", &line["actor"])
            );
            self.counts(&format!("{path}/entries"), &these);
            let hour = (start + 8 * 3600).rem_euclid(86_400) / 3600;
            let (_, share) = share(text(&line["actor"]), hour as usize);
            assert!((number(&line["share"]) - share).abs() < 1e-9, "{line}: {share}");
        }
    }

    fn sensitive(&self) {
        let uids =
            format!("SELECT 'uid:' || uid FROM log WHERE {SENSITIVE} AND {} ORDER BY second DESC, uid", self.now);
        let mut reported: Vec<Value> =
            self.at("/people/sensitive").as_array().unwrap().iter().map(|change| change["query"].clone()).collect();
        let mut found: Vec<Value> = self.rows(&uids).into_iter().map(|[uid]| uid).collect();
        reported.sort_by_key(ToString::to_string);
        found.sort_by_key(ToString::to_string);
        assert_eq!(reported, found);
        assert!(number(self.at("/people/other_sensitive")) < 0.5);
    }
}
