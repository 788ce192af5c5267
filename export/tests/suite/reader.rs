//! A reader of Delta tables that shares nothing with the one that is tested: the log's files as they stand, then the
//! Parquet files that count.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::path::Path;

use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use serde_json::Value;

/// A row: its values by their columns. What is null is left out.
pub(crate) type Row = BTreeMap<String, String>;

/// The versions in the log, and the lines of each.
pub(crate) fn commits(table: &Path) -> BTreeMap<u64, Vec<Value>> {
    let mut commits = BTreeMap::new();
    for file in fs::read_dir(table.join("_delta_log")).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let Some(version) = name.strip_suffix(".json").and_then(|name| name.parse().ok()) {
            let lines = fs::read_to_string(&path).unwrap();
            let lines = lines.lines().map(|line| serde_json::from_str(line).unwrap());
            commits.insert(version, lines.collect());
        }
    }
    commits
}

/// The files that count, and the values of their folders.
pub(crate) fn files(table: &Path) -> BTreeMap<String, Value> {
    let mut files = BTreeMap::new();
    let hint = fs::read_to_string(table.join("_delta_log/_last_checkpoint")).ok();
    let checkpoint = hint.map(|hint| serde_json::from_str::<Value>(&hint).unwrap()["version"].as_u64().unwrap());
    if let Some(version) = checkpoint {
        let file = File::open(table.join(format!("_delta_log/{version:020}.checkpoint.parquet"))).unwrap();
        for row in SerializedFileReader::new(file).unwrap().get_row_iter(None).unwrap() {
            for (name, field) in row.unwrap().get_column_iter() {
                let Field::Group(add) = field else { continue };
                if name != "add" {
                    continue;
                }
                let columns: BTreeMap<&String, &Field> = add.get_column_iter().collect();
                let text = |name: &str| columns.get(&name.to_owned()).map(|field| text(field)).unwrap_or_default();
                let Some(Field::MapInternal(values)) = columns.get(&"partitionValues".to_owned()) else {
                    panic!("no map")
                };
                let values = values.entries().iter().map(|(key, value)| (self::text(key), self::text(value).into()));
                let add = serde_json::json!({ "partitionValues": values.collect::<serde_json::Map<_, _>>(),
                    "stats": text("stats"), "size": text("size").parse::<u64>().unwrap() });
                files.insert(text("path"), add);
            }
        }
    }
    for (version, lines) in commits(table) {
        if checkpoint.is_some_and(|checkpoint| version <= checkpoint) {
            continue;
        }
        for line in &lines {
            if let Some(path) = line["remove"]["path"].as_str() {
                files.remove(path);
            }
            if let Some(path) = line["add"]["path"].as_str() {
                assert!(files.insert(path.to_owned(), line["add"].clone()).is_none(), "{path} is added twice");
            }
        }
    }
    files
}

/// Every row that counts, in no order.
pub(crate) fn rows(table: &Path) -> Vec<Row> {
    let mut rows = Vec::new();
    for (path, add) in files(table) {
        let file = File::open(table.join(&path)).unwrap();
        assert_eq!(file.metadata().unwrap().len(), add["size"].as_u64().unwrap(), "{path}");
        let before = rows.len();
        for row in SerializedFileReader::new(file).unwrap().get_row_iter(None).unwrap() {
            let row = row.unwrap();
            let fields = row.get_column_iter().filter(|(_, field)| **field != Field::Null);
            let mut row: Row = fields.map(|(name, field)| (name.clone(), text(field))).collect();
            for (name, value) in add["partitionValues"].as_object().unwrap() {
                row.insert(name.clone(), value.as_str().unwrap().to_owned());
            }
            rows.push(row);
        }
        let stats: Value = serde_json::from_str(add["stats"].as_str().unwrap()).unwrap();
        assert_eq!(stats["numRecords"].as_u64().unwrap(), (rows.len() - before) as u64, "{path}");
    }
    rows
}

/// The Parquet files in a table's folders, whether they count or not.
pub(crate) fn parquet_files(folder: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for file in fs::read_dir(next).unwrap() {
            let path = file.unwrap().path();
            if path.ends_with("_delta_log") {
                continue;
            }
            if path.is_dir() {
                folders.push(path);
            } else {
                found.insert(path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    found
}

pub(crate) fn text(field: &Field) -> String {
    match field {
        Field::Str(text) => text.clone(),
        Field::Int(number) => number.to_string(),
        Field::Long(number) | Field::TimestampMicros(number) => number.to_string(),
        Field::Null => String::new(),
        other => panic!("{other:?}"),
    }
}
