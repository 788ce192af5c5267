//! How the tables lie on the disk: each line was seen to go wrong with some engine.

use std::fs::{self, File};

use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use crate::reader;
use crate::world::{World, entry};

const STORE: &str = "bigcommerce:abc123";

fn footers(world: &World, table: &str) -> Vec<ParquetMetaData> {
    let table = world.table(table);
    let files = reader::files(&table).into_keys();
    files
        .map(|path| SerializedFileReader::new(File::open(table.join(path)).unwrap()).unwrap().metadata().clone())
        .collect()
}

#[test]
fn folders_are_named_by_platform_and_month_and_never_by_store() {
    let world = World::with_entries(400);
    world.export().unwrap();
    let files = reader::files(&world.table("entries"));
    assert!(files.len() >= 4);
    for (path, add) in files {
        let parts: Vec<&str> = path.split('/').collect();
        let [platform, month, file] = parts[..] else { panic!("{path}") };
        let values = &add["partitionValues"];
        assert_eq!(platform, format!("platform={}", values["platform"].as_str().unwrap()));
        assert_eq!(month, format!("month={}", values["month"].as_str().unwrap()));
        assert!(file.starts_with("part-") && file.ends_with(".zstd.parquet"), "{file}");
    }
}

#[test]
fn times_are_microseconds_in_utc_and_ids_are_text() {
    let world = World::with_entries(10);
    world.export().unwrap();
    for footer in footers(&world, "entries") {
        let mut text = Vec::new();
        parquet::schema::printer::print_schema(&mut text, footer.file_metadata().schema());
        let schema = String::from_utf8(text).unwrap();
        for line in [
            "REQUIRED INT64 time (TIMESTAMP(MICROS,true))",
            "REQUIRED INT64 observed (TIMESTAMP(MICROS,true))",
            "REQUIRED INT32 time_nanos",
            "REQUIRED BYTE_ARRAY id (STRING)",
            "REQUIRED BYTE_ARRAY uid (STRING)",
            "REQUIRED BYTE_ARRAY store (STRING)",
            "OPTIONAL BYTE_ARRAY subject_id (STRING)",
            "OPTIONAL BYTE_ARRAY extra (STRING)",
        ] {
            assert!(schema.contains(line), "{line} in {schema}");
        }
        // Every file has every column, whatever the platform leaves empty.
        assert_eq!(footer.file_metadata().schema_descr().num_columns(), 20);
    }
}

#[test]
fn rows_are_sorted_by_store_and_time_and_ids_have_filters() {
    let mut world = World::with_entries(300);
    world.put("bigcommerce:aaa", (1..300).map(|id| entry("bigcommerce:aaa", id, "of another store")));
    world.export().unwrap();
    for footer in footers(&world, "entries") {
        for group in footer.row_groups() {
            let column =
                |name: &str| group.columns().iter().find(|column| column.column_path().string() == name).unwrap();
            for name in ["uid", "id"] {
                assert!(column(name).bloom_filter_offset().is_some() && column(name).statistics().is_some(), "{name}");
            }
            assert!(column("time").statistics().is_some() && column("store").statistics().is_some());
        }
    }
    let table = world.table("entries");
    for path in reader::files(&table).keys() {
        let reader = SerializedFileReader::new(File::open(table.join(path)).unwrap()).unwrap();
        let rows = reader.get_row_iter(None).unwrap().map(|row| {
            let row = row.unwrap();
            let fields: Vec<String> = row.get_column_iter().map(|(_, field)| reader::text(field)).collect();
            (fields[1].clone(), fields[3].parse::<i64>().unwrap())
        });
        assert!(rows.collect::<Vec<_>>().is_sorted(), "{path}");
    }
}

/// A text that may be about a person stands in the rows, and nowhere else.
#[test]
fn nothing_that_may_name_a_person_stands_in_a_footer_or_in_the_log() {
    let mut world = World::new();
    let secret = |what: &str| format!("zz-{what}-jane@example.com");
    let with_person = |id| {
        let mut entry = entry(STORE, id, &secret("summary"));
        entry.actor = Some(secret("actor"));
        entry.subject_id = Some(secret("subject"));
        entry.message = Some(secret("message"));
        entry.module = Some(secret("module"));
        entry.category = Some(secret("category"));
        entry.action = Some(secret("action"));
        entry.severity_text = Some(secret("text"));
        entry.extra = serde_json::from_str(&format!("{{\"mail\": \"{}\"}}", secret("extra"))).unwrap();
        entry
    };
    for id in 1..14 {
        world.put(STORE, [with_person(id)]);
        world.export().unwrap();
    }
    world.lake().compact().unwrap();
    for table in ["entries", "hours", "coverage"] {
        for footer in footers(&world, table) {
            for column in footer.row_groups().iter().flat_map(RowGroupMetaData::columns) {
                let kept = ["uid", "store", "id", "time", "observed", "arrived", "hour", "since", "until", "as_of"];
                let name = column.column_path().string();
                assert!(column.statistics().is_none() || kept.contains(&&*name), "{table}: {name}");
            }
        }
        for file in fs::read_dir(world.table(table).join("_delta_log")).unwrap() {
            let path = file.unwrap().path();
            let content = fs::read(&path).unwrap();
            // A checkpoint is compressed: its texts are looked at through the rows.
            let text = if path.extension().is_some_and(|extension| extension == "parquet") {
                let reader = SerializedFileReader::new(File::open(&path).unwrap()).unwrap();
                reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect::<String>()
            } else {
                String::from_utf8(content).unwrap()
            };
            assert!(!text.contains("jane"), "{}: {text}", path.display());
        }
    }
    assert!(world.table("entries/_delta_log/00000000000000000010.checkpoint.parquet").exists());
}

