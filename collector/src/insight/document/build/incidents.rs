//! The section on what broke, and what was changed before: the incidents.

use super::{MOST, more};
use crate::insight::Report;
use crate::insight::document::{Block, Cell, Document, Kind, Table};
use crate::insight::model::{Change, Changes, Incident, Level, Line};
use crate::redact::Text;
use crate::wording::{format_count, listed};

pub(super) fn incidents(report: &Report, blocks: &mut Document) {
    blocks.push(Block::Heading("When did it go wrong?".to_owned()));
    if report.incidents.list.is_empty() {
        blocks.push(Block::Text(format!("{}.", report.absence("No hour stands out"))));
    }
    for incident in report.incidents.list.iter().take(MOST) {
        self::incident(report, incident, blocks);
    }
    let others = report.incidents.list.len().saturating_sub(MOST) as u64 + report.incidents.others;
    more(others, "more incidents", blocks);
    blocks.push(Block::Part("How they are found".to_owned()));
    blocks.push(Block::Text(report.incidents.method.clone()));
}

fn incident(report: &Report, incident: &Incident, blocks: &mut Document) {
    let period = &report.period;
    let what = [&incident.module, &incident.category].into_iter().flatten().next().map_or("problems", Text::as_str);
    let store = report.place(incident);
    let when = format!("{} to {}", period.clock(incident.start), period.clock_after(incident.end, incident.start));
    let why = incident.why().map(|why| format!(": {why}")).unwrap_or_default();
    blocks.push(Block::Part(format!("{when}: {what} in {store}{why}")));
    let chance = match incident.log10_chance {
        chance if chance < -300.0 => "practically none".to_owned(),
        chance => format!("1 in 10^{:.0}", -chance),
    };
    blocks.push(Block::Text(format!(
        "Usual in that time: {:.1}, known from {:.0} weeks. The chance of as many: {chance}.{}",
        incident.usual,
        incident.weeks,
        if incident.open { " It may still go on." } else { "" }
    )));
    let mut table = Table::new(&[("what they say", Kind::Long), ("entries", Kind::Number)]);
    for line in incident.templates.iter().take(MOST) {
        table.row(Some(&line.count.query), [Cell::new(line.name.as_str()), Cell::new(format_count(line.count.now))]);
    }
    if incident.templates.len() > 1 {
        table.row(Some(&incident.query), [Cell::new("together"), Cell::new(format_count(incident.entries))]);
    }
    blocks.push(Block::Table(table));
    if !incident.reasons.is_empty() {
        blocks.push(Block::Table(reasons("why, as the messages say", &incident.reasons)));
    }
    if !incident.other_reasons.is_empty() {
        blocks.push(Block::Table(reasons("not counted: as usual, or at another time", &incident.other_reasons)));
    }
    if let Some(hint) = &incident.hint {
        blocks.push(Block::Text(format!("What helps: {} ({})", hint.text, hint.source)));
    }
    if incident.is_wide() {
        let hit = incident.stores.iter().map(|store| report.store(*store));
        blocks.push(Block::Text(format!("Hit most: {}.", listed(hit, MOST))));
        if incident.changes.entries == 0 {
            return;
        }
    }
    self::changes(report, &incident.changes, blocks);
}

fn reasons(title: &'static str, lines: &[Line<Text>]) -> Table {
    let mut table = Table::new(&[(title, Kind::Long), ("entries", Kind::Number)]);
    for line in lines {
        table.row(Some(&line.count.query), [Cell::new(line.name.as_str()), Cell::new(format_count(line.count.now))]);
    }
    table
}

fn changes(report: &Report, changes: &Changes, blocks: &mut Document) {
    if changes.entries == 0 {
        blocks.push(Block::Text(report.no_change(changes)));
        return;
    }
    let entries = changes.entries;
    blocks.push(Block::Text(format!("Changed in the hour before ({}):", format_count(entries))));
    if !changes.listed.is_empty() {
        blocks.push(Block::Table(change_table(report, &changes.listed)));
    }
    let mut table = Table::new(&[("by", Kind::Text), ("what else", Kind::Long), ("entries", Kind::Number)]);
    for item in &changes.ordinary {
        let text = |text: &Option<Text>| Cell::new(text.as_ref().map_or("", Text::as_str));
        table.row(Some(&changes.query), [text(&item.actor), text(&item.action), Cell::new(format_count(item.entries))]);
    }
    if !table.rows.is_empty() {
        blocks.push(Block::Table(table));
    }
}

pub(super) fn change_table(report: &Report, changes: &[Change]) -> Table {
    let mut table = Table::new(&[("when", Kind::Text), ("who", Kind::Text), ("what", Kind::Long)]);
    for change in changes {
        let time = report.period.clock(change.time);
        let time =
            if change.unusual_hour { Cell::new(format!("{time} (!)")).level(Level::Warning) } else { Cell::new(time) };
        let topic = change.topic.map(|topic| format!("[{}] ", topic.as_str())).unwrap_or_default();
        let what = [&change.summary, &change.action, &change.category].into_iter().flatten().next();
        let what = format!("{topic}{}", what.map_or("", Text::as_str));
        let who = change.actor.as_ref().map_or("", Text::as_str);
        let app = if change.app.is_some() { " (app)" } else { "" };
        table.row(Some(&change.query), [time, Cell::new(format!("{who}{app}")), Cell::new(what)]);
    }
    table
}
