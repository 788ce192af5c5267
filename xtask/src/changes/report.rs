//! The report of changes, for people.

use std::fmt::Write;

use serde_json::{Value, json};

use super::{Change, Class, Landing};
use crate::Result;

/// How the report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Format {
    Terminal,
    Markdown,
    Json,
}

/// The changes, each with where it lands.
pub(crate) struct Report {
    lines: Vec<(Change, String)>,
}

impl Report {
    pub(crate) fn new(changes: Vec<Change>, landing: &Landing) -> Self {
        let lines = changes.into_iter().map(|change| {
            let place = landing.of(&change);
            (change, place)
        });
        Self { lines: lines.collect() }
    }

    pub(crate) fn print(&self, format: Format) -> String {
        match format {
            Format::Terminal => self.terminal(),
            Format::Markdown => self.markdown(),
            Format::Json => format!("{:#}\n", self.json()),
        }
    }

    /// # Errors
    /// If a change is breaking.
    pub(crate) fn deny_breaking(&self) -> Result {
        match self.breaking() {
            0 => Ok(()),
            1 => Err("a change is breaking".into()),
            count => Err(format!("{count} changes are breaking")),
        }
    }

    fn breaking(&self) -> usize {
        self.lines.iter().filter(|(change, _)| change.class.is_breaking()).count()
    }

    fn of(&self, class: Class) -> impl Iterator<Item = &(Change, String)> {
        self.lines.iter().filter(move |(change, _)| change.class == class)
    }

    fn head(&self) -> String {
        match (self.lines.len(), self.breaking()) {
            (0, _) => "No change.".into(),
            (1, 0) => "1 change, not breaking.".into(),
            (1, _) => "1 change, breaking.".into(),
            (count, 0) => format!("{count} changes, none of them breaking."),
            (count, breaking) => format!("{count} changes, {breaking} of them breaking."),
        }
    }

    fn terminal(&self) -> String {
        let mut text = self.head() + "\n";
        for class in Class::ALL {
            let mut lines = self.of(class).peekable();
            if lines.peek().is_some() {
                write!(text, "\n{}\n", class.name()).unwrap_or_default();
            }
            for (change, place) in lines {
                let arrow = if place.is_empty() { "" } else { "\n      → " };
                writeln!(text, "  - {}{arrow}{}", printable(&change.what), printable(place)).unwrap_or_default();
            }
        }
        text
    }

    fn markdown(&self) -> String {
        let mut text = self.head() + "\n";
        if !self.lines.is_empty() {
            text += "\n| | Change | Where it lands |\n|---|---|---|\n";
        }
        for (change, place) in &self.lines {
            let cell = |text: &str| printable(text).replace('|', "\\|").replace('<', "&lt;");
            writeln!(text, "| {} | {} | {} |", change.class.name(), cell(&change.what), cell(place))
                .unwrap_or_default();
        }
        text
    }

    fn json(&self) -> Value {
        let line = |(change, place): &(Change, String)| {
            let class = match change.class {
                Class::Requests => "breaking-requests",
                Class::Users => "breaking-users",
                Class::Additive => "additive",
                Class::Kept => "kept",
                Class::Editorial => "editorial",
            };
            json!({ "class": class, "change": change.what, "lands": place })
        };
        json!({ "breaking": self.breaking(), "changes": self.lines.iter().map(line).collect::<Vec<_>>() })
    }
}

/// A vendor's text as it is safe to show on one line.
pub(crate) fn printable(text: &str) -> String {
    let is_hidden = |c: char| {
        c.is_control() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars().map(|c| if is_hidden(c) { ' ' } else { c }).collect()
}
