//! The score of a report: what it claims, compared with what is true.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use jiff::Timestamp;
use serde_json::Value;
use storelogs_collector::insight::Report;
use storelogs_collector::insight::model::{Change, Incident, Trend};
use storelogs_collector::redact::Text;
use storelogs_sandbox::{BulkEdit, History, Planted, Platform, SensitiveChange};

/// Things of one sort: how many there are, how many of them were found, how many were claimed, and how many of these
/// claims are right.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Score {
    pub(crate) planted: usize,
    pub(crate) found: usize,
    pub(crate) claimed: usize,
    pub(crate) right: usize,
}

impl Score {
    pub(crate) fn wrong(self) -> usize {
        self.claimed - self.right
    }

    fn add(&mut self, other: Self) {
        self.planted += other.planted;
        self.found += other.found;
        self.claimed += other.claimed;
        self.right += other.right;
    }

    /// The share of what there is that was found.
    pub(crate) fn recall(self) -> f64 {
        share(self.found, self.planted)
    }

    /// The share of what was claimed that is right.
    pub(crate) fn precision(self) -> f64 {
        share(self.right, self.claimed)
    }
}

fn share(part: usize, all: usize) -> f64 {
    if all == 0 { 1.0 } else { part as f64 / all as f64 }
}

/// Measurements of incidents beyond whether they are found.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edges {
    /// How far the start and the end are off, in seconds.
    pub(crate) seconds: Vec<u64>,
    /// How far the number of entries is off.
    pub(crate) entries: Vec<u64>,
}

/// The scores of many reports of one kind.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scores {
    pub(crate) reports: usize,
    pub(crate) of: BTreeMap<&'static str, Score>,
    pub(crate) edges: Edges,
    /// Problems, and those of them that stand in the group where they belong, with all that belong there and no other.
    pub(crate) grouped: (usize, usize),
}

/// The facts that a report should find in a history.
pub(crate) struct Truth {
    bigcommerce: Planted,
    shopline: Planted,
    begins: i64,
    /// When, in which of the planted forms, and in which words something went wrong.
    problems: Vec<(i64, usize, String)>,
    /// When who did what.
    actions: Vec<(i64, String, String)>,
}

impl Truth {
    pub(crate) fn of(history: &History, begins: i64) -> Self {
        let [bigcommerce, shopline] = [Platform::BigCommerce, Platform::Shopline].map(|of| history.planted(of));
        let text = |record: &Value, name: &str| record[name].as_str().unwrap().to_owned();
        let second = |record: &Value, name: &str| text(record, name).parse::<Timestamp>().unwrap().as_second();
        let mut problems = Vec::new();
        for record in history.records(Platform::BigCommerce).values() {
            if record["severity"] != "errors" && record["severity"] != "warnings" {
                continue;
            }
            let summary = text(&record, "summary");
            let form = bigcommerce.forms.iter().position(|form| fits(&form.words, "{}", &summary)).unwrap();
            problems.push((second(&record, "date_created"), form, summary));
        }
        let action = |record: &Value| (second(record, "created_at"), text(record, "author"), text(record, "verb"));
        let mut actions: Vec<_> = history.records(Platform::Shopline).values().iter().map(action).collect();
        problems.retain(|(at, ..)| *at >= begins);
        actions.retain(|(at, ..)| *at >= begins);
        Self { bigcommerce, shopline, begins, problems, actions }
    }
}

/// Whether a text has the pieces of a form, from its beginning to its end.
fn fits(form: &str, varies: &str, text: &str) -> bool {
    let pieces: Vec<&str> = form.split(varies).collect();
    let Some(mut rest) = text.strip_prefix(pieces[0]) else { return false };
    for (at, piece) in pieces.iter().enumerate().skip(1) {
        let last = at + 1 == pieces.len();
        let found = if last { rest.ends_with(piece).then(|| rest.len() - piece.len()) } else { rest.find(piece) };
        let Some(found) = found else { return false };
        rest = &rest[found + piece.len()..];
    }
    rest.is_empty()
}

fn id(change: &Change) -> &str {
    change.query.rsplit(':').next().unwrap().trim_matches('"')
}

