//! The document of a report: its contents in words.

mod incidents;
mod people;

use jiff::{SignedDuration, Timestamp};
use storelogs::Severity;

use self::incidents::incidents;
use self::people::people;
use super::{Block, Cell, Document, Kind, Table};
use crate::archive::State;
use crate::insight::Report;
use crate::insight::model::{Cost, Count, Finding, Level, Line, Problems, Template, Trend, Trusted};
use crate::redact::Text;
use crate::wording::{format_count, format_duration, listed, pluralize};

/// The most lines of a list that could be long. The page and the JSON have more.
const MOST: usize = 20;
/// The most characters of a message that is shown.
const MESSAGE: usize = 300;

/// A report as a document.
pub fn document(report: &Report) -> Document {
    let period = &report.period;
    let mut blocks = vec![
        Block::Title(format!("What the logs say, {}", period.days())),
        Block::Text(format!("{}. Times are those of {}.{}", stores(report), period.time_zone, report.about_period())),
        Block::Heading("At a glance".to_owned()),
        Block::Text(report.verdict.clone()),
    ];
    blocks.extend(report.summary.iter().map(finding));
    activity(report, &mut blocks);
    problems(report, &mut blocks);
    incidents(report, &mut blocks);
    orders(report, &mut blocks);
    people(report, &mut blocks);
    trust(report, &mut blocks);
    blocks
}

fn orders(report: &Report, blocks: &mut Document) {
    let orders = &report.orders;
    if orders.list.is_empty() {
        return;
    }
    blocks.push(Block::Heading("Which orders were hit?".to_owned()));
    let came_through = orders.came_through();
    if came_through > 0 {
        let listed = pluralize(orders.list.len() as u64, "order", "orders");
        let some = if came_through == orders.list.len() as u64 { "all".to_owned() } else { format_count(came_through) };
        blocks.push(Block::Text(format!("Of {listed}, {some} came through later: the same module worked for them.")));
    }
    if !orders.costs.is_empty() {
        let cost = |cost: &Cost| format!("{} ({})", cost.amount, pluralize(cost.orders, "order", "orders"));
        let costs = orders.costs.iter().map(cost).collect::<Vec<_>>().join(", ");
        let text = format!("Where the log names an amount, those that did not come through are of {costs}.");
        blocks.push(Block::Text(text));
    }
    let columns = [
        ("order", Kind::Text),
        ("why", Kind::Long),
        ("problems", Kind::Number),
        ("the last", Kind::Text),
        ("came through", Kind::Text),
    ];
    let mut table = Table::new(&columns);
    for order in orders.list.iter().take(MOST) {
        let why = order.reason.as_ref().or(order.summary.as_ref()).map_or("", Text::as_str);
        let cells = [
            Cell::new(order.order.as_str()),
            Cell::new(why),
            Cell::new(format_count(order.entries)),
            Cell::new(report.period.clock(order.last)),
            order.came_through.as_ref().map_or_else(
                || Cell::new(""),
                |success| Cell::new(report.period.clock_after(success.time, order.last)).level(Level::Good),
            ),
        ];
        table.row(Some(&order.query), cells);
    }
    blocks.push(Block::Table(table));
    let more = orders.list.len().saturating_sub(MOST) as u64 + orders.others;
    if more > 0 {
        let more = format_count(more);
        blocks.push(Block::Text(format!("{more} more; `{}` lists them all.", report.command("orders.csv"))));
    }
}

fn stores(report: &Report) -> String {
    match &report.stores[..] {
        [] => "The archive holds no store".to_owned(),
        some if some.len() <= 3 => some.join(", "),
        many => format!("{} stores", format_count(many.len() as u64)),
    }
}

/// A finding as a part of a document.
pub fn finding(finding: &Finding) -> Block {
    let ask = finding.ask.as_ref().map(|who| format!(" Ask {who}.")).unwrap_or_default();
    let text = format!("{}{ask}", finding.text);
    Block::Finding(finding.level, super::Line { title: finding.title.clone(), text, query: finding.query.clone() })
}

