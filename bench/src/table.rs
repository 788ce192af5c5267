//! The table of results.

use std::fmt::Write;

/// The measurements, and their targets.
pub(crate) struct Table {
    /// The heads of the columns between what is measured and its figure.
    columns: Vec<String>,
    /// The head of the column of figures.
    figure: &'static str,
    rows: Vec<Row>,
}

impl Default for Table {
    fn default() -> Self {
        Self::with_columns(Vec::new(), "measured")
    }
}

struct Row {
    what: String,
    cells: Vec<String>,
    figure: String,
    target: String,
    met: bool,
}

impl Table {
    /// A table that shows more of what is measured than the figure that has a target.
    pub(crate) fn with_columns(columns: Vec<String>, figure: &'static str) -> Self {
        Self { columns, figure, rows: Vec::new() }
    }

    /// Adds a figure that should be at most a target.
    pub(crate) fn at_most(&mut self, what: impl Into<String>, figure: f64, target: f64, unit: &str) {
        self.at_most_after(Vec::new(), what, figure, target, unit);
    }

    /// The same, with cells for the columns before the figure.
    pub(crate) fn at_most_after(
        &mut self,
        cells: Vec<String>,
        what: impl Into<String>,
        figure: f64,
        target: f64,
        unit: &str,
    ) {
        let met = figure <= target;
        let (figure, target) = (format!("{figure:.2}{unit}"), format!("≤ {target:.2}{unit}"));
        self.rows.push(Row { what: what.into(), cells, figure, target, met });
    }

    /// Adds a number that should be at least a target.
    pub(crate) fn at_least(&mut self, what: impl Into<String>, figure: f64, target: f64) {
        let met = figure >= target;
        let (figure, target) = (format!("{figure:.0}"), format!("≥ {target:.0}"));
        self.rows.push(Row { what: what.into(), cells: Vec::new(), figure, target, met });
    }

    /// Adds a figure that has no target.
    pub(crate) fn note(&mut self, what: impl Into<String>, figure: impl Into<String>) {
        let (figure, target) = (figure.into(), String::new());
        self.rows.push(Row { what: what.into(), cells: Vec::new(), figure, target, met: true });
    }

    pub(crate) fn missed(&self) -> bool {
        self.rows.iter().any(|row| !row.met)
    }

    pub(crate) fn markdown(&self) -> String {
        let columns: String = self.columns.iter().map(|column| format!("{column} | ")).collect();
        let rule = "---|".repeat(self.columns.len());
        let mut text = format!("| what | {columns}{} | target | |\n|---|{rule}---|---|---|\n", self.figure);
        for row in &self.rows {
            let met = match (row.target.is_empty(), row.met) {
                (true, _) => "",
                (false, true) => "met",
                (false, false) => "**missed**",
            };
            let cells: String = row.cells.iter().map(|cell| format!("{cell} | ")).collect();
            let _ = writeln!(text, "| {} | {cells}{} | {} | {met} |", row.what, row.figure, row.target);
        }
        text
    }
}