/// Whether it is an hour from 23:00 to 6:00 in the shop, in which hardly anybody works.
fn is_quiet(second: i64) -> bool {
    !(6..23).contains(&((second + 8 * 3600).rem_euclid(86_400) / 3600))
}

impl Scores {
    fn score(&mut self, of: &'static str, planted: usize, found: usize, claimed: usize, right: usize) {
        self.of.entry(of).or_default().add(Score { planted, found, claimed, right });
    }

    /// Adds the scores of other reports.
    pub(crate) fn add(&mut self, other: Self) {
        self.reports += other.reports;
        other.of.into_iter().for_each(|(of, score)| self.of.entry(of).or_default().add(score));
        self.edges.seconds.extend(other.edges.seconds);
        self.edges.entries.extend(other.edges.entries);
        self.grouped.0 += other.grouped.0;
        self.grouped.1 += other.grouped.1;
    }

    /// The share of problems that stand in the group where they belong.
    pub(crate) fn grouping_accuracy(&self) -> f64 {
        share(self.grouped.1, self.grouped.0)
    }

    /// Compares a report with what is true of the time that it is about.
    pub(crate) fn judge(&mut self, report: &Report, truth: &Truth) {
        self.reports += 1;
        let (since, until) = (report.period.since.as_second(), report.period.until.as_second());
        let now = since.max(truth.begins)..until;
        self.incidents(report, truth, &now);
        let store = |number: u32| report.stores[number as usize].split(':').next().unwrap();

        let planted: Vec<_> = truth.shopline.bulk_edits.iter().filter(|bulk| now.contains(&bulk.start)).collect();
        let right = |planted: &BulkEdit| {
            report.people.bulk.iter().any(|bulk| {
                let action = bulk.action.as_ref().map(Text::as_str);
                store(bulk.store) == "shopline"
                    && (bulk.actor.as_str(), action) == (&planted.actor, Some(&planted.verb))
                    && bulk.start.as_second().abs_diff(planted.start) <= 10
                    && bulk.end.as_second().abs_diff(planted.end) <= 10
                    && bulk.entries.abs_diff(planted.rows as u64) <= 2
            })
        };
        let found = planted.iter().filter(|planted| right(planted)).count();
        self.score("bulk operations", planted.len(), found, report.people.bulk.len(), found);

        let sensitive: HashMap<&str, bool> =
            truth.shopline.sensitive.iter().map(|change| (change.id.as_str(), change.at_night)).collect();
        let planted: Vec<_> = truth.shopline.sensitive.iter().filter(|change| now.contains(&change.at)).collect();
        let claimed = &report.people.sensitive;
        let right = claimed.iter().filter(|change| sensitive.contains_key(id(change))).count();
        let all = claimed.len() + usize::try_from(report.people.other_sensitive).unwrap();
        self.score("sensitive changes", planted.len(), right, all, right);
        let marked: Vec<_> = claimed.iter().filter(|change| change.unusual_hour).collect();
        let right = marked.iter().filter(|change| sensitive.get(id(change)) == Some(&true)).count();
        let at_night = planted.iter().filter(|change| change.at_night).count();
        self.score("sensitive changes at night", at_night, right, marked.len(), right);
        let quiet = report.people.unusual.iter().filter(|line| is_quiet(line.start.as_second()));
        let covers = |change: &&&SensitiveChange| {
            report.people.unusual.iter().any(|line| {
                line.actor.as_str() == change.actor
                    && (line.start.as_second()..line.end.as_second()).contains(&change.at)
            })
        };
        let found = planted.iter().filter(|change| change.at_night).filter(covers).count();
        let all = report.people.unusual.len() + usize::try_from(report.people.other_unusual).unwrap();
        self.score("unusual hours", at_night, found, all, quiet.count());

        self.problems(report, truth, &now);

        let mut counts: HashMap<&str, u64> = HashMap::new();
        let mut first: HashMap<&str, i64> = HashMap::new();
        for (at, actor, verb) in &truth.actions {
            *counts.entry(actor).or_default() += u64::from(now.contains(at));
            let first = first.entry(verb).or_insert(*at);
            *first = (*first).min(*at);
        }
        let mut actors: Vec<(&str, u64)> = counts.into_iter().filter(|(_, entries)| *entries > 0).collect();
        actors.sort_by_key(|(actor, entries)| (std::cmp::Reverse(*entries), *actor));
        let mut claimed: Vec<(&str, u64)> =
            report.people.actors.iter().map(|actor| (actor.actor.as_str(), actor.count.now)).collect();
        claimed.sort_by_key(|(actor, entries)| (std::cmp::Reverse(*entries), *actor));
        let right = actors.iter().zip(&claimed).filter(|(planted, claimed)| planted == claimed).count();
        self.score("actors, ranked and counted", actors.len(), right, claimed.len(), right);
        if since - truth.begins >= 7 * 86_400 {
            let new: Vec<&str> = first.into_iter().filter(|(_, at)| now.contains(at)).map(|(verb, _)| verb).collect();
            let claimed = &report.people.new_actions;
            let right = claimed.iter().filter(|action| new.contains(&action.action.as_str())).count();
            self.score("new actions", new.len(), right, claimed.len(), right);
        }
    }

