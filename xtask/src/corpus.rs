//! `cargo xtask corpus DIR`: how much of other vendors' documents the generator can handle.
//!
//! Every document of a folder goes through build.rs's own code, without any correction; the generated code is compiled,
//! several documents in a crate. The table lists what was left out, and why.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Result;
use crate::changes::printable;
use crate::generator::client::{self, Client};
use crate::generator::operations::{self, LeftOut};
use crate::generator::{Platform, document};
use crate::regen::files_below;
use crate::workspace::{Workspace, cargo, messages, read, write};

/// How much generated code goes into one crate: this much compiles within 2 GB of memory.
const BATCH: usize = 2 << 20;

/// A document, and what came of it.
struct Row {
    name: String,
    operations: usize,
    outcome: Result<Client>,
    took: Duration,
    /// The first errors of the compiler.
    compiler: Vec<String>,
}

#[derive(clap::Args)]
pub(crate) struct CorpusArgs {
    /// A folder of OpenAPI documents.
    #[arg(value_name = "DIR")]
    folder: PathBuf,
    /// Take only documents whose file name contains one of these.
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Generate the clients, and do not compile them.
    #[arg(long)]
    no_compile: bool,
    /// Keep the table in a file, as Markdown.
    #[arg(long, value_name = "FILE")]
    write: Option<PathBuf>,
}

pub(crate) fn run(CorpusArgs { folder, names, no_compile, write: table }: CorpusArgs) -> Result {
    let mut rows = Vec::new();
    for path in documents(&folder, &names)? {
        rows.push(row(&folder, &path));
        if let Some(row) = rows.last() {
            eprintln!("{}", line(row));
        }
    }
    if rows.is_empty() {
        return Err(format!("{} has no document, YAML or JSON", folder.display()));
    }
    if !no_compile {
        compile_all(&mut rows)?;
    }
    let text = markdown(&rows);
    println!("{text}");
    if let Some(path) = table {
        write(&path, &text)?;
    }
    let failed = rows.iter().filter(|row| row.outcome.is_err() || !row.compiler.is_empty()).count();
    if failed == 0 { Ok(()) } else { Err(format!("{failed} of {} documents failed", rows.len())) }
}

fn documents(folder: &Path, names: &[String]) -> Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Err(format!("{} is no folder", folder.display()));
    }
    let is_document = |path: &PathBuf| {
        let text = path.to_string_lossy();
        [".yml", ".yaml", ".json"].iter().any(|end| text.ends_with(end))
            && (names.is_empty() || names.iter().any(|name| text.contains(name.as_str())))
    };
    Ok(files_below(folder)?.into_iter().filter(is_document).collect())
}

fn row(folder: &Path, path: &Path) -> Row {
    let name = path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let begun = Instant::now();
    let mut count = 0;
    let outcome = read(path).and_then(|text| document::read(&text)).and_then(|(mut document, lost)| {
        operations::each_operation(&mut document, |_, _| count += 1);
        let mut client = client::generate(document, &platform())?;
        client.left_out.splice(0..0, lost.into_iter().map(|what| LeftOut { what, why: "3.0 cannot say it".into() }));
        Ok(client)
    });
    Row { name, operations: count, outcome, took: begun.elapsed(), compiler: Vec::new() }
}

/// A platform of which nothing is known, so nothing is demanded.
fn platform() -> Platform {
    Platform {
        name: "corpus",
        document: "the document",
        patch: None,
        operations: &[],
        records: &[],
        pushed_down: &[],
        library: "::storelogs",
    }
}

fn line(row: &Row) -> String {
    match &row.outcome {
        Ok(client) => format!(
            "{}: {} of {} operations, {:.1} s",
            row.name,
            client.operations,
            row.operations,
            row.took.as_secs_f64()
        ),
        Err(why) => format!("{}: FAILED: {}", row.name, printable(why)),
    }
}

fn markdown(rows: &[Row]) -> String {
    let good = rows.iter().filter(|row| row.outcome.is_ok() && row.compiler.is_empty()).count();
    let mut text = String::from("| Document | Operations | Generated | Left out, and why |\n|---|---|---|---|\n");
    for row in rows {
        let cell = |text: &str| printable(text).replace('|', "\\|");
        let (generated, mut notes) = match &row.outcome {
            Ok(client) => (
                client.operations.to_string(),
                client.left_out.iter().map(|it| cell(&it.to_string())).collect::<Vec<_>>(),
            ),
            Err(why) => ("0".into(), vec![format!("**failed**: {}", cell(why))]),
        };
        notes.extend(row.compiler.iter().map(|error| format!("**does not compile**: {}", cell(error))));
        text += &format!("| {} | {} | {generated} | {} |\n", cell(&row.name), row.operations, notes.join("<br>"));
    }
    let (all, done) = rows.iter().fold((0, 0), |(all, done), row| {
        (all + row.operations, done + row.outcome.as_ref().map_or(0, |client| client.operations))
    });
    text + &format!("\n{good} of {} documents; {done} of {all} operations.\n", rows.len())
}

