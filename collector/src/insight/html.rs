//! The page of a report: one HTML file that needs nothing else.
//!
//! The report is embedded as JSON and drawn by a script; its summary in words is in the page itself, for readers
//! without scripts. Texts of the log are not to be trusted. Nothing in the JSON can end or begin a tag, and the script
//! puts texts into the page as text only. Should one slip through nevertheless, the content security policy allows only
//! the script with this hash, and nothing to be loaded from anywhere.

use std::fmt::Write as _;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, digest};

use super::model::{Count, Finding, Level, Section};
use super::statistics::as_number;
use super::{Entries, Report};
use crate::wording::{format_count, percent};

const STYLE: &str = include_str!("page/style.css");
const SCRIPT: &str = concat!(
    include_str!("page/base.js"),
    include_str!("page/entries.js"),
    include_str!("page/charts.js"),
    include_str!("page/orders.js"),
    include_str!("page/sections.js"),
    include_str!("page/find.js"),
    include_str!("page/main.js"),
);

/// The sections, by what they are called in the page and what they answer.
const SECTIONS: [(Section, &str, &str); 5] = [
    (Section::Activity, "activity", "What happened?"),
    (Section::Problems, "problems", "What is going wrong?"),
    (Section::Incidents, "incidents", "When did it go wrong?"),
    (Section::People, "people", "Who did what?"),
    (Section::Trust, "trust", "Can I trust this?"),
];

/// What a section says that has nothing to show, if all of the period is known.
const fn absence(section: Section) -> &'static str {
    match section {
        Section::Problems => "No warnings and no errors",
        Section::Incidents => "No hour stands out: problems came at about their usual rate",
        Section::People => "No entry names who did it",
        Section::Activity | Section::Trust => "None",
    }
}

/// The section in which entries and orders are found by their words. A script shows it.
const FIND: &str = "<section id=\"find\" class=\"js\" aria-labelledby=\"find-h\" hidden><h2 id=\"find-h\">What are you \
    looking for?</h2>\n<search class=\"find\"><label for=\"find-words\">Words of an entry or an order</label>\
    <input type=\"search\" id=\"find-words\" autocomplete=\"off\" spellcheck=\"false\" aria-describedby=\"find-count\">\
    <p id=\"find-count\" class=\"soft small\" role=\"status\"></p></search><div id=\"found\"></div></section>\n";

/// The most bytes of a page with entries. What a report has more of is left out of the page, and the page says how much.
const LARGEST: usize = 2_000_000;

/// The report as HTML: one file without any reference to another. It has the newest of the entries behind its figures, as
/// many as there is room for.
pub fn html(report: &Report, entries: &Entries) -> String {
    let title = format!("What the logs say, {}", report.period.days());
    let json = serde_json::to_string(report).unwrap_or_default();
    let mut page = String::with_capacity(json.len() + STYLE.len() + SCRIPT.len() + 16 * 1024);
    let policy = format!(
        "default-src 'none'; script-src '{}'; style-src '{}'; img-src data:; base-uri 'none'; form-action 'none'",
        sum(SCRIPT),
        sum(STYLE)
    );
    page.push_str("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n");
    push(&mut page, format_args!("<meta http-equiv=\"Content-Security-Policy\" content=\"{policy}\">\n"));
    page.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n");
    page.push_str("<meta name=\"referrer\" content=\"no-referrer\">\n<link rel=\"icon\" href=\"data:,\">\n");
    push(&mut page, format_args!("<title>{}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n", escape(&title)));
    top(&mut page, report);
    bar(&mut page);
    page.push_str("<main>\n");
    for (section, id, question) in SECTIONS {
        let absence = escape(&report.absence(absence(section)));
        push(
            &mut page,
            format_args!(
                "<section id=\"{id}\" data-absence=\"{absence}.\" aria-labelledby=\"{id}-h\"><h2 id=\"{id}-h\">{question}</h2><div class=\"made\"></div></section>\n"
            ),
        );
    }
    page.push_str(FIND);
    page.push_str("<noscript><p class=\"empty\">The charts and tables are drawn by a script, which this browser does not run.</p></noscript>\n</main>\n");
    foot(&mut page, report);
    page.push_str("<div id=\"tip\" role=\"tooltip\" hidden></div>\n<div id=\"drawer\" role=\"dialog\" aria-label=\"The search\" hidden></div>\n");
    push(&mut page, format_args!("<script type=\"application/json\" id=\"report\">{}</script>\n", embedded(&json)));
    let [head, foot] = ["<script type=\"application/json\" id=\"entries\">", "</script>\n<script>"];
    let end = "</script>\n</body>\n</html>\n";
    // The frame of the JSON takes less than this.
    let room = LARGEST.saturating_sub(page.len() + head.len() + foot.len() + SCRIPT.len() + end.len() + 100);
    push(&mut page, format_args!("{head}{}{foot}{SCRIPT}{end}", entries.json(room, embedded)));
    page
}