fn activity(report: &Report, blocks: &mut Document) {
    let activity = &report.activity;
    blocks.push(Block::Heading("What happened?".to_owned()));
    let mut steps = vec![0; report.period.steps.len()];
    for [step, .., entries] in &activity.cube.steps {
        if let Some(sum) = usize::try_from(*step).ok().and_then(|step| steps.get_mut(step)) {
            *sum += entries;
        }
    }
    let mut table = Table::new(&[
        ("", Kind::Text),
        ("entries", Kind::Number),
        ("before", Kind::Number),
        ("", Kind::Number),
        ("", Kind::Spark),
    ]);
    let mut line = |name: Cell, count: &Count, spark: &[u64]| {
        let cells = [name, Cell::new(format_count(count.now)), before(count), change(count), Cell::spark(spark)];
        table.row(Some(&count.query), cells);
    };
    line(Cell::new("all"), &activity.total, &steps);
    for Line { name, count } in &activity.severities {
        line(Cell::new(name.as_str()).level(severity(*name)), count, &[]);
    }
    for Line { name, count } in activity.stores.iter().take(MOST) {
        line(Cell::new(name.as_str()), count, &[]);
    }
    for Line { name, count } in activity.categories.iter().take(MOST) {
        line(Cell::new(name.as_ref().map_or("no category", Text::as_str)), count, &[]);
    }
    blocks.push(Block::Table(table));
    if let Some(busiest) = activity.busiest {
        let day = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
            [usize::from(busiest.weekday % 7)];
        let hour = busiest.hour;
        let entries = pluralize(busiest.entries, "entry", "entries");
        blocks.push(Block::Text(format!("Busiest: {day} {hour}:00 to {}:00, {entries}.", (hour + 1) % 24)));
    }
}

fn problems(report: &Report, blocks: &mut Document) {
    let problems = &report.problems;
    blocks.push(Block::Heading("What is going wrong?".to_owned()));
    if problems.templates.is_empty() {
        blocks.push(Block::Text(format!("{}.", report.absence("There are no warnings and no errors"))));
        return;
    }
    let columns = [
        ("what they say", Kind::Long),
        ("", Kind::Text),
        ("now", Kind::Number),
        ("before", Kind::Number),
        ("share", Kind::Number),
        ("", Kind::Spark),
    ];
    let mut table = Table::new(&columns);
    for template in problems.templates.iter().take(MOST) {
        let said = if template.template.as_str().is_empty() { "(nothing)" } else { template.template.as_str() };
        let said = match modules(template) {
            modules if modules.is_empty() => said.to_owned(),
            modules => format!("{said} – {modules}"),
        };
        let (trend, level) = trend(template.trend);
        let cells = [
            Cell::new(said),
            Cell::new(trend).level(level),
            Cell::new(format_count(template.count.now)),
            before(&template.count),
            Cell::new(percent(template.share)),
            Cell::spark(&template.steps),
        ];
        table.row(Some(&template.count.query), cells);
    }
    blocks.push(Block::Table(table));
    more(
        problems.templates.len().saturating_sub(MOST) as u64 + problems.other_templates,
        "more kinds of problems",
        blocks,
    );
    examples(report, problems, blocks);
    if problems.modules.is_empty() {
        return;
    }
    blocks.push(Block::Part("How often they fail".to_owned()));
    let mut table = Table::new(&[
        ("module", Kind::Long),
        ("fails", Kind::Number),
        ("before", Kind::Number),
        ("failed", Kind::Number),
        ("of all", Kind::Number),
    ]);
    for module in problems.modules.iter().take(MOST) {
        let cells = [
            Cell::new(module.module.as_str()),
            Cell::new(percent(module.rate)),
            Cell::new(module.rate_before.map(percent).unwrap_or_default()),
            Cell::new(format_count(module.failed.now)),
            Cell::new(format_count(module.all.now)),
        ];
        table.row(Some(&module.failed.query), cells);
    }
    blocks.push(Block::Table(table));
}

fn examples(report: &Report, problems: &Problems, blocks: &mut Document) {
    blocks.push(Block::Part("The newest of each".to_owned()));
    let mut table = Table::new(&[("when", Kind::Text), ("what it says", Kind::Long)]);
    for example in problems.templates.iter().take(MOST / 2).filter_map(|template| template.example.as_ref()) {
        let summary = example.summary.as_ref().map_or("", Text::as_str);
        // The reason alone says more than the beginning of the JSON around it.
        let message = example.reason.as_ref().or(example.message.as_ref()).map_or("", Text::as_str);
        let shown: String = message.chars().take(MESSAGE).collect();
        let cut = if shown.len() < message.len() { "…" } else { "" };
        let text = if message.is_empty() { summary.to_owned() } else { format!("{summary} – {shown}{cut}") };
        table.row(Some(&example.query), [Cell::new(report.period.clock(example.time)), Cell::new(text)]);
    }
    blocks.push(Block::Table(table));
}

