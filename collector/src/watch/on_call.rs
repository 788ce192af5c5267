//! Alerts for services that keep them open until they are over: Alertmanager, PagerDuty and Opsgenie, in the form that
//! each documents.
//!
//! Alerts that belong together have one key, so that the last one closes what the first one opened, and no second
//! incident is opened meanwhile. Texts are cut to the length that each service takes: a longer one would be refused, or
//! cut in the middle of the key. Texts of the log are made inert: Opsgenie shows HTML, and Alertmanager passes on to chats
//! what it gets.

use std::collections::BTreeMap;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use storelogs::LogEntry;

use super::alert::{Alert, Kind, Level, Status};
use super::inert::{inert, untagged};

/// How long Alertmanager shows an alert that goes on if nobody says it again.
const LASTS: SignedDuration = SignedDuration::from_hours(1);
/// How often it is said again: before that time is over, however long Alertmanager was away.
pub(super) const AGAIN: SignedDuration = SignedDuration::from_mins(3);
/// PagerDuty's longest summary and Opsgenie's longest message, in characters.
const PAGERDUTY_SUMMARY: usize = 1024;
const OPSGENIE_MESSAGE: usize = 130;
/// Opsgenie's longest description. Details may be 8,000 characters in all.
const OPSGENIE_DESCRIPTION: usize = 15_000;
/// How much of a value is sent as a label, a detail or a tag.
const VALUE: usize = 500;
/// How much of a search is sent as an annotation: nearly always all of it.
const QUERY: usize = 10_000;

/// Alerts as `POST /api/v2/alerts` of Alertmanager takes them.
pub(super) fn alertmanager<'a>(alerts: impl IntoIterator<Item = &'a Alert>, now: Timestamp) -> Value {
    let one = |alert: &Alert| {
        let mut labels = BTreeMap::from([
            ("alertname".to_owned(), short(&alert.rule, VALUE)),
            ("severity".to_owned(), alert.level.as_str().to_owned()),
            ("service".to_owned(), "storelogs".to_owned()),
        ]);
        // Empty labels are no labels.
        let about = alert.about.iter().filter(|(_, value)| !value.is_empty());
        // They are compared: by routes, silences and the end of the same.
        labels.extend(about.map(|(part, value)| (part.clone(), short(&untagged(value, VALUE), VALUE))));
        let mut shown = json!({
            "labels": labels,
            "annotations": {
                "summary": text(alert),
                "description": description(alert),
                "query": untagged(&alert.query, QUERY),
            },
            "startsAt": alert.since,
        });
        match alert.status {
            Status::Resolved => shown["endsAt"] = json!(alert.until.max(alert.since)),
            Status::Firing if lasts(alert) => shown["endsAt"] = json!(now.checked_add(LASTS).unwrap_or(now)),
            Status::Firing => {} // Alertmanager's own resolve_timeout
        }
        shown
    };
    Value::Array(alerts.into_iter().map(one).collect())
}

/// Whether it goes on until another alert says that it is over.
fn lasts(alert: &Alert) -> bool {
    alert.key != alert.id && alert.kind != Kind::Trial
}

/// An event as PagerDuty's Events API v2 takes it.
pub(super) fn pagerduty(alert: &Alert, key: &str) -> Value {
    let mut event = json!({ "routing_key": key, "dedup_key": alert.key, "event_action": "trigger" });
    if alert.status == Status::Resolved {
        event["event_action"] = json!("resolve");
        return event;
    }
    event["client"] = json!("storelogs");
    event["payload"] = json!({
        "summary": title(alert, PAGERDUTY_SUMMARY),
        "source": short(&untagged(&alert.subject(), VALUE), VALUE),
        "severity": alert.level.as_str(), // the same four words
        "timestamp": alert.since,
        "class": alert.kind,
        "custom_details": details(alert),
    });
    // It takes texts, and nothing that is none.
    if let Some(module) = alert.about.get("module").filter(|module| !module.is_empty()) {
        event["payload"]["component"] = json!(short(&untagged(module, VALUE), VALUE));
    }
    event
}