fn top(page: &mut String, report: &Report) {
    page.push_str(
        "<div class=\"top\">\n<div class=\"over\"><span class=\"name\">storelogs report</span><span class=\"tools js\" hidden>\
         <button type=\"button\" class=\"tool\" id=\"print\">Print</button><button type=\"button\" class=\"tool\" id=\"theme\">Dark</button></span></div>\n",
    );
    push(page, format_args!("<h1>{}</h1>\n", escape(&report.verdict)));
    let stores = match &report.stores[..] {
        some if some.len() <= 4 => some.join(", "),
        many => format!("{} stores", format_count(many.len() as u64)),
    };
    let compared = report.about_period();
    push(
        page,
        format_args!(
            "<p class=\"about\">{} in {}. Times are those of {}.{compared}</p>\n",
            escape(&report.period.days()),
            escape(&stores),
            escape(&report.period.time_zone)
        ),
    );
    tiles(page, report);
    page.push_str("<div class=\"findings\" id=\"summary\">\n");
    let (alarms, others): (Vec<_>, Vec<_>) = report.summary.iter().partition(|finding| finding.level == Level::Alarm);
    alarms.into_iter().for_each(|finding| push_finding(page, finding));
    page.push_str("<div class=\"others\">\n");
    // Figures that the tiles show are not repeated.
    let shown = |finding: &&Finding| {
        finding.level == Level::Note && matches!(finding.section, Section::Activity | Section::Problems)
    };
    others.into_iter().filter(|finding| !shown(finding)).for_each(|finding| push_finding(page, finding));
    page.push_str("</div>\n</div>\n</div>\n");
}

fn tiles(page: &mut String, report: &Report) {
    let incidents = report.incidents.list.len() as u64 + report.incidents.others;
    let sensitive = report.people.sensitive.len() as u64 + report.people.other_sensitive;
    let unusual = report.people.sensitive.iter().filter(|change| change.unusual_hour).count() as u64;
    let complete = report.trust.stores.iter().all(|store| store.complete);
    let tiles = [
        ("activity", "Entries", format_count(report.activity.total.now), than(&report.activity.total, false)),
        (
            "problems",
            "Warnings and errors",
            format_count(report.problems.total.now),
            than(&report.problems.total, true),
        ),
        ("incidents", "Incidents", format_count(incidents), "bursts of problems".to_owned()),
        (
            "people",
            "Sensitive changes",
            format_count(sensitive),
            if unusual > 0 {
                format!("{} at unusual hours", format_count(unusual))
            } else {
                "none at unusual hours".to_owned()
            },
        ),
        (
            "trust",
            "Read",
            percent(report.trust.share),
            if complete { "nothing is missing".to_owned() } else { "entries may be missing".to_owned() },
        ),
    ];
    page.push_str("<div class=\"tiles\">\n");
    for (id, what, figure, than) in tiles {
        push(
            page,
            format_args!(
                "<div class=\"tile\"><a href=\"#{id}\"><div class=\"what\">{what}</div><div class=\"figure\">{figure}</div>\
                 <div class=\"than\">{than}</div></a></div>\n"
            ),
        );
    }
    page.push_str("</div>\n");
}

fn than(count: &Count, fewer_is_good: bool) -> String {
    match count.before {
        None => "not compared".to_owned(),
        Some(0) => "none before".to_owned(),
        Some(before) => {
            let change = as_number(count.now) / as_number(before) - 1.0;
            let (class, sign) = match change {
                change if change.abs() < 0.005 => ("", "±"),
                change if change > 0.0 => ("more", "+"),
                _ => ("fewer", "−"),
            };
            let class = if fewer_is_good { class } else { "" };
            let change = if sign == "±" { "0 %".to_owned() } else { percent(change.abs()) };
            format!("<span class=\"{class}\">{sign} {change}</span> from {}", format_count(before))
        }
    }
}

