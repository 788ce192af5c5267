//! `cargo xtask bench GROUP … --against REVISION`: the same measurements of another revision of the crates, in turns
//! with this one's, in the same run. Both sides use today's measuring code.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::bench::QUICK;
use crate::workspace::{Workspace, cargo};

/// Measures both, this many times by turns, and prints the middle figures beside each other.
pub(crate) fn run(workspace: &Workspace, revision: &str, rounds: usize, quick: bool, groups: &[&str]) -> Result {
    let folder = workspace.target.join("against");
    let ours = built(&workspace.root, &workspace.target)?;
    let tree = checked_out(workspace, revision, &folder)?;
    let theirs = built(&tree, &folder.join("target"));
    remove(workspace, &tree)?;
    let programs = [ours, theirs?];
    for group in groups {
        let mut figures = [Vec::new(), Vec::new()];
        for _ in 0..rounds {
            for (program, figures) in programs.iter().zip(&mut figures) {
                figures.push(measured(program, group, quick)?);
            }
        }
        println!(
            "## {group}, against {revision}\n\n| what | this | {revision} | this / {revision} |\n|---|---|---|---|"
        );
        let [ours, theirs] = &figures;
        for (what, _) in ours.first().into_iter().flatten() {
            let [our, their] = [ours, theirs].map(|rounds| middle(rounds, what));
            let ratio = our.as_ref().zip(their.as_ref()).and_then(|(our, their)| {
                let (our, their) = (number(our)?, number(their)?);
                (their > 0.0).then(|| format!("{:.2} ×", our / their))
            });
            let [our, their, ratio] = [our, their, ratio].map(|cell| cell.unwrap_or_else(|| "–".to_owned()));
            println!("| {what} | {our} | {their} | {ratio} |");
        }
        println!();
    }
    Ok(())
}

/// The other revision in a work tree of its own, with today's measurements.
fn checked_out(workspace: &Workspace, revision: &str, folder: &Path) -> Result<PathBuf> {
    let tree = folder.join("tree");
    if tree.exists() {
        remove(workspace, &tree)?; // of a run that was killed
    }
    git(workspace, Command::new("git").args(["worktree", "add", "--force", "--detach"]).arg(&tree).arg(revision))?;
    let bench = tree.join("bench");
    std::fs::remove_dir_all(&bench).map_err(|e| format!("{}: {e}", bench.display()))?;
    copy(&workspace.root.join("bench"), &bench).map_err(|e| format!("{}: {e}", bench.display()))?;
    Ok(tree)
}

fn remove(workspace: &Workspace, tree: &Path) -> Result {
    git(workspace, Command::new("git").args(["worktree", "remove", "--force"]).arg(tree))
}

fn git(workspace: &Workspace, command: &mut Command) -> Result {
    let status = command.current_dir(&workspace.root).status().map_err(|e| format!("git: {e}"))?;
    if status.success() {
        Ok(())
    } else {
        Err(format!("{:?} ended with {status}", command.get_args().collect::<Vec<_>>()))
    }
}

fn copy(from: &Path, to: &Path) -> std::io::Result<()> {
    std::fs::create_dir_all(to)?;
    for item in std::fs::read_dir(from)? {
        let item = item?;
        let to = to.join(item.file_name());
        if item.file_type()?.is_dir() { copy(&item.path(), &to)? } else { std::fs::copy(item.path(), to).map(drop)? }
    }
    Ok(())
}

fn built(root: &Path, target: &Path) -> Result<PathBuf> {
    let built = cargo()
        .args(["build", "--release", "--package=storelogs-bench", "--target-dir"])
        .arg(target)
        .current_dir(root)
        .status()
        .map_err(|e| format!("cargo: {e}"))?;
    if built.success() {
        Ok(target.join("release/storelogs-bench"))
    } else {
        Err(format!("the benchmark did not build in {}", root.display()))
    }
}

/// The rows of the table that a group's measurement prints: what was measured, and the figure. That a target is missed is
/// no fault here.
fn measured(program: &Path, group: &str, quick: bool) -> Result<Vec<(String, String)>> {
    let output = Command::new(program)
        .arg(group)
        .envs(quick.then_some((QUICK, "1")))
        .output()
        .map_err(|e| format!("{}: {e}", program.display()))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let rows: Vec<_> = text.lines().filter_map(row).collect();
    if rows.is_empty() { Err(format!("{} {group}: {text}", program.display())) } else { Ok(rows) }
}

fn row(line: &str) -> Option<(String, String)> {
    let mut cells = line.strip_prefix("| ")?.split(" | ");
    let (what, figure) = (cells.next()?, cells.next()?);
    (what != "what").then(|| (what.to_owned(), figure.to_owned()))
}

/// The middle one of what several rounds measured.
fn middle(rounds: &[Vec<(String, String)>], what: &str) -> Option<String> {
    let mut found: Vec<&String> =
        rounds.iter().filter_map(|rows| rows.iter().find(|(row, _)| row == what)).map(|(_, figure)| figure).collect();
    found.sort_by(|one, other| number(one).unwrap_or(0.0).total_cmp(&number(other).unwrap_or(0.0)));
    found.get(found.len() / 2).map(|figure| (*figure).clone())
}

/// The number that a figure begins with.
fn number(figure: &str) -> Option<f64> {
    figure.split(' ').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_figure_of_each_row_is_compared() {
        let round = |figure: &str| row(&format!("| rate | {figure} | ≥ 2 | met |")).into_iter().collect::<Vec<_>>();
        let rounds = [round("10.5 ms"), round("9.0 ms"), round("100 ms")];
        assert_eq!(middle(&rounds, "rate").as_deref(), Some("10.5 ms"));
        assert_eq!(number("10.5 ms"), Some(10.5));
        assert_eq!(middle(&rounds, "other"), None);
        assert_eq!(row("| what | measured | target | |"), None);
    }
}
