//! The section on who did what: people, sensitive changes, bulk operations, and unusual hours.

use super::incidents::change_table;
use super::{MOST, before, more};
use crate::insight::Report;
use crate::insight::document::{Block, Cell, Document, Kind, Table};
use crate::insight::model::{Level, People};
use crate::redact::Text;
use crate::wording::{format_count, format_duration};

pub(super) fn people(report: &Report, blocks: &mut Document) {
    let people = &report.people;
    blocks.push(Block::Heading("Who did what?".to_owned()));
    if people.actors.is_empty() {
        blocks.push(Block::Text(format!("{}.", report.absence("No entry names who did it"))));
        return;
    }
    let mut table = Table::new(&[
        ("who", Kind::Text),
        ("", Kind::Text),
        ("entries", Kind::Number),
        ("before", Kind::Number),
        ("most often", Kind::Long),
    ]);
    for actor in people.actors.iter().take(MOST) {
        let often: Vec<String> = actor
            .actions
            .iter()
            .take(3)
            .map(|line| {
                format!("{} {}", line.name.as_ref().map_or("(nothing)", Text::as_str), format_count(line.count.now))
            })
            .collect();
        let new = if actor.new { Cell::new("new").level(Level::Warning) } else { Cell::new("") };
        let app = if actor.app.is_some() { " (app)" } else { "" };
        let cells = [
            Cell::new(format!("{}{app}", actor.actor)),
            new,
            Cell::new(format_count(actor.count.now)),
            before(&actor.count),
            Cell::new(often.join(", ")),
        ];
        table.row(Some(&actor.count.query), cells);
    }
    blocks.push(Block::Table(table));
    more(people.actors.len().saturating_sub(MOST) as u64 + people.other_actors, "more actors", blocks);
    sensitive(report, people, blocks);
    at_once(report, people, blocks);
    unusual(report, people, blocks);
}

fn sensitive(report: &Report, people: &People, blocks: &mut Document) {
    blocks.push(Block::Part("Sensitive changes".to_owned()));
    if people.sensitive.is_empty() {
        blocks.push(Block::Text(format!(
            "{}.",
            report.absence("None of permissions, payment, checkout, domain or plan")
        )));
    } else {
        blocks.push(Block::Table(change_table(report, &people.sensitive[..people.sensitive.len().min(2 * MOST)])));
        if people.sensitive.iter().any(|change| change.unusual_hour) {
            blocks.push(Block::Text("(!) At an hour at which that actor hardly ever works.".to_owned()));
        }
    }
    more(
        people.sensitive.len().saturating_sub(2 * MOST) as u64 + people.other_sensitive,
        "more sensitive changes",
        blocks,
    );
}

fn at_once(report: &Report, people: &People, blocks: &mut Document) {
    if !people.bulk.is_empty() {
        blocks.push(Block::Part("Many at once".to_owned()));
        let mut table = Table::new(&[
            ("when", Kind::Text),
            ("who", Kind::Text),
            ("what", Kind::Long),
            ("entries", Kind::Number),
            ("in", Kind::Number),
        ]);
        for bulk in people.bulk.iter().take(MOST) {
            let cells = [
                Cell::new(report.period.clock(bulk.start)),
                Cell::new(bulk.actor.as_str()),
                Cell::new(bulk.action.as_ref().or(bulk.category.as_ref()).map_or("", Text::as_str)),
                Cell::new(format_count(bulk.entries)),
                Cell::new(format_duration(bulk.end.duration_since(bulk.start))),
            ];
            table.row(Some(&bulk.query), cells);
        }
        blocks.push(Block::Table(table));
    }
    if !people.new_actions.is_empty() {
        blocks.push(Block::Part("Never done before".to_owned()));
        let mut table =
            Table::new(&[("first", Kind::Text), ("who", Kind::Text), ("what", Kind::Long), ("entries", Kind::Number)]);
        for new in people.new_actions.iter().take(MOST) {
            let cells = [
                Cell::new(report.period.clock(new.first)),
                Cell::new(new.actor.as_ref().map_or("", Text::as_str)),
                Cell::new(new.action.as_str()),
                Cell::new(format_count(new.entries)),
            ];
            table.row(Some(&new.query), cells);
        }
        blocks.push(Block::Table(table));
    }
}

fn unusual(report: &Report, people: &People, blocks: &mut Document) {
    if people.unusual.is_empty() {
        return;
    }
    blocks.push(Block::Part("At unusual hours".to_owned()));
    let mut table =
        Table::new(&[("when", Kind::Text), ("who", Kind::Text), ("what", Kind::Long), ("entries", Kind::Number)]);
    for unusual in people.unusual.iter().take(MOST) {
        let actions: Vec<&str> = unusual.actions.iter().map(Text::as_str).collect();
        let period = &report.period;
        let cells = [
            Cell::new(format!("{} to {}", period.clock(unusual.start), period.clock_after(unusual.end, unusual.start))),
            Cell::new(unusual.actor.as_str()),
            Cell::new(actions.join(", ")),
            Cell::new(format_count(unusual.entries)),
        ];
        table.row(Some(&unusual.query), cells);
    }
    blocks.push(Block::Table(table));
    more(people.unusual.len().saturating_sub(MOST) as u64 + people.other_unusual, "more", blocks);
}