fn push_finding(page: &mut String, finding: &Finding) {
    let level = match finding.level {
        Level::Good => "good",
        Level::Note => "note",
        Level::Warning => "warning",
        Level::Alarm => "alarm",
    };
    let section = SECTIONS.iter().find(|(section, ..)| *section == finding.section);
    let (id, question) = section.map_or(("summary", ""), |(_, id, question)| (*id, *question));
    push(
        page,
        format_args!(
            "<article class=\"finding {level}\"><h3>{}</h3><p>{}</p><div class=\"foot\">",
            escape(&finding.title),
            escape(&finding.text)
        ),
    );
    if let Some(ask) = &finding.ask {
        push(page, format_args!("<span class=\"ask\">Ask {}</span>", escape(ask.as_str())));
    }
    if let Some(query) = &finding.query {
        push(page, format_args!("<button type=\"button\" data-query=\"{}\" hidden></button>", escape(query)));
    }
    push(page, format_args!("<a href=\"#{id}\">{question}</a></div></article>\n"));
}

fn bar(page: &mut String) {
    page.push_str("<div class=\"bar js\" hidden><div><nav aria-label=\"Sections\">");
    for (id, name) in [
        ("activity", "Activity"),
        ("problems", "Problems"),
        ("incidents", "Incidents"),
        ("people", "People"),
        ("trust", "Trust"),
        ("find", "Search"),
    ] {
        push(page, format_args!("<a href=\"#{id}\">{name}</a>"));
    }
    page.push_str(
        "</nav><fieldset class=\"filters\" id=\"filters\" aria-label=\"What is shown\"></fieldset></div></div>\n",
    );
}

fn foot(page: &mut String, report: &Report) {
    push(
        page,
        format_args!(
            "<footer><p>Made by storelogs on {} from an archive on this machine. {} The page loads nothing and sends \
             nothing.</p>\
             <p>“entries” lists the newest entries of a figure. A magnifier shows the search that lists all of them, for \
             <code>storelogs search</code> where the archive is. The period is whole hours: {} to {}.</p></footer>\n",
            escape(&report.period.clock(report.made)),
            if report.redacted {
                "In texts of the log, e-mail and postal addresses, names and secrets are replaced by pseudonyms."
            } else {
                "The texts of the log are as they are, personal data among them."
            },
            escape(&report.period.clock(report.period.since)),
            escape(&report.period.clock(report.period.until)),
        ),
    );
}

fn push(page: &mut String, text: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = page.write_fmt(text);
}

/// The sum by which a policy lets an inline script or style pass.
fn sum(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(digest(&SHA256, text.as_bytes())))
}

/// Text of a page, or of an attribute in quotes.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // A character that reverses the reading direction would also reverse the text after it.
            '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {}
            _ if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}') => escaped.push(' '),
            _ => escaped.push(c),
        }
    }
    escaped
}

/// JSON that nothing in a page takes for its own: it has no tag, no entity, and no end of a line of a script.
fn embedded(json: &str) -> String {
    let mut embedded = String::with_capacity(json.len());
    for c in json.chars() {
        match c {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => {
                push(&mut embedded, format_args!("\\u{:04x}", c as u32));
            }
            _ => embedded.push(c),
        }
    }
    embedded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_embedded_is_the_same_json_without_anything_of_a_page() {
        let hostile = "</script><script>alert(1)</script><!-- & \u{2028}\u{2029}\u{202e} ]]> \"'`${x}";
        let json = serde_json::to_string(hostile).unwrap();
        let embedded = embedded(&json);
        assert!(!embedded.contains(['<', '>', '&', '\u{2028}', '\u{2029}', '\u{202e}']), "{embedded}");
        assert_eq!(serde_json::from_str::<String>(&embedded).unwrap(), hostile);
        assert_eq!(escape("<a href='x' title=\"&\">\u{202e}"), "&lt;a href=&#39;x&#39; title=&quot;&amp;&quot;&gt;");
    }

    #[test]
    fn the_script_and_the_style_end_where_they_should() {
        for text in [STYLE, SCRIPT] {
            assert!(!text.contains("</") && !text.contains("<!--"));
        }
        assert!(
            !SCRIPT.contains("innerHTML")
                && !SCRIPT.contains("insertAdjacentHTML")
                && !SCRIPT.contains("http:"[..].repeat(2).as_str())
        );
    }
}