/// Compiles what was generated, several documents in a crate, and notes the errors of each.
fn compile_all(rows: &mut [Row]) -> Result {
    let workspace = Workspace::find()?;
    let mut batches: Vec<Vec<usize>> = vec![Vec::new()];
    let mut size = 0;
    for (index, row) in rows.iter().enumerate() {
        let Ok(client) = &row.outcome else { continue };
        if size > 0 && size + client.code.len() > BATCH {
            batches.push(Vec::new());
            size = 0;
        }
        size += client.code.len();
        batches.last_mut().into_iter().for_each(|batch| batch.push(index));
    }
    let count = batches.len();
    for (number, batch) in batches.into_iter().enumerate() {
        let begun = Instant::now();
        let errors = compile(&workspace, rows, &batch)?;
        eprintln!(
            "batch {} of {count}: {} documents compiled in {:.0} s, {} with errors",
            number + 1,
            batch.len(),
            begun.elapsed().as_secs_f64(),
            errors.len()
        );
        for (index, errors) in errors {
            rows[index].compiler = errors;
        }
    }
    Ok(())
}

/// The errors of each document that has some.
fn compile(workspace: &Workspace, rows: &[Row], batch: &[usize]) -> Result<BTreeMap<usize, Vec<String>>> {
    let folder = workspace.target.join("corpus");
    if folder.join("src").is_dir() {
        std::fs::remove_dir_all(folder.join("src")).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let root = workspace.root.display();
    let version = |name: &str| {
        let manifest = read(&workspace.root.join("Cargo.toml")).unwrap_or_default();
        let line = manifest.lines().find(|line| line.starts_with(&format!("{name} = \""))).map(str::to_owned);
        line.and_then(|line| line.split('"').nth(1).map(str::to_owned)).unwrap_or_else(|| "*".into())
    };
    let manifest = format!(
        "[package]\nname = \"corpus\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
         storelogs = {{ path = {root:?} }}\nprogenitor-client = {:?}\n\
         reqwest = {{ version = \"0.13\", default-features = false, features = [\"json\", \"query\", \"stream\"] }}\n\
         serde = {{ version = \"1\", features = [\"derive\"] }}\nserde_json = \"1\"\n\
         chrono = {{ version = \"0.4\", default-features = false, features = [\"serde\", \"clock\"] }}\n\
         uuid = {{ version = \"1\", features = [\"serde\"] }}\n\n\
         [profile.dev]\ndebug = \"line-tables-only\"\n\n[profile.dev.package.\"*\"]\ndebug = false\n",
        version("progenitor-client"),
        root = root.to_string(),
    );
    write(&folder.join("Cargo.toml"), &manifest)?;
    write(&folder.join("Cargo.lock"), &read(&workspace.root.join("Cargo.lock"))?)?;
    let mut main = String::from("#![allow(warnings)]\n");
    for index in batch {
        let Ok(client) = &rows[*index].outcome else { continue };
        write(&folder.join(format!("src/d{index}.rs")), &client.code)?;
        main += &format!("pub mod d{index};\nstorelogs::platform::hook!(d{index}::Client);\n");
    }
    write(&folder.join("src/lib.rs"), &main)?;
    let target = workspace.target.display().to_string();
    let said = messages(cargo().args(["check", "--quiet", "--target-dir", &target]).current_dir(&folder))?;
    let mut errors: BTreeMap<usize, Vec<String>> = BTreeMap::new();
    let mut elsewhere = Vec::new();
    for message in said.iter().filter(|message| message["message"]["level"] == "error") {
        let text = message["message"]["message"].as_str().unwrap_or_default();
        let span = &message["message"]["spans"][0];
        let file = span["file_name"].as_str().unwrap_or_default();
        let index = file.rsplit('/').next().and_then(|file| file.strip_prefix('d')?.strip_suffix(".rs")?.parse().ok());
        let line = span["text"][0]["text"].as_str().unwrap_or_default().trim();
        let text = format!("{text} (line {}: {line})", span["line_start"]);
        match index {
            Some(index) => {
                let list = errors.entry(index).or_default();
                if list.len() < 5 {
                    list.push(text);
                }
            }
            None => elsewhere.push(text),
        }
    }
    let finished = said.iter().any(|message| message["reason"] == "build-finished" && message["success"] == true);
    if !finished && errors.is_empty() {
        return Err(format!("the crate of generated code does not build: {}", elsewhere.join("; ")));
    }
    Ok(errors)
}
