//! The summary of a report in words: what broke, when, since which change, and who to ask.

use super::Report;
use super::model::{
    Bulk, Change, Comparison, Count, ENOUGH, Finding, Incident, Knowledge, Level, Section, Template, Topic, Trend,
};
use super::statistics::as_number;
use crate::archive::State;
use crate::redact::Text;
use crate::wording::{format_count, percent, pluralize, times};

/// The answer in one or two sentences. What is not known of the period comes first.
pub(super) fn verdict(report: &Report) -> String {
    let incidents = report.incidents.list.len() as u64 + report.incidents.others;
    let new = report.problems.templates.iter().filter(|template| template.trend == Trend::New).count() as u64;
    let problems = report.problems.total.now;
    let mut what: Vec<&str> = Vec::new();
    for incident in &report.incidents.list {
        let named = [&incident.module, &incident.category].into_iter().flatten().next();
        what.extend(named.map(Text::as_str).filter(|named| !what.contains(named)).into_iter().collect::<Vec<_>>());
    }
    let more = if what.len() > MOST_INCIDENTS { " and more" } else { "" };
    what.truncate(MOST_INCIDENTS);
    let broke = match incidents {
        0 if problems == 0 => report.absence("Nothing broke"),
        // Something may have failed every day.
        0 => report.absence("No incident"),
        incidents if what.is_empty() => pluralize(incidents, "incident", "incidents"),
        incidents => format!("{}: {}{more}", pluralize(incidents, "incident", "incidents"), what.join(", ")),
    };
    let known = match report.trust.knowledge() {
        Knowledge::Part(known) => format!("{known} "),
        Knowledge::Nothing(_) | Knowledge::Enough => String::new(),
    };
    match new {
        0 if incidents == 0 && problems > 0 => {
            format!("{known}{broke}. {}.", pluralize(problems, "problem", "problems"))
        }
        0 => format!("{known}{broke}."),
        new => format!("{known}{broke}. {} of problem.", pluralize(new, "new kind", "new kinds")),
    }
}

/// The most incidents and the most new templates that are listed.
const MOST_INCIDENTS: usize = 3;
/// The most bulk operations that are.
const MOST_AT_ONCE: usize = 2;

pub(super) fn findings(report: &Report) -> Vec<Finding> {
    let mut findings = Vec::new();
    incidents(report, &mut findings);
    problems(report, &mut findings);
    people(report, &mut findings);
    at_once(report, &mut findings);
    trust(report, &mut findings);
    activity(report, &mut findings);
    findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
    findings
}

fn incidents(report: &Report, findings: &mut Vec<Finding>) {
    for incident in report.incidents.list.iter().take(MOST_INCIDENTS) {
        findings.push(broke(report, incident));
    }
    let earlier = report.incidents.list.iter().skip(MOST_INCIDENTS);
    let more = earlier.len() as u64 + report.incidents.others;
    if more > 0 {
        let title = pluralize(more, "earlier incident", "earlier incidents");
        let text = match report.incidents.others {
            0 => "They are listed below.".to_owned(),
            others => format!("They are listed below, but for {} that stand out least.", format_count(others)),
        };
        let mut found = finding(Level::Note, Section::Incidents, &title, text);
        let queries: Vec<String> = earlier.map(|incident| format!("({})", incident.query)).collect();
        // A search of those that are left out would list fewer.
        found.query = Some(queries.join(" OR ")).filter(|_| report.incidents.others == 0);
        findings.push(found);
    }
}

