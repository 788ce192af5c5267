//! The table of results.

use std::fmt::Write;

/// The measurements, and their targets.
#[derive(Default)]
pub(crate) struct Table(Vec<Row>);

struct Row {
    what: String,
    figure: String,
    target: String,
    met: bool,
}

impl Table {
    /// Adds a figure that should be at most a target.
    pub(crate) fn at_most(&mut self, what: impl Into<String>, figure: f64, target: f64, unit: &str) {
        let (figure_text, target_text) = (format!("{figure:.2}{unit}"), format!("≤ {target:.2}{unit}"));
        self.0.push(Row { what: what.into(), figure: figure_text, target: target_text, met: figure <= target });
    }

    /// Adds a number that should be at least a target.
    pub(crate) fn at_least(&mut self, what: impl Into<String>, figure: f64, target: f64) {
        let (figure_text, target_text) = (format!("{figure:.0}"), format!("≥ {target:.0}"));
        self.0.push(Row { what: what.into(), figure: figure_text, target: target_text, met: figure >= target });
    }

    /// Adds a figure that has no target.
    pub(crate) fn note(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        self.0.push(Row { what: what.into(), figure: figure.into(), target: String::new(), met: true });
    }

    pub(crate) fn missed(&self) -> bool {
        self.0.iter().any(|row| !row.met)
    }

    pub(crate) fn markdown(&self) -> String {
        let mut text = String::from("| what | measured | target | |\n|---|---|---|---|\n");
        for row in &self.0 {
            let met = match (row.target.is_empty(), row.met) {
                (true, _) => "",
                (false, true) => "met",
                (false, false) => "**missed**",
            };
            let _ = writeln!(text, "| {} | {} | {} | {met} |", row.what, row.figure, row.target);
        }
        text
    }
}
