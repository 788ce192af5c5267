//! A report as Markdown.

use std::io::{self, Write};

use super::{Block, Document, Kind, Table};
use crate::insight::model::Level;
use crate::printable;
use crate::search::search_command;

/// Writes a document as Markdown.
///
/// # Errors
/// If the output cannot be written.
pub fn write(document: &Document, out: &mut dyn Write) -> io::Result<()> {
    for block in document {
        match block {
            Block::Title(text) => writeln!(out, "# {}\n", plain(text))?,
            Block::Heading(text) => writeln!(out, "## {}\n", plain(text))?,
            Block::Part(text) => writeln!(out, "### {}\n", plain(text))?,
            Block::Text(text) => writeln!(out, "{}\n", plain(text))?,
            Block::Finding(level, line) => {
                let mark = match level {
                    Level::Alarm => "❌ ",
                    Level::Warning => "⚠️ ",
                    Level::Note => "",
                    Level::Good => "✅ ",
                };
                writeln!(out, "- {mark}**{}** {}", plain(&line.title), plain(&line.text))?;
                if let Some(query) = &line.query {
                    writeln!(out, "  {}", code(&search_command(query)))?;
                }
            }
            Block::Table(table) => write_table(table, out)?,
        }
    }
    Ok(())
}

fn write_table(table: &Table, out: &mut dyn Write) -> io::Result<()> {
    // Drawn counts say nothing where they cannot be drawn.
    let shown = |at: &usize| table.columns[*at].kind != Kind::Spark;
    let places: Vec<usize> = (0..table.columns.len()).filter(shown).collect();
    let queries = table.rows.iter().any(|row| row.query.is_some());
    let (mut head, mut rule) = (String::from("|"), String::from("|"));
    for at in &places {
        head.push_str(&format!(" {} |", table.columns[*at].name));
        rule.push_str(if table.columns[*at].kind == Kind::Number { "---:|" } else { "---|" });
    }
    if queries {
        head.push_str(" search |");
        rule.push_str("---|");
    }
    writeln!(out, "{head}\n{rule}")?;
    for row in &table.rows {
        let mut line = String::from("|");
        for at in &places {
            let text = row.cells.get(*at).map(|cell| plain(&cell.text)).unwrap_or_default();
            line.push_str(&format!(" {text} |"));
        }
        if queries {
            let query = row.query.as_deref().map(|query| code(query).replace('|', "\\|")).unwrap_or_default();
            line.push_str(&format!(" {query} |"));
        }
        writeln!(out, "{line}")?;
    }
    writeln!(out)
}

/// Text in which nothing has a meaning: no markup, no link, no HTML.
fn plain(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in printable::line(text).chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '|' | '~' | '!' | '$' | '@' => shown.extend(['\\', c]),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '&' => shown.push_str("&amp;"),
            _ => shown.push(c),
        }
    }
    // A scheme that is not one makes no link.
    shown.replace("://", ":&#47;&#47;")
}

/// Text as code, fenced by more backticks than it has in a row.
fn code(text: &str) -> String {
    let text = printable::line(text);
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or_default();
    let fence = "`".repeat(longest + 1);
    let pad = if longest > 0 { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}
