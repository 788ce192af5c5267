//! The document of a report: what it says, and in which words.

use jiff::SignedDuration;
use storelogs::Severity;

use super::{Block, Cell, Document, Kind, Table};
use crate::archive::State;
use crate::insight::Report;
use crate::insight::model::{
    Change, Changes, Count, Finding, Incident, Level, Line, People, Problems, Template, Trend, Trusted,
};
use crate::redact::Text;
use crate::wording::{format_count, format_duration, pluralize};

/// The most lines of a list that could be long. The page and the JSON have more.
const MOST: usize = 20;
/// The most characters of a message that is shown.
const MESSAGE: usize = 300;

/// A report as a document.
pub fn document(report: &Report) -> Document {
    let period = &report.period;
    let mut blocks = vec![
        Block::Title(format!("What the logs say, {}", period.days())),
        Block::Text(format!(
            "{}. Times are those of {}.{}",
            stores(report),
            period.time_zone,
            if report.trust.comparable { " Compared with as long a time before." } else { "" }
        )),
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
        let text =
            format!("{} more; `storelogs report -o orders.csv` lists {}.", format_count(more), orders.list.len());
        blocks.push(Block::Text(text));
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
        let entries = format_count(busiest.entries);
        blocks.push(Block::Text(format!("Busiest: {day} {hour}:00 to {}:00, {entries} entries.", (hour + 1) % 24)));
    }
}

fn problems(report: &Report, blocks: &mut Document) {
    let problems = &report.problems;
    blocks.push(Block::Heading("What is going wrong?".to_owned()));
    if problems.templates.is_empty() {
        blocks.push(Block::Text("Nothing: there are no warnings and no errors.".to_owned()));
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
    let more = modules.len().saturating_sub(3);
    modules.truncate(3);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", modules.join(", "))
}

fn incidents(report: &Report, blocks: &mut Document) {
    blocks.push(Block::Heading("When did it go wrong?".to_owned()));
    if report.incidents.list.is_empty() {
        blocks.push(Block::Text("No hour stands out.".to_owned()));
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
    let why = incident.reason().map(|reason| format!(": “{reason}”")).unwrap_or_default();
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
        let mut table = Table::new(&[("why, as the messages say", Kind::Long), ("entries", Kind::Number)]);
        for line in &incident.reasons {
            let cells = [Cell::new(line.name.as_str()), Cell::new(format_count(line.count.now))];
            table.row(Some(&line.count.query), cells);
        }
        blocks.push(Block::Table(table));
    }
    if let Some(hint) = &incident.hint {
        blocks.push(Block::Text(format!("What helps: {} ({})", hint.text, hint.source)));
    }
    if incident.is_wide() {
        let hit: Vec<String> = incident.stores.iter().take(MOST).map(|store| report.store(*store)).collect();
        let more = incident.stores.len().saturating_sub(MOST);
        let more = if more > 0 { format!(" and {} more", format_count(more as u64)) } else { String::new() };
        blocks.push(Block::Text(format!("Hit most: {}{more}.", hit.join(", "))));
        if incident.changes.entries == 0 {
            return;
        }
    }
    self::changes(report, &incident.changes, blocks);
}

fn changes(report: &Report, changes: &Changes, blocks: &mut Document) {
    if changes.entries == 0 {
        blocks.push(Block::Text("Nothing was changed in the hour before, as far as the logs show.".to_owned()));
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

fn change_table(report: &Report, changes: &[Change]) -> Table {
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

fn people(report: &Report, blocks: &mut Document) {
    let people = &report.people;
    blocks.push(Block::Heading("Who did what?".to_owned()));
    if people.actors.is_empty() {
        blocks.push(Block::Text("No entry names who did it.".to_owned()));
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
        blocks.push(Block::Text("None of permissions, payment, checkout, domain or plan.".to_owned()));
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
        let verdict = Cell::new(store.verdict.as_str());
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
            blocks.push(Block::Text(format!("Of all that the platform keeps: {name} {}", store.standing)));
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