#[test]
fn a_commit_says_nothing_of_its_rows_but_their_number_and_bounds() {
    let world = World::with_entries(10);
    world.export().unwrap();
    let commits = reader::commits(&world.table("entries"));
    let lines = &commits[&1];
    let add = lines.iter().find(|line| line["add"].is_object()).unwrap();
    let stats: Value = serde_json::from_str(add["add"]["stats"].as_str().unwrap()).unwrap();
    let columns = |of: &Value| of.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(
        (columns(&stats["minValues"]), columns(&stats["maxValues"])),
        (vec!["store".to_owned(), "time".to_owned()], vec!["store".to_owned(), "time".to_owned()])
    );
    assert_eq!(stats["minValues"]["time"], "2026-05-01T02:24:00.000000Z");
    let info = &lines.last().unwrap()["commitInfo"];
    assert_eq!(info["operationParameters"], serde_json::json!({}));
    let configuration = &commits[&0][1]["metaData"]["configuration"];
    assert_eq!(*configuration, serde_json::json!({"delta.dataSkippingStatsColumns": "store,time"}));
}

#[test]
fn counts_by_hour_are_those_of_the_archive_and_follow_its_changes() {
    let mut world = World::with_entries(200);
    world.export().unwrap();
    let counted = |world: &World| {
        let mut rows: Vec<String> = reader::rows(&world.table("hours"))
            .iter()
            .map(|row| {
                format!(
                    "{}:{} {} {} {} {}",
                    row["platform"], row["store"], row["hour"], row["severity"], row["module"], row["entries"]
                )
            })
            .collect();
        rows.sort();
        rows
    };
    let expected = |world: &World| {
        let sql = rusqlite::Connection::open(world.archive.path()).unwrap();
        let mut find = sql
            .prepare("SELECT store || ' ' || (unixepoch(hour) * 1000000) || ' ' || severity || ' ' || module || ' ' || entries FROM hours")
            .unwrap();
        let mut rows: Vec<String> = find.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        rows.sort();
        rows
    };
    assert_eq!(counted(&world), expected(&world));
    assert_eq!(world.export().unwrap().count_files, 0);
    world.put(STORE, [entry(STORE, 7, "changed"), entry(STORE, 1000, "of a month that had none")]);
    let mut moved = entry(STORE, 8, "moved");
    moved.module = Some("another".to_owned());
    world.put(STORE, [moved]);
    assert_eq!(world.export().unwrap().count_files, 2);
    assert_eq!(counted(&world), expected(&world));
    // Deleted by another hand, a whole month.
    let sql = rusqlite::Connection::open(world.archive.path()).unwrap();
    sql.execute("DELETE FROM entry WHERE id = 1000", []).unwrap();
    drop(sql);
    world.archive.settle().unwrap();
    assert_eq!(world.export().unwrap().count_files, 1);
    assert_eq!(counted(&world), expected(&world));
}

#[test]
fn coverage_says_what_the_archive_says_of_itself() {
    use storelogs_collector::TimeRange;
    use storelogs_collector::archive::Commit;
    let mut world = World::with_entries(3);
    let id = world.archive.store_id(&STORE.parse().unwrap()).unwrap().unwrap();
    let covered = TimeRange::new("2026-05-01T00:00:00Z".parse().unwrap(), "2026-06-01T00:00:00Z".parse().unwrap());
    world.archive.commit([(id, &Commit { covered, ..Commit::default() })]).unwrap();
    world.export().unwrap();
    world.export().unwrap();
    let rows = reader::rows(&world.table("coverage"));
    let of_store: Vec<&reader::Row> = rows.iter().filter(|row| row["store"] == "abc123").collect();
    let said: Vec<(&str, &str)> = of_store.iter().map(|row| (&*row["verdict"], &*row["detail"])).collect();
    assert_eq!(
        said,
        [
            ("unread", "unread: a gap"),
            ("unread", "unread: read, and not yet audited"),
            ("unread", "unread: nobody has read so far since")
        ],
        "{rows:?}"
    );
    assert!(of_store.windows(2).all(|pair| pair[0]["until"] == pair[1]["since"]));
}