fn broke(report: &Report, incident: &Incident) -> Finding {
    let period = &report.period;
    let what = [&incident.module, &incident.category].into_iter().flatten().map(ToString::to_string).next();
    let title = match &what {
        Some(what) if incident.is_wide() => {
            format!("{what} failed in {}, {} in {}", report.place(incident), times(incident.entries), lasted(incident))
        }
        None if incident.is_wide() => format!(
            "{} in {} in {}",
            pluralize(incident.entries, "failure", "failures"),
            report.place(incident),
            lasted(incident)
        ),
        Some(what) => format!("{what} failed {} in {}", times(incident.entries), lasted(incident)),
        None => format!("{} in {}", pluralize(incident.entries, "failure", "failures"), lasted(incident)),
    };
    let title = match incident.why() {
        Some(why) => format!("{title}: {why}"),
        None => title,
    };
    let said = incident.templates.first().map(|line| line.name.to_string()).filter(|said| !said.is_empty());
    let said = said.map_or_else(|| "Nothing was said of it".to_owned(), |said| format!("“{said}”"));
    let mut text = format!(
        "{said}: {} to {} in {}; usual in that time is {}.",
        period.clock(incident.start),
        period.clock_after(incident.end, incident.start),
        report.place(incident),
        usual(incident.usual)
    );
    if incident.is_wide() {
        let what =
            what.as_deref().map_or_else(|| "what they share".to_owned(), |what| format!("{what}, or what they share"));
        let and = if incident.changes.listed.is_empty() { ", and none of these stores" } else { "" };
        text.push_str(&format!(" They began within an hour of each other: it is {what}{and}."));
    }
    if incident.open {
        text.push_str(" It may still go on.");
    }
    let suspect = incident.changes.listed.first();
    match suspect {
        Some(change) => {
            let minutes = incident.minutes_after(change);
            let who = change.who();
            let ago =
                if minutes < 1 { "Less than a minute".to_owned() } else { pluralize(minutes, "minute", "minutes") };
            let what = subject(change);
            let said = change.summary.as_ref().map(|summary| format!(": “{summary}”")).unwrap_or_default();
            text.push_str(&if change.store == incident.store {
                format!(" {ago} before, {who} changed {what}{said}.")
            } else {
                let other = report.store(change.store);
                if change.same_owner {
                    format!(" {ago} before, in another store of the same owner ({other}), {who} changed {what}{said}.")
                } else {
                    format!(
                        " {ago} before, in another of your stores ({other}), {who} changed {what}{said}. Only who made it \
                         knows whether that is chance."
                    )
                }
            });
            text.push_str(&put_to_work(report, change));
        }
        None if incident.changes.entries > 0 => {
            let entries = pluralize(incident.changes.entries, "ordinary change was", "ordinary changes were");
            text.push_str(&format!(" {entries} made in the hour before, none of settings or design."));
        }
        None if incident.is_wide() => {}
        None => text.push_str(&format!(" {}", report.no_change(&incident.changes))),
    }
    Finding {
        level: Level::Alarm,
        section: Section::Incidents,
        title,
        text,
        ask: suspect.and_then(|change| change.ask().cloned()),
        query: Some(incident.query.clone()),
    }
}

/// The person who installed the app that made a change, in a sentence.
fn put_to_work(report: &Report, change: &Change) -> String {
    match &change.app {
        None => String::new(),
        Some(app) => match (&app.by, app.time) {
            (Some(by), Some(time)) => {
                let said = app.summary.as_ref().map(|summary| format!(": “{summary}”")).unwrap_or_default();
                format!(" {by} installed or changed that app last, on {}{said}.", report.period.clock(time))
            }
            _ => " The log does not say who installed or changed that app.".to_owned(),
        },
    }
}

fn problems(report: &Report, findings: &mut Vec<Finding>) {
    let problems = &report.problems;
    let new: Vec<_> = problems.templates.iter().filter(|template| template.trend == Trend::New).collect();
    if let Some(most) = new.first() {
        let more = match new.len() as u64 - 1 {
            0 => String::new(),
            more => format!(" {} more.", pluralize(more, "new kind", "new kinds")),
        };
        let mut found = finding(
            Level::Warning,
            Section::Problems,
            &format!("New since {}: “{}”", report.period.clock(most.first), most.template),
            format!("{} so far, and never seen before.{more}", times(most.count.now)),
        );
        found.query = Some(most.count.query.clone());
        findings.push(found);
    }
    // Problems that an incident explains are listed there.
    let explained = |template: &Text| {
        report.incidents.list.iter().any(|one| one.templates.iter().any(|line| line.name == *template))
    };
    let is_rising = |template: &&Template| template.trend == Trend::Rising && !explained(&template.template);
    let rising: Vec<_> = problems.templates.iter().filter(is_rising).collect();
    if let Some(most) = rising.first() {
        let before = most.count.before.unwrap_or_default();
        let mut found = finding(
            Level::Warning,
            Section::Problems,
            &format!("More often: “{}”", most.template),
            format!("{} against {before} in the period before.", format_count(most.count.now)),
        );
        found.query = Some(most.count.query.clone());
        findings.push(found);
    }
    let entries = report.activity.total.now;
    let share = if entries == 0 { 0.0 } else { as_number(problems.total.now) / as_number(entries) };
    let against = match report.trust.comparison {
        Comparison::Made => format!(" {}", compared(report, &problems.total)),
        Comparison::NotAsked | Comparison::NotRead => String::new(),
    };
    let text = format!("Warnings and errors, {} of all entries.{against}", percent(share));
    let found = match problems.total.now {
        0 => absent(report, Section::Problems, "No problem", text),
        total => Some(finding(Level::Note, Section::Problems, &pluralize(total, "problem", "problems"), text)),
    };
    findings.extend(found.map(|found| Finding { query: Some(problems.total.query.clone()), ..found }));
    if report.incidents.list.is_empty() {
        let text = "No hour stands out: problems came at about their usual rate.".to_owned();
        findings.extend(absent(report, Section::Incidents, "No incident", text));
    }
}