    fn incidents(&mut self, report: &Report, truth: &Truth, now: &std::ops::Range<i64>) {
        let list = &report.incidents.list;
        let claimed = list.len() + usize::try_from(report.incidents.others).unwrap();
        let matches = |found: &&Incident, planted: &storelogs_sandbox::Incident| {
            report.stores[found.store as usize].starts_with("bigcommerce")
                && found.module.as_ref().is_some_and(|module| module.as_str() == planted.module)
                && found.start.as_second() < planted.end
                && found.end.as_second() > planted.start
        };
        let (mut planted, mut found, mut right, mut causes) = (0, 0, 0, [0; 3]);
        for incident in &truth.bigcommerce.incidents {
            let matching = list.iter().find(|found| matches(found, incident));
            right += usize::from(matching.is_some());
            if !now.contains(&incident.start) || incident.end > now.end {
                continue; // only a part of it, which may be reported or not
            }
            planted += 1;
            let Some(claim) = matching else { continue };
            found += 1;
            self.edges.seconds.push(claim.start.as_second().abs_diff(incident.start));
            self.edges.seconds.push(claim.end.as_second().abs_diff(incident.end));
            self.edges.entries.push(claim.entries.abs_diff(incident.rows as u64));
            let cause = truth.shopline.causes.iter().find(|cause| cause.incident == incident.start);
            let listed = &claim.changes.listed;
            causes[0] += usize::from(cause.is_some());
            let is_cause = |change: &Change| cause.is_some_and(|cause| cause.id == id(change));
            causes[1] += usize::from(listed.first().is_some_and(is_cause));
            causes[2] += usize::from(!listed.is_empty());
        }
        self.score("incidents", planted, found, claimed, right);
        self.score("their cause, named first", causes[0], causes[1], causes[2], causes[1]);
    }

