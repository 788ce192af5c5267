//! The figures in the prose of a report: the summary at its top agrees with its sections, which SQL has checked.

use jiff::Timestamp;
use jiff::tz::{TimeZone, offset};
use serde_json::Value;

use super::{Figures, text};
use crate::shop;

/// The numbers of a text, without those of quoted texts, in order.
fn numbers(words: &str) -> Vec<String> {
    let mut plain = String::new();
    let mut quoted = false;
    for c in words.chars() {
        match c {
            '“' => quoted = true,
            '”' => quoted = false,
            _ if quoted => {}
            ',' | '.' => plain.push(c),
            _ => plain.push(if c.is_ascii_digit() { c } else { ' ' }),
        }
    }
    let words = plain.split(' ').map(|word| word.trim_matches([',', '.']).replace(',', ""));
    words.filter(|word| !word.is_empty()).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_else(|| panic!("{value} is no count"))
}

fn time(value: &Value) -> Timestamp {
    text(value).parse().unwrap()
}

/// A percentage, as a report prints it.
fn percent(share: f64) -> String {
    let percent = share * 100.0;
    let is_fine = percent < 10.0 || percent > 99.0 && percent < 100.0;
    if is_fine { format!("{percent:.1}") } else { format!("{percent:.0}") }
}

/// The difference from before, and the number before, in words.
fn change(count: &Value) -> Vec<String> {
    let (now, Some(before)) = (number(&count["now"]), count["before"].as_u64()) else { return Vec::new() };
    let change = (now as f64 / before as f64 - 1.0).abs();
    let change = if change < 0.005 { None } else { Some(percent(change)) };
    change.into_iter().chain([before.to_string()]).collect()
}

/// How much of the period before was read, if any of it was: the reason why there is no comparison.
fn before(trust: &Value) -> Vec<String> {
    let stores = trust["stores"].as_array().unwrap();
    let read = stores.iter().filter_map(|store| store["share_before"].as_f64()).sum::<f64>() / stores.len() as f64;
    (read > 0.0 && read < 0.95).then(|| percent(read)).into_iter().collect()
}

/// Day and clock in the shop, as numbers.
fn clock(time: Timestamp) -> Vec<String> {
    let time = time.to_zoned_datetime(TimeZone::fixed(offset(8)));
    vec![time.day().to_string(), format!("{:02}", time.hour()), format!("{:02}", time.minute())]
}

/// An incident in numbers, as in the finding about it.
fn incident(one: &Value) -> Vec<String> {
    let (start, end) = (time(&one["start"]), time(&one["end"]));
    let seconds = end.duration_since(start).as_secs();
    let minutes = (seconds + 30) / 60;
    let mut numbers = vec![one["entries"].to_string()];
    numbers.extend(
        match minutes {
            _ if seconds < 90 => vec![seconds],
            2880.. => vec![(minutes + 720) / 1440],
            minutes => vec![minutes / 60, minutes % 60].into_iter().filter(|number| *number > 0).collect(),
        }
        .iter()
        .map(i64::to_string),
    );
    numbers.extend(clock(start));
    let (first, last) = (clock(start), clock(end));
    numbers.extend(if first[0] == last[0] { last[1..].to_vec() } else { last });
    let usual = one["usual"].as_f64().unwrap();
    numbers.extend((usual >= 0.5).then(|| format!("{usual:.0}")));
    if let Some(change) = one["changes"]["listed"].get(0) {
        numbers.push(start.duration_since(time(&change["time"])).as_mins().to_string());
    }
    numbers
}

#[test]
fn the_answer_at_the_top_says_what_the_sections_say() {
    for seed in [1, 4, 9] {
        let shop = shop::shop(seed);
        for days in [7, 30, 90] {
            let figures = Figures::of(&shop, days, &[]);
            let report = &figures.report;
            let (problems, total) = (&report["problems"], &report["activity"]["total"]);
            let templates = problems["templates"].as_array().unwrap();
            let incidents = report["incidents"]["list"].as_array().unwrap();
            let new: Vec<&Value> = templates.iter().filter(|one| one["trend"] == "new").collect();
            let expected = |count: usize| (count > 0).then(|| count.to_string());
            let verdict: Vec<String> = expected(incidents.len()).into_iter().chain(expected(new.len())).collect();
            // What is not known comes first.
            let said = text(&report["verdict"]);
            let known = said.split_once("may be missing. ").map_or(said, |(_, known)| known);
            assert_eq!(numbers(known), verdict, "{said}");
            let mut seen = 0;
            for finding in report["summary"].as_array().unwrap() {
                let said = format!("{}; {}", text(&finding["title"]), text(&finding["text"]));
                let is_of = |one: &&Value| one["query"] == finding["query"];
                let (section, title) = (text(&finding["section"]), text(&finding["title"]));
                let expected: Vec<String> = match section {
                    "incidents" if title != "No incident" => incident(incidents.iter().find(is_of).unwrap()),
                    "problems" if title.starts_with("New since") => {
                        let one = new[0];
                        let more = expected(new.len() - 1);
                        clock(time(&one["first"])).into_iter().chain([one["now"].to_string()]).chain(more).collect()
                    }
                    "problems" if title.starts_with("More often") => {
                        let one = templates.iter().find(is_of).unwrap();
                        vec![one["now"].to_string(), one["before"].to_string()]
                    }
                    "problems" => {
                        let (problems, all) = (number(&problems["total"]["now"]), number(&total["now"]));
                        let share = percent(problems as f64 / all as f64);
                        [vec![problems.to_string(), share], change(&report["problems"]["total"])].concat()
                    }
                    "activity" => {
                        let stores = report["stores"].as_array().unwrap().len();
                        let compared = match &report["trust"]["comparison"] {
                            made if made == "made" => change(total),
                            _ => before(&report["trust"]),
                        };
                        [vec![total["now"].to_string(), stores.to_string()], compared].concat()
                    }
                    "people" if title.ends_with(" at once") => {
                        let one = report["people"]["bulk"].as_array().unwrap().iter().find(is_of).unwrap();
                        let (start, end) = (clock(time(&one["start"])), clock(time(&one["end"])));
                        let end = if start[0] == end[0] { end[1..].to_vec() } else { end };
                        [vec![one["entries"].to_string()], start, end].concat()
                    }
                    "people" => {
                        let list = report["people"]["sensitive"].as_array().unwrap();
                        let marked = list.iter().find(|one| one["unusual_hour"] == true).unwrap_or(&list[0]);
                        let all = list.len() as u64 + number(&report["people"]["other_sensitive"]);
                        [vec![all.to_string()], clock(time(&marked["time"]))].concat()
                    }
                    "trust" if title != "Nothing is missing" => {
                        let trust = &report["trust"];
                        let gaps = trust["stores"].as_array().unwrap().iter().find_map(|store| store["gaps"].get(0));
                        let gap = gaps.map(|gap| [clock(time(&gap["since"])), clock(time(&gap["until"]))].concat());
                        [vec![percent(trust["share"].as_f64().unwrap())], gap.unwrap_or_default()].concat()
                    }
                    _ => Vec::new(),
                };
                // The names of stores and modules are no figures.
                let names = report["stores"].as_array().unwrap().iter().map(text);
                let plain = names.fold(said.clone(), |said, name| said.replace(name, ""));
                assert_eq!(numbers(&plain), expected, "seed {seed}, {days} days: {said}");
                seen += expected.len();
            }
            assert!(seen >= 6, "{seen} figures");
        }
    }
}
