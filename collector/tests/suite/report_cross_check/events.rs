//! The figures on what happened, what went wrong, and when.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Figures, PROBLEM, ZONE, is, like, number, quoted, second, text};

impl Figures {
    pub(super) fn activity(&self) {
        self.count("/activity/total", "true");
        let seen = match &self.before {
            Some(before) => format!("({}) OR ({before})", self.now),
            None => self.now.clone(),
        };
        for (list, column) in [
            ("severities", "severity"),
            ("platforms", "platform"),
            ("stores", "shop"),
            ("categories", "coalesce(category, '')"),
        ] {
            let list = format!("/activity/{list}");
            for (at, line) in self.list(&list).iter().enumerate() {
                self.count(&format!("{list}/{at}"), &is(column, &line["name"]));
            }
            // Without a comparison, what was seen only before stands in it with nothing.
            let least = format!("SELECT count(DISTINCT {column}) FROM log WHERE {seen}");
            assert!(self.list(&list).len() as f64 >= self.ask(&least), "{list} leaves something out: {least}");
        }
        let of_slot = format!("FROM log WHERE {} GROUP BY slot ORDER BY count(*) DESC, slot LIMIT 1", self.now);
        self.same("/activity/busiest/weekday", &format!("SELECT slot / 24 {of_slot}"));
        self.same("/activity/busiest/hour", &format!("SELECT slot % 24 {of_slot}"));
        self.same("/activity/busiest/entries", &format!("SELECT count(*) {of_slot}"));
        self.cube();
    }

    /// The step of the period in which an entry lies, as SQL.
    fn step(&self) -> String {
        let period = &self.report["period"];
        let day = |time: &str| format!("julianday(date({time}, {ZONE}))");
        // 1970-01-01 is day 2440587.5, and a Thursday.
        let week = |time: &str| format!("CAST(({} - 2440587.5 + 3) / 7 AS INTEGER)", day(time));
        let since = quoted(text(&period["since"]));
        match text(&period["step"]) {
            "hour" => format!("(second - unixepoch({since})) / 3600"),
            "day" => format!("CAST({} - {} AS INTEGER)", day("time"), day(&since)),
            _ => format!("{} - {}", week("time"), week(&since)),
        }
    }

    fn cube(&self) {
        let cube = self.at("/activity/cube");
        let stores: Vec<&Value> = self
            .list("/activity/cube/stores")
            .iter()
            .map(|number| &self.report["stores"][number.as_u64().unwrap() as usize])
            .collect();
        let place = |list: &[&Value], of: &Value| list.iter().position(|one| *one == of).unwrap_or(list.len()) as u64;
        let list = |name: &str| cube[name].as_array().unwrap().iter().collect::<Vec<_>>();
        for (name, at) in [("steps", self.step()), ("week", "slot".to_owned())] {
            let mut found: BTreeMap<[u64; 4], u64> = BTreeMap::new();
            let query = format!(
                "SELECT {at}, shop, severity, nullif(category, ''), count(*) FROM log WHERE {} GROUP BY 1, 2, 3, 4",
                self.now
            );
            for [at, store, severity, category, entries] in self.rows(&query) {
                let severity = place(&list("severities"), &severity);
                let key =
                    [at.as_u64().unwrap(), place(&stores, &store), severity, place(&list("categories"), &category)];
                *found.entry(key).or_default() += entries.as_u64().unwrap();
            }
            let cell = |cell: &Value| serde_json::from_value::<[u64; 5]>(cell.clone()).unwrap();
            let reported: BTreeMap<[u64; 4], u64> =
                list(name).into_iter().map(cell).map(|[a, b, c, d, entries]| ([a, b, c, d], entries)).collect();
            assert_eq!(reported, found, "{name}");
        }
    }

    pub(super) fn problems(&self) {
        self.count("/problems/total", PROBLEM);
        let total = self.ask(&format!("SELECT max(count(*), 1) FROM log WHERE {PROBLEM} AND {}", self.now));
        let templates = self.list("/problems/templates");
        for (at, one) in templates.iter().enumerate() {
            let path = format!("/problems/templates/{at}");
            let these = format!("{PROBLEM} AND {}", like(&one["template"]));
            self.count(&path, &these);
            self.same(
                &format!("{path}/share"),
                &format!("SELECT count(*) * 1.0 / {total} FROM log WHERE {these} AND {}", self.now),
            );
            let upto = second(&self.report["period"]["until"]);
            for (edge, of) in [("first", "min"), ("last", "max")] {
                let found = self.ask(&format!("SELECT {of}(second) FROM log WHERE {these} AND second < {upto}"));
                assert!((second(&one[edge]) as f64 - found).abs() < 0.5, "{edge} of {one}: {found}");
            }
            let query = format!("SELECT {}, count(*) FROM log WHERE {these} AND {} GROUP BY 1", self.step(), self.now);
            let mut steps = vec![0; self.report["period"]["steps"].as_array().unwrap().len()];
            for [step, entries] in self.rows(&query) {
                steps[step.as_u64().unwrap() as usize] = entries.as_u64().unwrap();
            }
            assert_eq!(*self.at(&format!("{path}/steps")), Value::from(steps), "{one}");
            let counted = match &self.before {
                Some(before) if one["trend"] == "gone" => before,
                _ => &self.now,
            };
            for (number, part) in self.list(&format!("{path}/parts")).iter().enumerate() {
                let place = self.place(part);
                self.counts(
                    &format!("{path}/parts/{number}/entries"),
                    &format!("{these} AND {place} AND {} AND {counted}", is("severity", &part["severity"])),
                );
                self.at(&format!("{path}/parts/{number}"));
            }
        }
        // Together they are all problems, and no problem is in two.
        let sum: f64 = templates.iter().map(|one| number(&one["now"])).sum();
        assert!(
            (sum + number(self.at("/problems/others")) - number(&self.report["problems"]["total"]["now"])).abs() < 0.5
        );
        assert!(number(self.at("/problems/other_templates")) < 0.5, "all are listed");
        self.modules();
    }