fn modules(template: &Template) -> String {
    let mut modules: Vec<&str> = Vec::new();
    for module in template.parts.iter().filter_map(|part| part.module.as_ref()) {
        if !modules.contains(&module.as_str()) {
            modules.push(module.as_str());
        }
    }
    listed(modules, 3)
}

/// A text of which the times in UTC are those of the report's clock.
fn by_clock(report: &Report, text: &str) -> String {
    let word = |word: &str| {
        let end = word.len() - word.trim_end_matches([',', ';', ':', '.']).len();
        let (time, end) = word.split_at(word.len() - end);
        match time.parse::<Timestamp>() {
            Ok(time) => format!("{}{end}", report.period.clock(time)),
            Err(_) => format!("{time}{end}"),
        }
    };
    text.split(' ').map(word).collect::<Vec<_>>().join(" ")
}

fn trust(report: &Report, blocks: &mut Document) {
    blocks.push(Block::Heading("Can I trust this?".to_owned()));
    let mut table = Table::new(&[
        ("store", Kind::Long),
        ("state", Kind::Text),
        ("read", Kind::Number),
        ("verdict", Kind::Text),
        ("late", Kind::Number),
        ("expires in", Kind::Number),
        ("entries", Kind::Number),
    ]);
    for store in report.trust.stores.iter().take(MOST) {
        let state = if store.state == State::Active { Level::Good } else { Level::Alarm };
        let verdict = Cell::new(by_clock(report, &store.verdict));
        let cells = [
            Cell::new(report.store(store.store)),
            Cell::new(store.state.as_str()).level(state),
            Cell::new(percent(store.share)),
            if store.complete { verdict } else { verdict.level(Level::Warning) },
            Cell::new(format_count(store.late)),
            Cell::new(headroom(store)),
            Cell::new(format_count(store.entries)),
        ];
        table.row(Some(&store.query), cells);
    }
    blocks.push(Block::Table(table));
    more(report.trust.stores.len().saturating_sub(MOST) as u64, "more stores", blocks);
    for store in report.trust.stores.iter().take(MOST) {
        if store.standing != store.verdict {
            let name = report.store(store.store);
            blocks.push(Block::Text(format!(
                "Of all that the platform keeps: {name} {}",
                by_clock(report, &store.standing)
            )));
        }
        if let Some(reason) = &store.reason {
            blocks.push(Block::Text(reason.clone()));
        }
        for gap in &store.gaps {
            let (since, until) = (report.period.clock(gap.since), report.period.clock_after(gap.until, gap.since));
            blocks.push(Block::Text(format!(
                "Missing, or may be: {} {since} to {until}",
                report.stores[store.store as usize]
            )));
        }
    }
    let lines = [
        "Expires in: how long the platform still keeps what the archive does not have yet.",
        "Late: entries that came after their time had been read; they were read again. `storelogs verify` proves the rest.",
    ];
    blocks.extend(lines.map(|line| Block::Text(line.to_owned())));
}

fn headroom(store: &Trusted) -> String {
    match store.headroom_seconds {
        None => String::new(),
        Some(seconds) if seconds <= 0 => "now".to_owned(),
        Some(seconds) => format_duration(SignedDuration::from_secs(seconds)),
    }
}

fn more(number: u64, what: &str, blocks: &mut Document) {
    if number > 0 {
        blocks.push(Block::Text(format!("And {} {what}: see --format json.", format_count(number))));
    }
}

fn before(count: &Count) -> Cell {
    Cell::new(count.before.map(format_count).unwrap_or_default())
}

fn change(count: &Count) -> Cell {
    let Some(before) = count.before.filter(|before| *before > 0) else { return Cell::new("") };
    #[allow(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    let change = count.now as f64 / before as f64 - 1.0;
    Cell::new(match change {
        change if change.abs() < 0.005 => "±0 %".to_owned(),
        change => format!("{:+.0} %", change * 100.0),
    })
}

fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.1 { format!("{:.1} %", share * 100.0) } else { format!("{:.0} %", share * 100.0) }
}

fn severity(severity: Severity) -> Level {
    match severity {
        Severity::Error | Severity::Unspecified => Level::Alarm,
        Severity::Warning => Level::Warning,
        Severity::Notice | Severity::Info => Level::Note,
    }
}

fn trend(trend: Trend) -> (&'static str, Level) {
    match trend {
        Trend::New => ("new", Level::Alarm),
        Trend::Rising => ("rising", Level::Warning),
        Trend::Steady => ("", Level::Note),
        Trend::Falling => ("falling", Level::Good),
        Trend::Gone => ("gone", Level::Good),
    }
}
