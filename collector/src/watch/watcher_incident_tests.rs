//! Tests of alerts on incidents.

use super::*;

#[test]
fn an_incident_causes_one_alert_when_it_is_seen() {
    let mut id = 0;
    let mut next = |second| {
        id += 1;
        error(id, second)
    };
    let past: Vec<LogEntry> = (1..400).map(|n| next(-n * 5 * HOUR)).collect();
    let mut world = World::after(past, Draft { incident: true, ..Draft::default() });
    world.cover(-90 * DAY, 0);
    assert!(world.look(1).is_empty());
    world.come((0..40).map(|n| next(MINUTE + n * 20)).collect());
    let alerts = world.look(20 * MINUTE);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    assert!(
        alerts[0].text.starts_with("an incident: 40 problems where none is usual: Order * failed"),
        "{}",
        alerts[0].text
    );
    assert_eq!((alerts[0].since, alerts[0].until), (at(MINUTE), at(MINUTE + 39 * 20 + 1)));
    world.check(&alerts[0]);
    world.come((0..40).map(|n| next(25 * MINUTE + n * 20)).collect());
    assert!(world.look(HOUR).is_empty(), "it goes on");
    world.cover(0, 30 * HOUR);
    world.come((0..40).map(|n| next(30 * HOUR + n * 20)).collect());
    assert_eq!(world.look(31 * HOUR).len(), 1, "another one");
}

#[test]
fn an_alert_on_an_incident_says_why_and_counts_no_usual_reason() {
    let mut id = 0;
    let mut next = |second, reason: &str| {
        id += 1;
        let mut entry = error(id, second);
        entry.message = Some(serde_json::json!({ "reason": reason }).to_string());
        entry
    };
    let past: Vec<LogEntry> = (1..400).map(|n| next(-n * 5 * HOUR, "the card was declined")).collect();
    let mut world = World::after(past, Draft { incident: true, ..Draft::default() });
    world.cover(-90 * DAY, 0);
    assert!(world.look(1).is_empty());
    let mut burst: Vec<LogEntry> = (0..40).map(|n| next(MINUTE + n * 20, "timeout")).collect();
    burst.push(next(5 * MINUTE, "the card was declined"));
    world.come(burst);
    let alerts = world.look(20 * MINUTE);
    assert_eq!(alerts.len(), 1, "{alerts:?}");
    let text = &alerts[0].text;
    assert!(text.starts_with("an incident: 40 problems where none is usual: Order * failed (“timeout”)"), "{text}");
    world.check(&alerts[0]);
}