    /// Store, category and module of a line, as SQL.
    fn place(&self, line: &Value) -> String {
        let store = &self.report["stores"][line["store"].as_u64().unwrap() as usize];
        let category = if line.get("category").is_some() { is("category", &line["category"]) } else { "true".into() };
        format!("{} AND {category} AND {}", is("shop", store), is("module", &line["module"]))
    }

    fn modules(&self) {
        let rated = "count(*) FILTER (WHERE {now}) >= 20 AND count(*) FILTER (WHERE {now} AND NOT problem) > 0 \
                     AND count(*) FILTER (WHERE problem AND ({now} OR {before})) > 0";
        let previous = &self.report["period"]["previous"];
        let before = format!("second >= {} AND second < {}", second(&previous["since"]), second(&previous["until"]));
        let rated = rated.replace("{now}", &self.now).replace("{before}", &before);
        self.length(
            "/problems/modules",
            &format!(
                "SELECT count(*) FROM (SELECT module FROM (SELECT *, {PROBLEM} AS problem FROM log) WHERE module <> '' \
                 GROUP BY module HAVING {rated})"
            ),
        );
        for (at, one) in self.list("/problems/modules").iter().enumerate() {
            let (path, all) = (format!("/problems/modules/{at}"), is("module", &one["module"]));
            self.count(&format!("{path}/all"), &all);
            self.count(&format!("{path}/failed"), &format!("{all} AND {PROBLEM}"));
            let rate = |when: &str| format!("SELECT avg({PROBLEM}) FROM log WHERE {all} AND {when}");
            self.same(&format!("{path}/rate"), &rate(&self.now));
            let known = self.before.as_ref().filter(|_| number(&one["all"]["before"]) >= 20.0);
            match known {
                Some(before) => self.same(&format!("{path}/rate_before"), &rate(before)),
                None => assert!(one["rate_before"].is_null(), "{one}"),
            }
        }
    }

    pub(super) fn incidents(&self) {
        let (since, until) = (second(&self.report["period"]["since"]), second(&self.report["period"]["until"]));
        // One in a hundred reports, for each hour of each series.
        let form = |(at, form): (usize, &String)| format!("WHEN {form} THEN {at} ");
        let forms: String = self.forms.iter().enumerate().map(form).collect();
        let series = self.ask(&format!(
            "SELECT max(count(DISTINCT shop || '|' || coalesce(module, '') || '|' || CASE {forms} END), 1) FROM log \
             WHERE {PROBLEM} AND second < {until}"
        ));
        let threshold = (0.01 / (series * ((until - since) / 3600) as f64)).log10();
        let reported = number(self.at("/incidents/log10_threshold"));
        assert!((reported - threshold).abs() < 1e-9, "{reported} {threshold}");
        assert!(number(self.at("/incidents/others")) < 0.5, "all are listed");
        for (at, one) in self.list("/incidents/list").iter().enumerate() {
            self.incident(&format!("/incidents/list/{at}"), one);
        }
    }