fn people(report: &Report, findings: &mut Vec<Finding>) {
    let people = &report.people;
    let Some(newest) = people.sensitive.first() else { return };
    let all = people.sensitive.len() as u64 + people.other_sensitive;
    let at_night = people.sensitive.iter().filter(|change| change.unusual_hour).count() as u64;
    let marked = people.sensitive.iter().find(|change| change.unusual_hour).unwrap_or(newest);
    let who = capitalized(&marked.who());
    let when = if at_night > 0 { ", at an hour at which that is unusual" } else { "" };
    let mut found = finding(
        if at_night > 0 { Level::Warning } else { Level::Note },
        Section::People,
        &pluralize(all, "sensitive change", "sensitive changes"),
        format!(
            "Of permissions, payment, checkout, domain or plan. {who} changed {} on {}{when}.{}",
            subject(marked),
            report.period.clock(marked.time),
            put_to_work(report, marked)
        ),
    );
    found.ask = marked.ask().cloned();
    found.query = Some(people.sensitive_query.clone());
    findings.push(found);
}

/// What the highest bars of the chart are: the largest of what was done many times in minutes.
fn at_once(report: &Report, findings: &mut Vec<Finding>) {
    let mut bulk: Vec<&Bulk> = report.people.bulk.iter().collect();
    bulk.sort_by_key(|bulk| std::cmp::Reverse(bulk.entries));
    for bulk in bulk.into_iter().take(MOST_AT_ONCE) {
        let what = bulk.action.as_ref().or(bulk.category.as_ref()).map_or("", Text::as_str).replace('_', " ");
        let what = if what.is_empty() { String::new() } else { format!(", {what}") };
        let text = format!(
            "By {}{what}: {} to {} in {}.",
            bulk.actor,
            report.period.clock(bulk.start),
            report.period.clock_after(bulk.end, bulk.start),
            report.store(bulk.store)
        );
        let title = format!("{} at once", pluralize(bulk.entries, "entry", "entries"));
        let mut found = finding(Level::Note, Section::People, &title, text);
        found.query = Some(bulk.query.clone());
        findings.push(found);
    }
}

fn trust(report: &Report, findings: &mut Vec<Finding>) {
    let stores = &report.trust.stores;
    let complete = stores.iter().filter(|store| store.complete).count();
    let unread = stores.iter().filter(|store| !matches!(store.state, State::Active | State::New)).count();
    let (level, title, text) = if complete == stores.len() && !stores.is_empty() {
        let text = match stores.iter().filter_map(|store| store.pruned_until).max() {
            None => {
                "The platforms count as many entries as the archive holds, of every store and over the whole period."
                    .to_owned()
            }
            Some(until) => format!(
                "Every store was read over the whole period. Entries from before {} were pruned since, and are still counted here; who did what then is not known any more.",
                report.period.clock(until)
            ),
        };
        (Level::Good, "Nothing is missing".to_owned(), text)
    } else {
        // The sentence begins with it.
        let share = percent(report.trust.share).replacen("less", "Less", 1).replacen("more", "More", 1);
        let unread = match unread as u64 {
            0 => String::new(),
            unread => format!(" {} cannot be read.", pluralize(unread, "store", "stores")),
        };
        // The first is the one that is worst off.
        let worst = stores.iter().find(|store| !store.complete).map(|store| {
            let (name, verdict) = (report.store(store.store), &store.verdict);
            let gap = store.gaps.first().map(|gap| {
                let (since, until) = (report.period.clock(gap.since), report.period.clock(gap.until));
                format!(", from {since} to {until}")
            });
            format!(" {name}: {verdict}{}.", gap.unwrap_or_default())
        });
        let text = format!("{share} of the period was read.{}{unread}", worst.unwrap_or_default());
        match report.trust.knowledge() {
            Knowledge::Nothing(_) => (Level::Alarm, "Nothing is known".to_owned(), text),
            Knowledge::Part(_) | Knowledge::Enough => (Level::Warning, "Entries may be missing".to_owned(), text),
        }
    };
    findings.push(finding(level, Section::Trust, &title, text));
}