/// An alert as Opsgenie's Alert API takes it, and what stands behind its address.
pub(super) fn opsgenie(alert: &Alert) -> (String, Value) {
    if alert.status == Status::Resolved {
        let path = format!("/{}/close?identifierType=alias", alert.key);
        return (path, json!({ "source": "storelogs", "note": text(alert) }));
    }
    let priority = match alert.level {
        Level::Critical => "P1",
        Level::Error => "P2",
        Level::Warning => "P3",
        Level::Info => "P5",
    };
    let shown = json!({
        "message": title(alert, OPSGENIE_MESSAGE),
        "alias": alert.key,
        "description": short(&description(alert), OPSGENIE_DESCRIPTION),
        "details": details(alert),
        "entity": short(&untagged(&alert.subject(), VALUE), VALUE),
        "source": "storelogs",
        "priority": priority,
    });
    (String::new(), shown)
}

fn details(alert: &Alert) -> BTreeMap<String, String> {
    let mut details: BTreeMap<String, String> =
        alert.about.iter().map(|(part, value)| (part.clone(), short(&untagged(value, VALUE), VALUE))).collect();
    details.insert("entries".to_owned(), alert.entries.to_string());
    details.insert("since".to_owned(), alert.since.to_string());
    details.insert("until".to_owned(), alert.until.to_string());
    details.insert("query".to_owned(), short(&untagged(&alert.query, VALUE), VALUE));
    for (number, entry) in (1..).zip(&alert.examples) {
        details.insert(format!("example_{number}"), line(entry));
    }
    details
}

/// A title: the rule, the subject and what happened, in one line.
fn title(alert: &Alert, most: usize) -> String {
    short(&inert(&format!("{}: {}: {}", alert.rule, alert.subject(), alert.text), most), most)
}

fn text(alert: &Alert) -> String {
    short(&inert(&alert.text, VALUE), VALUE)
}

/// A description: what happened, and the newest entries, a line each.
fn description(alert: &Alert) -> String {
    let mut lines = vec![text(alert)];
    lines.extend(alert.examples.iter().map(line));
    lines.join("\n")
}

fn line(entry: &LogEntry) -> String {
    let parts = [entry.module.as_deref().or(entry.actor.as_deref()), entry.summary.as_deref()];
    let said = parts.into_iter().flatten().collect::<Vec<_>>().join(": ");
    let line = format!("{} {} {said}", entry.time.strftime("%Y-%m-%d %H:%M:%SZ"), entry.severity);
    short(&inert(&line, VALUE), VALUE)
}