    fn problems(&mut self, report: &Report, truth: &Truth, now: &std::ops::Range<i64>) {
        let (since, until) = (report.period.since.as_second(), report.period.until.as_second());
        let forms = &truth.bigcommerce.forms;
        let problems: Vec<_> = truth.problems.iter().filter(|(at, ..)| now.contains(at)).collect();
        let templates: Vec<_> = report.problems.templates.iter().filter(|one| one.count.now > 0).collect();
        // Which form's entries stand in which template, and how many.
        let mut groups: BTreeMap<(usize, usize), u64> = BTreeMap::new();
        for (_, form, summary) in &problems {
            let fitting = |(_, one): &(usize, &&_)| template_fits(one, summary);
            let mut fit = templates.iter().enumerate().filter(fitting);
            let template = fit.next().map_or(usize::MAX, |(number, _)| number);
            assert!(fit.next().is_none(), "{summary:?} has several templates");
            *groups.entry((*form, template)).or_default() += 1;
        }
        let seen = |form: usize| truth.problems.iter().filter(move |(_, of, _)| *of == form).map(|(at, ..)| *at);
        let is_whole = |(group, entries): &(&(usize, usize), &u64)| {
            let (form, template) = **group;
            let only = |one: &(usize, usize)| (one.0 == form) != (one.1 == template);
            let Some(claim) = templates.get(template) else { return false };
            !groups.keys().any(only)
                && claim.count.now == **entries
                && Some(claim.first.as_second()) == seen(form).min()
                && Some(claim.last.as_second()) == seen(form).filter(|at| *at < now.end).max()
        };
        let whole: Vec<_> = groups.iter().filter(is_whole).collect();
        let planted = (0..forms.len()).filter(|form| groups.keys().any(|(of, _)| of == form)).count();
        self.score("forms of problems", planted, whole.len(), templates.len(), whole.len());
        self.grouped.0 += problems.len();
        self.grouped.1 += whole.iter().map(|(_, entries)| usize::try_from(**entries).unwrap()).sum::<usize>();

        let listed = |trend: Trend| report.problems.templates.iter().filter(move |one| one.trend == trend);
        let mut trend = |of, is: &dyn Fn(usize) -> bool, claimed: Trend| {
            let true_of = |number: &usize| seen(*number).next().is_some() && is(*number);
            let planted: Vec<usize> = (0..forms.len()).filter(true_of).collect();
            let example = |form: &usize| truth.problems.iter().find(|(_, of, _)| of == form).map(|(_, _, said)| said);
            let right = listed(claimed)
                .filter(|one| planted.iter().filter_map(example).any(|summary| template_fits(one, summary)));
            let (right, claimed) = (right.count(), listed(claimed).count());
            self.score(of, planted.len(), right, claimed, right);
        };
        if since - truth.begins >= 7 * 86_400 {
            trend("new kinds of problem", &|form| seen(form).min().is_some_and(|at| now.contains(&at)), Trend::New);
        }
        if report.trust.comparable {
            let before = 2 * since - until..since;
            let gone = |form| !seen(form).any(|at| now.contains(&at)) && seen(form).any(|at| before.contains(&at));
            trend("kinds of problem that are gone", &gone, Trend::Gone);
        }
    }

    /// A line for each sort of thing.
    pub(crate) fn table(&self) -> String {
        let mut table =
            format!("{} reports\n\n| | true | found | claimed | wrong | recall | precision |\n", self.reports);
        table.push_str("|---|---|---|---|---|---|---|\n");
        for (of, score) in &self.of {
            let shown = |all, share: f64| if all == 0 { "–".to_owned() } else { format!("{share:.3}") };
            let Score { planted, found, claimed, .. } = *score;
            let (recall, precision) = (shown(planted, score.recall()), shown(claimed, score.precision()));
            writeln!(table, "| {of} | {planted} | {found} | {claimed} | {} | {recall} | {precision} |", score.wrong())
                .unwrap();
        }
        let (all, accuracy) = (self.grouped.0, self.grouping_accuracy());
        writeln!(table, "\ngrouping accuracy of {all} problems: {accuracy:.4}").unwrap();
        for (what, off) in [("edges, in seconds", &self.edges.seconds), ("entries", &self.edges.entries)] {
            let [half, most, all] = [50, 95, 100].map(|share| percentile(off, share));
            writeln!(table, "{what}: half are off by at most {half}, 95 % by {most}, all by {all}").unwrap();
        }
        table
    }
}

/// The number that this many of a hundred do not exceed.
pub(crate) fn percentile(numbers: &[u64], percent: usize) -> u64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_unstable();
    sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied().unwrap_or_default()
}

/// Whether a summary is one of those that a template stands for, decided without the collector: `*` is any text without a
/// space at its edges, `…` one word or more.
pub(crate) fn template_fits(template: &storelogs_collector::insight::model::Template, summary: &str) -> bool {
    let words: Vec<&str> = template.template.as_str().split(' ').collect();
    let said: Vec<&str> = summary.split(' ').collect();
    words_fit(&words, &said)
}

fn words_fit(words: &[&str], said: &[&str]) -> bool {
    match (words, said) {
        ([], []) => true,
        (["…"], [_, ..]) => true,
        (["…", words @ ..], said) => (1..=said.len()).any(|taken| words_fit(words, &said[taken..])),
        ([word, words @ ..], said) => {
            (1..=said.len()).any(|taken| fits(word, "*", &said[..taken].join(" ")) && words_fit(words, &said[taken..]))
        }
        _ => false,
    }
}