fn activity(report: &Report, findings: &mut Vec<Finding>) {
    let total = &report.activity.total;
    let text = compared(report, total);
    let title = format!(
        "{} of {}",
        pluralize(total.now, "entry", "entries"),
        pluralize(report.stores.len() as u64, "store", "stores")
    );
    let mut found = finding(Level::Note, Section::Activity, &title, text);
    found.query = Some(total.query.clone());
    findings.push(found);
}

/// The same at the beginning of a sentence. A name stays as it is.
fn capitalized(who: &str) -> String {
    match who {
        "somebody" => "Somebody".to_owned(),
        _ => who.strip_prefix("the app ").map_or_else(|| who.to_owned(), |app| format!("The app {app}")),
    }
}

/// A finding that something did not happen: good news only if enough of the period is known, and none if nothing is.
fn absent(report: &Report, section: Section, title: &str, text: String) -> Option<Finding> {
    let level = match report.trust.knowledge() {
        Knowledge::Nothing(_) => return None,
        Knowledge::Part(_) => Level::Note,
        Knowledge::Enough => Level::Good,
    };
    Some(finding(level, section, &report.absence(title), text))
}

fn finding(level: Level, section: Section, title: &str, text: String) -> Finding {
    Finding { level, section, title: title.to_owned(), text, ask: None, query: None }
}

/// The subject of a change, in words.
fn subject(change: &Change) -> String {
    match (change.topic, &change.category) {
        (Some(Topic::Permissions), _) => "permissions".to_owned(),
        (_, Some(category)) => category.as_str().replace('_', " "),
        (_, None) => "something".to_owned(),
    }
}

fn lasted(incident: &Incident) -> String {
    // Rounded as the page does it.
    let seconds = incident.end.duration_since(incident.start).as_secs().unsigned_abs();
    let minutes = (seconds + 30) / 60;
    match (minutes / 60, minutes % 60) {
        _ if seconds < 90 => pluralize(seconds, "second", "seconds"),
        (0, minutes) => pluralize(minutes, "minute", "minutes"),
        (hours @ 1..48, 0) => pluralize(hours, "hour", "hours"),
        (hours @ 1..48, minutes) => format!("{hours} h {minutes} min"),
        _ => pluralize((minutes + 720) / 1440, "day", "days"),
    }
}

fn usual(usual: f64) -> String {
    if usual < 0.5 { "none".to_owned() } else { format!("{usual:.0}") }
}

/// The number compared with that of the period before, or why it is not, in a sentence.
fn compared(report: &Report, count: &Count) -> String {
    if let Knowledge::Nothing(_) = report.trust.knowledge() {
        return "There is nothing to compare.".to_owned();
    }
    let before = match (report.trust.comparison, count.before) {
        (Comparison::Made, Some(before)) => before,
        (Comparison::NotAsked, _) => return "They are compared with nothing.".to_owned(),
        (Comparison::Made | Comparison::NotRead, _) => {
            return match report.trust.share_before() {
                share if share >= ENOUGH => {
                    "Too little of the period was read to compare it with the one before.".to_owned()
                }
                share if share <= 0.0 => "Nothing of the period before was read, to compare with.".to_owned(),
                share => format!("Only {} of the period before was read, too little to compare with.", percent(share)),
            };
        }
    };
    let change = as_number(count.now) / as_number(before) - 1.0;
    match before {
        0 if count.now == 0 => "There were none in the period before, either.".to_owned(),
        0 => "There were none in the period before.".to_owned(),
        _ if change.abs() < 0.005 => format!("As many as in the period before ({}).", format_count(before)),
        _ if change > 0.0 => {
            format!("{} more than in the period before ({}).", percent(change), format_count(before))
        }
        _ => format!("{} fewer than in the period before ({}).", percent(-change), format_count(before)),
    }
}