/// The text on one line, and at most this long.
fn short(text: &str, most: usize) -> String {
    let mut shown: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).take(most).collect();
    if text.chars().nth(most).is_some() {
        shown.pop();
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::super::part::Part;
    use super::*;

    fn alert(status: Status) -> Alert {
        let at: Timestamp = "2026-08-01T12:00:00Z".parse().unwrap();
        let about = [(Part::Store, "bigcommerce:abc123".to_owned())];
        let mut alert = Alert::new("payments fail", Kind::Entries, at, &about);
        (alert.text, alert.status, alert.level) =
            ("7 entries in 8 min\n".to_owned() + &"é".repeat(3000), status, Level::Error);
        alert.key = Alert::key_of("payments fail", "store=bigcommerce:abc123");
        alert.seal();
        alert
    }

    #[test]
    fn the_end_closes_what_the_beginning_opened() {
        let [begins, ends] = [Status::Firing, Status::Resolved].map(alert);
        let [opened, closed] = [&begins, &ends].map(|alert| pagerduty(alert, "k"));
        assert_eq!((&opened["event_action"], &closed["event_action"]), (&json!("trigger"), &json!("resolve")));
        assert_eq!(opened["dedup_key"], closed["dedup_key"]);
        let [(_, opened), (path, _)] = [&begins, &ends].map(opsgenie);
        assert_eq!(path, format!("/{}/close?identifierType=alias", opened["alias"].as_str().unwrap()));
        let now = begins.at;
        let [opened, closed] = [&begins, &ends].map(|alert| alertmanager([alert], now)[0].clone());
        assert_eq!(opened["labels"], closed["labels"], "Alertmanager knows an alert by its labels");
        assert_eq!(
            (&opened["endsAt"], &closed["endsAt"]),
            (&json!("2026-08-01T13:00:00Z"), &json!("2026-08-01T12:00:00Z"))
        );
    }

    #[test]
    fn texts_are_as_long_as_each_takes_and_on_one_line() {
        let alert = alert(Status::Firing);
        let event = pagerduty(&alert, "k");
        let summary = event["payload"]["summary"].as_str().unwrap();
        assert!(summary.chars().count() == 1024 && !summary.contains('\n'), "{summary}");
        let (_, shown) = opsgenie(&alert);
        assert_eq!(shown["message"].as_str().unwrap().chars().count(), 130);
        assert_eq!(shown["priority"], "P2");
    }

    #[test]
    fn all_details_together_are_no_more_than_opsgenie_takes() {
        let mut alert = alert(Status::Firing);
        let long = "@".repeat(3000);
        alert.about = Part::ALL.iter().map(|part| (part.name().to_owned(), long.clone())).collect();
        alert.query.clone_from(&long);
        let store = "bigcommerce:abc123".parse().unwrap();
        let mut entry = LogEntry::new(&store, "1", alert.at, alert.at);
        entry.summary = Some(long);
        alert.examples = vec![entry; 3];
        let (_, shown) = opsgenie(&alert);
        let chars = |text: &str| text.chars().count();
        let details = shown["details"].as_object().unwrap();
        let all: usize = details.iter().map(|(name, value)| chars(name) + chars(value.as_str().unwrap())).sum();
        assert!(all <= 8000, "{all}");
        assert!(
            chars(shown["entity"].as_str().unwrap()) <= 512 && chars(shown["description"].as_str().unwrap()) <= 15_000
        );
    }

    #[test]
    fn what_is_of_no_module_has_no_component_at_pagerduty() {
        let mut alert = alert(Status::Firing);
        assert_eq!(pagerduty(&alert, "k")["payload"].get("component"), None);
        alert.about.insert("module".to_owned(), "USPS".to_owned());
        assert_eq!(pagerduty(&alert, "k")["payload"]["component"], "USPS");
    }

    #[test]
    fn a_text_of_the_log_calls_nobody_and_links_nowhere() {
        for attack in ["<!channel> look", "<a href=\"https://evil.example\">x</a>", "@here", "<img src=x>", "</pre>"] {
            let mut alert = alert(Status::Firing);
            let store = "bigcommerce:abc123".parse().unwrap();
            let mut entry = LogEntry::new(&store, "1", alert.at, alert.at);
            entry.summary = Some(attack.to_owned());
            (alert.text, alert.examples) = (attack.to_owned(), vec![entry]);
            alert.about.insert("module".to_owned(), attack.to_owned());
            let sent = [alertmanager([&alert], alert.at), pagerduty(&alert, "k"), opsgenie(&alert).1];
            for sent in sent {
                let sent = sent.to_string();
                for live in ["<!", "<a ", "<img", "</"] {
                    assert!(!sent.contains(live), "{attack}: {sent}");
                }
            }
            let texts =
                [&alertmanager([&alert], alert.at)[0]["annotations"], &pagerduty(&alert, "k")["payload"]["summary"]]
                    .map(Value::to_string);
            assert!(texts.iter().all(|text| !text.contains("://") && !text.contains("@here")), "{texts:?}");
        }
    }

    #[test]
    fn what_has_no_end_is_left_to_alertmanagers_own_time() {
        let mut event = alert(Status::Firing);
        event.key = event.id.clone();
        assert_eq!(alertmanager([&event], event.at)[0].get("endsAt"), None);
    }
}
