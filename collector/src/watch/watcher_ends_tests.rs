//! Tests of alerts that say that something is over.

use super::super::super::alert::Status;
use super::*;

fn ends(draft: Draft) -> Draft {
    Draft { resolve: Some(true), ..draft }
}

fn said(alerts: &[Alert]) -> Vec<(Status, &str)> {
    alerts.iter().map(|alert| (alert.status, alert.text.as_str())).collect()
}

#[test]
fn too_many_are_over_when_the_time_behind_them_was_read() {
    let mut world = World::new(ends(errors(2)));
    world.come((1..=4).map(|id| error(id, id.cast_signed() * 10)).collect());
    let begun = world.look(60);
    assert_eq!(said(&begun), [(Status::Firing, "4 entries in 30 s (more than 2 within 10 min)")]);
    assert!(world.look(HOUR).is_empty(), "nobody has read since");
    world.cover(0, 10 * MINUTE + 30);
    assert!(world.look(HOUR + 20).is_empty(), "one could still be among those within ten minutes");
    world.begin(HOUR + 30);
    world.cover(0, 11 * MINUTE);
    let over = world.look(HOUR + 40);
    assert_eq!(said(&over), [(Status::Resolved, "it is over: 4 entries in 30 s")]);
    assert_eq!(over[0].key, begun[0].key);
    assert_ne!(over[0].id, begun[0].id);
    world.check(&over[0]);
    assert!(world.look(2 * HOUR).is_empty(), "once");
    world.come((5..=8).map(|id| error(id, 11 * MINUTE + id.cast_signed())).collect());
    let again = world.look(2 * HOUR + 20);
    assert!(again.len() == 1 && again[0].status == Status::Firing, "it is sent at once: {again:?}");
    assert_eq!(again[0].key, begun[0].key);
}

#[test]
fn what_was_suppressed_is_part_of_what_is_over() {
    let mut world = World::new(ends(errors(2)));
    world.come((1..=4).map(|id| error(id, id.cast_signed() * 10)).collect());
    assert_eq!(world.look(60).len(), 1);
    world.come((5..=8).map(|id| error(id, id.cast_signed() * 10)).collect());
    assert!(world.look(90).is_empty());
    world.cover(0, 20 * MINUTE);
    assert_eq!(said(&world.look(20 * MINUTE)), [(Status::Resolved, "it is over: 8 entries in 70 s")]);
    assert!(world.look(3 * HOUR).is_empty());
}

#[test]
fn silence_is_over_when_an_entry_comes() {
    let mut world = World::new(ends(Draft { silent_for: Some("2h".to_owned()), ..Draft::default() }));
    world.come(vec![error(1, 10)]);
    world.cover(-DAY, 3 * HOUR);
    assert_eq!(world.look(3 * HOUR).len(), 1);
    assert!(world.look(4 * HOUR).is_empty());
    world.come(vec![error(2, 4 * HOUR + 10)]);
    let over = world.look(4 * HOUR + 30);
    assert_eq!(said(&over), [(Status::Resolved, "it is over: an entry after 4 h")]);
    world.check(&over[0]);
}

#[test]
fn an_incident_is_over_an_hour_after_its_last_problem() {
    let past: Vec<LogEntry> = (1..400).map(|n| error(1000 + n, -n.cast_signed() * 5 * HOUR)).collect();
    let mut world = World::after(past, ends(Draft { incident: true, ..Draft::default() }));
    world.cover(-90 * DAY, 0);
    world.come((0..40).map(|n| error(n, MINUTE + n.cast_signed() * 20)).collect());
    world.cover(0, 20 * MINUTE);
    assert_eq!(world.look(20 * MINUTE).len(), 1);
    world.cover(0, HOUR);
    assert!(world.look(HOUR).is_empty());
    world.cover(0, 2 * HOUR);
    assert_eq!(said(&world.look(2 * HOUR)), [(Status::Resolved, "it is over: it lasted 13 min")]);
}

#[test]
fn those_that_one_alert_stands_for_are_over_together() {
    let mut world = World::new(ends(Draft { per: Some(vec!["actor".to_owned()]), ..errors(1) }));
    let by = |actor: u64, id: u64, second: i64| {
        let mut entry = error(id, second);
        entry.actor = Some(format!("a{actor}"));
        entry
    };
    world.come((0..30).flat_map(|actor| [by(actor, 2 * actor, 10), by(actor, 2 * actor + 1, 20)]).collect());
    let begun = world.look(30);
    assert_eq!((begun.len(), begun[19].together), (20, 11));
    world.cover(0, 5 * MINUTE);
    // One of the rest goes on.
    world.come(vec![by(29, 100, 5 * MINUTE), by(29, 101, 5 * MINUTE + 1)]);
    assert!(world.look(6 * MINUTE).is_empty());
    world.cover(0, 14 * MINUTE);
    let over = world.look(14 * MINUTE);
    assert!(over.len() == 19 && over.iter().all(|alert| alert.status == Status::Resolved), "{over:?}");
    world.cover(0, 16 * MINUTE);
    let rest = world.look(16 * MINUTE);
    assert_eq!(said(&rest), [(Status::Resolved, "the rest is over, too")]);
    assert_eq!(rest[0].key, begun[19].key);
}

#[test]
fn no_alert_is_sent_for_an_end_that_nobody_wants_to_know_or_that_there_is_not() {
    let mut world = World::new(Draft { resolve: Some(false), ..errors(2) });
    world.come((1..=4).map(|id| error(id, id.cast_signed() * 10)).collect());
    assert_eq!(world.look(60).len(), 1);
    world.cover(0, HOUR);
    assert!(world.look(2 * HOUR).is_empty());
    let why = Draft { name: "it".to_owned(), sensitive: true, ..ends(Draft::default()) }.rule(Vec::new()).unwrap_err();
    assert!(why.why.contains("has no end"), "{why}");
}