    fn incident(&self, path: &str, one: &Value) {
        let place = format!(
            "{} AND {PROBLEM}",
            self.place(&serde_json::json!({ "store": one["store"], "module": one["module"] }))
        );
        let templates = self.list(&format!("{path}/templates"));
        let said: Vec<String> = templates.iter().map(|line| like(&line["name"])).collect();
        let these = format!("{place} AND ({})", said.join(" OR "));
        let between = |since: i64, until: i64| format!("second >= {since} AND second < {until}");
        let (start, end) = (second(&one["start"]), second(&one["end"]));
        self.counts(&format!("{path}/entries"), &format!("{these} AND {}", between(start, end)));
        for (at, said) in said.iter().enumerate() {
            let line = format!("{path}/templates/{at}");
            self.counts(&format!("{line}/now"), &format!("{place} AND {said} AND {}", between(start, end)));
        }
        // Each reason that is listed, and none but those that messages give.
        let detail = "json_extract(message, '$.errorDetail')";
        let mut explained = 0.0;
        for (at, line) in self.list(&format!("{path}/reasons")).iter().enumerate() {
            let said = line["name"].as_str().unwrap().replace("*", "%").replace('\'', "''");
            let why = format!("json_valid(message) AND {detail} LIKE '%{said}%'");
            let now = format!("{path}/reasons/{at}/now");
            self.counts(&now, &format!("{these} AND {why} AND {}", between(start, end)));
            explained += number(self.at(&now));
        }
        let give = format!("{these} AND {} AND json_valid(message) AND {detail} <> ''", between(start, end));
        let all = self.ask(&format!("SELECT count(*) FROM log WHERE {give}"));
        assert!((explained - all).abs() < 0.5, "{path}: {all} messages give a reason, {explained} are listed");
        for (at, _) in self.list(&format!("{path}/hours")).iter().enumerate() {
            let hour = second(&one["hours_since"]) + 3600 * at as i64;
            self.counts(&format!("{path}/hours/{at}"), &format!("{these} AND {}", between(hour, hour + 3600)));
        }
        self.at(&format!("{path}/store"));
        let all = self.report["stores"].as_array().unwrap().len();
        let users = match one["module"].as_str() {
            Some(_) => format!("SELECT count(DISTINCT shop) FROM log WHERE {}", is("module", &one["module"])),
            None => format!("SELECT {all}"),
        };
        self.same(&format!("{path}/of_stores"), &users);
        // Since when the store is known, in weeks, but no more than thirteen before the period.
        let period = &self.report["period"];
        let earliest = second(&period["since"]) - 13 * 7 * 86_400;
        let shop = is("shop", &self.report["stores"][one["store"].as_u64().unwrap() as usize]);
        self.same(
            &format!("{path}/weeks"),
            &format!(
                "SELECT ({} - max(min(second) / 3600 * 3600, {earliest})) / 604800.0 FROM log WHERE {shop}",
                second(&period["until"])
            ),
        );
        // What is usual is estimated, not counted: no less than the mean of quiet hours, about, and no more than the most
        // of them.
        let usual = number(self.at(&format!("{path}/usual")));
        let quiet = format!("FROM (SELECT count(*) AS n FROM log WHERE {these} GROUP BY second / 3600 HAVING n < 5)");
        let lasts = (end - start) as f64 / 3600.0;
        let mean = self.ask(&format!("SELECT coalesce(sum(n), 0) {quiet}")) / (number(&one["weeks"]) * 168.0);
        let most = self.ask(&format!("SELECT coalesce(max(n), 1) {quiet}"));
        let rate = usual / lasts;
        assert!(rate > 0.5 * mean && rate <= most, "{one} {mean} {most}");
        let chance = number(self.at(&format!("{path}/log10_chance")));
        let expected = log10_tail(number(&one["entries"]), usual);
        assert!((chance - expected).abs() < 1e-6 * chance.abs(), "{chance} {expected}");
        self.changes(&format!("{path}/changes"));
    }

    fn changes(&self, path: &str) {
        let changes = self.at(path);
        let range = &changes["range"];
        let [since, until] = ["since", "until"].map(|edge| second(&range[edge]));
        let these = format!("(actor <> '' OR category = 'design') AND second >= {since} AND second < {until}");
        self.counts(&format!("{path}/entries"), &these);
        let listed = changes["listed"].as_array().unwrap();
        let mut reported = listed.len() as f64;
        for ordinary in changes["ordinary"].as_array().unwrap() {
            let same =
                |change: &&Value| (&change["actor"], &change["action"]) == (&ordinary["actor"], &ordinary["action"]);
            let apart = listed.iter().filter(same).count() as f64;
            let (actor, action) = (is("actor", &ordinary["actor"]), is("action", &ordinary["action"]));
            let all = self.ask(&format!("SELECT count(*) FROM log WHERE {these} AND {actor} AND {action}"));
            assert!((number(&ordinary["entries"]) - all + apart).abs() < 0.5, "{ordinary}: {all} less {apart}");
            reported += all - apart;
        }
        let all = number(&changes["entries"]);
        assert!(reported <= all + 0.5 && (changes["ordinary"].as_array().unwrap().len() == 5 || reported > all - 0.5));
    }
}

/// The logarithm of the chance of at least `n`, when `usual` are to be expected: term by term.
fn log10_tail(n: f64, usual: f64) -> f64 {
    let ln_first = n * usual.ln() - usual - (1..=n as u64).map(|k| (k as f64).ln()).sum::<f64>();
    let (mut sum, mut term, mut k) = (0.0, 1.0, n);
    while term > 1e-15 {
        sum += term;
        k += 1.0;
        term *= usual / k;
    }
    (ln_first + sum.ln()) / std::f64::consts::LN_10
}
